"""Talks of HTTP, SMTP, PostgreSQL and Redis over a link that loses 2 % of the packets, told from the capture as it is,
from one whose frames come twice or out of order, and from one that lacks 2 % of its frames: at least 98 % of what was
captured whole is told, and nothing is paired wrongly. NETWATCH_LOSSY is how many talks there are of each protocol."""

from __future__ import annotations

import os
import random
import re
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from running import Result, run_capture

from tests.live.lossy_peers import status_of

HERE = Path(__file__).resolve().parent
COUNT = int(os.environ.get("NETWATCH_LOSSY", "100"))
NEAR, FAR = "192.0.2.1", "192.0.2.2"
TOOLS = ("ip", "nft", "tcpdump")
LOSE = "table inet loss {{ chain in {{ type filter hook input priority 0; numgen random mod 50 == 0 drop; }}; }}"
REASON = "network namespaces are made as root on Linux" if sys.platform != "linux" or os.geteuid() else \
    " ".join(["not installed:", *missing]) if (missing := [tool for tool in TOOLS if not shutil.which(tool)]) else ""
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)
LEAST = 0.98
# what a talk's number stands behind, in what is asked and in what is answered
MARKS = re.compile(rb"GET /(\d+) |X-Number: (\d+)\r|FROM:<from(\d+)@|TO:<to(\d+)@|user\0user(\d+)\0|SELECT (\d+)\0|"
                   rb"\0C(\d{5})\0|\nkey(\d+)\r|ERR no (\d+)\r")
HTTP, SMTP, PG, REDIS = (1, 2), (3, 4), (5, 6, 7), (8, 9)
Frame = tuple[bytes, bytes]  # the head of its record, and it


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[bytes, list[Frame]]]:
    """The head of the capture, and its frames."""
    path = tmp_path_factory.mktemp("lossy") / "lossy.pcap"
    number = os.getpid() % 10000
    near, far, link = f"nwln{number}", f"nwlf{number}", f"nwl{number}"
    running: list[subprocess.Popen[str]] = []

    def inside(space: str, *words: str) -> list[str]:
        return ["ip", "netns", "exec", space, *words]

    def start(space: str, *words: str, until: str) -> None:
        program = subprocess.Popen(inside(space, *words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        running.append(program)
        assert program.stdout
        while until not in (line := program.stdout.readline()):
            assert line, f"{words[0]} ended"

    try:
        for space in (near, far):
            subprocess.run(["ip", "netns", "add", space], check=True)
        subprocess.run(["ip", "link", "add", link, "netns", near, "type", "veth", "peer", "name", link, "netns", far],
                       check=True)
        for space, address in ((near, NEAR), (far, FAR)):
            subprocess.run(["ip", "-n", space, "addr", "add", f"{address}/24", "dev", link], check=True)
            subprocess.run(["ip", "-n", space, "link", "set", link, "up"], check=True)
            subprocess.run(inside(space, "nft", "-f", "-"), input=LOSE.format(), text=True, check=True)
        start(far, sys.executable, str(HERE / "lossy_peers.py"), "serve", FAR, until="ready")
        start(near, "tcpdump", "-i", link, "-s", "0", "-U", "-B", "65536", "-w", str(path), "tcp", until="listening")
        subprocess.run(inside(near, sys.executable, str(HERE / "lossy_peers.py"), "ask", FAR, str(COUNT)), check=True,
                       timeout=600)
        time.sleep(1)
        yield split(path.read_bytes())
    finally:
        for program in running:
            program.terminate()
            program.wait(10)
        for space in (near, far):
            subprocess.run(["ip", "netns", "del", space], check=False)


def split(data: bytes) -> tuple[bytes, list[Frame]]:
    at, found = 24, []
    while at + 16 <= len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        found.append((data[at : at + 16], data[at + 16 : at + 16 + size]))
        at += 16 + size
    return data[:24], found


def as_captured(frames: list[Frame], _rng: random.Random) -> list[Frame]:
    return frames


def shuffled(frames: list[Frame], rng: random.Random) -> list[Frame]:
    """Two of a hundred come twice, two change places with the next; each record keeps its own time's place."""
    bodies: list[bytes] = []
    for _, body in frames:
        bodies += [body, body] if rng.random() < 0.02 else [body]
    for at in range(len(bodies) - 1):
        if rng.random() < 0.02:
            bodies[at], bodies[at + 1] = bodies[at + 1], bodies[at]
    heads = [head for head, _ in frames] + [frames[-1][0]] * (len(bodies) - len(frames))
    return [(head[:8] + struct.pack("<II", len(body), len(body)), body)
            for head, body in zip(heads, bodies, strict=True)]


def lacking(frames: list[Frame], rng: random.Random) -> list[Frame]:
    return [frame for frame in frames if rng.random() >= 0.02]


def captured(frames: list[Frame]) -> dict[str, set[int]]:
    """The numbers of the talks of which all marks were captured."""
    seen: dict[int, set[int]] = {group: set() for group in range(1, 10)}
    for _, body in frames:
        for found in MARKS.finditer(body):
            assert found.lastindex
            seen[found.lastindex].add(int(found[found.lastindex]))
    return {name: set.intersection(*(seen[group] for group in groups))
            for name, groups in (("http", HTTP), ("smtp", SMTP), ("postgresql", PG), ("redis", REDIS))}


def numbers(*texts: str) -> set[int]:
    return {int(digits) for text in texts for digits in re.findall(r"\d+", text)}


def told(result: Result) -> dict[str, list[set[int]]]:
    """Of every protocol and pair that is told whole, the numbers that stand in it: one, when it is right."""
    pairs: dict[str, list[set[int]]] = {name: [] for name in ("http", "smtp", "postgresql", "redis")}
    for record in result.by_kind["http"]:
        if "path" in record and "status" in record:
            number = int(record["path"][1:])
            pairs["http"].append({number} if record["status"] == status_of(number) else {number, -record["status"]})
    for flow in result.flows:
        app = flow.get("app")
        obj = flow.get(app or "", {})
        if app == "smtp" and "from" in obj and "to" in obj:
            pairs[app].append(numbers(*obj["from"], *obj["to"]))
        elif app == "postgresql" and "user" in obj and "queries" in obj and "sqlstate" in obj:
            pairs[app].append(numbers(obj["user"], *obj["queries"], obj["sqlstate"]))
        elif app == "redis" and "key" in obj and "error" in obj:
            pairs[app].append(numbers(obj["key"], obj["error"]))
    return pairs


@pytest.mark.parametrize("how", [as_captured, shuffled, lacking])
@pytest.mark.parametrize("kinds", [("flows", "http"), ("flows", "http", "streams", "packets")])
def test_what_was_captured_is_told(frames: tuple[bytes, list[Frame]], kinds: tuple[str, ...],
                                   how: Callable[[list[Frame], random.Random], list[Frame]]) -> None:
    head, own = frames
    kept = how(own, random.Random(COUNT))
    pairs = told(run_capture(head + b"".join(record + body for record, body in kept), kinds))
    whole = captured(kept)
    for name, found in pairs.items():
        assert all(len(one) == 1 for one in found), (name, [one for one in found if len(one) != 1])
        right = set().union(*found) & whole[name]
        print(f"{how.__name__}, {name}: {len(whole[name])} of {COUNT} captured whole, {len(right)} told")
        assert len(right) >= LEAST * len(whole[name]), (name, sorted(whole[name] - right)[:20])
        assert how is lacking or len(whole[name]) == COUNT
