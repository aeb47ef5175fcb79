"""A program of the owners' lab: makes or serves short exchanges and writes down who it was, for each.

    traffic.py serve  ADDRESS PORT LOG          answer TCP and UDP on this address until killed
    traffic.py ask    ADDRESS PORT LOG KIND N MS   N exchanges of KIND (tcp, udp, udp-loose), MS long each

One line a socket: protocol, local address and port, remote address and port, pid. Children make every other exchange.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
import time


def family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def note(log: int, proto: str, local: tuple, remote: tuple) -> None:
    os.write(log, f"{proto} {local[0]} {local[1]} {remote[0]} {remote[1]} {os.getpid()}\n".encode())


def serve(address: str, port: int, log: int) -> None:
    chooser = selectors.DefaultSelector()
    listener = socket.create_server((address, port), family=family(address), backlog=512)
    datagrams = socket.socket(family(address), socket.SOCK_DGRAM)
    datagrams.bind((address, port))
    chooser.register(listener, selectors.EVENT_READ)
    chooser.register(datagrams, selectors.EVENT_READ)
    while True:
        for key, _ in chooser.select():
            if key.fileobj is listener:
                taken, peer = listener.accept()
                note(log, "tcp", taken.getsockname(), peer)
                chooser.register(taken, selectors.EVENT_READ)
            elif key.fileobj is datagrams:
                data, peer = datagrams.recvfrom(2048)
                note(log, "udp", datagrams.getsockname(), peer)
                datagrams.sendto(data, peer)
            else:
                try:
                    data = key.fileobj.recv(4096)
                except ConnectionResetError:
                    data = b""
                if data:
                    key.fileobj.sendall(data)
                else:
                    chooser.unregister(key.fileobj)
                    key.fileobj.close()


def exchange(address: str, port: int, log: int, kind: str, seconds: float) -> None:
    s = socket.socket(family(address), socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    if kind == "udp-loose":
        s.sendto(b"hello", (address, port))
        s.recvfrom(2048)
        # an unconnected socket has no local address: the one packets leave with is what this route gives
        probe = socket.socket(family(address), socket.SOCK_DGRAM)
        probe.connect((address, port))
        local = (probe.getsockname()[0], s.getsockname()[1])
        probe.close()
    else:
        s.connect((address, port))
        s.sendall(b"hello")
        s.recv(4096)
        local = s.getsockname()
    note(log, kind[:3], local, (address, port))
    time.sleep(seconds)
    s.close()


def ask(address: str, port: int, log: int, kind: str, times: int, seconds: float) -> None:
    for i in range(times):
        if i % 2:
            exchange(address, port, log, kind, seconds)
        else:
            child = os.fork()
            if child == 0:
                exchange(address, port, log, kind, seconds)
                os._exit(0)
            os.waitpid(child, 0)


def main() -> None:
    role, address, port, path, *rest = sys.argv[1:]
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    if role == "serve":
        serve(address, int(port), log)
    else:
        ask(address, int(port), log, rest[0], int(rest[1]), float(rest[2]) / 1000)


if __name__ == "__main__":
    main()
