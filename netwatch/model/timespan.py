"""From when to when: of several records together."""

from __future__ import annotations

from netwatch.model.record import Record


class Span:
    """The time that records with `first` and `last` cover, in their words; None while none of them had a time, as in
    captures whose packets have none."""

    __slots__ = ("first", "last")

    def __init__(self) -> None:
        self.first: str | None = None
        self.last: str | None = None

    def take(self, record: Record) -> None:
        """Cover this one too."""
        if "first" in record:
            self.first = min(self.first or record["first"], record["first"])
            self.last = max(self.last or record["last"], record["last"])

    def record(self) -> Record:
        """The two as fields; empty while there is none."""
        return {} if self.first is None else {"first": self.first, "last": self.last}
