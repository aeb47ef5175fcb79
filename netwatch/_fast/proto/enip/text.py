"""What the facts of wire.pyx say: the describing half of EtherNet/IP, and names of CIP (volume 1, its appendices)."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from netwatch._fast.proto.common.describing import by_key, count, first, listed, micros, named, number, one_or_all
from netwatch._fast.proto.common.facts import Plain
from netwatch.model.record import Record

# fact keys, as in wire.pyx
COMMAND, STATUS, IDENTITY, PRODUCT, SERVICE, TAG, FAILURE, REQUESTS, LATENCY, CONNECTION, IMPLICIT = range(1, 12)

FACT_FIELDS: dict[str, Plain] = {}
COMMANDS = {0: "NOP", 4: "ListServices", 0x63: "ListIdentity", 0x64: "ListInterfaces", 0x65: "RegisterSession",
            0x66: "UnRegisterSession", 0x6F: "SendRRData", 0x70: "SendUnitData", 0x72: "IndicateStatus",
            0x73: "Cancel"}
STATUSES = {1: "invalid command", 2: "out of memory", 3: "incorrect data", 0x64: "invalid session handle",
            0x65: "invalid length", 0x69: "unsupported revision", 0x6A: "encapsulated CIP service not allowed"}
CLASSES = {
    0x1: "Identity", 0x2: "Message Router", 0x3: "DeviceNet", 0x4: "Assembly", 0x5: "Connection",
    0x6: "Connection Manager", 0x7: "Register", 0x8: "Discrete Input Point", 0x9: "Discrete Output Point",
    0xa: "Analog Input Point", 0xf: "Parameter", 0x23: "Position Sensor", 0x37: "File", 0x43: "Time Sync",
    0x44: "Modbus", 0x45: "Originator Connection List", 0x46: "Modbus Serial Link", 0x47: "Device Level Ring (DLR)",
    0x48: "QoS", 0x51: "Base Switch", 0x5d: "CIP Security", 0x5e: "EtherNet/IP Security", 0x67: "PCCC", 0x6b: "Symbol",
    0x6c: "Template",
    0xf3: "Connection Configuration", 0xf4: "Port", 0xf5: "TCP/IP Interface", 0xf6: "Ethernet Link", 0xf7: "CompoNet",
    0xf8: "CompoNet Repeater", 0xf9: "HART Master Port",
}
SERVICES = {
    0x1: "Get_Attributes_All", 0x2: "Set_Attributes_All", 0x3: "Get_Attribute_List", 0x4: "Set_Attribute_List",
    0x5: "Reset", 0x6: "Start", 0x7: "Stop", 0x8: "Create", 0x9: "Delete", 0xa: "Multiple_Service_Packet",
    0xd: "Apply_Attributes", 0xe: "Get_Attribute_Single", 0x10: "Set_Attribute_Single",
    0x11: "Find_Next_Object_Instance", 0x15: "Restore", 0x16: "Save", 0x17: "Nop", 0x18: "Get_Member",
    0x19: "Set_Member", 0x1a: "Insert_Member", 0x1b: "Remove_Member", 0x1c: "Group_Sync",
}
OF_CLASS = {                    # services from 0x4b on are each class's own
    (6, 0x4E): "Forward_Close", (6, 0x52): "Unconnected_Send", (6, 0x54): "Forward_Open",
    (6, 0x5B): "Large_Forward_Open", (6, 0x56): "Get_Connection_Data", (6, 0x5A): "Get_Connection_Owner",
    (0x6B, 0x55): "Get_Instance_Attribute_List",
}
TAGS = {0x4C: "Read_Tag", 0x4D: "Write_Tag", 0x4E: "Read_Modify_Write_Tag", 0x52: "Read_Tag_Fragmented",
        0x53: "Write_Tag_Fragmented", 0x55: "Get_Instance_Attribute_List"}
FAILURES = {
    0x1: "connection failure", 0x2: "resource unavailable", 0x3: "invalid parameter value", 0x4: "path segment error",
    0x5: "path destination unknown", 0x6: "partial transfer", 0x7: "connection lost", 0x8: "service not supported",
    0x9: "invalid attribute value", 0xa: "attribute list error", 0xb: "already in requested mode/state",
    0xc: "object state conflict", 0xd: "object already exists", 0xe: "attribute not settable",
    0xf: "privilege violation", 0x10: "device state conflict", 0x11: "reply data too large",
    0x12: "fragmentation of a primitive value", 0x13: "not enough data", 0x14: "attribute not supported",
    0x15: "too much data", 0x16: "object does not exist", 0x17: "service fragmentation sequence not in progress",
    0x18: "no stored attribute data", 0x19: "store operation failure",
    0x1a: "routing failure, request packet too large", 0x1b: "routing failure, response packet too large",
    0x1c: "missing attribute list entry data", 0x1d: "invalid attribute value list", 0x1e: "embedded service error",
    0x1f: "vendor specific error", 0x20: "invalid parameter", 0x21: "write-once value or medium already written",
    0x22: "invalid reply received", 0x23: "buffer overflow", 0x24: "invalid message format",
    0x25: "key failure in path", 0x26: "path size invalid", 0x27: "unexpected attribute in list",
    0x28: "invalid Member ID", 0x29: "member not settable", 0x2a: "group 2 only server general failure",
    0x2b: "unknown Modbus error", 0x2c: "attribute not gettable", 0x2d: "instance not deletable",
}


def _service(raw: bytes) -> str:
    """Such as "Identity Get_Attribute_Single"; of a path of symbols the service alone."""
    group, code = number(raw[:2]), raw[2]
    name = OF_CLASS.get((group, code)) or SERVICES.get(code) or (TAGS.get(code) if group in (0xFFFF, 0x6B) else "")
    name = name or f"service 0x{code:02x}"
    return name if group == 0xFFFF else f"{CLASSES.get(group, f'class 0x{group:02x}')} {name}"


def _failure(raw: bytes) -> str:
    name = SERVICES.get(raw[0]) or f"service 0x{raw[0]:02x}"
    return f"{name}: {FAILURES.get(raw[1], f'status 0x{raw[1]:02x}')}"


def describe(facts: Iterable[tuple[int, bytes]]) -> Record:
    """The `enip` object."""
    known = by_key(facts)
    obj: Record = {}
    listed(obj, "commands", known, COMMAND, named(COMMANDS, "command"))
    count(obj, "requests", known, REQUESTS)
    one_or_all(obj, "product", known, PRODUCT)
    for raw in known.get(IDENTITY, ())[:1]:
        vendor, kind, code, major, minor, serial = struct.unpack("<HHHBBI", raw)
        obj |= {"vendor": vendor, "device_type": kind, "product_code": code, "revision": f"{major}.{minor}",
                "serial": f"{serial:08x}"}
    listed(obj, "services", known, SERVICE, _service)
    listed(obj, "tags", known, TAG)
    listed(obj, "failures", known, FAILURE, _failure)
    listed(obj, "connections", known, CONNECTION, lambda raw: f"{int.from_bytes(raw, 'little'):08x}")
    count(obj, "implicit", known, IMPLICIT)
    listed(obj, "errors", known, STATUS, named(STATUSES, "status"))
    micros(obj, "latency_us", known, LATENCY)
    return obj


def label(obj: Record) -> str:
    """One line for the flow: "EtherNet/IP 1756-EN2T/B Identity Get_Attribute_Single"."""
    words = ("EtherNet/IP", first(obj.get("product", "")), *(obj.get("services") or obj.get("commands") or [""])[:1])
    return " ".join(word for word in words if word)
