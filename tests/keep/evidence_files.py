"""Captures with owners in them, made with the writer from what tests/cli makes of struct."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch.export import evidence
from netwatch.model.record import Record

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cli"))
PROCESS: Record = {"pid": 4711, "name": "curl", "exe": "/usr/bin/curl", "uid": 1000, "user": "alice", "method": "bpf",
                   "quality": "exact", "shared_with": [4712], "parents": [{"pid": 1, "name": "init"}]}


def frames(capture: bytes) -> list[tuple[int, bytes]]:
    """(ns, bytes) of each frame of a classic little-endian pcap."""
    found, at = [], 24
    while at < len(capture):
        seconds, micros, size, _ = struct.unpack_from("<IIII", capture, at)
        found.append((seconds * 10**9 + micros * 1000, capture[at + 16 : at + 16 + size]))
        at += 16 + size
    return found


def written(path: Path, capture: bytes, told: dict[int, Record]) -> Path:
    """The capture as pcapng; `told`: by TCP or UDP port of either end, what is known of the flow."""
    with CaptureWriter(str(path)) as writer:
        writer.add_interface("eth0", 1)
        for ns, data in frames(capture):
            ports = struct.unpack_from(">HH", data, 34)
            flow = next((flow for port, flow in told.items() if port in ports), None)
            writer.write(data, ns, len(data), 0, evidence.comment(flow) if flow else None,
                         evidence.text(flow) if flow else None)
    return path
