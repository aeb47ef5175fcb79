"""Situations: frames as somebody would have captured them, and which detectors must speak of them; none other may."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from running import open_bytes
from wire import ACK, RST, SECOND, START, SYN, Timed, eth, icmp_echo, ip4, pcap, syn_options, tcp, udp

from netwatch._fast.input.pacing import PacedBox
from netwatch.records.maker import RecordMaker
from netwatch.run import addons
from netwatch.run.pipeline import Pipeline
from netwatch.store.settings import Settings

Frames = list[tuple[int, bytes]]


class Situation(NamedTuple):
    """`fires`: kinds of alert that must be made; of every other kind there must be none."""

    name: str
    fires: frozenset[str]
    frames: Callable[[], Iterable[Timed]]


SITUATIONS: list[Situation] = []


def fires(*kinds: str) -> Callable[[Callable[[], Frames]], Callable[[], Frames]]:
    """The frames that follow must make alerts of these kinds; without any, of none: a look-alike."""

    def put(make: Callable[[], Frames]) -> Callable[[], Frames]:
        SITUATIONS.append(Situation(make.__name__, frozenset(kinds), make))
        return make

    return put


class _Cut(Pipeline):
    """Steps of at most `size` frames."""

    def __init__(self, *arguments: Any, size: int, **options: Any) -> None:
        super().__init__(*arguments, **options, box=PacedBox())
        self._size = size

    def read(self) -> int:
        box: Any = self._boxes[0]
        if not box.left:
            count = self._fill(box)
            if count <= 0:
                return count
        return int(box.show((1 << 64) - 1, self._size))


def alerts(frames: Iterable[Timed], *, size: int = 0, workers: int = 1,
           lists: Mapping[str, tuple[str, ...]] | None = None, **changed: Any) -> list[dict[str, Any]]:
    """The alert records of a capture, with these settings (dots as two underscores); `size`: frames a step."""
    changed = {f"detect.{key.replace('__', '.')}": value for key, value in changed.items()}
    settings = Settings(changed, lists=lists or {})
    source = open_bytes(pcap(sorted(frames, key=lambda each: each[0])))
    options: dict[str, Any] = {"addons": [addons.find("detect")()], "settings": settings, "hold": workers > 1,
                               "workers": workers}
    pipeline = _Cut(source, size=size, **options) if size else Pipeline(source, **options)
    maker = RecordMaker(pipeline, {"alert"})
    found = [record for step in pipeline.steps() for record in maker.records(step)]
    found += maker.records(pipeline.finish())
    pipeline.close()
    source.close()
    return found


def at(seconds: float) -> int:
    """Nanoseconds of packet time, so long after the start."""
    return START + round(seconds * SECOND)


def syn(when: float, src: str, dst: str, sport: int, dport: int, answer: str = "") -> Frames:
    """A SYN, and what comes of it: "" nothing, "rst", "half" (SYN/ACK, then a RST of the scanner), "open", "done" (the
    connection opens and is closed by a RST)."""
    out = [(at(when), eth(ip4(6, tcp(sport, dport, SYN, 100, 0, options=syn_options()), src, dst)))]
    if answer == "rst":
        out.append((at(when + 0.001), eth(ip4(6, tcp(dport, sport, RST | ACK, 0, 101), dst, src))))
    elif answer:
        out.append((at(when + 0.001), eth(ip4(6, tcp(dport, sport, SYN | ACK, 900, 101, options=syn_options()), dst,
                                              src))))
        if answer == "half":
            out.append((at(when + 0.002), eth(ip4(6, tcp(sport, dport, RST, 101, 0), src, dst))))
        else:
            out.append((at(when + 0.002), eth(ip4(6, tcp(sport, dport, ACK, 101, 901), src, dst))))
        if answer == "done":
            out.append((at(when + 0.01), eth(ip4(6, tcp(sport, dport, RST | ACK, 101, 901), src, dst))))
    return out


def datagram(when: float, src: str, dst: str, sport: int, dport: int, body: bytes = b"x") -> tuple[int, bytes]:
    return at(when), eth(ip4(17, udp(sport, dport, body), src, dst))


def ping(when: float, src: str, dst: str, ident: int, reply: bool = False) -> Frames:
    out = [(at(when), eth(ip4(1, icmp_echo(8, ident), src, dst)))]
    return [*out, (at(when + 0.001), eth(ip4(1, icmp_echo(0, ident), dst, src)))] if reply else out
