"""TNS, the protocol of Oracle databases: services asked for, programs, hosts and users of clients, refusals, redirects.

There is no public specification. A packet has a length, a checksum that is never used and a type; the connect
descriptor is a text of nested parentheses, from which the names are. What the session itself says is not read.
"""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, be16, be32, slice_of
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK,
                                           fact_number, fact_once, reads, set_initiator)
from netwatch._fast.proto.common.framed cimport Framed, each_message, framed, seek_again
from netwatch._fast.proto.common.learn cimport keep_text, keep_u8
from netwatch._fast.proto.common.lines cimport holds_word, port_is, same_word, smaller, trimmed
from netwatch._fast.proto.common.utf16 cimport part
from netwatch._fast.proto.common.facts import Plain
from netwatch._fast.proto.common.describing import by_key, first, listed, named, number, one_or_all

from sys import byteorder

cdef enum:                     # fact keys
    TNS_TYPE = 1
    TNS_VERSION = 2            # 2 bytes, of the accept
    TNS_OFFERED = 3            # 2 bytes, of the connect
    TNS_SERVICE = 4
    TNS_SID = 5
    TNS_PROGRAM = 6
    TNS_HOST = 7
    TNS_USER = 8
    TNS_ADDRESS = 9            # HOST of the address asked for
    TNS_SERVER = 10            # DEDICATED, SHARED ...
    TNS_ERROR = 11             # number of a refusal
    TNS_REDIRECT = 12          # HOST and PORT of a redirect
    TNS_SDU = 13               # 4 bytes
    TNS_COMMAND = 14           # of the listener's control program
    TNS_PACKETS = 15

cdef enum:                     # packet types
    CONNECT = 1
    ACCEPT = 2
    REFUSE = 4
    REDIRECT = 5
    DATA = 6
    TYPE_LAST = 19

cdef enum:
    PORT = 1521
    HEAD = 8
    CONNECT_HEAD = 28          # to behind the offset of the data
    VERSION_LEAST = 300
    VERSION_MOST = 330
    LONG_LENGTHS = 315         # from this version on data have lengths of four bytes
    READ_MOST = 2048
    MOST = 1 << 21
    NAMES = 4

cdef struct Tns:
    Framed frame
    bint large                 # lengths have four bytes
    bint awaited               # the descriptor comes in a packet of its own
    u64 packets


# --- the form of a packet ---

cdef u32 packet_size(const u8* p, bint large) noexcept nogil:
    """0 where the header is none. Small lengths of four bytes show themselves, others only where they are expected."""
    cdef u32 size = be32(p) if large or be16(p) == 0 else be16(p)
    if p[4] == 0 or p[4] > TYPE_LAST or p[6] | p[7] or size < HEAD or size > MOST:
        return 0
    return size if large or be16(p) == 0 or be16(p + 2) == 0 else 0


cdef i64 size_of(Look* look, const u8* p, u32* want) noexcept nogil:
    want[0] = READ_MOST
    return packet_size(p, (<Tns*>look.state[0]).large)


cdef bint connect_fits(const u8* p, u32 n) noexcept nogil:
    """Versions, and a descriptor that fills the packet or, where it is long, comes behind it."""
    cdef u32 size = be16(p), length, offset
    if n < CONNECT_HEAD or not VERSION_LEAST <= be16(p + 8) <= VERSION_MOST or be16(p + 10) > be16(p + 8):
        return False
    length = be16(p + 24)
    offset = be16(p + 26)
    if offset < CONNECT_HEAD or offset > 128:
        return False
    if offset + length == size:
        return n <= offset or p[offset] == c'('
    return offset >= size


cdef bint reply_fits(const u8* p, u32 n) noexcept nogil:
    """An accept, a refusal or a redirect."""
    cdef u32 size = be16(p)
    if p[4] == ACCEPT:
        return n >= 24 and VERSION_LEAST <= be16(p + 8) <= VERSION_MOST and size <= 256
    if p[4] == REFUSE:
        return n >= 12 and be16(p + 10) + 12 == size and (n < 13 or p[12] == c'(')
    return n >= 10 and (be16(p + 8) + 10 == size or size == 10 and be16(p + 8) > 2)


