"""`netwatch`: the terminal, live on an interface or on a capture file."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from netwatch.cli.errors import EXIT_UNAVAILABLE, CommandError
from netwatch.cli.selection import parse_where, read_settings, use_client_names
from netwatch.cli.services import owners, readers

# of CONTRACT section 1, promised and not there yet: named, so that nobody believes they had an effect
LATER = ("--sandbox", "--config", "--log-file", "--log-level")
HIDE_LOCALHOST = "not (src in 127.0.0.0/8 or src == ::1)"

COMMANDS_HELP = """commands (each has --help):
  netwatch                 this: the terminal
  netwatch read FILE...    analyse captures without a terminal; -i NAME --duration 30s for an interface
  netwatch run -- COMMAND  run a program and show what it says over TLS, decrypted
  netwatch devices         interfaces that can be captured, and why the others cannot
  netwatch doctor          what works here and what is missing, with the command that fixes it
"""


def build_parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="netwatch", description=__doc__, epilog=COMMANDS_HELP,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("-V", "--version", action="store_true", help="print the version")
    p.add_argument("-i", "--interface", action="append", default=[], metavar="NAME",
                   help="capture here; repeatable; `any` on Linux; default the one with the default route")
    p.add_argument("-r", "--read", metavar="FILE", action="append", default=[], help="show a capture file instead")
    p.add_argument("-f", "--capture-filter", default="", metavar="EXPR", help="libpcap filter")
    p.add_argument("-w", "--where", default="", metavar="EXPR", help="display filter to begin with")
    p.add_argument("--tab", metavar="NAME", help="tab to begin with")
    p.add_argument("--view", choices=("full",), default="full", help="layout; lite and dense come later")
    p.add_argument("--theme", default="dark", metavar="NAME", help="dark or terminal")
    p.add_argument("--no-color", action="store_true", help="attributes only, as with NO_COLOR")
    p.add_argument("--ascii", action="store_true", help="no characters beyond ASCII in frames and marks")
    p.add_argument("--refresh", type=int, default=1000, metavar="MS", help="100 to 5000, default 1000")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one: timeouts.udp=30")
    p.add_argument("--no-dpi", action="store_true", help="do not look at content")
    asking = p.add_mutually_exclusive_group()
    asking.add_argument("--resolve", action="store_true", help="ask the resolver for names; it sends packets")
    asking.add_argument("--no-resolve", action="store_true", help="never ask it, whatever is set (the default)")
    p.add_argument("--keylog", action="append", default=[], metavar="FILE",
                   help="TLS keys in NSS format, followed as it grows; repeatable; default $SSLKEYLOGFILE")
    p.add_argument("--promiscuous", action="store_true", help="also frames for other machines")
    local = p.add_mutually_exclusive_group()
    local.add_argument("--show-localhost", action="store_true", help="show loopback flows (the default)")
    local.add_argument("--hide-localhost", action="store_true", help="hide loopback flows")
    return p


def main(arguments: list[str]) -> int:
    for word in arguments:
        if word.split("=")[0] in LATER:
            raise CommandError(f"{word.split('=')[0]}: not available in this version", EXIT_UNAVAILABLE)
    options = build_parser().parse_args(arguments)
    if options.version:
        from netwatch import __version__

        print(f"netwatch {__version__}")
        return 0
    if not 100 <= options.refresh <= 5000:
        raise CommandError("--refresh: 100 to 5000 milliseconds")
    if options.read and (options.interface or options.capture_filter):
        raise CommandError("-r shows a file; -i and -f belong to live capture")
    parse_where(options.where or None)
    options.settings = read_settings(options.set)
    use_client_names()
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise CommandError("no terminal here; use `netwatch read` for output without one", EXIT_UNAVAILABLE)
    return _show(options)


def _show(options: argparse.Namespace) -> int:
    from netwatch import ui
    from netwatch._fast.source import SourceError
    from netwatch.session import Session

    where = options.where
    if options.hide_localhost:
        where = f"({where}) and {HIDE_LOCALHOST}" if where else HIDE_LOCALHOST
    label, opener = _source(options)
    resolve = not options.no_resolve and (options.resolve or options.settings.of("names.resolve") == 1)
    session = Session(label, opener, live=not options.read, dpi=not options.no_dpi, settings=options.settings,
                      services=lambda source: readers(options.keylog, source, live=not options.read),
                      resolve=resolve,
                      owners=None if options.read else lambda: owners(options.settings, behind=True))
    try:
        return ui.run(session, where=where, refresh_ms=options.refresh, theme=options.theme,
                      color=not options.no_color, ascii_only=options.ascii, view=options.view, tab=options.tab)
    except SourceError as e:
        raise CommandError(str(e), e.exit_code) from None
    except ValueError as e:
        raise CommandError(str(e)) from None


def _source(options: argparse.Namespace) -> tuple[str, Any]:
    """What the title says, and how to open it."""
    if options.read:
        from netwatch.capture.file import open_files

        title = ", ".join(os.path.basename(path) for path in options.read)
        return title, lambda: open_files(options.read)
    from netwatch.capture.live import default_interface, open_live

    names = options.interface or [default_interface()]
    return ", ".join(names), lambda: open_live(
        names, options.capture_filter, options.settings.of("capture.snaplen"), options.settings.of("capture.ring_mb"),
        options.promiscuous)
