"""The real program in a real terminal (tmux), on a capture file: every tab, every key of every context, popups, views,
a resize, and the terminal as it was at the end. Covers whatever TABS, POPUPS and VIEWS hold."""
import shutil
import subprocess
import time

import pytest

from netwatch.addons.timeline import CATEGORIES
from netwatch.ui import keys
from netwatch.ui.popups import POPUPS
from netwatch.ui.tabs import TABS
from netwatch.ui.themes import THEMES
from netwatch.ui.views import VIEWS
from tests.ui.driver import Driver
from tests.ui.replayed import HERE, Replayed
from tests.ui.test_terminal import Tmux

CAPTURE = str(HERE / "http.pcap")
LEAVING = {"quit"}
NAMES = {"up": "Up", "down": "Down", "left": "Left", "right": "Right", "enter": "Enter", "esc": "Escape",
         "space": "Space", "pgup": "PPage", "pgdn": "NPage", "home": "Home", "end": "End", "tab": "Tab",
         "shift-tab": "BTab", "backspace": "BSpace", "delete": "DC", "f1": "F1", ";": "\\;"}
SCREENS = {each.name for each in (*TABS, *VIEWS)}


def contexts_of(name):
    """A screen's own context and those that no other screen or popup owns: panes and lists inside it."""
    taken = SCREENS | set(POPUPS) | {"filter", "failed"}
    return [name, *(context for context in keys.CONTEXT_TITLES if context not in taken)]


def pressed(context):
    """Every name of every key of a context that does not leave the program."""
    return [name for key in keys.KEYS if key.context == context and key.action not in LEAVING for name in key.names]


def tmux_name(name):
    return "C-" + name[5:] if name.startswith("ctrl-") else NAMES.get(name, name)


@pytest.fixture
def tmux(tmp_path):
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed")
    opened = []

    def start(*args, **more):
        more = {"module": "netwatch", "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path),
                "NETWATCH_UI_WELCOME": "false", **more}
        opened.append(Tmux(tmp_path, "-r", CAPTURE, *args, **more))
        return opened[-1]

    yield start
    for one in opened:
        subprocess.run(["tmux", "-L", one.name, "kill-server"], check=False, capture_output=True)


def sane(view, rows, what):
    """The program is alive, shows a frame, and no trace of a failure."""
    ends = time.monotonic() + 3.0
    while not (shown := view.screen()).strip() and time.monotonic() < ends:      # caught between clearing and painting
        time.sleep(0.05)
    for bad in ("Traceback", "has failed", "EXIT", "cannot be shown"):
        assert bad not in shown, f"after {what}:\n{shown}"
    assert len(shown.splitlines()) <= rows and shown.strip(), f"after {what}:\n{shown}"
    return shown


def press(view, rows, context):
    """Every key of a context, one after the other; what opens is left alone: its keys have their turn. Not q: where
    something has closed, it would leave the program."""
    names = [name for name in pressed(context) if name != "q"]
    for at in range(0, len(names), 4):
        view.keys(*map(tmux_name, names[at:at + 4]))
        time.sleep(0.03)
        sane(view, rows, (context, names[at:at + 4]))


def leave(view):
    """Out of every popup and line, without leaving the program."""
    for _ in range(3):
        view.keys("Escape")
        time.sleep(0.06)                         # or two of them are one Alt-Escape


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.name)
def test_every_key_of_a_tab(tmux, tab):
    view = tmux(cols=120, rows=40)
    view.wait("packets")
    view.keys(tab.key)
    for context in contexts_of(tab.name):
        press(view, 40, context)
        leave(view)
    assert "Dash" in sane(view, 40, tab.name)
    view.keys("C-c")
    view.wait("EXIT 130")
    assert view.errors.read_text() == ""


TABS_OF = {"sort": ("2",), "columns": ("2",),        # where a popup is opened, if not anywhere
           "alert": ("7", *"f" * (2 + CATEGORIES.index("alert")))}
