"""The themes: each can be read on its own paper, in true colour and in the palette; what Painter makes of them."""
import curses
import os
import re

import pytest

from netwatch.store.settings import SETTINGS
from netwatch.ui import term, theme, themes
from netwatch.ui.popups import settings as settings_popup
from tests.ui.driver import Driver
from tests.ui.fake import FakeSession
from tests.ui.pty_run import Terminal

PAINTED = [each for each in themes.THEMES.values() if not each.ansi]
WANTED = ["dark", "terminal", "solarized", "dracula", "nord", "gruvbox", "catppuccin", "tokyo-night", "ocean", "paper"]


def test_the_themes_that_were_promised():
    assert list(themes.THEMES) == WANTED


def test_contrast_as_the_standard_has_it():
    assert themes.contrast(0, 0xFFFFFF) == pytest.approx(21)
    assert themes.contrast(0x777777, 0xFFFFFF) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("selected", [False, True])
@pytest.mark.parametrize("chosen", PAINTED, ids=lambda each: each.name)
def test_every_ink_can_be_read(chosen, selected):
    paper = chosen.selected if selected else chosen.ground
    for ink in themes.INKS:
        least = 3.0 if ink in themes.FAINT else 4.5
        assert themes.contrast(themes.ink_on(chosen, ink, selected), paper) >= least, ink


@pytest.mark.parametrize("chosen", PAINTED, ids=lambda each: each.name)
def test_the_selected_row_differs_from_the_others(chosen):
    assert themes.contrast(chosen.selected, chosen.ground) >= 1.1


@pytest.mark.parametrize("chosen", PAINTED, ids=lambda each: each.name)
def test_inks_of_different_meaning_differ(chosen):
    colors = [themes.ink_on(chosen, ink) for ink in ("text", "good", "warn", "bad")]
    assert len(set(colors)) == 4


class Curses:
    """Takes curses' place: pairs are (ink, paper), attributes are bits above them."""

    def __init__(self, monkeypatch, colors=256, change=False):
        self.pairs, self.defined = {}, {}
        put = monkeypatch.setattr
        put(curses, "has_colors", lambda: colors > 0)
        put(curses, "use_default_colors", lambda: None)
        put(curses, "COLORS", colors, raising=False)
        put(curses, "COLOR_PAIRS", 256, raising=False)
        put(curses, "can_change_color", lambda: change)
        put(curses, "tigetstr", lambda name: b"x" if change else None)
        put(curses, "init_pair", lambda number, ink, paper: self.pairs.update({number: (ink, paper)}))
        put(curses, "init_color", lambda slot, *parts: self.defined.update({slot: parts}))
        put(curses, "color_pair", lambda number: number)

    def seen(self, painter, style):
        return self.pairs[painter.attribute(style) & 255]


@pytest.mark.parametrize("style", range(len(theme.ROLES)))
@pytest.mark.parametrize("chosen", PAINTED, ids=lambda each: each.name)
def test_the_nearest_of_the_palette_can_be_read_too(monkeypatch, chosen, style):
    terminal = Curses(monkeypatch)
    painter = theme.Painter(chosen.name, True)
    least = 3.0 if theme.ROLES[style].ink in themes.FAINT else 4.5
    for bits in (0, theme.SELECTED):
        ink, paper = terminal.seen(painter, style | bits)
        ground = 0 if paper == -1 else themes.palette()[paper]
        assert themes.contrast(themes.palette()[ink], ground) >= least


def test_palette_entries_are_redefined_where_that_is_possible(monkeypatch):
    terminal = Curses(monkeypatch, change=True)
    painter = theme.Painter("nord", True, redefine=True)
    ink, paper = terminal.seen(painter, theme.TEXT)
    assert terminal.defined[paper] == tuple(round(value * 1000 / 255) for value in (0x2E, 0x34, 0x40))
    assert terminal.defined[ink] == tuple(round(value * 1000 / 255) for value in (0xD8, 0xDE, 0xE9))
    for name in themes.THEMES:
        painter.use(name, {})
        for style in (*theme.ROLES, *(role | theme.SELECTED for role in theme.ROLES)):
            painter.attribute(style)
    assert set(terminal.defined) <= set(theme.Painter.SLOTS)


def test_dark_redefines_nothing(monkeypatch):
    terminal = Curses(monkeypatch, change=True)
    painter = theme.Painter("dark", True)
    for role in theme.ROLES:
        painter.attribute(role)
    assert not terminal.defined


