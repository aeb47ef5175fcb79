"""The Processes tab: rows, order, what is told of one, traffic of no program; and its golden screens."""
import pathlib

import pytest
from golden_file import same_as_golden

from netwatch.ui.recent import MOST, Recent
from netwatch.ui.tabs.processes.cells import COLUMNS
from tests.ui.driver import Driver
from tests.ui.owned import PROGRAMS, WHY, Owned
from tests.ui.replayed import Replayed

GOLDEN = pathlib.Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def session():
    found = Owned()
    yield found
    found.stop()


def opened(session, cols=120, rows=40, **more):
    return Driver(session, cols, rows, tab="processes", **more)


def scene_list(session, *size, **more):
    return opened(session, *size, **more).keys("down")


def scene_details(session, *size, **more):
    return opened(session, *size, **more).keys("enter")


def scene_unowned(session, *size, **more):
    return opened(session, *size, **more).keys("enter")


SCENES = [(scene, size, look) for scene in (scene_list, scene_details, scene_unowned)
          for size in ((80, 24), (120, 40), (200, 50)) for look in ("unicode", "ascii")
          if look == "unicode" or size == (80, 24)]


@pytest.mark.parametrize(("scene", "size", "look"), SCENES)
def test_golden(session, scene, size, look):
    plain = Replayed("http.pcap") if scene is scene_unowned else None
    try:
        screen = scene(plain or session, *size, ascii_only=look == "ascii").screen()
    finally:
        if plain is not None:
            plain.stop()
    path = GOLDEN / f"processes-{scene.__name__[6:]}-{size[0]}x{size[1]}-{look}.txt"
    same_as_golden(path, screen)


def test_each_program_and_pid_has_a_row_and_unknown_traffic_its_own(session):
    driver = opened(session)
    rows = driver.state.snapshot.answer.rows
    assert {row["key"][1] for row in rows if row["key"][0] == "process.name"} == {name for name, _, _ in PROGRAMS}
    assert [row["pids"] for row in rows if row["key"] == ("process.name", "firefox")] == [2]
    driver.keys("g", *["down"] * [row["key"] for row in rows].index(("process.name", "firefox")), "space")
    found = driver.state.snapshot.answer.rows
    at = [row["key"] for row in found].index(("process.name", "firefox"))
    program, processes = found[at], found[at + 1:at + 3]
    assert {row["key"] for row in processes} == {("pid", ("firefox", 2101)), ("pid", ("firefox", 2102))}
    for name in ("flows", "bytes_in", "bytes_out", "packets_in", "packets_out"):
        assert sum(row[name] for row in processes) == program[name]
    assert ("process.unknown", WHY) in {row["key"] for row in rows}
    assert f"no program: {WHY}"[:30] in opened(session, 200, 50).screen()


def test_a_file_says_that_it_carries_no_owners():
    plain = Replayed("http.pcap")
    screen = opened(plain).screen()
    plain.stop()
    assert "a capture file carries no owners" in screen
    assert "no program" in screen


@pytest.mark.parametrize("column", [column.key for column in COLUMNS])
def test_every_column_sorts_by_keys_and_by_a_click_on_its_head(session, column):
    driver = opened(session, 400, 50)
    place = [each.key for each in COLUMNS].index(column)
    driver.keys("s", "g", *["down"] * place, "enter")
    part = driver.state.parts["processes"]
    assert part.sort == column
    before = [row["key"] for row in driver.state.snapshot.answer.rows]
    head = next(i for i, line in enumerate(driver.screen().splitlines()) if "Process" in line and "Flows" in line)
    title = next(each.title for each in COLUMNS if each.key == column)
    line = driver.line(head)
    driver.app.mouse("click", head, max(line.find(text) for arrow in "▲▼" for text in (arrow + title, title + arrow)))
    driver.step(tick=False)
    assert part.descending != next(each.right for each in COLUMNS if each.key == column)
    assert {row["key"] for row in driver.state.snapshot.answer.rows} == set(before)


def test_the_flows_of_a_process_are_shown_by_a_filter(session):
    driver = opened(session)
    row = next(i for i, each in enumerate(driver.state.snapshot.answer.rows) if each["key"] == ("process.name", "sshd"))
    driver.keys("g", *["down"] * row, "right")
    assert driver.state.tab == "connections"
    assert {each["process"]["pid"] for each in driver.state.snapshot.rows} == {877}
    driver.keys("backspace")
    assert driver.state.tab == "processes"


def test_unknown_traffic_can_be_filtered_by_its_reason(session):
    driver = opened(session)
    row = next(i for i, each in enumerate(driver.state.snapshot.answer.rows) if each["key"][0] == "process.unknown")
    driver.keys("g", *["down"] * row, "right")
    assert driver.state.snapshot.total == driver.poller.latest.total > 0
    assert {each["process"].get("unknown") for each in driver.state.snapshot.rows} == {WHY}


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (400, 100)])
@pytest.mark.parametrize("details", [True, False])
def test_any_size_and_hostile_names_keep_the_screen_whole(session, size, details):
    driver = opened(session, *size)
    if details:
        driver.keys("enter", "G")
    lines = driver.screen().splitlines()
    assert len(lines) == size[1]
    assert all(line.isprintable() for line in lines)


def test_what_was_not_on_screen_is_not_known():
    recent = Recent()
    recent.note("a", 100, 1.0, 2.0)
    recent.note("a", 102, 3.0, 4.0)
    assert recent.values("a", 102, 0)[-3:] == [1.0, None, 3.0]
    assert recent.values("a", 103, 1)[-4:] == [2.0, None, 4.0, None]
    assert len(recent.values("b", 103, 1)) == 60
    assert set(recent.values("b", 103, 1)) == {None}
    for key in range(MOST + 1):
        recent.note(key, 103, 1.0, 1.0)
    assert set(recent.values("a", 103, 0)) == {None}
