"""netwatch feed and attach --tables: the table of flows by the second over a pipe, whole and bounded."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import hostile_feed
import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, Run
from netwatch_terminal import Terminal
from tables_lab import Sent
from test_attach import pretend

from netwatch.addons import said
from netwatch.cli import attach, live
from netwatch.cli.errors import CommandError
from netwatch.decrypt.decryptor import Decryptor
from netwatch.filter import Filter
from netwatch.history import wire
from netwatch.history.moments import MARK
from netwatch.history.tape import Piece, parted
from netwatch.history.wire import Inlet, Message, Outlet
from netwatch.model.contract import Purpose
from netwatch.model.record import Record
from netwatch.model.session import Gone
from netwatch.names.addon import Names
from netwatch.run import remote
from netwatch.run.past_session import Past
from netwatch.run.session import Session
from netwatch.run.tables import TablesSession
from netwatch.store.settings import Settings

TOUR = ROOT / "docs" / "tour.pcap"


@pytest.fixture(scope="module")
def sent() -> Iterator[Sent]:
    made = Sent(TOUR)
    assert made.stream and made.outlet.error is None
    yield made
    made.session.stop()


def rows_of(session: Session | Past, where: str | None = None) -> list[Record]:
    """All flows there are, as a screen is given them, but for their last minute."""
    page = session.query(Filter(where).of_rows() if where else None, "first", False, 0, 1000, True)
    return [{key: value for key, value in row.items() if key != "minute"} for row in page.rows]


def shown(stream: bytes, why: str = "gone", kind: type[TablesSession] = TablesSession) -> TablesSession:
    """The session that this was sent to, at its end."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as out:
            out.write(stream)

    writer = threading.Thread(target=write)
    writer.start()
    session = kind(Purpose(live=True, label="web1"), reading, b"", lambda: why, settings=Settings({}),
                            opened=lambda: None)
    session.start()
    ends = time.monotonic() + 30
    while not session.health().done and time.monotonic() < ends:
        time.sleep(0.01)
    session.stop()
    writer.join()
    return session


@pytest.mark.parametrize("where", [None, "tls", "bytes > 1000", "dport == 53", "name.host contains www"])
def test_every_flow_is_there_as_it_was_there(sent: Sent, where: str | None) -> None:
    last = list(Inlet().take(sent.stream))[-1]
    there = sent.session.at(last.piece.at_ns)
    here = shown(sent.stream)
    assert there.moment.at_ns == last.piece.at_ns
    assert rows_of(here, where) == rows_of(there, where)
    assert where is not None or len(rows_of(here)) >= 10
    flow = rows_of(here)[0]["id"]
    assert here.flow(flow) == there.flow(flow)
    assert here.health().packets == last.piece.counts[2] > 0


def test_what_is_said_of_a_flow_is_no_other_kind_of_thing(sent: Sent) -> None:
    """A feed that lies may not make a screen fail: what is counted stays a number, whatever stands there as a text."""
    there = sent.session.at(list(Inlet().take(sent.stream))[-1].piece.at_ns)
    row = next(iter(there._said))
    honest = there.record(row)
    there._said[row] = {**there._said[row], "bytes_out": "abc", "id": [1], "src": 7, "note": "said"}
    assert there.record(row) == {**honest, "note": "said"}


def test_what_came_in_each_second_is_there(sent: Sent) -> None:
    messages = list(Inlet().take(sent.stream))
    assert messages[0].piece.alone and messages[-1].interfaces[0]["link"] == 1
    seconds = [message.first + i for message in messages for i in range(len(message.counts))]
    assert seconds == sorted(set(seconds))
    assert sum(each[0] for message in messages for each in message.counts) <= messages[-1].piece.counts[2]


def test_it_has_no_past_here_and_says_what_is_not_there(sent: Sent) -> None:
    session = shown(sent.stream)
    with pytest.raises(Gone, match=r"history\.on"):
        session.at(1)
    health = session.health()
    assert "packets" in health.without and "no packets" in health.why_without
    assert health.done and health.error == "web1: gone"


def test_cuts_change_nothing_and_a_cut_line_is_an_end(sent: Sent) -> None:
    whole = list(Inlet().take(sent.stream))
    chance = random.Random(1)
    for size in (1, 7, 4096):
        inlet, found = Inlet(), list[Message]()
        for at in range(0, len(sent.stream), size):
            found += inlet.take(sent.stream[at:at + size])
        assert found == whole
    for _ in range(40):
        part = sent.stream[:chance.randrange(len(sent.stream))]
        assert list(Inlet().take(part)) == whole[:len(list(Inlet().take(part)))]
    half = shown(sent.stream[:len(sent.stream) - 5], "the connection has ended")
    assert half.health().error == "web1: the connection has ended"


