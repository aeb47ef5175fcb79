"""What counts as a network of one's own: what the library of Python calls not global, and multicast, the same in every
version of it."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from netwatch.detect.episodes import is_near

NETWORKS = ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/29", "192.0.0.170/31", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "100::/64", "2001::/23",
            "2001:db8::/32", "fc00::/7", "fe80::/10", "ff00::/8", "::ffff:10.0.0.0/104", "::ffff:192.168.0.0/112")


@pytest.mark.parametrize("network", NETWORKS)
def test_the_edges_of_networks_of_ones_own(network: str) -> None:
    one = ip_network(network)
    assert is_near(one.network_address.packed) and is_near(one.broadcast_address.packed)
    for number in (int(one.network_address) - 1, int(one.broadcast_address) + 1):
        if 0 <= number < 1 << one.max_prefixlen:
            beyond = type(one.network_address)(number)
            inside = any(beyond in ip_network(each) for each in NETWORKS if ip_network(each).version == one.version)
            assert is_near(beyond.packed) is inside


@pytest.mark.parametrize("address", ["8.8.8.8", "192.0.0.9", "223.255.255.255", "2606:4700::1111", "2a00::1",
                                     "::ffff:8.8.8.8"])
def test_what_is_outside(address: str) -> None:
    assert not is_near(ip_address(address).packed)
