"""The parsers of the systems that are not here, with outputs written after their manual pages: none was recorded."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable

import pytest

from netwatch.addons.interfaces import default_route
from netwatch.model.host import Unavailable
from netwatch.model.machine import Counters, Neighbour, Owner, Route
from netwatch.platform import bsdtext, polled
from netwatch.platform.base import Socket
from netwatch.platform.freebsd import sockstat
from netwatch.platform.macos import lsof
from netwatch.platform.windows import iphelper

HOME, PEER = bytes([192, 0, 2, 10]), bytes([198, 51, 100, 7])
LOOP6 = bytes(15) + b"\1"

LSOF = """p455
crapportd
f10
PTCP
n*:49159
TST=LISTEN
TQR=0
f11
PTCP
n192.0.2.10:52012->198.51.100.7:443
TST=ESTABLISHED
p500
f8
PUDP
n*:5353
f9
PUDP
n[::1]:123
p501
f3
PUDP
n*:5353
p
f1
PTCP
n192.0.2.10:1->nowhere:2
PTCP
"""
SOCKSTAT = """USER     COMMAND    PID   FD PROTO  LOCAL ADDRESS         FOREIGN ADDRESS       CONN STATE
root     sshd       45933 4  tcp4   192.0.2.10:22         198.51.100.7:59217    ESTABLISHED
root     sshd       815   4  tcp6   *:22                  *:*                   LISTEN
www      my program 901   7  udp4   *:53                  *:*
?        ?          ?     ?  tcp4   192.0.2.10:80         198.51.100.7:5000     TIME_WAIT
root     syslogd    751   6  udp6   ::1:514               *:*
"""
NETSTAT_I = """Name       Mtu   Network       Address            Ipkts Ierrs     Ibytes    Opkts Oerrs     Obytes  Coll
lo0        16384 <Link#1>                        4345     0      63877     4345     0      63877     0
lo0        16384 127           127.0.0.1         4345     -      63877     4345     -      63877     -
gif0*      1280  <Link#2>                           0     0          0        0     0          0     0
en0        1500  <Link#12>   02:00:5e:10:00:01   1000     3    5000000      900     1     400000     7
"""
NETSTAT_I_FREEBSD = """\
Name    Mtu Network       Address              Ipkts Ierrs Idrop     Ibytes    Opkts Oerrs     Obytes  Coll
em0    1500 <Link#1>      02:00:5e:10:00:02    12345     1     2    1000000    12000     0    2000000     0
"""
NETSTAT_R = """Routing tables

Internet:
Destination        Gateway            Flags               Netif Expire
default            192.0.2.1          UGScIg                en1
default            192.0.2.1          UGScg                 en0
127                127.0.0.1          UCS                   lo0
192.0.2            link#6             UCS                   en0      !
192.0.2.1          2:0:5e:10:0:1      UHLWIir               en0   1180
10.0.0.0/8         192.0.2.254        UGS                   en0
nonsense here U x

