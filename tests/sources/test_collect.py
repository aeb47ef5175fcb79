"""What exporters say, NetFlow 5, 9 and IPFIX, becomes flow records; whatever bytes come, in bounded memory."""

from __future__ import annotations

import json
import random
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, Run

from netwatch.collect import netflow
from netwatch.collect.netflow import Collector
from netwatch.model.record import Record
from netwatch.outlets import ipfix
from tests.engine.wire import START, eth, ip4, pcap, udp

NOW = 1_700_000_000
A, B = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 7))
FLOW = {"schema": "netwatch.flow/1", "id": 7, "proto": "tcp", "src": "192.0.2.1", "sport": 40000, "dst": "198.51.100.7",
        "dport": 443, "first": "2023-11-14T22:13:20.250000000Z", "last": "2023-11-14T22:13:21.500000000Z",
        "packets_out": 5, "packets_in": 4, "bytes_out": 900, "bytes_in": 4000, "tcp_flags_out": ["SYN", "ACK"],
        "app": "tls", "tls": {"sni": "www.example.com"}, "process": {"name": "curl", "pid": 4711}, "ended": "fin"}


def five(*records: bytes, uptime: int = 60_000) -> bytes:
    return struct.pack(">HHIIIIBBH", 5, len(records), uptime, NOW, 5_000_000, 1, 0, 0, 0) + b"".join(records)


def record_5(packets: int = 3, octets: int = 300, first: int = 50_000, last: int = 59_000, proto: int = 6) -> bytes:
    return struct.pack(">4s4s4sHHIIIIHHxBBBHHBBH", A, B, bytes(4), 1, 2, packets, octets, first, last, 40000, 443, 0x12,
                       proto, 0, 0, 0, 24, 24, 0)


def one_set(number: int, body: bytes) -> bytes:
    return struct.pack(">HH", number, 4 + len(body)) + body


def template(number: int, *fields: tuple[int, int] | tuple[int, int, int]) -> bytes:
    return struct.pack(">HH", number, len(fields)) + b"".join(
        struct.pack(">HH", *each) if len(each) == 2 else struct.pack(">HHI", each[0] | 0x8000, each[1], each[2])
        for each in fields)


def nine(*sets: bytes, source: int = 7) -> bytes:
    return struct.pack(">HHIIII", 9, 1, 60_000, NOW, 1, source) + b"".join(sets)


def ten(*sets: bytes, domain: int = 1) -> bytes:
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), NOW, 1, domain) + body


FIELDS_9 = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (1, 4), (2, 4), (22, 4), (21, 4))
DATA_9 = A + B + struct.pack(">HHBIIII", 53, 5353, 17, 1000, 10, 1000, 2000)
OPTIONS_9 = one_set(1, struct.pack(">HHHHHHHHH", 257, 4, 8, 1, 4, 34, 4, 35, 1) + bytes(2))


def ours(*flows: Record) -> list[bytes]:
    """The messages that our own exporter makes."""
    records = [record for flow in flows for record in ipfix.data_records(flow) or ()]
    return [ipfix.message(ipfix.templates(), 0), *(ipfix.message(sets, 0) for sets, _ in ipfix.packed(records))]


def test_version_5():
    collector = Collector()
    (flow,) = collector.read(five(record_5()), "192.0.2.99")
    assert flow == {
        "schema": "netwatch.flow/1", "id": 1, "proto": "tcp", "src": "192.0.2.1", "dst": "198.51.100.7",
        "initiator": "guessed", "interface": "192.0.2.99", "sport": 40000, "dport": 443,
        "first": "2023-11-14T22:13:10.005000000Z", "last": "2023-11-14T22:13:19.005000000Z", "duration": 9.0,
        "packets_out": 3, "packets_in": 0, "bytes_out": 300, "bytes_in": 0, "tcp_flags_out": ["SYN", "ACK"]}
    assert "sport" not in collector.read(five(record_5(proto=1)), "x")[0]
    assert len(collector.read(five(*[record_5()] * 30), "x")) == 30
    assert collector.read(five(record_5())[:-1], "x") == [] and collector.malformed == 1


def test_version_9_with_templates_of_each_exporter():
    collector = Collector()
    assert collector.read(nine(one_set(256, DATA_9)), "a") == [] and collector.unknown == 1
    both = nine(one_set(0, template(256, *FIELDS_9)), OPTIONS_9, one_set(256, DATA_9 * 2 + bytes(3)),
                one_set(257, bytes(13)))
    found = collector.read(both, "a")
    assert len(found) == 2 and found[0]["proto"] == "udp" and found[0]["dport"] == 5353
    assert found[0]["first"] == "2023-11-14T22:12:21.000000000Z" and found[0]["duration"] == 1.0
    assert collector.read(nine(one_set(256, DATA_9)), "b") == []
    assert collector.read(nine(one_set(256, DATA_9), source=8), "a") == []
    assert len(collector.read(nine(one_set(256, DATA_9)), "a")) == 1 and not collector.malformed


