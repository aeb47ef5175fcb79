"""2,000 connections of 20 ms, TCP and UDP, IPv4 and IPv6, in and out, in a lab of namespaces: how many are found.

The figures of docs/processes.md come from here: `pytest -s tests/platform/test_lab.py` prints them.
"""

from __future__ import annotations

from pathlib import Path

import netlab
import pytest

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
