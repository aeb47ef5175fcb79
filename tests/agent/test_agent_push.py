"""The queue of push where the disk gives no room, and collectors that are spoken to over TLS."""

from __future__ import annotations

import http.server
import json
import shutil
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from agentspace import certified, needs, until
from netwatch_command import ENVIRONMENT

from netwatch.outlets import push
from netwatch.outlets.otlp import Otlp
from netwatch.outlets.plan import SNAPSHOT, Plan
from netwatch.outlets.push import Push


class Collector:
    """Keeps what is posted; answers with `status`. With a certificate it speaks TLS."""

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        told = self.told = []
        self.status = 200
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if collector.status == 200:
                    told.append(body)
                self.send_response(collector.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who does not trust us hangs up
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate[1], certificate[0])
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def numbers(self) -> list[int]:
        return [each["snapshots"][0]["n"] for each in self.told]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def tell(outlet: Push, number: int) -> None:
    outlet.take(SNAPSHOT, b'{"n":%d,"final":true}\n' % number)


def test_a_disk_that_takes_nothing_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it does not take waits in memory, in its place among what it took."""
    collector = Collector()
    collector.status = 503
    outlet = Push(Plan(push=collector.url, queue=str(tmp_path / "queue")))
    full = False
    write = Path.write_bytes

    def write_bytes(path: Path, data: bytes) -> int:
        if full:
            write(path, data[:3])
            raise OSError(28, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    for number in range(1, 10):
        full = number in (2, 3, 7)
        tell(outlet, number)
    assert outlet.state()["waiting"] == 9
    assert not list((tmp_path / "queue").glob("*.part")), "what was half written does not stay"
    collector.status = 200
    until(lambda: outlet.state()["sent"] == 9, 30)
    outlet.close()
    collector.close()
    assert collector.numbers() == list(range(1, 10))
    assert outlet.state()["dropped"] == 0
    assert not list((tmp_path / "queue").iterdir())


def test_memory_is_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collector = Collector()
    collector.status = 500
    monkeypatch.setattr(push, "MOST_HELD", 1000)
    outlet = Push(Plan(push=collector.url, queue=str(tmp_path / "queue")))

    def write_bytes(path: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    for number in range(50):
        tell(outlet, number)
    said = outlet.state()
    assert 0 < int(said["waiting"]) < 10
    assert said["waiting"] + said["dropped"] == 50  # type: ignore[operator]
    collector.status = 200
    until(lambda: outlet.state()["waiting"] == 0, 30)
    outlet.close()
    collector.close()
    assert collector.numbers()[-5:] == [45, 46, 47, 48, 49], "the newest stay; the first was on its way meanwhile"


def test_what_was_sent_and_cannot_be_removed_is_not_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the folder became read-only: the collector has it once, the agent says so, later ones go on."""
    collector = Collector()
    outlet = Push(Plan(push=collector.url, queue=str(tmp_path / "queue"), queue_bytes=2000))
    unlink, stuck = Path.unlink, True

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if stuck and path.suffix == ".json":
            raise OSError(30, "Read-only file system")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    tell(outlet, 1)
    until(lambda: outlet.state()["sent"] == 1, 30)
    time.sleep(0.3)
    assert collector.numbers() == [1], "once"
    assert "Read-only" in str(outlet.state()["error"])
    for number in range(2, 40):
        tell(outlet, number)
    until(lambda: outlet.state()["sent"] == 39, 30)
    assert collector.numbers() == list(range(1, 40))
    assert sum(path.stat().st_size for path in (tmp_path / "queue").iterdir()) <= 2000, "and the disk is not filled"
    assert outlet.state()["waiting"] == 0 and "cannot be removed" in str(outlet.state()["error"])
    stuck = False
    tell(outlet, 40)
    until(lambda: outlet.state()["sent"] == 40 and not list((tmp_path / "queue").iterdir()), 30)
    outlet.close()
    collector.close()
    assert collector.numbers() == list(range(1, 41)) and "error" not in outlet.state()


