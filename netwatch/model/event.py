"""What goes through a run: events that engines and addons make, the records they become, and which flow is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch._fast.input.box import Box
    from netwatch._fast.out.packetrows import PacketRows

class FlowRef(NamedTuple):
    """One flow, for ever: a row is used again by later flows, its key is not. What _fast.out.inner takes."""

    engine: Engine
    row: int
    key: int


class Event(NamedTuple):
    """Something an engine saw, or an addon made of it; `flow` is the number of its flow, 0 none. `payload` is
    bytes that the protocol's file explains, or the body of a record that an addon made. `inner`:
    it came out of the flow's encryption."""

    frame: int
    flow: int
    kind: str
    time_ns: int
    engine: Engine
    row: int
    key: int
    side: int
    inner: bool
    payload: Any  # Any: who asked for the kind knows which of the two it is
    extra: int
    app: str | None  # whose event it is, where a protocol made it
    stream: int = -1  # where a flow has several: its number

    @property
    def ref(self) -> FlowRef:
        """The flow it is about."""
        return FlowRef(self.engine, self.row, self.key)

    def became(self, kind: str, payload: object) -> Event:
        """What an addon made of it: at the same place in time, of the same flow."""
        return self._replace(kind=kind, payload=payload)


class Step(NamedTuple):
    """What one chunk gave, each in order. To an addon, `events` are those that it wants.

    `ended`: (engine, row) of flows that are over, in runs that hand them out. `idle`: a live source had nothing;
    `over`: the input is at its end. `again`: this is about what addons made of the chunk, not about the chunk itself.
    `box`: the chunk's frames, None where several engines share them. `packets`: rows of the packets that somebody
    wants; `before`, for each event, how many of them come before it."""

    events: Sequence[Event]
    ended: Sequence[tuple[Engine, int]] = ()
    idle: bool = False
    over: bool = False
    again: bool = False
    box: Box | None = None
    packets: PacketRows | None = None
    before: Sequence[int] = ()
