"""`netwatch read --by`: how many records there are of each value of some fields, and what others add up to."""

from __future__ import annotations

import argparse
import sys

from netwatch.cli import emptiness, sandbox
from netwatch.cli.errors import CommandError
from netwatch.cli.readoptions import style_of
from netwatch.cli.selection import check_field, has_plugins, kinds_of, where_of
from netwatch.cli.sources import open_source
from netwatch.cli.stats import QUANTITIES, Summing, arranged, interval_of, write
from netwatch.cli.stdio import width_of_table
from netwatch.records.columns import Column, column_of
from netwatch.records.selection import Selection, singular
from netwatch.records.writers import FORMATS, Writer
from netwatch.stats.grouped import Grouped

SUMS = {"flows": "bytes,packets", "packets": "len"}  # what is added up where nothing is named
NOT_OF = frozenset({"hosts", "processes", "summary"})  # kinds of records that are sums already, or one
COUNTED = ("flows", "packets")  # kinds whose count is called by their name
# what shows records one by one, or reads them from elsewhere: option, and the value it has when it is not given
APART = (("fields", None), ("limit", None), ("follow", None), ("write", None), ("history", None), ("source", None),
         ("exported", False), ("flat", False), ("time", "iso"), ("resolve", False))


def read(options: argparse.Namespace) -> int:
    """Print the groups; the exit code."""
    for name, unused in APART:
        if getattr(options, name) != unused:
            raise CommandError(f"--by and --{name.replace('_', '-')} do not go together")
    if options.what.count(",") or options.what in NOT_OF:
        raise CommandError("--by takes one kind of record, such as --what dns")
    kinds = kinds_of(options)
    style = style_of(options)
    if style not in FORMATS:
        raise CommandError(f"--by and --format {style} do not go together; there are {', '.join(FORMATS)}")
    what = next(iter(kinds))
    by = _columns(options.by, "--by", what)
    sums = _columns(SUMS.get(what, "") if options.sum is None else options.sum, "--sum", what)
    interval = None if options.interval is None else interval_of(options.interval)
    statistic = Grouped(what, what if what in COUNTED else "count", by, sums, interval, _moment)
    with sandbox.closing(options.host):
        where = where_of(options, kinds)
        source = open_source(options)
        try:
            selection = Selection(where, None, None, more=has_plugins())
            asked = [column.name for column in (*by, *sums)]
            silent = Writer("ndjson", sys.stdout.buffer, asked, source.interfaces, more=has_plugins())
            code = Summing(options, set(kinds), source, selection, silent, statistic).go()
        finally:
            source.close()
    tables = arranged(statistic.tables(), options.sort)
    emptiness.no_rows(f"--by {options.by}", tables, selection, source.frames_read)
    if options.redactor is not None:
        from netwatch.stats.redacted import redacted

        homes = {column.name: column.home(singular(what)) for column in by}
        tables = [redacted(each, options.redactor, homes) for each in tables]
    write(tables, style, options.top, width_of_table(options.wide))
    return code


def _moment(text: str) -> int | None:
    from netwatch.filter.values import time_span

    span = time_span(text)
    return None if span is None else span[0]


def _columns(text: str, option: str, kind: str) -> list[Column]:
    """The columns of the names. Raises CommandError."""
    found = []
    for name in dict.fromkeys(word.strip() for word in text.split(",") if word.strip()):
        check_field(name, option, [kind])
        column = column_of(singular(kind), name, has_plugins())
        if column is not None:
            if option == "--sum" and column.type not in QUANTITIES:
                raise CommandError(f"--sum {name}: not a quantity")
            found.append(column)
    if not found and option == "--by":
        raise CommandError(f"--by needs a field's name; `netwatch fields {singular(kind)}` lists them")
    return found
