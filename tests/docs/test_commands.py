"""The commands of the pages do something: each that ends by itself is run, on stand-ins for what it names.

A capture is the tour, an interface is lo, a host that would be asked is this machine, and a second is long enough.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT
from test_pages import NAMED

TOUR = ROOT / "docs" / "tour.pcap"

STANDING_IN = [(re.compile(pattern), by) for pattern, by in [
    (r"/tmp/keys\b", "keys"),
    (r"\bFILE\b", "capture.pcap"),
    (r"-i eth0(?!.*--(duration|for))", "-i lo --duration 1s"),
    (r"-i eth0", "-i lo"),
    (r"--(duration|for) \S+", r"--\1 1s"),
    (r"(trace) (?:192\.0\.2\.1|www\.example\.com)", r"\1 127.0.0.1"),
    (r"(trace) 2001:db8::1", r"\1 ::1"),
    (r"--follow \d+", "--follow 6"),
    (r"--count \d+", "--count 2"),
    (r"curl https://\S+", "true"),
]]
ELSEWHERE = {  # what ends when somebody ends it, or asks for more than a file, and where it is tested
    "": "tests/ui", "open": "tests/keep", "record": "tests/keep", "agent": "tests/agent", "attach": "tests/agent",
    "feed": "tests/agent", "snapshot": "tests/agent", "uptime": "tests/health", "whois": "tests/health",
    "data import": "tests/names", "data verify": "tests/names"}
CAPTURES = ("capture", "big", "day", "monday", "tuesday", "before", "after", "friday", "router")
MISSING = 4     # nothing was kept in the window of history that a page names


def after_netwatch(line: str) -> str:
    return re.sub(r"^(sudo )?netwatch ?", "", line)


def elsewhere(line: str) -> bool:
    words = shlex.split(after_netwatch(line))
    return (not words or words[0].startswith("-") or words[0] in ELSEWHERE or " ".join(words[:2]) in ELSEWHERE
            or "--scheduler" in words)  # a cluster's: tests/cli


RUN = [(page, line) for page, line in NAMED if line.startswith(("netwatch ", "sudo ")) and "/recorder/" not in line
       and not elsewhere(line)]


def netwatch(line: str, place: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["bash", "-c", f"{shlex.join(COMMAND)} {line}"], cwd=place, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, env={**ENVIRONMENT, "XDG_STATE_HOME": str(place / "state")})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands name."""
    place = tmp_path_factory.mktemp("commands")
    for name in CAPTURES:
        for suffix in (".pcap", ".pcapng"):
            shutil.copy(TOUR, place / f"{name}{suffix}")
    shutil.copy(ROOT / "tests" / "captures" / "https.keys", place / "keys")
    (place / "egress-policy.toml").write_text('[program."*"]\nallow_sni = ["*.example.com"]\n')
    for line in ("read capture.pcap --format ndjson > monday.ndjson",
                 *(f"bundle make capture.pcap {name}" for name in ("incident", "bundle-a", "bundle-b"))):
        done = netwatch(line, place)
        assert done.returncode == 0, done.stderr
    if os.geteuid() == 0:
        done = netwatch("read -i lo --duration 1s --set history.on=true --set egress.keep=true", place)
        assert done.returncode == 0, done.stderr
    return place


@pytest.mark.parametrize(("page", "line"), RUN, ids=[f"{page}-{i}" for i, (page, _) in enumerate(RUN)])
def test_a_command_of_a_page_is_run(page: str, line: str, made: Path, tmp_path: Path) -> None:
    command = after_netwatch(line)
    for pattern, by in STANDING_IN:
        command = pattern.sub(by, command)
    kept = "--history" in command or command.startswith("usage --")
    if os.geteuid() != 0 and ("-i lo" in command or kept or command.startswith("trace")):
        pytest.skip("needs root, to capture or to probe")
    place = tmp_path / "place"
    shutil.copytree(made, place)
    if command.startswith("bundle make"):
        shutil.rmtree(place / command.split()[-1])
    if command.startswith("egress lint -i"):
        command += " --policy egress-policy.toml"
    if "--quotas" in command:
        command += " --set egress.quotas=curl=10GB/month"
    done = netwatch(command, place)
    assert done.returncode in ((0, MISSING) if kept else (0, 1)), f"{page}: {line}\n{done.stderr.decode()}"
    assert b"Traceback" not in done.stderr


def test_most_commands_are_run() -> None:
    assert len(RUN) >= 50
