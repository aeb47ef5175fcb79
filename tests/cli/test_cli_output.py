"""What the command prints when all is well, and when the reader of its output, or its user, stops it half-way."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from made_captures import many
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, Run
from netwatch_terminal import said_to_a_terminal

KINDS = ("flows", "packets", "dns", "http", "tls", "streams", "summary")


def test_version(netwatch: Run) -> None:
    from netwatch import __version__

    for option in ("--version", "-V"):
        assert netwatch(option).stdout == f"netwatch {__version__}\n"


def test_help(netwatch: Run) -> None:
    done = netwatch("read", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--where" in done.stdout


def test_ndjson_is_what_a_pipe_gets(netwatch: Run, pcap: Path) -> None:
    done = netwatch("read", pcap)
    assert (done.returncode, done.stderr) == (0, "")
    flows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [f["app"] for f in flows if f["schema"] == "netwatch.flow/1"] in (["http", "dns"], ["dns", "http"])


def test_json(netwatch: Run, pcap: Path) -> None:
    records = json.loads(netwatch("read", pcap, "--format", "json", "--what", "flows,dns,http,summary").stdout)
    assert {r["schema"] for r in records} == {f"netwatch.{k}/1" for k in ("flow", "dns", "http", "summary")}


def test_json_of_nothing(netwatch: Run, pcap: Path) -> None:
    assert json.loads(netwatch("read", pcap, "--format", "json", "--where", "port == 1").stdout) == []


def test_csv(netwatch: Run, pcap: Path) -> None:
    done = netwatch("read", pcap, "--format", "csv", "--fields", "proto,dport,app", "--sort", "dport")
    assert list(csv.reader(io.StringIO(done.stdout))) == [
        ["proto", "dport", "app"], ["udp", "53", "dns"], ["tcp", "80", "http"]]


def test_table(netwatch: Run, pcap: Path) -> None:
    lines = netwatch("read", pcap, "--format", "table").stdout.splitlines()
    assert len(lines) == 3
    assert lines[0].split()[:2] == ["id", "proto"]
    assert lines[1].split()[:2] == ["1", "tcp"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("style", ["table", "json", "ndjson", "csv"])
def test_every_kind_in_every_format(netwatch: Run, pcap: Path, kind: str, style: str) -> None:
    done = netwatch("read", pcap, "--what", kind, "--format", style)
    assert (done.returncode, done.stderr) == (0, "")
    assert bool(done.stdout.strip("[]\n")) == (kind != "tls")


def test_absent_is_left_out(netwatch: Run, pcap: Path) -> None:
    for line in netwatch("read", pcap, "--what", ",".join(KINDS)).stdout.splitlines():
        for value in json.loads(line).values():
            assert value is not None
            assert value != ""


@pytest.mark.same
def test_workers_change_nothing(netwatch: Run, tmp_path: Path) -> None:
    path = tmp_path / "many.pcap"
    path.write_bytes(many(3000))
    one, four = (netwatch("read", path, "--what", "flows,packets,summary", "--workers", n).stdout for n in ("1", "4"))
    assert one == four


def test_limit_zero_and_where(netwatch: Run, pcap: Path) -> None:
    assert netwatch("read", pcap, "--limit", "0").stdout == ""
    only = netwatch("read", pcap, "--where", "app == dns").stdout.splitlines()
    assert [json.loads(line)["dport"] for line in only] == [53]


def test_write_saves_what_passes(netwatch: Run, tmp_path: Path, pcap: Path) -> None:
    saved = tmp_path / "dns.pcapng"
    assert netwatch("read", pcap, "--where", "app == dns", "--write", saved).returncode == 0
    again = netwatch("read", saved, "--what", "packets").stdout.splitlines()
    assert [json.loads(line)["proto"] for line in again] == ["udp", "udp"]


def test_standard_input(pcap: Path) -> None:
    with pcap.open("rb") as f:
        done = subprocess.run([*COMMAND, "read", "-"], stdin=f, env=ENVIRONMENT, capture_output=True, timeout=30)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)


def test_reader_that_leaves_early(tmp_path: Path) -> None:
    """`netwatch read ... | head -1`: no word of complaint."""
    path = tmp_path / "many.pcap"
    path.write_bytes(many(20000))
    with subprocess.Popen([*COMMAND, "read", path, "--what", "packets"], env=ENVIRONMENT, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        assert json.loads(process.stdout.readline())["n"] == 1
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 128 + signal.SIGPIPE


def test_output_that_cannot_be_written(pcap: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, "read", pcap], env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE, text=True,
                              timeout=30)
    assert done.returncode not in (0, 70), done.stderr
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_prints_what_is_known(tmp_path: Path, number: signal.Signals) -> None:
    """In the middle of a big file: the flows so far come out whole, and the exit code names the signal."""
    path = tmp_path / "big.pcap"
    path.write_bytes(many(400_000))
    with subprocess.Popen([*COMMAND, "read", path, "--what", "packets,flows"], env=ENVIRONMENT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.send_signal(number)
        out = process.stdout.read()
        assert process.stderr.read() == ""
        assert process.wait(60) == 128 + number
    records = [json.loads(line) for line in out.splitlines()]
    flows = [r for r in records if r["schema"] == "netwatch.flow/1"]
    assert len(flows) == 50
    assert 0 < sum(f["packets_out"] for f in flows) < 400_000


def test_interrupted_while_a_pipe_is_quiet(pcap: Path) -> None:
    """Frames that came before the silence are not lost."""
    with subprocess.Popen([*COMMAND, "read", "-"], env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        process.stdin.write(pcap.read_bytes())
        process.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.5)
        process.send_signal(signal.SIGINT)
        assert len(process.stdout.read().splitlines()) == 2
        assert process.wait(10) == 128 + signal.SIGINT


def test_records_of_a_pipe_come_as_they_are_made() -> None:
    """`ssh web1 netwatch feed | netwatch read --what dns -`: while it stays open."""
    with subprocess.Popen([*COMMAND, "read", "--what", "dns", "-"], env=ENVIRONMENT, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        process.stdin.write((ROOT / "docs" / "tour.pcap").read_bytes())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["schema"] == "netwatch.dns/1"
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(20) == 0


def test_flush_changes_nothing_of_a_file(netwatch: Run) -> None:
    words = ("read", str(ROOT / "docs" / "tour.pcap"), "--what", "dns,flows")
    assert netwatch(*words, "--flush").stdout == netwatch(*words).stdout


def test_devices(netwatch: Run) -> None:
    done = netwatch("devices", "--json")
    assert done.returncode == 0
    assert "lo" in [d["name"] for d in json.loads(done.stdout)]


def at_a_terminal(words: list[str], pager: str) -> tuple[int, str]:
    """Exit code and what a person sees, whose $PAGER that is."""
    code, seen = said_to_a_terminal(*words, stderr=subprocess.DEVNULL, environment={
        **ENVIRONMENT, "PAGER": pager, "COLUMNS": "80", "TERM": "xterm"})
    return code, seen.replace("\r\n", "\n")


def test_a_person_gets_a_pager() -> None:
    """All of the output, through it; its end is no error; none where it is not wanted."""
    words = ["read", str(ROOT / "docs" / "tour.pcap"), "--fields", "id,proto"]
    code, plain = at_a_terminal([*words, "--no-pager"], "sed s/^/PAGED/")
    assert code == 0 and "PAGED" not in plain and plain.count("\n") == 12
    code, paged = at_a_terminal(words, "sed s/^/PAGED/")
    assert (code, paged) == (0, "".join(f"PAGED{line}\n" for line in plain.splitlines()))
    assert at_a_terminal(words, "head -n 2") == (0, "".join(plain.splitlines(keepends=True)[:2]))
    assert at_a_terminal([*words, "--what", "packets"], "true") == (0, "")
    for pager in ("", "cat", "no-such-pager-here -x"):
        assert at_a_terminal(words, pager) == (0, plain)
    assert at_a_terminal([*words, "--format", "ndjson"], "sed s/^/PAGED/")[1].startswith("{")


@pytest.mark.parametrize("pieces", [2, 3, 7])
def test_a_capture_in_several_files_is_one(netwatch: Run, tmp_path: Path, pieces: int) -> None:
    """As a ring of files holds it: a flow that goes on in the next file is the same flow."""
    whole = (ROOT / "docs" / "tour.pcap").read_bytes()
    head, frames, at = whole[:24], [], 24
    while at < len(whole):
        length = int.from_bytes(whole[at + 8:at + 12], "little") + 16
        frames.append(whole[at:at + length])
        at += length
    size = -(-len(frames) // pieces)
    files = [tmp_path / f"{i}.pcap" for i in range(pieces)]
    for i, path in enumerate(files):
        path.write_bytes(head + b"".join(frames[i * size:(i + 1) * size]))
    for what in ("flows", "packets", "dns", "http", "tls"):
        told = re.sub(r'"file":"[^"]*/\d\.pcap",?', "", netwatch("read", "--what", what, *files).stdout)
        assert told.replace(",}", "}") == netwatch("read", "--what", what, ROOT / "docs" / "tour.pcap").stdout
