"""What every platform promises (base.py), held against each of them here: the face, the errors, the types."""

from __future__ import annotations

import dataclasses
import sys
import time

import pytest

from netwatch.addons.interface_readings import Rates
from netwatch.addons.interfaces import default_route
from netwatch.model.host import Unavailable
from netwatch.model.machine import Counters, Identity, Neighbour, Owner, Process, Route, Status, Unknown
from netwatch.platform import current, psutils
from netwatch.platform.base import Platform, Socket, clean, is_group, is_loopback, packed
from netwatch.platform.facts import Facts
from netwatch.platform.freebsd import FreeBSD
from netwatch.platform.generic import Generic
from netwatch.platform.linux.machine import Linux
from netwatch.platform.macos import MacOS
from netwatch.platform.windows import Windows

PLATFORMS = [Linux, MacOS, Windows, FreeBSD, Generic]
QUESTIONS = {"sockets": Socket, "counters": Counters, "routes": Route, "neighbours": Neighbour, "addresses": bytes,
             "capabilities": Status}
SCHEMA_KEYS = {"pid", "name", "exe", "cmdline", "uid", "user", "ppid", "container", "unit", "method", "quality",
               "age_s"}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_or_says_why(platform: type[Platform], question: str) -> None:
    """On a foreign system most cannot be answered: then with Unavailable and a reason, and with nothing else."""
    try:
        found = getattr(platform(), question)()
    except Unavailable as e:
        assert len(str(e)) > 5
        return
    assert all(isinstance(each, QUESTIONS[question]) for each in found)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_owners(platform: type[Platform]) -> None:
    owners = platform().owners()
    owners.start()
    try:
        status = owners.status()
        assert status and all(s.active or s.reason for s in status), "what does not work says why"
        assert len({s.method for s in status}) == len(status)
        found = owners.lookup("tcp", "203.0.113.1", 1, "2001:db8::1", 2, time.time_ns())
        assert isinstance(found, Unknown) and found.reason and found.record() == {"unknown": found.reason}
        with pytest.raises(ValueError, match="no address"):
            owners.lookup("tcp", "nowhere", 1, "203.0.113.2", 2)
        assert isinstance(owners.of_flow("gre", "203.0.113.1", 0, "203.0.113.2", 0), Unknown)
    finally:
        owners.close()
        owners.close()


def test_this_platform() -> None:
    here = current()
    assert here.name == {"linux": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, here.name)


@pytest.mark.skipif(sys.platform != "linux", reason="compares with what psutil says of Linux")
def test_linux_agrees_with_psutil() -> None:
    mine = {c.name: c for c in current().counters()}
    theirs = {c.name: c for c in psutils.counters()}
    assert mine.keys() == theirs.keys()
    for name, c in mine.items():
        assert (c.mtu, c.rx_errors, c.up is not None) == (theirs[name].mtu, theirs[name].rx_errors, True)
        assert 0 <= theirs[name].rx_bytes - c.rx_bytes < 1 << 30
    assert current().addresses() == psutils.addresses()


def test_default_route_is_the_cheapest() -> None:
    routes = [Route(bytes(4), 0, b"\1\1\1\1", "a", 100), Route(bytes(4), 0, b"\2\2\2\2", "b", 50),
              Route(bytes(16), 0, bytes(16), "c", 1), Route(b"\n\0\0\0", 8, b"", "d", 0)]
    assert default_route(routes) == routes[1] and default_route(routes, 16) == routes[2]
    assert default_route(routes[3:]) is None


def test_rates() -> None:
    base = Counters("x", 1000, 2000, 10, 20, 1, 1, 5, None)
    readings = [[base], [dataclasses.replace(base, rx_bytes=3000, tx_packets=30, rx_drops=6, tx_errors=3)], [base], []]
    clock = iter([10.0, 12.0, 14.0, 16.0])
    rates = Rates(lambda: readings.pop(0), lambda: next(clock))
    assert rates.read() == [(base, None, None)]
    (_, rate, step), = rates.read()
    assert step == rate
    assert rate and (rate.seconds, rate.rx_bytes_s, rate.tx_bytes_s, rate.tx_packets_s) == (2.0, 1000.0, 0.0, 5.0)
    assert (rate.errors, rate.drops) == (2, 1)
    assert rates.read() == [(base, None, None)], "counters that went back give no rate"
    assert rates.read() == []


