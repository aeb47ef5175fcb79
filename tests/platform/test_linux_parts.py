"""The parts of Linux by themselves: a made /proc, events of the BPF programs, control groups, TCP_INFO, degradation."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from netwatch.model.host import Unavailable
from netwatch.model.machine import Identity, Owner, Process
from netwatch.platform.attribution import Sights
from netwatch.platform.base import Socket
from netwatch.platform.facts import Facts
from netwatch.platform.linux import bpf_events, ebpf, libbpf, tcpinfo
from netwatch.platform.linux.containers import Places, place_of
from netwatch.platform.linux.namespaces import Namespaces
from netwatch.platform.linux.procfs import Proc, full_name

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
DIGITS = "0123456789abcdef" * 4
ROOT = Path(__file__).resolve().parents[2]


def stat(pid: int, comm: str, ppid: int, start: int) -> str:
    return f"{pid} ({comm}) S {ppid} " + "0 " * 17 + f"{start} 0 0\n"


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    """A /proc with one process, as Linux 6.18 writes it."""
    for folder in ("77/net", "77/fd", "self/net"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "77/stat").write_text(stat(77, "a) R 9 (b", 5, 4242))
    (tmp_path / "77/cmdline").write_bytes(b"/usr/bin/a\0-x\0")
    (tmp_path / "77/cgroup").write_text(
        f"1:name=systemd:/system.slice/x.service\n0::/system.slice/docker-{DIGITS}.scope\n")
    (tmp_path / "77/exe").symlink_to("/usr/bin/a")
    for fd, target in ((0, "/dev/null"), (3, "socket:[991]"), (4, "pipe:[5]"), (5, "socket:[992]")):
        (tmp_path / f"77/fd/{fd}").symlink_to(target)
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref\n"
    row = "   1: {} {} 07 00000000:00000000 00:00000000 00000000  1000        0 {} 2 0000 0\n"
    (tmp_path / "77/net/raw").write_text(head + row.format("00000000:0001", "00000000:0000", 991))
    (tmp_path / "77/net/icmp").write_text(head + row.format("0100007F:10E1", "00000000:0000", 992))
    (tmp_path / "77/net/raw6").write_text(head + row.format("0" * 32 + ":003A", "0" * 32 + ":0000", 993) + "cut\n")
    (tmp_path / "77/net/fib_trie").write_text(
        "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 127.0.0.1\n        /32 host LOCAL\n     |-- 192.0.2.0\n"
        "        /24 link UNICAST\n     |-- 192.0.2.7\n        /32 host LOCAL\n")
    (tmp_path / "77/net/if_inet6").write_text("00000000000000000000000000000001 01 80 10 80       lo\n")
    return Proc(str(tmp_path))


def test_proc(proc: Proc) -> None:
    assert proc.pids() == [77] and proc.identify(77) == Identity(77, 4242)
    who, told = proc.glance(77) or (None, None)
    assert who == Identity(77, 4242)
    assert told and (told.name, told.exe, told.cmdline, told.ppid) == ("a) R 9 (b", "/usr/bin/a", "/usr/bin/a -x", 5)
    assert sorted(proc.inodes(77)) == [991, 992]
    assert proc.addresses(77) == {bytes([127, 0, 0, 1]), bytes([192, 0, 2, 7]), bytes(15) + b"\1"}
    assert proc.raw_sockets(77) == [
        Socket(1, b"", 0, b"", 0, uid=1000, inode=991), Socket(58, b"", 0, b"", 0, uid=1000, inode=993),
        Socket(1, bytes([127, 0, 0, 1]), 0x10E1, b"", 0, uid=1000, inode=992)]


def test_a_process_that_is_gone(proc: Proc) -> None:
    assert proc.identify(78) is None and proc.glance(78) is None and proc.inodes(78) == []
    assert proc.addresses(78) == frozenset() and proc.raw_sockets(78) == [] and proc.namespace(78) == 0
    assert proc.hidden == 0, "gone is not hidden"


def test_full_names() -> None:
    assert full_name("a-long-program-", "/opt/a-long-program-name --x") == "a-long-program-name"
    assert full_name("sshd", "sshd: root@pts/0") == "sshd"
    assert full_name("renamed-itself-", "/usr/bin/python3 x") == "renamed-itself-"


@pytest.mark.parametrize(("path", "container", "pod", "unit"), [
    ("/system.slice/sshd.service", "", "", "sshd.service"),
    ("/user.slice/user-1000.slice/user@1000.service/app.slice/firefox.service", "", "", "firefox.service"),
    ("/user.slice/user-1000.slice/session-3.scope", "", "", "session-3.scope"),
    (f"/docker/{DIGITS}", "0123456789ab", "", ""),
    (f"/system.slice/docker-{DIGITS}.scope", "docker:0123456789ab", "", ""),
    (f"/machine.slice/libpod-{DIGITS}.scope/container", "podman:0123456789ab", "", ""),
    (f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1b2c3d4e_0000_1111_2222_333344445555.slice/"
     f"cri-containerd-{DIGITS}.scope", "containerd:0123456789ab", "1b2c3d4e-0000-1111-2222-333344445555", ""),
    (f"/kubepods/besteffort/pod1b2c3d4e-0000-1111-2222-333344445555/{DIGITS}", "0123456789ab",
     "1b2c3d4e-0000-1111-2222-333344445555", ""),
    ("/lxc.payload.web/system.slice/nginx.service", "web", "", "nginx.service"),
    ("/machine.slice/systemd-nspawn@box.service/payload", "box", "", "systemd-nspawn@box.service"),
    ("/", "", "", ""), ("/init.scope", "", "", ""), ("/x/0123456789abcdef", "", "", ""),
])
def test_places(path: str, container: str, pod: str, unit: str) -> None:
    found = place_of([path])
    assert (found.container.rpartition(":")[2], found.pod, found.unit) == (container.rpartition(":")[2], pod, unit)
    if ":" in container:
        assert found.container == container


def test_places_of_a_process(proc: Proc) -> None:
    found = Places(proc.cgroups).of_pid(77)
    assert (found.container, found.unit) == ("docker:0123456789ab", "x.service")
    assert not Places(proc.cgroups).of_pid(78).unit


def test_socket_events() -> None:
    raw = bpf_events.SOCKET.pack(bpf_events.SENT, 7, 5_000_000_123, 99, 1234, 4026531840, 10, 17, 5353, 53, 1,
                             bytes(16), bytes(10) + b"\xff\xff\x01\x02\x03\x04")
    assert bpf_events.socket_event(raw) == bpf_events.SocketEvent(
        bpf_events.SENT, Identity(7, 500), 99, 1234, 4026531840, 17, b"", 5353, b"\1\2\3\4", 53, True)
    assert bpf_events.WHOSE.unpack(raw) == (7, 1234, 4026531840)


def test_process_events() -> None:
    path, args, cgroup = b"curl\0bin\0usr\0", b"curl\0-v\0x\x1b\0", b"x.service\0system.slice\0"
    raw = bpf_events.HEAD.pack(bpf_events.PROCESS, 7, 5_000_000_123, 3, 1000, b"curl", len(path), len(args),
                               len(cgroup), 0)
    raw += path.ljust(bpf_events.PATH_ROOM, b"?") + args.ljust(bpf_events.ARGS_ROOM, b"?")
    raw += cgroup.ljust(bpf_events.CGROUP_ROOM, b"?")
    assert len(raw) == bpf_events.PROCESS_SIZE
    assert bpf_events.process_event(raw) == (
        Identity(7, 500), Process(7, "curl", "/usr/bin/curl", "curl -v x\ufffd", 1000, ppid=3),
        "/system.slice/x.service")
    lying = bpf_events.HEAD.pack(bpf_events.PROCESS, 7, 0, 3, 0, b"x" * 16, 65535, 65535, 65535, 1) + bytes(2560)
    who, process, place = bpf_events.process_event(lying)
    assert who.pid == 7 and process.name.startswith("[x") and len(place) <= bpf_events.CGROUP_ROOM + 1


def test_the_layouts_agree_with_the_programs() -> None:
    """The sizes that C gives these structures, from their fields: both sides must be changed together."""
    text = (ROOT / "netwatch/platform/linux/bpf/owners.bpf.c").read_text()
    widths = {"__u64": 8, "__u32": 4, "__u16": 2, "__u8": 1, "char": 1}
    rooms = {name: getattr(bpf_events, name) for name in ("PATH_ROOM", "ARGS_ROOM", "CGROUP_ROOM")}
    for name, size in (("socket_event", bpf_events.SOCKET.size), ("process_event", bpf_events.PROCESS_SIZE)):
        body = text.split(f"struct {name} {{")[1].split("};")[0]
        total = 0
        for line in body.split("\n"):
            words = line.split(";")[0].split()
            if len(words) == 2:
                field, _, count = words[1].rstrip("]").partition("[")
                assert field
                total += widths[words[0]] * (rooms.get(count) or int(count or 1))
        assert total == size, name
    for room, value in rooms.items():
        assert f"{room} = {value}" in text


def test_tcp_info_of_a_connection() -> None:
    from netwatch.platform import current

    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        taken, _ = server.accept()
        client.sendall(b"x" * 5000)
        with taken:
            taken.recv(1, socket.MSG_PEEK)
            ends = b"\x7f\0\0\1", client.getsockname()[1], b"\x7f\0\0\1", server.getsockname()[1]
            try:
                found = current().tcp_info(*ends)  # type: ignore[attr-defined]
            except Unavailable as e:
                pytest.skip(str(e))
    assert found["state"] == 1 and found["snd_cwnd"] > 0 and found["rtt_us"] > 0 and found["congestion"]
    assert found["bytes_acked"] in (5000, 5001)
    with pytest.raises(Unavailable, match="no such connection"):
        current().tcp_info(ends[0], 1, ends[2], 1)  # type: ignore[attr-defined]


def test_tcp_info_of_an_older_kernel() -> None:
    info = struct.pack("<8B5I", 1, 0, 2, 0, 0, 0, 0, 0, 200000, 0, 1448, 536, 3)
    answer = bytes(tcpinfo.HEAD) + struct.pack("<HH", 4 + len(info), tcpinfo.INET_DIAG_INFO) + info
    assert tcpinfo.parse(answer) == {"state": 1, "retransmits": 2, "backoff": 0, "rto_us": 200000, "snd_mss": 1448,
                                     "rcv_mss": 536, "unacked": 3}
    for n in range(len(answer)):
        assert tcpinfo.parse(answer[:n]) == {}


def test_what_the_kernels_types_took_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten megabytes each time, which glibc would keep for a process that needs none of them again."""
    given: list[bool] = []
    monkeypatch.setattr(libbpf, "trim", lambda: given.append(True))
    try:
        with libbpf.kernel_types():
            assert not given
    except Unavailable as e:
        pytest.skip(str(e))
    assert len(given) == 1
    libbpf.enum_names("skb_drop_reason")
    assert len(given) == 2


