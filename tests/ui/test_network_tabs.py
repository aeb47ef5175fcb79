"""Interfaces, Topology, Timeline, Insights and Egress on captures and on an invented machine; their golden screens.

Golden screens are in tests/ui/golden; NETWATCH_GOLDEN=1 writes them anew.
"""
import pathlib
import socket

import pytest
from golden_file import same_as_golden

from netwatch.addons import alerts, egress, insights, interfaces, timeline, topology
from netwatch.addons.groups import BY
from netwatch.addons.timeline import Entry, Mark, TimelineAddon, coalesced
from netwatch.model.group import Within
from netwatch.model.machine import Counters, Link, Rate
from netwatch.ui.keys import KEYS
from netwatch.ui.tabs import egress as egress_tab
from netwatch.ui.theme import UNICODE
from netwatch.ui.widgets.box import draw_box
from tests.ui import trouble
from tests.ui.driver import Driver
from tests.ui.fake import FakeSession
from tests.ui.replayed import Replayed

GOLDEN = pathlib.Path(__file__).parent / "golden"
SIZES = ((80, 24), (120, 40), (200, 50))
TABS = ("interfaces", "topology", "timeline", "insights", "egress")
NASTY = "evil\x1b[31m\u202e\n日本"


class Machine(FakeSession):
    """Live, with answers that a test has made."""

    def __init__(self, answers, **more):
        super().__init__(flows=20, still=True, **more)
        self.answers = answers

    def ask(self, question):
        return self.answers.get(type(question))


def interface(name, state, rx=0.0, **more):
    counters = Counters(name, 10**10, 2 * 10**9, 10**7, 10**6, 0, 3, 7, None, 0, state != "down", 1500, 1000,
                        "02:00:00:00:00:0a")
    rate = Rate(1.0, rx, rx / 10, rx / 900, rx / 900, 0, 0)
    return interfaces.Interface(name, state, counters, rate, tuple((rx * i, rx / 9) for i in range(60)), **more)


def machine():
    link = Link("eth0", "ethernet", ((socket.inet_aton("192.0.2.7"), 24),), True, "full", "virtio_net")
    rows = (
        interface("eth0", "active", 1.2e6, link=link, addresses=("192.0.2.7/24", "2001:db8::7/64"),
                  roles=("default route",), vendor="randomised or virtual (locally administered)",
                  gateways=("192.0.2.1",), routes=("default via 192.0.2.1", "192.0.2.0/24 on the link"), neighbours=3),
        interface("lo", "idle", addresses=("127.0.0.1/8", "::1/128"), roles=("loopback",), routes=(), neighbours=0),
        interface("wg0", "down", roles=("vpn/tunnel (wireguard)",), routes=None),
        interface(NASTY, "active", 30.0),
    )
    return Machine({interfaces.Interfaces: interfaces.InterfacesNow(True, rows, "", ("192.0.2.53",))})


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    session = trouble.troubled(tmp_path_factory.mktemp("trouble"))
    yield session
    session.stop()


def golden(name, driver, size, look):
    screen = driver.screen()
    assert not driver.state.failed
    path = GOLDEN / f"{name}-{size[0]}x{size[1]}-{look}.txt"
    same_as_golden(path, screen)
    if look == "ascii":
        assert screen.isascii()


LOOKS = [(size, "unicode") for size in SIZES] + [((80, 24), "ascii")]


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize(("size", "look"), LOOKS)
def test_golden_of_a_file(troubled, tab, size, look):
    golden(f"{tab}-file", Driver(troubled, *size, tab=tab, ascii_only=look == "ascii"), size, look)


@pytest.mark.parametrize(("size", "look"), LOOKS)
def test_golden_of_a_machine(size, look):
    driver = Driver(machine(), *size, tab="interfaces", ascii_only=look == "ascii")
    golden("interfaces-live", driver.keys("j"), size, look)


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("size", [(40, 12), (400, 100), (90, 15), (89, 30)])
def test_every_size_and_every_key(troubled, tab, size):
    driver = Driver(troubled, *size, tab=tab)
    for key in KEYS:
        if key.context in (tab, "details", "sort"):
            driver.keys(*key.names)
            assert len(driver.screen().splitlines()) == size[1]
            assert not driver.state.failed
            if driver.state.overlay:
                driver.keys("esc")
            if driver.state.tab != tab:
                driver.keys("esc", next(each.key for each in driver.state.tabs if each.name == tab))


@pytest.mark.parametrize("tab", TABS)
def test_before_the_answer_nothing_is_claimed(tab):
    driver = Driver(Machine({}), tab=tab)
    assert "ask" in driver.screen().lower() or "Counting" in driver.screen()
    assert not driver.state.failed


