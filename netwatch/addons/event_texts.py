"""What events of flows are called in the Timeline, for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from netwatch._fast.proto.dns.data import type_name
from netwatch._fast.proto.dns.text import RCODES

if TYPE_CHECKING:
    from netwatch.model.record import Record
    from netwatch.names.addon import Names

# RFC 792 and RFC 1812 section 5.2.7.1; RFC 4443 section 3.1
UNREACHABLE = {"icmp": {0: "network", 1: "host", 2: "protocol", 3: "port", 4: "too large for the path", 9: "prohibited",
                        10: "prohibited", 13: "prohibited"},
               "icmp6": {0: "no route", 1: "prohibited", 3: "address", 4: "port", 5: "prohibited", 6: "no route"}}


def end(host: str, port: int | None) -> str:
    """host:port, IPv6 in brackets."""
    return host if port is None else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _ends(note: Record) -> str:
    return f"{end(note['src'], note.get('sport'))} to {end(note['dst'], note.get('dport'))}"


def _who(note: Record) -> str:
    return str(note["dst"] if note["by"] else note["src"])


def _first(note: Record, names: Names) -> str:
    found = names.table.find(note["src"], note["dst"], note["time_ns"])
    where = end(note["dst"], note.get("dport"))
    return f"first flow to {where}{f' (~{found[0]})' if found else ''}, " \
        f"{note.get('app', note['proto'])}, from {note['src']}"


def _unreachable(note: Record, names: Names) -> str:
    what = UNREACHABLE.get(note["proto"], {}).get(note["code"], f"code {note['code']}")
    other = note["src"] if note["by"] else note["dst"]
    return f"{_who(note)} tells {other}: unreachable ({what})"


def _dns(note: Record, names: Names) -> str:
    code = RCODES.get(note["code"], f"code {note['code']}")
    kind = f"{type_name(note['value'])} " if note["value"] else ""  # 0: the message was cut before it
    asked = f" for {kind}{note['name']}" if "name" in note else ""
    return f"DNS {code}{asked}, {note['dst']} to {note['src']}"


def _size(octets: int) -> str:
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if octets >= scale:
            return f"{octets / scale:.1f} {unit}"
    return f"{octets} B"


TEXTS: dict[str, Callable[[Record, Names], str]] = {
    "first": _first, "unreachable": _unreachable, "dns-error": _dns,
    "ended": lambda note, names: f"ended ({note['ended']}) after {note['span_ns'] / 1e9:.1f} s, "
                                 f"{_size(note['value'])}: {_ends(note)}",
    "refused": lambda note, names: f"{end(note['dst'], note['dport'])} refused a connection from {note['src']}",
    "reset": lambda note, names: f"reset by {_who(note)}: {_ends(note)}",
    "unanswered": lambda note, names: f"no answer from {end(note['dst'], note['dport'])} to {note['src']}",
    "burst": lambda note, names: f"{note['value']} segments sent again within 1 s: {_ends(note)}",
    "zero-window": lambda note, names: f"{_who(note)} had no room to receive (zero window): {_ends(note)}",
}
FOLDED = {"first": "first flows to other endpoints", "ended": "ends of large or long flows",
          "refused": "connections refused", "reset": "resets", "unanswered": "connections without an answer",
          "unreachable": "ICMP unreachable",
          "dns-error": "DNS errors", "burst": "bursts of segments sent again", "zero-window": "zero windows"}
