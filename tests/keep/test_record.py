"""`netwatch record`: a ring of pcapng files, flows chosen whole, nothing lost that is not counted."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence_files import ROOT
from made_captures import capture, many, udp
from netwatch_command import COMMAND, ENVIRONMENT, Run

from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch._fast.view.framering import FrameRing
from netwatch.capture.file import open_savefile
from netwatch.cli.selection import parse_where
from netwatch.recorder.pending import Line
from netwatch.recorder.rotation import NAME, Rotation
from netwatch.run import addons
from netwatch.run.pipeline import Pipeline

TOUR = ROOT / "docs" / "tour.pcap"


def recorded(path: Path, folder: Path, where: str | None = None, memory: int = 64 << 20, keep: int = 10,
             size: int = 1 << 30) -> tuple[Line, Rotation, list[str]]:
    """What record does, of a file."""
    folder.mkdir(exist_ok=True)
    source, said = open_savefile(str(path)), []
    pipeline = Pipeline(source, addons=addons.load(addons.CONTENT, addons.RECORDS), history=65_536)
    engine = pipeline.engines[0]
    ring = FrameRing(memory)
    ring.attach(engine)
    line = Line(ring, engine, lambda row, keys: pipeline.record(engine, row, wanted=keys), parse_where(where))
    rotation = Rotation(folder, keep, size, source, said.append)
    for _ in pipeline.steps():
        line.move(rotation)
    line.move(rotation, all_of_it=True)
    rotation.finish(sorted(line.names.items()))
    return line, rotation, said


def frames_in(folder: Path) -> list[int]:
    found = []
    for path in sorted(folder.iterdir()):
        source = open_savefile(str(path))
        found.append(source.drain())
        assert source.error is None
    return found


def test_all_of_it(netwatch: Run, tmp_path: Path):
    line, rotation, said = recorded(TOUR, tmp_path / "r")
    assert (frames_in(tmp_path / "r"), line.lost, line.left, rotation.written, said) == ([47], 0, 0, 47, [])
    path = next((tmp_path / "r").iterdir())
    assert NAME.fullmatch(path.name) and path.name.startswith("netwatch-20261121-085253-")
    assert path.stat().st_mode & 0o777 == 0o600
    assert netwatch("read", path).stdout == netwatch("read", TOUR).stdout


def test_flows_are_chosen_whole(netwatch: Run, tmp_path: Path):
    """A flow is known to be TLS only after its third packet; it is written from its first."""
    recorded(TOUR, tmp_path / "r", "app == tls")
    wanted = netwatch("read", TOUR, "--where", "app == tls", "--what", "packets", "--fields", "time").stdout
    assert wanted == netwatch("read", TOUR, "--where", "port == 35770", "--what", "packets", "--fields", "time").stdout
    path = next((tmp_path / "r").iterdir())
    assert netwatch("read", path, "--what", "packets", "--fields", "time").stdout == wanted


def test_the_ring_keeps_the_newest(tmp_path: Path):
    (tmp_path / "m.pcap").write_bytes(many(20_000))
    _, rotation, _ = recorded(tmp_path / "m.pcap", tmp_path / "r", keep=3, size=500_000)
    there = sorted(path.name for path in (tmp_path / "r").iterdir())
    assert len(there) == 3 and rotation.removed == rotation.files - 3 > 0
    assert sum(path.stat().st_size for path in (tmp_path / "r").iterdir()) < 3 * 600_000
    (tmp_path / "r" / "mine.txt").write_text("x")
    recorded(tmp_path / "m.pcap", tmp_path / "r", keep=3, size=500_000)
    again = sorted(path.name for path in (tmp_path / "r").iterdir())
    assert len(again) == 4 and "mine.txt" in again and not set(there) & set(again)


def test_a_seventh_digit_loses_no_bound(tmp_path: Path, netwatch: Run):
    (tmp_path / "m.pcap").write_bytes(many(20_000))
    (tmp_path / "r").mkdir()
    shutil.copy(TOUR, tmp_path / "r" / "netwatch-20260101-000000-999998.pcapng")
    _, rotation, _ = recorded(tmp_path / "m.pcap", tmp_path / "r", keep=3, size=500_000)
    there = sorted(path.name for path in (tmp_path / "r").iterdir())
    assert len(there) == 3 and rotation.removed == rotation.files - 2 > 0
    assert there[-1].endswith(f"-{999_998 + rotation.files}.pcapng")
    recorded(tmp_path / "m.pcap", tmp_path / "r", keep=3, size=500_000)
    again = {path.name for path in (tmp_path / "r").iterdir()}
    assert len(again) == 3 and not again & set(there)
    assert netwatch("read", tmp_path / "r", "--what", "summary").returncode == 0


def test_a_pipe_in_its_folder_is_no_file_of_ours(tmp_path: Path, netwatch: Run):
    (tmp_path / "r").mkdir()
    os.mkfifo(tmp_path / "r" / "netwatch-20260101-000000-999998.pcapng")
    done = netwatch("read", tmp_path / "r")
    assert done.returncode == 5 and "is not a regular file" in done.stderr
    _, rotation, _ = recorded(TOUR, tmp_path / "r")
    assert rotation.files == 1


def test_a_killed_recorder_leaves_what_can_be_read_on(netwatch: Run, tmp_path: Path):
    """Its last file is cut in the middle of a packet; the next run goes on in the same folder."""
    recorded(TOUR, tmp_path / "r")
    first = next((tmp_path / "r").iterdir())
    first.write_bytes(first.read_bytes()[:-700])
    assert netwatch("read", tmp_path / "r").returncode == 5
    recorded(TOUR, tmp_path / "r")
    done = netwatch("read", tmp_path / "r", "--what", "summary")
    assert done.returncode == 0 and 47 < json.loads(done.stdout)["packets"] < 94
    assert netwatch("read", tmp_path).returncode == 4


def test_what_is_lost_is_counted(tmp_path: Path):
    """The disk takes nothing, and memory has an end."""
    (tmp_path / "m.pcap").write_bytes(many(30_000))
    (tmp_path / "r").mkdir()
    (tmp_path / "r").rmdir()
    source, said = open_savefile(str(tmp_path / "m.pcap")), []
    pipeline = Pipeline(source)
    ring = FrameRing(2 << 20)
    ring.attach(pipeline.engines[0])
    line = Line(ring, pipeline.engines[0], lambda row, keys: pipeline.record(pipeline.engines[0], row), None)
    (tmp_path / "r").mkdir()
    rotation = Rotation(tmp_path / "r", 2, 1 << 20, source, said.append)
    (tmp_path / "r").rmdir()
    for _ in pipeline.steps():
        line.move(rotation)
    line.move(rotation, all_of_it=True)
    assert rotation.written == 0 and line.lost + line.left == 30_000
    assert len(said) == 1 and "recording goes on in memory" in said[0]


def test_a_full_disk_harms_nothing_that_is_there(tmp_path: Path):
    """What was written stays whole, up to the last packet that found room, and it goes on when there is room again."""
    (tmp_path / "m.pcap").write_bytes(many(3_000))
    source, said = open_savefile(str(tmp_path / "m.pcap")), []
    (tmp_path / "r").mkdir()
    rotation = Rotation(tmp_path / "r", 5, 1 << 30, source, said.append)

    def write(writer: CaptureWriter, count: int = 10) -> int:
        for _ in range(count):
            writer.write(b"x" * 60, 1, 60, 0)
        return count

    assert rotation.put(write, 10**18, 10**18) == 10
    rotation.flush()
    program = ("import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
               "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); "
               "sys.path[:0] = sys.argv[2:]; import pathlib, test_record as t; t.beyond(pathlib.Path(sys.argv[1]))")
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path), *sys.path], capture_output=True, text=True,
                          env=ENVIRONMENT, timeout=60)
    assert done.returncode == 0, done.stderr
    kept, lost = map(int, done.stdout.split())
    assert frames_in(tmp_path / "limited") == [kept] and 20 < kept < 60 and kept + lost == 220


def beyond(folder: Path) -> None:
    """In a process that may write files of 4 KiB: two flushes, of which the second is too much."""
    (folder / "limited").mkdir()
    source, said = open_savefile(str(folder / "m.pcap")), []
    rotation = Rotation(folder / "limited", 5, 1 << 30, source, said.append)

    def write(writer: CaptureWriter, count: int) -> int:
        for _ in range(count):
            writer.write(b"x" * 60, 1, 60, 0)
        return count

    source.batch()
    assert rotation.put(lambda writer: write(writer, 20), 10**18, 10**18) == 20
    rotation.flush()
    assert rotation.put(lambda writer: write(writer, 200), 10**18, 10**18) == 200
    rotation.flush()
    assert len(said) == 1 and "File too large" in said[0], said
    assert rotation.put(lambda writer: write(writer, 1), 10**18, 10**18) is None
    print(rotation.written, rotation.lost)


@pytest.mark.parametrize("last", [b"precious", b"", b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x1a\x2b\x3c\x4d" + b"\0" * 19],
                         ids=["no capture", "empty", "the other byte order"])
def test_a_disk_that_stays_full_costs_no_file_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                            last: bytes):
    """Each try begins a file: none of them stays, and the ring keeps what it has, to the byte: only a file that the
    disk has taken has another make room. What is no capture is not cut either."""
    monkeypatch.setattr("netwatch.recorder.rotation.RETRY_S", 0.0)
    names = [f"netwatch-20261121-085253-00000{n}.pcapng" for n in range(1, 5)]
    recorded(TOUR, tmp_path / "r")
    whole = next((tmp_path / "r").iterdir()).read_bytes()
    folder = tmp_path / "ring"
    folder.mkdir()
    for name, content in zip(names, (whole, whole[:-4] + b"cut?", b"precious", last), strict=True):
        (folder / name).write_bytes(content)
    there = {path.name: path.read_bytes() for path in folder.iterdir()}
    source, said = open_savefile(str(TOUR)), []
    source.batch()
    rotation = Rotation(folder, 4, 1 << 20, source, said.append)

    def write(writer: CaptureWriter) -> int:
        raise OSError(28, "No space left on device")

    for _ in range(10):
        assert rotation.put(write, 10**18, 10**18) is None
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == there and len(said) == 10
    assert rotation.told(10).startswith("0 of 10 packets in 0 files")
    assert rotation._open(10**18) and not rotation.removed
    rotation.finish()
    assert rotation.put(lambda writer: writer.write(b"x" * 60, 1, 60, 0) or 1, 10**18, 10**18) == 1
    assert rotation.removed == 2 and names[2] in {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("number", [errno.EACCES, errno.ELOOP, errno.EIO])
def test_what_cannot_be_looked_at_is_not_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int):
    """Somebody has moved the folder, and closed the one above it: the report is told all the same."""
    source, said = open_savefile(str(ROOT / "docs" / "tour.pcap")), []
    source.batch()
    rotation = Rotation(tmp_path, 5, 1, source, said.append)
    assert rotation.put(lambda writer: writer.write(b"x" * 60, 1, 60, 0) or 1, 10**18, 10**18) == 1
    rotation.finish()

    def refuse(path: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr("netwatch.recorder.rotation.os.lstat", refuse)
    assert rotation.told(1) == f"1 of 1 packets in 1 files in {tmp_path}"


@pytest.mark.parametrize("limit", [3_000_000, 9_300_000, 10_000_123])
def test_a_piece_the_disk_took_in_part_is_written_once(tmp_path: Path, limit: int):
    """256 frames of 8 KB are more than what is kept in memory: some of them are on the disk when it has no more room.
    They are offered again, and are in the next file alone."""
    program = ("import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
               "sys.path[:0] = sys.argv[3:]; import pathlib, test_record as t; "
               "t.in_two_files(pathlib.Path(sys.argv[1]), int(sys.argv[2]))")
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path), str(limit), *sys.path], capture_output=True,
                          text=True, env=ENVIRONMENT, timeout=60)
    assert done.returncode == 0, done.stderr
    written, lost, left = map(int, done.stdout.split())
    there = [number for path in sorted((tmp_path / "r").iterdir()) for number in numbers_in(path.read_bytes())]
    assert len(list((tmp_path / "r").iterdir())) == 2 and sorted(set(there)) == there
    assert written == len(there) and lost >= 0 and left == 0 and written + lost == 2000
    assert sum(frames_in(tmp_path / "r")) == written


def numbers_in(data: bytes) -> list[int]:
    """What the datagrams of in_two_files() begin with, of each packet of a pcapng file."""
    found, at = [], 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 6:
            found.append(int.from_bytes(data[at + 28 + 42:at + 28 + 46], "big"))
        at += length
    return found


def in_two_files(folder: Path, limit: int) -> None:
    """In a process of its own: files may be so long, and then there is room again."""
    data = [udp("10.0.0.1", 1000, "10.0.0.2", 53, k.to_bytes(4, "big") * 2000) for k in range(2000)]
    (folder / "m.pcap").write_bytes(capture(data))
    (folder / "r").mkdir()
    source, said = open_savefile(str(folder / "m.pcap")), []
    pipeline = Pipeline(source)
    ring = FrameRing(256 << 20)
    ring.attach(pipeline.engines[0])
    line = Line(ring, pipeline.engines[0], lambda row, keys: pipeline.record(pipeline.engines[0], row), None)
    rotation = Rotation(folder / "r", 20, 1 << 30, source, said.append)
    for _ in pipeline.steps():
        pass
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    line.move(rotation, all_of_it=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    rotation._broken_until = 0.0
    line.move(rotation, all_of_it=True)
    rotation.finish()
    assert len(said) == 1, said
    print(rotation.written, rotation.lost, line.left)


@pytest.mark.parametrize("words", [
    ("--ring", "10"), ("--ring", "0x1MB"), ("--ring", "2x1KB"), ("--where", "nosuch == 1"), ("--process", ""),
    ("--process", 'a"b'), ("--duration", "x"), ("--where", "dns.rcode ==")])
def test_bad_words(netwatch: Run, words: tuple[str, ...]):
    done = netwatch("record", "-i", "lo", *words)
    assert done.returncode == 2 and done.stderr.startswith("netwatch: ") and done.stdout == ""


def test_a_folder_that_cannot_be(netwatch: Run, tmp_path: Path):
    (tmp_path / "file").write_text("")
    done = netwatch("record", "-i", "lo", "--output", tmp_path / "file")
    assert done.returncode == 4 and "--output" in done.stderr
    (tmp_path / "link").symlink_to(tmp_path)
    assert netwatch("record", "-i", "lo", "--output", tmp_path / "link").returncode == 4


root = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0 or shutil.which("ip") is None,
                          reason="network namespaces are made as root on Linux")


@pytest.fixture
def namespace() -> Iterator[str]:
    name = f"nwrec{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
    yield name
    subprocess.run(["ip", "netns", "del", name], check=True)


TALK = """
import socket, sys, threading, time
server = socket.create_server(("127.0.0.1", 8080))
def serve():
    while True:
        peer, _ = server.accept()
        peer.recv(4096)
        peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
        peer.close()
