# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Iterable

from netwatch._fast.view.profiles import Profiles
from netwatch.filter.regex import Regex
from netwatch.model.record import Record

class Answers: ...

class TextAnswers(Answers):
    def __init__(
        self,
        profiles: Profiles,
        part: bytes | None = ...,
        words: Iterable[bytes] = ...,
        regex: Regex | None = ...,
    ) -> None: ...

class ProfileAnswers(Answers):
    def __init__(self, profiles: Profiles, conditions: list[Condition]) -> None: ...

class Condition: ...

class PlaceCondition(Condition):
    def __init__(self, profiles: Profiles, places: Record, text: TextAnswers | None = ...) -> None: ...
