"""A UDP port of this machine, to which exporters and agents send: `--source ipfix://127.0.0.1:2055`."""

from __future__ import annotations

import ipaddress
import select
import socket
import time
from collections.abc import Iterator
from typing import Protocol
from urllib.parse import urlsplit

from netwatch.cli.errors import CommandError, exit_code_of

PORTS = {"ipfix": 4739, "netflow": 2055, "udp": 2055, "sflow": 6343}
LARGEST = 65535
ROOM = 4 << 20  # bytes that wait in the kernel
TURN_S = 0.5


class Stops(Protocol):
    """`number` is 0 while it shall go on."""

    number: int


class Port:
    """Export packets that are sent to a port of this machine."""

    def __init__(self, text: str) -> None:
        """Raises CommandError."""
        host, port = address(text)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0]
            self._socket = socket.socket(found[0], socket.SOCK_DGRAM)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
            self._socket.bind(found[4])
        except OSError as e:
            raise CommandError(f"--source {text}: {e.strerror or e}", exit_code_of(e)) from None

    def datagrams(self, stop: Stops, until: float | None, count: int | None) -> Iterator[tuple[bytes, str]]:
        """(data, address of the exporter), until it is over; (b"", "") when nothing came for a while."""
        while not stop.number and (count is None or count > 0):
            left = TURN_S if until is None else min(TURN_S, until - time.monotonic())
            if left <= 0:
                return
            try:
                ready, _, _ = select.select([self._socket], [], [], left)
            except InterruptedError:
                continue
            if not ready:
                yield b"", ""
                continue
            data, sender = self._socket.recvfrom(LARGEST)
            count = None if count is None else count - 1
            yield data, str(sender[0]).partition("%")[0].removeprefix("::ffff:")


def address(text: str) -> tuple[str, int]:
    """(host, port) of a URL such as ipfix://127.0.0.1:2055. Raises CommandError."""
    wrong = CommandError(f"--source {text}: ipfix://ADDRESS[:PORT], netflow:// or sflow://")
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
        ipaddress.ip_address(host or "")
    except ValueError:
        raise wrong from None
    if url.scheme not in PORTS or url.path not in ("", "/") or url.query or url.username or host is None:
        raise wrong
    return host, port or PORTS[url.scheme]
