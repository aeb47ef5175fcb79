"""The Connections tab through its keys and mouse, on a screen without a terminal; and its golden screens.

Golden screens are in tests/ui/golden; NETWATCH_GOLDEN=1 writes them anew.
"""
import pathlib

import pytest
from golden_file import same_as_golden

from netwatch.ui.tabs.connections.columns import PROFILES, USUAL
from tests.ui.driver import Driver
from tests.ui.fake import FakeSession, Page, make_row

GOLDEN = pathlib.Path(__file__).parent / "golden"


def still(flows=200, **more):
    return FakeSession(flows=flows, still=True, **more)


# ------------------------------------------------------------------------------------------------------------- goldens

def scene_plain(cols, rows, **more):
    return Driver(still(processes=cols > 100), cols, rows, **more).keys("j", "j")


def scene_details(cols, rows, **more):
    return scene_plain(cols, rows, **more).keys("/").type("app tls").keys("enter", "down", "enter")


def scene_error(cols, rows, **more):
    return scene_plain(cols, rows, **more).keys("/").type("port == 443 and rtt > ")


def scene_sort(cols, rows, **more):
    return scene_plain(cols, rows, **more).keys("x", "s", "down")


def scene_help(cols, rows, **more):
    return scene_plain(cols, rows, **more).keys("?")


def scene_file(cols, rows, **more):
    return Driver(still(live=False, label="capture.pcap"), cols, rows, **more).keys("G")


SCENES = [(scene, size, look)
          for scene in (scene_plain, scene_details, scene_error, scene_sort, scene_help, scene_file)
          for size in ((80, 24), (120, 40), (200, 50))
          for look in ("unicode", "ascii") if look == "unicode" or size == (80, 24)]
SCENES += [(scene, size, "unicode") for scene, size in (
    (scene_plain, (40, 12)), (scene_details, (40, 12)), (scene_plain, (400, 100)))]


@pytest.mark.parametrize(("scene", "size", "look"), SCENES)
def test_golden(scene, size, look):
    screen = scene(*size, ascii_only=look == "ascii").screen()
    path = GOLDEN / f"connections-{scene.__name__[6:]}-{size[0]}x{size[1]}-{look}.txt"
    same_as_golden(path, screen)
    if look == "ascii":
        assert screen.isascii()


# --------------------------------------------------------------------------------------------------- the selected flow

def test_the_selection_follows_the_flow_when_the_order_changes():
    session = still()
    driver = Driver(session).keys("j", "j", "j")
    chosen = driver.state.table.selected
    row = driver.state.table.cursor
    assert row == 3
    session.rates[chosen] = 1e12
    driver.step()
    assert (driver.state.table.selected, driver.state.table.cursor) == (chosen, 0)
    session.rates[chosen] = 0.0
    driver.step()
    assert driver.state.table.selected == chosen
    assert driver.state.table.cursor > 100
    assert driver.selected_line()                                  # and the screen went along
    driver.keys("S")
    assert driver.state.table.selected == chosen
    assert driver.selected_line()


def test_a_screen_nobody_has_touched_stays_at_the_top():
    session = still()
    driver = Driver(session)
    first = driver.state.table.selected
    session.rates[first] = 0.0
    driver.step()
    assert driver.state.table.top == 0
    assert driver.state.table.selected != first


def test_a_flow_that_is_gone_leaves_the_selection_on_the_row():
    session = still(flows=30)
    driver = Driver(session).keys("j", "j")
    driver.keys("/").type("dport == 443").keys("enter")
    kept = driver.state.table.selected
    assert kept in [row["id"] for row in driver.state.snapshot.rows]
    driver.keys("/", "ctrl-u").type("nothing-like-this").keys("enter")
    assert driver.state.table.selected is None
    assert "No flow passes this filter" in driver.screen()
    driver.keys("enter")
    assert "No flow is selected" in driver.screen()


