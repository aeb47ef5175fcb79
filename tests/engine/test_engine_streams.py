"""However a conversation is cut, doubled, shuffled or forged, what is read of it is the same; bounds hold."""

from __future__ import annotations

import hashlib
import itertools
import resource
from random import Random
from typing import Any

import pytest
from conversation import CLIENT, SERVER, Talk
from hypothesis import given, settings
from hypothesis import strategies as st
from running import Result, run, run_capture
from talks import TALKS, http_talk, tell
from wire import ACK, FIN, RST, pcap

KINDS = ("flows", "dns", "http", "tls", "streams")
OF_TIME = {"frame", "time", "latency_us"}
CUTS = st.lists(st.integers(0, 1 << 16), max_size=12)
RANDOM = st.integers(0, 1 << 32).map(Random)
NAMES = pytest.mark.parametrize("name", sorted(TALKS))
QUICK = settings(max_examples=60, deadline=None)


def told(name: str, *args: Any, **words: Any) -> Result:
    port, talk = TALKS[name]
    return run(tell(port, talk(), *args, **words).frames, kinds=KINDS)


def learnt(result: Result) -> dict[str, list[dict[str, Any]]]:
    """All records of content, without what depends on when."""
    out = {
        kind: [{k: v for k, v in record.items() if k not in OF_TIME} for record in result.by_kind[kind]]
        for kind in ("dns", "http", "tls", "streams")
    }
    out["apps"] = [{k: flow.get(k) for k in ("app", "app_stack", "label", "http", "tls")} for flow in result.flows]
    for flow in out["apps"]:
        if flow["http"]:
            flow["http"].pop("latency_us", None)
    return out


WHOLE = {name: learnt(told(name)) for name in TALKS}


def test_what_the_uncut_conversations_say():
    assert [(r["method"], r["path"], r["status"]) for r in WHOLE["http"]["http"]] == [
        ("GET", "/index.html?a=1", 200),
        ("POST", "/form", 404),
    ]
    tls = WHOLE["tls"]["tls"][0]["tls"]
    assert (tls["sni"], tls["alpn"], tls["version"]) == ("secret.example.com", ["h2", "http/1.1"], "TLS 1.3")
    assert [r["qr"] for r in WHOLE["dns"]["dns"]] == ["query", "query", "response", "response"]
    for name, (_, talk) in TALKS.items():
        streams = {s["dir"]: s["sha256"] for s in WHOLE[name]["streams"]}
        for side, way in ((CLIENT, "out"), (SERVER, "in")):
            data = b"".join(part for s, part in talk() if s == side)
            assert name == "tls" or streams[way] == hashlib.sha256(data).hexdigest()


@NAMES
@QUICK
@given(cuts=CUTS)
def test_cut(name: str, cuts: list[int]):
    assert learnt(told(name, cuts)) == WHOLE[name]


@NAMES
def test_cut_into_single_bytes(name: str):
    assert learnt(told(name, list(range(1 << 12)))) == WHOLE[name]


@NAMES
@QUICK
@given(cuts=CUTS, rng=RANDOM)
def test_out_of_order(name: str, cuts: list[int], rng: Random):
    assert learnt(told(name, cuts, reorder=rng)) == WHOLE[name]


@NAMES
@QUICK
@given(cuts=CUTS, rng=RANDOM, again=RANDOM)
def test_sent_again(name: str, cuts: list[int], rng: Random, again: Random):
    assert learnt(told(name, cuts, reorder=rng, repeat=again)) == WHOLE[name]


@NAMES
@QUICK
@given(cuts=CUTS, rng=RANDOM, forger=RANDOM)
def test_bytes_that_came_first_win(name: str, cuts: list[int], rng: Random, forger: Random):
    assert learnt(told(name, cuts, reorder=rng, forge=forger)) == WHOLE[name]


@NAMES
@QUICK
@given(cuts=CUTS, rng=RANDOM, back=st.tuples(st.integers(1, 3000), st.integers(1, 3000)))
def test_sequence_numbers_wrap(name: str, cuts: list[int], rng: Random, back: tuple[int, int]):
    isn = (2**32 - back[0], 2**32 - back[1])
    assert learnt(told(name, cuts, reorder=rng, isn=isn)) == WHOLE[name]


