"""`netwatch sql`: ask captures, bundles, the history or an interface in SQL.

Tables: flows, dns, http, tls, alerts, findings, packets.

  netwatch sql "SELECT process, sum(bytes_in) FROM flows GROUP BY 1 ORDER BY 2 DESC" -r capture.pcap
  sudo netwatch sql "SELECT process, count(*) FROM dns GROUP BY 1" -i eth0 --duration 30s

Columns have the names of `netwatch fields`, with _ for dots (tls_sni), or in double quotes as they are ("tls.sni").
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from netwatch.cli import emptiness, history, sandbox
from netwatch.cli.arg_types import parse_duration
from netwatch.cli.errors import CommandError, say
from netwatch.cli.parser import Parser, refuse_idle
from netwatch.cli.records_of import Records
from netwatch.cli.selection import read_settings
from netwatch.cli.stdio import width_of_table
from netwatch.export.tables import QueryError, Result, Tables
from netwatch.records.writers import FORMATS
from netwatch.stats import show
from netwatch.stats.table import Column, Kind, Table

if TYPE_CHECKING:
    from netwatch.model.record import Record


def main(arguments: list[str]) -> int:
    p = Parser(prog="netwatch sql", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("query", metavar="QUERY", help="one SELECT")
    p.add_argument("files", nargs="*", metavar="FILE", help="a capture, or a bundle; several captures are one")
    p.add_argument("-r", "--read", action="append", default=[], metavar="FILE",
                   help="the same; repeatable")
    p.add_argument("-i", "--interface", action="append", default=[], metavar="NAME",
                   help="what is captured here until --duration is over, or Ctrl-C; repeatable")
    p.add_argument("--duration", metavar="TIME", help="with -i: how long, e.g. 30s, 5m")
    p.add_argument("--history", nargs="?", const="", metavar="FROM..TO",
                   help="flows that were kept on disk (history.on), all, or of a time: 10:00..11:00; the table as "
                        "it was at a moment: 10:31:05")
    p.add_argument("--format", choices=FORMATS, help="default table on a terminal, ndjson in a pipe")
    p.add_argument("--timeout", default="60s", metavar="TIME", help="that the query may take; default 60s")
    p.add_argument("--keylog", action="append", default=[], metavar="FILE", help="TLS keys in NSS format; repeatable")
    p.add_argument("--show-secrets", action="store_true", help="do not mask passwords, cookies and the like")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one: timeouts.udp=30")
    options = p.read(arguments)
    options.read = [*options.files, *options.read]
    seconds = parse_duration(options.timeout)
    if bool(options.read) + bool(options.interface) + (options.history is not None) != 1:
        raise CommandError("sql needs FILE, -i NAME or --history")
    refuse_idle((options.duration, "--duration", "" if options.interface else "-i"),
                *((value, name, "FILE or -i" if options.history is not None else "")
                  for name, value in (("--keylog", options.keylog), ("--show-secrets", options.show_secrets))))
    try:
        tables = Tables(options.query)
        code = _fill(tables, options)
        if tables.left_out:
            say(f"{tables.left_out:,} values are left out: their tables have no room for more columns")
        write(tables.ask(seconds), options.format or ("table" if sys.stdout.isatty() else "ndjson"))
    except QueryError as e:
        raise CommandError(f"sql: {e}") from None
    return code


def _fill(tables: Tables, options: argparse.Namespace) -> int:
    """All that the query speaks of; the exit code."""
    if options.history is None:
        return Records(options.read, set(tables.kinds), options).hand(tables.add)
    if set(tables.kinds) != {"flow"}:
        raise CommandError("sql --history: there are flows alone")
    settings = read_settings(options.set, options.config)
    sandbox.shut_in(settings)
    return history.hand(options.history, settings, tables.add)


def write(result: Result, style: str) -> None:
    """To standard output. Raises QueryError when the rows take too long."""
    rows = _said(dict(zip(_unique(result.columns), map(_value, row), strict=True)) for row in result.rows)
    if style == "table":
        found = list(rows)
        kinds = {name: _kind(name, found) for name in _unique(result.columns)}
        columns = [Column(name, name, kind, rank) for rank, (name, kind) in enumerate(kinds.items())]
        shown = Table("query", "row", columns, found)
        for line in show.as_table([shown], width_of_table(), None, wider="the query may name fewer"):
            print(line)
        return
    if style == "csv":
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(result.columns)
        for row in rows:
            out.writerow([show.cell(value) for value in row.values()])
        return
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    if style == "json":
        print("[" + ",\n".join(lines) + "]")
        return
    for line in lines:
        print(line)


def _said(rows: Iterator[Record]) -> Iterator[Record]:
    """The same; that there are none is said at a terminal."""
    none = True
    for row in rows:
        none = False
        yield row
    if none:
        emptiness.at_terminal("the query has no rows")


def _unique(names: Sequence[str]) -> list[str]:
    """Two columns of one name are told apart."""
    found: dict[str, None] = {}
    for name in names:
        own, turn = name, 1
        while own in found:
            turn += 1
            own = f"{name}_{turn}"
        found[own] = None
    return list(found)


def _value(value: object) -> object:
    """As it may be shown: bytes in hexadecimal, no control characters."""
    if isinstance(value, bytes):
        return value.hex()
    return "".join(c if c.isprintable() else "\ufffd" for c in value) if isinstance(value, str) else value


def _kind(name: str, rows: Sequence[Record]) -> Kind:
    values = [row[name] for row in rows if row[name] is not None]
    return Kind.COUNT if values and all(isinstance(value, int) for value in values) else Kind.TEXT
