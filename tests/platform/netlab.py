"""Two network namespaces joined by a veth pair, IPv4 and IPv6, and programs started in them."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from network_namespaces import end_lab

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NEAR4, FAR4, NEAR6, FAR6 = "198.51.100.1", "198.51.100.2", "2001:db8:9::1", "2001:db8:9::2"
PORT = 7777


def reason() -> str | None:
    """Why there can be no lab here, None when there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces are made as root on Linux"
    if subprocess.run(["sh", "-c", "command -v ip nsenter"], capture_output=True).returncode:
        return "not installed: ip or nsenter"
    made = subprocess.run(["unshare", "-n", "true"], capture_output=True)
    return None if made.returncode == 0 else "no network namespaces here"


class Lab:
    """Made and unmade by `with`. `near` is where the observer is, `far` the other end. There is one at a time: all have
    the same addresses, and count what the machine is quick enough for."""

    def __init__(self, folder: Path) -> None:
        number = os.getpid() % 100000
        self.folder = folder
        self.near, self.far = f"own{number}n", f"own{number}f"
        self.link, self._other = f"o{number}n", f"o{number}f"
        self._running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Lab:
        self._turn = open(Path(tempfile.gettempdir()) / "netwatch-netlab.lock", "w")
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        try:
            for name in (self.near, self.far):
                ip("netns", "add", name)
            ip("link", "add", self.link, "netns", self.near, "type", "veth", "peer", "name", self._other,
               "netns", self.far)
            for name, link, four, six in ((self.near, self.link, NEAR4, NEAR6), (self.far, self._other, FAR4, FAR6)):
                ip("-n", name, "addr", "add", f"{four}/24", "dev", link)
                ip("-n", name, "addr", "add", f"{six}/64", "dev", link, "nodad")
                ip("-n", name, "link", "set", link, "up")
                ip("-n", name, "link", "set", "lo", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        end_lab(self._running, (self.near, self.far))
        self._turn.close()

    def start(self, where: str, *command: str, **options: Any) -> subprocess.Popen[str]:
        """Start a program in a namespace; it is killed at the end."""
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{HERE}:{HERE.parent}"}
        program = subprocess.Popen(["nsenter", f"--net=/run/netns/{where}", *command], env=environment, text=True,
                                   **{"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options})
        self._running.append(program)
        return program

    def python(self, where: str, script: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        return self.start(where, sys.executable, str(HERE / script), *arguments, **options)

    def observe(self, methods: str, seconds: float) -> subprocess.Popen[str]:
        """The observer, when it is ready."""
        observer = self.python(self.near, "observer.py", self.link, methods, str(seconds))
        assert observer.stdout and observer.stdout.readline() == "ready\n"
        return observer

    def serve(self) -> None:
        """A server in each namespace, on both families."""
        for where, addresses in ((self.near, (NEAR4, NEAR6)), (self.far, (FAR4, FAR6))):
            for address in addresses:
                self.python(where, "traffic.py", "serve", address, str(PORT), str(self.folder / "truth"))
        time.sleep(1)

    def ask(self, times: int, ms: float) -> None:
        """`times` exchanges of each kind, each family, each direction, all at once."""
        asking = [self.python(where, "traffic.py", "ask", address, str(PORT), str(self.folder / "truth"), kind,
                              str(times), str(ms))
                  for where, addresses in ((self.near, (FAR4, FAR6)), (self.far, (NEAR4, NEAR6)))
                  for address in addresses for kind in ("tcp", "udp", "udp-loose")]
        for program in asking:
            assert program.wait(120) == 0

    def truth(self) -> dict[tuple[Any, ...], int]:
        """{(protocol, local, port, remote, port): pid}, as written; a port used again is its first user's."""
        found: dict[tuple[Any, ...], int] = {}
        for line in (self.folder / "truth").read_text().splitlines():
            proto, local, lport, remote, rport, pid = line.split()
            found.setdefault((6 if proto == "tcp" else 17, local, int(lport), remote, int(rport)), int(pid))
        return found


def result(observer: subprocess.Popen[str]) -> dict[str, Any]:
    """What the observer found, when its time is over."""
    out, _ = observer.communicate(timeout=120)
    found: dict[str, Any] = json.loads(out)
    return found


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def score(truth: dict[tuple[Any, ...], int], answers: list[list[Any]]) -> tuple[int, int, list[Any]]:
    """(ends in the truth, ends given to the right process, those given to a wrong one)."""
    right, wrong = 0, []
    told = {tuple(row[:5]): row[5] for row in answers}
    for end, pid in truth.items():
        answer = told.get(end, {})
        if answer.get("pid") == pid:
            right += 1
        elif "pid" in answer:
            wrong.append((end, pid, answer))
    return len(truth), right, wrong
