"""A word of the language with a letter wrong, between conditions, is an error and not looked for."""

from __future__ import annotations

import pytest

from netwatch.filter import Filter, FilterError
from netwatch.filter.habits import MISTYPED, MISTYPED_NOT, OF_OTHERS
from netwatch.filter.parser import parse
from netwatch.filter.units import UNITS
from netwatch.filter.values import quantity
from netwatch.schema import NAMES, Type

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
    *((f"{field} {op} {number} {unit}", f"{unit} is no unit of {kind}; write it as in",
       len(f"{field} {op} {number} ") + 1)
      for op in (">", "<=", "==") for number in ("1", "2.5")
      for field, kind, unit in (("bytes", "bytes", "ms"), ("rtt", "duration", "KB"), ("rate", "rate", "Mbit/s"))),
    ("packets > 10 k", "write 10k; quoted, k is looked for", 14),
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


QUANTITIES = (("bytes", Type.BYTES), ("rate", Type.RATE), ("rtt", Type.DURATION))
UNITS_APART = [(field, number, unit) for field, kind in QUANTITIES for number in ("1", "2.5")
               for unit in sorted({*UNITS[kind], *(each.upper() for each in UNITS[kind])})
               if quantity(number + unit, kind) is not None]


@pytest.mark.parametrize(("field", "number", "unit"), UNITS_APART)
def test_a_unit_apart_from_its_number(field: str, number: str, unit: str) -> None:
    """Wherever a number stands; and a condition behind it is one still."""
    joined, apart = number + unit, f"{number} {unit}"
    turned = ("{1} <= {0}",) if unit.lower() not in NAMES else ()
    added = "/" in unit if field == "rate" else (field, unit) != ("bytes", "m")
    sums = ("{0} >= 2 * {1}", "{0} < {1} + {1} google") if added else ()
    for text in ("{0} > {1}", "{0} == {1} and tcp", "{0}:{1}", "{0} in {{{1}, {1}}}", "{0} in {1}..{1}", *turned, *sums,
                 "not ({0} < {1}) or udp", "{0} > {1} bytes > 3"):
        assert parse(text.format(field, apart)) == parse(text.format(field, joined)), text


@pytest.mark.parametrize(("text", "same"), [
    ("443 == port", "port == 443"), ("1 MB < bytes", "bytes > 1MB"), ('"a" == sni', 'sni == "a"'),
    ("192.0.2.1 != ip.src", "ip.src != 192.0.2.1"), ("not 5 >= packets", "not packets <= 5"),
    ("any tcp.port == 80", "tcp.port == 80"), ("portrange 80-90", "port in 80..90"),
    ("dst portrange 80-90", "dport in 80..90"), ("port 80-90", "port in 80..90"), ("port == 80-90", "port in 80..90"),
    ("port not in 80-90", "port not in 80..90"), ("port in {80 443 8080..8090}", "port in {80, 443, 8080..8090}"),
    ("src in {192.0.2.1 192.0.2.2}", "src in {192.0.2.1, 192.0.2.2}"), ('sni in {"a" "b"}', 'sni in {"a", "b"}'),
    ("not tcp port 80", "not (tcp and port 80)"), ("not tcp port (80 or 443)", "not (tcp and port (80 or 443))"),
    ("tcp port 80 or 443", "(tcp and port 80) or (tcp and port 443)"),
    ("udp src port 53 or 123 or dns", "(udp and src port 53) or (udp and src port 123) or dns"),
    ("not ip host 192.0.2.1", "not (ip and host 192.0.2.1)"), (r"proto \icmp", "proto == icmp"),
    ("first > 2026-01-02 03:04", 'first > "2026-01-02 03:04"'), ("smb2", "smb"), ("not bootp", "not dhcp"),
    ("1000 < bytes_in + bytes_out", "1000 < (bytes_in + bytes_out)"),
    ("1000 < bytes_in+bytes_out", "1000 < (bytes_in + bytes_out)"), ("5 == len(sni)", "5 == (len(sni))"),
    ("portrange 1-99 or 200-300", "port in 1..99 or port in 200..300"),
    ("tcp port 80 or 200-300", "(tcp and port 80) or (tcp and port in 200..300)"),
    ("not ip proto 6", "not (ip and proto 6)"), ("not ipv6 host ::1", "not (ipv6 and host ::1)"),
    *((f"not {of} src {joined} dst {what}", f"not ({of} and (src {joined} dst {what}))")
      for of in ("tcp", "ip", "ip6") for joined in ("or", "and") for what in ("port 80", "host 192.0.2.1", "net 10")),
    ("192.0.2.0/24 == src", "src == 192.0.2.0/24"), ("2026-01-02 <= first", "first >= 2026-01-02"),
    ("2026-01-02 03:04 > last and tcp", 'last < "2026-01-02 03:04" and tcp'),
    ("sport contains 80-90", 'sport contains "80-90"'),
])
def test_what_can_mean_one_thing_only_is_that(text: str, same: str) -> None:
    assert parse(text) == parse(same)


