"""What came in each second: compared with the frames themselves, in fixed memory, and by this machine's addresses."""
from __future__ import annotations

import random
import socket
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from running import finished

from netwatch._fast.engine import Engine
from netwatch._fast.flow.series import History
from netwatch._fast.input.box import Box
from netwatch._fast.view.attached import RowCodes
from netwatch._fast.view.engineview import EngineView, dns_state, dns_times, held
from netwatch._fast.view.groupby import STEPS_US, GroupBy
from netwatch._fast.view.grouplist import GroupList
from netwatch.capture.file import open_files
from netwatch.filter import Filter
from tests.engine.wire import A4, B4, START, eth, icmp_echo, ip4, pcap, syn_options, tcp, udp

SECOND = 1_000_000_000
C4 = "192.0.2.77"


def run(tmp_path: Path, frames: list[tuple[int, bytes]], here: tuple[str, ...] = ()) -> tuple[Engine, History]:
    """An engine that has read the frames, and its past, as of the last frame."""
    path = tmp_path / "made.pcap"
    path.write_bytes(pcap(frames))
    engine, history, box, source = Engine(history=10_000), History(), Box(), open_files([str(path)])
    history.set_here([socket.inet_aton(address) for address in here])
    engine.remember(history)
    while box.fill(source) > 0:
        engine.process(box)
    engine.tell()
    source.close()
    return engine, history


def datagram(size: int, src: str = A4, dst: str = B4, sport: int = 40000, dport: int = 9999) -> bytes:
    return eth(ip4(17, udp(sport, dport, b"x" * size), src=src, dst=dst))


