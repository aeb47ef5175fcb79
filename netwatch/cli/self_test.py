"""`netwatch --self-test`: is this installation whole? Every module loads, a capture is read, decrypted and drawn.

It needs no rights, no network and no terminal, and changes nothing. What the machine lacks (a kernel without BTF, say)
is told and is no failure; `netwatch doctor` tells more of that. Exit code 0, or 70 when the installation is not whole.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import pkgutil
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from netwatch import __version__
from netwatch._fast.out.protocols import DESCRIBING
from netwatch.capture.file import open_files
from netwatch.cli import COMMANDS, doctor, read
from netwatch.cli.errors import EXIT_INTERNAL, EXIT_UNAVAILABLE, CommandError
from netwatch.model.contract import Purpose
from netwatch.model.record import Record
from netwatch.names.vendors import Vendors
from netwatch.plugins.process import Plugin
from netwatch.run import addons
from netwatch.run.session import Session

PACKAGE = Path(__file__).parents[1]
# a TLS 1.3 connection of openssl's s_client, recorded, with its keys
CAPTURE, KEYS = (Path(__file__).with_name(f"self_test.{kind}") for kind in ("pcap", "keys"))
SAID = ("hello from the lab\n", "bal eht morf olleh\n")
HOST = "www.lab.example"
# what is imported only when it is needed, and so may be missing without anybody's noticing
LIBRARIES = ("brotli", "cryptography.hazmat.primitives.ciphers.aead", "hpack", "maxminddb", "npyscreen", "platformdirs",
             "prometheus_client", "psutil", "pylibpcap", "pylsqpack", "re2", "tomlkit", "zstandard")
SCREEN = (40, 160)  # rows, columns
PATIENCE_S = 30.0


class Failure(Exception):
    """A check that did not hold; one line."""


def main(arguments: Sequence[str] = ()) -> int:
    """Each check and what it found, a line each. The exit code. Raises CommandError for any argument."""
    if arguments:
        raise CommandError("--self-test stands alone")
    print(f"netwatch {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
          f"{', bundle' if getattr(sys, 'frozen', False) else ''}")
    failed = 0
    for name, check in CHECKS.items():
        try:
            said = check()
        except Exception as error:  # whatever it is, the next check is made
            failed += 1
            said = f"FAILED: {error if isinstance(error, Failure) else repr(error)}"
        print("\n".join(f"{name}: {line}" for line in said.splitlines()))
    print(f"self-test: {f'{failed} of {len(CHECKS)} checks failed' if failed else 'passed'}")
    return EXIT_INTERNAL if failed else 0


def modules() -> str:
    """All there are, and those that tables name: what a bundle left out is not found by looking."""
    from netwatch.ui.popups import POPUPS
    from netwatch.ui.tabs import TABS

    found = {each.name for each in pkgutil.walk_packages([str(PACKAGE)], "netwatch.")} - {"netwatch.__main__"}
    named = {place.partition(":")[0] for place in (*addons.ALL.values(), *COMMANDS.values())}
    named |= {tab.module for tab in TABS} | set(POPUPS.values())
    named |= {f"netwatch._fast.proto.{name}" for name in DESCRIBING.values()}
    for name in sorted(found | named):
        load(name)
    return f"{len(found)} modules, {len(DESCRIBING)} protocols, {len(addons.ALL)} addons, {len(TABS)} tabs"


def libraries() -> str:
    for name in LIBRARIES:
        load(name)
    return f"{len(LIBRARIES)} load"


def load(name: str) -> None:
    try:
        importlib.import_module(name)
    except Exception as error:
        raise Failure(f"{name}: {error!r}") from error


def data() -> str:
    for path in (CAPTURE, KEYS, PACKAGE / "names" / "ja4.tsv"):
        if not path.is_file():
            raise Failure(f"{path} is missing")
    vendors = Vendors()
    return f"whole; {vendors.missing or f'{len(vendors)} blocks of MAC vendors'}"


def capture() -> str:
    record = records("flows")[0]
    if record.get("app") != "tls" or record["tls"].get("sni") != HOST or record.get("ended") != "fin":
        raise Failure(f"the capture was read as {record}")
    return f"1 flow, {record['packets_out'] + record['packets_in']} frames, app {record['app']}, {HOST}"


def decryption() -> str:
    streams = records("streams", "--keylog", str(KEYS))
    if tuple(each.get("text") for each in streams) != SAID or {each["source"] for each in streams} != {"decrypted"}:
        raise Failure(f"the streams were opened as {streams}")
    return f"{len(streams)} streams of TLS 1.3 opened"


def records(kind: str, *more: str) -> list[Record]:
    """What `netwatch read` writes of the capture."""
    return [json.loads(line) for line in said_by(read.main, str(CAPTURE), "--what", kind, "--format", "ndjson", *more)]


def said_by(command: Callable[[list[str]], int], *arguments: str) -> list[str]:
    """The lines that a subcommand writes."""
    written = io.BytesIO()
    with contextlib.redirect_stdout(io.TextIOWrapper(written, encoding="utf-8", write_through=True)) as kept:
        code = command(list(arguments))
        lines = written.getvalue().decode().splitlines()
        kept.detach()
    if code or not lines:
        raise Failure(f"{' '.join(arguments)}: exit code {code}, {len(lines)} lines")
    return lines


def frame() -> str:
    """One frame of the terminal, onto a canvas, without a terminal."""
    from netwatch._fast.term.canvas import Canvas
    from netwatch.filter import Filter
    from netwatch.ui.app import App
    from netwatch.ui.poller import Poller

    session = Session(Purpose(label=CAPTURE.name), lambda: open_files([str(CAPTURE)]))
    poller = Poller(session, 0.1, lambda: None)
    app = App(CAPTURE.name, False, poller.ask, Filter, "connections")
    canvas = Canvas(*SCREEN, False)
    app.resize(*SCREEN)
    session.start()
    try:
        poller.start()
        until = time.monotonic() + PATIENCE_S
        while HOST not in str(canvas):
            if time.monotonic() > until:
                raise Failure(f"the flow is not on the screen: {poller.latest.error or str(canvas)!r}")
            time.sleep(0.02)
            app.snapshot(poller.latest)
            app.draw(canvas)
    finally:
        poller.stop()
        session.stop()
    return f"{SCREEN[1]} columns, {SCREEN[0]} rows, with the flow"


def terminal() -> str:
    """The description of a terminal, from the system or from us."""
    import curses

    curses.setupterm("xterm-256color", 1)
    return f"xterm-256color has {curses.tigetnum('colors')} colours"


def jail() -> str:
    """A process of its own reads the capture after it has given up its rights; it needs to have kept what it needs."""
    command = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-P", "-m", "netwatch"]
    command += ["read", str(CAPTURE), "--keylog", str(KEYS), "--what", "streams", "--format", "ndjson", "--sandbox"]
    for mode in ("strict", "on"):
        done = subprocess.run([*command, mode], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != EXIT_UNAVAILABLE:
            break
    if done.returncode or SAID[0].strip() not in done.stdout:
        raise Failure(f"--sandbox {mode}: exit code {done.returncode}, {done.stderr or done.stdout}")
    return f"reads and decrypts within it, --sandbox {mode}"


def classifiers() -> str:
    """A user's file runs in a process of its own."""
    plugin = Plugin(Path("/made.py"), b"NAME = 'made'\ndef classify(data, flow):\n    return None\n")
    plugin.close()
    if plugin.about.get("name") != "made":
        raise Failure(f"the process said {plugin.about}")
    return "run in a process of their own"


def machine() -> str:
    """What works here, as `netwatch doctor` finds it; nothing of it is the installation's."""
    found = json.loads("".join(said_by(doctor.main, "--json")))
    usable = sum(check["works"] for check in found["capture"])
    owners = [f"owners by {each['name']}: {each.get('reason') or 'works'}" for each in found["owners"]]
    return "\n".join([f"{usable} of {len(found['capture'])} interfaces can be captured", *owners])


CHECKS: dict[str, Callable[[], str]] = {
    "modules": modules,
    "libraries": libraries,
    "data": data,
    "capture": capture,
    "decryption": decryption,
    "frame": frame,
    "terminal": terminal,
    "jail": jail,
    "classifiers": classifiers,
    "machine": machine,
}
