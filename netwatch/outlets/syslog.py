"""Syslog: a message for each record (RFC 5424), over UDP (RFC 5426), TCP (RFC 6587, counted octets), TLS (RFC 5425) or
a socket of the machine."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping

from netwatch.outlets.plan import SNAPSHOT, Plan, address_of, connect
from netwatch.outlets.sending import Sending

SCHEMES = ("udp", "tcp", "tls", "unix")
LOCAL0 = 16
SEVERITIES = {"critical": 2, "warning": 4, "info": 6}
MOST_DATAGRAM = 8192  # RFC 5426 section 3.2: receivers SHOULD take 2048; rsyslog takes 8 KiB
SECONDS = 10.0


class Syslog:
    """The record itself is the message, as JSON; its kind is the MSGID."""

    name = "syslog"

    def __init__(self, plan: Plan) -> None:
        """Raises OutletError."""
        self._scheme, self._host, self._port = address_of(plan.syslog, SCHEMES, 514)
        self._ca = plan.ca
        self._socket: socket.socket | None = None
        self._machine = socket.gethostname().encode("ascii", "replace").decode() or "-"
        self._cut = 0
        self._sending: Sending | None = None

    def take(self, kind: str, line: bytes) -> None:
        if kind == SNAPSHOT:
            return
        if self._sending is None:
            self._sending = Sending("syslog", self._send)
        self._sending.put(message(kind, line, self._machine))

    def reopen(self) -> None:
        """The next message finds a new connection, where one is needed."""

    def close(self) -> None:
        if self._sending is not None:
            self._sending.close()

    def state(self) -> dict[str, int | str]:
        said = {"sent": 0, "dropped": 0, "waiting": 0} if self._sending is None else self._sending.state()
        return {**said, "cut": self._cut}

    def _send(self, batch: list[bytes]) -> None:
        try:
            if self._socket is None:
                self._socket = connect(self._scheme, self._host, self._port, SECONDS, self._ca)
            if self._socket.type == socket.SOCK_DGRAM:
                for each in batch:
                    self._cut += len(each) > MOST_DATAGRAM
                    self._socket.send(each[:MOST_DATAGRAM])
            else:
                self._socket.sendall(b"".join(b"%d %s" % (len(each), each) for each in batch))
        except OSError:
            if self._socket is not None:
                self._socket.close()
            self._socket = None
            raise


def message(kind: str, line: bytes, machine: str) -> bytes:
    """PRI VERSION SP TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA SP MSG."""
    record: Mapping[str, object] = json.loads(line)
    severity = SEVERITIES.get(str(record.get("severity", "info")), 6)
    when = str(record.get("time") or record.get("last") or "-")
    stamp = f"{when[:26]}Z" if len(when) == 30 else when  # six decimals at most
    head = f"<{LOCAL0 * 8 + severity}>1 {stamp} {machine[:255]} netwatch {os.getpid()} {kind} - "
    return head.encode() + line.rstrip(b"\n")
