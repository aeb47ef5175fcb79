"""Flows put together by a key: told apart by the whole key whatever the hash says, by any field, in slices."""
import random

import pytest
from flowsample import APPS, LATENCY, NAMES, SNI, STATUS, Flows

from netwatch._fast.view.aggregate import LIMIT, MANY
from netwatch._fast.view.groupby import GroupBy
from netwatch._fast.view.grouplist import GroupList
from netwatch._fast.view.querytest import KeyTable, SampleFlows
from netwatch._fast.view.selection import Selection

# as interface identifiers: operands that made products of well-known mixing functions zero
IDENTIFIERS = [n.to_bytes(8, order) for n in (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xE7037ED1A0B428DB, 0, 2**64 - 1)
               for order in ("little", "big")]


def summed(flows, *parts, **more):
    """What the groups' keys say, with their sums, largest first."""
    selected = flows.select()
    groups = GroupList(selected, [GroupBy(flows.view, *part) for part in parts], **more)
    steps = groups.largest(LIMIT)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return {tuple(value for _, value in key): sums for key, sums in done.value}


@pytest.mark.parametrize("hash", [0, 1, 2**32, 2**64 - 1])
def test_keys_of_one_hash_are_different_keys(hash):
    table = KeyTable(3, 5000)
    keys = [(k, k % 7, 1) for k in range(3000)]
    assert [table.add(key, hash) for key in keys] == list(range(1, 3001))
    assert [table.add(key, hash) for key in reversed(keys)] == list(range(3000, 0, -1))
    assert table.find((1, 1, 2), hash) == 0
    assert [table.find(key, hash) for key in keys[::97]] == list(range(1, 3001, 97))


def test_keys_are_kept_while_the_table_grows_and_it_has_an_end():
    rnd = random.Random(3)
    table = KeyTable(2, 20_000)
    keys = [(rnd.getrandbits(64), rnd.getrandbits(64)) for _ in range(20_000)]
    hashes = [rnd.getrandbits(40) << 24 for _ in keys]
    assert [table.add(*pair) for pair in zip(keys, hashes, strict=True)] == list(range(1, 20_001))
    assert table.add((1, 2), 3) == 0
    assert [table.find(*pair) for pair in zip(keys, hashes, strict=True)] == list(range(1, 20_001))


@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_hosts_that_share_an_interface_identifier_are_different_hosts(identifier):
    hosts = [bytes.fromhex(f"20010db80000000{n}") + identifier for n in range(1, 6)]
    flows = Flows([{"proto": 17, "src": host, "dst": host[:15] + b"\1", "bytes": (10 * n, 0), "sport": 1, "dport": 2}
                   for n, host in enumerate(hosts, 1)])
    found = summed(flows, ((), "each"), health=True)
    assert len(found) == len({*hosts, *(host[:15] + b"\1" for host in hosts)})
    assert sorted(sums["bytes_out"] for sums in summed(flows, ((), "src")).values()) == [10, 20, 30, 40, 50]
    remotes = summed(flows, (("proto",),), remotes=True)
    assert [sums["remotes"] for sums in remotes.values()] == [5]


def test_any_field_puts_flows_together():
    rnd = random.Random(5)
    given = []
    for k in range(500):
        facts = {SNI: rnd.choice([b"a.example", b"A.example", b"b"])} if k % 3 else {NAMES: [b"x%d" % (k % 5), b"y"]}
        given.append({"proto": 6 if k % 2 else 17, "app": rnd.choice([0, *APPS]), "sport": 40000 + k % 4, "dport": 443,
                      "src": b"\x0a\0\0" + bytes([k % 9]), "dst": b"\x0a\0\1\1", "bytes": (k, 1),
                      "facts": facts | {STATUS: rnd.choice([b"200", b"404"]), LATENCY: 1000 * (k % 3)},
                      "process": rnd.choice(["", "firefox"]), "host": rnd.choice(["", "h.example"])})
    flows = Flows(given)

    def said(record, field):
        for name in field.split("."):
            record = record.get(name, {})
        return (record[0] if isinstance(record, list) else record) or None

    for field in ("src", "sport", "proto", "app", "tls.sni", "dns.names", "http.status", "process.name", "name.host"):
        expected = {}
        for record in flows.records.values():
            expected[said(record, field)] = expected.get(said(record, field), 0) + record["bytes_out"]
        found = {key: sums["bytes_out"] for (key,), sums in summed(flows, ((field,),)).items()}
        assert found == expected, field
    pairs = summed(flows, (("process.name",),), (("sport",),))
    assert len(pairs) == 8
    assert sum(sums["flows"] for sums in pairs.values()) == 500
    first = summed(flows, (("tls.sni", "dns.names"),))                   # the first that says anything
    assert {key for key, in first} == {"a.example", "A.example", "b", *(f"x{k}" for k in range(5))}


