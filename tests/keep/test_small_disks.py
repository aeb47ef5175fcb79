"""A disk of 4 MB, as a tmpfs in a mount namespace of its own: full, read-only, removed under our feet. Whoever writes
says so, goes on where that means something, and harms nothing that was there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from evidence_files import ROOT
from made_captures import many
from netwatch_command import COMMAND, ENVIRONMENT

pytestmark = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None,
                                reason="mount namespaces are made as root on Linux")
TOUR = ROOT / "docs" / "tour.pcap"
HTTP = ROOT / "tests" / "captures" / "http.pcap"
SHELL = """set -u; disk=$1; mode=$2; shift 2
mount -t tmpfs -o size=4m none "$disk"; cp "$TOUR" "$disk/precious.pcap"
if [ "$mode" = full ]; then head -c 1500k /dev/zero > "$disk/fill"; fi
if [ "$mode" = brim ]; then head -c 4m /dev/zero > "$disk/fill" 2> /dev/null; fi
if [ "$mode" = readonly ]; then mount -o remount,ro "$disk"; fi
"$@"; echo "code $?"
cmp "$TOUR" "$disk/precious.pcap" && echo unharmed
ls -A "$disk"
"""
PROGRAM = """if True:
    import json, os, shutil, sys, time
    from pathlib import Path
    from netwatch.addons.recorder import Freeze, RecorderStatus
    from netwatch.capture.file import open_savefile
    from netwatch.model.contract import Purpose
    from netwatch.run.session import Session
    from netwatch.recorder import window
    from netwatch.store.settings import Settings, parse_settings
    path, mode = sys.argv[1:]
    said = []
    session = Session(Purpose(live=True, label="x"), lambda: open_savefile(path),
                      settings=parse_settings(["recorder.armed=true", "recorder.on_alert=false"], Settings({})))
    session.listener = lambda severity, text: said.append(f"{severity}: {text}")
    session.start()
    ends = time.monotonic() + 60
    while not session.health().done and time.monotonic() < ends:
        time.sleep(0.02)
    if mode == "removed":
        shutil.rmtree(window.root())
    said.append(session.do(Freeze()))
    incidents = [json.loads((each.folder / "incident.json").read_text()) for each in window.kept() if each.incident]
    session.stop()
    print(json.dumps({"said": said, "incidents": incidents, "error": session.health().error}))
"""


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big.pcap"
    path.write_bytes(many(60_000))
    return path


def ran(disk: Path, mode: str, *words: object) -> tuple[int, list[str], str]:
    """(exit code, what is on the disk then, what was said)."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "keep")])
    done = subprocess.run(["unshare", "-m", "sh", "-c", SHELL, "sh", str(disk), mode, *map(str, words)], text=True,
                          env={**ENVIRONMENT, "TOUR": str(TOUR), "PYTHONPATH": paths, "XDG_STATE_HOME": str(disk)},
                          capture_output=True, timeout=180)
    before, unharmed, after = done.stdout.partition("unharmed\n")
    assert unharmed, done.stdout + done.stderr
    *out, code = before.splitlines()
    left = after.splitlines()
    return int(code.removeprefix("code ")), sorted({*left} - {"precious.pcap", "fill"}), done.stderr + "".join(out)


@pytest.mark.parametrize("name", ["out.pcapng", "out.pcap"])
@pytest.mark.parametrize("mode", ["full", "readonly"])
def test_what_is_written_is_whole_or_not_there(disk: Path, big: Path, mode: str, name: str) -> None:
    code, left, said = ran(disk, mode, *COMMAND, "read", big, "--what", "summary", "--write", disk / name)
    assert left == [] and "Traceback" not in said
    if mode == "full":
        assert code == 69 and "No space left on device; nothing of it is kept" in said
    else:
        assert code in (3, 4, 69) and "Read-only file system" in said


@pytest.mark.parametrize("mode", ["full", "readonly"])
def test_a_bundle_is_whole_or_not_there(disk: Path, big: Path, mode: str) -> None:
    code, left, said = ran(disk, mode, *COMMAND, "bundle", "make", big, disk / "b")
    assert [each for each in left if not each.startswith("netwatch")] == [] and "Traceback" not in said
    assert code in (3, 4, 69) and ("No space left" if mode == "full" else "Read-only file system") in said


