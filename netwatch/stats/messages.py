"""Statistics of messages: DNS by code, type, name and server, HTTP by method, status, host, TLS by what is agreed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netwatch.model.record import Record
from netwatch.records.items import DictItem, Item, Packets
from netwatch.stats.table import MOST_GROUPS, Column, Kind, Table, most_first


class _Tally:
    """How many, how many bytes, and how long it took."""

    __slots__ = ("bytes", "count", "least", "most", "timed", "total")

    def __init__(self) -> None:
        self.count = self.bytes = self.timed = self.total = self.least = self.most = 0

    def add(self, took: int | None = None, octets: int = 0) -> None:
        self.count += 1
        self.bytes += octets
        if took is not None:
            self.least = min(self.least, took) if self.timed else took
            self.most = max(self.most, took)
            self.timed += 1
            self.total += took

    def record(self) -> Record:
        found: Record = {"count": self.count, "bytes": self.bytes or None}
        if self.timed:
            found |= {"timed": self.timed, "min_us": self.least, "mean_us": round(self.total / self.timed),
                      "max_us": self.most}
        return found


class MessageStatistic:
    """One that counts messages in `groups`: (name, heading of its items, whether there may be any number of them)."""

    kinds: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    groups: tuple[tuple[str, str, bool], ...] = ()
    topic = ""

    def __init__(self) -> None:
        self.left_out = 0
        self._tallies: dict[str, dict[str, _Tally]] = {name: {} for name, _, _ in self.groups}

    def take(self, item: Item) -> None:
        if isinstance(item, DictItem):
            self.add(item.body)

    def take_all(self, packets: Packets) -> None:
        """Nothing: messages are counted, not what carried them."""

    def add(self, body: Record) -> None:
        raise NotImplementedError

    def count(self, group: str, item: object, took: int | None = None, octets: int = 0) -> None:
        """Count one of them, where it has such an item."""
        tallies = self._tallies[group]
        word = str(item)
        if item is None:
            return
        if word not in tallies and len(tallies) >= MOST_GROUPS:
            self.left_out += 1
            return
        tallies.setdefault(word, _Tally()).add(took, octets)

    def tables(self) -> list[Table]:
        found = []
        for name, title, many in self.groups:
            tallies = self._tallies[name]
            total = sum(tally.count for tally in tallies.values())
            rows = most_first(({"topic": self.topic, "group": name, "item": item, **tally.record(),
                                "share": round(tally.count / total, 6)} for item, tally in tallies.items()), "count")
            if rows:
                found.append(Table(f"{self.topic} {title}", "count", list(_columns(title, rows)), rows, bar="count",
                                   open=many))
        if self.left_out and found:
            found[-1].words.append(
                f"beyond {MOST_GROUPS:,} of a kind items are not told apart: {self.left_out:,} messages are left out")
        return found


def _columns(title: str, rows: Iterable[Record]) -> Iterator[Column]:
    has = {key for row in rows for key, value in row.items() if value is not None}
    yield Column("item", title)
    yield Column("count", "count", Kind.COUNT)
    yield Column("share", "share %", Kind.SHARE, 2)
    if "bytes" in has:
        yield Column("bytes", "body bytes", Kind.COUNT, 3)
    if "timed" in has:
        yield Column("min_us", "min ms", Kind.MICROSECONDS, 5)
        yield Column("mean_us", "mean ms", Kind.MICROSECONDS, 1)
        yield Column("max_us", "max ms", Kind.MICROSECONDS, 4)


class Dns(MessageStatistic):
    """Queries and responses. Types and names are of what was asked, latency is from a query to its response."""

    kinds = frozenset({"dns"})
    topic = "dns"
    groups = (("message", "messages", False), ("transport", "transport", False), ("opcode", "opcode", False),
              ("rcode", "rcode of responses", False), ("type", "type asked for", False),
              ("answer", "type of answers", False), ("server", "server that answered", True),
              ("name", "name asked for", True))

    def add(self, body: Record) -> None:
        response = body.get("qr") == "response"
        took = body.get("latency_us")
        self.count("message", body.get("qr"), took)
        self.count("transport", body.get("transport"), took)
        self.count("opcode", body.get("opcode"))
        if response:
            self.count("rcode", body.get("rcode"), took)
            self.count("server", body.get("server"), took)
            for answer in body.get("answers", ()):
                if "section" not in answer:
                    self.count("answer", answer.get("type"))
        else:
            for question in body.get("questions", ()):
                self.count("type", question.get("type"))
                self.count("name", question.get("name"))


class Http(MessageStatistic):
    """Requests and responses of all versions. Bytes are of bodies, latency is from the request to its response."""

    kinds = frozenset({"http"})
    topic = "http"
    groups = (("message", "messages", False), ("version", "version of requests", False),
              ("method", "method of requests", False), ("class", "class of responses", False),
              ("status", "status of responses", True), ("host", "host asked", True))

    def add(self, body: Record) -> None:
        method, status, took = body.get("method"), body.get("status"), body.get("latency_us")
        sent, received = body.get("request_bytes") or 0, body.get("response_bytes") or 0
        if method is not None:
            self.count("message", "request", octets=sent)
            self.count("version", body.get("version"), took, sent)
            self.count("method", method, took, sent)
            self.count("host", body.get("host"), took, sent + received)
        if status is not None:
            self.count("message", "response", took, received)
            self.count("class", f"{int(status) // 100}xx", took, received)
            self.count("status", status, took, received)


class Tls(MessageStatistic):
    """Handshakes over TCP, by what was offered and agreed."""

    kinds = frozenset({"tls"})
    topic = "tls"
    groups = (("version", "version", False), ("cipher", "cipher suite", False), ("alpn", "application agreed", False),
              ("resumed", "resumed", False), ("alert", "alert", False), ("issuer", "issuer of certificate", True),
              ("ja4", "JA4 of client", True), ("sni", "server name", True))

    def add(self, body: Record) -> None:
        tls = body.get("tls") or {}
        cert = tls.get("cert") or {}
        resumed = tls.get("resumed")
        for group, item in (("version", tls.get("version")), ("cipher", tls.get("cipher")),
                            ("alpn", tls.get("alpn_chosen")), ("alert", tls.get("alert")), ("ja4", tls.get("ja4")),
                            ("resumed", resumed if resumed is None else "yes" if resumed else "no"),
                            ("issuer", cert.get("issuer")), ("sni", tls.get("sni"))):
            self.count(group, item)
