"""The programs of the lab: servers and clients, well and ill. `python programs.py WHAT ...`; a server says `ready`."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import sys
import threading
import time

FAR = "198.51.100.2"
PORT = 8080
RCODES = {"well": 0, "servfail": 2, "nxdomain": 3}


def answer(connection: socket.socket, size: int, wait_s: float) -> None:
    with connection:
        while True:
            asked = connection.recv(1000)
            if not asked:
                return
            time.sleep(wait_s)
            connection.sendall(b"x" * size)


def server(size: str, wait_s: str = "0") -> None:
    """Each request is answered by so many bytes, after a while."""
    listening = socket.create_server(("", PORT), backlog=500)
    print("ready", flush=True)
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=answer, args=(connection, int(size), float(wait_s)), daemon=True).start()


def client(times: str, requests: str, size: str, nap_s: str = "0") -> None:
    """So many connections one after the other, with so many requests each; reads after a nap."""
    for _ in range(int(times)):
        with socket.create_connection((FAR, PORT), 30) as connection:
            for _ in range(int(requests)):
                connection.sendall(b"please\n")
                time.sleep(float(nap_s))
                left = int(size)
                while left:
                    left -= len(connection.recv(min(left, 1 << 16))) or left


def stranded(seconds: str) -> None:
    """Send, and never hear anything again."""
    with socket.create_connection((FAR, PORT), 30) as connection:
        connection.sendall(b"please\n")
        connection.recv(100)
        print("cut", flush=True)
        time.sleep(1)
        connection.sendall(b"and again\n")
        time.sleep(float(seconds))


def knock(times: str, wait_s: str) -> None:
    """Try to connect."""
    for _ in range(int(times)):
        with contextlib.suppress(OSError):
            socket.create_connection((FAR, PORT), float(wait_s)).close()
        time.sleep(0.1)


def resolver(how: str, wait_s: str = "0") -> None:
    """A DNS server that answers every name with one address, or so."""
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked.bind(("", 53))
    print("ready", flush=True)
    while True:
        query, who = asked.recvfrom(1500)
        if how == "silent":
            continue
        time.sleep(float(wait_s))
        question = query[12 : query.index(0, 12) + 5]
        found = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\0\0\x01" if how == "well" else b""
        head = query[:2] + struct.pack(">HHHHH", 0x8180 | RCODES[how], 1, bool(found), 0, 0)
        asked.sendto(head + question + found, who)


def resolve(times: str, wait_s: str) -> None:
    """Ask for the same name, each time from another port."""
    name = b"".join(bytes([len(part)]) + part.encode() for part in ("db", "lab", "example")) + b"\0"
    for number in range(int(times)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(float(wait_s))
            asking.sendto(struct.pack(">HHHHHH", 1000 + number, 0x100, 1, 0, 0, 0) + name + b"\0\x01\0\x01", (FAR, 53))
            with contextlib.suppress(TimeoutError):
                asking.recv(1500)


def distrust(times: str) -> None:
    """TLS 1.2 to a server whose certificate nobody vouches for."""
    context = ssl.create_default_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    for _ in range(int(times)):
        with contextlib.suppress(OSError):
            context.wrap_socket(socket.create_connection((FAR, PORT), 10), server_hostname="lab.example").close()


def secure(certificate: str, key: str) -> None:
    """A TLS server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listening = socket.create_server(("", PORT))
    print("ready", flush=True)
    while True:
        connection, _ = listening.accept()
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            connection.close()


def flood(times: str) -> None:
    """SYNs from addresses that never asked (RFC 791, RFC 9293 section 3.1)."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for number in range(int(times)):
        source, to = socket.inet_aton(f"203.0.113.{1 + number % 250}"), socket.inet_aton(FAR)
        tcp = struct.pack(">HHIIBBHHH", 20000 + number, PORT, number, 0, 0x50, 2, 1024, 0, 0)
        total = sum(struct.unpack(">16H", source + to + struct.pack(">HH", 6, 20) + tcp))
        total = (total & 0xFFFF) + (total >> 16)
        tcp = tcp[:16] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + tcp[18:]
        raw.sendto(struct.pack(">BBHHHBBH", 0x45, 0, 40, number, 0, 64, 6, 0) + source + to + tcp, (FAR, 0))
        time.sleep(0.005)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