threading.Thread(target=serve, daemon=True).start()
for turn in range(5):
    with socket.create_connection(("127.0.0.1", 8080)) as s:
        s.sendall(b"GET / HTTP/1.1\\r\\nHost: a.example\\r\\n\\r\\n")
        while s.recv(4096): pass
    time.sleep(0.1)
time.sleep(1)
"""


@root
def test_live_with_owners(namespace: str, tmp_path: Path):
    """In the jail, with a program that is wanted, and one that is not."""
    inside = ["ip", "netns", "exec", namespace]
    recorder = subprocess.Popen([*inside, *COMMAND, "record", "-i", "lo", "-o", str(tmp_path / "r"), "--ring", "3x1MB",
                                 "--process", Path(sys.executable).name], env=ENVIRONMENT,
                                stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    time.sleep(4)
    subprocess.run([*inside, sys.executable, "-c", TALK], check=True, timeout=30)
    time.sleep(1)
    recorder.send_signal(signal.SIGINT)
    _, said = recorder.communicate(timeout=30)
    assert recorder.returncode == 130 and "Traceback" not in said and "lost: none" in said, said
    done = subprocess.run([*COMMAND, "read", *map(str, (tmp_path / "r").iterdir())], env=ENVIRONMENT, text=True,
                          capture_output=True, timeout=30)
    flows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(flows) == 5 and all(flow["dport"] == 8080 for flow in flows)
    assert {flow["process"]["name"][:6] for flow in flows} == {"python"} and {flow["app"] for flow in flows} == {"http"}
    assert all(flow["packets_out"] >= 4 for flow in flows)  # from their first packet
