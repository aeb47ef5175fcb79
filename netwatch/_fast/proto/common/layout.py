"""How a message of a protocol lies in its bytes, as tables: what netwatch.dissect makes a tree of fields of.

A protocol's TREE stands beside its file (`NAME_tree.py`) or in its folder (`tree.py`). Names of fields are Wireshark's.
Tables only, nothing here reads a byte; whatever a table says, no field is read beyond its message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Order = Literal["big", "little"]
Seen = dict[str, int]  # the numbers read so far, by name
Names = Mapping[int, str]


class Region(Protocol):
    """The bytes of a message or a part of one, read from front to back. What would go beyond them raises."""

    data: bytes
    at: int
    end: int

    @property
    def left(self) -> int: ...

    def peek(self, size: int, ahead: int = 0) -> int:
        """A number of network order that lies ahead."""


Size = (
    int | str | Callable[[Region, Seen], int] | None
)  # bytes; a number that was read; worked out; None: all that is left
Where = Callable[[Region, Seen], object]


@dataclass(frozen=True)
class Number:
    """`names`: what its values are called. `bits`: parts of it, each by its mask."""

    name: str
    label: str
    size: int
    names: Names | None = None
    order: Order = "big"
    base: Literal["", "x"] = ""
    unit: str = ""
    bits: Sequence[Bits] = ()


@dataclass(frozen=True)
class Bits:
    """A part of a number, moved to its low end."""

    name: str
    label: str
    mask: int
    names: Names | None = None


@dataclass(frozen=True)
class Raw:
    """Bytes. `show`: their text, which is the field's value; else they are shown as hexadecimal."""

    name: str
    label: str
    size: Size = None
    show: Callable[[bytes], str] | None = None


@dataclass(frozen=True)
class Until:
    """Text up to a byte that ends it, which belongs to the field; up to the end where there is none."""

    name: str
    label: str
    stop: bytes = b"\0"


@dataclass(frozen=True)
class Part:
    """Fields that stand together under a node. `size`: of the part; None: as far as its fields go. `count`: so many of
    them follow each other; None: as many as there is room for. `title`: with {name} for what the fields show."""

    name: str
    label: str
    fields: Sequence[Field]
    size: Size = None
    count: int | str | None = 1
    title: str = ""


@dataclass(frozen=True)
class Choice:
    """The fields that a value chooses, `other` where none is named for it."""

    by: str | Where
    cases: Mapping[object, Sequence[Field]]
    other: Sequence[Field] = ()


@dataclass(frozen=True)
class Ber:
    """A value of ASN.1 (X.690) with all within it. `names`: (name, label, names of its values or of its tags) by the
    place in it: numbers from 0 with dots, * for any. `shows`: those whose text the title is made of."""

    names: Mapping[str, tuple[str, str, Names | None]]


@dataclass(frozen=True)
class Lines:
    """Lines of text. `patterns`: what a line may be, with groups; `groups`: (name, label) of each pattern's groups.
    A line may be as long as a frame: where two repeats can share its bytes, they give none back (`*+`). `head`: an
    empty line ends them, and what follows is the body."""

    name: str
    patterns: Sequence[tuple[bytes, Sequence[tuple[str, str]]]]
    head: bool = False


Field = Number | Raw | Until | Part | Choice | Ber | Lines


@dataclass(frozen=True)
class Layout:
    """A message. `size`: how many bytes a message takes that begins with these, 0: none does; None: all there are.
    `title`: of the layer, with {name} for what a field shows."""

    name: str
    label: str
    fields: Sequence[Field]
    title: str = ""
    size: Callable[[bytes], int] | None = None


class Kind(Protocol):
    """Makes numbers of one size and order."""

    def __call__(
        self,
        name: str,
        label: str,
        names: Names | None = None,
        base: Literal["", "x"] = "",
        unit: str = "",
        bits: Sequence[Bits] = (),
    ) -> Number: ...


def _kind(size: int, order: Order = "big") -> Kind:
    def number(
        name: str,
        label: str,
        names: Names | None = None,
        base: Literal["", "x"] = "",
        unit: str = "",
        bits: Sequence[Bits] = (),
    ) -> Number:
        return Number(name, label, size, names, order, base, unit, bits)

    return number


u8, u16, u24, u32, u64 = (_kind(size) for size in (1, 2, 3, 4, 8))
le16, le24, le32, le64 = (_kind(size, "little") for size in (2, 3, 4, 8))


def text(raw: bytes) -> str:
    from netwatch._fast.base.text import clean

    shown: str = clean(raw, 255)
    return shown


def zero(raw: bytes) -> str:
    """Text, up to the first zero byte."""
    return text(raw.partition(b"\0")[0])


def address(raw: bytes) -> str:
    """4 or 16 bytes as an IP address, else hexadecimal."""
    import ipaddress

    return str(ipaddress.ip_address(raw)) if len(raw) in (4, 16) else raw.hex(":")


def string(name: str, label: str, size: Size = None) -> Raw:
    return Raw(name, label, size, text)


def ip4(name: str, label: str) -> Raw:
    return Raw(name, label, 4, address)


def mac(name: str, label: str, size: Size = 6) -> Raw:
    return Raw(name, label, size, lambda raw: raw.hex(":"))


def hexed(name: str, label: str, size: Size = None) -> Raw:
    """Bytes whose value is their hexadecimal text."""
    return Raw(name, label, size, lambda raw: raw.hex())


def length_at(at: int, size: int, more: int, order: Order = "big") -> Callable[[bytes], int]:
    """How long a message is whose length stands `at`, and does not count `more` bytes."""

    def found(data: bytes) -> int:
        if len(data) < at + size:
            return 0
        return more + int.from_bytes(data[at : at + size], order)

    return found


def texty(data: bytes) -> int:
    """All of them, where they begin like lines of text."""
    start = data[:48]
    plain = sum(32 <= byte < 127 or byte in b"\t\r\n" or byte >= 128 for byte in start)
    return len(data) if start and plain == len(start) else 0
