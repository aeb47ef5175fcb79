"""The table of flows by the second: any moment is what was there then, in bounded memory; what is damaged is said."""
from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from netwatch._fast.engine import Engine
from netwatch._fast.out.events import open_rows
from netwatch._fast.view.addoncolumns import AddonColumns
from netwatch._fast.view.reel import Reel as Back
from netwatch._fast.view.tape import Tape
from netwatch.addons.groups import GroupsOf
from netwatch.addons.history import History
from netwatch.addons.processes import Processes
from netwatch.addons.statistics import StatisticsQuestion
from netwatch.addons.topology import Peers
from netwatch.capture.file import open_files
from netwatch.filter import Filter
from netwatch.history import tape
from netwatch.model.contract import Purpose
from netwatch.model.record import Record
from netwatch.model.session import Gone
from netwatch.run.past_session import Past, _sound
from netwatch.run.replay import Player
from netwatch.run.session import Session
from netwatch.store.settings import Settings
from tests.engine.wire import START, eth, ip4, pcap, udp

HERE = Path(__file__).resolve().parent.parent / "captures"
NAMES = sorted(path.name for path in HERE.glob("*.pcap*"))
SHOWN = ("minute",)                # the last minute of a flow: of those that were on a screen
EACH = 1 << 30                     # flows


class Watched(Session):
    """A session on a file, which may be taken for live. Right after each moment was put down, `seen` is called."""

    def __init__(self, path: Path, seen: Callable[[Session, int], None], live: bool = False,
                 **settings: object) -> None:
        self._seen_at, self._moments = seen, 0
        super().__init__(Purpose(label=path.name, live=live), lambda: open_files([str(path)]),
                         settings=Settings(settings))
        self.player = Player(None)         # which stops at each second

    def _take(self, count: int) -> Any:
        step = super()._take(count)
        reel = self.get(History).reel
        if reel is not None and reel.span is not None and len(reel) + reel.let_go != self._moments:
            self._moments = len(reel) + reel.let_go
            self._seen_at(self, reel.span[1])
        return step


@contextmanager
def watched(path: Path, seen: Callable[[Session, int], None], live: bool = False,
            **settings: object) -> Iterator[Session]:
    session = Watched(path, seen, live, **settings)
    session.start()
    try:
        ends = time.monotonic() + 60
        while not session.health().done:
            assert time.monotonic() < ends, "the file is not read to its end"
            time.sleep(0.005)
        assert session.health().error is None or session.health().damaged
        yield session
    finally:
        session.stop()


def every(session: Session | Past) -> dict[int, Record]:
    """The records of all flows there are, by row."""
    rows = [row for row in range(1, 1 + max([0, *open_rows(session.engine, EACH)]) + 64) if session.engine.key(row)]
    return {row: session.record(row) for row in rows if session.record(row)}


@pytest.mark.parametrize("name", NAMES)
def test_any_moment_is_what_was_there_then(name: str) -> None:
    there: dict[int, dict[int, Record]] = {}
    with watched(HERE / name, lambda session, at: there.update({at: every(session)})) as session:
        assert there
        for at in random.Random(1).sample(sorted(there), min(12, len(there))):
            past = session.at(at)
            assert past.moment.at_ns == at
            assert every(past) == there[at], at


def test_filters_orders_and_sums_are_those_of_then() -> None:
    asked = (GroupsOf("remote"), GroupsOf("host"), GroupsOf("app", sort="flows"), StatisticsQuestion("session"),
             Peers())
    texts = (None, "tcp", "name.host contains e", "bytes > 1000", "tls", "dns", "sni contains example",
             "state == closed", "/[0-9]{3}/", "app != dns and rtt > 0", "scope.dst == private")
    there: dict[int, tuple[list[object], list[object]]] = {}

    def pages(session: Any) -> list[object]:
        found: list[object] = []
        for text in texts:
            for sort in ("bytes", "remote", "name.host", "first", "label"):
                page = session.query(Filter(text).of_rows() if text else None, sort, True, 0, 400, True)
                found.append((text, sort, page.total, page.now_ns,
                              [{key: value for key, value in row.items() if key not in SHOWN} for row in page.rows]))
        return found

    with watched(HERE.parent.parent / "docs" / "tour.pcap", lambda session, at: None) as session:
        there[session.engine.clock] = pages(session), [session.ask(question) for question in asked]
        for at, (rows, answers) in there.items():
            past = session.at(at)
            for one, other in zip(pages(past), rows, strict=True):
                assert one == other
            for question, answer in zip(asked[:3], answers, strict=False):
                assert past.ask(question) == answer
            assert past.ask(Peers()) == answers[4]
            stats = past.ask(StatisticsQuestion("session"))
            assert stats.shares == answers[3].shares and stats.talkers == answers[3].talkers
            assert stats.past.session == answers[3].past.session and stats.past.counts == answers[3].past.counts
            assert past.ask(Processes()).flows == past.ask(GroupsOf("process")).flows


