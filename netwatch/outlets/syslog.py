"""Syslog: a message for each record (RFC 5424), over UDP (RFC 5426), TCP (RFC 6587, counted octets), TLS (RFC 5425) or
a socket of the machine."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping

from netwatch.outlets.connection import Connected
from netwatch.outlets.plan import SNAPSHOT, Plan

SCHEMES = ("udp", "tcp", "tls", "unix")
LOCAL0 = 16
SEVERITIES = {"critical": 2, "warning": 4, "info": 6}
MOST_DATAGRAM = 8192  # RFC 5426 section 3.2: receivers SHOULD take 2048; rsyslog takes 8 KiB


class Syslog(Connected):
    """The record itself is the message, as JSON; its kind is the MSGID."""

    name = "syslog"

    def __init__(self, plan: Plan) -> None:
        """Raises OutletError."""
        super().__init__(plan.syslog, SCHEMES, 514, plan.ca)
        self._machine = socket.gethostname().encode("ascii", "replace").decode() or "-"
        self._cut = 0

    def take(self, kind: str, line: bytes) -> None:
        if kind != SNAPSHOT:
            self._put(message(kind, line, self._machine))

    def state(self) -> dict[str, int | str]:
        return {**super().state(), "cut": self._cut}

    def _say(self, connection: socket.socket, batch: list[bytes], fresh: bool) -> None:
        if connection.type == socket.SOCK_DGRAM:
            for each in batch:
                connection.send(each[:MOST_DATAGRAM])
            self._cut += sum(len(each) > MOST_DATAGRAM for each in batch)  # only now: what failed comes again
        else:
            connection.sendall(b"".join(b"%d %s" % (len(each), each) for each in batch))


def message(kind: str, line: bytes, machine: str) -> bytes:
    """PRI VERSION SP TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA SP MSG."""
    record: Mapping[str, object] = json.loads(line)
    severity = SEVERITIES.get(str(record.get("severity", "info")), 6)
    when = str(record.get("time") or record.get("last") or "-")
    stamp = f"{when[:26]}Z" if len(when) == 30 else when  # six decimals at most
    head = f"<{LOCAL0 * 8 + severity}>1 {stamp} {machine[:255]} netwatch {os.getpid()} {kind} - "
    return head.encode() + line.rstrip(b"\n")
