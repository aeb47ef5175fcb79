"""Live capture on a veth pair in a network namespace of our own, and the choice and listing of interfaces."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import sys
import threading
import time

import pytest

from netwatch.capture.live import SourceError, default_interface, list_devices, open_live

ROOT = pytest.mark.skipif(
    os.geteuid() != 0 or sys.platform != "linux" or shutil.which("ip") is None,
    reason="live capture is tested as root on Linux with iproute2",
)
CLONE_NEWNET = 0x40000000
A, B = f"nwt{os.getpid() % 10000}a", f"nwt{os.getpid() % 10000}b"


def ip(*words, check=True):
    subprocess.run(["ip", *words], check=check, capture_output=True)


@pytest.fixture
def own_namespace():
    """Nothing a test sends leaves this namespace, which ends with the test."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net") as before:
        if libc.unshare(CLONE_NEWNET) != 0:
            pytest.skip(f"no network namespace can be made: {os.strerror(ctypes.get_errno())}")
        ip("link", "set", "lo", "up")
        yield
        assert libc.setns(before.fileno(), CLONE_NEWNET) == 0


@pytest.fixture
def pair(own_namespace):
    """A veth pair; frames sent on A arrive on B."""
    ip("link", "add", A, "type", "veth", "peer", "name", B)
    for name in (A, B):
        with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w") as f:
            f.write("1")
        ip("link", "set", name, "up")
    yield A, B
    ip("link", "del", A, check=False)


def send(name, frames):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((name, 0))
        for frame in frames:
            s.send(frame)


def gather(source, wanted, seconds=5.0):
    frames, end = [], time.monotonic() + seconds
    while len(frames) < wanted and time.monotonic() < end:
        frames += source.batch() or []
    return frames


def frame(i, size=60):
    return b"\2\0\0\0\0\2\2\0\0\0\0\1\x88\xb5" + i.to_bytes(4, "big") + bytes(size - 18)


@ROOT
def test_frames_arrive_whole_and_in_order(pair):
    a, b = pair
    source = open_live([b])
    sent = [frame(i, 60 + i % 1400) for i in range(3000)]
    before = time.time_ns()
    send(a, sent)
    frames = gather(source, len(sent))
    assert [f[6] for f in frames] == sent
    assert [f[0] for f in frames] == list(range(1, len(sent) + 1))
    assert all(before - 10**9 < f[1] < time.time_ns() + 10**9 for f in frames)
    assert source.interfaces == [{"name": b, "link": 1, "snaplen": 262144, "resolution": 10**9, "description": ""}]
    source.close()
    stats = source.stats()
    assert (stats["received"], stats["kernel_drops"], stats["ring_drops"]) == (len(sent), 0, 0)
    assert stats["interfaces"][b]["received"] == len(sent)


@ROOT
def test_filter_and_snap_length(pair):
    source = open_live([pair[1]], "ether proto 0x88b5 and ether[17] == 7", snaplen=64)
    send(pair[0], [frame(i, 200) for i in range(20)])
    frames = gather(source, 1)
    assert [(f[2], f[3], f[6]) for f in frames] == [(64, 200, frame(7, 200)[:64])]
    assert source.batch() is None
    source.close()


@ROOT
def test_idle_answers_within_a_moment_and_interrupt_ends(pair):
    source = open_live([pair[1]])
    start = time.monotonic()
    assert source.batch() is None
    assert 0.05 < time.monotonic() - start < 0.5
    threading.Timer(0.02, source.interrupt).start()
    start = time.monotonic()
    while source.batch() is None:
        pass
    assert time.monotonic() - start < 0.09 and not source.damaged
    source.close()


@ROOT
def test_several_interfaces_and_one_that_goes_away(pair):
    source = open_live([pair[1], "lo"], "ether proto 0x88b5 or udp dst port 40123")
    send(pair[0], [frame(1)])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"hello", ("127.0.0.1", 40123))
    frames = gather(source, 2)
    assert sorted((f[4], f[6][-5:]) for f in frames) == [(0, bytes(5)), (1, b"hello")]
    assert {name: one["received"] for name, one in source.stats()["interfaces"].items()} == {pair[1]: 1, "lo": 1}
    ip("link", "del", pair[0])
    end = time.monotonic() + 3
    while source.error is None and time.monotonic() < end:
        source.batch()
    assert source.error.startswith(f"{pair[1]}: capture ended: ") and not source.damaged
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"again", ("127.0.0.1", 40123))
    assert [f[6][-5:] for f in gather(source, 1)] == [b"again"]
    source.close()


