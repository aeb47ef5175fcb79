"""RDP's connection sequence (MS-RDPBCGR section 1.3.1.1), in TPKT (RFC 1006) and X.224 (RFC 905 section 13).

The connection request carries a cookie and the security protocols the client can do; when the server takes one of them
TLS follows at once, and the flow is given back. With RDP's own security the two sides introduce themselves in clear:
client name, build, screen, keyboard, channels, encryption; without any even the login can be read. That is all there
is; the session itself is left alone.
"""
from libc.stdlib cimport free
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice, Reader, be16, find_byte, le16, le32, reader, slice_of
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, fact_once, set_initiator, reads, has_state)
from netwatch._fast.proto.common.again cimport messages_fill
from netwatch._fast.proto.common.ber cimport ber_any, ber_enter, ber_slice
from netwatch._fast.proto.common.learn cimport keep_text
from netwatch._fast.proto.common.lines cimport from_client, port_is, smaller, wait_for
from netwatch._fast.proto.common.utf16 cimport keep_string, keep_wide, narrow, part

cdef enum:
    PORT = 3389
    TPKT = 3                   # version, RFC 1006 section 6
    TPKT_HEAD = 4
    REQUEST = 0xe0             # X.224 TPDU codes, RFC 905 section 13.1
    CONFIRM = 0xd0
    DATA = 0xf0
    X224_HEAD = 7              # length, code, two references, class
    NEG_REQUEST = 1            # MS-RDPBCGR sections 2.2.1.1.1, 2.2.1.2.1, 2.2.1.2.2
    NEG_RESPONSE = 2
    NEG_FAILURE = 3
    NEG = 8
    PROTOCOLS = 0x1f           # bits that have a meaning
    FAILURE_LAST = 7
    CONFIRM_MOST = 32
    COOKIE_MOST = 256
    CONNECT_INITIAL = 0x65     # T.125 section 7, second byte of the identifiers
    CONNECT_RESPONSE = 0x66
    SEND_REQUEST = 0x64        # T.125 SendDataRequest
    CS_CORE = 0xc001           # MS-RDPBCGR section 2.2.1.3.1
    CS_SECURITY = 0xc002
    CS_NET = 0xc003
    SC_CORE = 0x0c01
    SC_SECURITY = 0x0c02
    SEC_INFO = 0x0040          # MS-RDPBCGR section 2.2.8.1.1.2.1
    INFO_UNICODE = 0x0010      # MS-RDPBCGR section 2.2.1.11.1.1
    BLOCKS = 16
    CHANNELS = 12
    MESSAGES = 64              # read while waiting for the login

cdef struct Rdp:
    bint met                   # a connection request or confirm was seen
    bint served                # the server's data were
    bint open                  # ... and they say that nothing is encrypted
    u32 messages


# --- detection ---

cdef bint cookie_begins(const u8* p, u32 n) noexcept nogil:
    return n >= 12 and memcmp(p, b"Cookie: msts", 12) == 0


cdef bint neg_fits(const u8* p, u32 n, u8 kind) noexcept nogil:
    """A negotiation structure: type, flags, length 8, a small number."""
    return n >= NEG and p[0] == kind and p[2] == NEG and p[3] == 0 and p[5] == 0 and p[6] == 0 and p[7] == 0


cdef int confirm_sure(Look* look, const u8* p, u32 n) noexcept nogil:
    """How sure a whole connection confirm is RDP's; p is behind the X.224 header."""
    if n == NEG and neg_fits(p, n, NEG_RESPONSE) and p[4] <= PROTOCOLS:
        return 96
    if n == NEG and neg_fits(p, n, NEG_FAILURE) and 1 <= p[4] <= FAILURE_LAST:
        return 96
    return 60 if n == 0 and port_is(look, PORT) else 0