def test_a_group_is_found_by_what_is_shown_of_it():
    flows = Flows([{"proto": 17, "sport": k % 5, "dport": 9, "src": b"\x0a\0\0" + bytes([k % 4]), "dst": b"\x0a\0\1\1",
                    "facts": {SNI: b"n%d" % (k % 3)}, "process": "p"} for k in range(60)])
    for part in (("src",),), (("tls.sni",),), (("http.status",),), (("sport",),), (("process.name",),):
        groups = GroupList(flows.select(), [GroupBy(flows.view, *part)])
        for _ in groups.steps():
            pass
        groups.sort("bytes", True)
        shown = [groups.key(group) for group in groups.first(99)]
        assert [groups.number(*key) for key in shown] == groups.first(99)
        assert groups.number(("address", "192.0.2.1")) is None
        assert groups.number(("address", "no address")) is None
        assert groups.number(("others", None)) is None
        assert groups.number(("tls.sni", "elsewhere")) is None


def test_a_slice_of_adding_up_is_bounded():
    """Counted, not timed: the rows that are added without a pause."""
    sample = SampleFlows(200_000)
    sample.fill(7)
    found = Selection(sample.view, True, 0)
    found.query()
    groups = GroupList(found, [GroupBy(sample.view, end="each")], remotes=True, health=True)
    work, slices = sample.view.work, 0
    before = work.rows
    for _ in groups.steps():
        assert work.rows - before < 40_000
        before, slices = work.rows, slices + 1
    assert slices > 5
    assert found.matched == 200_000


def test_tables_grow_while_the_engine_goes_on():
    """That looks at all that they hold: some hundred thousand keys take longer than a slice may."""
    sample = SampleFlows(200_000)
    sample.fill(7)
    found = Selection(sample.view, True, 0)
    found.query()
    groups = GroupList(found, [GroupBy(sample.view, end="each")], remotes=True, most=MANY)
    held, rooms, grown = True, groups.rooms, 0
    for still in groups.largest(500):
        if groups.rooms != rooms:
            assert not held
            grown += 1
        held, rooms = still, groups.rooms
    assert grown >= 8 and min(rooms) > 100_000
    assert not held, "what it returns is made without the engine"


def test_flows_that_are_no_more_leave_the_sum_and_the_list():
    sample = SampleFlows(100)
    for k in range(100):
        sample.add({"proto": 17, "src": b"\x0a\0\0\1", "dst": b"\x0a\0\0\2", "key": 16 * k + 16, "bytes": (1, 1)})
    sample.view.newest_is(1600)
    found = Selection(sample.view, True, 0)
    found.query()
    groups = GroupList(found, [GroupBy(sample.view, end="src")])
    steps = groups.steps()
    next(steps)
    sample.replace(50)                                   # between two slices
    for _ in steps:
        pass
    assert (found.matched, groups.groups) == (99, 1)
    groups.sort("bytes", True)
    for _ in groups.unfold(True, (), None, False):
        pass
    sample.replace(60)
    rows = [row for _, row in groups.page(0, 1000)]
    assert rows == [0, *(row for row in range(1, 101) if row not in (50, 60))]
