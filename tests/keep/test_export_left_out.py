"""`netwatch export` of what was not seen whole: nothing is given that is none, and that is said."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from netwatch_command import Run
from test_export import conversation, exported

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"x" * 3000
OPEN = b"HTTP/1.1 200 OK\r\n\r\n" + b"y" * 3000
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nbb8\r\n" + b"z" * 3000 + b"\r\n0\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3000\r\n\r\n" + b"x" * 3000
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HOLE, END = "bytes are missing in the capture", "the end was not seen"


def without(capture: bytes, *gone: int) -> bytes:
    """The same without frames, by their number from 0; negative ones from the end."""
    frames, at = [], 24
    while at < len(capture):
        size = 16 + int.from_bytes(capture[at + 8:at + 12], "little")
        frames.append(capture[at:at + size])
        at += size
    places = {number % len(frames) for number in gone}
    return capture[:24] + b"".join(frame for n, frame in enumerate(frames) if n not in places)


CASES = [(LONG, (5,), HOLE), (LONG, (-3, -2, -1), HOLE), (LONG, (-3,), HOLE), (OPEN, (-2, -1), END),
         (OPEN, (-3, -2, -1), END), (OPEN, (5,), HOLE), (OPEN, (-3,), HOLE), (CHUNKED, (-3,), HOLE),
         (CHUNKED, (5,), HOLE)]


@pytest.mark.parametrize(("answer", "gone", "why"), CASES)
def test_a_response_of_which_something_is_missing(netwatch: Run, tmp_path: Path, answer: bytes, gone: tuple[int, ...],
                                                  why: str) -> None:
    whole = conversation((True, GET), (False, answer))
    (entry,) = exported(netwatch, tmp_path, whole)
    assert len(entry["response"]["content"]["text"]) == 3000 and "comment" not in entry["response"]["content"]
    (entry,) = exported(netwatch, tmp_path, without(whole, *gone))
    assert "text" not in entry["response"]["content"] and why in entry["response"]["content"]["comment"]
    said = netwatch("export", "--har", tmp_path / "o.har", "--force", tmp_path / "c.pcap").stderr
    assert f"1 bodies are left out: {why}" in said
    done = netwatch("export", "--objects", tmp_path / "o", tmp_path / "c.pcap")
    assert f"0 objects, 0 bytes; 1 bodies and files are left out: {why}" in done.stderr
    line = json.loads((tmp_path / "o" / "index.ndjson").read_text())
    assert (line["missing"], line["dir"], line["url"]) == (why, "in", "http://h/a") and "file" not in line
    assert {each.name for each in (tmp_path / "o").iterdir()} == {"index.ndjson"}


def test_what_is_whole_is_said_to_be_nothing_less(netwatch: Run, tmp_path: Path) -> None:
    (tmp_path / "c.pcap").write_bytes(conversation((True, POST), (False, OK), (True, GET), (False, OPEN)))
    for words in (("--har", tmp_path / "o.har"), ("--objects", tmp_path / "o"), ("--curl",)):
        assert "left out" not in netwatch("export", *words, tmp_path / "c.pcap").stderr


def test_of_half_a_request_there_is_no_command(netwatch: Run, tmp_path: Path) -> None:
    whole = conversation((True, GET), (False, OK), (True, POST), (False, OK))
    (tmp_path / "c.pcap").write_bytes(without(whole, 6))
    done = netwatch("export", "--curl", tmp_path / "c.pcap")
    assert done.stdout.count("curl ") == 1 and "/a" in done.stdout
    assert "1 requests are left out" in done.stderr
    entries = exported(netwatch, tmp_path, without(whole, 6))
    assert [HOLE in entry["request"].get("comment", "") for entry in entries] == [False, True]


def test_a_command_sends_what_was_sent(netwatch: Run, tmp_path: Path) -> None:
    head = b"HEAD /a/../b HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\n\r\n"
    asks = (True, head), (False, b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"), (True, POST), (False, OK)
    (tmp_path / "c.pcap").write_bytes(conversation(*asks))
    said = netwatch("export", "--curl", tmp_path / "c.pcap").stdout
    first, second = map(shlex.split, said.splitlines())
    assert "--head" in first and "--request" not in first and "--path-as-is" in first
    assert "User-Agent:" in first and "Accept:" not in first and "Accept: text/html" in [
        word.replace("accept", "Accept") for word in first]
    assert "Content-Type:" in second and "--path-as-is" not in second
