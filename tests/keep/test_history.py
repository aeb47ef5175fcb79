"""History: flows that are over on disk, across runs; read and asked as they were; nothing unless it was asked for."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence_files import ROOT
from made_captures import many
from netwatch_command import COMMAND, Run
from test_recorder import watched

from netwatch._fast.out.record import iso
from netwatch.cli import history as command
from netwatch.cli.errors import CommandError
from netwatch.history import store
from netwatch.history.database import sum_of

TOUR = ROOT / "docs" / "tour.pcap"
ON = "history.on=true"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield tmp_path / "state" / "netwatch"


def environment() -> dict[str, dict[str, str]]:
    return {"env": {**os.environ, "PYTHONPATH": str(ROOT)}}


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def kept(*settings: str, path: Path = TOUR) -> list[dict]:
    """What the session itself says of the flows that are over, once they are on disk."""
    session = watched(path, ON, "timeouts.udp=1", "timeouts.tcp_closed=1", *settings)
    with session.lock:
        session.pipeline.advance(session.engine.clock + 3600 * 10**9)
        session.pipeline.end()
    page = session.query(None, "id", False, 0, 10_000, True)
    session.stop()
    return [row for row in page.rows if "ended" in row]


def test_nothing_is_kept_unless_it_is_asked_for(state: Path, netwatch: Run):
    session = watched(TOUR)
    session.stop()
    assert not store.path().exists()
    done = netwatch("read", "--history", **environment())
    assert done.returncode == 4 and "there is no history" in done.stderr and not store.path().exists()


def test_the_same_records_as_live(state: Path, netwatch: Run):
    live = {row["id"]: row for row in kept()}
    found = lines(netwatch("read", "--history", **environment()).stdout)
    assert {row["id"] for row in found} == set(live) and len(found) > 5
    for row in found:
        same = {key: live[row["id"]][key] for key in row if key != "schema"}
        assert same == {key: value for key, value in row.items() if key != "schema"}
    assert store.path().stat().st_mode & 0o777 == 0o600


def test_filters_orders_formats_and_sql(state: Path, netwatch: Run):
    kept()
    read = ("read", "--history")
    dns = lines(netwatch(*read, "--where", "app == dns", **environment()).stdout)
    assert len(dns) == 3 and {row["app"] for row in dns} == {"dns"}
    ports = [row["sport"] for row in lines(netwatch(*read, "--where", "dns", "--sort", "sport:desc", "--limit", "2",
                                                     **environment()).stdout)]
    assert ports == sorted(ports, reverse=True) and len(ports) == 2
    table = netwatch(*read, "--format", "csv", "--fields", "app,dport", "--where", "dns", **environment()).stdout
    assert list(csv.reader(io.StringIO(table)))[1:] == [["dns", "53"]] * 3
    assert "TLS api.example.com" in netwatch(*read, "--format", "table", **environment()).stdout
    query = "select app, count(*) n from flows where app = 'dns' group by 1"
    done = netwatch("sql", query, "--history", **environment())
    assert lines(done.stdout) == [{"app": "dns", "n": 3}]
    assert netwatch("sql", "select * from dns", "--history", **environment()).returncode == 2
    assert netwatch(*read, "--what", "dns", **environment()).returncode == 2
    assert netwatch("read", TOUR, "--history", "..", **environment()).returncode == 2


def test_a_span_of_time(state: Path, netwatch: Run):
    kept()
    everything = lines(netwatch("read", "--history", **environment()).stdout)
    for words, count in (("2026-11-21T08:52:00+00:00..2026-11-21T08:53:00+00:00", len(everything)),
                         ("..2026-11-21T08:52:00+00:00", 0), ("2027-01-01..", 0)):
        assert len(lines(netwatch("read", "--history", words, **environment()).stdout)) == count
    for wrong in ("10", "x..y", "2027-01-01..2026-01-01", "25:99.."):
        done = netwatch("read", "--history", wrong, **environment())
        assert done.returncode == 2 and "--history" in done.stderr
    assert command.span("10:00..11:00")[1] - command.span("10:00..11:00")[0] == 3600 * 10**9
    with pytest.raises(CommandError):
        command.span("11:00..10:00")


def test_what_ended_together_need_not_have_been_there_together(state: Path):
    """A flow of hours and one of a moment are written together: the span has each for itself."""
    times = {1: (10, 100), 2: (99, 100), 3: (50, 60), 4: (100, 100)}
    writer = store.Writer(1 << 20)
    writer.add([{"schema": "netwatch.flow/1", "id": id, "first": iso(first * 10**9), "last": iso(last * 10**9)}
                for id, (first, last) in times.items()], 10 * 10**9, 100 * 10**9)
    writer.close()
    for first, last in ((0, 200), (10, 11), (0, 10), (50, 51), (60, 61), (61, 99), (61, 100), (100, 101), (101, 200)):
        found = {record["id"] for record in store.records(first * 10**9, last * 10**9)}
        assert found == {id for id, (begun, ended) in times.items() if ended >= first and begun < last}, (first, last)


def test_runs_follow_one_another_and_the_dead_leave_what_they_wrote(state: Path, netwatch: Run):
    kept()
    once = len(lines(netwatch("read", "--history", **environment()).stdout))
    program = ("import os, sys; sys.path[:0] = sys.argv[1:]; from netwatch.history.store import Writer; "
               "w = Writer(1 << 20); w.add([{'schema': 'netwatch.flow/1', 'id': 99}], 1, 2); print('ok', flush=True); "
               "os.kill(os.getpid(), 9)")
    done = subprocess.run([sys.executable, "-c", program, *sys.path], capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60)
    assert done.returncode == -signal.SIGKILL and done.stdout == "ok\n"
    kept()
    found = lines(netwatch("read", "--history", **environment()).stdout)
    assert len(found) == 2 * once + 1 and found[0]["id"] == 99


def test_the_oldest_make_room_and_that_is_counted(state: Path, netwatch: Run):
    writer = store.Writer(200_000)
    for turn in range(300):
        writer.add([{"schema": "netwatch.flow/1", "id": turn, "label": os.urandom(2000).hex()}], turn, turn)
    writer.close()
    there = store.span()
    assert there is not None and there.let_go + there.flows == 300 and there.let_go > 100
    ids = [row["id"] for row in store.records(0, 1 << 62)]
    assert ids == list(range(there.let_go, 300)) and there.size < 800_000
    assert f"{there.let_go} older flows had to make room" in netwatch("read", "--history", **environment()).stderr


def test_a_disk_that_does_not_take_it_is_told_and_flows_wait(state: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise store.HistoryError("database or disk is full")

    monkeypatch.setattr(store.Writer, "add", refuse)
    session = watched(TOUR, ON, "timeouts.udp=1")
    with session.lock:
        session.pipeline.advance(session.engine.clock + 3600 * 10**9)
        session.pipeline.end()
    from netwatch.addons.history import History

    waiting = session.get(History).stores()[0]
    assert waiting.used > 5 and waiting.lost == 0
    session.stop()


@pytest.mark.parametrize("data", [b"", b"no database at all" * 100, b"SQLite format 3\0" + b"x" * 5000])
def test_what_is_no_history_is_told(state: Path, netwatch: Run, data: bytes):
    state.mkdir(parents=True)
    store.path().write_bytes(data)
    done = netwatch("read", "--history", **environment())
    assert done.returncode in (4, 5) and "history" in done.stderr
    session = watched(TOUR, ON)
    session.stop()


ENDLESS = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)"


@pytest.mark.parametrize("change", [
    f"DROP TABLE flows; CREATE VIEW flows AS SELECT i first_ns, i last_ns, i count, i data FROM {ENDLESS}",
    "CREATE TRIGGER t AFTER DELETE ON flows BEGIN DELETE FROM let_go; END",
    "ALTER TABLE flows ADD COLUMN more GENERATED ALWAYS AS (abs(count))", "CREATE TABLE more (x)",
    "UPDATE flows SET data = 'text'", "UPDATE flows SET count = 1e308", "UPDATE flows SET last_ns = 'soon'",
    "DELETE FROM flows; INSERT INTO flows VALUES (1, 2, 1, 'x', 0)"])
def test_a_hostile_history_is_told(state: Path, netwatch: Run, change: str):
    kept()
    base = sqlite3.connect(store.path())
    base.executescript(change)
    base.close()
    for words in (["read", "--history"], ["sql", "select * from flows", "--history"]):
        done = netwatch(*words, **environment())
        assert done.returncode == 5 and "history: " in done.stderr
    assert netwatch("doctor", **environment()).returncode in (0, 1, 3)
    assert netwatch("forget", "--all", **environment()).returncode == 0


LAST_SCHEMAS = {"history": """
CREATE TABLE flows (first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, count INTEGER NOT NULL,
                                  data BLOB NOT NULL);
