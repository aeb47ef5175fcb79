"""What users of tcpdump, Wireshark and other languages write, and what they are told where it means nothing here.

A filter that cannot be meant must be said: a bare word is looked for in the text of records, so `sni contans x` or
`tcp.analysis.retransmission` would else be a search that finds nothing.
"""
from __future__ import annotations

import re
from difflib import get_close_matches

from netwatch.filter import wireshark
from netwatch.filter.primitives import FAMILIES
from netwatch.schema import FIELDS, NAMES, answering

LIKE = 0.7  # how like a known name what was typed must be
OPERATORS = ("contains", "matches", "in")
LIKE_OPERATORS = {"like": "contains", "ilike": "contains", "has": "contains", "includes": "contains", "is": "==",
                  "equals": "==", "equal": "==", "startswith": "matches /^.../", "endswith": "matches /...$/",
                  "regex": "matches", "regexp": "matches", "between": "in a..b", "~=": "matches",
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
    "tcp.ack": "packets", "tcp.window_size": "window_out or window_in",
    "frame.time_relative": "first", "frame.time_delta": "duration",
    "tcp.time_relative": "duration", "tcp.time_delta": "rtt", "ip.len": "bytes", "ip.version": "ip or ipv6",
    "eth.src": "lan.src.mac", "eth.dst": "lan.dst.mac", "eth.addr": "mac", "ip.geoip.country": "country",
    "less": "bytes < N, or len < N of packets", "greater": "bytes > N, or len > N of packets",
    "dscp": "ip.dsfield.dscp, of packets", "ecn": "ip.dsfield.ecn, of packets",
    "ether": "addr == MAC, or mac", "broadcast": "dst == 255.255.255.255 or dst == ff:ff:ff:ff:ff:ff",
    "multicast": "scope == multicast", "inbound": "src in a network", "outbound": "dst in a network",
    "pppoe": "tunnel contains pppoe", "pppoes": "tunnel contains pppoe", "pppoed": "tunnel contains pppoe",
    "tcp-syn": "tcp.flags.syn == 1", "tcp-ack": "tcp.flags.ack == 1", "tcp-rst": "tcp.flags.reset == 1",
    "tcp-fin": "tcp.flags.fin == 1", "tcp-push": "tcp.flags.push == 1",
    "gateway": "addr == the gateway's", "portrange": "port in {low..high}",
}


OF_OTHERS = {  # what Zeek, Suricata and Elastic call it
    "id.orig_h": "src", "id.orig_p": "sport", "id.resp_h": "dst", "id.resp_p": "dport", "orig_h": "src",
    "orig_p": "sport", "resp_h": "dst", "resp_p": "dport", "orig_bytes": "payload_out", "resp_bytes": "payload_in",
    "orig_pkts": "packets_out", "resp_pkts": "packets_in", "orig_ip_bytes": "bytes_out", "resp_ip_bytes": "bytes_in",
    "conn_state": "state", "server_name": "sni", "qtype_name": "dns.types", "rcode_name": "rcode",
    "status_code": "status", "src_ip": "src", "dest_ip": "dst", "dst_ip": "dst", "src_port": "sport",
    "dest_port": "dport", "dst_port": "dport", "flow_id": "id", "app_proto": "app", "http.hostname": "http.host",
    "http.url": "http.path", "http.http_method": "http.method", "http.http_user_agent": "http.user_agent",
    "dns.rrname": "dns.names", "dns.rrtype": "dns.types", "tls.issuerdn": "tls.cert.issuer",
    "tls.subject": "tls.cert.subject", "source.ip": "src", "source.port": "sport", "destination.ip": "dst",
    "destination.port": "dport", "network.transport": "proto", "network.protocol": "app", "srcip": "src",
    "dstip": "dst", "saddr": "src", "daddr": "dst", "uri": "url", "history": "tcp_flags", "note": "alert.kind",
}
PROTOCOLS = {  # what others call them
    "bootp": "dhcp", "smb2": "smb", "nbdgm": "netbios", "pgsql": "postgresql", "mongo": "mongodb",
    "isakmp": "ike", "wg": "wireguard", "gquic": "quic", "mbtcp": "modbus", "memcache": "memcached", "cflow": "netflow",
    "pop": "pop3", "krb5": "kerberos", "gtpv2": "gtpc", "104apci": "iec104", "ssl": "tls"}
KEY = re.compile(r"[A-Za-z][A-Za-z_.]{3,}")
HEXTETS = re.compile(r"[0-9A-Fa-f:]+")  # of an address, or its beginning
NOTHING = frozenset({"null", "nil", "undefined", "nan"})


def object_of(name: str) -> bool:
    """Is it the name of an object in records?"""
    return any(field.name.startswith(name + ".") for field in FIELDS)


