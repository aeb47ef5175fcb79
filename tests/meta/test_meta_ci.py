"""The server's run: tests that fail beside others may run once more alone, but never those of what must be the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from netwatch_command import ROOT


def failing(folder: Path, marker: str) -> list[str]:
    """The lines of a run of pytest with our hooks, in which a test fails."""
    path = folder / "test_it.py"
    path.write_text(f"import pytest\n\n{marker}\ndef test_it():\n    assert False\n")
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-ra", "-p", "conftest", "-p", "no:cacheprovider",
                           "-c", ROOT / "pyproject.toml", "--rootdir", folder, path], cwd=folder, text=True,
                          capture_output=True, env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"})
    assert done.returncode == 1, done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="a script of bash")
@pytest.mark.parametrize(("marker", "runs", "code"), [("", 2, 0), ("@pytest.mark.same", 1, 1)])
def test_what_was_not_the_same_once_is_not_run_again(tmp_path: Path, marker: str, runs: int, code: int) -> None:
    (found,) = re.findall(r"^tests\(\) \{.*?^\}$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / ".build").mkdir()
    log = tmp_path / "log"
    log.write_text("\n".join(failing(tmp_path, marker)) + "\n")
    fake = tmp_path / "test.sh"
    fake.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\n[ -e {tmp_path}/again ] && exit 0\n"
                    f"touch {tmp_path}/again\ncat {log}\nexit 1\n")
    fake.chmod(0o755)
    done = subprocess.run(["bash", "-c", f"{found}\ntests"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == code
    assert len((tmp_path / "runs").read_text().split()) == runs