def test_rates_now_are_over_three_seconds_as_all_others_are() -> None:
    base = Counters("x", 0, 0, 0, 0, 0, 0, 0, None)
    readings = [[dataclasses.replace(base, rx_bytes=total)] for total in (0, 600, 600, 900, 900, 900)]
    clock = iter(float(k) for k in range(len(readings)))
    rates = Rates(lambda: readings.pop(0), lambda: next(clock))
    told = [rates.read()[0] for _ in range(len(readings))]
    assert [rate and rate.rx_bytes_s for _, rate, _ in told] == [None, 600, 300, 300, 100, 100]
    assert [step and step.rx_bytes_s for _, _, step in told] == [None, 600, 0, 300, 0, 0]


def test_the_record_of_an_owner() -> None:
    process = Process(7, "curl", "/usr/bin/curl", "curl x", 0, "root", 1, ((1, "init"),), 5, "docker:abc", "",
                      "x.service")
    record = Owner(process, "ebpf", "exact", 0.12345, (8,)).record()
    assert record.keys() >= SCHEMA_KEYS
    assert (record["uid"], record["age_s"], record["shared_with"]) == (0, 0.123, [8])
    assert record["parents"] == [{"pid": 1, "name": "init"}] and "pod" not in record
    assert Owner(Process(7), "lsof", "port", 0).record() == {"pid": 7, "method": "lsof", "quality": "port", "age_s": 0}


def test_addresses() -> None:
    assert packed("::ffff:192.0.2.1") == packed("192.0.2.1") == packed(packed("192.0.2.1")) == bytes([192, 0, 2, 1])
    assert packed("fe80::1%eth0")[:2] == b"\xfe\x80"
    for text in ("", "x", "1.2.3", "::g", "1.2.3.4.5"):
        with pytest.raises(ValueError, match="no address"):
            packed(text)
    assert is_loopback(packed("127.9.9.9")) and is_loopback(packed("::1")) and not is_loopback(packed("128.0.0.1"))
    assert is_group(packed("224.0.0.1")) and is_group(packed("ff02::1")) and is_group(packed("255.255.255.255"))
    assert not is_group(packed("223.0.0.1")) and not is_group(packed("fe80::1"))


def test_names_are_cleaned() -> None:
    """A process chooses its own name, and may choose to draw on the terminal with it."""
    assert clean("a\x1b[2Jb\n\x00\udcff\u202e") == "a\ufffd[2Jb\ufffd\ufffd\ufffd\ufffd"
    assert len(clean("x" * 100_000)) == 4096


class TestFacts:
    def test_of_somebody_there(self) -> None:
        import os

        facts = Facts()
        who = facts.identify(os.getpid())
        found = facts.of(who)
        assert found.pid == os.getpid() and found.exe and found.cmdline and found.parents
        assert found.uid == os.geteuid()
        assert facts.of(who) is found, "asked once"

    def test_of_another_with_the_same_pid(self) -> None:
        import os

        assert Facts().of(Identity(os.getpid(), 12345)) == Process(os.getpid())

    def test_of_somebody_gone(self) -> None:
        facts = Facts()
        who = Identity(2**22 + 7, 5)
        assert facts.of(who) == Process(who.pid)
        facts.learn(who, Process(who.pid, "curl", "/usr/bin/curl", uid=0))
        found = facts.of(who)
        assert (found.name, found.exe, found.user) == ("curl", "/usr/bin/curl", "root")

    def test_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("netwatch.platform.facts.MAX_KEPT", 10)
        facts = Facts()
        for n in range(50):
            facts.learn(Identity(2**22 + n, 1), Process(2**22 + n))
        assert sum(facts.knows(Identity(2**22 + n, 1)) for n in range(50)) == 10

    def test_without_psutil(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psutil", None)
        facts = Facts()
        assert "psutil" in facts.missing
        assert facts.of(Identity(1, 1)) == Process(1)
        assert facts.identify(1) == Identity(1, 0)
        with pytest.raises(Unavailable, match="psutil"):
            psutils.sockets()
