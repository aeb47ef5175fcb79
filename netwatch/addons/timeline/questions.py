"""What happened in a time: events of flows, of the capture, of interfaces, and how many fell into each part of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netwatch._fast.out.addresses import packed_of
from netwatch._fast.out.notes import KINDS, forgotten, histogram, newest
from netwatch.addons.throughput.addon import Past
from netwatch.addons.timeline.addon import INFO, WARNING
from netwatch.names.addon import Names

SECOND = 1_000_000_000
SHOWN = 500  # events of an answer, newest
HOUR = 3600
CATEGORIES = ("flow", "dns", "loss", "damage", "interface", "capture")
KIND_CATEGORY = {"first": "flow", "ended": "flow", "refused": "flow", "reset": "flow", "unanswered": "flow",
                 "unreachable": "flow", "dns-error": "dns", "burst": "loss", "zero-window": "loss"}
CALM = ("first", "ended")  # kinds that are no warning
RCODES = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET",
          8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE"}
NXDOMAIN = 3
# RFC 792 and RFC 1812 section 5.2.7.1; RFC 4443 section 3.1
UNREACHABLE = {"icmp": {0: "network", 1: "host", 2: "protocol", 3: "port", 4: "too large for the path", 9: "prohibited",
                        10: "prohibited", 13: "prohibited"},
               "icmp6": {0: "no route", 1: "prohibited", 3: "address", 4: "port", 5: "prohibited", 6: "no route"}}


@dataclass(frozen=True)
class Event:
    """One line. `flow` is 0 when no single flow did it; `count` how many things it tells of."""

    time_ns: int
    severity: str
    category: str
    text: str
    flow: int = 0
    count: int = 1


@dataclass(frozen=True)
class TimelineNow:
    """`events` newest first; `counts`, `warnings`, `bytes` for each `step_s` from `start_s` (seconds of packet time).
    `total` events are in that time; `forgotten`: older ones that only the counts still know."""

    events: tuple[Event, ...]
    total: int
    forgotten: int
    start_s: int
    step_s: int
    counts: tuple[int, ...]
    warnings: tuple[int, ...]
    bytes: tuple[int, ...]
    now_ns: int


@dataclass(frozen=True)
class Timeline:
    """`window_s` seconds up to now, 0 since the beginning; `category` of CATEGORIES, "warnings" or "all"; `parts` at
    most so many parts of the time; `where` a Filter."""

    window_s: int = 0
    category: str = "all"
    parts: int = 100
    where: Any = None

    def answer(self, session: Any) -> TimelineNow:
        keeper, past = session.keepers["events"], session.keepers["past"]
        kinds = [kind for kind in KINDS if self._wants(KIND_CATEGORY[kind], kind in CALM)]
        with session.lock:
            now = session.engine.clock
            start, step, parts = self._parts(past, now)
            since, until = start * SECOND, (start + step * parts) * SECOND
            noted = [(kind, note) for kind in kinds
                     for note in newest(keeper.notes, session.engine, kind, since, SHOWN)]
            counts = histogram(keeper.notes, since, until, parts, kinds)
            warnings = histogram(keeper.notes, since, until, parts, [kind for kind in kinds if kind not in CALM])
            lost = sum(n for kind, n in forgotten(keeper.notes).items() if kind in kinds)
            session.engine.tell()
            carried = past.history.read(start, start + step * parts, step)["bytes"] if now else [0] * parts
            others = _others(session)
            if self.where is not None:
                noted = [pair for pair in noted if self.where.matches(pair[1] | {"id": pair[1]["flow"]})]
            noted.sort(key=lambda pair: -pair[1]["time_ns"])
            events = [_told(kind, note, session.names) for kind, note in noted[:SHOWN]]
        for other in reversed(others):
            if other.time_ns >= since and self._wants(other.category, other.severity == INFO) and self.where is None:
                events.append(other)
                part = min((other.time_ns // SECOND - start) // step, parts - 1)
                counts[part] += 1
                warnings[part] += other.severity != INFO
        events.sort(key=lambda event: -event.time_ns)
        return TimelineNow(tuple(events[:SHOWN]), sum(counts), lost, start, step, tuple(counts), tuple(warnings),
                           tuple(carried[:parts]), now)

    def _wants(self, category: str, calm: bool) -> bool:
        return self.category in ("all", category) or (self.category == "warnings" and not calm)

    def _parts(self, past: Past, now: int) -> tuple[int, int, int]:
        """(first second, seconds a part, parts)."""
        end = now // SECOND + 1
        first = past.history.first or end - 1
        start = max(first, end - self.window_s) if self.window_s else first
        span = max(end - start, 1)
        step = -(-span // max(self.parts, 1))
        if span > HOUR - 2 * step:
            step = -(-step // 10) * 10  # beyond an hour only tens of seconds are kept
        start -= start % step
        return start, step, -(-(end - start) // step)


def _others(session: Any) -> list[Event]:
    """What no flow did: of the capture, and of interfaces."""
    return [*(Event(each.time_ns, each.severity, each.category, each.text, 0, each.things)
              for each in session.keepers["events"].happenings),
            *(Event(each.time_ns, each.severity, "interface", each.text)
              for each in tuple(session.keepers["interfaces"].changes))]


def _told(kind: str, note: dict[str, Any], names: Names) -> Event:
    """A note as an event."""
    severity = INFO if kind in CALM or (kind == "dns-error" and note["code"] == NXDOMAIN) else WARNING
    if not note["flow"]:
        text = f"and {note['value']} more of this in that second: {FOLDED[kind]}"
        return Event(note["time_ns"], severity, KIND_CATEGORY[kind], text, 0, note["value"])
    return Event(note["time_ns"], severity, KIND_CATEGORY[kind], TEXTS[kind](note, names), note["flow"])


def end(host: str, port: int | None) -> str:
    """host:port, IPv6 in brackets."""
    return host if port is None else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _ends(note: dict[str, Any]) -> str:
    return f"{end(note['src'], note.get('sport'))} to {end(note['dst'], note.get('dport'))}"


def _who(note: dict[str, Any]) -> str:
    return str(note["dst"] if note["by"] else note["src"])


def _first(note: dict[str, Any], names: Names) -> str:
    found = names.table.find(packed_of(note["src"]), packed_of(note["dst"]), note["time_ns"])
    where = end(note["dst"], note.get("dport"))
    return f"first flow to {where}{f' (~{found[0]})' if found else ''}, " \
        f"{note.get('app', note['proto'])}, from {note['src']}"


def _unreachable(note: dict[str, Any], names: Names) -> str:
    what = UNREACHABLE.get(note["proto"], {}).get(note["code"], f"code {note['code']}")
    other = note["src"] if note["by"] else note["dst"]
    return f"{_who(note)} tells {other}: unreachable ({what})"


def _dns(note: dict[str, Any], names: Names) -> str:
    code = RCODES.get(note["code"], f"code {note['code']}")
    return f"DNS {code}{' for ' + note['name'] if 'name' in note else ''}, {note['dst']} to {note['src']}"


def _size(octets: int) -> str:
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if octets >= scale:
            return f"{octets / scale:.1f} {unit}"
    return f"{octets} B"


TEXTS: dict[str, Callable[[dict[str, Any], Names], str]] = {
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
