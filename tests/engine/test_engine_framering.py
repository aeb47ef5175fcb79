"""The ring of the newest frames: whole, bounded, counted; and a source that is exchanged while it is read."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from netwatch._fast.engine import Engine
from netwatch._fast.input.box import Box
from netwatch._fast.input.source import SourceMissing, SourceUsage
from netwatch._fast.input.switch import Switch
from netwatch._fast.view.framering import FrameRing
from netwatch.capture.file import open_files

CAPTURES = Path(__file__).resolve().parents[1] / "captures"


def read(name: str, size: int = 4_000_000, times: int = 1) -> tuple[FrameRing, list[bytes]]:
    """A ring after a capture was read into it, and the bytes of all frames as the source gave them."""
    ring, told = FrameRing(size), []
    engine = Engine()
    ring.attach(engine)
    for _ in range(times):
        source = open_files([str(CAPTURES / f"{name}.pcap")])
        box = Box()
        while box.fill(source) > 0:
            engine.process(box)
        again = open_files([str(CAPTURES / f"{name}.pcap")])
        while batch := again.batch():
            told += [row[-1] for row in batch]
    return ring, told


def test_every_frame_is_kept_whole() -> None:
    ring, told = read("tls13")
    assert (ring.first, ring.next) == (0, len(told))
    assert [ring.frame(k) for k in range(len(told))] == told
    assert ring.bytes_until(ring.next) == sum(map(len, told))


def test_the_oldest_go_and_are_counted() -> None:
    ring, told = read("smb", 1, times=60)
    kept = range(ring.first, ring.next)
    assert 0 < ring.first < ring.next == len(told)
    assert [ring.frame(k) for k in kept] == told[ring.first:]
    assert ring.bytes_until(ring.next) == sum(len(told[k]) for k in kept) < 2_097_152
    assert ring.lost_bytes == sum(map(len, told)) - ring.bytes_until(ring.next)
    with pytest.raises(IndexError):
        ring.frame(ring.first - 1)
    with pytest.raises(IndexError):
        ring.frame(ring.next)


def test_a_record_says_what_read_says() -> None:
    from netwatch._fast.out.events import drain
    from netwatch._fast.out.packetfields import PacketFields
    from netwatch._fast.out.packetrows import PacketRows

    ring, told, fields = FrameRing(1), PacketRows(), PacketFields([])
    engine = Engine(want=("packets",))
    ring.attach(engine)
    source, box = open_files([str(CAPTURES / "dns.pcap")]), Box()
    while box.fill(source) > 0:
        engine.process(box)
        drain(engine, told)
    for k in range(len(told)):
        assert ring.record(k) == {key: value for key, value in told.record(fields, k).items() if key != "app"}
    assert ring.numbered(told.record(fields, 5)["n"]) == 5


def test_frames_of_a_flow_as_a_source() -> None:
    ring, told = read("http")
    places = ring.of_flow(2, 0, ring.next)
    assert places and all(ring.record(k)["flow"] == 2 for k in places)
    batch = ring.excerpt(places, 1 << 20).batch()
    assert [row[-1] for row in batch] == [told[k] for k in places]
    few = ring.excerpt(places, len(told[places[0]])).batch()
    assert len(few) == 1


def opener(names: list[str], text: str) -> object:
    if text == "wrong":
        raise SourceUsage("that is no filter")
    return open_files([str(CAPTURES / f"{names[0]}.pcap")])


def numbers(source: Switch) -> list[int]:
    """The numbers of the frames of all chunks until the source is idle or ends."""
    found: list[int] = []
    while batch := source.batch():
        found += [row[0] for row in batch]
    return found


def test_another_source_goes_on_with_the_numbers() -> None:
    switch = Switch(opener, ["dns"])
    first = [row[0] for row in switch.batch()]
    assert first == list(range(1, len(first) + 1))
    with pytest.raises(SourceUsage):
        switch.change(["http"], "wrong")
    assert (switch.names, switch.filter) == (["dns"], "")
    switch.change(["http"], "tcp")
    assert (switch.names, switch.filter) == (["http"], "tcp")
    more = numbers(switch)
    assert more == list(range(len(first) + 1, len(first) + 69))
    assert len(switch.interfaces) == 1                     # both have the same
    switch.close()


def test_what_was_given_out_does_not_come_twice() -> None:
    switch = Switch(opener, ["dns"])
    assert len(switch.batch()) == 44
    switch.change(["dns"], "")
    assert numbers(switch) == []
    switch.close()


def test_stopped_it_is_idle_and_starts_again() -> None:
    switch = Switch(opener, ["dns"])
    first = switch.batch()
    switch.halt()
    assert switch.stopped
    assert switch.batch() is None
    assert switch.batch() is None
    switch.change(["http"], "")
    assert not switch.stopped
    assert numbers(switch)[0] == len(first) + 1
    switch.interrupt()
    assert switch.batch() == []
    switch.close()


def test_an_interface_that_goes_away_is_waited_for() -> None:
    answers = ["dns", SourceMissing("no interface is called a"), "http"]

    def come_and_go(names: list[str], text: str) -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return opener([answer], text)

    switch = Switch(come_and_go, ["a"])
    first = numbers(switch)
    assert first and switch.batch() is None
    assert switch.lost() == ["a"] and switch.error and not switch.damaged
    more: list[int] = []
    ends = time.monotonic() + 10
    while not more:
        assert time.monotonic() < ends, switch.error
        more = numbers(switch)
    assert not answers and more[0] == len(first) + 1
    switch.close()


def test_what_was_lost_can_be_started_by_hand() -> None:
    switch = Switch(opener, ["dns"])
    numbers(switch)
    assert switch.batch() is None and switch.lost() == ["dns"]
    switch.change(["http"], "")
    assert switch.error is None and switch.lost() == [] and numbers(switch)
    switch.halt()
    assert switch.lost() == []
    switch.close()
