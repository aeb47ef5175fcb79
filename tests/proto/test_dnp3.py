"""DNP3 over TCP, however cut, and over UDP; checksums; a header in the middle of a flow and after a hole."""

import pytest
from infrastructure_checks import check_hostile, check_strangers, flow, read, shown
from infrastructure_talks import DNP3_READ, DNP3_SAY, DNP3_TALK, dnp3, dnp3_crc

from netwatch._fast.out.probe import MORE_BYTES, NOT_MINE, OK

KNOWN = {
    "master": 1,
    "outstation": 10,
    "functions": ["read", "response", "cold restart"],
    "objects": ["g60v2", "g60v3", "g30v5", "g60v1"],
    "indications": ["need time", "device restart"],
    "link": ["request link status", "link status", "unconfirmed data"],
}


def over_udp(*datagrams):
    probe = flow("dnp3", datagram=True)
    codes = [probe.feed(side, data) for side, data in datagrams]
    return probe, codes


def test_a_session():
    assert read("dnp3", DNP3_TALK) == KNOWN


def test_the_same_in_datagrams():
    probe, codes = over_udp(*DNP3_TALK)
    assert shown("dnp3", probe.facts) == KNOWN
    assert (set(codes), probe.malformed, probe.initiator) == ({OK}, 0, None)


def test_the_checksum_is_the_standards():
    """IEEE 1815 gives no example; this frame is of zeek's dnp3_udp_read capture."""
    assert dnp3_crc(bytes.fromhex("0564ff4403000200")).hex() == "674c"


def test_detection():
    assert flow("dnp3", 4321).detect(DNP3_READ) == 98
    assert flow("dnp3", 4321).detect(DNP3_READ[:10]) == 98
    assert flow("dnp3", 4321).detect(DNP3_READ[:9]) == MORE_BYTES
    for at in range(10):
        spoilt = DNP3_READ[:at] + bytes([DNP3_READ[at] ^ 4]) + DNP3_READ[at + 1 :]
        assert flow("dnp3").detect(spoilt) == 0
    assert flow("dnp3").detect(b"\x05\x64\4\xc4" + DNP3_READ[4:]) == 0
    assert flow("dnp3", datagram=True).detect(DNP3_READ) == 98
    assert flow("dnp3", datagram=True).detect(DNP3_READ[:-1]) == 0


def test_who_is_the_master():
    probe = flow("dnp3", client=1)
    probe.feed(0, DNP3_READ)
    assert probe.initiator == 0
    probe = flow("dnp3", client=0)
    probe.feed(0, DNP3_SAY)
    assert probe.initiator == 1


def test_after_a_hole_and_when_joined_late_the_next_header_is_found():
    probe = flow("dnp3")
    probe.feed(0, DNP3_READ[:12])
    probe.lost(0, 30)
    probe.feed(0, b"\x05\x64\x05rest" + DNP3_READ)
    assert shown("dnp3", probe.facts)["functions"] == ["read"]
    assert probe.malformed == 0
    probe.feed(0, b"rubbish" + dnp3(0xC4, 10, 1, b"\xc0\xc1\x02\x50\x01\x00"))
    assert shown("dnp3", probe.facts)["functions"] == ["read", "write"]
    assert probe.malformed == 1


def test_a_broken_block_is_counted_and_not_read():
    probe = flow("dnp3")
    assert probe.feed(0, DNP3_READ[:-1] + b"\0") == OK
    assert probe.malformed == 1
    assert "functions" not in shown("dnp3", probe.facts)


def test_broken_datagrams():
    probe, codes = over_udp((0, b"\x05\x64\x05\xc9\x0a\0\1\0\0\0"))
    assert (codes, probe.facts) == ([NOT_MINE], [])
    probe, codes = over_udp((0, DNP3_READ), (0, DNP3_READ + b"tail"))
    assert (codes, probe.malformed) == ([OK, OK], 1)


@pytest.mark.parametrize(
    ("fragment", "objects"),
    [
        (b"\1\x01\2\0\0\7\x0a\2\1\0\0\7\0\x1e\1\x08\2\0\x14\1\6", ["g1v2", "g10v2", "g30v1", "g20v1"]),
        (b"\1\x01\2\x5b\1\7\x0a\2\6", ["g1v2"]),
        (b"\2\x50\1\0\7\7\0\x01\2\6", ["g80v1"]),
        (b"\x15\x3c\2\6\x3c\3\6", ["g60v2", "g60v3"]),
        (b"\1\x3c", None),
    ],
)
def test_objects(fragment, objects):
    assert read("dnp3", [(0, dnp3(0xC4, 10, 1, b"\xc0\xc1" + fragment))]).get("objects") == objects


def test_only_first_parts_of_fragments_are_read():
    assert "functions" not in read("dnp3", [(0, dnp3(0xC4, 10, 1, b"\x81\xc1\1" + b"\x3c\2\6"))])
    assert "functions" not in read("dnp3", [(0, dnp3(0xC4, 10, 1, b"\xc0\xc1\xc8"))]), "no such function"


def test_strangers():
    check_strangers("dnp3")


def test_hostile():
    check_hostile("dnp3")
