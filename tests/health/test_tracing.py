"""The way to the host of the selected row, in the terminal: hop by hop, by a key; and what the helper holds to."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from chain import FAR, ONE, PUBLIC, TWO, Chain, reason
from netwatch_command import COMMAND, until_inside
from netwatch_terminal import Terminal
from test_trace import Way

from netwatch.addons.tracing import DONE, REFUSED, ROUNDS, Job, Traced, Tracing
from netwatch.capture.capd.client import Helper
from netwatch.health import trace as traces
from netwatch.model.host import Host, Unavailable
from netwatch.model.probe import ANSWER, Reply
from netwatch.platform import probing
from netwatch.platform.probing import Prober, Probing

rooted = pytest.mark.skipif(reason() is not None, reason=reason() or "")


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with Chain() as made:
        yield made


def shown(chain: Chain, folder: Path, monkeypatch: pytest.MonkeyPatch, address: str, *words: str) -> Terminal:
    """The terminal in the near end, with a flow to that address."""
    prefix = ["nsenter", f"--net=/run/netns/{chain.names['near']}"]
    monkeypatch.setattr("netwatch_terminal.COMMAND", [*prefix, *COMMAND])
    terminal = Terminal("-i", "r1", "--tab", "connections", "--where", f"dst == {address}", "--sandbox", "strict",
                        *words, folder=folder)
    until_inside(terminal.process)
    chain.inside("near", "ping", "-c", "2", "-i", "0.2", address)
    assert address.encode() in terminal.read(20, until=address.encode())
    terminal.read(2)
    return terminal


@rooted
def test_the_hops_of_the_selected_row(chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with shown(chain, tmp_path, monkeypatch, FAR) as terminal:
        terminal.send("t")
        said = terminal.read(40, until=b"bytes pass")
        assert b"The way to" in said and ONE.encode() in said and TWO.encode() in said
        assert b"packets of 1500 bytes pass" in said, "from this machine, as it is now"
        terminal.send("\x1b")
        terminal.read(1)
        terminal.send("q")
        assert terminal.process.wait(20) == 0


@rooted
@pytest.mark.parametrize(("address", "words", "why"), [
    (PUBLIC, (), b"probes.third_party"), (FAR, ("--set", "trace.allow=false"), b"trace.allow")])
def test_what_is_not_allowed_is_said_with_the_setting(chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                      address: str, words: tuple[str, ...], why: bytes) -> None:
    with shown(chain, tmp_path, monkeypatch, address, *words) as terminal:
        terminal.send("t")
        said = terminal.read(20, until=b"allows it")
        assert why in said and b"allows it" in said and ONE.encode() not in said


def test_a_trace_goes_on_by_itself_and_ends() -> None:
    job = Job(cast(Host, Traceable([b"\x0a\x09\x01\x02", b"\x0a\x09\x03\x02"])), FAR)
    job._over.wait = lambda seconds: False  # type: ignore[method-assign]
    job.start()
    until = time.monotonic() + 20
    while job.look().unfinished and time.monotonic() < until:
        time.sleep(0.01)
    traced = job.look()
    assert traced.state == DONE and traced.rounds == ROUNDS and traced.record["reached"]
    assert [hop["sent"] for hop in traced.record["hops"]] == [ROUNDS] * 2 and "path_mtu" in traced.record


class Traceable(Way):
    def __init__(self, hops: list[bytes]) -> None:
        super().__init__([".".join(map(str, hop)) for hop in hops], 1500, True)
        self.begun: list[str] = []

    def begin_trace(self, address: str) -> None:
        self.begun.append(address)

    def end_trace(self) -> None:
        self.begun.append("")


def test_one_at_a_time_and_none_once_it_is_closed() -> None:
    class Slow(Traceable):
        def replies(self) -> tuple[Reply, ...]:
            return ()
    host = Slow([b"\x0a\x09\x01\x02"])
    tracing = Tracing()
    tracing._host, tracing._job, tracing._refused, tracing._allowed = cast(Host, host), None, None, True
    tracing.start("10.0.0.1")
    tracing.start("10.0.0.2")
    assert host.begun == ["10.0.0.1", "", "10.0.0.2"] and tracing.now("10.0.0.1") is None
    assert cast(Traced, tracing.now("10.0.0.2")).unfinished
    tracing.stop()
    tracing.close()
    sent = len(host.sent)
    time.sleep(0.3)
    assert host.begun[-1] == "" and len(host.sent) == sent


class Counted:
    """A prober that sends nothing."""

    def send(self, *given: object) -> int:
        return 1

    def replies(self) -> tuple[Reply, ...]:
        return ()

    def close(self) -> None:
        return


def test_what_may_be_pointed_at_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the helper, whatever the process says that reads."""
    made = Probing(Host(), lambda: cast(Prober, Counted()))
    with pytest.raises(ValueError, match="nobody allowed it at the start"):
        made.begin_trace(FAR)
    made.allow_traces(False)
    with pytest.raises(ValueError, match="said before"):
        made.allow_traces(True)
    for address, why in ((PUBLIC, "third party"), ("224.0.0.1", "it is many"), ("0.0.0.0", "it is many"),
                         ("x", "appear")):
        with pytest.raises(ValueError, match=why):
            made.begin_trace(address)
    made.begin_trace(FAR)
    for _ in range(probing.TRACE_PROBES):
        made.send("echo", FAR, 1, 64, 100, 0)
    for address in (FAR, ONE):
        with pytest.raises(ValueError, match="nobody asked for it"):
            made.send("echo", address, 1, 64, 100, 0)
    for _ in range(probing.TRACES_AT_ONCE - 1):
        made.begin_trace(ONE)
    with pytest.raises(BlockingIOError, match="too many at a time"):
        made.begin_trace(TWO)
    made.end_trace()
    with pytest.raises(ValueError, match="nobody asked for it"):
        made.send("echo", ONE, 1, 64, 100, 0)


