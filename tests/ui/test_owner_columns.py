"""Whose flow it is, on the screen: the columns that can be chosen, the details pane, the status line."""

from dataclasses import replace

from netwatch.ui.tabs.connections.flow_details import plain
from netwatch.ui.theme import UNICODE
from tests.ui.driver import Driver
from tests.ui.fake import FakeSession

OWNER = {"pid": 4711, "name": "curl", "user": "alice", "container": "web-1", "pod": "shop", "unit": "curl.service",
         "cmdline": "curl -s http://192.0.2.1/", "method": "ebpf", "quality": "shared", "age_s": 3.0,
         "shared_with": [4712], "parents": [{"pid": 12, "name": "bash"}, {"pid": 1, "name": "init"}]}


class Owned(FakeSession):
    """Every flow is curl's."""

    def query(self, *question, early=None):
        page = super().query(*question)
        for row in page.rows:
            row["process"] = OWNER
        return page

    def flow(self, id):
        return {**super().flow(id), "process": OWNER, "tcp_info": {"snd_cwnd": 10, "rtt_us": 1500}}


def owned(cols=200, rows=50, **more):
    return Driver(Owned(flows=50, still=True, **more), cols, rows)


def test_the_program_has_a_column_as_soon_as_one_is_known():
    assert "curl 4711" in owned().screen()
    assert "Process" not in Driver(FakeSession(flows=50, still=True), 200, 50).line(3)


def test_a_column_is_shown_and_hidden_by_hand():
    driver = owned()
    assert "User" not in driver.line(3)
    driver.keys("C").type("process.user").keys("space", "esc")
    assert "User" in driver.line(3)
    assert driver.screen().count("alice") > 10
    driver.keys("C").type("process.user").keys("space", "ctrl-u").type("process.name").keys("space", "esc")
    assert "User" not in driver.line(3)
    assert "Process" not in driver.line(3)


def test_what_is_sorted_by_is_shown():
    driver = owned().keys("C").type("process.container").keys("space", "esc", "s", "end", "enter")
    assert "Container" in driver.line(3)
    assert (driver.asked.sort, driver.asked.descending) == ("process.container", False)
    driver.keys("C").type("process.container").keys("space", "esc")
    assert "Container" in driver.line(3)                    # the table is sorted by it


def test_the_details_tell_all_of_the_program_and_what_the_kernel_says():
    screen = owned(rows=150).keys("j", "enter").screen()
    for text in ("curl -s http://192.0.2.1/", "alice", "web-1", "shop", "curl.service", "bash (12) < init (1)", "ebpf",
                 "shared", "4712", "Kernel (TCP_INFO)", "Congestion window"):
        assert text in screen


def test_the_status_line_says_how_owners_are_found_and_why_not_better():
    session = Owned(flows=50, still=True)
    healthy = session.health
    for owners, why, shown in (("ebpf", "", "owners by ebpf"), ("", "no lsof: not installed", "owners unknown"),
                               ("sock_diag", "no ebpf: not permitted", "owners by sock_diag")):
        def health(owners=owners, why=why):
            return replace(healthy(), owners=owners, owners_why=why)

        session.health = health
        screen = Driver(session, 200, 50).screen()
        assert shown in screen
        assert why in screen
    assert "owners" not in Driver(FakeSession(flows=5, still=True), 200, 50).line(-2)


def test_a_pace_that_nothing_holds_back_is_no_number() -> None:
    assert plain((1 << 64) - 1, "rate", UNICODE) == "not limited" and plain(1500, "rate", UNICODE) == "1.5 kB/s"
