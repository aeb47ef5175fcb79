"""`netwatch trace`: hops, loss, sizes of packets in namespaces; and what it may not send."""

from __future__ import annotations

import ipaddress
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chain import FAR, FAR6, ONE, PUBLIC, TWO, Chain, reason
from netwatch_command import COMMAND, ENVIRONMENT, until_inside

from netwatch.health import trace as traces
from netwatch.health.series import Series
from netwatch.model.host import Host
from netwatch.model.probe import ANSWER, EXPIRED, SILENT, TOO_BIG, UNSENT, Reply

rooted = pytest.mark.skipif(reason() is not None, reason=reason() or "")


@pytest.fixture(scope="module")
def whole() -> Iterator[Chain]:
    with Chain() as made:
        yield made


@pytest.fixture
def chain(whole: Chain) -> Iterator[Chain]:
    yield whole
    for name in ("near", "one", "two", "far"):
        whole.clear(name)


def addresses(found: dict[str, Any]) -> list[str | None]:
    return [hop.get("address") for hop in found["hops"]]


@rooted
@pytest.mark.parametrize("method", [(), ("--udp",)], ids=["echo", "udp"])
@pytest.mark.parametrize("address", [FAR, FAR6])
def test_each_hop_answers(chain: Chain, address: str, method: tuple[str, ...]) -> None:
    code, found = chain.trace(address, "--count", "3", *method)
    assert code == 0 and found["reached"] and found["schema"] == "netwatch.trace/1"
    assert addresses(found) == ([ONE, TWO, FAR] if address == FAR else ["fd09:0:0:1::2", "fd09:0:0:2::2", FAR6])
    for hop in found["hops"][:2]:
        assert hop["sent"] == hop["received"] == 3 and hop["loss_percent"] == 0 and hop["rtt_us"]["min"] > 0
        assert hop["jitter_us"] >= 0 and hop["way_loss_percent"] == 0


@rooted
def test_who_does_not_answer_is_not_measured_and_loses_nothing(chain: Chain) -> None:
    chain.rule("one", "output", "icmp type time-exceeded drop")
    code, found = chain.trace(FAR, "--count", "3")
    assert code == 0 and addresses(found) == [None, TWO, FAR]
    assert found["hops"][0]["unmeasured"] == traces.NEVER and "loss_percent" not in found["hops"][0]
    assert found["hops"][2]["loss_percent"] == 0


@rooted
def test_loss_is_where_it_begins(chain: Chain) -> None:
    """Every third packet that the second router passes on is lost: of the first hop none."""
    chain.rule("two", "forward", "icmp type echo-request numgen inc mod 3 == 0 drop")
    _, found = chain.trace(FAR, "--count", "12")
    one, two, far = found["hops"]
    assert one["loss_percent"] == two["loss_percent"] == 0 and 25 <= far["loss_percent"] <= 42
    assert one["way_loss_percent"] == two["way_loss_percent"] == 0 and far["way_loss_percent"] == far["loss_percent"]


@rooted
def test_a_router_that_answers_seldom_loses_nothing(chain: Chain) -> None:
    chain.rule("one", "output", "icmp type time-exceeded numgen inc mod 2 == 0 drop")
    _, found = chain.trace(FAR, "--count", "8")
    one = found["hops"][0]
    assert one["loss_percent"] == 50 and one["way_loss_percent"] == 0


@rooted
def test_who_is_not_there_is_not_reached(chain: Chain) -> None:
    chain.rule("two", "forward", "ip daddr 10.9.3.9 drop")
    code, found = chain.trace("10.9.3.9", "--count", "2")
    assert code == 1 and not found["reached"] and addresses(found) == [ONE, TWO, None]
    assert found["hops"][2]["unmeasured"] == traces.NOBODY
    chain.rule("one", "forward", "ip daddr 10.9.3.9 reject with icmp type admin-prohibited")
    code, found = chain.trace("10.9.3.9", "--count", "2")
    assert code == 1 and found["hops"][1]["says"] == "unreachable (code 13)", found


@rooted
@pytest.mark.parametrize("address", [FAR, FAR6])
def test_the_size_that_passes(chain: Chain, address: str) -> None:
    code, found = chain.trace(address, "--count", "1", "--mtu")
    assert code == 0 and found["path_mtu"] == 1500 and "path_mtu_by" not in found
    for name, link in (("one", "r2"), ("two", "l2")):
        chain.ip(name, "link", "set", link, "mtu", "1413")
    try:
        _, found = chain.trace(address, "--count", "1", "--mtu")
        assert (found["path_mtu"], found["path_mtu_by"]) == (1413, ONE if address == FAR else "fd09:0:0:1::2")
        chain.rule("one", "output", "icmp type destination-unreachable drop" if address == FAR else
                   "icmpv6 type packet-too-big drop")
        _, found = chain.trace(address, "--count", "1", "--mtu")
        assert found["path_mtu"] == 1413 and "path_mtu_by" not in found, "a black hole is found by sizes alone"
    finally:
        for name, link in (("one", "r2"), ("two", "l2")):
            chain.ip(name, "link", "set", link, "mtu", "1500")


