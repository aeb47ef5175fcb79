"""Fields whose few values have names, and numbers that other tools write for these: what a value may be, and is not.

A value that such a field never has would match nothing; it is an error that names what is meant.
"""
from __future__ import annotations

import re
from difflib import get_close_matches
from typing import NamedTuple


class Names(NamedTuple):
    """`numbers`: what a number stands for. `closed`: there are no other names than `words`, those of the numbers, and
    such as `also`."""

    numbers: dict[int, str]
    words: frozenset[str] = frozenset()
    closed: bool = False
    also: re.Pattern[str] | None = None  # and such


STATE = Names({}, frozenset({
    "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT",
    "CLOSED", "UNKNOWN", "UDP_ACTIVE", "UDP_IDLE", "UDP_STALE", "ECHO_REQUEST", "ECHO_REPLY", "ICMP", "ARP_REQUEST",
    "ARP_REPLY", "DNS_QUERY", "DNS_RESPONSE", "SCTP_INIT", "SCTP_ESTABLISHED", "SCTP_SHUTDOWN", "SCTP_CLOSED",
    "ACTIVE", "QUIC_INITIAL", "QUIC_0RTT", "QUIC_RETRY", "QUIC_HANDSHAKE", "QUIC_CONNECTED", "QUIC_DRAINING",
    "QUIC_CLOSED",
    "DHCP_DISCOVER", "DHCP_OFFER", "DHCP_REQUEST", "DHCP_DECLINE", "DHCP_ACK", "DHCP_NAK", "DHCP_RELEASE",
    "DHCP_INFORM", "DHCPV6_REQUEST", "DHCPV6_REPLY", "NTP_REQUEST", "NTP_RESPONSE", "SNMP_REQUEST", "SNMP_RESPONSE",
    "SNMP_TRAP", "STUN_REQUEST", "STUN_RESPONSE", "STUN_ERROR", "STUN_INDICATION", "SSDP_SEARCH", "SSDP_NOTIFY",
    "SSDP_RESPONSE", "TFTP_REQUEST", "TFTP_TRANSFER", "TFTP_ERROR", "RADIUS_REQUEST", "RADIUS_RESPONSE",
    "COAP_REQUEST", "COAP_RESPONSE", "NETBIOS_QUERY", "NETBIOS_RESPONSE"}), True)
# IANA, Assigned Internet Protocol Numbers: those that flows are counted by
PROTO = Names({1: "icmp", 2: "igmp", 4: "ipip", 6: "tcp", 8: "egp", 17: "udp", 27: "rdp", 33: "dccp", 41: "ipv6",
               46: "rsvp", 47: "gre", 50: "esp", 51: "ah", 58: "icmp6", 59: "ipv6-nonxt", 88: "eigrp", 89: "ospf",
               97: "etherip", 103: "pim", 108: "ipcomp", 112: "vrrp", 115: "l2tp", 124: "isis", 132: "sctp",
               136: "udplite", 137: "mpls"}, frozenset({"arp", "lldp", "cdp", "lacp", "stp", "eapol"}), True,
              re.compile(r"ip-\d{1,3}|eth-0x[0-9a-f]{4}|wlan-.+"))
# RFC 6895 section 2.3
RCODE = Names({0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN",
               7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 11: "DSOTYPENI", 16: "BADVERS", 17: "BADKEY",
               18: "BADTIME", 19: "BADMODE", 20: "BADNAME", 21: "BADALG", 22: "BADTRUNC", 23: "BADCOOKIE"})
# RFC 6895 section 3.1
QTYPE = Names({1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA",
               33: "SRV", 35: "NAPTR", 39: "DNAME", 43: "DS", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 64: "SVCB",
               65: "HTTPS", 252: "AXFR", 255: "ANY", 257: "CAA"})
