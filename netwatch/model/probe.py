"""Probes: small packets sent to see who answers, and what came of each. Nothing here sends any.

A probe is an ICMP echo request, a UDP datagram to a port that nobody listens on, or a DNS query for the root's
servers. What they carry says nothing of the machine.
"""

from __future__ import annotations

from dataclasses import dataclass

ECHO, UDP, DNS = "echo", "udp", "dns"
METHODS = (ECHO, UDP, DNS)
STREAMS = 16  # flows of probes to one address: of one all packets take the same way
GATEWAY, RESOLVERS = "gateway", "dns"  # in place of an address: those that the machine uses at the time

ANSWER = "answer"            # whom it was sent to answered; `code` of DNS is the RCODE
EXPIRED = "expired"          # a router on the way: its hops were used up
UNREACHABLE = "unreachable"  # somebody says that it cannot be delivered; `code` of ICMP says why
TOO_BIG = "too big"          # somebody cannot pass it on in one piece; `mtu` (0: not told)
SILENT = "silent"            # nothing came in time
UNSENT = "unsent"            # it never left; `reason`
KINDS = (ANSWER, EXPIRED, UNREACHABLE, TOO_BIG, SILENT, UNSENT)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of the probe of that number. `address`: of who answered (b"": nobody, or this machine); `rtt_us`: from
    sending to receiving, None where nothing came."""

    number: int
    kind: str
    address: bytes = b""
    rtt_us: float | None = None
    code: int = 0
    mtu: int = 0
    reason: str = ""
