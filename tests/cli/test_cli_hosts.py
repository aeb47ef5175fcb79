"""`netwatch hosts` and `stats processes`: who is in a capture, and which programs."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import pytest
from netwatch_command import ROOT, Run

from netwatch.stats.hosts import MOST_WORDS, Hosts, Processes

TOUR = ROOT / "docs" / "tour.pcap"
FLOW = {"id": 1, "proto": "tcp", "src": "10.0.0.1", "sport": 5, "dst": "10.0.0.2", "dport": 80, "packets_out": 3,
        "packets_in": 2, "bytes_out": 300, "bytes_in": 1000, "first": "2026-01-02T00:00:00.000000000Z",
        "last": "2026-01-02T00:00:01.000000000Z", "tcp_flags_in": ["SYN", "ACK"], "ttl": 60, "app": "http"}


def rows(done: Any) -> dict[str, dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return {row["address"]: row for row in map(json.loads, done.stdout.splitlines())}


def host_rows(*flows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    hosts = Hosts()
    for flow in flows:
        hosts.add(FLOW | flow)
    table = hosts.tables()[0]
    return {row["address"]: table.record(row) for row in table.rows}


def test_the_hosts_of_the_tour(netwatch: Run) -> None:
    found = rows(netwatch("hosts", TOUR))
    server, client = found["192.0.2.10"], found["192.0.2.1"]
    assert {"www.example.com", "api.example.com"} <= set(server["names"])
    assert server["services"] == ["53/udp dns", "80/tcp http", "443/tcp tls"]
    assert server["mac"] == "16:aa:3a:6f:ff:00" and client["mac"] == "36:29:b0:33:6d:0b"
    assert "services" not in client and client["ttl"] == 64 and "Linux" in client["system"]
    assert "system" not in found["fe80::14aa:3aff:fe6f:ff00"], "neighbour discovery begins with 255 everywhere"
    assert not any(ip_address(address).is_multicast for address in found)


def test_sums_are_those_of_endpoints(netwatch: Run) -> None:
    ends = rows(netwatch("stats", "endpoints", TOUR, "--where", "not arp"))
    for address, row in rows(netwatch("hosts", TOUR, "-Y", "not arp")).items():
        for key in ("flows", "packets", "bytes", "bytes_sent", "bytes_received"):
            assert row[key] == ends[address][key], (address, key)


def test_hosts_is_a_topic_with_its_options(netwatch: Run) -> None:
    assert netwatch("hosts", TOUR, "--top", 1).stdout == netwatch("stats", "hosts", TOUR, "--top", 1).stdout
    assert netwatch("hosts", TOUR, "--by", "app").returncode == 2
    assert netwatch("hosts", TOUR, "--format", "csv").stdout.startswith("address,")


@pytest.mark.parametrize("kind", ["hosts", "processes"])
@pytest.mark.parametrize("where", [[], ["--where", "port == 53"]], ids=["all", "some"])
@pytest.mark.same
def test_read_tells_the_same(netwatch: Run, kind: str, where: list[str]) -> None:
    """Record by record, whatever else is read and however it is shown."""
    told = netwatch("stats", kind, TOUR, *where).stdout
    assert told
    assert netwatch("read", TOUR, "--what", kind, *where).stdout == told
    beside = netwatch("read", TOUR, "--what", f"flows,{kind},dns,tls,summary", "--workers", 3, *where).stdout
    assert [line for line in beside.splitlines() if f'"netwatch.{kind.removesuffix("s").removesuffix("e")}' in line] \
        == told.splitlines()
    asked = netwatch("read", TOUR, "--what", kind, "--format", "csv", "--fields", "bytes,first", *where).stdout
    assert asked.splitlines()[1:] == [f"{row['bytes']},{row['first']}" for row in map(json.loads, told.splitlines())]
    assert netwatch("read", TOUR, "--what", kind, "--format", "json", "--sort", "bytes", "--limit", 1, *where).stdout


def test_hosts_have_fields_of_their_own(netwatch: Run) -> None:
    told = netwatch("read", TOUR, "--what", "hosts", "--sort", "address:desc", "--fields", "address", "--format", "csv")
    found = [ip_address(line) for line in told.stdout.splitlines()[1:]]
    assert found == sorted(found, key=lambda each: (each.version, int(each)), reverse=True)
    wrong = netwatch("read", TOUR, "--what", "hosts", "--fields", "adress")
    assert wrong.returncode == 2 and "did you mean address?" in wrong.stderr
    assert "names" in netwatch("read", TOUR, "--what", "hosts", "--format", "table").stdout.splitlines()[0]


def test_what_is_refused_is_no_service() -> None:
    assert host_rows({})["10.0.0.2"]["services"] == ["80/tcp http"]
    assert "services" not in host_rows({"tcp_flags_in": ["RST", "ACK"]})["10.0.0.2"]
    assert "services" not in host_rows({"packets_in": 0})["10.0.0.2"]


def test_systems_are_hints_of_ttl_or_of_programs() -> None:
    for ttl, words in ((57, "Linux"), (128, "Windows"), (100, "Windows"), (240, "network device"),
                       (10, None), (80, None)):
        assert (words or "None") in str(host_rows({"ttl": ttl})["10.0.0.1"].get("system"))
    agent = {"http": {"user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"}, "ttl": 64}
    assert host_rows(agent)["10.0.0.1"]["system"] == "Windows"


def test_names_are_bounded_and_the_rest_is_told() -> None:
    row = host_rows(*({"name": {"host": f"{k}.example"}} for k in range(MOST_WORDS + 5)))["10.0.0.2"]
    assert len(row["names"]) == MOST_WORDS and row["more_names"] == 5


def test_processes() -> None:
    found = Processes()
    for flow in ({"process": {"name": "a", "pid": 3, "user": "u"}}, {"process": {"name": "a", "pid": 3}}, {}):
        found.add(FLOW | flow)
    known, unknown = found.tables()[0].rows
    assert (known["name"], known["pid"], known["flows"], known["bytes"]) == ("a", 3, 2, 2600)
    assert unknown["name"] is None and unknown["bytes_in"] == 1000