def test_ipfix_both_directions_and_elements_of_others():
    collector = Collector()
    fields = ((8, 4), (12, 4), (4, 1), (1, 8), (2, 8), (1, 8, 29305), (2, 8, 29305), (77, 65535, 12345), (154, 8))
    when = (NOW + 2_208_988_800) << 32 | 1 << 31
    data = A + B + struct.pack(">BQQQQ", 6, 1000, 10, 2000, 20) + b"\3abc" + struct.pack(">Q", when)
    long = A + B + struct.pack(">BQQQQ", 6, 1000, 10, 2000, 20) + b"\xff\1\0" + bytes(256) + struct.pack(">Q", when)
    message = ten(one_set(2, template(300, *fields)), one_set(300, data + long))
    found = collector.read(message + message, "x")
    assert len(found) == 4 and {flow["bytes_in"] for flow in found} == {2000} and found[3]["packets_in"] == 20
    assert collector.read(ten(one_set(2, struct.pack(">HH", 300, 0)), one_set(300, data)), "x") == []  # withdrawn
    assert collector.unknown == 1 and not collector.malformed


def test_what_our_own_exporter_says():
    collector = Collector()
    six = {**FLOW, "src": "2001:db8::1", "dst": "2001:db8::2", "id": 8}
    out, back, *more = [flow for message in ours(FLOW, six) for flow in collector.read(message, "e")]
    assert {key: out[key] for key in FLOW if key not in ("id", "packets_in", "bytes_in")} == \
        {key: value for key, value in FLOW.items() if key not in ("id", "packets_in", "bytes_in")}
    assert (back["src"], back["dport"], back["bytes_out"], back["packets_out"]) == ("198.51.100.7", 40000, 4000, 4)
    assert [flow["src"] for flow in more] == ["2001:db8::1", "2001:db8::2"]


def test_any_bytes_in_bounded_memory():
    seeds = [five(record_5(), record_5()), nine(one_set(0, template(256, *FIELDS_9)), OPTIONS_9, one_set(256, DATA_9)),
             *ours(FLOW), b"".join(ours(FLOW))]
    chance, collector = random.Random(11), Collector()
    for turn in range(30_000):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(8)):
            at = chance.randrange(len(data))
            data[at] = chance.choice((0, 1, 255, data[at] ^ 1 << chance.randrange(8), chance.randrange(256)))
        data = data[:chance.randrange(len(data))] if chance.random() < 0.2 else data
        for flow in collector.read(bytes(data), str(turn % 700)):
            json.dumps(flow)
            assert flow["bytes_out"] >= 0 and flow["interface"] == str(turn % 700)
    assert collector.malformed > 1000 and len(collector._exporters) <= netflow.EXPORTERS
    for number in range(5000):
        collector.read(ten(one_set(2, template(256 + number, (8, 4)))), "many")
    assert max(len(each.templates) for each in collector._exporters.values()) == netflow.TEMPLATES
    assert collector.read(ten(one_set(2, template(256, *[(8, 0)] * 9)), one_set(256, bytes(9999))), "zero") == []


def test_templates_of_all_exporters_together_are_bounded():
    collector = Collector()
    large = [template(256 + number, *[(8, 4)] * netflow.FIELDS) for number in range(60)]
    for turn in range(40):
        collector.read(ten(one_set(2, b"".join(large))), f"exporter {turn}")
        held = sum(len(each.fields) for known in collector._exporters.values() for each in known.templates.values())
        assert held == collector._fields <= netflow.MOST_FIELDS
    assert 1 < len(collector._exporters) < 40 and list(collector._exporters)[-1][0] == "exporter 39"
    for start in range(256, 1256, 60):
        collector.read(ten(one_set(2, b"".join(template(start + number, *[(8, 4)] * netflow.FIELDS)
                                               for number in range(60)))), "alone")
    assert collector._fields <= netflow.MOST_FIELDS and not collector.malformed
    assert [key[0] for key in collector._exporters] == ["alone"]


def test_fields_without_room_cost_nothing():
    collector = Collector()
    collector.read(ten(one_set(2, template(256, (4, 1), *[(8, 0)] * 200))), "x")
    assert [len(each.fields) for known in collector._exporters.values() for each in known.templates.values()] == [1]


def test_what_stands_before_a_fault_in_its_set_is_told():
    collector = Collector()
    fields = ((8, 4), (12, 4), (4, 1), (1, 4), (82, 65535))
    whole = A + B + struct.pack(">BI", 17, 100) + b"\2lo"
    message = ten(one_set(2, template(256, *fields)), one_set(256, whole + whole[:-3] + b"\xf0lo"))
    assert len(collector.read(message, "x")) == 1 and collector.malformed == 1


