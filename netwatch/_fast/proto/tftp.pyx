"""TFTP (RFC 1350) with options (RFC 2347), and transfers to a group (RFC 2090).

The request goes to the server's port; all that follows runs between the client's port and another of the server, which
is another flow. The request announces it. Where that was not seen, it is known by its first block or option
acknowledgement and the answer of the other side to it, never by one datagram alone.
"""
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u16, u32, i64, Slice, be16, find_byte, slice_of
from netwatch._fast.look.announced cimport announce
from netwatch._fast.flow.row cimport SUM_BITS, ST_TFTP_ERROR, ST_TFTP_REQUEST, ST_TFTP_TRANSFER
from netwatch._fast.look.protocol cimport (EV_CHUNK, Look, Proto, ON_UDP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK, event,
                                           fact_once, facts_find, set_initiator, reads, learnt, wants, last_said)
from netwatch._fast.proto.common.learn cimport HINT_TFTP, Hint, fact_distinct, hint_of, hint_set, keep_text, keep_u16
from netwatch._fast.proto.common.lines cimport number_of
from netwatch._fast.proto.common.media cimport address_of
from netwatch._fast.wire.packet cimport PROTO_UDP
from netwatch._fast.proto.common.describing import by_key, first, listed, named, number, one_or_all, text

cdef enum:
    BLOCKS = 0x0fffffff         # of Row.acked: the number of the newest block; all of them: one is missing
    RRQ = 1                    # RFC 1350 section 5
    WRQ = 2
    DATA = 3
    ACK = 4
    ERROR = 5
    OACK = 6
    MOST_BLOCK = 1468 + 4      # what fits an Ethernet frame; larger ones are agreed on first
    MOST_NAME = 255
    FEW = 4


cdef Slice zero_text(Slice* rest) noexcept nogil:
    """The text up to the next NUL, which is taken as well; an empty one when there is no NUL."""
    cdef i64 end = find_byte(rest.p, rest.n, 0)
    cdef Slice found = slice_of(rest.p, 0)
    if end >= 0:
        found.n = <u32>end
        rest.p += end + 1
        rest.n -= <u32>end + 1
    return found


cdef bint word_is(Slice s, const char* word, u32 n) noexcept nogil:
    """Letter case does not count."""
    cdef u32 i
    if s.n != n:
        return False
    for i in range(n):
        if s.p[i] | 0x20 != <u8>word[i]:
            return False
    return True


cdef bint is_request(Slice d) noexcept nogil:
    """Opcode, a printable name, and one of the three modes."""
    cdef Slice rest, name, mode
    cdef u32 i
    if d.n < 9 or (be16(d.p) != RRQ and be16(d.p) != WRQ):
        return False
    rest = slice_of(d.p + 2, d.n - 2)
    name = zero_text(&rest)
    if name.n == 0 or name.n > MOST_NAME:
        return False
    for i in range(name.n):
        if name.p[i] < 0x20 or name.p[i] == 0x7f:
            return False
    mode = zero_text(&rest)
    return word_is(mode, b"octet", 5) or word_is(mode, b"netascii", 8) or word_is(mode, b"mail", 4)


cdef bint is_oack(Slice d) noexcept nogil:
    """Pairs of NUL-ended texts that begin with an option everybody knows and fill the datagram."""
    cdef Slice rest, name
    if d.n < 4 or be16(d.p) != OACK or d.p[d.n - 1]:
        return False
    rest = slice_of(d.p + 2, d.n - 2)
    name = zero_text(&rest)
    return word_is(name, b"blksize", 7) or word_is(name, b"tsize", 5) or word_is(name, b"timeout", 7) or \
        word_is(name, b"windowsize", 10) or word_is(name, b"multicast", 9) or word_is(name, b"rollover", 8)


cdef int tftp_detect(Look* look, Slice d) noexcept nogil:
    cdef Hint other
    if d.n < 4 or d.n > MOST_BLOCK or d.p[0]:
        return 0
    if is_request(d):
        return 95
    if is_oack(d):
        return 90
    other = hint_of(look.row, 1 - look.side)
    if d.p[1] == DATA and be16(d.p + 2) == 1:
        if other.tag == HINT_TFTP and other.id == ACK and other.seq == 0:
            return 80
        hint_set(look.row, look.side, HINT_TFTP, DATA, 1, 1)
    elif d.p[1] == ACK and d.n == 4 and be16(d.p + 2) <= 1:
        if be16(d.p + 2) == 1 and other.tag == HINT_TFTP and other.id == DATA:
            return 80
        hint_set(look.row, look.side, HINT_TFTP, ACK, be16(d.p + 2), 1)
    return 0


