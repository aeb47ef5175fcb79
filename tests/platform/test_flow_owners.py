"""The addon that joins owners to flows, with a host that answers as it is told: no socket is looked at here."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parent.parent / "engine"))
from running import open_bytes
from wire import SECOND, START, SYN, arp, eth, icmp_echo, ip4, pcap, tcp, udp

from netwatch.filter import Filter
from netwatch.model.contract import Purpose
from netwatch.model.event import Step
from netwatch.model.host import Ends, Host, Unavailable
from netwatch.model.machine import EXACT, LISTENER, Owner, Process, Status, Unknown
from netwatch.owners import addon as owners
from netwatch.owners.addon import FlowOwners, Method, chosen
from netwatch.run.pipeline import Pipeline
from netwatch.run.session import Session

CURL = Process(100, "curl", "/usr/bin/curl", "curl -s x", 1000, "alice", 12, ((12, "bash"), (1, "init")),
               container="docker:abc", pod="shop", unit="shop.service")
Answers = list[Owner | Unknown]


def owner(process: Process = CURL, quality: str = EXACT, others: tuple[int, ...] = ()) -> Owner:
    return Owner(process, "ebpf", quality, 0.5, others)


class Invented(Host):
    """A host and its owners: `answers` are given by the initiator's port, the last of them for ever."""

    def __init__(self, answers: dict[int, Answers], ready: bool = True) -> None:
        self.answers = answers
        self.asked: list[tuple[Any, ...]] = []
        self.owners = self
        self.ready = ready

    def status(self) -> list[Status]:
        return [Status("ebpf", False, "forbidden"), Status("sock_diag", True, "polled")]

    def of_flow(self, proto: int, src: bytes, sport: int, dst: bytes, dport: int, first: int,
                last: int) -> Owner | Unknown:
        self.asked.append((proto, src, sport, dst, dport, first))
        there = self.answers.get(sport, [Unknown("nobody")])
        return there.pop(0) if len(there) > 1 else there[0]

    def of_flows(self, asked: Sequence[Ends]) -> list[Owner | Unknown]:
        return [self.of_flow(*each) for each in asked]  # type: ignore[arg-type]

    def tcp_info(self, local: str, lport: int, remote: str, rport: int) -> dict[str, Any]:
        if rport == 1000:
            return {"state": 10, "snd_cwnd": 0}     # the socket that listened: the connection is gone
        if lport != 1001:
            raise Unavailable("no such connection")
        return {"snd_cwnd": 10}


def opened(sport: int, at: int = 0) -> tuple[int, bytes]:
    return START + at, eth(ip4(6, tcp(sport, 80, SYN, seq=1)))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "WAITS", (0.0,) * 5)


def records_of(host: Invented, frames: list[tuple[int, bytes]], **more: Any) -> list[dict[str, Any]]:
    """The flow records of a reading whose owners this host knows."""
    pipeline = Pipeline(open_bytes(pcap(frames)), addons=[FlowOwners()], hold=True, host=host, **more)
    found = []
    while (step := pipeline.step()) is not None:
        found += [pipeline.record(*row) for row in step.ended]
    found += [pipeline.record(*row) for row in pipeline.finish().ended]
    pipeline.close()
    return sorted(found, key=lambda record: record["id"])


def test_all_that_is_known_is_in_the_record():
    (record,) = records_of(Invented({1000: [owner(others=(101,))]}), [opened(1000)])
    process = record["process"]
    assert 0.5 <= process.pop("age_s") < 60
    assert process == {
        "pid": 100, "name": "curl", "exe": "/usr/bin/curl", "cmdline": "curl -s x", "uid": 1000, "user": "alice",
        "ppid": 12, "container": "docker:abc", "pod": "shop", "unit": "shop.service", "method": "ebpf",
        "quality": "exact", "shared_with": [101],
        "parents": [{"pid": 12, "name": "bash"}, {"pid": 1, "name": "init"}]}


def test_what_is_asked_about_is_the_flow_from_who_began_it():
    platform = Invented({})
    echo = START + 2, eth(ip4(1, icmp_echo(0, 77), src="10.0.0.2", dst="10.0.0.1"))
    answer = START + 1, eth(ip4(17, udp(53, 4000, b"x"), src="10.0.0.2", dst="10.0.0.1"))
    arp_found, *found = records_of(platform, [(START, eth(arp(1), 0x0806)), answer, echo])
    near, far = b"\x0a\0\0\1", b"\x0a\0\0\2"
    assert set(platform.asked) == {(17, near, 4000, far, 53, START + 1), (1, near, 77, far, 0, START + 2)}
    assert "process" not in arp_found
    assert [record["process"] for record in found] == [{"unknown": "nobody"}] * 2


