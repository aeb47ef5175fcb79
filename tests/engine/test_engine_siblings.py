"""Kinds of odd traffic in many forms: each form of a kind is read as the kind is, and the ordinary one beside it."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from conversation import CLIENT, SERVER, Talk
from running import Result, run
from talks import Turns, dns_message, handshake, tls_record, tls_talk, vector
from wire import A4, ACK, B4, MS, PSH, RST, START, SYN, eth, ip4, syn_options, udp

GET = b"GET /%d HTTP/1.1\r\nHost: h.example\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def exchange(talk: Talk, number: int) -> Talk:
    return talk.say(CLIENT, GET % number).ack(SERVER).say(SERVER, OK).ack(CLIENT)


def said(turns: Turns, port: int = 80, piece: int = 1400) -> Talk:
    talk = Talk(dport=port).open()
    for side, data in turns:
        for at in range(0, len(data), piece):
            talk.say(side, data[at : at + piece], after=1000).ack(1 - side, after=1000)
    return talk


def pairs(result: Result) -> list[tuple[Any, Any, Any]]:
    return [(each.get("path"), each.get("status"), each.get("response_bytes")) for each in result.by_kind["http"]]


def read(talk: Talk, kinds: tuple[str, ...] = ("flows", "http")) -> Result:
    return run(talk.frames, kinds=kinds)


# --- the receiver's view ---

@pytest.mark.parametrize("side", [CLIENT, SERVER])
@pytest.mark.parametrize("flags", [SYN, SYN | ACK])
def test_a_syn_in_the_window_of_a_connection_that_stands_is_dropped(side: int, flags: int) -> None:
    talk = exchange(Talk().open(), 0)
    talk.segment(side, flags, seq=talk.seq[side] + 7).ack(1 - side)
    result = read(exchange(talk, 1).close())
    assert result.flow["state"] == "TIME_WAIT" and pairs(result) == [("/0", 200, 2), ("/1", 200, 2)]


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("offered", [GET % 0, b"\xde\xad\xbe\xef" * 9, b"POST /evil HTTP/1.1\r\n\r\n"])
def test_what_a_syn_carries_counts_when_it_is_acknowledged(taken: bool, offered: bytes) -> None:
    """TCP Fast Open (RFC 7413), with other bytes sent in earnest where they are refused."""
    talk = Talk()
    talk.segment(CLIENT, SYN, offered, ack=0, options=syn_options())
    talk.seq[CLIENT] += 1 + (len(offered) if taken else 0)
    talk.segment(SERVER, SYN | ACK, options=syn_options())
    talk.seq[SERVER] += 1
    talk.ack(CLIENT)
    if not taken:
        talk.say(CLIENT, GET % 0)
    result = read(exchange(talk.ack(SERVER).say(SERVER, OK).ack(CLIENT), 1).close(), ("flows", "http", "streams"))
    if offered == GET % 0 or not taken:
        assert pairs(result) == [("/0", 200, 2), ("/1", 200, 2)]
    out = next(each for each in result.by_kind["streams"] if each["dir"] == "out")
    assert out["bytes"] == len(GET % 1) + len(offered if taken else GET % 0)


def test_bytes_that_fill_a_hole_and_overlap_what_is_behind_it_count_once() -> None:
    talk = Talk().open()
    request = GET % 0
    talk.segment(CLIENT, PSH | ACK, request[20:], seq=talk.seq[CLIENT] + 20).segment(CLIENT, ACK, request[:30])
    talk.seq[CLIENT] += len(request)
    result = read(talk.say(SERVER, OK).close())
    assert result.flow["payload_out"] == len(request) and pairs(result) == [("/0", 200, 2)]


def test_a_connection_after_an_orderly_end_with_the_same_initial_number() -> None:
    first = exchange(Talk().open(), 0).close()
    second = exchange(Talk(start=first.now + MS).open(), 1).close()
    result = run(first.frames + second.frames, kinds=("flows", "http"))
    assert [flow["packets_out"] for flow in result.flows] == [6, 6]
    assert pairs(result) == [("/0", 200, 2), ("/1", 200, 2)]


@pytest.mark.parametrize("ahead", [100, 5000, 3_000_000, 16_000_000, 1_000_000_000])
@pytest.mark.parametrize("side", [CLIENT, SERVER])
def test_an_acknowledgement_of_what_was_never_sent_changes_nothing(side: int, ahead: int) -> None:
    """RFC 9293 section 3.10.7.4: whether the capture missed those bytes shows by what their sender goes on with."""
    talk = exchange(Talk().open(), 0)
    talk.segment(side, ACK, ack=talk.seq[1 - side] + ahead)
    result = read(exchange(talk, 1).close(), ("flows", "http", "streams"))
    assert (result.flow["state"], result.flow["ended"]) == ("TIME_WAIT", "fin")
    assert pairs(result) == [("/0", 200, 2), ("/1", 200, 2)]
    assert [each.get("missing_bytes") for each in result.by_kind["streams"]] == [None, None]


@pytest.mark.parametrize("shaken", [False, True])
@pytest.mark.parametrize("times", [1, 3])
def test_a_syn_that_was_refused_and_comes_again(times: int, shaken: bool) -> None:
    """Windows sends the very same one three times; a half-open scan answers the SYN/ACK by a RST itself."""
    frames, now = [], START
    for _ in range(times):
        talk = Talk(start=now)
        talk.segment(CLIENT, SYN, ack=0, options=syn_options())
        if shaken:
            talk.segment(SERVER, SYN | ACK, options=syn_options(), ack=talk.seq[CLIENT] + 1)
            talk.segment(CLIENT, RST, seq=talk.seq[CLIENT] + 1, ack=0)
        else:
            talk.segment(SERVER, RST | ACK, seq=0, ack=talk.seq[CLIENT] + 1)
        frames += talk.frames
        now = talk.now + 500 * MS
    last = exchange(Talk(start=now).open(), 0)
    result = run(frames + last.frames, kinds=("flows", "http"))
    assert (result.flows[-1]["state"], result.flows[-1]["ended"]) == ("ESTABLISHED", "end-of-input")
    assert pairs(result) == [("/0", 200, 2)] and len(result.flows) == (times + 1 if shaken else 1)
    assert run(frames).flows[-1]["state"] == "CLOSED"


# --- what was said before the protocol is known ---

REGISTER = (b"REGISTER sip:r SIP/2.0\r\nVia: SIP/2.0/TCP x;branch=z9hG4bK1\r\nFrom: <sip:a@r>;tag=1\r\n"
            b"To: <sip:a@r>\r\nCall-ID: c1\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n")
REGISTERED = REGISTER.replace(b"REGISTER sip:r SIP/2.0", b"SIP/2.0 200 OK")
RTSP = [(CLIENT, b"OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"), (SERVER, b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n")]
BLANK = {
    "http": (80, [(CLIENT, GET % 0), (SERVER, OK)], "method", "GET"),
    "sip": (5060, [(CLIENT, REGISTER), (SERVER, REGISTERED)], "method", "REGISTER"),
    "rtsp": (554, RTSP, "method", "OPTIONS"),
}


@pytest.mark.parametrize("pong", [b"", b"\r\n"])
@pytest.mark.parametrize("times", [1, 5, 50])
@pytest.mark.parametrize("name", BLANK)
def test_line_ends_keep_a_connection_alive_as_long_as_they_like(name: str, times: int, pong: bytes) -> None:
    port, turns, key, value = BLANK[name]
    apart = [(CLIENT, b"\r\n\r\n"), (SERVER, pong)] * times + turns
    together = [(CLIENT, b"\r\n\r\n" * times + turns[0][1]), *turns[1:]]
    for each in (apart, together):
        flow = read(said(each, port)).flow
        assert (flow["app"], flow[name][key]) == (name, value)


def test_lines_in_utf_8_before_the_banner() -> None:
    """RFC 4253 section 4.2."""
    talk = said([(SERVER, "Grüße, 世界\r\n".encode()), (SERVER, b"SSH-2.0-OpenSSH_9.6\r\n"),
                 (CLIENT, b"SSH-2.0-libssh\r\n")], 22)
    assert read(talk).flow["ssh"]["server"] == "SSH-2.0-OpenSSH_9.6"


CONTROLS = [b"Hello\x07 there\x01 you\r\n", b"Hello\r\nNo\x07w\r\n", b"\x1b[31mStop\x1b[0m\x7f, users only\r\n" * 3,
            b"\0\1\2\3\x1f\x7f\n", bytes(80) + b"\r\n", "\x1bGrüße\x1b, 世界\r\n".encode(), b"\7" * 300 + b"\n"]


@pytest.mark.parametrize("lines", CONTROLS)
@pytest.mark.parametrize("port", [22, 22222])
def test_control_characters_in_lines_before_the_banner_wherever_they_are_cut(lines: bytes, port: int) -> None:
    """RFC 4253 section 4.2: they should not be there. A line is judged as it is, wherever a segment ends."""
    said_first = lines + b"SSH-2.0-OpenSSH_9.6\r\n"
    for cut in range(1, len(said_first)):
        turns = [(SERVER, said_first[:cut]), (SERVER, said_first[cut:]), (CLIENT, b"SSH-2.0-libssh\r\n")]
        ssh = read(said(turns, port), ("flows",)).flow["ssh"]
        assert (ssh.get("client"), ssh.get("server")) == ("SSH-2.0-libssh", "SSH-2.0-OpenSSH_9.6"), cut


@pytest.mark.parametrize("size", [4, 1])
@pytest.mark.parametrize("times", [8, 20, 200])
def test_datagrams_that_only_keep_alive_are_no_tries(times: int, size: int) -> None:
    """On ports that are nobody's."""
    parts = [b"\r\n\r\n"[:size]] * times + [REGISTER]
    frames = [(START + k * MS, eth(ip4(17, udp(5070, 5080, part)))) for k, part in enumerate(parts)]
    assert run(frames).flow["app"] == "sip"