@NAMES
@QUICK
@given(cuts=CUTS, again=RANDOM, forger=RANDOM)
def test_without_a_handshake(name: str, cuts: list[int], again: Random, forger: Random):
    assert learnt(told(name, cuts, repeat=again, forge=forger, handshake=False)) == WHOLE[name]


@pytest.mark.parametrize("at", range(0, 72, 3))
def test_overlapping_early_segments(at: int):
    """Two waiting segments that overlap, then the bytes before them: the first to come still win."""
    data = bytes(range(33, 105))
    forged = b"#" * len(data)
    for a, b, c in itertools.product((9, 30), (33, 60), (12, 40)):
        talk = Talk(dport=9999).open()
        base = talk.seq[CLIENT]
        talk.segment(CLIENT, ACK, data[a:b], seq=base + a)
        talk.segment(CLIENT, ACK, forged[c : c + at], seq=base + c)
        talk.segment(CLIENT, ACK, data, seq=base)
        expected = bytes(data[i] if a <= i < b or not c <= i < c + at else forged[i] for i in range(len(data)))
        record = run(talk.frames, kinds=("streams",)).by_kind["streams"][0]
        assert record["text"] == expected.decode() and "missing_bytes" not in record


@NAMES
@QUICK
@given(cuts=CUTS, drop=st.tuples(st.integers(0, 3), st.integers(0, 12)))
def test_a_missing_segment(name: str, cuts: list[int], drop: tuple[int, int]):
    """The gap is counted on its side; the other side is as it was, and nothing is made up."""
    port, talk = TALKS[name]
    turns = talk()
    drop = (drop[0] % len(turns), drop[1])
    result = run(tell(port, turns, cuts, drop=drop).frames, kinds=KINDS)
    side = turns[drop[0]][0]
    for record in result.by_kind["streams"]:
        own = record["dir"] == ("out" if side == CLIENT else "in")
        sent = sum(len(part) for s, part in turns if (s == side) == own)
        assert record["bytes"] + record.get("missing_bytes", 0) == sent
        assert own or "missing_bytes" not in record
    said = {(r["method"], r["path"]) for r in result.by_kind["http"] if "method" in r}
    assert said <= {("GET", "/index.html?a=1"), ("POST", "/form")}
    asked = {q["name"] for r in result.by_kind["dns"] for q in r["questions"]}
    assert asked <= {"one.example.net", "two.example.net"}


@pytest.mark.parametrize("side", [CLIENT, SERVER])
@NAMES
def test_one_side_only(name: str, side: int):
    port, talk = TALKS[name]
    turns = [turn for turn in talk() if turn[0] == side]
    frames = [f for f in tell(port, turns).frames if (f[1][34:36] != port.to_bytes(2, "big")) == (side == CLIENT)]
    result = run(frames, kinds=KINDS)
    data = b"".join(part for _, part in turns)
    assert result.flow["app"] == name and result.flow["payload_out" if side == CLIENT else "payload_in"] == len(data)
    for record in result.by_kind["streams"]:
        assert record["sha256"] == hashlib.sha256(data).hexdigest()
    if name == "http" and side == CLIENT:
        assert [r["path"] for r in result.by_kind["http"]] == ["/index.html?a=1", "/form"]


def test_cut_by_the_snap_length():
    frames = tell(80, http_talk()).frames
    result = run(frames, kinds=KINDS, snaplen=54 + 100)
    assert [(r["method"], r["path"]) for r in result.by_kind["http"] if "method" in r] == [
        ("GET", "/index.html?a=1"),
        ("POST", "/form"),
    ]
    inward = next(s for s in result.by_kind["streams"] if s["dir"] == "in")
    sent = sum(len(part) for side, part in http_talk() if side == SERVER)
    assert inward["bytes"] + inward["missing_bytes"] == sent


@pytest.mark.parametrize("flags", [RST | ACK, FIN | ACK])
def test_what_waits_is_told_when_the_flow_ends(flags: int):
    talk = Talk(dport=9999).open().skip(CLIENT, 10).say(CLIENT, b"after the hole")
    record = run(talk.segment(CLIENT, flags).frames, kinds=KINDS).by_kind["streams"][0]
    assert (record["text"], record["missing_bytes"]) == ("after the hole", 10)


