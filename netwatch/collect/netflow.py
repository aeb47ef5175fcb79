"""NetFlow 5 and 9 (RFC 3954) and IPFIX (RFC 7011) as a collector reads them: export packets become flow records.

What an exporter says is believed, and no more than it says is told: a record is of one direction, unless the exporter
told of both (RFC 5103). Its octets are those of IP packets, not of frames. Any bytes may come: what does not fit is
counted, templates and exporters are bounded.
"""

from __future__ import annotations

import ipaddress
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from netwatch._fast.out.names import proto_name
from netwatch._fast.out.record import iso
from netwatch.collect.elements import ELEMENTS, ENTERPRISE, OWN, REVERSE, REVERSED
from netwatch.model.record import Record

EXPORTERS = 256  # remembered
TEMPLATES = 1024  # of one exporter
FIELDS = 256  # of a template
MOST_FIELDS = 131072  # of all templates of all exporters: some 20 MB; those unheard for longest are forgotten
RECORDS = 4096  # of one set
VARIABLE = 0xFFFF  # RFC 7011 section 7
HEAD_5, RECORD_5, RECORDS_5 = 24, 48, 30
HEAD_9, HEAD_IPFIX = 20, 16
FIRST_DATA = 256
ENDED = {1: "timeout", 2: "timeout", 3: "fin", 4: "end-of-input", 5: "evicted"}  # flowEndReason
FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
PORTS = (6, 17, 132, 136)  # protocols that have them
MILLION, NS = 1_000_000, 1_000_000_000
NTP = 2_208_988_800  # s from 1900 to 1970
MOST_NS = (1 << 63) - 1
WRAP_MS = 1 << 32


class Field(NamedTuple):
    """Of a template. `key`: what it tells, "" for what nobody asks; `size` in octets."""

    key: str
    size: int


class Template(NamedTuple):
    fields: tuple[Field, ...]
    size: int  # of a record, octets; the least, where some are of variable length
    options: bool


class Exporter:
    """What one exporting process has said of its records."""

    def __init__(self) -> None:
        self.templates: OrderedDict[int, Template] = OrderedDict()
        self.fields = 0  # of all of them

    def learn(self, number: int, template: Template) -> None:
        self.forget(number)
        self.templates[number] = template
        self.fields += len(template.fields)
        if len(self.templates) > TEMPLATES:
            self.forget(next(iter(self.templates)))

    def forget(self, number: int) -> int:
        """How many fields went with the template."""
        gone = self.templates.pop(number, None)
        size = len(gone.fields) if gone is not None else 0
        self.fields -= size
        return size


class Malformed(Exception):
    """It does not fit."""