def test_parts_of_one_that_was_killed_go(tmp_path: Path) -> None:
    (tmp_path / "00000000000000000001.part").write_bytes(b"{")
    Push(Plan(push="http://127.0.0.1:9", queue=str(tmp_path))).close()
    assert not list(tmp_path.iterdir())


@needs("ip", "unshare")
def test_a_full_disk_of_the_kernel(tmp_path: Path) -> None:
    """A tmpfs without a free byte, and a collector that takes all."""
    collector = Collector()
    code = f"""import json, sys, time
sys.path[:0] = {[str(Path(__file__).parent)]!r}
from netwatch.outlets.plan import SNAPSHOT, Plan
from netwatch.outlets.push import Push
outlet = Push(Plan(push={collector.url!r}, queue={str(tmp_path / "disk")!r}))
for number in range(5):
    outlet.take(SNAPSHOT, b'{{"n":%d,"final":true,"pad":"%s"}}' % (number, b"x" * 9000))
until = time.monotonic() + 30
while outlet.state()["sent"] < 5 and time.monotonic() < until:
    time.sleep(0.05)
outlet.close()
print(json.dumps(outlet.state()))"""
    (tmp_path / "disk").mkdir()
    done = subprocess.run(["unshare", "-m", "sh", "-c", f"mount -t tmpfs -o size=64k none {tmp_path}/disk; "
                           f"head -c 1m /dev/zero >{tmp_path}/disk/fill 2>/dev/null; exec \"$@\"", "sh", sys.executable,
                           "-c", code], env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    collector.close()
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["sent"], said["dropped"], said["waiting"]) == (5, 0, 0)
    assert collector.numbers() == [0, 1, 2, 3, 4]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="not installed: openssl")
@pytest.mark.parametrize("kind", ["push", "otlp"])
def test_https_is_for_who_is_trusted(kind: str, tmp_path: Path) -> None:
    """A certificate that agent.ca does not have: nothing is told, and it says why."""
    key, cert = certified(tmp_path)
    collector = Collector((key, cert))

    def told(ca: str) -> Push | Otlp:
        if kind == "push":
            made: Push | Otlp = Push(Plan(push=collector.url, queue=str(tmp_path / f"queue{bool(ca)}"), ca=ca))
            tell(made, 1)  # type: ignore[arg-type]
        else:
            made = Otlp(Plan(otlp=collector.url, ca=ca))
            made.take("dns", b'{"schema":"netwatch.dns/1","time":"2026-01-02T03:04:05.000000000Z","flow":1}\n')
        return made

    stranger = told("")
    until(lambda: "CERTIFICATE_VERIFY_FAILED" in str(stranger.state().get("error", "")), 30)
    assert not collector.told
    friend = told(str(cert))
    until(lambda: bool(collector.told), 30)
    for each in (stranger, friend):
        each.close()
    collector.close()


def test_one_that_is_late_costs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots come every second, some late and the next in time: each is kept; of more than that one a second is."""
    now = [100.0]
    monkeypatch.setattr(push.time, "monotonic", lambda: now[0])
    made = push.Push(Plan(push="http://127.0.0.1:9/", push_every_s=1, queue=str(tmp_path / "q"), queue_bytes=1 << 20))
    monkeypatch.setattr(push.Push, "_run", lambda self: None)
    kept = []
    monkeypatch.setattr(made, "_keep", lambda body: kept.append(now[0]))
    times = [100.0, 101.0, 102.7, 103.0, 104.05, 104.95, 106.0, 109.0, 110.0]
    for now[0] in times:
        made.take("snapshot", b"{}")
    assert kept == times
    kept.clear()
    for tenth in range(50):
        now[0] = 200 + tenth / 10
        made.take("snapshot", b"{}")
    assert 5 <= len(kept) <= 6