cdef u64 length_of(Look* look, const u8* p, u32 n) noexcept nogil:
    """Of a TPKT packet with X.224 data in it."""
    if n < TPKT_HEAD + 3:
        return TPKT_HEAD + 3 if p[0] == TPKT else 0
    if p[0] != TPKT or p[1] or p[4] != 2 or p[5] != DATA or p[6] != 0x80:
        return 0
    return be16(p + 2) if be16(p + 2) >= TPKT_HEAD + 3 else 0


cdef int rdp_detect(Look* look, Slice d) noexcept nogil:
    """Other protocols begin with the same TPDUs: cookie, negotiation, or the port must say that it is RDP."""
    cdef u32 size, n
    if port_is(look, PORT) and messages_fill(look, d, length_of):
        return 70
    if (d.n > 1 and d.p[1]) or (d.n > 5 and d.p[5] != REQUEST and d.p[5] != CONFIRM):
        return 0
    if d.n < TPKT_HEAD + X224_HEAD:
        return DETECT_MORE
    size = be16(d.p + 2)
    if size < TPKT_HEAD + X224_HEAD or d.p[4] != size - TPKT_HEAD - 1 and (d.p[4] < X224_HEAD - 1 or d.p[5] == CONFIRM):
        return 0
    n = smaller(size, d.n) - TPKT_HEAD - X224_HEAD
    if d.p[5] == CONFIRM:
        if d.n >= size:
            return confirm_sure(look, d.p + TPKT_HEAD + X224_HEAD, n)
        return DETECT_MORE if size <= CONFIRM_MOST else 0
    if cookie_begins(d.p + TPKT_HEAD + X224_HEAD, n):
        return 97
    if d.n < smaller(size, TPKT_HEAD + X224_HEAD + 12):
        return DETECT_MORE
    if neg_fits(d.p + TPKT_HEAD + X224_HEAD, n, NEG_REQUEST) and d.p[TPKT_HEAD + X224_HEAD + 4] <= PROTOCOLS:
        return 96
    return 60 if n == 0 and port_is(look, PORT) else 0


cdef int rdp_agrees(Look* look, Slice d) noexcept nogil:
    """A server that is none of RDP's may answer a request with anything but a TPKT."""
    return d.p[0] == TPKT and (d.n < 2 or d.p[1] == 0)


# --- connection request and confirm ---

cdef void take_request(Look* look, Slice m) noexcept nogil:
    """A line, then the negotiation request; either may be missing."""
    cdef int end = <int>find_byte(m.p, m.n, c'\n') if m.n and m.p[0] == c'C' else -1
    set_initiator(look, True)
    if 0 < end <= COOKIE_MOST:
        keep_text(look, RDP_COOKIE, slice_of(m.p, <u32>end - (1 if m.p[end - 1] == c'\r' else 0)), 2)
        m = slice_of(m.p + end + 1, m.n - <u32>end - 1)
    if neg_fits(m.p, m.n, NEG_REQUEST):
        fact_once(look, RDP_FLAGS, m.p + 1, 1)
        fact_once(look, RDP_REQUESTED, m.p + 4, 1)


cdef int take_confirm(Look* look, Slice m) noexcept nogil:
    """What the server selected; no answer to a negotiation means RDP's own security."""
    cdef u8 none = 0
    set_initiator(look, False)
    if neg_fits(m.p, m.n, NEG_FAILURE):
        fact_once(look, RDP_FAILURE, m.p + 4, 1)
        return PARSE_DONE
    if not neg_fits(m.p, m.n, NEG_RESPONSE):
        fact_once(look, RDP_SELECTED, &none, 1)
        return PARSE_OK
    fact_once(look, RDP_SELECTED, m.p + 4, 1)
    return PARSE_NOT_MINE if m.p[4] else PARSE_OK


# --- settings exchange ---