def test_a_flow_far_away_in_a_million_is_still_shown_in_the_details():
    session = still(flows=1_000_000)
    driver = Driver(session).keys("j", "enter")
    chosen = driver.state.table.selected
    session.rates[chosen] = 0.0                                    # now about 940 rows further down
    driver.step()
    assert driver.state.table.selected == chosen
    assert f"Flow {chosen} " in driver.screen()
    assert "has moved out of view" in driver.screen()


def test_paging_to_both_ends_of_a_million_rows():
    driver = Driver(still(flows=1_000_000)).keys("G")
    total = driver.state.snapshot.total
    assert driver.state.table.cursor == total - 1
    assert driver.selected_line()
    assert driver.asked.limit <= 1000                              # never the table, only a window
    driver.keys("pgup", "pgup", "k")
    assert driver.selected_line()
    driver.keys("home")
    assert driver.state.table.cursor == 0
    driver.keys("up")
    assert driver.state.table.cursor == 0


# ---------------------------------------------------------------------------------------------------------- the filter

def test_an_error_keeps_the_last_valid_filter_and_points_at_its_place():
    driver = Driver(still()).keys("/").type("port == 443")
    matched = driver.state.snapshot.total
    assert 0 < matched < 200
    driver.type(" and nosuch > 3")
    assert driver.state.filter.error
    column = driver.state.filter.column
    assert driver.line(3).index("▲") == 3 + column
    assert "nosuch" in driver.line(3)
    driver.keys(*["backspace"] * 2)                                # "... nosuch >" is wrong as well
    assert driver.state.filter.error
    driver.keys("enter")
    assert "Not a filter; back to the one before: none" in driver.screen()
    assert driver.state.snapshot.total >= matched and driver.state.filter.applied is None


def test_enter_on_an_error_goes_back_to_the_filter_before():
    driver = Driver(still()).keys("/").type("port == 443")
    driver.keys("enter", "/", "ctrl-u").type("dportt == 4").keys("enter")
    assert driver.state.filter.applied_text == "port == 443"       # "dportt" alone is a filter: a word
    assert "back to the one before: port == 443" in driver.screen()


def test_escape_restores_and_escape_again_drops():
    driver = Driver(still()).keys("/").type("port == 443").keys("enter")
    total = driver.state.snapshot.total
    driver.keys("/", "ctrl-u").type("port == 53")
    assert driver.state.snapshot.total != total
    driver.keys("esc")
    assert driver.state.snapshot.total == total
    assert "filter: port == 443" in driver.screen()
    driver.keys("esc")
    assert driver.state.snapshot.total > total
    assert "filter:" not in driver.screen()


def test_history_of_filters():
    driver = Driver(still())
    for text in ("port == 443", "port == 53"):
        driver.keys("/", "ctrl-u").type(text).keys("enter")
    driver.keys("/", "up", "up")
    assert driver.state.filter.line.text == "port == 443"
    driver.keys("down")
    assert driver.state.filter.line.text == "port == 53"
    driver.keys("up", "enter")
    assert driver.state.filter.applied_text == "port == 443"


def test_editing_the_line():
    line = Driver(still()).keys("/").type("one two  three").keys("ctrl-w")
    assert line.state.filter.line.text == "one two  "
    line.keys("ctrl-w")
    assert line.state.filter.line.text == "one "
    line.keys("home", "delete", "right", "backspace").type("é漢")
    assert line.state.filter.line.text == "é漢e "
    line.keys("end", "left", "backspace")
    assert line.state.filter.line.text == "é漢 "
    line.keys("ctrl-w", "ctrl-w")
    assert line.state.filter.line.text == " "
    line.keys("end", "ctrl-u")
    assert line.state.filter.line.text == ""


@pytest.mark.parametrize("cols", [40, 80])
def test_a_line_longer_than_the_screen_shows_its_end(cols):
    driver = Driver(still(), cols, 24).keys("/").type("a" * 100 + "z")
    assert "z" in driver.line(2)
    assert len(driver.line(2)) <= cols
    driver.keys("home")
    assert driver.line(2).startswith(" / aaa")


# ---------------------------------------------------------------------------------------------- order, pause, history

