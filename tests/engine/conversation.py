"""A TCP connection told as a script: who says what, with sequence numbers and acknowledgements kept for the teller."""

from __future__ import annotations

from wire import A4, ACK, B4, FIN, MS, PSH, START, SYN, eth, ip4, syn_options, tcp

CLIENT, SERVER = 0, 1


class Talk:
    """Frames of one connection, each `step` ns after the one before unless a time is given."""

    def __init__(
        self,
        sport: int = 40000,
        dport: int = 80,
        *,
        start: int = START,
        step: int = MS,
        isn: tuple[int, int] = (1000, 5000),
        src: str = A4,
        dst: str = B4,
    ) -> None:
        self.ports, self.ends = (sport, dport), (src, dst)
        self.now, self.step = start, step
        self.seq = list(isn)
        self.frames: list[tuple[int, bytes]] = []

    def segment(
        self,
        side: int,
        flags: int = ACK,
        data: bytes = b"",
        *,
        seq: int | None = None,
        ack: int | None = None,
        after: int | None = None,
        window: int = 8192,
        options: bytes = b"",
    ) -> Talk:
        """One segment as it stands; moves the clock, not the sequence numbers."""
        self.now += self.step if after is None else after
        body = tcp(
            self.ports[side],
            self.ports[1 - side],
            flags,
            self.seq[side] if seq is None else seq,
            self.seq[1 - side] if ack is None else ack,
            data,
            window=window,
            options=options,
        )
        self.frames.append((self.now, eth(ip4(6, body, self.ends[side], self.ends[1 - side]))))
        return self

    def say(self, side: int, data: bytes, **words) -> Talk:
        """New data, next in order."""
        self.segment(side, PSH | ACK, data, **words)
        self.seq[side] += len(data)
        return self

    def skip(self, side: int, n: int) -> Talk:
        """n bytes were sent that the capture does not have."""
        self.seq[side] += n
        return self

    def ack(self, side: int, **words) -> Talk:
        return self.segment(side, ACK, **words)

    def open(self) -> Talk:
        self.segment(CLIENT, SYN, ack=0, options=syn_options(1460, 7))
        self.seq[CLIENT] += 1
        self.segment(SERVER, SYN | ACK, options=syn_options(1400, 9))
        self.seq[SERVER] += 1
        return self.ack(CLIENT)

    def fin(self, side: int) -> Talk:
        self.segment(side, FIN | ACK)
        self.seq[side] += 1
        return self

    def close(self) -> Talk:
        return self.fin(CLIENT).fin(SERVER).ack(CLIENT)
