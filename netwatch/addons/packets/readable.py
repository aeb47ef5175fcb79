"""What of a flow's bytes is shown when somebody follows it: what was sent, or, where it was opened, what came out.

Shared by `read --follow` and the terminal's stream view. It writes and draws nothing.
"""

from __future__ import annotations

from netwatch._fast.dpi import having
from netwatch.model.event import Event
from netwatch.model.record import Record

SAID = frozenset({"streams", "heads"})  # kinds of event: content, and header fields of HTTP/2 and 3 before it
NUMBERED = having("streams")
TLS_RECORDS = (b"\x14\x03", b"\x15\x03", b"\x16\x03", b"\x17\x03")


class Showing:
    """Decides about each chunk of one flow, in order. `sealed`: what was sent is encrypted from here on."""

    def __init__(self) -> None:
        self.sealed = False

    def shows(self, event: Event, flow: Record) -> bool:
        """Is the chunk to be shown? `flow` is its flow's record as it is now."""
        if event.kind == "heads":
            return True
        if not event.inner and self._hidden(event, flow):
            return False
        return event.stream >= 0 or flow.get("app") not in NUMBERED

    def _hidden(self, event: Event, flow: Record) -> bool:
        """Is this clear chunk the outside of an encryption? From a flow's first TLS record on all of it is."""
        if not self.sealed and "tls" in flow.get("app_stack", ()):
            self.sealed = event.payload[:2] in TLS_RECORDS
        return self.sealed
