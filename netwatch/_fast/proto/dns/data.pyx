"""The data of resource records as text, by type (RFC 1035 section 3.3 and the RFC of each type)."""
import base64
import ipaddress

from netwatch._fast.base.bytes cimport u8
from netwatch._fast.base.domain cimport NAME_TEXT, name_end, name_text
from netwatch._fast.base.text import clean

TYPES = {
    1: "A", 2: "NS", 3: "MD", 4: "MF", 5: "CNAME", 6: "SOA", 7: "MB", 8: "MG", 9: "MR", 10: "NULL", 11: "WKS",
    12: "PTR", 13: "HINFO", 14: "MINFO", 15: "MX", 16: "TXT", 17: "RP", 18: "AFSDB", 24: "SIG", 25: "KEY",
    28: "AAAA", 29: "LOC", 33: "SRV", 35: "NAPTR", 36: "KX", 37: "CERT", 39: "DNAME", 41: "OPT", 42: "APL", 43: "DS",
    44: "SSHFP", 45: "IPSECKEY", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 49: "DHCID", 50: "NSEC3", 51: "NSEC3PARAM",
    52: "TLSA", 53: "SMIMEA", 55: "HIP", 59: "CDS", 60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD",
    64: "SVCB", 65: "HTTPS", 99: "SPF", 108: "EUI48", 109: "EUI64", 249: "TKEY", 250: "TSIG", 251: "IXFR",
    252: "AXFR", 253: "MAILB", 254: "MAILA", 255: "ANY", 256: "URI", 257: "CAA", 32768: "TA", 32769: "DLV",
}
CLASSES = {1: "IN", 3: "CH", 4: "HS", 254: "NONE", 255: "ANY"}
_SVC_KEYS = {0: "mandatory", 1: "alpn", 2: "no-default-alpn", 3: "port", 4: "ipv4hint", 5: "ech", 6: "ipv6hint",
             7: "dohpath"}
_MAX_TEXT = 1024


def type_name(kind: int) -> str:
    return TYPES.get(kind) or f"TYPE{kind}"


def class_name(cls: int) -> str:
    return CLASSES.get(cls) or f"CLASS{cls}"


def read_name(bytes msg, Py_ssize_t at, Py_ssize_t end) -> tuple[str, int]:
    """(text, offset after it) of the name at `at`, which may not pass `end`; ValueError when it is broken."""
    cdef char out[NAME_TEXT]
    cdef const u8* p = msg
    cdef int size
    if not 0 <= at < end <= len(msg):
        raise ValueError("a name outside its message")
    size = name_text(p, <unsigned int>end, <unsigned int>at, out)
    if size < 0:
        raise ValueError("a broken name")
    return clean(out[:size], NAME_TEXT), name_end(p, <unsigned int>end, <unsigned int>at)


def pass_name(bytes msg, Py_ssize_t at) -> int:
    """The offset after the name at `at`, which is not looked into; ValueError when it has no end in the message."""
    cdef const u8* p = msg
    cdef unsigned int end = 0
    if 0 <= at < len(msg):
        end = name_end(p, <unsigned int>len(msg), <unsigned int>at)
    if end == 0:
        raise ValueError("a broken name")
    return end


def _number(msg: bytes, at: int, size: int, end: int) -> int:
    if at + size > end:
        raise ValueError("record data cut short")
    return int.from_bytes(msg[at:at + size], "big")


def quoted(raw: bytes) -> str:
    """A character-string in quotes (RFC 1035 section 5.1)."""
    text = clean(raw, 255).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _strings(msg: bytes, at: int, end: int) -> str:
    found = []
    while at < end and at + 1 + msg[at] <= end:
        found.append(quoted(msg[at + 1:at + 1 + msg[at]]))
        at += 1 + msg[at]
    return " ".join(found)


def _soa(msg: bytes, at: int, end: int) -> str:
    primary, at = read_name(msg, at, end)
    mailbox, at = read_name(msg, at, end)
    return " ".join([primary, mailbox] + [str(_number(msg, at + 4 * i, 4, end)) for i in range(5)])


def _svc_value(key: int, raw: bytes) -> str:
    """One parameter of SVCB (RFC 9460 section 14.3.2)."""
    if key == 1:
        names, at = [], 0
        while at < len(raw):
            names.append(clean(raw[at + 1:at + 1 + raw[at]], 255))
            at += 1 + raw[at]
        return ",".join(names)
    if key == 3:
        return str(int.from_bytes(raw, "big"))
    if key in (4, 6):
        size = 4 if key == 4 else 16
        return ",".join(str(ipaddress.ip_address(raw[i:i + size])) for i in range(0, len(raw) - size + 1, size))
    if key == 5:
        return base64.b64encode(raw).decode()
    return clean(raw, 255) if key == 7 else raw.hex()


