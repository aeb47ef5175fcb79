"""RADIUS: fields of both directions, latency, strictness by port; passwords are never kept."""

from datagrams import check_datagrams, flow, said
from messages import RADIUS_ASK
from messages import radius as message

from netwatch._fast.proto import radius


def test_both_directions():
    probe = said("radius")
    obj = radius.describe(probe.facts)
    assert obj == {
        "codes": ["Access-Request", "Access-Accept"],
        "user": "alice",
        "nas_ip": "192.0.2.3",
        "calling_station": "02-00-00-c0-ff-ee",
        "framed_ip": "10.0.0.9",
        "reply": "welcome",
        "latency_us": 1500,
    }
    assert radius.label(obj) == "RADIUS Access-Accept alice"
    assert probe.initiator == 0
    assert not any(b"xxxx" in value for _, value in probe.facts)


def test_accounting():
    obj = radius.describe(said("radius", [(0, message(4, (40, b"\0\0\0\2"), (44, b"s-17")))]).facts)
    assert (obj["accounting"], obj["session"]) == ("Stop", "s-17")


def test_strictness_by_port():
    assert flow("radius", 1812).detect(RADIUS_ASK) == 95
    assert flow("radius", 4321).detect(RADIUS_ASK) == 75
    assert flow("radius", 4321).detect(RADIUS_ASK + b"x") == 0
    assert flow("radius", 4321).detect(message(2)) == 0
    assert flow("radius", 1812).detect(RADIUS_ASK[:-1]) == 75


def test_a_broken_attribute_keeps_those_before_it():
    probe = said("radius", [(0, RADIUS_ASK[:-3])])
    assert (probe.malformed, radius.describe(probe.facts)["user"]) == (1, "alice")


def test_hostile():
    check_datagrams("radius", radius)
