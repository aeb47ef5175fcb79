"""`netwatch attach HOST`: another machine's network in this terminal, with its owners. ssh runs `netwatch feed` there.

HOST is as ssh takes it; ssh's own configuration holds for keys, ports and the rest. Options of the terminal follow
after `--`: `netwatch attach web1 -i eth0 -- --tab processes`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from netwatch.cli import live
from netwatch.cli.errors import EXIT_MISSING, EXIT_UNAVAILABLE, CommandError, say
from netwatch.cli.parser import Parser

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source
    from netwatch.run.session import Session

HOST = re.compile(r"(?!-)(ssh://)?([\w.+-]+@)?(?!-)[\w.:%\[\]-]+/?", re.ASCII)
ALIVE = ("ServerAliveInterval=5", "ServerAliveCountMax=3")  # a dead connection is known after 15 s
SAID_MOST = 4096  # bytes kept of what ssh and the other netwatch say on standard error
NO_PROGRAM = 127  # of a shell
OWN_CODES = frozenset({2, 3, 4, 5, 69, 70})  # CONTRACT's, of the netwatch there
SHOWN_HERE = frozenset({"egress", "sandbox", "theme", "timeouts", "ui"})  # settings that tables are shown by
ENDS_S = 2.0  # for ssh to end once its output has


def build_parser() -> Parser:
    p = Parser(prog="netwatch attach", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("host", metavar="HOST", help="[USER@]NAME, or ssh://[USER@]NAME[:PORT]")
    p.add_argument("-i", "--interface", action="append", default=[], metavar="NAME",
                   help="of that machine; repeatable; default the one with its default route")
    p.add_argument("-f", "--capture-filter", default="", metavar="EXPR", help="libpcap filter, applied there")
    p.add_argument("--with-ssh", action="store_true", help="also the packets of this very connection, which feed "
                   "themselves")
    p.add_argument("--tables", action="store_true", help="no packets: the table of flows, each second what changed of "
                   "it; a few kB/s where packets are as many as the traffic; both netwatch of one version")
    p.add_argument("--sudo", action="store_true", help="run it there with `sudo -n`, which must not ask")
    p.add_argument("--program", default="netwatch", metavar="PATH", help="netwatch there; default netwatch")
    p.set_defaults(no_dpi=False)  # the terminal's option: of tables content is looked at there
    return p


def main(arguments: list[str]) -> int:
    mark = arguments.index("--") if "--" in arguments else len(arguments)
    options, rest = build_parser().parse_args(arguments[:mark]), arguments[mark + 1 :]
    if not HOST.fullmatch(options.host):
        raise CommandError(f"{options.host!r} is no name of a host: [USER@]NAME, or ssh://[USER@]NAME[:PORT]")
    packets = argparse.Namespace(**{**vars(options), "tables": False})  # tables are for a terminal alone
    shows = live.prepared(rest, lambda shows: _check(options, shows),
                          f"{shlex.join(command_of(packets))} | netwatch read -")
    if isinstance(shows, int):
        return shows
    if options.tables:
        options.no_dpi = shows.no_dpi
    live.need_curses()
    from netwatch.model.contract import Purpose
    from netwatch.run.remote import RemoteSession
    from netwatch.run.tables import TablesSession

    with connected(command_of(options), options.host) as link:
        label = ", ".join(options.interface) + f" of {options.host}" if options.interface else options.host
        purpose = Purpose(live=True, label=label, keylogs=tuple(shows.keylog))
        session: Session
        if options.tables:
            session = TablesSession(purpose, *link.open_tables(), link.why, settings=shows.settings,
                                    opened=lambda: live.shut_in(shows))
        else:
            session = RemoteSession(purpose, link.open(), link.why, dpi=not shows.no_dpi, settings=shows.settings,
                                    opened=lambda: live.shut_in(shows))
        code = live.shown(session, shows)
        if code == 0 and link.ended:
            say(f"{options.host}: {link.why()}")
            return link.code
        return code


def _check(options: argparse.Namespace, shows: argparse.Namespace) -> None:
    """Raises CommandError for an option of the terminal that has no effect on what comes from another machine."""
    if shows.read or shows.interface or shows.capture_filter:
        raise CommandError("attach shows the other machine: -i and -f go before --, and no file is read")
    if shows.promiscuous:
        raise CommandError("--promiscuous is of a capture: set capture.promiscuous on the other machine")
    if options.tables:
        _check_tables(shows)


def _check_tables(shows: argparse.Namespace) -> None:
    """Raises CommandError for an option of the terminal that has no effect on a table of flows."""
    if shows.keylog:
        raise CommandError("--keylog opens what packets say, and --tables brings none: attach without --tables")
    if shows.resolve:
        raise CommandError("--resolve asks for names of what is captured: with --tables set names.resolve there")
    for key in (each.partition("=")[0].strip() for each in shows.set):
        if key.partition(".")[0] not in SHOWN_HERE:
            raise CommandError(f"--set {key} has no effect on a table that comes from there: set it there")


def command_of(options: argparse.Namespace) -> list[str]:
    """ssh and its words. What it hands to the shell there is quoted, each word by itself."""
    words = ["sudo", "-n", "--"] if options.sudo else []
    words += [options.program, "feed", *(word for name in options.interface for word in ("-i", name))]
    words += ["--tables"] * options.tables + ["--no-dpi"] * options.no_dpi
    if options.capture_filter:
        words += ["-f", options.capture_filter]
    if any(not word.isprintable() for word in words):
        raise CommandError("there are control characters in what is to be run there")
    there = " ".join(shlex.quote(word) for word in words)
    there += " --without ''" if options.with_ssh else ' --without "$SSH_CONNECTION"' if options.sudo else ""
    return ["ssh", "-T", "-C", *(word for each in ALIVE for word in ("-o", each)), "--", options.host, there]


class Link:
    """The running ssh, and what it says."""

    def __init__(self, process: subprocess.Popen[bytes], host: str) -> None:
        assert process.stdout is not None and process.stderr is not None
        self._process, self._host = process, host
        self._output, self._errors = process.stdout.fileno(), process.stderr.fileno()
        os.set_blocking(self._errors, False)
        self._said = b""

    def open(self) -> Source:
        """Its frames, as soon as the other netwatch captures; ssh may ask for a password meanwhile. Raises
        CommandError where it does not come to that."""
        from netwatch._fast.input.source import SourceError
        from netwatch.capture.file import open_descriptor

        try:
            return open_descriptor(os.dup(self._output), self._host)
        except SourceError:
            self._wait()
            why = self.why() if self.ended else "what came over the connection is no capture"
            raise CommandError(f"{self._host}: {why}", self.code) from None

    def open_tables(self) -> tuple[int, bytes]:
        """A descriptor of what comes, as soon as the other netwatch has begun, and what came so far; otherwise as
        open()."""
        from netwatch.history.wire import LINE_MOST, MAGIC, check_line

        descriptor, got = os.dup(self._output), b""
        try:
            while b"\n" not in got and len(got) < LINE_MOST and (more := os.read(descriptor, LINE_MOST)):
                got += more
            check_line(got.partition(b"\n")[0])
        except ValueError as e:
            os.close(descriptor)
            self._wait()
            why = self.why() if self.ended and not got.startswith(MAGIC) else e
            raise CommandError(f"{self._host}: {why}", self.code) from None
        return descriptor, got

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def code(self) -> int:
        """Of CONTRACT section 2, once it has ended: the other netwatch's own, or that there is no connection."""
        code = self._process.returncode
        return code if code in OWN_CODES else EXIT_MISSING if code == NO_PROGRAM else EXIT_UNAVAILABLE

    def why(self) -> str:
        """Why it ended, in one line."""
        self._wait()
        self._listen()
        lines = [line.strip() for line in self._said.decode(errors="replace").splitlines() if line.strip()]
        last = "".join(c if c.isprintable() else "\ufffd" for c in lines[-1][:300]) if lines else ""
        return f"the connection has ended{': ' if last else ''}{last.removeprefix('netwatch: ')}"

    def _listen(self) -> None:
        """Take what was said on standard error; the last of it is kept."""
        with contextlib.suppress(BlockingIOError):
            while more := os.read(self._errors, 65536):
                self._said = (self._said + more)[-SAID_MOST:]

    def _wait(self) -> None:
        ends = time.monotonic() + ENDS_S
        while not self.ended and time.monotonic() < ends:
            time.sleep(0.02)


@contextlib.contextmanager
def connected(command: Sequence[str], host: str) -> Iterator[Link]:
    """ssh, which ends with us, however we end."""
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as e:
        raise CommandError(f"{command[0]}: {e.strerror}; attach needs the ssh client", EXIT_UNAVAILABLE) from None
    try:
        let_go = _held(process)
        try:
            yield Link(process, host)
        finally:
            let_go()
            process.wait()
    finally:
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def _held(process: subprocess.Popen[bytes]) -> Callable[[], None]:
    """What ends it; on Linux it ends so too when we are killed."""
    if sys.platform != "linux":
        return process.terminate
    from netwatch.cli.child_guard import Leash

    leash = Leash()
    leash.hold(process.pid)
    return leash.let_go