# --- both sides are heard ---

SURE = {
    "http": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "sip": b"SIP/2.0 400 Bad\r\nVia: SIP/2.0/TCP x\r\nContent-Length: 0\r\n\r\n",
    "rtsp": b"RTSP/1.0 400 Bad\r\nCSeq: 1\r\n\r\n",
}


WORDS = [b"USER bob\r\n", b"PING\r\n", b"HELLO WORLD\r\n", b"\xde\xad\xbe\xef" * 4, b"stats\r\n"]


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("name", SURE)
def test_a_server_that_is_sure_is_believed_whatever_its_client_says(name: str, words: bytes) -> None:
    assert read(said([(CLIENT, words), (SERVER, SURE[name])], 5555)).flow["app"] == name


PREFACE, SETTINGS = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0\0\0\4\0\0\0\0\0"
REFUSED = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
OTHERS = {"http": REFUSED, "ssh": b"SSH-2.0-OpenSSH_9.6\r\n", None: b"\x15\3\1\0\2\2\x46"}


@pytest.mark.parametrize("app", OTHERS)
@pytest.mark.parametrize("client", [b"a1 CAPABILITY\r\n", PREFACE + SETTINGS, PREFACE])
def test_what_a_client_says_first_names_nothing_that_its_server_does_not_speak(client: bytes, app: str | None) -> None:
    flow = read(said([(CLIENT, client), (SERVER, OTHERS[app])], 5555)).flow
    assert flow.get("app") == app or (app is None and flow["app"] == "tls")


