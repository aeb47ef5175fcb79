"""The table of keys: no key means two things in one place, every line does something, and all of it is in the help."""
import curses

import pytest

from netwatch.ui import keys
from netwatch.ui.app import App
from netwatch.ui.tabs import TABS, find
from netwatch.ui.widgets.help import lines_of
from tests.ui.driver import Driver
from tests.ui.fake import FakeSession


def test_no_key_has_two_meanings_in_one_context():
    pairs = [(key.context, name) for key in keys.KEYS for name in key.names]
    assert len(pairs) == len(set(pairs))


def test_every_action_is_known_to_the_app_or_to_a_tab():
    tab_actions = {action for tab in TABS for action in tab.load().ACTIONS}
    for key in keys.KEYS:
        assert hasattr(App, f"_do_{key.action}") or key.action in tab_actions, key


def test_no_tab_has_an_action_without_a_key():
    bound = {key.action for key in keys.KEYS}
    assert {action for tab in TABS for action in tab.load().ACTIONS} <= bound


@pytest.mark.parametrize(("code", "name"), [
    ("\n", "enter"), ("\r", "enter"), ("\x1b", "esc"), ("\t", "tab"), ("\x7f", "backspace"), ("\x01", "ctrl-a"),
    (" ", "space"), ("G", "G"), ("é", "é"), ("漢", "漢"), ("\x9b", ""), (curses.KEY_NPAGE, "pgdn"),
    (curses.KEY_MOUSE, "mouse"), (9999, ""),
])
def test_names_of_codes(code, name):
    assert keys.name_of(code) == name


def test_the_innermost_context_wins():
    assert keys.find(("details", "connections", "global"), "enter").action == "details_close"
    assert keys.find(("connections", "global"), "enter").action == "details_open"
    assert keys.find(("connections", "global"), "x") is None


def test_the_footer_shows_only_keys_that_do_what_it_says():
    places = (("details", "connections", "global"), ("connections", "global"), ("filter",), ("sort",), ("help",))
    for contexts in places:
        for key in keys.hints(contexts):
            assert keys.find(contexts, key.names[0]) is key


def test_the_help_has_every_key_of_the_tab():
    state = Driver(FakeSession(flows=5, still=True)).state
    text = "\n".join(f"{left} {right}" for _, left, right in lines_of(state))
    for key in keys.KEYS:
        if key.context in ("connections", "details", "filter", "sort", "global"):
            assert key.help in text
    assert "the Connections tab" in text


def test_tabs_are_found_by_digit_and_name():
    assert find(None) is TABS[0]
    assert find("2") is find("connections") is find("Connections")
    with pytest.raises(ValueError, match="no tab 'x'"):
        find("x")
