"""The table of keys: no key means two things in one place, every line does something, and all of it is in the help."""
import curses
import importlib

import pytest

from netwatch.ui import drill, filterline, keynames, keys, replaykeys, timemode
from netwatch.ui.app import App
from netwatch.ui.popups import POPUPS
from netwatch.ui.popups.help import lines_of
from netwatch.ui.tabs import FIRST, TABS, find
from netwatch.ui.views import VIEWS
from tests.ui.driver import Driver
from tests.ui.fake import FakeSession
from tests.ui.replayed import Replayed


def test_no_key_has_two_meanings_in_one_context():
    pairs = [(key.context, name) for key in keys.KEYS for name in key.names]
    assert len(pairs) == len(set(pairs))


def actions_by_screen() -> dict[str, set[str]]:
    """The actions of each tab, view and popup, and of the filter line."""
    modules = {each.name: each.module for each in (*TABS, *VIEWS) if each.module} | POPUPS
    return {name: set(importlib.import_module(module).ACTIONS) for name, module in modules.items()} | {
        "filter": set(filterline.ACTIONS), "replay": set(replaykeys.ACTIONS), "past": set(timemode.ACTIONS),
        "global": set(drill.ACTIONS) | set(timemode.ACTIONS)}


def test_every_action_is_known_to_the_app_or_to_its_screen():
    by_screen = actions_by_screen()
    for key in keys.KEYS:
        known = by_screen.get(key.context, set.union(*by_screen.values()))
        assert hasattr(App, f"_do_{key.action}") or key.action in known | by_screen["filter"], key


def test_no_screen_has_an_action_without_a_key():
    bound = {key.action for key in keys.KEYS}
    for name, actions in actions_by_screen().items():
        assert actions <= bound, name


def test_every_context_has_a_title():
    assert {key.context for key in keys.KEYS} == set(keys.CONTEXT_TITLES)


@pytest.mark.parametrize(("code", "name"), [
    ("\n", "enter"), ("\r", "enter"), ("\x1b", "esc"), ("\t", "tab"), ("\x7f", "backspace"), ("\x01", "ctrl-a"),
    (" ", "space"), ("G", "G"), ("é", "é"), ("漢", "漢"), ("\x9b", ""), (curses.KEY_NPAGE, "pgdn"),
    (curses.KEY_MOUSE, "mouse"), (9999, ""),
])
def test_names_of_codes(code, name):
    assert keynames.name_of(code) == name


def test_the_innermost_context_wins():
    assert keys.find(("details", "connections", "global"), "enter").action == "details_close"
    assert keys.find(("connections", "global"), "enter").action == "details_open"
    assert keys.find(("connections", "global"), "Q") is None


def test_the_footer_shows_only_keys_that_do_what_it_says():
    places = (("details", "connections", "global"), ("connections", "global"), ("filter",), ("sort",), ("help",))
    for contexts in places:
        for key in keys.hints(contexts):
            assert keys.find(contexts, key.names[0]) is key


def test_the_help_has_every_key_of_the_tab():
    state = Driver(FakeSession(flows=5, still=True)).state
    text = "\n".join(f"{left} {right}" for _, left, right in lines_of(state))
    for key in keys.KEYS:
        assert key.help in text
    assert "the Connections tab" in text


def test_tabs_are_found_by_digit_and_name():
    assert find(None).name == FIRST
    assert find("2") is find("connections") is find("Connections")
    with pytest.raises(ValueError, match="no tab 'x'"):
        find("x")


@pytest.mark.parametrize("tab", ["connections", "topology", "timeline", "processes", "insights", "egress"])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_at_80_columns_the_footer_says_what_enter_does(tab, ascii_only):
    """And how to get to the flows of what is selected, where that is not Enter; in Insights behind its open details."""
    session = Replayed("http.pcap")
    driver = Driver(session, 80, 24, tab=tab, ascii_only=ascii_only)
    if tab == "insights":
        assert "flows" in driver.line(-1)
        driver.keys("esc")
    assert "Enter" in driver.line(-1)
    if tab in ("topology", "processes", "insights"):
        assert ("Right flows" if ascii_only else "→ flows") in driver.line(-1)
    session.stop()
