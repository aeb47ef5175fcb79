"""The words that netwatch itself says: those of the texts in its functions, its constants and its fields' help. What a
text of its own has besides is somebody's: that is how words are hidden that no record has named before."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, ModuleType

from netwatch.schema import FIELDS

LETTERS = re.compile(r"[^\W\d_][^\W_]*")
DEEP, MOST = 3, 20_000  # containers within each other, and entries of one, that are looked at
OURS = "netwatch."
USUAL = ("an are as at be been both by for from has if in is it its no none not of off on one only or other "
         "out over than that the their them then there they this to up was were what when which who with "
         "within without kb mb gb kib mib gib b ms us s min h d bytes packets flows utc jan feb mar apr may "
         "jun jul aug sep oct nov dec")


class Vocabulary:
    """Grows with the modules that are loaded."""

    def __init__(self) -> None:
        self._words = set(USUAL.split())
        self._seen: set[str] = set()
        for field in FIELDS:
            self._add(f"{field.name} {' '.join(field.names)} {field.title} {field.help} {field.unit}")

    def has(self, word: str) -> bool:
        """Are all the parts of the word of it? Numbers and marks are nobody's."""
        parts = LETTERS.findall(word.casefold())
        if self._words.issuperset(parts):
            return True
        self._learn()
        return self._words.issuperset(parts)

    def _learn(self) -> None:
        for name in [name for name in sys.modules.copy() if name.startswith(OURS) and name not in self._seen]:
            self._seen.add(name)
            module = sys.modules.get(name)
            if isinstance(module, ModuleType) and not name.startswith("netwatch.privacy"):
                for text in _texts(module):
                    self._add(text)

    def _add(self, text: str) -> None:
        self._words.update(LETTERS.findall(text.casefold()))


def _texts(module: ModuleType) -> Iterator[str]:
    for name, value in vars(module).copy().items():
        if isinstance(value, FunctionType):
            yield from _of_code(value.__code__)
        elif isinstance(value, type) and value.__module__ == module.__name__:
            for each in vars(value).values():
                function = getattr(each, "fget", getattr(each, "__func__", each))
                if isinstance(function, FunctionType):
                    yield from _of_code(function.__code__)
        elif name.isupper():
            yield from _within(value, DEEP)


def _of_code(code: CodeType) -> Iterator[str]:
    for value in code.co_consts[1:]:  # the first is what documents it, with examples
        if isinstance(value, CodeType):
            yield from _of_code(value)
        else:
            yield from _within(value, 1)


def _within(value: object, deep: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif deep and isinstance(value, Mapping) and len(value) <= MOST:
        for key, each in list(value.items()):
            yield from _within(key, deep - 1)
            yield from _within(each, deep - 1)
    elif deep and isinstance(value, tuple | frozenset | list | set) and len(value) <= MOST:
        for each in tuple(value):
            yield from _within(each, deep - 1)
