"""Probes again and again: what is up, down, not measured; the log of outages; and that nothing is sent unasked."""

from __future__ import annotations

import csv
import io
import itertools
import json
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from chain import FAR, ONE, PUBLIC, Chain, reason
from netwatch_command import COMMAND, ENVIRONMENT, until_inside

from netwatch.addons import insights
from netwatch.health import watch as watching
from netwatch.health.addon import Probes
from netwatch.health.uptime import Keeper, Span, Uptime, spans, summed
from netwatch.health.watch import DOWN, UNMEASURED, UP, Plan, Watch, Way
from netwatch.model.host import Host, Unavailable
from netwatch.model.machine import Counters, Link, Neighbour, Route
from netwatch.model.probe import ANSWER, DNS, SILENT, Reply
from netwatch.platform.probing import NOT_NEAR
from netwatch.store.tables import TableError

rooted = pytest.mark.skipif(reason() is not None, reason=reason() or "")
SECOND = 10**9
GATE, SERVER, WORLD = "10.9.1.2", "10.9.1.9", "9.9.9.9"


class Machine(Host):
    """One whose routes, servers and counters a test sets."""

    def __init__(self) -> None:
        self.gate: str | None = GATE
        self.servers: tuple[str, ...] = (SERVER,)
        self.total, self.state = 0, ""

    def routes(self) -> list[Route]:
        return [Route(b"\0" * 4, 0, bytes(map(int, self.gate.split("."))), "r1")] if self.gate else []

    def nameservers(self) -> tuple[str, ...]:
        return self.servers

    def links(self) -> list[Link]:
        return [Link("r1", addresses=((bytes([10, 9, 1, 1]), 24),))]

    def neighbours(self) -> list[Neighbour]:
        return [Neighbour(bytes(map(int, GATE.split("."))), "02:00:00:00:00:01", "r1", self.state)]

    def counters(self) -> list[Counters]:
        return [Counters("r1", self.total, 0, 0, 0, 0, 0), Counters("lo", 10**15, 0, 0, 0, 0, 0)]


class Answers:
    """What is answered, and who was asked."""

    def __init__(self) -> None:
        self.silent: set[str] = set()
        self.code = 0
        self.rtt = 1000.0
        self.asked: list[tuple[str, str]] = []

    def __call__(self, host: Host, method: str, address: str, wait_ms: int) -> Reply:
        self.asked.append((method, address))
        if address in self.silent:
            return Reply(1, SILENT)
        return Reply(1, ANSWER, b"", self.rtt, self.code if method == DNS else 0)


def rounds(watch: Watch, count: int, start: int = 0) -> int:
    for number in range(start, start + count):
        watch.round(number * 10 * SECOND)
    return start + count


EVERYTHING = Plan(gateway=True, dns=True, target=WORLD, third_party=True)


def test_nothing_is_asked_that_the_plan_does_not_have() -> None:
    asked = Answers()
    watch = Watch(Machine(), Plan(), asked)
    rounds(watch, 3)
    assert asked.asked == [] and watch.state.state == UNMEASURED
    asked = Answers()
    watch = Watch(Machine(), Plan(gateway=True, target=WORLD), asked)
    rounds(watch, 3)
    assert {address for _, address in asked.asked} == {GATE}, "no third party without the switch"
    ways = {way["kind"]: way for way in watch.record()["ways"]}
    assert ways["internet"] == {"kind": "internet", "state": UNMEASURED, "reason": NOT_NEAR}
    assert watch.state.state == UP


def test_a_public_resolver_is_a_third_party() -> None:
    machine, asked = Machine(), Answers()
    machine.servers = ("8.8.8.8", SERVER)
    rounds(Watch(machine, Plan(dns=True), asked), 1)
    assert asked.asked == [(DNS, SERVER)]
    machine.servers = ("8.8.8.8",)
    watch = Watch(machine, Plan(dns=True), asked)
    rounds(watch, 4)
    assert watch.ways["dns"] == Way("dns", UNMEASURED, 0, NOT_NEAR) and len(asked.asked) == 1


@pytest.mark.parametrize(("silent", "hop"), [({GATE, WORLD, SERVER}, "gateway"), ({WORLD, SERVER}, "internet"),
                                             ({SERVER}, "dns"), ({WORLD}, "internet")])
