"""`netwatch snapshot`: what the terminal would show, as versioned JSON, a line each time or one document at the end."""

from __future__ import annotations

import sys
import time

from netwatch.cli import headless
from netwatch.cli.arg_types import natural, parse_duration
from netwatch.cli.errors import EXIT_INTERNAL, CommandError, say
from netwatch.cli.parser import Parser
from netwatch.cli.selection import parse_where


def main(arguments: list[str]) -> int:
    p = Parser(prog="netwatch snapshot", description=__doc__)
    p.add_argument("--every", metavar="TIME", help="between two lines; default 1s")
    p.add_argument("--count", type=natural, metavar="N", help="so many lines, then the end")
    p.add_argument("--duration", metavar="TIME", help="stop after this long, e.g. 30s, 5m")
    p.add_argument("--final", action="store_true", help="one document, when it is over")
    p.add_argument("-w", "--where", metavar="EXPR", help="flows among `top` and `processes`; totals are of everything")
    p.add_argument("--top", type=natural, default=20, metavar="N", help="flows and processes named; default 20")
    headless.add_options(p)
    options = p.parse_args(arguments)
    every = parse_duration(options.every or "1s")
    if not 0.1 <= every <= 86400:
        raise CommandError("--every: a time from 100ms to 24h")
    for given, name in ((options.count, "--count"), (options.every, "--every")):
        if options.final and given is not None:
            raise CommandError(f"--final and {name} do not go together")
    where = parse_where(options.where)
    headless.settle(options)
    ends = time.monotonic() + parse_duration(options.duration) if options.duration is not None else float("inf")
    from netwatch._fast.out.encoder import Encoder
    from netwatch.agent.journal import Journal
    from netwatch.agent.snapshot import Snapshots

    encoder = Encoder("ndjson", lambda kind: None, [])
    journal = Journal(frozenset(), None, lambda lines, count: None)
    with headless.running(options, given=lambda: [journal]) as session:
        signals = headless.Signals(reopens=False)
        snapshots = Snapshots(session, where, options.top, journal.alerts)

        def write(final: bool) -> None:
            encoder.record("snapshot", snapshots.take(final))
            sys.stdout.buffer.write(encoder.take())
            sys.stdout.buffer.flush()
        try:
            due = time.monotonic() + every
            while not signals.stopped and not session.health().done and time.monotonic() < ends:
                signals.wait(min(due if not options.final else ends, ends, time.monotonic() + 1) - time.monotonic())
                if time.monotonic() >= due and not signals.stopped and not options.final:
                    due = max(due + every, time.monotonic())
                    last = options.count is not None and snapshots.count + 1 >= options.count
                    write(last)
                    if last:
                        return 0
            write(True)
        finally:
            signals.close()
        error = session.health().error
        if signals.stopped:
            return 128 + signals.stopped
        if error:
            say(error)
        return EXIT_INTERNAL if error else 0
