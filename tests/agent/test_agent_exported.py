"""`netwatch agent --exported`: what exporters tell of, in what the agent captures, goes where its own flows go."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from agentspace import Space, needs, records, until
from netwatch_command import ROOT

sys.path += [str(ROOT / "tests" / "sources"), str(ROOT / "tests" / "proto"), str(ROOT / "tests" / "engine")]
from test_agent import collector
from test_collect import five, record_5
from test_sampled import datagrams

SEND = """import socket, sys, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
    for word in sys.argv[2:]:
        out.sendto(bytes.fromhex(word), ("127.0.0.1", int(sys.argv[1])))
        time.sleep(0.02)
"""


@needs("ip")
def test_flows_of_exporters_are_told(space: Space, tmp_path: Path) -> None:
    log = tmp_path / "events.ndjson"
    agent = space.agent("--log", log, "--exported", "--where", "interface != lo")
    space.run(sys.executable, "-c", SEND, 2055, five(record_5()).hex())
    until(lambda: len(records(log)) == 1)
    space.run(sys.executable, "-c", SEND, 6343, *(each.hex() for each in datagrams()))
    space.over(agent)
    flows = records(log)
    assert {flow["schema"] for flow in flows} == {"netwatch.flow/1"}
    assert flows[0]["interface"] == "127.0.0.1" and {flow["interface"] for flow in flows[1:]} == {"192.0.2.1 7"}
    assert {"TLS api.example.com", "DNS A www.example.com"} <= {flow.get("label") for flow in flows}
    assert [flow["id"] for flow in flows] == list(range(1, len(flows) + 1))


@needs("ip", "curl")
def test_what_the_agent_sends_is_not_told(space: Space, tmp_path: Path) -> None:
    """It captures its own connections to a collector; those of others to the same one are told of."""
    got, log = collector(space), tmp_path / "events.ndjson"
    agent = space.agent("--log", log, "--push", "http://127.0.0.1:8088/ingest", "--set", "agent.push_every_s=1",
                        "--what", "flows,http,events")
    until(lambda: len(records(got)) >= 3)
    time.sleep(1)
    assert records(log) == []
    space.run("curl", "-s", "-d", "{}", "http://127.0.0.1:8088/others")
    until(lambda: any(each["schema"] == "netwatch.http/1" for each in records(log)))
    space.over(agent)
    told = [each for each in records(log) if each["schema"] == "netwatch.flow/1"]
    assert [each["process"]["name"] for each in told] == ["curl"]  # type: ignore[index]
    assert {each["path"] for each in records(log) if each["schema"] == "netwatch.http/1"} == {"/others"}
