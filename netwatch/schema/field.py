"""What a field of the table is: its type, its privacy class, and the short forms the table is written in."""
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """What a value is; it decides how a filter compares it and how the screen prints it."""

    INT = "number"
    TEXT = "text"
    ADDRESS = "address"
    PORT = "port"
    BOOL = "yes/no"
    TIME = "time"
    DURATION = "duration"
    BYTES = "bytes"
    RATE = "rate"


class Privacy(StrEnum):
    """What privacy mode does to a value: nothing, redact as an address or a name, or always mask."""

    PUBLIC = "public"
    ADDRESS = "address"
    NAME = "name"
    SECRET = "secret"


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `name` is its dotted path in the flow record; see `key` for the other records."""

    name: str
    kinds: tuple[str, ...]           # records it is found in: flow packet dns http tls stream alert finding host ...
    type: Type
    title: str                       # heading of its column
    width: int                       # cells of that column, heading included
    help: str                        # one sentence
    names: tuple[str, ...] = ()      # further names in filters; one name may stand at several fields: any of them
    unit: str = ""                   # of the number in the record
    privacy: Privacy = Privacy.PUBLIC
    many: bool = False               # a list of such values
    parts: tuple[str, ...] = ()      # not in the record: the sum of these
    search: bool = False             # a bare word of a filter is looked for here
    paths: tuple[tuple[str, str], ...] = ()  # (kind, dotted path) where the records of a kind have it elsewhere
    asked: tuple[str, ...] = ()      # kinds whose records have it only where it is asked for, and as one key

    @property
    def align(self) -> str:
        """"right" for quantities, "left" for the rest."""
        return "left" if self.type in LEFT or self.many else "right"

    def key(self, kind: str) -> str:
        """The dotted path in a record of that kind: the http record says `host` where the flow says `http.host`."""
        for owner, path in self.paths:
            if owner == kind:
                return path
        prefix = kind + "."
        if kind in NESTED:
            return self.name
        return self.name[len(prefix):] if self.name.startswith(prefix) else self.name

    def top(self, kind: str) -> str:
        """The key of a record of that kind under which it stands, alone or with others."""
        key = self.key(kind)
        return key if kind in self.asked else key.partition(".")[0]


NESTED = frozenset({"tls"})          # kinds whose records have an object of that name, as flows do
LEFT = frozenset({Type.TEXT, Type.ADDRESS, Type.BOOL, Type.TIME})
INT, TEXT, ADDRESS, PORT, BOOL = Type.INT, Type.TEXT, Type.ADDRESS, Type.PORT, Type.BOOL
TIME, DURATION, BYTES, RATE = Type.TIME, Type.DURATION, Type.BYTES, Type.RATE
UNIT_NS: Mapping[str, int] = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}


def _field(name: str, kinds: str, kind: Type, title: str, width: int, help_: str, names: str = "", unit: str = "",
           privacy: str = "public", parts: str = "", many: bool = False, search: bool = False, at: str = "",
           asked: str = "") -> Field:
    """`at`: kind=path, where the records of a kind have it elsewhere."""
    unit = unit or {BYTES: "B", RATE: "B/s"}.get(kind, "")
    return Field(name, tuple(kinds.split()), kind, title, width, help_, tuple(names.split()), unit, Privacy(privacy),
                 many, tuple(parts.split()), search,
                 tuple((kind, path) for kind, _, path in (each.partition("=") for each in at.split())),
                 tuple(asked.split()))


def _pair(name: str, kind: Type, title: str, width: int, what: str, names: str = "", total: bool = True,
          ) -> tuple[Field, ...]:
    """The fields `name`_out, `name`_in and, unless told not to, their sum under `name`."""
    out = _field(f"{name}_out", "flow", kind, f"{title}↑", width, f"{what}, initiator to responder.")
    into = _field(f"{name}_in", "flow", kind, f"{title}↓", width, f"{what}, responder to initiator.")
    both = _field(name, "flow", kind, title, width, f"{what}, both directions.", names,
                  parts=f"{name}_out {name}_in")
    return (out, into, both) if total else (out, into)