OPCODE = Names({0: "QUERY", 1: "IQUERY", 2: "STATUS", 4: "NOTIFY", 5: "UPDATE", 6: "DSO"})
# RFC 8446 appendix B.3.1.1 and before it
TLS = Names({0x0002: "SSL 2.0", 0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2",
             0x0304: "TLS 1.3"})
ENDED = Names({}, frozenset({"fin", "rst", "timeout", "evicted", "end-of-input"}), True)
INITIATOR = Names({}, frozenset({"seen", "guessed"}), True)
QR = Names({0: "query", 1: "response"}, closed=True)
FLAG_BITS = Names({1: "FIN", 2: "SYN", 4: "RST", 8: "PSH", 16: "ACK", 32: "URG", 64: "ECE", 128: "CWR"}, closed=True)
BY_FIELD = {
    "proto": PROTO, "state": STATE, "ended": ENDED, "initiator": INITIATOR, "tls.version": TLS, "dns.qr": QR,
    "dns.opcode": OPCODE, "dns.rcode": RCODE, "dns.rcodes": RCODE, "mdns.rcode": RCODE, "llmnr.rcode": RCODE,
    "mdns.rcodes": RCODE, "llmnr.rcodes": RCODE,
    "dns.types": QTYPE, "mdns.types": QTYPE, "llmnr.types": QTYPE, "dns.questions.type": QTYPE,
    "dns.answers.type": QTYPE, "tcp_flags_out": FLAG_BITS, "tcp_flags_in": FLAG_BITS,
}
# fields of which Wireshark's users know the numbers, and records have names alone
WORDS = frozenset({"smb.commands", "smb.errors", "kerberos.etype", "mysql.commands", "snmp.pdus", "syslog.facility",
                   "socks.command", "cdp.capabilities", "dcerpc.auth_level"})
ALSO = {"icmpv6": "icmp6", "ipv6-icmp": "icmp6"}  # other names of protocols


def meant(field: str, value: str) -> str:
    """The value that a record has where a number or another tool's spelling stands for it. Raises ValueError, with
    words for the user, when the field never has such a value."""
    names = BY_FIELD.get(field)
    if field in WORDS and (value.isdecimal() or (value.lower().startswith("0x") and field == "smb.errors")):
        raise ValueError(f"{field} is told by names, not by numbers; --by {field} lists those that occur")
    if names is None:
        return value
    low = value.lower()
    number = int(low, 16) if low.startswith("0x") and len(low) < 12 else int(low) if low.isdecimal() else None
    if number is not None and names.numbers:
        return _named(field, names, number, value)
    low = ALSO.get(low, low) if field == "proto" else low
    if names is TLS:
        return _version(low, value)
    known = {word.lower(): word for word in (*names.words, *names.numbers.values())}
    if names.closed and low not in known and not (names.also and names.also.fullmatch(low)):
        raise ValueError(f"{field} is never {value!r}{_nearest(low, known)}")
    return low if field == "proto" else value


def _named(field: str, names: Names, number: int, value: str) -> str:
    found = names.numbers.get(number)
    if found is None and names is PROTO and number < 256:
        return f"ip-{number}"
    if found is None:
        known = ", ".join(f"{number} {name}" for number, name in list(names.numbers.items())[:4])
        raise ValueError(f"{field} has no name for the number {value} ({known} ...); write the name")
    return found


def _version(low: str, value: str) -> str:
    """1.2, TLS1.2 and TLSv1.2 are TLS 1.2."""
    kind = "ssl" if low.startswith("ssl") else "tls"
    digits = low.removeprefix("tls").removeprefix("ssl").lstrip(" v_-")
    for name in TLS.numbers.values():
        first, version = name.lower().split(" ")
        if digits == version and (first == kind or low == version):
            return name
    return value


def _nearest(low: str, known: dict[str, str]) -> str:
    near = get_close_matches(low, known, 1)
    few = ", ".join(sorted(known.values())[:8]) + (" ..." if len(known) > 8 else "")
    return f"; did you mean {known[near[0]]}?" if near else f"; it is {few}"
