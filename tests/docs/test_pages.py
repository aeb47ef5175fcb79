"""What the pages show is what happens: each example with its output is run, each command that is named exists.

In a block of code a line `$ COMMAND` is an example, and what follows it, up to the next or the end of the block, is
what it prints in the root of the checkout. An ellipsis (`...`) alone on a line stands for any lines.
"""

from __future__ import annotations

import itertools
import os
import re
import runpy
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT

QUESTIONS = ROOT / "docs" / "questions.md"  # has a test of its own, tests/cli/test_cli_questions.py
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted({*(ROOT / "docs").rglob("*.md")} - {QUESTIONS})]
BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```$", re.M | re.S)
INDENTED = re.compile(r"(?:^    [^\n]*\n)+", re.M)
STARTS = ("./netwatch.sh ", "netwatch ", "sudo netwatch ", "$ netwatch ", "$ ./netwatch.sh ")


def examples() -> Iterator[tuple[str, str, str]]:
    """(page, command, output)"""
    for page in PAGES:
        for block in BLOCK.findall(page.read_text()):
            for command, output in re.findall(r"^\$ ([^\n]*)\n((?:(?!\$ )[^\n]*\n)*)", block, re.M):
                yield str(page.relative_to(ROOT)), command, output


def named() -> Iterator[tuple[str, str]]:
    """(page, command line) of every line of code that begins with netwatch."""
    for page in PAGES:
        text = page.read_text()
        for block in [*BLOCK.findall(text), *INDENTED.findall(BLOCK.sub("", text))]:
            for line in block.splitlines():
                words = line.strip()
                if words.startswith(STARTS):
                    yield str(page.relative_to(ROOT)), re.split(r"\s{2,}|\s#\s|\s\\$", words)[0]


def same(expected: str, found: str) -> bool:
    """Trailing blanks and empty lines aside; `...` on a line of its own is any lines."""
    lines = [line.rstrip() for line in expected.splitlines() if line.strip()]
    pattern = "".join("(?:.*\n)*" if line.strip() == "..." else re.escape(line) + "\n" for line in lines)
    shown = "".join(f"{line.rstrip()}\n" for line in found.splitlines() if line.strip())
    return re.fullmatch(pattern, shown) is not None


EXAMPLES = list(examples())
NAMED = sorted(set(named()))


@pytest.mark.parametrize(("page", "command", "output"), EXAMPLES,
                         ids=[f"{page}-{i}" for i, (page, _, _) in enumerate(EXAMPLES)])
def test_an_example_gives_what_is_shown(page: str, command: str, output: str, tmp_path: Path) -> None:
    program = tmp_path / "netwatch"
    program.write_text(f"#!/bin/sh\nexec {shlex.join(COMMAND)} \"$@\"\n")
    program.chmod(0o755)
    done = subprocess.run(["bash", "-c", command.replace("./netwatch.sh", "netwatch")], cwd=ROOT, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**ENVIRONMENT, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "200"})
    assert same(output, done.stdout), f"$ {command}\n{done.stdout}"


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3
    assert len(NAMED) > 20


def test_what_is_the_same() -> None:
    assert same("a  \n\nb\n", "a\nb\n")
    assert same("a\n...\nc\n", "a\nb\nb\nc\n")
    assert not same("a\nb\n", "a\nb\nc\n")
    assert not same("a.\n", "ab\n")


@pytest.fixture(scope="module")
def options() -> dict[str, set[str]]:
    """The options of each subcommand, by its name; of the terminal by ""."""
    parsers = runpy.run_path(str(ROOT / "packaging" / "words.py"))["parsers"]()
    return {name: set(parser._option_string_actions) for name, parser in parsers.items()}


@pytest.mark.parametrize(("page", "line"), NAMED, ids=[f"{page}-{i}" for i, (page, _) in enumerate(NAMED)])
def test_a_command_that_is_named_exists(page: str, line: str, options: dict[str, set[str]]) -> None:
    """It is one, and has every option that is given to it."""
    words = list(itertools.takewhile(lambda word: word not in ("|", "<", ">", "&&"),
                                     shlex.split(line.removeprefix("$ ").removeprefix("sudo "))[1:]))
    command = next((name for name in (" ".join(words[:2]), *words[:1]) if name in options), "")
    ours = words[:words.index("--")] if "--" in words else words
    if command == "run":
        ours = [word for word in ours if word in options[command]]    # what follows the program is the program's
    given = [word.partition("=")[0] for word in ours if re.match(r"--?[a-zA-Z]", word)]
    assert set(given) <= options[command] or words[:1] == ["help"], line
    files = [word for word in words[:1] if not command and not word.startswith("-") and word != "help"]
    assert all("." in word or word.isupper() for word in files), line
