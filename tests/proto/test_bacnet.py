"""BACnet/IP: devices, objects, names, errors; the form of its layers; pairing by invoke id."""

import pytest
from spoken import check_hostile, check_strangers, describing, flow, shown, told
from talk_bacnet import ANALOG, NAME, TALK, bvlc, confirmed, npdu, object_id, text

from netwatch._fast.out.probe import NOT_MINE, OK


def test_a_conversation():
    probe = told("bacnet", TALK)
    obj = shown("bacnet", probe.facts)
    assert obj == {
        "functions": ["broadcast", "unicast", "register foreign device", "result", "forwarded"],
        "services": ["who-Is", "i-Am", "readProperty", "writeProperty", "readPropertyMultiple"],
        "messages": ["who-is-router-to-network"], "devices": [1234], "vendors": [42], "device_name": "AHU-1",
        "reads": ["device 1234 object-name", "analog-input 7 present-value"],
        "writes": ["analog-input 7 present-value"], "networks": [13],
        "errors": ["object: unknown-object", "reject: unrecognized-service", "abort: segmentation-not-supported"],
        "latency_us": 1500,
    }  # fmt: skip
    assert (probe.code, probe.malformed, probe.initiator) == (OK, 0, 0)
    assert describing("bacnet").label(obj) == "BACnet who-Is AHU-1"


@pytest.mark.parametrize("data", [data for _, data in TALK])
def test_its_own_are_taken_on_any_port(data):
    assert flow("bacnet", 4321, datagram=True).detect(data) == 96
    assert flow("bacnet", 4321, datagram=True).detect(data + b"\0") == 0
    assert flow("bacnet", 4321, datagram=True).detect(data[:-1]) == 0


@pytest.mark.parametrize("data", [
    bvlc(12, b"\1\0\x10\x08"),
    bvlc(10, b"\2\0\x10\x08"),
    bvlc(10, b"\1\x10\x10\x08"),
    bvlc(10, b"\1\0"),
    bvlc(10, b"\1\x20\xff\xff\x09"),
    npdu(b"\x11\x08"),
    npdu(b"\x10\x0f"),
    npdu(b"\x90\1\1"),
    npdu(b"\0\5\1\x30"),
    npdu(b"\x60\1\1\1"),
    bvlc(5, b"\0"),
    bvlc(1, bytes(9)),
    bvlc(4, bytes(6)),
])
def test_what_does_not_fit(data):
    assert flow("bacnet", datagram=True).detect(data) == 0


def test_only_a_device_names_itself():
    other = object_id(5, 9) + b"\x19\x4d"
    assert "device_name" not in shown("bacnet", told("bacnet", [(1, npdu(b"\x30\1\x0c" + other + text(b"x")))]).facts)
    probe = told("bacnet", [(1, npdu(b"\x30\1\x0c" + NAME + b"\x3e\x75\x03\x04ab\x3f"))])
    assert "device_name" not in shown("bacnet", probe.facts), "another character set"


def test_a_segmented_answer_and_a_segment_ack():
    probe = told("bacnet", [(0, confirmed(1, 12, NAME)), (1, npdu(b"\x3c\1\0\4\x0c" + NAME + text(b"AHU-2"))),
                            (0, npdu(b"\x40\1\0\4"))])
    assert (shown("bacnet", probe.facts)["device_name"], probe.malformed) == ("AHU-2", 0)


def test_a_lost_request_shifts_no_answer():
    probe = told("bacnet", [(0, confirmed(6, 12, ANALOG)), (1, npdu(b"\x20\5\x0f"))])
    assert "latency_us" not in shown("bacnet", probe.facts)


@pytest.mark.parametrize("body", [b"", b"\xc4\2\0\0", b"\xc4\2\0\0\1", b"\xc4\0\0\0\1\x22\0\1\x91\0\x21\1",
                                  b"\xc5\xfe\xff\xff"])
def test_what_ends_early(body):
    assert "vendors" not in shown("bacnet", told("bacnet", [(1, npdu(b"\x10\0" + body))]).facts)


def test_broken_datagrams():
    assert told("bacnet", [(0, TALK[0][1][:-1])]).code == NOT_MINE
    assert told("bacnet", [TALK[0], (0, TALK[0][1][:-1])]).malformed == 1


def test_strangers():
    check_strangers("bacnet")


def test_hostile():
    check_hostile("bacnet")
