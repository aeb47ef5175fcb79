"""The output of sockstat(1): user, command, pid, descriptor, protocol, local and foreign address, state with -s.

A command may hold blanks and a kernel socket has `?` for all of them; the protocol is looked for, not counted to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from netwatch.platform.base import SCTP, TCP, UDP, Socket
from netwatch.platform.bsdtext import end_of

LINE = re.compile(r"^\S+\s+.*?\s(\d+)\s+\S+\s+(tcp|udp|sctp)(4|6|46)\s+(\S+)\s+(\S+)(?:\s+([A-Z_0-9]+))?\s*$", re.M)
PROTOCOLS = {"tcp": TCP, "udp": UDP, "sctp": SCTP}


def parse(text: str) -> Iterator[Socket]:
    """Every socket, once for each process that has it."""
    for pid, proto, _, local, remote, state in LINE.findall(text):
        try:
            here, there = end_of(local), end_of(remote)
        except ValueError:
            continue
        if not state and proto == "tcp" and not there[0]:
            state = "LISTEN"
        yield Socket(PROTOCOLS[proto], *here, *there, state=state, pids=(int(pid),))