@pytest.mark.parametrize("colors", [16, 8])
@pytest.mark.parametrize("name", WANTED)
def test_few_colours(monkeypatch, name, colors):
    terminal = Curses(monkeypatch, colors=colors)
    painter = theme.Painter(name, True)
    for role in theme.ROLES:
        painter.attribute(role)
    assert {number for pair in terminal.pairs.values() for number in pair} <= set(range(-1, colors))
    assert painter.attribute(theme.TEXT | theme.SELECTED) & curses.A_REVERSE
    for ink, paper in terminal.pairs.values():
        ground, letter = (themes.palette()[number] if number >= 0 else None for number in (paper, ink))
        assert letter is None or ground is None or themes.contrast(letter, ground) >= 4.5


def test_without_colour_only_attributes(monkeypatch):
    terminal = Curses(monkeypatch)
    painter = theme.Painter("nord", False)
    assert painter.attribute(theme.TITLE) == curses.A_BOLD
    assert painter.attribute(theme.MUTED) == curses.A_DIM
    assert painter.attribute(theme.TEXT | theme.SELECTED) == curses.A_REVERSE
    assert not terminal.pairs


def test_colour_goes_and_comes_back_at_once(monkeypatch):
    terminal = Curses(monkeypatch)
    began = []
    monkeypatch.setattr(curses, "start_color", lambda: began.append(1))
    painter = theme.Painter("dark", True)
    before = painter.attribute(theme.GOOD)
    painter.use("dark", {}, False)
    assert painter.depth == 0 and painter.attribute(theme.TITLE) == curses.A_BOLD
    painter.use("dark", {}, True)
    assert painter.depth == 256 and painter.attribute(theme.GOOD) == before and not began
    monkeypatch.setattr(curses, "has_colors", lambda: bool(began))
    dull = theme.Painter("dark", False)
    dull.use("dark", {}, True)
    assert began and dull.depth == 256 and terminal.pairs


@pytest.mark.parametrize("no_color", ["", "1"])
def test_colour_and_ascii_are_settings_that_hold_at_once(monkeypatch, no_color):
    monkeypatch.setenv("NO_COLOR", no_color)
    driver = Driver(FakeSession(flows=9, still=True), 100, 40)
    assert not driver.screen().isascii()
    settings_popup.put(driver.state, SETTINGS["ui.ascii"], True)
    assert driver.screen().isascii() and "restart" not in driver.state.message and "start" not in driver.state.message
    monkeypatch.setattr(term, "shows_unicode", lambda: True)
    settings_popup.put(driver.state, SETTINGS["ui.ascii"], False)
    assert not driver.screen().isascii()
    settings_popup.put(driver.state, SETTINGS["ui.color"], False)
    assert not driver.state.look.color
    settings_popup.put(driver.state, SETTINGS["ui.color"], True)
    assert driver.state.look.color == (not no_color), "NO_COLOR is stronger"


def test_colours_of_the_users_own(monkeypatch):
    terminal = Curses(monkeypatch)
    painter = theme.Painter("dark", True, {"text": "#ff0000", "good": "3", "paper": "17", "selected": "238"})
    assert terminal.seen(painter, theme.TEXT) == (196, 17)
    assert terminal.seen(painter, theme.GOOD) == (3, 17)
    assert terminal.seen(painter, theme.TEXT | theme.SELECTED) == (196, 238)


@pytest.mark.parametrize("text", ["red", "#12345", "#12345g", "256", "-1", "#+12345"])
def test_what_is_no_colour(text):
    with pytest.raises(themes.ColorError, match="is no colour"):
        themes.parse_color(text)


def test_the_key_goes_through_all_themes():
    driver = Driver(FakeSession(flows=5, still=True))
    seen = [driver.keys("T").state.look.theme for _ in WANTED]
    assert sorted(seen) == sorted(WANTED)
    assert "Theme dark" in driver.screen()


def test_a_redefined_palette_is_set_right_at_the_end():
    with Terminal("--still", "--theme", "nord", "--palette", TERM="xterm-256color") as terminal:
        terminal.read(8, b"help")
        terminal.read(0.5)
        changed = re.findall(rb"\x1b\]4;(\d+);rgb:", terminal.seen)
        assert changed and {int(number) for number in changed} <= set(theme.Painter.SLOTS)
        terminal.send("q")
        assert b"\x1b]104" in terminal.read(3, b"\x1b[?1049l")


def test_where_it_cannot_be_redefined_the_nearest_is_taken():
    with Terminal("--still", "--theme", "nord", TERM="screen-256color") as terminal:
        terminal.read(8, b"help")
        terminal.read(0.5)
        assert b"\x1b]4;" not in terminal.seen and re.search(rb"\x1b\[[\d;]*48;5;\d+", terminal.seen)


def test_live_switching_repaints_everything():
    with Terminal("--still", TERM="screen-256color", COLUMNS=os.environ.get("COLUMNS", "")) as terminal:
        terminal.read(8, b"help")
        terminal.read(0.7)
        terminal.send("TT")
        assert re.search(rb"\x1b\[[\d;]*48;5;\d+", terminal.read(2))
