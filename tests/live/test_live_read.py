"""`netwatch read -i` beside real programs: what curl, nginx, dig and dnsmasq say to one another is seen and named."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from namespaces import CLIENT, NAME, ROOT, SERVER, Lab, reason

pytestmark = pytest.mark.skipif(reason() is not None, reason=reason() or "")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab")) as made:
        yield made


def finished(process: subprocess.Popen[str]) -> tuple[int, list[dict[str, Any]], str]:
    out, err = process.communicate(timeout=30)
    return process.returncode, [json.loads(line) for line in out.splitlines()], err


def of_kind(records: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [record for record in records if record["schema"] == f"netwatch.{kind}/1"]


def test_real_programs_are_seen_and_named(lab: Lab):
    process = lab.netwatch(
        "read", "-i", lab.near, "--duration", "3s", "--what", "flows,dns,http,tls,summary", "--format", "ndjson"
    )
    lab.curl("http")
    lab.curl("https")
    lab.dig()
    lab.dig("+tcp")
    code, records, err = finished(process)
    assert code == 0 and "Traceback" not in err
    http = of_kind(records, "http")
    assert [(r["method"], r["host"], r["path"], r["status"]) for r in http] == [("GET", NAME, "/page.txt", 200)]
    tls = of_kind(records, "tls")
    assert [(r["tls"]["sni"], r["tls"]["version"], r["src"], r["dport"]) for r in tls] == [
        (NAME, "TLS 1.3", CLIENT, 443)
    ]
    answers = [(r["transport"], a["data"]) for r in of_kind(records, "dns") for a in r["answers"]]
    assert sorted(answers) == [("tcp", SERVER), ("udp", SERVER)]
    flows = {(f.get("app"), f["proto"]): f for f in of_kind(records, "flow")}
    for key in (("http", "tcp"), ("tls", "tcp"), ("dns", "tcp"), ("dns", "udp")):
        assert (flows[key]["src"], flows[key]["dst"]) == (CLIENT, SERVER)
        assert flows[key]["initiator"] == "seen" and flows[key]["interface"] == lab.near
    assert flows["http", "tcp"]["state"] in ("TIME_WAIT", "CLOSED") and flows["http", "tcp"]["ended"] == "fin"
    assert flows["dns", "udp"]["state"] == "DNS_RESPONSE" and 0 < flows["http", "tcp"]["rtt_us"] < 1_000_000
    summary = of_kind(records, "summary")[0]
    assert {k: v for k, v in summary["drops"].items() if v} == {} and summary["malformed"] == {}
    assert summary["tcp_conversations"] == 3 and summary["udp_conversations"] == 1


def test_capture_filter(lab: Lab):
    process = lab.netwatch("read", "-i", lab.near, "-f", "udp port 53", "--duration", "2500ms", "--format", "ndjson")
    lab.curl("http")
    lab.dig()
    code, records, _ = finished(process)
    assert code == 0 and [(f["proto"], f["dport"], f["app"]) for f in records] == [("udp", 53, "dns")]


def test_a_flow_that_ended_is_told_while_all_is_quiet(lab: Lab):
    """Nothing more comes that could say what time it is."""
    process = lab.netwatch("read", "-i", lab.near, "-f", "tcp port 1", "--set", "timeouts.tcp_closed=1", "--format",
                           "ndjson")
    lab.ask("curl", "-s", "--max-time", "2", f"http://{SERVER}:1/", check=False)
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], 20)
    process.send_signal(signal.SIGINT)
    code, records, _ = finished(process)
    assert readable and code == 130
    assert [(f["dport"], f["ended"]) for f in records] == [(1, "rst")]


def test_count_ends_the_capture(lab: Lab):
    process = lab.netwatch("read", "-i", lab.near, "--count", "5", "--what", "packets", "--format", "ndjson")
    lab.curl("http")
    code, records, _ = finished(process)
    assert code == 0 and [r["n"] for r in records] == [1, 2, 3, 4, 5]


def test_who_wants_a_history_is_told_that_this_adds_nothing(lab: Lab):
    process = lab.netwatch("read", "-i", lab.near, "--duration", "100ms", "--set", "history.on=true", "--what",
                           "summary")
    code, _, err = finished(process)
    assert code == 0 and "history.on: the terminal, the agent and snapshot keep the history" in err


def test_what_is_written_has_the_owners_that_were_found(lab: Lab, tmp_path: Path):
    """Of every packet, the first ones too, which came before anybody had been asked; and so it is read back."""
    path = tmp_path / "w.pcapng"
    process = lab.netwatch("read", "-i", lab.near, "-f", "tcp port 80", "--duration", "4s", "--write", str(path))
    for _ in range(4):
        lab.curl("http")
    code, flows, _ = finished(process)
    assert code == 0 and [f["process"].get("name") for f in flows] == ["curl"] * 4
    done = subprocess.run([sys.executable, "-m", "netwatch", "read", str(path), "--what", "packets,flows"], cwd=ROOT,
                          capture_output=True, text=True, check=True)
    again = [json.loads(line) for line in done.stdout.splitlines()]
    told = [{key: value for key, value in f["process"].items() if key != "age_s"} for f in flows]
    assert [f["process"] for f in of_kind(again, "flow")] == told
    assert path.read_bytes().count(b"process curl[") == len(of_kind(again, "packet")) >= 4 * 10
    assert b"process unknown" not in path.read_bytes()


def test_owners_are_written_whatever_is_shown(lab: Lab, tmp_path: Path):
    path = tmp_path / "w.pcapng"
    process = lab.netwatch("read", "-i", lab.near, "-f", "tcp port 80", "--duration", "3s", "--what", "summary",
                           "--format", "ndjson", "--write", str(path))
    lab.curl("http")
    code, records, _ = finished(process)
    assert code == 0 and path.read_bytes().count(b"process curl[") == records[0]["packets"] >= 10


def test_interrupt_prints_what_is_known(lab: Lab):
    process = lab.netwatch("read", "-i", lab.near, "--what", "flows,summary", "--format", "ndjson")
    lab.curl("http")
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    code, records, err = finished(process)
    assert code == 130 and "Traceback" not in err
    assert [f["app"] for f in of_kind(records, "flow") if f["proto"] == "tcp"] == ["http"]
    assert of_kind(records, "summary")[0]["packets"] >= 10


def test_unknown_interface(lab: Lab):
    code, records, err = finished(lab.netwatch("read", "-i", "nosuch0", "--duration", "1s"))
    assert code == 4 and records == [] and "nosuch0" in err and err.count("\n") == 1


def test_bad_filter(lab: Lab):
    code, records, err = finished(lab.netwatch("read", "-i", lab.near, "-f", "port nonsense(", "--duration", "1s"))
    assert code == 2 and records == [] and err.count("\n") == 1
