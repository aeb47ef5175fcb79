"""Kafka: a client's session, however cut; how strict detection is; the other direction confirms or gives back."""

import pytest
from cuts import at_once, told
from infrastructure_checks import check_hostile, check_strangers, flow, read, shown
from infrastructure_talks import KAFKA_FETCH, KAFKA_HELLO, KAFKA_TALK, kafka, kafka_answer, text16, text32, text_compact
from messages import be16, be32

from netwatch._fast.out.probe import DONE, MALFORMED, MORE_BYTES, NOT_MINE, OK

METADATA = kafka(3, 1, 9, be32(1) + text16(b"orders"))


def test_a_session():
    assert read("kafka", KAFKA_TALK) == {
        "client_id": "app-1",
        "software": "apache-kafka-java",
        "software_version": "3.5.1",
        "apis": [
            "ApiVersions v3",
            "SaslHandshake v1",
            "SaslAuthenticate v2",
            "Metadata v9",
            "FindCoordinator v2",
            "Produce v7",
            "Fetch v11",
        ],
        "topics": ["orders", "bills", "events"],
        "group": "billing",
        "auth": "PLAIN",
        "user": "alice",
        "password": "***",
    }


def test_the_password_is_shown_only_when_asked_for():
    facts = told(lambda: flow("kafka"), KAFKA_TALK, at_once)["facts"]
    assert "s3cret" not in str(shown("kafka", facts))
    assert shown("kafka", facts, True)["password"] == "s3cret"


@pytest.mark.parametrize(
    ("data", "sure", "home"),
    [
        (KAFKA_HELLO, 88, 94),
        (METADATA + METADATA, 80, 90),
        (METADATA[:-2], 80, 90),
        (METADATA[:14], MORE_BYTES, MORE_BYTES),
        (kafka(93, 0, 1, b"x"), 0, 0),
        (kafka(3, 16, 1, b"x"), 0, 0),
        (kafka(3, 15, 1, b"x"), 88, 94),
        (kafka(3, 1, 0x80000000, b"x"), 0, 0),
        (kafka(3, 1, 1, b"x", client=b"a\0b"), 0, 0),
        (kafka(3, 1, 1, b"x", client=b""), 0, 70),
        (kafka(3, 1, 1, b"x", client=None), 0, 70),
        (kafka(3, 1, 1, b"x", client=None)[:-1], 0, 0),
        (kafka(3, 1, 1, b"x", client=b"c" * 256), 0, 0),
        (be32(9) + METADATA[4:], 0, 0),
        (b"\7" + METADATA[1:], 0, 0),
    ],
)
def test_detection(data, sure, home):
    assert (flow("kafka", 4321).detect(data), flow("kafka").detect(data)) == (sure, home)


@pytest.mark.parametrize(
    "answer",
    [kafka_answer(1, b"\0" * 100), kafka_answer(7, bytes(8) + be32(1) + bytes(4) + text16(b"broker")), METADATA],
)
def test_what_comes_from_the_broker_is_no_request(answer):
    """... but on its own port a response, to who joined the flow behind the request."""
    assert flow("kafka").detect(answer, 1) == (0 if answer is METADATA else 65)
    assert flow("kafka").detect(answer[:-1], 1) == 0
    probe = flow("kafka")
    probe.feed(1, answer)
    assert probe.initiator == (None if probe.code == NOT_MINE else 0)
    assert answer is METADATA or flow("kafka", 4321).detect(answer) == 0


def test_the_first_request_waits_for_the_answer_to_it():
    probe = flow("kafka", 4321)
    probe.feed(0, METADATA)
    assert probe.facts == []
    assert probe.feed(1, kafka_answer(9)) == OK
    assert shown("kafka", probe.facts)["topics"] == ["orders"]


def test_without_an_answer_the_end_of_the_flow_will_do():
    probe = flow("kafka", 4321)
    probe.feed(0, METADATA)
    probe.close()
    assert shown("kafka", probe.facts)["topics"] == ["orders"]


