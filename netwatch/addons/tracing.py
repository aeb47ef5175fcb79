"""The way to a host that somebody points at: one trace at a time, which goes on while somebody looks at it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netwatch.health.trace import Trace, interface_mtu, path_mtu
from netwatch.model.contract import Addon
from netwatch.model.host import Unavailable
from netwatch.model.option import Option
from netwatch.model.record import Record
from netwatch.names.addon import Names

if TYPE_CHECKING:
    from netwatch.model.contract import Run, Session
    from netwatch.model.host import Host

ROUNDS, EVERY_S, WAIT_MS = 10, 1.0, 1000
UNSEEN_S = 60.0  # for which nobody has asked how far it is: then nobody looks any more
GOING, DONE, STOPPED, REFUSED = "going", "done", "stopped", "refused"


@dataclass(frozen=True)
class Traced:
    """How far a trace is. `record`: as netwatch.trace/1 has it, with the size that passes once it is known; `why` it
    was refused or ended early; `setting` that would allow it, "" for none."""

    address: str
    state: str
    rounds: int = 0
    record: Record = field(default_factory=dict)
    why: str = ""
    setting: str = ""

    @property
    def unfinished(self) -> bool:
        return self.state == GOING


@dataclass(frozen=True)
class TraceNow:
    """The trace to that address; None when there is none, or another took its place."""

    address: str

    def answer(self, session: Session) -> Traced | None:
        found = session.get(Tracing).now(self.address)
        return _with_names(found, session) if found is not None else None


@dataclass(frozen=True)
class StartTrace:
    """Begin one, in place of the one before. It sends packets."""

    address: str

    def run(self, session: Session) -> str:
        session.get(Tracing).start(self.address)
        return ""


@dataclass(frozen=True)
class StopTrace:
    """Send no more."""

    def run(self, session: Session) -> str:
        session.get(Tracing).stop()
        return ""


class Job:
    """One trace, in a thread of its own. `traced` is replaced, never changed."""

    def __init__(self, host: Host, address: str) -> None:
        self.traced = Traced(address, GOING)
        self._host = host
        self._trace = Trace(host, address, wait_ms=WAIT_MS)
        self._trace.heard = lambda: self._tell(GOING)
        self._rounds = 0
        self._mtu: Record = {}
        self._over = threading.Event()
        self._looked = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="trace", daemon=True)

    def start(self) -> None:
        """Raises ValueError, OSError, Unavailable of what may not be probed."""
        self._host.begin_trace(self.traced.address)
        self._thread.start()

    def look(self) -> Traced:
        self._looked = time.monotonic()
        return self.traced

    def stop(self) -> None:
        self._trace.stopped = True
        self._over.set()

    def join(self) -> None:
        if self._thread.is_alive():
            self._thread.join(timeout=2 * WAIT_MS / 1000)

    def _run(self) -> None:
        try:
            while self._rounds < ROUNDS and not self._over.is_set():
                began = time.monotonic()
                if began - self._looked > UNSEEN_S:
                    self.stop()
                self._trace.run(1, 0)
                if self._trace.why:
                    break
                self._rounds += 1
                self._tell(GOING)
                if self._rounds < ROUNDS:
                    self._over.wait(max(0.0, began + EVERY_S - time.monotonic()))
            if self._trace.reached and not self._over.is_set():
                self._mtu = path_mtu(self._host, self.traced.address, interface_mtu(self._host), WAIT_MS).record()
            self._tell(STOPPED if self._over.is_set() else DONE, self._trace.why)
        except (OSError, ValueError, Unavailable) as e:
            self._tell(STOPPED, "" if self._over.is_set() else getattr(e, "strerror", None) or str(e))

    def _tell(self, state: str, why: str = "") -> None:
        self.traced = Traced(self.traced.address, state, self._rounds, self._trace.record() | self._mtu, why)


class Tracing(Addon):
    """Probes the way to a host when somebody asks for it, and never else."""

    name = "trace"
    options = (Option("allow", True, "Trace the host of the selected row when the key for it is pressed; what is not "
                      "of this site only with probes.third_party."),)
    questions = (TraceNow,)

    def begin(self, run: Run) -> None:
        self._host: Host = run.host
        self._job: Job | None = None
        self._refused: Traced | None = None
        self._allowed = bool(run.settings.of("trace.allow"))
        if self._allowed:
            try:
                run.host.allow_traces(bool(run.settings.of("probes.third_party")))
            except (Unavailable, ValueError, OSError):
                return  # begin_trace() says why; a file that is read again has said it before

    def start(self, address: str) -> None:
        self.stop()
        self._refused = None
        if not self._allowed:
            self._refused = Traced(address, REFUSED, why="trace.allow is false: no host is traced",
                                   setting="trace.allow")
            return
        job = Job(self._host, address)
        try:
            job.start()
            self._job = job
        except (OSError, ValueError, Unavailable) as e:
            why = getattr(e, "strerror", None) or str(e)
            self._refused = Traced(address, REFUSED, why=why,
                                   setting="probes.third_party" if "probes.third_party" in why else "")

    def stop(self) -> None:
        if self._job is not None and self._job.traced.unfinished:
            self._job.stop()
            try:
                self._host.end_trace()
            except Unavailable:
                return

    def now(self, address: str) -> Traced | None:
        if self._refused is not None and self._refused.address == address:
            return self._refused
        return self._job.look() if self._job is not None and self._job.traced.address == address else None

    def close(self) -> None:
        if self._job is not None:
            self._job.stop()
            self._job.join()


def _with_names(traced: Traced, session: Session) -> Traced:
    """Hops as they are called: by the resolver where it may be asked, else by what was seen."""
    names = session.find(Names)
    if names is None or not traced.record:
        return traced
    hops = []
    for hop in traced.record["hops"]:
        address = hop.get("address", "")
        name = (names.reverse.name(address) if names.reverse is not None and address else "") or ""
        if address and not name:
            with session.lock:
                name = names.called(address, time.time_ns())
        hops.append({**hop, "name": name} if name else hop)
    return Traced(traced.address, traced.state, traced.rounds, {**traced.record, "hops": hops}, traced.why,
                  traced.setting)
