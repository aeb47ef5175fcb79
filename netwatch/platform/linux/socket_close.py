"""Which sockets were closed since one last asked, told by the kernel: SKNLGRP_*_DESTROY of sock_diag(7), Linux 4.2.

Passes meet sockets; what comes and goes between two of them is told here, with its ends and its cookie, though not
whose it was. So whoever polls knows of every use of a port, and need not guess whether it was another's in between.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import TYPE_CHECKING, NamedTuple

from netwatch.platform.base import MAPPED

if TYPE_CHECKING:
    from netwatch._fast.os.netlink import Netlink

NETLINK_SOCK_DIAG = 4
GROUPS = (1, 2, 3, 4)          # SKNLGRP_*_DESTROY: TCP and UDP of IPv4, TCP and UDP of IPv6
TOLD = 20                      # SOCK_DIAG_BY_FAMILY, the type of such a message
ROOM = 4 << 20                 # bytes of messages that the kernel keeps for us
MAX_TAKEN = 65536              # closings taken at a time
DIAG = struct.Struct("!BBBBHH16s16s")          # inet_diag_msg, up to the interface
COOKIE = struct.Struct("=II")
COOKIE_AT, ATTRIBUTES_AT = 44, 72
ATTRIBUTE = struct.Struct("=HH")
PROTOCOL = 10                  # INET_DIAG_PROTOCOL


class Closing(NamedTuple):
    """A socket that is no more; a protocol that is not told is 0. An unspecified address is b""."""

    proto: int
    local: bytes
    lport: int
    remote: bytes
    rport: int
    cookie: int


class Closings:
    """Those of one network namespace (a descriptor of it; -1: ours) from now on. Making it raises OSError where the
    kernel does not tell."""

    def __init__(self, namespace: int = -1) -> None:
        from netwatch._fast.os.netlink import Netlink

        self._netlink: Netlink = Netlink(NETLINK_SOCK_DIAG, namespace)
        self._netlink.join(GROUPS, ROOM)

    def take(self) -> tuple[list[Closing], bool]:
        """(the sockets closed since, whether these are all of them)."""
        try:
            messages, whole = self._netlink.heard(MAX_TAKEN)
        except OSError:
            return [], False
        found = []
        for kind, body in messages:
            if kind == TOLD:
                with contextlib.suppress(struct.error):
                    found.append(closing(body))
        return found, whole

    def close(self) -> None:
        self._netlink.close()


def closing(body: bytes) -> Closing:
    """The socket that one message of the kernel's tells of. Raises struct.error for one that is cut short."""
    family, _, _, _, lport, rport, local, remote = DIAG.unpack_from(body)
    low, high = COOKIE.unpack_from(body, COOKIE_AT)
    return Closing(_protocol(body), _address(family, local), lport, _address(family, remote), rport, high << 32 | low)


def _protocol(body: bytes) -> int:
    """Its IP protocol number, 0 when it is not told."""
    at = ATTRIBUTES_AT
    while at + ATTRIBUTE.size < len(body):
        size, kind = ATTRIBUTE.unpack_from(body, at)
        if kind == PROTOCOL:
            return body[at + ATTRIBUTE.size]
        at += max(ATTRIBUTE.size, (size + 3) & ~3)
    return 0


def _address(family: int, octets: bytes) -> bytes:
    """4 or 16 octets, b"" for any address; IPv4 inside IPv6 is IPv4."""
    if family == socket.AF_INET:
        octets = octets[:4]
    elif octets[:12] == MAPPED:
        octets = octets[12:]
    return octets if any(octets) else b""
