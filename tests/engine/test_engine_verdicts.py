"""Who reads a flow, and when it changes hands: kinds that share ports, TLS after an unknown beginning, idle QUIC."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import quicmake
from conversation import CLIENT, SERVER, Talk
from running import ALL_KINDS, run_capture
from talk_proxy import ENDS4, FOUR, V1, v2
from talks import tls_talk
from wire import A4, B4, SECOND, START, eth, ip4, pcap, spaced, udp

Turns = list[tuple[int, bytes]]

STUN = bytes.fromhex("000100002112a442") + b"transaction!"
STUN_SAY = bytes.fromhex("010100002112a442") + b"transaction!"


def datagrams(turns: Turns, ports: tuple[int, int] = (40000, 50000), step: int = 20_000_000) -> bytes:
    """A capture of one UDP flow."""
    frames = []
    for side, data in turns:
        ends = (A4, B4) if side == CLIENT else (B4, A4)
        frames.append(eth(ip4(17, udp(ports[side], ports[1 - side], data), *ends)))
    return pcap(spaced(frames, step))


def dtls_record(kind: int, data: bytes, epoch: int = 0) -> bytes:
    return bytes([kind]) + b"\xfe\xfd" + epoch.to_bytes(2, "big") + bytes(6) + len(data).to_bytes(2, "big") + data


def dtls_hello(kind: int, exts: bytes = b"\0\x0e\0\5\0\2\0\1\0") -> bytes:
    chosen = b"\0\2\xc0\x2b\1\0" if kind == 1 else b"\xc0\x2b\0"
    body = b"\xfe\xfd" + bytes([kind]) * 32 + b"\0" + (b"\0" if kind == 1 else b"") + chosen
    body += len(exts).to_bytes(2, "big") + exts
    size = len(body).to_bytes(3, "big")
    return dtls_record(22, bytes([kind]) + size + bytes(5) + size + body)


DARK = dtls_record(22, b"\xaa" * 40, 1)
HANDSHAKE = [(CLIENT, dtls_hello(1)), (SERVER, dtls_hello(2, b"")), (CLIENT, DARK), (SERVER, DARK)]


def rtp(number: int, source: bytes = b"\x11\x22\x33\x44") -> bytes:
    return b"\x80\x60" + number.to_bytes(2, "big") + bytes(4) + source + b"e" * 40


def srtcp(source: bytes = b"\x11\x22\x33\x44") -> bytes:
    return b"\x80\xc8\0\6" + source + b"\xee" * 40


ICE = [(CLIENT, STUN), (SERVER, STUN_SAY)]
MEDIA = [(CLIENT, rtp(i)) for i in range(5)]
ALL_FOUR = ["stun", "dtls", "rtp", "rtcp"]


def test_a_call_of_a_browser() -> None:
    turns = [*ICE, *HANDSHAKE, *MEDIA, (CLIENT, srtcp()), (SERVER, srtcp()), *ICE, *MEDIA, (CLIENT, srtcp())]
    flow = run_capture(datagrams(turns)).flow
    assert flow["app_stack"] == ALL_FOUR
    assert flow["app"] == "rtp"
    assert flow["tls"]["version"] == "DTLS 1.2"
    assert flow["rtp"]["ssrc"] == flow["rtcp"]["ssrc"] == "0x11223344"


@pytest.mark.parametrize("order", list(itertools.permutations([ICE, HANDSHAKE, MEDIA])))
def test_whichever_comes_first(order: tuple[Turns, ...]) -> None:
    turns = [turn for part in order for turn in part]
    flow = run_capture(datagrams([*turns, *turns, (CLIENT, srtcp()), *MEDIA])).flow
    assert sorted(flow["app_stack"]) == sorted(ALL_FOUR)


def test_checks_between_the_messages_of_a_handshake() -> None:
    turns = [turn for part in HANDSHAKE for turn in (*ICE, part)]
    flow = run_capture(datagrams([*turns, *ICE, *MEDIA])).flow
    assert flow["app_stack"] == ["stun", "dtls", "rtp"]
    assert flow["tls"]["cipher"].startswith("TLS_ECDHE")


def test_handing_over_ends() -> None:
    """Datagrams of every kind in turn, none of which proves to be media: the flow changes hands a few times only."""
    noise = [(CLIENT, bytes([first, 0x60]) + bytes([i, 0x33]) * 20) for i in range(60) for first in (0x80, 0x90, 0xA0)]
    mixed = [turn for pair in zip(noise, itertools.cycle(ICE), strict=False) for turn in pair]
    flow = run_capture(datagrams(mixed)).flow
    assert flow["app_stack"] == ["stun"]


PREAMBLES = [
    [(CLIENT, b"NXSH-8.10.1\n"), (SERVER, b"NXD-8.10.1\n")],
    [(CLIENT, b"PROXIED TCP4 192.0.2.1 198.51.100.2 40000 443\r\n")],
    [(CLIENT, b"\0"), (SERVER, b"\0")],
    [(SERVER, bytes(range(0x90, 0xE0))), (CLIENT, bytes(range(0x80, 0xF0)))],
]


def told(turns: Turns, **words) -> bytes:
    talk = Talk(dport=4000).open()
    for side, data in turns:
        talk.say(side, data, **words)
    return pcap(talk.close().frames)


@pytest.mark.parametrize("kinds", [("flows",), ALL_KINDS])
@pytest.mark.parametrize("preamble", PREAMBLES)
def test_tls_after_words_that_nobody_knows(preamble: Turns, kinds: tuple[str, ...]) -> None:
    plain = run_capture(told(tls_talk()), kinds).flow
    flow = run_capture(told([*preamble, *tls_talk()]), kinds).flow
    assert flow["app_stack"] == ["tls"]
    assert flow["tls"] == plain["tls"]


@pytest.mark.parametrize("kinds", [("flows",), ALL_KINDS])
def test_tls_that_comes_too_late_or_not_at_the_start_of_a_segment(kinds: tuple[str, ...]) -> None:
    (side, hello), *_rest = tls_talk()
    chatter = [(CLIENT, b"\x90what\n"), (SERVER, b"\x90that\n")] * 9
    assert "app" not in run_capture(told([*chatter, (side, hello)]), kinds).flow
    assert "app" not in run_capture(told([chatter[0], chatter[1], (side, b"\x90" + hello)]), kinds).flow
    assert "app" not in run_capture(told([chatter[0], chatter[1], (side, hello[:9])]), kinds).flow


def test_a_single_record_that_is_all_a_side_says() -> None:
    assert run_capture(told([(CLIENT, b"\x17\3\3\0\x10" + b"\xaa" * 16)])).flow["app"] == "tls"
    assert "app" not in run_capture(told([(CLIENT, b"\x17\3\3\0\x10" + b"\xaa" * 15)])).flow


def quic(idle_ms: int, gap_s: int, connected: bool) -> int:
    """How many flows a QUIC connection is that pauses."""
    idle = b"\1\4" + (0x80000000 | idle_ms).to_bytes(4, "big")
    hello = quicmake.seal(quicmake.padded(quicmake.crypto(quicmake.client_hello(parameters=idle))))
    answer = quicmake.seal(quicmake.crypto(quicmake.server_hello()), server=True, scid=b"server01")
    turns = [(CLIENT, hello), (SERVER, answer), *([(CLIENT, b"\x4f" + b"s" * 40)] if connected else [])]
    ends = {CLIENT: (A4, B4, 40000, 443), SERVER: (B4, A4, 443, 40000)}
    frames, now = [], START
    for side, data in [*turns, (SERVER, b"\x4f" + b"s" * 60)]:
        src, dst, sport, dport = ends[side]
        frames.append((now, eth(ip4(17, udp(sport, dport, data), src, dst))))
        now += SECOND // 50 if len(frames) < len(turns) else gap_s * SECOND
    return len(run_capture(pcap(frames)).flows)


@pytest.mark.parametrize(
    ("idle_ms", "gap_s", "flows"),
    [(30_000, 29, 1), (30_000, 32, 2), (300_000, 250, 1), (300_000, 310, 2), (1, 9, 1), (1, 12, 2), (0, 170, 1),
     (0, 190, 2), (1 << 29, 590, 1), (1 << 29, 610, 2)],
)  # fmt: skip
def test_the_idle_timeout_of_quic(idle_ms: int, gap_s: int, flows: int) -> None:
    assert quic(idle_ms, gap_s, True) == flows


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(("head", "obj"), [(V1, {"version": 1} | FOUR), (v2(0x21, 0x11, ENDS4), {"version": 2} | FOUR)])
def test_what_a_proxy_says_first_is_a_layer(head: bytes, obj: dict[str, Any], apart: bool) -> None:
    """What follows is read as if it began the stream, in the same segment or another."""
    (side, hello), *rest = tls_talk()
    plain = run_capture(told(tls_talk()), ("flows",)).flow
    first = [(side, head), (side, hello)] if apart else [(side, head + hello)]
    flow = run_capture(told([*first, *rest]), ("flows",)).flow
    assert (flow["app"], flow["app_stack"]) == ("tls", ["proxy", "tls"])
    assert (flow["proxy"], flow["tls"]) == (obj, plain["tls"])


ASKED = b"GET / HTTP/1.1\r\nHost: h.example\r\n\r\n"
ANSWERED = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize("before", [b"\r\n", b"\r\n\r\n", b"\n"])
@pytest.mark.parametrize("cuts", [0, 1])
def test_what_was_said_before_the_protocol_was_known_is_read(before: bytes, cuts: int) -> None:
    """RFC 9112 section 2.2."""
    said = [(CLIENT, before), (CLIENT, ASKED)] if cuts else [(CLIENT, before + ASKED)]
    result = run_capture(told([*said, (SERVER, ANSWERED)]), ("flows", "http"))
    assert [(r["method"], r["host"], r["status"]) for r in result.by_kind["http"]] == [("GET", "h.example", 200)]


def test_lines_before_the_banner_of_ssh() -> None:
    """RFC 4253 section 4.2."""
    server = [(SERVER, b"Welcome\r\nto this host\r\n"), (SERVER, b"SSH-2.0-OpenSSH_9.6\r\n")]
    turns = [*server, (CLIENT, b"SSH-2.0-x_1\r\n")]
    assert run_capture(told(turns)).flow["ssh"]["server"] == "SSH-2.0-OpenSSH_9.6"


RDP = bytes.fromhex("030000130ee000000000000100080003000000")
SMTP = b"220 mail.example ESMTP Postfix\r\n"


@pytest.mark.parametrize(
    ("client", "server", "app"),
    [
        (RDP, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "http"),
        (ASKED, b"SSH-2.0-OpenSSH_9.6\r\n", "ssh"),
        (b"*1\r\n$4\r\nPING\r\n", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "http"),
        (ASKED, ANSWERED, "http"),
    ],
)
def test_the_server_says_what_it_is(client: bytes, server: bytes, app: str) -> None:
    """A client may ask in the wrong protocol; what it asked is then no name of the flow."""
    flow = run_capture(told([(CLIENT, client), (SERVER, server)])).flow
    assert (flow["app"], flow["app_stack"]) == (app, [app])


def test_a_server_that_spoke_first_is_not_renamed_by_its_client() -> None:
    assert run_capture(told([(SERVER, SMTP), (CLIENT, ASKED)])).flow["app"] == "smtp"


@pytest.mark.parametrize("words", [b"+OK ready\r\n", b"Welcome to the database\r\n", b"hello\n"])
def test_who_greets_is_no_server_of_http(words: bytes) -> None:
    """Whatever its client takes it for: those speak when they are asked."""
    turns = [(SERVER, words), (CLIENT, ASKED), (SERVER, b"-ERR unknown command\r\n")]
    result = run_capture(told(turns))
    assert result.flow.get("app") != "http" and "http" not in result.flow and "http" not in result.summary["malformed"]


@pytest.mark.parametrize("junk", [8, 20, 100])
def test_an_unknown_flow_of_datagrams_is_asked_again(junk: int) -> None:
    """On the protocol's own port always, elsewhere now and then."""
    query = bytes.fromhex("0001010000010000000000000377777703636f6d0000010001")
    turns = [(CLIENT, bytes([0xFF, i]) * 20) for i in range(junk)]
    assert run_capture(datagrams([*turns, (CLIENT, query)], ports=(40000, 53))).flow.get("app") == "dns"
    register = b"REGISTER sip:x SIP/2.0\r\nCall-ID: a\r\n\r\n"
    assert run_capture(datagrams([*turns, *[(CLIENT, register)] * 80], ports=(40000, 7777))).flow.get("app") == "sip"


def test_a_greeting_that_many_have_is_believed_when_the_client_agrees() -> None:
    greeting = (SERVER, b"+OK ready\r\n")
    assert run_capture(told([greeting, (CLIENT, b"USER bob\r\n")])).flow["app"] == "pop3"
    other = run_capture(told([greeting, (CLIENT, b"LEVEL 3\r\n"), (SERVER, b"+OK level\r\n")])).flow
    assert "app" not in other and "pop3" not in other
