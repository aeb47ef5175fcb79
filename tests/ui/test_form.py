"""Forms on a real terminal (pty): filled in, left, resized and interrupted while they are open; what is exported."""
from __future__ import annotations

import csv
import json
import signal
import sys
import time
from pathlib import Path

import pytest

from netwatch.addons.exporting import NAMES, ExportFlows
from netwatch.ui.form import Form
from netwatch.ui.keys import KEYS
from tests.ui.driver import Driver
from tests.ui.pty_run import Terminal
from tests.ui.replayed import HERE, Replayed

CAPTURE = str(HERE / "http.pcap")
tty = pytest.mark.skipif(sys.platform == "win32", reason="needs a pty")


def opened(folder: Path) -> Terminal:
    """The program, read to its end, with the form open."""
    terminal = Terminal("-r", CAPTURE, "--tab", "connections", module="netwatch", cwd=str(folder), rows=34, cols=110,
                        XDG_STATE_HOME=str(folder / "state"), XDG_CONFIG_HOME=str(folder / "config"))
    until(terminal, b"TIME_WAIT")
    terminal.send("E")
    until(terminal, b"Export flows")
    return terminal


def until(terminal: Terminal, text: bytes) -> None:
    assert text in terminal.read(20, text), terminal.seen[-2000:]


def flows(folder: Path) -> list[Path]:
    return sorted(folder.glob("netwatch-*"))


