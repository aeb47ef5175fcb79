"""Users' own classifiers: what they name, what they may not, and that a bad one is switched off and says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conversation import Talk
from netwatch_command import ENVIRONMENT
from wire import pcap

GOOD = """
NAME = "acme"
def classify(data, flow):
    if data.startswith(b"ACME/"):
        return 80, {"version": data[5:8].decode(), "port": flow.dport, "proto": flow.proto}
"""


@pytest.fixture
def read(netwatch, tmp_path):
    """Flows of two connections, one that speaks ACME and one HTTP, read with the classifier files given."""

    def run(files: dict[str, str], mode: int = 0o600, said: bytes = b"ACME/1.2 hello"):
        folder = tmp_path / "config" / "netwatch" / "classifiers"
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text)
            (folder / name).chmod(mode)
        first = Talk(dport=7777).open().say(0, said).say(1, b"ACME/1.3 you too").close()
        second = Talk(sport=41000, start=first.now).open().say(0, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").close()
        path = tmp_path / "talk.pcap"
        path.write_bytes(pcap(first.frames + second.frames))
        done = netwatch("read", path, "--what", "flows,summary", "--format", "ndjson",
                        env={**ENVIRONMENT, "XDG_CONFIG_HOME": str(tmp_path / "config")})
        assert done.returncode == 0
        records = [json.loads(line) for line in done.stdout.splitlines()]
        return records, done.stderr

    return run


def test_a_flow_is_named_with_its_fields(read):
    records, said = read({"acme.py": GOOD})
    assert said == ""
    assert records[0]["app"] == "acme" and records[0]["app_stack"] == ["acme"] and records[0]["confidence"] == 80
    assert records[0]["acme"] == {"version": "1.2", "port": 7777, "proto": "tcp"}
    assert records[1]["app"] == "http"
    assert records[2]["apps"]["acme"]["flows"] == 1


@pytest.mark.parametrize(("text", "why"), [
    ("NAME = 'acme'\ndef classify(data, flow):\n    raise KeyError('x')", "KeyError"),
    ("NAME = 'acme'\ndef classify(data, flow):\n    return 'yes'", "confidence"),
    ("NAME = 'acme'\ndef classify(data, flow):\n    while True: pass", "no answer in"),
    ("NAME = 'acme'\ndef classify(data, flow):\n    return 50, {'x': 'y' * 5000}", "more than"),
    ("NAME = 'acme'\ndef classify(data, flow):\n    raise SystemExit(3)", "SystemExit"),
])
def test_a_bad_one_is_switched_off_and_says_so(read, text, why):
    records, said = read({"a.py": text, "b.py": GOOD.replace("acme", "other")})
    assert said.count("switched off") == 1 and why in said
    assert records[0]["app"] == "other", "the next one is still asked"


@pytest.mark.parametrize(("text", "why"), [
    ("def classify(data, flow): pass", "NAME"),
    ("NAME = 'tls'\ndef classify(data, flow): pass", "netwatch knows tls itself"),
    ("NAME = 'acme'", "no function"),
    ("syntax error here", "SyntaxError"),
])
def test_what_is_no_classifier_is_not_used(read, text, why):
    records, said = read({"bad.py": text})
    assert "not used" in said and why in said
    assert "app" not in records[0]


def test_a_file_that_others_can_change_is_not_used(read):
    records, said = read({"acme.py": GOOD}, mode=0o666)
    assert "others can write to" in said
    assert "app" not in records[0]


def test_what_netwatch_knows_is_not_asked_about(read):
    records, _ = read({"greedy.py": "NAME = 'greedy'\ndef classify(data, flow):\n    return 100"})
    assert [record.get("app") for record in records[:2]] == ["greedy", "http"]


def test_the_example_in_the_documentation_is_one(read):
    page = (Path(__file__).parents[2] / "docs" / "classifiers.md").read_text()
    code = page.split("```python\n")[1].split("```")[0]
    records, said = read({"acme.py": code})
    assert said == "" and records[0]["app"] == "acme"
