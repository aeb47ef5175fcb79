"""`netwatch sql` and `netwatch diff`: captures and bundles asked, and held against one another."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from evidence_files import ROOT, written
from made_captures import capture, dns_frames, http_frames, many, small
from netwatch_command import COMMAND, ENVIRONMENT, Run
from test_evidence import FLOW

from netwatch.schema import FIELDS

TOUR = ROOT / "docs" / "tour.pcap"


def rows(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def ask(netwatch: Run, query: str, *words: str | Path) -> list[dict]:
    done = netwatch("sql", query, *(words or ("-r", TOUR)))
    assert done.returncode == 0, done.stderr
    return rows(done.stdout)


def test_columns_have_the_names_of_the_schema(netwatch: Run):
    assert ask(netwatch, "select id, app, tls_sni from flows where app = 'tls'") == [
        {"id": 7, "app": "tls", "tls_sni": "api.example.com"}]
    assert ask(netwatch, 'select "tls.sni" as s, sni from flows where sni is not null') == [
        {"s": "api.example.com", "sni": "api.example.com"}]
    assert ask(netwatch, "SELECT count(*) n FROM dns WHERE qr = 'query'") == [{"n": 3}]
    assert ask(netwatch, "select count(*) n from packets") == [{"n": 47}]
    total = sum(flow["bytes_in"] for flow in rows(netwatch("read", TOUR).stdout))
    assert ask(netwatch, "select sum(bytes_in) s from flows") == [{"s": total}]


@pytest.mark.parametrize("name", [field.name for field in FIELDS if field.parts and "flow" in field.kinds])
def test_sums_of_both_directions_are_columns(netwatch: Run, name: str):
    """What a filter may say of the two together, a query may."""
    wanted = {(flow["id"], flow.get(name)) for flow in rows(netwatch("read", TOUR, "--fields", f"id,{name}").stdout)}
    assert {(row["id"], row.get(name)) for row in ask(netwatch, f'SELECT id, "{name}" FROM flows')} == wanted
    assert len({value for _, value in wanted}) > 1 or name not in ("bytes", "packets")


def test_sum_by_process(netwatch: Run, tmp_path: Path):
    path = written(tmp_path / "e.pcapng", small(), {80: FLOW})
    found = ask(netwatch, "select process, sum(bytes_in) b from flows where proto = 'tcp' group by 1", "-r", path)
    assert found[0]["process"] == "curl" and found[0]["b"] > 0


def test_bundles_are_asked_like_captures(netwatch: Run, tmp_path: Path):
    netwatch("bundle", "make", TOUR, tmp_path / "b")
    query = "select * from flows order by id"
    assert ask(netwatch, query, "-r", tmp_path / "b") == ask(netwatch, query)
    assert netwatch("sql", "select * from packets", "-r", tmp_path / "b").returncode == 69


@pytest.mark.parametrize(("query", "said"), [
    ("select", "none of the tables"), ("select 1 from nothing", "none of the tables"),
    ("select nosuch from flows", "no such column"), ("select tls_sin from flows", "did you mean tls_sni"),
    ("delete from flows", "nothing can be changed"), ("drop table flows", "nothing can be changed"),
    ("select 1 from flows; select 2 from flows", "one question"), ("attach 'x' as flows", "nothing can be changed"),
    ("pragma query_only=off -- flows", "none of the tables"), ("selec * from flows", "syntax error"),
    ("insert into flows(id) values (1)", "nothing can be changed"),
    ("select fts3_tokenizer('simple') from flows", ""),
    ("create table x as select * from flows", "nothing can be changed"), ("vacuum flows into 'x'", "")])
def test_errors_are_lines(netwatch: Run, query: str, said: str):
    done = netwatch("sql", query, "-r", TOUR)
    assert done.returncode == 2 and said in done.stderr and done.stdout == ""


def test_time_is_bounded(netwatch: Run):
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n, flows"
    done = netwatch("sql", endless, "-r", TOUR, "--timeout", "1s")
    assert done.returncode == 2 and "took longer than 1 s" in done.stderr
    began = time.monotonic()
    heavy = "select sum(instr(hex(zeroblob(200000 + a.id)), hex(zeroblob(100000)) || 'x')) from flows a, flows b"
    done = netwatch("sql", heavy, "-r", TOUR, "--timeout", "1s")
    assert done.returncode == 2 and "took longer than 1 s" in done.stderr and time.monotonic() - began < 30
    for size in (1_000_000_000, 3_000_000):
        done = netwatch("sql", f"select length(zeroblob({size})) from flows", "-r", TOUR)
        assert done.returncode == 2 and "too big" in done.stderr


def test_formats(netwatch: Run):
    query = "select app, count(*) n, max(sport) from flows where app is not null group by 1 order by 1"
    done = netwatch("sql", query, "-r", TOUR, "--format", "csv")
    assert next(csv.reader(io.StringIO(done.stdout))) == ["app", "n", "max(sport)"]
    assert json.loads(netwatch("sql", query, "-r", TOUR, "--format", "json").stdout)[0]["app"] == "dns"
    assert netwatch("sql", query, "-r", TOUR, "--format", "table").stdout.splitlines()[1].split()[:2] == ["dns", "3"]
    assert json.loads(netwatch("sql", "select id from flows where id < 0", "-r", TOUR, "--format", "json").stdout) == []
    assert "\x1b" not in netwatch("sql", "select char(27) || 'x' from flows", "-r", TOUR, "--format", "table").stdout


def test_nothing_changed(netwatch: Run):
    done = netwatch("diff", TOUR, TOUR, "--exit-status")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and (found["new"], found["vanished"], found["shifts"]) == ({}, {}, [])
    assert "no difference" in netwatch("diff", TOUR, TOUR, "--format", "table").stdout


def test_what_changed(netwatch: Run, tmp_path: Path):
    (tmp_path / "a.pcap").write_bytes(capture(http_frames()))
    (tmp_path / "b.pcap").write_bytes(capture([*http_frames(), *dns_frames()]))
    written(tmp_path / "p.pcapng", small(), {80: FLOW})
    found = json.loads(netwatch("diff", tmp_path / "a.pcap", tmp_path / "b.pcap").stdout)
    assert [each["name"] for each in found["new"]["ports"]] == ["udp/53"]
    assert [each["name"] for each in found["new"]["protocols"]] == ["dns"] and found["vanished"] == {}
    back = json.loads(netwatch("diff", tmp_path / "b.pcap", tmp_path / "a.pcap").stdout)
    assert back["vanished"] == found["new"]
    found = json.loads(netwatch("diff", tmp_path / "b.pcap", tmp_path / "p.pcapng").stdout)
    assert [each["name"] for each in found["new"]["programs"]] == ["curl"]


def test_volume_shifts(netwatch: Run, tmp_path: Path):
    (tmp_path / "a.pcap").write_bytes(many(1000))
    (tmp_path / "b.pcap").write_bytes(many(5000))
    found = json.loads(netwatch("diff", tmp_path / "a.pcap", tmp_path / "b.pcap").stdout)
    first = found["shifts"][0]
    assert (first["what"], first["of"], first["after"] / first["before"]) == ("volume", "all", 5)
    page = netwatch("diff", tmp_path / "a.pcap", tmp_path / "b.pcap", "--format", "markdown").stdout
    assert "| volume | all |" in page


def test_bundles_and_captures_are_held_against_one_another(netwatch: Run, tmp_path: Path):
    netwatch("bundle", "make", TOUR, tmp_path / "b")
    (tmp_path / "a.pcap").write_bytes(small())
    both = [json.loads(netwatch("diff", *pair).stdout) for pair in (
        (TOUR, tmp_path / "a.pcap"), (tmp_path / "b", tmp_path / "a.pcap"))]
    assert both[0] == both[1]
    assert json.loads(netwatch("diff", tmp_path / "a.pcap", tmp_path / "b").stdout)["vanished"] == both[0]["new"]
    assert netwatch("diff", TOUR, tmp_path / "none").returncode == 4


SENDER = "import socket, time\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n" \
    "for _ in range(400): s.sendto(b'x' * 100, ('127.0.0.1', 9999)); time.sleep(0.05)"


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare")
def test_an_interface_is_asked(tmp_path: Path):
    """Until the time is over, or somebody interrupts it: what came so far is the answer."""
    words = [*COMMAND, "sql", "SELECT proto, dport, sum(packets_out) AS n FROM flows WHERE dport = 9999 GROUP BY 1, 2",
             "-i", "lo"]
    inside = ["unshare", "-n", "sh", "-c", "ip link set lo up; python3 -c \"$0\" >/dev/null & exec \"$@\"", SENDER]
    done = subprocess.run([*inside, *words, "--duration", "4s"], capture_output=True, text=True, env=ENVIRONMENT,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    (found,) = rows(done.stdout)
    assert (found["proto"], found["dport"]) == ("udp", 9999) and found["n"] >= 10
    process = subprocess.Popen([*inside, *words], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    time.sleep(8)
    process.send_signal(signal.SIGINT)
    assert len(rows(process.communicate(timeout=60)[0])) == 1 and process.returncode == 130


def test_an_interface_is_asked_alone(netwatch: Run):
    for words in (("-i", "lo", "-r", TOUR), ("-r", TOUR, "--duration", "3s"), ("-i", "lo", "--history"), ()):
        assert netwatch("sql", "SELECT 1 FROM flows", *words).returncode == 2