def test_what_is_of_others_is_asked_about_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither end is here, and no sooner than a while later."""
    monkeypatch.setattr(owners, "FAR_WAIT", 0.0)
    platform = Invented({1000: [Unknown("passing by", retry=True, far=True)], 1001: [Unknown("later", retry=True)]})
    records_of(platform, [opened(1000 + each % 2, each) for each in range(40)])
    asked = [sport for _, _, sport, *_ in platform.asked]
    assert asked.count(1000) == 2 and asked.count(1001) > 2


def test_a_better_answer_replaces_a_listener_and_nothing_replaces_an_owner():
    worker = Process(101, "worker")
    platform = Invented({1000: [Unknown("later", retry=True), owner(quality=LISTENER), owner(worker)],
                         1001: [owner(quality=LISTENER), Unknown("gone")]})
    first, second = records_of(platform, [opened(1000), opened(1001, 1)])
    assert (first["process"]["pid"], first["process"]["quality"]) == (101, "exact")
    assert (second["process"]["pid"], second["process"]["quality"]) == (100, "listener")


def test_a_row_used_again_has_its_own_flows_owner():
    others = {1000 + n: [owner(Process(n, f"p{n}"))] for n in range(40)}
    frames = [opened(1000 + n, 100 * n * SECOND) for n in range(40)]
    found = records_of(Invented(others), frames, max_flows=1000)
    assert [(r["sport"], r["process"]["pid"]) for r in found] == [(1000 + n, n) for n in range(40)]


def test_a_flood_is_not_asked_about_one_by_one():
    platform = Invented({})
    found = records_of(platform, [opened(1000 + n, n) for n in range(6000)])
    reasons = [record["process"]["unknown"] for record in found]
    assert reasons == ["nobody"] * 5000 + [owners.TOO_MANY] * 1000
    assert len(platform.asked) == 5000


def test_until_the_host_is_ready_nothing_is_said_of_it():
    host, addon = Invented({}, ready=False), FlowOwners()
    pipeline = Pipeline(open_bytes(pcap([opened(1000)])), addons=[addon], host=host)
    assert pipeline.step() is not None
    assert pipeline.record(pipeline.engines[0], 1)["process"] == {"unknown": owners.NOT_YET}
    assert addon.method() == Method("", "starting")
    host.ready = True
    assert addon.method() == Method("sock_diag", "no ebpf: forbidden")
    addon.take(Step(()))
    assert pipeline.record(pipeline.engines[0], 1)["process"] == {"unknown": "nobody"}


def test_why_no_method_works_is_told():
    assert chosen([Status("lsof", False, "not installed")]) == Method("", "no lsof: not installed")
    assert chosen([]) == Method("", "")


# ------------------------------------------------------------------------------------------------------ in the terminal

FILTERS = (
    "process == curl", "process != curl", "process contains UR", "process matches /^s/", "pid == 100",
    "pid in {1..150}", "user == alice", "uid >= 1000", "container contains abc", "pod == shop", "unit contains shop",
    "cmdline contains x", "exe == /usr/bin/curl", "parent == bash", "process.parents.pid == 1",
    "process.quality == exact", "not pid == 100",
    "process.unknown contains nobody", "process.age_s < 1h", "process.shared_with == 7", "curl",
    "sport == 1001 or pid == 7",
)


@pytest.fixture
def session() -> Iterator[Session]:
    host = Invented({1000: [owner()], 1001: [owner(others=(7,))],
                     1002: [owner(Process(200, "sshd", uid=0, user="root"))]})
    made = Session(Purpose(label="test"), lambda: open_bytes(pcap([opened(1000 + n, n) for n in range(5)])), host=host)
    made.start()
    until = time.monotonic() + 20
    while not made.health().done and time.monotonic() < until:
        time.sleep(0.02)
    yield made
    made.stop()


def test_the_query_finds_what_the_records_say(session: Session):
    def found(text: str | None, sort: str = "id", descending: bool = False) -> list[int]:
        page = session.query(Filter(text) if text else None, sort, descending, 0, 100, True)
        return [row["id"] for row in page.rows]

    records = [session.flow(ident) for ident in found(None)]
    assert len(records) == 5
    for text in FILTERS:
        wanted = [record["id"] for record in records if Filter(text).matches(record)]
        assert found(text) == wanted, text
        assert 0 < len(wanted) < 5 or text == "process.age_s < 1h", text
    assert found(None, "process.name") == [1, 2, 3, 4, 5]
    assert found(None, "process.pid", True)[:3] == [3, 1, 2]


def test_a_flow_has_the_kernels_own_view(session: Session):
    assert [session.flow(ident).get("tcp_info") for ident in (1, 2)] == [None, {"snd_cwnd": 10}]
    assert (session.health().owners, session.health().owners_why) == ("sock_diag", "no ebpf: forbidden")
