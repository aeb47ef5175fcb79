"""`netwatch feed`: what an interface carries, with the owners, as pcapng on standard output, for a pipe or for
`netwatch attach` on another machine. Every second what there is goes out.

Called over ssh, the packets of that very connection are left out. Ends with Ctrl-C, or when nobody reads any more.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import sys
import time

from netwatch.addons.history import History
from netwatch.cli import headless, sandbox
from netwatch.cli.arg_types import natural, parse_duration
from netwatch.cli.errors import EXIT_DAMAGED, CommandError, say
from netwatch.cli.parser import Parser
from netwatch.cli.read import host_of
from netwatch.cli.record import Recording, best_interface, where_of
from netwatch.cli.selection import read_settings, use_client_names
from netwatch.cli.sources import open_source
from netwatch.history.wire import Outlet
from netwatch.recorder.pcapng_stream import Outgoing

LOOK_S = 0.2  # between two looks whether somebody still reads


def build_parser() -> Parser:
    p = Parser(prog="netwatch feed", description=__doc__)
    p.add_argument("-i", "--interface", action="append", default=[], metavar="NAME",
                   help="capture here; repeatable; default the one with the default route")
    p.add_argument("-f", "--capture-filter", default="", metavar="EXPR", help="libpcap filter")
    p.add_argument("-w", "--where", metavar="EXPR", help="only flows that pass this filter")
    p.add_argument("--without", metavar="'ADDRESS PORT ADDRESS PORT'",
                   help="leave out this TCP connection; default $SSH_CONNECTION, an empty one leaves out none")
    p.add_argument("--duration", metavar="TIME", help="stop after this long, e.g. 30s, 5m, 24h")
    p.add_argument("--count", type=natural, metavar="N", help="stop after this many packets")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one: capture.hold_mb=512")
    p.add_argument("--tables", action="store_true", help="not the packets: the table of flows, each second what "
                   "changed of it, for `netwatch attach --tables`")
    p.add_argument("--no-dpi", action="store_true", help="do not look at content")
    sandbox.add_option(p)
    return p


def main(arguments: list[str]) -> int:
    options = build_parser().parse_args(arguments)
    options.settings = read_settings(options.set, options.config)
    if options.sandbox:
        options.settings = options.settings.but("sandbox.mode", options.sandbox, "--sandbox")
    where = where_of(options.where, None)
    seconds = None if options.duration is None else parse_duration(options.duration)
    if sys.stdout.isatty():
        raise CommandError("frames are not for a terminal: netwatch feed > FILE.pcapng, or into a pipe")
    if options.tables and (options.where or options.count):
        raise CommandError("--where and --count are of packets: --tables has all flows, -f chooses among packets")
    own = os.environ.get("SSH_CONNECTION", "") if options.without is None else options.without
    options.capture_filter = without(options.capture_filter, own)
    if options.tables:
        return _tables(options, seconds)
    options.files, options.what, options.keylog, options.with_secrets = [], "flows", [], False  # as record has them
    options.host = host_of(options, live=True)
    with sandbox.closing(options.host):
        options.interface = options.interface or [best_interface(options.host)]
        source = open_source(options)
        try:
            code = Recording(options, source, Outgoing(os.dup(sys.stdout.fileno()), source), where, seconds).go()
        finally:
            source.close()
    return code


def _tables(options: argparse.Namespace, seconds: float | None) -> int:
    """The table of flows by the second, until nobody reads it, or it is time."""
    options.keylog = []
    use_client_names()
    outlet = Outlet(os.dup(sys.stdout.fileno()))
    ends = time.monotonic() + seconds if seconds is not None else float("inf")
    with headless.running(options, given=lambda: [History(outlet)], screens=("history",)) as session:
        signals = headless.Signals(reopens=False)
        try:
            while not signals.stopped and outlet.error is None and not session.health().done and \
                    time.monotonic() < ends:
                signals.wait(min(LOOK_S, ends - time.monotonic()))
        finally:
            signals.close()
        error = session.health().error
    outlet.close()
    if outlet.error is not None:
        raise outlet.error
    say(f"{outlet.moments:,} moments, {outlet.bytes:,} bytes went out")
    if error:
        raise CommandError(error, EXIT_DAMAGED)
    return 128 + signals.stopped if signals.stopped else 0


def without(capture_filter: str, connection: str) -> str:
    """The libpcap filter that passes the same but for a TCP connection, told as $SSH_CONNECTION does ("" none). Raises
    CommandError."""
    if not connection.strip():
        return capture_filter
    try:
        one, port, other, other_port = connection.split()
        ends = [ipaddress.ip_address(each.partition("%")[0]) for each in (one, other)]
        ports = [int(each) for each in (port, other_port)]
        if not all(0 < each < 65536 for each in ports):
            raise ValueError
    except ValueError:
        raise CommandError(f"--without {connection!r}: an address and port, and another of each") from None
    there = "not (" + " and ".join([*(f"host {end}" for end in ends), *(f"tcp port {each}" for each in ports)]) + ")"
    return f"({capture_filter}) and {there}" if capture_filter.strip() else there
