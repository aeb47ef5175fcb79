"""Tables that fit the terminal, and CSV that programs and spreadsheets read rightly."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from netwatch_command import ENVIRONMENT, ROOT, Run
from netwatch_terminal import said_to_a_terminal

from netwatch.records.columns import columns_of
from netwatch.records.tables import LEFT_OUT, Look, padded, short, table, width_of
from netwatch.records.writers import TABLE_FIELDS

TOUR = ROOT / "docs" / "tour.pcap"
KINDS = {"flow": "flows", "packet": "packets", "dns": "dns", "http": "http", "tls": "tls", "stream": "streams"}


def shown(columns: int, *words: str, raw: list[str] | None = None, **more: str) -> str:
    """What is seen on a terminal of so many columns. On a busy machine there is a progress line, which is cleared."""
    environment = {key: value for key, value in ENVIRONMENT.items() if key not in ("COLUMNS", "NO_COLOR")}
    code, said = said_to_a_terminal("read", str(TOUR), *words, columns=columns,
                                    environment={**environment, "TERM": "xterm", **more})
    assert code == 0, said
    if raw is not None:
        raw.append(said)
    return re.sub(r"[^\n]*\r\033\[K", "", said.replace("\r\n", "\n"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("columns", [80, 120, 200])
def test_a_table_fits(kind: str, columns: int) -> None:
    text = shown(columns, "--what", KINDS[kind], NO_COLOR="1")
    lines = [line for line in text.splitlines() if not line.startswith("netwatch: ")]
    assert len(lines) > 1
    assert max(map(width_of, lines)) <= columns
    assert "\033" not in text


def test_what_has_no_room_is_said_and_wide_shows_it() -> None:
    assert "no room for duration" in shown(80)
    wide = shown(80, "--wide")
    assert "no room" not in wide
    assert "duration" in wide.splitlines()[0]
    asked = shown(40, "--fields", "src,dst,first,last,label")
    assert asked.splitlines()[0].replace("\033[1m", "").split()[:2] == ["src", "dst"]
    assert "no room" not in asked


def test_progress_is_cleared_before_what_is_shown(tmp_path: Path) -> None:
    """However early it is drawn: the first line is the table's, and the progress line was there."""
    (tmp_path / "sitecustomize.py").write_text("import netwatch.cli.progress as it\nit.PATIENCE = it.EVERY = 0\n")
    raw: list[str] = []
    text = shown(120, raw=raw, PYTHONPATH=str(tmp_path), NO_COLOR="1")
    assert "reading: " in raw[0]
    assert text.splitlines()[0].startswith("id ")
    assert "reading: " not in text


def test_headings_are_bold_where_colours_are_wanted() -> None:
    assert shown(120).startswith("\033[1mid")
    assert "\033" not in shown(120, NO_COLOR="1")
    assert "\033" not in shown(120, TERM="dumb")


@pytest.mark.parametrize("fields", ["id,state,src", "state,id", "src,state"])
def test_what_is_grave_is_seen_and_takes_no_room(fields: str) -> None:
    colored = shown(120, "--fields", fields, "--where", "tcp")
    assert "\033[32mESTABLISHED" in colored or "\033[2mCLOSED" in colored or "\033[2mTIME_WAIT" in colored
    plain = shown(120, "--fields", fields, "--where", "tcp", NO_COLOR="1")
    assert "\033" not in plain
    bare = [line.rstrip() for line in re.sub(r"\033\[\d+m", "", colored).splitlines()]
    assert bare == plain.splitlines()


def test_severities_have_colours() -> None:
    rows: list[list[str | None]] = [["critical", "a"], ["warning", "critical"], ["odd", None], [None, "b"]]
    lines = table("alert", columns_of("alert", ["severity", "title"]), rows, True, Look(colored=True)).text.splitlines()
    assert lines[1:] == ["\033[31mcritical\033[0m  a", "\033[33mwarning \033[0m  critical", "odd", "          b"]


def test_what_is_left_out_is_a_column() -> None:
    for kind, names in LEFT_OUT.items():
        assert set(names) < set(TABLE_FIELDS[kind])
        assert len(columns_of(kind, TABLE_FIELDS[kind])) == len(TABLE_FIELDS[kind])


@pytest.mark.parametrize("text", ["", "abc", "a" * 99, "日本語のテキスト", "e\u0301" * 30, "x日" * 20])
@pytest.mark.parametrize("width", [1, 2, 3, 12, 13])
def test_cells_have_exactly_their_width(text: str, width: int) -> None:
    assert width_of(short(text, width)) <= width
    assert width_of(padded(text, width, right=False)) == width_of(padded(text, width, right=True)) == width


def test_addresses_and_numbers_are_never_cut() -> None:
    columns = columns_of("flow", ["src", "bytes", "label"])
    rows: list[list[str | None]] = [["2001:db8:1111:2222:3333:4444:5555:6666", "123456789012", "x" * 100]]
    drawn = table("flow", columns, rows, asked=True, look=Look(80))
    line = drawn.text.splitlines()[1]
    assert line.split()[:2] == ["2001:db8:1111:2222:3333:4444:5555:6666", "123456789012"]
    assert len(line) == 80
    assert line.endswith("…")


