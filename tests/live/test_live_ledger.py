"""The ledger beside real programs: what snapshot keeps is what usage sees, once; and nothing is kept unasked."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from namespaces import ROOT, Lab, reason

pytestmark = pytest.mark.skipif(reason() is not None, reason=reason() or "")
KEEP = "--set", "egress.keep=true"


def sums(text: str) -> dict[str, tuple[int, int, int]]:
    return {each["program"]: (each["flows"], each["bytes_out"], each["bytes_in"])
            for each in map(json.loads, text.splitlines())}


def test_who_watches_keeps_the_ledger_inside_its_walls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with Lab(tmp_path) as lab:
        unasked = lab.netwatch("snapshot", "-i", lab.near, "--every", "1s")
        keeps = lab.netwatch("snapshot", "-i", lab.near, "--every", "1s", *KEEP)
        sees = lab.netwatch("usage", "-i", lab.near, "--duration", "4s", "--format", "ndjson", *KEEP)
        for _ in range(3):
            lab.curl("http")
            lab.dig()
        seen, said = sees.communicate(timeout=30)
        assert "another netwatch keeps the ledger" in said
        for each in (unasked, keeps):
            each.send_signal(signal.SIGINT)
            each.communicate(timeout=30)
    done = subprocess.run([sys.executable, "-m", "netwatch", "usage", "--format", "ndjson"], cwd=ROOT,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert sums(done.stdout) == sums(seen) and sums(seen)["curl"][0] == 3 and sums(seen)["dig"][0] == 3
