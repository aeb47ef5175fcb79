"""2,000 connections of 20 ms, TCP and UDP, IPv4 and IPv6, in and out, in a lab of namespaces: how many are found.

The figures of docs/processes.md come from here: `pytest -s tests/platform/test_lab.py` prints them.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import netlab
import pytest
from netwatch_command import COMMAND, until_inside

WHY = netlab.reason()
pytestmark = pytest.mark.skipif(WHY is not None, reason=WHY or "")

CONNECTIONS, LENGTH_MS = 2000, 20
KINDS = 12                     # tcp, udp connected, udp not connected; two families; two directions


@pytest.mark.parametrize(("method", "least"), [("ebpf", 0.99), ("sock_diag", 0.50)])
def test_short_connections(tmp_path: Path, method: str, least: float) -> None:
    """The observer is in one namespace and asked about its own end of each: half of them are incoming. How many of the
    outgoing a pass over the sockets meets is the machine's speed."""
    with netlab.Lab(tmp_path) as lab:
        lab.serve()
        observer = lab.observe(method, 24)
        lab.ask(CONNECTIONS // KINDS + 8, LENGTH_MS)
        found = netlab.result(observer)
        truth = {end: pid for end, pid in lab.truth().items() if end[1] in (netlab.NEAR4, netlab.NEAR6)}
    name, active, why, _ = found["status"][0]
    if not active:
        pytest.skip(f"{name}: {why}")
    ends, right, wrong = netlab.score(truth, found["answers"])
    clients = {end: pid for end, pid in truth.items() if end[2] != netlab.PORT}
    _, outgoing, _ = netlab.score(clients, found["answers"])
    print(f"\n{method}: {right} of {ends} ends right ({right / ends:.1%}), of them outgoing {outgoing} of "
          f"{len(clients)} ({outgoing / len(clients):.1%}), wrong {len(wrong)}; "
          f"tracking {found['tracking_s']:.2f} s of CPU in 24 s")
    assert ends >= CONNECTIONS
    assert wrong == []
    assert right / ends >= least


@pytest.mark.parametrize("here", ["server", "client"])
def test_both_ends_on_this_machine(tmp_path: Path, here: str) -> None:
    """Server and client are in different network namespaces of one kernel: named is the end that is where the capture
    is, never the other, whose socket has the same addresses."""
    with netlab.Lab(tmp_path) as lab:
        at, asking, address = lab.far, lab.near, netlab.FAR4
        if here == "server":
            at, asking, address = lab.near, lab.far, netlab.NEAR4
        lab.python(at, "traffic.py", "serve", address, str(netlab.PORT), str(tmp_path / "truth"))
        words = (*COMMAND, "read", "-i", lab.link, "--format", "ndjson", "--where", "tcp")
        reading = lab.start(lab.near, *words, stderr=subprocess.PIPE)
        until_inside(reading)
        client = lab.python(asking, "traffic.py", "ask", address, str(netlab.PORT), str(tmp_path / "truth"), "tcp",
                            "4", "50")
        assert client.wait(60) == 0
        time.sleep(1)
        reading.send_signal(signal.SIGINT)
        told, why = reading.communicate(timeout=60)
        truth = lab.truth()
    flows = [json.loads(line) for line in told.splitlines()]
    if any(flow["process"].get("method") != "ebpf" for flow in flows):
        pytest.skip("no eBPF here")
    assert len(flows) == 4, why
    for flow in flows:
        ends = (flow["src"], flow["sport"]), (flow["dst"], flow["dport"])
        near, far = ends[::-1] if here == "server" else ends
        assert flow["process"]["pid"] == truth[6, *near, *far]
