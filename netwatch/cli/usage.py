"""`netwatch usage`: bytes by program, host, container, day or month: of captures, an interface, or what was kept."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from netwatch.cli import egress, emptiness
from netwatch.cli.arg_types import age, natural
from netwatch.cli.errors import EXIT_FINDING, EXIT_MISSING, EXIT_PERMISSION, EXIT_USAGE, CommandError
from netwatch.cli.parser import Parser, refuse_idle
from netwatch.cli.selection import read_settings
from netwatch.egress import ledger
from netwatch.egress.quotas import held, parsed
from netwatch.model.record import Record
from netwatch.store.tables import TableError

EPILOG = """Without FILE or -i it tells of the ledger: what netwatch saw on interfaces while egress.keep was true.

examples:
  netwatch usage -i eth0 --duration 1h --set egress.keep=true
  netwatch usage --by program,month --since 90d
  netwatch usage day.pcapng --by host
  netwatch usage --quotas --set 'egress.quotas=firefox=10GB/month, *=2GB/day'
"""


def build_parser() -> Parser:
    p = Parser(prog="netwatch usage", description=__doc__, epilog=EPILOG,
               formatter_class=argparse.RawDescriptionHelpFormatter)
    egress.add_source(p)
    p.add_argument("--by", default="program", metavar="A[,B]", help=f"of {', '.join(ledger.GROUPS)}; default program")
    p.add_argument("--since", type=age, metavar="AGE", help="days of the ledger not older than 24h, 7d, 4w")
    p.add_argument("--quotas", action="store_true", help="hold the ledger against egress.quotas; exit code 1: over")
    p.add_argument("--top", type=natural, metavar="N", help="only the largest")
    p.add_argument("--format", choices=("table", "json", "ndjson"), help="default table on a terminal")
    return p


def main(arguments: list[str]) -> int:
    asked = build_parser().read(arguments)
    asked.files += asked.read
    style = asked.format or ("table" if sys.stdout.isatty() else "ndjson")
    seen = bool(asked.files or asked.interface)
    refuse_idle((asked.duration, "--duration", "" if asked.interface else "-i"),
                *((value, name, "" if seen or asked.quotas else "FILE, -i or --quotas")
                  for name, value in (("--set", asked.set), ("--config", asked.config))))
    if asked.quotas:
        return _quotas(asked, style)
    by = tuple(name for name in asked.by.split(",") if name)
    unknown = [name for name in by if name not in ledger.GROUPS]
    if unknown or not by:
        raise CommandError(f"--by {asked.by}: there are {', '.join(ledger.GROUPS)}")
    since = ledger.day_before(asked.since) if asked.since is not None else None
    code = 0
    if seen:
        if since:
            raise CommandError("--since goes with the ledger, not with captures")
        code, found_there = egress.observed(asked)
        found = ledger.sums_of(found_there, by)
    else:
        with _ledger_errors():
            found = ledger.sums(ledger.where(), by, since)
        if not found:
            emptiness.at_terminal(f"nothing is in the ledger{f' of {since} and later' if since else ''}")
    _write(found[: asked.top], by, style)
    return code


@contextlib.contextmanager
def _ledger_errors() -> Iterator[None]:
    """Raises CommandError."""
    try:
        yield
    except TableError as e:
        if not e.missing:
            raise CommandError(str(e), EXIT_PERMISSION if e.denied else EXIT_USAGE) from None
        raise CommandError(f"{e}\nnetwatch: set egress.keep = true, and watch an interface", EXIT_MISSING) from None


def _quotas(asked: argparse.Namespace, style: str) -> int:
    """Exit code 1: one is over."""
    if asked.files or asked.interface or asked.since is not None:
        raise CommandError("--quotas is of the ledger, of this day and month; it goes with no file, -i or --since")
    quotas = parsed(read_settings(asked.set, asked.config).of("egress.quotas"))
    if not quotas:
        raise CommandError("--quotas: there are none; egress.quotas has them, such as firefox=10GB/month")
    with _ledger_errors():
        found = held(ledger.where(), quotas, datetime.now(UTC).date())
    if style != "table":
        _dump([each.record() for each in found], style)
    else:
        width = max(len(each.quota.who) for each in found)
        for each in found:
            who, limit, period = each.quota
            print(f"{who:<{width}}  {each.used:>17,} of {limit:>17,} bytes this {period:<5}  "
                  f"{100 * each.used / limit:>6.1f} %{'  OVER' if each.over else ''}")
    return EXIT_FINDING if any(each.over for each in found) else 0


def _dump(made: list[Record], style: str) -> None:
    if style == "json":
        print(json.dumps(made, ensure_ascii=False, indent=2))
        return
    for record in made:
        print(json.dumps(record, ensure_ascii=False, separators=(",", ":")))


def _write(found: list[ledger.Sum], by: tuple[str, ...], style: str) -> None:
    made = [{"schema": "netwatch.usage/1", **{name: value for name, value in zip(by, each.group, strict=True) if value},
             "bytes_out": each.bytes_out, "bytes_in": each.bytes_in, "flows": each.flows,
             "destinations": each.destinations, **({"first": each.first, "last": each.last} if each.first else {})}
            for each in found]
    if style != "table":
        _dump(made, style)
    else:
        width = max([len("  ".join(each.group)) for each in found] + [len("  ".join(by)), 8])
        print(f"{'  '.join(by):<{width}}  {'OUT bytes':>15}  {'IN bytes':>15}  {'FLOWS':>8}  {'PLACES':>7}")
        for each in found:
            print(f"{'  '.join(part or '-' for part in each.group):<{width}}  {each.bytes_out:>15,}  "
                  f"{each.bytes_in:>15,}  {each.flows:>8,}  {each.destinations:>7,}")
