#!/usr/bin/env python3
"""Write tests/slow.txt: the files of tests that `./test.sh` leaves out, by what they took in a whole run.

    ./test.sh --all --junitxml=run.xml; tools/slow_tests.py run.xml

The quickest files are kept for as long as all of them together take no more than BUDGET_S.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "tests" / "slow.txt"
BUDGET_S = 130.0               # of two cores: a bit over a minute


def seconds(report: str) -> Counter[Path]:
    """What the tests of each file took, with what they set up."""
    taken: Counter[Path] = Counter()
    for case in ElementTree.parse(report).iter("testcase"):
        if path := file_of(case.get("classname") or ""):
            taken[path] += float(case.get("time") or 0)  # type: ignore[assignment]
    return taken


def file_of(dotted: str) -> Path | None:
    """Of tests.cli.test_x, or of a class in it."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        path = Path(*parts[:end]).with_suffix(".py")
        if (ROOT / path).is_file():
            return path
    return None


def main() -> None:
    taken = seconds(sys.argv[1])
    slow, total = [], 0.0
    for path, of_it in sorted(taken.items(), key=lambda each: each[1]):
        total += of_it
        if total > BUDGET_S:
            slow.append(path)
    TARGET.write_text("".join(f"{path}\n" for path in sorted(slow)))
    print(f"{len(taken) - len(slow)} files are run by ./test.sh, {len(slow)} by ./test.sh --all only")


if __name__ == "__main__":
    main()