def test_the_error_of_another_service_is_none_of_pop3() -> None:
    talk = [(CLIENT, b"CAPA\r\n"), (SERVER, b"-ERR unknown command 'CAPA'\r\n")]
    assert read(said(talk, 6379)).flow.get("app") != "pop3" and read(said(talk, 110)).flow["app"] == "pop3"


@pytest.mark.parametrize("answer", [SETTINGS, b"\0\0\x08\7\0\0\0\0\0\0\0\0\0\0\0\0\1"])
@pytest.mark.parametrize("piece", [1, 5, 1400])
def test_a_server_of_http2_that_answers_or_takes_leave(answer: bytes, piece: int) -> None:
    assert read(said([(CLIENT, PREFACE + SETTINGS), (SERVER, answer)], 5555, piece)).flow["app"] == "http2"


EMPTY = tls_record(22, b"")


@pytest.mark.parametrize("times", [1, 3, 12, 30])
@pytest.mark.parametrize("at", [0, 1, 5, 7, 100])
@pytest.mark.parametrize("apart", [False, True])
def test_empty_records_hide_no_hello(at: int, times: int, apart: bool) -> None:
    """They are not to be sent (RFC 8446 section 5.1); who gets them passes over them."""
    (_, hello), *rest = tls_talk()
    first = tls_record(22, hello[5 : 5 + at]) if at else b""
    parts = [first, *[EMPTY] * times, tls_record(22, hello[5 + at :])]
    said_first = [(CLIENT, part) for part in parts if part] if apart else [(CLIENT, b"".join(parts))]
    flow = read(said([*said_first, *rest], 443)).flow
    assert (flow["app"], flow["tls"]["sni"], flow["tls"]["version"]) == ("tls", "secret.example.com", "TLS 1.3")


