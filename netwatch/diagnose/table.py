"""The rules there are, one line each. Where one explains another, the cause comes first."""

from __future__ import annotations

import importlib

from netwatch.diagnose.contract import Rule, Threshold

RULES = {
    "half_open_flood": "netwatch.diagnose.half_open_flood:HalfOpenFlood",
    "mtu_black_hole": "netwatch.diagnose.mtu_black_hole:MtuBlackHole",
    "not_reading": "netwatch.diagnose.not_reading:NotReading",
    "retransmission_storm": "netwatch.diagnose.retransmission_storm:RetransmissionStorm",
    "network_lossy": "netwatch.diagnose.network_lossy:NetworkLossy",
    "handshake_slow": "netwatch.diagnose.handshake_slow:HandshakeSlow",
    "no_answer": "netwatch.diagnose.no_answer:NoAnswer",
    "refused": "netwatch.diagnose.refused:Refused",
    "tls_failed": "netwatch.diagnose.tls_failed:TlsFailed",
    "dns_wait": "netwatch.diagnose.dns_wait:DnsWait",
    "dns_failing": "netwatch.diagnose.dns_failing:DnsFailing",
    "name_missing": "netwatch.diagnose.name_missing:NameMissing",
    "server_slow": "netwatch.diagnose.server_slow:ServerSlow",
}


def rules(threshold: Threshold) -> list[Rule]:
    """One of each, with its thresholds."""
    made: list[Rule] = []
    for place in RULES.values():
        module, _, cls = place.partition(":")
        made.append(getattr(importlib.import_module(module), cls)(threshold))
    return made
