"""The thread between the terminal and the session: never in the way, never more work than needed."""
import threading
import time
from dataclasses import replace

import pytest

from netwatch.model.session import Health
from netwatch.ui.poller import Poller, Request
from tests.ui.fake import FakeSession


def wait_until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.002)


@pytest.fixture
def poller_of():
    started = []

    def make(session, interval=0.05):
        rings = []
        poller = Poller(session, interval, lambda: rings.append(time.monotonic()))
        poller.rings = rings
        started.append(poller)
        poller.start()
        return poller

    yield make
    for poller in started:
        poller.stop()
        poller.join(5)
        assert not poller.is_alive()


def test_a_new_question_is_answered_at_once_and_rings(poller_of):
    poller = poller_of(FakeSession(flows=50), interval=60)
    poller.ask(Request())
    wait_until(lambda: poller.latest.total)
    number = poller.latest.number
    began = time.monotonic()
    poller.ask(Request(sort="src"))
    wait_until(lambda: poller.latest.number > number)
    assert time.monotonic() - began < 1                    # and not after the interval
    assert poller.latest.request.sort == "src"
    assert len(poller.rings) == 2


def test_asking_never_waits_for_a_slow_query(poller_of):
    poller = poller_of(FakeSession(flows=50, query_ms=500))
    poller.ask(Request())
    time.sleep(0.05)
    began = time.monotonic()
    for offset in range(50):
        poller.ask(Request(offset=offset))
    assert time.monotonic() - began < 0.05
    wait_until(lambda: poller.latest.request is not None and poller.latest.request.offset == 49)
    assert poller.latest.number <= 3                       # the questions in between were never put


def test_slow_queries_leave_the_machine_some_rest(poller_of):
    session = FakeSession(flows=50, query_ms=100)
    poller = poller_of(session, interval=0.01)
    poller.ask(Request())
    time.sleep(1.5)
    assert 2 <= session.queries <= 5                       # 100 ms of work, at least 300 ms of rest


@pytest.mark.parametrize("done", [False, True])
def test_what_every_screen_is_told_of_is_asked_for_now_and_then(done):
    """At once when a file has been read, after that as often as may cost nothing; and after whatever was done."""
    session, asked, now = FakeSession(flows=50, still=True), [], [1000.0]
    poller = Poller(session, 1.0, lambda: None, beside="beside")
    session.extra = 10
    session.health = lambda: Health(packets=session.extra, done=done)
    session.ask = lambda question: asked.append(question) or now.__setitem__(0, now[0] + 0.1)
    session.do = lambda command: ""

    def tick(after: float, packets: int = 1) -> int:
        """How often it was asked in all, a time and some packets later."""
        now[0] += after
        session.extra += packets
        poller._latest = replace(poller._latest, health=session.health())
        poller._look_beside()
        return len(asked)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("netwatch.ui.poller.time.monotonic", lambda: now[0])
        assert tick(0, -10) == 0 and tick(0, 10) == 1 and set(asked) == {"beside"}
        assert tick(60, 0) == 1                                # nothing came
        if not done:
            assert tick(0) == 2 and tick(4.8) == 2             # it took 0.1 s: at most a fiftieth of the time
            assert tick(0.3) == 3
        before = len(asked)
        poller._todo.append(object())
        poller._do_commands()
        assert tick(0, 0) == before + 1


def test_the_first_matches_are_told_before_the_answer(poller_of):
    """While the query runs, as the page of what was asked, from the first row on; then the whole answer."""
    session, told, go_on = FakeSession(flows=50, still=True), threading.Event(), threading.Event()
    whole = session.query

    def query(where, *question, early=None):
        page = whole(where, *question)
        early(replace(page, rows=page.rows[:3], total=3, looked=20))
        told.set()
        assert go_on.wait(5)
        return page

    session.query = query
    poller = poller_of(session, interval=60)
    poller.ask(Request(sort="src", offset=10))
    assert told.wait(5)
    first = poller.latest
    assert (first.page.looked, first.total, len(first.rows), first.offset, first.request.sort) == (20, 3, 3, 0, "src")
    assert len(poller.rings) == 1
    go_on.set()
    wait_until(lambda: poller.latest.page.looked is None)
    assert (poller.latest.total, poller.latest.offset, poller.latest.number) == (47, 10, first.number + 1)
    assert len(poller.rings) == 2


def test_a_file_that_is_read_once_more_is_looked_ahead_of_again(poller_of):
    """Though nobody saw that it had begun anew; what cannot be worked out is not tried for ever."""
    session, left, asked = FakeSession(flows=5, live=False, still=True), [3], []

    def prepare(seconds):
        asked.append(seconds)
        if left[0] < 0:
            raise RuntimeError("no")
        left[0] = max(0, left[0] - 1)
        return not left[0]

    session.prepare = prepare
    poller = poller_of(session, interval=0.02)
    crashes = []
    poller.on_crash = crashes.append
    poller.ask(Request())
    wait_until(lambda: not left[0])
    left[0] = 2
    wait_until(lambda: not left[0])
    left[0] = -1
    wait_until(lambda: crashes)
    tried, number = len(asked), poller.latest.number
    wait_until(lambda: poller.latest.number > number + 5)
    assert len(asked) == tried and len(crashes) == 1


def test_nothing_new_means_no_query(poller_of):
    session = FakeSession(flows=50, still=True)
    poller = poller_of(session, interval=0.01)
    poller.ask(Request())
    wait_until(lambda: poller.latest.number > 10)
    assert session.queries == 1


def test_a_session_that_fails_and_recovers(poller_of):
    session = FakeSession(flows=50)
    session.fail = "disk on fire"
    poller = poller_of(session)
    crashes = []
    poller.on_crash = crashes.append
    poller.ask(Request())
    wait_until(lambda: poller.latest.error)
    assert poller.latest.error == "RuntimeError: disk on fire"
    assert crashes
    session.fail = ""
    wait_until(lambda: poller.latest.error is None)
    assert poller.latest.total


def test_a_held_page_is_not_asked_again(poller_of):
    session = FakeSession(flows=50)
    poller = poller_of(session, interval=0.01)
    poller.ask(Request())
    wait_until(lambda: poller.latest.total)
    poller.ask(Request(hold=True))
    wait_until(lambda: poller.latest.request.hold)
    asked, number = session.queries, poller.latest.number
    wait_until(lambda: poller.latest.number > number + 10)
    assert session.queries == asked
    poller.ask(Request(hold=True, sort="src"))             # a new question is put even so, once
    wait_until(lambda: poller.latest.request.sort == "src")
    assert session.queries == asked + 1


def test_the_record_of_a_flow_comes_with_the_picture(poller_of):
    poller = poller_of(FakeSession(flows=50))
    poller.ask(Request(flow=7))
    wait_until(lambda: poller.latest.record)
    assert poller.latest.record["id"] == 7
    poller.ask(Request(flow=999_999))
    wait_until(lambda: poller.latest.request.flow == 999_999)
    assert poller.latest.record is None