# --- SSH that was joined in its middle ---

TAG = 16


def sealed(*sizes: int) -> bytes:
    """Packets whose lengths are in clear (RFC 5647 section 7.3)."""
    return b"".join(struct.pack(">I", size) + b"\xa7" * (size + TAG) for size in sizes)


@pytest.mark.parametrize("sizes", [(16,), (32, 16), (64,), (1024, 32), (16,) * 9])
@pytest.mark.parametrize("side", [CLIENT, SERVER])
def test_lengths_name_no_ssh_whose_beginning_was_seen(side: int, sizes: tuple[int, ...]) -> None:
    turns = [(side, sealed(*sizes)), (1 - side, sealed(*sizes))]
    assert read(said(turns, 22)).flow.get("app") is None


@pytest.mark.parametrize(("sizes", "app"), [
    ((32, 16), "ssh"), ((1024, 32, 16), "ssh"), ((32,), None), ((64,), None), ((1024,), None)])
@pytest.mark.parametrize("piece", [1400, 52])
def test_lengths_name_ssh_that_was_joined_when_packets_follow_each_other(
    sizes: tuple[int, ...], app: str | None, piece: int
) -> None:
    """In one segment, or where the first fills one that is short."""
    talk = said([(CLIENT, sealed(*sizes))], 22, piece)
    if piece == 1400 or sizes[0] == 32:
        assert run(talk.frames[3:], kinds=("flows",)).flow.get("app") == app


@pytest.mark.parametrize("line", [b"\0\0\0\0hello\r\n", b"\0\0\0\x10hello\r\n", b"\0\0\0\x2chello\r\n", b"\0\r\n"])
@pytest.mark.parametrize(("piece", "order"), [(1400, 1), (3, 1), (1400, -1)])
def test_a_line_that_begins_with_nul_ends_no_reading(line: bytes, piece: int, order: int) -> None:
    """RFC 4253 section 4.2: other lines may come before the server's banner, whoever speaks first."""
    turns = [(CLIENT, b"SSH-2.0-libssh\r\n"), (SERVER, line + b"SSH-2.0-OpenSSH_9.6\r\n")][::order]
    ssh = read(said(turns, 22, piece)).flow["ssh"]
    assert (ssh["client"], ssh["server"], ssh["state"]) == ("SSH-2.0-libssh", "SSH-2.0-OpenSSH_9.6", "KEYEXCHANGE")


