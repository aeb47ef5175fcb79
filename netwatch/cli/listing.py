"""`netwatch fields`, `netwatch protocols`, `netwatch formats`: what can be asked for, filtered by, read and written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from netwatch.cli.errors import CommandError
from netwatch.cli.parser import Parser

if TYPE_CHECKING:
    from netwatch.schema.field import Field

CAPTURES = (
    ("pcap", "read, write", "all variants: micro- and nanoseconds, both byte orders"),
    ("pcapng", "read, write", "with names, secrets and comments"),
    ("snoop", "read", "RFC 1761"),
    ("gzip, zstd", "read", "any of them compressed"),
    ("-", "read", "standard input, of the same kinds"),
)


class Table(NamedTuple):
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def fields(arguments: list[str]) -> int:
    """The command `netwatch fields`."""
    from netwatch.schema import FIELDS

    kinds = sorted({kind for field in FIELDS for kind in field.kinds})
    parser = Parser(prog="netwatch fields", description="The fields of records and filters.")
    parser.add_argument("kind", nargs="?", metavar="KIND", help=f"only of this kind of record: {', '.join(kinds)}")
    parser.add_argument("--match", default="", metavar="WORD", help="only those with this in a name or in the help")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    options = parser.parse_args(arguments)
    kind = (options.kind or "").removesuffix("s") if options.kind not in kinds else options.kind
    if kind and kind not in kinds:
        raise CommandError(f"{options.kind}: no such kind of record; there are {', '.join(kinds)}")
    word = options.match.lower()
    rows = [(field.name, _type(field), " ".join(field.names), field.help) for field in FIELDS
            if (not kind or kind in field.kinds) and word in " ".join((field.name, *field.names, field.help)).lower()]
    return _show(Table(("field", "type", "other names", "what"), rows), options.json)


def _type(field: Field) -> str:
    return field.type.value + (", a list" if field.many else "") + (f" ({field.unit})" if field.unit else "")


def protocols(arguments: list[str]) -> int:
    """The command `netwatch protocols`."""
    from netwatch._fast.out.protocols import DESCRIBING
    from netwatch.schema import FIELDS

    parser = Parser(prog="netwatch protocols", description="The applications that are known by their content.")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    options = parser.parse_args(arguments)
    rows = [(app, " ".join(field.name.partition(".")[2] for field in FIELDS if field.name.startswith(f"{app}.")))
            for app in sorted(DESCRIBING)]
    return _show(Table(("app", "fields"), rows), options.json)


def formats(arguments: list[str]) -> int:
    """The command `netwatch formats`."""
    from netwatch.cli.formats import ALL

    parser = Parser(prog="netwatch formats", description="What is read and written.")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    options = parser.parse_args(arguments)
    return _show(Table(("format", "can be", "what"),
                       [*CAPTURES, *((name, "write", "records, by --format") for name in ALL)]), options.json)


def _show(table: Table, as_json: bool) -> int:
    if as_json:
        print(json.dumps([dict(zip(table.heads, row, strict=True)) for row in table.rows], indent=1))
        return 0
    widths = [max(len(row[i]) for row in (table.heads, *table.rows)) for i in range(len(table.heads) - 1)]
    for row in (table.heads, *table.rows):
        print("  ".join((*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[-1])).rstrip())
    return 0
