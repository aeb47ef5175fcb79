"""`netwatch stats`: sums that are known, every format, options that have no use, tables that fit."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, Run

from netwatch.stats.flows import Conversations, Endpoints
from netwatch.stats.hosts import Hosts
from netwatch.stats.topics import TOPICS

CAPTURES = ROOT / "tests" / "captures"


def rows(netwatch: Run, *words: object) -> list[dict[str, Any]]:
    done = netwatch("stats", *words, "--format", "ndjson")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_conversations(netwatch: Run, pcap: Path) -> None:
    found = rows(netwatch, "conversations", pcap)
    assert [(row["proto"], row["dport"], row["packets"]) for row in found] == [("tcp", 80, 9), ("udp", 53, 2)]
    for row in found:
        assert row["schema"] == "netwatch.conversation/1"
        assert row["packets"] == row["packets_out"] + row["packets_in"]
        assert row["bytes"] == row["bytes_out"] + row["bytes_in"]


def test_conversations_are_the_sum_of_flows(netwatch: Run) -> None:
    """Of a capture in which ports are used again, by whatever number of engines."""
    path = CAPTURES / "http.pcap"
    flows = [json.loads(line) for line in netwatch("read", path, "--where", "tcp").stdout.splitlines()]
    found = rows(netwatch, "conversations", path, "--type", "tcp")
    assert sum(row["flows"] for row in found) == len(flows) > 0
    assert sum(row["bytes"] for row in found) == sum(flow["bytes_out"] + flow["bytes_in"] for flow in flows)
    assert found == rows(netwatch, "conversations", path, "--type", "tcp", "--workers", 3)


def test_types(netwatch: Run, pcap: Path) -> None:
    assert [row["proto"] for row in rows(netwatch, "conversations", pcap, "--type", "udp,ip")] == ["ip", "udp"]
    assert rows(netwatch, "conversations", pcap, "--type", "sctp") == []


def test_endpoints(netwatch: Run, pcap: Path) -> None:
    found = rows(netwatch, "endpoints", pcap)
    assert sum(row["bytes_sent"] for row in found) == sum(row["bytes_received"] for row in found)
    assert all(row["packets"] == row["packets_sent"] + row["packets_received"] for row in found)
    assert all("port" in row for row in rows(netwatch, "endpoints", pcap, "--type", "tcp"))


def test_protocols(netwatch: Run, pcap: Path) -> None:
    found = {row["path"]: row["packets"] for row in rows(netwatch, "protocols", pcap)}
    assert found["eth"] == found["eth:ip"] == 11
    assert (found["eth:ip:tcp"], found["eth:ip:udp"], found["eth:ip:udp:dns"]) == (9, 2, 2)
    assert 0 < found["eth:ip:tcp:http"] < 9


@pytest.mark.parametrize("interval", ["1s", "1ms", "10ms"])
def test_intervals(netwatch: Run, pcap: Path, interval: str) -> None:
    found = rows(netwatch, "io", pcap, "--interval", interval)
    assert sum(row["packets"] for row in found) == 11
    starts = [row["start"] for row in found]
    assert starts == sorted(starts) and starts[0] == 0


def test_dns(netwatch: Run, pcap: Path) -> None:
    found = {(row["group"], row["item"]): row for row in rows(netwatch, "dns", pcap)}
    assert found["message", "query"]["count"] == found["message", "response"]["count"] == 1
    assert found["rcode", "NOERROR"]["mean_us"] == found["message", "response"]["max_us"] > 0


def test_http(netwatch: Run, pcap: Path) -> None:
    found = {(row["group"], row["item"]): row["count"] for row in rows(netwatch, "http", pcap)}
    assert found["message", "request"] == found["message", "response"] == found["class", "2xx"] == 1


def test_tls(netwatch: Run) -> None:
    path = CAPTURES / "https.pcap"
    wanted = [json.loads(line)["tls"] for line in netwatch("read", path, "--what", "tls").stdout.splitlines()]
    found = {(row["group"], row["item"]): row["count"] for row in rows(netwatch, "tls", path)}
    assert sum(n for (group, _), n in found.items() if group == "version") == len(wanted) > 0


def test_expert(netwatch: Run, pcap: Path) -> None:
    found = {row["summary"]: row for row in rows(netwatch, "expert", pcap)}
    assert found["connection request (SYN)"]["count"] == found["connection accepted (SYN ACK)"]["count"] == 1
    assert found["connection request (SYN)"]["frame"] < found["connection accepted (SYN ACK)"]["frame"]


def test_round_trips(netwatch: Run, pcap: Path) -> None:
    flow = json.loads(netwatch("read", pcap, "--where", "tcp").stdout)
    (row,) = rows(netwatch, "rtt", pcap)
    assert row["min_us"] == row["median_us"] == row["p95_us"] == row["max_us"] == flow["rtt_us"]
    assert sum(row["spread"]) == row["flows"] == 1


def test_groups(netwatch: Run, pcap: Path) -> None:
    found = rows(netwatch, "flows", pcap, "--by", "proto,app", "--sum", "bytes_out,packets")
    assert {(row["proto"], row["app"], row["packets"]) for row in found} == {("tcp", "http", 9), ("udp", "dns", 2)}
    assert set(found[0]) == {"schema", "proto", "app", "flows", "bytes_out", "packets"}


@pytest.mark.parametrize("topic", TOPICS)
def test_filter(netwatch: Run, pcap: Path, topic: str) -> None:
    """What passes is counted, and nothing else; what passes always is what is counted without."""
    assert rows(netwatch, topic, pcap, "--where", "port == 1") == []
    assert rows(netwatch, topic, pcap, "--where", "port in {80, 53}") == rows(netwatch, topic, pcap)


@pytest.mark.parametrize("topic", TOPICS)
def test_formats_agree(netwatch: Run, pcap: Path, topic: str) -> None:
    lines = rows(netwatch, topic, pcap)
    assert json.loads(netwatch("stats", topic, pcap, "--format", "json").stdout) == lines
    table = list(csv.DictReader(io.StringIO(netwatch("stats", topic, pcap, "--format", "csv").stdout)))
    assert len(table) == len(lines)
    assert {key for line in lines for key in line} == {*(table[0] if table else ()), *(["schema"] * bool(lines))}


def test_order_and_top(netwatch: Run, pcap: Path) -> None:
    found = rows(netwatch, "conversations", pcap, "--sort", "bytes")
    assert [row["proto"] for row in found] == ["udp", "tcp"]
    done = netwatch("stats", "conversations", pcap, "--top", 1)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == "netwatch: conversations: 1 of 2 rows\n"
    assert "1 more rows" in netwatch("stats", "conversations", pcap, "--top", 1, "--format", "table").stdout


@pytest.mark.parametrize(("words", "message"), [
    (["conversation"], "did you mean conversations"), (["nothing"], "there are conversations"),
    (["io", "--interval", "soon"], "--interval soon"), (["io", "--interval", "0s"], "--interval 0s"),
    (["dns", "--interval", "1s"], "goes with io"), (["io", "--by", "app"], "goes with flows"),
    (["io", "--type", "tcp"], "goes with conversations and endpoints"),
    (["flows", "--by", "appq"], "did you mean app"), (["flows", "--sum", "sni"], "not a quantity"),
    (["flows", "--by", ""], "needs a field"), (["conversations", "--type", ""], "needs a kind"),
    (["conversations", "--sort", "bites"], "did you mean bytes"), (["io", "--sort", "start:up"], "asc or desc"),
])
def test_mistakes(netwatch: Run, pcap: Path, words: list[str], message: str) -> None:
    done = netwatch("stats", words[0], pcap, *words[1:])
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_options_stand_anywhere(netwatch: Run, pcap: Path) -> None:
    found = rows(netwatch, "io", pcap, "--interval", "1ms")
    assert rows(netwatch, "io", "--interval", "1ms", pcap) == found
    assert rows(netwatch, "--interval", "1ms", "io", pcap) == found


def test_help_fits(netwatch: Run) -> None:
    done = netwatch("stats", "--help")
    assert done.returncode == 0 and max(map(len, done.stdout.splitlines())) <= 80


def test_no_file(netwatch: Run) -> None:
    assert netwatch("stats", "io", "/no/such.pcap").returncode == 4


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("topic", TOPICS)
def test_tables_fit_the_terminal(topic: str, columns: int) -> None:
    """No line is longer than the terminal is wide."""
    lead, end = pty.openpty()
    os.set_blocking(lead, False)
    path = CAPTURES / ("https.pcap" if topic == "tls" else "http.pcap" if topic == "http" else "dns.pcap")
    subprocess.run([*COMMAND, "stats", topic, path], stdout=end, check=True,
                   env={**ENVIRONMENT, "COLUMNS": str(columns)})
    lines = os.read(lead, 65536).decode().splitlines()
    os.close(lead)
    os.close(end)
    assert lines and max(map(len, lines)) <= columns, lines


def test_hosts_beyond_the_bound_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hosts, "most", 3)
    statistic = Hosts()
    for n in range(5):
        statistic.add({"proto": "udp", "src": f"10.0.0.{n}", "dst": "10.0.0.0", "bytes_out": n, "bytes_in": 1})
    (table,) = statistic.tables()
    assert [(row["address"], row["bytes_sent"], row["bytes_received"]) for row in table.rows] == [
        ("10.0.0.0", 1 + 4, 1 + 2 + 3 + 4 + 1), ("10.0.0.2", 2, 1), ("10.0.0.1", 1, 1)]
    assert table.words == ["beyond 3 groups flows are not told apart: 2 of them are left out"]


@pytest.mark.parametrize("kind", [Conversations, Endpoints])
def test_many_pairs_take_little_memory(kind: type[Conversations]) -> None:
    """They are numbers in arrays, and rows are made when they are written: half a million are 110 MB."""
    many = 4_000
    statistic = kind(())
    tracemalloc.start()
    try:
        for i in range(many):
            statistic.add({"id": i + 1, "proto": "udp", "src": f"10.0.{i >> 8}.{i & 255}", "sport": 1024 + i,
                           "dst": "192.0.2.1", "dport": 53, "packets_out": 1, "bytes_out": 81, "packets_in": 0,
                           "bytes_in": 0, "first": f"2023-11-14T22:13:{i % 60:02d}.{i:09d}Z",
                           "last": f"2023-11-14T22:14:{i % 60:02d}.{i:09d}Z"})
        (table,) = statistic.tables()
        assert sum(row["bytes"] for row in table.rows) == 81 * many * (1 + (kind is Endpoints))
        assert tracemalloc.get_traced_memory()[1] < 700 * many
    finally:
        tracemalloc.stop()
