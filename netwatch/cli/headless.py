"""Sessions without a terminal: what `agent` and `snapshot` have in common."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from netwatch.cli import sandbox
from netwatch.cli.errors import CommandError, say
from netwatch.cli.parser import refuse_blind
from netwatch.cli.selection import read_settings, use_client_names
from netwatch.cli.signals import put_back, take
from netwatch.model.contract import INFO, Addon, AddonError
from netwatch.run import addons
from netwatch.store import files
from netwatch.store.folders import state_folder

if TYPE_CHECKING:
    from netwatch.run.session import Session
    from netwatch.store.settings import Settings

SCREENS = ("interfaces", "throughput", "timeline", "groups", "overview", "processes", "sparklines", "capture",
           "probes")
ASKED = {"recorder.armed": ("packets", "recorder"), "history.on": ("history",),
         "egress.keep": ("egress",)}  # further ones, where that is set


def add_options(p: argparse.ArgumentParser) -> None:
    """What is watched, and how."""
    p.add_argument("-i", "--interface", action="append", default=[], metavar="NAME",
                   help="capture here; repeatable; `any` on Linux; default the one with the default route")
    p.add_argument("-f", "--capture-filter", default="", metavar="EXPR", help="libpcap filter")
    p.add_argument("--keylog", action="append", default=[], metavar="FILE",
                   help="TLS keys in NSS format, followed as it grows; repeatable; default $SSLKEYLOGFILE")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one: timeouts.udp=30")
    p.add_argument("--no-dpi", action="store_true", help="do not look at content")
    sandbox.add_option(p)


def settle(options: argparse.Namespace, short: Sequence[tuple[str, object]] = ()) -> None:
    """Read the settings; `short`: (key, value) of options that stand above them, None not given."""
    refuse_blind(options)
    pairs = [("sandbox.mode", options.sandbox), *short]
    given = [f"{key}={value}" for key, value in pairs if value is not None]
    options.settings = read_settings([*options.set, *given], options.config)
    use_client_names()


@contextlib.contextmanager
def running(options: argparse.Namespace, *, given: Callable[[], Sequence[Addon]] = tuple, hold: bool = False,
            writable: Sequence[str] = (), kinds: frozenset[str] = frozenset(),
            screens: Sequence[str] = (), ring_mb: int | None = None) -> Iterator[Session]:
    """A session that has begun, in its walls; `kinds` of record are made; `screens`: of addons.SCREENS these too;
    `ring_mb` in place of the setting's. Raises CommandError."""
    from netwatch._fast.input.source import SourceError
    from netwatch.capture.live import default_interface, list_devices, open_live, open_switch
    from netwatch.model.contract import Purpose
    from netwatch.platform.host import ThisMachine
    from netwatch.run.session import Session

    settings = options.settings
    helper = sandbox.helper(settings)
    host = helper or ThisMachine(list_devices)
    try:
        with sandbox.closing(host):
            names = options.interface or [helper.default_interface() if helper else default_interface()]
            if settings.of("owners.find"):
                host.find_owners()
            session = Session(
                Purpose(live=True, label=", ".join(names), keylogs=tuple(options.keylog), final=True, kinds=kinds),
                lambda: open_switch(names, options.capture_filter, settings.of("capture.snaplen"),
                                    ring_mb or settings.of("capture.ring_mb"), settings.of("capture.promiscuous"),
                                    helper.open if helper else open_live),
                dpi=not options.no_dpi, settings=settings, host=host, given=given, hold=hold,
                screens=_screens(settings, screens), opened=lambda: _shut_in(options, writable))
            session.listener = _tell
            session.start()
            try:
                yield session
            finally:
                session.stop()
    except (SourceError, AddonError) as e:
        raise CommandError(str(e), e.exit_code) from None


def _shut_in(options: argparse.Namespace, writable: Sequence[str]) -> None:
    """What is to be kept goes into a folder that has to be there when the walls rise."""
    settings = options.settings
    if any(settings.of(key) for key in ASKED):
        with contextlib.suppress(OSError), files.as_caller():  # who writes there says so
            files.make_folder(state_folder())
    sandbox.shut_in(settings, options.keylog or [os.environ.get("SSLKEYLOGFILE", "")], writable, capturing=True)


def _tell(severity: str, text: str) -> None:
    """What goes wrong is for the journal of the system."""
    if severity != INFO:
        say(text)


def _screens(settings: Settings, further: Sequence[str]) -> list[str]:
    """What remembers, in its order."""
    wanted = {*SCREENS, *further, *(name for key, names in ASKED.items() if settings.of(key) for name in names)}
    return [name for name in addons.SCREENS if name in wanted]


class Signals:
    """What signals ask for, while this is in force. `wait()` ends early when one came. `reopens`: SIGHUP asks for new
    files, as of a daemon; else it ends, as where a terminal is gone."""

    def __init__(self, reopens: bool) -> None:
        self._reopens = reopens
        self.stopped = 0  # by that signal
        self.reopen = False
        self._news = threading.Event()
        self._old = take(self._take)

    def wait(self, seconds: float) -> None:
        self._news.wait(max(0.0, seconds))
        self._news.clear()

    def close(self) -> None:
        put_back(self._old)

    def _take(self, number: int, frame: object) -> None:
        if number == signal.SIGHUP and self._reopens:
            self.reopen = True
        else:
            self.stopped = number
        self._news.set()
