"""Live: what curl and nginx say to one another is shown while their key log is being written, or seconds later."""

from __future__ import annotations

import json
import shlex
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_capture import WORDS, shown
from namespaces import NAME, Lab, reason

pytestmark = pytest.mark.skipif(reason() is not None, reason=reason() or "")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab")) as made:
        yield made


def curl(lab: Lab, keys: Path, *words: str, version: str = "--http1.1") -> None:
    lab.ask("env", f"SSLKEYLOGFILE={keys}", "curl", "-sSk", "--max-time", "10", version, *words, "--resolve",
            f"{NAME}:443:192.0.2.2", *[f"https://{NAME}/page.txt?{i}" for i in range(5)])


def test_while_it_is_said(lab: Lab, tmp_path: Path) -> None:
    """Every request of TLS 1.2 and 1.3, the log being there only from the first one on."""
    keys = tmp_path / "keys"

    def ask() -> None:
        for words in (["--tls-max", "1.2"], ["--tlsv1.3"]):
            curl(lab, keys, *words)

    http, flows = shown(lab, "tls", 9, keys, ask)
    assert sorted(r["path"] for r in http) == sorted(f"/page.txt?{i}" for i in [*range(5)] * 2)
    assert {(r["host"], r["status"], r["decrypted"]) for r in http} == {(NAME, 200, True)}
    assert sorted(flow["tls"]["version"] for flow in flows) == ["TLS 1.2", "TLS 1.3"]
    assert all(flow["decrypted"] and flow["tls"]["cert"]["san"] == [NAME] for flow in flows)


def test_http2(lab: Lab, tmp_path: Path) -> None:
    """Every request of HTTP/2 over TLS 1.2 and 1.3, on streams of one connection each."""
    keys = tmp_path / "keys"

    def ask() -> None:
        for words in (["--tls-max", "1.2"], ["--tlsv1.3"]):
            curl(lab, keys, *words, version="--http2")

    http, flows = shown(lab, "tls", 9, keys, ask)
    assert sorted(r["path"] for r in http) == sorted(f"/page.txt?{i}" for i in [*range(5)] * 2)
    assert {(r["host"], r["status"], r["version"], r["decrypted"]) for r in http} == {(NAME, 200, "2", True)}
    assert [flow["tls"]["alpn_chosen"] for flow in flows] == ["h2", "h2"]


def test_keys_that_come_two_seconds_late(lab: Lab, tmp_path: Path) -> None:
    written, read = tmp_path / "written", tmp_path / "read"

    def ask() -> None:
        curl(lab, written, "--tlsv1.3")
        time.sleep(2)
        read.write_bytes(written.read_bytes())

    http, flows = shown(lab, "tls", 10, read, ask)
    assert [r["path"] for r in http] == [f"/page.txt?{i}" for i in range(5)]
    assert [flow.get("decrypt", {}).get("keys") for flow in flows] == ["keylog"]


def test_run(lab: Lab) -> None:
    """A program's own flows, whether its keys open them or not, its exit code, and no key left behind."""
    before = set(Path(tempfile.gettempdir()).glob("netwatch-run-*"))
    url = f"https://{NAME}/page.txt?mine"
    fetch = ["curl", "-sSk", "--http1.1", "--resolve", f"{NAME}:443:192.0.2.2", url]
    other = ["curl", "-sSk", "--resolve", f"{NAME}:443:192.0.2.2", f"https://{NAME}/page.txt?other"]
    script = f"{shlex.join(fetch)}; env -u SSLKEYLOGFILE {shlex.join(other)}; stat -c %a $SSLKEYLOGFILE; exit 7"
    process = lab.netwatch("run", "-i", lab.near, *WORDS, "--", "sh", "-c", script)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 7, err
    records = [json.loads(line) for line in out.splitlines()]
    assert [r["path"] for r in records if r["schema"] == "netwatch.http/1"] == ["/page.txt?mine"]
    flows = [r for r in records if r["schema"] == "netwatch.flow/1"]
    assert [flow.get("decrypted", False) for flow in flows] in ([True], [True, False])
    assert all(flow["process"]["name"] == "curl" for flow in flows[1:])  # known where owners are found
    assert "hello from the lab" in err
    assert "\n600\n" in err
    assert set(Path(tempfile.gettempdir()).glob("netwatch-run-*")) == before


def test_run_says_why_not(lab: Lab) -> None:
    process = lab.netwatch("run", "-i", lab.near, "--", "no-such-program")
    assert process.communicate(timeout=60)[1] == "netwatch: no-such-program: no such program\n"
    assert process.returncode == 4
