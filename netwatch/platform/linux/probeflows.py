"""What probes on Linux are made of, and which answer belongs to which.

Answers of routers come by the error queue (IP_RECVERR, ip(7)): the kernel has read the ICMP message, and tells who sent
it and what it quotes, which is our own header. In one flow nothing that routers choose ways by changes (Paris
traceroute, Augustin et al. 2006): the identifier and checksum of ICMP echo and the ports of UDP stay; a probe is known
by its sequence number, or the length of its datagram. ICMP: RFC 792, RFC 4443; DNS: RFC 1035, section 4.
"""

from __future__ import annotations

import ctypes
import errno
import os
import random
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from netwatch.model.probe import DNS, ECHO, UDP

AT_ONCE = 512  # taken from a socket, so that it cannot hold up the others
SLOTS = 64  # lengths of UDP probes
TRACE_PORT = 33434  # IANA: traceroute
ROOT_QUERY = struct.pack("!6HBHH", 0, 0x0100, 1, 0, 0, 0, 0, 2, 1)  # its id comes before: RD, QNAME ".", NS, IN
SOL_RAW, ICMP_FILTER, ICMP6_FILTER = 255, 1, 1
IP_RECVERR, IP_MTU_DISCOVER, PROBE_MTU = 11, 10, 3
IPV6_RECVERR, IPV6_MTU_DISCOVER = 25, 23
SO_ATTACH_FILTER, SO_TIMESTAMPNS = 26, 35
ERROR = struct.Struct("=IBBBxII")  # sock_extended_err: errno, origin, type, code, info, data
LOCAL, ICMP, ICMP6 = 1, 2, 3  # its origins
CONTROL = 512
ECHO_TYPES = {4: (8, 0), 6: (128, 129)}


class Sent(NamedTuple):
    """A probe that waits."""

    number: int
    time_ns: int
    until: float  # by time.monotonic()


class Heard(NamedTuple):
    """What came by a socket: the data or what an error quotes, when, and of errors their kind and who told."""

    data: bytes
    time_ns: int
    error: tuple[int, int, int, int] | None = None  # origin, type, code, info
    sender: bytes = b""


class Flow:
    """The sockets of one flow of probes, and its probes that wait, by what tells them apart."""

    method = ""

    def __init__(self, address: bytes, zone: int, stream: int) -> None:
        self.address, self.version = address, 4 if len(address) == 4 else 6
        self.waiting: dict[int, Sent] = {}
        self.sockets: list[socket.socket] = []
        self._family = socket.AF_INET if self.version == 4 else socket.AF_INET6
        self._place = (socket.inet_ntop(self._family, address), 0, *((0, zone) if self.version == 6 else ()))
        try:
            self._begin(stream)
        except BaseException:
            self.close()
            raise

    def _begin(self, stream: int) -> None:
        raise NotImplementedError

    def key(self) -> int:
        """What the next probe is known by."""
        raise NotImplementedError

    def send(self, key: int, ttl: int, size: int) -> None:
        """Raises OSError."""
        raise NotImplementedError

    def whose(self, heard: Heard) -> int | None:
        """The key of the probe that this answers, or that it quotes; None of what is not ours."""
        raise NotImplementedError

    def code(self, heard: Heard) -> int:
        return 0

    def close(self) -> None:
        for each in self.sockets:
            each.close()

    def _open(self, kind: int, protocol: int, port: int) -> socket.socket:
        made = socket.socket(self._family, kind | socket.SOCK_NONBLOCK, protocol)
        self.sockets.append(made)
        if self.version == 4:
            made.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            made.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PROBE_MTU)
        else:
            made.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
            made.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, PROBE_MTU)
        made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        made.connect((self._place[0], port, *self._place[2:]))
        return made

    def _put(self, by: socket.socket, data: bytes, ttl: int) -> None:
        if self.version == 4:
            by.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        else:
            by.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
        for last in (False, True):
            by.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # an answer to an earlier one; it is in the queue too
            try:
                by.send(data)
                return
            except OSError as e:
                if last or e.errno not in (errno.EHOSTUNREACH, errno.ECONNREFUSED):
                    raise


