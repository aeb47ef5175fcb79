"""Block lists of one's own: addresses, networks, names and client fingerprints (JA4) that nobody should meet.

The lists are those of the configuration that filters name as well, `lists.block = ["bad.example", "~/addresses.txt"]`.
A name stands for itself and for all below it. Where there is no such list nothing is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from netwatch._fast.base.text import clean
from netwatch._fast.dpi import app_names
from netwatch._fast.flow.content import facts_list
from netwatch._fast.out.addresses import text_of
from netwatch._fast.out.protocols import DEPENDS, PLAIN
from netwatch.detect.contract import CRITICAL, CROWD, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import Bounded, Crowded, Room, said
from netwatch.model.contract import AddonError
from netwatch.model.option import Option

JA4 = re.compile(r"[tqd][0-9s][0-9][di][0-9]{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}")
NAME = re.compile(r"(?:[\w-]{1,63}\.)*(?!\d+$)[\w-]{1,63}")
PORT = re.compile(r":\d*$")  # behind a name, as HTTP's Host has it
ASKED, REACHED, PRINTED = "asked for", "reached", "fingerprint"
HELLOS = ("tls", "dtls", "quic")
DEFAULT = "block"
REMEMBERED = 65536  # addresses that were looked up
KNOWN = 2048  # what is listed and was met, by host


class Met(NamedTuple):
    """What is listed, and who met it. `how`: ASKED (a name, of DNS), REACHED (a name or an address), PRINTED, or one of
    an attempt that came to nothing, ""."""

    src: bytes
    item: str
    how: str


class Listed:
    """What is on the lists, sorted by what it is. Looking an address up costs one step for each length of network.
    Raises ValueError for an item that is none of it."""

    def __init__(self, items: Iterable[str]) -> None:
        self.names: set[str] = set()
        self.prints: set[str] = set()
        self._networks: dict[int, dict[int, set[int]]] = {4: {}, 6: {}}  # by version, by bits that are free
        self._known: Bounded[bytes, str] = Bounded(REMEMBERED)
        for item in items:
            self._add(item)

    def _add(self, item: str) -> None:
        try:
            network = ip_network(item, strict=False)
        except ValueError:
            self._add_name(item.lower().removeprefix("*.").strip("."))
            return
        free = network.max_prefixlen - network.prefixlen
        self._networks[network.version].setdefault(free, set()).add(int(network.network_address) >> free)

    def _add_name(self, name: str) -> None:
        if not JA4.fullmatch(name) and not NAME.fullmatch(name):
            raise ValueError(f"{clean(name.encode(), 80)} is no address, network, name or JA4")
        (self.prints if JA4.fullmatch(name) else self.names).add(name)

    @property
    def has_addresses(self) -> bool:
        return any(self._networks.values())

    def network(self, address: bytes) -> str:
        """The narrowest listed network of a packed address, "" none."""
        found = self._known.get(address)
        if found is None:
            one = ip_address(address)
            by_free = self._networks[one.version]
            free = next((free for free in sorted(by_free) if int(one) >> free in by_free[free]), None)
            found = self._known[address] = "" if free is None else str(
                ip_network((int(one) >> free << free, one.max_prefixlen - free)))
        return found.removesuffix("/32" if len(address) == 4 else "/128")

    def name(self, name: str) -> str:
        """The longest listed name that it is, or is below; "" none."""
        labels = PORT.sub("", name.lower()).rstrip(".").split(".")
        return next((low for i in range(len(labels)) if (low := ".".join(labels[i:])) in self.names), "")


class Blocked(Detector):
    name = "blocked"
    about = "Tell of addresses, names and client fingerprints that are on a block list."
    options = (
        Option("lists", DEFAULT, "Names of the lists, separated by commas: those of the configuration's [lists]."),
    )
    wants = frozenset({CROWD})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        super().begin(of, alarm)
        self._met: Bounded[Met, Crowded] = Bounded(KNOWN)
        self._room = Room()
        try:
            self._listed = Listed(self._items(of("lists")))
        except ValueError as e:
            raise AddonError(f"detect.blocked.lists: {e}") from None
        self._asked = set(plain("dns.names"))
        self._names = {*self._asked, *plain("tls.sni"), *plain("quic.sni"), *plain("http.host"), *plain("http2.host"),
                       *plain("http3.host")} if self._listed.names else set()
        prints = {(app, key) for app in HELLOS if self._listed.prints for key in DEPENDS[app, "tls.ja4"] or ()}
        return [*self._addresses(), *self._said(self._names | prints)]

    def _items(self, names: str) -> Iterator[str]:
        """Of the lists of these names. The default need not be there. Raises ValueError."""
        lists = {name.lower(): items for name, items in self.lists.items()}
        for name in filter(None, map(str.strip, names.split(","))):
            if name.lower() not in lists and name != DEFAULT:
                raise ValueError(f"no list is called {name}; set it: lists.{name} = [...]")
            yield from lists.get(name.lower(), ())

    def _addresses(self) -> Iterator[Many]:
        if self._listed.has_addresses:
            for when in (("opened", "answered"), ("refused", "half-open", "unanswered")):
                yield Many(when, ("src", "dst"), ("dport",), 1, 86400)

    def _said(self, facts: set[tuple[str, int]]) -> Iterator[Many]:
        if facts:
            yield Many(("told",), ("src", "dst", "dport", "facts"), ("sport",), 1, 86400, facts=tuple(sorted(facts)))

    def take(self, notice: Notice) -> None:
        table, crowd, facts = notice.more
        if notice.src in self.allowed or notice.dst in self.allowed:
            return
        found = self._in(facts, notice.app) if facts else self._ends(notice, "opened" in table.on)
        for item, how in dict.fromkeys(found):
            met = Met(notice.src, item, how)
            known = self._met.get(met)
            if known is None:
                known = self._met[met] = Crowded(self._room)
                known.add(crowd)
                self.alarm(self, notice, (met, notice.dst, notice.dport), known)
            else:
                known.add(crowd)

    def _ends(self, notice: Notice, stood: bool) -> Iterator[tuple[str, str]]:
        for end in (notice.dst, notice.src):
            if item := self._listed.network(end):
                yield item, REACHED if stood else ""

    def _in(self, facts: bytes, app: int) -> Iterator[tuple[str, str]]:
        """What is listed of that which the flow said."""
        apps = app_names()
        for number, key, value in facts_list(facts):
            pair = str(apps[number]), key
            if pair in self._names and (item := self._listed.name(clean(value, 255))):
                yield item, ASKED if pair in self._asked else REACHED
        if self._listed.prints:
            for each in said(facts, app).values():
                if isinstance(each, dict) and each.get("ja4") in self._listed.prints:
                    yield each["ja4"], PRINTED

    def describe(self, about: tuple[Met, bytes, int], episode: Crowded) -> Told:
        (packed, item, how), other, dport = about
        src, dst = text_of(packed), text_of(other)
        severity, title, text = {
            ASKED: (WARNING, "Blocked name asked for", f"{src} asked {dst} for {item}, which is on a block list"),
            REACHED: (CRITICAL, "Blocked destination",
                      f"{src} and {dst} port {dport} speak to each other, and {item} is on a block list"),
            PRINTED: (WARNING, "Blocked client fingerprint",
                      f"{src} began TLS with {dst} as {item} does, which is on a block list"),
        }.get(how, (WARNING, "Blocked address tried",
                    f"{src} tried to reach {dst} port {dport}, and {item} is on a block list"))
        return Told(severity, title, text, {"listed": item, "conversations": episode.count},
                    {"src": src, "dst": dst, "dport": dport})


def plain(field: str) -> Iterator[tuple[str, int]]:
    """(app, key) of the facts that are the value of this field."""
    return ((app, fact.key) for app, fact in PLAIN.get(field, ()))