def test_what_is_damaged_ends_it_with_a_line(sent: Sent) -> None:
    chance = random.Random(2)
    for _ in range(25):
        stream = bytearray(sent.stream)
        for _ in range(chance.randrange(1, 5)):
            stream[chance.randrange(len(stream))] ^= 1 << chance.randrange(8)
        error = shown(bytes(stream)).health().error
        assert error is not None and error.startswith("web1: ") and "\n" not in error


def test_another_version_is_told(sent: Sent) -> None:
    line = wire.MAGIC + json.dumps({"mark": f"{MARK}x", "version": "9.9\x1b[31m"}).encode()
    with pytest.raises(ValueError, match=r"netwatch 9\.9\[31m there .* without --tables"):
        wire.check_line(line)
    with pytest.raises(ValueError, match="no table"):
        list(Inlet().take(b"\n\r\r\n and so on"))


@pytest.mark.parametrize("head", [
    b"\xff\xff\xff\xff", b"\0\0\0\0", b"\2\0\0\0[]", b"\2\0\0\0{}",
    *(len(text).to_bytes(4, "little") + text for text in (
        json.dumps({"sizes": [1 << 27, 0, 0]}).encode(), json.dumps({"sizes": [0, 0]}).encode(), b"[" * 60000))])
def test_what_cannot_be_is_refused_before_it_is_waited_for(sent: Sent, head: bytes) -> None:
    line, newline, _ = sent.stream.partition(b"\n")
    with pytest.raises(ValueError):
        list(Inlet().take(line + newline + head))


def test_a_line_that_is_slow_keeps_nobody_waiting() -> None:
    """While what was put down has not gone out, nothing more is taken; once it has, it goes on."""
    reading, writing = os.pipe()
    outlet = Outlet(writing)
    assert not outlet.busy
    ends = time.monotonic() + 5
    piece = Piece(1, True, b"x" * 1_000_000, 1, (0,) * 6, 0)
    outlet.put(piece, {}, b"", {})
    line = os.read(reading, 64)
    time.sleep(0.05)
    assert line.startswith(wire.MAGIC) and outlet.busy
    got = 0
    while got < 1_000_000:
        got += len(os.read(reading, 1 << 16))
    while outlet.busy and time.monotonic() < ends:
        time.sleep(0.005)
    assert not outlet.busy and outlet.moments == 1
    os.close(reading)
    outlet.put(piece, {}, b"", {})
    outlet.close()
    assert isinstance(outlet.error, BrokenPipeError) and outlet.busy


def test_silence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(remote.time, "monotonic", lambda: now[0])
    silence = remote.Silence("web1")
    assert silence.told(5) == ""
    now[0] += 9
    assert silence.told(5) == ""
    now[0] += 2
    assert silence.told(5) == "web1: no word for 11 s"
    assert silence.told(6) == ""


def test_in_a_terminal(sent: Sent, tmp_path: Path) -> None:
    (tmp_path / "stream").write_bytes(sent.stream)
    environment = pretend(tmp_path, f"cat {tmp_path / 'stream'}; sleep 3; echo 'closed by web1' >&2; exit 255")
    with Terminal("attach", "web1", "--tables", "--", "--tab", "connections", folder=tmp_path,
                  **environment) as terminal:
        assert b"api.example.com" in terminal.read(20, b"api.example.com")
        terminal.send("4")
        assert b"has nothing to show" in terminal.read(10, b"has nothing to show")
        assert b"closed by web1" in terminal.read(20, b"closed by web1")
        terminal.send("q")
        assert terminal.process.wait(10) == 69


@pytest.mark.parametrize(("script", "why"), [
    ("echo hello; exit 0", b"web1: "), ("printf 'netwatch tables 1 {}\\n'; sleep 1", b"both must be the same"),
    ("echo 'netwatch: unrecognized arguments: --tables' >&2; exit 2", b"unrecognized arguments: --tables")])
def test_what_does_not_begin(tmp_path: Path, script: str, why: bytes) -> None:
    with Terminal("attach", "web1", "--tables", folder=tmp_path, **pretend(tmp_path, script)) as terminal:
        assert terminal.process.wait(30) in (2, 69)
        assert why in terminal.read(1)


def test_options_of_packets_are_refused(netwatch: Run) -> None:
    done = netwatch("feed", "-i", "lo", "--tables", "--where", "tcp")
    assert done.returncode == 2 and "--tables has all flows" in done.stderr


@pytest.mark.parametrize(("words", "why"), [
    (["--keylog", "keys"], "--keylog opens what packets say"), (["--resolve"], "set names.resolve there"),
    (["--set", "flows.max=5000"], "--set flows.max has no effect"), (["--set", "detect.on=false"], "set it there"),
    (["--set", "ui.theme=mono", "--set", "timeouts.udp=5", "--ascii", "--no-dpi"], "")])
