"""SSDP: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import at_once, told

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import ssdp

TALKS = [
    [
        (
            0,
            (
                b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nST: '
                b"ssdp:all\r\nUSER-AGENT: cp/1\r\n\r\n"
            ),
        ),
        (
            1,
            (
                b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1::upnp:rootdevice\r\nLOCATIO"
                b"N: http://192.0.2.1/d.xml\r\nSERVER: Linux UPnP/1.0 x/1\r\n\r\n"
            ),
        ),
        (0, b"NOTIFY * HTTP/1.1\r\nNT: urn:x\r\nNTS: ssdp:alive\r\n\r\n"),
    ],
]
# code of the seam, who is the client, the object, the label
WANT = [
    (
        0,
        0,
        {
            "method": "M-SEARCH",
            "st": ["ssdp:all", "upnp:rootdevice"],
            "nt": ["urn:x"],
            "nts": ["ssdp:alive"],
            "usn": ["uuid:1::upnp:rootdevice"],
            "location": ["http://192.0.2.1/d.xml"],
            "server": "Linux UPnP/1.0 x/1",
            "user_agent": "cp/1",
            "host": "239.255.255.250:1900",
            "status": 200,
        },
        "SSDP M-SEARCH ssdp:all Linux UPnP/1.0 x/1",
    )
]


def make():
    return Probe("ssdp", datagram=True)


@pytest.mark.parametrize(("turns", "want"), list(zip(TALKS, WANT, strict=True)))
def test_a_conversation(turns, want):
    result = told(make, turns, at_once)
    code, initiator, obj, label = want
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