OF_FRAMES = frozenset({"ip", "ipv6", "eth", "frame", "tcp", "udp", "icmp", "icmpv6", "arp", "vlan"})
# of single packets, where a flow is meant by INSTEAD
OF_PACKET = {"tcp.stream": "flow", "udp.stream": "flow", "tcp.window_size": "tcp.window_size_value",
             "tcp.time_relative": "frame.time_relative", "tcp.time_delta": "frame.time_delta",
             "tcp.nxtseq": "tcp.seq + tcp.len", "ip.dsfield.ce": "ip.dsfield.ecn == 3"}


def instead_of(name: str, kinds: tuple[str, ...] = ()) -> str | None:
    """What to write for a name of others, lower case, where records of these kinds are asked; None for any other."""
    if kinds and "flow" not in kinds and name in OF_PACKET and (kinds == ("packet",) or OF_PACKET[name] == "flow"):
        return OF_PACKET[name]
    found = INSTEAD.get(name) or OF_OTHERS.get(name) or wireshark.ours(name)
    if found is not None and len(kinds) == 1:
        found = re.sub(rf", of {kinds[0]}(s| records)\b", "", found)
    return found


def key_of_others(word: str, kinds: tuple[str, ...] = ()) -> str | None:
    """What to say of `src_ip:192.0.2.1` and `procces:curl`, whose key is no field; None where none is meant."""
    key, colon, value = word.partition(":")
    if not colon or not KEY.fullmatch(key) or HEXTETS.fullmatch(word) or (value.isdecimal() and "_" not in key):
        return None
    said = instead_of(key.lower(), kinds)
    if said is None:
        near = get_close_matches(key.lower()[:64], NAMES, 1, 0.85) if value else ()
        said = near[0] if near else None
    return f"no field is called {key!r}; write {said}:{value or '...'}; quoted, it is looked for" if said else None


def not_of_bytes(word: str, operator: str) -> str | None:
    """What to say where bytes are asked for: of a protocol, of a part of a field, or by a mask. None where none are."""
    low = word.lower()
    name, bracket, _ = low.partition("[")
    if bracket and (name in NAMES or name.partition(".")[0] in (*PROTOS, *FAMILIES, *OF_FRAMES, "ether")):
        like = (f"write {name} contains ..., or matches /^.../" if name in NAMES and name not in FAMILIES else
                "tcp.flags.syn == 1 and others are")
        return f"bytes of packets and parts of fields are not compared here; {like}"
    if operator == "&":
        return f"bits are not masked here; write tcp.flags.syn == 1, or {low} in {{...}}"
    if operator in ("contains", "matches") and (low == "frame" or low in PROTOS or low in APPS):
        return f"bytes are not looked at here; --what streams -Y 'text {operator} ...' looks into what was said"
    return None


def nearest(name: str, kinds: tuple[str, ...] = ()) -> str | None:
    """The field name most like one that is unknown, if any is, of those that records of these kinds answer."""
    first, dot, _ = name.lower().partition(".")
    below = first + dot if dot and first in OF_FRAMES else ""  # what is asked of a frame is like nothing else
    answered = [each for each, fields in NAMES.items() if each.startswith(below)
                and (not kinds or any(answering(fields, kind)[1] for kind in kinds))]
    found = get_close_matches(name.lower()[:64], answered, 1, 0.6 if dot else LIKE)  # foo is not meant to be ooo
    return found[0] if found else None


def not_said(word: str, kinds: tuple[str, ...] = ()) -> str | None:
    """What to say of a bare word that is no text to look for, in records of these kinds; None when it is one."""
    low = word.lower()
    instead = instead_of(low, kinds)
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
    if dot and (first in PROTOS or first in APPS or first in OF_FRAMES or first in (*wireshark.PREFIXES, "ssl")):
        near = nearest(low, kinds)
        hint = f"; did you mean {near!r}?" if near else ";"
        return f"no field is called {word!r}{hint} quoted, it is looked for as text"
    return not_of_bytes(low, "")


def _slips(word: str) -> list[str]:
    """The word with two letters the other way round, or one of them twice: three letters at least, for shorter ones
    are looked for as well."""
    turned = [word[:i] + word[i + 1] + word[i] + word[i + 2:] for i in range(len(word) - 1)]
    return [slip for slip in [*turned, *(word[:i] + word[i] + word[i:] for i in range(len(word)))] if len(slip) > 2]


MISTYPED_NOT = dict.fromkeys(_slips("not"), "not")
MISTYPED = {slip: word for word in ("and", "or", "not") for slip in _slips(word)}  # between two conditions


def mistyped_operator(word: str, like: float = 0.0) -> str | None:
    """The operator that a word behind a field's name is meant to be; None when it may be a value. `like`: of a word
    behind any other, how like one it must be."""
    low = word.lower()
    if low in LIKE_OPERATORS and not like:
        return LIKE_OPERATORS[low]
    near = get_close_matches(low, OPERATORS[:2], 1, like or 0.75)
    return near[0] if near else None
