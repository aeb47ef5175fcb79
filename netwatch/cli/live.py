"""`netwatch`: the terminal, live on an interface or on a capture file."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from netwatch.cli import log, sandbox
from netwatch.cli.errors import EXIT_UNAVAILABLE, CommandError, note
from netwatch.cli.parser import Parser, refuse_blind
from netwatch.cli.selection import parse_where, read_settings, use_client_names
from netwatch.cli.stdio import keys_from_terminal, shows_to_a_person
from netwatch.model.contract import AddonError
from netwatch.store import files
from netwatch.store.folders import config_folder, state_folder
from netwatch.store.settings import SETTINGS, THEMES, SettingError

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source
    from netwatch.capture.capd.client import Helper
    from netwatch.run.session import Session

LEAST_COLUMNS = 2  # that curses and its widgets bear
HIDE_LOCALHOST = "not (src in 127.0.0.0/8 or src == ::1)"

COMMANDS_HELP = """commands (each has --help):
  netwatch [FILE]          this: the terminal
  netwatch read FILE...    analyse captures without a terminal;
                           -i NAME --duration 30s for an interface
  netwatch show FILE       take frames apart: --frame N or --flow ID, -x: bytes
  netwatch stats TOPIC FILE...
                           captures summed up: conversations, endpoints, ...
  netwatch hosts FILE...   who is there: names, vendor, system, services, bytes
  netwatch assert EXPR     does every flow keep to it? exit 1 when one does not
  netwatch record          keep what an interface carries, in a ring of pcapng
  netwatch bundle make FILE... OUT
                           captures with all that is known of them, signed;
                           verify, info, redact
  netwatch open BUNDLE     a bundle, or an incident, in the terminal
  netwatch diff A B        what is new, gone, shifted between two captures
  netwatch sql QUERY -r FILE
                           ask captures and bundles in SQL
  netwatch export --har OUT FILE
                           HTTP for browsers; --curl, --objects FOLDER
  netwatch forget --all    remove what was kept of traffic
  netwatch diagnose FILE   what is wrong, why, what to do; exit 1 with a finding
  netwatch egress lint FILE
                           what breaks the policy; promote allows what was seen
  netwatch usage           bytes by program, host, container, day or month
  netwatch trace HOST      the way there, hop by hop: loss, jitter; it sends
  netwatch whois ADDRESS   whose it is, by the registries; it sends
  netwatch uptime          outages that probes have found: when, what failed
  netwatch run -- COMMAND  run a program and show what it says, decrypted
  netwatch attach HOST     another machine's network here, over ssh; it runs
                           `netwatch feed`: packets with owners, as pcapng
  netwatch snapshot        what the terminal would show, as JSON lines
  netwatch agent           headless: event log, metrics, syslog, IPFIX, push
  netwatch devices         interfaces that can be captured, why others cannot
  netwatch config show     settings in force and where each comes from;
                           init writes a file, check looks for mistakes
  netwatch doctor          what works here, what is missing, what fixes it
  netwatch data list       data packs that are here; verify and import
  netwatch fields          the fields of records and filters;
                           `netwatch protocols`, `netwatch formats`: likewise
  netwatch help COMMAND    the same as COMMAND --help
