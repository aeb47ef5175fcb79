"""`netwatch fields`, `netwatch protocols`, `netwatch formats`: what can be asked for, filtered by, read and written."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from netwatch.cli.errors import CommandError
from netwatch.cli.parser import Parser
from netwatch.cli.stdio import paged, width_of_table

if TYPE_CHECKING:
    from netwatch.schema.field import Field

LEAST_WORDS, INDENT = 30, " " * 6  # columns that words need beside others; below them they stand so far in
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
    width = width_of_table()
    with paged(True):
        for line in _lines(table, width):
            print(line)
    return 0


def _lines(table: Table, width: int | None) -> Iterator[str]:
    """Rows with their last column, which is words, broken to `width` columns, None: as long as it is; below the others
    where beside them there is no room for words."""
    widths = [max(len(row[i]) for row in (table.heads, *table.rows)) for i in range(len(table.heads) - 1)]
    before = sum(widths) + 2 * len(widths)
    beside = width is None or width - before >= LEAST_WORDS
    for row in (table.heads, *table.rows):
        cells = "  ".join(f"{cell:<{least if beside else 0}}" for cell, least in zip(row, widths, strict=False))
        if width is None:
            yield f"{cells}  {row[-1]}".rstrip()
        elif beside:
            yield from textwrap.wrap(f"{cells}  {row[-1]}", width, subsequent_indent=" " * before)
        else:
            yield from textwrap.wrap(cells, width, subsequent_indent=INDENT)
            yield from textwrap.wrap(row[-1], width, initial_indent=INDENT, subsequent_indent=INDENT)
