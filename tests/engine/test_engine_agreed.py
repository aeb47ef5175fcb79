"""TLS that follows the words of another protocol, of which one segment is missing: the agreement on TLS, too."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from conversation import CLIENT, SERVER, Talk
from running import run
from talks import Turns, tls_talk

SPACES = b"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
STREAM = b"<stream:stream %s='x.example' " + SPACES
OFFER = b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
BEFORE: dict[str, tuple[int, Turns]] = {
    "smtp": (25, [
        (SERVER, b"220 mx ESMTP\r\n"),
        (CLIENT, b"EHLO x\r\n"),
        (SERVER, b"250-mx\r\n250 STARTTLS\r\n"),
        (CLIENT, b"STARTTLS\r\n"),
        (SERVER, b"220 go\r\n"),
    ]),
    "imap": (143, [
        (SERVER, b"* OK IMAP4rev1 ready\r\n"),
        (CLIENT, b"a1 CAPABILITY\r\n"),
        (SERVER, b"* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\n"),
        (CLIENT, b"a2 STARTTLS\r\n"),
        (SERVER, b"a2 OK begin TLS\r\n"),
    ]),
    "pop3": (110, [
        (SERVER, b"+OK POP3 ready\r\n"),
        (CLIENT, b"CAPA\r\n"),
        (SERVER, b"+OK\r\nSTLS\r\n.\r\n"),
        (CLIENT, b"STLS\r\n"),
        (SERVER, b"+OK begin\r\n"),
    ]),
    "ftp": (21, [
        (SERVER, b"220 ftp\r\n"),
        (CLIENT, b"FEAT\r\n"),
        (SERVER, b"211-x\r\n AUTH TLS\r\n211 End\r\n"),
        (CLIENT, b"AUTH TLS\r\n"),
        (SERVER, b"234 go\r\n"),
    ]),
    "postgresql": (5432, [(CLIENT, struct.pack(">II", 8, 80877103)), (SERVER, b"S")]),
    "ldap": (389, [
        (CLIENT, bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"),
        (SERVER, bytes.fromhex("300c02010178070a010004000400")),
    ]),
    "xmpp": (5222, [
        (CLIENT, b"<?xml version='1.0'?>" + STREAM % b"to"),
        (SERVER, b"<?xml version='1.0'?>" + STREAM % b"id='1' from" + OFFER),
        (CLIENT, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
        (SERVER, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
    ]),
    "http": (8080, [
        (CLIENT, b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"),
        (SERVER, b"HTTP/1.1 200 established\r\n\r\n"),
    ]),
    "socks": (1080, [
        (CLIENT, b"\5\1\0"),
        (SERVER, b"\5\0"),
        (CLIENT, b"\5\1\0\3\x0bexample.com\1\xbb"),
        (SERVER, b"\5\0\0\1\0\0\0\0\0\0"),
    ]),
    "rdp": (3389, [
        (CLIENT, b"\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0"),
        (SERVER, b"\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\2\0\x08\0\1\0\0\0"),
    ]),
}
LOST = [(name, at) for name, (_, turns) in BEFORE.items() for at in range(len(turns))]


def without(port: int, turns: Turns, lost: int, size: int = 1460) -> dict[str, Any]:
    """The flow of a conversation of which one turn is missing, in segments of `size` bytes."""
    talk = Talk(dport=port).open()
    for number, (side, data) in enumerate(turns):
        if number == lost:
            talk.skip(side, len(data))
            continue
        for at in range(0, len(data), size):
            talk.say(side, data[at : at + size])
        talk.ack(1 - side)
    return run(talk.close().frames).flow


@pytest.mark.parametrize("size", [1460, 200])
@pytest.mark.parametrize(("name", "lost"), LOST)
def test_tls_is_read_whatever_of_the_words_before_it_is_lost(name: str, lost: int, size: int) -> None:
    port, before = BEFORE[name]
    flow = without(port, before + tls_talk(), lost, size)
    assert flow["app"] == "tls" and flow["app_stack"][-1] == "tls"
    assert (flow["tls"]["sni"], flow["tls"]["cipher"]) == ("secret.example.com", "TLS_AES_128_GCM_SHA256")


@pytest.mark.parametrize("lost", [-1, 0, 1])
def test_a_hello_in_what_another_protocol_carries_begins_nothing(lost: int) -> None:
    """The body of a request may begin like one."""
    hello = tls_talk()[0][1]
    post = b"POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(hello)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    before = [(CLIENT, b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"), (SERVER, answer)]
    flow = without(80, [*before, (CLIENT, post), (CLIENT, hello), (SERVER, answer)], lost)
    assert flow["app_stack"] == ["http"] and "tls" not in flow


def test_a_refusal_that_was_lost_is_shown_by_what_follows_it() -> None:
    """Who goes on in the clear was refused TLS."""
    body = b"user\0app\0database\0shop\0\0"
    startup = struct.pack(">II", 8 + len(body), 0x30000) + body
    turns = [*BEFORE["postgresql"][1], (CLIENT, startup), (SERVER, b"R\0\0\0\x08\0\0\0\0Z\0\0\0\5I")]
    flow = without(5432, turns, 1)
    assert (flow["postgresql"]["user"], flow["postgresql"]["database"]) == ("app", "shop")


@pytest.mark.parametrize(("port", "turns", "lost", "app", "fields"), [
    (25, [
        (SERVER, b"220 mx ESMTP\r\n"),
        (CLIENT, b"AUTH LOGIN\r\n"),
        (SERVER, b"334 VXNlcm5hbWU6\r\n"),
        (CLIENT, b"ZnJlZA==\r\n"),
        (SERVER, b"235 ok\r\n"),
        (CLIENT, b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"),
    ], 4, "smtp", {"from": ["a@b"], "to": ["c@d"]}),
    (143, [
        (SERVER, b"* OK IMAP4rev1 ready\r\n"),
        (CLIENT, b"a1 AUTHENTICATE LOGIN\r\n"),
        (SERVER, b"+ VXNlcm5hbWU6\r\n"),
        (CLIENT, b"ZnJlZA==\r\n"),
        (SERVER, b"a1 OK\r\n"),
        (CLIENT, b"a2 SELECT work\r\n"),
    ], 4, "imap", {"commands": ["AUTHENTICATE", "SELECT"], "user": "fred"}),
    (110, [
        (SERVER, b"+OK POP3 ready\r\n"),
        (CLIENT, b"AUTH LOGIN\r\n"),
        (SERVER, b"+ VXNlcm5hbWU6\r\n"),
        (CLIENT, b"ZnJlZA==\r\n"),
        (SERVER, b"+OK\r\n"),
        (CLIENT, b"RETR 1\r\n"),
    ], 4, "pop3", {"commands": ["AUTH", "RETR"], "user": "fred"}),
])
def test_a_login_whose_end_was_lost_is_over(port: int, turns: Turns, lost: int, app: str, fields: dict) -> None:
    """What follows holds what no answer of a login does."""
    flow = without(port, turns, lost)
    assert {key: flow[app][key] for key in fields} == fields
