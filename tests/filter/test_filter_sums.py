"""Arithmetic, functions, comparisons of fields and lists in filters: of records and of the terminal's rows the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flowsample import NAMES, SNI, Flows
from test_filter_language import FLOW, OTHER

from netwatch._fast.engine import Engine
from netwatch._fast.view.engineview import EngineView
from netwatch._fast.view.selection import Selection
from netwatch.filter import Filter, FilterError, fields, lists
from netwatch.filter.nodes import Reckon
from netwatch.filter.parser import parse


@pytest.fixture(autouse=True)
def known_lists() -> Iterator[None]:
    lists.use({"office": ["10.0.0.0/8", "2001:db8::/32", "api.github.com"], "bad": ["evil.example"],
               "many": [f"10.{k >> 8}.{k & 255}.3" for k in range(5000)]})
    yield
    lists.use({})


@pytest.mark.parametrize("text", [
    "bytes_out > 2 * bytes_in", "bytes_out == 2 * bytes_in + 1", "bytes_out==2*bytes_in+1", "bytes / packets > 100kB",
    "bytes/packets > 100kB", "bytes_out + bytes_in == bytes", "bytes_out - bytes_in > 500kB",
    "bytes / 3 == 500000 + 1/3", "rtt * 2 == 500ms", "rtt + 1ms < duration", "last - first == duration",
    "last - first == 1500ms", "first + 1s < last", "first + 2s > last", "bytes / duration > 1MB/s",
    "duration / rtt == 6", "bytes > (bytes_in + bytes_out) / 2", "2 * bytes > 3MB", "bytes_out > 2 * (1 + 499999)",
    "count(vlan) == 2", "count(vlan) + 1 == 3", "count(dns.names) == 0", "count(ja3) < 1", "len(sni) == 14",
    "len(san) > 12", "count(san) > 1 and tcp", "lower(sni) == api.github.com", "lower(sni) matches /^api/",
    "lower(sni) not matches /google/", "lower(sni) contains GIT", "lower(sni) != x", "src != dst", "src in @office",
    "dst not in @office", "sni in @office", "sni == @Office", "not sni in @bad", "src == @many", "vlan + port > 312",
    "not bytes / (bytes - bytes) > 0", "bytes > 1MB and rtt > 2 * 100ms or udp",
])
def test_matches(text: str) -> None:
    assert Filter(text).matches(FLOW)
    assert not Filter(f"not ({text})").matches(FLOW)


@pytest.mark.parametrize("text", ["bytes_out < bytes_in / 1", "packets / 0 != 5", "srtt + rtt != 1s", "len(sni) == 1",
                                  "lower(sni) == github", "src in @bad or sni in @bad", "dst == @many"])
def test_matches_not(text: str) -> None:
    """What cannot be reckoned is neither equal nor different."""
    if "@bad" not in text:
        assert not Filter(text).matches(FLOW)


@pytest.mark.parametrize(("text", "column", "words"), [
    ("bytes > 3ms * 2", 9, "a size is not compared with a duration"), ("first - 2 > 1", 7, "has no meaning"),
    ("first * 2 > 1", 7, "has no meaning"), ("bytes + rtt > 1", 7, "has no meaning"), ("bytes + 1 in 3", 11, "by in"),
    ("bytes > 2 *", 12, "should stand here"), ("bytes > 2 * sni", 13, "no quantity"), ("bytes + 1", 10, "comparison"),
    ("count(nosuch) > 1", 7, "is of a field"), ("count(sni > 1", 6, "not closed"), ("len(port) > 1", 1, "is of texts"),
    ("lower(port) == 1", 1, "is of texts"), ("lower(sni) 3", 12, "comparison"), ("bytes > (1 + 2", 9, "not closed"),
    ("bytes > lower(sni)", 9, "no number"), ("src in @nosuch", 8, "lists.nosuch"), ("src in @ofice", 8, "@office"),
    ("port in @bad", 9, "is a number"), ("src in @bad", 8, "is an address"),
    ("bytes > " + "(" * 60 + "1", 57, "deeper"), ("bytes > 1" + " + 1" * 600, 2055, "more than"),
])
def test_mistakes(text: str, column: int, words: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert words in caught.value.message
    assert caught.value.column == column


@pytest.mark.parametrize(("text", "lines"), [
    ("\u65e5\u672c and nosuch == 3", ["\u65e5\u672c and nosuch == 3", "         ^"]),
    ("tcp\nand\tnosuch == 3", ["tcp and nosuch == 3", "        ^"]),
    ("e\u0301 nosuch == 3", ["e\u0301 nosuch == 3", "  ^"]),
    ("tcp or " * 100 + "nosuch == 3", ["..." + ("tcp or " * 100)[-60:] + "nosuch == 3", " " * 63 + "^"]),
    ("nosuch == 3" + " or tcp" * 100, [("nosuch == 3" + " or tcp" * 100)[:60] + "...", "^"]),
])
def test_the_caret_stands_under_the_place(text: str, lines: list[str]) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert caught.value.pointing().split("\n")[:2] == lines


def test_texts_that_look_so_are_what_they_were() -> None:
    for text in ("last <= 2026-01-02T04:04:07+01:00", "sni contains a+b", "addr in 10.0.0.0/8", "10.0.0.0/8",
                 "path:/a/b", "sni matches /a+b*/", "user_agent contains 'a / b'", "c++", "count (x)", "len"):
        assert not isinstance(parse(text), Reckon), text


def test_the_sample_is_not_all_the_same() -> None:
    assert not Filter("bytes_out > 2 * bytes_in and count(vlan) == 2").matches(OTHER)


def rows_of(flows: Flows, text: str) -> list[int]:
    """As the terminal asks: of a row's record what the row alone does not say."""
    found = Selection(flows.view)
    found.query(lambda view: Filter(text).program(view, lambda row: RECORDS[row - 1]))
    return found.page()


RECORDS = [{"schema": "netwatch.flow/1", "id": k + 1, "proto": "udp", "bytes_out": 10 * k, "bytes_in": 30 + k,
            "tls": {"sni": f"{'a' * k}.example"},
            "dns": {"names": ["x", f"{'a' * (k - k % 3)}.example"][k % 2:]}} for k in range(9)]


@pytest.mark.parametrize("text", [
    "bytes_out > 2 * bytes_in", "tls.sni == dns.names", "tls.sni != dns.names", "count(dns.names) == 2",
    "len(sni) > 10", "bytes_out > bytes_in and not len(sni) > 12", "bytes_out + bytes_in > 60 or tls.sni == dns.names"])
def test_rows_and_records_agree(text: str) -> None:
    flows = Flows([{"proto": 17, "app": 1, "bytes": (record["bytes_out"], record["bytes_in"]),
                    "facts": {SNI: record["tls"]["sni"].encode(), NAMES: [n.encode() for n in record["dns"]["names"]]}}
                   for record in RECORDS])
    wanted = [record["id"] for record in RECORDS if Filter(text).matches(record)]
    assert 0 < len(wanted) < len(RECORDS)
    assert sorted(rows_of(flows, text)) == wanted


def test_the_terminal_answers_or_refuses() -> None:
    view = EngineView(Engine(), [], None, (), fields.tell)
    for text in ("tls.sni == http.host", "bytes > 2 * payload", "count(vlan) > 1"):
        assert Filter(text).of_rows().program(view.view, view.record).count
    for text in ("name.host == tls.sni", "not (tcp and process.pid > 2 * bytes)"):
        with pytest.raises(FilterError, match="not compared"):
            Filter(text).of_rows()
