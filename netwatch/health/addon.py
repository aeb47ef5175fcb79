"""The probes of a live run: in a thread of their own, and only those that the settings ask for."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch._fast.out.record import iso
from netwatch.health.uptime import Keeper
from netwatch.health.watch import DOWN, UP, Plan, Watch, Way
from netwatch.model.contract import INFO, WARNING, Addon
from netwatch.model.event import Event, Step
from netwatch.model.host import Unavailable
from netwatch.model.option import Option
from netwatch.model.probe import GATEWAY, RESOLVERS
from netwatch.model.record import Record
from netwatch.model.session import Sign
from netwatch.platform.probing import parsed
from netwatch.store import files
from netwatch.store.folders import state_folder
from netwatch.store.tables import TableError

if TYPE_CHECKING:
    from pathlib import Path

    from netwatch.model.contract import Run, Session

WAIT_MS = 2000
ROUNDS = 4  # that may be missing before what lies between is not monitored


def address(text: str) -> object:
    """Raises ValueError."""
    return parsed(text) if text else None


def log_path() -> Path:
    """Of the log of outages."""
    return state_folder() / "uptime.sqlite"


@dataclass(frozen=True)
class HealthNow:
    """What the probes have come to (netwatch.health/1); None where none are asked for."""

    def answer(self, session: Session) -> Record | None:
        return session.get(Probes).record()


class Probes(Addon):
    """Sends probes to the gateway, the name servers or a target, and keeps when they did not answer."""

    name = "probes"
    options = (
        Option("gateway", False, "Send an echo request to the default gateway, again and again."),
        Option("dns", False, "Ask the name servers of this machine for the root's, again and again."),
        Option("target", "", "Send echo requests to this address, again and again; empty: none.", form=address),
        Option("third_party", False, "Probe also what is not of this site, and ask registries (whois); false: none."),
        Option("every_s", 10, "Seconds between two rounds of probes.", 1, 3600),
        Option("keep_days", 90, "Days after which outages are forgotten; 0 keeps none.", 0, 3650),
    )
    questions = (HealthNow,)

    def begin(self, run: Run) -> None:
        of = run.settings.of
        plan = Plan(of("probes.gateway"), of("probes.dns"), of("probes.target"), of("probes.third_party"), WAIT_MS)
        self._run, self._every, self._days = run, of("probes.every_s"), of("probes.keep_days")
        self._watch: Watch | None = None
        self._told: Record | None = None
        self._state: Way | None = None
        self._thread: threading.Thread | None = None
        self._over = threading.Event()
        if not run.purpose.live or not plan.kinds:
            return
        places = [*([GATEWAY] if plan.gateway else []), *([RESOLVERS] if plan.dns else []),
                  *([plan.target] if plan.target else [])]
        try:
            run.host.allow_probes(places, plan.third_party)
        except (Unavailable, ValueError, OSError) as e:
            run.say(f"no probes are sent: {e}")
            return
        self._watch = Watch(run.host, plan)
        if self._days:
            with contextlib.suppress(OSError), files.as_caller():
                files.make_folder(log_path().parent)  # within the jail it is too late

    def take(self, step: Step) -> Sequence[Event]:
        if self._watch is not None and self._thread is None:  # within the jail: of its walls some are of each thread
            self._thread = threading.Thread(target=self._go_on, args=(self._watch,), name="health", daemon=True)
            self._thread.start()
        return ()

    def down(self) -> Way | None:
        """What is down; None when nothing is, or it is not known."""
        state = self._state
        return state if state is not None and state.state == DOWN else None

    def signs(self) -> Sequence[Sign]:
        state = self.down()
        if state is None:
            return ()
        return (Sign(f"{state.kind.upper()} DOWN since {iso(state.since_ns)[11:16]} UTC", WARNING),)

    def record(self) -> Record | None:
        return self._told

    def close(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(timeout=WAIT_MS / 1000 * 4)

    def _go_on(self, watch: Watch) -> None:
        keeper = self._keeper()
        try:
            while not self._over.is_set():
                began = time.monotonic()
                try:
                    now = time.time_ns()
                    watch.round(now)
                    self._tell(watch, now)
                    if keeper is not None:
                        keeper.put(now, watch.state)
                except (OSError, ValueError, Unavailable, TableError) as e:
                    self._run.say(f"probes: {e}")
                    if not isinstance(e, BlockingIOError | Unavailable):
                        return
                self._over.wait(max(0.0, began + self._every - time.monotonic()))
        finally:
            if keeper is not None:
                keeper.close()

    def _keeper(self) -> Keeper | None:
        if not self._days:
            return None
        try:
            return Keeper(log_path(), self._days, (self._every + WAIT_MS // 1000) * ROUNDS * 10**9)
        except TableError as e:
            self._run.say(f"outages are not kept: {e}")
            return None

    def _tell(self, watch: Watch, now_ns: int) -> None:
        before, state = self._state, watch.state
        if state.state in (UP, DOWN):
            if state.state == DOWN and (before is None or (before.state, before.kind) != (DOWN, state.kind)):
                self._run.say(f"{state.kind} is down since {iso(state.since_ns)}: {state.reason}")
            elif state.state == UP and before is not None and before.state == DOWN:
                self._run.say(f"{before.kind} is up again after {(now_ns - before.since_ns) / 1e9:.0f} s", INFO)
            self._state = state
        self._told = {"schema": "netwatch.health/1", "time": iso(now_ns), **watch.record()}
