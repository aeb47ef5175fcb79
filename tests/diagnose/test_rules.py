"""Rules over made frames: what is usual, when a finding opens, is over or stale, what hides what. None of it depends on
how the capture is read."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conversation import CLIENT, SERVER, Talk
from netwatch_command import COMMAND, ENVIRONMENT
from running import open_bytes
from situation import Frames, _Cut, at, syn
from wire import MS, SECOND, pcap

from netwatch.diagnose import table
from netwatch.diagnose.addon import Diagnose
from netwatch.model.contract import Purpose
from netwatch.run.pipeline import Pipeline
from netwatch.store.settings import Settings

ME, YOU = "10.1.0.7", "10.1.0.9"
Record = dict[str, Any]


def findings(frames: Frames, *, size: int = 0, workers: int = 1, **changed: int) -> list[Record]:
    """What is found, with these thresholds; `size`: frames a step."""
    settings = Settings({f"diagnose.thresholds.{key}": value for key, value in changed.items()})
    source = open_bytes(pcap(sorted(frames, key=lambda each: each[0])))
    options: dict[str, Any] = {"addons": [Diagnose()], "settings": settings, "hold": True, "workers": workers}
    pipeline = _Cut(source, size=size, **options) if size else Pipeline(source, **options)
    for _ in pipeline.steps():
        pass
    pipeline.finish()
    found = [pipeline.get(Diagnose).body(each) for each in pipeline.get(Diagnose).shown()]
    pipeline.close()
    source.close()
    return found


def exchange(begin: float, waits_ms: list[int], *, sport: int = 40000, gap_ms: int = 50, src: str = ME,
             dst: str = YOU, trip_ms: int = 1) -> Frames:
    """A connection with a request and an answer for each of these waits."""
    talk = Talk(sport, 80, start=at(begin), src=src, dst=dst, step=trip_ms * MS).open()
    for wait in waits_ms:
        talk.say(CLIENT, b"GET / HTTP/1.1\r\n\r\n", after=gap_ms * MS).say(SERVER, b"x" * 500, after=wait * MS)
        talk.ack(CLIENT)
    return talk.close().frames


def half_open(begin: float, count: int, *, first: int = 20000) -> Frames:
    return [frame for i in range(count)
            for frame in syn(begin + i * 0.01, f"10.9.{i // 200}.{1 + i % 200}", YOU, first + i, 443, "open")[:2]]


def busy() -> Frames:
    """Ten minutes of a server that answers within 5 to 40 ms, with one late answer now and then."""
    return [frame for i in range(600)
            for frame in exchange(i, [5, 40, 12, 30, 8, 1500 if i % 97 == 3 else 20], sport=20000 + i)]


def slower_than_usual() -> Frames:
    return exchange(0, [10, 20, 15] * 20) + exchange(200, [400] * 10, sport=40001)


def slow_and_well_again() -> Frames:
    return (exchange(0, [2000] * 4) + [frame for i in range(9) for frame in exchange(20 + i * 10, [5] * 3,
                                                                                  sport=41000 + i)])


def slow_and_then_silent() -> Frames:
    return exchange(0, [2000] * 4) + exchange(400, [5], dst="10.1.0.10")


def a_flood() -> Frames:
    return half_open(0, 150)


SITUATIONS = {make.__name__: (make, kind, state) for make, kind, state in (
    (busy, None, None), (slower_than_usual, "server_slow", "open"), (slow_and_well_again, "server_slow", "closed"),
    (slow_and_then_silent, "server_slow", "stale"), (a_flood, "half_open_flood", "open"))}
each = pytest.mark.parametrize("name", SITUATIONS)


@each
def test_what_is_wrong_is_found_and_nothing_else(name: str) -> None:
    make, kind, state = SITUATIONS[name]
    assert [(found["kind"], found["state"]) for found in findings(make())] == ([(kind, state)] if kind else [])


@each
@pytest.mark.same
def test_the_same_however_it_is_read(name: str) -> None:
    frames = SITUATIONS[name][0]()
    usual = json.dumps(findings(frames))
    for size in (1, 7, 50) if len(frames) < 1000 else (50,):
        assert json.dumps(findings(frames, size=size)) == usual
    for workers in (2, 3):
        assert json.dumps(findings(frames, workers=workers)) == usual


def test_what_was_usual_is_the_evidence() -> None:
    (found,) = findings(slower_than_usual())
    assert "usual before: 1" in found["evidence"][-1] and "60 samples" in found["evidence"][-1]
    assert found["since"].startswith("2023-11-14T22:16:40.4") and found["subject"]["flow"] == 2
    assert not findings(slower_than_usual(), server_least_ms=500)
    assert not findings(exchange(0, [400] * 10)), "nothing is known, and it is less than server_ms"


def test_a_slow_way_is_not_a_slow_server() -> None:
    """Every round trip takes 600 ms: that is the handshake, not the program."""
    frames = [frame for i in range(5) for frame in exchange(i * 10, [600, 605], sport=42000 + i, trip_ms=300)]
    assert [found["kind"] for found in findings(frames)] == ["handshake_slow"]


def test_a_way_that_delays_one_host_says_nothing_of_another() -> None:
    frames = exchange(0, [2000] * 4) + exchange(0, [5] * 4, dst="10.1.0.10", sport=43000)
    (found,) = findings(frames)
    assert found["dst"] == YOU and found["filter"] == f"dst == {YOU} and dport == 80"


def test_consequences_are_told_with_their_cause() -> None:
    """Loss, and a server that is slow on the same way at the same time."""
    talk = Talk(44000, 80, start=at(1), src=ME, dst=YOU).open().say(CLIENT, b"please")
    for _ in range(30):
        talk.say(SERVER, b"x" * 400)
        talk.segment(SERVER, data=b"x" * 400, seq=talk.seq[SERVER] - 400, after=400 * MS).ack(CLIENT)
    (found,) = findings(talk.frames + exchange(0, [2000] * 4))
    assert found["kind"] == "network_lossy" and found["consequences"][0].startswith("server_slow: ")
    assert "of 6" in found["evidence"][0] and "%" in found["evidence"][0]


def test_a_spurious_retransmission_is_no_loss() -> None:
    """What had been acknowledged before it was sent again was late, not lost."""
    talk = Talk(44000, 80, start=at(1), src=ME, dst=YOU).open().say(CLIENT, b"please")
    for _ in range(30):
        talk.say(SERVER, b"x" * 400).ack(CLIENT)
        talk.segment(SERVER, data=b"x" * 400, seq=talk.seq[SERVER] - 400, after=400 * MS)
    assert not findings(talk.frames)


def test_refusals_among_many_that_open() -> None:
    """A service that restarts is no finding while most connections open."""
    opened = [frame for i in range(10) for frame in syn(i, ME, YOU, 45000 + i, 80, "done")]
    refused = [frame for i in range(4) for frame in syn(20 + i, ME, YOU, 46000 + i, 80, "rst")]
    assert not findings(opened + refused)
    (found,) = findings(refused)
    assert found["kind"] == "refused" and found["count"] == 4


def test_identity_does_not_depend_on_what_follows() -> None:
    short, long = exchange(0, [2000] * 4), slow_and_well_again()
    (one,), (two,) = findings(short), findings(long)
    assert one["id"] == two["id"] and one["state"] != two["state"]


def test_each_rule_names_a_metric_and_hides_kinds_there_are() -> None:
    made = table.rules(lambda name: 1)
    assert {rule.name for rule in made} == set(table.RULES)
    assert all(rule.metric and set(rule.hides) <= set(table.RULES) - {rule.name} for rule in made)


def diagnose(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, "diagnose", *words, str(path)], env=ENVIRONMENT, text=True, capture_output=True,
                          timeout=60)


def test_the_command_line(tmp_path: Path) -> None:
    ill, well, nothing = (tmp_path / f"{name}.pcap" for name in ("ill", "well", "nothing"))
    ill.write_bytes(pcap(slower_than_usual()))
    well.write_bytes(pcap(exchange(0, [5] * 5)))
    nothing.write_bytes(pcap([]))
    page = diagnose(ill, "--format", "markdown")
    assert page.returncode == 1 and "## The server is slow (warning, open)" in page.stdout
    assert "- **Evidence** usual before" in page.stdout and not page.stderr
    assert "WARNING  The server is slow  [server_slow, open]" in diagnose(ill, "--format", "table").stdout
    record = json.loads(diagnose(ill, "--format", "ndjson").stdout)
    whole = json.loads(diagnose(ill, "--format", "json").stdout)
    assert whole["findings"] == [record] and whole["schema"] == "netwatch.diagnosis/1"
    assert record["subject"] == {"host": YOU, "flow": 2} and record["closes_when"]
    assert whole["health"]["answers"] == {"samples": 70, "bad": 10, "mean_ms": record_mean()}
    assert whole["health"]["dns"] == {"unmeasured": "no DNS query over UDP was seen with its answer"}
    healthy = diagnose(well, "--format", "table")
    assert "dns: not measured" in healthy.stdout and "answers: 5, 3.0 ms on average, 0 bad" in healthy.stdout
    assert healthy.returncode == 0 and "Nothing is wrong with what was seen" in healthy.stdout
    assert "no packets" in diagnose(nothing, "--format", "table").stdout
    assert diagnose(ill, "--set", "diagnose.thresholds.server_least_ms=500").returncode == 0
    none = diagnose(ill, "--workers", "0")
    assert none.returncode == 2 and "--workers" in none.stderr
    off = diagnose(ill, "--set", "diagnose.on=false")
    assert off.returncode == 2 and "nothing is looked for" in off.stderr


def record_mean() -> float:
    """Of the waits of slower_than_usual() beyond the round trip of 2 ms that their handshakes took, in ms."""
    waits = [10, 20, 15] * 20 + [400] * 10
    return round(sum(wait - 2 for wait in waits) / len(waits), 3)


def test_as_records(tmp_path: Path) -> None:
    path = tmp_path / "ill.pcap"
    path.write_bytes(pcap(slower_than_usual()))
    words = [*COMMAND, "read", str(path), "--what", "findings,alerts", "--format", "ndjson"]
    done = subprocess.run(words, env=ENVIRONMENT, text=True, capture_output=True, timeout=60, check=True)
    (record,) = map(json.loads, done.stdout.splitlines())
    assert record["schema"] == "netwatch.finding/1" and record["kind"] == "server_slow"
    for where, passes in ((f"severity == {record['severity']} and kind == server_slow", True),
                          (f"subject.host == {record['subject']['host']} and state == open", True),
                          (f"count == {record['count']} and exists advice", True), ("kind == loss", False),
                          ("count > 1000000", False)):
        asked = [*words[:-3], "findings", "--where", where]
        told = subprocess.run(asked, env=ENVIRONMENT, text=True, capture_output=True, timeout=60, check=True).stdout
        assert told == (done.stdout if passes else ""), where
    assert at(0) == 1_700_000_000 * SECOND


def told_live(count: int, gap_s: int, monkeypatch: pytest.MonkeyPatch, *, calm: bool) -> tuple[list[Record], list[str]]:
    """What is told while so many servers are slow, one after the other, when two are kept, and what is said."""
    monkeypatch.setattr("netwatch.diagnose.addon.MOST", 2)
    frames = [frame for n in range(count) for frame in exchange(n * gap_s, [2000] * 4, dst=f"10.1.1.{n + 1}") + (
        [one for i in range(9) for one in exchange(n * gap_s + 20 + i * 10, [5] * 3, sport=41000 + i,
                                                   dst=f"10.1.1.{n + 1}")] if calm else [])]
    source, said = open_bytes(pcap(sorted(frames, key=lambda each: each[0]))), []
    pipeline = _Cut(source, size=50, addons=[Diagnose()], settings=Settings({}), hold=True,
                    purpose=Purpose(live=True), say=lambda text, severity: said.append(text))
    found = [dict(event.payload) for step in pipeline.steps() for event in step.events if event.kind == "finding"]
    assert len(pipeline.get(Diagnose).findings) <= 2
    pipeline.close()
    source.close()
    return found, said


def test_what_is_over_makes_room_while_it_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent that runs for months tells of the thousand and first."""
    found, said = told_live(6, 120, monkeypatch, calm=True)
    assert [(each["state"], each["dst"]) for each in found] == [
        (state, f"10.1.1.{n}") for n in range(1, 7) for state in ("open", "closed")] and not said


def test_more_open_findings_than_are_kept_are_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found, said = told_live(5, 10, monkeypatch, calm=False)
    assert {each["dst"] for each in found} == {"10.1.1.1", "10.1.1.2"}
    assert said == ["2 findings are kept: no more are told until one of them is over"]
