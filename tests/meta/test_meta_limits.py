"""Size limits of the house: no file over 400 lines, no function over 60, every module says what it is.

What is over a limit stands in a table with the size it may not exceed; its entry goes when it is within the limit.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from netwatch_command import ROOT

FILE_LINES, FUNCTION_LINES, FILE_BYTES = 400, 60, 200_000
AT_ROOT = {".dockerignore", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "MANIFEST.in", "Makefile",
           "README.md", "SECURITY.md", "netwatch.sh", "pyproject.toml", "setup.cfg", "setup.py", "test.sh"}
LONG_FILES: dict[str, int] = {
}
LONG_FUNCTIONS: dict[str, int] = {
}
DEFINITION = re.compile(r"^( *)(?:def|cdef|cpdef)\b(?!.*\b(?:class|struct|enum|extern)\b)[^=#]*?\b(\w+)\s*\(")


def sources() -> Iterator[Path]:
    for folder in ("netwatch", "tests", "tools", "fuzz", "bench"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".pyx", ".pxd"):
                yield path
    yield ROOT / "setup.py"


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def python_functions(text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno
            yield node.name, node.end_lineno - node.lineno + 1


def cython_functions(text: str) -> Iterator[tuple[str, int]]:
    """(name, lines) of every function with a body: it ends before the next line that is not deeper than it."""
    lines = re.sub(r'"""[\s\S]*?"""', lambda m: "\n" * m[0].count("\n"), text).split("\n")
    for i, line in enumerate(lines):
        found = DEFINITION.match(line)
        if not found:
            continue
        depth, last = len(found[1]), i
        for j in range(i + 1, len(lines)):
            if lines[j].strip() and not lines[j].lstrip().startswith(("#", ")")):
                if len(lines[j]) - len(lines[j].lstrip()) <= depth:
                    break
                last = j
        if last > i:
            yield found[2], last - i + 1


def assert_shrinking(over: dict[str, int], listed: dict[str, int]) -> None:
    grown = {name: n for name, n in over.items() if n > listed.get(name, 0)}
    assert not grown, "longer than the house allows"
    assert not listed.keys() - over.keys(), "these are within the limit now: take them off the list"


def test_files() -> None:
    over = {short(p): n for p in sources() if (n := p.read_text().count("\n")) > FILE_LINES}
    assert_shrinking(over, LONG_FILES)


def test_functions() -> None:
    over = {}
    for path in sources():
        if path.suffix != ".pxd":
            read = python_functions if path.suffix == ".py" else cython_functions
            over.update({f"{short(path)}:{name}": n for name, n in read(path.read_text()) if n > FUNCTION_LINES})
    assert_shrinking(over, LONG_FUNCTIONS)


def test_the_measure_sees_long_functions() -> None:
    """The limits would be worth nothing if the count missed what it is to count."""
    body = "".join(f"    x = {i}\n\n" for i in range(40))
    for head in ("cdef int f(int a) noexcept nogil:\n", "cdef inline u32* f(u32* p,\n            int b) except NULL:\n",
                 "cpdef f(x):\n", "def f(x):\n"):
        text = f'cdef struct S:\n    int a\n\n{head}    """Words.\n\n    More."""\n{body}\ncdef int g():\n    return 1'
        assert max(cython_functions(text), key=lambda found: found[1])[0] == "f"
        assert 79 <= dict(cython_functions(text))["f"] <= 84
        assert dict(cython_functions(text))["g"] == 2


def test_modules_say_what_they_are() -> None:
    mute = []
    for path in sources():
        text = path.read_text()
        opening = re.sub(r"\A(?:\s*#.*\n)*\s*", "", text)
        if opening and not opening.startswith('"""'):
            mute.append(short(path))
    assert not mute, "these begin without a docstring"


def test_no_unfinished_words() -> None:
    words = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    assert [short(path) for path in sources() if words.search(path.read_text())] == []


def test_nothing_large_or_strange_is_kept() -> None:
    """What a tool left behind is no part of the checkout: git's files are small, and at its root all are known."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a checkout of git")
    listed = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"], cwd=ROOT, capture_output=True,
                            text=True, check=True).stdout.rstrip("\0").split("\0")
    found = [ROOT / name for name in listed]
    assert [short(path) for path in found if path.is_file() and path.stat().st_size > FILE_BYTES] == []
    assert {path.name for path in found if path.parent == ROOT} <= AT_ROOT
