"""`netwatch doctor --bounds`: every bound on what an input can make grow, as the sources have it.

A bound is a constant whose name says so (MAX_*, *_MOST, *_LIMIT, ...), or its meaning, in the comment beside it. There
is no other list: this reads the sources, and a build that does not bring them says so.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from netwatch.cli.errors import EXIT_UNAVAILABLE, CommandError, say

SOURCES = Path(__file__).parents[2]
KINDS = ("py", "pyx", "pxd")
NAME = re.compile(r"(?:MAX_|MOST_)\w+|\w+_(?:MAX|MOST|LIMIT|KEPT|ROOM)|MOST|LIMIT|ROOM|KEPT|AHEAD|REMEMBERED")
SAYS_SO = re.compile(r"\b(remembered|at a time|at most|the most)\b")  # of its meaning
CONSTANT = re.compile(r"^(?:    )?([A-Z][A-Z0-9_]*) *= *([^#\n]+?) *(?:#+ *(.*))?$", re.MULTILINE)
UNIT = re.compile(r"(bytes|characters|columns|frames|packets|seconds|[a-z]+s)\b")


class Bound(NamedTuple):
    """`most` of `unit` ("" where the meaning does not begin with one), enforced in the file `where`."""

    name: str
    most: int
    unit: str
    meaning: str
    where: str


def show(as_json: bool) -> int:
    """Print them. The exit code."""
    found = bounds()
    if not found:
        raise CommandError("doctor --bounds: this build does not bring its sources, which have the bounds",
                           EXIT_UNAVAILABLE)
    if not any(each.where.endswith(".pyx") for each in found):
        say("netwatch: this build brings no sources of its compiled modules: their bounds are left out")
    if as_json:
        print(json.dumps([each._asdict() for each in found], indent=1))
        return 0
    for where in dict.fromkeys(each.where for each in found):
        print(where)
        for each in found:
            if each.where == where:
                print(f"  {each.most:>22,}  {each.meaning}")
    return 0


def bounds(sources: Path = SOURCES) -> list[Bound]:
    """All of them, by file and name."""
    paths = sorted(path for kind in KINDS for path in sources.rglob(f"*.{kind}"))
    return [bound for path in paths for bound in _of(path.read_text(encoding="utf-8"),
                                                     f"netwatch/{path.relative_to(sources).as_posix()}")]


def _of(text: str, where: str) -> Iterator[Bound]:
    known: dict[str, int] = {}
    for name, figure, comment in CONSTANT.findall(text):
        try:
            value = _number(ast.parse(figure, mode="eval").body, known)
        except (SyntaxError, ValueError):
            continue
        known[name] = value
        if NAME.fullmatch(name) or SAYS_SO.search(comment):
            meaning = " ".join(comment.split())
            unit = UNIT.match(meaning)
            yield Bound(name, value, unit[0] if unit else "", f"{name}: {meaning}" if meaning else name, where)


def _number(node: ast.expr, known: dict[str, int]) -> int:
    """The value of an expression of integers. Raises ValueError for any other."""
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return value
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _joined(op, _number(left, known), _number(right, known))
    raise ValueError


def _joined(op: ast.operator, left: int, right: int) -> int:
    match op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.LShift():
            return left << right
    raise ValueError
