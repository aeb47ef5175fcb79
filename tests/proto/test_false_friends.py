"""Wrong is worse than unknown: what looks like a protocol, or uses its port, and is not. Through the whole engine."""

from __future__ import annotations

import importlib
import random

import pytest
from conversation import CLIENT, SERVER, Talk
from messages import CONVERSATIONS
from running import run_capture
from talks import tls_talk
from wire import A4, B4, SECOND, START, eth, ip4, pcap, spaced, udp

from netwatch._fast.dpi import app_names

Turns = list[tuple[int, bytes]]

TEXT = ("sip", "rtsp", "ftp", "smtp", "imap", "pop3", "irc", "redis", "memcached", "xmpp", "ssh")
# the same bytes are both: "220 ready", and a NetBIOS name query, which has DNS's form (RFC 1002 section 4.2.1)
PORT_DECIDES = {("ftp", 25), ("netbios", 53), ("netbios", 5353), ("netbios", 5355)}
TCP_PORTS = (21, 22, 23, 25, 80, 110, 143, 443, 554, 5060, 5222, 6379, 6667, 8080, 11211, 50001)
UDP_PORTS = (53, 67, 69, 80, 88, 123, 137, 161, 389, 443, 500, 514, 547, 1194, 1812, 1900, 3478, 4500, 5004, 5060, 5353,
             5355, 5683, 6881, 51820, 50001)  # fmt: skip
