"""`netwatch read` with key logs: where they come from, what is said when they are not there, following a flow."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from netwatch_command import ENVIRONMENT, ROOT, Run
from opening import ANSWER, ASKED, HTTP, frames
from peers import Peers
from wire import pcap

from netwatch._fast.input.merge import Merge
from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch.capture.file import open_files

TLS_KEY_LOG = 0x544C534B
SECRET = "Hello inside"


@pytest.fixture(scope="module")
def told() -> tuple[bytes, bytes]:
    """(a capture, its key log)."""
    peers = Peers("1.3")
    said = peers.talk(HTTP)
    return pcap(frames(said)), b"\n".join(peers.log()) + b"\n"


@pytest.fixture
def capture(told: tuple[bytes, bytes], tmp_path: Path) -> Path:
    path = tmp_path / "talk.pcap"
    path.write_bytes(told[0])
    (tmp_path / "talk.keys").write_bytes(told[1])
    (tmp_path / "other.keys").write_bytes(b"# nothing\n")
    return path


def pcapng(told: tuple[bytes, bytes], place: int) -> bytes:
    """The same as pcapng, with the key log in a secrets block before the frame of this number."""
    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        size = struct.pack("<I", len(body) + 12)
        return struct.pack("<I", kind) + size + body + size

    blocks = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)), block(1, struct.pack("<HHI", 1, 0, 0))]
    data, at, number = told[0], 24, 0
    secrets = block(10, struct.pack("<II", TLS_KEY_LOG, len(told[1])) + told[1])
    while at < len(data):
        seconds, part, caplen, size = struct.unpack_from("<IIII", data, at)
        ticks = seconds * 1_000_000 + part // (1000 if data[:4] == bytes.fromhex("4d3cb2a1") else 1)
        if number == place:
            blocks.append(secrets)
        blocks.append(block(6, struct.pack("<IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, caplen, size)
                            + data[at + 16 : at + 16 + caplen]))
        at += 16 + caplen
        number += 1
    return b"".join([*blocks, secrets] if place >= number else blocks)


def test_several_key_logs(capture: Path, netwatch: Run) -> None:
    keys = ["--keylog", "other.keys", "--keylog", "talk.keys"]
    done = netwatch("read", capture, "--what", "flows,streams", *keys)
    assert SECRET in done.stdout
    assert '"decrypt":{"keys":"keylog"' in done.stdout
    assert done.stderr == ""


def test_from_the_environment(capture: Path, netwatch: Run) -> None:
    where = {**ENVIRONMENT, "SSLKEYLOGFILE": str(capture.with_suffix(".keys"))}
    assert SECRET in netwatch("read", capture, "--what", "streams", env=where).stdout
    where["SSLKEYLOGFILE"] = "missing"
    done = netwatch("read", capture, "--what", "streams", env=where)
    assert (SECRET in done.stdout, done.returncode, done.stderr) == (False, 0, "")


def test_a_key_log_that_is_not_there(capture: Path, netwatch: Run) -> None:
    done = netwatch("read", capture, "--keylog", "missing")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "netwatch: --keylog missing: no such file\n"
    assert netwatch("read", capture, "--keylog", capture.parent).returncode == 4


@pytest.mark.parametrize("place", [0, 5, 9999])
def test_secrets_block(place: int, told: tuple[bytes, bytes], tmp_path: Path, netwatch: Run) -> None:
    """Before the frames, among them, or after all."""
    path = tmp_path / "talk.pcapng"
    path.write_bytes(pcapng(told, place))
    done = netwatch("read", path, "--what", "flows,streams")
    assert SECRET in done.stdout
    assert '"decrypt":{"keys":"dsb"' in done.stdout


def test_secrets_of_merged_files_come_in_time(told: tuple[bytes, bytes], tmp_path: Path) -> None:
    """Not at the end of the file they are in."""
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(pcapng(told, 3))
    source = open_files([str(tmp_path / "a"), str(tmp_path / "b")])
    assert isinstance(source, Merge)
    source.batch()
    assert [kind for kind, _ in source.secrets] == [TLS_KEY_LOG] * 2
    source.close()


def test_our_own_blocks_are_read(told: tuple[bytes, bytes], tmp_path: Path, netwatch: Run) -> None:
    writer = CaptureWriter(str(tmp_path / "own.pcapng"), False)
    writer.add_secrets(TLS_KEY_LOG, told[1])
    writer.close()
    source = open_files([str(tmp_path / "own.pcapng")])
    source.drain()
    assert source.secrets == [(TLS_KEY_LOG, told[1])]
    source.close()


def test_follow(capture: Path, netwatch: Run) -> None:
    text = netwatch("read", capture, "--keylog", "talk.keys", "--follow", "1").stdout
    ends = [line.split(", ") for line in text.splitlines() if line.startswith("---")]
    assert [line[0] for line in ends] == ["--- 192.0.2.1:40000 > 198.51.100.2:443",
                                          "--- 198.51.100.2:443 > 192.0.2.1:40000"]
    assert [line[2] for line in ends] == ["decrypted"] * 2
    assert text.index("GET /secret") < text.index(SECRET)
    raw = netwatch("read", capture, "--keylog", "talk.keys", "--follow", "1", "--follow-as", "raw").stdout
    assert raw == (ASKED + ANSWER).decode()
    shown = netwatch("read", capture, "--keylog", "talk.keys", "--follow", "1", "--follow-as", "hex").stdout
    assert "00000000  47 45 54 20 2f 73 65 63 72 65 74 20 48 54 54 50  GET /secret HTTP\n" in shown


@pytest.mark.parametrize("words, code, said", [
    (["--follow", "1"], 4, "no key log was given"), (["--follow", "1", "--keylog", "other.keys"], 4, "no keys for it"),
    (["--follow", "7"], 4, "there is no such flow"), (["--follow", "1", "--format", "json"], 2, "--follow prints text"),
    (["--follow", "1", "--sort", "bytes"], 2, "do not go together"), (["--follow", "x"], 2, "not a whole number"),
])
def test_follow_says_why_not(words: list[str], code: int, said: str, capture: Path, netwatch: Run) -> None:
    done = netwatch("read", capture, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_without_keys_nothing_is_loaded(capture: Path) -> None:
    """cryptography and what reads keys are imported by the first key, not before."""
    code = ("import sys\nfrom netwatch.__main__ import main\n"
            f"main(['read', {str(capture)!r}, '--what', 'summary'])\nprint(*sys.modules, file=sys.stderr)")
    done = subprocess.run([sys.executable, "-P", "-c", code], env=ENVIRONMENT, capture_output=True, text=True,
                          check=True)
    loaded = done.stderr.split()
    assert "netwatch.decrypt.addon" in loaded
    for module in ("netwatch.decrypt.decryptor", "netwatch.decrypt.keylog", "cryptography", "hpack"):
        assert module not in loaded


def test_the_summary_counts_what_was_opened_of_flows_that_ended(netwatch: Run, capture: Path) -> None:
    """Two years later other flows begin: by then the first has ended, in one step with its last frames."""
    shown = [netwatch("read", capture, ROOT / "docs" / "tour.pcap", "--keylog", "talk.keys", "--what", what).stdout
             for what in ("summary", "flows,summary", "flows")]
    apps = [json.loads(text.splitlines()[-1])["apps"] for text in shown[:2]]
    flows = [json.loads(line) for line in shown[2].splitlines()]
    assert sum(flow.get("decrypted", False) for flow in flows) == 1
    told: dict[str, dict[str, int]] = {}
    for flow in flows:
        if "app" in flow:
            of = told.setdefault(flow["app"], {"flows": 0, "bytes": 0})
            of["flows"] += 1
            of["bytes"] += flow["bytes_out"] + flow["bytes_in"]
    assert apps == [dict(sorted(told.items()))] * 2
