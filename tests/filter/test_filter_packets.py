"""Wireshark's names for what single packets say: they hold with its values, and what is refused names what is not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from netwatch_command import ROOT, Run

from netwatch.filter import Filter, FilterError
from netwatch.filter.habits import INSTEAD, OF_PACKET
from netwatch.filter.ofpackets import FLAGS, NOTES, NUMBERS

CAPTURES = [*(f"tests/captures/{name}.pcap" for name in ("dns", "ftp", "http", "rtp", "smb", "snmp", "tls13")),
            *(f"tests/golden/{name}.pcap" for name in ("endings", "neighbours", "real-http")), "docs/tour.pcap"]
ASKED = (
    "tcp.flags.syn == 1", "tcp.flags.syn == 1 and tcp.flags.ack == 0", "tcp.flags.reset == 1", "tcp.flags.fin == 1",
    "tcp.flags.push == 1", "tcp.flags.ack == 0", "tcp.flags.syn", "tcp.flags.syn != 1", "not tcp.flags.syn == 1",
    "tcp.len > 0", "tcp.len == 0", "tcp.len >= 100 and tcp.len <= 500", "tcp.window_size_value < 1000",
    "tcp.window_size_value", "udp.length > 60", "udp.length", "icmp.type == 8", "icmp.type == 0", "icmp.code == 3",
    "arp.opcode == 1", "arp.opcode == 2", "frame.len > 100", "frame.number == 3", "tcp.flags.urg == 1")


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
@pytest.mark.parametrize("capture", CAPTURES)
def test_they_hold_as_tshark_has_it(netwatch: Run, capture: str) -> None:
    path = ROOT / capture
    run = subprocess.run(["tshark", "-r", str(path), "-T", "fields", "-e", "frame.number", "-e", "frame.protocols"],
                         capture_output=True, text=True, timeout=120, check=True)
    # of packets within others, and of those that errors quote, tshark asks all
    plain = {int(number) for number, layers in (line.split("\t") for line in run.stdout.splitlines())
             if len(re.findall(r":ip(?:v6)?\b", layers)) < 2}
    for text in ASKED:
        theirs = subprocess.run(["tshark", "-r", str(path), "-Y", text, "-T", "fields", "-e", "frame.number"],
                                capture_output=True, text=True, timeout=120, check=True).stdout.split()
        done = netwatch("read", path, "--what", "packets", "--where", text, "--fields", "n", "--format", "ndjson")
        ours = {json.loads(line)["n"] for line in done.stdout.splitlines()}
        assert ours & plain == set(map(int, theirs)) & plain, text


@pytest.mark.parametrize("name", [*(f"tcp.flags.{name}" for name in FLAGS), *(f"tcp.analysis.{name}" for name in NOTES),
                                  "tcp.analysis.flags"])
@pytest.mark.parametrize("kinds", [(), ("packet",), ("flow",)])
def test_yes_or_no(name: str, kinds: tuple[str, ...]) -> None:
    for text in (name, f"{name} == 1", f"{name} == 0", f"{name} != true", f"not {name}"):
        Filter(text, kinds)
    with pytest.raises(FilterError, match="yes or no"):
        Filter(f"{name} == 7", kinds)


@pytest.mark.parametrize("kinds", [(), ("packet",), ("flow",), ("dns",), ("http",)])
def test_what_is_refused_never_suggests_what_is(kinds: tuple[str, ...]) -> None:
    """Each name that is written as one is taken, where it is suggested."""
    asked = {*INSTEAD, *OF_PACKET, *NUMBERS, "ip.id", "ip.flags.df", "ip.dsfield.dscp", "eth.type", "tcp.window_sise",
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