HTTP = [
    (CLIENT, b"GET /a HTTP/1.1\r\nHost: www.example.com\r\n\r\n"),
    (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
]


def over_tcp(turns: Turns, ports: tuple[int, ...]) -> dict[int, list[str]]:
    """The stack of the conversation, by the port of the server."""
    frames = []
    for number, port in enumerate(ports):
        talk = Talk(30000 + number, port, start=START + number * SECOND).open()
        for side, data in turns:
            talk.say(side, data)
        frames += talk.close().frames
    return {flow["dport"]: flow.get("app_stack", []) for flow in run_capture(pcap(frames), ("flows",)).flows}


def over_udp(turns: Turns, ports: tuple[int, ...]) -> dict[int, list[str]]:
    frames = []
    for number, port in enumerate(ports):
        for side, data in turns:
            ends = (30000 + number, port) if side == CLIENT else (port, 30000 + number)
            frames.append(eth(ip4(17, udp(*ends, data), *((A4, B4) if side == CLIENT else (B4, A4)))))
    return {
        min(flow["sport"], flow["dport"]) if min(flow["sport"], flow["dport"]) < 30000 else flow["dport"]: flow.get(
            "app_stack", []
        )
        for flow in run_capture(pcap(spaced(frames)), ("flows",)).flows
    }


@pytest.mark.parametrize("name", TEXT)
def test_a_text_protocol_is_itself_on_every_port(name: str) -> None:
    """SIP is not HTTP, SMTP is not FTP, POP3 is not IMAP ... whichever port they use."""
    for turns, *_ in importlib.import_module(f"talk_{name}").TALKS:
        for port, stack in over_tcp(turns, TCP_PORTS).items():
            if (name, port) not in PORT_DECIDES:
                assert not stack or stack[0] == name, (port, stack, turns[0][1][:60])


def test_http_is_http_on_every_port() -> None:
    assert set(map(tuple, over_tcp(HTTP, TCP_PORTS).values())) == {("http",)}


def test_tls_on_a_port_is_tls_and_no_more() -> None:
    """TLS on 443 is not HTTP, on 22 not SSH, on 25 not SMTP."""
    assert set(map(tuple, over_tcp(tls_talk(), TCP_PORTS).values())) == {("tls",)}


@pytest.mark.parametrize("name", sorted(CONVERSATIONS))
def test_a_datagram_protocol_is_itself_or_unknown(name: str) -> None:
    turns = [(side, data) for side, data in CONVERSATIONS[name] if data]
    friends = {name, *({"rtp", "rtcp"} if name in ("rtp", "rtcp") else ())}
    for port, stack in over_udp(turns, UDP_PORTS).items():
        assert set(stack) <= friends or (name, port) in PORT_DECIDES, (port, stack)


GREETINGS = [b"220 ready\r\n", b"220 \r\n", b"200 OK\r\n", b"500 what?\r\n", b"+OK\r\n", b"* OK\r\n", b"OK\r\n"]


@pytest.mark.parametrize("greeting", GREETINGS)
def test_a_greeting_that_several_may_give_names_none(greeting: bytes) -> None:
    assert over_tcp([(SERVER, greeting)], (4321,)) == {4321: []}


ALMOST = [
    b"GET / FTP/1.0\r\n\r\n",
    b"HTTP/1.x of course\r\n",
    b"INVITE friends to the party\r\n",
    b"OPTIONS are many\r\n",
    b"SSH is a protocol\r\n",
    b"HELO\r\n",
    b"USER\r\n",
    b"NICK of time\r\n",
    b"EHLO",
    b"REGISTER here today\r\n",
    b"get rich quick\r\n",
    b"set the table for four\r\n",
    b"<stream>\r\n",
    b"M-SEARCH * FTP/1.1\r\n",
]


@pytest.mark.parametrize("words", ALMOST)
def test_words_alone_are_no_protocol(words: bytes) -> None:
    assert not any(over_tcp([(CLIENT, words), (SERVER, b"what\r\n")], (4321,)).values())
    assert not any(over_udp([(CLIENT, words), (SERVER, b"what\r\n")], (4321,)).values())


def noise(rng: random.Random, sizes: tuple[int, ...], first: int | None) -> bytes:
    data = rng.randbytes(rng.choice(sizes))
    return data if first is None else bytes([first]) + data[1:]


DATAGRAM_SIZES = (1, 4, 8, 12, 16, 20, 24, 32, 48, 64, 100, 148, 200, 500, 1200, 1350)
SEGMENT_SIZES = (1, 2, 4, 5, 8, 11, 16, 40, 64, 200, 600, 1400)


@pytest.mark.parametrize("seed", range(32))
def test_encrypted_noise_is_never_anything(seed: int) -> None:
    """Random bytes on the ports of everything, TCP and UDP; some begin as a protocol would."""
    rng = random.Random(seed)
    first = rng.randrange(256) if seed % 2 else None
    turns = [(rng.randrange(2) if i else CLIENT, noise(rng, DATAGRAM_SIZES, first)) for i in range(6)]
    assert not any(over_udp(turns, UDP_PORTS).values()), [data[:16].hex() for _, data in turns]
    turns = [(rng.randrange(2) if i else seed & 1, noise(rng, SEGMENT_SIZES, first)) for i in range(6)]
    assert not any(over_tcp(turns, TCP_PORTS).values()), [data[:16].hex() for _, data in turns]


@pytest.mark.parametrize("kind", [0x01, 0x11, 0x21, 0x31, 0x41, 0x40, 0x7F, 0x80, 0x90, 0xC0, 0x16, 0x17])
def test_noise_that_begins_as_utp_quic_rtp_or_dtls(kind: int) -> None:
    rng = random.Random(kind)
    turns = [(CLIENT, noise(rng, (20, 60, 300, 1200), kind)) for _ in range(12)]
    assert not any(over_udp(turns, UDP_PORTS).values())


@pytest.mark.parametrize("data", [bytes(64), b"\xff" * 64, b"\0\1" * 40, bytes(range(200)), b"A" * 300, b"\r\n" * 20])
def test_patterns_are_nothing(data: bytes) -> None:
    assert not any(over_udp([(CLIENT, data), (SERVER, data)], UDP_PORTS).values())
    assert not any(over_tcp([(CLIENT, data), (SERVER, data)], TCP_PORTS).values())


def test_the_names_tested_exist() -> None:
    assert set(TEXT) <= set(app_names())
