"""--where: what a filter asks of each kind of record, and what is said when nothing passes."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from netwatch_command import ROOT, Run
from netwatch_terminal import said_to_a_terminal

TOUR = ROOT / "docs" / "tour.pcap"


def records(done: Any) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_answer_is_not_its_querys(netwatch: Run) -> None:
    for name in ("NOERROR", "NXDOMAIN", "REFUSED"):
        rows = records(netwatch("read", TOUR, "--what", "dns", "--where", f"rcode == {name}"))
        assert all(row["qr"] == "response" and row["rcode"] == name for row in rows)
    assert records(netwatch("read", TOUR, "--what", "dns", "--where", "qr == query and rcode")) == []
    assert records(netwatch("read", TOUR, "--what", "dns", "--where", "not rcode"))


def test_a_flow_has_had_any_of_its_responses(netwatch: Run) -> None:
    """Some flow of our captures had several codes; each of them finds it."""
    for path in sorted((ROOT / "tests" / "captures").glob("*dns*.pcap")):
        flows = {flow["id"]: flow for flow in records(netwatch("read", path))}
        rcodes: dict[int, set[str]] = {}
        for row in records(netwatch("read", path, "--what", "dns", "--where", "rcode and transport in {udp, tcp}")):
            rcodes.setdefault(row["flow"], set()).add(row["rcode"])
        for name in sorted(set().union(*rcodes.values())):
            found = {flow["id"] for flow in records(netwatch("read", path, "--where", f"dns.rcode == {name} or "
                                                             f"dns.rcodes == {name}"))}
            assert found == {number for number, codes in rcodes.items() if name in codes and "dns" in flows[number]}


@pytest.mark.parametrize(("kind", "where"), [
    ("flows", "sport > dport"), ("flows", "bytes_in > bytes_out"), ("packets", "len > caplen"), ("flows", "not app"),
    ("packets", "sport == dport"), ("http", "response_bytes > request_bytes"), ("flows", "http"), ("packets", "tls"),
    ("dns", "udp"), ("http", "tcp port 80"), ("packets", "icmp6"), ("packets", "dst port 443 and src net 192.0.2.0/24"),
])
def test_conditions_of_every_kind(netwatch: Run, kind: str, where: str) -> None:
    """Those that pass and those that do not are all."""
    everything = records(netwatch("read", TOUR, "--what", kind))
    passing, others = (records(netwatch("read", TOUR, "--what", kind, "--where", text))
                       for text in (where, f"not ({where})"))
    assert len(passing) + len(others) == len(everything)
    assert [row for row in everything if row in passing] == passing


@pytest.mark.parametrize(("words", "said"), [
    (["--what", "summary", "--where", "port == 53"], "the summary is of all packets"),
    (["--what", "packets", "--where", "tcp_flags_in == SYN"],
     "tcp_flags_in is of flow records; packet records have not got it"),
    (["--what", "http", "--where", "http2.method == GET"], "http records have not got it"),
    (["--where", "qr == query"], "no field is called 'qr'"), (["--exit-status"], "--exit-status goes with --where"),
    (["--where", "sni contans x"], "did you mean contains?"),
])
def test_what_cannot_be_asked(netwatch: Run, words: list[str], said: str) -> None:
    done = netwatch("read", TOUR, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def at_a_terminal(*words: str) -> tuple[int, str]:
    """Exit code and what standard error says there."""
    return said_to_a_terminal("read", str(TOUR), *words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def test_nothing_passed() -> None:
    code, said = at_a_terminal("--where", "port == 1")
    assert (code, "0 of 11 flows matched" in said) == (0, True), said
    code, said = at_a_terminal("--where", "port == 1", "--exit-status", "--what", "packets")
    assert (code, "0 of 47 packets matched" in said) == (1, True), said
    code, said = at_a_terminal("--where", "port == 53", "--exit-status")
    assert (code, said) == (0, "")