def test_down_is_what_did_not_answer_three_times(silent: set[str], hop: str) -> None:
    asked = Answers()
    watch = Watch(Machine(), EVERYTHING, asked)
    at = rounds(watch, 5)
    assert watch.state == Way("", UP, 0)
    asked.silent = silent
    at = rounds(watch, 2, at)
    assert watch.state.state == UNMEASURED, "two are not enough, and are no longer up"
    at = rounds(watch, 1, at)
    assert watch.state == Way(hop, DOWN, 5 * 10 * SECOND, "no answer")
    assert watch.record()["failing"] == hop
    asked.silent = set()
    rounds(watch, 1, at)
    assert watch.state.state == UP


def test_two_lost_are_no_outage() -> None:
    asked = Answers()
    watch = Watch(Machine(), EVERYTHING, asked)
    at = rounds(watch, 3)
    for _ in range(10):
        asked.silent = {WORLD}
        at = rounds(watch, 2, at)
        asked.silent = set()
        at = rounds(watch, 1, at)
        assert watch.state.state == UP
    (place,) = [each for each in watch.record()["places"] if each["kind"] == "internet"]
    assert place["loss_percent"] == round(100 * 20 / 33, 1)


def test_a_server_that_fails_is_down_and_one_that_knows_no_root_is_not() -> None:
    asked = Answers()
    watch = Watch(Machine(), EVERYTHING, asked)
    asked.code = 2
    at = rounds(watch, 3)
    assert watch.state == Way("dns", DOWN, 0, "it answers with an error (code 2)")
    asked.code = 3
    rounds(watch, 1, at)
    assert watch.state.state == UP


def test_a_gateway_that_answers_on_the_link_alone_is_up() -> None:
    machine, asked = Machine(), Answers()
    asked.silent, machine.state = {GATE}, "reachable"
    watch = Watch(machine, EVERYTHING, asked)
    at = rounds(watch, 5)
    assert watch.ways["gateway"].state == UP and "on the link" in watch.ways["gateway"].reason
    machine.state = "stale"
    rounds(watch, 3, at)
    assert watch.state.kind == "gateway"


def test_no_route_is_down_and_no_answer_of_the_system_is_not_measured() -> None:
    machine = Machine()
    machine.gate = None
    watch = Watch(machine, Plan(gateway=True), Answers())
    at = rounds(watch, 3)
    assert watch.state == Way("gateway", DOWN, 0, watching.NO_ROUTE)

    def denied() -> list[Route]:
        raise Unavailable("it does not tell")

    machine.routes = denied  # type: ignore[method-assign]
    rounds(watch, 3, at)
    assert watch.state.state == UNMEASURED and "it does not tell" in watch.state.reason


def test_what_queues_add_needs_both_kinds() -> None:
    machine, asked = Machine(), Answers()
    watch = Watch(machine, EVERYTHING, asked)
    for number in range(40):
        busy = number % 2
        machine.total += 100_000_000 if busy else 1000
        asked.rtt = 91_000.0 if busy else 1000.0
        if number == 8:
            assert "under load" in watch.record()["bufferbloat_unmeasured"]
        watch.round(number * 10 * SECOND)
    assert watch.record()["bufferbloat_us"] == 90_000 and watch.record()["bufferbloat_of"] == "internet"


def test_addresses_that_are_used_no_more_are_forgotten() -> None:
    machine = Machine()
    watch = Watch(machine, EVERYTHING, Answers())
    for number in range(300):
        machine.servers = (f"10.9.1.{number % 200 + 10}",)
        watch.round(number * SECOND)
    assert len(watch.record()["places"]) == 3


@pytest.mark.parametrize("hop", ["gateway", "internet", "dns"])
def test_what_is_down_has_a_card_and_a_sign(hop: str) -> None:
    probes = Probes()
    probes._state = Way(hop, DOWN, 43_200 * SECOND, "no answer")
    (card,) = insights._health(cast(Any, SimpleNamespace(find=lambda kind: probes)))
    assert card.severity == "critical" and "12:00:00 UTC: no answer." in card.measured and not card.filter
    assert [sign.text for sign in probes.signs()] == [f"{hop.upper()} DOWN since 12:00 UTC"]
    for state in (None, Way("", UP, 0)):
        probes._state = state
        assert not probes.signs() and not insights._health(cast(Any, SimpleNamespace(find=lambda kind: probes)))
    assert not insights._health(cast(Any, SimpleNamespace(find=lambda kind: None)))