def test_no_libbpf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libbpf, "LIBRARY", "libnone.so.9")
    with pytest.raises(Unavailable, match=r"libnone\.so\.9 is not installed"):
        libbpf.library()


def test_no_object(tmp_path: Path) -> None:
    tracker = ebpf.EbpfTracker(None, None, None, None, tmp_path / "none.o")  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match=r"none\.o is missing"):
        tracker.start()
    assert not tracker.status().active


def test_what_the_iterator_finds_has_cookies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the verifier does not let it make them (builds of Linux 6.18)."""
    monkeypatch.setattr(ebpf, "EACH_BY_COOKIE", ebpf.FOUND_AS_THEY_ARE)
    proc = Proc()
    namespaces = Namespaces(proc)
    tracker = ebpf.EbpfTracker(Sights(namespaces.own), Facts(), Places(proc.cgroups), namespaces)
    with socket.socket() as listens, contextlib.ExitStack() as after:
        listens.bind(("127.0.0.1", 0))
        try:
            tracker.start()
        except Unavailable as e:
            pytest.skip(str(e))
        after.callback(tracker.close)
        if not tracker._programs & ebpf.FIND:
            pytest.skip("no iterators here")
        listens.listen()
        tracker.sweep()
        mine = {cookie: key for cookie, sights in tracker._sights._by_cookie.items() for key in sights
                if key.who.pid == os.getpid()}
        cookie = int.from_bytes(listens.getsockopt(socket.SOL_SOCKET, 57, 8), sys.byteorder)  # SO_COOKIE
    assert cookie in mine and not [each for each in mine if each >= ebpf.ADDRESSES]


def test_without_an_iterator_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ebpf.EbpfTracker, "_findable", lambda self: (set(), ebpf.EACH_BY_COOKIE))
    proc = Proc()
    namespaces = Namespaces(proc)
    tracker = ebpf.EbpfTracker(Sights(namespaces.own), Facts(), Places(proc.cgroups), namespaces)
    try:
        tracker.start()
    except Unavailable as e:
        pytest.skip(str(e))
    status = tracker.status()
    tracker.close()
    assert status.active and not tracker.complete and "no iterator" in status.reason


BECOME = "os.setgroups([]); os.setgid(65534); os.setuid(65534)"
UNPRIVILEGED = """
import os, socket, sys, time
sys.path.insert(0, {root!r})
import encodings.idna, netwatch._fast.os.sockdiag, netwatch._fast.os.netlink, psutil, pwd
from netwatch.platform import current
here = current()
os.setgroups([]); os.setgid(65534); os.setuid(65534)
owners = here.owners()
owners.start()
for s in owners.status():
    print(s.method, s.active, s.reason)