cdef int tns_detect(Look* look, Slice d) noexcept nogil:
    cdef u32 size
    if d.n < HEAD:
        return DETECT_MORE if d.n < 5 or 1 <= d.p[4] <= DATA else 0
    size = packet_size(d.p, False)
    if size == 0 or d.p[4] == DATA and be16(d.p):
        return 0
    if d.n < size and d.n < CONNECT_HEAD + 30:
        return DETECT_MORE if d.p[4] < DATA else 0
    if d.p[4] == CONNECT:
        return 97 if connect_fits(d.p, smaller(d.n, size)) else 0
    if d.p[4] == ACCEPT or d.p[4] == REFUSE or d.p[4] == REDIRECT:
        return 88 if d.n == size and reply_fits(d.p, size) else 0
    return 60 if d.p[4] == DATA and port_is(look, PORT) and d.n == size and d.p[5] < 0x40 and size > 10 else 0


# --- descriptors ---

cdef Slice value_of(Slice text, const char* word, u32 k) noexcept nogil:
    """The value of the first `(WORD=value)`, case aside; empty where there is none or it is a list."""
    cdef u32 i, at, end
    for i in range(text.n - smaller(text.n, k + 1)):
        if text.p[i] == c'(' and same_word(text.p + i + 1, word, k):
            at = i + 1 + k
            while at < text.n and text.p[at] == c' ':
                at += 1
            if at == text.n or text.p[at] != c'=':
                continue
            end = at + 1
            while end < text.n and text.p[end] != c')' and text.p[end] != c'(':
                end += 1
            if end < text.n and text.p[end] == c')':
                return trimmed(slice_of(text.p + at + 1, end - at - 1))
    return slice_of(text.p, 0)


cdef Slice client_part(Slice text) noexcept nogil:
    """From `(CID=` on, where program, host and user of the client stand."""
    cdef u32 i
    for i in range(text.n - smaller(text.n, 4)):
        if text.p[i] == c'(' and same_word(text.p + i + 1, b"cid", 3):
            return slice_of(text.p + i + 1, text.n - i - 1)
    return slice_of(text.p, 0)


cdef void take_descriptor(Look* look, Slice text) noexcept nogil:
    cdef Slice cid = client_part(text)
    cdef Slice whole = text
    if cid.n:                                              # what stands before it is the server's
        whole = slice_of(text.p, <u32>(cid.p - text.p))
        keep_text(look, TNS_PROGRAM, value_of(cid, b"program", 7), NAMES)
        keep_text(look, TNS_HOST, value_of(cid, b"host", 4), NAMES)
        keep_text(look, TNS_USER, value_of(cid, b"user", 4), NAMES)
    keep_text(look, TNS_SERVICE, value_of(text, b"service_name", 12), NAMES)
    keep_text(look, TNS_SID, value_of(text, b"sid", 3), NAMES)
    keep_text(look, TNS_SERVER, value_of(text, b"server", 6), NAMES)
    keep_text(look, TNS_COMMAND, value_of(text, b"command", 7), NAMES)
    if holds_word(whole.p, whole.n, b"(address", 8):
        keep_text(look, TNS_ADDRESS, value_of(whole, b"host", 4), NAMES)


cdef void take_redirect(Look* look, Slice text) noexcept nogil:
    cdef u8[80] out
    cdef Slice host = value_of(text, b"host", 4), port = value_of(text, b"port", 4)
    cdef u32 i
    if host.n == 0 or host.n > 64 or port.n == 0 or port.n > 5:
        return
    for i in range(host.n):
        out[i] = host.p[i]
    out[host.n] = c':'
    for i in range(port.n):
        out[host.n + 1 + i] = port.p[i]
    keep_text(look, TNS_REDIRECT, slice_of(out, host.n + 1 + port.n), NAMES)


# --- packets ---

cdef void take_accept(Look* look, Tns* tns, const u8* p, u32 n) noexcept nogil:
    """Version, options, the sizes of units: two bytes, four from version 315 on."""
    cdef u8[4] sdu
    memset(sdu, 0, 4)
    set_initiator(look, False)
    fact_once(look, TNS_VERSION, p + 8, 2)
    tns.large = be16(p + 8) >= LONG_LENGTHS
    if tns.large and n >= 36:
        fact_once(look, TNS_SDU, p + 32, 4)
    elif not tns.large:
        sdu[2] = p[12]
        sdu[3] = p[13]
        fact_once(look, TNS_SDU, sdu, 4)