def test_in_a_run_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    made = Probing(Host(), lambda: cast(Prober, Counted()))
    made.allow_traces(True)
    for _ in range(probing.TRACES_MOST):
        clock[0] += 60
        made.begin_trace(PUBLIC)
    clock[0] += probing.TRACE_S + 1
    with pytest.raises(ValueError, match="nobody asked for it"):
        made.send("echo", PUBLIC, 1, 64, 100, 0)
    with pytest.raises(BlockingIOError, match="start netwatch anew"):
        made.begin_trace(PUBLIC)


@pytest.mark.skipif(os.geteuid() != 0, reason="as root")
@pytest.mark.parametrize("allowed", [False, True])
def test_who_ends_the_helper_cannot_allow_the_next_one_more(allowed: bool) -> None:
    """Nor one to which nothing was said before frames were read."""
    helper = Helper()
    try:
        if allowed:
            helper.allow_traces(False)
        helper.allow_no_more()
        for again in range(3):
            for allow in (lambda: helper.allow_probes([PUBLIC], True), lambda: helper.allow_traces(True),
                          helper.allow_whois):
                with pytest.raises(ValueError, match="said before"):
                    allow()
            with pytest.raises(ValueError, match=r"is false|nobody"):
                helper.ask_registry("iana", PUBLIC)
            with pytest.raises(ValueError, match="third party" if allowed else "nobody allowed it"):
                helper.begin_trace(PUBLIC)
            if again < 2:
                os.kill(helper.pid, signal.SIGKILL)
                with pytest.raises(Unavailable):
                    while True:
                        helper.links()
    finally:
        helper.close()


def test_several_that_probe_take_nobodys_answers() -> None:
    class Shared(Host):
        def __init__(self) -> None:
            self.told: list[Reply] = []

        def replies(self) -> tuple[Reply, ...]:
            told, self.told = tuple(self.told), []
            return told
    host, found = Shared(), {}
    def wait(numbers: set[int]) -> None:
        for reply in traces.answers(host, numbers, 2_000):
            found[reply.number] = reply.kind
    threads = [threading.Thread(target=wait, args=({first, first + 2},)) for first in (1, 2)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    host.told += [Reply(number, ANSWER, b"\1\2\3\4", 1.0) for number in (4, 3, 2, 1)]
    for thread in threads:
        thread.join(10)
    assert found == dict.fromkeys((1, 2, 3, 4), ANSWER)


def test_a_refusal_says_which_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing(Host):
        def begin_trace(self, address: str) -> None:
            raise ValueError(f"{address} is not probed: {probing.NOT_NEAR}")
    tracing = Tracing()
    tracing._host, tracing._job, tracing._refused, tracing._allowed = Refusing(), None, None, True
    tracing.start(PUBLIC)
    refused = cast(Traced, tracing.now(PUBLIC))
    assert (refused.state, refused.setting) == (REFUSED, "probes.third_party") and not refused.unfinished
