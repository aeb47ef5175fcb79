"""What the facts of wire.pyx say: the describing half of S7 communication, and its names."""

from __future__ import annotations

from collections.abc import Iterable

from netwatch._fast.proto.common.describing import by_key, count, listed, micros, named, number, one_or_all, text
from netwatch._fast.proto.common.facts import Plain
from netwatch.model.record import Record

# fact keys, as in wire.pyx
(VARIANT, CALLING, CALLED, FUNCTION, READ, WRITTEN, PDU, ERROR, ITEM_ERROR, IDENTITY, REQUESTS, LATENCY) = range(1, 13)

FACT_FIELDS: dict[str, Plain] = {}
FUNCTIONS = {0x00: "CPU services", 0x04: "read", 0x05: "write", 0x1A: "request download", 0x1B: "download block",
             0x1C: "download ended", 0x1D: "start upload", 0x1E: "upload", 0x1F: "end upload", 0x28: "PLC control",
             0x29: "PLC stop", 0xF0: "setup communication"}
GROUPS = {0: "mode transition", 1: "programmer", 2: "cyclic data", 3: "block", 4: "CPU", 5: "security", 6: "BSEND",
          7: "time", 15: "NC programming"}
SUBFUNCTIONS = {(3, 1): "list blocks", (3, 2): "list blocks of type", (3, 3): "block info", (4, 1): "read SZL",
                (4, 2): "message service", (5, 1): "password", (7, 1): "read clock", (7, 2): "set clock"}
AREAS = {0x03: "system info", 0x05: "system flags", 0x06: "analog inputs", 0x07: "analog outputs", 0x1C: "C",
         0x1D: "T", 0x1E: "IEC C", 0x1F: "IEC T", 0x80: "P", 0x81: "I", 0x82: "Q", 0x83: "M", 0x84: "DB", 0x85: "DI",
         0x86: "L", 0x87: "V"}
TYPES = {1: "BIT", 2: "BYTE", 3: "CHAR", 4: "WORD", 5: "INT", 6: "DWORD", 7: "DINT", 8: "REAL"}
ITEM_ERRORS = {0x01: "hardware error", 0x03: "access denied", 0x05: "invalid address", 0x06: "type not supported",
               0x07: "type inconsistent", 0x0A: "object does not exist"}
ERROR_CLASSES = {0x81: "application relationship", 0x82: "object definition", 0x83: "no resources",
                 0x84: "service processing", 0x85: "supplies", 0x87: "access"}
# by status list and index: field
IDENTITIES = {(0x11, 1): "order_number", (0x1C, 1): "system", (0x1C, 2): "module", (0x1C, 3): "plant",
              (0x1C, 5): "serial", (0x1C, 7): "module_type"}


def _tsap(raw: bytes) -> str:
    """Two bytes as rack and slot, such as "0102 rack 0 slot 2"; other forms as text or digits."""
    if len(raw) == 2 and 1 <= raw[0] <= 3:
        return f"{raw.hex()} rack {raw[1] >> 5} slot {raw[1] & 31}"
    return text(raw) if raw.isascii() and raw.decode().isprintable() else raw.hex()


def _function(raw: bytes) -> str:
    kind, group, code = raw
    if kind == 7:
        return SUBFUNCTIONS.get((group, code)) or f"{GROUPS.get(group, f'group {group}')} {code}"
    return FUNCTIONS.get(code) or f"function 0x{code:02x}"


def _item(raw: bytes) -> str:
    """Such as "DB5 0.0 BYTE 10": area, byte and bit of the address, type and how many."""
    kind, count, block, area, at = raw[0], number(raw[1:3]), number(raw[3:5]), raw[5], number(raw[6:9])
    name = AREAS.get(area, f"area 0x{area:02x}") + (str(block) if area in (0x84, 0x85) else "")
    where = str(at) if area in (0x1C, 0x1D) else f"{at >> 3}.{at & 7}"
    return f"{name} {where} {TYPES.get(kind, f'type {kind}')}" + (f" {count}" if count != 1 else "")


def _error(raw: bytes) -> str:
    return f"{ERROR_CLASSES.get(raw[0], f'class 0x{raw[0]:02x}')}: 0x{raw[1]:02x}"


def describe(facts: Iterable[tuple[int, bytes]]) -> Record:
    """The `s7comm` object."""
    known = by_key(facts)
    obj: Record = {}
    listed(obj, "variants", known, VARIANT, lambda raw: "S7" if raw[0] == 0x32 else f"S7-plus {raw[1]}")
    one_or_all(obj, "calling_tsap", known, CALLING, _tsap)
    one_or_all(obj, "called_tsap", known, CALLED, _tsap)
    count(obj, "requests", known, REQUESTS)
    one_or_all(obj, "pdu_size", known, PDU, number)
    listed(obj, "functions", known, FUNCTION, _function)
    listed(obj, "reads", known, READ, _item)
    listed(obj, "writes", known, WRITTEN, _item)
    for raw in known.get(IDENTITY, ()):
        field = IDENTITIES.get((raw[0], raw[1]))
        if field and text(raw[2:]).strip():
            obj.setdefault(field, text(raw[2:]).strip())
    errors = [*map(_error, known.get(ERROR, ())), *map(named(ITEM_ERRORS, "return code"), known.get(ITEM_ERROR, ()))]
    if errors:
        obj["errors"] = errors
    micros(obj, "latency_us", known, LATENCY)
    return obj


def label(obj: Record) -> str:
    """One line for the flow: "S7comm read DB5 0.0 BYTE 10"."""
    names = [name for name in obj.get("functions", ()) if name != "setup communication"]
    words = ("S7comm", *(names or obj.get("functions", []))[:1], *(obj.get("reads") or obj.get("writes") or [])[:1])
    return " ".join(words)
