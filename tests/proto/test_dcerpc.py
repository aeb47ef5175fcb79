"""DCE/RPC: whole conversations, however cut; joined late, after holes; both byte orders; who logs in."""

import struct

import pytest
from spoken import check_holes, check_hostile, check_joined, check_strangers, check_talk, flow, shown, told
from talk_dcerpc import DATAGRAMS, EPM, LOGIN, MAPPER, TALKS, bind, bind_ack, pdu, request, response, tower, towers

from netwatch._fast.out.probe import MORE_BYTES, NOT_MINE, OK


@pytest.mark.parametrize(("turns", "code", "initiator", "obj", "label"), TALKS)
def test_a_conversation(turns, code, initiator, obj, label):
    check_talk("dcerpc", turns, code, initiator, obj, label)


def test_detection():
    whole = request(7, 1)
    assert flow("dcerpc", 4321).detect(whole) == 96
    assert flow("dcerpc", 4321).detect(whole[:16]) == 96
    assert flow("dcerpc", 4321).detect(whole[:15]) == MORE_BYTES
    assert flow("dcerpc", 4321).detect(whole + whole) == 96
    assert flow("dcerpc", 4321).detect(whole + b"GET / HTTP/1.1") == 0
    for at, value in ((0, 4), (1, 2), (2, 1), (2, 10), (2, 20), (4, 0x12), (5, 4), (6, 1), (7, 1), (8, 20), (10, 90)):
        assert flow("dcerpc").detect(whole[:at] + bytes([value]) + whole[at + 1 :]) == 0, at


def test_joined_anywhere():
    for turns, *_ in TALKS:
        check_joined("dcerpc", turns, 1.0, 4321)


def test_after_holes():
    check_holes("dcerpc", LOGIN)
    probe = flow("dcerpc")
    probe.feed(0, bind(1, EPM)[:30])
    probe.lost(0, 500)
    probe.feed(0, b"\5\0\0the rest of it" + request(9, 3))
    assert shown("dcerpc", probe.facts)["operations"] == ["opnum 3"], "whose operation it is was lost"


def test_a_lost_request_shifts_no_answer():
    probe = flow("dcerpc")
    probe.feed(0, bind(1, EPM))
    probe.lost(0, len(request(2, 3)))
    probe.feed(0, request(3, 2))
    probe.ts += 4_000_000
    probe.feed(1, response(2, MAPPER[3][1][24:]))
    assert "latency_us" not in shown("dcerpc", probe.facts)
    assert "endpoints" not in shown("dcerpc", probe.facts)
    probe.feed(1, response(3))
    assert shown("dcerpc", probe.facts)["latency_us"] == 4000


def test_big_endian():
    body = struct.pack(">IHH", 4, 0, 3) + b"stub"
    head = struct.pack(">BBBB4sHHI", 5, 0, 0, 3, b"\0\0\0\0", 16 + len(body), 0, 5)
    syntax = EPM.bytes + struct.pack(">HH", 0, 3)
    context = struct.pack(">HHIBBHHBB", 4280, 4280, 0, 1, 0, 0, 0, 1, 0) + syntax + bytes(20)
    hello = struct.pack(">BBBB4sHHI", 5, 0, 11, 3, b"\0\0\0\0", 16 + len(context), 0, 4) + context
    probe = flow("dcerpc")
    probe.feed(0, hello + head + body)
    assert shown("dcerpc", probe.facts) == {"interfaces": ["epm"], "operations": ["epm ept_map"], "calls": 1}


def test_an_answer_heard_first_shows_who_is_the_server():
    probe = flow("dcerpc", client=0)
    probe.feed(0, response(4))
    assert probe.initiator == 1


