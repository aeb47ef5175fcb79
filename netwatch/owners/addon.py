"""Who owns the flows of a live capture: joins them to the processes which the host finds. Of a file it is what was
written down when it was captured (recorded.py).

A flow is asked about a tenth of a second after it began, when the kernel's word of it has surely come, and again for
two seconds where the answer may improve. What is put into the columns of _fast.told is what records, filters and the
screen see. How owners are found, and by which rules, is the host's affair (docs/processes.md).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.input.pcapng import Pcapng
from netwatch._fast.input.savefile import Pcap
from netwatch._fast.out.rawflow import RawFlow
from netwatch._fast.view.addoncolumns import AddonColumns
from netwatch.model.contract import Addon
from netwatch.model.event import Event, FlowRef, Step
from netwatch.model.host import Ends, Host, Owners, Unavailable
from netwatch.model.machine import LISTENER, Owner, Process, Status, Unknown
from netwatch.model.option import Option
from netwatch.model.record import Record
from netwatch.owners.recorded import Recorded

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch.model.contract import Run

LISTEN = 10  # of tcp_info's state (linux/tcp_states.h)
FIELDS = ("pid", "name", "exe", "cmdline", "uid", "user", "ppid", "container", "pod", "unit", "method", "quality",
          "unknown", "shared_with")
PARENTS = ("pid", "name")
COLUMNS = tuple(f"process.{name}" for name in FIELDS) + tuple(f"process.parents.{name}" for name in PARENTS)
AGE = "process.age_s"
WAITS = (0.1, 0.2, 0.4, 0.6, 0.7)  # seconds before a flow is asked about, and between asking again
FAR_WAIT = 1.5  # ... between asking twice, where neither end is here
AT_ONCE = 64  # flows
MAX_WAITING = 65536  # flows that are still to be asked about
MAX_MADE = 4096  # columns' values kept of processes
TURN_S = 0.02  # of asking at a time; the packets go on meanwhile, into the kernel's ring
PATIENCE_S = 0.5  # at the end of a capture, in all, for what began just before it
STEP_S = 0.03
TOO_MANY = "too many flows began in that second to ask about each"
NOT_YET = "not asked yet"


class Question(NamedTuple):
    due: float  # monotonic clock
    told: AddonColumns
    row: int
    key: int


class Method(NamedTuple):
    """What finds the owners now: its name ("" none), and why no better one does ("" there is none better)."""

    name: str
    why: str


class FlowOwners(Addon):
    """Knows the processes of live flows, with their users, containers and units."""

    name = "owners"
    needs = frozenset[str]()
    options = (Option("find", True, "Find the processes of live flows."),)

    def __init__(self) -> None:
        self._host = Host()
        self._owners: Owners | None = None
        self._told: dict[Engine, AddonColumns] = {}
        self._waiting: tuple[deque[Question], ...] = tuple(deque() for _ in (*WAITS, FAR_WAIT))
        self._open: set[tuple[AddonColumns, int]] = set()  # flows, by key, that are still asked about
        self._made: dict[tuple[object, ...], tuple[Process, tuple[object, ...]]] = {}
        self._patience = PATIENCE_S
        self._recorded: Recorded | None = None

    def begin(self, run: Run) -> None:
        """Where the host looks for owners, every flow is asked about. Of a pcapng file what stands in it is looked up
        when a record is made, or, where they may be asked for at any time, when a flow begins."""
        self._host, self._owners = run.host, run.host.owners
        if self._owners is None and (not run.purpose.live or type(run.source) is Pcapng) \
                and type(run.source) is not Pcap:
            self._recorded = Recorded(run.source, FIELDS, PARENTS)
        if self._owners is not None or self._recorded is not None:
            self.adds = frozenset({"process"})
        if self._owners is not None or not run.purpose.final:
            self.wants = frozenset({"begun"})

    @property
    def looking(self) -> bool:
        """Does anybody look for owners?"""
        return bool(self.adds)

    def told_elsewhere(self) -> None:
        """Others look for owners, and tell of them with the flows."""
        self.adds = frozenset({"process"})

    @property
    def recorded(self) -> bool:
        """Were owners written beside the packets that are read?"""
        return bool(self._recorded)

    def close(self) -> None:
        """Ask no more. What is known stays known."""
        self._owners = None

    def take(self, step: Step) -> Sequence[Event]:
        """Note which flows began, and ask about those that are due."""
        due = time.monotonic() + WAITS[0]
        if self._recorded is not None:
            for event in step.events if self._recorded else ():
                self._look_up(self._recorded, event.engine, event.row)
            return ()
        for event in step.events:
            if len(self._open) < MAX_WAITING:
                told = self.column(event.engine)
                self._open.add((told, event.key))
                self._waiting[0].append(Question(due, told, event.row, event.key))
        if self._owners is not None and self._owners.ready:
            self._ask_due(self._owners)
        return ()

    def column(self, engine: Engine) -> AddonColumns:
        told = self._told.get(engine)
        if told is None:
            told = self._told[engine] = AddonColumns(engine, COLUMNS, AGE)
        return told

    def adorn(self, record: Record, flow: FlowRef) -> None:
        """Add `process` to a flow record."""
        if self._recorded is not None and not self._recorded:
            return
        engine, row, _ = flow
        ended = RawFlow(engine, row).ended
        told = self.column(engine)
        key = told.key(row)
        if key is None:
            return
        owners = self._owners
        if (told, key) in self._open and owners is not None and owners.ready and ended is not None:
            self._ask_last(owners, told, row, key, ended == "end-of-input")
        if self._recorded is not None:
            self._look_up(self._recorded, engine, row)
        found = told.of(row, key)
        if found is None and owners is not None and owners.ready and (told, key) in self._open:
            found = self._asked_early(owners, told, row, key)
        if found is not None:
            record["process"] = _object(found[0], found[1], engine.clock)
        elif self._recorded is None:
            record["process"] = {"unknown": NOT_YET if (told, key) in self._open else TOO_MANY}

    def _look_up(self, recorded: Recorded, engine: Engine, row: int) -> None:
        """Put what the file says of a flow into the columns."""
        told = self.column(engine)
        key = told.key(row)
        values = recorded.of(RawFlow(engine, row)) if key is not None and told.of(row, key) is None else None
        if key is not None and values is not None:
            told.put(row, key, values, None)

    def kernel_view(self, record: Record) -> Record | None:
        """What the kernel itself says of a TCP connection that is open (struct tcp_info), or None. For one that is gone
        the socket that listened for it would answer."""
        if not self.looking or record.get("proto") != "tcp" or "ended" in record:
            return None
        ends = (record["src"], record["sport"]), (record["dst"], record["dport"])
        for near, far in (ends, ends[::-1]):
            try:
                found = self._host.tcp_info(*near, *far)
            except Unavailable:
                continue
            if found.get("state") != LISTEN:
                return found
        return None

    def program_of(self, proto: str, src: tuple[bytes, int], dst: tuple[bytes, int], first_ns: int) -> str:
        """The name of the program of the flow between these ends that began then; "" unknown."""
        if self._recorded is not None:
            values = self._recorded.at(proto, src, dst, first_ns)
            return str(values[FIELDS.index("name")] or "") if values is not None else ""
        if self._owners is None or not self._owners.ready:
            return ""
        found = self._owners.of_flow(proto, *src, *dst, first_ns)
        return "" if isinstance(found, Unknown) else found.process.name

    def method(self) -> Method:
        """Which method finds owners, and why not a better one; both "" where nobody looks for them."""
        if self._owners is None:
            return Method("", "")
        return chosen(self._owners.status()) if self._owners.ready else Method("", "starting")

    def _ask_due(self, owners: Owners) -> None:
        """Ask about what is due, oldest questions first, for no longer than a turn."""
        now = time.monotonic()
        until = now + TURN_S
        while time.monotonic() < until:
            due: list[tuple[Question, int]] = []
            for stage, waiting in enumerate(self._waiting):
                while waiting and waiting[0].due <= now and len(due) < AT_ONCE:
                    due.append((waiting.popleft(), stage))
            if not due:
                return
            self._ask(owners, due)

    def _ask(self, owners: Owners, due: Sequence[tuple[Question, int]]) -> None:
        """Ask, and see which to ask again."""
        asked: list[tuple[Question, int]] = []
        flows: list[Ends] = []
        for question, stage in due:
            flow = question.told, question.key
            ends = question.told.ends(question.row, question.key) if flow in self._open else None
            if ends is None:
                self._open.discard(flow)
                continue
            asked.append((question, stage))
            flows.append(ends)
        now = time.monotonic()
        for (question, stage), answer in zip(asked, owners.of_flows(flows) if flows else (), strict=True):
            _, told, row, key = question
            after = len(WAITS) if isinstance(answer, Unknown) and answer.far else stage + 1
            if self._put(answer, told, row, key) and stage + 1 < len(WAITS):
                wait = (*WAITS, FAR_WAIT)[after]
                self._waiting[after].append(Question(now + wait, told, row, key))
            else:
                self._open.discard((told, key))

    def _ask_last(self, owners: Owners, told: AddonColumns, row: int, key: int, over: bool) -> None:
        """Ask about a flow whose record is made now. `over`: with the input, so that waiting delays nothing."""
        while (ends := told.ends(row, key)) is not None and self._put(owners.of_flow(*ends), told, row, key) and over \
                and self._patience > 0:
            self._patience -= STEP_S
            time.sleep(STEP_S)
        self._open.discard((told, key))

    def _asked_early(self, owners: Owners, told: AddonColumns, row: int, key: int,
                     ) -> tuple[tuple[object, ...], int | None] | None:
        """What is known of a flow of which somebody wants to know already; who has no answer is asked again in time."""
        ends = told.ends(row, key)
        answer = owners.of_flow(*ends) if ends is not None else None
        if isinstance(answer, Owner):
            self._put(answer, told, row, key)
        return told.of(row, key)

    def _put(self, answer: Owner | Unknown, told: AddonColumns, row: int, key: int) -> bool:
        """Put the answer of now into the columns. May a later one be better?"""
        known = told.of(row, key)
        if isinstance(answer, Unknown):
            if known is None or known[0][0] is None:
                told.put(row, key, _reason(answer), None)
            return answer.retry
        told.put(row, key, self._values(answer), max(0, told.engine.clock - round(answer.age_s * 1e9)))
        return answer.quality == LISTENER

    def _values(self, owner: Owner) -> tuple[object, ...]:
        """The columns' values, None where nothing is known. Most flows are of a process that has had one before."""
        key = id(owner.process), owner.method, owner.quality, owner.others
        made = self._made.get(key)
        if made is not None and made[0] is owner.process:
            return made[1]
        told, parents = owner.record(), owner.process.parents
        told["shared_with"] = owner.others or None
        values = (*map(told.get, FIELDS), *(tuple(each[i] for each in parents) or None for i in range(len(PARENTS))))
        if len(self._made) >= MAX_MADE:
            self._made.clear()
        self._made[key] = owner.process, values
        return values