cdef int take_packet(Look* look, Slice m, u64 size) noexcept nogil:
    cdef Tns* tns = <Tns*>look.state[0]
    cdef u8 kind = m.p[4]
    if not tns.frame.sure:
        if kind == CONNECT and not connect_fits(m.p, m.n) or ACCEPT <= kind <= REDIRECT and kind != 3 and \
                not reply_fits(m.p, m.n):
            return PARSE_NOT_MINE
        tns.frame.sure = True
    tns.large = tns.large or be16(m.p) == 0
    keep_u8(look, TNS_TYPE, kind, TYPE_LAST)
    tns.packets += 1
    fact_number(look, TNS_PACKETS, tns.packets)
    if kind == CONNECT and connect_fits(m.p, m.n):
        set_initiator(look, True)
        fact_once(look, TNS_OFFERED, m.p + 8, 2)
        tns.awaited = be16(m.p + 26) >= size
        take_descriptor(look, part(m, be16(m.p + 26), m.n - smaller(m.n, be16(m.p + 26))))
    elif kind == ACCEPT and m.n >= 24:
        take_accept(look, tns, m.p, m.n)
    elif kind == REFUSE and m.n > 12:
        set_initiator(look, False)
        keep_text(look, TNS_ERROR, value_of(part(m, 12, m.n - 12), b"err", 3), NAMES)
    elif kind == REDIRECT and m.n > 10:
        set_initiator(look, False)
        take_redirect(look, part(m, 10, m.n - 10))
    elif kind == DATA and m.n > 10 and m.p[10] == c'(' and tns.awaited:
        tns.awaited = False
        take_descriptor(look, part(m, 10, m.n - 10))
    return PARSE_OK


cdef int tns_parse(Look* look, Slice data) noexcept nogil:
    if framed(look, sizeof(Tns)) == NULL:
        return PARSE_DONE
    return each_message(look, data, HEAD, size_of, take_packet)


cdef void tns_define(Proto* p) noexcept nogil:
    reads(p, "tns", ON_TCP, tns_detect, tns_parse)
    memset(p.first, 1, 0x80)   # of a length
    p.lost = seek_again
    p.free = free


# --- describing ---

FACT_FIELDS = {name: Plain(key, 255, many=True) for name, key in (
    ("tns.program", TNS_PROGRAM), ("tns.host", TNS_HOST), ("tns.service", TNS_SERVICE))}
_TYPES = {1: "connect", 2: "accept", 3: "acknowledge", 4: "refuse", 5: "redirect", 6: "data", 7: "null", 9: "abort",
          11: "resend", 12: "marker", 13: "attention", 14: "control"}
_TEXTS = (("service", TNS_SERVICE), ("sid", TNS_SID), ("program", TNS_PROGRAM), ("host", TNS_HOST),
          ("user", TNS_USER), ("address", TNS_ADDRESS), ("server", TNS_SERVER), ("command", TNS_COMMAND),
          ("redirect", TNS_REDIRECT))


def _error(raw: bytes) -> str:
    """As Oracle's messages number it: "TNS-12514"."""
    return f"TNS-{raw.decode():>05}" if raw.isdigit() else ""


def describe(facts) -> dict:
    """The `tns` object."""
    known = by_key(facts)
    obj = {}
    one_or_all(obj, "version", known, TNS_VERSION, number)
    one_or_all(obj, "offered_version", known, TNS_OFFERED, number)
    for name, key in _TEXTS:
        one_or_all(obj, name, known, key)
    one_or_all(obj, "refused", known, TNS_ERROR, _error)
    one_or_all(obj, "sdu", known, TNS_SDU, number)
    listed(obj, "types", known, TNS_TYPE, named(_TYPES, "type"))
    if TNS_PACKETS in known:
        obj["packets"] = int.from_bytes(known[TNS_PACKETS][-1], byteorder)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "TNS sales.example.com sqlplus"."""
    words = ("TNS", first(obj.get("service") or obj.get("sid") or ""), first(obj.get("program", "")))
    return " ".join(word for word in words if word)
