"""`netwatch run [OPTIONS] COMMAND`: run a program with a key log of its own, and show what it said, decrypted.

What is shown are the flows that its keys open, and those that the system knows to be the program's or its children's.
Under sudo the program is run as the user who called.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Protocol

from netwatch.cli import read, readoptions
from netwatch.cli.arg_types import natural
from netwatch.cli.errors import EXIT_MISSING, EXIT_PERMISSION, EXIT_UNAVAILABLE, CommandError, say
from netwatch.cli.parser import Parser
from netwatch.cli.selection import has_plugins, kinds_of, parse_fields, parse_sort, where_of
from netwatch.cli.signals import stopped_by
from netwatch.cli.sources import open_source
from netwatch.records.output import Writes
from netwatch.records.selection import Selection
from netwatch.store.folders import account, caller

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source

PATIENCE = 5  # seconds for the program to end when it is told to
SETTLE = 0.5  # seconds after the program's end in which what it still caused arrives
OPENED = "decrypted"  # the filter that the flows pass which its keys open
OWN = "{opened} or pid == {pid} or ppid == {pid} or process.parents.pid == {pid}"  # and its own
# options of `read` that are about files, or about many at once
NOT_HERE: dict[str, object] = {
    "files": [], "history": None, "exported": False, "source": None, "no_dpi": False, "by": None, "sum": None,
    "top": None, "interval": None, "follow": None, "follow_stream": None, "follow_as": None, "workers": 1,
    "each": False, "scheduler": None}
EPILOG = """The program's own output goes to standard error, its exit code is ours. It is told to end when netwatch
ends, and killed 5 seconds later.

examples:
  netwatch run curl https://www.example.com/
  netwatch run --what http --fields method,host,path,status curl -L example.com
  netwatch run --what flows -Y 'bytes > 1MB' -w said.pcapng --with-secrets CMD
  netwatch run -i eth0 -i lo -- COMMAND -r ITS-OWN-OPTIONS