def test_what_addons_learn_is_put_down_at_the_next_moment() -> None:
    """Of a flow that does not move any more, too: whose it is, the system says a second after."""
    with watched(HERE.parent.parent / "docs" / "tour.pcap", lambda session, at: None) as session:
        told = AddonColumns(session.engine, ("process.name",)), AddonColumns(session.engine, ("decrypted",))
        tape = Tape(session.engine, 1000, [each.codes for each in told])
        rows = tape.look()
        *_, other, row = rows
        assert other > 6, "the turn of none of both comes"
        tape.piece(True)
        found = []
        for each, value in ((0, "curl"), (0, "curl"), (1, "yes"), (0, "wget"), (1, None)):
            told[each].put(row, session.engine.key(row), (value,), None)
            looked = tape.look()
            found.append(row in looked)
            assert other not in looked
            tape.piece(False)
        assert found == [True, False, True, True, True]


@pytest.mark.parametrize("said", [
    5, [], [{}], [{}, []], [[], {}], [{"name": 5}, {}], [{"process": []}, {}], [{}, {"owners": 5}],
    [{}, {"owners": [5, 1]}],
    [{}, {"owners": [["x"], "1"]}], [{}, {"owners": [["x"], -1]}], [{}, {"owners": [["x"], 1 << 63]}],
    [{}, {"owners": [[{}], 1]}], [{}, {"owners": [[[{}]], 1]}], [{}, {"owners": [["x"], True]}]])
def test_what_no_addon_tells_is_refused(said: object) -> None:
    with pytest.raises(ValueError, match="not what addons tell"):
        _sound(said, 10**18)


def test_the_oldest_make_room(tmp_path: Path) -> None:
    path = tmp_path / "long.pcap"
    path.write_bytes(long_capture(600, 200))
    there: dict[int, dict[int, Record]] = {}
    with watched(path, lambda session, at: there.update({at: every(session)}),
                 **{"history.memory_mb": 1}) as session:
        reel = session.get(History).reel
        assert reel is not None and reel.let_go and reel.size <= 1 << 20
        oldest, newest = reel.span or (0, 0)
        assert newest - oldest < 600 * 10**9
        for at in (each for each in sorted(there)[::7] if each >= oldest):
            assert every(session.at(at)) == there[at]
        assert session.at(1).moment.at_ns == oldest


def test_without_memory_for_it_nothing_is_kept() -> None:
    with watched(HERE / "https2.pcap", lambda session, at: None, **{"history.memory_mb": 0}) as session, \
            pytest.raises(Gone, match="memory_mb"):
        session.at(1)


def test_what_is_damaged_is_said() -> None:
    """Whatever becomes of a piece: a moment, or ValueError."""
    with watched(HERE / "https2.pcap", lambda session, at: None) as session:
        reel = session.get(History).reel
        assert reel is not None
        kept = reel.at(1 << 62)
        assert kept is not None
        pieces = [tape.unpacked(piece) for piece in kept.pieces]
    chance = random.Random(3)
    told = 0
    for _ in range(3000):
        broken = bytearray(chance.choice(pieces[:1]))
        for _ in range(chance.randint(1, 8)):
            broken[chance.randrange(len(broken))] = chance.choice((0, 1, 255, chance.randrange(256)))
        if chance.random() < 0.3:
            del broken[chance.randrange(len(broken)):]
        back = Back()
        try:
            back.apply(bytes(broken), True, 1000)
            engine = Engine(max_flows=1000)
            back.put(engine, {}, kept.pieces[-1].counts)
        except ValueError:
            told += 1
    assert told > 100


def long_capture(seconds: int, flows: int, new: int = 1) -> bytes:
    """UDP flows, a fifth of which move each second, some of them, `new` a second, for the first time."""
    chance = random.Random(2)
    frames = []
    for second in range(seconds):
        for number in sorted(chance.sample(range(flows + new * second), flows // 5)):
            payload = udp(10_000 + number % 50_000, 9, bytes(chance.randrange(400)))
            frames.append((START + second * 10**9 + len(frames) % 1000 * 1000, eth(ip4(17, payload))))
    return pcap(frames)
