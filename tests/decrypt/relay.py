"""`openssl s_server` and `s_client` on loopback with a relay between them that notes what each says."""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import time
from pathlib import Path

from peers import Said, identity

LIMIT = 20.0  # seconds for one conversation
QUIET = 0.6  # seconds of silence after which the next turn is said


def reason() -> str | None:
    """Why there can be no conversation, None when there can."""
    return None if shutil.which("openssl") else "no openssl program"


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Conversation:
    """Run in `folder`; `said` is what went over the wire, `keys` the client's key log."""

    def __init__(self, folder: Path, server: list[str], client: list[str], typed: list[tuple[int, bytes]],
                 datagrams: bool = False) -> None:
        """`typed`: (side, what is typed there), in turn. `datagrams`: UDP, for DTLS."""
        self._kind = socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM
        self.said: Said = []
        pem, log = folder / "server.pem", folder / "client.keys"
        pem.write_bytes(identity("rsa")[0])
        port, front = free_port(self._kind), free_port(self._kind)
        programs = [
            ["openssl", "s_client", "-connect", f"127.0.0.1:{front}", "-keylogfile", str(log), *client],
            ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(pem), *server],
        ]
        started: list[subprocess.Popen[bytes]] = [self._start(programs[1], folder)]
        try:
            self._listening(started[0])
            with socket.socket(socket.AF_INET, self._kind) as listener:
                listener.bind(("127.0.0.1", front))
                if not datagrams:
                    listener.listen()
                started.insert(0, self._start(programs[0], folder))
                self._carry(listener, port, started, list(typed))
        finally:
            for program in started:
                program.kill()
                program.wait(10)
                for pipe in (program.stdin, program.stdout):
                    if pipe:
                        pipe.close()
        self.keys = log.read_bytes().splitlines() if log.exists() else []

    @staticmethod
    def _start(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, env={**os.environ, "OPENSSL_CONF": ""})

    @staticmethod
    def _listening(server: subprocess.Popen[bytes]) -> None:
        """It says ACCEPT when it does."""
        assert server.stdout
        found, end = b"", time.monotonic() + LIMIT
        while b"ACCEPT" not in found and time.monotonic() < end:
            if select.select([server.stdout], [], [], 0.2)[0]:
                more = os.read(server.stdout.fileno(), 65536)
                found += more
                if not more:
                    break
        assert b"ACCEPT" in found, found.decode(errors="replace")

    def _carry(self, listener: socket.socket, port: int, programs: list[subprocess.Popen[bytes]],
               typed: list[tuple[int, bytes]]) -> None:
        """From either to the other, until nothing more is typed or said."""
        if self._kind == socket.SOCK_STREAM:
            listener.settimeout(LIMIT)
            near = listener.accept()[0]
        else:
            assert select.select([listener], [], [], LIMIT)[0]
            near = listener
            near.connect(listener.recvfrom(65536, socket.MSG_PEEK)[1])
        far = socket.socket(socket.AF_INET, self._kind)
        far.connect(("127.0.0.1", port))
        ends, end, quiet = [near, far], time.monotonic() + LIMIT, time.monotonic() + QUIET
        with near, far:
            while time.monotonic() < end:
                for ready in select.select(ends, [], [], 0.05)[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    side = ends.index(ready)
                    self.said.append((side, data))
                    ends[1 - side].sendall(data)
                    quiet = time.monotonic() + QUIET
                if time.monotonic() < quiet:
                    continue
                if not typed:
                    return
                side, text = typed.pop(0)
                pipe = programs[side].stdin
                assert pipe
                pipe.write(text)
                pipe.flush()
                quiet = time.monotonic() + QUIET
