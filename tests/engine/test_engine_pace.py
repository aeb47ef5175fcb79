"""Rates "now": of flows, of their groups and of everything, over one and the same window, compared with the frames."""
from __future__ import annotations

import random
from pathlib import Path

import pytest
from running import finished

from netwatch._fast.engine import Engine
from netwatch._fast.flow.series import History
from netwatch._fast.input.box import Box
from netwatch._fast.view.engineview import NOW_SECONDS, EngineView, counts, now_window, screen_record
from netwatch._fast.view.groupby import GroupBy
from netwatch._fast.view.grouplist import GroupList
from netwatch.addons.throughput import _now
from netwatch.capture.file import open_files
from netwatch.filter import Filter
from tests.engine.wire import A4, B4, START, eth, ip4, pcap, udp

SECOND = 1_000_000_000
Frames = list[tuple[int, bytes, int, int]]


def traffic(seed: int, spread_s: float) -> Frames:
    """(ns, frame, flow, side) of nine flows in bursts; every now and then a frame is older than the one before."""
    dice, found, at = random.Random(seed), Frames(), START + 300_000_000
    for _ in range(400):
        at += int(dice.expovariate(1 / spread_s) * SECOND) if dice.random() < 0.3 else dice.randrange(1, 90_000_000)
        flow, side = dice.randrange(9), dice.randrange(2)
        ends = (A4, B4, 40000 + flow, 9999) if side == 0 else (B4, A4, 9999, 40000 + flow)
        frame = eth(ip4(17, udp(ends[2], ends[3], b"x" * dice.randrange(20, 1400)), src=ends[0], dst=ends[1]))
        back = dice.randrange(1, 40_000_000) if dice.random() < 0.05 else 0
        ns = at - back if (at - back) // SECOND == at // SECOND else at
        found.append((ns, frame, flow, side))
    return found


def played(tmp_path: Path, frames: Frames, live: bool) -> tuple[Engine, History]:
    path = tmp_path / "made.pcap"
    path.write_bytes(pcap([(ns, frame) for ns, frame, _, _ in frames]))
    engine, history, box, source = Engine(history=100, live=live), History(), Box(), open_files([str(path)])
    engine.remember(history)
    while box.fill(source) > 0:
        engine.process(box)
    source.close()
    return engine, history


def told(frames: Frames, live: bool, clock: int) -> tuple[dict[tuple[int, int], float], float]:
    """What each side of each flow sent now, and all of them, bytes/s: worked out from the frames alone."""
    end = clock // SECOND * SECOND if live else clock + 1
    start = max(clock // SECOND - NOW_SECONDS, 0) * SECOND
    first = min(ns for ns, *_ in frames)
    seconds = ((end if live else clock) - max(start, first)) / SECOND
    if seconds <= 0:
        return {}, 0.0
    rates: dict[tuple[int, int], float] = {}
    for ns, frame, flow, side in frames:
        if start <= ns < end:
            rates[flow, side] = rates.get((flow, side), 0.0) + len(frame) / seconds
    return rates, sum(rates.values())


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize(("seed", "spread_s"), [(1, 0.4), (2, 1.5), (3, 6.0), (4, 0.02)])
def test_every_rate_is_what_the_frames_say_and_they_add_up(tmp_path: Path, live: bool, seed: int,
                                                           spread_s: float) -> None:
    frames = traffic(seed, spread_s)
    for many in (1, 2, 60, 231, 400):
        for idle in (0, SECOND // 3, SECOND, 2 * SECOND, 4 * SECOND) if live else (0,):
            engine, history = played(tmp_path, frames[:many], live)
            if idle:
                engine.advance(engine.clock + idle)
            want, whole = told(frames[:many], live, engine.clock)
            view = EngineView(engine, [])
            selected = finished(view.select(sort="rate", descending=True, history=False))
            rows = [screen_record(engine, row, []) for row in selected.page()]
            for row in rows:
                side = 0 if row["src"] == A4 else 1                # who began it is out
                flow = (row["sport"] if side == 0 else row["dport"]) - 40000
                for name, way in (("rate_out", side), ("rate_in", 1 - side)):
                    assert row.get(name, 0) == pytest.approx(want.get((flow, way), 0), rel=1e-3, abs=0.6)
            assert all(row.get(f"rate_{way}", 0) <= row[f"peak_{way}"] for row in rows for way in ("out", "in"))
            assert finished(view.select(where=Filter("rate_out > peak_out or rate_in > peak_in"))).matched == 0
            rates = [row.get("rate_out", 0) + row.get("rate_in", 0) for row in rows]
            assert rates == sorted(rates, reverse=True)
            assert sum(rates) == pytest.approx(whole, rel=1e-3, abs=2 * len(rows))
            groups = GroupList(selected, [GroupBy(view.view, ("proto",))])
            (_, sums), = finished(groups.largest(9))
            assert sums.get("rate_out", 0) + sums.get("rate_in", 0) == sum(rates)
            engine.tell()
            assert _now(history, engine).get("bytes", 0) == pytest.approx(whole)
            start, end, seconds = now_window(engine)
            assert 0 <= end - start <= NOW_SECONDS + 1 and seconds < NOW_SECONDS + 1
            assert counts(engine)["packets"] == many


def test_a_row_that_another_flow_takes_has_no_past(tmp_path: Path) -> None:
    """The place of a flow that is gone is given to the next one; what the first carried is not the second's."""
    def datagram(ns: int, port: int) -> tuple[int, bytes, int, int]:
        return ns, eth(ip4(17, udp(port, 9999, bytes(1000)))), port, 0
    old = [datagram(START + k * SECOND // 4, 40000) for k in range(16)]
    new = [datagram(START + 200 * SECOND + k * 1000, 41000 + k) for k in range(3)]
    path = tmp_path / "made.pcap"
    path.write_bytes(pcap([(ns, frame) for ns, frame, _, _ in old + new]))
    engine, box, source = Engine(history=0), Box(), open_files([str(path)])
    history = History()
    engine.remember(history)
    while box.fill(source) > 0:
        engine.process(box)
    source.close()
    engine.advance(START + 203 * SECOND)
    view = EngineView(engine, [])
    rows = [view.record(row) for row in finished(view.select(where=Filter("rate > 0"), history=False)).page()]
    assert sorted(row["sport"] for row in rows) == [41000, 41001, 41002]
    assert {row["rate_out"] for row in rows} == {round(1042 / 3)}


def test_where_nobody_counts_by_the_second_no_rate_is_told(tmp_path: Path) -> None:
    path = tmp_path / "made.pcap"
    path.write_bytes(pcap([(ns, frame) for ns, frame, _, _ in traffic(1, 1.0)]))
    engine, box, source = Engine(), Box(), open_files([str(path)])
    while box.fill(source) > 0:
        engine.process(box)
    source.close()
    view = EngineView(engine, [])
    assert finished(view.select(where=Filter("rate >= 0"))).matched == 0
    assert finished(view.select(where=Filter("bytes > 0"))).matched > 0
    assert "rate_out" not in view.record(1)
