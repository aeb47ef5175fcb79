"""What finding owners costs: `owners.py rate METHOD CONNECTIONS_A_SECOND` and `owners.py many`.

rate: ten seconds of short TCP connections on the loopback, both ends asked about: CPU time of tracking and of asking.
many: 5,000 connected sockets in 25 processes; the time of one pass of each method and of psutil.net_connections.
"""

from __future__ import annotations

import itertools
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from netwatch.model.machine import Owner
from netwatch.platform.linux.machine import Linux

PORT, SECONDS, TICK_S = 7999, 10, 0.1     # flows are asked about once a tick, as a screen does
SERVER = f"""
import socket
server = socket.create_server(("127.0.0.1", {PORT}), backlog=1024)
while True:
    taken, _ = server.accept()
    taken.recv(100)
    taken.send(b"x")
    taken.close()
"""
CLIENT = f"""
import socket, sys, time
rate, began = float(sys.argv[1]), time.monotonic()
for i in range(int(rate * {SECONDS})):
    first = time.time_ns()
    s = socket.create_connection(("127.0.0.1", {PORT}))
    s.send(b"x")
    s.recv(10)
    print(s.getsockname()[1], first, flush=True)
    s.close()
    time.sleep(max(0, began + i / rate - time.monotonic()))
"""


def rate(method: str, per_second: str) -> None:
    server = subprocess.Popen([sys.executable, "-c", SERVER])
    time.sleep(0.5)
    owners = Linux().owners((method,))
    owners.start()
    time.sleep(1)
    before, asking, right, asked = owners.seconds, 0.0, 0, 0
    client = subprocess.Popen([sys.executable, "-c", CLIENT, per_second], stdout=subprocess.PIPE, text=True)
    began = time.monotonic()
    assert client.stdout
    waiting: list[tuple[int, int]] = []
    ask_at = began
    for line in itertools.chain(client.stdout, [""]):
        if line:
            port, first = map(int, line.split())
            waiting.append((port, first))
        if line and time.monotonic() < ask_at:
            continue
        ask_at = time.monotonic() + TICK_S
        at = time.thread_time()
        for port, first in waiting:
            for ends in ((port, PORT), (PORT, port)):
                found = owners.lookup("tcp", "127.0.0.1", ends[0], "127.0.0.1", ends[1], first)
                right += isinstance(found, Owner) and found.process.pid in (client.pid, server.pid)
                asked += 1
        waiting = []
        asking += time.thread_time() - at
    seconds = time.monotonic() - began
    tracking = owners.seconds - before
    print(f"{method}: {asked // 2 / seconds:.0f} connections/s, {right} of {asked} ends named; of a core: tracking "
          f"{tracking / seconds:.2%}, asking {asking / seconds:.2%}, together {(tracking + asking) / seconds:.2%}")
    owners.close()
    server.kill()


def hold_sockets() -> None:
    """25 children with 100 connections each, both ends."""
    for _ in range(25):
        r, w = os.pipe()
        if os.fork() == 0:
            server = socket.create_server(("127.0.0.1", 0), backlog=256)
            held = []
            for _ in range(100):
                held.append(socket.create_connection(server.getsockname()))
                held.append(server.accept()[0])
            os.write(w, b"x")
            time.sleep(600)
        os.read(r, 1)
        os.close(r)
        os.close(w)


def best(what: str, work: Callable[[], object]) -> None:
    times = []
    for _ in range(7):
        at = time.perf_counter()
        work()
        times.append(time.perf_counter() - at)
    print(f"{what}: {1000 * min(times):.1f} ms")


def many() -> None:
    import psutil

    os.setpgrp()
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    hold_sockets()
    here = Linux()
    print(f"{len(here.sockets())} sockets")
    best("psutil.net_connections", lambda: psutil.net_connections("inet"))
    best("sock_diag, all sockets with their processes", here.sockets)
    for method in ("sock_diag", "ebpf"):
        tracker = here.owners((method,))._trackers[0]
        tracker.start()
        at = time.perf_counter()
        tracker.sweep()
        print(f"{method}, first pass: {1000 * (time.perf_counter() - at):.1f} ms")
        best(f"{method}, a pass without changes", tracker.sweep)
        tracker.close()
    os.killpg(0, 15)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