def test_every_second_is_what_the_frames_say(tmp_path: Path) -> None:
    dice = random.Random(5)
    frames, at = [], START
    for _ in range(3000):
        at += int(dice.expovariate(1 / 0.4) * SECOND)
        frames.append((at, datagram(dice.randrange(18, 1400), sport=40000 + dice.randrange(50))))
    _, history = run(tmp_path, frames)
    packets, octets = Counter(), Counter()
    for ns, data in frames:
        packets[ns // SECOND] += 1
        octets[ns // SECOND] += len(data)
    first, last = frames[0][0] // SECOND, frames[-1][0] // SECOND
    found = history.read(first, last + 1, 1)
    assert last - first < 3600
    assert list(found["packets"]) == [packets[second] for second in range(first, last + 1)]
    assert list(found["bytes"]) == [octets[second] for second in range(first, last + 1)]
    for step in (7, 10, 60):
        pieces = history.read(first, last + 1, step)
        assert sum(pieces["packets"]) == len(frames)
        assert sum(pieces["forth"]) == sum(octets.values())


def test_a_day_is_kept_in_tens_of_seconds_and_no_more(tmp_path: Path) -> None:
    begin = START // SECOND // 10 * 10
    frames = [((begin + second) * SECOND, datagram(50)) for second in range(0, 100_000, 5)]
    _, history = run(tmp_path, frames)
    end = begin + 99_995 + 1
    old = history.read(end // 10 * 10 - 86_000, end // 10 * 10 - 43_000, 10)
    assert set(old["packets"]) == {2}
    assert sum(history.read(begin, begin + 10_000, 10)["packets"]) == 0      # older than a day
    with pytest.raises(ValueError, match="an hour"):
        history.read(end - 7000, end, 1)
    with pytest.raises(ValueError):
        history.read(end, end - 1, 1)


def test_silence_is_zero_and_old_buckets_do_not_come_back(tmp_path: Path) -> None:
    gap = 2 * 3600                       # the same place in the ring of seconds
    frames = [(START, datagram(50)), (START + gap * SECOND, datagram(50)), (START + (gap + 3) * SECOND, datagram(50))]
    _, history = run(tmp_path, frames)
    last = START // SECOND + gap + 3
    assert list(history.read(last - 9, last + 1, 1)["packets"]) == [0, 0, 0, 0, 0, 0, 1, 0, 0, 1]
    assert sum(history.read(START // SECOND // 10 * 10, last + 1, 10)["packets"]) == 3


def test_a_clock_that_jumps_about_costs_nothing_and_loses_nothing(tmp_path: Path) -> None:
    dice = random.Random(9)
    frames = [(START + dice.randrange(10**9) * SECOND, datagram(50)) for _ in range(20_000)]
    _, history = run(tmp_path, frames)
    assert history.totals()["packets"] == 20_000
    assert history.second == max(ns for ns, _ in frames) // SECOND


def test_ways_by_address_of_this_machine_and_by_initiator(tmp_path: Path) -> None:
    frames = [
        (START, datagram(100, A4, B4)),                              # here to there: 142 bytes
        (START + 1, datagram(300, B4, A4, 9999, 40000)),             # the answer: 342
        (START + 2, datagram(500, C4, A4, 5000, 53)),                # somebody else begins: 542
        (START + 3, datagram(20, A4, A4, 1, 2)),                     # with itself: neither in nor out
        (START + 4, datagram(30, B4, C4, 1, 2)),                     # passing by: likewise
    ]
    _, history = run(tmp_path, frames, (A4,))
    total = history.totals()
    assert (total["here_in"], total["here_out"]) == (342 + 542, 142)
    assert (total["back"], total["forth"]) == (342, 142 + 542 + 62 + 72)
    _, unknown = run(tmp_path, frames)
    assert unknown.totals()["here_in"] == unknown.totals()["here_out"] == 0


def test_flows_that_begin_and_end_and_segments_sent_again(tmp_path: Path) -> None:
    def segment(seq: int, flags: int, payload: bytes = b"", options: bytes = b"") -> bytes:
        return eth(ip4(6, tcp(40000, 80, flags, seq, 1, payload, options=options)))

    frames = [(START, segment(0, 2, options=syn_options())), (START + SECOND, segment(1, 16, b"abc")),
              (START + 2 * SECOND, segment(4, 16, b"def")), (START + 3 * SECOND, segment(1, 16, b"abc"))]
    frames += [(START + (4 + k) * SECOND, datagram(40, sport=41000 + k)) for k in range(400)]
    engine, history = run(tmp_path, frames)
    first = START // SECOND
    found = history.read(first, first + 404, 1)
    assert list(found["resent"])[:5] == [0, 0, 0, 1, 0]
    assert list(found["tcp"])[:5] == [1, 1, 1, 1, 0]
    assert list(found["begun"])[:6] == [1, 0, 0, 0, 1, 1]
    assert sum(found["ended"]) == history.totals()["ended"] > 300
    assert max(found["ended"]) <= 2                                  # as they ended, not when a chunk did
    assert held(engine) == {"seen": 401, "gone": 0}


def summed(engine: Engine, *by: tuple[Any, ...], view: EngineView | None = None, where: Filter | None = None,
           sort: str = "bytes", **more: Any) -> list[tuple[Any, dict[str, Any]]]:
    """(what its parts say, sums) of every group, those of most first; `by`: what GroupBy takes, for each part."""
    view = view or EngineView(engine, [])
    selected = finished(view.select(where))
    groups = GroupList(selected, [GroupBy(view.view, *each) for each in by], **more)
    return [(tuple(value for _, value in key), sums) for key, sums in finished(groups.largest(1000, sort))]


def test_sums_by_protocol_and_address(tmp_path: Path) -> None:
    frames = [(START + k * SECOND, datagram(100, A4, B4, 41000 + k)) for k in range(5)]
    frames += [(START + 10 * SECOND, datagram(1000, C4, B4, 40007)),
               (START + 11 * SECOND, eth(ip4(1, icmp_echo(8, 3)))),
               (START + 11 * SECOND + 2_000_000, eth(ip4(1, icmp_echo(0, 3), src=B4, dst=A4)))]
    engine, history = run(tmp_path, frames)

    def shares(**more: Any) -> dict[str, tuple[int, int, int]]:
        return {key[0]: (sums["flows"], sums["packets_out"] + sums["packets_in"], sums["bytes_out"] + sums["bytes_in"])
                for key, sums in summed(engine, (("proto",),), (("app",),), **more)}
    whole = shares()
    assert whole["udp"] == (6, 6, 5 * 142 + 1042)
    assert whole["icmp"][:2] == (1, 2)
    assert shares(since=START + 5 * SECOND)["udp"] == (1, 1, 1042)
    assert shares(where=Filter("bytes > 1000")) == {"udp": (1, 1, 1042)}
    top = summed(engine, ((), "each"))
    assert len(top) == 3
    assert [key for key, _ in top[:2]] == [(B4,), (C4,)]
    assert top[1][1]["bytes_out"] == 1042
    assert [(key, sums["flows"]) for key, sums in summed(engine, ((), "peer"), here=history)] == [((B4,), 7)]


def test_the_newest_round_trip_to_an_address(tmp_path: Path) -> None:
    engine, _ = run(tmp_path, [(START, datagram(100)), (START + SECOND, eth(ip4(1, icmp_echo(8, 3)))),
                               (START + SECOND + 2_000_000, eth(ip4(1, icmp_echo(0, 3), src=B4, dst=A4)))])
    view = EngineView(engine, [])
    assert finished(view.round_trip(socket.inet_aton(B4))) == (2000, "ICMP echo")
    assert finished(view.round_trip(socket.inet_aton("203.0.113.9"))) is None
    steps = [key[0] for key, _ in summed(engine, (("rtt_us",), "", True), where=Filter("icmp"))]
    assert [STEPS_US[step] for step in steps] == [1024]


def test_flows_that_began_earlier_are_in_no_sum_and_told_apart(tmp_path: Path) -> None:
    frames = [(START + after * SECOND, datagram(100, sport=port)) for after, port in ((0, 1), (0, 2), (5, 1), (5, 3))]
    engine, _ = run(tmp_path, frames)
    view = EngineView(engine, [])
    selected = finished(view.select())
    groups = GroupList(selected, [GroupBy(view.view, ("proto",))], since=START + SECOND)
    (_, sums), = finished(groups.largest(9))
    assert (sums["flows"], groups.older, selected.matched) == (1, 1, 1)


def test_whoever_comes_to_this_machine_is_the_other_end(tmp_path: Path) -> None:
    frames = [(START, datagram(300, C4, A4, 41000, 53)), (START + 1, datagram(100, A4, C4, 53, 41000)),
              (START + 2, datagram(500, A4, B4))]
    engine, history = run(tmp_path, frames, (A4,))
    peers = {key[0]: (sums["bytes_in"], sums["bytes_out"])
             for key, sums in summed(engine, ((), "peer"), here=history, ours=True)}
    assert peers == {C4: (342, 142), B4: (0, 542)}
    unknown, history = run(tmp_path, frames)
    assert {key[0] for key, _ in summed(unknown, ((), "peer"), here=history, ours=True)} == {A4, B4}


def test_begun_here_counts_what_others_began_apart(tmp_path: Path) -> None:
    frames = [(START, datagram(300, C4, A4, 41000, 53)), (START + 2, datagram(500, A4, B4))]
    engine, history = run(tmp_path, frames, (A4,))
    view = EngineView(engine, [])
    groups = GroupList(finished(view.select()), [GroupBy(view.view, end="dst")], history, begun_here=True)
    assert [key for key, _ in finished(groups.largest(9))] == [(("address", B4),)]
    assert groups.left_out == 1


def test_one_name_is_one_host_however_it_was_learnt(tmp_path: Path) -> None:
    engine, history = run(tmp_path, [(START + k, datagram(100, A4, f"198.51.100.{k + 1}")) for k in range(3)])
    view = EngineView(engine, [])
    hosts, processes = RowCodes(), RowCodes()
    number = {name: view.view.profiles.add_text(name.encode()) for name in ("b.example", "a.example")}
    for row, (host, process) in enumerate((("b.example", 5), ("b.example", 6), ("a.example", 7)), 1):
        hosts.put(row, number[host])
        processes.put(row, process)
    view.view.attach("name.host", hosts)
    view.view.attach("process.name", processes, {5: "one", 6: "one", 7: "two"})
    found = summed(engine, (("name.host",), "peer"), (("process.name",),), view=view, here=history)
    assert {key: sums["flows"] for key, sums in found} == {("b.example", "one"): 2, ("a.example", "two"): 1}
    assert [key[0] for key, _ in summed(engine, (("name.host",),), view=view, sort="")] == ["b.example", "a.example"]
    elsewhere, history = run(tmp_path, [(START, datagram(100, A4, "198.51.100.1"))], ("198.51.100.1",))
    view = EngineView(elsewhere, [])
    view.view.attach("name.host", hosts)
    assert [key for key, _ in summed(elsewhere, (("name.host",), "peer"), view=view, here=history)] == [(A4,)]


def test_a_flow_with_itself_is_one_flow(tmp_path: Path) -> None:
    engine, _ = run(tmp_path, [(START, datagram(58, A4, A4, 1, 2))])
    (_, only), = summed(engine, ((), "each"))
    assert (only["flows"], only["bytes_out"], only["bytes_in"]) == (1, 100, 100)


def test_dns_is_timed(tmp_path: Path) -> None:
    query = bytes.fromhex("abcd01000001000000000000") + b"\x03www\x07example\x00\x00\x01\x00\x01"
    answer = bytes.fromhex("abcd81800001000000000000") + query[12:]
    frames = []
    for k, wait in enumerate((5_000_000, 1_000_000, 9_000_000)):
        at = START + k * SECOND
        frames += [(at, eth(ip4(17, udp(4000 + k, 53, query)))),
                   (at + wait, eth(ip4(17, udp(53, 4000 + k, answer), src=B4, dst=A4)))]
    engine, history = run(tmp_path, frames)
    assert sorted(dns_times(engine)) == [1000, 5000, 9000]
    assert dns_times(engine, START + 2 * SECOND) == [9000]
    assert dns_state(engine) == (True, 3, 3)
    assert history.totals()["dns"] == 3


def test_addresses_of_this_machine_are_bounded_and_checked() -> None:
    history = History()
    history.set_here([k.to_bytes(4, "big") for k in range(5000)])
    with pytest.raises(ValueError, match="octets"):
        history.set_here([b"abc"])


def test_an_engine_that_shares_its_input_has_no_seconds() -> None:
    with pytest.raises(ValueError, match="every frame"):
        Engine(shards=2).remember(History())
