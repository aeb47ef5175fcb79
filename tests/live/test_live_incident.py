"""A bundle of a real incident between two network namespaces: names that do not resolve, ports that are closed, a scan.
Each part of it tells of it, all tabs show it, and what is redacted names nobody and comes back."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from namespaces import ROOT, SERVER, Lab, reason
from private_texts import LEAST, private

from tests.ui.test_terminal import Tmux

pytestmark = pytest.mark.skipif(reason() is not None, reason=reason() or "")
FAILING, SCANNED, CLOSED = 25, range(7000, 7040), 8081
SCAN = f"""
import socket
for port in range({SCANNED.start}, {SCANNED.stop}):
    with socket.socket() as tried:
        tried.settimeout(1)
        tried.connect_ex(("{SERVER}", port))
"""
SHOWN = {"1": ("curl", "dig"), "2": ("curl", SERVER), "3": ("ethernet",), "4": ("DNS",), "5": ("dns", "http"),
         "6": (SERVER,), "7": ("TCP scan of ports",), "8": ("curl", "dig"),
         "9": ("The DNS server fails", "Connections are refused", "TCP scan of ports"), "0": ("curl", "dig")}
# of the words that records tell, those that are in every text
WORDS = {"root", "python", "nginx", "0", "unknown"}


def netwatch(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "netwatch", *map(str, words)], cwd=ROOT, capture_output=True,
                          text=True, timeout=60)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("incident")
    with Lab(folder) as lab:
        making = lab.netwatch("bundle", "make", "-i", lab.near, "--duration", "7s", str(folder / "b"))
        for _ in range(3):
            lab.curl("http")
            lab.curl("https")
            lab.dig()
        for k in range(FAILING):
            lab.ask("dig", f"@{SERVER}", "+tries=1", "+time=1", f"host{k}.missing.example", "A", check=False)
        lab.ask(sys.executable, "-c", SCAN)
        for _ in range(8):
            lab.ask("curl", "-s", f"http://{SERVER}:{CLOSED}/", check=False)
        _, said = making.communicate(timeout=30)
        assert making.returncode == 0, said
    yield folder / "b"


def test_each_part_tells_of_it(bundle: Path) -> None:
    flows, dns = lines(bundle / "connections.ndjson"), lines(bundle / "dns.ndjson")
    assert {"curl", "dig"} <= {flow["process"].get("name") for flow in flows}
    assert sum(flow["dst"] == SERVER and flow.get("dport") in SCANNED for flow in flows) == len(SCANNED)
    missing = [each for each in dns if "missing" in json.dumps(each)]
    assert len({json.dumps(each["questions"]) for each in missing}) == FAILING
    assert len(lines(bundle / "http.ndjson")) == 3 and len(lines(bundle / "tls.ndjson")) == 3
    alerts, findings = lines(bundle / "alerts.ndjson"), lines(bundle / "findings.ndjson")
    assert [(each["kind"], each["dst"]) for each in alerts] == [("port_scan", SERVER)]
    assert {(each["kind"], each.get("dport")) for each in findings} == {("dns_failing", None), ("refused", CLOSED)}
    assert len({each["id"] for each in findings}) == len(findings)
    summary, measured, *remarkable = lines(bundle / "health.ndjson")
    assert measured["health"]["dns"]["bad"] == FAILING and measured["health"]["connections"]["bad"] >= len(SCANNED)
    assert "kernel_drops" in measured or measured["kernel_drops_unmeasured"]
    assert any("reset" in each["summary"] for each in remarkable)
    assert sum(each["packets"] for each in lines(bundle / "bandwidth.ndjson")) == summary["packets"]
    egress = lines(bundle / "egress.ndjson")
    assert sum(each["flows"] for each in egress) == len(flows)
    assert sum(each["bytes_out"] + each["bytes_in"] for each in egress) == summary["bytes"]
    page = (bundle / "summary.md").read_text()
    assert all(word in page for word in ("port\\_scan", "The DNS server fails", "Connections are refused", "dig"))
    told = json.loads((bundle / "manifest.json").read_text())
    assert (told["packets"], told["flows"], told["alerts"], told["findings"]) == (summary["packets"], len(flows), 1, 2)


def test_its_packets_say_the_same_again(bundle: Path, tmp_path: Path) -> None:
    """Byte for byte on every run; and what is found in them is what was found live."""
    for name in ("one", "two"):
        assert netwatch("bundle", "make", bundle / "packets.pcapng", tmp_path / name).returncode == 0
    for path in (tmp_path / "one").iterdir():
        assert (tmp_path / "two" / path.name).read_bytes() == path.read_bytes(), path.name
    for name in ("alerts.ndjson", "findings.ndjson"):
        live, again = ([(each["id"], each["kind"], each["count"], each["flows"]) for each in lines(folder / name)]
                       for folder in (bundle, tmp_path / "one"))
        assert again == live, name
    asked = "SELECT kind, count FROM findings ORDER BY kind"
    answers = [netwatch("sql", asked, "-r", path, "--format", "csv").stdout
               for path in (bundle, bundle / "packets.pcapng")]
    assert answers[0] == answers[1] and "dns_failing" in answers[0]


def test_a_flipped_byte_of_any_part_is_refused(bundle: Path, tmp_path: Path) -> None:
    for path in sorted(bundle.iterdir()):
        copied = tmp_path / path.name
        shutil.copytree(bundle, copied)
        whole = bytearray(path.read_bytes())
        whole[len(whole) // 2] ^= 4
        (copied / path.name).write_bytes(whole)
        for words in (("bundle", "verify", copied), ("open", copied), ("bundle", "info", copied),
                      ("bundle", "redact", copied, tmp_path / "r"), ("diff", copied, bundle)):
            done = netwatch(*words)
            assert done.returncode == 5 and path.name in done.stderr and not done.stdout, (words, done)
    assert not (tmp_path / "r").exists()


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_all_tabs_show_it(bundle: Path, tmp_path: Path) -> None:
    view = Tmux(tmp_path, "open", str(bundle), cols=170, rows=50, module="netwatch", XDG_STATE_HOME=str(tmp_path),
                XDG_CONFIG_HOME=str(tmp_path))
    try:
        view.wait("packets")
        for key, words in SHOWN.items():
            view.keys("Escape", key)
            for word in words:
                assert "has failed" not in view.wait(word), key
        view.keys("C-c")
        view.wait("EXIT 130")
    finally:
        subprocess.run(["tmux", "-L", view.name, "kill-server"], check=False, capture_output=True)


def test_redacted_it_names_nobody_and_comes_back_with_the_key_alone(bundle: Path, tmp_path: Path) -> None:
    key, other = tmp_path / "key", tmp_path / "other"
    assert netwatch("bundle", "redact", bundle, tmp_path / "r", "--key", key).returncode == 0
    found: set[str] = set()
    for path in bundle.glob("*.ndjson"):
        for record in lines(path):
            found |= set(private(record, "", record["schema"].removeprefix("netwatch.").partition("/")[0]))
    found = {each for each in found - WORDS if len(each) >= LEAST}
    assert {SERVER, "curl", "host3.missing.example"} <= found
    texts = {path.name: re.sub('"client":"curl[^"]*"', "", path.read_text())  # a fingerprint says what software it is
             for path in (tmp_path / "r").iterdir()}
    left = [(each, where) for each in found for where, text in texts.items()
            if re.search(rf"(?<![\w.-]){re.escape(json.dumps(each, ensure_ascii=False)[1:-1])}(?![\w.-])", text)]
    assert not left
    flows, alerts, findings = (lines(tmp_path / "r" / f"{name}.ndjson")
                               for name in ("connections", "alerts", "findings"))
    server = next(flow["dst"] for flow in flows if flow.get("dport") == CLOSED)
    assert {each["dst"] for each in (*alerts, *findings)} == {server} and server in texts["summary.md"]
    assert {each["kind"] for each in findings} == {"dns_failing", "refused"}
    assert netwatch("bundle", "redact", "--undo", "--key", key, tmp_path / "r", tmp_path / "u").returncode == 0
    for name in ("alerts", "dns", "egress", "bandwidth", "health"):
        assert (tmp_path / "u" / f"{name}.ndjson").read_bytes() == (bundle / f"{name}.ndjson").read_bytes(), name
    assert netwatch("bundle", "redact", bundle, tmp_path / "x", "--key", other).returncode == 0
    assert netwatch("bundle", "redact", "--undo", "--key", other, tmp_path / "r", tmp_path / "v").returncode == 0
    assert SERVER not in "".join(path.read_text() for path in (tmp_path / "v").iterdir())
