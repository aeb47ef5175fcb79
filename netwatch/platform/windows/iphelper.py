"""The tables of iphlpapi.dll: a count, then rows of fixed size (iphlpapi.h, tcpmib.h, udpmib.h, ipmib.h).

GetExtendedTcpTable and GetExtendedUdpTable with the OWNER_PID classes, GetIpForwardTable, GetIpNetTable. Ports are in
network order in the low half of a DWORD. The parsers take bytes, so that they are tested on any system.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterator
from typing import Any

from netwatch.model.host import Unavailable
from netwatch.model.machine import Neighbour, Route
from netwatch.platform.base import TCP, UDP, Socket, packed

AF_INET, AF_INET6 = 2, 23
TCP_TABLE_OWNER_PID_ALL, UDP_TABLE_OWNER_PID = 5, 1
ERROR_INSUFFICIENT_BUFFER, ATTEMPTS = 122, 5
STATES = ("", "CLOSED", "LISTEN", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSE_WAIT",
          "CLOSING", "LAST_ACK", "TIME_WAIT", "DELETE_TCB")
TCP4, TCP6 = struct.Struct("<I4sI4sII"), struct.Struct("<16sII16sIIII")
UDP4, UDP6 = struct.Struct("<4sII"), struct.Struct("<16sIII")
FORWARD, NET = struct.Struct("<4s4sI4s10I"), struct.Struct("<II8s4sI")
INVALID, DYNAMIC, STATIC = 2, 3, 4
LOCAL_ROUTE, REMOTE_ROUTE = 3, 4


def sockets() -> list[Socket]:
    """All TCP and UDP sockets. Raises Unavailable."""
    library = _library()
    found: list[Socket] = []
    for family in (AF_INET, AF_INET6):
        found += tcp_table(_table(lambda buffer, size, f=family: library.GetExtendedTcpTable(
            buffer, size, False, f, TCP_TABLE_OWNER_PID_ALL, 0)), family)
        found += udp_table(_table(lambda buffer, size, f=family: library.GetExtendedUdpTable(
            buffer, size, False, f, UDP_TABLE_OWNER_PID, 0)), family)
    return found


def routes() -> list[Route]:
    """The IPv4 routes. Raises Unavailable."""
    library = _library()
    return forward_table(_table(lambda buffer, size: library.GetIpForwardTable(buffer, size, False)))


def neighbours() -> list[Neighbour]:
    """The ARP table. Raises Unavailable."""
    library = _library()
    return net_table(_table(lambda buffer, size: library.GetIpNetTable(buffer, size, False)))


def tcp_table(data: bytes, family: int) -> list[Socket]:
    """MIB_TCPTABLE_OWNER_PID or MIB_TCP6TABLE_OWNER_PID."""
    found = []
    for row in _rows(data, TCP4 if family == AF_INET else TCP6):
        if family == AF_INET:
            state, local, lport, remote, rport, pid = row
        else:
            local, _, lport, remote, _, rport, state, pid = row
        listening = state == 2
        found.append(Socket(TCP, _address(local), _port(lport), b"" if listening else _address(remote),
                            0 if listening else _port(rport), STATES[state] if state < len(STATES) else "",
                            (pid,) if pid else ()))
    return found


def udp_table(data: bytes, family: int) -> list[Socket]:
    """MIB_UDPTABLE_OWNER_PID or MIB_UDP6TABLE_OWNER_PID."""
    if family == AF_INET:
        return [Socket(UDP, _address(local), _port(port), b"", 0, pids=(pid,) if pid else ())
                for local, port, pid in _rows(data, UDP4)]
    return [Socket(UDP, _address(local), _port(port), b"", 0, pids=(pid,) if pid else ())
            for local, _, port, pid in _rows(data, UDP6)]


def forward_table(data: bytes) -> list[Route]:
    """MIB_IPFORWARDTABLE; the interface is its number, as text."""
    found = []
    for network, mask, _, gateway, index, kind, *_, metric, _, _, _, _ in _rows(data, FORWARD):
        if kind in (LOCAL_ROUTE, REMOTE_ROUTE):
            found.append(Route(network, int.from_bytes(mask, "big").bit_count(),
                               gateway if kind == REMOTE_ROUTE else b"", str(index), metric))
    return found


def net_table(data: bytes) -> list[Neighbour]:
    """MIB_IPNETTABLE."""
    return [Neighbour(address, mac[:6].hex(":"), str(index), "permanent" if kind == STATIC else "")
            for index, length, mac, address, kind in _rows(data, NET) if length == 6 and kind in (DYNAMIC, STATIC)]


def _rows(data: bytes, row: struct.Struct) -> Iterator[tuple[Any, ...]]:  # Any: as the struct says
    if len(data) >= 4:
        count, = struct.unpack_from("<I", data)
        for at in range(4, 4 + min(count, (len(data) - 4) // row.size) * row.size, row.size):
            yield row.unpack_from(data, at)


def _address(octets: bytes) -> bytes:
    return packed(octets) if any(octets) else b""


def _port(word: int) -> int:
    return (word & 0xFF) << 8 | word >> 8 & 0xFF


def _library() -> ctypes.CDLL:
    try:
        found: ctypes.CDLL = ctypes.WinDLL("iphlpapi.dll")  # type: ignore[attr-defined]
        return found
    except (AttributeError, OSError) as e:
        raise Unavailable(f"iphlpapi.dll: {e}") from None


def _table(ask: Callable[..., int]) -> bytes:
    """Ask for the size, then for the table; it may have grown in between."""
    size = ctypes.c_ulong(0)
    buffer: ctypes.Array[ctypes.c_char] | None = None
    for _ in range(ATTEMPTS):
        status = ask(buffer, ctypes.byref(size))
        if status == 0:
            return bytes(buffer.raw[:size.value]) if buffer is not None else b""
        if status != ERROR_INSUFFICIENT_BUFFER:
            break
        size = ctypes.c_ulong(size.value + 4096)
        buffer = ctypes.create_string_buffer(size.value)
    raise Unavailable(f"iphlpapi.dll: error {status}")
