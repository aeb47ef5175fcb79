# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch._fast.view.profiles import Profiles

class TextRanks:
    def __init__(self, profiles: Profiles) -> None: ...
