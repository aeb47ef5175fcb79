"""Addons: each is whole and says what it is; the addon of CONTRIBUTING.md and the detector of docs/detectors.md, built
from their pages, in a tree of their own."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from netwatch_command import ENVIRONMENT, ROOT

from netwatch.model.contract import Addon
from netwatch.run import addons
from netwatch.store.settings import SETTINGS

CAPTURE = ROOT / "tests" / "captures" / "dns.pcap"


class Example(NamedTuple):
    """One of those in a page: which, the registry that gets its line, and behind what."""

    page: str
    number: int
    registry: str
    behind: str


EXAMPLES = (
    Example("CONTRIBUTING.md", 0, "netwatch/run/addons.py", "RECORDS = {"),
    Example("CONTRIBUTING.md", 1, "netwatch/ui/tabs/__init__.py", '"netwatch.ui.tabs.egress"),'),
    Example("docs/detectors.md", 0, "netwatch/detect/table.py", "DETECTORS = {"),
)
OWN = ["netwatch/addons/firsts.py", "netwatch/ui/tabs/firsts.py", "netwatch/detect/many_resolvers.py"]


def built(root: Path, example: Example) -> str:
    """Put an example into a tree: its file, whose name is given back, and its line."""
    page = (ROOT / example.page).read_text()
    code, line = re.findall(r"```python\n(.*?)```", page, re.S)[2 * example.number:][:2]
    path: str = re.findall(r"`(netwatch/[\w/]+\.py)`:\n\n```python", page)[example.number]
    assert not (root / path).exists()
    (root / path).write_text(code)
    listed = (root / example.registry).read_text()
    assert listed.count(example.behind) == 1
    (root / example.registry).unlink()
    (root / example.registry).write_text(listed.replace(example.behind, f"{example.behind}\n{line.rstrip()}"))
    return path


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of netwatch, and the examples of the pages."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    assert page.index("## An addon in one file") < page.index("## Add a protocol")
    root = tmp_path_factory.mktemp("tree")
    # not links: the jail of who reads lets no file of another tree be read
    shutil.copytree(ROOT / "netwatch", root / "netwatch", ignore=shutil.ignore_patterns("__pycache__"))
    assert [built(root, each) for each in EXAMPLES] == OWN
    return root


def run(tree: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {**ENVIRONMENT, **more, "PYTHONPATH": str(tree)}
    return subprocess.run([sys.executable, "-m", "netwatch", *words], cwd=tree, env=env, capture_output=True, text=True,
                          check=False)


def test_the_example_makes_records_of_its_own(tree: Path) -> None:
    done = run(tree, "read", str(CAPTURE), "--what", "first", "--format", "ndjson")
    assert (done.returncode, done.stderr) == (0, "")
    found = [json.loads(each) for each in done.stdout.splitlines()]
    names = [each["name"] for each in found]
    assert len(names) > 3 and len(set(names)) == len(names)
    assert {each["schema"] for each in found} == {"netwatch.first/1"}
    assert all(each["flow"] and each["time"] for each in found)
    some = run(tree, "read", str(CAPTURE), "--what", "first", "--where", "dport == 53", "--format", "csv")
    assert some.returncode == 0 and names[0] in some.stdout
    assert names[0] not in run(tree, "read", str(CAPTURE), "--what", "first", "--where", "dport == 54").stdout
    assert run(tree, "read", str(CAPTURE), "--what", "firsts").returncode == 2


def test_its_option_is_one_as_any_other(tree: Path) -> None:
    shown = json.loads(run(tree, "config", "show", "--format", "json").stdout)
    assert shown["firsts.most"] == {"value": 10_000, "origin": "default", "default": 10_000}
    words = ("read", str(CAPTURE), "--what", "first", "--format", "ndjson")
    for done in (run(tree, *words, "--set", "firsts.most=2"), run(tree, *words, NETWATCH_FIRSTS_MOST="2")):
        assert len(done.stdout.splitlines()) == 2
        assert done.stderr == "netwatch: 2 names are remembered: no more are told\n"
    assert "a whole number from 1 to 1000000" in run(tree, *words, "--set", "firsts.most=0").stderr


def test_a_session_answers_its_question(tree: Path) -> None:
    code = f"""
import time
from netwatch.addons.firsts import FirstNames
from netwatch.capture.file import open_files
from netwatch.model.contract import Purpose
from netwatch.run.session import Session
session = Session(Purpose(label="x"), lambda: open_files([{str(CAPTURE)!r}]))
session.start()
while not session.health().done:
    time.sleep(0.01)
print(len(session.ask(FirstNames())))
session.stop()
"""
    env = {**ENVIRONMENT, "PYTHONPATH": str(tree)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tree, env=env, capture_output=True, text=True, check=True)
    assert int(done.stdout) > 3


def test_the_tab_of_the_page_is_shown(tree: Path) -> None:
    code = f"""
import sys
sys.path.append({str(ROOT)!r})
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed
session = Replayed({CAPTURE.name!r})
driver = Driver(session, 160, 30, tab="firsts")
assert driver.state.tab == "firsts" and not driver.state.failed, (driver.state.tab, driver.state.failed)
print(driver.screen())
session.stop()
"""
    env = {**ENVIRONMENT, "PYTHONPATH": str(tree)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tree, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Firsts" in done.stdout and "example" in done.stdout


def test_the_detector_of_the_page_detects(tree: Path) -> None:
    words = ("read", str(CAPTURE), "--what", "alerts", "--format", "ndjson")
    done = run(tree, *words, "--set", "detect.many_resolvers.servers=1")
    assert (done.returncode, done.stderr) == (0, "")
    found = [each for each in map(json.loads, done.stdout.splitlines()) if each["kind"] == "many_resolvers"]
    assert found and all(each["evidence"]["servers"] >= 1 and each["src"] for each in found)
    assert "many_resolvers" not in run(tree, *words).stdout
    assert "detect.many_resolvers.allow" in run(tree, "config", "show", "--format", "json").stdout


def test_it_touched_no_other_file(tree: Path) -> None:
    own = {str(path.relative_to(tree)): path.read_bytes() for path in (tree / "netwatch").rglob("*.py")}
    changed = {name for name, text in own.items() if not (ROOT / name).is_file() or (ROOT / name).read_bytes() != text}
    assert changed == {*OWN, *(example.registry for example in EXAMPLES)}


@pytest.mark.parametrize("name", addons.ALL)
def test_an_addon_is_whole(name: str) -> None:
    kind = addons.find(name)
    assert issubclass(kind, Addon) and kind.name == name
    assert inspect.getdoc(kind) != inspect.getdoc(Addon), "its class does not say what it does"
    for option in kind.options:
        assert SETTINGS[f"{name}.{option.name}"].accept(option.default) == option.default
        assert option.help.endswith(".")
    for question in kind.questions:
        assert dataclasses.is_dataclass(question) and question.__hash__ is not None  # equal questions are one
        assert callable(question.answer)


GIVEN = {"netwatch.decrypt.decryptor", "netwatch.agent.journal"}  # by who makes the run


def test_every_addon_is_on_the_list() -> None:
    listed = {place.partition(":")[0] for place in addons.ALL.values()}
    for path in (ROOT / "netwatch").rglob("*.py"):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if re.search(r"^class \w+\(Addon\):\n(?:.*\n)*?    name = ", path.read_text(), re.M) and "_fast" not in name:
            assert name in listed | GIVEN, f"{name} has an addon that nothing loads"