ACTIONS_OF = {"filter": ("filter_open",), "columns": ("columns_open",),
              "sort": ("sort_open",), "alert": ("entry_open",)}


@pytest.mark.parametrize("popup", [*(name for name in POPUPS if name != "welcome"), "filter"])     # no key opens that
def test_every_key_of_a_popup(tmux, popup):
    view = tmux(cols=100, rows=30)
    view.wait("packets")
    view.keys(*TABS_OF.get(popup, ()))
    opener = next(key.names[0] for key in keys.KEYS if key.action in ACTIONS_OF.get(popup, (popup,)))
    view.keys(opener)
    time.sleep(0.1)
    press(view, 30, popup)
    view.keys("-l", "some text 漢字 \\[")
    leave(view)
    view.keys(*TABS_OF.get(popup, ()), opener)         # a key, or a letter of the text, may have led elsewhere
    if "q" in pressed(popup) and popup != "alert":     # its alert is muted by now
        view.keys("q")
    leave(view)
    assert "Dash" in sane(view, 30, popup).splitlines()[0]
    view.keys("C-c")
    view.wait("EXIT 130")
    assert view.errors.read_text() == ""


def test_every_view_and_a_resize(tmux):
    view = tmux(cols=200, rows=50)
    view.wait("packets")
    for _ in VIEWS:
        for tab in TABS:
            view.keys(tab.key)
            for cols, rows in ((40, 12), (30, 8), (80, 24), (200, 50)):
                view.run("resize-window", "-x", str(cols), "-y", str(rows))
                time.sleep(0.1)
                sane(view, rows, (tab.name, cols, rows))
        view.keys("V")
    view.keys("C-c")
    view.wait("EXIT 130")


@pytest.mark.parametrize("redirect", [True, False])
@pytest.mark.parametrize("term", ["linux", "screen", "xterm-256color", "vt100", "tmux-256color"])
def test_terminals_and_where_errors_go(tmux, term, redirect):
    view = tmux(term=term, redirect=redirect)
    view.wait("packets")
    view.keys("T", ":", "Escape")
    view.wait("q quit")
    sane(view, 24, term)
    view.keys("q")
    view.wait("EXIT 0")
    if term not in ("linux", "vt100"):           # these have no second screen to come back from
        assert "q quit" not in view.screen(), "the screen before is not back"
    assert view.run("display-message", "-p", "#{cursor_flag}").strip() == "1"


@pytest.mark.parametrize(("arguments", "environment"), [((), {"NO_COLOR": "1"}), (("--no-color",), {})])
def test_without_colour(tmux, arguments, environment):
    view = tmux(*arguments, **environment)
    view.wait("packets")
    view.keys("T", ",")
    view.wait("Settings")
    coloured = [word for word in view.screen("-e").split("\x1b[") if word.startswith(("3", "4", "9", "10"))
                and word.split("m")[0] not in ("39", "49", "4")]
    assert coloured == []


@pytest.mark.parametrize("theme", THEMES)
def test_every_theme(tmux, theme):
    view = tmux("--theme", theme)
    view.wait("packets")
    assert "Dash" in sane(view, 24, theme)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40), (200, 50)])
@pytest.mark.parametrize("screen", [each.name for each in (*TABS, *VIEWS[1:])])
def test_every_key_without_a_terminal(screen, size):
    """The same at more sizes: no key breaks a screen, nor leaves it wider or taller than the terminal."""
    session = Replayed("http.pcap")
    driver = Driver(session, *size, do=lambda command: command.run(session))
    try:
        if screen in {tab.name for tab in TABS}:
            driver.state.go(screen)
        else:
            while driver.state.view != screen:
                driver.keys("V")
        for context in contexts_of(screen):
            for name in pressed(context):
                if context == "replay" or name == "V":
                    continue
                driver.keys(name)
                lines = driver.screen().splitlines()
                assert not driver.state.failed, (name, driver.state.failed)
                assert len(lines) <= size[1] and "cannot be shown" not in lines[-2], name
            for _ in range(3):
                driver.keys("esc")
    finally:
        session.stop()
