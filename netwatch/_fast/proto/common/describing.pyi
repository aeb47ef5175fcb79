# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable, Iterable, Mapping

from netwatch.model.record import Record

MASK: str

def by_key(facts: Iterable[tuple[int, bytes]]) -> dict[int, list[bytes]]: ...

def first_values(facts: Iterable[tuple[int, bytes]]) -> dict[int, bytes]: ...

def text(raw: bytes) -> str: ...

def number(raw: bytes) -> int: ...

def address(raw: bytes) -> str: ...

def mac(raw: bytes) -> str: ...

def one_or_all(
    obj: Record,
    name: str,
    known: Mapping[int, list[bytes]],
    key: int,
    show: Callable[[bytes], object] = ...,
) -> None: ...

def listed(
    obj: Record,
    name: str,
    known: Mapping[int, list[bytes]],
    key: int,
    show: Callable[[bytes], object] = ...,
) -> None: ...

def count(obj: Record, name: str, known: Mapping[int, list[bytes]], key: int) -> None: ...

def micros(obj: Record, name: str, known: Mapping[int, list[bytes]], key: int) -> None: ...

def masked(show_secrets: bool) -> Callable[[bytes], str]: ...

def named(names: Mapping[int, str], unknown: str) -> Callable[[bytes], str]: ...

def first(value: object) -> str: ...
