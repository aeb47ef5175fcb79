"""Users' own classifiers: what they name, what they may not, and that a bad one is switched off and says so."""

from __future__ import annotations

import json
import os
import sys
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
        folder.mkdir(parents=True, exist_ok=True)
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
    ("NAME = 'acme'\nimport re\ndef classify(data, flow):\n    re.match('(a+)+$', 'a' * 40 + 'b')", "no answer in"),
    ("NAME = 'acme'\nimport os\ndef classify(data, flow):\n    os._exit(0)", "its process ended"),
    ("NAME = 'acme'\ndef classify(data, flow):\n    return bytearray(1 << 30)", "MemoryError"),
    ("NAME = 'acme'\ndef classify(data, flow):\n    return 50, {'x': float('nan')}", "ValueError"),
    ("NAME = 'acme'\ndef classify(data, flow):\n    return 50, {'x': [[[[[1]]]]]}", "deep"),
    ("NAME = 'acme'\ndef classify(data, flow):\n    raise ValueError('\\x1b]0;P\\x07')", "Error: \ufffd]0;P\ufffd"),
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
    ("NAME = 'src'\ndef classify(data, flow): pass", "netwatch knows src itself"),
    ("NAME = 'schema'\ndef classify(data, flow): pass", "netwatch knows schema itself"),
    ("raise SystemExit(3)", "SystemExit"),
    ("while True: pass", "no answer in"),
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


FORBIDDEN = {
    "a file": "open('/etc/passwd')",
    "a folder": "__import__('os').listdir('/proc')",
    "a new file": "open('/tmp/netwatch-classifier', 'w')",
    "a socket": "__import__('socket').socket()",
    "a process": "__import__('os').fork()",
    "a program": "__import__('os').execv('/bin/true', ['true'])",
    "a signal": "__import__('os').kill(1, 0)",
    "a thread": "__import__('threading').Thread(target=print).start()",
}


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux's")
@pytest.mark.parametrize("what", FORBIDDEN)
def test_it_has_no_rights(read, what):
    text = f"NAME = 'acme'\ndef classify(data, flow):\n    {FORBIDDEN[what]}\n    return 80"
    records, said = read({"acme.py": text})
    assert "switched off" in said and "app" not in records[0], what


@pytest.mark.skipif(os.geteuid() != 0, reason="gives root's rights away")
def test_it_is_somebody_else(read):
    text = ("NAME = 'acme'\nimport os\ndef classify(data, flow):\n"
            "    return 80, {'ids': [os.getuid(), os.geteuid(), os.getgid(), len(os.getgroups())]}")
    records, said = read({"acme.py": text})
    assert said == "" and records[0]["acme"]["ids"] == [65534, 65534, 65534, 0]


def test_what_it_prints_goes_nowhere(read):
    records, said = read({"acme.py": GOOD.replace("return 80", "print('loud'); return 80")})
    assert said == "" and records[0]["app"] == "acme"


def test_what_it_answers_is_clean(read):
    fields = "{'a\\x1b': '\\x1b]0;PWN\\x07', 'b': [None, '\\ud800', 1.5]}"
    text = f"NAME = 'acme'\ndef classify(data, flow):\n    return 80, {fields}"
    records, said = read({"acme.py": text})
    assert said == ""
    assert records[0]["acme"] == {"a\ufffd": "\ufffd]0;PWN\ufffd", "b": ["?", 1.5]}


def test_a_link_is_not_followed(read, tmp_path):
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text(GOOD)
    folder = tmp_path / "config" / "netwatch" / "classifiers"
    folder.mkdir(parents=True)
    (folder / "acme.py").symlink_to(elsewhere)
    records, said = read({})
    assert "not used" in said and "app" not in records[0]
