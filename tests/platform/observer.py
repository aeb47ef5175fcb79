"""The observer of the owners' lab: sees packets on one interface and asks for the owner of each new flow.

    observer.py INTERFACE METHODS SECONDS      prints "ready", then JSON: both ends of every flow, cost, status

Each end of a flow is asked about when the flow is first seen by this program, and again until there is an answer, but
no longer than two seconds after its first packet.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time

from netwatch.model.machine import Owner
from netwatch.platform import current

DELAY_S = 0.1                  # what libpcap's ring holds packets back for
ASK_S = 0.1                    # between two rounds of questions
PATIENCE_S = 2.0


def flow_of(frame: bytes) -> tuple | None:
    """(protocol, source, port, destination, port) of an Ethernet frame with TCP or UDP."""
    kind = frame[12:14]
    if kind == b"\x08\x00" and frame[23] in (6, 17):
        proto, src, dst, at = frame[23], frame[26:30], frame[30:34], 14 + 4 * (frame[14] & 15)
    elif kind == b"\x86\xdd" and frame[20] in (6, 17):
        proto, src, dst, at = frame[20], frame[22:38], frame[38:54], 54
    else:
        return None
    return (proto, src, int.from_bytes(frame[at:at + 2], "big"), dst, int.from_bytes(frame[at + 2:at + 4], "big"))


def open_capture(interface: str) -> socket.socket:
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUFFORCE if hasattr(socket, "SO_RCVBUFFORCE") else 33, 1 << 25)
    s.setsockopt(socket.SOL_SOCKET, 35, 1)         # SO_TIMESTAMPNS
    s.bind((interface, 0))
    s.settimeout(0.02)
    return s


def main() -> None:
    interface, methods, seconds = sys.argv[1], tuple(sys.argv[2].split(",")), float(sys.argv[3])
    owners = current().owners(methods)
    owners.start()
    capture = open_capture(interface)
    print("ready", flush=True)
    flows: dict[tuple, int] = {}
    waiting: list[tuple[tuple, int]] = []
    answers: dict[tuple, object] = {}
    asked = 0
    lookups = lookup_s = 0.0
    cpu, end = time.process_time(), time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            frame, control, _, _ = capture.recvmsg(200, 64)
        except TimeoutError:
            frame = b""
        flow = flow_of(frame) if len(frame) > 41 else None
        if flow and flow not in flows and (flow[0], flow[3], flow[4], flow[1], flow[2]) not in flows:
            sec, nsec = struct.unpack("qq", control[0][2])
            flows[flow] = sec * 1_000_000_000 + nsec
            for end_of in (flow, (flow[0], flow[3], flow[4], flow[1], flow[2])):
                waiting.append((end_of, flows[flow]))
        now = time.time_ns()
        if now < asked + ASK_S * 1e9:
            continue
        asked, again = now, []
        for end_of, first in waiting:
            if now - first < DELAY_S * 1e9:
                again.append((end_of, first))
                continue
            began = time.thread_time()
            answer = owners.lookup(*end_of, first)
            lookup_s += time.thread_time() - began
            lookups += 1
            if isinstance(answer, Owner) or now - first > PATIENCE_S * 1e9:
                answers[end_of] = answer.record()
            else:
                again.append((end_of, first))
        waiting = again
    told = [[f[0], socket.inet_ntop(socket.AF_INET if len(f[1]) == 4 else socket.AF_INET6, f[1]), f[2],
             socket.inet_ntop(socket.AF_INET if len(f[3]) == 4 else socket.AF_INET6, f[3]), f[4], answers[f]]
            for f in answers]
    status = [(s.method, s.active, s.reason, s.details) for s in owners.status()]
    cost = owners.seconds
    owners.close()
    print(json.dumps({"answers": told, "status": status, "tracking_s": cost, "lookup_s": lookup_s,
                      "lookups": lookups, "seconds": seconds, "cpu_s": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
