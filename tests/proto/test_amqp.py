"""AMQP: a session of 0-9-1, however cut; headers of other versions; a frame in the middle; what is masked."""

import pytest
from cuts import at_once, told
from infrastructure_checks import check_hostile, check_strangers, flow, read, shown
from infrastructure_talks import AMQP_PUBLISH, AMQP_START, AMQP_TALK, amqp, amqp_table, method, text8, text32
from messages import be16

from netwatch._fast.out.probe import DONE, MALFORMED, MORE_BYTES, NOT_MINE, OK

HEADER = amqp(2, 1, be16(60) + be16(0) + bytes(10))


def test_a_session():
    assert read("amqp", AMQP_TALK) == {
        "version": "0-9-1",
        "product": "RabbitMQ",
        "product_version": "3.12.1",
        "client": "pika",
        "client_version": "1.3",
        "mechanisms": ["PLAIN", "AMQPLAIN"],
        "auth": "PLAIN",
        "user": "guest",
        "password": "***",
        "vhost": "/prod",
        "queues": ["bills"],
        "exchanges": ["orders"],
        "routing_keys": ["eu.#", "eu.new", "eu.old"],
        "close": "320 CONNECTION_FORCED",
    }


def test_the_password_is_shown_only_when_asked_for():
    facts = told(lambda: flow("amqp"), AMQP_TALK, at_once)["facts"]
    assert "s3cret" not in str(shown("amqp", facts))
    assert shown("amqp", facts, True)["password"] == "s3cret"


def login(mechanism: bytes, response: bytes) -> dict:
    probe = flow("amqp")
    probe.feed(0, method(0, 10, 11, amqp_table() + text8(mechanism) + text32(response) + text8(b"en_US")))
    return shown("amqp", probe.facts, True)


def test_other_logins():
    table = text8(b"LOGIN") + b"S" + text32(b"bob") + text8(b"PASSWORD") + b"S" + text32(b"pw")
    assert login(b"AMQPLAIN", table) == {"auth": "AMQPLAIN", "user": "bob", "password": "pw"}
    assert login(b"SCRAM-SHA-256", b"n,,n=eve,r=abc") == {"auth": "SCRAM-SHA-256", "user": "eve"}
    assert login(b"EXTERNAL", b"n,,n=eve") == {"auth": "EXTERNAL"}
    assert login(b"PLAIN", b"no separators") == {"auth": "PLAIN"}


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"AMQP\0\0\x09\x01", 98),
        (b"AMQP\0\1\0\0", 98),
        (b"AMQP\3\1\0\0", 98),
        (b"AMQP\1\1\x08\0", 98),
        (b"AMQP\1\1\0\x0a", 98),
        (b"AMQP\7\7\7\7", 0),
        (b"AMQX", 0),
        (b"AMQP", MORE_BYTES),
        (AMQP_START, 95),
        (AMQP_START[:20], 95),
        (AMQP_PUBLISH, 90),
        (AMQP_PUBLISH[:-1], MORE_BYTES),
        (AMQP_PUBLISH[:-1] + b"\0", 0),
        (HEADER, 85),
        (method(1, 61, 40, b"x" * 20), 0),
        (method(1, 60, 0, b"x" * 20), 0),
        (amqp(8, 0, b""), 75),
        (amqp(8, 0, b"") + b"x", 0),
        (amqp(2, 1, be16(60) + be16(1) + bytes(10)), 0),
    ],
)
def test_detection(data, sure):
    assert flow("amqp", 4321).detect(data) == sure


def test_a_long_method_has_to_be_whole():
    long = method(1, 50, 10, b"x" * 300)
    assert (flow("amqp").detect(long), flow("amqp").detect(long[:200])) == (90, 0)


@pytest.mark.parametrize(("version", "text"), [(b"\0\1\0\0", "1.0"), (b"\3\1\0\0", "1.0"), (b"\1\1\0\x0a", "0-10")])
def test_versions_that_are_not_read_further(version, text):
    probe = flow("amqp")
    assert probe.feed(0, b"AMQP" + version + b"\0\0\0\x20") == DONE
    assert shown("amqp", probe.facts) == {"version": text}


def test_agreed_tls_gives_the_flow_back():
    probe = flow("amqp")
    assert probe.feed(0, b"AMQP\2\1\0\0") == OK
    assert probe.feed(1, b"AMQP\2\1\0\0") == NOT_MINE
    assert probe.left_over == (b"", b"")


def test_a_side_joined_in_the_middle_is_left_alone():
    probe = flow("amqp", client=1)
    probe.feed(0, AMQP_PUBLISH)
    assert probe.feed(1, b"middle of some content") == OK
    assert probe.feed(0, b"not a frame at all") == MALFORMED
    assert shown("amqp", probe.facts)["exchanges"] == ["orders"]
    assert probe.initiator == 0


def test_a_large_body_is_skipped():
    probe = flow("amqp")
    probe.feed(0, AMQP_PUBLISH + amqp(3, 1, b"x" * 100_000)[:1000])
    assert probe.left_over == (b"", b"")


def test_strangers():
    check_strangers("amqp")


def test_hostile():
    check_hostile("amqp")
