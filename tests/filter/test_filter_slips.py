"""A word of the language with a letter wrong, between conditions, is an error and not looked for."""

from __future__ import annotations

import pytest

from netwatch.filter import Filter, FilterError
from netwatch.filter.habits import MISTYPED, MISTYPED_NOT, OF_OTHERS, UNITS
from netwatch.schema import NAMES

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


@pytest.mark.parametrize(("text", "said", "column"), [
    *((f"bytes {op} {number} {unit}", f"a unit stands at its number: {number}{unit}", len(f"bytes {op} {number} ") + 1)
      for op in (">", "<=", "==") for number in ("1", "2.5") for unit in ("KB", "MiB", "b")),
    ("duration > 1 h", "a unit stands at its number: 1h", 14),
    *((f"{field} in {opens}80, 443{closes}", "a set stands in braces", len(field) + 5)
      for field in ("port", "proto", "bytes", "sni") for opens, closes in ("()", "[]")),
    *((f"{field} {op} {word}", f"write {field}, or not {field}; quoted, {word} is a text", len(f"{field} {op} ") + 1)
      for field in ("sni", "app", "http.host") for op in ("==", "!=", "=") for word in ("null", "nil", "NULL")),
    ("app is not dns", "'is' is no operator; did you mean ==?", 5),
    ("upper(sni) == A", "no function is called 'upper'; there are count, len, lower", 1),
    ("tcp and strlen(sni) > 3", "no function is called 'strlen'", 9),
])
def test_habits_of_other_languages(text: str, said: str, column: int) -> None:
    with pytest.raises(FilterError) as raised:
        Filter(text)
    assert said in str(raised.value) and raised.value.column == column


@pytest.mark.parametrize("name", OF_OTHERS)
def test_names_of_zeek_suricata_and_elastic(name: str) -> None:
    """Compared or alone, they are refused with ours, which is a field; and they are not ours already."""
    assert name not in NAMES and OF_OTHERS[name] in NAMES
    for text in (name, f"{name} == 1", f"not {name.upper()}"):
        with pytest.raises(FilterError, match=f"is not known here; write {OF_OTHERS[name]}"):
            Filter(text)
    Filter(f'"{name}"')


@pytest.mark.parametrize(("text", "same"), [
    (r"ip proto \tcp", "ip proto tcp"), (r"proto \udp", "proto udp"), ("app =~ /^dn/", "app matches /^dn/"),
    ("bytes > (100 + 2)", "bytes > 102"), ('sni == "null"', "sni:null"), ("bytes > 1KB and m", 'bytes > 1KB and "m"'),
    ("tcp(port 80)", "tcp port 80"),
])
def test_what_is_meant_is_the_same(text: str, same: str) -> None:
    records = [{"proto": proto, "app": app, "bytes_out": number, "bytes_in": 0, "src": "192.0.2.1", "dst": "192.0.2.2",
                "dport": port, "tls": {"sni": sni}}
               for proto in ("tcp", "udp") for app in ("dns", "http") for number in (50, 102, 2000)
               for port in (80, 53) for sni in ("null", "m.example")]
    found = [[Filter(each).matches(record, record) for record in records] for each in (text, same)]
    assert found[0] == found[1] and True in found[0] and False in found[0]


NUMBERS = ("port == 443", "port 443", "dport:80", "ttl 64", "vlan 3", "http.status == 404", "duration > 1s",
           "bytes > 1KB", "bytes > 100", "packets > 3")


@pytest.mark.parametrize("before", NUMBERS)
def test_what_stands_behind_a_number_may_be_a_condition(before: str) -> None:
    """A field that is called as a unit is, with its operator, is one; and so is any word where no unit can be meant."""
    for unit in {unit for units in UNITS.values() for unit in units if unit in NAMES}:
        Filter(f"{before} {unit} > 3")
        Filter(f"{before} not {unit} > 3")
    if before.split()[0] not in ("bytes", "duration"):
        for unit in ("us", "gb", "bytes"):
            Filter(f"{before} {unit}")