def test_cut_anywhere_it_says_what_stood_before():
    whole = b"".join(ours(FLOW, *[{**FLOW, "sport": port} for port in range(20)]))
    counts = [len(Collector().read(whole[:at], "x")) for at in range(0, len(whole) + 1, 7)]
    assert counts == sorted(counts) and counts[0] == 0


def capture(path: Path) -> Path:
    datagrams = [five(record_5()), nine(one_set(0, template(256, *FIELDS_9)), one_set(256, DATA_9)), *ours(FLOW)]
    ports = (2055, 2055, 4739, 4739)
    path.write_bytes(pcap([(START + number, eth(ip4(17, udp(50_000 + port, port, data))))
                           for number, (port, data) in enumerate(zip(ports, datagrams, strict=True))]))
    return path


def lines(text: str) -> list[Record]:
    return [json.loads(line) for line in text.splitlines()]


def test_captures_of_exporters(netwatch: Run, tmp_path: Path):
    path = capture(tmp_path / "x.pcap")
    found = lines(netwatch("read", path, "--exported").stdout)
    assert [flow["proto"] for flow in found] == ["tcp", "udp", "tcp", "tcp"]
    assert {flow["interface"] for flow in found} == {"192.0.2.1"} and [flow["id"] for flow in found] == [1, 2, 3, 4]
    own = lines(netwatch("read", path, "--exported", "--where", "sni == www.example.com", "--sort", "bytes:desc",
                         "--fields", "process.name,bytes_out").stdout)
    assert [(flow["process"]["name"], flow["bytes_out"]) for flow in own] == [("curl", 4000), ("curl", 900)]
    assert "198.51.100.7" in netwatch("read", path, "--exported", "--format", "table").stdout
    assert netwatch("read", path, "--exported", "--what", "dns").returncode == 2
    path.write_bytes(path.read_bytes()[:-20])
    cut = netwatch("read", path, "--exported")
    assert cut.returncode == 5 and len(lines(cut.stdout)) == 2


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def listening(port: int, *words: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([*COMMAND, "read", "--source", f"ipfix://127.0.0.1:{port}", *words], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
    ends = time.monotonic() + 30
    while f":{port:04X} " not in Path("/proc/net/udp").read_text() and time.monotonic() < ends:
        time.sleep(0.02)
    return process


@pytest.mark.skipif(not Path("/proc/net/udp").exists(), reason="needs /proc/net/udp")
def test_a_port_is_listened_at():
    port = free_port()
    process = listening(port, "--count", "4", "--fields", "id,proto,interface,app")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for data in (b"?", five(record_5()), *ours(FLOW)):
            sock.sendto(data, ("127.0.0.1", port))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and "1 of 4 export packets do not fit" in err
    assert [flow["proto"] for flow in lines(out)] == ["tcp"] * 3 and lines(out)[2]["interface"] == "127.0.0.1"
    process = listening(port)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and out == ""


def test_what_is_no_source(netwatch: Run):
    for text in ("127.0.0.1:2055", "ipfix://name:1", "http://127.0.0.1", "ipfix://127.0.0.1:99999", "ipfix://"):
        assert netwatch("read", "--source", text).returncode == 2
    assert netwatch("read", "x.pcap", "--source", "ipfix://127.0.0.1").returncode == 2


@pytest.mark.skipif(not (shutil.which("nfcapd") and shutil.which("nfreplay")), reason="needs nfdump")
@pytest.mark.parametrize("version", [5, 9])
def test_an_exporter_that_is_not_ours(tmp_path: Path, version: int):
    """nfcapd takes what our exporter says, nfreplay says it in its own words."""
    port = free_port()
    nfcapd = subprocess.Popen(["nfcapd", "-w", tmp_path, "-p", str(port), "-b", "127.0.0.1", "-t", "3600"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ends = time.monotonic() + 30
    while f":{port:04X} " not in Path("/proc/net/udp").read_text() and time.monotonic() < ends:
        time.sleep(0.02)
    flows = [{**FLOW, "id": number, "sport": 1000 + number, "bytes_out": 100 * number} for number in range(1, 41)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for data in ours(*flows):
            sock.sendto(data, ("127.0.0.1", port))
            time.sleep(0.05)
    time.sleep(0.5)
    nfcapd.terminate()
    nfcapd.wait(timeout=30)
    (file,) = [each for each in tmp_path.iterdir() if each.name.startswith("nfcapd.2")]
    port = free_port()
    process = listening(port, "--limit", "80")
    subprocess.run(["nfreplay", "-r", file, "-H", "127.0.0.1", "-p", str(port), "-v", str(version)], check=True,
                   capture_output=True, timeout=60)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    found = lines(process.communicate(timeout=60)[0])
    sent = {(flow["sport"], flow["bytes_out"], flow["packets_out"]) for flow in flows}
    assert {(flow["sport"], flow["bytes_out"], flow["packets_out"]) for flow in found if flow["dport"] == 443} == sent
    assert len(found) == 80 and all(flow["first"].startswith("2023-11-14T22:13:20.25") for flow in found)
