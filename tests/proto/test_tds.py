"""TDS: whole conversations, however cut; encrypted logins, sessions in one connection, old logins, holes."""

import struct

import pytest
from conversation import CLIENT, SERVER, Talk
from cuts import same_however_cut
from running import run
from spoken import (
    check_holes,
    check_hostile,
    check_joined,
    check_strangers,
    check_talk,
    describing,
    flow,
    shown,
    without_times,
)
from talk_tds import ASK, CLEAR, OLD, ROWS, SAY, TALKS, batch, call, done, error, login, packet, prelogin, wide

from netwatch._fast.out.probe import DONE, MORE_BYTES, NOT_MINE, OK


@pytest.mark.parametrize(("turns", "code", "initiator", "obj", "label"), TALKS)
def test_a_conversation(turns, code, initiator, obj, label):
    check_talk("tds", turns, code, initiator, obj, label)


def test_secrets_are_shown_when_asked_for():
    probe = flow("tds")
    probe.feed(0, login("alice", "Pa55wörd"))
    assert describing("tds").describe(probe.facts, True)["password"] == "Pa55wörd"
    probe = flow("tds")
    probe.feed(0, batch("ALTER LOGIN sa WITH PASSWORD = 'hunter2'"))
    assert "hunter2" not in str(shown("tds", probe.facts))


OLD_HEAD = packet(2, (b"A" * 30 + b"\x1e").ljust(504, b"\0"), 0)[:39]


@pytest.mark.parametrize(("data", "away", "home"), [
    (ASK, 97, 97),
    (SAY, 97, 97),
    (ASK[:40], MORE_BYTES, MORE_BYTES),
    (ASK[:7], MORE_BYTES, MORE_BYTES),
    (ASK[:9] + b"\0\0" + ASK[11:], 0, 0),
    (login("a", "b"), 96, 96),
    (login("a", "b")[:70], 96, 96),
    (login("a", "b", version=0x84000004), 0, 0),
    (OLD[0][1], 90, 90),
    (OLD[0][1][:38] + b"\x1f" + OLD[0][1][39:], 0, 0),
    (OLD[0][1][:39], MORE_BYTES, MORE_BYTES),
    (OLD[0][1][:64], 90, 90),
    (OLD_HEAD + b"Gr\xfc\xdfe".ljust(30, b"\0"), 90, 90),
    (OLD_HEAD + b"s\0\0\0\0a" + bytes(20), 0, 0),
    (OLD_HEAD + b"s\1" + bytes(27), 0, 0),
    (OLD_HEAD + b"\xff" * 29, 0, 0),
    (packet(2, OLD_HEAD[8:] + bytes(40)), 0, 0),
    (batch("SELECT 1"), 82, 92),
    (batch("SELECT 1", b""), 0, 70),
    (call(10), 82, 92),
    (packet(4, ROWS), 0, 75),
    (packet(4, done()), 0, 75),
    (packet(4, error(208, "no")), 0, 75),
    (packet(4, b"x" * 90), 0, 0),
    (packet(6, b""), 0, 70),
    (packet(5, b"xxxx"), 0, 0),
    (packet(1, b"")[:8], 0, 0),
    (batch("SELECT 1")[:7] + b"\1" + batch("SELECT 1")[8:], 0, 0),
    (batch("SELECT 1")[:1] + b"\x41" + batch("SELECT 1")[2:], 0, 0),
])
def test_detection(data, away, home):
    assert (flow("tds", 4321).detect(data), flow("tds").detect(data)) == (away, home)


def test_joined_anywhere():
    for turns, *_ in TALKS:
        check_joined("tds", turns)


def test_after_holes():
    check_holes("tds", CLEAR)


def test_latency_and_what_a_hole_makes_of_it():
    probe = flow("tds")
    probe.feed(0, batch("SELECT 1"))
    probe.ts += 3_000_000
    probe.feed(1, packet(4, done()))
    assert shown("tds", probe.facts)["latency_us"] == 3000
    probe.feed(0, batch("SELECT 2"))
    probe.lost(1, 500)
    probe.ts += 9_000_000
    probe.feed(1, packet(4, done()))
    assert shown("tds", probe.facts)["latency_us"] == 3000


