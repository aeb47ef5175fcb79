"""What a live capture beside real programs leaves: the history has what it told, and commands of curl ask again."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from namespaces import ROOT, SERVER, Lab, reason

pytestmark = pytest.mark.skipif(reason() is not None, reason=reason() or "")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab")) as made:
        yield made


BOTH = "tcp or udp"


def netwatch(*words: object) -> str:
    done = subprocess.run([sys.executable, "-m", "netwatch", *map(str, words)], cwd=ROOT, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def settled(record: Any) -> Any:
    """Without what is of the moment of telling, and times of which two captures may see another microsecond."""
    if not isinstance(record, dict):
        return record
    return {key: settled(value) for key, value in record.items()
            if key not in ("age_s", "rate_out", "rate_in", "ended") and not key.endswith("_us")}


def records(text: str) -> list[dict[str, Any]]:
    return sorted((settled(json.loads(line)) for line in text.splitlines()), key=lambda record: record["id"])


def test_the_history_gives_the_records_that_live_gave(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One process keeps them, another one tells them."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    keeps = lab.netwatch("snapshot", "-i", lab.near, "-f", BOTH, "--every", "1s", "--set", "history.on=true")
    process = lab.netwatch("read", "-i", lab.near, "-f", BOTH, "--duration", "5s", "--format", "ndjson")
    for _ in range(3):
        lab.curl("http")
        lab.curl("https")
        lab.dig()
    told, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    keeps.send_signal(signal.SIGINT)
    _, said = keeps.communicate(timeout=30)
    assert keeps.returncode == 130, said
    live = records(told)
    assert len(live) >= 9 and {flow["process"].get("name") for flow in live if flow.get("app") == "http"} == {"curl"}
    kept = records(netwatch("read", "--history", "--format", "ndjson"))
    assert kept == live
    for where in ("app == http", "process == curl and port == 443", "sni contains lab or app == dns", "bytes > 1KB"):
        ids = [flow["id"] for flow in records(netwatch("read", "--history", "--where", where, "--format", "ndjson"))]
        assert ids and [flow for flow in kept if flow["id"] in ids] == [flow for flow in live if flow["id"] in ids]
    times = sorted({flow[end] for flow in live for end in ("first", "last")})
    for n, m in ((0, len(times) // 2), (len(times) // 3, -1), (len(times) // 2, len(times) // 2 + 1)):
        span = f"{times[n]}..{times[m]}"
        asked = records(netwatch("read", "--history", span, "--where", "tcp", "--format", "ndjson"))
        assert asked == [flow for flow in live if flow["proto"] == "tcp" and flow["last"] >= times[n]
                         and flow["first"] < times[m]], span
    total = json.loads(netwatch("sql", "SELECT count(*) AS n, sum(bytes_in) AS b FROM flows WHERE app = 'http'",
                                "--history", "--format", "ndjson"))
    assert total == {"n": 3, "b": sum(flow["bytes_in"] for flow in live if flow.get("app") == "http")}


def test_commands_of_curl_bring_the_same_bytes_again(lab: Lab, tmp_path: Path):
    (lab.folder / "blob").write_bytes(bytes(range(256)) * 500)
    (lab.folder / "a b's").write_text("a name with a blank\n")
    for name in ("blob", "a b's"):
        (lab.folder / name).chmod(0o644)
    path = tmp_path / "w.pcapng"
    process = lab.netwatch("read", "-i", lab.near, "-f", "tcp port 80", "--duration", "4s", "--what", "summary",
                           "--write", str(path))
    at = f"http://{SERVER}"
    for words in ((f"{at}/page.txt",), (f"{at}/blob", "-H", "Range: bytes=100-2099"), (f"{at}/blob",),
                  (f"{at}/a%20b's", "-A", "it's \"me\" $HOME `id`"), (f"{at}/page.txt", "-I"), (f"{at}/nothing",),
                  (f"{at}/page.txt", "--data-raw", "@a=1&b='2'"), (f"{at}/blob", "-o", "/dev/null", "--compressed")):
        lab.ask("curl", "-sS", "--max-time", "5", *words)
    assert process.wait(30) == 0
    netwatch("export", "--objects", tmp_path / "o", path)
    index = [json.loads(line) for line in (tmp_path / "o" / "index.ndjson").read_text().splitlines()]
    seen = [line["sha256"] for line in index if line["dir"] == "in"]
    commands = netwatch("export", "--curl", path).splitlines()
    assert len(commands) == 8 and len(seen) == 7  # no body answers HEAD
    answers = [lab.ask("sh", "-c", command + " --silent").stdout for command in commands]
    (head,) = [i for i, command in enumerate(commands) if " --head " in command]
    assert answers.pop(head).startswith(b"HTTP/1.1 200")
    assert [hashlib.sha256(answer).hexdigest() for answer in answers] == seen
