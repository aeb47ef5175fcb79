"""tools/new_protocol.py, on a copy of the tree: what it writes compiles, is whole, and asks its author for the rest."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from netwatch_command import ROOT

COPIED = ("netwatch", "tests/proto", "tests/meta", "tests/golden", "tests/captures", "tools", "fuzz", "docs")
ALONE = ("setup.py", "setup.cfg", "pyproject.toml", "tests/conftest.py", "tests/netwatch_command.py")
NAME, PROSE = "finger", '"""Finger (RFC 1288): one line asks who somebody is, text answers until the end."""'


def python(tree: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(tree), "LC_ALL": "C.UTF-8", **more}
    return subprocess.run([sys.executable, *words], cwd=tree, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "work"))
    for name in ALONE:
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def begin(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return python(tree, "tools/new_protocol.py", *words)


def test_it_compiles_and_asks_for_the_rest(tree: Path) -> None:
    assert begin(tree, NAME).returncode == 0
    built = python(tree, "setup.py", "-q", "build_ext", "--inplace", NETWATCH_ONLY=f"proto.{NAME},_fast.dpi")
    assert built.returncode == 0, built.stderr
    failed = r"^FAILED tests/\w+/(\w+\.py::\w+)"
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
    asked = python(tree, *words, "tests/meta/test_meta_protocols.py", f"tests/proto/test_{NAME}.py")
    assert re.findall(failed, asked.stdout, re.M) == [
        "test_meta_protocols.py::test_a_protocol_is_whole",
        f"test_{NAME}.py::test_there_are_conversations",
        f"test_{NAME}.py::test_its_own_words_are_taken_for_it",
    ], asked.stdout
    home = tree / f"netwatch/_fast/proto/{NAME}.pyx"
    home.write_text(home.read_text().replace(f'"""{NAME}."""', PROSE, 1))
    assert python(tree, *words, "tests/meta/test_meta_protocols.py").returncode == 0


def test_the_pages_follow(tree: Path) -> None:
    assert begin(tree, NAME).returncode == 0
    assert f"| `{NAME}` |" in (tree / "docs/protocols.md").read_text()
    assert f"`{NAME}.version`" in (tree / "docs/fields.md").read_text()
    assert python(tree, "tools/make_reference.py", "--check").returncode == 0


TRANSPORTS = [(("--udp", "--port", "79"), "ON_UDP"), (("--tcp", "--udp"), "ON_TCP | ON_UDP")]


@pytest.mark.parametrize(("words", "on"), TRANSPORTS)
def test_transports(tree: Path, words: tuple[str, ...], on: str) -> None:
    assert begin(tree, NAME, *words).returncode == 0
    assert f"p.on = {on}\n" in (tree / f"netwatch/_fast/proto/{NAME}.pyx").read_text()
    talks = (tree / "tests/proto/messages.py").read_text()
    assert (f'    "{NAME}": 79,\n' in talks) == (on == "ON_UDP")
    assert (tree / f"tests/proto/talk_{NAME}.py").exists() == (on != "ON_UDP")


@pytest.mark.parametrize("name", ["http", "ldap", "common", "mdns", "Finger", "9p", "a-b", "x", "class", "../x"])
def test_it_overwrites_nothing(tree: Path, name: str) -> None:
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    done = begin(tree, name)
    assert done.returncode == 2 and done.stderr.strip() and "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in tree.rglob("*") if path.is_file() and path.suffix != ".pyc"} == before
