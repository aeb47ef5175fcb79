"""What the facts of wire.pyx say: the describing half of DCE/RPC."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from netwatch._fast.proto.common.describing import (
    address,
    by_key,
    count,
    listed,
    micros,
    named,
    number,
    one_or_all,
    text,
)
from netwatch._fast.proto.common.facts import Plain
from netwatch._fast.proto.common.gss import add_gss
from netwatch._fast.proto.dcerpc.names import FAULTS, INTERFACES, OPERATIONS
from netwatch.model.record import Record

INTERFACE, OPERATION, ENDPOINT, ADDRESS, AUTH_TYPE, AUTH_LEVEL, FAULT, REFUSED, CALLS, LATENCY = range(1, 11)

FACT_FIELDS: dict[str, Plain] = {}
AUTH_TYPES = {9: "SPNEGO", 10: "NTLM", 14: "Schannel", 16: "Kerberos", 68: "Netlogon"}
AUTH_LEVELS = {1: "none", 2: "connect", 3: "call", 4: "packet", 5: "packet integrity", 6: "packet privacy"}
NAKS = {1: "temporary congestion", 2: "local limit exceeded", 4: "protocol version not supported",
        8: "authentication type not recognized", 9: "invalid checksum"}
CONTEXT_REASONS = {1: "abstract syntax not supported", 2: "transfer syntaxes not supported",
                   3: "local limit exceeded"}
FLOORS = {0x07: "tcp", 0x08: "udp", 0x1f: "http"}


def _interface(raw: bytes) -> str:
    """Its name, or its UUID; "" when it is not known."""
    if not any(raw[:16]):
        return ""
    ident = str(uuid.UUID(bytes_le=raw[:16]))
    return INTERFACES.get(ident, ident)


def _operation(raw: bytes) -> str:
    """Such as "epm ept_map", or "opnum 3" where the bind was not seen."""
    interface, opnum = _interface(raw), number(raw[16:18])
    return f"{interface} {OPERATIONS.get(interface, {}).get(opnum, f'opnum {opnum}')}".strip()


def _endpoint(raw: bytes) -> str:
    """Such as "drsuapi 192.0.2.7:49155/tcp"."""
    kind, where = raw[16], raw[17:]
    if kind not in FLOORS:
        return f"{_interface(raw)} {text(where.rstrip(bytes(1)))}"
    host = address(where[2:6]) if any(where[2:6]) else ""
    return f"{_interface(raw)} {host}:{number(where[:2])}/{FLOORS[kind]}"


def _refused(raw: bytes) -> str:
    names = CONTEXT_REASONS if raw[0] == 1 else NAKS
    return ("context: " if raw[0] == 1 else "bind: ") + names.get(raw[1], f"reason {raw[1]}")


def describe(facts: Iterable[tuple[int, bytes]]) -> Record:
    """The `dcerpc` object."""
    known = by_key(facts)
    obj: Record = {}
    listed(obj, "interfaces", known, INTERFACE, _interface)
    listed(obj, "operations", known, OPERATION, _operation)
    count(obj, "calls", known, CALLS)
    listed(obj, "endpoints", known, ENDPOINT, _endpoint)
    one_or_all(obj, "secondary_address", known, ADDRESS)
    listed(obj, "faults", known, FAULT, lambda raw: FAULTS.get(number(raw), f"0x{number(raw):08x}"))
    listed(obj, "refused", known, REFUSED, _refused)
    add_gss(obj, known)
    if "auth" not in obj:
        one_or_all(obj, "auth", known, AUTH_TYPE, named(AUTH_TYPES, "type"))
    one_or_all(obj, "auth_level", known, AUTH_LEVEL, named(AUTH_LEVELS, "level"))
    micros(obj, "latency_us", known, LATENCY)
    return obj


def label(obj: Record) -> str:
    """One line for the flow: "DCE/RPC drsuapi alice"."""
    user = obj.get("user", "")
    names = obj.get("interfaces", [""])
    return " ".join(str(word) for word in ("DCE/RPC", names[0], user[0] if isinstance(user, list) else user) if word)
