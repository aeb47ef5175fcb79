"""Records of what happens to flows while they last: that one began, and what it speaks once that is known. That it is
over is told where records of flows are made.

Only flows between IP addresses are told of; when more than 5,000 begin in a second, the rest of them are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from netwatch._fast.out.addresses import text_of
from netwatch._fast.out.rawflow import RawFlow
from netwatch.model.contract import Addon
from netwatch.model.event import Event, Step
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch.model.contract import Run

KIND = "event"
HAPPENS = {"begun": "start", "identified": "identified"}  # of the engine's events, and what the record calls it


class FlowEvents(Addon):
    """Tells of each flow when it begins and when it is identified, where that is asked for."""

    name = "flow_events"
    kinds: Mapping[str, str] = {KIND: "What happened to a flow: it began, what it speaks is known, it is over."}

    def begin(self, run: Run) -> None:
        if KIND in run.purpose.kinds:
            self.wants = frozenset(HAPPENS)

    def take(self, step: Step) -> Sequence[Event]:
        """At the packet with which it happened. A flow that is gone by the end of the chunk is passed over."""
        return [event.became(KIND, _body(event)) for event in step.events if event.flow and event.kind in HAPPENS]


def _body(event: Event) -> Record:
    flow = RawFlow(event.engine, event.row)
    if event.kind == "identified":
        return {"kind": HAPPENS[event.kind], "app": event.app}
    ends = [(flow.src, flow.sport), (flow.dst, flow.dport)]
    if event.side != flow.initiator_side:
        ends.reverse()
    (src, sport), (dst, dport) = ends
    body: Record = {"kind": HAPPENS[event.kind], "proto": flow.proto, "src": text_of(src), "sport": sport,
                    "dst": text_of(dst), "dport": dport}
    return {key: value for key, value in body.items() if value is not None}
