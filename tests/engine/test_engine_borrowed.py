"""Nothing that an engine hands out is borrowed: it stays true when the engine goes on, and when objects go away."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from running import open_bytes, run
from wire import A4, MAC_A, arp, eth, fragments4, gre, pcap, spaced, udp

from netwatch._fast.engine import Engine
from netwatch._fast.input.box import Box
from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch._fast.out.events import drain, write_frames
from netwatch._fast.out.inner import Inner
from netwatch._fast.out.packetrows import PacketRows
from netwatch._fast.view.memory import stores

ETHERNET_IN_GRE = 0x6558


def readers(engine: Engine) -> int:
    return next(int(used) for name, used, *_ in stores(engine) if name == "readers of flows")


def test_an_arp_inside_fragments_says_whose_address_it_is() -> None:
    """The datagram that was put together is gone when the packet's record is made."""
    inside = gre(ETHERNET_IN_GRE, eth(arp(2), 0x0806))
    pieces = [eth(part) for part in fragments4(47, inside, 16)]
    assert len(pieces) > 2
    found = run(spaced(pieces), kinds=("packets",)).packets[-1]
    assert found["info"] == f"{A4} is at {MAC_A}"


def test_frames_are_written_from_the_box_and_from_nowhere_else(tmp_path: Path) -> None:
    frames = spaced([eth(b"\x45" + bytes(19)), eth(b"\x46" + bytes(30)), eth(b"\x47" + bytes(40))])
    engine, box, source = Engine(want=("packets",)), Box(), open_bytes(pcap(frames))
    assert box.fill(source) == 3
    engine.process(box)
    packets = PacketRows()
    drain(engine, packets)
    assert len(packets) == 3
    with CaptureWriter(str(tmp_path / "out.pcapng")) as writer:
        writer.follow(source.interfaces)
        write_frames(box, writer, packets, range(3), {}, lambda flow, place: b"")
        for place in (3, 2**64 - 1):
            with pytest.raises(IndexError):
                write_frames(box, writer, packets, (place,), {}, lambda flow, place: b"")
        box.fill(source)
        with pytest.raises(LookupError):
            write_frames(box, writer, packets, (0,), {}, lambda flow, place: b"")
    kept = open_bytes((tmp_path / "out.pcapng").read_bytes())
    assert [row[-1] for row in kept.batch()] == [data for _, data in frames]


def test_the_collector_does_not_take_the_engine_from_what_it_must_give_back() -> None:
    """A decrypted stream in a cycle of objects returns its memory to its engine."""
    engine, box = Engine(), Box()
    box.fill(open_bytes(pcap(spaced([eth(udp(1, 2, b"x"))]))))
    engine.process(box)
    before = readers(engine)
    for _ in range(50):
        cycle: list[object] = [Inner(engine, 1, 16)]
        cycle.append(cycle)
    del cycle
    gc.collect()
    assert readers(engine) == before
