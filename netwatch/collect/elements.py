"""Information elements that flow records are made of: IANA's registry of IPFIX, which NetFlow 9 shares."""

from __future__ import annotations

ENTERPRISE = 0x8000
REVERSE = 29305  # RFC 5103: of the other direction
NETWATCH = 32473  # RFC 5612: see outlets/ipfix.py
ELEMENTS = {
    1: "octets", 2: "packets", 4: "proto", 6: "flags", 7: "sport", 8: "src", 11: "dport", 12: "dst", 21: "last_up",
    22: "first_up", 27: "src6", 28: "dst6", 58: "vlan", 85: "octets_total", 86: "packets_total", 136: "reason",
    150: "first_s", 151: "last_s", 152: "first_ms", 153: "last_ms", 154: "first_us", 155: "last_us", 156: "first_ns",
    157: "last_ns", 160: "began", 180: "sport", 181: "dport", 182: "sport", 183: "dport",
}
REVERSED = {1: "octets_back", 2: "packets_back", 85: "octets_back", 86: "packets_back"}
OWN = {(NETWATCH, 1): "app", (NETWATCH, 2): "sni", (NETWATCH, 3): "program", (NETWATCH, 4): "pid"}
