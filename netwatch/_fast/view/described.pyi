# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable, Iterable

from netwatch._fast.view.conditions import Condition, TextAnswers
from netwatch._fast.view.profiles import Profiles
from netwatch._fast.view.values import Values

class Parts:
    def __init__(self, profiles: Profiles, places: Iterable[tuple[int, int]], whole: bool = ...) -> None: ...

class FieldValues(Values):
    def __init__(
        self,
        parts: Parts,
        value_of: Callable[[list[tuple[int, int, bytes | None]]], tuple[object, ...]],
        textual: bool,
    ) -> None: ...

class FieldCondition(Condition):
    def __init__(
        self,
        field: FieldValues,
        check: Callable[[object], bool] | None = ...,
        text: TextAnswers | None = ...,
    ) -> None: ...
