"""The table of flows by the second on disk: across runs it is what was there then; bounded, thinned, and said so."""
from __future__ import annotations

import contextlib
import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from netwatch_command import Run
from test_history import TOUR, environment, lines
from test_moments import HERE, NAMES, every, long_capture, watched

from netwatch._fast.out.record import iso
from netwatch.addons.history import History
from netwatch.addons.statistics import StatisticsQuestion
from netwatch.addons.topology import Peers
from netwatch.filter import Filter
from netwatch.history import moments, rows, store, thinning
from netwatch.history.database import HistoryError
from netwatch.model.record import Record
from netwatch.model.session import Gone
from netwatch.run.session import Session
from tests.engine.wire import START, eth, ip4, pcap, udp

There = dict[int, dict[int, Record]]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield tmp_path / "state" / "netwatch"


def kept(path: Path, seen: Callable[[Session, int], None] | None = None, **settings: object) -> There:
    """What was in the table at each moment of a run that left them on disk."""
    there: There = {}
    with watched(path, seen or (lambda session, at: there.update({at: every(session)})), True,
                 **{"history.on": True, **settings}):
        pass
    return there


def reader() -> AbstractContextManager[Session]:
    """Another run, later."""
    path = moments.path().parent.parent / "later.pcap"
    path.write_bytes(pcap([(START + 10**18, eth(ip4(17, udp(1, 2, b"later"))))]))
    return watched(path, lambda session, at: None, True, **{"history.on": True})


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.pcap"
    path.write_bytes(long_capture(150, 60))
    return path


@pytest.mark.parametrize("name", NAMES)
def test_any_moment_is_what_was_there_then_for_another_run(name: str) -> None:
    there = kept(HERE / name)
    with reader() as session:
        for ns in random.Random(1).sample(sorted(there), min(8, len(there))):
            past = session.at(ns)
            assert past.moment.at_ns == ns and every(past) == there[ns]
            if past.moment.next_ns is not None:
                assert past.moment.next_ns > ns and past.moment.last_ns >= past.moment.next_ns


def signed(base: sqlite3.Connection) -> None:
    """The checksums of what was changed by somebody who knows how."""
    for run, in base.execute("SELECT run FROM runs").fetchall():
        rows.sign_run(base, run)
    before = 0
    for n, *values in base.execute(f"SELECT n, {rows.COLUMNS} FROM pieces ORDER BY n").fetchall():
        with contextlib.suppress(TypeError):
            before = rows.put(base, rows.Row(*values), before, n)
    base.commit()


def test_filters_and_orders_of_another_run(small: Path) -> None:
    texts = (None, "udp", "bytes > 1000", "sport in 10000..10020", "/1[0-9]{3}/", "dns")
    there: dict[int, list[object]] = {}

    def pages(session: Any) -> list[object]:
        found: list[object] = []
        for text in texts:
            for sort in ("bytes", "remote", "first"):
                page = session.query(Filter(text).of_rows() if text else None, sort, True, 0, 400, True)
                found.append((text, sort, page.total, page.now_ns,
                              [{key: value for key, value in row.items() if key != "minute"} for row in page.rows]))
        return found

    with watched(small, lambda session, at: None, True, **{"history.on": True}) as session:
        there[session.engine.clock] = pages(session)
    with reader() as session:
        for ns, found in there.items():
            past = session.at(ns)
            assert pages(past) == found
            assert past.ask(Peers()) and past.ask(StatisticsQuestion("session")).past.first_ns == 0