class Collector:
    """Reads export packets. `records`, `unknown` and `malformed` count flow records, sets without a template, packets
    that do not fit."""

    def __init__(self) -> None:
        self._exporters: OrderedDict[tuple[str, int, int], Exporter] = OrderedDict()
        self._fields = 0  # of the templates of all of them
        self.packets = self.records = self.unknown = self.malformed = 0

    def read(self, data: bytes, exporter: str) -> list[Record]:
        """The flows that a packet of the `exporter`, its address, tells of. What stands before a fault is told."""
        self.packets += 1
        found: list[Record] = []
        version = int.from_bytes(data[:2], "big")
        try:
            if version == 5:
                self._five(data, exporter, found)
            elif version == 9:
                self._nine(data, exporter, found)
            elif version == 10:
                self._ten(data, exporter, found)
            else:
                raise Malformed
        except (Malformed, struct.error):
            self.malformed += 1
        return found

    def numbered(self, records: list[Record]) -> list[Record]:
        """Flows that were learnt otherwise, numbered with those of here."""
        for record in records:
            self.records += 1
            record["id"] = self.records
        return records

    def _give(self, said: Record, exporter: str, base_ns: int, found: list[Record]) -> None:
        record = flow_record(said, self.records + 1, exporter, base_ns)
        if record is not None:
            self.records += 1
            found.append(record)

    def _five(self, data: bytes, exporter: str, found: list[Record]) -> None:
        """Records of a fixed form."""
        _, count, uptime, seconds, nanoseconds = struct.unpack_from(">HHIII", data)
        if count > RECORDS_5 or len(data) < HEAD_5 + RECORD_5 * count:
            raise Malformed
        base = seconds * NS + nanoseconds % NS - uptime * MILLION
        for at in range(HEAD_5, HEAD_5 + RECORD_5 * count, RECORD_5):
            (source, target, packets, octets, first, last, sport, dport, flags,
             proto) = struct.unpack_from(">4s4s8xIIIIHHxBB", data, at)
            self._give({"src": source, "dst": target, "packets": packets, "octets": octets, "first_up": first,
                        "last_up": last, "sport": sport, "dport": dport, "flags": flags, "proto": proto,
                        "uptime": uptime}, exporter, base, found)

    def _nine(self, data: bytes, exporter: str, found: list[Record]) -> None:
        _, _, uptime, seconds, _, source = struct.unpack_from(">HHIIII", data)
        self._sets(data[HEAD_9:], self._exporter(exporter, 9, source), exporter, seconds * NS - uptime * MILLION,
                   {"uptime": uptime}, (0, 1), found)

    def _ten(self, data: bytes, exporter: str, found: list[Record]) -> None:
        """Messages may follow one another, in a stream."""
        at = 0
        while at < len(data):
            version, size, _, _, domain = struct.unpack_from(">HHIII", data, at)
            if version != 10 or not HEAD_IPFIX <= size <= len(data) - at:
                raise Malformed
            self._sets(data[at + HEAD_IPFIX:at + size], self._exporter(exporter, 10, domain), exporter, 0, {}, (2, 3),
                       found)
            at += size

    def _exporter(self, address: str, version: int, number: int) -> Exporter:
        key = (address, version, number)
        exporter = self._exporters.setdefault(key, Exporter())
        self._exporters.move_to_end(key)
        if len(self._exporters) > EXPORTERS:
            self._drop()
        return exporter

    def _drop(self) -> None:
        """Forget the exporter that was unheard for longest."""
        _, gone = self._exporters.popitem(last=False)
        self._fields -= gone.fields

    def _learn(self, data: bytes, known: Exporter, *, options: bool, ipfix: bool) -> None:
        """Templates of a set; what is too much of all there are goes, of the exporter that speaks at last."""
        before = known.fields
        try:
            _learn(data, known, options=options, ipfix=ipfix)
        finally:
            self._fields += known.fields - before
            while self._fields > MOST_FIELDS and len(self._exporters) > 1:
                self._drop()
            while self._fields > MOST_FIELDS:
                self._fields -= known.forget(next(iter(known.templates)))

    def _sets(self, data: bytes, known: Exporter, exporter: str, base: int, more: Record, kinds: tuple[int, int],
              found: list[Record]) -> None:
        """`kinds`: numbers of sets of templates, and of templates of options."""
        at = 0
        while at + 4 <= len(data):
            number, size = struct.unpack_from(">HH", data, at)
            if size < 4 or at + size > len(data):
                raise Malformed
            body = data[at + 4:at + size]
            if number in kinds:
                self._learn(body, known, options=number == kinds[1], ipfix=kinds[0] == 2)
            elif number >= FIRST_DATA:
                template = known.templates.get(number)
                if template is None:
                    self.unknown += 1
                elif not template.options:
                    for said in _records(body, template):
                        self._give({**more, **said}, exporter, base, found)
            at += size


def _learn(data: bytes, known: Exporter, *, options: bool, ipfix: bool) -> None:
    """Templates of a set."""
    at = 0
    while at + 4 <= len(data):
        number, count = struct.unpack_from(">HH", data, at)
        at += 4
        if number < FIRST_DATA:
            return  # what fills the set up
        if ipfix and not count:  # withdrawn: RFC 7011 section 8.1
            known.forget(number)
            continue
        if options:
            (scopes,) = struct.unpack_from(">H", data, at)
            at += 2
            if not ipfix:  # both are octets there: of scopes, and of what is told of them
                count = (count + scopes) // 4
        if count > FIELDS:
            raise Malformed
        fields = []
        for _ in range(count):
            element, size = struct.unpack_from(">HH", data, at)
            at += 4
            key = ELEMENTS.get(element, "")
            if ipfix and element & ENTERPRISE:
                (number_of,) = struct.unpack_from(">I", data, at)
                at += 4
                own = element & ~ENTERPRISE
                key = OWN.get((number_of, own), REVERSED.get(own, "") if number_of == REVERSE else "")
            if size:  # what takes no room tells nothing
                fields.append(Field(key, size))
        least = sum(1 if each.size == VARIABLE else each.size for each in fields)
        if not least:
            raise Malformed
        known.learn(number, Template(tuple(fields), least, options))


