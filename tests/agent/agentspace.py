"""A network namespace of one's own with an agent in it, and somebody who talks there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT

# one HTTP conversation over TCP and a DNS exchange, both on the loopback, and so many datagrams
TALK = """
import socket, sys, threading
def serve(listening):
    made, _ = listening.accept()
    made.recv(4096)
    made.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\nConnection: close\\r\\n\\r\\nhello")
    made.close()
for _ in range(int(sys.argv[1])):
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(listening,))
    thread.start()
    asking = socket.create_connection(listening.getsockname())
    asking.sendall(b"GET /page HTTP/1.1\\r\\nHost: www.lab.example\\r\\n\\r\\n")
    while asking.recv(4096):
        pass
    asking.close()
    thread.join()
    listening.close()
"""


def needs(*tools: str) -> pytest.MarkDecorator:
    """Skipped where these are not installed, or no namespaces can be made."""
    missing = [tool for tool in tools if shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    why = "namespaces are made as root on Linux" if sys.platform != "linux" or os.geteuid() != 0 else \
        f"not installed: {' '.join(missing)}" if missing else ""
    return pytest.mark.skipif(bool(why), reason=why)


class Space:
    """A namespace with a loopback; everything that was started in it is ended by its number."""

    def __init__(self, folder: Path) -> None:
        self.name = f"nwa{os.getpid()}-{id(self) % 10000}"
        self.folder = folder
        self._started: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Space:
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        subprocess.run(["ip", "-n", self.name, "link", "set", "lo", "up"], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            if process.poll() is None:
                process.terminate()
        for process in self._started:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)

    def start(self, *words: object, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(["ip", "netns", "exec", self.name, *map(str, words)], text=True,
                                   env=env or ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   cwd=self.folder)
        self._started.append(process)
        return process

    def run(self, *words: object, check: bool = True) -> str:
        done = subprocess.run(["ip", "netns", "exec", self.name, *map(str, words)], text=True, capture_output=True,
                              timeout=60, cwd=self.folder)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def talk(self, conversations: int = 1) -> None:
        self.run(sys.executable, "-c", TALK, conversations)

    def agent(self, *words: object, **environment: str) -> subprocess.Popen[str]:
        """An agent that has told systemd, as whom we pose, that it is ready."""
        path = str(self.folder / f"notify{len(self._started)}")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(path)
            systemd.settimeout(40)
            agent = self.start(*COMMAND, "agent", "-i", "lo", *words,
                               env={**ENVIRONMENT, "NOTIFY_SOCKET": path, **environment})
            assert systemd.recv(100) == b"READY=1"
        return agent

    def over(self, agent: subprocess.Popen[str], number: int = signal.SIGTERM) -> None:
        """End it, which it must do well."""
        agent.send_signal(number)
        _, said = agent.communicate(timeout=40)
        assert agent.returncode == 0, said
        assert said == ""


def certified(folder: Path) -> tuple[Path, Path]:
    """A new key and its certificate, which says that it is 127.0.0.1's."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=collector",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert], check=True,
                   capture_output=True)
    return key, cert


def until(good: Callable[[], bool], seconds: float = 45.0) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)


def records(path: Path) -> list[dict[str, object]]:
    """What is written so far, in whole lines: the last one may be on its way."""
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]] if path.exists() else []


def nfcapd(space: Space, folder: Path, port: int) -> subprocess.Popen[str]:
    """nfcapd, which keeps what it is sent in the folder; collected() tells what that was."""
    folder.mkdir()
    program = space.start("nfcapd", "-w", folder, "-p", port, "-b", "127.0.0.1")
    time.sleep(1.5)
    return program


def collected(program: subprocess.Popen[str], folder: Path, ours: list[dict[str, object]]) -> list[dict[str, object]]:
    """What nfdump says that nfcapd received, which is ended: each of our flows both ways, and their sums."""
    time.sleep(1)
    program.send_signal(signal.SIGTERM)
    program.communicate(timeout=20)
    said = subprocess.run(["nfdump", "-R", str(folder), "-o", "json"], capture_output=True, text=True)
    theirs: list[dict[str, object]] = json.loads(said.stdout)
    assert len(theirs) == 2 * len(ours)
    for name in ("packets", "bytes"):
        sent = sum(int(r[f"{name}_{way}"]) for r in ours for way in ("out", "in"))  # type: ignore[call-overload]
        assert sum(each[f"in_{name}"] for each in theirs) == sent  # type: ignore[misc]
    return theirs
