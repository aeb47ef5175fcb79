"""What counts as a network of one's own: what IANA's registries of special addresses do not call globally reachable,
and multicast, the same in every version of Python."""

from __future__ import annotations

import ipaddress
from ipaddress import ip_address, ip_network

import pytest

from netwatch.detect.episodes import is_near

# The rows of the IPv4 and IPv6 Special-Purpose Address Registries that are not globally reachable, or of which they do
# not say, and multicast
NEAR = ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.0.0/29", "192.0.0.8/32", "192.0.0.170/32", "192.0.0.171/32", "192.0.2.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32",
        "::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001::/32", "2001:2::/48",
        "2001:10::/28", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "ff00::/8",
        "::ffff:10.0.0.0/104", "::ffff:192.168.0.0/112", "::ffff:192.0.0.0/120")
# ... and those that are, some within others that are not
REACHED = ("192.0.0.9/32", "192.0.0.10/32", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24",
           "64:ff9b::/96", "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:3::/32", "2001:4:112::/48",
           "2001:20::/28", "2001:30::/28",
           "2620:4f:8000::/48", "::ffff:192.0.0.9/128", "::ffff:192.0.0.10/128")
LATER = ("100:0:0:1::/64", "2001:1::3/128", "3fff::/20", "5f00::/16")  # rows that not every Python knows


def expected(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """As the narrowest row has it."""
    rows = [(one.prefixlen, near) for each, near in [*((row, True) for row in NEAR), *((row, False) for row in REACHED)]
            if address in (one := ip_network(each))]
    return max(rows, default=(0, False))[1]


@pytest.mark.parametrize("network", NEAR + REACHED)
def test_the_edges_of_special_networks(network: str) -> None:
    one = ip_network(network)
    first, last = int(one.network_address), int(one.broadcast_address)
    assert is_near(one.network_address.packed) is (network in NEAR)
    for number in (first - 1, first, last, last + 1):
        if 0 <= number < 1 << one.max_prefixlen:
            address = type(one.network_address)(number)
            assert is_near(address.packed) is expected(address), address


@pytest.mark.skipif(not ip_address("2001:20::1").is_global, reason="of before the registries were followed")
@pytest.mark.parametrize("network", [each for each in NEAR + REACHED if each not in LATER and "ffff:" not in each])
def test_the_library_says_so_too(network: str) -> None:
    for address in (ip_network(network).network_address, ip_network(network).broadcast_address):
        assert is_near(address.packed) is (not address.is_global or address.is_multicast), address


@pytest.mark.parametrize("address", ["8.8.8.8", "223.255.255.255", "2606:4700::1111", "2a00::1", "::ffff:8.8.8.8"])
def test_what_is_outside(address: str) -> None:
    assert not is_near(ip_address(address).packed)
