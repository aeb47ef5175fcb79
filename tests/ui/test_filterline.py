"""The filter line beyond typing: completion, history kept from run to run, what a slow answer looks like."""
import stat
import time
from dataclasses import replace

import pytest

from netwatch import schema
from netwatch.addons import preferences
from netwatch.filter import Filter
from netwatch.ui import completion, filterline
from netwatch.ui.state import FilterState
from tests.ui.driver import Driver
from tests.ui.fake import FakeSession
from tests.ui.replayed import Replayed


@pytest.fixture(scope="module")
def session():
    replayed = Replayed("http.pcap")
    yield replayed
    replayed.stop()


@pytest.fixture
def driver(session, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return Driver(session, 100, 30, do=lambda command: command.run(session))


def line(driver):
    return driver.state.filter.line.text


def test_every_name_of_the_language_is_offered():
    offered = {offer.text for offer in completion.names()}
    assert set(schema.NAMES) | set(schema.BY_NAME) <= offered
    assert all(offer.help for offer in completion.names())


def test_a_name_is_completed_and_explained(driver):
    driver.keys("/").type("tls.ja").keys("tab")
    assert "JA4 fingerprint of the ClientHello." in driver.screen()
    driver.keys("tab", "tab")
    assert line(driver) == "tls.ja4"
    driver.keys("shift-tab")
    assert line(driver) == "tls.ja3"


def test_what_all_offers_begin_with_is_taken_first(driver):
    driver.keys("/").type("retransmits_o").keys("tab")
    assert line(driver) == "retransmits_out"


def test_values_that_were_seen_are_offered(driver):
    driver.keys("/").type("state == TIME").keys("tab")
    assert line(driver) == "state == TIME_WAIT"
    assert driver.state.filter.applied_text == "state == TIME_WAIT"
    driver.keys("ctrl-u").type("sport == ").keys("tab", "tab")
    assert Filter(line(driver)) and "in " in driver.screen() and "of the rows fetched" in driver.screen()


def test_the_list_follows_what_is_typed(driver):
    driver.keys("/").type("tls").keys("tab").type("sn")
    assert driver.state.filter.offers[0].text == "tls.sni"
    driver.keys("backspace", "left")
    assert not driver.state.filter.offers
    driver.keys("tab", "esc")
    assert not driver.state.filter.offers and not driver.state.filter.editing


def test_every_offer_of_a_value_is_a_filter(session):
    rows = session.query(None, "bytes", True, 0, 100, True).rows
    rows.append({"app": 'a "quoted" \\ one', "service": "TWO WORDS"})
    for name in ("app", "state", "service", "dst", "sport", "host", "http.method", "label"):
        start, found = completion.offers(f"{name} == ", rows)
        for offer in found:
            assert Filter((f"{name} == ")[:start] + offer.text).matches, offer
    assert completion.offers('app == "qu', rows)[0] == len("app == ")


def test_nothing_to_complete(driver):
    driver.keys("/").type("zzzz").keys("tab", "tab")
    assert line(driver) == "zzzz" and not driver.state.filter.offers


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 50)])
def test_the_list_fits(session, size):
    driver = Driver(session, *size)
    driver.keys("/", "tab", "tab")
    assert not driver.state.failed and len(driver.screen().splitlines()) <= size[1]


def test_history_is_kept_and_private(driver, tmp_path):
    driver.keys("/").type("port == 80").keys("enter", "/", "ctrl-u").type("app == http").keys("enter")
    path = tmp_path / "netwatch" / "filters"
    assert path.read_text() == "port == 80\napp == http\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert preferences.load_filters(200) == ["port == 80", "app == http"]
    fresh = Driver(driver.session)
    fresh.state.filter.history = preferences.load_filters(200)
    fresh.keys("/", "up", "up")
    assert line(fresh) == "port == 80"


def test_history_is_bounded_and_holds_each_once(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for number in range(12):
        assert preferences.Remember(f"port == {number % 8}", 5).run(None) == ""
    assert preferences.load_filters(5) == ["port == 7", "port == 0", "port == 1", "port == 2", "port == 3"]
    assert preferences.Remember("x", 0).run(None) == "" and len(preferences.load_filters(9)) == 5
    preferences.path().write_text("good\nb\x1b[2Jad\n" + "x" * 5000 + "\n")
    assert preferences.load_filters(9) == ["good"]
    preferences.path().write_bytes(b"\xff\xfe")
    assert preferences.load_filters(9) == []


def test_a_slow_answer_says_so():
    driver = Driver(FakeSession(flows=5, still=True))
    driver.keys("/")
    driver.app.key("x", "x")
    driver.state.filter.since = time.monotonic()
    assert 0 < filterline.seconds_to_slow(driver.state) <= filterline.SLOW
    assert driver.app.next_deadline() <= time.monotonic() + filterline.SLOW
    assert "searching" not in driver.screen()
    driver.state.filter.since -= 1
    assert driver.screen().count("searching") == 2
    driver.step(tick=False)
    assert "searching" not in driver.screen() and filterline.seconds_to_slow(driver.state) is None


@pytest.mark.parametrize("matches", [3, 0])
def test_first_matches_are_said_to_be_so(matches):
    """As long as all are looked for: how many so far and among how many, or that there was none among these."""
    driver = Driver(FakeSession(flows=50, still=True), 100, 30)
    page = driver.state.snapshot.page
    some = replace(page, rows=page.rows[:matches], total=matches, looked=1234)
    driver.keys("/").type("port").keys("enter")
    whole = driver.screen()
    last = driver.poller.latest
    driver.app.snapshot(replace(last, page=some, rows=some.rows, total=matches, offset=0, number=last.number + 1))
    assert filterline.partial(driver.state) == 1234
    screen = driver.screen()
    assert f"{matches} flows so far, of the first 1,234" in screen
    assert ("none of the first 1,234 flows" in screen) is not bool(matches)
    assert "No flow passes" not in screen
    driver.app.snapshot(replace(last, number=last.number + 2))
    assert driver.screen() == whole and "of the first" not in whole


def test_the_state_of_a_line_that_was_never_opened():
    assert FilterState().offers == [] and FilterState().history == []
