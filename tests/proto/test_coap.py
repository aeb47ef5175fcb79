"""CoAP: fields of both directions, latency, strictness by port."""

import pytest
from datagrams import check_datagrams, flow, said
from messages import COAP_GET, COAP_SAY
from messages import coap as message

from netwatch._fast.proto import coap


def test_both_directions():
    probe = said("coap")
    obj = coap.describe(probe.facts)
    assert obj == {
        "methods": ["GET"],
        "host": "coap.me",
        "paths": ["sensors/temperature?a=1"],
        "codes": ["2.05"],
        "format": "application/json",
        "latency_us": 1500,
    }
    assert coap.label(obj) == "CoAP GET coap.me sensors/temperature?a=1"
    assert probe.initiator == 0


def test_strictness_by_port():
    assert flow("coap", 5683).detect(COAP_GET) == 90
    assert flow("coap", 4321).detect(COAP_GET) == 60
    assert flow("coap", 4321).detect(COAP_SAY) == 0
    assert flow("coap", 5683).detect(b"\x40\0\0\1") == 70
    assert flow("coap", 4321).detect(b"\x40\0\0\1") == 0


@pytest.mark.parametrize(
    "data",
    [
        message(0, 1, 1, b"", b"\xa1x"),
        message(0, 1, 1, b"", b"\xb5abc"),
        message(0, 1, 1, b"", b"\xf1x"),
        message(0, 0x1F, 1, b""),
        message(0, 1, 1, b"") + b"\xff",
        b"\x49" + bytes(12),
        b"\x80" + bytes(12),
    ],
)
def test_what_does_not_fit(data):
    assert flow("coap").detect(data) == 0


def test_a_long_path_is_cut_at_a_segment():
    data = message(0, 1, 1, b"", b"\xbd\xf0" + b"a" * 253 + b"\x0ctoo much....")
    assert coap.describe(said("coap", [(0, data)]).facts)["paths"] == ["a" * 253]


def test_hostile():
    check_datagrams("coap", coap)