@pytest.mark.parametrize("words", [("export", "--har", "{}/x"), ("export", "--objects", "{}/x")],
                         ids=["har", "objects"])
@pytest.mark.parametrize("mode", ["brim", "readonly"])
def test_an_export_is_whole_or_not_there(disk: Path, mode: str, words: tuple[str, ...]) -> None:
    code, left, said = ran(disk, mode, *COMMAND, *(word.format(disk) for word in words), HTTP)
    assert left == [] and "Traceback" not in said and code in (3, 69)
    assert ("No space left" if mode == "brim" else "Read-only file system") in said


@pytest.mark.parametrize("words", [("export", "--har", "{}/sub/x", "FIFO"), ("export", "--objects", "{}/sub/x", "FIFO"),
                                   ("bundle", "make", "FIFO", "{}/sub/x")], ids=["har", "objects", "bundle"])
def test_a_folder_that_is_removed_is_said(disk: Path, words: tuple[str, ...]) -> None:
    """While half of the capture was read."""
    fifo = disk.parent / "fifo"
    os.mkfifo(fifo)
    script = 'mkdir "$1/sub"; (cat "$2"; sleep 1; rm -rf "$1/sub"; tail -c +25 "$2") > "$3" & shift 3; "$@"'
    words = tuple(str(fifo) if word == "FIFO" else word.format(disk) for word in words)
    code, left, said = ran(disk, "removed", "sh", "-c", script, "sh", disk, HTTP, fifo, *COMMAND, *words)
    assert set(left) <= {"netwatch"} and code == 69 and "No such file or directory" in said and "Traceback" not in said


def test_what_is_removed_while_it_is_written_is_said(disk: Path, tmp_path: Path) -> None:
    """The folder of the file is gone before it is whole."""
    script = '(cat "$TOUR"; sleep 3; rm -rf "$1/sub"; tail -c +25 "$TOUR") | { shift; "$@"; }'
    code, left, said = ran(disk, "removed", "sh", "-c", f'mkdir "$1/sub"; {script}', "sh", disk, *COMMAND, "read", "-",
                           "--what", "summary", "--write", disk / "sub" / "out.pcapng")
    assert code == 69 and left == [] and "nothing of it is kept" in said and "Traceback" not in said


def test_a_recorder_says_what_it_could_not_keep(disk: Path, big: Path) -> None:
    """The window is larger than the disk; what found no room is counted in the incident, where that can be written."""
    code, _, said = ran(disk, "full", sys.executable, "-c", PROGRAM, big, "full")
    told = json.loads(said[said.index('{"said"'):])
    assert code == 0 and told["error"] is None
    assert any("No space left" in line and "memory" in line for line in told["said"]), told["said"]
    for incident in told["incidents"]:
        assert incident["packets"] + sum(incident["lost"].values()) == 60_000


def test_a_recorder_without_a_disk_says_so(disk: Path, big: Path) -> None:
    code, _, said = ran(disk, "readonly", sys.executable, "-c", PROGRAM, big, "readonly")
    told = json.loads(said[said.index('{"said"'):])
    assert code == 0 and told["error"] is None and told["incidents"] == []
    (line,) = [line for line in told["said"] if "The recorder is not armed" in line and "nothing was kept" not in line]
    assert line.startswith("error: ") and "Read-only file system" in line


def test_a_recorder_whose_folder_is_removed_says_so(disk: Path) -> None:
    code, _, said = ran(disk, "removed", sys.executable, "-c", PROGRAM, TOUR, "removed")
    told = json.loads(said[said.index('{"said"'):])
    assert code == 0 and told["error"] is None
    assert [(each["packets"], each["lost"]["disk"], each["moved"]) for each in told["incidents"]] == [(0, 0, 47)]
    assert "47 are in files that somebody moved or removed" in told["said"][-1] and "lost" not in told["said"][-1]
