"""SSDP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import at_once, told
from talk_ssdp import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import ssdp


def make():
    return Probe("ssdp", datagram=True)


@pytest.mark.parametrize(("turns", "code", "initiator", "obj", "label"), TALKS)
def test_a_conversation(turns, code, initiator, obj, label):
    result = told(make, turns, at_once)
    assert ssdp.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert ssdp.label(obj) == label


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"M-SEARCH * HTTP/1.1\r\n", 98),
        (b"NOTIFY * HTTP/1.1\r\n", 98),
        (b"HTTP/1.1 200 OK\r\nST: x\r\n\r\n", 95),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", 0),
        (b"NOTIFY sip:x SIP/2.0\r\n", 0),
        (b"M-SEARCH", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure
