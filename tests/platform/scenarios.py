"""The scenarios of docs/processes.md, each a small program run in a namespace of the lab: scenarios.py NAME.

It prints one JSON list of ends: [protocol, local, port, remote, port, pid that owns it, time of the first packet], and
then waits for its standard input to end, unless it is one that is gone at once (SHORT).
"""

from __future__ import annotations

import ctypes
import encodings.idna  # noqa: F401  (another user may not read Python's library)
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

from netlab import FAR4, FAR6, NEAR4, NEAR6, PORT

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
SHORT = {"tcp4_short", "tcp6_short", "udp_short", "killed"}
End = tuple[int, str, int, str, int, int, int]


def end(proto: int, s: socket.socket, remote: tuple, pid: int, first: int, local: str = "") -> End:
    here = s.getsockname()
    strip = "::ffff:"
    return (proto, (local or here[0]).removeprefix(strip), here[1], remote[0].removeprefix(strip), remote[1], pid,
            first)


def connect(address: str = FAR4, port: int = PORT) -> tuple[socket.socket, End]:
    s = socket.create_connection((address, port))
    return s, end(TCP, s, (address, port), os.getpid(), time.time_ns())


def child(work) -> list[End]:
    """What `work` returns, done in a forked child that stays."""
    r, w = os.pipe()
    if os.fork() == 0:
        os.write(w, json.dumps(work()).encode())
        os.close(w)
        wait()
        os._exit(0)
    os.close(w)
    with os.fdopen(r) as f:
        return json.load(f)


def tcp4_short() -> list[End]:
    s, e = connect()
    s.close()
    return [e]


def tcp6_short() -> list[End]:
    s, e = connect(FAR6)
    s.close()
    return [e]


def udp_short() -> list[End]:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((FAR4, PORT))
    first = time.time_ns()
    s.send(b"x")
    e = end(UDP, s, (FAR4, PORT), os.getpid(), first)
    s.close()
    return [e]


def killed() -> list[End]:
    """The process is killed while it waits for an answer that never comes."""
    def work() -> list[End]:
        s = socket.socket()
        s.bind((NEAR4, 0))
        s.setblocking(False)
        s.connect_ex(("198.51.100.77", 9))
        first = time.time_ns()
        globals()["keep"] = s
        return [end(TCP, s, ("198.51.100.77", 9), os.getpid(), first)]
    ends = child(work)
    os.kill(ends[0][5], 9)
    os.wait()
    return ends


def accepted(address: str = NEAR4, listen: str = NEAR4, talk: bool = True) -> list[End]:
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    server = socket.create_server((listen, 0), family=family, dualstack_ipv6=listen == "::")
    client = child(lambda: [keep_of(connect(address, server.getsockname()[1]))])[0]
    taken, peer = server.accept()
    first = time.time_ns()
    if talk:
        taken.send(b"x")
    globals()["kept"] = (server, taken)
    return [client, end(TCP, taken, peer, os.getpid(), first)]


def keep_of(pair: tuple[socket.socket, End]) -> End:
    globals().setdefault("keep_all", []).append(pair[0])
    return pair[1]


def accepted_dual() -> list[End]:
    return accepted(NEAR4, "::")


def accepted6() -> list[End]:
    return accepted(NEAR6, "::")


def accepted_idle() -> list[End]:
    return accepted(talk=False)


def loopback() -> list[End]:
    return accepted("127.0.0.1", "127.0.0.1")


def worker() -> list[End]:
    """The listener is inherited by a worker, which accepts."""
    server = socket.create_server((NEAR4, 0))
    def work() -> list[End]:
        keep_of(pair := connect(NEAR4, server.getsockname()[1]))
        taken, peer = server.accept()
        first = time.time_ns()
        taken.send(b"x")
        globals()["taken"] = taken
        return [pair[1], end(TCP, taken, peer, os.getpid(), first)]
    return child(work)


def forked() -> list[End]:
    return child(lambda: [keep_of(connect())])


def daemon() -> list[End]:
    """Forked twice; the process between is gone."""
    r, w = os.pipe()
    if os.fork() == 0:
        if os.fork() == 0:
            os.setsid()
            time.sleep(0.1)
            os.write(w, json.dumps([keep_of(connect())]).encode())
            os.close(w)
            wait()
        os._exit(0)
    os.close(w)
    os.wait()
    with os.fdopen(r) as f:
        return json.load(f)


