"""When netwatch shuts itself in, and what it still needs then: --sandbox and the setting sandbox.mode."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from netwatch.cli.errors import EXIT_DAMAGED, EXIT_UNAVAILABLE, CommandError
from netwatch.model.host import Host, Unavailable
from netwatch.names import geo
from netwatch.platform.jail import MODES, Jailed, JailError, enter
from netwatch.platform.walls import Grants, User
from netwatch.store.folders import account, caller, state_folder
from netwatch.store.settings import Settings

if TYPE_CHECKING:
    from netwatch.capture.capd.client import Helper

_own_process = False


def process_is_ours() -> None:
    """This process runs one command and ends: it may give up for good what it does not need."""
    global _own_process
    _own_process = True


def add_option(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--sandbox", choices=MODES, help="give up all rights before reading: as far as this system can "
                        "(on, the default), or not at all unless wholly (strict); `netwatch doctor --sandbox` tries it")


def helper(settings: Settings) -> Helper | None:
    """netwatch-capd, started now; None where netwatch does not shut itself in. Call it before there are threads. Raises
    CommandError where it cannot be started."""
    if not _own_process or sys.platform != "linux" or settings.of("sandbox.mode") == "off":
        return None
    from netwatch.capture.capd.client import Helper

    try:
        return Helper()
    except OSError as e:
        raise CommandError(f"the capture helper cannot be started: {e.strerror}", EXIT_UNAVAILABLE) from None


@contextlib.contextmanager
def closing(host: Host) -> Iterator[None]:
    """Close it at the end. Raises CommandError when its helper stood still, so that what was told may not be all."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(Unavailable):
            host.close()
        raise
    try:
        host.close()
    except Unavailable as e:
        raise CommandError(str(e), EXIT_DAMAGED) from None


def shut_in(settings: Settings, keylogs: Iterable[str] = (), writable: Iterable[str] = (), *,
            capturing: bool = False) -> Jailed:
    """Enter the jail; everything is open by now. Nothing happens in a process that is not ours alone. `capturing`: an
    interface is read, not a file. Raises CommandError."""
    if not _own_process:
        return Jailed()
    logs = [path if os.path.exists(path) else os.path.dirname(os.path.abspath(path)) for path in keylogs if path]
    grants = Grants(readable=[*logs, *geo.folders()], writable=[str(state_folder()), *writable],
                    datagrams=bool(settings.of("names.resolve")), user=_caller(), capturing=capturing)
    try:
        return enter(settings.of("sandbox.mode"), grants)
    except JailError as e:
        raise CommandError(str(e), EXIT_UNAVAILABLE) from None
    except OSError as e:
        raise CommandError(f"the jail cannot be entered: {e.strerror}", EXIT_UNAVAILABLE) from None


def shut_in_outlets(settings: Settings, readable: Iterable[str], writable: Iterable[str]) -> None:
    """The walls of the process of an agent's outlets, which may write these folders and use the network."""
    if not _own_process:
        return
    with contextlib.suppress(JailError):  # `strict` is for who reads what strangers send
        enter(settings.of("sandbox.mode"), Grants(list(readable), list(writable), network=True, user=_caller()))


def _caller() -> User | None:
    """Whom root becomes: the user who called by sudo."""
    uid = caller()
    about = account(uid) if sys.platform != "win32" and uid != os.geteuid() else None
    return User(uid, about[0], str(about[1])) if about is not None else None