CREATE INDEX flows_by_time ON flows (last_ns);
CREATE TABLE let_go (flows INTEGER NOT NULL, until_ns INTEGER NOT NULL);
INSERT INTO flows VALUES (1700000000000000000, 1700000001000000000, 1, 'what was kept');
""", "moments": """
CREATE TABLE runs (run INTEGER PRIMARY KEY, mark TEXT NOT NULL, about TEXT NOT NULL, open INTEGER NOT NULL);
CREATE TABLE pieces (n INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, run INTEGER NOT NULL, data BLOB NOT NULL);
INSERT INTO pieces VALUES (1, 1700000000000000000, 1, 'what was kept');
"""}


def of_another_version(state: Path) -> list[Path]:
    state.mkdir(parents=True, exist_ok=True)
    for name, schema in LAST_SCHEMAS.items():
        base = sqlite3.connect(state / f"{name}.sqlite")
        base.execute("PRAGMA journal_mode = WAL")
        base.executescript(schema)
        base.close()
    return [state / f"{name}.sqlite" for name in LAST_SCHEMAS]


def test_forget_removes_a_history_whatever_it_holds(state: Path, netwatch: Run):
    """Of another version, of a make of somebody's, cut short: what is asked to go goes."""
    files = of_another_version(state)
    aside = [state / f"{path.name}.old-{n}{part}" for path in files for n in (1, 2) for part in ("", "-wal")]
    for path in aside:
        path.write_bytes(b"of an older version still")
    assert netwatch("read", "--history", **environment()).returncode == 5
    left = netwatch("forget", "--before", "2020-01-01", **environment())
    assert left.returncode == 69 and "forget --all" in left.stderr
    assert all(path.exists() for path in (*files, *aside))
    done = netwatch("forget", "--all", **environment())
    assert done.returncode == 0 and ", 6 of its files that are damaged or of another version" in done.stderr
    assert not [path for path in state.iterdir() if "sqlite" in path.name]
    state.joinpath("history.sqlite").write_bytes(b"no database at all" * 100)
    of_another_version(state / "elsewhere")
    state.joinpath("moments.sqlite").symlink_to(state / "elsewhere" / "moments.sqlite")
    assert netwatch("forget", "--all", **environment()).returncode == 0
    assert (state / "elsewhere" / "moments.sqlite").exists(), "a link is removed, and not what it leads to"
    assert not [path for path in state.iterdir() if "sqlite" in path.name]