"""


def build_parser() -> Parser:
    p = Parser(prog="netwatch", description=__doc__, epilog=COMMANDS_HELP,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("-V", "--version", action="store_true", help="print the version; with -v also those of libraries")
    p.add_argument("--self-test", action="store_true", help="alone: is this installation whole?")
    p.add_argument("-i", "--interface", action="append", default=[], metavar="NAME",
                   help="capture here; repeatable; `any` on Linux; default the one with the default route")
    p.add_argument("files", nargs="*", metavar="FILE", help="as -r; without a terminal, as `netwatch read FILE`")
    p.add_argument("-r", "--read", metavar="FILE", action="append", default=[], help="show a capture file instead")
    p.add_argument("-f", "--capture-filter", default="", metavar="EXPR", help="libpcap filter")
    p.add_argument("-w", "--where", default="", metavar="EXPR", help="display filter to begin with")
    p.add_argument("--tab", metavar="NAME", help="tab to begin with; default dashboard, of a file connections")
    p.add_argument("--view", choices=("full", "lite", "dense"),
                   help="full: tabs; lite: one screen of 80x24; dense: four boxes, from 130x44")
    p.add_argument("--theme", metavar="NAME", help=f"{', '.join(THEMES)}; `list` tells of each")
    p.add_argument("--no-color", action="store_true", help="attributes only, as with NO_COLOR")
    p.add_argument("--ascii", action="store_true", help="no characters beyond ASCII in frames and marks")
    p.add_argument("--private", action="store_true", help="privacy mode: tokens in place of addresses, names and MACs")
    p.add_argument("--refresh", type=int, metavar="MS", help="100 to 5000, default 1000")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one: timeouts.udp=30")
    log.add_options(p)
    sandbox.add_option(p)
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
    options = prepared(arguments)
    return options if isinstance(options, int) else _show(options)


def prepared(arguments: list[str], check: Callable[[argparse.Namespace], None] = lambda options: None,
             instead: str = "`netwatch read` for output without one") -> argparse.Namespace | int:
    """The options with their settings; or the exit code, where the words asked for nothing but to be told something.
    `check` raises CommandError for those that cannot be meant; `instead`: what to do where no terminal is. Raises
    CommandError."""
    options = build_parser().read(arguments)
    if options.version:
        from netwatch import __version__

        print(f"netwatch {__version__}")
        return 0
    if options.self_test:
        raise CommandError("--self-test stands alone")
    if options.theme == "list":
        from netwatch.ui.themes import listing

        print(listing())
        return 0
    options.read += options.files
    if options.refresh is not None and not 100 <= options.refresh <= 5000:
        raise CommandError("--refresh: 100 to 5000 milliseconds")
    if options.read and (options.interface or options.capture_filter):
        raise CommandError("-r shows a file; -i and -f belong to live capture")
    if options.read and options.promiscuous:
        raise CommandError("-r shows a file; --promiscuous belongs to live capture")
    refuse_blind(options)
    if options.where.endswith((".pcap", ".pcapng", ".cap")):
        raise CommandError(f"-w {options.where}: here -w is a filter; `netwatch read -i NAME -w FILE` saves packets")
    parse_where(options.where or None)
    options.settings = read_settings([*options.set, *_as_settings(options)], options.config)
    check(options)
    use_client_names()
    if "-" in options.read:
        piped = keys_from_terminal()
        options.read = [piped if path == "-" else path for path in options.read]
    if not shows_to_a_person():
        raise CommandError(f"no terminal here; use {instead}", EXIT_UNAVAILABLE)
    log.begin(argparse.Namespace(**{**vars(options), "files": options.read}))
    return options


def _as_settings(options: argparse.Namespace) -> list[str]:
    """The options that are a setting's short form. Raises CommandError in the option's own name."""
    pairs = (("ui.theme", options.theme), ("ui.view", options.view), ("ui.refresh_ms", options.refresh),
             ("ui.tab", options.tab), ("ui.ascii", options.ascii or None), ("ui.privacy", options.private or None),
             ("ui.color", False if options.no_color else None),
             ("ui.localhost", False if options.hide_localhost else True if options.show_localhost else None),
             ("names.resolve", False if options.no_resolve else True if options.resolve else None),
             ("sandbox.mode", options.sandbox), ("capture.promiscuous", options.promiscuous or None))
    for name in ("theme", "tab"):
        value = getattr(options, name)
        try:
            if value is not None:
                SETTINGS[f"ui.{name}"].parse(value)
        except SettingError as e:
            takes = str(e).removeprefix(f"ui.{name} is ").replace('"", ', "")  # not: the first tab
            raise CommandError(f"--{name} {value}: {takes}") from None
    return [f"{key}={value}" for key, value in pairs if value is not None]


def need_curses() -> None:
    """Raises CommandError where this Python has none, as on Windows by itself."""
    try:
        import curses  # noqa: F401

        import npyscreen  # noqa: F401
    except ModuleNotFoundError as e:
        raise CommandError(f"the terminal needs the Python module {e.name}, which is not here (Windows: pip install "
                           "windows-curses); `netwatch read` does without", EXIT_UNAVAILABLE) from None


def _show(options: argparse.Namespace) -> int:
    need_curses()
    from netwatch.capture.live import list_devices
    from netwatch.model.contract import Purpose
    from netwatch.platform.host import ThisMachine
    from netwatch.run.session import Session

    settings = options.settings
    helper = sandbox.helper(settings)
    host = helper or ThisMachine(list_devices)
    label, opener = _source(options, helper)
    if not options.read and settings.of("owners.find"):
        host.find_owners(behind=True)
    purpose = Purpose(live=not options.read, label=label, keylogs=tuple(options.keylog))
    session = Session(purpose, opener, dpi=not options.no_dpi, settings=settings, host=host,
                      opened=lambda: shut_in(options), new_file=helper.new_file if helper else files.new_file)
    return shown(session, options)


def _need_columns() -> None:
    """Raises CommandError where curses would fail."""
    columns, lines = os.get_terminal_size(sys.stdout.fileno())
    if columns < LEAST_COLUMNS:
        raise CommandError(f"the terminal says that it has {columns} columns and {lines} lines: "
                           "`stty cols 80 rows 24` tells it otherwise", EXIT_UNAVAILABLE)


def shown(session: Session, options: argparse.Namespace) -> int:
    """Show it until the user leaves; the exit code. Raises CommandError."""
    from netwatch import ui
    from netwatch._fast.input.source import SourceError

    where, settings = options.where, options.settings
    session.listener = note
    if not settings.of("ui.localhost"):
        where = f"({where}) and {HIDE_LOCALHOST}" if where else HIDE_LOCALHOST
    with sandbox.closing(session.host):
        _need_columns()
        try:
            code = ui.run(session, where=where, refresh_ms=settings.of("ui.refresh_ms"),
                          theme=settings.of("ui.theme"), color=settings.of("ui.color"),
                          ascii_only=settings.of("ui.ascii"), view=settings.of("ui.view"),
                          tab=settings.of("ui.tab") or ("connections" if options.read else "dashboard"),
                          settings=settings)
            if session.source.error:
                note("warning", session.source.error)
            return code
        except (SourceError, AddonError) as e:
            raise CommandError(str(e), e.exit_code) from None
        except ValueError as e:
            raise CommandError(str(e)) from None


def shut_in(options: argparse.Namespace) -> None:
    """All is open. The folders of settings and filters are there from now on, so that they can be kept."""
    if options.settings.of("sandbox.mode") == "off":
        return
    with contextlib.suppress(OSError), files.as_caller():
        for folder in (config_folder(), state_folder()):
            files.make_folder(folder)
    sandbox.shut_in(options.settings, [*options.keylog, os.environ.get("SSLKEYLOGFILE", ""), *options.read],
                    [str(config_folder())], capturing=not options.read)


def _source(options: argparse.Namespace, helper: Helper | None) -> tuple[str, Callable[[], Source]]:
    """What the title says, and how to open it."""
    if options.read:
        from netwatch.capture.file import open_files

        title = ", ".join(os.path.basename(path) if os.path.dirname(path) != "/dev/fd" else "standard input"
                          for path in options.read)
        return title, lambda: open_files(options.read)
    from netwatch.capture.live import default_interface, open_live, open_switch

    names = options.interface or [helper.default_interface() if helper else default_interface()]
    return ", ".join(names), lambda: open_switch(
        names, options.capture_filter, options.settings.of("capture.snaplen"), options.settings.ring_mb("ui"),
        options.settings.of("capture.promiscuous"), helper.open if helper else open_live)
