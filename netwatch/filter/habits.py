"""What users of tcpdump, Wireshark and other languages write, and what they are told where it means nothing here.

A filter that cannot be meant must be said: a bare word is looked for in the text of records, so `sni contans x` or
`tcp.analysis.retransmission` would else be a search that finds nothing.
"""
from __future__ import annotations

from difflib import get_close_matches

from netwatch.filter.primitives import FAMILIES
from netwatch.schema import FIELDS, NAMES, answering

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
    "tcp.analysis.ack_rtt": "rtt", "tcp.stream": "id", "udp.stream": "id", "tcp.len": "payload", "tcp.seq": "packets",
    "tcp.ack": "packets", "tcp.window_size": "window_scale",
    "frame.time_relative": "first", "frame.time_delta": "duration", "frame.time_epoch": "first",
    "tcp.time_relative": "duration", "tcp.time_delta": "rtt", "ip.len": "bytes", "ip.version": "ip or ipv6",
    "eth.src": "lan.src.mac", "eth.dst": "lan.dst.mac", "eth.addr": "mac", "ip.geoip.country": "country",
    "less": "bytes < N, or len < N of packets", "greater": "bytes > N, or len > N of packets",
    "ether": "addr == MAC, or mac", "broadcast": "dst == 255.255.255.255 or dst == ff:ff:ff:ff:ff:ff",
    "multicast": "scope == multicast", "inbound": "src in a network", "outbound": "dst in a network",
    "gateway": "addr == the gateway's", "portrange": "port in {low..high}",
}


def object_of(name: str) -> bool:
    """Is it the name of an object in records?"""
    return any(field.name.startswith(name + ".") for field in FIELDS)


OF_FRAMES = frozenset({"ip", "ipv6", "eth", "frame", "tcp", "udp", "icmp", "icmpv6", "arp", "vlan"})
# of single packets, where a flow is meant by INSTEAD
OF_PACKET = {"tcp.stream": "flow", "udp.stream": "flow", "tcp.window_size": "tcp.window_size_value",
             "frame.time_delta_displayed": "frame.time_delta", "frame.time_epoch": "time",
             "tcp.time_relative": "frame.time_relative", "tcp.time_delta": "frame.time_delta",
             "tcp.nxtseq": "tcp.seq + tcp.len", "ip.dsfield.ce": "ip.dsfield.ecn == 3"}


def nearest(name: str, kinds: tuple[str, ...] = ()) -> str | None:
    """The field name most like one that is unknown, if any is, of those that records of these kinds answer."""
    first, dot, _ = name.lower().partition(".")
    below = first + dot if dot and first in OF_FRAMES else ""  # what is asked of a frame is like nothing else
    answered = [each for each, fields in NAMES.items() if each.startswith(below)
                and (not kinds or any(answering(fields, kind)[1] for kind in kinds))]
    found = get_close_matches(name.lower()[:64], answered, 1, 0.6)
    return found[0] if found else None


def not_said(word: str, kinds: tuple[str, ...] = ()) -> str | None:
    """What to say of a bare word that is no text to look for, in records of these kinds; None when it is one."""
    low = word.lower()
    instead = (OF_PACKET.get(low) if kinds == ("packet",) else None) or INSTEAD.get(low)
    if instead is not None:
        known = NAMES.get(low, ())
        if known and all(field.kinds == ("packet",) for field in known):
            return f"{word!r} is of packets; write {instead}"
        return f"{word!r} is not known here; write {instead}"
    if low in NOT_LOGIC:
        return f"{word!r} is no operator; conditions are joined by {NOT_LOGIC[low]}"
    if not any(letter.isalnum() for letter in word):
        return f"{word!r} is no condition; quote it to look for it"
    first, dot, _ = low.partition(".")
    if dot and (first in PROTOS or first in APPS or first in ("ip", "ipv6", "frame", "eth", "ssl", "icmpv6")):
        near = nearest(low, kinds)
        hint = f"; did you mean {near!r}?" if near else ";"
        return f"no field is called {word!r}{hint} quoted, it is looked for as text"
    if "[" in low and low.partition("[")[0] in (*PROTOS, *FAMILIES, "ether"):
        return "bytes of packets are not compared here; tcp.flags.syn == 1 and other fields are"
    return None


def mistyped_operator(word: str) -> str | None:
    """The operator that a word behind a field's name is meant to be; None when it may be a value."""
    low = word.lower()
    if low in LIKE_OPERATORS:
        return LIKE_OPERATORS[low]
    near = get_close_matches(low, OPERATORS[:2], 1, 0.75)
    return near[0] if near else None