def _svcb(msg: bytes, at: int, end: int) -> str:
    target, after = read_name(msg, at + 2, end)
    words = [str(_number(msg, at, 2, end)), target]
    while after + 4 <= end:
        key, size = _number(msg, after, 2, end), _number(msg, after + 2, 2, end)
        raw = msg[after + 4:min(after + 4 + size, end)]
        name = _SVC_KEYS.get(key, f"key{key}")
        words.append(f"{name}={_svc_value(key, raw)}" if raw else name)
        after += 4 + size
    return " ".join(words)


def _bitmap(raw: bytes) -> list:
    """The types of an NSEC bitmap (RFC 4034 section 4.1.2)."""
    found, at = [], 0
    while at + 2 <= len(raw):
        block = raw[at + 2:at + 2 + raw[at + 1]]
        found += [type_name(raw[at] * 256 + i * 8 + bit) for i, byte in enumerate(block) for bit in range(8)
                  if byte & 0x80 >> bit]
        at += 2 + raw[at + 1]
    return found


def _rrsig(msg: bytes, at: int, end: int) -> str:
    signer, after = read_name(msg, at + 18, end)
    numbers = [_number(msg, at + 2, 1, end), _number(msg, at + 3, 1, end)]
    numbers += [_number(msg, at + i, 4, end) for i in (4, 8, 12)] + [_number(msg, at + 16, 2, end)]
    return " ".join([type_name(_number(msg, at, 2, end)), *map(str, numbers), signer,
                     base64.b64encode(msg[after:end]).decode()])


def _naptr(msg: bytes, at: int, end: int) -> str:
    strings, after = [], at + 4
    for _ in range(3):
        size = _number(msg, after, 1, end)
        strings.append(quoted(msg[after + 1:min(after + 1 + size, end)]))
        after += 1 + size
    return " ".join([str(_number(msg, at, 2, end)), str(_number(msg, at + 2, 2, end)), *strings,
                     read_name(msg, after, end)[0]])


def _caa(msg: bytes, at: int, end: int) -> str:
    size = _number(msg, at + 1, 1, end)
    return f"{msg[at]} {clean(msg[at + 2:min(at + 2 + size, end)], 255)} {quoted(msg[min(at + 2 + size, end):end])}"


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _nsec(msg: bytes, at: int, end: int) -> str:
    name, after = read_name(msg, at, end)
    return " ".join([name, *_bitmap(msg[after:end])])


def _named(*widths):
    """Numbers of the given widths, then a name: NS, CNAME, PTR, DNAME, MX, SRV."""
    def text(msg: bytes, at: int, end: int) -> str:
        numbers = []
        for width in widths:
            numbers.append(str(_number(msg, at, width, end)))
            at += width
        return " ".join([*numbers, read_name(msg, at, end)[0]])
    return text


def _address(msg: bytes, at: int, end: int) -> str:
    return str(ipaddress.ip_address(msg[at:end]))


def _keyed(*widths, text):
    """Numbers of the given widths, then the rest as `text` makes it: DS, DNSKEY, SSHFP, TLSA."""
    def read(msg: bytes, at: int, end: int) -> str:
        numbers = []
        for width in widths:
            numbers.append(str(_number(msg, at, width, end)))
            at += width
        return " ".join([*numbers, text(msg[at:end])])
    return read


_READERS = {
    1: _address, 28: _address, 2: _named(), 5: _named(), 12: _named(), 39: _named(), 15: _named(2), 18: _named(2),
    36: _named(2), 33: _named(2, 2, 2), 6: _soa, 13: _strings, 16: _strings, 99: _strings, 64: _svcb, 65: _svcb,
    43: _keyed(2, 1, 1, text=bytes.hex), 59: _keyed(2, 1, 1, text=bytes.hex), 48: _keyed(2, 1, 1, text=_base64),
    60: _keyed(2, 1, 1, text=_base64), 44: _keyed(1, 1, text=bytes.hex), 52: _keyed(1, 1, 1, text=bytes.hex),
    46: _rrsig, 47: _nsec, 35: _naptr, 257: _caa,
}
_ADDRESS_SIZE = {1: 4, 28: 16}


def data_text(msg: bytes, kind: int, at: int, size: int) -> str:
    """The record's data as text; data of another type, or broken, in the generic form of RFC 3597 section 5."""
    reader = _READERS.get(kind)
    if reader is not None and size and _ADDRESS_SIZE.get(kind, size) == size:
        try:
            return reader(msg, at, at + size)[:_MAX_TEXT]
        except (ValueError, IndexError):
            pass
    return f"\\# {size} {msg[at:at + size].hex()}".rstrip()[:_MAX_TEXT]
