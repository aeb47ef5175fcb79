"""The pcapng writer: read back by our reader and by tshark, and careful about the file it makes."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess

import capture_bytes
import pytest
from capture_bytes import PACKETS

from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch.capture.file import open_savefile

KEYLOG = b"CLIENT_RANDOM " + b"00" * 32 + b" " + b"11" * 48 + b"\n"


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "out.pcapng"
    with CaptureWriter(str(path)) as w:
        assert w.add_interface("eth0", 1, 96, "first one") == 0
        assert w.add_interface("tun0", 101) == 1
        w.add_secrets(0x544C534B, KEYLOG)
        w.add_names([("192.0.2.1", "a.example"), (bytes(15) + b"\1", "six.example")])
        for i, (ts, data) in enumerate(PACKETS):
            w.write(data, ts + 789, len(data) + i, i % 2, "a note, é" if i == 2 else None)
        assert w.packets == len(PACKETS)
    assert path.stat().st_size == w.bytes_written
    return path


def test_our_reader_gets_it_back(written, frames_of):
    source = open_savefile(str(written))
    frames = frames_of(source)
    links = (1, 101)
    assert frames == [
        (i + 1, ts + 789, len(d), len(d) + i, i % 2, links[i % 2], d) for i, (ts, d) in enumerate(PACKETS)
    ]
    assert source.error is None and source.secrets == [(0x544C534B, KEYLOG)]
    assert source.names == [(bytes([192, 0, 2, 1]), "a.example"), (bytes(15) + b"\1", "six.example")]
    assert [(i["name"], i["snaplen"], i["description"]) for i in source.interfaces] == [
        ("eth0", 96, "first one"),
        ("tun0", 262144, ""),
    ]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_it(written):
    fields = ["frame.time_epoch", "frame.len", "frame.cap_len", "frame.interface_name", "frame.comment"]
    command = ["tshark", "-r", str(written), "-T", "fields"] + [x for f in fields for x in ("-e", f)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.rstrip("\n").split("\n")]
    assert [r[1:4] for r in rows] == [
        [str(len(d) + i), str(len(d)), ("eth0", "tun0")[i % 2]] for i, (_, d) in enumerate(PACKETS)
    ]
    assert [r[0] for r in rows] == [f"{(ts + 789) // 10**9}.{(ts + 789) % 10**9:09d}" for ts, _ in PACKETS]
    assert [r[4] for r in rows] == ["", "", "a note, é", ""]
    assert "damaged" not in done.stderr and "cut short" not in done.stderr


@pytest.mark.skipif(shutil.which("capinfos") is None, reason="capinfos is not installed")
def test_capinfos_reads_it(written):
    said = subprocess.run(["capinfos", str(written)], capture_output=True, text=True, check=True).stdout
    assert "pcapng" in said and "Number of interfaces in file: 2" in said and "netwatch" in said


def test_more_than_the_buffer_holds(tmp_path, frames_of):
    path = str(tmp_path / "big.pcapng")
    frames = [bytes([i % 256]) * (i * 97 % 3000) for i in range(2000)] + [b"z" * 262144] * 3
    with CaptureWriter(path) as w:
        w.follow([{"name": "a", "link": 1, "snaplen": 0, "description": ""}])
        for i, data in enumerate(frames):
            w.write(data, i, len(data), 0, "c" * 70000 if i == 5 else None)
        w.add_secrets(1, bytes(9_000_000))
    source = open_savefile(path)
    assert [f[6] for f in frames_of(source)] == frames
    assert source.error is None and len(source.secrets[0][1]) == 9_000_000


def test_a_whole_source_is_copied(tmp_path, frames_of):
    options = capture_bytes.option("<", 9, b"\x09")
    first = capture_bytes.interface(options=options + capture_bytes.option("<", 2, b"eth0"))
    second = capture_bytes.interface(link=101, options=options)
    packets = [(i, bytes([i % 256]) * (i % 1500)) for i in range(9000)]
    data = capture_bytes.section() + first + second
    data += b"".join(capture_bytes.enhanced("<", ts % 2, ts, data, len(data) + 4) for ts, data in packets)
    (tmp_path / "in").write_bytes(data)
    with CaptureWriter(str(tmp_path / "out")) as w:
        assert w.copy(open_savefile(str(tmp_path / "in"))) == len(packets)
    one, two = (open_savefile(str(tmp_path / name)) for name in ("in", "out"))
    assert frames_of(one) == frames_of(two)
    assert [i["name"] for i in two.interfaces] == ["eth0", ""] and two.error is None


def test_file_is_private_and_never_overwritten(tmp_path):
    path = tmp_path / "x.pcapng"
    path.write_bytes(b"precious")
    path.chmod(0o644)
    with pytest.raises(FileExistsError):
        CaptureWriter(str(path))
    assert path.read_bytes() == b"precious"
    CaptureWriter(str(path), force=True).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and path.read_bytes()[:4] == b"\n\r\r\n"


@pytest.mark.parametrize("force", [False, True])
def test_links_are_refused(tmp_path, force):
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(OSError):
        CaptureWriter(str(tmp_path / "link"), force=force)
    assert target.read_bytes() == b"precious" and (tmp_path / "link").is_symlink()


def test_what_makes_no_sense_is_refused(tmp_path):
    w = CaptureWriter(str(tmp_path / "x.pcapng"))
    with pytest.raises(ValueError, match="interface 0 is not described"):
        w.write(b"x", 0, 1)
    w.add_interface()
    with pytest.raises(ValueError, match="longer than"):
        w.write(bytes(262145), 0, 262145)
    w.close()
    with pytest.raises(ValueError, match="closed"):
        w.write(b"x", 0, 1)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_an_error(tmp_path):
    w = CaptureWriter(str(tmp_path / "x.pcapng"))
    w.add_interface()
    full = os.open("/dev/full", os.O_WRONLY)
    for fd in os.listdir("/proc/self/fd"):
        if os.path.exists(f"/proc/self/fd/{fd}") and os.readlink(f"/proc/self/fd/{fd}") == str(tmp_path / "x.pcapng"):
            os.dup2(full, int(fd))
    w.write(b"x", 0, 1)
    with pytest.raises(OSError, match="No space left"):
        w.flush()
    with pytest.raises(OSError):
        w.close()
    os.close(full)
