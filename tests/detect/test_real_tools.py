"""Tools that scan, flood, tunnel and guess, in namespaces: what they do is told, and what only resembles it is not."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from netwatch_command import Run
from pair import ME, ME6, YOU, YOU6, Pair, lacking

Act = Callable[[Pair], None]
NMAP = ("nmap", "-n", "-Pn", "--max-retries", "1")
CALLS = """
import socket, sys, time
host, port, times, pause = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
for _ in range(times):
    s = socket.create_connection((host, port)); s.sendall(b"x" * 2000); s.recv(65536); s.close(); time.sleep(pause)
"""


def scan(*words: str, to: str = YOU, ports: int = 120) -> Act:
    def act(pair: Pair) -> None:
        pair.listen(22, 80)
        pair.run(*NMAP, *words, "-p", f"1-{ports}", to)

    return act


def flood(pair: Pair) -> None:
    pair.listen(80)
    pair.run("hping3", "-S", "-p", "80", "-i", "u1000", "-c", "2500", "-q", "--rand-source", YOU)
    time.sleep(4)


def hping_scan(pair: Pair) -> None:
    pair.run("hping3", "--scan", "1-100", "-S", YOU)


def iodine(pair: Pair) -> None:
    pair.start(pair.far, "iodined", "-f", "-c", "-P", "secret", "10.53.0.1", "t.lab.example")
    time.sleep(1)
    pair.start(pair.near, "iodine", "-f", "-r", "-P", "secret", YOU, "t.lab.example")
    time.sleep(8)
    pair.run("ping", "-c", "20", "-i", "0.1", "-s", "600", "10.53.0.1")


def hydra(pair: Pair) -> None:
    server = ("import http.server as h\n"
              "class H(h.BaseHTTPRequestHandler):\n"
              "    def do_GET(self):\n"
              "        self.send_response(401); self.send_header('WWW-Authenticate', 'Basic realm=x')\n"
              "        self.send_header('Content-Length', '0'); self.end_headers()\n"
              "h.ThreadingHTTPServer(('', 8080), H).serve_forever()\n")
    pair.start(pair.far, sys.executable, "-c", server)
    time.sleep(1)
    pair.run("hydra", "-I", "-l", "admin", "-x", "2:2:a", "-t", "4", "-s", "8080", YOU, "http-get", "/")


def calls(times: int, pause: float) -> Act:
    def act(pair: Pair) -> None:
        pair.listen(443)
        pair.run(sys.executable, "-c", CALLS, YOU, "443", str(times), str(pause))

    return act


def pings(pair: Pair) -> None:
    pair.run("ping", "-c", "40", "-i", "0.1", YOU)


def one_port_is_looked_at(pair: Pair) -> None:
    """As a monitor does: the same closed and open ports again and again."""
    pair.listen(80)
    for _ in range(6):
        pair.run(*NMAP, "-sT", "-p", "80,443,8080", YOU)


MUST: dict[str, tuple[tuple[str, ...], str, Act]] = {
    "nmap -sS": (("nmap",), "port_scan", scan("-sS")),
    "nmap -sT": (("nmap",), "port_scan", scan("-sT")),
    "nmap -sU": (("nmap",), "port_scan", scan("-sU", "--min-rate", "50", ports=60)),
    "nmap -sF": (("nmap",), "port_scan", scan("-sF")),
    "nmap -sX": (("nmap",), "port_scan", scan("-sX")),
    "nmap -sN": (("nmap",), "port_scan", scan("-sN")),
    "nmap -sA": (("nmap",), "port_scan", scan("-sA")),
    "nmap -T2": (("nmap",), "port_scan", scan("-sS", "-T2", ports=40)),
    "nmap -6": (("nmap",), "port_scan", scan("-6", "-sS", to=YOU6)),
    "nmap -D": (("nmap",), "port_scan", scan("-sS", "-D", "203.0.113.5,203.0.113.6,ME")),
    "hping3 --scan": (("hping3",), "port_scan", hping_scan),
    "hping3 flood": (("hping3",), "syn_flood", flood),
    "iodine": (("iodine", "iodined"), "dns_tunnel", iodine),
    "hydra http": (("hydra",), "brute_force", hydra),
}
MUST_NOT: dict[str, tuple[tuple[str, ...], Act]] = {
    "a burst of a browser": ((), calls(200, 0)),
    "jobs that call again and again": ((), calls(60, 0.1)),
    "pings of a monitor": (("ping",), pings),
    "ports that are looked at": (("nmap",), one_port_is_looked_at),
}


def told(netwatch: Run, pair: Pair) -> list[dict[str, object]]:
    lines = netwatch("read", pair.file, "--what", "alerts", "--format", "ndjson").stdout.splitlines()
    return [record for record in map(json.loads, lines) if record["kind"] != "new_device"]


@pytest.mark.parametrize("name", MUST)
def test_what_the_tool_does_is_told(name: str, netwatch: Run, tmp_path: Path) -> None:
    programs, kind, act = MUST[name]
    if why := lacking(*programs):
        pytest.skip(why)
    with Pair(tmp_path) as pair:
        act(pair)
        pair.settle()
    found = told(netwatch, pair)
    assert kind in {each["kind"] for each in found}, (pair.said, found)
    assert {each["kind"] for each in found} <= {kind, "cleartext"}, found
    if kind == "port_scan":
        assert {each["src"] for each in found} & {ME, ME6}


@pytest.mark.parametrize("name", MUST_NOT)
def test_what_only_resembles_it_is_not(name: str, netwatch: Run, tmp_path: Path) -> None:
    programs, act = MUST_NOT[name]
    if why := lacking(*programs):
        pytest.skip(why)
    with Pair(tmp_path) as pair:
        act(pair)
        pair.settle()
    assert told(netwatch, pair) == []
