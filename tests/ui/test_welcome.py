"""The card of the first start: it fits, goes away by any key, which then does what it does, and is not shown again."""
from __future__ import annotations

from pathlib import Path

import pytest

from netwatch.addons import preferences
from netwatch.ui.popups import welcome
from tests.ui.driver import Driver
from tests.ui.fake import FakeSession


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Driver:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("SUDO_UID", raising=False)
    session = FakeSession(flows=20, still=True)
    found = Driver(session, 80, 24, tab="connections", do=lambda command: command.run(session))
    found.app.welcome()
    return found


def test_all_of_it_fits_eighty_columns(driver: Driver) -> None:
    screen = driver.screen()
    for key, text in welcome.lines_of(driver.state):
        assert key in screen and all(word in screen for word in text.split()), text


def test_the_footer_has_the_keys_of_the_screen_as_well(driver: Driver) -> None:
    footer = driver.line(23)
    assert "go on" in footer and "q quit" in footer


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (200, 60)])
def test_it_is_drawn_at_any_size(driver: Driver, size: tuple[int, int]) -> None:
    assert "Welcome to netwatch" in driver.resize(*size).screen()


@pytest.mark.parametrize(("key", "overlay", "tab"), [
    ("enter", "", "connections"), ("esc", "", "connections"), ("5", "", "stats"), ("?", "help", "connections"),
    ("down", "", "connections")])
def test_any_key_goes_on_and_does_what_it_does(driver: Driver, key: str, overlay: str, tab: str) -> None:
    driver.keys(key)
    assert (driver.state.overlay, driver.state.tab, driver.state.details) == (overlay, tab, False)
    assert preferences.welcome_path().exists()


def test_where_nothing_can_be_kept_that_is_said(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/no-such-folder")
    assert preferences.Welcomed().run(driver.session).startswith("The card will be shown again")
