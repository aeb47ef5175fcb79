"""Key logs: what a line says, how a file grows, what is not kept."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from netwatch.decrypt import keyfile, keylog
from netwatch.decrypt.keyfile import Followed
from netwatch.decrypt.keylog import KeyLog, parse_line

RANDOM = "ab" * 32
SECRET = "cd" * 32
MASTER = "ef" * 48
GOOD = [
    f"CLIENT_RANDOM {RANDOM} {MASTER}", f"PMS_CLIENT_RANDOM {RANDOM} 0303", f"RSA 0123456789abcdef {MASTER}",
    f"RSA Session-ID:{RANDOM} Master-Key:{MASTER}", f"CLIENT_EARLY_TRAFFIC_SECRET {RANDOM} {SECRET}",
    f"CLIENT_HANDSHAKE_TRAFFIC_SECRET {RANDOM} {SECRET}", f"SERVER_HANDSHAKE_TRAFFIC_SECRET {RANDOM} {MASTER}",
    f"CLIENT_TRAFFIC_SECRET_0 {RANDOM} {SECRET}", f"SERVER_TRAFFIC_SECRET_0 {RANDOM.upper()} {SECRET.upper()}",
    f"QUIC_SERVER_TRAFFIC_SECRET_0 {RANDOM} {SECRET}",
]
NOTHING = ["", "   ", "# a comment", "#CLIENT_RANDOM", f"EXPORTER_SECRET {RANDOM} {SECRET}",
           f"EARLY_EXPORTER_SECRET {RANDOM} {SECRET}", f"ECH_SECRET {RANDOM} {SECRET}", f"ECH_CONFIG {RANDOM} fe0d00"]
BAD = ["CLIENT_RANDOM", f"CLIENT_RANDOM {RANDOM}", f"CLIENT_RANDOM {RANDOM} {SECRET}",
       f"CLIENT_RANDOM {RANDOM[2:]} {MASTER}", f"CLIENT_RANDOM {RANDOM} {MASTER} more",
       f"CLIENT_RANDOM {RANDOM[:-1]}x {MASTER}", f"client_random {RANDOM} {MASTER}",
       f"SERVER_TRAFFIC_SECRET_0 {RANDOM} {SECRET[:-2]}", f"SERVER_TRAFFIC_SECRET_1 {RANDOM} {SECRET}",
       f"RSA 01234567 {MASTER}", f"RSA Session-ID: Master-Key:{MASTER}", "\xff\xfe\x00", "PMS_CLIENT_RANDOM a b",
       f"PMS_CLIENT_RANDOM {RANDOM} {'00' * 600}", "CLIENT_RANDOM " + "a" * 5000]


@pytest.mark.parametrize("line", GOOD)
def test_secrets(line: str) -> None:
    found = parse_line(line.encode())
    assert found
    assert found.secret.hex() == line.lower().split()[2].removeprefix("master-key:")
    assert found.owner.hex() == line.lower().split()[1].removeprefix("session-id:")
    assert not found.label.startswith("QUIC_")


@pytest.mark.parametrize("line", NOTHING)
def test_lines_that_open_nothing(line: str) -> None:
    assert parse_line(line.encode()) is None


@pytest.mark.parametrize("line", BAD)
def test_lines_that_are_none_are_counted(line: str) -> None:
    keys = KeyLog()
    keys.take_lines([line.encode("latin-1")], "keylog")
    assert (keys.malformed, len(keys)) == (1, 0)


def test_the_later_line_counts_and_the_earlier_is_zeroed() -> None:
    keys = KeyLog()
    owner = bytes.fromhex(RANDOM)
    keys.take_lines([f"CLIENT_RANDOM {RANDOM} {'11' * 48}".encode()], "keylog")
    first = keys.get(owner, keylog.MASTER)
    assert keys.fresh() == {owner}
    keys.take_lines([f"CLIENT_RANDOM {RANDOM} {MASTER}".encode()] * 2, "dsb")
    assert (first, keys.get(owner, keylog.MASTER)) == (bytearray(48), bytearray.fromhex(MASTER))
    assert keys.fresh() == {owner}
    assert keys.fresh() == set()
    keys.forget(owner)
    assert keys.of(owner) is None


def test_bounded() -> None:
    keys = KeyLog(most=10)
    for i in range(25):
        keys.take_lines([f"CLIENT_RANDOM {i:064x} {MASTER}".encode()], "keylog")
    assert (len(keys), keys.dropped) == (10, 15)
    assert keys.of((24).to_bytes(32, "big"))
    assert keys.of((14).to_bytes(32, "big")) is None


def test_blocks() -> None:
    keys = KeyLog()
    keys.take_block(0x57474B4C, GOOD[0].encode())  # WireGuard's
    assert len(keys) == 0
    keys.take_block(keylog.TLS_KEY_LOG, "\r\n".join(GOOD).encode())
    found = keys.of(bytes.fromhex(RANDOM))
    assert found
    assert (found.origin, keys.malformed) == ("dsb", 0)


def test_a_file_that_grows(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    file = Followed(str(path))
    assert list(file.poll()) == []
    path.write_bytes(b"one\ntw")
    assert (list(file.poll()), file.unfinished) == ([b"one"], b"tw")
    with path.open("ab") as out:
        out.write(b"o\nthree\n")
    assert (list(file.poll()), file.unfinished) == ([b"two", b"three"], b"")
    assert list(file.poll()) == []
    file.close()


def test_truncated(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(b"one\ntwo\nthr")
    file = Followed(str(path))
    assert list(file.poll()) == [b"one", b"two"]
    path.write_bytes(b"new\n")
    assert list(file.poll()) == [b"new"]
    file.close()


def test_rotated(tmp_path: Path) -> None:
    """What was still written to the old file is read before the new one."""
    path = tmp_path / "keys"
    path.write_bytes(b"one\n")
    file = Followed(str(path))
    assert list(file.poll()) == [b"one"]
    with path.open("ab") as out:
        out.write(b"two\nlast")
    path.rename(tmp_path / "keys.1")
    assert list(file.poll()) == [b"two"]
    path.write_bytes(b"three\n")
    assert list(file.poll()) == [b"last", b"three"]
    file.close()


def test_long_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(b"one\n" + b"x" * 600_000)
    file = Followed(str(path))
    assert list(file.poll()) == [b"one"]
    with path.open("ab") as out:
        out.write(b"x" * 300_000 + b"\ntwo\n")
    assert (list(file.poll()), file.too_long, file.unfinished) == ([b"two"], 1, b"")
    file.close()


def test_any_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However little is read at a time, the lines are the same."""
    text = "\n".join(GOOD + BAD[:3]).encode() + b"\n" + b"y" * 9000 + b"\nend\n"
    (tmp_path / "keys").write_bytes(text)
    for size in (1, 3, 1000):
        monkeypatch.setattr(keyfile, "READ_BYTES", size)
        file = Followed(str(tmp_path / "keys"))
        assert list(file.poll()) == [line for line in text.split(b"\n")[:-1] if len(line) < 9000]
        assert file.too_long == 1
        file.close()


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes("\n".join(GOOD).encode()))
    writer.start()
    file = Followed(str(path))
    file.open(wait=True)
    writer.join()
    assert len(list(file.poll())) == len(GOOD) - 1
    assert file.unfinished == GOOD[-1].encode()
    file.close()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a file"):
        Followed(str(tmp_path)).open()
    assert list(Followed(str(tmp_path)).poll()) == []
