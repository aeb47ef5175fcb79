"""Scanners ask every port in every protocol: what a server says it is, it is, whatever it was asked in."""

from __future__ import annotations

import struct

import pytest
from conversation import CLIENT, SERVER, Talk
from running import run, run_capture
from talks import Turns, dns_message, tls_talk, vector
from test_engine_verdicts import told


def counted(data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 4) + data


PROBES = {
    "http": b"GET / HTTP/1.1\r\nHost: h.example\r\n\r\n",
    "tls": tls_talk()[0][1],
    "ssh": b"SSH-2.0-x\r\n",
    "rdp": bytes.fromhex("030000130ee000000000000100080003000000"),
    "smb, broken": b"\0\0\0\x2f\xffSMBr" + bytes(40),
    "socks": b"\5\1\0",
    "redis": b"*1\r\n$4\r\nPING\r\n",
    "mqtt": b"\x10\x10\0\4MQTT\4\2\0\x3c\0\4abcd",
    "ldap": bytes.fromhex("300c020101600702010304008000"),
    "postgresql": counted(b"\0\3\0\0user\0bob\0\0"),
    "sip": b"OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm\r\nCSeq: 42 OPTIONS\r\n\r\n",
    "rtsp": b"OPTIONS / RTSP/1.0\r\n\r\n",
    "dns": vector(dns_message(6, b"version.bind")),
    "memcached": b"stats\r\n",
    "amqp": b"AMQP\0\0\x09\1",
    "irc": b"NICK x\r\nUSER a b c d\r\n",
    "xmpp": b"<?xml version='1.0'?><stream:stream xmlns='jabber:client'>",
    "vnc": b"RFB 003.008\n",
    "nobody": b"JDWP-Handshake",
    "junk": bytes(range(0x80, 0xC0)),
}
SERVERS = {
    "http": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "tls": b"\x15\3\3\0\2\2\x0a",
    "redis": b"-ERR unknown command 'GET', with args beginning with: '/' 'HTTP/1.1' \r\n",
    "smtp": b"220 mail.example ESMTP Postfix\r\n",
    "dns": vector(dns_message(6, b"version.bind", b"\1\2\3\4")),
    "postgresql": b"E" + counted(b"SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol\0\0"),
}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("probe", PROBES)
def test_the_server_is_believed(probe: str, server: str) -> None:
    flow = run_capture(told([(CLIENT, PROBES[probe]), (SERVER, SERVERS[server])])).flow
    stack = flow["app_stack"][1:] if probe == "tls" != server else flow["app_stack"]    # a ClientHello is nothing else
    assert (flow["app"], stack) == (server, [server]) and flow["confidence"] >= 75


@pytest.mark.parametrize("probe", PROBES)
def test_a_greeting_stands(probe: str) -> None:
    """But that of mail may be followed by TLS, whose agreement on it was not seen."""
    turns: Turns = [(SERVER, b"220 mail.example ESMTP Postfix\r\n"), (CLIENT, PROBES[probe])]
    flow = run_capture(told([*turns, (SERVER, b"500 5.5.2 Error\r\n")])).flow
    assert flow["app_stack"][0] == "smtp" and (probe == "tls" or flow["app"] == "smtp")


@pytest.mark.parametrize(("greeting", "said", "app"), [
    (b"* OK ready to serve\r\n", b"LEVEL 3\r\n", None),
    (b"* OK ready to serve\r\n", b"a1 CAPABILITY\r\n", "imap"),
    (b"* OK ready to serve\r\n", b"A001 XLIST x y\r\n", "imap"),
    (b"* OK IMAP4rev1 ready\r\n", b"LEVEL 3\r\n", "imap"),
    (b"+OK ready\r\n", b"LEVEL 3\r\n", None),
    (b"+OK POP3 ready\r\n", b"LEVEL 3\r\n", "pop3"),
])
def test_a_greeting_that_others_have_too_needs_its_client(greeting: bytes, said: bytes, app: str | None) -> None:
    assert run_capture(told([(SERVER, greeting), (CLIENT, said)])).flow.get("app") == app


@pytest.mark.parametrize(("port", "first", "app"), [
    (11211, b"HD\r\n", "memcached"), (11211, b"VA 2 s2\r\nhi\r\n", "memcached"),
    (6379, b"*2\r\n$1\r\na\r\n$1\r\nb\r\n", "redis"), (6379, b"_\r\n", "redis"), (6379, b":5\r\n", "redis"),
])
def test_who_is_asked_is_known_by_its_port(port: int, first: bytes, app: str) -> None:
    """Joined at an answer: the client is not who is seen first."""
    ask = b"mg foo v\r\n" if app == "memcached" else b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
    talk = Talk(dport=port).say(SERVER, first).ack(CLIENT).say(CLIENT, ask).ack(SERVER)
    flow = run(talk.frames).flow
    assert (flow["app"], flow["dport"]) == (app, port) and flow[app]["commands"] == [ask[:2].decode().upper()
                                                                                      if app == "memcached" else "GET"]
