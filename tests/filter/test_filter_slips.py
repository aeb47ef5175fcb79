"""A word of the language with a letter wrong, between conditions, is an error and not looked for."""

from __future__ import annotations

import pytest

from netwatch.filter import Filter, FilterError
from netwatch.filter.habits import MISTYPED, MISTYPED_NOT

BEFORE = ("tcp", 'sni == "a"', "google", "port 443", "(udp)", "\u65e5\u672c")
BEHIND = ("dns", "bytes > 1", "not udp", "(port == 53)", '"a phrase"', "10.0.0.0/8")


@pytest.mark.parametrize("slip", MISTYPED)
def test_between_conditions(slip: str) -> None:
    for before in BEFORE:
        for behind in BEHIND:
            with pytest.raises(FilterError, match=f"did you mean {MISTYPED[slip]}") as raised:
                Filter(f"{before} {slip} {behind}")
            assert raised.value.column == len(before) + 2
    Filter(f"tcp '{slip}' udp")  # quoted, it is looked for
    Filter(f"tcp {slip}")  # and as the last word


@pytest.mark.parametrize("slip", MISTYPED_NOT)
def test_before_a_condition(slip: str) -> None:
    for behind in BEHIND:
        for text in (f"{slip} {behind}", f"tcp and ({slip} {behind})"):
            with pytest.raises(FilterError, match="did you mean not"):
                Filter(text)


@pytest.mark.parametrize("slip", ["contans", "contians", "contaims", "matchs", "mathces"])
def test_operators_behind_what_is_no_field(slip: str) -> None:
    with pytest.raises(FilterError, match=r"did you mean (contains|matches)"):
        Filter(f"google {slip} x")


@pytest.mark.parametrize("text", ["google maps", "ad server", "x nest y", "any host", "tcp end of line",
                                  "android orchid", "hot dot", "container x", "match day"])
def test_words_that_are_looked_for_stay(text: str) -> None:
    Filter(text)