def test_a_broken_fragment_is_counted_and_the_next_one_found():
    probe = flow("dcerpc")
    probe.feed(0, bind(1, EPM))
    assert probe.feed(0, b"\5\0\xff" + bytes(20) + request(2, 3)) == OK
    assert (probe.malformed, shown("dcerpc", probe.facts)["calls"]) == (1, 1)
    probe = flow("dcerpc")
    assert probe.feed(0, b"\5\1\0") == 1
    assert probe.feed(0, b"\5\1\xff" + bytes(30)) == NOT_MINE


def test_kerberos_without_the_mechanisms_frame():
    """As DCE/RPC's clients send it (MS-KILE section 3.4.5.1): the AP-REQ alone stands in SPNEGO."""
    realm, names = b"\x1b\x0cCORP.EXAMPLE", b"\x1b\4host\x1b\3dc1"
    sname = b"\xa0\3\2\1\1\xa1" + bytes([2 + len(names), 0x30, len(names)]) + names
    inner = b"\xa0\3\2\1\5\xa1" + bytes([len(realm)]) + realm
    inner += b"\xa2" + bytes([2 + len(sname), 0x30, len(sname)]) + sname
    ticket = b"\x61" + bytes([2 + len(inner), 0x30, len(inner)]) + inner
    body = b"\xa0\3\2\1\5\xa1\3\2\1\x0e\xa2\7\3\5\0\0\0\0\0\xa3" + bytes([len(ticket)]) + ticket
    body += b"\xa4\x81\xc8" + b"e" * 200
    sizes = struct.pack(">HHH", len(body) + 4, 0x3082, len(body))
    token = b"\x60\x82\1\0\x6e\x82" + sizes + body
    probe = flow("dcerpc")
    probe.feed(0, pdu(11, 1, bind(1, EPM)[16:], token, auth=9))
    obj = shown("dcerpc", probe.facts)
    assert (obj["auth"], obj["realm"], obj["spn"]) == ("Kerberos", "CORP.EXAMPLE", "host/dc1")


@pytest.mark.parametrize("spoil", [lambda m: m[:32] + b"\xff" + m[33:], lambda m: m[:20] + b"\x07" + m[21:],
                                   lambda m: m[:44] + b"\xff\xff" + m[46:], lambda m: m[:50]])
def test_towers_that_do_not_add_up(spoil):
    probe = flow("dcerpc")
    for side, data in [*MAPPER[:3], (1, response(2, spoil(towers(tower(EPM, (7, b"\0\x87"), (9, bytes(4)))))))]:
        probe.feed(side, data)
    assert "endpoints" not in shown("dcerpc", probe.facts)


def test_an_endpoint_without_an_address():
    probe = flow("dcerpc")
    for side, data in [*MAPPER[:3], (1, response(2, towers(tower(EPM, (7, b"\0\x87"), (9, bytes(4))))))]:
        probe.feed(side, data)
    assert shown("dcerpc", probe.facts)["endpoints"] == ["epm :135/tcp"]


def test_datagrams():
    probe = told("dcerpc", DATAGRAMS[0])
    assert shown("dcerpc", probe.facts) == {
        "interfaces": ["drsuapi"], "operations": ["drsuapi DRSGetNCChanges", "drsuapi DRSUpdateRefs"], "calls": 2,
        "faults": ["nca_unk_if"], "latency_us": 1500,
    }
    ask = DATAGRAMS[0][0][1]
    assert flow("dcerpc", datagram=True).detect(ask) == 95
    assert flow("dcerpc", datagram=True).detect(ask + b"x") == 0
    assert told("dcerpc", [(0, ask[:-1])]).code == NOT_MINE
    assert told("dcerpc", [(0, ask), (0, ask[:-1])]).malformed == 1


def test_a_bind_ack_without_an_address():
    probe = flow("dcerpc")
    for side, data in ((0, bind(1, EPM, kind=14)), (1, bind_ack(1, b"", (0, 0), kind=15))):
        probe.feed(side, data)
    assert shown("dcerpc", probe.facts) == {"interfaces": ["epm"]}


def test_strangers():
    check_strangers("dcerpc")


def test_hostile():
    check_hostile("dcerpc")
