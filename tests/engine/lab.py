"""The lab's own captures frame by frame, and what a reader learnt from some of their frames."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from running import run_capture

CAPTURES = Path(__file__).resolve().parents[1] / "captures"
LARGEST = 60_000  # bytes of a capture that is cut


class Lab(NamedTuple):
    """One TCP flow of a capture that has a name."""

    stack: list[str]
    head: bytes  # of the capture file
    frames: list[bytes]  # each with its own head
    said: list[int | None]  # by frame: which side says something in it

    def read(self, frames: list[bytes], kinds: tuple[str, ...] = ("flows",)):
        return run_capture(self.head + b"".join(frames), kinds=kinds)


def small_captures() -> list[Path]:
    return [path for path in sorted(CAPTURES.glob("*.pcap")) if path.stat().st_size <= LARGEST]


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


def tcp_flows(path: Path) -> Iterator[Lab]:
    """The capture's named TCP flows."""
    head, records = frames_of(path)
    whole = run_capture(path.read_bytes(), kinds=("flows", "packets"))
    for flow in whole.flows:
        if flow["proto"] != "tcp" or not flow.get("app_stack"):
            continue
        own = [packet for packet in whole.packets if packet.get("flow") == flow["id"]]
        ends = sorted({(packet["src"], packet["sport"]) for packet in own}, key=str)
        yield Lab(
            flow["app_stack"],
            head,
            [records[packet["n"] - 1] for packet in own],
            [
                ends.index((packet["src"], packet["sport"])) if re.search(r" len [1-9]", packet["info"]) else None
                for packet in own
            ],
        )


def words_of(lab: Lab) -> tuple[int, list[tuple[int, bytes]]] | None:
    """The server's port, and what was said in order: 0 the client, 1 the server. None where no SYN shows who is who."""
    before = {0: 4, 1: 14, 113: 16, 276: 20}[struct.unpack("<I", lab.head[20:24])[0]]
    port, said = 0, []
    for frame in lab.frames:
        packet = frame[16 + before :]
        if packet[0] >> 4 == 4:
            segment = packet[(packet[0] & 15) * 4 : struct.unpack_from(">H", packet, 2)[0]]
        else:
            segment = packet[40 : 40 + struct.unpack_from(">H", packet, 4)[0]]
        sport, dport = struct.unpack_from(">HH", segment)
        if segment[13] & 0x12 == 2:
            port = dport
        if port and (data := segment[(segment[12] >> 4) * 4 :]):
            said.append((int(sport == port), data))
    return (port, said) if port and said else None


@cache
def conversations() -> dict[str, tuple[list[str], int, list[tuple[int, bytes]]]]:
    """Of each small capture's first flow of a protocol: what netwatch calls it, its port, what was said."""
    found: dict[str, tuple[list[str], int, list[tuple[int, bytes]]]] = {}
    for path in small_captures():
        for lab in tcp_flows(path):
            told = words_of(lab)
            if told is not None:
                found.setdefault(" ".join(lab.stack), (lab.stack, *told))
    return found
