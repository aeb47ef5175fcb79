"""Two hosts made of network namespaces, joined by a wire that is captured: for tools that scan, tunnel and guess."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

ME, YOU, THIRD, ME6, YOU6 = "198.51.100.1", "198.51.100.2", "198.51.100.9", "2001:db8:9::1", "2001:db8:9::2"
LISTEN = """
import socket, sys, threading
def serve(port, family):
    s = socket.socket(family); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind(("", port)); s.listen(512)
    while True:
        c, _ = s.accept()
        threading.Thread(target=talk, args=(c,), daemon=True).start()
def talk(c):
    try:
        while got := c.recv(65536): c.sendall(b"x" * min(len(got) * 20, 20000))
    except OSError: pass
    c.close()
for port in map(int, sys.argv[1:]):
    for family in (socket.AF_INET, socket.AF_INET6):
        threading.Thread(target=serve, args=(port, family)).start()
"""


def lacking(*programs: str) -> str:
    """Why nothing can be made here; "" when all is there."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux"
    missing = [name for name in ("ip", "tcpdump", *programs) if shutil.which(name, path=PATH) is None]
    return f"not installed: {' '.join(missing)}" if missing else ""


PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


class Pair:
    """Use by `with`: it is unmade with all that was started in it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "seen.pcap"
        self.near, self.far = (f"nwpair{os.getpid()}{side}" for side in "ab")
        self.said = ""  # by the last program that ended
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Pair:
        with ExitStack() as undo:
            undo.callback(self._unmake)
            for name in (self.near, self.far):
                _ip("netns", "add", name)
            _ip("-n", self.near, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", self.far)
            for name, four, six, other in ((self.near, ME, ME6, YOU), (self.far, YOU, YOU6, ME)):
                _ip("-n", name, "address", "add", f"{four}/24", "dev", "eth0")
                _ip("-n", name, "address", "add", f"{six}/64", "dev", "eth0", "nodad")
                for link in ("lo", "eth0"):
                    _ip("-n", name, "link", "set", link, "up")
                _ip("-n", name, "route", "add", "default", "via", other)
            command = ("tcpdump", "-U", "-B", "16384", "-s", "2000", "-i", "eth0", "-w", str(self.file))
            tcpdump = subprocess.Popen(_within(self.near, command), stderr=subprocess.PIPE, env=_environment())
            self._started.append(tcpdump)
            assert tcpdump.stderr is not None
            assert b"listening" in tcpdump.stderr.readline()
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._unmake()

    def _unmake(self) -> None:
        for process in self._started:
            process.terminate()
            process.communicate(timeout=20)
        for name in (self.near, self.far):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def start(self, where: str, *command: str) -> None:
        """A program that stays."""
        self._started.append(subprocess.Popen(_within(where, command), stdin=subprocess.DEVNULL, env=_environment(),
                                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def run(self, *command: str, where: str = "", timeout: float = 900) -> str:
        """What a program that ends has said, by the near host unless said otherwise."""
        done = subprocess.run(_within(where or self.near, command), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=timeout, check=False, env=_environment())
        self.said = (done.stdout + done.stderr).decode(errors="replace")
        return self.said

    def settle(self) -> None:
        """Back when tcpdump has written all that was captured: the file has not grown for a second."""
        size, since = -1, time.monotonic()
        while time.monotonic() < since + 1:
            now = self.file.stat().st_size
            if now != size:
                size, since = now, time.monotonic()
            time.sleep(0.1)

    def listen(self, *ports: int) -> None:
        """The far host talks at these ports."""
        self.start(self.far, sys.executable, "-c", LISTEN, *map(str, ports))
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.run("ss", "-Hltn", f"sport = :{ports[-1]}", where=self.far).strip():
                return
            time.sleep(0.1)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _within(name: str, command: tuple[str, ...]) -> list[str]:
    return ["ip", "netns", "exec", name, *command]


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": PATH}
