"""`netwatch export`: HAR 1.2, curl, and bodies as files, of clear and of decrypted HTTP, all of its versions."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import shlex
import subprocess
from pathlib import Path

import pytest
from evidence_files import ROOT
from har12 import assert_har
from made_captures import ACK, FIN, PSH, SYN, capture, tcp
from netwatch_command import COMMAND, ENVIRONMENT, Run

from netwatch.cli import export as command
from netwatch.decrypt.budget import Room
from netwatch.export import har
from netwatch.export.bodies import Direction
from netwatch.export.web import Exchange

CAPTURES = ROOT / "tests" / "captures"
REAL = [("http", ()), ("https", ("--keylog", CAPTURES / "https.keys")), ("http2-clear", ()),
        ("https2", ("--keylog", CAPTURES / "https2.keys")), ("http3", ("--keylog", CAPTURES / "http3.keys"))]


def conversation(*said: tuple[bool, bytes], mss: int = 1000) -> bytes:
    """A capture of a TCP connection: (from the client?, bytes) in turn."""
    seqs = {True: 101, False: 9001}
    frames = [tcp(True, 100, 0, SYN), tcp(False, 9000, 101, SYN | ACK), tcp(True, 101, 9001, ACK)]
    for outward, data in said:
        for at in range(0, len(data), mss):
            piece = data[at : at + mss]
            frames.append(tcp(outward, seqs[outward], seqs[not outward], PSH | ACK, piece))
            seqs[outward] += len(piece)
    frames.append(tcp(False, seqs[False], seqs[True], FIN | ACK))
    frames.append(tcp(True, seqs[True], seqs[False] + 1, FIN | ACK))
    return capture(frames)


def exported(netwatch: Run, tmp_path: Path, data: bytes, *words: str) -> list[dict]:
    (tmp_path / "c.pcap").write_bytes(data)
    done = netwatch("export", "--har", tmp_path / "o.har", "--force", tmp_path / "c.pcap", *words)
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "o.har").read_text())
    assert_har(document)
    return document["log"]["entries"]


@pytest.mark.parametrize(("name", "words"), REAL)
def test_real_exchanges(netwatch: Run, tmp_path: Path, name: str, words: tuple[str, ...]):
    source = CAPTURES / f"{name}.pcap"
    done = netwatch("export", "--har", tmp_path / "o.har", source, *words)
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "o.har").read_text())
    assert_har(document)
    found = document["log"]
    records = [json.loads(line) for line in netwatch("read", source, *words, "--what", "http").stdout.splitlines()]
    assert len(found["entries"]) == len(records) > 0
    told = sorted((record["method"], record["status"]) for record in records if "status" in record)
    assert told == sorted((e["request"]["method"], e["response"]["status"]) for e in found["entries"]
                          if e["response"]["status"])
    scheme = "https://" if words else "http://"
    assert all(entry["request"]["url"].startswith(scheme) for entry in found["entries"])
    for entry in found["entries"]:
        length = next((h["value"] for h in entry["response"]["headers"] if h["name"] == "content-length"), None)
        coded = any(h["name"] == "content-encoding" for h in entry["response"]["headers"])
        if length is not None and not coded and entry["request"]["method"] != "HEAD" and int(length):
            assert entry["response"]["content"]["size"] == int(length), entry["request"]["url"]
    again = netwatch("export", "--har", tmp_path / "p.har", source, *words)
    assert again.returncode == 0 and (tmp_path / "p.har").read_bytes() == (tmp_path / "o.har").read_bytes()


@pytest.mark.parametrize(("name", "words"), REAL)
def test_objects_have_their_hashes(netwatch: Run, tmp_path: Path, name: str, words: tuple[str, ...]):
    done = netwatch("export", "--objects", tmp_path / "o", CAPTURES / f"{name}.pcap", *words)
    assert done.returncode == 0, done.stderr
    index = [json.loads(line) for line in (tmp_path / "o" / "index.ndjson").read_text().splitlines()]
    assert index and {line["file"] for line in index} | {"index.ndjson"} == {p.name for p in (tmp_path / "o").iterdir()}
    for line in index:
        data = (tmp_path / "o" / line["file"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (line["bytes"], line["sha256"])


BODY = bytes(range(256)) * 20


def test_bodies_of_every_framing(netwatch: Run, tmp_path: Path):
    packed = gzip.compress(b"zipped " * 100)
    chunked = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(part), part) for part in (BODY[:700], BODY[700:]))
    chunked += b"0\r\nT: 1\r\n\r\n"
    asks = [b"POST /up?a=1&b= HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello",
            b"GET /chunked HTTP/1.1\r\nHost: h\r\n\r\n", b"HEAD /head HTTP/1.1\r\nHost: h\r\n\r\n",
            b"GET /zip HTTP/1.1\r\nHost: h\r\n\r\n", b"GET /none HTTP/1.1\r\nHost: h\r\n\r\n",
            b"GET /close HTTP/1.1\r\nHost: h\r\n\r\n"]
    says = [b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
            b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed,
            b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nuntil the end"]
    turns = [(outward, data) for pair in zip(asks, says, strict=True) for outward, data in zip((True, False), pair,
                                                                                             strict=True)]
    entries = exported(netwatch, tmp_path, conversation(*turns))
    assert [e["request"]["url"] for e in entries] == [f"http://h/{p}" for p in (
        "up?a=1&b=", "chunked", "head", "zip", "none", "close")]
    assert entries[0]["request"]["postData"] == {"mimeType": "text/plain", "text": "hello", "params": []}
    assert entries[0]["request"]["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": ""}]
    texts = [e["response"]["content"] for e in entries]
    assert base64.b64decode(texts[1]["text"]) == BODY and texts[1]["encoding"] == "base64"
    assert [texts[i].get("text", "") for i in (0, 2, 3, 4, 5)] == ["ok", "", "zipped " * 100, "", "until the end"]


def test_a_hole_leaves_no_wrong_body(netwatch: Run, tmp_path: Path):
    whole = conversation((True, b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"),
                         (False, b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"x" * 3000))
    at = 24
    for _ in range(5):  # the frames before the one that is dropped
        at += 16 + int.from_bytes(whole[at + 8 : at + 12], "little")
    size = 16 + int.from_bytes(whole[at + 8 : at + 12], "little")
    entries = exported(netwatch, tmp_path, whole[:at] + whole[at + size :])
    assert len(entries) == 1 and "text" not in entries[0]["response"]["content"]


@pytest.mark.parametrize("cut", [1, 2, 7, 1000])
def test_framing_does_not_depend_on_the_cuts(cut: int):
    data = (b"\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            b"HTTP/1.0 200 OK\r\n\r\nrest")
    side = Direction([b"GET", b"GET"], Room(1 << 20))
    for at in range(0, len(data), cut):
        side.take(data[at : at + cut], 0)
    side.end()
    assert [(bytes(each.data), each.whole) for each in side.done] == [(b"hello", True), (b"rest", True)]


@pytest.mark.parametrize("data", [
    b"\0" * 300_000, b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nx", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 99_999,
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 2000\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nx"])
def test_hostile_framing(data: bytes):
    side = Direction([b"GET"], Room(1 << 20))
    side.take(data, 0)
    side.end()
    assert not any(each.whole for each in side.done)


def test_what_unpacks_to_much_is_left_out():
    """Ten bodies of a kilobyte that say a megabyte each, and there is room for half of one."""
    packed = gzip.compress(bytes(1 << 20))
    room = Room(1 << 19)
    side = Direction([b"GET"] * 10, room)
    for _ in range(10):
        side.take(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed) + packed, 0)
    assert len(side.done) == 10 and all(each.missing for each in side.done)
    assert sum(len(each.data) for each in side.done) <= 1 << 19


def test_secrets_are_masked_unless_they_are_asked_for(netwatch: Run, tmp_path: Path):
    data = conversation((True, b"GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: Basic c2VjcmV0\r\n\r\n"),
                        (False, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    assert "c2VjcmV0" not in json.dumps(exported(netwatch, tmp_path, data))
    assert "c2VjcmV0" in json.dumps(exported(netwatch, tmp_path, data, "--show-secrets"))


def test_curl(netwatch: Run, tmp_path: Path):
    data = conversation((True, b"POST /a?x='$(id)' HTTP/1.1\r\nHost: h:8080\r\nX-One: a b\r\n@etc: x\r\n"
                               b"Content-Length: 12\r\n\r\n@/etc/passwd"),
                        (False, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    (tmp_path / "c.pcap").write_bytes(data)
    line = netwatch("export", "--curl", tmp_path / "c.pcap").stdout.strip()
    words = shlex.split(line)
    assert words[:6] == ["curl", "--globoff", "--request", "POST", "--url", "http://h:8080/a?x='$(id)'"]
    assert words[words.index("--data-raw") + 1] == "@/etc/passwd" and "x-one: a b" in [w.lower() for w in words]
    assert not any(word.startswith("@") for word in words if word != "@/etc/passwd")


def test_curl_of_binary_bodies():
    direction = Direction([], Room(1 << 20))
    direction.take(b"PUT /b HTTP/1.1\r\ncontent-length: 4\r\n\r\n\0\xff'\n", 0)
    exchange = Exchange({"method": "PUT", "path": "/b", "host": "h", "version": "1.1"}, request=direction.done[0])
    line = har.curl(exchange, har.Place(False, "192.0.2.1", 80, 1))
    sent = subprocess.run(["sh", "-c", line.rpartition("|")[0]], capture_output=True, check=True).stdout
    assert sent == b"\0\xff'\n" and line.endswith("--data-binary @-")
    assert har.curl(Exchange({"method": "-X", "version": "1.1"}), har.Place(False, "::1", 80, 1)) == ""


def test_only_what_passes_and_what_is_refused(netwatch: Run, tmp_path: Path):
    source = CAPTURES / "http.pcap"
    done = netwatch("export", "--curl", source, "--where", "method == POST")
    assert all("--request POST" in line for line in done.stdout.splitlines())
    assert netwatch("export", source).returncode == 2
    assert netwatch("export", "--curl", "--har", tmp_path / "x", source).returncode == 2
    (tmp_path / "x").write_text("precious")
    assert netwatch("export", "--har", tmp_path / "x", source).returncode == 2
    assert netwatch("export", "--objects", tmp_path / "x", source).returncode == 2
    assert netwatch("export", "--curl", tmp_path / "none.pcap").returncode == 4
    assert (tmp_path / "x").read_text() == "precious"


@pytest.mark.parametrize("words", [("--har", ""), ("--objects", "")])
def test_an_empty_name_is_refused(netwatch: Run, words: tuple[str, str]):
    done = netwatch("export", ROOT / "docs" / "tour.pcap", *words)
    assert (done.returncode, done.stdout) == (2, "") and "a name is empty" in done.stderr


def test_a_reader_that_leaves_is_no_fault(tmp_path: Path):
    path = tmp_path / "many.pcap"
    exchange = ((True, b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"), (False, b"HTTP/1.1 204 No Content\r\n\r\n"))
    path.write_bytes(conversation(*exchange * 2000))
    script = '"$@" | head -1; echo "${PIPESTATUS[0]}"'
    done = subprocess.run(["bash", "-c", script, "sh", *COMMAND, "export", str(path), "--curl"], env=ENVIRONMENT,
                          capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "141" and done.stderr == ""


@pytest.mark.parametrize(("path", "name"), [
    ("/a/report.", "report.bin"), ("/a/report...", "report.bin"), ("/...", "index.bin"), ("/a.txt.", "a.txt"),
    ("/.hidden", "hidden.bin"), ("/", "index.bin"), ("/x?y=1.", "x.bin")])
def test_names_of_objects_end_in_no_dot(path: str, name: str):
    assert command._named(path, "") == name