# ----------------------------------------------------------------------------------------------------------- interfaces

def test_chips_sorting_and_selection_of_interfaces():
    driver = Driver(machine(), 200, 50, tab="3").keys("f")
    assert "[active]" in driver.screen()
    assert "wg0" not in driver.screen()
    driver.keys("f", "f")
    assert "[down]" in driver.screen()
    assert "wg0" in driver.selected_line()
    driver.keys("f", "s", "end", "enter")
    assert driver.state.parts["interfaces"].sort == "history"
    assert "eth0" in driver.line(4)                                # the busiest is first
    driver.keys("g", "S")
    assert "eth0" not in driver.line(4)
    driver.keys("G")
    assert "eth0" in driver.selected_line()


def test_details_of_an_interface_say_what_is_known_and_what_is_not():
    driver = Driver(machine(), 200, 50, tab="3")
    screen = driver.screen()                                       # shown from the beginning: there are few
    for told in ("eth0", "2001:db8::7/64", "default via 192.0.2.1", "virtio_net", "1.0 Gbit/s full", "192.0.2.53",
                 f"in 7   out {UNICODE.none}", "not captured in this session"):
        assert told in screen
    assert "Collisions         0" in screen
    assert "virtio_net" not in driver.keys("enter").screen()
    assert "virtio_net" in driver.keys("enter").screen()


def test_a_hostile_name_stays_in_its_cell():
    screen = Driver(machine(), 120, 24, tab="3").screen()
    assert "\x1b" not in screen
    assert len(screen.splitlines()) == 24


def test_a_system_that_does_not_tell_says_why():
    now = interfaces.InterfacesNow(True, (), "netlink is not there")
    assert "netlink is not there" in Driver(Machine({interfaces.Interfaces: now}), tab="3").screen()


def test_the_mouse_on_chips_heads_and_rows():
    driver = Driver(machine(), 120, 24, tab="3")
    driver.app.mouse("click", 2, 9)
    assert driver.state.parts["interfaces"].chip == "active"
    driver.app.mouse("click", 2, 2)
    driver.app.mouse("click", 3, driver.line(3).index("State"))
    assert driver.state.parts["interfaces"].sort == "state"
    driver.app.mouse("double", 5, 20)
    assert driver.state.parts["interfaces"].details


# ------------------------------------------------------------------------------------------------------------- timeline

def test_the_timeline_tells_of_all_that_went_wrong(troubled):
    found = troubled.ask(timeline.Timeline())
    texts = "\n".join(event.text for event in found.events)
    for told in (f"{trouble.SERVER}:8081 refused a connection from {trouble.CLIENT}",
                 "DNS NXDOMAIN for A name0.example.net", "DNS SERVFAIL for A name6.example.net",
                 "20 segments sent again within 1 s",
                 f"{trouble.CLIENT} had no room",
                 f"reset by {trouble.FARTHEST}", "no answer from 192.168.1.66:9000", "unreachable (host)",
                 "15 packets could not be read", "went back by up to 5.0 s", f"first flow to {trouble.NEAR}:443",
                 "was read to its end"):
        assert told in texts
    assert [event.time_ns for event in found.events] == sorted((event.time_ns for event in found.events), reverse=True)
    assert sum(found.counts) == found.total
    assert sum(found.bytes) == troubled.health().bytes


def test_categories_and_times_of_the_timeline(troubled):
    dns = troubled.ask(timeline.Timeline(category="dns"))
    assert {event.category for event in dns.events} == {"dns"}
    assert dns.total == sum(code != 0 for code in trouble.CODES)
    warnings = troubled.ask(timeline.Timeline(category="warnings"))
    assert "info" not in {event.severity for event in warnings.events if event.category == "flow"}
    minute = troubled.ask(timeline.Timeline(window_s=60))
    assert all(event.time_ns >= minute.now_ns - 61 * 10**9 for event in minute.events)
    assert 0 < minute.total < troubled.ask(timeline.Timeline()).total


def test_enter_on_an_event_shows_its_flow(troubled):
    driver = Driver(troubled, 120, 40, tab="7").keys("f", "f", "f")
    assert "[dns]" in driver.screen()
    flow = next(row.flow for row in driver.state.snapshot.answer.events)
    driver.keys("enter")
    assert driver.state.tab == "connections"
    assert driver.state.filter.applied_text == f"id == {flow}"
    assert [row["id"] for row in driver.state.snapshot.rows] == [flow]


def test_an_event_without_a_flow_says_so(troubled):
    driver = Driver(troubled, 120, 40, tab="7").keys("f", "f", "f", "f", "f", "enter")
    assert driver.state.tab == "timeline"
    assert "No single flow did this" in driver.screen()