def test_one_goes_back_from_now_into_what_is_on_disk_and_on_again(small: Path) -> None:
    """By the moment before each, and the one behind each: all of them, none twice."""
    with watched(small, lambda session, at: None, True, **{"history.on": True, "history.memory_mb": 1}) as session:
        history = session.get(History)
        assert history.reel is not None
        while len(history.reel) > 60:
            history.reel._drop()
        writer = history._moments
        assert writer is not None
        while writer.waiting:
            pass
        newest, back = session.at(1 << 62).moment, []
        ns = newest.at_ns
        while not back or back[-1] != ns:
            back.append(ns)
            moment = session.at(ns - 1).moment
            assert moment.first_ns == newest.first_ns and moment.last_ns == newest.last_ns
            ns = moment.at_ns
        assert len(back) == 150 and back[-1] == newest.first_ns
        on = [ns]
        while (after := session.at(on[-1]).moment.next_ns) is not None:
            on.append(after)
            assert session.at(after).moment.step_ns == on[-1] - on[-2]
        assert on == back[::-1]


def test_the_oldest_are_thinned_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "long.pcap"
    path.write_bytes(long_capture(1200, 600, 0))
    there: There = {}
    taken: list[int] = []

    def seen(session: Session, at: int) -> None:
        taken.append(at)
        if at // 10**9 % 10 == 0:
            there[at] = every(session)

    kept(path, seen, **{"history.moments_mb": 1})
    span = moments.span()
    assert span is not None and moments.path().stat().st_size < 1.5 * (1 << 20)
    assert span.let_go + span.moments == len(taken) and 0 < span.tens_ns < span.fine_ns
    base = sqlite3.connect(moments.path())
    rows = base.execute("SELECT at_ns, step, minute FROM pieces ORDER BY n").fetchall()
    assert {step for _, step, _ in rows} == {1, 10, 60}
    assert [step for _, step, _ in rows] == sorted((step for _, step, _ in rows), reverse=True)
    for (before, step, _), (after, other, _) in pairwise(rows[:-1]):
        assert step != other or after - before >= step * 9 * 10**8
    with reader() as session:
        for ns in [ns for ns, _, _ in rows if ns in there][::7]:
            past = session.at(ns)
            assert past.moment.at_ns == ns and every(past) == there[ns]


def test_nothing_is_on_disk_unless_it_is_asked_for(small: Path) -> None:
    kept(small, **{"history.on": False})
    assert not moments.path().exists()
    kept(small, **{"history.moments_mb": 0})
    assert not moments.path().exists()
    kept(small)
    assert moments.path().stat().st_mode & 0o777 == 0o600


def test_without_memory_for_it_moments_are_on_disk(small: Path) -> None:
    there = kept(small, **{"history.memory_mb": 0})
    found = moments.Reader().at(sorted(there)[70])
    assert found is not None and found.moment.at_ns == sorted(there)[70]


def test_moments_of_another_layout_are_passed_over_and_go_first(small: Path, netwatch: Run) -> None:
    at = iso(min(kept(small)))
    base = sqlite3.connect(moments.path())
    base.execute("UPDATE runs SET mark = 'other'")
    signed(base)
    assert moments.Reader().at(1 << 62) is None
    assert "of another version of netwatch" in netwatch("read", "--history", at, **environment()).stderr
    there = kept(small, **{"history.moments_mb": 1})
    found = moments.Reader().at(1 << 62)
    assert found is not None and found.moment.at_ns == max(there)


def test_what_is_damaged_is_told(small: Path) -> None:
    """Whatever somebody makes of a row, with its checksum: a moment, or an error in words; the others stay readable."""
    there = kept(small)
    base = sqlite3.connect(moments.path())
    found = base.execute("SELECT n, at_ns, data, texts FROM pieces WHERE minute = (SELECT min(minute) FROM pieces) "
                        "ORDER BY n").fetchall()
    chance, told = random.Random(5), 0
    for _ in range(200):
        n, ns, data, texts = chance.choice(found)
        name, value = chance.choice((("data", data), ("texts", texts or b"abcd"), ("size", 5), ("counts", "[1]"),
                                     ("alone", 0), ("data", "x"), ("at_ns", "x"), ("around", b"y"), ("counts", "[")))
        if isinstance(value, bytes):
            broken = bytearray(value)
            broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
            value = bytes(broken[:chance.randrange(len(broken))]) if chance.random() < 0.3 else bytes(broken)
        before = base.execute(f"SELECT {name} FROM pieces WHERE n = ?", (n,)).fetchone()
        base.execute(f"UPDATE pieces SET {name} = ? WHERE n = ?", (value, n))
        signed(base)
        with reader() as session:
            try:
                past = session.at(ns)
                assert past.moment.at_ns != ns or every(past) == there[ns]
            except (Gone, ValueError):
                told += 1
        base.execute(f"UPDATE pieces SET {name} = ? WHERE n = ?", (*before, n))
        signed(base)
    assert told > 60


