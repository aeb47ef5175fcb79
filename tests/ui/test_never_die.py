"""What used to end the program, freeze it, or call a file that was read a failed one."""
from __future__ import annotations

import threading
from pathlib import Path

import pytest

from netwatch.addons.packets.kept import KeptFrames
from netwatch.addons.replay_control import Seek
from netwatch.filter import Filter
from netwatch.store.settings import SETTINGS, TABS, Setting, SettingError, Settings
from netwatch.ui.tabs import TABS as SHOWN
from tests.ui.driver import Driver
from tests.ui.fake import FakeSession
from tests.ui.replayed import HERE, Replayed


def closed_sets() -> list[Setting]:
    return [each for each in SETTINGS.values() if each.choices]


def test_a_setting_with_a_closed_set_takes_only_what_is_in_it() -> None:
    assert {"ui.tab", "ui.theme", "ui.view"} <= {each.key for each in closed_sets()}
    for setting in closed_sets():
        for choice in setting.choices:
            assert setting.parse(choice) == choice
        with pytest.raises(SettingError, match="one of"):
            setting.parse("w")


def test_the_tabs_of_the_settings_are_those_there_are() -> None:
    assert tuple(tab.name for tab in SHOWN) == TABS
    for tab in SHOWN:
        assert SETTINGS["ui.tab"].parse(tab.key) == SETTINGS["ui.tab"].parse(tab.title) == tab.name


def test_a_text_that_its_addon_would_refuse_is_refused_when_it_is_set() -> None:
    assert SETTINGS["detect.beacon.allow"].parse("10.0.0.0/8, ::1") == "10.0.0.0/8, ::1"
    with pytest.raises(SettingError, match=r"detect\.beacon\.allow"):
        SETTINGS["detect.beacon.allow"].parse("nonsense")


def test_q_is_asked_for_twice_where_that_is_set() -> None:
    driver = Driver(FakeSession(flows=5, still=True), cols=44, rows=12)
    driver.state.settings = Settings({"ui.confirm_quit": True})
    driver.keys("p")
    driver.keys("q")
    assert driver.app.quit_code is None and "q once more leaves netwatch" in driver.screen()
    driver.keys("down", "q")
    assert driver.app.quit_code is None, "another key came between"
    driver.keys("q")
    assert driver.app.quit_code == 0


def test_esc_does_not_leave_a_small_terminal() -> None:
    driver = Driver(FakeSession(flows=5, still=True), cols=30, rows=8)
    driver.keys("esc", "f1", "x")
    assert driver.app.quit_code is None
    driver.keys("q")
    assert driver.app.quit_code == 0


def test_a_file_that_is_cut_short_was_read(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes((HERE / "http.pcap").read_bytes()[:-20])
    session = Replayed(str(path), label=path.name)
    try:
        driver = Driver(session, cols=140)
        assert "cut.pcap cut short at byte" in driver.line(0) and "failed" not in driver.screen()
        assert " error " not in driver.line(38)
    finally:
        session.stop()


def test_a_question_of_frames_outlives_the_file_being_begun_again() -> None:
    """The filter asks of the ring that was there; meanwhile the file is read from its start with another."""
    session = Replayed("http.pcap")
    try:
        before = session.get(KeptFrames)
        scan = before.scan(Filter("app == http"), 0)
        Seek(0).run(session)
        again = threading.Event()
        for _ in range(500):
            if session.get(KeptFrames) is not before:
                break
            again.wait(0.01)
        assert session.get(KeptFrames) is not before
        scan.go_on(session, 1.0)
        assert list(scan.picks) == []
    finally:
        session.stop()


