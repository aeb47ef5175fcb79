"""What users of tcpdump, Wireshark and other languages write, and what they are told where it means nothing here.

A filter that cannot be meant must be said: a bare word is looked for in the text of records, so `sni contans x` or
`tcp.analysis.retransmission` would else be a search that finds nothing.
"""
from __future__ import annotations

from difflib import get_close_matches

from netwatch.filter.primitives import FAMILIES
from netwatch.schema import FIELDS, NAMES

OPERATORS = ("contains", "matches", "in")
LIKE_OPERATORS = {"like": "contains", "ilike": "contains", "has": "contains", "includes": "contains", "is": "==",
                  "equals": "==", "equal": "==", "startswith": "matches /^.../", "endswith": "matches /...$/",
                  "regex": "matches", "regexp": "matches", "between": "in a..b", "~=": "matches", "=~": "matches",
                  "within": "in", "notin": "not in"}
NOT_LOGIC = {"xor": "and, or and not", "^^": "and, or and not", "&": "and or &&", "|": "or or ||", "nor": "and not",
             "nand": "not (... and ...)", "^": "and, or and not"}
NO_APPS = frozenset({"decrypt", "geo", "icmp", "lan", "name", "process", "scope"})  # objects of a flow, no protocols
APPS = frozenset(field.name.partition(".")[0] for field in FIELDS if "flow" in field.kinds and "." in field.name
                 ) - NO_APPS
PROTOS = frozenset({"tcp", "udp", "icmp", "icmp6", "igmp", "sctp", "arp", "gre", "esp", "ah", "udplite", "ospf", "pim",
                    "vrrp", "eigrp"})
INSTEAD = {
    "http.request": "http.method", "http.response": "http.status", "http.request.full_uri": "http.path",
    "tls.handshake": "tls (its app is in app_stack) or tls.version", "ssl": "tls", "ssl.handshake": "tls",
    "tls.record": "tls", "dns.flags.response": "qr == response, of dns records", "dns.flags": "flags, of dns records",
    "tcp.analysis.retransmission": "retransmits > 0 of flows, notes == retransmission of packets",
    "tcp.analysis.fast_retransmission": "fast_retransmits > 0",
    "tcp.analysis.duplicate_ack": "dup_acks > 0", "tcp.analysis.out_of_order": "out_of_order > 0",
    "tcp.analysis.zero_window": "zero_windows > 0", "tcp.analysis.flags": "retransmits > 0 or dup_acks > 0",
    "tcp.analysis.ack_rtt": "rtt", "tcp.flags.syn": "tcp_flags == SYN", "tcp.flags.reset": "tcp_flags == RST",
    "tcp.flags.fin": "tcp_flags == FIN", "tcp.flags.ack": "tcp_flags == ACK", "tcp.flags.push": "tcp_flags == PSH",
    "tcp.stream": "id", "udp.stream": "id", "tcp.len": "payload", "tcp.seq": "the packets of a flow: --what packets",
    "frame.time_relative": "first", "frame.time_delta": "duration", "ip.len": "frame.len", "ip.version": "ip or ipv6",
    "eth.src": "lan.src.mac", "eth.dst": "lan.dst.mac", "eth.addr": "mac", "ip.geoip.country": "country",
    "less": "bytes < N, or len < N of packets", "greater": "bytes > N, or len > N of packets",
    "ether": "addr == MAC, or mac", "broadcast": "dst == 255.255.255.255 or dst == ff:ff:ff:ff:ff:ff",
    "multicast": "scope == multicast", "inbound": "src in a network", "outbound": "dst in a network",
    "gateway": "addr == the gateway's", "portrange": "port in {low..high}",
}


def object_of(name: str) -> bool:
    """Is it the name of an object in records?"""
    return any(field.name.startswith(name + ".") for field in FIELDS)


def not_said(word: str) -> str | None:
    """What to say of a bare word that is no text to look for; None when it is one."""
    low = word.lower()
    if low in INSTEAD:
        return f"{word!r} is not known here; write {INSTEAD[low]}"
    if low in NOT_LOGIC:
        return f"{word!r} is no operator; conditions are joined by {NOT_LOGIC[low]}"
    if not any(letter.isalnum() for letter in word):
        return f"{word!r} is no condition; quote it to look for it"
    first, dot, _ = low.partition(".")
    if dot and (first in PROTOS or first in APPS or first in ("ip", "ipv6", "frame", "eth", "ssl", "icmpv6")):
        near = get_close_matches(low, NAMES, 1, 0.6)
        hint = f"; did you mean {near[0]!r}?" if near else ";"
        return f"no field is called {word!r}{hint} quoted, it is looked for as text"
    if "[" in low and low.partition("[")[0] in (*PROTOS, *FAMILIES, "ether"):
        return "bytes of packets are not compared here; tcp_flags == SYN and other fields are"
    return None


def mistyped_operator(word: str) -> str | None:
    """The operator that a word behind a field's name is meant to be; None when it may be a value."""
    low = word.lower()
    if low in LIKE_OPERATORS:
        return LIKE_OPERATORS[low]
    near = get_close_matches(low, OPERATORS[:2], 1, 0.75)
    return near[0] if near else None
