"""A Python without curses (Windows has none of its own): the terminal says so, everything else works."""

from __future__ import annotations

import pty
import subprocess
import sys

import pytest
from netwatch_command import ENVIRONMENT, ROOT

TOUR = str(ROOT / "docs" / "tour.pcap")


@pytest.mark.parametrize("absent", ["curses", "_curses", "npyscreen"])
@pytest.mark.parametrize(("words", "code"), [(["-r", TOUR], 69), (["read", TOUR], 0), (["--version"], 0)])
def test_only_the_terminal_needs_it(absent: str, words: list[str], code: int) -> None:
    program = f"import sys; sys.modules[{absent!r}] = None; from netwatch.__main__ import main; sys.exit(main())"
    _, terminal = pty.openpty()
    done = subprocess.run([sys.executable, "-c", program, *words], stdin=terminal, stdout=terminal, cwd=ROOT,
                          stderr=subprocess.PIPE, text=True, env={**ENVIRONMENT, "TERM": "xterm"}, timeout=60)
    assert done.returncode == code, done.stderr
    assert (f"needs the Python module {absent}" in done.stderr) == (code == 69)
