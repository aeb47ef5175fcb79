"""Every compiled module of which Python sees something has a .pyi that its source would give again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from netwatch_command import ROOT

TOOL = ROOT / "tools/make_stubs.py"


def run(tool: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(tool), *words], text=True, capture_output=True)


def test_stubs_are_fresh() -> None:
    done = run(TOOL, "--check")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the tool and a room of its own."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/make_stubs.py").write_text(TOOL.read_text())
    (tmp_path / "netwatch/_fast/room").mkdir(parents=True)
    return tmp_path


def stub_of(tree: Path, source: str, declared: str = "") -> str:
    (tree / "netwatch/_fast/room/one.pyx").write_text(source)
    if declared:
        (tree / "netwatch/_fast/room/one.pxd").write_text(declared)
    done = run(tree / "tools/make_stubs.py")
    assert done.returncode == 0, done.stderr
    return (tree / "netwatch/_fast/room/one.pyi").read_text().split("\n", 1)[1]


def test_what_a_signature_says_in_c_is_said_in_pythons_words(tree: Path) -> None:
    source = "def f(u32 n, bint yes, str text, bytes raw=b'', double x=0.5):\n    pass\n"
    assert stub_of(tree, source) == ("def f(n: int, yes: bool, text: str, raw: bytes = ..., x: float = ...) -> None: "
                                     "...\n")


def test_a_class_has_its_constructor_and_what_may_be_read(tree: Path) -> None:
    source = ("cdef class Box:\n    def __cinit__(self, int size):\n        pass\n"
              "    cdef int hidden(self):\n        return 1\n"
              "    @property\n    def n(self) -> int:\n        return 1\n")
    declared = ("cdef class Box:\n    cdef readonly list names   # list[str]: of all\n"
                "    cdef public int top\n    cdef int at\n")
    shown = stub_of(tree, source, declared)
    assert "def __init__(self, size: int) -> None: ..." in shown
    assert "@property\n    def names(self) -> list[str]: ..." in shown
    assert "    top: int\n" in shown
    assert "hidden" not in shown and "at:" not in shown


@pytest.mark.parametrize("source", ["def f(x):\n    pass\n", "def f():\n    return 1\n",
                                    "def f() -> list:\n    return []\n"])
def test_what_nothing_tells_is_a_fault(tree: Path, source: str) -> None:
    (tree / "netwatch/_fast/room/one.pyx").write_text(source)
    done = run(tree / "tools/make_stubs.py")
    assert done.returncode == 1 and "one.pyx:1: f()" in done.stderr


def test_a_member_may_not_hide_a_type_of_its_class(tree: Path) -> None:
    (tree / "netwatch/_fast/room/one.pyx").write_text(
        "cdef class Box:\n    @property\n    def bytes(self) -> int:\n        return 1\n"
        "    def all_of_it(self) -> bytes:\n        return b''\n")
    done = run(tree / "tools/make_stubs.py")
    assert done.returncode == 1 and "Box.bytes hides the type bytes" in done.stderr
