"""A service on this machine may comment on findings: off by default, on loopback alone, bounded, and never needed."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from netwatch_command import COMMAND, ENVIRONMENT
from situation import syn
from wire import pcap

from netwatch.diagnose.commentary import shown
from netwatch.diagnose.loopback import service_of


@pytest.fixture
def refused(tmp_path: Path) -> Path:
    path = tmp_path / "refused.pcap"
    path.write_bytes(pcap([frame for i in range(4) for frame in syn(i, "10.1.0.7", "10.1.0.9", 50000 + i, 81, "rst")]))
    return path


@contextmanager
def service(status: int, body: bytes) -> Iterator[tuple[str, list[Any]]]:
    """One that answers so, and what it was asked."""
    asked: list[Any] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def diagnose(path: Path, comment: str, style: str = "json") -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, "diagnose", str(path), "--format", style, "--set", f"diagnose.comment={comment}"],
                          env=ENVIRONMENT, text=True, capture_output=True, timeout=60, check=False)


def test_it_is_asked_once_and_told_apart(refused: Path) -> None:
    body = json.dumps({"response": "Start the \x1b[31mservice\u202e.\nThen look."}).encode()
    with service(200, body) as (url, asked):
        done = diagnose(refused, url)
        told = json.loads(done.stdout)
        assert told["commentary"] == {"model": "llama3.2", "text": "Start the  [31mservice .\nThen look."}
        assert done.returncode == 1 and [each["kind"] for each in told["findings"]] == ["refused"]
        page = diagnose(refused, url, "markdown").stdout
    assert "which is no evidence" in page and "\n    Then look.\n" in page
    assert len(asked) == 2 and asked[0][0] == "/api/generate" and asked[0][1]["stream"] is False
    assert "10.1.0.9 port 81" in asked[0][1]["prompt"]


@pytest.mark.parametrize(("status", "body"), [(500, b""), (200, b"no JSON"), (200, b"[]"), (200, b'{"response": ""}'),
                                              (200, b'{"response": "' + b"x" * 300_000 + b'"}')])
def test_what_is_no_answer_changes_nothing(refused: Path, status: int, body: bytes) -> None:
    with service(status, body) as (url, _):
        done = diagnose(refused, url)
    told = json.loads(done.stdout)
    assert done.returncode == 1 and told["findings"] and told["commentary"]["unavailable"]


def test_without_a_service_the_findings_are_told(refused: Path) -> None:
    told = json.loads(diagnose(refused, "http://127.0.0.1:9").stdout)
    assert told["findings"] and "refused" in told["commentary"]["unavailable"].lower()
    assert "commentary" not in json.loads(diagnose(refused, "").stdout)


def test_only_this_machine_is_told() -> None:
    assert service_of("") is None and service_of("http://[::1]:11434") == ("::1", 11434)
    for text in ("http://192.0.2.1:11434", "http://localhost:11434", "https://127.0.0.1:1", "http://127.0.0.1:70000",
                 "http://127.0.0.1:80/else", "http://user@127.0.0.1:80"):
        with pytest.raises(ValueError, match=r"loopback|needed"):
            service_of(text)


def test_what_is_shown_obeys_no_terminal() -> None:
    assert shown("a\x07b\x9b\u200bc\n\n d") == "a b  c\nd"


def test_live_the_findings_are_told_whoever_answers() -> None:
    """The process that may use the network keeps nothing of the helper that captures: that ends as ever."""
    if os.geteuid() != 0:
        pytest.skip("not root: nothing is captured")
    done = subprocess.run([*COMMAND, "diagnose", "-i", "lo", "--duration", "1s", "--format", "json", "--set",
                           "diagnose.comment=http://127.0.0.1:9"], capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode in (0, 1) and "findings" in json.loads(done.stdout), done.stderr
