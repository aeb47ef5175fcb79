"""One evidence file: owners, verdicts, names, statistics and secrets in pcapng; Wireshark and we read it back."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from evidence_files import PROCESS, ROOT, frames, written
from made_captures import many, small
from netwatch_command import COMMAND, ENVIRONMENT, Run, until_inside

from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch._fast.view.framering import FrameRing
from netwatch.capture.file import open_savefile
from netwatch.export import evidence
from netwatch.model.event import Step
from netwatch.model.record import Record
from netwatch.recorder.pending import ChosenLine
from netwatch.run import addons
from netwatch.run.pipeline import Pipeline

FLOW = {"id": 1, "proto": "tcp", "src": "10.0.0.1", "sport": 40000, "dst": "10.0.0.2", "dport": 80, "app": "http",
        "confidence": 100, "label": "HTTP GET www.example.com/a", "process": {**PROCESS, "age_s": 0.2}}
tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def shown(path: Path, *words: str) -> list[list[str]]:
    done = subprocess.run(["tshark", "-r", str(path), *words], capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_owners_are_read_back(netwatch: Run, tmp_path: Path):
    path = written(tmp_path / "e.pcapng", small(), {80: FLOW})
    flows = {f["proto"]: f for f in lines(netwatch("read", path).stdout)}
    assert flows["tcp"]["process"] == PROCESS and "process" not in flows["udp"]
    assert [f["proto"] for f in lines(netwatch("read", path, "--where", "process == curl and user == alice").stdout)] \
        == ["tcp"]
    packets = lines(netwatch("read", path, "--what", "packets", "--fields", "n,process.name").stdout)
    assert sum(p.get("process") == {"name": "curl"} for p in packets) == 9


def test_owners_outlive_writing_merging_and_cutting(netwatch: Run, tmp_path: Path):
    """Written again with a filter, merged with another file, some frames cut off in front: each flow has its owner."""
    path = written(tmp_path / "e.pcapng", small(), {80: FLOW})
    netwatch("read", path, "--where", "tcp", "--write", tmp_path / "again.pcapng")
    (tmp_path / "other.pcap").write_bytes(many(50))
    for given in ([tmp_path / "again.pcapng"], [path, tmp_path / "other.pcap"]):
        found = [f for f in lines(netwatch("read", *given).stdout) if f["proto"] == "tcp" and f.get("dport") == 80]
        assert [f["process"] for f in found if "process" in f] == [PROCESS]
    if shutil.which("editcap"):
        subprocess.run(["editcap", str(path), str(tmp_path / "cut.pcapng"), "1-3"], check=True)
        assert lines(netwatch("read", tmp_path / "cut.pcapng").stdout)[0]["process"] == PROCESS


@pytest.mark.same
def test_what_is_written_twice_is_the_same(netwatch: Run, tmp_path: Path):
    source = ROOT / "docs" / "tour.pcap"
    for name, words in (("a", ()), ("b", ("--what", "summary")), ("c", ("--workers", "3"))):
        netwatch("read", source, "--write", tmp_path / f"{name}.pcapng", *words)
    one, *others = [(tmp_path / f"{name}.pcapng").read_bytes() for name in "abc"]
    assert all(each == one for each in others)
    assert netwatch("read", tmp_path / "a.pcapng").stdout == netwatch("read", source).stdout


@pytest.mark.parametrize("text", [
    '{"schema":"netwatch.evidence/1"', '{"schema":"netwatch.evidence/1","proto":"tcp","src":[],"process":1}',
    '{"schema":"netwatch.evidence/1","proto":"tcp","src":"10.0.0.1","sport":40000,"dst":"10.0.0.2","dport":80,'
    '"process":7}',
    '{"schema":"netwatch.evidence/1","proto":7,"src":"10.0.0.1","dst":"10.0.0.2","process":{}}',
    '{"schema":"netwatch.evidence/1","x":' + "[" * 9000, '{"schema":"other/1"}', "x" * 60000])
def test_hostile_evidence_is_passed_over(netwatch: Run, tmp_path: Path, text: str):
    path = tmp_path / "h.pcapng"
    with CaptureWriter(str(path)) as writer:
        writer.add_interface("eth0", 1)
        for ns, data in frames(small()):
            writer.write(data, ns, len(data), 0, None, text)
    done = netwatch("read", path)
    assert done.returncode == 0 and len(lines(done.stdout)) == 2
    assert all("process" not in flow for flow in lines(done.stdout))


def test_values_are_taken_by_their_type(netwatch: Run, tmp_path: Path):
    odd = {"pid": "4711", "name": "a\x1b[31mb", "uid": -1, "cmdline": ["x"], "parents": [1, {"pid": 2}], "more": 1,
           "shared_with": [True, 3], "ppid": True}
    path = written(tmp_path / "o.pcapng", small(), {80: FLOW | {"process": odd}})
    found = next(f for f in lines(netwatch("read", path).stdout) if f["proto"] == "tcp")["process"]
    assert found == {"name": "a\ufffd[31mb", "shared_with": [3]}


def test_two_flows_of_the_same_ends_have_each_its_own(netwatch: Run, tmp_path: Path):
    """The same ports an hour later, by another program."""
    path = tmp_path / "two.pcapng"
    with CaptureWriter(str(path)) as writer:
        writer.add_interface("eth0", 1)
        for turn, name in enumerate(("first", "second")):
            flow = FLOW | {"id": turn + 1, "process": {"pid": turn + 1, "name": name}}
            for ns, data in frames(small())[:9]:
                writer.write(data, ns + turn * 3600 * 10**9, len(data), 0, None, evidence.text(flow))
    assert [f["process"]["name"] for f in lines(netwatch("read", path).stdout)] == ["first", "second"]


def test_evidence_is_what_the_schema_says():
    schema = json.loads((ROOT / "docs" / "schemas" / "evidence-1.json").read_text())
    found = json.loads(evidence.text(FLOW | {"name": {"host": "a", "via": "dns"}, "decrypted": True}))
    assert set(found) == set(schema["properties"]) and set(schema["required"]) <= set(found)
    assert set(found["process"]) <= set(schema["properties"]["process"]["properties"])
    assert evidence.text(FLOW).startswith('{"schema":"netwatch.evidence/1"')


def test_comments_are_one_line():
    told = evidence.comment(FLOW | {"label": "a\nb\x1b[2J"})
    assert told == "process curl[4711] user alice /usr/bin/curl; app http; a\ufffdb\ufffd[2J"
    assert evidence.comment({"process": {"unknown": "not asked yet"}}) == "process unknown: not asked yet"


def chosen(path: Path, target: Path, every: int, memory: int, known_after: int) -> ChosenLine:
    """What `read -w` does live, of a file: each so-manieth packet is chosen; owners are known after so many."""
    pipeline = Pipeline(open_savefile(str(path)), addons=addons.load(addons.CONTENT, addons.RECORDS), want={"packets"},
                        hold=True, each=True)
    engine, seen = pipeline.engines[0], 0

    def look(row: int, keys: frozenset[str]) -> Record:
        who = PROCESS if seen > known_after else {"unknown": "not asked yet"}
        return pipeline.record(engine, row, wanted=keys) | {"process": who}

    ring = FrameRing(memory)
    ring.attach(engine)
    line = ChosenLine(ring, engine, look, 3 * 10**9)
    with CaptureWriter(str(target)) as writer:
        writer.add_interface("eth0", 1)

        class Out:
            def put(self, write: Callable[[CaptureWriter], int], first_ns: int, last_ns: int) -> int:
                return write(writer)

        def take(step: Step) -> None:
            for place in range(len(step.packets)):
                number = step.packets.frame(place)
                if number % every == 0:
                    line.choose(number, number + 1)
            for _, row in step.ended:
                line.ended(row)
            line.move(Out())

        for step in pipeline.steps():
            seen += len(step.packets)
            take(step)
        take(pipeline.finish())
        line.move(Out(), all_of_it=True)
    return line


@pytest.mark.parametrize("every", [1, 2, 3, 5, 12])
def test_live_packets_wait_for_their_owners(netwatch: Run, tmp_path: Path, every: int):
    """Those that were chosen, each once and in order, with the owner that was found after they had come."""
    (tmp_path / "s.pcap").write_bytes(small())
    line = chosen(tmp_path / "s.pcap", tmp_path / "w.pcapng", every, 16 << 20, 10)
    words = ("--what", "packets", "--fields", "info,process.name")
    there = lines(netwatch("read", tmp_path / "s.pcap", *words).stdout)
    found = lines(netwatch("read", tmp_path / "w.pcapng", *words).stdout)
    assert [packet["info"] for packet in found] == [packet["info"] for packet in there][every - 1 :: every]
    assert all(packet["process"] == {"name": "curl"} for packet in found) and line.lost == 0


def test_live_packets_that_wait_are_bounded(netwatch: Run, tmp_path: Path):
    """More than half of the memory is not waited with: owners are missing then, packets are not."""
    (tmp_path / "m.pcap").write_bytes(many(30_000))
    line = chosen(tmp_path / "m.pcap", tmp_path / "w.pcapng", 1, 2 << 20, 29_000)
    assert line.hurried > 0 and line.lost == line.left == 0
    summary = netwatch("read", tmp_path / "w.pcapng", "--what", "summary", "--format", "ndjson").stdout
    assert json.loads(summary)["packets"] == 30_000
    assert (tmp_path / "w.pcapng").read_bytes().count(b"process unknown: not asked yet") > 0


@tshark
def test_tshark_finds_owners_and_names(netwatch: Run, tmp_path: Path):
    path = written(tmp_path / "e.pcapng", small(), {80: FLOW})
    assert len(shown(path, "-Y", 'frame.comment contains "curl[4711]"')) == 9
    netwatch("read", path, "--write", tmp_path / "w.pcapng")
    assert len(shown(tmp_path / "w.pcapng", "-Y", 'frame.comment contains "curl[4711]"')) == 9
    assert len(shown(tmp_path / "w.pcapng", "-Y", 'frame.comment contains "app dns"')) == 2
    done = subprocess.run(["capinfos", str(tmp_path / "w.pcapng")], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Number of packets = 11", done) and "Number of stat entries = 1" in done


@tshark
def test_secrets_only_when_asked_and_only_those_used(netwatch: Run, tmp_path: Path):
    captures = ROOT / "tests" / "captures"
    keys = tmp_path / "keys"
    unused = b"CLIENT_RANDOM " + b"ab" * 32 + b" " + b"cd" * 48 + b"\n"
    keys.write_bytes((captures / "https.keys").read_bytes() + unused)
    plain, opened = tmp_path / "plain.pcapng", tmp_path / "opened.pcapng"
    netwatch("read", captures / "https.pcap", "--keylog", keys, "--write", plain)
    netwatch("read", captures / "https.pcap", "--keylog", keys, "--write", opened, "--with-secrets")
    assert open_source(plain) == [] and b"ab" * 32 not in opened.read_bytes()
    assert shown(opened, "-Y", "http", "-T", "fields", "-e", "http.host") and not shown(plain, "-Y", "http")
    whole = netwatch("read", captures / "https.pcap", "--keylog", keys, "--what", "http").stdout
    assert whole and netwatch("read", opened, "--what", "http").stdout == whole


def open_source(path: Path) -> list[tuple[int, bytes]]:
    source = open_savefile(str(path))
    source.drain()
    return source.secrets


def test_with_secrets_goes_with_write(netwatch: Run, pcap: Path):
    done = netwatch("read", pcap, "--with-secrets")
    assert done.returncode == 2 and "--write" in done.stderr


def test_whole_or_not_at_all(tmp_path: Path, pcap: Path):
    """A full disk, a file that is there, a killed process: never half a file, and nothing that was there is harmed."""
    (tmp_path / "big.pcap").write_bytes(many(60_000))
    limited = ["bash", "-c", 'ulimit -f 200; trap "" XFSZ; exec "$@"', "-"]
    target = tmp_path / "out.pcapng"
    target.write_bytes(b"precious")
    done = subprocess.run([*limited, *COMMAND, "read", str(tmp_path / "big.pcap"), "--what", "summary", "--force",
                           "--write", str(target)], env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 69 and "nothing of it is kept" in done.stderr and target.read_bytes() == b"precious"
    killed = subprocess.Popen([*COMMAND, "read", "-", "--what", "summary", "--write", str(tmp_path / "k.pcapng")],
                              env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert killed.stdin is not None
    killed.stdin.write(pcap.read_bytes())
    killed.stdin.flush()
    until_inside(killed)
    assert list(tmp_path.glob(".k.pcapng.*"))
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    deadline = time.monotonic() + 20
    while list(tmp_path.glob(".k*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big.pcap", "out.pcapng", "small.pcap"]


@pytest.fixture
def pcap(tmp_path: Path) -> Path:
    path = tmp_path / "small.pcap"
    path.write_bytes(small())
    return path