cdef Slice user_data(Slice m, const char* key) noexcept nogil:
    """The blocks of a GCC conference request or answer: after the key of four letters and a PER length (T.124)."""
    cdef u32 i, at, size
    for i in range(m.n - smaller(m.n, 5)):
        if memcmp(m.p + i, key, 4) == 0:
            at = i + 5
            size = m.p[i + 4]
            if size & 0x80 and at < m.n:
                size = (size & 0x3f) << 8 | m.p[at]
                at += 1
            return slice_of(m.p + at, smaller(size, m.n - at))
    return slice_of(m.p, 0)


cdef void client_core(Look* look, Slice b) noexcept nogil:
    """MS-RDPBCGR section 2.2.1.3.2; later fields may be missing."""
    if b.n < 128:
        return
    fact_once(look, RDP_VERSION, b.p, 4)
    fact_once(look, RDP_SIZE, b.p + 4, 4)
    fact_once(look, RDP_KEYBOARD, b.p + 12, 4)
    fact_once(look, RDP_BUILD, b.p + 16, 4)
    keep_wide(look, RDP_CLIENT, slice_of(b.p + 20, 32), 2)
    if b.n >= 138 and 8 <= le16(b.p + 136) <= 32:
        fact_once(look, RDP_COLOUR, b.p + 136, 2)
    if b.n >= 206:
        keep_wide(look, RDP_PRODUCT, slice_of(b.p + 142, 64), 2)


cdef void client_channels(Look* look, Slice b) noexcept nogil:
    """MS-RDPBCGR section 2.2.1.3.4: a count; names of 8 bytes with 4 of options."""
    cdef u32 i
    for i in range(smaller(le32(b.p), CHANNELS) if b.n >= 4 else 0):
        if 4 + 12 * i + 12 > b.n:
            return
        keep_text(look, RDP_CHANNEL, narrow(slice_of(b.p + 4 + 12 * i, 8)), CHANNELS)


cdef void server_security(Look* look, Rdp* rdp, Slice b) noexcept nogil:
    """MS-RDPBCGR section 2.2.1.4.3."""
    if b.n < 8:
        return
    fact_once(look, RDP_METHOD, b.p, 4)
    fact_once(look, RDP_LEVEL, b.p + 4, 4)
    rdp.open = le32(b.p) == 0


cdef void blocks(Look* look, Rdp* rdp, Slice data) noexcept nogil:
    """Type, length with these four bytes, content (MS-RDPBCGR section 2.2.1.3.1)."""
    cdef u32 size, _i
    cdef u16 kind
    cdef Slice b
    for _i in range(BLOCKS):
        if data.n < 4:
            return
        kind = le16(data.p)
        size = le16(data.p + 2)
        if size < 4 or size > data.n:
            return
        b = slice_of(data.p + 4, size - 4)
        if kind == CS_CORE:
            client_core(look, b)
        elif kind == CS_SECURITY and b.n >= 4:
            fact_once(look, RDP_METHODS, b.p, 4)
        elif kind == CS_NET:
            client_channels(look, b)
        elif kind == SC_CORE and b.n >= 4:
            fact_once(look, RDP_SERVER_VERSION, b.p, 4)
        elif kind == SC_SECURITY:
            server_security(look, rdp, b)
        data = slice_of(data.p + size, data.n - size)


cdef void settings(Look* look, Rdp* rdp, Slice m) noexcept nogil:
    """MCS Connect-Initial or Connect-Response (T.125 section 7): BER, the conference data in its last element."""
    cdef Reader r = reader(m.p + 1, m.n - 1)
    cdef bint initial = m.p[1] == CONNECT_INITIAL
    cdef Reader body = ber_enter(&r, m.p[1])
    cdef Slice data
    cdef int _i
    for _i in range(6 if initial else 3):
        ber_any(&body)
    data = ber_slice(&body, 4)
    if body.bad:
        return
    set_initiator(look, initial)
    blocks(look, rdp, user_data(data, b"Duca" if initial else b"McDn"))
    rdp.served = rdp.served or not initial


