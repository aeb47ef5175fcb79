"""Whatever is wrong with the request or the file: one clear line on standard error, and the exit code for it."""

from __future__ import annotations

import gzip
import os
import subprocess
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, Run

USAGE, DENIED, MISSING, DAMAGED = 2, 3, 4, 5


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The only line of standard error."""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_missing_file(netwatch: Run) -> None:
    done = netwatch("read", "nowhere.pcap")
    assert (done.returncode, done.stdout) == (MISSING, "")
    assert one_line(done) == "netwatch: nowhere.pcap: no such file"


def test_missing_file_with_a_hostile_name(netwatch: Run) -> None:
    done = netwatch("read", "a\033[2Jb\nc.pcap")
    assert done.returncode == MISSING
    assert "\033" not in one_line(done)


def test_directory(netwatch: Run, tmp_path: Path) -> None:
    done = netwatch("read", tmp_path)
    assert done.returncode == MISSING
    assert "is a directory" in one_line(done)


@pytest.mark.parametrize("content", [b"Dear reader,\nthis is a letter.\n", b"\x00" * 100, b"\xa1", b"\n\r\r\n"])
def test_not_a_capture(netwatch: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(content)
    done = netwatch("read", path)
    assert (done.returncode, done.stdout) == (DAMAGED, "")
    assert one_line(done).startswith(f"netwatch: {path}: ")


def test_zero_bytes(netwatch: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.pcap"
    path.touch()
    done = netwatch("read", path)
    assert done.returncode == DAMAGED
    assert "empty" in one_line(done)


def test_zero_bytes_on_standard_input(netwatch: Run) -> None:
    done = netwatch("read", "-")
    assert done.returncode == DAMAGED
    assert "standard input" in one_line(done)


def test_header_without_a_frame_is_no_error(netwatch: Run, tmp_path: Path, pcap: Path) -> None:
    path = tmp_path / "none.pcap"
    path.write_bytes(pcap.read_bytes()[:24])
    done = netwatch("read", path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"netwatch: {path}: no packets\n")


def test_cut_file_gives_what_came_before(netwatch: Run, tmp_path: Path, pcap: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap.read_bytes()[:-10])
    done = netwatch("read", path, "--what", "packets")
    assert done.returncode == DAMAGED
    assert len(done.stdout.splitlines()) == 10
    assert "cut short" in one_line(done)


def test_one_damaged_file_of_two(netwatch: Run, tmp_path: Path, pcap: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap.read_bytes()[:-10])
    done = netwatch("read", pcap, path, "--what", "packets")
    assert done.returncode == DAMAGED
    assert len(done.stdout.splitlines()) == 21
    assert "cut.pcap" in one_line(done)


def test_cut_gzip(netwatch: Run, tmp_path: Path, pcap: Path) -> None:
    path = tmp_path / "cut.pcap.gz"
    path.write_bytes(gzip.compress(pcap.read_bytes())[:-20])
    done = netwatch("read", path)
    assert done.returncode == DAMAGED
    assert "gzip" in one_line(done)


NOBODYS = {**ENVIRONMENT, "XDG_CONFIG_HOME": "/no-such-folder"}  # that of the tests may be root's alone


def test_no_permission(tmp_path: Path, pcap: Path) -> None:
    """As nobody when the tests run as root, who may read everything."""
    pcap.chmod(0)
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    readable = subprocess.run([*drop, *COMMAND, "--version"], env=NOBODYS, cwd="/", capture_output=True)
    if readable.returncode:
        pytest.skip("nobody may not read this checkout or its Python")
    # the path is not shown: /proc/self/fd needs no rights on the folders above
    fd = os.open(pcap.parent, os.O_RDONLY)
    done = subprocess.run([*drop, *COMMAND, "read", f"/proc/self/fd/{fd}/small.pcap"], pass_fds=[fd], cwd="/",
                          env=NOBODYS, capture_output=True, text=True)
    os.close(fd)
    assert done.returncode == DENIED, done.stderr
    assert "no permission" in one_line(done)


def test_no_permission_to_capture() -> None:
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    done = subprocess.run([*drop, *COMMAND, "read", "-i", "lo", "--duration", "1s"], cwd="/", env=NOBODYS,
                          capture_output=True, text=True, timeout=20)
    if "No module" in done.stderr or "Permission denied" in done.stderr:
        pytest.skip("nobody may not read this checkout or its Python")
    assert done.returncode == DENIED, done.stderr
    assert "sudo" in one_line(done)


def test_unknown_interface(netwatch: Run) -> None:
    done = netwatch("read", "-i", "nosuch0", "--duration", "1s")
    assert done.returncode in (MISSING, DENIED)
    assert "nosuch0" in one_line(done)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("prot == 443", 1, "proto"), ("port ==", 8, ""), ("port == banana", 9, "banana"),
        ("port == 443 and (sni", 17, "not closed"),
    ],
)
def test_bad_filter_shows_the_column(netwatch: Run, pcap: Path, text: str, column: int, words: str) -> None:
    done = netwatch("read", pcap, "--where", text)
    assert done.returncode == USAGE
    said, shown, mark = done.stderr.splitlines()
    assert f"at column {column}" in said
    assert words in said
    assert shown == f"  {text}"
    assert mark.index("^") == column + 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--what", "flowers"], ["--what", ""], ["--what", ","],
        ["--sort", "bytse"], ["--sort", "bytes:sideways"], ["--sort", ""], ["--sort", ":desc"],
        ["--fields", "protocoll"], ["--fields", ""], ["--fields", ","],
        ["--limit", "many"], ["--limit", "-1"], ["--limit", "1.5"],
        ["--count", "-1"], ["--count", "x"], ["--stream-limit", "-1"],
        ["--workers", "0"], ["--workers", "65"], ["--workers", "x"],
        ["--duration", "5s"], ["--capture-filter", "tcp"], ["-i", "lo"],
        ["--format", "yaml"], ["--format", "csv", "--what", "flows,dns"],
        ["--where", "port == 1 and"], ["--no-such-option"],
    ],
    ids=" ".join,
)
def test_usage(netwatch: Run, pcap: Path, arguments: list[str]) -> None:
    done = netwatch("read", pcap, *arguments)
    assert (done.returncode, done.stdout) == (USAGE, ""), done.stderr
    assert arguments[0].lstrip("-") in done.stderr or "interface" in done.stderr


@pytest.mark.parametrize("text", ["soon", "", "-5s", "5 fortnights", "1e999s", ".", "nan"])
def test_bad_duration(netwatch: Run, text: str) -> None:
    done = netwatch("read", "-i", "lo", f"--duration={text}")
    assert done.returncode == USAGE
    assert "duration" in done.stderr


@pytest.mark.parametrize("arguments", [["read"], ["red", "x.pcap"], ["--no-such-option"], ["devices", "--yaml"]])
def test_bad_command(netwatch: Run, arguments: list[str]) -> None:
    done = netwatch(*arguments)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert done.stderr


def test_write_does_not_replace_a_file(netwatch: Run, tmp_path: Path, pcap: Path) -> None:
    there = tmp_path / "there.pcapng"
    there.write_text("precious")
    done = netwatch("read", pcap, "--write", there)
    assert done.returncode == USAGE
    assert "there.pcapng" in one_line(done)
    assert there.read_text() == "precious"


def test_write_into_a_missing_folder(netwatch: Run, tmp_path: Path, pcap: Path) -> None:
    done = netwatch("read", pcap, "--write", tmp_path / "no" / "where.pcapng")
    assert done.returncode in (USAGE, MISSING)
    assert "where.pcapng" in one_line(done)