# --- no evasion by length ---

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("line", [b"0" * 20_000 + b"5", b"5;x=" + b"a" * 20_000, b"5 ;x=\"" + b"b" * 5_000 + b'"'])
@pytest.mark.parametrize("last", [b"0\r\n\r\n", b"0" * 9_000 + b"\r\n\r\n", b"0\r\nX: " + b"t" * 9_000 + b"\r\n\r\n"])
@pytest.mark.parametrize("piece", [1400, 97])
def test_chunk_lines_of_any_length(line: bytes, last: bytes, piece: int) -> None:
    body = CHUNKED + line + b"\r\nhello\r\n" + last
    assert pairs(read(exchange(said([(CLIENT, GET % 0), (SERVER, body)], piece=piece), 1))) == [
        ("/0", 200, 5), ("/1", 200, 2)]


@pytest.mark.parametrize("size", [20_000, 70_000, 190_000])
def test_long_heads(size: int) -> None:
    request = b"GET /long HTTP/1.1\r\nHost: h.example\r\nCookie: " + b"c" * size + b"\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * size + b"\r\nContent-Length: 2\r\n\r\nok"
    records = read(exchange(said([(CLIENT, request), (SERVER, answer)]), 1)).by_kind["http"]
    assert [(each["host"], each["path"], each["status"]) for each in records] == [
        ("h.example", "/long", 200), ("h.example", "/1", 200)]


@pytest.mark.parametrize("word", [b"http", b"HttP", b"hTTp", b"Http"])
def test_a_version_in_small_letters_is_a_request_that_servers_refuse(word: bytes) -> None:
    """RFC 9112 section 2.3; Wireshark reads it too."""
    refused = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno"
    records = read(exchange(said([(CLIENT, (GET % 0).replace(b"HTTP", word)), (SERVER, refused)]), 1))
    assert pairs(records) == [("/0", 400, 2), ("/1", 200, 2)]
    assert [each["version"] for each in records.by_kind["http"]] == ["1.1", "1.1"]


def der(tag: int, *parts: bytes) -> bytes:
    """A DER element of more than 255 bytes."""
    body = b"".join(parts)
    return bytes([tag, 0x82]) + struct.pack(">H", len(body)) + body


NAME = b"\x30\x10\x31\x0e\x30\x0c\6\3\x55\4\3\x0c\5a.com"
SHOWN = der(0x30, der(0x30, b"\2\1\7", b"\x30\0", NAME, b"\x30\0", NAME, der(0x30, b"\3\x82\1\0" + bytes(256))))
LEAF = handshake(11, vector(vector(SHOWN, 3), 3))
HELLO = handshake(2, b"\3\3" + bytes(range(32)) + b"\0\xc0\x2f\0")
KEYS = handshake(12, b"\3\0\x1d\x20" + bytes(32) + b"\4\1" + vector(bytes(64)))
FLIGHT = [tls_record(22, each) for each in (HELLO, LEAF, KEYS, handshake(14, b""))]
SEALED = tls_record(20, b"\1") + tls_record(22, bytes(range(40)))


