"""What stands between the engines and those who know more in Python: the events, and the face of a service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol


class Event(NamedTuple):
    """Something an engine saw; `flow` is the number of its flow, 0 none. `payload` is bytes that the protocol's
    file explains, or the body of an http or dns record that a service made. `row` and `key` name
    the flow to _fast.inner; `inner`: it came out of the flow's encryption."""

    frame: int
    flow: int
    kind: str
    time_ns: int
    engine: Any
    row: int
    key: int
    side: int
    inner: bool
    payload: Any
    extra: int
    app: str | None  # whose event it is, where a protocol made it
    stream: int = -1  # where a flow has several: its number


class Service(Protocol):
    """Somebody in Python who knows more of flows than their bytes on the wire say: names, keys, owners."""

    wants: frozenset[str]  # kinds of event it must see
    gives: frozenset[str]  # keys of a flow record that it adds
    needs: frozenset[str]  # and those that it looks at, of what protocols say

    def take(self, events: list[Event]) -> list[Event]:
        """Look at what a chunk brought, in order of frames; the further events that came of it. It may give things
        back to the engines (_fast.inner): what they make of it is collected and comes by again."""

    def adorn(self, record: dict[str, Any], flow: Any) -> None:
        """Add what it gives to the record of a flow (_fast.out.flowref.FlowRef) that is about to be shown."""

    def close(self) -> None:
        """The input is over, or no longer wanted."""


class EarlyService(Service, Protocol):
    """A service that must know what a source found beside its frames before the engines see these."""

    def before(self, engines: Sequence[Any], secrets: Sequence[tuple[int, bytes]]) -> None:
        """A chunk is about to be processed. `secrets` are those that came with it: (pcapng secrets type, bytes).
        What it `wants` is handed out once it has told the engines to listen()."""


def adorners(services: Sequence[Service], wanted: frozenset[str] | None) -> list[Service]:
    """Those that have something to add to a flow record of which these keys are wanted (None: all)."""
    return [service for service in services
            if service.gives and (wanted is None or not service.gives.isdisjoint(wanted))]
