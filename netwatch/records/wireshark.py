"""Wireshark's names as fields to show, to order by and to sum up by: with Wireshark's values, made of ours.

A name of Wireshark's that stands for a field of ours is of one protocol alone (`udp.port`, `ip.src`), may have both
ends (`ip.addr`), and has numbers where records have names (`dns.flags.rcode`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

from netwatch.model.record import Record

PAIRS = frozenset({"ip.addr", "ipv6.addr", "eth.addr", "tcp.port", "udp.port"})
MAC_COLONS = 5
MQTT = {"3.1": 3, "3.1.1": 4, "5": 5}  # MQTT section 3.1.2.2 of each
# names whose values records do not have as Wireshark does: what there is instead
INSTEAD = {"mysql.command": "mysql.commands", "smb.cmd": "smb.commands", "smb2.cmd": "smb.commands",
           "smb2.dialect": "smb.dialect", "smb2.nt_status": "smb.errors", "tcp.flags": "tcp_flags"}
Value = Callable[[object], object]  # what Wireshark has for a value of ours, None for nothing


class Made(NamedTuple):
    """How a name's values are made: `of` each; of records whose `proto` is this, "" of any; `both`: of several values a
    list. `paths`: where ours stand."""

    of: Value
    proto: str = ""
    both: bool = False
    paths: tuple[str, ...] = ()

    def value(self, found: Record) -> object:
        """Of what stands at some paths of a record and its flow; None for nothing."""
        if found.get("proto") == "arp" or (self.proto and found.get("proto") != self.proto):
            return None  # ARP speaks of addresses, and has none of IP
        if self.of is _protocol and ":" in str(found.get("src")):
            return None  # what follows an IPv6 header is ipv6.nxt
        several = self.both
        values: list[object] = []
        for path in self.paths:
            if path not in found or (values and not self.both):
                continue
            several = several or isinstance(found[path], list)
            each = found[path] if isinstance(found[path], list) else [found[path]]
            values += [value for value in map(self.of, each) if value is not None]
        return (values if several else values[0]) if values else None


def made_of(name: str) -> Made | None:
    """How the values of a name are made, lower case; None where they are those of the record."""
    first, dot, _ = name.partition(".")
    proto = first if first in ("tcp", "udp") else ""
    if name in NUMBERS:
        return Made(NUMBERS[name], proto)
    return Made(FAMILIES[first], proto, name in PAIRS) if dot and first in FAMILIES else None


def _same(value: object) -> object:
    return value


def _of_ipv4(value: object) -> object:
    return value if ":" not in str(value) else None


def _of_ipv6(value: object) -> object:
    text = str(value)
    return value if "::" in text or text.count(":") > MAC_COLONS else None


def _protocol(value: object) -> object:
    return _numbers("PROTO").get(str(value)) or _behind(value, "ip-")


def _rcode(value: object) -> object:
    return _numbers("RCODE").get(str(value), _behind(value, "RCODE"))


def _type(value: object) -> object:
    return _types().get(str(value), _behind(value, "TYPE"))


def _behind(value: object, prefix: str) -> int | None:
    """The number in a name that was made up of one."""
    rest = str(value).removeprefix(prefix)
    return int(rest) if rest != value and rest.isdecimal() else None


def _seconds(value: object) -> object:
    return value / 1e6 if isinstance(value, int | float) else None


def _mqtt(value: object) -> object:
    return MQTT.get(str(value))


@cache
def _numbers(table: str) -> Mapping[str, int]:
    from netwatch.filter import enumerated

    return {word: number for number, word in getattr(enumerated, table).numbers.items()}


@cache
def _types() -> Mapping[str, int]:
    from netwatch._fast.proto.dns.data import TYPES

    return {word: number for number, word in TYPES.items()}


FAMILIES: Mapping[str, Value] = {"ip": _of_ipv4, "ipv6": _of_ipv6, "tcp": _same, "udp": _same, "eth": _same}
NUMBERS: Mapping[str, Value] = {"ip.proto": _protocol, "dns.flags.rcode": _rcode, "dns.qry.type": _type,
                                "tcp.analysis.initial_rtt": _seconds, "mqtt.ver": _mqtt}