@pytest.mark.parametrize("answer", [kafka_answer(5000), be32(2) + bytes(8), b"HTTP/1.1 200 OK", kafka_answer(10)])
def test_an_answer_to_nothing_gives_the_flow_back(answer):
    probe = flow("kafka", 4321)
    probe.feed(0, METADATA)
    assert probe.feed(1, answer) == NOT_MINE
    assert probe.facts == []


def test_answers_to_requests_before_the_capture_are_passed_over():
    probe = flow("kafka")
    probe.feed(0, METADATA)
    assert probe.feed(1, kafka_answer(7) + kafka_answer(8)) == OK
    assert probe.facts == []
    assert probe.feed(1, kafka_answer(9)) == OK
    assert probe.facts


def test_a_second_request_that_does_not_fit():
    probe = flow("kafka")
    probe.feed(0, METADATA)
    assert probe.feed(0, b"\0\0\0\x20" + b"\xff" * 32) == NOT_MINE
    probe = flow("kafka")
    probe.feed(0, METADATA + METADATA)
    assert probe.feed(0, b"\0\0\0\x20" + b"\xff" * 32) == MALFORMED


def test_raw_logins_end_the_reading():
    probe = flow("kafka")
    assert probe.feed(0, kafka(17, 0, 1, text16(b"PLAIN")) + text32(b"\0alice\0s3cret")) == DONE
    assert shown("kafka", probe.facts)["auth"] == "PLAIN"


TAGGED = b"\1\5\3abc"          # one tagged field of three bytes


@pytest.mark.parametrize(
    ("request_", "known"),
    [
        (kafka(3, 12, 1, b"\2" + bytes(16) + text_compact(b"t") + b"\0", tags=TAGGED), {"topics": ["t"]}),
        (kafka(3, 12, 1, b"\0\0\0\0", tags=b"\0"), {}),
        (kafka(3, 1, 1, be32(0xFFFFFFFF)), {}),
        (kafka(0, 9, 1, b"\0" + be16(1) + be32(9) + b"\2" + text_compact(b"t"), tags=b"\0"), {"topics": ["t"]}),
        (kafka(0, 2, 1, be16(1) + be32(9) + be32(1) + text16(b"t")), {"topics": ["t"]}),
        (kafka(0, 13, 1, b"\0" + be16(1) + be32(9) + b"\2" + bytes(16), tags=b"\0"), {}),
        (kafka(1, 12, 1, KAFKA_FETCH + b"\2" + text_compact(b"t"), tags=b"\0"), {"topics": ["t"]}),
        (kafka(1, 2, 1, bytes(12) + be32(1) + text16(b"t")), {"topics": ["t"]}),
        (kafka(1, 15, 1, bytes(40), tags=b"\0"), {}),
        (kafka(19, 4, 1, be32(1) + text16(b"t")), {"topics": ["t"]}),
        (kafka(11, 5, 1, text16(b"g") + bytes(9)), {"group": "g"}),
        (kafka(68, 0, 1, text_compact(b"g") + bytes(9), tags=b"\0"), {"group": "g"}),
        (kafka(9, 8, 1, b"\2\2g", tags=b"\0"), {}),
        (kafka(10, 4, 1, b"\0\2" + text_compact(b"g"), tags=b"\0"), {"group": "g"}),
        (kafka(10, 1, 1, text16(b"txn") + b"\1"), {}),
        (kafka(36, 0, 1, text32(b"n,,n=eve,r=x")), {"user": "eve"}),
        (kafka(3, 1, 1, be32(1) + text16(b"a\nb")), {}),
        (kafka(3, 9, 1, b"\xff\xff\xff\xff\xff", tags=b"\0"), {}),
    ],
)
def test_bodies(request_, known):
    obj = read("kafka", [(0, request_)])
    assert {key: value for key, value in obj.items() if key not in ("apis", "client_id")} == known


def test_strangers():
    check_strangers("kafka")


def test_hostile():
    check_hostile("kafka")