def test_sorting_by_every_column():
    driver = Driver(still(), 200, 50)
    for _ in PROFILES[USUAL]:
        driver.keys(">")
        assert not driver.state.failed
        assert driver.screen().count("▼") + driver.screen().count("▲") == 2
    driver.keys("s", "end", "enter")
    assert driver.state.table.sort == "age_s"
    driver.keys("<")
    assert driver.state.table.sort == "minute"
    driver.keys(">")
    assert (driver.asked.sort, driver.asked.descending) == ("first", False)     # oldest first
    driver.keys("s", "S", "esc")
    assert (driver.asked.sort, driver.asked.descending) == ("first", True)


def test_pause_freezes_the_rows_and_says_that_the_capture_goes_on():
    session = FakeSession(flows=50, updates=1000)
    driver = Driver(session).keys("p")
    assert "PAUSED" in driver.screen()
    assert "capture goes on" in driver.screen()
    before = driver.screen().splitlines()[4:-2]
    asked = session.queries
    session.rates = [rate * 3 for rate in session.rates]
    session.began -= 60
    driver.step()
    assert driver.screen().splitlines()[4:-2] == before
    assert session.queries == asked
    assert driver.state.health.packets > 59_000                    # the status line lives
    driver.keys("j")
    assert driver.selected_line() == "▌" + before[1][1:]
    driver.keys("p").step()
    assert driver.screen().splitlines()[4:-2] != before


def test_a_page_under_way_when_pausing_does_not_thaw_the_screen():
    session = FakeSession(flows=50, updates=0)
    driver = Driver(session)
    before = driver.screen().splitlines()[4:-2]
    driver.app.key("p")
    session.rates = [rate * 3 for rate in session.rates]
    fresh = driver.poller._poll(driver.asked.__class__(**{**driver.asked.__dict__, "hold": False}), True)
    driver.app.snapshot(fresh.__class__(**{**fresh.__dict__, "number": 99}))
    assert driver.screen().splitlines()[4:-2] == before


def test_ended_flows_on_demand_with_a_mark():
    driver = Driver(still(), 200, 50)
    assert driver.state.glyphs.ended not in driver.screen()
    total = driver.state.snapshot.total
    driver.keys("x")
    assert driver.state.snapshot.total > total
    driver.keys("G")
    assert driver.state.glyphs.ended in driver.screen()
    assert "ended rst" in driver.screen() or "ended fin" in driver.screen()


def test_marks_say_what_the_colours_say():
    session = still(flows=30)
    screen = Driver(session).screen()
    assert {"●", "◐", "○"} <= set(screen)


# ------------------------------------------------------------------------------------------------ details, copy, mouse

def test_every_value_of_the_record_is_in_the_details():
    session = still()
    driver = Driver(session, 120, 40).keys("/").type("app tls").keys("enter", "enter")
    record = session.flow(driver.state.table.selected)
    driver.resize(150, 400)
    screen = driver.screen()
    for value in (record["tls"]["ja4"], record["tls"]["cipher"],
                  "2026-01-01 00:00:00.000000 UTC", "san11.example.com", "h2, http/1.1"):
        assert value in screen
    assert "Cert subject" in screen


def test_details_scroll_and_close():
    driver = Driver(still(), 80, 24).keys("enter")
    first = driver.screen()
    driver.keys("J")
    assert driver.screen() != first
    driver.keys(*["J"] * 40)
    assert "fields not known (space)" in driver.screen() and "Organisation" not in driver.screen()
    driver.keys("space", *["J"] * 40)
    assert "Organisation" in driver.screen() or "TTL" in driver.screen()
    driver.keys("space")
    driver.keys(*["K"] * 40)
    assert driver.screen() == first
    driver.keys("esc")
    assert "Connection " not in driver.screen()


def test_copy_gives_the_remote_address():
    driver = Driver(still()).keys("j", "c")
    assert driver.copied == [driver.state.table.record["dst"]]
    assert "Copied" in driver.screen()


