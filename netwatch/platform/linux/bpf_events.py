"""The events of bpf/owners.bpf.c (and of the bcc program, which speaks the same): their layout, and their meaning."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from netwatch.model.machine import Identity, Process
from netwatch.platform.base import MAPPED, clean
from netwatch.platform.linux.procfs import full_name

CONNECTED, LISTENS, SENT, RECEIVED, CLOSED, FOUND, PROCESS = range(1, 8)
SHARES_PORT = 1
SOCKET = struct.Struct("=IIQQQIHHHHI16s16s")
WHOSE = struct.Struct("=4xI16xQI44x")      # of a socket event: the pid, the cookie and the namespace only
END = struct.Struct("=I12xQQ")             # of a socket event: its kind, its time and the cookie only
HEAD = struct.Struct("=IIQII16sHHHH")
PATH_ROOM, ARGS_ROOM, CGROUP_ROOM = 1024, 1024, 512
PROCESS_SIZE = HEAD.size + PATH_ROOM + ARGS_ROOM + CGROUP_ROOM
TICK_NS = 10_000_000           # a clock tick of /proc, which is 1/100 s on every Linux that BPF runs on
NOWHERE = bytes(16)


@dataclass(slots=True)
class SocketEvent:
    kind: int
    who: Identity
    at: int                    # CLOCK_MONOTONIC, ns
    cookie: int
    netns: int
    proto: int
    local: bytes               # b"": any address
    lport: int
    remote: bytes              # b"": not connected
    rport: int
    sharing: bool


def socket_event(data: bytes, at: int = 0) -> SocketEvent:
    """The socket event at this offset."""
    kind, tgid, start, when, number, netns, family, proto, lport, rport, flags, local, remote = (
        SOCKET.unpack_from(data, at))
    return SocketEvent(kind, Identity(tgid, start // TICK_NS), when, number, netns, proto, _address(family, local),
                       lport, _address(family, remote), rport, bool(flags & SHARES_PORT))


def process_event(data: bytes) -> tuple[Identity, Process, str]:
    """The process, its facts, and the path of its control group in the unified hierarchy."""
    _, tgid, start, ppid, uid, comm, path_size, args_size, cgroup_size, kernel_thread = HEAD.unpack_from(data)
    path = data[HEAD.size:HEAD.size + min(path_size, PATH_ROOM)]
    args = data[HEAD.size + PATH_ROOM:HEAD.size + PATH_ROOM + min(args_size, ARGS_ROOM)]
    cgroup = data[HEAD.size + PATH_ROOM + ARGS_ROOM:][:min(cgroup_size, CGROUP_ROOM)]
    command = _text(args.rstrip(b"\0").replace(b"\0", b" "))
    name = full_name(_text(comm.partition(b"\0")[0]), command)
    return (Identity(tgid, start // TICK_NS),
            Process(tgid, f"[{name}]" if kernel_thread else name, _climbed(path), command, uid=uid, ppid=ppid),
            _climbed(cgroup))


def _address(family: int, octets: bytes) -> bytes:
    if octets == NOWHERE:
        return b""
    if family == 2:
        return octets[:4]
    return octets[12:] if octets[:12] == MAPPED else octets


def _climbed(components: bytes) -> str:
    """The path whose components these are, the last one first; "" when there are none."""
    names = components.split(b"\0")[:-1]
    return "/" + _text(b"/".join(reversed(names))) if names else ""


def _text(octets: bytes) -> str:
    return clean(octets.decode("utf-8", "replace"))