class Echo(Flow):
    """ICMP echo requests of one identifier. The two bytes behind the sequence number are its complement, so that the
    checksum of all is the same."""

    method = ECHO

    def _begin(self, stream: int) -> None:
        self._id, self._next = random.SystemRandom().getrandbits(16), 0
        self._mark = os.urandom(6)
        self._type, self._answer = ECHO_TYPES[self.version]
        if self.version == 4:
            made = self._open(socket.SOCK_RAW, socket.IPPROTO_ICMP, 0)
            made.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("=I", 0xFFFFFFFF & ~(1 << self._answer)))
        else:
            made = self._open(socket.SOCK_RAW, socket.IPPROTO_ICMPV6, 0)
            blocked = bytearray(b"\xff" * 32)
            struct.pack_into("=I", blocked, self._answer // 32 * 4, 0xFFFFFFFF & ~(1 << self._answer % 32))
            made.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, bytes(blocked))

    def key(self) -> int:
        self._next = self._next + 1 & 0xFFFF
        return self._next

    def send(self, key: int, ttl: int, size: int) -> None:
        head = 28 if self.version == 4 else 48
        data = struct.pack("!H", key ^ 0xFFFF) + self._mark + bytes(max(0, size - head - 8))
        message = struct.pack("!BBHHH", self._type, 0, 0, self._id, key) + data
        if self.version == 4:
            message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
        self._put(self.sockets[0], message, ttl)

    def whose(self, heard: Heard) -> int | None:
        data, kind = heard.data, self._type
        if heard.error is None:
            kind = self._answer
            data = data[(data[0] & 15) * 4:] if self.version == 4 and data else data
            if data[10:16] != self._mark:
                return None
        if len(data) < 8:
            return None
        found, _, _, number, key = struct.unpack_from("!BBHHH", data)
        return int(key) if found == kind and number == self._id else None


class Datagrams(Flow):
    """UDP to a port of traceroute. What errors quote comes by a raw socket, with the header."""

    method = UDP

    def _begin(self, stream: int) -> None:
        self._next = 0
        self._out = self._open(socket.SOCK_DGRAM, 0, TRACE_PORT + stream)
        self._ports = self._out.getsockname()[1], TRACE_PORT + stream
        _deaf(self._open(socket.SOCK_RAW, socket.IPPROTO_UDP, 0))

    def key(self) -> int:
        self._next = (self._next + 1) % SLOTS
        return self._next

    def send(self, key: int, ttl: int, size: int) -> None:
        self._put(self._out, bytes(16 + key), ttl)

    def whose(self, heard: Heard) -> int | None:
        if heard.error is None or len(heard.data) < 8:
            return None
        source, port, length, _ = struct.unpack_from("!4H", heard.data)
        return length - 24 if (source, port) == self._ports else None


class Resolving(Flow):
    """Queries to a server of DNS. An error that quotes too little is of the oldest."""

    method = DNS

    def _begin(self, stream: int) -> None:
        self._open(socket.SOCK_DGRAM, 0, 53)

    def key(self) -> int:
        return random.SystemRandom().getrandbits(16)

    def send(self, key: int, ttl: int, size: int) -> None:
        self._put(self.sockets[0], struct.pack("!H", key) + ROOT_QUERY[2:], ttl)

    def whose(self, heard: Heard) -> int | None:
        data = heard.data
        if heard.error is not None:
            return struct.unpack_from("!H", data)[0] if len(data) >= 12 else next(iter(self.waiting), None)
        return struct.unpack_from("!H", data)[0] if len(data) >= 12 and data[2] & 0x80 else None

    def code(self, heard: Heard) -> int:
        return heard.data[3] & 15 if heard.error is None else 0


FLOWS: dict[str, type[Flow]] = {each.method: each for each in (Echo, Datagrams, Resolving)}


def heard_by(by: socket.socket) -> Iterator[Heard]:
    """All that waits at a socket, errors first."""
    for flags in (socket.MSG_ERRQUEUE, 0):
        for _ in range(AT_ONCE):
            try:
                data, control, _, _ = by.recvmsg(2048, CONTROL, flags)
            except BlockingIOError:
                break
            except OSError:
                continue  # the error that is in the queue, once more
            yield _told(data, control)


def _told(data: bytes, control: Iterable[tuple[int, int, bytes]]) -> Heard:
    now, error, sender = time.time_ns(), None, b""
    for level, kind, about in control:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            second, ns = struct.unpack_from("@ll", about)
            now = second * 1_000_000_000 + ns
        elif (level, kind) in ((socket.IPPROTO_IP, IP_RECVERR), (socket.IPPROTO_IPV6, IPV6_RECVERR)):
            _, origin, what, code, info, _ = ERROR.unpack_from(about)
            error = origin, what, code, info
            sender = about[20:24] if origin == ICMP else about[24:40] if origin == ICMP6 else b""
    return Heard(data, now, error, sender)


def _deaf(made: socket.socket) -> None:
    """Take no packet (a BPF program that returns 0); errors still come."""
    code = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0))
    made.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", 1, ctypes.addressof(code)))


def checksum(data: bytes) -> int:
    """Of the internet (RFC 1071)."""
    whole = data + bytes(len(data) & 1)
    total: int = sum(struct.unpack(f"!{len(whole) // 2}H", whole))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
