"""Who is in a capture: each address with its names, its network interface, what it runs and offers, and how much it
sent and received. And which programs, where owners of flows are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from netwatch.model.record import Record
from netwatch.model.timespan import Span
from netwatch.records.values import value_at
from netwatch.stats.flows import FlowStatistic
from netwatch.stats.table import Column, Kind, Table, most_first

MOST_HOSTS = 200_000  # some 1.5 KB each, with their rows
MOST_WORDS = 16  # names, services and programs of one host that are kept; how many more there were is told
# what systems begin the time to live (hop limit) of their packets with: hops use some of it up
FIRST_TTL = ((64, "Linux, macOS, iOS, Android or BSD"), (128, "Windows"), (255, "a network device, Solaris or AIX"))
HOPS = 30  # more between sender and capture there hardly are
AGENTS = (  # of a User-Agent: the first that is in it
    ("windows nt", "Windows"), ("android", "Android"), ("iphone", "iOS"), ("ipad", "iOS"), ("mac os x", "macOS"),
    ("darwin", "macOS or iOS"), ("cros ", "ChromeOS"), ("linux", "Linux"))
NOBODY = ("0.0.0.0", "::", "255.255.255.255")
SHARED = ("broadcast", "multicast")


class _Host:
    """One address. What most have nothing of is None: a scan makes very many of them."""

    __slots__ = ("agents", "clients", "flows", "mac", "more", "names", "received", "received_packets", "scope", "sent",
                 "sent_packets", "services", "span", "ttl", "vendor")

    def __init__(self) -> None:
        self.names: list[str] | None = None
        self.services: list[str] | None = None
        self.clients: list[str] | None = None
        self.agents: list[str] | None = None
        self.more: dict[str, int] | None = None
        self.mac = self.vendor = self.scope = ""
        self.ttl = self.flows = 0
        self.sent = self.received = self.sent_packets = self.received_packets = 0
        self.span = Span()

    def learn(self, what: str, words: Iterable[object]) -> None:
        kept: list[str] = getattr(self, what) or []
        for word in words:
            if word and str(word) not in kept:
                if len(kept) < MOST_WORDS:
                    kept.append(str(word))
                    setattr(self, what, kept)
                else:
                    self.more = self.more or {}
                    self.more[what] = self.more.get(what, 0) + 1

    def system(self) -> str | None:
        """What it may run: as its programs say, else by the time to live that its packets seem to have begun with."""
        if self.agents:
            return ", ".join(self.agents)
        return next((name for first, name in FIRST_TTL if first - HOPS <= self.ttl <= first), None)


class Hosts(FlowStatistic):
    """By address; those of several receivers (broadcast, multicast) are left out."""

    most = MOST_HOSTS
    keys = frozenset({"id", "proto", "src", "sport", "dst", "dport", "packets_out", "packets_in", "bytes_out",
                      "bytes_in", "first", "last", "ttl", "app", "service", "name", "lan", "scope", "tls", "quic",
                      "http", "dhcp", "tcp_flags_in"})

    def __init__(self) -> None:
        super().__init__()
        self.hosts: dict[str, _Host] = {}

    def add(self, flow: Record) -> None:
        for side, sent, received in (("src", "out", "in"), ("dst", "in", "out")):
            address = flow.get(side)
            if address is None or address in NOBODY or value_at(flow, f"scope.{side}") in SHARED:
                continue
            if (flow["proto"] == "arp" and address.count(":") == 5) or not self.room(self.hosts, address):
                continue
            host = self.hosts.setdefault(address, _Host())
            host.flows += 1
            host.sent += flow.get(f"bytes_{sent}", 0)
            host.received += flow.get(f"bytes_{received}", 0)
            host.sent_packets += flow.get(f"packets_{sent}", 0)
            host.received_packets += flow.get(f"packets_{received}", 0)
            host.span.take(flow)
            host.scope = host.scope or str(value_at(flow, f"scope.{side}") or "")
            host.mac = str(value_at(flow, f"lan.{side}.mac") or host.mac)
            host.vendor = str(value_at(flow, f"lan.{side}.vendor") or host.vendor)
            host.learn("names", [value_at(flow, f"lan.{side}.host")])
            if side == "src":
                self._of_initiator(host, flow)
            elif flow.get(f"packets_{sent}"):
                self._of_responder(host, flow)

    @staticmethod
    def _of_initiator(host: _Host, flow: Record) -> None:
        if flow["proto"] == "tcp":  # NDP, mDNS and others begin with 255 on every system
            host.ttl = host.ttl or flow.get("ttl", 0)
        host.learn("names", [value_at(flow, "dhcp.hostname")])
        host.learn("clients", [value_at(flow, "tls.client"), value_at(flow, "quic.client")])
        agent = str(value_at(flow, "http.user_agent") or "").lower()
        host.learn("agents", [next((name for part, name in AGENTS if part in agent), None)])

    @staticmethod
    def _of_responder(host: _Host, flow: Record) -> None:
        """One that answered: it has the name it was asked by, and offers what it did not refuse."""
        host.learn("names", [value_at(flow, "name.host")])
        if "dport" in flow and (flow["proto"] != "tcp" or "SYN" in flow.get("tcp_flags_in", ())):
            what = flow.get("app") or flow.get("service")
            host.learn("services", [f"{flow['dport']}/{flow['proto']}" + (f" {what}" if what else "")])

    def tables(self) -> list[Table]:
        rows = most_first((_row(address, self.hosts.pop(address)) for address in [*self.hosts]), "bytes", "packets")
        columns = [Column("address", "address"), Column("names", "names", rank=2), Column("mac", "MAC", rank=6),
                   Column("vendor", "vendor", rank=4), Column("system", "may run", rank=5),
                   Column("services", "services", rank=3), Column("clients", "programs", rank=9),
                   Column("flows", "flows", Kind.COUNT, 7), Column("packets", "packets", Kind.COUNT, 10),
                   Column("bytes_sent", "bytes sent", Kind.COUNT, 1), Column("bytes_received", "bytes received",
                                                                              Kind.COUNT, 1),
                   Column("first", "first (UTC)", Kind.TIME, 8), Column("last", "last (UTC)", Kind.TIME, 11)]
        return [Table("hosts", "host", columns, rows, open=True, words=self.words())]


def _row(address: str, host: _Host) -> Record:
    return {"address": address, "scope": host.scope or None, "names": host.names, "mac": host.mac or None,
            "vendor": host.vendor or None, "system": host.system(), "ttl": host.ttl or None, "services": host.services,
            "clients": host.clients, "flows": host.flows, "packets": host.sent_packets + host.received_packets,
            "bytes": host.sent + host.received, "packets_sent": host.sent_packets,
            "packets_received": host.received_packets, "bytes_sent": host.sent, "bytes_received": host.received,
            **host.span.record(), **{f"more_{what}": n for what, n in (host.more or {}).items()}}


class Processes(FlowStatistic):
    """By program and number; flows whose owner is not known are one row without a name."""

    keys = frozenset({"process", "packets_out", "packets_in", "bytes_out", "bytes_in", "first", "last"})

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[tuple[str | None, int | None], Record] = {}
        self.spans: defaultdict[tuple[str | None, int | None], Span] = defaultdict(Span)

    def add(self, flow: Record) -> None:
        about = flow.get("process", {})
        key = about.get("name"), about.get("pid")
        if not self.room(self.rows, key):
            return
        row = self.rows.setdefault(key, {"name": key[0], "pid": key[1], "user": about.get("user"), "flows": 0,
                                         "packets": 0, "bytes": 0, "bytes_out": 0, "bytes_in": 0})
        self.spans[key].take(flow)
        row["flows"] += 1
        for way in ("out", "in"):
            row["packets"] += flow.get(f"packets_{way}", 0)
            row["bytes"] += flow.get(f"bytes_{way}", 0)
            row[f"bytes_{way}"] += flow.get(f"bytes_{way}", 0)

    def tables(self) -> list[Table]:
        columns = [Column("name", "program"), Column("pid", "pid", Kind.COUNT), Column("user", "user", rank=3),
                   Column("flows", "flows", Kind.COUNT, 2), Column("packets", "packets", Kind.COUNT, 4),
                   Column("bytes_out", "bytes →", Kind.COUNT, 1), Column("bytes_in", "bytes ←", Kind.COUNT, 1),
                   Column("bytes", "bytes", Kind.COUNT), Column("first", "first (UTC)", Kind.TIME, 5)]
        rows = most_first(({**row, **self.spans[key].record()} for key, row in self.rows.items()), "bytes", "packets")
        return [Table("processes", "process", columns, rows, bar="bytes", open=True, words=self.words())]