def test_age_removes_a_history_of_another_version(state: Path, netwatch: Run):
    for path in of_another_version(state):
        os.utime(path, (1_500_000_000, 1_500_000_000))
    assert netwatch("forget", "--before", "2020-01-01", **environment()).returncode == 0
    assert not [path for path in state.iterdir() if "sqlite" in path.name]


@pytest.mark.parametrize("data", [None, b"no database at all" * 100])
def test_a_history_of_another_version_is_set_aside_and_a_new_one_begun(state: Path, netwatch: Run,
                                                                       data: bytes | None):
    files = of_another_version(state)
    for path in files:
        path.write_bytes(data or path.read_bytes())
    before = [path.read_bytes() for path in files]
    found = {row["id"] for row in kept()}
    assert [Path(f"{path}.old-1").read_bytes() for path in files] == before
    assert {row["id"] for row in lines(netwatch("read", "--history", **environment()).stdout)} == found
    told = netwatch("doctor", "--json", **environment())
    there = [each["place"] for each in json.loads(told.stdout)["kept"] if each["name"] == "history of another version"]
    assert there == [f"{path}.old-1" for path in files]
    kept()
    assert not list(state.glob("*.old-2*")), "once"


@pytest.mark.parametrize("text", [
    "[1]", "{}", '{"schema":"netwatch.dns/1"}', "[" * 20_000,
    '{"schema":"netwatch.flow/1"}', '{"schema":"netwatch.flow/1","id":1000000000000000000000}',
    '{"schema":"netwatch.flow/1","id":1,"x":[1e999]}',
    '{"schema":"netwatch.flow/1","id":' + '{"a":' * 99 + "1" + "}" * 100])
def test_what_is_no_flow_is_told(state: Path, text: str):
    store.Writer(1 << 20).close()
    base = sqlite3.connect(store.path())
    piece = 1, 2, 1, zlib.compress(text.encode())
    base.execute("INSERT INTO flows VALUES (?, ?, ?, ?, ?)", (*piece, sum_of(*piece)))
    base.commit()
    base.close()
    with pytest.raises(store.HistoryError, match="damaged"):
        list(store.records(0, 10))


