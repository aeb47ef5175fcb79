"""sFlow as a source: the frames that were sampled are read like a capture, at a port and inside of captures."""

from __future__ import annotations

import json
import random
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, Run
from test_collect import free_port, lines

sys.path += [str(ROOT / "tests" / "proto"), str(ROOT / "tests" / "engine")]
from talk_sflow import datagram, sample, word
from wire import eth, ip4, pcap, udp

from netwatch.collect.sflow import Counted, Datagrams, Frame

TOUR = ROOT / "docs" / "tour.pcap"
KEYS = ("proto", "src", "sport", "dst", "dport", "app", "label", "packets_out", "packets_in", "bytes_out", "bytes_in")
needs_port = pytest.mark.skipif(not Path("/proc/net/udp").exists(), reason="needs /proc/net/udp")


def frames(path: Path) -> list[bytes]:
    data, at, found = path.read_bytes(), 24, []
    while at < len(data):
        _, _, size, _ = struct.unpack_from("<IIII", data, at)
        found.append(data[at + 16:at + 16 + size])
        at += 16 + size
    return found


def sampled(frame: bytes, rate: int = 1, expanded: bool = False, lost: int = 0) -> bytes:
    """A flow sample of a frame that had its check sequence."""
    raw = word(1, len(frame) + 4, 4, len(frame)) + frame + bytes(-len(frame) % 4)
    source = word(1, 0, 7, rate, 1000, lost, 0, 7, 0, 8) if expanded else word(1, 7, rate, 1000, lost, 7, 8)
    return sample(3 if expanded else 1, source + word(2) + sample(1001, bytes(16)) + sample(1, raw))


def counters(drops: int) -> bytes:
    generic = word(7, 6, 0, 10**9, 1, 3, 0, 5000, 10, 1, 2, drops) + bytes(40)
    return sample(2, word(1, 7, 1) + sample(1, generic))


def datagrams(rate: int = 1) -> list[bytes]:
    every = frames(TOUR)
    return [datagram(*(sampled(frame, rate, i % 2 == 1) for i, frame in enumerate(every[at:at + 5])),
                     sequence=at) for at in range(0, len(every), 5)]


def shown(flows: list[dict]) -> list[dict]:
    return sorted(({key: flow.get(key) for key in KEYS} for flow in flows), key=json.dumps)


def test_frames_and_counters_are_read() -> None:
    reader = Datagrams()
    found = list(reader.read(datagram(sampled(b"x" * 61, 512, lost=3), counters(9), sample(4, word(1, 0, 7, 0)),
                                      sampled(b"y" * 64, 8, True), agent=bytes(15) + b"\1")))
    assert found == [Frame("::1", 7, 1, b"x" * 61, 61, 512, 3), Counted("::1", 7, 13, 9),
                     Frame("::1", 7, 1, b"y" * 64, 64, 8, 0)]
    assert (reader.packets, reader.samples, reader.unread, reader.malformed) == (1, 4, 1, 0)


def test_any_bytes_may_come() -> None:
    chance, reader, whole = random.Random(3), Datagrams(), datagrams()[0]
    for at in range(0, len(whole), 7):
        list(reader.read(whole[:at]))
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.choice((0, 1, 255, chance.randrange(256)))
        list(reader.read(bytes(data)))
    assert reader.malformed


def test_inside_of_a_capture(netwatch: Run, tmp_path: Path) -> None:
    """The flows are those of the capture that was sampled, each frame of it."""
    path = tmp_path / "sampled.pcap"
    path.write_bytes(pcap([(10**18 + i, eth(ip4(17, udp(6343, 6343, data), src="192.0.2.1", dst="192.0.2.9")))
                           for i, data in enumerate(datagrams())]))
    direct = lines(netwatch("read", TOUR).stdout)
    done = netwatch("read", path, "--exported")
    assert shown(lines(done.stdout)) == shown(direct) and done.stderr == ""
    assert sorted(flow["id"] for flow in lines(done.stdout)) == list(range(1, len(direct) + 1))
    assert {flow["interface"] for flow in lines(done.stdout)} == {"192.0.2.1 7"}
    assert done.stdout == netwatch("read", path, "--exported").stdout
    assert len(lines(netwatch("read", path, "--exported", "--where", "dns").stdout)) == 3


@needs_port
def test_a_port_is_listened_at(tmp_path: Path) -> None:
    """All that reads a capture reads this one: records of every kind, and --write."""
    port, out = free_port(), tmp_path / "out.pcapng"
    process = subprocess.Popen([*COMMAND, "read", "--source", f"sflow://127.0.0.1:{port}", "--what",
                                "flows,dns,summary", "--count", str(len(frames(TOUR))), "--write", out], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
    ends = time.monotonic() + 30
    while f":{port:04X} " not in Path("/proc/net/udp").read_text() and time.monotonic() < ends:
        time.sleep(0.02)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for data in (b"?", *datagrams(256)):
            sock.sendto(data, ("127.0.0.1", port))
    said, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "one frame of 256: packets and bytes are those of samples" in err and "1 of 11 sFlow datagrams" in err
    records = lines(said)
    direct = lines(subprocess.run([*COMMAND, "read", TOUR], env=ENVIRONMENT, capture_output=True, text=True).stdout)
    assert shown([each for each in records if each["schema"] == "netwatch.flow/1"]) == shown(direct)
    dns = next(each for each in records if each["schema"] == "netwatch.dns/1")
    assert dns["questions"][0]["name"] == "www.example.com"
    assert records[-1]["packets"] == len(frames(TOUR)) and out.stat().st_size > 1000


@needs_port
def test_what_interfaces_dropped_is_told() -> None:
    port = free_port()
    process = subprocess.Popen([*COMMAND, "read", "--source", f"sflow://127.0.0.1:{port}", "--what", "summary",
                                "--duration", "3s"], text=True, stdout=subprocess.PIPE, env=ENVIRONMENT)
    ends = time.monotonic() + 30
    while f":{port:04X} " not in Path("/proc/net/udp").read_text() and time.monotonic() < ends:
        time.sleep(0.02)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for drops in (100, 117):
            sock.sendto(datagram(sampled(frames(TOUR)[0], lost=drops), counters(drops)), ("127.0.0.1", port))
    said, _ = process.communicate(timeout=60)
    drops = json.loads(said)["drops"]
    assert (drops["interface_drops"], drops["kernel_drops"]) == (17, 17)