def _records(data: bytes, template: Template) -> Iterator[dict[str, bytes]]:
    """Octets by key, of each record. What is too short for one fills the set up."""
    at = count = 0
    while at + template.size <= len(data) and count < RECORDS:
        said: dict[str, bytes] = {}
        for key, size in template.fields:
            if size == VARIABLE:
                if at >= len(data):
                    raise Malformed
                size, at = data[at], at + 1
                if size == 255:
                    size, at = int.from_bytes(data[at:at + 2], "big"), at + 2
            if at + size > len(data):
                raise Malformed
            if key:
                said[key] = data[at:at + size]
            at += size
        count += 1
        yield said


def flow_record(said: Record, number: int, exporter: str, base_ns: int) -> Record | None:
    """None for what is no flow between IP addresses. `base_ns`: when the exporter began, by its own clock."""
    ends = [_address(said.get(key) or said.get(f"{key}6")) for key in ("src", "dst")]
    proto = _number(said.get("proto"))
    packets, octets = (_number(said.get(key, said.get(f"{key}_total"))) for key in ("packets", "octets"))
    if None in ends or proto is None or (packets is None and octets is None):
        return None
    record: Record = {"schema": "netwatch.flow/1", "id": number, "proto": proto_name(proto), "src": ends[0],
                      "dst": ends[1], "initiator": "guessed", "interface": exporter}
    if proto in PORTS:
        for key in ("sport", "dport"):
            port = _number(said.get(key))
            if port is not None:
                record[key] = port & 0xFFFF
    first, last = (_time(said, key, base_ns) for key in ("first", "last"))
    if first is not None and last is not None and first <= last:
        record |= {"first": iso(first), "last": iso(last), "duration": round((last - first) / 1e9, 9)}
    for name, count, back in (("packets", packets, "packets_back"), ("bytes", octets, "octets_back")):
        record |= {f"{name}_out": count or 0, f"{name}_in": _number(said.get(back)) or 0}
    flags = _number(said.get("flags"))
    if proto == 6 and flags:
        record["tcp_flags_out"] = [name for bit, name in enumerate(FLAGS) if flags >> bit & 1]
    vlan = _number(said.get("vlan"))
    if vlan:
        record["vlan"] = [vlan & 0xFFF]
    reason = ENDED.get(_number(said.get("reason")) or 0)
    if reason:
        record["ended"] = reason
    return record | _own(said)


def _own(said: Record) -> Record:
    """What netwatch adds as an exporter: outlets/ipfix.py."""
    app, sni, program = (_text(said.get(key)) for key in ("app", "sni", "program"))
    found: Record = {}
    if app:
        found |= {"app": app, "app_stack": [app]}
    if sni:
        found["quic" if app == "quic" else "tls"] = {"sni": sni}
    pid = _number(said.get("pid"))
    if program:
        found["process"] = {"name": program, **({"pid": pid} if pid else {})}
    return found


def _number(value: object) -> int | None:
    """Of at most eight octets, RFC 7011 section 6.2."""
    if isinstance(value, bytes):
        return int.from_bytes(value, "big") & MOST_NS if 0 < len(value) <= 8 else None
    return value if isinstance(value, int) else None


def _address(value: object) -> str | None:
    return str(ipaddress.ip_address(value)) if isinstance(value, bytes) and len(value) in (4, 16) else None


def _text(value: object) -> str:
    text = value[:255].decode("utf-8", "replace") if isinstance(value, bytes) else ""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _up(said: Record, value: int, base_ns: int) -> int:
    """ms since the exporter began, which wrap every 49 days: never after it spoke."""
    uptime = _number(said.get("uptime"))
    began = _number(said.get("began"))
    if began is not None:
        return began * MILLION + value * MILLION
    return base_ns + (value - (WRAP_MS if uptime is not None and value > uptime + WRAP_MS // 2 else 0)) * MILLION


def _ntp(value: int, _: int) -> int:
    """Of 32 bits of seconds since 1900 and 32 of their fraction."""
    return ((value >> 32) - NTP) * NS + ((value & 0xFFFFFFFF) * NS >> 32)


SCALES: tuple[tuple[str, Callable[[int, int], int]], ...] = (
    ("ns", _ntp), ("us", _ntp), ("ms", lambda value, _: value * MILLION), ("s", lambda value, _: value * NS))


def _time(said: Record, key: str, base_ns: int) -> int | None:
    """ns since 1970, by the finest that is told."""
    for unit, scale in SCALES:
        value = _number(said.get(f"{key}_{unit}"))
        if value is not None:
            found = scale(value, 0)
            return found if 0 <= found <= MOST_NS else None
    value = _number(said.get(f"{key}_up"))
    if value is None or not (base_ns or "began" in said):
        return None
    found = _up(said, value, base_ns)
    return found if 0 <= found <= MOST_NS else None
