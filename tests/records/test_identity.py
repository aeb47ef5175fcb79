"""What leads from a record elsewhere: frame numbers, the Community ID, the file. Held against tshark's fields of the
frames that are named, and the published examples."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from netwatch_command import ROOT, Run

from netwatch._fast.out.communityid import community_id

SHARED = Path(os.environ.get("NETWATCH_CAPTURES", ROOT.parent / "shared" / "captures"))
CAPTURES = ("ndpi/iphone.pcap", "zeek/communityid__icmp.pcap", "zeek/communityid__icmp6.pcap",
            "zeek/communityid__ipv6.pcap", "zeek/communityid__tcp.pcap", "zeek/communityid__udp.pcap",
            "wireshark/dhcp.pcap", "zeek/ftp__ipv4.pcap")
PUBLISHED = {  # of the specification's own examples and Zeek's tests
    ("tcp", "128.232.110.120", 34855, "66.35.250.204", 80): "1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
    ("tcp", "66.35.250.204", 80, "128.232.110.120", 34855): "1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
    ("udp", "192.168.1.52", 54585, "8.8.8.8", 53): "1:d/FP5EW3wiY1vCndhwleRRKHowQ=",
    ("sctp", "192.168.170.8", 7, "192.168.170.56", 7): "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=",
    ("tcp", "2607:f8b0:400c:c03::1a", 25, "2001:470:e5bf:dead:4957:2174:e82c:4887", 63943):
        "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
}
ICMP4 = {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17, 10: 9, 9: 10}
ICMP6 = {128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 130: 131, 131: 130, 144: 145, 145: 144, 139: 140,
         140: 139}
COLUMNS = ("frame.number", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "ip.proto", "ipv6.nxt", "tcp.srcport",
           "tcp.dstport", "udp.srcport", "udp.dstport", "icmp.type", "icmp.code", "icmpv6.type", "icmpv6.code")


def reference(proto: int, src: str, dst: str, sport: int, dport: int) -> str:
    """As the specification has it, written once more."""
    one, other = ipaddress.ip_address(src).packed, ipaddress.ip_address(dst).packed
    ordered = True
    if proto in (1, 58):
        answers = ICMP4 if proto == 1 else ICMP6
        ordered, dport = sport in answers, answers.get(sport, dport)
    if ordered and (other, dport) < (one, sport):
        one, other, sport, dport = other, one, dport, sport
    ports = struct.pack(">HH", sport, dport) if proto in (1, 6, 17, 58, 132) else b""
    data = struct.pack(">H", 0) + one + other + bytes((proto, 0)) + ports
    return "1:" + base64.b64encode(hashlib.sha1(data).digest()).decode()


@pytest.mark.parametrize("ends", PUBLISHED, ids=str)
def test_published_examples(ends: tuple[str, str, int, str, int]) -> None:
    flow = dict(zip(("proto", "src", "sport", "dst", "dport"), ends, strict=True))
    number = {"tcp": 6, "udp": 17, "sctp": 132}[ends[0]]
    assert community_id(flow) == reference(number, ends[1], ends[3], ends[2], ends[4])
    if ends[0] != "sctp":
        assert community_id(flow) == PUBLISHED[ends]


@pytest.mark.parametrize("flow", [{}, {"proto": "arp", "src": "192.0.2.1", "dst": "192.0.2.2"},
                                  {"proto": "tcp", "src": "192.0.2.1", "dst": "2001:db8::1"},
                                  {"proto": "tcp", "src": "aa:bb:cc:dd:ee:ff", "dst": "192.0.2.1"}])
def test_what_has_none(flow: dict[str, object]) -> None:
    assert community_id(flow) is None


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("name", CAPTURES)
def test_the_frames_of_a_flow_are_its_own(netwatch: Run, name: str) -> None:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    frames = _frames(path)
    seen = 0
    for line in netwatch("read", path).stdout.splitlines():
        flow = json.loads(line)
        first, last = frames.get(flow["first_frame"], ""), frames.get(flow["last_frame"], "")
        if "community_id" in flow and first:
            assert flow["community_id"] == first, flow
            assert first == last or "icmp" in flow
            seen += 1
        assert flow["first_frame"] <= flow["last_frame"]
        if flow["packets_out"] + flow["packets_in"] == 1:
            assert flow["first_frame"] == flow["last_frame"]
    assert seen


def _frames(path: Path) -> dict[int, str]:
    """The reference of each frame whose fields tshark tells once."""
    words = [word for column in COLUMNS for word in ("-e", column)]
    told = subprocess.run(["tshark", "-r", path, "-T", "fields", *words], capture_output=True, text=True, check=True)
    found = {}
    for line in told.stdout.splitlines():
        row = dict(zip(COLUMNS, line.split("\t"), strict=True))
        if any("," in value for value in row.values()):  # tunnels, and what errors quote
            continue
        src, dst = row["ip.src"] or row["ipv6.src"], row["ip.dst"] or row["ipv6.dst"]
        proto = 6 if row["tcp.srcport"] else 17 if row["udp.srcport"] else 1 if row["icmp.type"] else \
            58 if row["icmpv6.type"] else 0
        ports = (row["tcp.srcport"] or row["udp.srcport"] or row["icmp.type"] or row["icmpv6.type"],
                 row["tcp.dstport"] or row["udp.dstport"] or row["icmp.code"] or row["icmpv6.code"])
        if src and proto:
            found[int(row["frame.number"])] = reference(proto, src, dst, int(ports[0]), int(ports[1] or 0))
    return found


@pytest.mark.same
def test_workers_agree_on_frames(netwatch: Run) -> None:
    words = ["read", ROOT / "docs" / "tour.pcap", "--fields", "id,first_frame,last_frame,community_id"]
    assert netwatch(*words).stdout == netwatch(*words, "--workers", 3).stdout


def test_messages_name_their_frame(netwatch: Run) -> None:
    tour = ROOT / "docs" / "tour.pcap"
    packets = {packet["n"]: packet for packet in _all(netwatch, tour, "packets")}
    for record in (*_all(netwatch, tour, "dns"), *_all(netwatch, tour, "http")):
        assert packets[record["frame"]]["flow"] == record["flow"]
    for record in _all(netwatch, tour, "dns"):
        assert packets[record["frame"]]["time"] == record["time"]


def test_which_file_a_record_is_from(netwatch: Run, tmp_path: Path) -> None:
    """Two captures that take turns: each packet, flow and message says its own; of one capture nothing is said."""
    tour = ROOT / "docs" / "tour.pcap"
    data = bytearray(tour.read_bytes())
    at, number = 24, 0
    while at < len(data):  # another second for each frame of the second, and another network
        seconds, fraction, size = *struct.unpack_from("<II", data, at), struct.unpack_from("<I", data, at + 8)[0]
        struct.pack_into("<II", data, at, seconds + number % 2, fraction)
        at += 16 + size
        number += 1
    (tmp_path / "later.pcap").write_bytes(data)
    alone = [json.dumps(each["len"]) for each in _all(netwatch, tour, "packets")]
    for words in ([], ["--workers", "2"]):
        packets = _all(netwatch, tour, "packets", tmp_path / "later.pcap", *words)
        by_file = {name: [json.dumps(each["len"]) for each in packets if each["file"] == name]
                   for name in {each["file"] for each in packets}}
        assert sorted(map(sorted, by_file.values())) == [sorted(alone), sorted(alone)]
        assert len(by_file) == 2
    files = {each["n"]: each["file"] for each in packets}
    for flow in _all(netwatch, tour, "flows", tmp_path / "later.pcap"):
        assert flow["file"] == files[flow["first_frame"]]
    for record in _all(netwatch, tour, "dns", tmp_path / "later.pcap"):
        assert record["file"] == files[record["frame"]]
    assert all("file" not in each for kind in ("flows", "packets", "dns") for each in _all(netwatch, tour, kind))


def test_what_is_said_of_all_transactions(netwatch: Run) -> None:
    tour = ROOT / "docs" / "tour.pcap"
    (flow,) = [each for each in _all(netwatch, tour, "flows") if each.get("app") == "http"]
    told = _all(netwatch, tour, "http")
    assert flow["http"]["methods"] == ["GET"]
    assert flow["http"]["statuses"] == [each["status"] for each in told] == [200, 404, 301]
    assert flow["http"]["latency_us"] == max(each["latency_us"] for each in told)
    for where in ("status == 404", "http.statuses == 301", "http.latency > 4ms", "latency > 4ms and app == http"):
        assert netwatch("read", tour, "--where", where, "--fields", "id").stdout.count("\n") == 1, where
    only = netwatch("read", tour, "--what", "http", "--where", "status == 404", "--fields", "status")
    assert only.stdout.count("\n") == 1  # another message's is not asked


def test_what_answers_a_group_has_no_client(netwatch: Run) -> None:
    """RFC 6762 section 6: nobody asked."""
    path = ROOT / "tests" / "captures" / "mdns.pcap"
    for record in _all(netwatch, path, "dns"):
        assert not record.get("client", "").startswith(("224.", "ff0"))


def _all(netwatch: Run, path: Path, kind: str, *more: object) -> list[dict[str, object]]:
    done = netwatch("read", path, "--what", kind, *more)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
