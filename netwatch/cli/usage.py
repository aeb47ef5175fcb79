"""`netwatch usage`: bytes by program, host, container, day or month: of captures, an interface, or what was kept."""

from __future__ import annotations

import argparse
import json
import sys

from netwatch.cli import egress
from netwatch.cli.amounts import age, natural
from netwatch.cli.errors import EXIT_MISSING, EXIT_PERMISSION, EXIT_USAGE, CommandError
from netwatch.cli.parser import Parser
from netwatch.egress import ledger
from netwatch.store.tables import TableError

EPILOG = """Without FILE or -i it tells of the ledger: what netwatch saw on interfaces while egress.keep was true.

examples:
  netwatch usage -i eth0 --duration 1h --set egress.keep=true
  netwatch usage --by program,month --since 90d
  netwatch usage day.pcapng --by host
"""


def build_parser() -> argparse.ArgumentParser:
    p = Parser(prog="netwatch usage", description=__doc__, epilog=EPILOG,
               formatter_class=argparse.RawDescriptionHelpFormatter)
    egress.add_source(p)
    p.add_argument("--by", default="program", metavar="A[,B]", help=f"of {', '.join(ledger.GROUPS)}; default program")
    p.add_argument("--since", type=age, metavar="AGE", help="days of the ledger not older than 24h, 7d, 4w")
    p.add_argument("--top", type=natural, metavar="N", help="only the largest")
    p.add_argument("--format", choices=("table", "json", "ndjson"), help="default table on a terminal")
    return p


def main(arguments: list[str]) -> int:
    asked = build_parser().parse_intermixed_args(arguments)
    by = tuple(name for name in asked.by.split(",") if name)
    unknown = [name for name in by if name not in ledger.GROUPS]
    if unknown or not by:
        raise CommandError(f"--by {asked.by}: there are {', '.join(ledger.GROUPS)}")
    since = ledger.day_before(asked.since) if asked.since is not None else None
    code = 0
    if asked.files or asked.interface:
        if since:
            raise CommandError("--since goes with the ledger, not with captures")
        code, seen = egress.observed(asked)
        found = ledger.sums_of(seen, by)
    else:
        try:
            found = ledger.sums(egress.ledger_path(), by, since)
        except TableError as e:
            if not e.missing:
                raise CommandError(str(e), EXIT_PERMISSION if e.denied else EXIT_USAGE) from None
            raise CommandError(f"{e}\nnetwatch: set egress.keep = true, and watch an interface", EXIT_MISSING) from None
    _write(found[: asked.top], by, asked.format or ("table" if sys.stdout.isatty() else "ndjson"))
    return code


def _write(found: list[ledger.Sum], by: tuple[str, ...], style: str) -> None:
    made = [{"schema": "netwatch.usage/1", **{name: value for name, value in zip(by, each.group, strict=True) if value},
             "bytes_out": each.bytes_out, "bytes_in": each.bytes_in, "flows": each.flows,
             "destinations": each.destinations, **({"first": each.first, "last": each.last} if each.first else {})}
            for each in found]
    if style == "json":
        print(json.dumps(made, ensure_ascii=False, indent=2))
    elif style == "ndjson":
        for record in made:
            print(json.dumps(record, ensure_ascii=False, separators=(",", ":")))
    else:
        width = max([len("  ".join(each.group)) for each in found] + [len("  ".join(by)), 8])
        print(f"{'  '.join(by):<{width}}  {'OUT bytes':>15}  {'IN bytes':>15}  {'FLOWS':>8}  {'PLACES':>7}")
        for each in found:
            print(f"{'  '.join(part or '-' for part in each.group):<{width}}  {each.bytes_out:>15,}  "
                  f"{each.bytes_in:>15,}  {each.flows:>8,}  {each.destinations:>7,}")
