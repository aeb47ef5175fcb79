"""Modbus/TCP: a session, however cut; how strict detection is; a second message that does not fit; ranges."""

import pytest
from cuts import same_however_cut
from infrastructure_checks import check_hostile, check_strangers, flow, read, shown
from infrastructure_talks import MODBUS_TALK, modbus, text8
from messages import be16

from netwatch._fast.out.probe import MALFORMED, MORE_BYTES, NOT_MINE, OK, Probe

READ = modbus(1, 1, 3, be16(0) + be16(10))
ANSWER = modbus(1, 1, 3, text8(bytes(20)))


def test_a_session():
    obj = read("modbus", MODBUS_TALK)
    obj.pop("latency_us")
    assert obj == {
        "units": [1, 2],
        "functions": [
            "read holding registers",
            "write coil",
            "write registers",
            "read/write registers",
            "encapsulated interface",
        ],
        "reads": ["holding 0..9", "holding 5"],
        "writes": ["coil 7", "holding 100..101", "holding 6"],
        "exceptions": ["write registers: illegal data address"],
        "vendor": "ACME",
        "product": "PLC-9",
        "revision": "V2.1",
    }


def test_latency():
    probe = flow("modbus")
    for side, data in MODBUS_TALK[:2]:
        probe.feed(side, data)
        probe.ts += 2_500_000
    assert shown("modbus", probe.facts)["latency_us"] == 2500


@pytest.mark.parametrize(
    ("data", "sure", "home"),
    [
        (READ, 80, 92),
        (ANSWER, 80, 92),
        (READ + modbus(2, 1, 4, be16(9) + be16(1)), 80, 92),
        (READ + READ[:5], 80, 92),
        (READ[:9], MORE_BYTES, MORE_BYTES),
        (READ + ANSWER, 0, 0),
        (READ + b"x", 80, 92),
        (READ + b"xxxx", 0, 0),
        (modbus(1, 1, 3, be16(0) + be16(126)), 0, 0),
        (modbus(1, 1, 1, be16(0) + be16(2000)), 80, 92),
        (modbus(1, 1, 1, be16(0) + be16(2001)), 0, 0),
        (modbus(1, 1, 3, be16(0) + be16(0)), 0, 0),
        (modbus(1, 1, 3, text8(bytes(5))), 0, 0),
        (modbus(1, 1, 5, be16(0) + b"\1\0"), 0, 0),
        (modbus(1, 1, 6, be16(0) + be16(77)), 80, 92),
        (modbus(1, 1, 16, be16(0) + be16(2) + text8(bytes(4))), 80, 92),
        (modbus(1, 1, 16, be16(0) + be16(3) + text8(bytes(4))), 0, 0),
        (modbus(1, 1, 15, be16(0) + be16(9) + text8(bytes(2))), 80, 92),
        (modbus(1, 1, 15, be16(0) + be16(9)), 80, 92),
        (modbus(1, 1, 16, be16(0) + be16(124)), 0, 0),
        (modbus(1, 1, 7, b""), 0, 92),
        (modbus(1, 1, 7, b"\0"), 0, 92),
        (modbus(1, 1, 8, be16(0) + be16(1)), 0, 92),
        (modbus(1, 1, 11, bytes(4)), 0, 92),
        (modbus(1, 1, 17, text8(b"abc")), 0, 92),
        (modbus(1, 1, 20, text8(bytes(7))), 0, 92),
        (modbus(1, 1, 22, bytes(6)), 0, 92),
        (modbus(1, 1, 24, be16(4)), 0, 92),
        (modbus(1, 1, 24, be16(4) + bytes(4)), 0, 92),
        (modbus(1, 1, 90, b"\0\2"), 0, 92),
        (modbus(1, 1, 0x83, b"\2"), 0, 92),
        (modbus(1, 1, 0x83, b"\x63"), 0, 0),
        (modbus(1, 1, 0x80, b"\1"), 0, 0),
        (modbus(1, 1, 99, b"\1"), 0, 0),
        (modbus(1, 1, 43, b"\x0e\5\0"), 0, 0),
        (b"\0\1\0\1" + READ[4:], 0, 0),
        (b"\0\1\0\0\0\1\1\3", 0, 0),
        (b"\0\1\0\0\0\xff\1\3", 0, 0),
    ],
)
def test_detection(data, sure, home):
    assert (flow("modbus", 4321).detect(data), flow("modbus").detect(data)) == (sure, home)


def test_the_first_message_waits_for_a_second():
    probe = flow("modbus", 4321)
    probe.feed(0, READ)
    assert (probe.facts, probe.initiator) == ([], 0)
    probe.feed(1, ANSWER)
    assert shown("modbus", probe.facts)["reads"] == ["holding 0..9"]
    assert read("modbus", [(0, READ)])["reads"] == ["holding 0..9"], "the end of the flow will do as well"


def test_an_answer_that_does_not_fit_gives_the_flow_back():
    probe = flow("modbus", 4321)
    probe.feed(0, READ)
    assert probe.feed(1, b"HTTP/1.1 200 OK\r\n") == NOT_MINE
    assert probe.facts == []


def test_an_answer_heard_first_shows_who_is_the_server():
    probe = flow("modbus", client=0)
    probe.feed(0, ANSWER + modbus(2, 1, 4, text8(bytes(2))))
    assert probe.initiator == 1


def test_once_sure_a_broken_message_is_malformed():
    probe = flow("modbus")
    probe.feed(0, READ + READ)
    assert probe.feed(1, b"rubbish, no header") == OK, "a side joined in the middle is left alone"
    assert probe.feed(0, b"rubbish, no header") == MALFORMED


def test_an_unknown_function_is_numbered_and_a_bare_exception_left_out():
    obj = read("modbus", [(0, READ), (0, modbus(2, 1, 100, b"x")), (1, modbus(1, 1, 0x83, b""))])
    assert obj["functions"] == ["read holding registers", "function 100"]
    assert "exceptions" not in obj


def test_facts_are_bounded_whatever_is_polled():
    turns = [(0, modbus(n, n & 255, 1 + n % 4, be16(n) + be16(1))) for n in range(600)]
    facts = same_however_cut(lambda: Probe("modbus", dport=502), turns[:60])["facts"]
    probe = flow("modbus")
    for turn in turns:
        probe.feed(*turn)
    assert len(shown("modbus", probe.facts)["units"]) == 12
    assert len(shown("modbus", facts)["reads"]) == 12


def test_strangers():
    check_strangers("modbus")


def test_hostile():
    check_hostile("modbus")
