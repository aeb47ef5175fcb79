"""Wireshark's names for what single packets say: they hold with its values, and what is refused names what is not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from netwatch_command import ROOT, Run

from netwatch.filter import Filter, FilterError
from netwatch.filter.habits import INSTEAD, OF_PACKET
from netwatch.filter.ofpackets import FLAGS, NOTES
from netwatch.schema import FIELDS, Type

needs_tshark = pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
CAPTURES = [*(f"tests/captures/{name}.pcap" for name in ("dns", "ftp", "http", "rtp", "smb", "snmp", "tls13")),
            *(f"tests/golden/{name}.pcap" for name in ("endings", "neighbours", "real-http")), "docs/tour.pcap"]
ASKED = (
    "tcp.flags.syn == 1", "tcp.flags.syn == 1 and tcp.flags.ack == 0", "tcp.flags.reset == 1", "tcp.flags.fin == 1",
    "tcp.flags.push == 1", "tcp.flags.ack == 0", "tcp.flags.syn", "tcp.flags.syn != 1", "not tcp.flags.syn == 1",
    "tcp.len > 0", "tcp.len == 0", "tcp.len >= 100 and tcp.len <= 500", "tcp.window_size_value < 1000",
    "tcp.window_size_value", "udp.length > 60", "udp.length", "icmp.type == 8", "icmp.type == 0", "icmp.code == 3",
    "arp.opcode == 1", "arp.opcode == 2", "frame.len > 100", "frame.number == 3", "tcp.flags.urg == 1",
    "ip.id == 0", "ip.id > 0x8000", "ip.len > 100", "ip.flags.df == 1", "ip.flags.mf == 1", "ip.frag_offset > 0",
    "ip.dsfield.dscp == 0", "ip.dsfield.ecn != 0", "ip.ttl < 64", "ip.ttl == 64 and not ip.flags.df == 1", "ip.ttl",
    "ipv6.hlim == 255", "ipv6.plen > 40", "ipv6.flow", "ipv6.tclass == 0", "ipv6.nxt == 58", "eth.type == 0x0800",
    "eth.type != 0x0800", "eth.src == 02:00:00:00:00:01", "vlan.id", "frame.time_relative > 1",
    "frame.time_delta > 0.001", "frame.cap_len < 100", "tcp.seq == 1 and tcp.len > 0", "tcp.ack == 1", "tcp.seq > 1000",
    "tcp.hdr_len > 20", "tcp.flags == 0x02", "tcp.flags == 0x012", "udp.srcport == 53", "tcp.srcport < 1024",
    "ip.dst == 192.0.2.1 and tcp.dstport > 1024", "ip.hdr_len == 20", "ip.proto == 17", "tcp port http",
    "port domain or 80")
BPF = {"tcp port http": "tcp.port == 80", "port domain or 80": "tcp.port in {53, 80} or udp.port in {53, 80}"}
HEADERS = sorted(field.name for field in FIELDS if field.kinds == ("packet",) and field.asked)
ALSO = ("vlan.id", "frame.len", "frame.cap_len")
SHARED = Path(os.environ.get("NETWATCH_SHARED", ROOT.parent / "shared")) / "captures"
OTHERS = ("ndpi/http_ipv6.pcap", "ndpi/443-curl.pcap", "wireshark/tcp-badsegments.pcap", "ndpi/git.pcap",
          "generated/enc_vlan.pcap", "generated/enc_qinq.pcap", "generated/enc_pppoe.pcap", "generated/enc_mpls.pcap",
          "generated/enc_sll.pcap", "generated/enc_sll_vlan.pcap", "generated/frag4_inorder.pcap",
          "generated/tcp_no_handshake.pcap", "generated/tcp_client_side_only.pcap", "generated/tcp_seqwrap.pcap",
          "generated/enc_raw.pcap", "generated/enc_null_le.pcap", "arkime/dot1ad.pcap", "zeek/ftp__ipv4.pcap")


def tshark(path: Path, *words: str) -> list[list[str]]:
    """What it prints of the fields of each frame."""
    done = subprocess.run(["tshark", "-r", str(path), "-T", "fields", *words], capture_output=True, text=True,
                          timeout=120, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def plain_of(path: Path) -> set[int]:
    """Of packets within others, and of those that errors quote, tshark asks all: these are the frames of neither."""
    return {int(number) for number, layers in tshark(path, "-e", "frame.number", "-e", "frame.protocols")
            if len(re.findall(r":ip(?:v6)?\b", layers)) < 2}


@needs_tshark
@pytest.mark.parametrize("capture", CAPTURES)
def test_they_hold_as_tshark_has_it(netwatch: Run, capture: str) -> None:
    path = ROOT / capture
    plain = plain_of(path)
    for text in ASKED[CAPTURES.index(capture) % 3::3]:     # each starts two programs
        theirs = [number for number, in tshark(path, "-Y", BPF.get(text, text), "-e", "frame.number")]
        done = netwatch("read", path, "--what", "packets", "--where", text, "--fields", "n", "--format", "ndjson")
        ours = {json.loads(line)["n"] for line in done.stdout.splitlines()}
        assert ours & plain == set(map(int, theirs)) & plain, text


@needs_tshark
@pytest.mark.parametrize("capture", [*CAPTURES, *OTHERS])
def test_their_values_are_those_of_tshark(netwatch: Run, capture: str) -> None:
    """As --fields; and --sort brings them in order."""
    path = ROOT / capture if capture in CAPTURES else SHARED / capture
    if not path.exists():
        pytest.skip(f"{path} is not here")
    plain, names = plain_of(path), [*HEADERS, *ALSO]
    theirs = {int(line[0]): dict(zip(names, line[1:], strict=True))
              for line in tshark(path, "-e", "frame.number", *(word for name in names for word in ("-e", name)))}
    done = netwatch("read", path, "--what", "packets", "--fields", ",".join(("n", *names)), "--format", "ndjson")
    ours = {body.pop("n"): body for body in map(json.loads, done.stdout.splitlines())}
    assert ours.keys() == theirs.keys()
    for n in sorted(plain):
        for name in names:
            assert same(name, ours[n].get(name), theirs[n][name]), (n, name, ours[n].get(name), theirs[n][name])


def same(name: str, mine: object, printed: str) -> bool:
    """Is a value of ours what tshark prints?"""
    if mine is None or not printed:
        return mine is None and not printed
    if isinstance(mine, list):
        told = [int(each) for each in printed.split(",")]
        return mine[-len(told):] == told  # the tag of IEEE 802.1ad is another field there
    if isinstance(mine, bool):
        return mine is (printed in ("1", "True"))
    if isinstance(mine, float) or name.startswith("frame.time"):
        return abs(float(str(mine)) - float(printed)) < 1e-9
    return mine == int(printed, 0) if isinstance(mine, int) else mine == printed


@pytest.mark.parametrize("name", HEADERS)
def test_each_is_a_field_to_order_by_and_to_ask_for(netwatch: Run, name: str) -> None:
    capture = ROOT / "docs/tour.pcap"
    done = netwatch("read", capture, "--what", "packets", "--fields", f"n,{name}", "--sort", name, "--format", "ndjson")
    assert done.returncode == 0, done.stderr
    values = [body[name] for body in map(json.loads, done.stdout.splitlines()) if name in body]
    if not isinstance((values or [""])[0], str):
        assert values == sorted(values)
    found = netwatch("read", capture, "--what", "packets", "--where", f"exists {name}", "--fields", "n")
    assert len(found.stdout.splitlines()) == len(values)
    kind = next(field.type for field in FIELDS if field.name == name)
    columns = netwatch("read", capture, "--what", "packets", "--fields", name, "--format", "csv").stdout.splitlines()
    assert columns[0] == name
    assert len(columns) == 1 + len(netwatch("read", capture, "--what", "packets").stdout.splitlines())
    assert kind is not Type.TEXT


def test_whole_records_have_none_of_them(netwatch: Run) -> None:
    done = netwatch("read", ROOT / "docs/tour.pcap", "--what", "packets", "--format", "ndjson")
    assert not {key for line in done.stdout.splitlines() for key in json.loads(line)} & {*HEADERS, "ttl", "vlan", "ip"}


@pytest.mark.parametrize("name", [*(f"tcp.flags.{name}" for name in FLAGS), *(f"tcp.analysis.{name}" for name in NOTES),
                                  "tcp.analysis.flags"])
@pytest.mark.parametrize("kinds", [(), ("packet",), ("flow",)])
def test_yes_or_no(name: str, kinds: tuple[str, ...]) -> None:
    for text in (name, f"{name} == 1", f"{name} == 0", f"{name} != true", f"not {name}"):
        Filter(text, kinds)
    with pytest.raises(FilterError, match=r"yes or no|true or false"):
        Filter(f"{name} == 7", kinds)


@pytest.mark.parametrize("kinds", [(), ("packet",), ("flow",), ("dns",), ("http",)])
def test_what_is_refused_never_suggests_what_is(kinds: tuple[str, ...]) -> None:
    """Each name that is written as one is taken, where it is suggested."""
    asked = {*INSTEAD, *OF_PACKET, *HEADERS, "ip.id", "ip.flags.df", "ip.dsfield.dscp", "eth.type", "tcp.window_sise",
             "tls.snii", "dns.qry.nam", "frame.leng", "http.hosts", "ip.tt", "icmp.typ", "udp.prt", "tcp.flags.sync",
             "vlan.ids", "arp.opcod", "quic.versions", "smb.filename", "mqtt.topics"}
    for name in asked:
        for text in (name, f"{name} == 1"):
            try:
                Filter(text, kinds)
            except FilterError as error:
                said = re.search(r"(?:; did you mean |; write )(.*)", str(error))
                for word in re.findall(r"\b[a-z_]+(?:\.[a-z_]+)+\b", said[1] if said else ""):
                    assert word != name
                    Filter(f"exists {word}", kinds)
                    Filter(word, kinds)
