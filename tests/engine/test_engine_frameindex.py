"""The index of a file's frames: what was let go is read again, and is what it was when it was kept."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from wire import eth, ip4, pcap, spaced, udp

from netwatch._fast.engine import Engine
from netwatch._fast.input.box import Box
from netwatch._fast.input.source import Source
from netwatch._fast.view.framering import FrameRing
from netwatch.capture.file import open_files

CAPTURES = Path(__file__).resolve().parents[1] / "captures"
MIX = ("smb", "http", "dns", "tls13", "ssh", "bgp", "http3", "mqtt", "sip")
LEAST = 2_097_152


def frames(names: tuple[str, ...]) -> list[tuple[int, int, bytes]]:
    """(time, length on the wire, bytes) of the captures' frames, again and again, until they are much more than LEAST:
    what is kept in memory is not all."""
    found: list[tuple[int, int, bytes]] = []
    for name in names:
        source = open_files([str(CAPTURES / f"{name}.pcap")])
        while batch := source.batch():
            found += [(ts, wire, data) for _, ts, _, wire, _, link, data in batch if link == 1]
    while sum(len(data) for *_, data in found) < 3 * LEAST:
        found += found
    return found


def classic(told: list[tuple[int, int, bytes]], order: str, nano: bool) -> bytes:
    head = struct.pack(f"{order}IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    tick = 1 if nano else 1000
    return head + b"".join(struct.pack(f"{order}IIII", ts // 10**9, ts % 10**9 // tick, len(data), wire) + data
                           for ts, wire, data in told)


def block(order: str, kind: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + size + body + size


def blocks(told: list[tuple[int, int, bytes]]) -> bytes:
    """Sections of either byte order, with two interfaces, blocks of all three kinds, and others between them."""
    found, third = bytearray(), len(told) // 3
    for order, some in (("<", told[:third]), (">", told[third:])):
        found += block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))
        found += block(order, 1, struct.pack(f"{order}HHI", 1, 0, 0))
        found += block(order, 1, struct.pack(f"{order}HHI", 1, 0, 262144) + struct.pack(f"{order}HHB3xI", 9, 1, 9, 0))
        for n, (ts, wire, data) in enumerate(some):
            ticks = ts if n % 2 else ts // 1000
            if n % 7 == 6:
                found += block(order, 3, struct.pack(f"{order}I", len(data)) + data)
            elif n % 5 == 4:
                found += block(order, 2, struct.pack(f"{order}HHIIII", n % 2, 0, ticks >> 32, ticks & 0xFFFFFFFF,
                                                     len(data), wire) + data)
            else:
                found += block(order, 6, struct.pack(f"{order}IIIII", n % 2, ticks >> 32, ticks & 0xFFFFFFFF,
                                                     len(data), wire) + data)
            if n % 11 == 0:
                found += block(order, 0x0BAD, b"of no kind that is known")
    return bytes(found)


def rings(path: Path) -> tuple[FrameRing, FrameRing, Engine]:
    """One that keeps all of a file, one that keeps little and has an index, and the engine of the second."""
    made = []
    for size in (64_000_000, 1):
        engine, ring, source, box = Engine(history=100_000), FrameRing(size), open_files([str(path)]), Box()
        ring.attach(engine, source, 1_000_000 if size == 1 else 0)
        while box.fill(source) > 0:
            engine.process(box)
        source.close()
        made.append((ring, engine))
    return made[0][0], made[1][0], made[1][1]


FORMS = {"us": lambda told: classic(told, "<", False), "ns-big": lambda told: classic(told, ">", True), "ng": blocks}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_read_again_is_what_was_kept(tmp_path: Path, form: str) -> None:
    path = tmp_path / "made"
    path.write_bytes(FORMS[form](frames(MIX)))
    whole, ring, engine = rings(path)
    assert ring.indexed and (ring.first, ring.next) == (0, whole.next) and ring.lost_bytes == 0
    assert ring.bytes_until(ring.next) == whole.bytes_until(whole.next) > LEAST
    assert ring.remarkable(10_000) == whole.remarkable(10_000)
    assert ring.flows(0, ring.next) == whole.flows(0, whole.next)
    for k in (*range(0, ring.next, 13), *range(300), ring.next - 1):
        assert ring.frame(k) == whole.frame(k) and ring.about(k) == whole.about(k)
        assert ring.record(k) == whole.record(k)
        assert ring.numbered(whole.record(k)["n"]) == k
    flow = whole.record(0)["flow"]
    assert ring.of_flow(flow, 0, ring.next) == whole.of_flow(flow, 0, whole.next)
    assert ring.row(engine, 0)
    excerpt = ring.excerpt([0, 5, ring.next - 1], 1_000_000)
    assert [row[-1] for row in excerpt.batch() or ()] == [whole.frame(k) for k in (0, 5, ring.next - 1)]


def test_a_file_that_changed_gives_no_frame(tmp_path: Path) -> None:
    path = tmp_path / "made.pcap"
    path.write_bytes(classic(frames(("smb",)), "<", False))
    _, ring, _ = rings(path)
    with path.open("r+b") as file:
        file.truncate(1000)
    assert ring.frame(0)
    with pytest.raises(IndexError, match="no longer in the file"):
        ring.frame(40)
    assert ring.frame(ring.next - 1)                            # in memory


def test_a_full_index_ends_and_the_newest_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "made.pcap"
    path.write_bytes(classic(frames(("smb",)), "<", False))
    engine, ring, source, box = Engine(), FrameRing(1), open_files([str(path)]), Box()
    ring.attach(engine, source, 16 * 100)
    while box.fill(source) > 0:
        engine.process(box)
    assert not ring.indexed and ring.first > 0 and ring.lost_bytes > 0


def test_parts_of_a_datagram_are_shown_as_parts(tmp_path: Path) -> None:
    path = tmp_path / "made.pcap"
    small = [eth(ip4(17, udp(4000, 5000 + n % 900, b"x" * 1000))) for n in range(6000)]
    path.write_bytes(pcap(spaced([eth(ip4(17, b"y" * 64, more=True)), *small])))
    whole, ring, _ = rings(path)
    assert [ring.record(k).get("info") for k in (0, 1, 0)] == [whole.record(k).get("info") for k in (0, 1, 0)]


def test_what_cannot_be_read_again_has_no_index(tmp_path: Path) -> None:
    path = tmp_path / "made.pcap"
    path.write_bytes(classic(frames(("dns",))[:50], "<", False))
    for source in (open_files([str(path), str(path)]), Source()):
        ring = FrameRing(1)
        ring.attach(Engine(), source, 1_000_000)
        assert not ring.indexed
