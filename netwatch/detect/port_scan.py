"""Port scans: one source tries many ports of a host, or one port of many hosts, and gets no connection.

What counts are attempts that failed, so that a busy client is none, however many servers it talks to. Within a minute
it is a scan, within an hour a slow one. One port of many hosts must also be most of what the source does: a peer of a
peer-to-peer network meets many that are gone. UDP to the ports of traceroute is none. Where ports are counted, so are
segments that open nothing (FIN, ACK, none of all flags) and get a RST.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import CROWD, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import bound_of
from netwatch.model.option import Option
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch._fast.notice.cardinality import Crowds
    from netwatch._fast.notice.crowd import Crowd

MOST = 2000  # scans remembered
REMEMBERED = 8192  # things, in a table of TCP; half as many of UDP; twice as many ports of TCP, slowly
FAILED = ("refused", "half-open", "unanswered")
ANSWERED = 5  # no scan of hosts is who was answered more than once in so many attempts
TRACEROUTE = range(33434, 33690)  # UDP ports that traceroute begins from, one a probe
PORTS, HOSTS = ("src", "dst", "proto"), ("src", "dport", "proto")


def _tables(ports: int, hosts: int, window_s: int, times: int = 1) -> list[Many]:
    return [Many((*FAILED, "probed"), PORTS, ("dport",), ports, window_s, ("tcp",),
                 bound=bound_of(ports, times * REMEMBERED)),
            Many(FAILED, PORTS, ("dport",), ports, window_s, ("udp",), spared=TRACEROUTE,
                 bound=bound_of(ports, REMEMBERED // 2)),
            Many(FAILED, HOSTS, ("dst",), hosts, window_s, ("tcp", "icmp", "icmp6"), answered=ANSWERED,
                 bound=bound_of(hosts, REMEMBERED)),
            Many(FAILED, HOSTS, ("dst",), hosts, window_s, ("udp",), spared=TRACEROUTE, answered=ANSWERED,
                 bound=bound_of(hosts, REMEMBERED // 2))]


class PortScan(Detector):
    name = "port_scan"
    about = "Tell of port scans: one source fails to reach many ports, or many hosts, by TCP, UDP or ICMP."
    options = (
        Option("window_s", 60, "Seconds within which the failed attempts of a scan fall.", 1, 3600),
        Option("ports", 20, "Ports of one host that one source fails to reach.", 3, 16000),
        Option("hosts", 20, "Hosts that one source fails to reach on one port.", 3, 16000),
        Option("slow_window_s", 3600, "The same for a slow scan, in seconds.", 60, 86400),
        Option("slow_ports", 40, "Ports of one host, slowly.", 3, 16000),
        Option("slow_hosts", 60, "Hosts on one port, slowly.", 3, 16000),
    )
    wants = frozenset({CROWD})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        super().begin(of, alarm)
        self._told: dict[tuple[object, ...], Crowd] = {}
        return [*_tables(of("ports"), of("hosts"), of("window_s")),
                *_tables(of("slow_ports"), of("slow_hosts"), of("slow_window_s"), 2)]

    def take(self, notice: Notice) -> None:
        """A slow scan that a quick one is part of is told once."""
        table, crowd, _ = notice.more
        key = tuple(table.key(crowd).items())
        before = self._told.get(key)
        if notice.src in self.allowed or (before is not None and before.last >= crowd.first):
            return
        if len(self._told) >= MOST:
            self._told.pop(next(iter(self._told)))
        self._told[key] = crowd
        self.alarm(self, notice, table, crowd)

    def describe(self, about: Crowds, episode: Crowd) -> Told:
        key, things = about.key(episode), about.things(episode)
        src, proto = text_of(key["src"]), key["proto"]
        kind = f"{proto.upper()} scan of"
        numbers: Record = {"protocol": proto, "attempts_failed": episode.count, "window_s": about.window_s}
        where = f"at most {episode.most} within {about.window_s} s"
        if "dst" in key:
            dst = text_of(key["dst"])
            return Told(WARNING, f"{kind} ports", f"{src} failed to reach {episode.distinct} ports of {dst}, {where}",
                        numbers | {"ports": episode.distinct, "ports_first": [thing["dport"] for thing in things]},
                        {"src": src, "dst": dst})
        port = f" on port {key['dport']}" if proto in ("tcp", "udp") else ""
        return Told(WARNING, f"{kind} hosts", f"{src} failed to reach {episode.distinct} hosts{port}, {where}",
                    numbers | {"hosts": episode.distinct, "hosts_first": [text_of(thing["dst"]) for thing in things]},
                    {"src": src} | ({"dport": key["dport"]} if port else {}))
