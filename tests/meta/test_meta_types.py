"""Types say something: `Any` is rare in netwatch, and each has its reason; every compiled room has its stubs."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from netwatch_command import ROOT

MOST = 20
REASON = "Any: "


def anys() -> Iterator[tuple[Path, int, str]]:
    """(file, line, its text) of each use of Any, but where it is imported. A stub says what its source says."""
    for path in sorted((ROOT / "netwatch").rglob("*")):
        if path.suffix in (".py", ".pyi"):
            text = path.read_text()
            lines = text.splitlines()
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Name) and node.id == "Any":
                    yield path, node.lineno, lines[node.lineno - 1]


def test_each_any_has_a_reason() -> None:
    bare = [f"{path.relative_to(ROOT)}:{number}" for path, number, line in anys()
            if REASON not in line.partition("#")[2]]
    assert not bare, f'say why behind it: "# {REASON}..."'


def test_any_is_rare() -> None:
    found = [f"{path.relative_to(ROOT)}:{number}" for path, number, _ in anys()]
    assert len(found) <= MOST, found


def test_mypy_looks_at_every_compiled_room_of_ours() -> None:
    """Where it does not follow an import, everything behind it is Any."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert settings["strict"] is True
    skipped = [name for each in settings["overrides"] if each.get("follow_imports") == "skip"
               for name in each["module"] if name.startswith("netwatch")]
    assert not skipped
