"""netwatch assert: the exit code says whether every flow keeps what is said of it, the output which do not."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from netwatch_command import COMMAND, ENVIRONMENT, ROOT

DNS = ROOT / "tests" / "captures" / "dns.pcap"


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, "assert", *map(str, words)], env=ENVIRONMENT, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=60)


def test_what_is_kept() -> None:
    done = run("bytes > 0 and packets < 1000000", DNS)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_broken_is_shown() -> None:
    done = run("not app dns", "-r", DNS)
    flows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1 and flows
    assert {flow["app"] for flow in flows} == {"dns"} and flows[0]["schema"] == "netwatch.flow/1"
    assert len(run("not app dns", DNS, "--limit", "1").stdout.splitlines()) == 1


def test_what_cannot_be_asserted() -> None:
    assert run("bytes >", DNS).returncode == 2
    assert run("bytes > 0").returncode == 2
    assert run("bytes > 0", "/no/such/file").returncode == 4


def test_a_fault_is_told_of_where_it_stands() -> None:
    """Of the argument, and not of an option that nobody gave."""
    for words, said in (("nosuch == 3", "EXPR: no field is called 'nosuch', at column 1\n  nosuch == 3\n  ^"),
                        ("  ", "EXPR: it is empty")):
        done = run(words, DNS)
        assert done.returncode == 2
        assert done.stderr.startswith(f"netwatch: {said}")
