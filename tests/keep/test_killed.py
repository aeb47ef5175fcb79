"""Killed while it writes: what would look whole is not there, and nothing half-written stays beside it."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

import pytest
from evidence_files import ROOT
from netwatch_command import COMMAND, ENVIRONMENT, Run

TOUR = ROOT / "docs" / "tour.pcap"
PATIENCE_S = 20.0  # for what removes it, on a machine that is busy
WORDS = {"make": ("bundle", "make", TOUR, "OUT"), "redact": ("bundle", "redact", "BUNDLE", "OUT"),
         "har": ("export", "--har", "OUT", TOUR), "objects": ("export", "--objects", "OUT", TOUR),
         "write": ("read", TOUR, "--what", "summary", "--write", "OUT.pcapng"),
         "classic": ("read", TOUR, "--what", "summary", "--write", "OUT.pcap")}


@pytest.mark.parametrize("what", WORDS)
def test_nothing_half_written_looks_whole(netwatch: Run, tmp_path: Path, what: str) -> None:
    """At some moment after it began to write, another for each command, and the same on every run."""
    bundle, folder = tmp_path / "b", tmp_path / "there"
    folder.mkdir()
    if what == "redact":
        assert netwatch("bundle", "make", TOUR, bundle).returncode == 0
    words = [str(word).replace("OUT", str(folder / "out")).replace("BUNDLE", str(bundle)) for word in WORDS[what]]
    process = subprocess.Popen([*COMMAND, *words], env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    until = time.monotonic() + PATIENCE_S
    while not os.listdir(folder) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.001)
    time.sleep(random.Random(what).uniform(0.02, 0.2))
    process.kill()
    killed = process.wait() != 0
    until = time.monotonic() + PATIENCE_S
    while any(name.startswith(".") for name in os.listdir(folder)) and time.monotonic() < until:
        time.sleep(0.02)
    left = sorted(os.listdir(folder))
    assert not any(name.startswith(".") for name in left), left
    if not killed:
        return
    for name in left:
        if what in ("make", "redact"):
            assert netwatch("bundle", "verify", folder / name).returncode == 0
        elif what in ("write", "classic") and not name.endswith(".jsonl"):
            assert netwatch("read", folder / name, "--what", "summary").returncode == 0