def test_the_filter_holds_for_events_too(troubled):
    driver = Driver(troubled, 120, 40, tab="7").keys("/").type("dport == 8081").keys("enter")
    rows = driver.state.snapshot.answer.events
    assert [row.count for row in rows] == [6, 1]                   # six refusals in one line, the first flow there
    assert f"{driver.state.glyphs.ended}6" in driver.screen()
    driver.keys("enter")
    assert driver.state.snapshot.total == 6                        # the flows of all six
    assert all(":8081" in row.text for row in rows)


# ------------------------------------------------------------------------------------------------------------- topology

def test_peers_are_placed_and_measured(troubled):
    found = {peer.address: peer for peer in troubled.ask(topology.Peers()).peers}
    assert found[trouble.NEAR].place == "internet"
    assert found[trouble.SERVER].place == "lan"
    assert found[trouble.FAR].rtt_us == pytest.approx(90_000)
    assert found[trouble.CLIENT].rtt_us is None                    # a file: nobody measured towards it
    health = troubled.health()
    assert sum(peer.bytes_out for peer in found.values()) <= health.bytes


def test_the_map_marks_round_trips_by_signs_too(troubled):
    screen = Driver(troubled, 160, 40, tab="6").screen()
    line = {host: next(line for line in screen.splitlines() if host in line)
            for host in (trouble.NEAR, trouble.FAR, trouble.FARTHEST)}
    assert "!" not in line[trouble.NEAR]
    assert "90.0 ms! " in line[trouble.FAR]
    assert "340 ms!!" in line[trouble.FARTHEST]
    assert "INTERNET 3" in screen


def test_enter_on_a_host_shows_its_flows(troubled):
    driver = Driver(troubled, 120, 40, tab="6").keys("f", "f", "f", "f", "right")
    assert driver.state.tab == "connections"
    assert driver.state.snapshot.total == 2
    assert trouble.NEAR in driver.state.filter.applied_text


def test_many_hosts_end_in_and_so_many_more():
    many = tuple(topology.Peer(f"9.9.{i}.9", "internet", "global", "", "", 1000 - i, 5, 0, 1, 1, 1e4, 0, 0, 1)
                 for i in range(120))
    now = topology.PeersNow(many, 500, 0, ("eth0",), 10**9)
    driver = Driver(Machine({topology.Peers: now}), 160, 40, tab="6")
    assert "more" in driver.screen()
    assert "500 hosts, 120 of most bytes shown" in driver.screen()
    driver.keys("G")
    assert "9.9.119.9" in driver.screen()                          # the box follows the selection
    draw_box(driver.canvas, driver.state.body, NASTY, driver.state.glyphs)
    assert "\x1b" not in str(driver.canvas)


# ------------------------------------------------------------------------------------------------ insights and egress

def test_cards_say_what_was_measured_over_what_time(troubled):
    cards = {card.title: card for card in troubled.ask(insights.Insights()).cards}
    assert "4 of 30 responses (13 %) over 3 min" in cards["DNS servers fail to answer"].measured
    assert "6 of 30" in cards["Many names do not exist"].measured
    assert "6 connections refused" in cards[f"{trouble.SERVER} refuses connections"].measured
    assert "20 of its" in cards[f"{trouble.NEAR} sends much again"].measured
    assert "6 connections it never answered" in cards["192.168.1.66 does not answer"].measured
    assert "15 of" in cards["Packets that could not be read"].measured
    assert "at most 5.0 s" in cards["The clock of the capture went back"].measured
    assert all("told from" in card.measured or "critical above" in card.measured for card in cards.values())