@pytest.mark.parametrize("change", [
    "CREATE TRIGGER t AFTER DELETE ON pieces BEGIN DELETE FROM let_go; END", "CREATE TABLE more (x)",
    "DROP TABLE pieces", "UPDATE runs SET about = 'x'", "UPDATE runs SET about = '[]'",
    "UPDATE pieces SET data = 'x'", "UPDATE pieces SET size = 1 << 40"])
@pytest.mark.parametrize("by", ["chance", "somebody who signs"])
def test_a_hostile_database_is_told(small: Path, change: str, by: str) -> None:
    kept(small)
    base = sqlite3.connect(moments.path())
    base.executescript(change)
    if by == "somebody who signs" and "TABLE" not in change and "TRIGGER" not in change:
        signed(base)
    base.close()
    back = moments.Reader()
    if by == "chance" and "runs" in change:
        assert back.at(1 << 62) is None and back.left_out == 1
    else:
        with pytest.raises(HistoryError, match=r"moments\.sqlite"):
            back.at(1 << 62)
    kept(small, **{"history.moments_mb": 1})


def test_a_damaged_run_costs_no_other(small: Path, netwatch: Run) -> None:
    there = kept(small)
    base = sqlite3.connect(moments.path())
    base.execute("INSERT INTO runs VALUES (NULL, 'an older version', 'damaged', 0, 1)")
    base.commit()
    ns = max(there)
    said: list[str] = []
    with reader() as session:
        session.listener = lambda severity, text: said.append(text)
        for _ in range(2):
            assert every(session.at(ns)) == there[ns]
    assert said == ["history: damaged runs that are left out: 1"]
    done = netwatch("read", "--history", iso(ns), **environment())
    assert done.returncode == 5 and "left out" in done.stderr and len(lines(done.stdout)) == len(there[ns])


def test_of_a_damaged_minute_the_rest_of_its_chapter_stays(tmp_path: Path) -> None:
    path = tmp_path / "long.pcap"
    path.write_bytes(long_capture(590, 120, 0))
    there = kept(path)
    base = sqlite3.connect(moments.path(), isolation_level=None)
    minutes = [minute for minute, in base.execute("SELECT DISTINCT minute FROM pieces ORDER BY 1")]
    assert len(minutes) > 6 and base.execute("SELECT count(DISTINCT chapter) FROM pieces").fetchone() == (1,)
    for hit in minutes[:3]:
        base.execute("UPDATE pieces SET data = x'00' WHERE n = (SELECT max(n) FROM pieces WHERE minute = ?)", (hit,))
        assert thinning.make_room(base, moments.MARK)
    left = [at for at, in base.execute("SELECT at_ns FROM pieces ORDER BY n")]
    assert left == [at for at, in base.execute("SELECT at_ns FROM pieces WHERE minute > ? ORDER BY n", (minutes[2],))]
    assert len(left) > 300 and base.execute("SELECT moments FROM let_go").fetchone()[0] > 150
    with reader() as session:
        for ns in [ns for ns in left if ns in there][::40]:
            assert every(session.at(ns)) == there[ns]
    base.execute("UPDATE pieces SET texts = x'00', data = x'00' WHERE minute = ? AND alone", (minutes[3],))
    assert thinning.make_room(base, moments.MARK)
    assert not base.execute("SELECT n FROM pieces WHERE minute <= ?", (minutes[-1],)).fetchall(), "nobody can read it"


