"""Settings, command palette, memory view: what their keys do; every popup at every size, with both sets of signs."""
import importlib
import time

import pytest

from netwatch.model.contract import Store
from netwatch.store import config
from netwatch.store.settings import NOW, SETTINGS, Settings
from netwatch.ui import keys
from netwatch.ui.popups import POPUPS, palette
from netwatch.ui.popups import settings as screen
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed

OPENERS = {"help": "?", "memory": "M", "palette": ":", "settings": ","}


@pytest.fixture(scope="module")
def session():
    replayed = Replayed("http.pcap")
    yield replayed
    replayed.stop()


@pytest.fixture
def driver(session, tmp_path):
    made = Driver(session, do=lambda command: made.done.append(command.run(session)))
    made.done = []
    made.state.settings = Settings({}, path=str(tmp_path / "netwatch.toml"))
    return made


def show(driver, key):
    driver.keys(",")
    screen.show_key(driver.state, key)
    return driver


def test_every_setting_is_on_the_screen(driver):
    driver.keys(",")
    seen = driver.screen()
    for _ in range(len(SETTINGS) // 10):
        driver.keys("pgdn")
        seen += driver.screen()
    assert [key for key in SETTINGS if key not in seen] == []


def test_what_few_values_have_is_turned(driver):
    show(driver, "ui.theme").keys("right")
    assert driver.state.look.theme == "terminal" and "this screen" in driver.screen()
    driver.keys("left", "left")
    assert driver.state.look.theme == "paper"
    driver.keys("d")
    assert driver.state.look.theme == "dark"


def test_a_value_is_typed_checked_and_kept(driver):
    intervals = []
    driver.state.set_interval = intervals.append
    show(driver, "ui.refresh_ms").will_type("50", "500").keys("enter")
    first, again = driver.forms
    assert (first.title, first.fields[0].value) == ("ui.refresh_ms", "1000") and first.note.startswith("takes ")
    assert "a whole number from 100 to 5000" in again.note and again.fields[0].value == "50"     # asked once more
    assert intervals == [0.5] and driver.state.settings.of("ui.refresh_ms") == 500
    driver.will_type("9", None).keys("enter")
    assert driver.state.settings.of("ui.refresh_ms") == 500 and driver.state.overlay == "settings"


def test_a_timeout_reaches_the_engine(driver, session):
    show(driver, "timeouts.udp").will_type("7").keys("enter")
    assert session.settings.timeouts == {"udp": 7}
    driver.keys("d")
    assert session.settings.timeouts == {}


def test_a_colour_is_changed_at_once(driver):
    show(driver, "theme.bad").will_type("#00ff00").keys("enter")
    assert driver.state.look.colors == {"bad": "#00ff00"}
    driver.will_type("red", None).keys("enter")
    assert "#rrggbb" in driver.forms[-1].note and driver.state.look.colors == {"bad": "#00ff00"}


def test_what_waits_for_the_next_start_says_so(driver):
    show(driver, "flows.max").keys("enter", "ctrl-u").type("5000").keys("enter")
    assert SETTINGS["flows.max"].applies != NOW
    assert "at next start" in driver.screen()


def test_saving_keeps_comments(driver, tmp_path):
    path = tmp_path / "netwatch.toml"
    path.write_text("# mine\n[ui]\ntheme = 'nord'  # calm\n")
    show(driver, "ui.theme").keys("right", "right")
    assert "1 not saved" in driver.screen()
    driver.keys("w")
    assert path.read_text() == '# mine\n[ui]\ntheme = "solarized"  # calm\n'
    assert driver.done[-1].startswith("Saved 1 setting in") and "not saved" not in driver.screen()
    driver.keys("w")
    assert "Nothing has been changed" in driver.screen()


def test_what_cannot_be_saved_is_told_and_stays(driver, tmp_path):
    path = tmp_path / "netwatch.toml"
    path.write_text("broken [\n")
    show(driver, "ui.theme").keys("right", "w")
    assert "Not saved" in driver.done[-1] and "1 not saved" in driver.screen()
    assert path.read_text() == "broken [\n"


def test_the_palette_finds_and_does(driver):
    driver.keys(":").type("ocean")
    assert "Theme: ocean" in driver.screen()
    driver.keys("enter")
    assert driver.state.look.theme == "ocean" and driver.state.overlay == ""
    driver.keys(":").type("this help").keys("enter")
    assert driver.state.overlay == "help"
    driver.keys("esc", ":").type("refresh_ms").keys("enter")
    assert driver.state.overlay == "settings" and screen.marked(driver.state).key == "ui.refresh_ms"
    driver.keys("esc", ":").type("zzzzzz").keys("enter")
    assert driver.state.overlay == ""


def test_the_palette_has_every_key_that_works_here(driver):
    driver.keys(":")
    texts = {entry.text.lower() for entry in palette.part(driver.state).entries}
    for key in keys.KEYS:
        if key.context in driver.state.screen_contexts() and key.action != "palette":
            assert key.help.lower() in texts
    for tab in driver.state.tabs:
        assert f"tab: {tab.title.lower()}" in texts


def test_the_palette_finds_each_word_of_the_footer(driver):
    for key in keys.hints(driver.state.screen_contexts()):
        if key.action != "palette":
            driver.keys(":").type(key.hint)
            chosen = palette.part(driver.state)
            assert key.help.lower() in [entry.text.lower() for entry in chosen.found[:4]], key.hint
            driver.keys("esc")


@pytest.mark.parametrize(("typed", "better", "worse"), [
    ("tnt", "the next theme", "tent"), ("pau", "Pause", "place a user"), ("set", "Settings", "reset"),
])
def test_how_letters_are_found(typed, better, worse):
    assert palette.score(typed, better) > palette.score(typed, worse)
    assert palette.score("xyz", better) is None


def test_the_palette_answers_a_key_quickly(driver):
    driver.keys(":")
    began = time.process_time()
    driver.type("settings")
    assert (time.process_time() - began) / len("settings") < 0.05


def test_the_memory_view_tells_of_every_store(driver):
    driver.keys("M")
    shown = driver.screen()
    for name in ("flows", "event ring", "IP fragments", "names of addresses", "stations of the LAN"):
        assert name in shown
    flows = next(line for line in shown.splitlines() if "│ flows " in line).split()
    assert flows[2:5] == ["6", "2.0M", "0"]


def test_what_is_bounded_in_bytes_says_how_many_and_how_full_it_is(driver):
    lines = driver.resize(120, 60).keys("M").screen().splitlines()
    for name, room in (("frames of Packets", "64.0 MB"), ("moments of the table", "33.6 MB")):
        line = next(line for line in lines if name in line)
        assert room in line and " % " in line
    assert Store("x", 9, None, 50, 0, 200).full == 0.25 and Store("x", 9, 10, 50, 0, 200).full == 0.9
    assert Store("x", 9, None, None, 0).full is None


@pytest.mark.parametrize("tab", ["dashboard", "stats", "topology", "egress", "connections"])
def test_what_lies_over_a_tab_takes_nothing_from_it(session, tab):
    driver = Driver(session, 120, 40, tab=tab, do=lambda command: command.run(session))
    before, rows = driver.state.snapshot.answer, len(driver.state.snapshot.rows)
    driver.keys("M")
    driver.step()
    assert "TCP conversations" in driver.screen()
    assert type(driver.state.snapshot.answer) is type(before) and len(driver.state.snapshot.rows) == rows


@pytest.mark.parametrize("name", sorted(POPUPS))
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_popup_at_every_size(session, name, ascii_only):
    for cols, rows in ((40, 12), (80, 24), (120, 40), (200, 50), (400, 100)):
        driver = Driver(session, cols, rows, ascii_only=ascii_only)
        driver.keys(OPENERS.get(name, ""))
        driver.state.overlay = name
        driver.step()
        lines = driver.screen().splitlines()
        assert not driver.state.failed and driver.state.overlay == name, driver.state.message
        assert len(lines) <= rows and "Conn" in lines[0]
        if ascii_only:
            assert "\n".join(lines).isascii()
        for _ in range(5):
            for what in ("wheel-down", "click", "wheel-up", "double"):
                driver.app.mouse(what, rows // 2, cols // 2)
                driver.step()
        assert not driver.state.failed


def test_a_click_beside_a_popup_closes_it(driver):
    for name, key in OPENERS.items():
        driver.keys(key)
        assert driver.state.overlay == name
        driver.app.mouse("click", driver.state.body.y, 0)
        assert driver.state.overlay == ""


@pytest.mark.parametrize("name", sorted(name for name in POPUPS if name != "welcome"))
def test_a_click_inside_a_popup_leaves_it_open(driver, name):
    """Of each that has nothing to click on; where lines are chosen by a click that is its own affair."""
    module = importlib.import_module(POPUPS[name])
    driver.state.overlay = name
    driver.step()
    lines = driver.screen().splitlines()
    y = next(i for i, line in enumerate(lines) if "┌─" in line and i >= driver.state.body.y)
    x = lines[y].index("┌─")
    driver.app.mouse("click", y, x + 1)                 # its title
    assert driver.state.overlay == name
    if hasattr(module, "where"):
        box = module.where(driver.state)
        assert (box.y, box.x) == (y, x)


def test_the_file_of_the_screen_is_read_again(driver, tmp_path):
    show(driver, "theme.text").will_type("12").keys("enter", "w")
    assert config.load(tmp_path / "netwatch.toml")[0].colors == {"text": "12"}
