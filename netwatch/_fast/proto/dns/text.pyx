"""What DNS facts and messages say: the `dns` object of a flow and the body of a dns record (CONTRACT section 3)."""
import ipaddress
import struct

from netwatch._fast.proto.dns.facts cimport (DNS_ANSWER, DNS_LATENCY, DNS_NAME, DNS_RCODE, DNS_RCODES, DNS_TRANSPORT,
                                             DNS_TYPE)
from netwatch._fast.proto.common.facts import Plain
from netwatch._fast.proto.dns.data import class_name, data_text, pass_name, read_name, type_name
from netwatch._fast.base.text import clean

FACT_FIELDS = {"dns.names": Plain(DNS_NAME, 255, many=True, empty=True)}
FACT_NUMBERS = {"dns.latency_us": (DNS_LATENCY, 1000)}
DEPENDS = {"dns.types": (DNS_TYPE,), "dns.answers": (DNS_ANSWER,), "dns.rcode": (DNS_RCODE,),
           "dns.rcodes": (DNS_RCODES,),
           "dns.transport": (DNS_TRANSPORT,), "label": (DNS_TRANSPORT, DNS_TYPE, DNS_NAME)}
TRANSPORTS = ("udp", "tcp", "mdns", "llmnr", "https")
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN",
          7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 11: "DSOTYPENI", 16: "BADVERS", 17: "BADKEY",
          18: "BADTIME", 19: "BADMODE", 20: "BADNAME", 21: "BADALG", 22: "BADTRUNC", 23: "BADCOOKIE"}
OPCODES = {0: "QUERY", 1: "IQUERY", 2: "STATUS", 4: "NOTIFY", 5: "UPDATE", 6: "DSO"}
# RFC 1035 section 4.1.1 and RFC 4035; LLMNR puts other meanings on the same bits (RFC 4795 section 2.1.1).
_FLAGS = ((0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra"), (0x0020, "ad"), (0x0010, "cd"))
_LLMNR_FLAGS = ((0x0400, "c"), (0x0200, "tc"), (0x0100, "t"))
_OPT = 41
_EVENT_HEAD = struct.Struct("=QB7x")
_MAX_RECORDS = 256             # of one section, in a record; a message may carry thousands


def rcode_name(rcode: int) -> str:
    return RCODES.get(rcode) or f"RCODE{rcode}"


def _answer_text(raw: bytes) -> str:
    if len(raw) in (6, 18) and raw[:2] in (b"\x00\x01", b"\x00\x1c"):
        return str(ipaddress.ip_address(raw[2:]))
    return clean(raw[2:], 255)


def _unique(values) -> list:
    return list(dict.fromkeys(values))


def describe(facts) -> dict:
    """The `dns` object (or `mdns`, `llmnr`) from (key, value) pairs; what is not known is left out."""
    obj = {}
    names = _unique(clean(v, 255) for k, v in facts if k == DNS_NAME)
    types = _unique(type_name(int.from_bytes(v, "big")) for k, v in facts if k == DNS_TYPE)
    answers = _unique(_answer_text(v) for k, v in facts if k == DNS_ANSWER and len(v) > 2)
    for key, values in (("names", names), ("types", types), ("answers", answers)):
        if values:
            obj[key] = values
    for key, value in facts:
        if key == DNS_RCODE:
            obj["rcode"] = rcode_name(int.from_bytes(value, "big"))
        elif key == DNS_RCODES:
            obj["rcodes"] = [rcode_name(rcode) for rcode in range(16) if int.from_bytes(value, "big") >> rcode & 1]
        elif key == DNS_LATENCY and len(value) == 8:
            obj["latency_us"] = struct.unpack("=Q", value)[0] // 1000
        elif key == DNS_TRANSPORT and value and value[0] < len(TRANSPORTS):
            obj["transport"] = TRANSPORTS[value[0]]
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "DNS A example.com"."""
    name = {"mdns": "mDNS", "llmnr": "LLMNR"}.get(obj.get("transport"), "DNS")
    return " ".join([name, *obj.get("types", ())[:1], *obj.get("names", ())[:1]])


def _questions(msg: bytes, at: int, count: int, unicast_bit: bool, out: list) -> int:
    """Append the questions to `out`; the offset after them."""
    for _ in range(count):
        if len(out) == _MAX_RECORDS:
            at = pass_name(msg, at) + 4
            continue
        name, at = read_name(msg, at, len(msg))
        kind, cls = struct.unpack_from(">HH", msg, at)
        at += 4
        # RFC 6762 section 5.4: the top bit of the class asks for a unicast response.
        out.append({"name": name, "type": type_name(kind),
                    "class": class_name(cls & 0x7FFF if unicast_bit else cls)})
    return at


def _records(msg: bytes, at: int, count: int, section, out: list):
    """Append the records of a section to `out`; the offset after them and the OPT record's TTL field, if any."""
    edns = None
    for _ in range(count):
        if len(out) < _MAX_RECORDS:
            name, at = read_name(msg, at, len(msg))
        else:
            at = pass_name(msg, at)
        kind, _cls, ttl, size = struct.unpack_from(">HHIH", msg, at)
        at += 10
        if at + size > len(msg):
            raise ValueError("record data cut short")
        if kind == _OPT:
            edns = ttl
        elif len(out) < _MAX_RECORDS:
            found = {"name": name, "type": type_name(kind), "ttl": ttl, "data": data_text(msg, kind, at, size)}
            out.append(found | {"section": section} if section else found)
        at += size
    return at, edns


def message(msg: bytes, transport: str = "udp") -> dict:
    """The body of a dns record from a raw message. One that breaks gives what stands before the break; never raises.

    `answers` holds the resource records of all sections; those of the authority and additional sections say so in
    their `section`. Where a list has fewer than the header says, how many more that is stands beside it.
    """
    if len(msg) < 12:
        return {"transport": transport}
    ident, flags, *counts = struct.unpack_from(">6H", msg)
    response = bool(flags & 0x8000)
    opcode = flags >> 11 & 15
    rcode = flags & 15
    table = _LLMNR_FLAGS if transport == "llmnr" else _FLAGS
    obj = {"id": ident, "qr": "response" if response else "query", "opcode": OPCODES.get(opcode) or f"OPCODE{opcode}",
           "flags": [name for bit, name in table if flags & bit], "questions": [], "answers": [],
           "transport": transport}
    options = 0
    try:
        at = _questions(msg, 12, counts[0], transport == "mdns", obj["questions"])
        for section, count in zip((None, "authority", "additional"), counts[1:], strict=True):
            at, edns = _records(msg, at, count, section, obj["answers"])
            if edns is not None:
                rcode |= edns >> 24 << 4      # RFC 6891 section 6.1.3
                options = 1
    except (ValueError, struct.error):
        pass
    for name, most in (("questions", counts[0]), ("answers", sum(counts[1:]) - options)):
        if most > len(obj[name]):
            obj[f"{name}_more"] = most - len(obj[name])
    if response:
        obj["rcode"] = rcode_name(rcode)
    return obj


def record(payload: bytes) -> dict:
    """The body of a dns record from an EV_DNS payload; the caller adds schema, time, flow and addresses."""
    if len(payload) < _EVENT_HEAD.size:
        return {}
    ns, over = _EVENT_HEAD.unpack_from(payload)
    obj = message(payload[_EVENT_HEAD.size:], TRANSPORTS[over] if over < len(TRANSPORTS) else "udp")
    if ns:
        obj["latency_us"] = ns // 1000
    return obj
