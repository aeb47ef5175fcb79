"""What --write saves of a file is what --what packets shows: there packets are judged one by one, here by kinds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from netwatch_command import ROOT

from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch.capture.file import open_files, open_savefile
from netwatch.cli import run
from netwatch.export import evidence
from netwatch.run import addons
from netwatch.run.pipeline import Pipeline

FOLDER = ROOT / "tests" / "captures"
CAPTURES = [name for name in ("http", "dns", "tls13", "quic", "ftp", "mdns", "neighbours") if
            (FOLDER / f"{name}.pcap").exists()]
FILTERS = ("app == tls", "app in {http, dns} and len > 80", "not app", "app != dns", "example", "not example",
           "bytes > 3000 and not label contains x", "src == dst or sport == dport", "tls.sni", "not name and len > 60",
           "packets > 3 and sport > 1024", "app == proto", "not (app == tls or len < 70)", "syn",
           "n > 3 and app == http", "info contains ack and duration > 1ms", "app == udp or layers == vlan")
PROCESS = {"name": "p\u00e4\udcff\n", "pid": 7, "age_s": 0.5}


def frames(path: Path) -> list[bytes]:
    """Each frame of a capture as its Enhanced Packet Block begins: time, lengths and bytes."""
    copy = path.with_name(f"{path.name}.bare.pcapng")
    copy.unlink(missing_ok=True)
    source = open_savefile(str(path))
    with CaptureWriter(str(copy)) as writer:
        writer.copy(source)
    source.close()
    data, at, found = copy.read_bytes(), 0, []
    while at < len(data):
        kind, size = (int.from_bytes(data[at + i:at + i + 4], "little") for i in (0, 4))
        found += [data[at + 12:at + size]] if kind == 6 else []
        at += size
    return found


def said(capfdbinary: pytest.CaptureFixture[bytes], *words: object) -> list[dict]:
    assert run(["read", *map(str, words)]) == 0
    return [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]


@pytest.mark.usefixtures("nothing_of_this_machine")
@pytest.mark.parametrize("name", CAPTURES)
def test_what_is_written_is_what_is_shown(name: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    path, out = tmp_path / f"{name}.pcap", tmp_path / "out.pcapng"
    path.write_bytes((FOLDER / f"{name}.pcap").read_bytes())
    every = frames(path)
    for text in FILTERS:
        shown = said(capfdbinary, path, "--what", "packets", "--where", text, "--fields", "n")
        for what in ("summary", "packets,summary"):
            *_, summary = said(capfdbinary, path, "--what", what, "--where", text, "--write", out, "--force")
            assert frames(out) == [every[packet["n"] - 1] for packet in shown], text
            assert summary["matched"]["packet"] == len(shown)


@pytest.mark.usefixtures("nothing_of_this_machine")
def test_a_limit_is_one_of_what_is_shown(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    source, outs = ROOT / "docs" / "tour.pcap", [tmp_path / f"{name}.pcapng" for name in "ab"]
    for out, words in zip(outs, ((), ("--limit", "1")), strict=True):
        records = said(capfdbinary, source, "--where", "app == dns", "--write", out, *words)
        assert len(records) == 1 or not words
    assert outs[0].read_bytes() == outs[1].read_bytes()


@pytest.mark.usefixtures("nothing_of_this_machine")
def test_packets_that_are_counted_are_not_all_written(tmp_path: Path,
                                                      capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    source, out = ROOT / "docs" / "tour.pcap", tmp_path / "few.pcapng"
    said(capfdbinary, source, "--what", "summary", "--count", "7", "--write", out)
    assert len(frames(out)) == 7
    read = open_files([str(out)])
    read.drain()
    assert read.frames_read == 7


@pytest.mark.usefixtures("nothing_of_this_machine")
def test_evidence_made_from_rows_is_that_of_records() -> None:
    """Also where text is beyond ASCII, and where there are a process or no ends."""
    for path in sorted((ROOT / "tests" / "golden").glob("*.pcap*")):
        pipeline = Pipeline(open_files([str(path)]), hold=True, addons=addons.load(addons.CONTENT, addons.RECORDS))
        made = evidence.Evidence(pipeline.source.interfaces)
        for step in (*pipeline.steps(), pipeline.finish()):
            for engine, row in step.ended:
                record = pipeline.record(engine, row, wanted=evidence.KEYS)
                described = pipeline.described(engine, row, wanted=evidence.KEYS)
                for more in ({}, {"process": PROCESS}, {"label": "x" * 70_000}):
                    expected = evidence.evidence_of(record | more) if record else b""
                    assert made.of(engine, row, described | more) == expected, path.name
