"""--write to a name of pcap: the older format, and beside it a line of JSON for each flow."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from netwatch_command import ENVIRONMENT, ROOT

sys.path.append(str(ROOT / "tests" / "api"))
from made_flows import flows_of

from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch.cli import run

TOUR = ROOT / "docs" / "tour.pcap"
KEYS = ("proto", "src", "sport", "dst", "dport", "app", "label")


def said(capfdbinary: pytest.CaptureFixture[bytes], *words: object) -> list[dict[str, object]]:
    assert run(["read", *map(str, words)]) == 0
    return [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(f"{path}.jsonl").read_text().splitlines()]


def test_the_packets_and_a_line_for_each_flow(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    out = tmp_path / "out.pcap"
    flows = said(capfdbinary, TOUR, "--where", "dns or http", "--write", out)
    fields = "time,len,src,sport,dst,dport,app"
    kept = said(capfdbinary, TOUR, "--what", "packets", "--where", "dns or http", "--fields", fields)
    assert said(capfdbinary, out, "--what", "packets", "--fields", fields) == kept
    assert struct.unpack_from("<IHHiIII", out.read_bytes()) == (0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
    assert [{key: flow[key] for key in KEYS} for flow in flows] == [{key: line[key] for key in KEYS}
                                                                   for line in lines(out)]
    assert out.stat().st_mode & 0o777 == Path(f"{out}.jsonl").stat().st_mode & 0o777 == 0o600


def test_those_of_a_pipe(tmp_path: Path) -> None:
    out = tmp_path / "out.cap"
    subprocess.run([sys.executable, "-m", "netwatch", "read", "-", "--what", "summary", "--write", out], check=True,
                   stdin=TOUR.open("rb"), env=ENVIRONMENT, capture_output=True)
    assert out.read_bytes()[24:] and {line.get("app") for line in lines(out)} >= {"dns", "http", "tls"}


@pytest.mark.same
def test_the_same_on_every_run(tmp_path: Path) -> None:
    found = []
    for name in ("a.pcap", "b.pcap"):
        assert run(["read", str(TOUR), "--what", "summary", "--write", str(tmp_path / name)]) == 0
        found.append(((tmp_path / name).read_bytes(), (tmp_path / f"{name}.jsonl").read_bytes()))
    assert found[0] == found[1]


def test_more_flows_than_are_remembered(tmp_path: Path) -> None:
    path, out = tmp_path / "many.pcap", tmp_path / "out.pcap"
    path.write_bytes(flows_of(70_000))
    assert run(["read", str(path), "--what", "summary", "--write", str(out)]) == 0
    assert sorted(line["flow"] for line in lines(out)) == list(range(1, 70_001))


def test_two_kinds_of_link_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "two.pcapng", tmp_path / "out.pcap"
    with CaptureWriter(str(path)) as writer:
        for number, link in enumerate((1, 101)):
            writer.add_interface(f"eth{number}", link)
            writer.write(bytes(60), 10**18, 60, number)
    assert run(["read", str(path), "--what", "summary", "--write", str(out)]) == 69
    assert "one kind of link" in capfd.readouterr().err
    assert sorted(tmp_path.iterdir()) == [path]


def test_neither_is_replaced_unasked(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    beside = tmp_path / "out.pcap.jsonl"
    beside.write_text("mine")
    words = ["read", str(TOUR), "--what", "summary", "--write", str(tmp_path / "out.pcap")]
    assert run(words) != 0 and "out.pcap.jsonl: File exists" in capfd.readouterr().err
    assert beside.read_text() == "mine" and list(tmp_path.iterdir()) == [beside]
    assert run([*words, "--force"]) == 0 and len(lines(tmp_path / "out.pcap")) == 11
    assert run([*words, "--force", "--with-secrets"]) == 2


def test_of_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out.pcap"
    assert run(["read", str(TOUR), "--what", "summary", "--where", "port == 1", "--write", str(out)]) == 0
    assert len(out.read_bytes()) == 24 and lines(out) == []


@pytest.mark.skipif(shutil.which("tshark") is None, reason="needs tshark")
def test_tshark_reads_it(tmp_path: Path) -> None:
    out = tmp_path / "out.pcap"
    assert run(["read", str(TOUR), "--what", "summary", "--write", str(out)]) == 0
    times = [subprocess.run(["tshark", "-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len"],
                            check=True, capture_output=True).stdout for path in (TOUR, out)]
    assert times[0] == times[1]
