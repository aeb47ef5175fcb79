# Written by tools/make_stubs.py. Change the .pyx, not this.
from array import array

from netwatch._fast.view.profiles import Profiles
from netwatch.model.record import Record

class Values:
    @property
    def values(self) -> list[tuple[object, ...]]: ...
    def codes(self) -> tuple[array[int], list[object]]: ...

class FirstTexts(Values):
    def __init__(self, profiles: Profiles, places: Record) -> None: ...
