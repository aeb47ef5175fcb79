"""Decoded trees: what they say of frames, at any cut, and that tshark reads the same out of the same bytes."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cases import CASES
from fuzz_dissect import check

from netwatch.capture.file import open_files
from netwatch.dissect import Frame, Node, dissect, summary
from netwatch.dissect.link import LINKS

CAPTURES = Path(__file__).resolve().parents[1] / "captures"
COMPARED = ("amqp", "bgp", "coap", "dhcp", "dhcpv6", "dns", "dns-truncated", "ftp", "http", "http-ipv6", "https", "ike",
            "mdns", "ntp", "rtp", "sip", "smb", "snmp", "ssh", "tls13", "vnc", "wireguard")
FIELDS = ("eth.src", "eth.dst", "eth.type", "ip.src", "ip.dst", "ip.ttl", "ip.proto", "ip.len", "ip.id", "ipv6.src",
          "ipv6.dst", "ipv6.hlim", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags",
          "tcp.window_size_value", "tcp.options.mss_val", "udp.srcport", "udp.dstport", "udp.length", "dns.id",
          "dns.qry.name", "dns.count.answers", "icmp.type", "tls.handshake.extensions_server_name")


def frames(name: str) -> Iterator[Frame]:
    source = open_files([str(CAPTURES / f"{name}.pcap")])
    while batch := source.batch():
        for number, _, _, wire, _, link, data in batch:
            yield Frame(data, link, wire, number)


def flat(layers: list[Node]) -> Iterator[Node]:
    for node in layers:
        yield node
        yield from flat(node.children)


def first(layers: list[Node], name: str) -> Node:
    return next(node for node in flat(layers) if node.name == name)


def test_a_dns_answer_and_where_it_stands() -> None:
    frame = next(f for f in frames("dns") if f.number == 2)
    layers = dissect(frame)
    assert [node.name for node in layers] == ["frame", "eth", "ip", "udp", "dns"]
    assert layers[-1].text == summary(layers) == "DNS response A www.lab.example: 10.77.0.2"
    answer = first(layers, "dns.resp")
    assert answer.value == "10.77.0.2"
    assert frame.data[answer.at : answer.at + answer.size].endswith(bytes([10, 77, 0, 2]))
    flags = first(layers, "dns.flags")
    assert int.from_bytes(frame.data[flags.at : flags.at + flags.size], "big") == flags.value


def test_a_hello_and_the_head_of_a_request() -> None:
    hellos = [summary(dissect(f)) for f in frames("tls12")]
    assert "TLS: ClientHello www.lab.example" in hellos
    heads = [dissect(f) for f in frames("http")]
    request = next(layers for layers in heads if summary(layers) == "HTTP: GET / HTTP/1.1")
    assert [n.text for n in request[-1].children][:2] == ["GET / HTTP/1.1", "Host: www.lab.example"]


def test_the_fields_of_a_layer_lie_within_it() -> None:
    for name in ("tls13", "dhcp", "mdns"):
        for frame in frames(name):
            for layer in dissect(frame)[1:]:
                for node in layer.children:
                    assert layer.at <= node.at and node.at + node.size <= layer.at + layer.size, (frame.number, node)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(getattr(case, "name", "")))
def test_cut_anywhere(case: Any) -> None:
    """Every hand-made frame of the engine's tests, cut at every byte."""
    link = case.link if case.link in LINKS else 1
    whole = check(Frame(case.frame, link, len(case.frame)))
    for size in range(len(case.frame)):
        assert check(Frame(case.frame[:size], link, len(case.frame))) <= whole + 1, size


def test_content_cut_anywhere() -> None:
    """A hello, a DNS answer and a request, cut at every byte: what is said of a piece is said of the whole."""
    wanted = {"TLS: ClientHello", "DNS response", "HTTP: GET"}
    seen = set()
    for name in ("tls12", "dns", "http"):
        for frame in frames(name):
            said = summary(dissect(frame))
            kind = next((each for each in wanted if said.startswith(each)), None)
            if kind and kind not in seen:
                seen.add(kind)
                for size in range(len(frame.data)):
                    check(frame._replace(data=frame.data[:size]))
    assert seen == wanted


def test_a_hostile_frame_stays_small() -> None:
    """Fifty thousand options of one byte are not fifty thousand nodes."""
    import struct

    questions = struct.pack(">6H", 1, 0, 65535, 0, 0, 0) + b"\0\0\1\0\1" * 9000
    udp = struct.pack(">4H", 4000, 53, len(questions) + 8, 0) + questions
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, len(udp) + 20, 0, 0, 64, 17, 0, b"\1\2\3\4", b"\5\6\7\x08") + udp
    layers = dissect(Frame(ip, 101, len(ip)))
    assert sum(1 for _ in flat(layers)) <= 2003
    assert any("the rest is left out" in node.text for node in flat(layers))


def test_what_is_told_of_link_types_that_are_not_decoded() -> None:
    layers = dissect(Frame(b"abc", 147, 3))
    assert layers[-1].text.startswith("Link type 147")
    assert layers[-1].size == 3


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
@pytest.mark.parametrize("name", COMPARED)
def test_tshark_reads_the_same(name: str) -> None:
    """Of each field that both know, the first of each frame."""
    words = [word for field in FIELDS for word in ("-e", field)]
    run = subprocess.run(["tshark", "-r", str(CAPTURES / f"{name}.pcap"), "-T", "json", *words], capture_output=True,
                         text=True, timeout=120, check=True)
    compared = 0
    for frame, theirs in zip(frames(name), json.loads(run.stdout), strict=True):
        ours = {}
        for node in flat(dissect(frame)):
            ours.setdefault(node.name, node.value)
        for field, values in theirs["_source"].get("layers", {}).items():
            if field not in ours:
                assert field.startswith(("dns.", "tls.", "tcp.", "udp.", "ip.")), (frame.number, field)
                continue
            assert plain(ours[field]) == plain(values[0]), (frame.number, field)
            compared += 1
    assert compared > 15


def plain(value: Any) -> Any:
    """Numbers as numbers however they are written."""
    text = str(value)
    try:
        return int(text, 0)
    except ValueError:
        return text
