# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch._fast.view.conditions import Answers
from netwatch.filter.regex import Regex

class EndpointAnswers(Answers):
    def __init__(self, columns: tuple[int, ...], ports: bool, regex: Regex) -> None: ...
