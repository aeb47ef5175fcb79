"""Time mode while real programs talk: every tab at a moment that is over is what it was then."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from namespaces import ROOT, SERVER, Lab, reason

pytestmark = pytest.mark.skipif(reason() is not None, reason=reason() or "")
SECONDS = 5  # of packet time, which is the wall clock's: there is a moment in each


def test_every_tab_at_a_moment_is_what_it_was_live(tmp_path: Path) -> None:
    """Row by row, answer by answer, and as it is drawn, with the processes of flows, while the capture goes on."""
    paths = os.pathsep.join(str(ROOT / each) for each in ("", "tests", "tests/keep"))
    with Lab(tmp_path) as lab:
        program = lab.inside(lab.client, sys.executable, "-m", "tests.live.time_machine", lab.near, str(SECONDS))
        process = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True,
                                   env={**os.environ, "PYTHONPATH": paths, "XDG_STATE_HOME": str(tmp_path)})
        assert process.stdout is not None and process.stdout.readline() == "started\n"
        begun, turn, routed = time.monotonic(), 0, False
        ends = begun + SECONDS + 1
        while time.monotonic() < ends:
            lab.curl(("http", "https")[turn % 2])
            lab.dig()
            lab.ask("ping", "-c", "1", SERVER, check=False)
            turn += 1
            if not routed and time.monotonic() > begun + SECONDS / 2:
                lab.ask("ip", "route", "add", "default", "via", SERVER)
                routed = True
        told = json.loads(process.communicate(timeout=60)[0])
    assert process.returncode == 0 and told["error"] is None
    assert told["moments"] >= SECONDS - 2 and told["screens"] and told["rows"] > 20 and told["owners"] > 5
    assert {"dns", "http", "tls"} <= set(told["apps"]) and told["went_on"]
    assert told["told"]["minutes"] and 0 < told["told"]["gateways"] < told["moments"], told["told"]
    # counters of interfaces are asked of the machine, which may answer between the moment and our look at it
    kinds = Counter(kind for kind, *_ in told["differs"])
    assert kinds.pop("interfaces", 0) <= told["moments"] // 2
    assert not kinds, [each for each in told["differs"] if each[0] != "interfaces"][:3]
