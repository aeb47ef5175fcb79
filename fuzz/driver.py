"""What the protocol fuzzers share: bytes become a conversation, which is told to one parser twice, cut differently.

A conversation is a list of (side, bytes). Input: per turn one byte of side (bit 7) and length class, a length, the
bytes. Needs atheris; runs are bounded by libFuzzer's own flags, e.g. `python fuzz/fuzz_dns.py -max_total_time=180`.
"""

import itertools
import random
import sys
from collections.abc import Callable

import atheris

from netwatch._fast.out.probe import Probe

Turns = list[tuple[int, bytes]]


def turns_of(data: bytes) -> Turns:
    """At most 12 turns; a turn of length class 3 takes all that is left."""
    turns: Turns = []
    at = 0
    while at + 3 <= len(data) and len(turns) < 12:
        head = data[at]
        size = int.from_bytes(data[at + 1 : at + 3], "big") if head & 3 != 3 else len(data)
        turns.append((head >> 7, data[at + 3 : at + 3 + size]))
        at += 3 + size
    return turns


def pack(turns: Turns) -> bytes:
    """The input that turns_of() reads back as these turns."""
    return b"".join(bytes([side << 7]) + len(part).to_bytes(2, "big") + part for side, part in turns)


def outcome(probe: Probe) -> tuple:
    """All that must not depend on how the bytes were cut."""
    probe.close()
    return probe.code, probe.facts, probe.events, probe.malformed, probe.state, probe.initiator


def told(make: Callable[[], Probe], turns: Turns, cut: Callable[[bytes], list[bytes]]) -> tuple:
    """The outcome of the conversation with each turn cut by `cut`; every part is offered to detect as well."""
    probe = make()
    for side, data in turns:
        probe.detect(data, side)
        for part in cut(data):
            probe.feed(side, part)
    return outcome(probe)


def random_cuts(rng: random.Random) -> Callable[[bytes], list[bytes]]:
    """Cut at up to 8 random places."""

    def cut(data: bytes) -> list[bytes]:
        places = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(8)))
        edges = [0, *places, len(data)]
        return [data[a:b] for a, b in itertools.pairwise(edges) if b > a]

    return cut


def as_it_came(part: bytes) -> list[bytes]:
    """Not cut."""
    return [part] if part else []


def streamed(make: Callable[[], Probe], show: Callable[[tuple], None],
             by_segments: bool = False) -> Callable[[bytes], None]:
    """One fuzz target: at once and cut at random give the same; a hole anywhere does no harm; texts can be made.
    `by_segments`: where its messages end is told by segments, and only the same segments give the same."""

    def target(data: bytes) -> None:
        turns = turns_of(data)
        rng = random.Random(len(data))
        whole = told(make, turns, as_it_came)
        again = told(make, turns, as_it_came if by_segments else random_cuts(rng))
        assert whole == again, "the answer depends on the cuts"
        show(whole)
        holed = make()
        for side, part in turns:
            holed.feed(side, part[: len(part) // 2])
            holed.lost(side, rng.randrange(1, 2000), cut=rng.random() < 0.3)
            holed.feed(side, part[len(part) // 2 :])
        show(outcome(holed))

    return target


def mutated(rng: random.Random, seeds: list[bytes], data: bytes) -> bytes:
    """A seed, or now and then the input, with a few bytes changed, cut out, doubled or taken from another seed."""
    out = bytearray(data if data and rng.random() < 0.2 else rng.choice(seeds))
    for _ in range(rng.randrange(1, 6)):
        at, to = sorted(rng.randrange(len(out) + 1) for _ in range(2))
        kind = rng.randrange(5)
        if kind == 0 and at < len(out):
            out[at] = rng.randrange(256)
        elif kind == 1 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            del out[at:to]
        elif kind == 3:
            out[at:at] = out[at:to]
        else:
            other = rng.choice(seeds)
            start = rng.randrange(len(other))
            out[at:at] = other[start : start + rng.randrange(60)]
    return bytes(out)


def run(target: Callable[[bytes], None], seeds: list[bytes]) -> None:
    """Hand over to atheris. The parsers are C and tell it no coverage, so the mutations begin at the seeds."""

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        return mutated(random.Random(seed), seeds, data)[:max_size]

    atheris.Setup(sys.argv, target, custom_mutator=mutate)
    atheris.Fuzz()
