"""Pairs of options of the commands that read files: `read` has its own in test_cli_together. Generated from the
parsers, so that a new option is in; a few of each command, all with NETWATCH_MATRIX=1.

A pair breaks nothing; it is refused only in words that name one of the two; and where each of them does something
alone, both do it together: what comes out is not what one of them makes of it."""

from __future__ import annotations

import functools
import itertools
import os
import re
import shutil
from pathlib import Path

import pytest
from netwatch_command import run_forked
from test_cli_idle_options import BASES, OF_ONE, VALUES, options_of

WHOLE = os.environ.get("NETWATCH_MATRIX") == "1"
A_FEW = 4  # of each command
OWN = {"read", "bare", "bare of flows", "hosts"}  # tested elsewhere; hosts reads as stats does
Outcome = tuple[int, str, str, list[tuple[str, bytes]]]
NARROW = {"--frame", "--flow", "--top", "--limit", "--where", "--program", "--since", "--policy", "--dry-run"}
CONTENT = {"--config", "--set", "--copies", "--read", "--keylog", "--show-secrets", "--no-dpi", "--all", "--strict"}
# what is narrowed down may have nothing of what the other would change; in which form it is told changes all of it


@pytest.fixture
def outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> functools._lru_cache_wrapper[Outcome]:
    """What a run in a new folder comes to: exit code, what was printed and said, and files."""
    monkeypatch.setitem(os.environ, "XDG_STATE_HOME", str(tmp_path / "state"))

    @functools.cache
    def made(words: tuple[str, ...]) -> Outcome:
        folder = tmp_path / "run"
        folder.mkdir()
        (folder / "a.toml").write_text("[flows]\ncopies = \"keep\"\n")
        (folder / "b.toml").write_text("")
        done = run_forked([*words], folder)
        files = sorted((path.name, path.read_bytes()) for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(folder)
        return done.returncode, done.stdout, done.stderr, files

    return made


def given(command: str) -> dict[str, tuple[str, ...]]:
    """Its options, each with a value."""
    found = {}
    for name, action in options_of(BASES[command]).items():
        value = [] if action.nargs == 0 else OF_ONE.get((command, name)) or VALUES.get(name) or []
        if name not in BASES[command]:
            found[name] = (name, *value)
    return found


def covered(pair: tuple[str, str]) -> bool:
    return bool(NARROW & set(pair)) and (bool(CONTENT & set(pair)) or NARROW.issuperset(pair))


def pairs_of(command: str) -> list[tuple[str, str]]:
    found = list(itertools.combinations(given(command), 2))
    step = 1 if WHOLE else max(1, len(found) // A_FEW)
    return found[len(found) % step :: step]


@pytest.mark.parametrize("command", [name for name in BASES if name not in OWN])
def test_pairs(outcome: functools._lru_cache_wrapper[Outcome], command: str) -> None:
    words, options = tuple(BASES[command]), given(command)
    base = outcome(words)
    for pair in pairs_of(command):
        first, second = (outcome((*words, *options[name])) for name in pair)
        both = outcome((*words, *options[pair[0]], *options[pair[1]]))
        code, _, said, _ = both
        assert code not in (69, 70) and code >= 0 and "Traceback" not in said, (pair, both)
        taken = [each[0] not in (2, 4) for each in (first, second)]
        if code == 2:
            named = any(re.search(rf"{name}\b|{options[name][-1]}", said) for name in pair)
            assert named or not all(taken), (pair, both)
        elif all(taken) and base not in (first, second) and first != second and not covered(pair):
            assert both not in (first, second), f"one of {pair} has no effect beside the other"
