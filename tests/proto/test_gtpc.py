"""GTP-C: what both versions tell, lengths and elements that must fit, piggybacked messages, pairing."""

import pytest
from spoken import check_hostile, check_strangers, describing, flow, shown, told
from talk_gtpc import APN, CREATE, CREATED, PDP, VERSION_1, VERSION_2, ie, one, two

from netwatch._fast.out.probe import NOT_MINE, OK
from netwatch._fast.proto.gtpc import text


def test_version_2():
    probe = told("gtpc", VERSION_2)
    obj = shown("gtpc", probe.facts)
    assert obj == {
        "version": 2,
        "messages": ["Echo Request", "Echo Response", "Create Session Request", "Create Session Response",
                     "Create Bearer Request", "Create Bearer Response", "Modify Bearer Request",
                     "Modify Bearer Response"],
        "imsi": ["262011234567890"], "msisdn": ["491701234567"], "imei": ["3534900698733153"],
        "apn": ["internet.mnc001"], "addresses": ["2001:db8::", "10.0.0.9"], "networks": ["262-01"],
        "access": ["EUTRAN"], "peers": ["192.0.2.8", "192.0.2.9", "::1"],
        "causes": ["no resources available", "context Not Found"], "latency_us": 1500,
    }  # fmt: skip
    assert (probe.code, probe.malformed, probe.initiator) == (OK, 0, 0)
    assert describing("gtpc").label(obj) == "GTPv2-C Echo Request internet.mnc001"


def test_version_1():
    assert shown("gtpc", told("gtpc", VERSION_1).facts) == {
        "version": 1,
        "messages": ["Create PDP Context Request", "Create PDP Context Response", "Delete PDP Context Request",
                     "Delete PDP Context Response"],
        "imsi": ["262011234567890"], "msisdn": ["491701234567"], "imei": ["3534900698733153"],
        "apn": ["internet.mnc001"], "addresses": ["10.0.0.5"], "networks": ["262-01"], "access": ["UTRAN"],
        "peers": ["192.0.2.3", "192.0.2.4"], "causes": ["context not found"], "latency_us": 1500,
    }  # fmt: skip


@pytest.mark.parametrize(("data", "away", "home"), [
    (CREATE, 80, 97),
    (two(1, 1, ie(3, b"\7"), teid=None), 0, 97),
    (CREATE + CREATED, 0, 0),
    (bytes([CREATE[0] | 0x10]) + CREATE[1:] + CREATED, 80, 97),
    (CREATE[:-1], 0, 0),
    (CREATE[:1] + b"\x08" + CREATE[2:], 0, 0),
    (CREATE[:11] + b"\1" + CREATE[12:], 0, 0),
    (b"\x49" + CREATE[1:], 0, 0),
    (b"\x68" + CREATE[1:], 0, 0),
    (two(34, 7, b"\x49\0\x09\0\5"), 0, 0),
    (PDP, 0, 92),
    (PDP + b"\0", 0, 0),
    (b"\x3a" + PDP[1:], 0, 0),
    (one(255, 1), 0, 0),
    (one(1, 1, b"\x0e\1"), 0, 92),
    (one(18, 1, b"\x63\1"), 0, 60),
    (one(18, 1, flags=0), 0, 0),
])
def test_detection(data, away, home):
    assert [flow("gtpc", port, datagram=True).detect(data) for port in (4321, 2123)] == [away, home]


def test_broken_messages():
    assert told("gtpc", [(0, CREATE[:-1])]).code == NOT_MINE
    probe = told("gtpc", [(0, CREATE), (0, CREATE[:-1])])
    assert (probe.code, probe.malformed) == (OK, 1)


def test_a_lost_request_shifts_no_answer():
    probe = told("gtpc", [(0, two(34, 8, ie(73, b"\5"))), (1, two(35, 7, ie(2, b"\x10\0")))])
    assert "latency_us" not in shown("gtpc", probe.facts)


def test_texts_of_numbers():
    assert text.apn(APN) == "internet.mnc001"
    assert text.apn(b"internet") == "internet"
    assert text.network(b"\x13\x00\x62") == "310-260"
    assert text.network(b"\xff\xff\xff") == text.digits(b"\xff\xfa") == ""


def test_strangers():
    check_strangers("gtpc")


def test_hostile():
    check_hostile("gtpc")
