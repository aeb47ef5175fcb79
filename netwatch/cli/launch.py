"""`netwatch run -- COMMAND`: run a program with a key log of its own, and show what it said, decrypted.

What is shown are the flows that its keys open. A program that writes no key log is run, and nothing is shown of it.
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
from collections.abc import Callable
from typing import TYPE_CHECKING

from netwatch.cli import read
from netwatch.cli.errors import EXIT_MISSING, EXIT_PERMISSION, CommandError, say
from netwatch.cli.parser import Parser
from netwatch.cli.selection import parse_where
from netwatch.cli.sources import open_source
from netwatch.records.output import Writes
from netwatch.records.selection import Selection
from netwatch.records.writers import FORMATS
from netwatch.store.folders import account, caller

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source

SETTLE = 0.5  # seconds after the program's end in which what it still caused arrives
KINDS = ("http", "dns", "flows", "tls", "streams")
OPENED = "decrypted"  # the filter that its own flows pass


def build_parser() -> argparse.ArgumentParser:
    p = Parser(prog="netwatch run", description=__doc__)
    p.add_argument("-i", "--interface", action="append", default=[], metavar="NAME", help="repeatable; default any")
    p.add_argument("--what", default="http,flows", metavar="KIND[,KIND...]", help=f"of {', '.join(KINDS)}")
    p.add_argument("--format", choices=FORMATS, help="default table on a terminal, ndjson in a pipe")
    p.add_argument("--where", metavar="EXPR", help="only records that pass this filter")
    p.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help="the program and its words")
    return p


def main(arguments: list[str]) -> int:
    options = build_parser().parse_args(arguments)
    if options.command[:1] == ["--"]:
        del options.command[0]
    if not options.command:
        raise CommandError("run needs a program: netwatch run curl https://www.example.com")
    kinds = {kind for kind in options.what.split(",") if kind}
    if not kinds or kinds - set(KINDS):
        raise CommandError(f"--what {options.what}: of {', '.join(KINDS)}")
    parse_where(options.where)
    where = f"({options.where}) and {OPENED}" if options.where else OPENED
    style = read.style_for(options, kinds)
    folder = tempfile.mkdtemp(prefix="netwatch-run-")  # 0700
    try:
        keys = os.path.join(folder, "keys")
        os.close(os.open(keys, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        for path in (keys, folder):
            os.chown(path, caller(), -1)
        names = options.interface or ["any"]
        words = ["--keylog", keys, "--what", options.what, *[word for name in names for word in ("-i", name)]]
        return _shown(options.command, keys, read.prepared(words), kinds, where, style)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # in vain within the jail: there the leash has done it


def _shown(command: list[str], keys: str, options: argparse.Namespace, kinds: set[str], where: str, style: str) -> int:
    """Capture while the program runs. Its exit code, or ours where nothing could be captured."""
    with contextlib.ExitStack() as opened:
        opened.callback(options.host.close)
        source = open_source(options)
        opened.callback(source.close)
        with _started(command, keys) as program:
            ended = _held(program, os.path.dirname(keys))
            try:
                selection = Selection(parse_where(where), None, None)
                writer = read.open_writer(style, source, options)
                code = _Watching(options, kinds, source, selection, writer, program).go()
                keyless = not os.path.getsize(keys)
            finally:
                ended()
        if keyless:
            say(f"{command[0]} wrote no keys to $SSLKEYLOGFILE: if it spoke TLS, that could not be opened")
        return code or (program.returncode if program.returncode >= 0 else 128 - program.returncode)


def _held(program: subprocess.Popen[bytes], folder: str) -> Callable[[], None]:
    """What ends the program, where it has not ended. On Linux it does so, and the keys go, also when we are killed."""
    if sys.platform != "linux":
        return program.terminate
    from netwatch.cli.leash import Leash

    return Leash(program.pid, folder).let_go


def _started(command: list[str], keys: str) -> subprocess.Popen[bytes]:
    """The program. What it prints goes to standard error: the records have standard output."""
    try:
        user, group, groups = _who()
        return subprocess.Popen(command, env={**os.environ, "SSLKEYLOGFILE": keys, **_home()}, stdout=sys.stderr,
                                user=user, group=group, extra_groups=groups)
    except FileNotFoundError:
        raise CommandError(f"{command[0]}: no such program", EXIT_MISSING) from None
    except OSError as e:
        raise CommandError(f"{command[0]}: {e.strerror}", EXIT_PERMISSION) from None


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

    def over(self) -> bool:
        if self.deadline is None and self._program.poll() is not None:
            self.deadline = time.monotonic() + SETTLE
        return super().over()