cdef bint login(Look* look, Slice m) noexcept nogil:
    """The client info, sent in clear when nothing is encrypted (MS-RDPBCGR section 2.2.1.11); True when it was this."""
    cdef u32[3] sizes
    cdef u32 at
    cdef bint wide
    cdef int i
    cdef u8[3] keys
    keys[0] = RDP_DOMAIN
    keys[1] = RDP_USER
    keys[2] = RDP_PASSWORD
    if m.n < 8 or m.p[0] != SEND_REQUEST:
        return False
    at = 8 if m.p[6] & 0x80 else 7
    if at + 4 + 18 > m.n or not le16(m.p + at) & SEC_INFO:
        return False
    at += 4
    wide = le32(m.p + at + 4) & INFO_UNICODE != 0
    for i in range(3):
        sizes[i] = le16(m.p + at + 8 + 2 * i)
    at += 18
    for i in range(3):
        keep_string(look, keys[i], part(m, at, sizes[i]), wide, 2)
        at += sizes[i] + (2 if wide else 1)
    return True


cdef int take_data(Look* look, Rdp* rdp, Slice m) noexcept nogil:
    """What stands behind an X.224 data header."""
    if m.n >= 2 and m.p[0] == 0x7f and (m.p[1] == CONNECT_INITIAL or m.p[1] == CONNECT_RESPONSE):
        settings(look, rdp, m)
        return PARSE_DONE if rdp.served and not rdp.open else PARSE_OK
    if rdp.open and from_client(look) and login(look, m):
        return PARSE_DONE
    return PARSE_OK


cdef int one(Look* look, Rdp* rdp, Slice d) noexcept nogil:
    """One TPKT packet."""
    cdef const u8* p = d.p + look.used
    cdef u32 n = d.n - look.used, size
    cdef u8 code
    if p[0] != TPKT:
        return PARSE_DONE if rdp.served else PARSE_MALFORMED if rdp.met else PARSE_NOT_MINE    # fast-path, or none
    if n < TPKT_HEAD:
        return wait_for(look, d, TPKT_HEAD)
    size = be16(p + 2)
    if p[1] or size < TPKT_HEAD + 3:
        return PARSE_MALFORMED if rdp.met else PARSE_NOT_MINE
    if n < size:
        return wait_for(look, d, size)
    look.used += size
    rdp.messages += 1
    code = p[5]
    if code == DATA:
        if rdp.messages > MESSAGES:
            return PARSE_DONE
        return take_data(look, rdp, slice_of(p + 7, size - 7))
    if size < TPKT_HEAD + X224_HEAD or (code != REQUEST and code != CONFIRM):
        return PARSE_DONE if rdp.met else PARSE_NOT_MINE
    rdp.met = True
    if code == CONFIRM:
        return take_confirm(look, slice_of(p + TPKT_HEAD + X224_HEAD, size - TPKT_HEAD - X224_HEAD))
    take_request(look, slice_of(p + TPKT_HEAD + X224_HEAD, size - TPKT_HEAD - X224_HEAD))
    return PARSE_OK


cdef int rdp_parse(Look* look, Slice d) noexcept nogil:
    cdef Rdp* rdp
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(Rdp)):
        return PARSE_DONE
    rdp = <Rdp*>look.state[0]
    while code == PARSE_OK and look.used < d.n:
        code = one(look, rdp, d)
    return code


cdef int rdp_resync(Look* look, Slice d) noexcept nogil:
    """Packets that fill the segment, or those of the connection's beginning."""
    return look.state[0] != NULL and (messages_fill(look, d, length_of) or rdp_detect(look, d) > 0)


cdef void rdp_define(Proto* p) noexcept nogil:
    reads(p, "rdp", ON_TCP, rdp_detect, rdp_parse)
    p.first[TPKT] = 1
    p.agrees = rdp_agrees
    p.resync = rdp_resync
    p.free = free