@rooted
def test_all_packets_of_a_trace_are_of_one_flow(chain: Chain, tmp_path: Path) -> None:
    """Of ICMP identifier and checksum stay, of UDP the ports; and nothing else is sent."""
    kept = tmp_path / "kept.pcapng"
    watching = chain.start("one", *COMMAND, "read", "-i", "l1", "--duration", "60s", "--write", str(kept),
                           "--what", "summary", "-f", "src 10.9.1.1 and (icmp or udp)")
    until_inside(watching)
    for method in ((), ("--udp",)):
        chain.trace(FAR, "--count", "2", *method)
    time.sleep(1)
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=60)
    assert watching.returncode == 130, err
    seen: dict[int, set[bytes]] = {}
    for frame in frames(kept.read_bytes()):
        head = (frame[14] & 15) * 4
        body = frame[14 + head:]
        seen.setdefault(frame[23], set()).add(body[2:6] if frame[23] == 1 else body[:4])
    assert {proto: len(flows) for proto, flows in seen.items()} == {1: 1, 17: 1}, seen


def frames(capture: bytes) -> Iterator[bytes]:
    """Of a pcapng with enhanced packet blocks."""
    at = 0
    while at + 12 <= len(capture):
        kind, length = struct.unpack_from("=II", capture, at)
        if length < 12:
            return
        if kind == 6:
            size = struct.unpack_from("=I", capture, at + 20)[0]
            yield capture[at + 28:at + 28 + size]
        at += length


@rooted
def test_without_the_right_it_says_so() -> None:
    done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all",
                           *COMMAND, "trace", "127.0.0.1", "-n"], env={**ENVIRONMENT, "HOME": "/nonexistent"},
                          text=True, capture_output=True, timeout=60, check=False)
    if "Permission" in done.stderr and done.returncode != 3:
        pytest.skip("the checkout cannot be read by others")
    assert done.returncode == 3 and "no permission to send probes" in done.stderr, done


@rooted
def test_nothing_is_probed_that_was_not_named(chain: Chain) -> None:
    """The gate is the helper's: who reads frames cannot widen it."""
    code = f"""
from netwatch.capture.capd.client import Helper
h = Helper()
def refused(*given):
    try:
        h.probe(*given)
    except ValueError as e:
        return str(e)
    except OSError as e:
        return "OSError " + str(e.errno)
    return "sent"
print(refused("echo", "{FAR}", 9, 64, 100, 0))
h.allow_probes(["{FAR}", "gateway", "{PUBLIC}", "224.0.0.1", "255.255.255.255"], False)
for address in ("{FAR}", "{ONE}", "{TWO}", "{PUBLIC}", "224.0.0.1", "255.255.255.255", "no address"):
    print(address, refused("echo", address, 9, 64, 100, 0))
for given in (("tcp", 9, 64, 100, 0), ("echo", 0, 64, 100, 0), ("echo", 9, 10_000, 100, 0), ("echo", 9, 64, 0, 0),
              ("echo", 9, 64, 100, 16)):
    print(refused(given[0], "{FAR}", *given[1:]))
try:
    h.allow_probes(["{TWO}"], True)
except ValueError as e:
    print(e)
print([refused("echo", "{FAR}", 9, 64, 100, 0) for _ in range(600)][-1])
h.close()
"""
    program = chain.start("near", sys.executable, "-c", code)
    out, err = program.communicate(timeout=60)
    lines = out.splitlines()
    assert lines[0] == f"{FAR} is not probed: nobody asked for it at the start", (out, err)
    assert lines[1] == f"{FAR} sent" and lines[2] == f"{ONE} sent", "the gateway"
    assert lines[3].endswith("nobody asked for it at the start")
    assert lines[4].endswith("it is of a third party, and probes.third_party is false")
    assert all(line.endswith("it is many, or nobody") for line in lines[5:7])
    assert "does not appear to be" in lines[7] and lines[8:13] == ["no such probe"] * 5
    assert lines[13] == "what may be probed was said before" and lines[14] == "OSError 11", "none too many at a time"


@rooted
def test_what_is_not_an_answer_to_ours_is_none(chain: Chain) -> None:
    """Echo replies with another identifier, another mark, cut short: the far end's own answers are dropped."""
    chain.rule("far", "output", "icmp type echo-reply ip ttl != 77 drop")
    answering = chain.start("far", sys.executable, "-c", """
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 77)
print("ready", flush=True)
def checked(m):
    t = sum(struct.unpack(f"!{len(m) // 2}H", m[:len(m) // 2 * 2])) + (m[-1] << 8 if len(m) % 2 else 0)
    while t >> 16: t = (t & 0xffff) + (t >> 16)
    return m[:2] + struct.pack("!H", ~t & 0xffff) + m[4:]
while True:
    data, who = s.recvfrom(4096)
    m = data[20:]
    if m[0] != 8: continue
    for forged in (m[4:5] + bytes([m[5] ^ 1]) + m[6:], m[4:10] + bytes(6) + m[16:], m[4:7], m[4:12], b""):
        s.sendto(checked(b"\\0\\0\\0\\0" + forged + bytes(4 * (not forged))), who)
""")
    assert answering.stdout and answering.stdout.readline() == "ready\n"
    code, found = chain.trace(FAR, "--count", "2")
    assert code == 1 and not found["reached"], found


