"""Replaying a file: pace, steps, moments, back again; the same engine at the end whatever way led there."""
import struct
import time
from bisect import bisect_right

import pytest

from netwatch.addons import replay_control as ask
from netwatch.addons.replay_control import SPEEDS
from netwatch.addons.usage import Memory
from netwatch.store.settings import Settings
from netwatch.ui.popups.seek import moment
from tests.ui.driver import Driver
from tests.ui.replayed import HERE, Replayed

NAME = "http.pcap"


def stamps(name):
    """Times, ns, of the frames of a pcap file."""
    data, at, found = (HERE / name).read_bytes(), 24, []
    tick = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}[struct.unpack_from("<I", data)[0]]
    while at < len(data):
        seconds, parts, kept, _ = struct.unpack_from("<IIII", data, at)
        found.append(seconds * 10**9 + parts * tick)
        at += 16 + kept
    return found


TIMES = stamps(NAME)
MIDDLE = (TIMES[0] + TIMES[-1]) // 2


def wait(holds, seconds=10.0):
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it does not come about"
        time.sleep(0.005)


def settled(session):
    """The health when a moment that was asked for has been reached."""
    wait(lambda: not session.player.again and session.player.state().until is None)
    return session.health()


@pytest.fixture
def session():
    replayed = Replayed(NAME)
    yield replayed
    replayed.stop()


def seen(session):
    """What a screen shows of all flows."""
    rows = session.query(None, "id", False, 0, 100, True).rows
    return [{key: value for key, value in row.items() if not key.startswith("rate_")} for row in rows]


def test_back_to_a_moment_shows_what_was_then(session):
    assert ask.Seek(MIDDLE).run(session).startswith("Reading again from the start, up to")
    health = settled(session)
    assert health.packets == bisect_right(TIMES, MIDDLE)
    assert not health.done and 0 < health.position < 1
    assert session.player.paused


def test_there_and_back_gives_the_same_flows(session):
    before = seen(session)
    ask.Seek(0).run(session)
    assert settled(session).packets == 0
    ask.Seek(MIDDLE).run(session)
    settled(session)
    ask.Seek(ask.END).run(session)
    wait(lambda: session.health().done)
    assert seen(session) == before


def test_single_packets_and_a_second(session):
    ask.Seek(0).run(session)
    settled(session)
    for number in range(1, 6):
        assert ask.Step(packets=1).run(session) == "1 packet further"
        wait(lambda number=number: session.health().packets == number)
    start = session.player.clock
    ask.Step(seconds=1.0).run(session)
    assert settled(session).packets == max(5, bisect_right(TIMES, start + 10**9))
    ask.Seek(ask.END).run(session)
    wait(lambda: session.health().done)
    assert ask.Step(packets=1).run(session) == "The file is at its end"


def test_the_pace_is_kept(session):
    length = (TIMES[-1] - TIMES[0]) / 1e9
    assert 0.05 < length < 60
    ask.Seek(0).run(session)
    settled(session)
    session.player.speed = length / 1.0            # the file lasts a second
    assert ask.PlayPause().run(session).startswith("Playing")
    began = time.monotonic()
    wait(lambda: session.health().packets == len(TIMES))
    assert 0.8 < time.monotonic() - began < 3


def test_stopped_is_stopped(session):
    ask.Seek(0).run(session)
    settled(session)
    session.player.speed = 1000.0
    time.sleep(0.25)
    assert session.health().packets == 0


def test_playing_at_the_end_begins_again(session):
    assert ask.PlayPause().run(session) == "Playing from the start, 1x"
    wait(lambda: not session.player.again)
    assert not session.health().done
    assert ask.PlayPause().run(session) == "Replay paused"


def test_the_speeds():
    (option,) = ask.ReplayControl.options
    assert [None if name == "max" else float(name) for name in option.choices] == list(SPEEDS)


def test_faster_and_slower_stop_at_the_ends(session):
    said = [ask.Turn(1).run(session)] + [ask.Turn(-1).run(session) for _ in SPEEDS]
    assert said[0] == "Speed: as fast as it goes" and said[1] == "Speed: 1000x" and said[-1] == "Speed: 0.1x"


def test_a_speed_of_the_settings(tmp_path):
    from netwatch.capture.file import open_files
    from netwatch.model.contract import Purpose
    from netwatch.run.session import Session

    slow = Session(Purpose(label=NAME), lambda: open_files([str(HERE / NAME)]),
                   settings=Settings({"replay.speed": "0.1"}))
    slow.start()
    time.sleep(0.2)
    assert 0 < slow.health().packets < len(TIMES)
    slow.stop()


def test_an_idle_file_costs_nothing(session):
    before = time.process_time()
    time.sleep(1.0)
    assert time.process_time() - before < 0.1


NOW = 1_767_323_045_000_000_000          # 2026-01-02 03:04:05


@pytest.mark.parametrize(("text", "ns"), [
    ("03:04:06", NOW + 10**9), ("3:04", NOW - 5 * 10**9), ("+10s", NOW + 10**10), ("-1m", NOW - 60 * 10**9),
    ("+1.5h", NOW + 5400 * 10**9), ("03:04:05.25", NOW + 250_000_000), ("start", 0), ("end", ask.END),
    ("2026-01-02T03:04:05Z", NOW), ("2026-01-03 03:04:05", NOW + 86_400 * 10**9),
    ("-99999h", 1_407_326_645_000_000_000),
])
def test_moments(text, ns):
    assert moment(text, NOW) == ns


@pytest.mark.parametrize("text", ["", "25:00", "12:60", "soon", "+", "+5x", "2026-13-01 00:00", "1" * 40])
def test_what_is_no_moment(text):
    with pytest.raises(ValueError):
        moment(text, NOW)


def test_the_keys(session):
    said = []
    driver = Driver(session, 120, 40, do=lambda command: said.append(command.run(session)))
    assert "reading" not in driver.screen()
    driver.keys("@").type("nonsense").keys("enter")
    assert "a time such as" in driver.screen()
    driver.keys("ctrl-u").type("start").keys("enter")
    settled(session)
    driver.step()
    assert " 0 %" in driver.screen() and "stopped, P plays as fast as it goes" in driver.screen()
    driver.keys(".", ".")
    wait(lambda: session.health().packets == 2)
    driver.keys(";")
    wait(lambda: session.health().done)        # the file is shorter than a second
    driver.keys("{", "{", "}")
    assert session.player.speed == 1000.0
    driver.keys("P")
    assert said[-1] == "Playing from the start, 1000x"
    wait(lambda: not session.player.again and session.health().done)
    driver.step()
    assert "at the end, 1000x" in driver.screen()
    driver.keys("^")
    assert settled(session).packets <= 1
    driver.keys("$")
    wait(lambda: session.health().done)
    assert len(said) == 10 and all(said)


def test_live_sources_have_no_such_keys(session):
    driver = Driver(session)
    assert "replay" in driver.state.contexts()
    driver.state.live = True
    assert "replay" not in driver.state.contexts()


def test_questions_work_while_the_file_is_read_again(session):
    for _ in range(20):
        ask.Seek(MIDDLE).run(session)
        assert Memory().answer(session)[0].name == "flows"
        session.query(None, "bytes", True, 0, 10, True)
        session.player.seek(0)
    assert settled(session).error is None