@pytest.mark.parametrize(("text", "said", "column"), [
    ("100 < bytes < 200", "one comparison at a time: write bytes > 100 and bytes < 200", 13),
    *((f"port == {ports} or 443", "write port == 443", len(f"port == {ports} or ") + 1)
      for ports in ("80-90", "80..90")),
    ("1 MB < bytes < 2 MB", "write bytes > 1MB and bytes < 2MB", 14),
    *((f"{field} {op} 5{unit}", "wants a", len(f"{field} {op} ") + 1)
      for field in ("port", "packets", "vlan") for op in ("==", ">") for unit in ("byte", "bytes", "B", "min")),
    ("bytes > 1,000", "several values stand in braces", 10),
    ("port > 1024 and < 5000", "what is compared, then <", 17),
    ("dst !in 10.0.0.0/8", "write not in", 6), ("all tcp.port > 1024", "write not tcp.port", 1),
    *((f"port {op} 80", f"{op} is no operator", 6) for op in ("===", "!==", "<>", "=<", "=>", "~=")),
    *((f"{key}:{value}", f"write {name}:{value}", 1) for key, name, value in (
        ("src_ip", "src", "192.0.2.1"), ("dest_port", "dport", "443"), ("procces", "process", "curl"))),
    ("sni == *.example.com", r"matches /\.example\.com$/", 8), ("host:www.*", r"matches /^www\./", 6),
    ("process:*fire*", "contains fire", 9), ("country in {DE US}", "parted by commas", 16),
    ("ip multicast", "write scope == multicast", 4), ("ip[8] < 5", "tcp.flags.syn == 1 and others are", 1),
])
def test_what_is_refused_says_how_it_is_written(text: str, said: str, column: int) -> None:
    with pytest.raises(FilterError) as raised:
        Filter(text)
    assert said in str(raised.value) and raised.value.column == column


@pytest.mark.parametrize("text", ["any host", "all together", "localhost:8080", "[::1]:443", "12:30", "google 5 m",
                                  "face:b00c::1", "face:b00c",
                                  "tls.cert.subject == *.example.com", 'sni == "*.example.com"', "5 s", "2024 report"])
def test_what_is_looked_for_still_is(text: str) -> None:
    Filter(text)


@pytest.mark.parametrize("before", NUMBERS)
def test_what_stands_behind_a_number_may_be_a_condition(before: str) -> None:
    """A field that is called as a unit is, with its operator, is one; and so is any word where no unit can be meant."""
    for unit in {unit for units in UNITS.values() for unit in units if unit in NAMES}:
        Filter(f"{before} {unit} > 3")
        Filter(f"{before} not {unit} > 3")
    if before.split()[0] not in ("bytes", "duration"):
        for unit in ("us", "gb"):
            Filter(f"{before} {unit}")
