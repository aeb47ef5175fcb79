"""What was sealed in frames, opened: in `show`, in the Packets tab's lists and trees, and followed by the number of a
stream, requests and header fields of HTTP/2 and HTTP/3 among it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from netwatch_command import ROOT, Run

from netwatch.addons.packets.conversation import Stream
from netwatch.addons.packets.questions import Packets
from netwatch.capture.file import open_files
from netwatch.decrypt.transaction import head_text
from netwatch.model.contract import Purpose
from netwatch.run.session import Session

CAPTURES = ROOT / "tests/captures"


def texts(fields: list[dict[str, Any]]) -> list[str]:
    return [text for node in fields for text in (node["text"], *texts(node.get("fields", [])))]


@pytest.mark.parametrize(("name", "wanted"), [
    ("https2", "HTTP/2: HEADERS[1] GET /"), ("http3", "HTTP/3: HEADERS[0] GET /"), ("https", "HTTP: GET /"),
    ("imap-tls", "IMAP: ")])
def test_a_frame_shows_what_was_sealed_in_it(netwatch: Run, name: str, wanted: str) -> None:
    path, keys = CAPTURES / f"{name}.pcap", CAPTURES / f"{name}.keys"
    sealed = netwatch("show", path, "--frame", "1..999", "--limit", "999", "--format", "ndjson")
    opened = netwatch("show", path, "--frame", "1..999", "--limit", "999", "--format", "ndjson", "--keylog", keys)
    assert "Decrypted" not in sealed.stdout
    found = [text for line in opened.stdout.splitlines() for text in texts(json.loads(line)["layers"])]
    assert any(text.startswith(wanted) for text in found), found
    assert any(text.startswith("Decrypted") for text in found)


@pytest.mark.parametrize(("name", "flow", "stream"), [("https2", 1, 1), ("http3", 1, 0)])
def test_a_stream_is_followed_by_its_number(netwatch: Run, name: str, flow: int, stream: int) -> None:
    words = ["read", CAPTURES / f"{name}.pcap", "--keylog", CAPTURES / f"{name}.keys", "--follow", str(flow)]
    version = "HTTP/2" if name == "https2" else "HTTP/3"
    everything = netwatch(*words).stdout
    one = netwatch(*words, "--follow-stream", str(stream)).stdout
    for said in (everything, one):
        assert f"GET /index.html {version}\r\n" in said and f"{version} 200\r\n" in said and "host: " in said
    assert f", stream {stream}, decrypted" in one
    assert {line.partition(", stream ")[2].partition(",")[0] for line in one.splitlines()
            if line.startswith("--- ")} == {str(stream)}
    none = netwatch(*words, "--follow-stream", "77777")
    assert none.returncode != 0 and "nothing of the flow can be shown" in none.stderr


def test_the_packets_tab_lists_and_decodes_it() -> None:
    path = str(CAPTURES / "https2.pcap")
    keys = (str(CAPTURES / "https2.keys"),)
    session = Session(Purpose(label="https2", keylogs=keys), lambda: open_files([path]))
    session.start()
    end = time.monotonic() + 20
    while not session.health().done and time.monotonic() < end:
        time.sleep(0.01)
    try:
        seen = session.ask(Packets(anchor=0, before=0, after=200))
        line = next(line for line in seen.lines if "GET /" in line.info)
        assert not any("DATA[33554534]" in line.info for line in seen.lines), "records are no frames of HTTP/2"
        assert line.proto == "HTTP/2" and "HEADERS[1] GET /" in line.info
        chosen = session.ask(Packets(selected=line.k)).chosen
        assert chosen is not None
        assert [node.name for node in chosen.tree[3:]] == ["tcp", "tls", "opened"]
        inner = next(node for node in chosen.tree if node.name == "opened")
        assert any("host: " in child.text for node in inner.children for child in node.children)
        said = session.ask(Stream(line.flow))
        assert any(turn.stream == 1 and turn.data.startswith(b"GET /index.html HTTP/2\r\n") for turn in said.turns)
    finally:
        session.stop()


def test_a_list_of_fields_as_lines() -> None:
    assert head_text([(b":method", b"GET"), (b":path", b"/a"), (b":authority", b"h"), (b"x", b"1\r\n2")], "HTTP/2") == (
        b"GET /a HTTP/2\r\nhost: h\r\nx: 1  2\r\n\r\n")
    assert head_text([(b":status", b"204")], "HTTP/3") == b"HTTP/3 204\r\n\r\n"
    assert head_text([(b"grpc-status", b"0")], "HTTP/2") == b"grpc-status: 0\r\n\r\n"