with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
    time.sleep(0.3)
    now = time.time_ns()
    time.sleep(0.3)
    for port, other in ((server.getsockname()[1], client.getsockname()[1]), ({port}, 9)):
        print(owners.lookup("tcp", "127.0.0.1", port, "127.0.0.1", other, now).record())
owners.close()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, as root")
def test_without_root() -> None:
    """One's own processes are found; others' are not, and it is said why."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = UNPRIVILEGED.format(root=str(ROOT), port=server.getsockname()[1])
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    first, _, third, mine, other = done.stdout.splitlines()
    assert first.startswith("ebpf False") and "CAP_BPF" in first
    assert third.startswith("sock_diag True") and "may not be read" in third
    assert "'pid'" in mine and "'unknown'" in other


HIDDEN = ("mount -t proc -o hidepid=2 none /proc && "
          "exec setpriv --reuid=65534 --regid=65534 --clear-groups {python} -c '{code}'")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts /proc, as root")
def test_with_hidepid() -> None:
    """With hidepid=2 other processes are not even listed."""
    code = UNPRIVILEGED.format(root=str(ROOT), port=1).replace(BECOME, "")
    script = HIDDEN.format(python=sys.executable, code=code.replace("'", '"'))
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, timeout=60)
    if "mount" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    assert "sock_diag True" in done.stdout and "mounted with hidepid" in done.stdout and "'pid'" in done.stdout


@pytest.mark.parametrize("method", ["ebpf", "bcc", "sock_diag"])
def test_each_method_works_or_says_why(method: str) -> None:
    from netwatch.platform.linux.machine import Linux

    owners = Linux().owners((method,))
    owners.start()
    status, = owners.status()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        found = owners.lookup("tcp", "127.0.0.1", client.getsockname()[1], "127.0.0.1", server.getsockname()[1],
                              time.time_ns())
        if status.active and method != "sock_diag":
            assert isinstance(found, Owner) and (found.process.pid, found.method) == (os.getpid(), method)
    owners.close()
    assert status.method == method
    assert status.active or len(status.reason) > 10


def test_libbpf_calls_nothing_of_python_that_could_lose_a_signal() -> None:
    """What a handler of Ctrl-C raises within a function that C calls is printed and forgotten by ctypes."""
    try:
        lib = libbpf.library()
    except Unavailable as error:
        pytest.skip(str(error))
    assert lib.libbpf_set_print(None) is None  # what was set before
