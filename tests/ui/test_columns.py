"""The columns of the table of flows: any field of the schema, chosen, put in order, saved as a profile."""
import itertools

import pytest

from netwatch._fast.out.names import STATES
from netwatch._fast.term.canvas import Canvas
from netwatch.addons import preferences
from netwatch.schema import fields_of
from netwatch.schema.screen import SCREEN
from netwatch.ui.tabs.connections import flow_cells
from netwatch.ui.tabs.connections.columns import PROFILES, USUAL, catalogue, head_of, profile
from netwatch.ui.theme import UNICODE
from netwatch.ui.widgets.table import Column, Slot, draw_row, fit
from tests.ui.driver import Driver
from tests.ui.fake import FakeSession


def still(flows=200, **more):
    return FakeSession(flows=flows, still=True, **more)


def usual(live=True):
    return [catalogue(live)[key] for key in PROFILES[USUAL]]


@pytest.mark.parametrize("width", range(20, 400, 7))
@pytest.mark.parametrize("live", [True, False])
def test_columns_fit_and_do_not_overlap(width, live):
    slots = fit(usual(live), width, live)
    assert slots[-1].x + slots[-1].width <= width
    for left, right in itertools.pairwise(slots):
        assert left.x + left.width + 1 == right.x
    assert "remote" in [slot.column.key for slot in slots]


def test_columns_go_in_the_order_of_their_rank():
    """What is shown in place of a column that is wanted more is narrower."""
    columns = usual()
    for width in range(140, 20, -1):
        shown = {slot.column.key for slot in fit(columns, width)}
        for gone in (column for column in columns if column.key not in shown):
            assert all(column.least < gone.least for column in columns
                       if column.key in shown and column.rank < gone.rank)
    assert "down" in {slot.column.key for slot in fit(columns, 30, True, "down")}
    assert "age_s" in {slot.column.key for slot in fit(columns, 80, True, "age_s")}      # the sorted one stays


def test_every_field_of_the_schema_is_a_column():
    found = catalogue()
    assert {field.name for field in fields_of("flow")} | {field.name for field in SCREEN} == set(found)
    assert all(column.title and column.help and 0 < column.least <= column.most for column in found.values())
    assert all(key in found for keys in PROFILES.values() for key in keys)


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_shows_its_columns(name):
    driver = Driver(still(processes=True), 400, 50)
    driver.keys("C")
    while driver.state.table.profile != name:
        driver.keys("tab")
    driver.keys("esc")
    heads = driver.line(3)
    assert all(catalogue()[key].title in heads for key in PROFILES[name])
    assert not driver.state.failed


def test_a_column_is_found_shown_moved_and_saved():
    done = []
    driver = Driver(still(), 200, 50, do=done.append).keys("C").type("ja4").keys("space")
    assert "tls.ja4" in driver.state.table.columns
    driver.keys("ctrl-u").type("tls.ja4").keys("space")
    assert "tls.ja4" not in driver.state.table.columns
    driver.will_type("mine").keys("space", *["left"] * 30, "ctrl-w")
    assert driver.state.table.columns[0] == "tls.ja4"
    assert driver.line(3).split()[0] == "JA4"
    assert (done[-1].name, done[-1].fields) == ("mine", tuple(driver.state.table.columns))


def test_the_remote_end_stays():
    driver = Driver(still(), 200, 50).keys("C").type("remote").keys("home", "space")
    assert "remote" in driver.state.table.columns and "stays" in driver.state.message


