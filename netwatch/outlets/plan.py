"""What outlets there are to be, in plain words, and what each of them is."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

MOST_PATH = 107  # bytes of the path of a socket (unix(7))
ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|(?P<host>[\w.-]{1,253}))(?::(?P<port>[0-9]+))?")
SNAPSHOT = "snapshot"  # the kind of record that tells how all is
IPFIX_PORT, IPFIX_TLS_PORT = 4739, 4740  # RFC 7011 sections 10.2.3 and 10.4.3
PORTS = {"http": 80, "https": 443, "udp": 514, "tcp": 514, "tls": 514}  # where none is said


@dataclass(frozen=True)
class Plan:
    """"" and 0: there is no such outlet."""

    log: str = ""  # file of the event log
    log_bytes: int = 100_000_000  # at which it is rotated
    log_keep: int = 5  # rotated ones
    syslog: str = ""  # udp://HOST:PORT, tcp://, tls://, unix:PATH
    ipfix: str = ""  # udp://HOST:PORT, tcp://, tls://
    otlp: str = ""  # http(s)://HOST:PORT
    push: str = ""  # http(s)://HOST/...
    push_key: str = ""
    push_every_s: int = 15
    queue: str = ""  # folder of what could not be pushed yet
    queue_bytes: int = 50_000_000
    ca: str = ""  # file of certificates to trust, "" the system's

    @property
    def events(self) -> bool:
        """Is there one that takes records?"""
        return bool(self.log or self.syslog or self.ipfix or self.otlp or self.push)

    @property
    def readable(self) -> list[str]:
        """Files and folders that the outlets read."""
        return [path for path in (self.ca, "/etc/ssl", "/etc/pki", "/etc/resolv.conf", "/etc/hosts",
                                  "/etc/nsswitch.conf", "/run/systemd/resolve") if path]


class OutletError(Exception):
    """An outlet cannot be what was asked for; one line."""


class Outlet(Protocol):
    """Takes lines of NDJSON. Everything but open() is called inside the walls, in one thread."""

    name: str

    def take(self, kind: str, line: bytes) -> None:
        """A record of a kind; must not wait."""

    def reopen(self) -> None:
        """Begin anew: files may have been moved."""

    def close(self) -> None:
        """No more will come; a second or two may be waited for the last."""

    def state(self) -> dict[str, int | str]:
        """How it is doing: sent, dropped, waiting, error."""


def own_ends(plan: Plan) -> frozenset[tuple[bytes, int]]:
    """(packed address, port) of all that is sent to, as far as the names can be resolved now."""
    found: set[tuple[bytes, int]] = set()
    for url in filter(None, (plan.syslog, plan.ipfix, plan.otlp, plan.push)):
        with contextlib.suppress(ValueError, OSError):
            parts = urlsplit(url)
            usual = PORTS.get(parts.scheme, 0)
            if url == plan.ipfix:
                usual = IPFIX_TLS_PORT if parts.scheme == "tls" else IPFIX_PORT
            port = parts.port or usual
            if parts.hostname and port:
                found |= {(ipaddress.ip_address(str(each[4][0]).partition("%")[0]).packed, port)
                          for each in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)}
    return frozenset(found)


def is_port(text: str) -> bool:
    """Is it a number from 0 to 65535?"""
    return text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) < 65536


def address_of(text: str, schemes: Sequence[str], port: int) -> tuple[str, str, int]:
    """(scheme, host or path, port) of scheme://host:port. Raises OutletError."""
    scheme, found, rest = text.partition(":")
    if not found or scheme not in schemes:
        raise OutletError(f"{text}: begins with {', '.join(f'{each}:' for each in schemes)}")
    rest = rest.removeprefix("//")
    if scheme == "unix":
        if not rest.startswith("/"):
            raise OutletError(f"{text}: unix: and the path of a socket")
        if len(rest.encode("utf-8", "surrogateescape")) > MOST_PATH:
            raise OutletError(f"{text}: a socket's path has at most {MOST_PATH} bytes")
        return scheme, rest, 0
    parts = ADDRESS.fullmatch(rest)
    number = parts["port"] or str(port) if parts else ""
    if parts is None or not is_port(number) or not int(number):
        raise OutletError(f"{text}: {scheme}://HOST:PORT")
    return scheme, parts["six"] or parts["host"], int(number)


def connect(scheme: str, host: str, port: int, seconds: float, ca: str = "") -> socket.socket:
    """A connected socket. Raises OSError."""
    if scheme == "unix":
        try:
            return _joined(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), host, seconds)
        except OSError as e:
            if e.errno != errno.EPROTOTYPE:  # else it is a stream
                raise
        return _joined(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), host, seconds)
    if scheme == "udp":
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        return _joined(socket.socket(family, kind, proto), address, seconds)
    made = socket.create_connection((host, port), seconds)
    if scheme != "tls":
        return made
    import ssl

    try:
        return ssl.create_default_context(cafile=ca or None).wrap_socket(made, server_hostname=host)
    except BaseException:
        made.close()
        raise


def _joined(made: socket.socket, address: object, seconds: float) -> socket.socket:
    """The socket, connected; closed where that fails. Raises OSError."""
    try:
        made.settimeout(seconds)
        made.connect(address)  # type: ignore[arg-type]  # an address as getaddrinfo() gives it
    except BaseException:
        made.close()
        raise
    return made
