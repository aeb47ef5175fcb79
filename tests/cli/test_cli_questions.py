"""docs/questions.md: every command prints what stands there, and tshark's answers are the same where they can be."""

from __future__ import annotations

import csv
import importlib.util
import io
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from netwatch_command import ROOT, Run

TOOL = ROOT / "tools" / "make_questions.py"
_spec = importlib.util.spec_from_file_location("make_questions", TOOL)
assert _spec is not None and _spec.loader is not None
questions = importlib.util.module_from_spec(_spec)
sys.modules["make_questions"] = questions
_spec.loader.exec_module(questions)

ALL = [pytest.param(question, id=str(number)) for number, question in enumerate(questions.QUESTIONS, 1)]
PAGE = (ROOT / "docs" / "questions.md").read_text("utf-8")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder in which the captures are where the commands say."""
    for name in ("docs", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def test_there_are_forty_and_each_stands_in_the_page_once() -> None:
    assert len(questions.QUESTIONS) >= 40
    assert [line.partition(". ")[2] for line in PAGE.splitlines() if line.startswith("## ")] == [
        question.text for question in questions.QUESTIONS]


@pytest.mark.parametrize("question", ALL)
def test_the_answer_is_that_of_the_page(netwatch: Run, here: Path, question: questions.Question) -> None:  # type: ignore[name-defined]
    done = netwatch(*shlex.split(question.ours))
    assert done.returncode == 0, done.stderr
    block = f"```console\n$ netwatch {question.ours}\n{questions.shown(done.stdout)}\n$ tshark {question.theirs}\n```"
    assert f"{question.text}\n\n{block}" in PAGE, "run tools/make_questions.py"


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("question", ALL)
def test_tshark_answers_too(netwatch: Run, here: Path, question: questions.Question) -> None:  # type: ignore[name-defined]
    done = subprocess.run(["tshark", "-n", *shlex.split(question.theirs)], cwd=here, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    if question.same:
        ours = list(csv.reader(io.StringIO(netwatch(*shlex.split(question.ours)).stdout)))
        assert [row for row in csv.reader(io.StringIO(done.stdout)) if any(row)] == ours[1:]
