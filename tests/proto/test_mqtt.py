"""MQTT: whole sessions of 3.1.1 and 5.0, however cut; what names a flow; what is masked."""

import pytest
from cuts import at_once, told
from infrastructure_checks import check_hostile, check_strangers, flow, read, shown
from infrastructure_talks import MQTT_FIVE_TALK, MQTT_OLD, MQTT_OLD_TALK, connect, packet, text16
from messages import be16

from netwatch._fast.out.probe import DONE, MALFORMED, MORE_BYTES, OK

PUBLISH = packet(0x30, text16(b"plant/a") + b"x")


def test_a_session_of_3_1_1():
    assert read("mqtt", MQTT_OLD_TALK) == {
        "version": "3.1.1",
        "client_id": "sensor-7",
        "will_topic": "dead/7",
        "user": "alice",
        "password": "***",
        "keep_alive": 60,
        "code": "accepted",
        "published": ["plant/temperature"],
        "received": ["alerts/fire"],
        "subscribed": ["plant/#", "alerts/+"],
        "unsubscribed": ["alerts/+"],
    }


def test_a_session_of_5():
    assert read("mqtt", MQTT_FIVE_TALK) == {
        "version": "5",
        "assigned_client_id": "broker-3",
        "will_topic": "dead/9",
        "user": "bob",
        "password": "***",
        "auth": "SCRAM-SHA-1",
        "keep_alive": 60,
        "code": "accepted",
        "received": ["plant/a"],
        "subscribed": ["plant/#"],
        "reason": "session taken over",
    }


def test_the_password_is_shown_only_when_asked_for():
    facts = told(lambda: flow("mqtt"), MQTT_OLD_TALK, at_once)["facts"]
    assert "s3cret" not in str(shown("mqtt", facts))
    assert shown("mqtt", facts, True)["password"] == "s3cret"


def test_a_disconnect_ends_the_reading():
    probe = flow("mqtt")
    codes = [probe.feed(side, data) for side, data in MQTT_OLD_TALK]
    assert codes[-2:] == [OK, DONE]


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (MQTT_OLD, 98),
        (connect(3, 0x02, text16(b"client-31")), 98),
        (connect(0x84, 0x02, text16(b"bridge")), 98),
        (connect(6, 0x02, text16(b"client")), 0),
        (connect(4, 0x03, text16(b"client")), 0),
        (b"\x10\x1a\0\4MQTX\4\2", 0),
        (b"\x11" + MQTT_OLD[1:], 0),
        (b"\x10\xff\xff\xff\xff\xff", 0),
        (b"\x10", MORE_BYTES),
        (MQTT_OLD[:8], MORE_BYTES),
    ],
)
def test_a_connect_names_the_flow_on_any_port(data, sure):
    assert flow("mqtt", 4321).detect(data) == sure


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (PUBLISH, 70),
        (b"\xc0\0", 60),
        (b"\x20\2\0\5", 70),
        (b"\x20\2\0\x09", 0),
        (PUBLISH + b"x", 0),
        (b"\xc0\0\0", 0),
        (packet(0x30, text16(b"plant/#") + b"x"), 0),
        (packet(0x30, text16(b"a\0b") + b"x"), 0),
        (packet(0x30, be16(0) + b"x"), 0),
    ],
)
def test_joined_late_only_its_port_and_a_whole_packet_name_it(data, sure):
    assert flow("mqtt").detect(data) == sure
    assert flow("mqtt", 4321).detect(data) == 0


def test_joined_late_the_form_of_a_subscribe_tells_its_version():
    for properties in (b"", b"\0"):
        probe = flow("mqtt")
        probe.feed(0, PUBLISH + packet(0x82, be16(1) + properties + text16(b"plant/#") + b"\1"))
        assert shown("mqtt", probe.facts)["subscribed"] == ["plant/#"]


def test_a_large_payload_is_skipped_and_a_long_topic_cut():
    probe = flow("mqtt")
    probe.feed(0, packet(0x30, text16(b"t" * 300) + b"v" * 200_000)[:5000])
    assert probe.left_over == (b"", b"")
    assert shown("mqtt", probe.facts)["published"] == ["t" * 256]


def test_what_is_no_packet():
    probe = flow("mqtt")
    probe.feed(0, MQTT_OLD)
    assert probe.feed(1, b"\x0f\xff\xff") == OK, "a side joined in the middle of a packet is left alone"
    assert probe.feed(0, b"\x0f\xff\xff") == MALFORMED


def test_refusals():
    for level, code, text in ((4, 5, "not authorized"), (5, 0x87, "not authorized"), (4, 77, "0x4d")):
        probe = flow("mqtt")
        probe.feed(0, connect(level, 2, b"\0" * (level == 5), text16(b"c")))
        probe.feed(1, packet(0x20, bytes([0, code])))
        assert shown("mqtt", probe.facts)["code"] == text


def test_strangers():
    check_strangers("mqtt")


def test_hostile():
    check_hostile("mqtt")