Internet6:
Destination                       Gateway                       Flags     Netif Expire
::/96                             ::1                           URS         lo0
default                           fe80::1%en0                   UGcg        en0
fe80::%en0/64                     link#6                        UCI         en0
"""
ARP = """? (192.0.2.1) at 2:0:5e:10:0:1 on en0 ifscope [ethernet]
? (192.0.2.9) at (incomplete) on en0 ifscope [ethernet]
"""
NDP = """Neighbor                        Linklayer Address  Netif Expire    St Flgs Prbs
fe80::1%en0                     2:0:5e:10:0:1        en0 23h59m58s S  R
"""


def test_lsof() -> None:
    assert polled.merged(lsof.parse(LSOF)) == [
        Socket(6, b"", 49159, b"", 0, "LISTEN", (455,)),
        Socket(6, HOME, 52012, PEER, 443, "ESTABLISHED", (455,)),
        Socket(17, b"", 5353, b"", 0, "", (500, 501)),
        Socket(17, LOOP6, 123, b"", 0, "", (500,)),
    ]


def test_sockstat() -> None:
    assert list(sockstat.parse(SOCKSTAT)) == [
        Socket(6, HOME, 22, PEER, 59217, "ESTABLISHED", (45933,)),
        Socket(6, b"", 22, b"", 0, "LISTEN", (815,)),
        Socket(17, b"", 53, b"", 0, "", (901,)),
        Socket(17, LOOP6, 514, b"", 0, "", (751,)),
    ]


def test_interfaces() -> None:
    lo, gif, en = bsdtext.interfaces(NETSTAT_I)
    assert lo == Counters("lo0", 63877, 63877, 4345, 4345, 0, 0, collisions=0, mtu=16384)
    assert gif.name == "gif0" and gif.rx_bytes == 0
    assert en == Counters("en0", 5000000, 400000, 1000, 900, 3, 1, collisions=7, mtu=1500, mac="02:00:5e:10:00:01")
    em, = bsdtext.interfaces(NETSTAT_I_FREEBSD)
    assert (em.rx_drops, em.rx_bytes, em.tx_bytes, em.rx_errors) == (2, 1000000, 2000000, 1)


def test_routes() -> None:
    found = bsdtext.routes(NETSTAT_R)
    four, six = default_route(found), default_route(found, 16)
    assert four and (four.gateway, four.interface) == (bytes([192, 0, 2, 1]), "en0"), "not the one bound to en1"
    assert six and six.gateway[:2] == b"\xfe\x80" and six.interface == "en0"
    assert (bytes([10, 0, 0, 0]), 8) in {(r.network, r.prefix) for r in found}
    assert (bytes([192, 0, 2, 0]), 24, b"") in {(r.network, r.prefix, r.gateway) for r in found}
    assert all("nonsense" not in r.interface for r in found)


def test_neighbours() -> None:
    assert bsdtext.neighbours(ARP, NDP) == [
        Neighbour(bytes([192, 0, 2, 1]), "02:00:5e:10:00:01", "en0"),
        Neighbour(b"\xfe\x80" + bytes(13) + b"\1", "02:00:5e:10:00:01", "en0"),
    ]


def network_order(port: int) -> int:
    return (port & 0xFF) << 8 | port >> 8


def test_windows_tcp() -> None:
    rows = (iphelper.TCP4.pack(5, HOME, network_order(52012), PEER, network_order(443), 77),
            iphelper.TCP4.pack(2, bytes(4), network_order(445), bytes(4), network_order(9999), 4))
    data = struct.pack("<I", 2) + b"".join(rows)
    assert iphelper.tcp_table(data, iphelper.AF_INET) == [
        Socket(6, HOME, 52012, PEER, 443, "ESTABLISHED", (77,)), Socket(6, b"", 445, b"", 0, "LISTEN", (4,))]
    six = struct.pack("<I", 1) + iphelper.TCP6.pack(LOOP6, 0, network_order(80), LOOP6, 0, network_order(5000), 5, 8)
    assert iphelper.tcp_table(six, iphelper.AF_INET6) == [Socket(6, LOOP6, 80, LOOP6, 5000, "ESTABLISHED", (8,))]


def test_windows_udp_and_routes() -> None:
    udp = struct.pack("<I", 1) + iphelper.UDP4.pack(bytes(4), network_order(53), 9)
    assert iphelper.udp_table(udp, iphelper.AF_INET) == [Socket(17, b"", 53, b"", 0, "", (9,))]
    six = struct.pack("<I", 1) + iphelper.UDP6.pack(LOOP6, 0, network_order(53), 9)
    assert iphelper.udp_table(six, iphelper.AF_INET6) == [Socket(17, LOOP6, 53, b"", 0, "", (9,))]
    route = struct.pack("<I", 1) + iphelper.FORWARD.pack(bytes(4), bytes(4), 0, PEER, 12, 4, 3, 0, 0, 25, 0, 0, 0, 0)
    assert iphelper.forward_table(route) == [Route(bytes(4), 0, PEER, "12", 25)]
    arp = struct.pack("<I", 1) + iphelper.NET.pack(12, 6, bytes(range(8)), PEER, 3)
    assert iphelper.net_table(arp) == [Neighbour(PEER, "00:01:02:03:04:05", "12")]


@pytest.mark.parametrize("parse", [
    lambda data: iphelper.tcp_table(data, iphelper.AF_INET), lambda data: iphelper.tcp_table(data, iphelper.AF_INET6),
    lambda data: iphelper.udp_table(data, iphelper.AF_INET), lambda data: iphelper.udp_table(data, iphelper.AF_INET6),
    iphelper.forward_table, iphelper.net_table])
def test_windows_tables_cut_short(parse: Callable[[bytes], list[object]]) -> None:
    whole = struct.pack("<I", 0xFFFFFFFF) + bytes(200)
    counts = [len(parse(whole[:n])) for n in range(len(whole))]
    assert counts == sorted(counts) and counts[0] == counts[3] == 0


@pytest.mark.parametrize("text", [LSOF, SOCKSTAT, NETSTAT_I, NETSTAT_R, ARP + NDP])
def test_texts_cut_short(text: str) -> None:
    """Whatever a tool leaves out, nothing is raised, and there are no more rows than in the whole."""
    for n in range(len(text)):
        part = text[:n]
        for found in (*lsof.parse(part), *sockstat.parse(part)):
            assert len(found.pids) == 1
        assert len(bsdtext.interfaces(part)) <= 3
        assert len(bsdtext.routes(part)) <= len(bsdtext.routes(text)) + 1
        assert len(bsdtext.neighbours(part, part)) <= 3


def test_polling_from_pass_to_pass() -> None:
    """New, open still, gone, and another's: by a table that the test changes."""
    table = [Socket(6, HOME, 5000, PEER, 80, "ESTABLISHED", (os.getpid(),))]
    owners = polled.polled_owners("lsof", lambda: list(table), lambda: frozenset({HOME}))
    owners.start()
    tracker = owners._active[0]
    try:
        now = time.time_ns()
        found = owners.lookup("tcp", HOME, 5000, PEER, 80, now)
        assert not isinstance(found, Owner) and found.retry, "no pass has met it since"
        tracker.sweep()
        found = owners.lookup("tcp", HOME, 5000, PEER, 80, now)
        assert isinstance(found, Owner)
        assert (found.process.pid, found.method, found.quality) == (os.getpid(), "lsof", "exact")
        table.clear()
        tracker.sweep()
        tracker.sweep()
        later = time.time_ns() + 1_000_000_000
        assert not isinstance(owners.lookup("tcp", HOME, 5000, PEER, 80, later), Owner)
    finally:
        owners.close()