def test_what_is_kept_reaches_the_terminal_as_text(state: Path):
    writer = store.Writer(1 << 20)
    writer.add([{"schema": "netwatch.flow/1", "id": 1,
                 "label\x9b": ["a\x1b[2J", "\u202eb", "caf\u00e9 \\n \u00a0"]}], 1, 1)
    writer.close()
    assert list(store.records(0, 10)) == [
        {"schema": "netwatch.flow/1", "id": 1, "label\ufffd": ["a\ufffd[2J", "\ufffdb", "caf\u00e9 \\n \u00a0"]}]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_home_of_somebody_elses(netwatch: Run, tmp_path: Path):
    tmp_path.chmod(0o700)
    home = {"env": {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}}
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        home["env"].pop(name, None)
    for words, code in ((["forget", "--all"], 3), (["read", "--history"], 3), (["doctor"], 0), (["config", "init"], 3),
                        (["egress", "promote", str(TOUR)], 3)):
        done = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", *COMMAND, *words], text=True,
                              capture_output=True, timeout=60, **home)
        assert "internal" not in done.stderr and str(tmp_path) in done.stderr
        assert done.returncode == code or not code


def test_a_damaged_piece_is_left_out_and_told(state: Path, netwatch: Run):
    writer = store.Writer(1 << 20)
    for n in range(1, 5):
        writer.add([{"schema": "netwatch.flow/1", "id": n, "app": "dns"}], n, n)
    writer.close()
    base = sqlite3.connect(store.path())
    base.execute("UPDATE flows SET data = x'00' WHERE rowid IN (2, 3)")
    base.commit()
    base.close()
    for words, found in ((["read", "--history"], [{"id": 1}, {"id": 4}]),
                         (["read", "--history", "--sort", "id:desc"], [{"id": 4}, {"id": 1}]),
                         (["sql", "select id from flows", "--history"], [{"id": 1}, {"id": 4}])):
        done = netwatch(*words, **environment())
        assert [{"id": row["id"]} for row in lines(done.stdout)] == found
        assert done.returncode == 5 and "damaged pieces that are left out: 2" in done.stderr


def test_a_damaged_piece_is_told(state: Path, netwatch: Run):
    kept()
    base = sqlite3.connect(store.path())
    base.execute("UPDATE flows SET data = x'00'")
    base.commit()
    base.close()
    assert netwatch("read", "--history", **environment()).returncode == 5


def test_forget_and_doctor(state: Path, netwatch: Run):
    count = len(kept())
    told = json.loads(netwatch("doctor", "--json", **environment()).stdout)["kept"]
    assert any(each["name"].startswith("history of") and each["bytes"] > 0 for each in told)
    assert " 0 flows of the history" in netwatch("forget", "--before", "2020-01-01", **environment()).stderr
    secret = b"api.example.com"
    assert f"{count} flows of the history removed" in netwatch("forget", "--all", **environment()).stderr
    assert lines(netwatch("read", "--history", **environment()).stdout) == []
    assert all(secret not in path.read_bytes() for path in state.iterdir() if path.is_file())


def test_many_flows(state: Path, tmp_path: Path):
    (tmp_path / "m.pcap").write_bytes(many(40_000, 20_000))
    began = time.monotonic()
    assert len(kept(path=tmp_path / "m.pcap")) > 0 and time.monotonic() - began < 60
    there = store.span()
    assert there is not None and there.flows > 10_000 and there.size < 20_000_000


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_parses_no_history_of_somebody_elses(monkeypatch: pytest.MonkeyPatch):
    """Under sudo SQLite runs as whoever called, whatever asks for it."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_STATE_HOME", folder)
        kept()
        for path in (Path(folder), *Path(folder).rglob("*")):
            os.chown(path, 65534, 65534)
        _ask_as_another()


def _ask_as_another() -> None:
    code = """if True:
        import os, sys
        from netwatch.history import database
        from netwatch.__main__ import main
        checked = database._check
        def told(*what):
            print("uid", *os.getresuid(), os.getgroups(), file=sys.stderr, flush=True)
            return checked(*what)
        database._check = told
        sys.exit(main())
    """
    env = {**environment()["env"], "SUDO_UID": "65534", "PYTHONPATH": str(ROOT)}
    for words in (["read", "--history"], ["sql", "select count(*) from flows", "--history"], ["doctor", "--json"],
                  ["forget", "--before", "2020-01-01"]):
        done = subprocess.run([sys.executable, "-c", code, *words], env=env, text=True, capture_output=True,
                              timeout=120)
        uids = [line for line in done.stderr.splitlines() if line.startswith("uid")]
        assert set(uids) == {"uid 65534 65534 65534 []"}, (words, done.stderr)
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
