"""No plan of addresses, chosen or grown, makes the keys of a table fall together more than random ones do."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

import pytest

from netwatch._fast.out.probe import hash_of

KEYS = 8192
SLOTS = 16384  # as full as tables become
TABLES = ("flows", "fragments", "addresses", "text", "shards", "paths")
# constants of well-known mixing functions, of which an operand of a product may become zero
CONSTANTS = (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0, 2**64 - 1)

Key = tuple[bytes, bytes, int, int, int]
VICTIM = bytes.fromhex("20010db8000000000000000000000001")


def ip4(text: int) -> bytes:
    return struct.pack(">I", text) + bytes(12)


def random_keys() -> Iterator[Key]:
    rnd = random.Random(7)
    for _ in range(KEYS):
        yield rnd.randbytes(16), rnd.randbytes(16), rnd.randrange(65536), rnd.randrange(65536), rnd.randrange(256)


def meshes() -> Iterator[Key]:
    """10.0.x.y to 10.1.x.y: a mesh of tunnels whose ends differ in one bit, always the same."""
    for i in range(KEYS):
        yield ip4(0x0A000000 + i), ip4(0x0A010000 + i), 0, 0, 47


def one_network() -> Iterator[Key]:
    for i in range(KEYS):
        yield ip4(0xC0A80000 + i), ip4(0xC0A80001), 40000, 443, 6


def one_pair() -> Iterator[Key]:
    """Only the ports, or what else the key has, differ."""
    for i in range(KEYS):
        yield ip4(0x0A000001), ip4(0x0A000002), i, 443, i


def eui64() -> Iterator[Key]:
    for i in range(KEYS):
        mac = struct.pack(">I", i)
        yield (bytes.fromhex("20010db800000000") + b"\x02\x16\x3e\xff\xfe" + mac[1:]), VICTIM, 5353, 5353, 17


def same_identifier(constant: int, little: bool) -> Iterator[Key]:
    """One interface identifier under many prefixes, and at the victim's end likewise."""
    ident = struct.pack("<Q" if little else ">Q", constant)
    for i in range(KEYS):
        yield struct.pack(">Q", 0x20010DB800000000 + i) + ident, VICTIM[:8] + ident, 40000, 5000, 17


def all_equal() -> Iterator[Key]:
    for i in range(KEYS):
        half = struct.pack("<Q", i)
        yield half * 2, half * 2, i, i, 17


PLANS = {"meshes": meshes, "one network": one_network, "one pair": one_pair, "eui64": eui64, "all equal": all_equal,
         **{f"identifier {constant:x} {'le' if little else 'be'}":
            (lambda constant=constant, little=little: same_identifier(constant, little))
            for constant in CONSTANTS for little in (False, True)}}
# what of a key a table does not look at: plans that differ in nothing else would be one key
BLIND = {("addresses", "one pair"), ("text", "one pair"), ("shards", "one pair")}


def probes(table: str, keys: Iterator[Key]) -> int:
    """Steps of a table of SLOTS places with linear probing until all keys have theirs; equal keys count once."""
    taken = [False] * SLOTS
    steps = 0
    for key in dict.fromkeys(keys):
        at = hash_of(table, *key) % SLOTS
        steps += 1
        while taken[at]:
            at = (at + 1) % SLOTS
            steps += 1
        taken[at] = True
    return steps


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("plan", PLANS)
def test_keys_spread(table: str, plan: str) -> None:
    if (table, plan) in BLIND:
        pytest.skip("the table does not look at what differs")
    assert probes(table, PLANS[plan]()) <= 2 * probes(table, random_keys())


@pytest.mark.parametrize("table", ("shards", "paths"))
def test_both_directions_are_one(table: str) -> None:
    for a, b, sport, dport, number in random_keys():
        assert hash_of(table, a, b, sport, dport, number) == hash_of(table, b, a, dport, sport, number)