@pytest.mark.parametrize("size", [1, 2, 300])
@pytest.mark.parametrize("lost", range(4))
def test_a_handshake_is_read_on_where_a_record_begins_behind_a_hole(lost: int, size: int) -> None:
    """Segments need not begin with records: what is left of a record that was hit is passed over."""
    (_, hello), *_ = tls_talk()
    talk = said([(CLIENT, hello)], 443)
    flight = b"".join(FLIGHT)
    start = sum(map(len, FLIGHT[:lost]))
    talk.say(SERVER, flight[:start]) if start else None
    talk.skip(SERVER, size).ack(CLIENT)
    rest = flight[start + size :]
    for at in range(0, len(rest), 200):
        talk.say(SERVER, rest[at : at + 200]).ack(CLIENT)
    talk.say(CLIENT, tls_record(22, handshake(16, b"\x20" + bytes(32))) + SEALED).say(SERVER, SEALED)
    result = read(talk)
    tls, hit = result.flow["tls"], lost == 0 and size > len(FLIGHT[0])
    assert ("cert" in tls, "cipher" in tls) == (lost != 1 and not hit, lost != 0) and "client_cert" not in tls
    assert result.summary["malformed"] == {}
    assert result.flow["app"] == "tls" and tls["sni"] == "secret.example.com"


# --- DNS in other places ---

QUERY, ANSWER = dns_message(0, b"a.example"), dns_message(0, b"a.example", b"\1\2\3\4")
TYPE = b"Content-Type: application/dns-message\r\nContent-Length: %d\r\n\r\n"
POST = b"POST /dns-query HTTP/1.1\r\nHost: doh.example\r\n" + TYPE % len(QUERY) + QUERY
ASKED = {
    "in the body": POST,
    "in the target": b"GET /dns-query?dns=%s HTTP/1.1\r\nHost: doh.example\r\n\r\n"
                     % base64.urlsafe_b64encode(QUERY).rstrip(b"="),
}


@pytest.mark.parametrize("piece", [1, 30, 1400])
@pytest.mark.parametrize("kinds", [("dns",), ("flows", "dns", "http", "streams")])
@pytest.mark.parametrize("how", ASKED)
def test_dns_over_http_in_the_clear(how: str, kinds: tuple[str, ...], piece: int) -> None:
    answer = b"HTTP/1.1 200 OK\r\n" + TYPE % len(ANSWER) + ANSWER
    talk = said([(CLIENT, ASKED[how]), (SERVER, answer)], piece=piece)
    records = read(exchange(talk, 1), kinds).by_kind["dns"]
    assert [(each["qr"], each["client"], each["transport"]) for each in records] == [
        ("query", A4, "https"), ("response", A4, "https")]
    assert records[1]["answers"][0]["data"] == "1.2.3.4"


def test_a_lost_part_of_a_dns_message_costs_no_more_than_that() -> None:
    talk = Talk().open().say(CLIENT, POST[:-10]).skip(CLIENT, 5).say(CLIENT, POST[-5:]).ack(SERVER)
    talk.say(SERVER, OK).ack(CLIENT)
    result = read(exchange(talk, 1), ("flows", "dns", "http"))
    assert result.by_kind["dns"] == [] and [path for path, _, _ in pairs(result)] == ["/dns-query", "/1"]


@pytest.mark.parametrize(("port", "app"), [(5355, "llmnr"), (5353, "dns"), (137, "dns"), (9999, "dns")])
def test_dns_over_tcp_to_any_port(port: int, app: str) -> None:
    talk = said([(CLIENT, vector(QUERY)), (SERVER, vector(ANSWER))], port)
    result = read(talk, ("flows", "dns"))
    assert result.flow["app"] == app and [each["qr"] for each in result.by_kind["dns"]] == ["query", "response"]


@pytest.mark.parametrize("rcode", [1, 2, 3, 4, 5, 9])
def test_answers_that_repeat_no_question(rcode: int) -> None:
    parts = [(A4, B4, 4000, 53, dns_message(7, b"a.example")),
             (B4, A4, 53, 4000, b"\0\x07\x81" + bytes([rcode]) + bytes(8))]
    frames = [(START + k * MS, eth(ip4(17, udp(sport, dport, data), src, dst)))
              for k, (src, dst, sport, dport, data) in enumerate(parts)]
    records = run(frames, kinds=("dns",)).by_kind["dns"]
    assert [each["qr"] for each in records] == ["query", "response"] and records[1]["latency_us"] == 1000
