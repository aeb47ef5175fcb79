"""Two versions of netwatch beside each other: neither takes the history away from the one that runs; what is set aside
is in the bound of bytes."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence_files import ROOT
from test_moments import Watched, long_capture

from netwatch.addons.history import History
from netwatch.cli import caller_files
from netwatch.history import database, moments, store
from netwatch.history.tape import Piece
from netwatch.run.session import Session

OTHER = "CREATE TABLE IF NOT EXISTS other (version INTEGER);"
HOLDS = """if True:
    import sys
    from netwatch.history import database, moments, store
    for each in (store, moments):
        each.SCHEMA += sys.argv[1]
    bases = [database.Base(each.path(), each.SCHEMA) for each in (store, moments)]
    print([news for base in bases for news in base.news], flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield tmp_path / "state" / "netwatch"


@contextlib.contextmanager
def another(schema: str) -> Iterator[str]:
    """A process that has the history open, of a version with that in its schema besides; what it said first."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS, schema], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert process.stdout is not None
    try:
        yield process.stdout.readline()
    finally:
        _, said = process.communicate("")
        assert not process.returncode or "InUse" in said, said


def flow(number: int) -> list[dict[str, object]]:
    return [{"schema": "netwatch.flow/1", "id": number}]


def test_what_another_version_has_open_is_left_to_it(state: Path, tmp_path: Path,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    """Said once, tried again, and begun when the other has ended."""
    path = tmp_path / "long.pcap"
    path.write_bytes(long_capture(70, 40))
    monkeypatch.setattr("netwatch.addons.history.AGAIN_S", 0.0)
    said: list[str] = []
    taken: list[int] = []
    with contextlib.ExitStack() as until:
        assert until.enter_context(another(OTHER)) == "[]\n"

        def seen(session: Session, at: int) -> None:
            taken.append(at)
            if len(taken) == 10:
                assert not list(state.glob("*.old-*")) and session.get(History).reel is not None
                until.close()

        session = Watched(path, seen, True, **{"history.on": True, "timeouts.udp": 5})
        session.listener = lambda severity, text: said.append(text)
        session.start()
        while not session.health().done:
            time.sleep(0.01)
        session.stop()
    waits, flows, table = said
    assert waits == (f"no history is kept: {store.path()}: another version of netwatch keeps its history there")
    assert [flows, table] == [f"a history of another version is set aside: {each}.old-1"
                              for each in (store.path(), moments.path())]
    there = moments.span()
    assert there is not None and there.moments == len(taken) - 60  # from the next minute on
    assert there.first_ns == taken[60] and session.health().error is None
    assert store.span() is not None


def test_what_another_version_keeps_is_waited_for(state: Path) -> None:
    with another(OTHER) as there:
        assert there == "[]\n"
        for which in (store, moments):
            with pytest.raises(database.InUse, match="another version"):
                database.Base(which.path(), which.SCHEMA)
    for which in (store, moments):
        base = database.Base(which.path(), which.SCHEMA)
        assert list(base.news) == [f"a history of another version is set aside: {which.path()}.old-1"]
        base.close()


def test_the_one_that_runs_keeps_its_history(state: Path) -> None:
    """A newer one begins beside it and finds it in use; one of the same version writes beside it."""
    writer = store.Writer(1 << 20)
    writer.add(flow(1), 1, 1)
    with another("") as there:
        assert there == "[]\n"
        writer.add(flow(2), 2, 2)
    with another(OTHER) as there:
        assert there == ""
        writer.add(flow(3), 3, 3)
    writer.close()
    assert [record["id"] for record in store.records(0, 10)] == [1, 2, 3] and not list(state.glob("*.old-*"))


def test_what_another_has_begun_meanwhile_is_not_set_aside(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of one version find a history of another at the same time: the later one goes on in what the first began."""
    path = store.path()
    database.Base(path, store.SCHEMA + OTHER).close()
    set_aside = database._set_aside
    with contextlib.ExitStack() as until:
        said: list[str] = []

        def later(where: Path, found: tuple[int, int]) -> Path | None:
            if not said:
                said.append(until.enter_context(another("")))
            return set_aside(where, found)

        monkeypatch.setattr(database, "_set_aside", later)
        writer = store.Writer(1 << 20)
        assert f"{path}.old-1" in said[0]
        writer.add(flow(1), 1, 1)
        assert not writer.news and [each.name for each in state.glob("history.sqlite.old-*")] == [f"{path.name}.old-1"]
        writer.close()
    assert [record["id"] for record in store.records(0, 10)] == [1]


def test_what_was_exchanged_while_it_was_opened_is_opened_again(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And who finds another each time says so, and does not go on for ever."""
    path, marks = store.path(), [None, None]
    mark = database._mark
    monkeypatch.setattr(database, "_mark", lambda where: marks.pop() if marks else mark(where))
    writer = store.Writer(1 << 20)
    writer.add(flow(1), 1, 1)
    writer.close()
    assert not marks and [record["id"] for record in store.records(0, 10)] == [1]
    monkeypatch.setattr(database, "_mark", lambda where: None)
    with pytest.raises(database.HistoryError, match="others exchange it"):
        database.Base(path, store.SCHEMA)


def test_it_goes_on_where_another_has_put_it(state: Path) -> None:
    """A version that does not look whether somebody has it open."""
    writer = store.Writer(1 << 20)
    writer.add(flow(1), 1, 1)
    for part in ("-shm", "-wal", ""):
        os.rename(f"{store.path()}{part}", f"{store.path()}.old-1{part}")
    with another(OTHER) as there:
        assert there == "[]\n"
        writer.add(flow(2), 2, 2)
        assert [*writer.news] == [f"the history goes on in {store.path()}.old-1: another version of netwatch has set "
                                  "it aside"]
        writer.add(flow(3), 3, 3)
    writer.close()
    assert not list(state.glob("*.old-2")), "what somebody writes to is no more set aside"
    os.rename(f"{store.path()}.old-1", store.path())
    for part in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.rename(f"{store.path()}.old-1{part}", f"{store.path()}{part}")
    assert [record["id"] for record in store.records(0, 10)] == [1, 2, 3]


def aside(number: int, size: int, age_s: float) -> Path:
    path = Path(f"{store.path()}.old-{number}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"o" * size)
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def test_what_is_set_aside_is_in_the_bound_and_the_oldest_goes_first(state: Path) -> None:
    middle, oldest, newest = aside(1, 300_000, 200), aside(2, 300_000, 300), aside(10, 300_000, 100)
    writer = store.Writer(800_000)
    writer.add(flow(1), 1, 1)
    assert not oldest.exists() and middle.exists() and newest.exists()
    assert [*writer.news] == [f"a history of another version made room: {oldest}"]
    for number in range(2, 60):
        writer.add(long_flow(number), number, number)
    assert middle.exists() and newest.exists()
    for number in range(60, 85):
        writer.add(long_flow(number), number, number)
    assert not middle.exists() and not newest.exists()
    there = store.span()
    assert there is not None and not there.let_go and there.flows == 84, "nothing of ours has made room"
    writer.close()


def long_flow(number: int) -> list[dict[str, object]]:
    """Of some 8 KB on disk."""
    return [{"schema": "netwatch.flow/1", "id": number, "label": os.urandom(7500).hex()}]


def test_a_history_at_its_bound_is_not_given_for_a_few_bytes(state: Path) -> None:
    """It is set aside, and stays until the new one comes near the bound itself."""
    old = aside(1, 1_000_000, 100)
    writer = store.Writer(1_000_000)
    for number in range(1, 80):
        writer.add(long_flow(number), number, number)
    assert old.exists() and not writer.news
    for number in range(80, 104):
        writer.add(long_flow(number), number, number)
    there = store.span()
    assert not old.exists() and there is not None and there.flows == 103 and not there.let_go
    writer.close()


def test_what_somebody_writes_to_makes_no_room(state: Path) -> None:
    old = Path(f"{store.path()}.old-1")
    old.parent.mkdir(parents=True)
    code = ("import sqlite3, sys; base = sqlite3.connect(sys.argv[1]); base.executescript('PRAGMA journal_mode = WAL; "
            "CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(300000))'); print('ok', flush=True); sys.stdin.read()")
    holds = subprocess.Popen([sys.executable, "-c", code, str(old)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True)
    assert holds.stdout is not None and holds.stdout.readline() == "ok\n"
    writer = store.Writer(1_000_000)
    for number in range(1, 101):
        writer.add(long_flow(number), number, number)
    assert old.exists() and not writer.news
    assert sqlite3.connect(old).execute("SELECT count(*) FROM t").fetchone() == (1,)
    holds.communicate("")
    writer.add(flow(101), 101, 101)
    assert not old.exists() and len(writer.news) == 1
    assert [record["id"] for record in store.records(0, 1000)] == list(range(1, 102))
    writer.close()


def test_what_cannot_be_forgotten_keeps_nothing_else(state: Path, tmp_path: Path) -> None:
    """Of another version, and in use until a moment ago: the moments beside it go all the same."""
    path = tmp_path / "long.pcap"
    path.write_bytes(long_capture(5, 10))
    session = Watched(path, lambda session, at: None, True, **{"history.on": True})
    session.start()
    while not session.health().done:
        time.sleep(0.01)
    session.stop()
    with sqlite3.connect(store.path()) as base:
        base.execute(OTHER)
    there = moments.span()
    assert there is not None and there.moments > 2
    with pytest.raises(database.Foreign):
        caller_files.forget(1_750_000_000 * 10**9)
    there = moments.span()
    assert there is not None and there.moments == 0


def test_two_runs_share_no_number(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file was removed under the one that runs, and another began it anew: each has its own moments, and closes its
    own run alone."""
    monkeypatch.setattr("netwatch.history.moments.AGAIN_S", 0.05)

    def put(writer: moments.Writer, second: int) -> None:
        writer.put(Piece(10**18 + second * 10**9, True, b"x" * 10, 10, (0,) * 6, 0), {}, b"", dict)
        until = time.monotonic() + 10
        while writer.waiting and time.monotonic() < until:
            time.sleep(0.01)
        assert not writer.waiting

    about = [{"label": name, "interfaces": []} for name in "AB"]
    first = moments.Writer(1 << 30, about[0])
    put(first, 0)
    for part in database.PARTS:
        Path(f"{moments.path()}{part}").unlink(missing_ok=True)
    second = moments.Writer(1 << 30, about[1])
    put(second, 1)
    put(first, 60)
    put(first, 120)
    first.close()
    base = sqlite3.connect(moments.path())
    assert {json.loads(told)["label"]: (run, is_open) for run, told, is_open in
            base.execute("SELECT run, about, open FROM runs")} == {"B": (second.run, 1), "A": (first.run, 0)}
    # the moment of the 60th second leads on from a chapter that is gone, or begins one: none of it is another's
    assert base.execute("SELECT count(*) FROM pieces WHERE run = ?", (second.run,)).fetchone() == (1,)
    assert base.execute("SELECT count(*) FROM pieces WHERE run = ?", (first.run,)).fetchone()[0] > 0
    base.close()
    second.close()
