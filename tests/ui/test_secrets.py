"""What a record masks is masked in the stream view and in the bytes of a frame as well, until somebody asks for it."""
import re

import pytest

from netwatch.addons.packets.conversation import Stream, _Talk
from netwatch.addons.packets.kept import KeptFrames
from netwatch.addons.packets.questions import Packets, secrets_of_flow
from tests.ui.replayed import HERE
from tests.ui.test_packets import drive, session_of, stop_sessions

__all__ = ["stop_sessions"]


def secret_flows(session):
    """(flow, what its record masks) of a session's flows."""
    page = session.query(None, "", False, 0, 1000, True)
    for record in page.rows:
        with session.lock:
            places = session.get(KeptFrames).ring.of_flow(record["id"], 0, 1 << 40)
        secrets = secrets_of_flow(session, places[-1])
        if secrets:
            yield record["id"], secrets, places


CAPTURES = sorted(path.name for path in HERE.glob("*.pcap"))


@pytest.mark.parametrize("name", CAPTURES)
def test_what_a_record_masks_is_masked_in_streams_and_frames(name):
    """Of every protocol that has secrets: as whole words, which is how they are masked everywhere."""
    session = session_of(name)
    for flow, secrets, places in secret_flows(session):
        said = session.ask(Stream(flow))
        for turn in said.turns:
            assert len(turn.starred) == len(turn.data)
            for secret in secrets:
                assert not word(secret, turn.masked) and not word(secret, turn.starred), (flow, secret)
        for place in places:
            frame = session.ask(Packets(selected=place)).chosen
            assert len(frame.masked) == len(frame.data)
            assert not any(word(secret, frame.masked[40:]) for secret in secrets), (flow, place, secrets)


def word(secret, data):
    return re.search(rb"(?<![A-Za-z0-9_])" + re.escape(secret) + rb"(?![A-Za-z0-9_])", data)


def test_secrets_are_shown_to_who_asks_only():
    """In text, in hexadecimal, in the bytes of a frame, and in what is copied of them."""
    driver = drive("ftp.pcap").keys("F")
    assert "PASS ***" in driver.screen() and "alice@lab" not in driver.screen()
    assert "PASS alice@lab.example" in driver.keys("*").screen() and "secrets shown" in driver.screen()
    driver.keys("x", "end")
    shown = driver.screen()
    assert "alice@" in driver.keys("g").screen()
    driver.keys("*")
    assert "alice@" not in driver.screen() and "PASS **" in driver.screen()
    offsets = [[line[3:11] for line in text.splitlines()] for text in (shown, driver.keys("end").screen())]
    assert offsets[0] == offsets[1]
    frames = [session_of("ftp.pcap").ask(Packets(selected=k)).chosen for k in range(40)]
    number = next(frame.line.number for frame in frames if b"PASS " in frame.data)
    driver = drive("ftp.pcap").will_type(str(number)).keys("#", "b")
    assert "secrets masked" in driver.screen() and "alice@" not in driver.screen()
    driver.keys("y")
    assert b"alice@".hex() not in driver.copied[-1]
    assert "secrets masked" not in driver.keys("*", "y").screen() and b"alice@".hex() in driver.copied[-1]


LOGIN = b"USER alice\r\nPASS open sesame\r\n"


@pytest.mark.parametrize("size", range(len(LOGIN) + 1))
def test_half_a_line_is_no_secret_yet_and_is_not_shown(size):
    """While more may come, wherever the segments end; all of it once it is whole, or nothing can come."""
    talk = _Talk()
    talk.add(False, 0, b"331 password: ", False, -1, 0)
    talk.add(True, 0, LOGIN[:size], False, -1, 0)
    secrets = (b"open sesame",) if size > LOGIN.index(b"\n", 12) else ()
    turns = talk.result({}, "", True, secrets, goes_on=True).turns
    assert turns[0].masked == turns[0].data
    said = b"".join(turn.masked for turn in turns[1:])
    assert b"open" not in said and said.endswith((b"", b"\n"))
    assert b"".join(turn.masked for turn in talk.result({}, "", True, (), goes_on=False).turns[1:]) == LOGIN[:size]


def test_there_are_secrets_of_many_protocols():
    """Else the test above would say little."""
    found = {name for name in CAPTURES for each in secret_flows(session_of(name)) if each}
    assert {"ftp.pcap", "http.pcap", "imap.pcap", "pop3.pcap", "redis.pcap", "smtp.pcap", "telnet.pcap"} <= found
