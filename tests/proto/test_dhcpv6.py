"""DHCPv6: fields of both directions, relayed messages, latency, and its ports."""

from datagrams import check_datagrams, flow, said
from messages import CONVERSATIONS, RELAYED6, SOLICIT, option6

from netwatch._fast.proto import dhcpv6


def test_both_directions():
    probe = said("dhcpv6", CONVERSATIONS["dhcpv6"][:2])
    obj = dhcpv6.describe(probe.facts)
    assert obj == {
        "types": ["SOLICIT", "REPLY"],
        "client_duid": "000100011122334402" + "0000c0ffee",
        "client_mac": "02:00:00:c0:ff:ee",
        "server_duid": "00010001112233440" + "20000c0ffee",
        "fqdn": "laptop.example",
        "vendor_class": "MSFT 5.0",
        "address": "2001:db8::9",
        "prefix": "2001:db8::9/56",
        "dns": ["2001:db8::9"],
        "status": "Success",
        "latency_us": 1500,
    }
    assert dhcpv6.label(obj) == "DHCPv6 REPLY laptop.example"
    assert probe.initiator == 0


def test_a_relayed_message_is_opened():
    obj = dhcpv6.describe(said("dhcpv6", [(0, RELAYED6)]).facts)
    assert obj["types"] == ["RELAY-FORW", "SOLICIT"]
    assert obj["fqdn"] == "laptop.example"


def test_relays_in_relays_are_bounded():
    data = SOLICIT
    for _ in range(50):
        data = RELAYED6[:34] + option6(9, data)
    assert dhcpv6.describe(said("dhcpv6", [(0, data)]).facts)["types"] == ["RELAY-FORW"]


def test_only_on_its_ports_and_only_whole():
    assert flow("dhcpv6", 547).detect(SOLICIT) == 95
    assert flow("dhcpv6", 4321).detect(SOLICIT) == 0
    assert flow("dhcpv6", 547).detect(SOLICIT[:-1]) == 0


def test_hostile():
    check_datagrams("dhcpv6", dhcpv6)
