"""`netwatch --self-test`: it passes on a whole installation, and says of a broken one what is broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT

from netwatch.cli import self_test
from netwatch.run import addons

# where the module that a distribution brings has another name
MODULES = {"python-libpcap": "pylibpcap", "google-re2": "re2"}


def test_it_passes(tmp_path: Path) -> None:
    """By whoever has no home and no terminal, in any folder."""
    nobody = {**ENVIRONMENT, "HOME": str(tmp_path / "none"), "TERM": "dumb"}
    done = subprocess.run([*COMMAND, "--self-test"], env=nobody, cwd=tmp_path, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr, lines[-1]) == (0, "", "self-test: passed")
    assert {line.partition(":")[0] for line in lines[1:-1]} == set(self_test.CHECKS)


def test_its_capture_is_the_recorded_one() -> None:
    for path in (self_test.CAPTURE, self_test.KEYS):
        assert path.read_bytes() == (ROOT / "tests/captures" / f"tls13{path.suffix}").read_bytes()


def test_it_knows_every_dependency() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = [text.split("=")[0].rstrip(">") for text in wanted if "sys_platform" not in text]
    assert {name.split(".")[0] for name in self_test.LIBRARIES} == {MODULES.get(name, name) for name in names}


def wrong_keys(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "none.keys").write_text("")
    monkeypatch.setattr(self_test, "KEYS", folder / "none.keys")


def half_a_capture(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "half.pcap").write_bytes(self_test.CAPTURE.read_bytes()[:300])
    monkeypatch.setattr(self_test, "CAPTURE", folder / "half.pcap")


BREAK = {
    "modules": lambda patch, folder: patch.setitem(addons.ALL, "gone", "netwatch.gone:Gone"),
    "libraries": lambda patch, folder: patch.setattr(self_test, "LIBRARIES", ("no_such_library",)),
    "data": lambda patch, folder: patch.setattr(self_test, "KEYS", folder / "gone"),
    "capture": half_a_capture,
    "decryption": wrong_keys,
    "frame": lambda patch, folder: (half_a_capture(patch, folder), patch.setattr(self_test, "PATIENCE_S", 0.1)),
    "jail": wrong_keys,
    "classifiers": lambda patch, folder: patch.setattr("netwatch.plugins.process.WORKER", folder / "gone.py"),
}


@pytest.mark.parametrize("name", BREAK)
def test_what_is_broken_is_said(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                capsys: pytest.CaptureFixture[str]) -> None:
    BREAK[name](monkeypatch, tmp_path)
    monkeypatch.setattr(self_test, "CHECKS", {name: self_test.CHECKS[name]})
    assert self_test.main() == 70
    said = capsys.readouterr().out.splitlines()
    assert said[1].startswith(f"{name}: FAILED: ")
    assert said[-1] == "self-test: 1 of 1 checks failed"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_it_passes_where_the_settings_may_not_be_read(tmp_path: Path) -> None:
    """Whoever became somebody else and kept HOME, as setpriv and some containers do."""
    (tmp_path / "netwatch").mkdir()
    tmp_path.chmod(0o700)
    done = subprocess.run([*COMMAND, "--self-test"], env={**ENVIRONMENT, "XDG_CONFIG_HOME": str(tmp_path)}, cwd="/",
                          user=65534, group=65534, extra_groups=[], text=True, capture_output=True)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "self-test: passed")
    assert {line.rpartition(": ")[2] for line in done.stderr.splitlines()} == {"Permission denied"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be refused as somebody else")
def test_classifiers_run_where_nobody_else_may_read(tmp_path: Path) -> None:
    """netwatch in a folder of root's alone, /root or that of a one-file bundle: its process becomes nobody in it."""
    shutil.copytree(ROOT / "netwatch", tmp_path / "netwatch", ignore=shutil.ignore_patterns("__pycache__"))
    tmp_path.chmod(0o700)
    code = "from netwatch.cli import self_test\nprint(self_test.__file__, self_test.classifiers())"
    done = subprocess.run([sys.executable, "-P", "-c", code], env={**ENVIRONMENT, "PYTHONPATH": str(tmp_path)}, cwd="/",
                          text=True, capture_output=True)
    assert (done.stderr, done.stdout) == (
        "", f"{tmp_path}/netwatch/cli/self_test.py run in a process of their own\n")
