"""What the facts of bgp.pyx say: the describing half of BGP, and the names of its numbers (IANA registries)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from netwatch._fast.proto.common.describing import address, by_key, count, listed, named, number, one_or_all
from netwatch._fast.proto.common.facts import Plain
from netwatch.model.record import Record

AS, ROUTER_ID, HOLD_TIME, CAPABILITY, HOST, IN = 1, 2, 3, 4, 5, 10  # fact keys, as in bgp.pyx
MESSAGE, FAMILY, ANNOUNCED, WITHDRAWN, PREFIX, GONE, NOTIFICATION, REASON = range(21, 29)

FACT_FIELDS = {"bgp.host_out": Plain(HOST, 255, many=True), "bgp.host_in": Plain(HOST + IN, 255, many=True)}
MESSAGES = {1: "open", 2: "update", 3: "notification", 4: "keepalive", 5: "route refresh"}
CAPABILITIES = {
    1: "multiprotocol", 2: "route refresh", 3: "outbound route filtering", 5: "extended next hop",
    6: "extended message", 7: "BGPsec", 8: "multiple labels", 9: "role", 64: "graceful restart", 65: "4-octet AS",
    67: "dynamic", 68: "multisession", 69: "add-path", 70: "enhanced route refresh",
    71: "long-lived graceful restart", 73: "FQDN", 128: "route refresh (Cisco)",
}
AFIS = {1: "ipv4", 2: "ipv6", 25: "l2vpn", 16388: "link-state"}
SAFIS = {1: "unicast", 2: "multicast", 4: "labeled unicast", 5: "mcast-vpn", 65: "vpls", 66: "mdt", 70: "evpn",
         71: "link-state", 73: "sr-policy", 85: "mup", 128: "vpn", 129: "multicast vpn", 132: "route target",
         133: "flowspec", 134: "vpn flowspec"}
ERRORS = {1: "message header error", 2: "open message error", 3: "update message error", 4: "hold timer expired",
          5: "finite state machine error", 6: "cease", 7: "route refresh error", 8: "send hold timer expired"}
SUBCODES = {
    (1, 1): "connection not synchronized", (1, 2): "bad message length", (1, 3): "bad message type",
    (2, 1): "unsupported version", (2, 2): "bad peer AS", (2, 3): "bad BGP identifier",
    (2, 4): "unsupported optional parameter", (2, 6): "unacceptable hold time", (2, 7): "unsupported capability",
    (2, 11): "role mismatch", (3, 1): "malformed attribute list", (3, 2): "unrecognized well-known attribute",
    (3, 3): "missing well-known attribute", (3, 4): "attribute flags error", (3, 5): "attribute length error",
    (3, 6): "invalid origin", (3, 8): "invalid next hop", (3, 9): "optional attribute error",
    (3, 10): "invalid network field", (3, 11): "malformed AS path", (6, 1): "maximum number of prefixes reached",
    (6, 2): "administrative shutdown", (6, 3): "peer de-configured", (6, 4): "administrative reset",
    (6, 5): "connection rejected", (6, 6): "other configuration change", (6, 7): "connection collision",
    (6, 8): "out of resources", (6, 9): "hard reset", (6, 10): "BFD down",
}


def prefix_text(raw: bytes) -> str:
    """Canonical text of a prefix: 4 or 6, bits, then only as many bytes as the bits need; host bits are cleared."""
    if len(raw) < 2:
        return ""
    size = 16 if raw[0] == 6 else 4
    return str(ipaddress.ip_network((raw[2:].ljust(size, b"\0"), raw[1]), strict=False))


def family_text(raw: bytes) -> str:
    afi, safi = int.from_bytes(raw[:2], "big"), raw[-1]
    return f"{AFIS.get(afi, f'afi {afi}')} {SAFIS.get(safi, f'safi {safi}')}"


def _add_speaker(obj: Record, known: dict[int, list[bytes]], way: str, base: int) -> None:
    """What one side's OPEN says of it."""
    one_or_all(obj, f"as_{way}", known, AS + base, number)
    one_or_all(obj, f"router_id_{way}", known, ROUTER_ID + base, address)
    one_or_all(obj, f"hold_time_{way}", known, HOLD_TIME + base, number)
    one_or_all(obj, f"host_{way}", known, HOST + base)
    listed(obj, f"capabilities_{way}", known, CAPABILITY + base, named(CAPABILITIES, "capability"))


def describe(facts: Iterable[tuple[int, bytes]]) -> Record:
    """The `bgp` object; _out is what the initiator of the connection says, _in what the responder says."""
    known = by_key(facts)
    obj: Record = {}
    _add_speaker(obj, known, "out", 0)
    _add_speaker(obj, known, "in", IN)
    listed(obj, "messages", known, MESSAGE, named(MESSAGES, "type"))
    listed(obj, "families", known, FAMILY, family_text)
    for name, key in (("announced", ANNOUNCED), ("withdrawn", WITHDRAWN)):
        count(obj, name, known, key)
    listed(obj, "prefixes", known, PREFIX, prefix_text)
    listed(obj, "withdrawn_prefixes", known, GONE, prefix_text)
    for code, subcode, ours in known.get(NOTIFICATION, ())[:1]:
        error = ERRORS.get(code, f"error {code}")
        detail = SUBCODES.get((code, subcode)) or (f"subcode {subcode}" if subcode else "")
        obj["notification"] = f"{error}: {detail}" if detail else error
        obj["notification_dir"] = "out" if ours else "in"
    one_or_all(obj, "reason", known, REASON)
    return obj


def label(obj: Record) -> str:
    """One line for the flow: "BGP AS65001 AS65002 12 prefixes"."""
    speakers = [f"AS{obj[way]}" for way in ("as_out", "as_in") if way in obj]
    count = [f"{obj['announced']} prefixes"] if "announced" in obj else []
    return " ".join(["BGP", *speakers, *count])