def test_a_healthy_capture_has_no_cards(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    session = Replayed("http.pcap")
    try:
        assert [card.title for card in session.ask(insights.Insights()).cards] == ["Password in clear"]
        session.do(alerts.Acknowledge())
        assert session.ask(insights.Insights()).cards == ()
        assert "Nothing that was counted deserves a look" in Driver(session, 120, 40, tab="9").screen()
    finally:
        session.stop()


def test_a_card_leads_to_its_flows(troubled):
    driver = Driver(troubled, 120, 40, tab="9")
    while "refuses" not in driver.selected_line():
        driver.keys("j")
    driver.keys("right")
    assert driver.state.tab == "connections"
    assert trouble.SERVER in driver.state.filter.applied_text


def test_counts_of_a_time_begin_at_the_newest_mark_before_it():
    addon = TimelineAddon()
    for second in (10, 20, 30, 40):
        addon.marks.append(Mark(second * 10**9, {}, {}, {}))
    assert addon.mark_before(35 * 10**9).time_ns == 30 * 10**9
    assert addon.mark_before(40 * 10**9).time_ns == 40 * 10**9
    assert addon.mark_before(9 * 10**9) is None


def test_insights_say_over_what_time_they_counted(troubled):
    screen = Driver(troubled, 120, 40, tab="9").keys("t").screen()      # one chunk holds all of it: no mark in between
    assert "the last 5m, counted over 3m20s: 369 packets" in screen


def test_before_the_first_packet_insights_have_counted_over_no_time(tmp_path):
    (tmp_path / "none.pcap").write_bytes(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
    session = Replayed(str(tmp_path / "none.pcap"))
    try:
        session.get(TimelineAddon).marks.append(Mark(0, {}, {}, {}))
        session.engine.advance(1_700_000_000 * 10**9)              # as the clock of a live capture
        for window in (0, 300):
            found = session.ask(insights.Insights(window))
            assert found.until_ns == found.since_ns == 1_700_000_000 * 10**9 and found.packets == 0
    finally:
        session.stop()


def test_egress_adds_up_and_folds(troubled):
    found = troubled.ask(egress.Egress())
    client = next(way for way in found.ways if way.who == trouble.CLIENT and not way.host)
    below = [way for way in found.ways if way.who == trouble.CLIENT and way.host]
    assert sum(way.bytes_out for way in below) == client.bytes_out
    assert sum(way.flows for way in below) == client.flows
    dns = next(way for way in below if way.port == 53)
    assert (dns.host, dns.app, dns.flows) == (trouble.RESOLVER, "dns", 30)
    driver = Driver(troubled, 120, 40, tab="0")
    assert f"{trouble.RESOLVER}:53" in driver.screen()
    driver.keys("space")
    assert f"{trouble.RESOLVER}:53" not in driver.screen()
    driver.keys("z", "z")
    assert driver.state.parts["egress"].folded
    driver.keys("z")
    lines = [way for way in driver.state.snapshot.answer.ways if way.host]
    for _ in lines:
        driver.keys("j")
        row = egress_tab.LIST.selected(driver.state)
        driver.keys("right")
        assert driver.state.tab == "connections"
        assert driver.state.snapshot.total == row.flows
        driver.keys("backspace")
        assert driver.state.tab == "egress"


def test_processes_are_the_roots_on_a_live_machine():
    curl, nasty = (Within((BY["process"],), (("process.name", name),), name) for name in ("curl", NASTY))
    ways = (egress.Way("curl", "", "", None, "", 2, 1, 900, 9000, 10**9, curl),
            egress.Way("curl", "93.184.216.34", "www.example.com", 443, "tls", 2, 1, 900, 9000, 10**9, curl, "tcp"),
            egress.Way(NASTY, "", "", None, "", 1, 1, 10, 10, 10**9, nasty),
            egress.Way(NASTY, "2001:db8::1", "", 53, "dns", 1, 1, 10, 10, 10**9, nasty, "udp"))
    now = egress.EgressNow(ways, 2, 5, True, 3 * 10**9)
    driver = Driver(Machine({egress.Egress: now}), 120, 24, tab="0")
    screen = driver.screen()
    for told in ("2 processes", "2 destinations", "curl", "www.example.com:443", "[2001:db8::1]:53", "2.0s",
                 "5 flows not begun here"):
        assert told in screen
    assert "\x1b" not in screen
    driver.keys("right")
    assert driver.asked.within is curl


def test_what_differs_only_in_the_port_it_came_from_is_one_line() -> None:
    """Of resets, losses and the like; an end of a flow tells of that flow."""
    def entry(port: int, seconds: int, category: str = "flow", alike: str = "reset by 192.0.2.1: 192.0.2.1 to "
              "192.0.2.2:80") -> Entry:
        return Entry(seconds * 10**9, "warning", category, f"reset by 192.0.2.1: 192.0.2.1:{port} to 192.0.2.2:80",
                     port, alike=alike)

    lines = coalesced([entry(4003, 103), entry(4002, 102), entry(4001, 101, "loss"), entry(4000, 40),
                       entry(3999, 30, alike="")])
    assert [(line.count, line.text, line.flows) for line in lines] == [
        (2, "reset by 192.0.2.1: 192.0.2.1 to 192.0.2.2:80", (4003, 4002)),
        (1, "reset by 192.0.2.1: 192.0.2.1:4001 to 192.0.2.2:80", ()),
        (1, "reset by 192.0.2.1: 192.0.2.1:4000 to 192.0.2.2:80", ()),
        (1, "reset by 192.0.2.1: 192.0.2.1:3999 to 192.0.2.2:80", ())]