def test_saved_profiles_are_there_the_next_time(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    said = preferences.SaveColumns("mine", ("remote", "tls.ja4")).run(None)
    assert "kept" in said
    preferences.SaveColumns("other", ("remote", "no.longer.there")).run(None)
    saved = preferences.load_columns()
    assert saved["mine"] == ("remote", "tls.ja4")
    assert profile("other", saved) == ("remote",)
    assert profile("never", saved) == PROFILES[USUAL]


def test_worst_first_and_back():
    driver = Driver(still())
    driver.keys("w")
    assert (driver.asked.sort, driver.asked.descending) == ("trouble", True)
    driver.keys("w")
    assert driver.asked.sort == "rate"


@pytest.mark.parametrize(("more", "word"), [
    ({"app": "dns", "state": "DNS_QUERY", "packets_in": 0, "idle_s": 6.0}, "no answer"),
    ({"app": "mdns", "state": "DNS_QUERY", "packets_in": 0, "idle_s": 6.0}, ""),
    ({"app": "llmnr", "state": "DNS_QUERY", "packets_in": 0, "idle_s": 6.0}, ""),
    ({"state": "DNS_QUERY", "packets_in": 0, "idle_s": 1.0}, ""),
    ({"state": "DNS_RESPONSE", "packets_in": 1, "idle_s": 6.0}, ""),
    ({"quic": {"retry": True}}, "retry"), ({"quic": {"retry": False}}, ""),
    ({"proto": "tcp", "state": "SYN_SENT"}, "no answer"),
    ({"proto": "tcp", "retransmits_out": 3, "zero_windows_in": 1}, "R3 Z1"),
])
def test_badges_say_what_went_wrong(more, word):
    assert flow_cells.trouble({"proto": "udp", **more}, UNICODE)[0] == word


def test_what_will_be_forgotten_soon_says_when_in_place_of_its_rate():
    still = {"rate_out": 0.0, "rate_in": 0.0, "idle_s": 24.0, "staleness": 0.8}
    column = catalogue()["down"]
    assert column.cell(still, UNICODE)[0] == "6.0s left" and column.brief(still, UNICODE) == "6s left"
    assert column.cell({**still, "rate_in": 5.0}, UNICODE)[0] == "5 B"
    assert column.cell({**still, "staleness": 0.2}, UNICODE)[0] == "0"
    long = {**still, "idle_s": 2400.0}
    assert len(column.brief(long, UNICODE)) <= column.least and "left" not in column.brief(long, UNICODE)


@pytest.mark.parametrize(("key", "row", "whole", "brief"), [
    ("process.name", {"process": {"name": "nginx", "pid": 274271}}, "nginx 274271", "nginx"),
    ("process.name", {}, UNICODE.none, UNICODE.none),
    ("state", {"state": "ESTABLISHED"}, "ESTABLISHED", "ESTAB"),
    ("state", {"state": "SCTP_ESTABLISHED"}, "SCTP_ESTABLISHED", "ESTAB"),
    ("state", {"state": "DNS_RESPONSE"}, "DNS_RESPONSE", "RESPONSE"),
    ("state", {"state": "TIME_WAIT"}, "TIME_WAIT", "TIME_WAIT"),
    ("trouble", {"state": "SYN_SENT", "proto": "tcp"}, "no answer", "silent"),
])
def test_what_does_not_fit_is_said_in_short_before_it_is_cut(key, row, whole, brief):
    """A PID never takes the place of a name, nor a protocol that of a state."""
    column = catalogue()[key]
    assert column.cell(row, UNICODE)[0] == whole and column.brief(row, UNICODE) == brief
    canvas = Canvas(1, 80, False)
    for width in (len(brief), len(whole)):
        draw_row(canvas, 0, 0, [Slot(column, 0, width)], row, None, UNICODE)
        assert str(canvas)[:width] == (whole if width == len(whole) else brief)


def test_every_state_has_a_short_form_that_fits():
    column = catalogue()["state"]
    for state in filter(None, STATES):
        assert len(column.brief({"state": state}, UNICODE)) <= column.least, state


def test_at_120_columns_there_is_all_that_one_asks_of_a_flow():
    """And total rates stand in a column of their own only where there is room, though they order the table."""
    driver = Driver(still(processes=True), 120, 40)
    assert driver.line(3).split() == ["Process", "Local", "Remote", "What", "State", "Trouble", "RTT", "Down/s", "Up/s",
                                      "Last", "60", "s"]
    assert "by Total/s ▼" in driver.line(2)
    assert "▼Total/s" in driver.resize(160, 40).line(3)
    at_80 = driver.resize(80, 24).line(3).split()
    assert at_80 == ["Process", "Remote", "What", "Trouble", "Down/s", "Up/s"]


def test_a_small_column_takes_the_room_that_was_too_small_for_a_greater_one():
    for width in range(20, 160):
        shown = fit(usual(), width)
        left = width - sum(slot.column.least + 1 for slot in shown)
        assert all(column.least > left for column in usual() if column not in [slot.column for slot in shown])


@pytest.mark.parametrize(("title", "head"), [("RATE", "Rate"), ("RTT", "RTT"), ("LAST 60 S", "Last 60 s"),
                                             ("DOWN/S", "Down/s"), ("JA4", "JA4"), ("TO FRAME", "To frame")])
def test_heads_are_written_as_everywhere(title, head):
    assert head_of(title) == head


def test_of_a_file_the_first_row_is_marked_until_one_is_chosen():
    """Whatever came first while it was read."""
    session = still(flows=50)
    session.live = False
    driver = Driver(session, 120, 40)
    for sort in ("s", "S", ">", "S"):
        driver.keys(sort, "enter" if sort == "s" else "esc").step()
        assert driver.state.snapshot.rows[0]["id"] == driver.state.table.selected
    chosen = driver.keys("down").state.table.selected
    driver.keys("S").step()
    assert driver.state.table.selected == chosen


@pytest.mark.parametrize(("value", "cells", "told"), [
    ("1,234,567", 6, "1.2M"), ("1,234,567", 9, "1,234,567"), ("12,345", 5, "12.3k"), ("1234567", 5, "1234\u2026"),
    ("none, here", 5, "none\u2026")])
def test_a_count_without_room_for_its_digits_is_told_in_short(value: str, cells: int, told: str) -> None:
    """1,234,567 cut is 1,234: another number. Numbers that are names, as of a process, are cut as texts are."""
    column = Column("n", "N", cells, cells, 0, True, 1, lambda row, glyphs: (row, 0))
    canvas = Canvas(1, cells)
    draw_row(canvas, 0, 0, fit([column], cells), value, None, UNICODE)
    assert str(canvas).strip() == told.strip()


@pytest.mark.parametrize(("label", "told"), [
    ("HTTP/2 GET www.example.com/a/b", "HTTP/2 GET /a/b"), ("HTTP/3 GET www.example.com/", "HTTP/3 GET /"),
    ("TLS www.example.com", "TLS"), ("HTTP/2 GET www.example.org/a", "HTTP/2 GET www.example.org/a"),
    ("GET /www.example.com/x", "GET /www.example.com/x")])
def test_the_other_ends_name_stands_in_its_own_column_alone(label, told):
    row = {"label": label, "app": "http2", "name": {"host": "www.example.com", "via": "sni"}}
    assert flow_cells.what(row, UNICODE)[0] == told
    turned = flow_cells.what(row | {"turned": True}, UNICODE)[0]
    assert turned == label                             # the name is this machine's, and stands nowhere else
