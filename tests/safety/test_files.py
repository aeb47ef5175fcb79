"""Files: what is read is never written over, outputs are private and new, and a key log of nothing costs nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT

CAPTURES = ROOT / "tests" / "captures"


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "evidence.pcap"
    path.write_bytes((CAPTURES / "https2.pcap").read_bytes())
    return path


@pytest.mark.parametrize("name", ["evidence.pcap", "./evidence.pcap", "hard", "soft", "/dev/stdin", "-"])
def test_what_is_read_is_not_written_over(netwatch, capture, tmp_path, name):
    before = capture.read_bytes()
    os.link(capture, tmp_path / "hard")
    os.symlink(capture, tmp_path / "soft")
    with capture.open("rb") as stdin:
        for read in ("evidence.pcap", "-"):
            done = netwatch("read", read, "--write", name, "--force", "--where", "udp", stdin=stdin)
            assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert capture.read_bytes() == before and not (tmp_path / "-").exists()


def test_outputs_are_private_new_and_no_links(netwatch, capture, tmp_path):
    os.symlink(tmp_path / "elsewhere", tmp_path / "out.pcapng")
    for force in ((), ("--force",)):
        assert netwatch("read", capture, "--write", "out.pcapng", *force).returncode == 2
    assert not (tmp_path / "elsewhere").exists()
    old = os.umask(0)
    try:
        assert netwatch("read", capture, "--write", "new.pcapng").returncode == 0
    finally:
        os.umask(old)
    assert (tmp_path / "new.pcapng").stat().st_mode & 0o777 == 0o600
    assert netwatch("read", capture, "--write", "new.pcapng").returncode == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_under_sudo_outputs_go_where_the_caller_may(netwatch, capture, open_folder):
    """Not into a folder of root's, nor over a file of another's."""
    open_folder.chmod(0o755)
    done = netwatch("read", capture, "--write", "out.pcapng", env={**ENVIRONMENT, "SUDO_UID": "65534"})
    assert done.returncode == 3 and "Permission denied" in done.stderr and not (open_folder / "out.pcapng").exists()
    (open_folder / "theirs.pcapng").write_text("root's")
    done = netwatch("read", capture, "--write", "theirs.pcapng", "--force", env={**ENVIRONMENT, "SUDO_UID": "65534"})
    assert done.returncode == 3 and (open_folder / "theirs.pcapng").read_text() == "root's"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("caller", [{}, {"SUDO_UID": "65534"}])
@pytest.mark.parametrize(("mode", "written"), [(0o777, False), (0o757, False), (0o1777, True)])
@pytest.mark.parametrize("words", [
    "read {capture} --write {folder}/out.pcapng", "export {capture} --har {folder}/out.har",
    "export {capture} --objects {folder}/out", "bundle make {capture} {folder}/out.netwatch",
    "record -i lo --duration 1s --output {folder}/deeper/out"])
def test_nothing_is_written_where_all_could_exchange_it(netwatch, capture, open_folder, words, mode, written, caller):
    if caller and words.startswith("bundle"):
        pytest.skip("the user nobody has no place for a signing key")
    open_folder.chmod(0o755)
    capture.chmod(0o644)
    folder = open_folder / "shared"
    folder.mkdir()
    folder.chmod(mode)
    done = netwatch(*words.format(capture=capture, folder=folder).split(), env={**ENVIRONMENT, **caller})
    assert (done.returncode == 0) == written, done.stderr
    assert bool(list(folder.iterdir())) == written
    assert written or ("every user" in done.stderr and str(folder) in done.stderr)


@pytest.mark.parametrize("made", ["keylog", "block"])
def test_a_key_log_of_newlines_is_small_and_read_to_its_end(tmp_path, made):
    """256 MB of them before the keys, or the 16 MiB that a block of secrets may have."""
    keys = (CAPTURES / "https2.keys").read_bytes()
    words: list[str] = []
    path = CAPTURES / "https2.pcap"
    if made == "keylog":
        with (tmp_path / "keys").open("wb") as out:
            for _ in range(256):
                out.write(b"\n" * 1_000_000)
            out.write(keys)
        words = ["--keylog", str(tmp_path / "keys")]
    else:
        from netwatch._fast.input.pcapngwriter import CaptureWriter
        from netwatch.capture.file import open_files

        source = open_files([str(path)])
        path = tmp_path / "block.pcapng"
        with CaptureWriter(str(path)) as writer:
            writer.add_secrets(0x544C534B, b"\n" * (15 << 20) + keys)
            writer.follow(source.interfaces)
            writer.copy(source)
        source.close()
    code = ("import resource, subprocess, sys\ndone = subprocess.run(sys.argv[1:], check=True)\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)")
    done = subprocess.run([sys.executable, "-c", code, *COMMAND, "read", str(path), *words, "--what", "http"],
                          env=ENVIRONMENT, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0 and done.stdout.count("www.lab.example") >= 4
    assert int(done.stderr) < 200 << 10, f"{done.stderr} KiB"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_code_that_is_exchanged_is_never_anothers(tmp_path, monkeypatch):
    """Someone flips the file, and the folder, between root's and their own, by links and by renaming."""
    from netwatch.plugins.code import read_code

    monkeypatch.delenv("SUDO_UID", raising=False)
    for owner, uid in (("ours", 0), ("theirs", 4242)):
        (tmp_path / owner).mkdir()
        (tmp_path / owner / "a.py").write_text(owner)
        os.chown(tmp_path / owner / "a.py", uid, uid)
        os.chown(tmp_path / owner, uid, uid)
    place, stop = tmp_path / "classifiers", threading.Event()
    (tmp_path / "mixed").mkdir()

    def flip() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            os.symlink(("ours", "theirs")[turn % 2], tmp_path / "next")
            os.replace(tmp_path / "next", place)
            os.symlink(f"../{('ours', 'theirs')[turn % 2]}/a.py", tmp_path / "next")
            os.replace(tmp_path / "next", tmp_path / "mixed" / "a.py")
            os.link(tmp_path / ("ours", "theirs")[turn % 2] / "a.py", tmp_path / "next")
            os.replace(tmp_path / "next", tmp_path / "mixed" / "b.py")

    flipping = threading.Thread(target=flip)
    flipping.start()
    said: list[bytes | str] = []
    try:
        until = time.monotonic() + 2
        while time.monotonic() < until:
            for path in (place / "a.py", tmp_path / "mixed" / "a.py", tmp_path / "mixed" / "b.py"):
                try:
                    said.append(read_code(path))
                except OSError as e:
                    said.append(type(e).__name__)
    finally:
        stop.set()
        flipping.join()
    assert b"theirs" not in said and b"ours" in said and "PermissionError" in said
