"""Shared by the protocol tests: a conversation told to a parser at once, byte by byte, and cut at random."""

import itertools
import random

from netwatch._fast.out.probe import Probe


def told(make, turns, cut):
    """The outcome of [(side, bytes)], each turn cut by `cut`, the flow then closed."""
    probe = make()
    for side, data in turns:
        for part in cut(data):
            probe.feed(side, part)
    return outcome(probe)


def outcome(probe: Probe) -> dict:
    probe.close()
    return {
        "code": probe.code,
        "facts": probe.facts,
        "events": probe.events,
        "malformed": probe.malformed,
        "state": probe.state,
        "initiator": probe.initiator,
    }


def at_once(data):
    return [data] if data else []


def by_byte(data):
    return [data[i : i + 1] for i in range(len(data))]


def at_random(seed):
    rng = random.Random(seed)

    def cut(data):
        edges = [0, *sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(6))), len(data)]
        return [data[a:b] for a, b in itertools.pairwise(edges) if b > a]

    return cut


def same_however_cut(make, turns) -> dict:
    """The outcome, after checking that no cut changes it and that every truncation is survived the same way."""
    whole = told(make, turns, at_once)
    assert told(make, turns, by_byte) == whole
    for seed in range(20):
        assert told(make, turns, at_random(seed)) == whole
    total = sum(len(data) for _, data in turns)
    for size in range(0, total, max(1, total // 400)):
        short = truncated(turns, size)
        assert told(make, short, at_once) == told(make, short, at_random(size))
    return whole


def check_talk(make, module, talk) -> None:
    """One of TALKS of a talk_NAME.py, however cut, gives what stands there."""
    turns, code, initiator, obj, label = talk
    result = same_however_cut(make, turns)
    assert module.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert module.label(obj) == label


def truncated(turns, size):
    """The first `size` bytes of the conversation."""
    out = []
    for side, data in turns:
        out.append((side, data[:size]))
        size -= len(out[-1][1])
    return out
