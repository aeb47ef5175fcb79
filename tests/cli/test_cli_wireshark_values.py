"""Names of Wireshark's come with Wireshark's values, or are refused: --fields, --sort, --by, `stats flows` alike."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from netwatch_command import ROOT, Run

from netwatch.records.columns import column_of
from netwatch.records.wireshark import INSTEAD
from netwatch.schema import BY_NAME, NAMES, Type

TOUR = ROOT / "docs" / "tour.pcap"
CAPTURES = tuple(ROOT / "tests" / "captures" / f"{name}.pcap" for name in ("dns", "http-ipv6", "https2", "dhcp"))
OF_FRAMES = ("ip.addr", "ipv6.addr", "tcp.port", "udp.port", "eth.addr", "tcp.srcport", "udp.dstport", "ip.proto",
             "ip.src", "ipv6.dst")
OF_DNS = ("dns.flags.rcode", "dns.qry.type", "dns.qry.name", "dns.id", "udp.port", "ip.addr")
needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def tshark(path: Path, *names: str) -> list[list[str]]:
    words = [word for name in ("frame.number", *names) for word in ("-e", name)]
    done = subprocess.run(["tshark", "-r", str(path), "-T", "fields", *words], capture_output=True, text=True,
                          timeout=60, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def records(netwatch: Run, *words: Any) -> list[dict[str, Any]]:
    done = netwatch("read", *words, "--format", "ndjson")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def same(mine: Any, printed: str) -> bool:
    """Addresses in the order of Wireshark's header, which begins with the receiver in Ethernet."""
    told = sorted(printed.split(",")) if printed else []
    own = sorted(map(str, mine if isinstance(mine, list) else [] if mine is None else [mine]))
    return own == told or own == sorted(str(int(each, 0)) if each.startswith("0x") else each for each in told)


@needs_tshark
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_of_frames(netwatch: Run, path: Path) -> None:
    found = records(netwatch, path, "--what", "packets", "--fields", ",".join(("n", *OF_FRAMES)))
    ours = {r.pop("n"): r for r in found}
    for number, *values in tshark(path, *OF_FRAMES):
        for name, printed in zip(OF_FRAMES, values, strict=True):
            mine = ours[int(number)].get(name)
            assert same(mine, printed), (number, name, mine, printed)


@needs_tshark
def test_of_messages(netwatch: Run) -> None:
    path = CAPTURES[0]
    ours = {r["frame"]: r for r in records(netwatch, path, "--what", "dns", "--fields", ",".join(("frame", *OF_DNS)))}
    for number, *values in tshark(path, *OF_DNS):
        for name, printed in zip(OF_DNS, values, strict=True):
            if int(number) in ours:
                mine = ours[int(number)].get(name)
                assert same(mine, printed), (number, name, mine, printed)
    assert len(ours) > 3


def test_numbers_are_sorted_and_counted(netwatch: Run) -> None:
    found = records(netwatch, TOUR, "--what", "dns", "--sort", "dns.flags.rcode:desc", "--fields", "dns.flags.rcode")
    assert [r.get("dns.flags.rcode") for r in found] == [5, 0, 0, None, None, None]
    found = records(netwatch, TOUR, "--what", "dns", "--by", "dns.qry.type")
    assert [(r["dns.qry.type"], r["count"]) for r in found] == [(1, 4), (28, 2)]
    flows = records(netwatch, TOUR, "--fields", "proto,ip.proto,tcp.analysis.initial_rtt,rtt,udp.port")
    assert {(r["proto"], r.get("ip.proto")) for r in flows} == {
        ("tcp", 6), ("tcp", None), ("udp", 17), ("icmp6", None), ("arp", None)}
    assert all(r.get("tcp.analysis.initial_rtt") == (r["rtt"] / 1e6 if "rtt" in r else None) for r in flows)
    assert all(("udp.port" in r) is (r["proto"] == "udp") for r in flows)
    done = netwatch("stats", "flows", TOUR, "--by", "ip.addr", "--sum", "bytes", "--format", "ndjson")
    assert {json.loads(line).get("ip.addr") for line in done.stdout.splitlines()} == {"192.0.2.1", "192.0.2.10", None}


@pytest.mark.parametrize(("name", "instead"), INSTEAD.items())
def test_what_is_not_told_is_refused(netwatch: Run, name: str, instead: str) -> None:
    for words in (("--fields", name), ("--sort", name), ("--by", name)):
        done = netwatch("read", TOUR, *words)
        assert done.returncode == 2 and f"write {instead}" in done.stderr, done.stderr


@needs_tshark
def test_every_name_that_is_wiresharks_alone_has_its_type() -> None:
    """A text where Wireshark has a number, a flag or a time would be another value under its name."""
    listed = subprocess.run(["tshark", "-G", "fields"], capture_output=True, text=True, errors="replace", timeout=60,
                            check=True).stdout
    types = {row[2]: row[3] for line in listed.splitlines() if (row := line.split("\t"))[0] == "F"}
    texts = [name for name, fields in NAMES.items() if "." in name and name not in BY_NAME
             and types.get(name, "").startswith(("FT_UINT", "FT_INT", "FT_BOOL", "FT_RELATIVE"))
             and any(field.type in (Type.TEXT, Type.DURATION) for field in fields)]
    assert "dns.flags.rcode" in texts
    for name in texts:
        column = column_of("flow", name)
        assert column is None or (column.made is not None and column.made.of is not None), name