def test_far_away_sequence_numbers_are_not_of_the_stream():
    talk = Talk(dport=9999).open().say(CLIENT, b"begin ")
    talk.segment(CLIENT, ACK, b"wild", seq=talk.seq[0] + (1 << 30)).segment(
        CLIENT, ACK, b"wild", seq=talk.seq[0] - (1 << 30)
    )
    record = run(talk.say(CLIENT, b"end").frames, kinds=KINDS).by_kind["streams"][0]
    assert record["text"] == "begin end"


def memory() -> int:
    """Largest resident set so far, KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_a_hole_that_is_never_filled_is_given_up():
    """Over the bound of one side the hole counts as lost, though nobody acknowledged beyond it."""
    talk = Talk(dport=9999, step=1000).open().say(CLIENT, b"begin").skip(CLIENT, 700)
    for _ in range(3000):
        talk.say(CLIENT, b"x" * 1400)
    before = memory()
    record = run_capture(pcap(talk.frames), KINDS).by_kind["streams"][0]
    assert (record["bytes"], record["missing_bytes"]) == (5 + 3000 * 1400, 700)
    assert memory() - before < 48 * 1024


def test_many_holes_together_are_bounded():
    """What waits in all flows is bounded too: 1000 flows with 60 kB each behind a hole."""
    frames = []
    for i in range(1000):
        talk = Talk(10000 + i, 9999, step=1000, start=1_700_000_000_000_000_000 + i).open().skip(CLIENT, 700)
        for _ in range(42):
            talk.say(CLIENT, b"x" * 1400)
        frames += talk.frames
    capture = pcap(sorted(frames))
    before = memory()
    result = run_capture(capture, ("flows", "http"))
    assert len(result.flows) == 1000 and memory() - before < 48 * 1024


GET = b"GET /joined HTTP/1.1\r\nHost: h\r\n\r\n"
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


def told_of_http(talk: Talk) -> tuple[Any, ...]:
    """(method and status of each transaction, bytes of each side's stream)"""
    result = run(talk.frames, kinds=KINDS)
    http = [(r.get("method"), r.get("status")) for r in result.by_kind["http"]]
    return http, {s["dir"]: s["bytes"] for s in result.by_kind["streams"]}


def test_a_keep_alive_where_a_flow_is_joined_is_no_content():
    talk = Talk()
    for _ in range(2):
        talk.segment(CLIENT, ACK, b"\0", seq=talk.seq[CLIENT] - 1)
        talk.ack(SERVER)
    talk.say(CLIENT, GET).say(SERVER, ANSWER)
    assert told_of_http(talk) == ([("GET", 204)], {"out": len(GET), "in": len(ANSWER)})


def test_one_byte_that_is_pushed_where_a_flow_is_joined_is_content():
    talk = Talk()
    talk.say(CLIENT, GET[:1]).say(CLIENT, GET[1:]).say(SERVER, ANSWER)
    assert told_of_http(talk) == ([("GET", 204)], {"out": len(GET), "in": len(ANSWER)})


def test_a_flow_is_joined_with_its_lowest_bytes_even_if_an_acknowledgement_overtook_them():
    talk = Talk()
    talk.ack(CLIENT, seq=talk.seq[CLIENT] + len(GET))
    talk.say(SERVER, ANSWER).say(CLIENT, GET)
    assert told_of_http(talk) == ([(None, 204), ("GET", None)], {"out": len(GET), "in": len(ANSWER)})


def test_heads_cut_by_the_snap_length_are_told():
    talk = Talk()
    for number in (1, 2):
        talk.say(CLIENT, b"GET /%d HTTP/1.1\r\nHost: h\r\nUser-Agent: something long enough\r\n\r\n" % number)
        talk.say(SERVER, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2000\r\n\r\n" + b"x" * 1000)
        talk.say(SERVER, b"x" * 1000)
    result = run(talk.frames, kinds=KINDS, snaplen=54 + 40)
    assert [(r["path"], r["host"], r["status"]) for r in result.by_kind["http"]] == [("/1", "h", 200), ("/2", "h", 200)]
    assert all("response_bytes" not in r for r in result.by_kind["http"])