def test_mouse_on_rows_heads_tabs_and_wheel():
    driver = Driver(still(), 120, 40)
    heads = driver.line(3)
    driver.app.mouse("click", 3, heads.index("RTT"))
    driver.step(tick=False)
    assert (driver.state.table.sort, driver.state.table.descending) == ("rtt_us", True)
    driver.app.mouse("click", 3, driver.line(3).index("RTT"))
    assert driver.state.table.descending is False
    driver.step(tick=False)
    driver.app.mouse("click", 8, 20)
    assert driver.state.table.cursor == 4
    driver.app.mouse("wheel-down", 8, 20)
    assert driver.state.table.cursor == 7
    driver.app.mouse("wheel-up", 8, 20)
    driver.app.mouse("double", 8, 20)
    driver.step(tick=False)
    assert driver.state.details
    top = driver.state.details_top
    driver.app.mouse("wheel-down", 35, 20)
    assert driver.state.details_top > top
    driver.app.mouse("click", 0, 26)
    driver.app.mouse("click", 39, 100)
    assert driver.state.tab == "connections"
    assert not driver.state.failed


# --------------------------------------------------------------------------------------------------- hostile and broken

def test_nothing_from_the_wire_reaches_the_terminal_raw():
    row = make_row(5, 10.0, 0.0)
    bad = "\x1b]52;c;evil\x07\x9b31m\u202e\u2028\x00" + "A" * 5000
    row |= {"label": bad, "app": bad, "name": {"host": bad, "via": "sni"},
            "http": {bad: bad, "path": [bad, {bad: bad}]}, "process": {"name": bad, "pid": 1}, "state": bad, "odd": bad}
    session = still(flows=3)
    session.query = lambda *question, early=None: Page([row], 1, 0)
    session.flow = lambda id: row
    driver = Driver(session, 200, 100).keys("enter")
    assert not driver.state.failed
    driver.canvas.invalidate()
    driver.app.draw(driver.canvas)
    sent = "".join(text for _, _, text, _ in driver.canvas.changes())
    assert not any(letter in sent for letter in "\x1b\x07\x9b\u202e\u2028\x00")


def test_a_row_with_nothing_but_its_id():
    session = still(flows=1)
    session.query = lambda *question, early=None: Page([{"id": 1}], 1, 0)
    session.flow = lambda id: {"id": 1}
    driver = Driver(session, 200, 50).keys("enter", "c")
    assert not driver.state.failed
    assert "Flow 1" in driver.screen()


def test_a_crash_in_the_tab_is_shown_and_the_rest_lives(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    from netwatch.ui.tabs.connections import flow_details
    driver = Driver(still())
    with monkeypatch.context() as patch:
        patch.setattr(flow_details, "draw", lambda *a: 1 // 0)
        screen = driver.keys("enter").screen()
    assert "The Connections tab has failed" in screen
    assert "ZeroDivisionError" in screen
    assert "Conn" in screen.splitlines()[0]
    report = next((tmp_path / "netwatch").iterdir())
    assert "ZeroDivisionError" in report.read_text()
    assert report.stat().st_mode & 0o077 == 0
    assert "has failed" not in driver.keys("r").screen()


@pytest.mark.parametrize("size", [(40, 12), (41, 13), (60, 15), (80, 16), (99, 24), (129, 30), (130, 30), (400, 100)])
def test_every_key_at_every_size(size):
    driver = Driver(still(flows=300), *size)
    for opened in ("", "enter", "s", "?", "/"):
        for name in ("j", "pgdn", "G", "S", "t", "J", "x", "up", "home", "left", "p", "esc", "esc", "esc"):
            if opened:
                driver.keys(opened)
            driver.keys(name)
            assert not driver.state.failed
            lines = driver.screen().splitlines()
            assert "Conn" in lines[0]
        driver.keys("esc", "esc", "esc")


def test_too_small():
    driver = Driver(still(), 30, 8)
    assert "Terminal too small" in driver.screen()
    driver.keys("j", "enter", "?")
    assert driver.app.quit_code is None
    assert "Conn" in driver.resize(80, 24).line(0)
    driver.resize(39, 12).keys("q")
    assert driver.app.quit_code == 0