def chosen(found: list[Status]) -> Method:
    """The best method that works, and what stands against the better ones. `found`: best first, as platforms tell."""
    better: list[str] = []
    for status in found:
        if status.active:
            return Method(status.method, "; ".join(better))
        better.append(f"no {status.method}: {status.reason}")
    return Method("", "; ".join(better))


def _reason(answer: Unknown) -> tuple[object, ...]:
    return tuple(answer.reason if name == "unknown" else None for name in FIELDS) + (None,) * len(PARENTS)


def age_s(since_ns: int, now_ns: int) -> float:
    """Of an answer, at a packet time."""
    return round(max(0, now_ns - since_ns) / 1e9, 3)


def _object(values: tuple[object, ...], since_ns: int | None, now_ns: int) -> Record:
    """The object `process` of a flow record."""
    told: Record = {name: value for name, value in zip(FIELDS, values, strict=False) if value is not None}
    if "unknown" in told:
        return told
    if since_ns:
        told["age_s"] = age_s(since_ns, now_ns)
    if "shared_with" in told:
        told["shared_with"] = list(told["shared_with"])
    pids, names = values[len(FIELDS):]
    if isinstance(pids, tuple) and isinstance(names, tuple):
        told["parents"] = [{"pid": pid, "name": name} for pid, name in zip(pids, names, strict=True)]
    return told
