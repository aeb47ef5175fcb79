"""`netwatch uptime`: when the ways out were down, from when to when, and what failed; as probes have kept it."""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time

from netwatch._fast.out.record import iso
from netwatch.cli import sandbox
from netwatch.cli.arg_types import age
from netwatch.cli.errors import EXIT_MISSING, EXIT_PERMISSION, EXIT_USAGE, CommandError
from netwatch.cli.parser import Parser
from netwatch.cli.selection import read_settings
from netwatch.health.addon import log_path
from netwatch.health.uptime import Span, Uptime, spans, summed
from netwatch.model.record import Record
from netwatch.store.tables import TableError

FRESH_NS = 60 * 10**9  # an outage whose last round was not longer ago may go on
COLUMNS = ("start", "end", "duration_s", "hop", "reason")
EPILOG = """The terminal and the agent keep it while probes are on: probes.gateway, probes.dns, probes.target.
Time in which none ran is "not monitored", and counts as neither up nor down.

examples:
  netwatch agent --metrics 127.0.0.1:9464 --set probes.gateway=true
  netwatch uptime --since 30d
  netwatch uptime --csv
"""


def build_parser() -> argparse.ArgumentParser:
    p = Parser(prog="netwatch uptime", description=__doc__, epilog=EPILOG,
               formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--since", type=age, default="7d", metavar="AGE", help="such as 24h, 7d or 4w; default 7d")
    style = p.add_mutually_exclusive_group()
    style.add_argument("--json", action="store_true", help="one JSON document")
    style.add_argument("--csv", action="store_true", help="a line for each outage")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one setting")
    sandbox.add_option(p)
    return p


def main(arguments: list[str]) -> int:
    asked = build_parser().parse_args(arguments)
    settings = read_settings([*asked.set, *([f"sandbox.mode={asked.sandbox}"] if asked.sandbox else [])], asked.config)
    path, now = log_path(), time.time_ns()
    sandbox.shut_in(settings)  # the file is of whoever called: root parses no database of somebody else's
    since = now - asked.since * 10**9
    try:
        found = summed(spans(path, since, now), since, now)
    except TableError as e:
        if e.missing:
            raise CommandError(f"{e}\nnetwatch: set probes.gateway = true or its like, and run the terminal or the "
                               "agent", EXIT_MISSING) from None
        raise CommandError(str(e), EXIT_PERMISSION if e.denied else EXIT_USAGE) from None
    if asked.json:
        print(json.dumps(_record(found), indent=2))
    elif asked.csv:
        rows = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        rows.writeheader()
        rows.writerows(_outage(each, now) for each in found.outages)
    else:
        _tell(found, now)
    return 0


def _record(found: Uptime) -> Record:
    """netwatch.uptime/1."""
    return {"schema": "netwatch.uptime/1", "since": iso(found.since), "until": iso(found.until),
            "up_s": _seconds(found.up), "down_s": _seconds(found.down), "unmonitored_s": _seconds(found.unmonitored),
            **({"up_percent": round(found.percent, 4)} if found.percent is not None else {}),
            "outages": [_outage(each, found.until) for each in found.outages]}


def _outage(span: Span, now: int) -> Record:
    """Of one that may go on no end is known."""
    open_ = now - span.until < FRESH_NS
    return {"start": iso(span.start), **({} if open_ else {"end": iso(span.until)}),
            "duration_s": _seconds(span.until - span.start), "hop": span.hop,
            **({"reason": span.reason} if span.reason else {})}


def _seconds(ns: int) -> float:
    return round(ns / 1e9, 3)


def _tell(found: Uptime, now: int) -> None:
    for each in found.outages:
        told = _outage(each, now)
        print(f"{told['start'][:19]}Z  {told.get('end', 'goes on')[:19]:<19}  {_long(each.until - each.start):>9}  "
              f"{each.hop:<8}  {each.reason}".rstrip())
    if not found.outages:
        print("no outage" if found.up else "nothing was monitored")
    share = f", {found.percent:.3f} % of what was monitored" if found.percent is not None else ""
    print(f"up {_long(found.up)}{share}; down {_long(found.down)}; not monitored {_long(found.unmonitored)}")


def _long(ns: int) -> str:
    """3d 4h, 2h 5m, 4m 10s, 12s."""
    seconds = round(ns / 1e9)
    units = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
    for at, (name, size) in enumerate(units):
        if seconds >= size:
            rest = units[at + 1:at + 2]
            more = seconds % size // rest[0][1] if rest else 0
            return f"{seconds // size}{name}" + (f" {more}{rest[0][0]}" if more else "")
    return "0s"