def test_forget(small: Path, tmp_path: Path) -> None:
    there = kept(small)
    assert moments.forget(min(there)) == (0, 0)
    assert moments.forget(None) == (len(there) + 1, 0)  # the end is a moment too
    assert moments.Reader().at(1 << 62) is None
    with contextlib.closing(sqlite3.connect(moments.path())) as base:
        assert base.execute("SELECT run, about FROM runs").fetchall() == [(1, "{}")], "its number is no other run's"
    kept(small)
    with contextlib.closing(sqlite3.connect(moments.path())) as base:
        assert base.execute("SELECT DISTINCT run FROM pieces").fetchall() == [(2,)]
        base.execute("UPDATE runs SET open = 1")  # one that was killed
        signed(base)
    moments.forget(None)
    with contextlib.closing(sqlite3.connect(moments.path())) as base:
        assert {about for about, in base.execute("SELECT about FROM runs")} == {"{}"}, "nothing is said of it"
    assert not moments.Reader()._asked(rows.damaged_runs)


def told(records: list[Record]) -> list[Record]:
    """Without the program that a hello is of, whose names a session may have learnt only since."""
    return [{**record, "tls": {**record["tls"], "client": ""}} if "tls" in record else record for record in records]


def test_the_table_at_a_moment_and_flows_by_time_are_read(netwatch: Run) -> None:
    """Of a run that was killed too, whose open flows nobody wrote down otherwise."""
    there = kept(TOUR)
    newest = max(there)
    for ns in sorted(there):
        done = netwatch("read", "--history", iso(ns), **environment())
        assert done.returncode == 0 and f"as of {iso(ns)}" in done.stderr
        assert told(lines(done.stdout)) == told(sorted(there[ns].values(), key=lambda record: record["id"]))
    ended = {record["id"]: record for record in lines(netwatch("read", "--history", **environment()).stdout)}
    assert set(ended) == {record["id"] for record in there[newest].values()}
    sqlite3.connect(store.path()).executescript("DELETE FROM flows")
    assert netwatch("read", "--history", **environment()).stdout == ""
    base = sqlite3.connect(moments.path())
    base.execute("UPDATE runs SET open = 1")
    signed(base)
    found = lines(netwatch("read", "--history", **environment()).stdout)
    assert told(found) == told([record for record in there[newest].values() if "ended" not in record]) and found
    dns = lines(netwatch("read", "--history", "--where", "app == dns", "--limit", "2", **environment()).stdout)
    assert len(dns) == 2 and {record["app"] for record in dns} == {"dns"}
    counted = netwatch("sql", "SELECT count(*) n FROM flows", "--history", iso(newest), **environment())
    assert lines(counted.stdout) == [{"n": len(there[newest])}]


def test_a_time_of_which_nothing_is_kept(netwatch: Run) -> None:
    assert netwatch("read", "--history", "10:00", **environment()).returncode == 4
    kept(TOUR)
    done = netwatch("read", "--history", "10:00", **environment())
    assert done.returncode == 4 and "nothing was captured then; the nearest moment is 2026-11-21T08:52" in done.stderr
    told = json.loads(netwatch("doctor", "--json", **environment()).stdout)["kept"]
    assert any("moments of the table" in each["name"] and each["bytes"] > 0 for each in told)
    assert "4 moments" in netwatch("forget", "--all", **environment()).stderr


def test_windows_of_the_history_differ(netwatch: Run) -> None:
    kept(TOUR)
    first, all_of_it = "history:..2026-11-21T08:52:00Z", "history:"
    done = netwatch("diff", all_of_it, all_of_it, "--format", "table", "--exit-status", **environment())
    assert done.returncode == 0 and "no difference" in done.stdout
    done = netwatch("diff", first, all_of_it, **environment())
    assert done.returncode == 0 and json.loads(done.stdout)["new"]
    done = netwatch("diff", str(TOUR), all_of_it, "--exit-status", **environment())
    assert done.returncode == 0, done.stdout
    assert netwatch("diff", "history:x", all_of_it, **environment()).returncode == 2
