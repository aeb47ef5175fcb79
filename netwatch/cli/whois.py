"""`netwatch whois ADDRESS`: whose an address is, by the registries. It sends the address to them."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from netwatch.cli import sandbox
from netwatch.cli.errors import EXIT_FINDING, EXIT_UNAVAILABLE, CommandError, say
from netwatch.cli.parser import Parser
from netwatch.cli.selection import read_settings
from netwatch.model.host import Unavailable
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch.names.whois import Found

EPILOG = """It asks whois.iana.org and the registry that it refers to (ARIN, RIPE, APNIC, LACNIC, AFRINIC) and nobody
else, by TCP to port 43, in the clear. Only global addresses are asked for.

exit code: 0 a registry answered, 1 only in part, or with nothing; 2 no global address, 69 nobody answered

examples:
  netwatch whois 193.0.0.1
  netwatch whois 2001:500:88:200::8 --json
"""
LABELS = ("range", "name", "organisation", "country", "abuse", "status", "origin", "changed")


def build_parser() -> argparse.ArgumentParser:
    p = Parser(prog="netwatch whois", description=__doc__, epilog=EPILOG,
               formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("address", metavar="ADDRESS", help="a global address; no name")
    p.add_argument("--json", action="store_true", help="one record, netwatch.whois/1, on a line")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one setting")
    sandbox.add_option(p)
    return p


def main(arguments: list[str]) -> int:
    asked = build_parser().parse_args(arguments)
    sandboxed = [f"sandbox.mode={asked.sandbox}"] if asked.sandbox else []
    settings = read_settings([*asked.set, *sandboxed], asked.config)
    from netwatch.names.whois import look_up, refusal
    from netwatch.platform.host import ThisMachine

    why = refusal(asked.address)
    if why:
        raise CommandError(why)
    host = sandbox.helper(settings) or ThisMachine()
    with sandbox.closing(host):
        try:
            host.allow_whois()  # the user has asked for this very address
            host.allow_no_more()
            sandbox.shut_in(settings)
            found = look_up(host, asked.address)
        except (Unavailable, ValueError) as e:
            raise CommandError(str(e), EXIT_UNAVAILABLE) from None
        except OSError as e:
            raise CommandError(e.strerror or str(e), EXIT_UNAVAILABLE) from None
    _write(found, asked.json)
    if found.more:
        say(f"{asked.address}: {found.more}")
    if found.more and not found.text:
        return EXIT_UNAVAILABLE
    return EXIT_FINDING if found.more or not found.text else 0


def _write(found: Found, as_json: bool) -> None:
    from netwatch._fast.out.record import iso

    if as_json:
        record: Record = {"schema": "netwatch.whois/1", "time": iso(time.time_ns()), **found.record()}
        print(json.dumps(record, ensure_ascii=False, separators=(",", ":")))
    elif found.text:
        sys.stdout.write("\n".join([*_lines(found), ""]))


def _lines(found: Found) -> Iterator[str]:
    yield f"{found.address}, by {found.registry}"
    for label in LABELS:
        if label in found.fields:
            yield f"  {label:<13} {found.fields[label]}"
    yield ""
    yield from found.text
