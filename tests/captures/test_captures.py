"""Captures of real programs (scenarios/): each flow gets the right name and no other, and the records that lie beside.

NETWATCH_GOLDEN=1 rewrites the records. A changed golden file is a changed product: look at the difference first.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from golden_file import same_records
from scenarios import SCENARIOS, Scenario

from netwatch._fast.dpi import app_names
from netwatch.cli import run

HERE = Path(__file__).resolve().parent
CAPTURES = sorted(HERE.glob("*.pcap"))
WORDS = ["--what", "flows,dns,http,tls,summary", "--format", "ndjson"]
LARGEST, ALL_TOGETHER = 60_000, 1_500_000  # bytes
KEY_LINE = re.compile(r"[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]{64,128}")
OURS = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "fc00::/7", "fe80::/10", "224.0.0.0/4", "ff00::/8")]
OURS += [ipaddress.ip_network(text) for text in ("0.0.0.0/32", "255.255.255.255/32", "::/128")]


def told(capsys: pytest.CaptureFixture[str], name: str, *more: str) -> str:
    assert run(["read", name, *WORDS, *more]) == 0
    return capsys.readouterr().out


@pytest.mark.usefixtures("nothing_of_this_machine")
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_records(path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    same_records(path, partial(told, capsys))


def flows(name: str, capsys: pytest.CaptureFixture[str], what: str = "flows") -> list[dict[str, Any]]:
    assert run(["read", str(HERE / f"{name}.pcap"), "--what", what, "--format", "ndjson"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_names(scenario: Scenario, capsys: pytest.CaptureFixture[str]) -> None:
    named = {app for flow in flows(scenario.name, capsys) for app in flow.get("app_stack", ())}
    assert named <= set(scenario.apps), "a flow is called what it is not"
    unread = set(scenario.apps) - set(app_names()) - named
    if unread:
        pytest.skip(f"not read yet: {' '.join(sorted(unread))}")
    assert named == set(scenario.apps), "a flow is not recognised"


@pytest.mark.parametrize("name", SCENARIOS)
def test_only_addresses_of_the_lab(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    ends = {flow[end] for flow in flows(name, capsys) for end in ("src", "dst") if end in flow}
    assert ends and not [end for end in ends if not any(ipaddress.ip_address(end) in net for net in OURS)]


def test_each_scenario_has_its_capture_and_each_capture_its_scenario() -> None:
    assert sorted(SCENARIOS) == sorted(path.stem for path in CAPTURES)
    assert {path.stem for path in HERE.glob("*.ndjson")} == set(SCENARIOS)
    assert {path.stem for path in HERE.glob("*.keys")} <= set(SCENARIOS)


def test_captures_are_small() -> None:
    sizes = {path.stem: path.stat().st_size for path in CAPTURES}
    assert not {name: size for name, size in sizes.items() if not 100 < size <= LARGEST}
    assert sum(sizes.values()) <= ALL_TOGETHER


@pytest.mark.parametrize("name", ["http", "dns"])
def test_the_lab_makes_it_again(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("network namespaces are made as root on Linux")
    if lacking := SCENARIOS[name].missing():
        pytest.skip(f"not installed: {' '.join(lacking)}")
    SCENARIOS[name].make(tmp_path)
    said = [[[record.get(key) for key in ("method", "path", "status", "qr", "rcode", "questions")]
             for record in flows(path, capsys, "http,dns")] for path in (str(tmp_path / name), name)]
    assert said[0] == said[1] and len(said[0]) > 5        # not the flows: two queries may get one port


@pytest.mark.parametrize("path", sorted(HERE.glob("*.keys")), ids=lambda path: path.stem)
def test_keys_are_lines_of_a_key_log(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines and not [line for line in lines if not KEY_LINE.fullmatch(line)]
