"""BGP: a session, however cut; add-path; a marker in the middle of a flow and after a hole; fuzzers' captures."""

import pytest
from infrastructure_checks import check_hostile, check_strangers, flow, read, shown
from infrastructure_talks import BGP_OPEN, BGP_TALK, V6_NET, attribute, bgp, bgp_open, capability, text8, update
from messages import be16, be32

from netwatch._fast.out.probe import DONE, MALFORMED, MORE_BYTES, OK

ADD_PATH = capability(69, b"\0\1\1\3")
ID = bytes([192, 0, 2, 1])
PATH_NETS = be32(1) + b"\x18\x0a\0\2" + be32(2) + b"\x18\x0a\0\2"


def test_a_session():
    assert read("bgp", BGP_TALK) == {
        "as_out": 4200000001,
        "router_id_out": "192.0.2.1",
        "hold_time_out": 180,
        "host_out": "r1",
        "capabilities_out": ["multiprotocol", "4-octet AS", "FQDN"],
        "as_in": 65002,
        "router_id_in": "192.0.2.2",
        "hold_time_in": 180,
        "capabilities_in": ["route refresh", "multiprotocol"],
        "messages": ["open", "keepalive", "update", "route refresh", "notification"],
        "families": ["ipv4 unicast", "ipv6 unicast"],
        "announced": 3,
        "withdrawn": 2,
        "prefixes": ["10.0.2.0/24", "10.64.0.0/10", "2001:db8:1::/48"],
        "withdrawn_prefixes": ["10.0.2.0/24", "2001:db8:1::/48"],
        "notification": "cease: administrative shutdown",
        "notification_dir": "in",
        "reason": "maintenance",
    }


def test_a_notification_ends_the_reading():
    probe = flow("bgp")
    assert [probe.feed(side, data) for side, data in BGP_TALK][-2:] == [OK, DONE]


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (BGP_OPEN, 98),
        (BGP_OPEN[:19] + b"\3" + BGP_OPEN[20:], 80),
        (bgp(4), 95),
        (bgp(4)[:18], MORE_BYTES),
        (b"\xff" * 16 + be16(18) + b"\4", 0),
        (b"\xff" * 16 + be16(20) + b"\4\0", 0),
        (bgp(1, b"\4"), 0),
        (bgp(2, b"\0"), 0),
        (bgp(3, b"\6"), 0),
        (bgp(6, bytes(20)), 0),
        (b"\xff" * 15 + b"\xfe" + be16(19) + b"\4", 0),
    ],
)
def test_the_marker_names_the_flow_on_any_port(data, sure):
    assert flow("bgp", 4321).detect(data) == sure


def test_add_path_as_the_two_agree():
    turns = [(0, bgp_open(1, ID, ADD_PATH)), (1, bgp_open(2, ID, ADD_PATH)), (0, update(PATH_NETS))]
    obj = read("bgp", turns)
    assert (obj["announced"], obj["prefixes"]) == (2, ["10.0.2.0/24"])
    assert obj["capabilities_in"] == ["add-path"]


def test_add_path_that_one_side_does_not_want():
    turns = [(0, bgp_open(1, ID, ADD_PATH)), (1, bgp_open(2, ID)), (0, update(b"\x18\x0a\0\2"))]
    assert read("bgp", turns)["prefixes"] == ["10.0.2.0/24"]
    assert "announced" not in read("bgp", [*turns[:2], (0, update(PATH_NETS))]), "three default routes are no prefixes"


def test_add_path_where_no_open_was_seen():
    assert read("bgp", [(0, update(PATH_NETS))])["prefixes"] == ["10.0.2.0/24"]
    assert read("bgp", [(0, update(b"\0"))])["prefixes"] == ["0.0.0.0/0"]
    assert "announced" not in read("bgp", [(0, update(b"\x21\1\2\3\4\5"))]), "33 bits"


def test_other_families_are_named_and_not_counted():
    obj = read("bgp", [(0, update(b"", attribute(14, b"\0\x19\x46\4" + bytes(4) + b"\0" + b"e" * 20)))])
    assert obj["families"] == ["l2vpn evpn"]
    assert "announced" not in obj


def test_longer_parameters():
    option = b"\2" + be16(6) + b"\x41\4" + be32(70000)
    probe = flow("bgp")
    probe.feed(0, bgp(1, b"\4" + be16(1) + be16(9) + ID + b"\xff\xff" + be16(len(option)) + option))
    assert shown("bgp", probe.facts)["as_out"] == 70000


def test_an_open_of_another_version_tells_nothing():
    probe = flow("bgp")
    assert probe.feed(0, BGP_OPEN[:19] + b"\xff" + BGP_OPEN[20:]) == OK
    assert shown("bgp", probe.facts) == {"messages": ["open"]}


def test_an_update_whose_lengths_do_not_fit_is_counted():
    for body in (b"\0\x09\0\0", b"\0\0\0\x09\0", b"\0\0\0\4\x40\1\xff\0"):
        probe = flow("bgp")
        assert probe.feed(0, bgp(2, body)) == OK
        assert probe.malformed == 1


def test_after_a_hole_and_when_joined_late_the_next_marker_is_found():
    probe = flow("bgp")
    probe.feed(0, BGP_OPEN[:30])
    probe.lost(0, 500)
    probe.feed(0, b"\xff" * 7 + b"rest of something" + update(b"\x18\x0a\0\2") + bgp(4))
    probe.feed(1, b"middle" * 20 + bgp(4))
    assert shown("bgp", probe.facts) == {
        "messages": ["update", "keepalive"],
        "announced": 1,
        "prefixes": ["10.0.2.0/24"],
    }
    assert probe.feed(1, b"\xfe" * 19) == MALFORMED


def test_prefixes_kept_are_few():
    nets = b"".join(b"\x20" + be32(n) for n in range(900))
    obj = read("bgp", [(0, update(nets)), (0, update(V6_NET[:0], gone=b"\x18\x0a\0\2"))])
    assert (obj["announced"], len(obj["prefixes"]), obj["withdrawn"]) == (900, 8, 1)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"\4\0", "hold timer expired"),
        (b"\2\2" + be16(65001), "open message error: bad peer AS"),
        (b"\6\x63", "cease: subcode 99"),
        (b"\x63\0", "error 99"),
        (b"\6\2\xff", "cease: administrative shutdown"),
        (b"\6\2" + text8(b""), "cease: administrative shutdown"),
    ],
)
def test_notifications(body, text):
    assert read("bgp", [(0, bgp(3, body))]) == {
        "messages": ["notification"],
        "notification": text,
        "notification_dir": "out",
    }


def test_strangers():
    check_strangers("bgp")


def test_hostile():
    check_hostile("bgp")
