"""What probes to one place came to: loss, round trips, jitter. Where nothing was measured nothing is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from netwatch.model.record import Record

LEAST_FOR_LOSS = 3  # probes that came to an end


@dataclass
class Series:
    """`rtts`: microseconds, in order of sending; at most `most` are kept, the newest."""

    sent: int = 0
    lost: int = 0
    rtts: list[float] = field(default_factory=list)
    most: int = 600

    @property
    def received(self) -> int:
        return self.sent - self.lost

    def answered(self, rtt_us: float) -> None:
        self.sent += 1
        self.rtts.append(rtt_us)
        del self.rtts[:-self.most]

    def missed(self) -> None:
        self.sent += 1
        self.lost += 1

    def loss_percent(self) -> float | None:
        """None of too few."""
        return 100 * self.lost / self.sent if self.sent >= LEAST_FOR_LOSS else None

    def jitter_us(self) -> float | None:
        """Mean difference of one round trip to the next (RFC 3550, section 6.4.1, without its smoothing)."""
        if len(self.rtts) < 2:
            return None
        return sum(abs(b - a) for a, b in zip(self.rtts, self.rtts[1:], strict=False)) / (len(self.rtts) - 1)

    def record(self) -> Record:
        """What is known of it, times in microseconds."""
        found: Record = {"sent": self.sent, "received": self.received}
        loss, jitter = self.loss_percent(), self.jitter_us()
        if loss is not None:
            found["loss_percent"] = round(loss, 1)
        if self.rtts:
            found["rtt_us"] = {"min": round(min(self.rtts), 1), "mean": round(sum(self.rtts) / len(self.rtts), 1),
                               "max": round(max(self.rtts), 1), "last": round(self.rtts[-1], 1)}
        if jitter is not None:
            found["jitter_us"] = round(jitter, 1)
        return found
