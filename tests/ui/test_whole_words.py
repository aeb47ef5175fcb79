"""At 80 columns what netwatch itself says is not cut: heads, tiles, titles, the footer, popups. Data may be."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from netwatch.store.settings import SETTINGS
from netwatch.ui import keynames, keys
from netwatch.ui.popups import memory, palette
from netwatch.ui.state import Area
from tests.ui.driver import Driver
from tests.ui.fake import FakeSession
from tests.ui.replayed import Replayed
from tests.ui.test_privacy import TABS
from tests.ui.trouble import troubled

CUT = "…"
POPUPS = ("?", ",", "M", "@", ":")


@pytest.fixture(name="session", scope="module", params=["http.pcap", "https.pcap", "trouble", "live"])
def _session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if request.param == "live":
        yield FakeSession(still=True, live=True, processes=True)
        return
    made = troubled(tmp_path_factory.mktemp("t")) if request.param == "trouble" else Replayed(request.param)
    yield made
    made.stop()


def own_lines(driver: Driver) -> Iterator[str]:
    """The head of the tab, titles over its parts, the keys at the bottom; of Stats the tiles."""
    lines = driver.screen().splitlines()
    first = driver.state.body.y
    yield lines[first]
    yield lines[-1]
    yield from (line.partition("│")[0] for line in lines[first:-2] if line.startswith("─ "))
    if driver.state.tab == "stats":
        yield from lines[first + 1:first + 4]


@pytest.mark.parametrize("cols", [80, 100])
@pytest.mark.parametrize("tab", TABS)
def test_what_a_tab_says_of_itself_is_whole(session: Any, tab: str, cols: int) -> None:
    for pressed in ((), ("enter",)):
        for line in own_lines(Driver(session, cols, 24, tab=tab).keys(*pressed)):
            assert CUT not in line, (pressed, line)


@pytest.mark.parametrize("key", POPUPS)
@pytest.mark.parametrize("tab", ["connections", "packets"])
def test_a_popup_is_whole(session: Any, tab: str, key: str) -> None:
    """All of it: of help, settings and memory page after page, or row after row."""
    driver = Driver(session, 80, 24, tab=tab).keys(key)
    overlay = driver.state.overlay
    move, times = {"help": ("pgdn", 40), "settings": ("down", len(SETTINGS)), "memory": ("pgdn", 3)}.get(
        overlay, ("down", 1))
    for _ in range(times):
        for line in inside(driver):
            assert CUT not in line, (overlay, line)
        driver.keys(move)


def inside(driver: Driver) -> list[str]:
    """What stands in the box; of settings what is told below the list, whose values and files are the user's."""
    lines = driver.screen().splitlines()
    top = next(i for i, line in enumerate(lines) if "┌─ " in line)
    left, right = lines[top].index("┌─ "), lines[top].rindex("┐")
    found = [line[left + 1:right] for line in lines[top + 1:] if line[left:left + 1] == "│"]
    return found if driver.state.overlay != "settings" else found[-5:-1]


def test_every_store_has_room_for_its_name(session: Any) -> None:
    driver = Driver(session, 80, 24).keys("M")
    assert all(len(store.name) < memory.NAME for store in memory.stores(driver.state))


def test_every_key_is_told_whole_in_the_palette() -> None:
    room = palette.rows_of(Area(2, 0, 20, 80)).width - 6
    for key in keys.KEYS:
        assert len(key.help) + len(keynames.sign(key.names[0], False)) <= room, key


def test_what_was_just_done_is_told_whole(session: Any) -> None:
    """Beside the verdict, too, which then is the gravest alone."""
    driver = Driver(session, 80, 24, tab="connections")
    for _ in range(8):
        assert CUT not in driver.keys("a").line(-2)


def test_the_moment_that_is_shown_is_told_whole(session: Any) -> None:
    if not isinstance(session, FakeSession):           # it has no past
        driver = Driver(session, 80, 24, tab="connections").keys("[")
        assert "as of" in driver.line(-2) and CUT not in driver.line(-2)


def test_the_help_goes_on_below_where_a_line_is_narrow() -> None:
    driver = Driver(FakeSession(still=True), 40, 16, tab="connections").keys("?")
    told = []
    while (page := inside(driver)) not in told:
        assert CUT not in "".join(page)
        told.append(page)
        driver.keys("pgdn")
    words = " ".join(" ".join(line.strip("┃│ ") for page in told for line in page).split())
    assert "the frames of the selected flow, in the Packets tab" in words and len(told) > 20
