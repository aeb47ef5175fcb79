"""The compiled parts of the benchmarks are built in a checkout that has none, whichever is asked for first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from netwatch_command import ROOT

sys.path[:0] = [str(ROOT)]
from bench import native  # noqa: E402


@pytest.mark.parametrize("name", native.MODULES)
def test_what_a_module_stands_on_is_built_before_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Nothing is compiled here: the compiler and the import are only asked."""
    done: list[str] = []

    def build(command: list[str], **_: Any) -> SimpleNamespace:
        done.append(f"build {command[-1]}")
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", build)
    monkeypatch.setattr(Path, "touch", lambda path: None)
    monkeypatch.setattr(Path, "exists", lambda path: False)
    monkeypatch.setattr("importlib.import_module", lambda path: done.append(f"import {path}") or ModuleType(path))
    native.load(name)
    assert done[-2:] == [f"build {name}", f"import bench.{name}"]
    for below in native.needed(name):
        assert below in native.MODULES and done.index(f"import bench.{below}") < done.index(f"build {name}")
    assert bool(native.needed(name)) == (name in ("mixer", "sender"))
