"""Questions to the registries of addresses (whois, RFC 3912), for somebody who may ask for nothing else.

Who asks is not trusted: it names an address and a registry of the list. What comes is handed on unread, bounded in size
and time; the thread that resolves, connects and reads has no capabilities.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import sys
import threading
import time

from netwatch.model.whois import SERVERS, RegistryAnswer
from netwatch.platform.allowance import Allowance

PORT = 43
QUERIES = {"arin": "n + {}"}  # of networks, with all that is known of them; the others are told the address alone
ANSWER_MOST = 65_536  # bytes
CONNECT_S, WHOLE_S = 5.0, 5.0  # to be connected; and from then on to the end
BURST, EVERY_S, MOST = 8, 5.0, 400  # questions; one look-up is two or three
PART = 4096
NOT_ALLOWED = "probes.third_party is false: no registry is asked"


class Registries:
    """One question at a time. `allowed`: as said once, at the start."""

    def __init__(self) -> None:
        self.allowed = False
        self._allowance = Allowance(BURST, EVERY_S, MOST)
        self._thread: threading.Thread | None = None
        self._until = 0.0
        self._found: RegistryAnswer | None = None

    def ask(self, registry: str, address: str) -> None:
        """Raises ValueError of what may not be asked, BlockingIOError of too much."""
        if not self.allowed:
            raise ValueError(NOT_ALLOWED)
        if registry not in SERVERS:
            raise ValueError("no such registry")
        found = global_address(address)
        if self._thread is not None and self._thread.is_alive():
            raise BlockingIOError(0, "another registry is being asked")
        why = self._allowance.refusal()
        if why:
            raise BlockingIOError(0, why)
        query = QUERIES.get(registry, "{}").format(found.compressed).encode() + b"\r\n"
        self._found, self._until = None, time.monotonic() + CONNECT_S + WHOLE_S
        self._thread = threading.Thread(target=self._asked, args=(registry, query), name="whois", daemon=True)
        self._thread.start()

    def answer(self) -> RegistryAnswer | None:
        """To the last question; None while it is under way."""
        if self._found is None and self._thread is not None and time.monotonic() > self._until:
            return RegistryAnswer("", b"", "no answer in time")
        return self._found

    def _asked(self, registry: str, query: bytes) -> None:
        if sys.platform == "linux":
            from netwatch.platform.linux.confine import drop_capabilities

            drop_capabilities()  # of this thread alone
        server, kept = SERVERS[registry], bytearray()
        try:
            with _connected(server) as line:
                until = time.monotonic() + WHOLE_S
                line.settimeout(WHOLE_S)
                line.sendall(query)
                why = _read(line, kept, until)
        except TimeoutError:
            why = f"{server}: no answer in time"
        except OSError as e:
            why = f"{server}: {e.strerror or e}"
        self._found = RegistryAnswer(registry, bytes(kept), why)


def global_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Raises ValueError of what is no address, or of nobody in particular: private, reserved, multicast ones."""
    found = ipaddress.ip_address(text)
    six = getattr(found, "scope_id", None) or getattr(found, "ipv4_mapped", None)
    if not found.is_global or found.is_multicast or six:
        raise ValueError(f"{text} is of no registry: it is not a global address")
    return found


def _connected(server: str) -> socket.socket:
    """By IPv4, else by IPv6: asked for one after the other, for which the resolver needs no call that the helper has
    given up. Raises OSError."""
    last: OSError | None = None
    until, unknown = time.monotonic() + CONNECT_S, OSError(0, "it has no address")
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            places = socket.getaddrinfo(server, PORT, family, socket.SOCK_STREAM)
        except OSError as e:
            unknown = e
            continue
        for _, kind, proto, _, place in places:
            line = socket.socket(family, kind, proto)
            line.settimeout(max(0.01, until - time.monotonic()))
            try:
                line.connect(place)
                return line
            except OSError as e:
                line.close()
                last = e
    raise last or unknown


def _read(line: socket.socket, kept: bytearray, until: float) -> str:
    """To the end, as much as may be; why it is not all. Raises OSError."""
    while len(kept) < ANSWER_MOST:
        left = until - time.monotonic()
        if left <= 0:
            return "the rest did not come in time"
        line.settimeout(left)
        try:
            part = line.recv(min(PART, ANSWER_MOST - len(kept)))
        except TimeoutError:
            if not kept:
                raise
            return "the rest did not come in time"
        if not part:
            return ""
        kept += part
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    return f"it says more than {ANSWER_MOST} bytes: the rest is cut"
