"""NetFlow and IPFIX: what each version tells, lengths that must add up, what sequence numbers miss."""

import pytest
from spoken import check_holes, check_hostile, check_joined, check_strangers, check_talk, describing, flow, shown, told
from talk_netflow import FIVE, NINE, NOW, TALKS, TEN, fixed, nine, one_set, template, ten

from netwatch._fast.out.probe import MORE_BYTES, NOT_MINE, OK


@pytest.mark.parametrize(("turns", "code", "initiator", "obj", "label"), TALKS)
def test_ipfix_in_a_stream(turns, code, initiator, obj, label):
    check_talk("ipfix", turns, code, initiator, obj, label)
    check_joined("ipfix", turns, 1.0, 4321)


def test_version_5():
    probe = told("netflow", FIVE)
    assert shown("netflow", probe.facts) == {
        "version": 5, "sources": [0x0102], "messages": 3, "records": 33, "lost": 8, "sampling": 100,
    }  # fmt: skip
    assert probe.initiator == 0
    assert describing("netflow").label(shown("netflow", probe.facts)) == "NetFlow 5, 33 records"


def test_version_9():
    assert shown("netflow", told("netflow", NINE).facts) == {
        "version": 9, "sources": [7, 8], "messages": 3, "records": 7, "lost": 2, "templates": [256, 257],
        "elements": ["sourceIPv4Address", "destinationIPv4Address", "protocolIdentifier", "packetDeltaCount",
                     "samplingInterval", "samplingAlgorithm"],
    }  # fmt: skip


def test_an_exporter_that_starts_anew_lost_nothing():
    probe = told("netflow", [(0, fixed(5, 1, 4_000_000_000)), (0, fixed(5, 1, 1)), (0, fixed(5, 1, 3)),
                             (0, fixed(5, 1, 2))])
    assert shown("netflow", probe.facts)["lost"] == 1
    wrapped = told("netflow", [(0, fixed(5, 2, 0xFFFFFFFE)), (0, fixed(5, 1, 0))])
    assert "lost" not in shown("netflow", wrapped.facts)


@pytest.mark.parametrize(("data", "away", "home"), [
    (fixed(5, 2), 75, 92),
    (fixed(5, 2, when=5), 0, 92),
    (fixed(5, 2) + b"x", 0, 70),
    (fixed(5, 2) + bytes(8), 0, 0),
    (fixed(5, 2)[:-1], 0, 0),
    (fixed(5, 31), 0, 0),
    (fixed(7, 1), 75, 92),
    (fixed(1, 1), 75, 92),
    (fixed(5, 1)[:12] + b"\xff" + fixed(5, 1)[13:], 0, 0),
    (b"\0\6" + fixed(5, 1)[2:], 0, 0),
    (nine(one_set(256, bytes(8))), 95, 95),
    (nine(one_set(256, bytes(8)), when=5), 0, 95),
    (nine(one_set(255, bytes(8))), 0, 0),
    (nine(one_set(256, bytes(8))) + b"\0", 0, 0),
    (nine(one_set(256, bytes(8)), count=0), 0, 0),
    (nine(one_set(256, bytes(8)), count=999), 0, 0),
])
def test_detection(data, away, home):
    sure = [flow("netflow", port, datagram=True).detect(data) for port in (4321, 2055)]
    assert sure == [away, home]


def test_detection_of_ipfix():
    whole = ten(one_set(2, template(256, 8)), one_set(256, bytes(60)))
    for datagram in (False, True):
        assert flow("ipfix", 4321, datagram=datagram).detect(whole) == 95
        assert flow("ipfix", 4321, datagram=datagram).detect(ten(one_set(0, template(256, 8)))) == 0
    assert flow("ipfix", 4321, datagram=True).detect(whole + b"x") == 0
    assert flow("ipfix", 4321).detect(whole + whole) == 95
    assert flow("ipfix", 4321).detect(whole + b"HTTP") == 0
    assert flow("ipfix", 4321).detect(whole[:40]) == MORE_BYTES
    assert flow("ipfix", 4321).detect(whole[:70]) == 0
    assert flow("ipfix", 4739).detect(whole[:70]) == 80
    assert flow("ipfix", 4321).detect(ten(one_set(256, bytes(8)), when=NOW & 0xFF)) == 0


def test_ipfix_after_holes():
    check_holes("ipfix", [*TEN, TEN[0], TEN[1]])


def test_broken_packets():
    assert told("netflow", [(0, fixed(5, 2)[:-9])]).code == NOT_MINE
    probe = told("netflow", [FIVE[0], (0, fixed(5, 2)[:-9])])
    assert (probe.code, probe.malformed) == (OK, 1)
    probe = flow("ipfix")
    probe.feed(0, TEN[0][1])
    assert probe.feed(0, ten(one_set(256, bytes(8)) + b"\1\0\0\1") + TEN[1][1]) == OK
    assert (probe.malformed, shown("ipfix", probe.facts)["messages"]) == (1, 3)


@pytest.mark.parametrize("body", [b"\1\0\0\x09" + bytes(8), b"\1\0\xff\xff", b"\0\x20\0\1" + bytes(4), b"\1\0\0\0"])
def test_templates_that_do_not_add_up(body):
    obj = shown("netflow", told("netflow", [(0, nine(one_set(0, body)))]).facts)
    assert obj["messages"] == 1 and set(obj.get("elements", ())) <= {"element 0"}


def test_strangers():
    check_strangers("netflow", ports=(4739, 9995))
    check_strangers("ipfix", ports=(4739,))


def test_hostile():
    check_hostile("netflow")
    check_hostile("ipfix")
