"""`netwatch assert`: does every flow of some files, or of a live interface for a while, keep what is said of it?"""

from __future__ import annotations

import os

from netwatch.cli import emptiness, read
from netwatch.cli.arg_types import natural
from netwatch.cli.errors import CommandError, say
from netwatch.cli.parser import Parser, refuse_idle
from netwatch.cli.selection import parse_where
from netwatch.records.selection import Selection

BROKEN = 1  # exit code


def main(arguments: list[str]) -> int:
    """Flows for which the expression is not true go to standard output as NDJSON, and the exit code is 1."""
    p = Parser(prog="netwatch assert", description=__doc__)
    p.add_argument("expression", metavar="EXPR", help="a filter that every flow must pass")
    p.add_argument("files", nargs="*", metavar="FILE", help="captures; without, -i is needed")
    p.add_argument("-r", "--read", action="append", default=[], metavar="FILE", help="a capture; repeatable")
    p.add_argument("-i", "--interface", action="append", default=[], metavar="NAME", help="capture here; repeatable")
    p.add_argument("--for", dest="duration", metavar="TIME", help="with -i: for so long; default 60s")
    p.add_argument("--limit", type=natural, default=100, metavar="N", help="flows that are shown; default 100")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one: timeouts.udp=30")
    p.meant["--duration"] = "--for"
    asked = p.read(arguments)
    refuse_idle((asked.duration, "--for", "" if asked.interface else "-i"))
    if not asked.expression.strip():
        raise CommandError("EXPR: it is empty: say what every flow must pass")
    if os.path.isfile(asked.expression):
        raise CommandError(f"{asked.expression}: EXPR comes first: netwatch assert 'bytes < 1MB' {asked.expression}")
    parse_where(asked.expression, given_by="EXPR")  # its columns are the user's
    words = ["--what", "flows", "--format", "ndjson"]
    words += [word for name in asked.interface for word in ("-i", name)]
    words += ["--duration", asked.duration or "60s"] if asked.interface else []
    words += ["--config", asked.config] if asked.config else []
    words += [word for each in asked.set for word in ("--set", each)]
    selection = Selection(parse_where(f"not ({asked.expression})", given_by="EXPR"), None, asked.limit)
    words += ["--", *asked.files, *asked.read] if asked.files or asked.read else []
    code = read.answer(read.prepared(words), {"flows"}, selection, Asserting)
    return BROKEN if selection.matched["flow"] else code


class Asserting(read.Reading):
    """A reading whose filter passes the flows that break what was said."""

    def came_to(self) -> int:
        seen, broken = self.selection.seen["flow"], self.selection.matched["flow"]
        shown = min(broken, self.selection.limit or 0)
        if not seen and self.source.frames_read:
            say(f"no flows in {self.source.frames_read:,} packets: there was nothing to hold to it")
        elif broken > shown:
            emptiness.at_terminal(f"{broken:,} of {seen:,} flows break it; --limit {broken} shows all")
        elif seen and not broken:
            emptiness.at_terminal(f"{seen:,} flows, and each keeps to it")
        return 0
