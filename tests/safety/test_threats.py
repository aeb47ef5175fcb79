"""The table of SECURITY.md: every row names tests that exist, or says that it is open."""

from __future__ import annotations

import re

import pytest
from netwatch_command import ROOT

ROWS = [[cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in (ROOT / "SECURITY.md").read_text().splitlines() if re.match(r"\| [STRIDE] \|", line)]


def test_the_table_has_every_kind():
    assert {row[0] for row in ROWS} == set("STRIDE") and all(len(row) == 4 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
def test_what_closes_a_threat_is_there(row):
    if row[3] == "open":
        return
    for named in row[3].split(", "):
        path, _, name = named.partition("::")
        text = (ROOT / "tests" / path).read_text()
        assert not name or f"def {name}(" in text, named
