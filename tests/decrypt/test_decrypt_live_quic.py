"""Live: what two programs say over HTTP/3 is shown while their key log is being written, or seconds later.

They speak by aioquic, which the interpreter named by NETWATCH_LAB_PYTHON has, or this one.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_capture import shown
from namespaces import NAME, SERVER, Lab, reason
from scenarios.table import LAB_PYTHON
from scenarios.web import QUIC_CLIENT, QUIC_SERVER

ASKED = [("/index.html", 200), ("/missing", 404)]  # what QUIC_CLIENT asks for in each connection


def lacking() -> str | None:
    """Why this cannot be tried here, None when it can."""
    here = reason()
    if here is None and subprocess.run([LAB_PYTHON, "-c", "import aioquic"], capture_output=True).returncode:
        here = "aioquic is not installed"
    return here


WHY = lacking()
pytestmark = pytest.mark.skipif(WHY is not None, reason=WHY or "")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab")) as made:
        (made.folder / "server.py").write_text(QUIC_SERVER)
        (made.folder / "client.py").write_text(QUIC_CLIENT)
        words = [LAB_PYTHON, *(str(made.folder / name) for name in ("server.py", "cert.pem", "key.pem")), SERVER, "no"]
        server = subprocess.Popen(made.inside(made.server, *words))
        try:
            listening(made)
            yield made
        finally:
            server.kill()
            server.wait(10)


def listening(lab: Lab) -> None:
    """Wait for the server's socket."""
    table = lab.inside(lab.server, "cat", "/proc/net/udp")
    for _ in range(100):
        if ":01BB " in subprocess.run(table, check=True, capture_output=True, text=True).stdout:
            return
        time.sleep(0.1)
    raise RuntimeError("the HTTP/3 server does not listen")


def fetch(lab: Lab, keys: Path, connections: int) -> None:
    words = [LAB_PYTHON, str(lab.folder / "client.py"), NAME, str(lab.folder / "cert.pem"), str(connections), SERVER]
    lab.ask("env", f"SSLKEYLOGFILE={keys}", *words)


def said(http: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(r["version"], r["host"], r["path"], r["status"], r["decrypted"]) for r in http]


def test_while_it_is_said(lab: Lab, tmp_path: Path) -> None:
    """Two connections, the second resumed; the log is there only from the first one on."""
    http, flows = shown(lab, "quic", 9, tmp_path / "keys", lambda: fetch(lab, tmp_path / "keys", 2))
    assert said(http) == [("3", NAME, path, status, True) for path, status in ASKED * 2]
    assert [flow["app_stack"] for flow in flows] == [["quic", "tls", "http3"]] * 2
    assert all(flow["decrypted"] and flow["quic"]["sni"] == NAME for flow in flows)


def test_keys_that_come_two_seconds_late(lab: Lab, tmp_path: Path) -> None:
    written, read = tmp_path / "written", tmp_path / "read"

    def ask() -> None:
        fetch(lab, written, 1)
        time.sleep(2)
        read.write_bytes(written.read_bytes())

    http, flows = shown(lab, "quic", 10, read, ask)
    assert said(http) == [("3", NAME, path, status, True) for path, status in ASKED]
    assert [flow["decrypt"]["keys"] for flow in flows] == ["keylog"]


def test_without_keys_nothing_is_opened(lab: Lab, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    http, flows = shown(lab, "quic", 7, empty, lambda: fetch(lab, tmp_path / "keys", 1))
    assert http == []
    assert [(flow["quic"]["sni"], "decrypted" in flow) for flow in flows] == [(NAME, False)]
