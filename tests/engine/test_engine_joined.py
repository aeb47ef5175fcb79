"""A capture that begins in the middle of a connection: the lab's own captures, cut at every segment that carries data.

Each flow of a capture is named by the whole of it. Then it is read again from each of its data segments on, as if one
had begun to listen there: named rightly counts, unknown does not, any other name is a fault. What stands in NAMED is
the least share of the cuts of a protocol that must be named; it may only rise.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from running import run_capture

CAPTURES = Path(__file__).resolve().parents[1] / "captures"
LARGEST = 60_000  # bytes of a capture that is cut
# a file that FTP sends says nothing of itself
NAMED: dict[str, float] = {
    "bittorrent": 0.28, "dns": 0.75, "ftp-data": 0.0, "http": 0.83, "http2": 0.24, "imap": 0.81, "irc": 0.85,
    "kafka": 0.85, "memcached": 0.6, "mqtt": 0.5, "mysql": 0.8, "pop3": 0.59, "postgresql": 0.88, "rdp": 0.1,
    "rsync": 0.14, "socks": 0.28, "ssh": 0.33, "telnet": 0.47, "vnc": 0.08, "websocket": 0.2,
}
OTHERS = 0.9  # of any other protocol


@cache
def frames_of(path: Path) -> tuple[bytes, list[bytes]]:
    """The head of a capture file, and its records, each with its own head."""
    data = path.read_bytes()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at, records = 24, []
    while at + 16 <= len(data):
        (size,) = struct.unpack_from(f"{order}I", data, at + 8)
        records.append(data[at : at + 16 + size])
        at += 16 + size
    return data[:24], records


def cuts_of(path: Path) -> Counter[tuple[str, str]]:
    """Of each protocol, how many cuts of its flows are named, unknown and wrong."""
    head, records = frames_of(path)
    whole = run_capture(path.read_bytes(), kinds=("flows", "packets"))
    stacks = {flow["id"]: flow.get("app_stack", []) for flow in whole.flows if flow["proto"] == "tcp"}
    counts: Counter[tuple[str, str]] = Counter()
    for flow, stack in stacks.items():
        own = [packet for packet in whole.packets if packet.get("flow") == flow]
        for at, packet in enumerate(own):
            if not stack or not re.search(r" len [1-9]", packet["info"]):
                continue
            cut = head + b"".join(records[each["n"] - 1] for each in own[at:])
            found = [app for each in run_capture(cut, kinds=("flows",)).flows for app in each.get("app_stack", [])]
            verdict = "unknown" if not found else "named" if set(found) <= set(stack) else "wrong"
            counts[stack[-1], verdict] += 1
    return counts


def all_cuts() -> Counter[tuple[str, str]]:
    paths = [path for path in sorted(CAPTURES.glob("*.pcap")) if path.stat().st_size <= LARGEST]
    return sum((cuts_of(path) for path in paths), Counter())


@pytest.fixture(scope="module")
def cuts() -> Counter[tuple[str, str]]:
    return all_cuts()


def test_no_cut_is_misnamed(cuts: Counter[tuple[str, str]]) -> None:
    assert {app: n for (app, verdict), n in cuts.items() if verdict == "wrong"} == {}


def test_as_many_cuts_are_named_as_ever(cuts: Counter[tuple[str, str]]) -> None:
    apps = {app for app, _ in cuts}
    share = {app: cuts[app, "named"] / (cuts[app, "named"] + cuts[app, "unknown"]) for app in apps}
    assert {app: round(part, 3) for app, part in share.items() if part < NAMED.get(app, OTHERS)} == {}
