"""IPFIX (RFC 7011), UDP, TCP or TLS: a record for each direction of a flow that is over, with what it is and whose."""

from __future__ import annotations

import ipaddress
import json
import socket
import struct
import time
from datetime import datetime
from typing import NamedTuple

from netwatch.model.record import Record
from netwatch.outlets.connection import Connected
from netwatch.outlets.plan import IPFIX_PORT, IPFIX_TLS_PORT, Plan

SCHEMES = ("udp", "tcp", "tls")
VERSION, TEMPLATE_SET, IPV4, IPV6 = 10, 2, 256, 257  # the last two are our templates
ENTERPRISE = 32473  # RFC 5612: for documentation; netwatch has no number of its own
APP, SNI, PROCESS, PID, FLOW = 1, 2, 3, 4, 5  # elements of it, the first three of variable length
DOMAIN = 1
MOST_MESSAGE = 1400  # bytes: section 10.3.3, no fragments
TEMPLATES_EVERY_S = 60.0  # over UDP: section 8.4
MOST_TEXT = 200
# RFC 5102's elements: (number, octets)
TIMES_AND_ENDS = ((152, 8), (153, 8))
COMMON = ((7, 2), (11, 2), (4, 1), (6, 2), (1, 8), (2, 8), (136, 1))
ADDRESSES = {IPV4: ((8, 4), (12, 4)), IPV6: ((27, 16), (28, 16))}
OWN = ((APP, 0xFFFF), (SNI, 0xFFFF), (PROCESS, 0xFFFF), (PID, 4), (FLOW, 8))
PROTOCOLS = {"icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "icmp6": 58, "sctp": 132}
FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ECE": 64, "CWR": 128}
ENDED = {"timeout": 1, "fin": 3, "rst": 3, "end-of-input": 4, "evicted": 5}  # flowEndReason


class DataRecord(NamedTuple):
    template: int
    data: bytes


class Ipfix(Connected):
    """octetDeltaCount counts whole frames, as all of netwatch does."""

    name = "ipfix"

    def __init__(self, plan: Plan) -> None:
        """Raises OutletError."""
        usual = IPFIX_TLS_PORT if plan.ipfix.startswith("tls:") else IPFIX_PORT
        super().__init__(plan.ipfix, SCHEMES, usual, plan.ca)
        self._sequence = 0
        self._told_at = 0.0
        self._unsayable = 0

    def take(self, kind: str, line: bytes) -> None:
        if kind == "flow":
            self._put(line)

    def state(self) -> dict[str, int | str]:
        return {**super().state(), "unsayable": self._unsayable}

    def _say(self, connection: socket.socket, batch: list[bytes], fresh: bool) -> None:
        found = [data_records(json.loads(line)) for line in batch]
        records = [record for each in found for record in each or ()]
        now = time.monotonic()
        if fresh or (self._scheme == "udp" and now - self._told_at > TEMPLATES_EVERY_S):
            connection.sendall(message(templates(), self._sequence))
            self._told_at = now
        for sets, count in packed(records):
            connection.sendall(message(sets, self._sequence))
            self._sequence = (self._sequence + count) & 0xFFFFFFFF
        self._unsayable += found.count(None)  # only now: what could not be sent comes again


def message(sets: bytes, sequence: int) -> bytes:
    """Section 3.1."""
    return struct.pack(">HHIII", VERSION, 16 + len(sets), int(time.time()) & 0xFFFFFFFF, sequence, DOMAIN) + sets


def templates() -> bytes:
    """Both of them, as one set: section 3.4.1."""
    body = b""
    for number in (IPV4, IPV6):
        fields = [*TIMES_AND_ENDS, *ADDRESSES[number], *COMMON]
        body += struct.pack(">HH", number, len(fields) + len(OWN))
        body += b"".join(struct.pack(">HH", *each) for each in fields)
        body += b"".join(struct.pack(">HHI", 0x8000 | element, size, ENTERPRISE) for element, size in OWN)
    return struct.pack(">HH", TEMPLATE_SET, 4 + len(body)) + body


def data_records(flow: Record) -> list[DataRecord] | None:
    """Of the directions in which anything went; None for what has no IP addresses or no number of its protocol."""
    try:
        ends = [ipaddress.ip_address(flow["src"]).packed, ipaddress.ip_address(flow["dst"]).packed]
        proto = PROTOCOLS[flow["proto"]]
    except (KeyError, ValueError):
        return None
    ports = [flow.get("sport", 0), flow.get("dport", 0)]
    times = struct.pack(">QQ", *(_milliseconds(flow.get(key)) for key in ("first", "last")))
    process = flow.get("process", {})
    sni = flow.get("tls", {}).get("sni") or flow.get("quic", {}).get("sni")
    own = b"".join(map(_text, (flow.get("app"), sni, process.get("name")))) + struct.pack(
        ">IQ", process.get("pid", 0) & 0xFFFFFFFF, flow["id"])
    found = []
    for turned, way in enumerate(("out", "in")):
        if flow[f"packets_{way}"]:
            one, other = (1, 0) if turned else (0, 1)
            flags = sum(FLAGS[name] for name in flow.get(f"tcp_flags_{way}", ()))
            found.append(DataRecord(IPV4 if len(ends[0]) == 4 else IPV6, times + ends[one] + ends[other] + struct.pack(
                ">HHBHQQB", ports[one], ports[other], proto, flags, flow[f"bytes_{way}"], flow[f"packets_{way}"],
                ENDED.get(flow.get("ended", ""), 0)) + own))
    return found


def packed(records: list[DataRecord]) -> list[tuple[bytes, int]]:
    """(sets of one message, records in them), none larger than may be."""
    found: list[tuple[bytes, int]] = []
    for template in (IPV4, IPV6):
        body, count = b"", 0
        for record in records:
            if record.template != template:
                continue
            if count and 20 + len(body) + len(record.data) > MOST_MESSAGE:
                found.append((struct.pack(">HH", template, 4 + len(body)) + body, count))
                body, count = b"", 0
            body, count = body + record.data, count + 1
        if count:
            found.append((struct.pack(">HH", template, 4 + len(body)) + body, count))
    return found


def _text(value: str | None) -> bytes:
    """Of variable length: section 7."""
    octets = (value or "").encode()[:MOST_TEXT]
    return bytes((len(octets),)) + octets


def _milliseconds(time: str | None) -> int:
    return round(datetime.fromisoformat(f"{time[:23]}+00:00").timestamp() * 1000) if time else 0