cdef void announce_group(Look* look, Slice value) noexcept nogil:
    """`239.1.1.1,1758,1`: where the blocks will go (RFC 2090)."""
    cdef i64 comma = find_byte(value.p, value.n, c','), port
    cdef Slice name = slice_of(value.p, 0), rest
    cdef u8 address[16]
    if comma <= 0 or not address_of(look, slice_of(value.p, <u32>comma), address):
        return
    rest = slice_of(value.p + comma + 1, value.n - <u32>comma - 1)
    comma = find_byte(rest.p, rest.n, c',')
    port = number_of(slice_of(rest.p, <u32>comma), 5) if comma > 0 else 0
    facts_find(look.cold.facts, look.proto, TFTP_FILE, &name)
    if 0 < port <= 0xffff:
        announce(look, b"tftp", PROTO_UDP, address, <u16>port, TFTP_FILE, name)


cdef void options(Look* look, Slice rest, bint acked) noexcept nogil:
    """Each as "name=value"."""
    cdef u8 out[128]
    cdef Slice name, value
    cdef int _i
    for _i in range(FEW):
        name = zero_text(&rest)
        value = zero_text(&rest)
        if name.n == 0 or name.n > 32 or value.n == 0 or value.n > 64:
            return
        memcpy(out, name.p, name.n)
        out[name.n] = c'='
        memcpy(out + name.n + 1, value.p, value.n)
        fact_distinct(look, TFTP_OPTION, out, name.n + 1 + value.n, 2 * FEW)
        if acked and word_is(name, b"multicast", 9):
            announce_group(look, value)


cdef void tell_block(Look* look, u16 block, Slice data) noexcept nogil:
    """The next block of the file is the next piece of a stream, of a length of its own. Behind one that is missing
    nothing more is told. What a row keeps of TCP's acknowledgements is the number of the newest block."""
    cdef u32* kept = &look.row.acked[look.side]
    cdef u32 newest = kept[0] & BLOCKS
    cdef bint next = block == <u16>(newest + 1)
    cdef u8* room
    if newest == BLOCKS or block == <u16>newest:
        return
    kept[0] = kept[0] & SUM_BITS | (newest + 1 if next else <u32>BLOCKS)
    if not next:
        return
    room = event(look, EV_CHUNK, 0, data.n)
    if room != NULL and data.n:
        memcpy(room, data.p, data.n)


cdef bint has_begun(Look* look) noexcept nogil:
    """Has the flow said something of the kind? What was told of it before its first datagram does not count."""
    return learnt(look) and look.row.packets[0] + look.row.packets[1] > 1


cdef int tftp_parse(Look* look, Slice d) noexcept nogil:
    cdef Slice rest, name
    cdef u16 op
    look.used = d.n
    if d.n < 4 or d.p[0] or not RRQ <= d.p[1] <= OACK:
        return PARSE_DONE if has_begun(look) else PARSE_NOT_MINE
    op = be16(d.p)
    rest = slice_of(d.p + 2, d.n - 2)
    if op == RRQ or op == WRQ:
        if not is_request(d):
            return PARSE_DONE if has_begun(look) else PARSE_NOT_MINE
        set_initiator(look, True)
        last_said(look, ST_TFTP_REQUEST)
        keep_u16(look, TFTP_OP, op, FEW)
        name = zero_text(&rest)
        keep_text(look, TFTP_FILE, name, FEW)
        announce(look, b"tftp", PROTO_UDP, &look.row.b[0] if look.side else &look.row.a[0],
                 look.row.pb if look.side else look.row.pa, TFTP_FILE, name)
        keep_text(look, TFTP_MODE, zero_text(&rest), 2)
        options(look, rest, False)
        return PARSE_OK
    keep_u16(look, TFTP_OP, op, 6)
    last_said(look, ST_TFTP_ERROR if op == ERROR else ST_TFTP_TRANSFER)
    if op == OACK:
        options(look, rest, True)
        return PARSE_OK
    if op == ERROR:
        fact_once(look, TFTP_ERROR, rest.p, rest.n if rest.n < 130 else 130)
        return PARSE_DONE
    if wants(look, EV_CHUNK):
        if op == DATA:
            tell_block(look, be16(d.p + 2), slice_of(d.p + 4, d.n - 4))
        return PARSE_OK
    return PARSE_DONE if be16(d.p + 2) > 16 else PARSE_OK


cdef void tftp_define(Proto* p) noexcept nogil:
    reads(p, "tftp", ON_UDP, tftp_detect, tftp_parse)
    p.first[0] = 1
    p.ports[0] = 69


# --- what the facts say ---

FACT_FIELDS = {}
OPS = {1: "read", 2: "write", 3: "data", 4: "ack", 5: "error", 6: "option-ack"}


def describe(facts) -> dict:
    """The `tftp` object."""
    known = by_key(facts)
    obj = {}
    listed(obj, "operations", known, TFTP_OP, named(OPS, "opcode"))
    one_or_all(obj, "file", known, TFTP_FILE)
    one_or_all(obj, "mode", known, TFTP_MODE, lambda raw: text(raw).lower())
    listed(obj, "options", known, TFTP_OPTION)
    one_or_all(obj, "error", known, TFTP_ERROR,
               lambda raw: f"{number(raw[:2])} {text(raw[2:].partition(bytes(1))[0])}".strip())
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "TFTP read boot/pxelinux.0"."""
    return " ".join(word for word in ("TFTP", obj.get("operations", [""])[0], first(obj.get("file", ""))) if word)
