"""What the kernel dropped, why, and whose it was: in a namespace, with real causes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, until_inside

from netwatch.addons import insights
from netwatch.diagnose import report
from netwatch.model.host import Unavailable
from netwatch.model.machine import KernelDrop, Owner, Process
from netwatch.platform.linux import drops

UNREAD = """
import socket, sys, time
lazy = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
lazy.bind(("127.0.0.1", 5140))
print("ready", flush=True)
sys.stdin.readline()
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(60):
    out.sendto(bytes(900), ("127.0.0.1", 5140))
for _ in range(15):
    try:
        out.sendto(b"x", ("127.0.0.1", 999))
    except OSError:
        pass
    out.sendto(b"x", ("127.0.0.1", 5555))
print("sent", flush=True)
time.sleep(60)
"""


def can_count() -> str | None:
    """Why nothing can be counted here, None when it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "counts as root, on Linux"
    from netwatch.platform.linux.machine import Linux

    owners = Linux().owners(("ebpf",))
    owners.start()
    try:
        owners.drops()
    except Unavailable as e:
        return str(e)
    finally:
        owners.close()
    return None if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode == 0 else "no namespaces"


@pytest.fixture
def space() -> Iterator[list[str]]:
    """The words that run a program in a namespace of its own."""
    why = can_count()
    if why:
        pytest.skip(why)
    name = f"nwdrops{os.getpid() % 10000}"
    within = ["nsenter", f"--net=/run/netns/{name}"]
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        yield within
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


def test_each_reason_is_named_and_whose_it_is(space: list[str]) -> None:
    subprocess.run([*space, "nft", "add table ip t; add chain ip t c { type filter hook input priority 0; }; "
                                   "add rule ip t c udp dport 5555 drop"], check=True)
    lazy = subprocess.Popen([*space, sys.executable, "-c", UNREAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            text=True)
    assert lazy.stdout and lazy.stdin
    watching = None
    try:
        assert lazy.stdout.readline() == "ready\n"
        watching = subprocess.Popen([*space, *COMMAND, "diagnose", "-i", "lo", "--duration", "9s", "--format", "json"],
                                    env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        until_inside(watching)
        lazy.stdin.write("\n")
        lazy.stdin.flush()
        assert lazy.stdout.readline() == "sent\n"
        out, err = watching.communicate(timeout=60)
    finally:
        for each in (lazy, watching):
            if each is not None:
                each.kill()
                each.wait()
    assert watching is not None and watching.returncode in (0, 1), err
    found = {(each["reason"], each.get("port")): each for each in json.loads(out)["kernel_drops"]}
    full = found["socket_rcvbuff", 5140]
    assert 40 <= full["count"] <= 60 and "reads too slowly" in full["meaning"]
    assert full["process"]["pid"] == lazy.pid and full["proto"] == 17
    assert found["no_socket", 999]["count"] >= 1 and "process" not in found["no_socket", 999]
    assert found["netfilter_drop", 5555]["count"] == 15 and "firewall" in found["netfilter_drop", 5555]["meaning"]


def test_of_a_file_nothing_is_said_of_this_machine() -> None:
    from netwatch_command import ROOT

    done = subprocess.run([*COMMAND, "diagnose", str(ROOT / "tests" / "captures" / "dns.pcap"), "--format", "json"],
                          env=ENVIRONMENT, text=True, capture_output=True, timeout=60, check=False)
    assert not any(key.startswith("kernel_drops") for key in json.loads(done.stdout)), done.stderr


DROPPED = KernelDrop("socket_rcvbuff", "the receive buffer is full", 1234, 17, 514, 5,
                     Owner(Process(7, "syslogd"), "ebpf", "port", 0.0))


def test_words() -> None:
    plain = KernelDrop("strange", "", 1, 132, 0, 5)
    assert list(report.dropped([DROPPED.record(), plain.record()])) == [
        "1,234 packets of syslogd (7), UDP port 514: the receive buffer is full", "1 packet, protocol 132: strange"]
    many = list(report.dropped([plain.record()] * 30))
    assert len(many) == 11 and many[-1] == "and 20 more, of fewer packets"


def test_cards_are_of_many_and_of_what_has_words() -> None:
    few, odd = KernelDrop("socket_rcvbuff", "full", 9, 17, 1, 5), KernelDrop("odd", "", 999, 6, 1, 5)
    wanted = KernelDrop("netfilter_drop", "a firewall", 50, 6, 0, 5)

    def cards(live: bool, *found: KernelDrop) -> list[insights.Card]:
        host = SimpleNamespace(kernel_drops=lambda: list(found))
        return insights._kernel_drops(cast(Any, SimpleNamespace(live=live, host=host)))

    assert cards(False, DROPPED) == [] and cards(True, few, odd) == []
    first, second = cards(True, DROPPED, wanted)
    assert (first.severity, first.filter, second.severity, second.filter) == ("warning", "port == 514", "info", "")
    assert first.measured.startswith("1,234 packets of syslogd (7), UDP port 514")


def test_numbers_that_the_kernel_does_not_name_stay_numbers() -> None:
    entry = drops.KEY.pack(1, 77, 6, 80), drops.VALUE.pack(3, 9)
    other = drops.KEY.pack(1, 5, 6, 80), drops.VALUE.pack(4, 9)
    found = drops.counted([entry, other], {5: "SKB_DROP_REASON_NO_SOCKET"})
    assert [(each.reason, each.packets) for each in found] == [("NO_SOCKET", 4), ("77", 3)]
