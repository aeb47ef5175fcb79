"""Who opens flows: keys from files and from the capture, sealed records from the engines.

Records wait for their keys under a bound for each flow and one for all. What is over it is opened as far as it can be;
a flow that cannot be opened at all is left alone from then on.
"""

from __future__ import annotations

import collections
import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from netwatch._fast.out.inner import leave
from netwatch._fast.out.rawflow import RawFlow
from netwatch._fast.view.addoncolumns import AddonColumns
from netwatch.decrypt.dtls import DtlsFlow
from netwatch.decrypt.exchange import Sessions
from netwatch.decrypt.flow import SealedFlow, TlsFlow
from netwatch.decrypt.keyfile import Followed
from netwatch.decrypt.keylog import MAX_OWNERS, KeyLog
from netwatch.decrypt.plaintext import Plaintext
from netwatch.decrypt.quic import QuicFlow
from netwatch.decrypt.quicpaths import Further, Paths
from netwatch.model.contract import INFO, Addon, AddonError, Store
from netwatch.model.event import Event, FlowRef, Step
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch.model.contract import Run

SEALED_END = 0xFFFFFFFF  # look/protocol.pxd
FLOW_MOST = 4_194_304  # bytes one flow may have waiting
ALL_MOST = 67_108_864  # ... and all of them
PRUNED = 64  # waiting flows that are looked at before each chunk, the oldest
OPEN_MOST = 192 << 20  # bytes that flows take which are being opened, beside what waits; the oldest makes room
TLS_COST, QUIC_COST = 4500, 15_000  # bytes of one
NOTES_MOST = 131_072  # flows of which is remembered what became of them

SAID_NS = 1_000_000_000  # of packet time between two words about keys that came

FLOWS: dict[str | None, type[SealedFlow]] = {"tls": TlsFlow, "dtls": DtlsFlow, "quic": QuicFlow}

ABOUT = ("keys", "bytes", "failed", "reason")  # what the object `decrypt` of a record has
COLUMNS = ("decrypted", *(f"decrypt.{name}" for name in ABOUT))