class Way(Host):
    """A way that is made up: what each hop answers."""

    def __init__(self, hops: list[str | None], mtu: int = 1500, tells: bool = True) -> None:
        self.hops, self.mtu, self.tells = hops, mtu, tells
        self.number, self.waiting = 0, []  # type: ignore[var-annotated]
        self.sent: list[int] = []

    def probe(self, method: str, address: str, ttl: int, size: int, wait_ms: int, stream: int) -> int:
        self.number += 1
        self.sent.append(size)
        at = self.hops[min(ttl, len(self.hops)) - 1]
        packed = ipaddress.ip_address(at).packed if at else b""
        kind = SILENT if at is None else ANSWER if ttl >= len(self.hops) else EXPIRED
        if size > self.mtu:
            kind = TOO_BIG if self.tells else SILENT
        self.waiting.append(Reply(self.number, kind, packed, None if kind == SILENT else 100.0 * ttl,
                                  mtu=self.mtu if kind == TOO_BIG else 0))
        return self.number

    def replies(self) -> tuple[Reply, ...]:
        found, self.waiting = tuple(self.waiting), []
        return found


def test_it_ends_where_nobody_answers_any_more() -> None:
    way = Way([ONE, *[None] * 40])
    trace = traces.Trace(way, FAR)
    trace.run(2, 0)
    assert [bool(hop.answers) for hop in trace.hops] == [True, False] and not trace.reached
    assert way.number < 40, "hops are asked without end"


def test_packets_that_go_round_are_said() -> None:
    trace = traces.Trace(Way([ONE, TWO, ONE, TWO, ONE, TWO, None]), FAR, most=6)
    trace.run(1, 0)
    assert trace.record()["loop"] == ONE


def test_what_cannot_be_sent_ends_it() -> None:
    class Unroutable(Way):
        def replies(self) -> tuple[Reply, ...]:
            return tuple(Reply(each.number, UNSENT, reason="Network is unreachable") for each in super().replies())

    trace = traces.Trace(Unroutable([ONE]), FAR)
    trace.run(5, 0)
    assert trace.record()["reason"] == "Network is unreachable" and not trace.reached


@pytest.mark.parametrize("mtu", [68, 69, 576, 1279, 1280, 1400, 1499, 1500])
@pytest.mark.parametrize("tells", [True, False])
def test_any_size_is_found(mtu: int, tells: bool) -> None:
    way = Way([ONE, FAR], mtu, tells)
    assert traces.path_mtu(way, FAR, 1500).mtu == mtu
    assert len(way.sent) < (10 if tells else 40)


def test_a_size_that_is_a_lie_does_not_fool_it() -> None:
    """A router that says any MTU, 0 and more than was sent among them."""
    for lie in (0, 1, 67, 68, 1500, 9000):
        class Liar(Way):
            def replies(self, lie: int = lie) -> tuple[Reply, ...]:
                return tuple(Reply(each.number, each.kind, each.address, each.rtt_us, mtu=lie if each.mtu else 0)
                             for each in super().replies())
        assert traces.path_mtu(Liar([ONE, FAR], 1400), FAR, 1500).mtu == 1400


def test_jitter_and_loss_of_few_are_not_told() -> None:
    few = Series()
    few.answered(10)
    assert few.record() == {"sent": 1, "received": 1, "rtt_us": {"min": 10, "mean": 10, "max": 10, "last": 10}}
    few.answered(30)
    few.missed()
    few.answered(20)
    assert few.record()["loss_percent"] == 25 and few.record()["jitter_us"] == 15


def test_words_that_cannot_be() -> None:
    for words, code in ((("trace",), 2), (("trace", "a", "b"), 2), (("trace", "127.0.0.1", "--every", "1"), 2),
                        (("trace", "127.0.0.1", "--stream", "16"), 2), (("trace", "no such host.invalid"), 4),
                        (("trace", "224.0.0.1"), 2)):
        done = subprocess.run([*COMMAND, *words], env=ENVIRONMENT, text=True, capture_output=True, timeout=60,
                              check=False)
        assert done.returncode == code, done
    if os.geteuid() == 0:
        done = subprocess.run([*COMMAND, "trace", "127.0.0.1", "--count", "1"], env=ENVIRONMENT, text=True,
                              capture_output=True, timeout=60, check=False)
        assert json.loads(done.stdout)["reached"], done.stderr