@ROOT
def test_the_last_interface_going_away_ends_the_input(pair):
    source = open_live([pair[1]])
    ip("link", "del", pair[0])
    end = time.monotonic() + 3
    while source.batch() is None and time.monotonic() < end:
        pass
    assert source.batch() == [] and source.damaged and pair[1] in source.error


@ROOT
def test_an_interface_may_go_down_and_come_back(pair):
    source = open_live([pair[1]], "ether proto 0x88b5")
    ip("link", "set", pair[1], "down")
    for _ in range(4):
        source.batch()
    ip("link", "set", pair[1], "up")
    ip("link", "set", pair[0], "up")
    frames, end = [], time.monotonic() + 5
    while not frames and time.monotonic() < end:
        send(pair[0], [frame(1)])
        frames += source.batch() or []
    assert frames[0][6] == frame(1) and source.error is None
    source.close()


@ROOT
def test_any(pair):
    source = open_live(["any"], "udp dst port 40124")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"hello", ("127.0.0.1", 40124))
    frames = gather(source, 1)
    assert frames[0][5] in (113, 276) and frames[0][6].endswith(b"hello")
    source.close()


@ROOT
@pytest.mark.parametrize(
    ("names", "options", "code", "words"),
    [
        (["lo"], {"capture_filter": "tcp port"}, 2, "capture filter 'tcp port' on lo: "),
        (["lo"], {"capture_filter": "ip\0"}, 2, "NUL"),
        (["lo"], {"snaplen": 1}, 2, "snap length"),
        (["lo"], {"ring_mb": 0}, 2, "ring"),
        ([], {}, 2, "between 1 and"),
        (["lol"], {}, 4, "no interface is called lol; the nearest is lo"),
        ([""], {}, 4, "empty name"),
        (["et\udc80h"], {}, 4, "no interface is called et?h"),
        (["lo"], {"capture_filter": "\udc80"}, 2, "capture filter "),
    ],
)
def test_what_cannot_be_opened(names, options, code, words):
    with pytest.raises(SourceError) as raised:
        open_live(names, **options)
    assert raised.value.exit_code == code and words in str(raised.value) and "\n" not in str(raised.value)


@ROOT
def test_no_permission_names_the_fix():
    code = (
        "import os\nfrom netwatch.capture.live import *\nos.setuid(65534)\n"
        "try: open_live(['lo'])\n"
        "except SourceError as e: print(e.exit_code, e)\n"
        "print([d['reason'] for d in list_devices() if d['name'] == 'lo'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first == "3 lo: no permission to capture; run it with sudo"
    assert "run it with sudo" in second and "setcap" not in second


@ROOT
def test_devices_say_whether_they_can_be_captured(pair):
    ip("link", "set", pair[0], "down")
    devices = {d["name"]: d for d in list_devices()}
    assert devices["lo"]["loopback"] and devices["lo"]["capturable"] and "127.0.0.1" in devices["lo"]["addresses"]
    assert not devices[pair[0]]["capturable"] and "is down" in devices[pair[0]]["reason"]
    assert all(d["capturable"] == (d["reason"] == "") for d in devices.values())


ROUTE4 = """Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth1 0000A8C0 00000000 0001 0 0 0 00FFFFFF 0 0 0
eth2 00000000 010200C0 0003 0 0 200 00000000 0 0 0
eth3 00000000 010200C0 0003 0 0 100 00000000 0 0 0
eth4 00000000 010200C0 0002 0 0 0 00000000 0 0 0
"""
ROUTE6 = f"""{"0" * 32} 00 {"0" * 32} 00 {"0" * 32} ffffffff 00000001 00000000 00200200 lo
{"0" * 32} 00 {"0" * 32} 00 fe80{"0" * 27}1 00000400 00000001 00000000 00000003 wlan0
"""


@pytest.mark.parametrize(("v4", "v6", "name"), [(ROUTE4, ROUTE6, "eth3"), (ROUTE4[:130], ROUTE6, "wlan0")])
def test_default_interface_has_the_default_route(tmp_path, v4, v6, name):
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/route").write_text(v4)
    (tmp_path / "proc/net/ipv6_route").write_text(v6)
    assert default_interface(str(tmp_path)) == name


def test_default_interface_without_routes_exists(tmp_path):
    assert default_interface(str(tmp_path)) in {name for _, name in socket.if_nameindex()}