@pytest.mark.parametrize(("chosen", "word", "code"), [(0, "login", OK), (1, "session", DONE), (3, "session", DONE)])
def test_encryption(chosen, word, code):
    say = prelogin((0, bytes([15, 0, 7, 208, 0, 0])), (1, bytes([chosen])), answer=True)
    sealed = b"\x17\3\3\0\x40" + bytes(64)
    turns = [(0, ASK), (1, say), (0, packet(18, b"\x16\3\1\0\4\0\0\0\0")), (1, packet(18, b"\x16\3\3\0\4\x0e\0\0\0")),
             (0, sealed), (1, packet(4, done())), (0, batch("SELECT 7"))]
    result = same_however_cut(lambda: flow("tds"), turns)
    obj = shown("tds", result["facts"])
    assert (obj["encryption"], result["code"], "queries" in obj) == (word, code, code == OK)


def test_sessions_in_one_connection():
    def session(ident: int, data: bytes) -> bytes:
        return struct.pack("<BBHIII", 0x53, 8, ident, 16 + len(data), 1, 4) + data

    opening = struct.pack("<BBHIII", 0x53, 1, 0, 16, 0, 4)
    turns = [(0, opening + session(0, batch("SELECT 1"))), (0, session(1, batch("SELECT 2"))),
             (1, session(1, packet(4, ROWS)) + session(0, packet(4, error(208, "no"))))]
    obj = shown("tds", same_however_cut(lambda: flow("tds"), turns)["facts"])
    assert obj == {"queries": ["SELECT 1", "SELECT 2"], "errors": ["208 no"]}
    assert flow("tds").detect(session(1, batch("SELECT 2"))) == 92
    assert flow("tds", 4321).detect(session(1, batch("SELECT 2"))) == 82
    assert flow("tds").detect(opening[:12]) == MORE_BYTES
    assert flow("tds").detect(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n") == 0


def test_further_packets_of_a_message_are_passed_over():
    text = "SELECT " + "a, " * 2000
    first, second = wide(text)[:4000], wide(text)[4000:]
    turns = [(0, ASK), (0, packet(1, batch(text)[8 : 8 + 22] + first, 0) + packet(1, second)), (0, batch("SELECT 3"))]
    obj = shown("tds", same_however_cut(lambda: flow("tds"), turns)["facts"])
    assert [query[:9] for query in obj["queries"]] == ["SELECT a,", "SELECT 3"]


def test_a_broken_packet_is_counted_and_the_next_one_found():
    probe = flow("tds")
    probe.feed(0, ASK)
    assert probe.feed(0, b"\x99 rubbish \0\0\0\0" + batch("SELECT 5")) == OK
    assert (probe.malformed, shown("tds", probe.facts)["queries"]) == (1, ["SELECT 5"])
    probe = flow("tds")
    assert probe.feed(0, packet(4, b"no token")) == NOT_MINE


def test_what_is_short():
    probe = flow("tds")
    for data in (call(10)[:8] + call(10)[30:32], call(10, b"\0"), call(10, b"\4a"), call("sp_x", b"\0\0\xe7\x40\x1f")):
        probe.feed(0, packet(3, data[8:]))
    assert without_times(shown("tds", probe.facts)).keys() <= {"procedures"}


def test_strangers():
    check_strangers("tds")


def test_hostile():
    check_hostile("tds")


@pytest.mark.parametrize("cut", [*range(64, 500, 31), 511])
@pytest.mark.parametrize("wrong", [92, 170, 458])
def test_an_old_login_that_does_not_fit_when_it_is_whole_was_none(wrong: int, cut: int) -> None:
    data = OLD[0][1][: 8 + wrong] + b"\xff" + OLD[0][1][9 + wrong :]
    for said, app in ((OLD[0][1], "tds"), (data, None)):
        talk = Talk(dport=7777).open().say(CLIENT, said[:cut]).ack(SERVER).say(CLIENT, said[cut:]).ack(SERVER)
        assert run(talk.close().frames).flow.get("app") == app
