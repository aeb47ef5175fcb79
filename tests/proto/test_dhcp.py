"""DHCP: fields of both directions, state by message type, messages cut short, names that are no DHCP."""

import pytest
from datagrams import check_datagrams, flow, said
from messages import DISCOVER
from messages import dhcp as dhcp_message

from netwatch._fast.proto import dhcp


def test_both_directions():
    probe = said("dhcp", sport=68)
    assert probe.initiator == 0
    obj = dhcp.describe(probe.facts)
    assert obj == {
        "types": ["DISCOVER", "OFFER"],
        "state": "SELECTING",
        "client_mac": "02:00:00:c0:ff:ee",
        "hostname": "laptop",
        "fqdn": "laptop.example.",
        "vendor_class": "MSFT 5.0",
        "requested_ip": "192.0.2.9",
        "offered_ip": "192.0.2.9",
        "server": "192.0.2.1",
        "router": "192.0.2.1",
        "dns": ["192.0.2.1", "192.0.2.2"],
        "domain": "example.com",
        "lease_s": 3600,
        "parameters": "1,3,6",
    }
    assert dhcp.label(obj) == "DHCP OFFER laptop"


def test_names_of_several_clients_are_a_list():
    other = DISCOVER.replace(b"laptop", b"tablet")
    assert dhcp.describe(said("dhcp", [(0, DISCOVER), (0, other)]).facts)["hostname"] == ["laptop", "tablet"]


@pytest.mark.parametrize("kind, state", [(1, "SELECTING"), (3, "REQUESTING"), (5, "BOUND"), (6, "INIT"), (7, "INIT")])
def test_state_follows_the_last_type(kind, state):
    assert dhcp.describe(said("dhcp", [(0, dhcp_message(1, (53, bytes([kind]))))]).facts)["state"] == state


def test_a_name_in_dns_form():
    raw = b"\4\0\0\6laptop\7example\0"
    assert dhcp.describe(said("dhcp", [(0, dhcp_message(1, (81, raw)))]).facts)["fqdn"] == "laptop.example"


def test_without_the_cookie_only_between_its_ports():
    plain = DISCOVER[:236] + bytes(64)
    assert flow("dhcp", 67, sport=68).detect(plain) == 70
    assert flow("dhcp", 67).detect(plain) == 0
    assert flow("dhcp", 4321).detect(DISCOVER) == 90


def test_options_cut_short_keep_what_stood_before():
    probe = said("dhcp", [(0, DISCOVER[:260])])
    assert probe.malformed == 1
    assert dhcp.describe(probe.facts)["hostname"] == "laptop"


def test_hostile():
    check_datagrams("dhcp", dhcp)


@pytest.mark.parametrize("where", [1, 2, 3])
def test_options_in_file_and_sname(where):
    end = DISCOVER.index(b"\x63\x82\x53\x63") + 4
    name = (b"\x0c\4late\xff" if where == 1 else b"\x3c\5class\xff").ljust(128, b"\0")
    sname = (b"\x0c\4late\xff" if where != 1 else b"").ljust(64, b"\0")
    data = DISCOVER[:44] + sname + name + DISCOVER[236:end] + bytes([53, 1, 1, 52, 1, where, 255])
    obj = dhcp.describe(said("dhcp", [(0, data)]).facts)
    assert obj["hostname"] == "late"
    assert ("vendor_class" in obj) == (where == 3)


def test_an_option_in_parts_is_one():
    """RFC 3396: in one field, or in several, in the order that section 5 says."""
    data = dhcp_message(1, (53, b"\1"), (12, b"foo"), (15, b"example"), (12, b"bar"), (15, b".com"), (52, b"\3"))
    end = data.index(b"\x63\x82\x53\x63")
    data = data[:44] + b"\x0c\3end\xff".ljust(64, b"\0") + b"\x0c\4file\xff".ljust(128, b"\0") + data[end:]
    obj = dhcp.describe(said("dhcp", [(0, data)]).facts)
    assert (obj["hostname"], obj["domain"]) == ("foobarfileend", "example.com")


def test_parts_are_bounded():
    data = dhcp_message(1, *[(code, b"x" * 255) for code in (12, 15, 60, 81) for _ in range(50)])
    assert len(dhcp.describe(said("dhcp", [(0, data)]).facts)["hostname"]) <= 255
