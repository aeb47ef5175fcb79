"""What is kept in the state folder: doctor names all of it, and `forget` removes it."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import time
from pathlib import Path

import pytest
from evidence_files import ROOT
from netwatch_command import Run
from test_moments import Watched, long_capture

from netwatch.addons.history import History
from netwatch.cli import state_files
from netwatch.egress import ledger
from netwatch.health import uptime
from netwatch.history import moments
from netwatch.run.session import Session
from netwatch.store.tables import opened

STAYS = {"columns", "welcomed", "signing-key.pem"}  # how the terminal looks, and the user's own key
ELSEWHERE = {"history.sqlite", "moments.sqlite", "recorder", "signing-key.pem"}  # forgotten by their own rooms
DAY_NS = 86_400 * 10**9


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "state" / "netwatch"
    (folder / "push").mkdir(parents=True)
    for name in ("filters", "alerts", "new-program-fingerprint.ndjson", "push/1.json", "crash-20261101-000000-a.txt",
                 *STAYS):
        (folder / name).write_text("kept")
    return folder


def tables(folder: Path) -> None:
    with opened(folder / "egress.sqlite", ledger.TABLE, ledger.VERSION, what="", write=True) as base:
        for day in ("2026-01-01", "2026-06-01"):
            base.execute("INSERT INTO ways VALUES (?, 'curl', '', 'secret.example', '', 443, 'tcp', NULL, NULL, "
                         "1, 2, 3, '', '')", (day,))
    with opened(folder / "uptime.sqlite", uptime.TABLE, uptime.VERSION, what="", write=True) as base:
        for day in (100, 200):
            base.execute("INSERT INTO spans VALUES (?, ?, 'up', '', '')", (day * DAY_NS, (day + 1) * DAY_NS))


def test_doctor_names_all_of_it(state: Path, netwatch: Run) -> None:
    tables(state)
    told = json.loads(netwatch("doctor", "--json", env=os.environ).stdout)["kept"]
    places = {Path(each["place"]).name: each for each in told}
    assert set(places) == {path.name for path in state.iterdir()} - STAYS | {"signing-key.pem"}
    assert all(each["bytes"] > 0 and each["changed"].startswith("20") for each in told)


def test_all_of_it_goes(state: Path, netwatch: Run) -> None:
    tables(state)
    done = netwatch("forget", "--all", env=os.environ)
    assert done.returncode == 0 and f"7 other files of {state}" in done.stderr
    assert {path.name for path in state.iterdir()} - {"push"} == STAYS and not list((state / "push").iterdir())


def test_what_is_older_goes(state: Path, netwatch: Run) -> None:
    """Files that have not changed since; of tables the rows."""
    tables(state)
    os.utime(state / "filters", (1_500_000_000,) * 2)
    done = netwatch("forget", "--before", "2026-03-01", env=os.environ)
    assert done.returncode == 0 and f"3 other files of {state}" in done.stderr, done.stderr
    assert not (state / "filters").exists() and (state / "alerts").exists()
    with sqlite3.connect(state / "egress.sqlite") as base:
        assert base.execute("SELECT day FROM ways").fetchall() == [("2026-06-01",)]
    with sqlite3.connect(state / "uptime.sqlite") as base:
        assert base.execute("SELECT count(*) FROM spans").fetchone() == (0,)  # of 1970
    os.utime(state / "alerts", (time.time() - 3 * 86_400,) * 2)
    assert netwatch("forget", "--before", "2d", env=os.environ).returncode == 0 and not (state / "alerts").exists()


def test_what_is_no_table_keeps_nothing_else(state: Path, netwatch: Run) -> None:
    (state / "egress.sqlite").write_bytes(b"no database at all" * 100)
    os.utime(state / "filters", (1_500_000_000,) * 2)
    done = netwatch("forget", "--before", "2026-03-01", env=os.environ)
    assert done.returncode == 69 and "egress.sqlite" in done.stderr and "Traceback" not in done.stderr
    assert not (state / "filters").exists()
    assert netwatch("forget", "--all", env=os.environ).returncode == 0 and not (state / "egress.sqlite").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can be somebody's sudo")
def test_under_sudo_nothing_of_somebody_elses_goes(state: Path, netwatch: Run, tmp_path: Path) -> None:
    """Removed with the rights of whoever called: a folder of root's stays as it is."""
    for path in (tmp_path, *tmp_path.parents):
        if path != Path("/tmp") and path.stat().st_uid == 0 and str(path).startswith("/tmp/"):
            path.chmod(0o755)
    done = netwatch("forget", "--all", env={**os.environ, "SUDO_UID": "65534", "SUDO_USER": "nobody"})
    assert done.returncode != 0 and (state / "filters").exists() and "Traceback" not in done.stderr, done.stderr


def test_nothing_is_put_there_that_is_not_known() -> None:
    """Whoever names a file of the state folder finds it here."""
    found = set()
    for path in (ROOT / "netwatch").rglob("*.py"):
        found |= set(re.findall(r'state_folder\(\) / f?"([^"]+)"', path.read_text()))
    assert {"filters", "alerts", "egress.sqlite", "recorder"} <= found
    known = {*state_files.ABOUT, *ELSEWHERE, *STAYS, "{self.name}.ndjson"}
    assert found <= known


def test_what_is_forgotten_while_it_is_kept_leads_to_no_damage(state: Path, netwatch: Run, tmp_path: Path) -> None:
    """A moment leads on from the one before: from what was forgotten none does, and from the next minute on they are
    kept again."""
    path = tmp_path / "long.pcap"
    path.write_bytes(long_capture(150, 40))
    taken: list[int] = []

    def seen(session: Session, at: int) -> None:
        taken.append(at)
        writer = session.get(History)._moments
        ends = time.monotonic() + 20
        while writer is not None and writer.waiting and time.monotonic() < ends:
            time.sleep(0.002)
        if len(taken) in (10, 30):
            assert netwatch("forget", "--all", env=os.environ).returncode == 0
        if len(taken) == 40:
            read = netwatch("read", "--history", env=os.environ)
            assert read.returncode == 0 and "damaged" not in read.stderr, read.stderr

    session = Watched(path, seen, True, **{"history.on": True})
    session.start()
    while not session.health().done:
        time.sleep(0.01)
    session.stop()
    span = moments.span()
    assert span is not None and (span.first_ns, span.moments) == (taken[60], len(taken) - 60)
    for at in taken[60:]:
        found = moments.Reader().at(at)
        assert found is not None and found.moment.at_ns == at
