"""`netwatch open`: a bundle in a terminal, all tabs with what the bundle has; owners came with the packets."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from evidence_files import written
from made_captures import small
from netwatch_command import Run
from test_evidence import FLOW

from tests.ui.test_terminal import Tmux

SHOWN = {"1": ("curl", "10.0.0.2"), "2": ("curl", "10.0.0.2"), "3": ("ethernet",),
         "4": ("10.0.0.1", "10.0.0.2", "curl"),
         "5": ("dns", "http"), "6": ("10.0.0.2",), "7": ("10.0.0.1",), "8": ("curl",), "9": ("session",),
         "0": ("www.example.com", "curl", "10.0.0.2")}


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_all_tabs_of_a_bundle(netwatch: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "e.pcapng", small(), {80: FLOW})
    assert netwatch("bundle", "make", path, tmp_path / "b").returncode == 0
    view = Tmux(tmp_path, "open", str(tmp_path / "b"), cols=150, rows=40, module="netwatch",
                XDG_STATE_HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path))
    try:
        view.wait("packets")
        for key, words in SHOWN.items():
            view.keys("Escape", key)
            for word in words:
                shown = view.wait(word)
                assert "has failed" not in shown, (key, shown)
        view.keys("C-c")
        view.wait("EXIT 130")
    finally:
        subprocess.run(["tmux", "-L", view.name, "kill-server"], check=False, capture_output=True)
    assert "whole, signed by" in view.errors.read_text()
