"""`netwatch show`: frames as trees of their fields, and which frames are shown."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, Run
from netwatch_terminal import said_to_a_terminal

TOUR = ROOT / "docs" / "tour.pcap"


def trees(done: Any) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def nodes(fields: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in fields:
        yield node
        yield from nodes(node.get("fields", []))


def test_a_frame_is_what_its_record_says(netwatch: Run) -> None:
    packets = trees(netwatch("read", TOUR, "--what", "packets"))
    shown = trees(netwatch("show", TOUR, "--frame", "1..9999", "--format", "ndjson", "-x"))
    assert [tree["n"] for tree in shown] == [packet["n"] for packet in packets]
    for packet, tree in zip(packets, shown, strict=True):
        values = {node["name"]: node.get("value") for node in nodes(tree["layers"])}
        assert values["frame.time"] == packet["time"]
        assert len(bytes.fromhex(tree["bytes"])) == packet["caplen"]
        assert tree.get("flow") == packet.get("flow")
        for name, key in (("ip.src", "src"), ("ipv6.src", "src"), ("tcp.dstport", "dport"), ("udp.dstport", "dport")):
            assert name not in values or values[name] == packet[key]


def test_bytes_of_fields_lie_in_the_frame(netwatch: Run) -> None:
    for tree in trees(netwatch("show", TOUR, "--frame", "1..40", "--format", "ndjson", "-x")):
        data = bytes.fromhex(tree["bytes"])
        for node in nodes(tree["layers"]):
            assert 0 <= node.get("at", 0) <= node.get("at", 0) + node.get("size", 0) <= len(data)
            if node["name"] == "tcp.srcport":
                assert int.from_bytes(data[node["at"]:][:2], "big") == node["value"]


def test_the_frames_of_a_flow(netwatch: Run) -> None:
    packets = trees(netwatch("read", TOUR, "--what", "packets", "--where", "flow == 6"))
    assert [tree["n"] for tree in trees(netwatch("show", TOUR, "--flow", 6, "--format", "ndjson"))] == [
        packet["n"] for packet in packets]
    done = netwatch("show", TOUR, "--flow", 6, "--limit", 2, "--format", "ndjson")
    assert [tree["n"] for tree in trees(done)] == [packet["n"] for packet in packets][:2]
    assert done.stderr == f"netwatch: {len(packets) - 2} frames more: --limit shows them\n"


@pytest.mark.parametrize("where", ["tcp.flags.syn == 1", "app == http", "rcode == REFUSED or port 443", "ip.ttl < 2"])
def test_the_frames_that_pass_a_filter(netwatch: Run, where: str) -> None:
    """Those that `read` finds; of a flow, or of some frames, those of them. What a flow turns out to be counts."""
    packets = trees(netwatch("read", TOUR, "--what", "packets", "-Y", where))
    numbers = [packet["n"] for packet in packets]

    def shown(*words: str) -> list[int]:
        return [tree["n"] for tree in trees(netwatch("show", TOUR, *words, "-Y", where, "--format", "ndjson"))]
    if not numbers:
        done = netwatch("show", TOUR, "--where", where)
        none = f"netwatch: --where {where}: none of 47 frames passes the filter\n"
        assert (done.returncode, done.stderr) == (4, none)
        return
    assert shown() == numbers
    assert shown("--limit", "2") == numbers[:2]
    assert shown("--frame", f"1..{numbers[0]}") == numbers[:1]
    flow = packets[0]["flow"]
    assert shown("--flow", str(flow)) == [packet["n"] for packet in packets if packet["flow"] == flow]


def test_the_text_is_the_tree(netwatch: Run) -> None:
    text = netwatch("show", TOUR, "--frame", "3,1").stdout
    assert [line.strip() for line in text.splitlines() if line] == [
        node["text"] for tree in trees(netwatch("show", TOUR, "--frame", "1,3..3,3", "--format", "ndjson"))
        for node in nodes(tree["layers"])]
    dump = netwatch("show", "--frame", 1, TOUR, "-x").stdout.splitlines()[-1]
    assert dump[4:6] == "  " and int(dump[:4], 16) % 16 == 0


def test_several_files_and_standard_input(netwatch: Run) -> None:
    total = len(trees(netwatch("read", TOUR, "--what", "packets")))
    assert [tree["n"] for tree in trees(netwatch("show", TOUR, TOUR, "--frame", f"{total + 1}", "--format", "ndjson"))
            ] == [total + 1]
    done = subprocess.run([*COMMAND, "show", "-", "--frame", "2"], stdin=TOUR.open("rb"), env=ENVIRONMENT,
                          capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == netwatch("show", TOUR, "--frame", "2").stdout


@pytest.mark.parametrize(("words", "code", "said"), [
    (["--frame", "0"], 2, "numbers from 1"), (["--frame", "x"], 2, "numbers from 1"),
    (["--frame", "2..x"], 2, "from 1"),
    ([], 2, "needs --frame N, --flow ID or --where EXPR"), (["--frame", "1", "--flow", "2"], 2, "one of them"),
    (["--flow", "999"], 4, "--flow 999: there is no such flow"), (["--frame", "9..5"], 4, "no such frame"),
    (["--flow", "1", "--limt", "3"], 2, "did you mean --limit?"),
])
def test_mistakes(netwatch: Run, words: list[str], code: int, said: str) -> None:
    done = netwatch("show", TOUR, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_what_was_cut_off_is_shown_up_to_there(netwatch: Run, tmp_path: Path) -> None:
    (tmp_path / "cut.pcap").write_bytes(TOUR.read_bytes()[:-7])
    done = netwatch("show", tmp_path / "cut.pcap", "--frame", 1)
    assert done.returncode == 5
    assert done.stdout == netwatch("show", TOUR, "--frame", 1).stdout


@pytest.mark.parametrize("words", [["--frame", "1", "-Y", "port 1"], ["-Y", "port 1"], ["--flow", "2", "-Y", "port 1"],
                                   ["--frame", "999"]])
def test_at_a_terminal_one_line_says_that_there_is_nothing(words: list[str]) -> None:
    code, said = said_to_a_terminal("show", str(TOUR), *words)
    assert code == 4 and len(said.split("netwatch: ")) == 2, said


def test_a_number_that_no_frame_can_have(netwatch):
    for option in ("--frame", "--flow"):
        done = netwatch("show", ROOT / "docs/tour.pcap", option, "9" * 23)
        assert done.returncode == 4 and "there is no such" in done.stderr