def kept(tmp_path: Path, days: int = 90) -> Iterator[Keeper]:
    return iter([Keeper(tmp_path / "uptime.sqlite", days, 40 * SECOND)])


def test_what_nobody_watched_is_neither(tmp_path: Path) -> None:
    (keeper,) = kept(tmp_path)
    for at in range(0, 100, 10):
        keeper.put(at * SECOND + SECOND, Way("", UP, 0))
    for at in range(1000, 1100, 10):
        keeper.put(at * SECOND, Way("", UP, 0))
    keeper.close()
    found = summed(spans(tmp_path / "uptime.sqlite", 0, 2000 * SECOND), 0, 2000 * SECOND)
    assert (found.up, found.down, found.unmonitored) == (180 * SECOND, 0, 1820 * SECOND)
    assert found.percent == 100 and found.outages == ()
    assert Uptime(0, 10, 0, 0, ()).percent is None


def test_an_outage_begins_with_the_first_that_was_missed(tmp_path: Path) -> None:
    (keeper,) = kept(tmp_path)
    asked = Answers()
    watch = Watch(Machine(), EVERYTHING, asked)
    for number in range(30):
        asked.silent = {WORLD, SERVER} if 10 <= number < 15 else {SERVER} if 15 <= number < 20 else set()
        now = number * 10 * SECOND + SECOND
        watch.round(now)
        keeper.put(now, watch.state)
    keeper.close()
    found = summed(spans(tmp_path / "uptime.sqlite", 0, 300 * SECOND), 0, 300 * SECOND)
    assert [(each.start, each.until, each.hop) for each in found.outages] == [
        (101 * SECOND, 141 * SECOND, "internet"), (141 * SECOND, 201 * SECOND, "dns")]
    assert found.up == 190 * SECOND and found.up + found.down == 290 * SECOND, "one covers what the other does not"


@pytest.mark.parametrize("seed", range(20))
def test_spans_never_overlap_whatever_the_clock_does(seed: int, tmp_path: Path) -> None:
    """Jumps of the clock in both directions, suspends, hops that change."""
    (keeper,) = kept(tmp_path)
    chance, now = random.Random(seed), 10**18
    keeper.put(now, Way("", UP, 0))
    ways = [Way("", UP, 0), Way("gateway", DOWN, 0), Way("dns", DOWN, 0), Way("", UNMEASURED, 0)]
    for _ in range(300):
        now += chance.choice([SECOND, 10 * SECOND, 10 * SECOND, 3600 * SECOND, -5 * SECOND, -3600 * SECOND])
        way = chance.choice(ways)
        keeper.put(now, Way(way.kind, way.state, now - chance.randrange(60) * SECOND))
        found = spans(tmp_path / "uptime.sqlite", 0, 2 * 10**18)
        assert all(a.start <= a.until <= b.start for a, b in itertools.pairwise(found)), found
    keeper.close()


def test_only_one_writes_and_old_ones_go(tmp_path: Path) -> None:
    (first,), (second,) = kept(tmp_path, 1), kept(tmp_path, 1)
    assert first.writes and not second.writes
    second.put(5 * SECOND, Way("", DOWN, 5 * SECOND))
    first.put(6 * SECOND, Way("", UP, 0))
    day = 86_400 * SECOND
    first.put(3 * day, Way("", UP, 0))
    first.close()
    assert [each.start for each in spans(tmp_path / "uptime.sqlite", 0, 9 * day)] == [3 * day]
    (third,) = kept(tmp_path, 1)
    assert third.writes
    third.put(3 * day + SECOND, Way("", UP, 0))
    third.close()
    assert spans(tmp_path / "uptime.sqlite", 0, 9 * day) == [Span(3 * day, 3 * day + SECOND, UP, "", "")]
    assert (tmp_path / "uptime.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_log_that_is_damaged_or_none_says_so(tmp_path: Path) -> None:
    def asked(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*COMMAND, "uptime", *words], text=True, capture_output=True, timeout=60, check=False,
                              env={**ENVIRONMENT, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)})

    assert asked().returncode == 4 and "there is no log of outages yet" in asked().stderr
    assert asked("--since", "x").returncode == 2 and asked("--json", "--csv").returncode == 2
    path = tmp_path / "netwatch" / "uptime.sqlite"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"no data base at all, but long enough to be one" * 100)
    done = asked()
    assert done.returncode == 2 and "not a database" in done.stderr and "Traceback" not in done.stderr
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert asked().returncode == 2 and "a link" in asked().stderr
    with pytest.raises(TableError):
        spans(path, 0, 1)


