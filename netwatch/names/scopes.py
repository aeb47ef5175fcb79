"""What an address is good for, by where it lies: loopback, private, multicast, documentation ... global.

The table is IANA's Special-Purpose Address Registries (RFC 6890) and the multicast blocks; what lies in none is global.
For MAC addresses see vendors.py.
"""
from __future__ import annotations

from netwatch._fast.base.scopes import Blocks

# scope: prefixes, the defining RFC beside each line
SCOPES: dict[str, tuple[str, ...]] = {
    "unspecified": ("0.0.0.0/32", "::/128"),                       # RFC 1122, 4291
    "this-network": ("0.0.0.0/8",),                                # RFC 791
    "loopback": ("127.0.0.0/8", "::1/128"),                        # RFC 1122, 4291
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
    "unique-local": ("fc00::/7",),                                 # RFC 4193
    "cgnat": ("100.64.0.0/10",),                                   # RFC 6598
    "link-local": ("169.254.0.0/16", "fe80::/10"),                 # RFC 3927, 4291
    "documentation": ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),  # 5737, 9637
    "benchmarking": ("198.18.0.0/15", "2001:2::/48"),              # RFC 2544, 5180
    "multicast": ("224.0.0.0/4", "ff00::/8"),                      # RFC 5771, 4291
    "broadcast": ("255.255.255.255/32",),                          # RFC 919
    "reserved": ("240.0.0.0/4", "192.0.0.0/24", "2001::/23", "5f00::/16"),  # RFC 1112, 6890, 2928, 9602
    "discard": ("100::/64",),                                      # RFC 6666
    "translated": ("64:ff9b::/96", "64:ff9b:1::/48"),              # RFC 6052, 8215
    "ipv4-mapped": ("::ffff:0:0/96",),                             # RFC 4291
    "6to4": ("2002::/16",),                                        # RFC 3056
    "teredo": ("2001::/32",),                                      # RFC 4380
    "as112": ("192.31.196.0/24", "192.175.48.0/24", "2001:4:112::/48", "2620:4f:8000::/48"),  # RFC 7535, 7534
    "amt": ("192.52.193.0/24", "2001:3::/32"),                     # RFC 7450
    "orchid": ("2001:20::/28",),                                   # RFC 7343
    "drone-id": ("2001:30::/28",),                                 # RFC 9374
    # globally reachable parts of 192.0.0.0/24 and 2001::/23, in IANA's words
    "global": ("0.0.0.0/0", "::/0", "192.0.0.9/32", "192.0.0.10/32", "2001:1::1/128", "2001:1::2/128",
               "2001:1::3/128"),
}
REMOTE = frozenset({"global", "6to4", "teredo", "translated", "as112", "amt"})   # beyond any site

BLOCKS = Blocks([(prefix, scope) for scope, prefixes in SCOPES.items() for prefix in prefixes])


def scope_of(address: str) -> str | None:
    """The scope of an address in text; None when it is no IP address."""
    found: str | None = BLOCKS.find(address)
    return found