"""


def build_parser() -> Parser:
    p = Parser(prog="netwatch run", description=__doc__, epilog=EPILOG,
               formatter_class=argparse.RawDescriptionHelpFormatter)
    g = p.add_argument_group("what is run, and where it is watched")
    g.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help="the program and its words")
    g.add_argument("-i", "--interface", action="append", default=[], metavar="NAME", help="repeatable; default any")
    g.add_argument("-f", "--capture-filter", default="", metavar="EXPR", help="libpcap filter")
    g.add_argument("--duration", metavar="TIME", help="end it after this long, e.g. 30s, 5m")
    g.add_argument("--count", type=natural, metavar="N", help="end it after this many packets")
    g.add_argument("--copies", choices=("keep", "mark", "drop"), help="packets captured twice: as flows.copies has it")
    g.add_argument("--keylog", action="append", default=[], metavar="FILE", help="keys besides, of what does not look "
                   "for $SSLKEYLOGFILE; repeatable")
    readoptions.shown(p)
    readoptions.looks(p)
    readoptions.saved(p)
    readoptions.working(p)
    p.set_defaults(what="http,flows", **NOT_HERE)
    p.meant.update(dict.fromkeys(("--by", "--sum", "--follow"), "`netwatch read` of what --write has saved"))
    return p


def main(arguments: list[str]) -> int:
    options = build_parser().parse_args(arguments)
    if options.what == "list":
        readoptions.tell_kinds()
        return 0
    if options.command[:1] == ["--"]:
        del options.command[0]
    if not options.command:
        raise CommandError("run needs a program: netwatch run curl https://www.example.com")
    if shutil.which(options.command[0]) is None and not os.path.exists(options.command[0]):
        raise CommandError(f"{options.command[0]}: no such program", EXIT_MISSING)
    options.interface = options.interface or ["any"]
    stops = _Stops()
    with stopped_by(stops.take), _folder() as (folder, leash):
        keys = os.path.join(folder, "keys")
        os.close(os.open(keys, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        for path in (keys, folder):
            os.chown(path, caller(), -1)
        options.keylog = [keys, *options.keylog]
        read.settle(options)
        return _watched(options, keys, leash, stops)


def _watched(options: argparse.Namespace, keys: str, leash: Hand, stops: _Stops) -> int:
    """Capture while the program runs. Its exit code, or ours where something ended it or could not be."""
    with contextlib.ExitStack() as opened:
        opened.callback(options.host.close)
        kinds = kinds_of(options)
        if kinds == {"summary"}:
            raise CommandError("--what summary is of all packets, not of a program's; ask for flows")
        style = read.style_for(options, kinds)
        where_of(options, kinds)  # mistakes are told before anything is begun
        sort, options.names = parse_sort(options.sort, kinds), parse_fields(options.fields, kinds)
        options.where, asked = options.where or OPENED, options.where  # who filters by owners has them found
        source = open_source(options)
        opened.callback(source.close)
        if stops.by:
            return 128 + stops.by
        with _started(options.command, keys, leash) as program:
            own = OWN.format(opened=OPENED, pid=program.pid)
            options.where = f"({asked}) and ({own})" if asked else own
            selection = Selection(where_of(options, kinds), sort, options.limit, more=has_plugins())
            writer = read.open_writer(style, source, options)
            watching = _Watching(options, kinds, source, selection, writer, program)
            stops.forward_to(watching.stop)
            code = watching.go()
            itself = program.poll()
            keyless = itself is not None and not os.path.getsize(keys)
        if keyless:
            say(f"{options.command[0]} wrote no keys to $SSLKEYLOGFILE: if it spoke TLS, that could not be opened")
        return code or (0 if itself is None else itself if itself >= 0 else 128 - itself)


class Hand(Protocol):
    """Who ends the program and removes the folder of its keys. See child_guard.py."""

    def hold(self, pid: int) -> None: ...

    def let_go(self) -> None: ...


class _Stops:
    """The signal that shall end it, 0 none: whatever is being made ready is made, and undone again."""

    def __init__(self) -> None:
        self.by = 0
        self._forward: Callable[[int, FrameType | None], None] | None = None

    def take(self, number: int, frame: FrameType | None) -> None:
        self.by = number
        if self._forward is not None:
            self._forward(number, frame)

    def forward_to(self, handler: Callable[[int, FrameType | None], None]) -> None:
        """What comes, and what has come."""
        self._forward = handler
        if self.by:
            handler(self.by, None)


class _Hand:
    """What removes the folder where no process can do it for us: it goes with us, unless we are killed."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def hold(self, pid: int) -> None:
        """Nothing: who started the program ends it."""

    def let_go(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


@contextlib.contextmanager
def _folder() -> Iterator[tuple[str, Hand]]:
    """A private folder for the keys, and what removes it and ends the program in the end: on Linux also when we are
    killed."""
    folder = tempfile.mkdtemp(prefix="netwatch-run-")  # 0700
    leash: Hand
    if sys.platform == "linux":
        from netwatch.cli.child_guard import Leash

        leash = Leash(folder)
    else:
        leash = _Hand(folder)
    try:
        yield folder, leash
    finally:
        leash.let_go()
        if os.path.exists(folder):  # who was to remove it was ended; within the jail we may not
            shutil.rmtree(folder, ignore_errors=True)
        if os.path.exists(folder):
            say(f"{folder} is left, with the program's keys: who was to remove it was ended")


@contextlib.contextmanager
def _started(command: list[str], keys: str, leash: Hand) -> Iterator[subprocess.Popen[bytes]]:
    """The program; in the end it has ended. What it prints goes to standard error: the records have standard output."""
    try:
        user, group, groups = _who()
        program = subprocess.Popen(command, env={**os.environ, "SSLKEYLOGFILE": keys, **_home()}, stdout=sys.stderr,
                                   user=user, group=group, extra_groups=groups)
    except FileNotFoundError:
        raise CommandError(f"{command[0]}: no such program", EXIT_MISSING) from None
    except OSError as e:
        raise CommandError(f"{command[0]}: {e.strerror}", EXIT_PERMISSION) from None
    try:
        try:
            leash.hold(program.pid)
        except OSError as e:
            raise CommandError(f"{command[0]}: nothing would end it with netwatch: {e.strerror}",
                               EXIT_UNAVAILABLE) from None
        yield program
    finally:
        leash.let_go()
        _end(program, command[0])


def _end(program: subprocess.Popen[bytes], name: str) -> None:
    """Where nobody did it for us; within the jail we may not."""
    for order in (program.terminate, program.kill):
        if program.poll() is not None:
            return
        try:
            order()
        except PermissionError:
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(PATIENCE)
    if program.poll() is None:
        say(f"{name} goes on as process {program.pid}: who was to end it was ended")


def _who() -> tuple[int | None, int | None, list[int] | None]:
    """(user, group, all groups) of who called by sudo, as Popen takes them; None where nobody did."""
    about = account(caller())
    if caller() == os.geteuid() or about is None:
        return None, None, None
    import pwd

    return caller(), about[0], os.getgrouplist(pwd.getpwuid(caller()).pw_name, about[0])


def _home() -> dict[str, str]:
    about = account(caller())
    return {} if caller() == os.geteuid() or about is None else {"HOME": str(about[1])}


class _Watching(read.Reading):
    """A reading that ends soon after the program."""

    def __init__(self, options: argparse.Namespace, kinds: set[str], source: Source, selection: Selection,
                 writer: Writes, program: subprocess.Popen[bytes]) -> None:
        super().__init__(options, kinds, source, selection, writer)
        self._program = program
        self._ended = False

    def over(self) -> bool:
        if not self._ended and self._program.poll() is not None:
            self._ended = True
            settled = time.monotonic() + SETTLE
            self.deadline = settled if self.deadline is None else min(self.deadline, settled)
        return super().over()