def rows_of(done: Any) -> list[dict[str, str]]:
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout, newline="")))


@pytest.mark.parametrize("kind", KINDS)
def test_csv_has_the_columns_that_occur(netwatch: Run, kind: str) -> None:
    lines = rows_of(netwatch("read", TOUR, "--what", KINDS[kind], "--format", "csv"))
    records = [json.loads(line) for line in netwatch("read", TOUR, "--what", KINDS[kind], "--flat").stdout.splitlines()]
    assert len(lines) == len(records)
    for name in lines[0]:
        assert any(line[name] for line in lines), name
    for key in ("flow", "id", "transport", "src", "n"):
        assert (key in lines[0]) == any(key in record for record in records), key


def test_csv_of_nothing_and_in_order(netwatch: Run) -> None:
    assert netwatch("read", TOUR, "--format", "csv", "--where", "port == 1").stdout == ""
    lines = rows_of(netwatch("read", TOUR, "--format", "csv", "--sort", "bytes_out:desc", "--limit", "3"))
    sizes = [int(line["bytes_out"]) for line in lines]
    assert len(sizes) == 3
    assert sizes == sorted(sizes, reverse=True)


def test_lists_in_csv_are_json(netwatch: Run) -> None:
    records = [json.loads(line) for line in netwatch("read", TOUR, "--what", "packets").stdout.splitlines()]
    for words in ([], ["--fields", "layers"]):
        lines = rows_of(netwatch("read", TOUR, "--what", "packets", "--format", "csv", *words))
        assert [json.loads(line["layers"]) for line in lines] == [record["layers"] for record in records]


@pytest.mark.parametrize("what", ["dns", "flows", "http", "tls"])
def test_a_list_of_nothing_is_no_cell_and_no_column(netwatch: Run, what: str) -> None:
    rows = list(csv.DictReader(io.StringIO(netwatch("read", TOUR, "--what", what, "--format", "csv").stdout)))
    assert rows and not any("[]" in row.values() for row in rows)
    assert "answers.section" not in rows[0]



@pytest.mark.parametrize("path", ["=HYPERLINK(1)", "+1", "/ok"])
def test_no_cell_is_a_formula(netwatch: Run, tmp_path: Path, path: str) -> None:
    from made_captures import capture, udp

    message = f"<34>1 2026-01-01T00:00:00Z host app - - - {path}".encode()
    made = tmp_path / "syslog.pcap"
    made.write_bytes(capture([udp("192.0.2.1", 40000, "192.0.2.2", 514, message)]))
    for words in ([], ["--fields", "syslog.message,label"]):
        done = netwatch("read", made, "--format", "csv", *words)
        for line in rows_of(done):
            assert not any(cell[:1] in tuple("=+-@") for cell in line.values()), line
            if path[0] in "=+-@":
                assert line["syslog.message"] == f"'{path}"


def test_times(netwatch: Run) -> None:
    """Every form says the same moments; whole records, fields, CSV and other kinds agree."""
    from datetime import datetime

    def times(form: str, *words: str) -> list[str]:
        done = netwatch("read", TOUR, "--what", "packets", "--time", form, *words, env={**ENVIRONMENT, "TZ": "CET-1"})
        return [json.loads(line)["time"] for line in done.stdout.splitlines()]

    iso, epoch, relative, delta = map(times, ("iso", "epoch", "relative", "delta"))
    assert iso == times("iso", "--fields", "time")
    ns = [int(datetime.fromisoformat(f"{text[:19]}+00:00").timestamp()) * 10**9 + int(text[20:29]) for text in iso]
    assert [int(text.replace(".", "")) for text in epoch] == ns
    assert [int(text.replace(".", "")) for text in relative] == [each - ns[0] for each in ns]
    assert [int(text.replace(".", "")) for text in delta] == [0, *(b - a for a, b in pairwise(ns))]
    for before, local in zip(iso, times("local", "--fields", "n,time"), strict=True):
        assert local.endswith("+01:00")
        assert datetime.fromisoformat(f"{local[:26]}+01:00") == datetime.fromisoformat(f"{before[:26]}+00:00")
    for kind, key in (("dns", "time"), ("http", "time"), ("tls", "time"), ("flows", "first"), ("flows", "last")):
        found = [[json.loads(line)[key] for line in netwatch("read", TOUR, "--what", kind, "--time", form, "--fields",
                                                             key).stdout.splitlines()] for form in ("iso", "epoch")]
        assert found[1] == [epoch[iso.index(text)] for text in found[0]]
    lines = rows_of(netwatch("read", TOUR, "--what", "packets", "--format", "csv", "--time", "relative"))
    assert [line["time"] for line in lines] == relative
    late = netwatch("read", TOUR, "--what", "dns", "--where", "qr == response", "--time", "relative", "--limit", "1")
    assert float(json.loads(late.stdout)["time"]) > 1


def test_a_delta_is_of_records_with_a_time(netwatch: Run) -> None:
    done = netwatch("read", TOUR, "--time", "delta")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--time delta goes with records that have a time" in done.stderr
