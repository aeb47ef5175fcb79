"""Every scenario of docs/processes.md, in a lab of namespaces: the right process or none, and never another one."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import netlab
import pytest

WHY = netlab.reason()
pytestmark = pytest.mark.skipif(WHY is not None, reason=WHY or "")

# what eBPF must find, with the quality it must say; the second: whether polling finds it as well
SCENARIOS = {
    "tcp4_short": ({"exact"}, False), "tcp6_short": ({"exact"}, False), "udp_short": ({"exact"}, False),
    "killed": ({"exact"}, False), "refused": ({"exact"}, False), "unanswered": ({"exact"}, True),
    "accepted": ({"exact"}, True), "accepted6": ({"exact"}, True), "accepted_dual": ({"exact"}, True),
    "accepted_idle": ({"exact", "listener"}, True), "loopback": ({"exact"}, True), "worker": ({"exact"}, True),
    "forked": ({"exact"}, True), "daemon": ({"exact"}, True), "executed": ({"exact"}, True),
    "thread": ({"exact"}, True), "udp_connected": ({"exact"}, True), "udp_loose": ({"port"}, True),
    "udp6_loose": ({"port"}, True), "udp_server": ({"port"}, True), "multicast": ({"port"}, True),
    "icmp_raw": ({"port"}, True), "icmp6_raw": ({"port"}, True), "icmp_socket": ({"port"}, False),
    "raw_protocol": ({"port"}, False), "passed": ({"shared"}, True), "other_user": ({"exact"}, True),
    "port_again": ({"exact"}, True), "deleted": ({"exact"}, True),
}
NOT_FOUND = ("packet_socket",)
METHODS = ("ebpf", "sock_diag")


class Asker:
    """A lab with programs from before, and then somebody in it to be asked."""

    def __init__(self, lab: netlab.Lab, method: str) -> None:
        self._lab = lab
        self.before = [*self.play("forked"), *self.play("udp_loose"), *self.play("accepted")]
        self._asker = lab.python(lab.near, "asker.py", method, stdin=subprocess.PIPE)
        assert self._asker.stdout
        self.status = {name: (active, why) for name, active, why in json.loads(self._asker.stdout.readline())}

    def play(self, name: str, where: str = "") -> list[list[Any]]:
        """The ends of a scenario that goes on."""
        program = self._lab.python(where or self._lab.near, "scenarios.py", name, stdin=subprocess.PIPE)
        assert program.stdout
        ends: list[list[Any]] = json.loads(program.stdout.readline())
        self._last = program
        return ends

    def finish(self) -> None:
        assert self._last.stdin
        self._last.stdin.close()
        self._last.wait(10)

    def ask(self, end: list[Any]) -> dict[str, Any]:
        assert self._asker.stdin and self._asker.stdout
        self._asker.stdin.write(json.dumps(end) + "\n")
        self._asker.stdin.flush()
        answer: dict[str, Any] = json.loads(self._asker.stdout.readline())
        return answer


@pytest.fixture(scope="module", params=METHODS)
def asker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with netlab.Lab(tmp_path_factory.mktemp("lab")) as lab:
        lab.serve()
        made = Asker(lab, request.param)
        active, why = made.status[request.param]
        if not active:
            pytest.skip(f"{request.param}: {why}")
        made.method = request.param  # type: ignore[attr-defined]
        yield made


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(asker: Asker, name: str) -> None:
    qualities, polled = SCENARIOS[name]
    ends = asker.play(name)
    answers = [asker.ask(end) for end in ends]
    asker.finish()
    by_ebpf = asker.method == "ebpf"  # type: ignore[attr-defined]
    for end, answer in zip(ends, answers, strict=True):
        assert answer.get("pid", end[5]) == end[5], "given to another process"
        if by_ebpf or polled:
            assert "pid" in answer, answer
            assert answer["method"] == asker.method  # type: ignore[attr-defined]
            assert answer["exe"].startswith("/") and answer["user"] and answer["cmdline"]
        if by_ebpf:
            assert answer["quality"] in qualities
    if by_ebpf and name == "other_user":
        assert answers[0]["user"] == "nobody" and answers[0]["uid"] == 65534
    if by_ebpf and name == "passed":
        assert answers[0]["shared_with"]


@pytest.mark.parametrize("name", NOT_FOUND)
def test_what_cannot_be_found_says_why(asker: Asker, name: str) -> None:
    for end in asker.play(name):
        answer = asker.ask(end)
        assert "pid" not in answer and answer["unknown"]
    asker.finish()


def test_what_was_there_before(asker: Asker) -> None:
    now = time.time_ns()       # of the first packet that netwatch sees
    for end in asker.before:
        assert asker.ask([*end[:6], now])["pid"] == end[5]


def test_another_namespace(asker: Asker) -> None:
    for name in ("forked", "udp_loose"):
        for end in asker.play(name, asker._lab.far):
            time.sleep(1)      # others' namespaces are looked at less often, and what begins in between is not proved
            local = netlab.FAR4 if end[0] == 17 else end[1]
            answer = asker.ask([end[0], local, *end[2:6], time.time_ns()])
            assert answer.get("pid") == end[5], answer
        asker.finish()


def test_what_passes_by_is_nobodys(asker: Asker) -> None:
    now = asker.before[0][6]
    for proto in (6, 17, 1, 132):
        answer = asker.ask([proto, "203.0.113.9", 40000, "203.0.113.10", 443, 0, now])
        assert "pid" not in answer and answer["unknown"]
