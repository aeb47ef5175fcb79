"""The kernel's own view of one of its TCP connections: struct tcp_info by sock_diag, for the details pane.

The structure has only ever grown at its end (linux/tcp.h); a field that this kernel does not have is left out.
"""

from __future__ import annotations

import struct

from netwatch.model.host import Unavailable
from netwatch.model.record import Record

HEAD = 72                      # of inet_diag_msg
INET_DIAG_INFO, INET_DIAG_CONG = 2, 4
NEVER = 0x7FFFFFFF             # an unlimited slow start threshold
# (name, offset, width): times in microseconds, sizes in octets, windows in segments where the kernel has it so
FIELDS = (
    ("state", 0, 1), ("retransmits", 2, 1), ("backoff", 4, 1), ("rto_us", 8, 4), ("snd_mss", 16, 4),
    ("rcv_mss", 20, 4), ("unacked", 24, 4), ("lost", 32, 4), ("retrans", 36, 4), ("pmtu", 60, 4),
    ("rcv_ssthresh", 64, 4), ("rtt_us", 68, 4), ("rttvar_us", 72, 4), ("snd_ssthresh", 76, 4), ("snd_cwnd", 80, 4),
    ("advmss", 84, 4), ("reordering", 88, 4), ("rcv_rtt_us", 92, 4), ("rcv_space", 96, 4),
    ("total_retrans", 100, 4), ("pacing_rate", 104, 8), ("bytes_acked", 120, 8), ("bytes_received", 128, 8),
    ("segs_out", 136, 4), ("segs_in", 140, 4), ("notsent_bytes", 144, 4), ("min_rtt_us", 148, 4),
    ("delivery_rate", 160, 8), ("busy_time_us", 168, 8), ("snd_wnd", 228, 4), ("rcv_wnd", 232, 4),
)
UNSIGNED = {1: "=B", 4: "=I", 8: "=Q"}


def tcp_info(local: bytes, lport: int, remote: bytes, rport: int) -> Record:
    """What the kernel knows of this connection of ours, `congestion` its algorithm. Raises Unavailable."""
    from netwatch._fast.os.sockdiag import SocketTable

    try:
        table = SocketTable()
        try:
            answer = table.details(local, lport, remote, rport, 1 << INET_DIAG_INFO - 1 | 1 << INET_DIAG_CONG - 1)
        finally:
            table.close()
    except FileNotFoundError:
        raise Unavailable("the kernel has no such connection any more") from None
    except OSError as e:
        raise Unavailable(f"sock_diag: {e.strerror}") from None
    return parse(answer)


def parse(answer: bytes) -> Record:
    """The fields of an inet_diag message with its attributes."""
    found: Record = {}
    at = HEAD
    while len(answer) - at >= 4:
        length, kind = struct.unpack_from("=HH", answer, at)
        if not 4 <= length <= len(answer) - at:
            break
        value = answer[at + 4:at + length]
        if kind == INET_DIAG_INFO:
            found |= {name: struct.unpack_from(UNSIGNED[width], value, offset)[0]
                      for name, offset, width in FIELDS if offset + width <= len(value)}
        elif kind == INET_DIAG_CONG:
            found["congestion"] = value.rstrip(b"\0").decode("ascii", "replace")
        at += (length + 3) & ~3
    if found.get("snd_ssthresh", 0) >= NEVER:
        del found["snd_ssthresh"]
    return found