def test_no_method() -> None:
    def refuse() -> list[Socket]:
        raise Unavailable("lsof is not installed")

    owners = polled.polled_owners("lsof", refuse, frozenset)
    owners.start()
    found = owners.lookup("tcp", HOME, 1, PEER, 2)
    owners.close()
    assert not isinstance(found, Owner) and "lsof is not installed" in found.reason
    assert [(s.active, s.reason) for s in owners.status()] == [(False, "lsof is not installed")]


def test_commands_that_fail_say_why() -> None:
    with pytest.raises(Unavailable, match="not installed"):
        polled.output_of("netwatch-has-no-such-program")
    with pytest.raises(Unavailable, match=r"ls: .*No such file"):
        polled.output_of("ls", "/netwatch/has/no/such/file")
    assert polled.output_of("echo", "x") == "x\n"


def test_a_flow_of_either_direction() -> None:
    """Whichever end of a flow is ours is the one that is asked about."""
    table = [Socket(6, HOME, 5000, PEER, 80, "ESTABLISHED", (os.getpid(),)), Socket(17, b"", 53, b"", 0, "", (1,))]
    owners = polled.polled_owners("lsof", lambda: list(table), lambda: frozenset({HOME}))
    owners.start()
    now = time.time_ns()
    owners._active[0].sweep()
    try:
        for ends in ((HOME, 5000, PEER, 80), (PEER, 80, HOME, 5000)):
            found = owners.of_flow("tcp", *ends, now)
            assert isinstance(found, Owner) and found.process.pid == os.getpid()
        incoming = owners.of_flow("udp", "198.51.100.7", 4000, "192.0.2.10", 53, now)
        assert isinstance(incoming, Owner) and (incoming.process.pid, incoming.quality) == (1, "port")
        assert not isinstance(owners.of_flow("udp", PEER, 53, "203.0.113.5", 4000, now), Owner), "neither end is ours"
    finally:
        owners.close()