class Decryptor(Addon):
    """`keys` may be given more at any time between two steps."""

    name = "decrypt"
    wants = frozenset({"sealed"})
    early = True
    adds = frozenset({"decrypted", "decrypt"})
    needs = frozenset[str]()

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self.keys = KeyLog()
        self._files = [Followed(path) for path in dict.fromkeys(paths)]
        self._sessions = Sessions()
        self._run: Run | None = None
        self._awake = False
        self._told = self._told_ns = 0  # keys of which was told, and when
        self._dropped = 0
        self._flows: dict[FlowRef, SealedFlow] = {}
        self._waiting: collections.OrderedDict[FlowRef, None] = collections.OrderedDict()
        self._by_random: dict[bytes, set[FlowRef]] = {}
        self._left: set[FlowRef] = set()  # since the last chunk
        self._held = self._open = self._crowded = 0
        self._made: list[Event] = []
        self._paths = Paths()
        self._notes: collections.OrderedDict[int, Plaintext] = collections.OrderedDict()
        self._columns: dict[Engine, AddonColumns] = {}  # of engines whose flows are filtered, ordered and grouped
        self._resumed: list[Plaintext] = []  # since the last chunk

    def open(self) -> None:
        """Read the files as they are now; pipes to their end. Raises AddonError where one cannot be read."""
        for file in self._files:
            try:
                file.open(wait=True)
            except FileNotFoundError:
                raise AddonError(f"--keylog {file.path}: no such file", 4) from None
            except PermissionError:
                raise AddonError(f"--keylog {file.path}: no permission to read it", 4) from None
            except (OSError, ValueError) as e:
                why = getattr(e, "strerror", None) or e
                raise AddonError(f"--keylog {file.path}: cannot be read: {why}", 4) from None
        self._poll()
        while any(file.behind for file in self._files):
            self._poll()

    def begin(self, run: Run) -> None:
        self._run = run

    def before(self, secrets: Sequence[tuple[int, bytes]]) -> None:
        """Nothing is listened to before there may be keys."""
        self._left.clear()
        self._prune()
        for kind, data in secrets:
            self.keys.take_block(kind, data)
        self._poll()
        if self._run is not None and not self._awake and (self._files or len(self.keys)):
            self._awake = True
            for engine in self._run.engines:
                engine.listen("sealed")

    def take(self, step: Step) -> Sequence[Event]:
        fresh = self.keys.fresh()
        if fresh:
            self._resume(fresh)
        for event in step.events:
            place = event.ref
            if place in self._left:
                continue
            further = self._paths.find(place, event)
            if further is not None:
                self._feed(further.main, event, further)
                self._note(event.flow, further.out)
            elif event.app in FLOWS and event.extra != SEALED_END:
                if place not in self._flows:
                    self._begin(place, event)
                self._feed(place, event)
            elif place in self._flows:
                self._end(place, self._flows[place])
        if self._columns:
            touched = (self._notes.get(number) for number in {event.flow for event in step.events})
            for out in {*(out for out in touched if out is not None), *self._resumed}:
                self._put(out)
        self._resumed.clear()
        made = self._made[:]
        self._made.clear()
        if not step.again:
            self._tell()
        return made

    def _feed(self, place: FlowRef, event: Event, further: Further | None = None) -> None:
        """Give a flow what was sent; `further` is the other path it came on."""
        flow = self._flows.get(place)
        if flow is None:
            return
        held = flow.waiting
        if further is None:
            flow.take(event.side, event.time_ns, event.frame, event.extra, event.payload)
        elif isinstance(flow, QuicFlow):
            further.take(flow, event)
        if flow.waiting or held:
            self._hold(place, flow, flow.waiting - held)
        if isinstance(flow, QuicFlow) and flow.issued:
            self._paths.learn(place, flow)
        if flow.hopeless:
            self._drop(place, flow)

    def adorn(self, record: Record, flow: FlowRef) -> None:
        out = self._notes.get(RawFlow(flow.engine, flow.row).id)
        if out is not None:
            if out.bytes:
                record["decrypted"] = True
            record["decrypt"] = _about(out)

    def column(self, engine: Engine) -> AddonColumns:
        if engine not in self._columns:
            self._columns[engine] = AddonColumns(engine, COLUMNS)
        return self._columns[engine]

    def _put(self, out: Plaintext) -> None:
        """Into the columns, what its record says."""
        engine, row, key = out.where
        about = _about(out)
        if engine in self._columns:
            self._columns[engine].put(row, key, (True if out.bytes else None, *map(about.get, ABOUT)), None)

    def stores(self) -> Sequence[Store]:
        return (Store("keys of TLS sessions", len(self.keys), MAX_OWNERS, None, self.keys.dropped),
                Store("flows being opened", len(self._flows), None, self._held + self._open, self._crowded))

    def close(self) -> None:
        """Everything secret is forgotten."""
        for flow in self._flows.values():
            flow.close()
        self._flows.clear()
        self._waiting.clear()
        self._by_random.clear()
        self._held = 0
        self._sessions.close()
        self.keys.close()
        for file in self._files:
            file.close()

    def _tell(self) -> None:
        """Say, now and then, that more keys are known, and that there was no room for all."""
        known = len(self.keys)
        if self._run is None:
            return
        if self.keys.dropped and not self._dropped:
            self._run.say(f"more TLS keys came than are kept ({MAX_OWNERS:,} connections'): the oldest make room")
        self._dropped = self.keys.dropped
        if known == self._told:
            return
        now = max(engine.clock for engine in self._run.engines)
        if not self._told or now >= self._told_ns + SAID_NS:
            if known > self._told:
                self._run.say(f"keys of {known - self._told} more TLS sessions are known", INFO)
            self._told, self._told_ns = known, now

    def _prune(self) -> None:
        """Let go of flows that wait in vain: all of them has been seen, and the engine knows them no more."""
        for place in list(itertools.islice(self._waiting, PRUNED)):
            flow = self._flows[place]
            if flow.ended and not flow.out.alive():
                self._forget(place, flow)

    def _poll(self) -> None:
        for file in self._files:
            self.keys.take_lines(file.poll(), "keylog")
            self.keys.malformed += file.too_long
            file.too_long = 0
            if file.unfinished:
                self.keys.take_unfinished(file.unfinished, "keylog")

    def _begin(self, place: FlowRef, event: Event) -> None:
        out = Plaintext(event.engine, event.row, event.key, event.app or "", event.flow, self._made)
        self._flows[place] = FLOWS[event.app](self.keys, self._sessions, out)
        self._open += _cost(self._flows[place])
        self._note(event.flow, out)
        while self._open > OPEN_MOST:
            self._make_room(next(iter(self._flows)))

    def _make_room(self, place: FlowRef) -> None:
        """The flow that has been open longest is opened no further."""
        if not self._crowded and self._run is not None:
            self._run.say("more flows are open than can be decrypted at once: the oldest are decrypted no further")
        self._crowded += 1
        flow = self._flows[place]
        held = flow.waiting
        flow.finish()
        self._held += flow.waiting - held
        self._drop(place, flow)

    def _note(self, number: int, out: Plaintext) -> None:
        self._notes[number] = out
        if len(self._notes) > NOTES_MOST:
            self._notes.popitem(last=False)

    def _hold(self, place: FlowRef, flow: SealedFlow, more: int) -> None:
        """The flow waits, or does no more; over a bound it, or the one that has waited longest, waits in vain."""
        self._held += more
        if not flow.waiting:
            self._waiting.pop(place, None)
            return
        if place not in self._waiting:
            self._waiting[place] = None
            self._by_random.setdefault(flow.random, set()).add(place)
        if flow.waiting > FLOW_MOST:
            self._give_up(place, flow)
        while self._held > ALL_MOST:
            oldest = next(iter(self._waiting))
            self._give_up(oldest, self._flows[oldest])

    def _resume(self, fresh: set[bytes]) -> None:
        """Go on with the flows whose keys have come; what is no client random may be anybody's."""
        anybody = any(len(owner) != 32 for owner in fresh)
        places = list(self._waiting) if anybody else [p for owner in fresh for p in self._by_random.get(owner, ())]
        for place in places:
            flow = self._flows.get(place)
            if flow is None or place not in self._waiting:
                continue
            if flow.ended and not flow.out.alive():
                self._forget(place, flow)
                continue
            held = flow.waiting
            done = flow.resume()
            self._resumed.append(flow.out)
            if isinstance(flow, QuicFlow) and flow.issued:
                self._paths.learn(place, flow)
            self._hold(place, flow, flow.waiting - held)
            if flow.hopeless or (flow.ended and done):
                self._drop(place, flow)

    def _end(self, place: FlowRef, flow: SealedFlow) -> None:
        """All of the flow has been seen. Without any keys it waits on, as long as the engine knows it."""
        flow.ended = True
        if flow.waiting and self.keys.of(flow.random) is None:
            return
        held = flow.waiting
        flow.finish()
        self._held -= held
        self._forget(place, flow)

    def _give_up(self, place: FlowRef, flow: SealedFlow) -> None:
        """No more of the flow is kept. It goes on where anything could be opened."""
        held = flow.waiting
        flow.finish()
        self._held += flow.waiting - held
        self._waiting.pop(place, None)
        if not flow.out.bytes or flow.ended:
            self._drop(place, flow)

    def _drop(self, place: FlowRef, flow: SealedFlow) -> None:
        """Nobody wants more of the flow."""
        self._forget(place, flow)
        self._left.add(place)
        leave(*place)

    def _forget(self, place: FlowRef, flow: SealedFlow) -> None:
        self._held -= flow.waiting
        flow.close()
        if self._flows.pop(place, None) is not None:
            self._open -= _cost(flow)
        self._paths.forget(place)
        self._waiting.pop(place, None)
        places = self._by_random.get(flow.random)
        if places is not None:
            places.discard(place)
            if not places:
                del self._by_random[flow.random]


def _cost(flow: SealedFlow) -> int:
    return QUIC_COST if isinstance(flow, QuicFlow) else TLS_COST


def _about(out: Plaintext) -> Record:
    """The object `decrypt` of a flow's record."""
    about: Record = {"keys": out.origin, "bytes": out.bytes} if out.bytes else {}
    if out.failed:
        about["failed"] = out.failed
    if out.failed or not out.bytes:
        about["reason"] = out.reason
    return about
