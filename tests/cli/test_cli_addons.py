"""A user's own addon: the class of the contract in a file of theirs, with its option, records and fields; what it may
not; and that a bad one is switched off and says so."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from netwatch_command import ENVIRONMENT, ROOT

CAPTURE = ROOT / "tests" / "captures" / "dns.pcap"
PAGE = (ROOT / "docs" / "own-addons.md").read_text()
(GOOD,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
HEAD = "from netwatch.model.contract import Addon\nclass Mine(Addon):\n    name, wants = 'mine', frozenset({'dns'})\n"


@pytest.fixture
def read(netwatch, tmp_path):
    """(lines of standard output as JSON, standard error) of `netwatch read` with these addons."""

    def run(files: dict[str, str], *words: str, what: str = "flows", mode: int = 0o600):
        folder = tmp_path / "config" / "netwatch" / "addons"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)
            (folder / name).chmod(mode)
        done = netwatch("read", CAPTURE, "--what", what, "--format", "ndjson", *words,
                        env={**ENVIRONMENT, "XDG_CONFIG_HOME": str(tmp_path / "config")})
        assert done.returncode == 0
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    return run


@pytest.mark.parametrize("workers", ["1", "3"])
def test_the_example_of_the_page(read, workers):
    records, said = read({"firsts.py": GOOD}, "--workers", workers, what="flows,seen-first")
    assert said == ""
    firsts = [each for each in records if each["schema"] == "netwatch.seen-first/1"]
    names = [each["name"] for each in firsts]
    assert "www.lab.example" in names and len(set(names)) == len(names)
    assert all(each["flow"] and each["time"] for each in firsts)
    flows = [each for each in records if each["schema"] == "netwatch.flow/1"]
    assert flows and all(each["resolver"] == {"names": 1} for each in flows if each["dport"] == 53)
    assert read({}, "--fields", "src,resolver.names")[0][0]["resolver"] == {"names": 1}


def test_its_option_is_one_as_any_other(read, netwatch, tmp_path):
    records, _ = read({"firsts.py": GOOD}, "--set", "firsts.most=1", what="seen-first")
    assert len(records) == 1
    shown = netwatch("config", "show", "--format", "json",
                     env={**ENVIRONMENT, "XDG_CONFIG_HOME": str(tmp_path / "config")})
    assert json.loads(shown.stdout)["firsts.most"]["default"] == 10_000


@pytest.mark.parametrize(("text", "why"), [
    ("import nonsense_that_is_not", "not used: ModuleNotFoundError"),
    ("x = 1", "there must be one class"),
    (HEAD.replace("'mine'", "'other'"), "its name must be mine"),
    (HEAD + "    kinds = {'dns': 'mine'}\n", "netwatch has dns of its own"),
    (HEAD + "    adds = frozenset({'tls'})\n", "netwatch has tls of its own"),
    (HEAD + "    kinds = {'Dns': 'mine'}\n", "not a word of lower-case"),
    (HEAD + "    def begin(self, run):\n        raise KeyError('x')\n", "switched off: KeyError"),
    (HEAD + "    def take(self, step):\n        while True: pass\n", "no answer in"),
    (HEAD + "    def take(self, step):\n        raise SystemExit(3)\n", "SystemExit"),
    (HEAD + "    def take(self, step):\n        import os; os._exit(1)\n", "its process ended"),
    (HEAD + "    def take(self, step):\n        open('/etc/passwd')\n        return ()\n", "PermissionError"),
    (HEAD + "    def take(self, step):\n        import socket; socket.socket()\n", "PermissionError"),
    (HEAD + "    def take(self, step):\n        import netwatch.cli\n        return ()\n", "switched off: "),
    (HEAD + "    kinds = {'m': 'x'}\n    def take(self, step):\n"
     "        return [each.became('m', {'x': 'y' * 60_000}) for each in step.events]\n", "takes more than"),
])
def test_a_bad_one_is_switched_off_and_says_why(read, text, why):
    records, said = read({"mine.py": text})
    assert len(records) == 14 and said.count("addon ") == 1 and why in said


def test_one_of_a_name_that_netwatch_has(read):
    assert "netwatch has a names of its own" in read({"names.py": HEAD.replace("'mine'", "'names'")})[1]


def test_what_it_says_and_makes_is_cleaned(read):
    code = HEAD + ("    kinds = {'m': 'x'}\n    def begin(self, run):\n        run.say('a\\x1b[31mb')\n"
                   "    def take(self, step):\n"
                   "        return [each.became('m', {'x\\n': 'a\\x1b[0m'}) for each in step.events]\n")
    records, said = read({"mine.py": code}, what="m")
    assert records and "\x1b" not in said + json.dumps(records) and "\\u001b" not in json.dumps(records)


def test_what_it_is_not_asked_for_is_dropped(read):
    code = HEAD + ("    adds = frozenset({'mark'})\n    def adorn(self, record, flow):\n"
                   "        record['mark'], record['src'] = {'x': 1}, '6.6.6.6'\n"
                   "    def take(self, step):\n        return [each.became('dns', {}) for each in step.events]\n")
    records, said = read({"mine.py": code})
    assert said == "" and all(each["mark"] == {"x": 1} and each["src"] != "6.6.6.6" for each in records)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_one_that_others_can_write_to_is_not_used(read, tmp_path: Path):
    assert "others can write" in read({"mine.py": HEAD}, mode=0o666)[1]
