"""Nothing that is shown depends on where a chunk of the input ends: records are the same, whatever a step has."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from conversation import Talk
from netwatch_command import ROOT
from wire import MS, pcap

from netwatch._fast.input.pacing import PacedBox
from netwatch.cli import read, run
from netwatch.run.pipeline import Pipeline, Step

SIZES = (1, 2, 7, 50)
FOLDER = ROOT / "tests" / "captures"
CAPTURES = ("http", "dns", "tls13", "http2-clear", "smtp", "ssh", "quic", "http3", "ftp", "mdns")
QUESTIONS = [["--what", "packets"], ["--what", "packets", "--where", "app in {http, tls, ssh, dns, quic, http2, ftp}"],
             ["--what", "packets", "--where", "bytes > 3000 and not label contains x"],
             ["--what", "dns,http", "--where", "packets > 4 or app == tls"],
             ["--what", "http", "--where", "duration > 10ms"],
             ["--what", "packets,flows,dns,http,tls,streams", "--where", "state == closed or ended == end-of-input"],
             ["--what", "flows,packets,dns,http,tls,streams,summary"], ["--what", "packets", "--where", "len > 100"],
             ["--what", "packets", "--where", "syn"]]


class Cut(Pipeline):
    """Steps of at most `size` frames."""

    def __init__(self, *arguments: Any, size: int, **options: Any) -> None:
        super().__init__(*arguments, **options, box=PacedBox())
        self._size = size

    def step(self) -> Step | None:
        box = self._boxes[0]
        if not box.left:
            count = self.read()
            if count <= 0:
                return self.process(count)
        return self.process(box.show((1 << 64) - 1, self._size))


def told(words: list[str], capfdbinary: pytest.CaptureFixture[bytes]) -> bytes:
    assert run(["read", *words]) == 0
    return capfdbinary.readouterr().out


@pytest.mark.usefixtures("nothing_of_this_machine")
@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
@pytest.mark.parametrize("name", [name for name in CAPTURES if (FOLDER / f"{name}.pcap").exists()])
@pytest.mark.same
def test_records_do_not_depend_on_chunks(name: str, question: list[str], monkeypatch: pytest.MonkeyPatch,
                                         capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    words = [str(FOLDER / f"{name}.pcap"), *question]
    keys = FOLDER / f"{name}.keys"
    words += ["--keylog", str(keys)] if keys.exists() else []
    usual = told(words, capfdbinary)
    for size in SIZES:
        monkeypatch.setattr(read, "Pipeline", functools.partial(Cut, size=size))
        assert told(words, capfdbinary) == usual, f"steps of {size} frames"


@pytest.mark.usefixtures("nothing_of_this_machine")
@pytest.mark.same
def test_a_flow_longer_than_a_chunk_passes_whole(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Its first frame as its last, in a file of several chunks, from one worker or three; and is saved so."""
    talk = Talk(step=MS).open().say(0, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    talk.say(1, b"HTTP/1.1 200 OK\r\nContent-Length: 1400000\r\n\r\n")
    for _ in range(1000):
        talk.say(1, bytes(1400)).ack(0)
    talk.fin(0).fin(1).ack(0)
    path, out = tmp_path / "long.pcap", tmp_path / "out.pcapng"
    path.write_bytes(pcap(talk.frames))
    assert path.stat().st_size > 2 * 524288
    for more in ([], ["--workers", "3"]):
        asked = ["--what", "packets", "--fields", "n,app", "--where", "bytes > 1MB and http.status == 200", *more]
        lines = told([str(path), *asked, "--write", str(out), "--force"], capfdbinary).splitlines()
        assert len(lines) == len(talk.frames) and all(line.endswith(b'"app":"http"}') for line in lines)
        assert told([str(out), "--what", "summary", "--fields", "packets"], capfdbinary).endswith(
            b'"packets":%d}\n' % len(talk.frames))
    assert told([str(path), "--what", "packets", "--where", "bytes < 1MB"], capfdbinary) == b""


@pytest.mark.usefixtures("nothing_of_this_machine")
def test_what_comes_by_a_pipe_is_judged_frame_by_frame(netwatch: Any) -> None:
    """It cannot be read twice: a packet passes by what its flow was known to be when it came, and no sooner."""
    path = FOLDER / "http.pcap"
    asked = ["--what", "packets", "--fields", "n,app", "--where", "app == http"]
    with path.open("rb") as file:
        piped = netwatch("read", "-", *asked, stdin=file).stdout.splitlines()
    whole = netwatch("read", path, *asked).stdout.splitlines()
    assert set(piped) < set(whole)
    with path.open("rb") as file:
        assert len(netwatch("read", "-", *asked, "--count", "5", stdin=file).stdout.splitlines()) <= 5
