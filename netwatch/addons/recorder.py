"""The flight recorder: the last minutes of a live capture on disk, kept for good when something goes wrong.

Nothing is written unless it is armed: by recorder.armed, or from the palette. It freezes at a critical alert, at a flow
that passes recorder.trigger, or when it is told to; some seconds later, so that what follows is there too. What happens
meanwhile, or within the next minute, joins that incident: a cause that goes on makes few of them, and a bounded number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch._fast.out.record import iso
from netwatch.addons.packets.kept import KeptFrames
from netwatch.model.contract import ERROR, INFO, WARNING, Addon, AddonError, Offer
from netwatch.model.event import Event, Step
from netwatch.model.option import Option
from netwatch.model.session import Sign
from netwatch.recorder.pending import Line
from netwatch.recorder.window import Incident, Window, clean

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Run, Session
    from netwatch.model.record import Record

SECOND_NS = 1_000_000_000
AFTER_NS = 5 * SECOND_NS  # what follows, and still belongs to an incident
JOIN_NS = 60 * SECOND_NS  # after that, in which what happens joins it
REASONS = 100  # of one incident, in its page; the others are counted


@dataclass(frozen=True)
class Status:
    """Is it armed, since when (ns of packet time), bytes on disk, packets, packets lost, packets in files that somebody
    has moved or removed, and incidents so far."""

    armed: bool = False
    since_ns: int = 0
    size: int = 0
    packets: int = 0
    lost: int = 0
    moved: int = 0
    incidents: int = 0


@dataclass(frozen=True)
class RecorderStatus:
    """How the recorder stands."""

    def answer(self, session: Session) -> Status:
        with session.lock:
            return session.get(Recorder).status()


@dataclass(frozen=True)
class Arm:
    """Begin to keep the last minutes on disk."""

    def run(self, session: Session) -> str:
        with session.lock:
            return session.get(Recorder).arm()


@dataclass(frozen=True)
class Disarm:
    """Stop, and remove the window; incidents stay."""

    def run(self, session: Session) -> str:
        with session.lock:
            return session.get(Recorder).disarm()


@dataclass(frozen=True)
class Freeze:
    """Keep the window for good, now."""

    def run(self, session: Session) -> str:
        with session.lock:
            return session.get(Recorder).freeze("asked for")


class Recorder(Addon):
    """Keeps the last minutes of a live capture on disk, and freezes them when something goes wrong."""

    name = "recorder"
    options = (
        Option("armed", False, "Keep the last minutes of a live capture on disk from the start."),
        Option("minutes", 5, "Packet time that the window holds.", 1, 1440),
        Option("disk_mb", 512, "Disk that the window may take, in MiB; the oldest packets make room.", 16, 1_048_576),
        Option("trigger", "", "A filter: freeze when a flow passes it."),
        Option("on_alert", True, "Freeze at critical alerts."),
        Option("incidents", 10, "Incidents that are kept; the oldest make room.", 1, 1000),
    )
    questions = (RecorderStatus,)
    commands = (Offer("recorder: keep the last minutes on disk", Arm(), True),
                Offer("recorder: freeze what is kept", Freeze(), True),
                Offer("recorder: stop, and remove what is not frozen", Disarm(), True))

    def __init__(self) -> None:
        self._window: Window | None = None
        self._line: Line | None = None
        self._incidents = 0
        self._since_ns = self._looked_ns = self._freeze_at = 0
        self._incident: Incident | None = None  # that what happens now joins, until _settle_at
        self._settle_at = self._packets = 0  # and the packets that it has
        self._page: Record = {}
        self._reasons: list[Record] = []
        self._happened = 0  # reasons, with those beyond the first
        self._before: dict[str, int] = {}

    def begin(self, run: Run) -> None:
        self._run = run
        of = run.settings.of
        self._trigger = _parsed(str(of("recorder.trigger")))
        if not run.purpose.live:
            return
        self._make_room(of("recorder.incidents"))
        if of("recorder.armed"):
            text = self.arm()
            run.say(text, INFO if self._window is not None else ERROR)
        if of("recorder.on_alert"):
            self.wants = frozenset({"alert"})

    def take(self, step: Step) -> Sequence[Event]:
        if self._window is None or self._line is None:
            return ()
        for event in step.events:
            if event.kind == "alert" and event.payload.get("severity") == "critical":
                self._because({"alert": event.payload.get("kind", ""), "text": event.payload.get("text", ""),
                               "time": iso(event.time_ns)})
        if step.again:
            return ()
        self._move(self._window, self._line)
        now = self._run.engines[0].clock
        if self._freeze_at and now >= self._freeze_at:
            self._run.say(self._freeze(), WARNING)
        elif self._incident is not None and now >= self._settle_at:
            self._settle()
        elif now >= self._looked_ns + SECOND_NS:
            self._looked_ns = now
            self._window.rotation.flush()
            self._window.roll(now)
        return ()

    def arm(self) -> str:
        """The line for the user."""
        of = self._run.settings.of
        if not self._run.purpose.live:
            return "The recorder is for live captures"
        if self._window is not None:
            return "The recorder is armed already"
        try:
            self._window = Window(self._run.source, lambda text: self._run.say(text, ERROR),
                                  of("recorder.disk_mb") << 20, of("recorder.minutes") * 60 * SECOND_NS)
        except OSError as e:
            return f"The recorder is not armed: {e.filename}: {e.strerror}"
        engine = self._run.engines[0]
        ring = self._run.get(KeptFrames).ring
        self._line = Line(ring, engine, self._look, None, self._trigger, ring.first)
        self._since_ns, self._freeze_at = engine.clock, 0
        self._before = self._drops()
        return f"The recorder is armed: the last {of('recorder.minutes')} minutes are kept in {self._window.folder}"

    def disarm(self) -> str:
        """The line for the user."""
        if self._window is None:
            return "The recorder is not armed"
        if self._freeze_at:
            self._run.say(self._freeze(), WARNING)
        self._settle()
        window, self._window, self._line = self._window, None, None
        window.drop()
        return "The recorder is stopped, and what was not frozen is removed"

    def freeze(self, why: str) -> str:
        """The line for the user."""
        if self._window is None:
            return "The recorder is not armed: nothing was kept"
        self._settle()
        self._because({"text": why, "time": iso(self._run.engines[0].clock)})
        return self._freeze()

    def status(self) -> Status:
        """The lock is held."""
        if self._window is None or self._line is None:
            return Status(incidents=self._incidents)
        rotation = self._window.rotation
        return Status(True, self._since_ns, rotation.size_on_disk, rotation.written,
                      self._line.lost + rotation.lost, rotation.moved, self._incidents)

    def signs(self) -> Sequence[Sign]:
        armed = (Sign("REC", INFO),) if self._window is not None else ()
        return (*armed, Sign(f"{self._incidents} FROZEN", INFO)) if self._incidents else armed

    def close(self) -> None:
        """A window that was not frozen is not kept; one that was about to be is."""
        if self._window is not None and self._line is not None:
            self._move(self._window, self._line, all_of_it=True)
            self.disarm()

    def _move(self, window: Window, line: Line, *, all_of_it: bool = False) -> None:
        """Packets to the disk, and a look at what their flows are."""
        line.move(window.rotation, all_of_it=all_of_it)
        for flow, ns in line.triggered:
            self._because({"flow": flow["id"], "text": flow.get("label", ""), "time": iso(ns)})
        self._happened += line.more
        line.triggered.clear()
        line.more = 0

    def _because(self, reason: Record) -> None:
        """Freeze in a moment, unless it joins what was frozen just now."""
        self._happened += 1
        if len(self._reasons) < REASONS:
            self._reasons.append(reason)
        if self._incident is None and not self._freeze_at:
            self._freeze_at = self._run.engines[0].clock + AFTER_NS

    def _freeze(self) -> str:
        """The window's files become an incident, and the window goes on. The line for the user."""
        window, line, now = self._window, self._line, self._run.engines[0].clock
        assert window is not None and line is not None
        self._move(window, line, all_of_it=True)
        window.roll(now)
        self._freeze_at = self._packets = 0
        self._page = {"source": self._run.purpose.label, **({"armed": iso(self._since_ns)} if self._since_ns else {}),
                      "frozen": iso(now)}
        try:
            self._make_room(self._run.settings.of("recorder.incidents") - 1)
            self._incident = Incident()
            self._extend(self._incident, window, line)
        except OSError as e:
            self._over()
            return f"Not frozen: {e.filename}: {e.strerror}"
        self._settle_at = now + JOIN_NS
        self._incidents += 1
        lost, moved = window.rotation.lost, window.rotation.moved
        gone = (f"; {lost:,} are lost with the disk" if lost else "") \
            + (f"; {moved:,} are in files that somebody moved or removed" if moved else "")
        return f"Frozen: {self._packets:,} packets{gone}; netwatch open {self._incident.folder}"

    def _settle(self) -> None:
        """Nothing joins the last incident any more; what did is put there with what followed."""
        window, line, incident = self._window, self._line, self._incident
        if window is None or line is None or incident is None:
            return
        joined = self._happened - self._page["happened"]
        if joined:
            self._move(window, line, all_of_it=True)
            try:
                self._extend(incident, window, line)
                self._run.say(f"{joined:,} more joined {incident.folder}: {self._packets:,} packets", INFO)
            except OSError as e:
                self._run.say(f"{e.filename}: {e.strerror}: {joined:,} more are not in {incident.folder}", ERROR)
        self._over()

    def _extend(self, incident: Incident, window: Window, line: Line) -> None:
        """Put there what the window has, and say so in its page. Raises OSError."""
        rotation = window.rotation
        rotation.finish()
        fresh = incident.take(rotation)
        self._packets += sum(each.packets for each in fresh)
        if fresh:
            self._page.setdefault("first", iso(min(each.began_ns for each in fresh)))
        lost = {name: count - self._before.get(name, 0) for name, count in self._drops().items()}
        self._page |= {"until": iso(self._run.engines[0].clock), "packets": self._packets,
                       "files_let_go": rotation.removed,
                       "lost": {**lost, "no_room": line.lost + line.left, "disk": rotation.lost},
                       "moved": rotation.moved,
                       "happened": self._happened, "because": self._reasons}
        incident.tell(self._page)

    def _over(self) -> None:
        """What happens from now on is another incident."""
        incident, self._incident = self._incident, None
        self._reasons, self._happened = [], 0
        if incident is not None:
            incident.close()

    def _make_room(self, incidents: int) -> None:
        """Let the oldest go, and say which."""
        for folder in clean(incidents):
            self._run.say(f"Removed, for recorder.incidents: {folder}", WARNING)

    def _look(self, row: int, keys: frozenset[str]) -> Record:
        return self._run.flow_record(self._run.engines[0], row, keys)

    def _drops(self) -> dict[str, int]:
        stats = self._run.source.stats()
        return {name: stats[name] for name in ("kernel_drops", "interface_drops", "ring_drops")}


def _parsed(text: str) -> Filter | None:
    """Raises AddonError."""
    if not text.strip():
        return None
    from netwatch.filter import Filter, FilterError

    try:
        return Filter(text)
    except FilterError as e:
        raise AddonError(f"recorder.trigger: {e.message}, at column {e.column}") from None