@tty
def test_a_form_is_filled_in_and_done(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.send("\t2\t")                     # ndjson stays; the name is flows2; on to the buttons
        terminal.send("\t\n")
        ends = time.monotonic() + 10
        while not flows(tmp_path) and time.monotonic() < ends:
            time.sleep(0.05)
        terminal.read(1)
        terminal.send("q")
        assert terminal.process.wait(20) == 0
    assert [path.name for path in flows(tmp_path)] == ["netwatch-flows2.ndjson"]
    records = [json.loads(line) for line in flows(tmp_path)[0].read_text().splitlines()]
    assert records and all(record["schema"] == "netwatch.flow/1" for record in records)


@tty
def test_escape_leaves_a_form_and_a_resize_draws_it_anew(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.send("\tkept")
        terminal.read(1)
        terminal.seen = b""
        terminal.resize(20, 70)
        until(terminal, b"flowskept")                            # what was typed is still there
        assert b"Export flows" in terminal.seen
        terminal.send("\x1b")
        terminal.read(1)
        terminal.send("q")
        assert terminal.process.wait(20) == 0
    assert not flows(tmp_path)


@tty
def test_a_signal_ends_the_program_from_within_a_form(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(20) == 143
    assert not flows(tmp_path)


def test_what_is_written_is_what_the_list_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its filter; the fields of a flow record and no more; an existing file is never touched."""
    monkeypatch.chdir(tmp_path)
    session = Replayed("dns.pcap")
    try:
        driver = Driver(session, 120, 40, tab="connections", do=lambda command: said.append(command.run(session)))
        said: list[str] = []
        asked: list[Form] = []
        driver.state.ask_form = lambda form: asked.append(form) or {"style": "ndjson", "name": "a"}
        driver.keys("/").type("proto == tcp").keys("enter", "E")
        records = [json.loads(line) for line in (tmp_path / "netwatch-a.ndjson").read_text().splitlines()]
        assert {record["id"] for record in records} == {row["id"] for row in driver.state.snapshot.rows} != set()
        assert not {"minute", "local", "turned", "age_s"} & {key for record in records for key in record}
        assert "proto == tcp" in asked[0].note and said[-1].startswith("2 flows written")
        assert "is there already" in ExportFlows("a").run(session)
        ExportFlows("b", "csv").run(session)
        with (tmp_path / "netwatch-b.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert tuple(rows[0]) == NAMES and len(rows) == 1 + driver.session.health().flows_live
        for bad in ("", "../a", "a/b", ".a", "a b", "x" * 99):
            assert ExportFlows(bad).run(session).startswith("Not written")
        assert len(flows(tmp_path)) == 2
        driver.state.ask_form = lambda form: None
        driver.keys("E")
        assert "Nothing was written" in driver.state.message and len(flows(tmp_path)) == 2
    finally:
        session.stop()


def test_there_is_a_key_for_it() -> None:
    assert any(key.action == "export" and key.context == "connections" for key in KEYS)


@tty
def test_no_letter_breaks_a_form(tmp_path: Path) -> None:
    """npyscreen binds some in a list of choices to a filter, a form of its own."""
    with opened(tmp_path) as terminal:
        terminal.send("".join(map(chr, (*range(33, 127), 15))) + "\x1bOP")
        terminal.read(1)
        terminal.send("\x1b")
        terminal.read(1)
        terminal.send("q")
        assert terminal.process.wait(20) == 0
    assert not list(tmp_path.rglob("crash-*"))


@tty
def test_a_form_of_one_line_is_done_by_enter(tmp_path: Path) -> None:
    """A setting's value; a wrong one is asked for once more, with why; Escape leaves the setting as it is."""
    with Terminal("-r", CAPTURE, "--tab", "connections", module="netwatch", cwd=str(tmp_path), rows=34, cols=110,
                  XDG_STATE_HOME=str(tmp_path / "state"), XDG_CONFIG_HOME=str(tmp_path / "config")) as terminal:
        until(terminal, b"TIME_WAIT")
        terminal.send(",")
        until(terminal, b"ui.refresh_ms")
        terminal.send("jjj\n")
        until(terminal, b"takes a whole number")
        terminal.send("\x1550\n")                                # Ctrl-U, a value below the least, Enter
        until(terminal, b"from 100 to 5000")
        terminal.send("\x017\x05\n")                            # "7" before it, at the start of the line
        until(terminal, b"this screen")
        assert b"750" in terminal.seen
        terminal.send("\n")
        until(terminal, b"takes a whole number")
        terminal.send("9\x1b")
        terminal.read(1)
        terminal.send("\x1bq")
        terminal.read(1)
        terminal.send("q")
        assert terminal.process.wait(20) == 0
    assert not list(tmp_path.rglob("crash-*"))


@tty
def test_lines_that_are_asked_for_are_forms(tmp_path: Path) -> None:
    """The number of a frame, a word of the help, the name of a profile of columns."""
    with Terminal("-r", CAPTURE, "--tab", "packets", module="netwatch", cwd=str(tmp_path), rows=34, cols=110,
                  XDG_STATE_HOME=str(tmp_path / "state"), XDG_CONFIG_HOME=str(tmp_path / "config")) as terminal:
        until(terminal, b"GET /missing")
        terminal.send("#")
        until(terminal, b"Go to frame number")
        terminal.send("4x\n")
        until(terminal, b"is no frame number")
        terminal.send("?/")
        until(terminal, b"Find in the help")
        terminal.send("stream\n")
        terminal.read(1)
        terminal.send("\x1b2C\x17")
        until(terminal, b"Save these columns as")
        terminal.send("\x15mine\n")
        until(terminal, b"mine")
        terminal.send("\x1b")
        terminal.read(1)
        terminal.send("q")
        assert terminal.process.wait(20) == 0
    assert not list(tmp_path.rglob("crash-*"))


@pytest.mark.parametrize(("key", "tab", "words"), [
    ("E", "connections", "Tab next  Shift-Tab before  Space choose  Enter on a button: do it  Esc leave"),
    ("#", "packets", "Enter OK  Tab to the buttons  Esc leave")])
def test_while_a_form_is_open_the_footer_has_its_keys(key: str, tab: str, words: str) -> None:
    session = Replayed("http.pcap")
    try:
        driver, seen = Driver(session, 80, 24, tab=tab), []
        fill_in = driver.state.ask_form

        def asked(form: Form) -> object:
            driver.state.filling = form
            seen.append(driver.line(-1).rstrip())
            driver.state.filling = None
            return fill_in(form)
        driver.state.ask_form = asked
        driver.keys(key)
        assert seen == [f" {words}"] and words not in driver.line(-1)
    finally:
        session.stop()


@tty
def test_the_shell_says_which_form_is_open(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        assert b"Shift-Tab" in terminal.seen + terminal.read(20, b"Shift-Tab")
        terminal.send("\x1b")
        until(terminal, b"filter")
