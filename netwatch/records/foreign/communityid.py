"""Community ID version 1: the same hash of a flow's ends in every program (the Community ID specification, seed 0)."""

from __future__ import annotations

import base64
import hashlib
import ipaddress

from netwatch.model.record import Record

PROTOCOLS = {"icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "icmp6": 58, "ospf": 89,
             "pim": 103, "sctp": 132, "dccp": 33, "udplite": 136}
WITH_PORTS = ("tcp", "udp", "sctp", "icmp", "icmp6")
# type of a question and of its answer, either way: RFC 792, 950, 1256; RFC 4443, 4861, 2710, 4620
ANSWERS = {"icmp": {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17, 10: 9, 9: 10},
           "icmp6": {128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 130: 131, 131: 130, 144: 145, 145: 144,
                     139: 140, 140: 139}}


def community_id(flow: Record) -> str | None:
    """None for what has no IP addresses or no number of its protocol."""
    proto = flow.get("proto", "")
    try:
        src, dst = (ipaddress.ip_address(flow[key]).packed for key in ("src", "dst"))
        number = PROTOCOLS[proto]
    except (KeyError, ValueError):
        return None
    sport, dport = flow.get("sport", 0), flow.get("dport", 0)
    one_way = False
    if proto in ANSWERS:
        sport, dport, one_way = _of_icmp(proto, flow.get("icmp", {}))
    if not one_way and (dst, dport) < (src, sport):
        src, dst, sport, dport = dst, src, dport, sport
    data = bytes(2) + src + dst + bytes((number, 0))
    if proto in WITH_PORTS:
        data += sport.to_bytes(2, "big") + dport.to_bytes(2, "big")
    return "1:" + base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def _of_icmp(proto: str, icmp: Record) -> tuple[int, int, bool]:
    """What stands for the ports: the type and its answer's, else the type and the code, which have one direction."""
    kind = icmp.get("type", 8 if proto == "icmp" else 128)  # a flow with an `id` is of echoes
    answer = ANSWERS[proto].get(kind)
    return (kind, icmp.get("code", 0), True) if answer is None else (kind, answer, False)
