"""`netwatch read --by`: counts and sums are those of the records, of every kind, in every format."""

from __future__ import annotations

import collections
import csv
import io
import json
import subprocess
from typing import Any

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, Run

TOUR, FTP = ROOT / "docs" / "tour.pcap", ROOT / "tests" / "captures" / "ftp.pcap"


def records(done: Any) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(("what", "by", "added"), [
    ("flows", "app", "bytes_in"), ("flows", "proto,dport", "packets_out"), ("packets", "proto", "len"),
    ("packets", "tcp.flags", "tcp.len"), ("dns", "rcode,qr", "latency_us"), ("http", "host,status", "response_bytes")])
def test_sums_are_those_of_the_records(netwatch: Run, what: str, by: str, added: str) -> None:
    names = by.split(",")
    wanted: collections.Counter[tuple[Any, ...]] = collections.Counter()
    counts: collections.Counter[tuple[Any, ...]] = collections.Counter()
    for record in records(netwatch("read", TOUR, "--what", what, "--fields", f"{by},{added}")):
        key = tuple(record.get(name) for name in names)
        counts[key] += 1
        wanted[key] += record.get(added, 0)
    found = records(netwatch("read", TOUR, "--what", what, "--by", by, "--sum", added))
    assert {row["schema"] for row in found} == {"netwatch.group/1"}
    count = what if what in ("flows", "packets") else "count"
    assert {tuple(row.get(name) for name in names): (row[count], row[added]) for row in found} == {
        key: (counts[key], wanted[key]) for key in counts}
    assert [row[added] for row in found] == sorted(wanted.values(), reverse=True)


def test_a_filter_comes_before_and_rows_may_be_few(netwatch: Run) -> None:
    words = ("--what", "dns", "-Y", "qr == response", "--by", "name,data", "--sort", "name")
    found = records(netwatch("read", TOUR, *words))
    assert [(row["name"], row.get("data"), row["count"]) for row in found] == [
        ("api.example.com", "2001:db8::10", 1), ("nowhere.example.net", None, 1), ("www.example.com", "192.0.2.10", 1)]
    done = netwatch("read", TOUR, "--by", "app", "--top", "1")
    assert [row["app"] for row in records(done)] == ["tls"]
    assert done.stderr == "netwatch: flows by app: 1 of 5 rows\n"
    words = ("read", TOUR, "-Y", "app == ssh", "--by", "app", "--exit-status")
    assert subprocess.run([*COMMAND, *words], env=ENVIRONMENT, timeout=60, check=False).returncode == 1


def test_by_time(netwatch: Run) -> None:
    found = records(netwatch("read", TOUR, "--what", "packets", "--by", "proto", "--interval", "1s"))
    assert [row["time"] for row in found] == sorted(row["time"] for row in found)
    assert {row["time"][-11:] for row in found} == {".000000000Z"}
    assert sum(row["packets"] for row in found) == 47
    table = netwatch("read", TOUR, "--what", "packets", "--by", "proto", "--interval", "10ms", "--format", "table")
    assert "08:52:55.010" in table.stdout


def test_what_its_flow_says(netwatch: Run) -> None:
    """Of a message, what the flow turned out to be; a file of FTP is told apart from what announced it."""
    found = records(netwatch("read", FTP, "--what", "packets", "--by", "app"))
    assert {row.get("app") for row in found} == {"ftp", "ftp-data"}
    assert records(netwatch("read", TOUR, "--what", "dns", "--by", "flow.id"))[0]["count"] == 2


def test_formats(netwatch: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(netwatch("read", TOUR, "--by", "app", "--format", "csv").stdout)))
    assert list(rows[0]) == ["app", "flows", "bytes", "packets"]
    assert json.loads(netwatch("read", TOUR, "--by", "app", "--format", "json").stdout)
    assert netwatch("read", TOUR, "--by", "app", "--format", "table").stdout.splitlines()[0].split() == [
        "app", "flows", "bytes", "packets"]


@pytest.mark.parametrize(("words", "said"), [
    (["--by", "appp"], "did you mean app"), (["--by", "app", "--fields", "id"], "--by and --fields do not go together"),
    (["--by", "app", "--sum", "src"], "not a quantity"), (["--sum", "bytes"], "--sum goes with --by"),
    (["--top", "3"], "--top goes with --by"), (["--interval", "1s"], "--interval goes with --by"),
    (["--by", "app", "--what", "dns,http"], "--by takes one kind"), (["--by", ","], "--by needs a field's name"),
    (["--by", "app", "--interval", "1y"], "a time such as 1s"),
    (["--by", "app", "--follow", "1"], "do not go together"),
    (["--by", "app", "--sort", "byts"], "did you mean bytes"), (["--by", "n"], "packet records have")])
def test_mistakes(netwatch: Run, words: list[str], said: str) -> None:
    done = netwatch("read", TOUR, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert not done.stdout
