"""What was sealed in the frames of a flow, opened: its frames are read once more, and what came out of each is kept."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netwatch._fast.out.masking import masked
from netwatch.addons.packets.readable import SAID
from netwatch.dissect import Opened
from netwatch.model.event import Event
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch._fast.view.framering import Excerpt
    from netwatch.model.contract import Session

FLOWS = 16  # whose content is kept
MOST = 4_194_304  # bytes of it, of one flow
MOST_FRAMES = 33_554_432  # bytes of frames read again
PIECE = 16_384  # bytes of one piece
STALE = 2.0  # seconds after which a flow that has grown is read again


Frames = dict[int, list[Opened]]


@dataclass(slots=True)
class _Flow:
    """`upto`: the ordinal behind the frames that were read."""

    upto: int
    read_at: float
    frames: Frames = field(default_factory=dict)
    size: int = 0


class Openings:
    """By flow, those looked at last."""

    def __init__(self) -> None:
        self._flows: OrderedDict[int, _Flow] = OrderedDict()

    def of(self, session: Session, flow: int, upto: int, app: str, frames: Callable[[], Excerpt]) -> Frames:
        """What the frames of a flow carry, by their numbers, that was opened, or has compressed header fields. `upto`:
        the ordinal behind the newest frame; `app`: what is within; `frames`: those of the flow."""
        known = self._flows.pop(flow, None)
        if known is None or (known.upto < upto and time.monotonic() > known.read_at + STALE):
            known = self._read(session, upto, app, frames())
        self._flows[flow] = known
        while len(self._flows) > FLOWS:
            self._flows.popitem(last=False)
        return known.frames

    def _read(self, session: Session, upto: int, app: str, source: Excerpt) -> _Flow:
        found = _Flow(upto, time.monotonic())
        for _, events in session.read_again(source):
            for event in events:
                for piece in pieces_of((event,), app) if found.size < MOST and event.kind in SAID else ():
                    found.size += len(piece.data)
                    found.frames.setdefault(event.frame, []).append(piece)
        return found


def pieces_of(events: Iterable[Event], app: str) -> tuple[Opened, ...]:
    """What such events brought to light. Content of HTTP/2's streams stands in its frames already."""
    return tuple(Opened(app, event.stream, bytes(event.payload[:PIECE]), event.kind == "heads") for event in events
                 if event.kind == "heads" or (event.inner and (event.stream < 0 or app not in ("http2", "grpc"))))


def inside(flow: Record | None) -> str:
    """The protocol of what was sealed in a flow; "" where nothing was opened, and no header fields are compressed."""
    if flow is None:
        return ""
    stack = flow.get("app_stack", ())
    if flow.get("decrypted"):
        above = next((i for i, name in enumerate(stack) if name in ("tls", "dtls", "quic")), -1)
        rest = [name for name in stack[above + 1 :] if name not in ("tls", "dtls")]
        return str(rest[0] if rest else flow.get("app", ""))
    return "http2" if "http2" in stack else ""


def outside(flow: Record | None) -> str:
    """The protocol of a flow's bytes as they were sent: what seals the others, where it was there from the start."""
    if flow is None:
        return ""
    stack = flow.get("app_stack", ())
    return str(stack[0]) if stack and stack[0] in ("tls", "dtls", "quic") else str(flow.get("app", ""))


def starred(pieces: tuple[Opened, ...], secrets: tuple[bytes, ...]) -> tuple[Opened, ...]:
    """Without what is secret."""
    return tuple(each._replace(data=masked(each.data, secrets, same_length=True)) for each in pieces)
