"""What is written beside each packet of a pcapng file: who owned its flow, and what the flow was.

For people, and Wireshark's `frame.comment contains`, it is a comment; for ourselves a line of JSON in a custom option,
which docs/schemas/evidence-1.json describes, and from which the owners are read back (owners/recorded.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from netwatch._fast.input.pcapngwriter import options_of
from netwatch._fast.out.flowevidence import FlowEvidence
from netwatch.model.record import Record, whose

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine

SCHEMA = "netwatch.evidence/1"
ENDS = ("proto", "src", "sport", "dst", "dport")
VERDICT = ("app", "confidence", "label", "decrypted", "name")
KEYS = frozenset({"id", *ENDS, *VERDICT, "process"})  # of the flow record that evidence is made of
OF_NOW = frozenset({"age_s"})  # of a process: true only at the moment of asking
LOOKED_UP = frozenset({"dns", "mdns", "llmnr", "netbios", "ptr"})  # names that are of an address, not of a service
MOST = 65536  # flows whose evidence is kept ready
KNOWN = 8192  # verdicts that are


class Evidence:
    """The same of flows that are over, made from their rows; what says the same of many is said once."""

    def __init__(self, interfaces: list[Record]) -> None:
        """`interfaces`: the source's."""
        self._options = FlowEvidence(SCHEMA, interfaces)
        self._known: dict[tuple[object, ...], tuple[bytes, bytes]] = {}

    def of(self, engine: Engine, row: int, described: Record) -> bytes:
        """`described`: what its record says that is in no row, as far as KEYS go."""
        key = *map(described.get, VERDICT[:-1]), *described.get("name", {}).items()
        found = self._known.get(key) if "process" not in described else None
        if found is None:
            found = comment(described).encode(errors="replace"), _dumped(_verdict(described))[1:-1].encode(
                errors="replace")
            if "process" not in described:
                if len(self._known) >= KNOWN:
                    self._known.clear()
                self._known[key] = found
        words, verdict = found
        return bytes(self._options.options(engine, row, words, b"," + verdict if verdict else b""))


def evidence_of(flow: Record) -> bytes:
    """The options of a packet of that flow, for CaptureWriter."""
    return bytes(options_of(comment(flow), text(flow)))


def comment(flow: Record) -> str:
    """One line: `process curl[4711] user alice /usr/bin/curl; app tls; TLS api.example.com`."""
    owner = whose(flow.get("process", {}))
    parts = [owner] if owner else []
    if "app" in flow:
        parts.append(f"app {flow['app']}")
    parts += [flow["label"]] if "label" in flow else []
    line = "; ".join(parts)
    return line if line.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in line)


def text(flow: Record) -> str:
    """The same in JSON: keys in the order of the schema, so that equal evidence is equal text."""
    found: Record = {"schema": SCHEMA, "flow": flow.get("id", 0)}
    found |= {key: flow[key] for key in ENDS if key in flow}
    return _dumped(found | _verdict(flow))


def _verdict(flow: Record) -> Record:
    """What it was and whose, as far as that is known."""
    found: Record = {key: flow[key] for key in VERDICT if key in flow}
    if "process" in flow:
        found["process"] = {key: value for key, value in flow["process"].items() if key not in OF_NOW}
    return found


def _dumped(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


class Told:
    """The evidence of flows by number, of which more is learnt: made once a step. And the names of addresses that it
    tells of."""

    def __init__(self) -> None:
        self.made: dict[int, bytes] = {}  # by flow
        self.names: dict[str, str] = {}

    def of(self, flow: int, look: Callable[[], Record | None]) -> bytes:
        """`look`: its record, as far as KEYS go; b"" for the packets of no flow."""
        if not flow:
            return b""
        found = self.made.get(flow)
        if found is None:
            record = look() or {}
            if len(self.made) >= MOST:
                self.made.clear()
            found = self.made[flow] = evidence_of(record) if record else b""
            name = record.get("name", {})
            if name.get("via") in LOOKED_UP and "dst" in record and len(self.names) < MOST:
                self.names.setdefault(record["dst"], name["host"])
        return found

    def step(self) -> None:
        """Another chunk begins."""
        self.made.clear()