def snapshots(chain: Chain, home: Path, *settings: str) -> tuple[subprocess.Popen[str], Path]:
    """A netwatch that probes every second, and where its snapshots go."""
    out = home / "snapshots"
    words = [word for each in ("probes.every_s=1", *settings) for word in ("--set", each)]
    out.touch()
    program = chain.start("near", "sh", "-c", 'exec "$@" > ' + str(out), "sh", *COMMAND, "snapshot", "-i", "r1", *words,
                          env={**ENVIRONMENT, "XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home)})
    return program, out


def until(true: Callable[[], bool], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


def newest(out: Path) -> dict[str, Any]:
    lines = out.read_text().splitlines()
    found: dict[str, Any] = json.loads(lines[-1]).get("health", {}) if lines else {}
    return found


@rooted
def test_an_outage_of_the_way_out_is_kept(tmp_path: Path) -> None:
    """In namespaces: a router drops what goes to the target for a while, and lets it pass again."""
    with Chain() as chain:
        program, out = snapshots(chain, tmp_path, "probes.gateway=true", f"probes.target={FAR}")
        until(lambda: newest(out).get("state") == UP)
        chain.rule("two", "forward", f"ip daddr {FAR} drop")
        until(lambda: newest(out).get("state") == DOWN)
        assert newest(out)["failing"] == "internet"
        chain.clear("two")
        until(lambda: newest(out).get("state") == UP)
        time.sleep(2)
        program.terminate()
        assert program.wait(20) in (0, 143, -15)
        home = {**ENVIRONMENT, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        code, told, err = chain.netwatch("uptime", "--json", env=home)
        found = json.loads(told)
        assert code == 0 and found["schema"] == "netwatch.uptime/1", err
        (outage,) = found["outages"]
        assert outage["hop"] == "internet" and outage["reason"] == "no answer" and outage["duration_s"] >= 2
        assert found["down_s"] == outage["duration_s"] and 0 < found["up_percent"] < 100
        assert found["up_s"] + found["down_s"] + found["unmonitored_s"] == pytest.approx(7 * 86_400)
        (row,) = csv.DictReader(io.StringIO(chain.netwatch("uptime", "--csv", env=home)[1]))
        assert row["hop"] == "internet" and row["start"] == outage["start"]


def probed(health: dict[str, Any]) -> bool:
    """Have all that are probed been so, or is none?"""
    return all(place["sent"] >= 2 for place in health.get("places", ())) and (not health or bool(health["places"]))


@rooted
def test_nothing_is_sent_unless_it_is_asked_for(tmp_path: Path) -> None:
    """By a session with the default settings, and of one that asks for the gateway nothing else: as the router sees."""
    asked: list[tuple[tuple[str, ...], set[str]]] = [
        ((), set()), (("probes.gateway=true", f"probes.target={PUBLIC}"), {ONE}),
        ((f"probes.target={PUBLIC}", "probes.third_party=true"), {PUBLIC})]
    with Chain() as chain:
        for number, (settings, expected) in enumerate(asked):
            seen = chain.start("one", *COMMAND, "read", "-i", "l1", "--duration", "120s", "--format", "ndjson",
                               "-f", "src 10.9.1.1 and not arp")
            until_inside(seen)
            home = tmp_path / f"home{number}"
            home.mkdir()
            program, out = snapshots(chain, home, *settings)
            until(lambda out=out: out.read_text().count("\n") >= 4 and probed(newest(out)))  # type: ignore[misc]
            seen.send_signal(signal.SIGINT)
            found, err = seen.communicate(timeout=60)
            program.terminate()
            assert seen.returncode == 130, err
            assert {json.loads(line)["dst"] for line in found.splitlines()} == expected, (settings, found)
            if not settings:
                assert "health" not in json.loads(out.read_text().splitlines()[-1])