def test_options_that_have_no_effect_on_tables_are_refused(words: list[str], why: str) -> None:
    options = live.build_parser().parse_args(words)
    if why:
        with pytest.raises(CommandError, match=re.escape(why)):
            attach._check_tables(options)
    else:
        attach._check_tables(options)


def test_what_is_refused_is_refused_before_ssh_is_asked(tmp_path: Path) -> None:
    """And --no-dpi is for the netwatch there."""
    environment = pretend(tmp_path, f"echo \"$@\" > {tmp_path}/asked; exit 3")
    for words, code in ((["--keylog", "k"], 2), (["--no-dpi"], 3)):
        with Terminal("attach", "web1", "--tables", "--", *words, folder=tmp_path, **environment) as terminal:
            assert terminal.process.wait(30) == code
        assert (tmp_path / "asked").exists() is (code == 3)
    assert (tmp_path / "asked").read_text().strip().endswith("web1 netwatch feed --tables --no-dpi")


@pytest.mark.parametrize("seed", [3, 58, 115, 7, 11, 20])
def test_a_feed_that_lies_fails_no_tab(sent: Sent, seed: int) -> None:
    """The first three did. It ends with a line, or what it says is shown."""
    session = shown(hostile_feed.lied(sent.stream, seed), kind=hostile_feed.Shown)
    hostile_feed.look(session)
    error = session.health().error
    assert error is not None and error.startswith("web1: ") and error.isprintable()


def test_what_is_said_is_held_against_the_schema(sent: Sent) -> None:
    """Junk in any place is damage, or was of that kind; what is counted, and a user's addon, are left out."""
    texts = {text for message in Inlet().take(sent.stream) for text in message.texts.values()}
    tellers = {"decrypt": ("decrypted", "decrypt.bytes"), "owners": ("process.pid", "process.shared_with")}
    owned = [{"process": {"pid": 1, "name": "curl", "shared_with": [2], "parents": [{"pid": 1, "name": "init"}]},
              "geo": {"asn": 5}}, {"owners": [[1, [2]], 10**18]}]
    assert Names.adds | Decryptor.adds | {"process"} == said.TOPS
    assert {adds for addon in sent.session.addons for adds in addon.adds} <= said.TOPS
    for facts, told in [*((parted(text)[0], json.loads(parted(text)[1])) for text in sorted(texts)), (b"", owned)]:
        def text_of(value: object, facts: bytes = facts) -> bytes:
            return len(facts).to_bytes(4, "little") + facts + json.dumps(value).encode()
        honest = json.loads(parted(said.checked(text_of(told), tellers))[1])
        assert honest[0] == told[0] and honest[1].items() <= told[1].items()
        more = [{**told[0], "bytes_out": "x", "src": 5, "mine": [None]}, {**told[1], "mine": [[{}], -1]}]
        assert json.loads(parted(said.checked(text_of(more), tellers))[1]) == honest
        for place in hostile_feed.places(honest):
            kinds = {type(hostile_feed.within(honest, place)), type(None)}
            for junk in hostile_feed.JUNK:
                with contextlib.suppress(ValueError):
                    said.checked(text_of(hostile_feed.replaced(honest, place, junk)), tellers)
                    assert {type(junk)} <= kinds | ({int, float} if kinds & {int, float} else set()), (place, junk)


def test_columns_that_are_of_no_flow_are_left_out() -> None:
    """A user's addon may have any; a value of one that is known here is held against the schema still."""
    def told(values: object) -> bytes:
        return bytes(4) + json.dumps([{}, {"mine": [values, 5]}]).encode()
    tellers = {"mine": ("mine.depth", "process.pid")}
    assert json.loads(parted(said.checked(told([[{}], 7]), tellers))[1]) == [{}, {"mine": [[None, 7], 5]}]
    for values in ([1, "x"], [1], None):
        with pytest.raises(ValueError, match="of another"):
            said.checked(told(values), tellers)


def test_it_is_shut_in_before_anything_else_runs() -> None:
    """In strict a thread that began before the walls would be refused."""
    if os.geteuid() != 0:
        pytest.skip("not root: nothing is captured")
    done = subprocess.run([*COMMAND, "feed", "-i", "lo", "--tables", "--duration", "1s", "--sandbox", "strict"],
                          capture_output=True, env=ENVIRONMENT)
    assert done.returncode == 0 and done.stdout.startswith(wire.MAGIC), done.stderr


def test_fuzzed() -> None:
    """The fuzz target's own seeds, changed a little: what it holds is held."""
    sys.path.insert(0, str(ROOT / "fuzz"))
    try:
        import fuzz_tables
    finally:
        sys.path.remove(str(ROOT / "fuzz"))
    chance = random.Random(3)
    seeds = fuzz_tables.seeds()
    for seed in seeds:
        fuzz_tables.test_one(seed)
    for number in range(60):
        fuzz_tables.test_one(fuzz_tables.changed(chance.choice(seeds), chance.randrange(1 << 30) + number))