def executed() -> list[End]:
    """Connects, then becomes another program."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        s, e = connect()
        os.set_inheritable(s.fileno(), True)
        os.write(w, json.dumps([e]).encode())
        os.close(w)
        os.execv("/bin/cat", ["cat"])
    os.close(w)
    with os.fdopen(r) as f:
        return json.load(f)


def thread() -> list[End]:
    found: list[End] = []
    t = threading.Thread(target=lambda: found.append(keep_of(connect())))
    t.start()
    t.join()
    return found


def datagram(address: str, local: str, connected: bool) -> list[End]:
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    if connected:
        s.connect((address, PORT))
    s.sendto(b"x", (address, PORT)) if not connected else s.send(b"x")
    first = time.time_ns()
    globals()["datagrams"] = s
    return [end(UDP, s, (address, PORT), os.getpid(), first, local)]


def udp_connected() -> list[End]:
    return datagram(FAR4, NEAR4, True)


def udp_loose() -> list[End]:
    return datagram(FAR4, NEAR4, False)


def udp6_loose() -> list[End]:
    return datagram(FAR6, NEAR6, False)


def udp_server() -> list[End]:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((NEAR4, 0))
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    def work() -> list[End]:
        first = time.time_ns()
        client.sendto(b"x", s.getsockname())
        return [end(UDP, s, client.getsockname(), os.getppid(), first)]
    client.bind((NEAR4, 0))
    found = child(work)
    s.recvfrom(10)
    globals()["kept"] = s
    return found


def multicast() -> list[End]:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("", 5399))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                 socket.inet_aton("224.0.0.199") + socket.inet_aton(NEAR4))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(NEAR4))
    first = time.time_ns()
    s.sendto(b"x", ("224.0.0.199", 5399))
    s.recvfrom(10)
    globals()["kept"] = s
    return [(UDP, NEAR4, 5399, "224.0.0.199", 5399, os.getpid(), first)]


def ping(proto: int = ICMP, local: str = NEAR4, remote: str = FAR4) -> list[End]:
    p = subprocess.Popen(["ping", "-n", "-i", "0.2", "-e", "4321", remote], stdout=subprocess.PIPE)
    assert p.stdout
    for _ in range(4):         # raw sockets are looked at twice a second
        while b"bytes from" not in p.stdout.readline():
            assert p.poll() is None, "ping ended"
    globals()["pinging"] = p
    return [(proto, local, 4321, remote, 4321, p.pid, time.time_ns())]


def icmp_raw() -> list[End]:
    return ping()


def icmp6_raw() -> list[End]:
    return ping(proto=ICMP6, local=NEAR6, remote=FAR6)


def icmp_socket() -> list[End]:
    """An ICMP socket that is not raw; who may have one is a setting of the namespace."""
    with open("/proc/sys/net/ipv4/ping_group_range", "w") as f:
        f.write("0 1000")
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, ICMP)
    first = time.time_ns()
    s.sendto(struct.pack("!BBHHH", 8, 0, 0, 0, 1) + b"x" * 8, (FAR4, 0))
    globals()["kept"] = s
    number = s.getsockname()[1]
    return [(ICMP, NEAR4, number, FAR4, number, os.getpid(), first)]


def raw_protocol() -> list[End]:
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)
    first = time.time_ns()
    s.sendto(b"x", (FAR4, 0))
    globals()["kept"] = s
    return [(253, NEAR4, 0, FAR4, 0, os.getpid(), first)]


def passed() -> list[End]:
    """Opened here, used by the child that was given it."""
    ours, theirs = socket.socketpair()
    s, e = connect()
    if os.fork() == 0:
        _, fds, _, _ = socket.recv_fds(theirs, 1, 1)
        socket.socket(fileno=fds[0]).send(b"x")
        theirs.send(b"x")
        wait()
        os._exit(0)
    socket.send_fds(ours, [b"x"], [s.fileno()])
    ours.recv(1)
    globals()["kept"] = s
    return [e]


def other_user() -> list[End]:
    def work() -> list[End]:
        os.setgid(65534)
        os.setuid(65534)
        return [keep_of(connect())]
    return child(work)


def refused() -> list[End]:
    s = socket.socket()
    s.bind((NEAR4, 0))
    port = s.getsockname()[1]
    s.connect_ex((FAR4, 9))
    first = time.time_ns()
    return [(TCP, NEAR4, port, FAR4, 9, os.getpid(), first)]


def unanswered() -> list[End]:
    s = socket.socket()
    s.bind((NEAR4, 0))
    s.setblocking(False)
    s.connect_ex(("198.51.100.77", 9))
    first = time.time_ns()
    globals()["kept"] = s
    return [end(TCP, s, ("198.51.100.77", 9), os.getpid(), first)]


def port_again() -> list[End]:
    """Two processes one after the other with the same ends; the first packet of each flow decides."""
    def once(port: int) -> list[End]:
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.bind((NEAR4, port))
        s.connect((FAR4, PORT))
        first = time.time_ns()
        e = end(TCP, s, (FAR4, PORT), os.getpid(), first)
        time.sleep(0.1)
        s.close()
        return [e]
    one = child(lambda: once(0))
    time.sleep(0.3)
    return [*one, *child(lambda: once(one[0][2]))]


def deleted() -> list[End]:
    """The executable is deleted while it runs."""
    path = f"/tmp/own-deleted-{os.getpid()}"
    shutil.copy(os.path.realpath(sys.executable), path)
    code = ("import socket, sys, time\n"
            f"s = socket.create_connection(({FAR4!r}, {PORT}), 5, ({NEAR4!r}, 7070))\n"
            "print(time.time_ns(), flush=True)\nsys.stdin.read()")
    p = subprocess.Popen([path, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         env={**os.environ, "PYTHONHOME": sys.base_prefix})
    assert p.stdout
    first = int(p.stdout.readline())
    os.unlink(path)
    globals()["kept"] = p
    return [(TCP, NEAR4, 7070, FAR4, PORT, p.pid, first)]


def packet_socket() -> list[End]:
    """A whole frame of its own, with addresses that no socket has."""
    interface = next(name for _, name in socket.if_nameindex() if name != "lo")
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((interface, 0))
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 1, 0, 64, 17, 0, socket.inet_aton(NEAR4), socket.inet_aton(FAR4))
    first = time.time_ns()
    s.send(b"\xff" * 6 + b"\2" * 6 + b"\x08\0" + ip + struct.pack("!HHHH", 6789, 9, 8, 0))
    globals()["kept"] = s
    return [(UDP, NEAR4, 6789, FAR4, 9, os.getpid(), first)]


def wait() -> None:
    sys.stdin.read()


def main() -> None:
    ctypes.CDLL(None).prctl(1, 9)      # PR_SET_PDEATHSIG: go with the test
    print(json.dumps(globals()[sys.argv[1]]()), flush=True)
    if sys.argv[1] not in SHORT:
        wait()
    for key in ("pinging", "kept"):
        if hasattr(globals().get(key), "kill"):
            globals()[key].kill()
    os._exit(0)


if __name__ == "__main__":
    main()
