"""DTLS 1.0, 1.2 and 1.3 over UDP (RFC 4347, 6347, 9147): what is said in the clear.

Reads both hellos from fragments in any order, the HelloVerifyRequest, the leaf certificates of 1.2 and older, and clear
alerts. Nothing is decrypted. Once both sides have gone dark the flow costs nothing more, unless media may follow on the
same ports (RFC 5764): those, and STUN, are shown to others (mux.pxd).
"""
from libc.stdlib cimport free
from libc.string cimport memcmp, memset

from netwatch._fast.base.bytes cimport (u8, u16, u32, Reader, Slice, be16, be24, be32, reader, slice_of, take8,
                                        take_slice)
from netwatch._fast.look.protocol cimport (Look, Proto, EV_SEALED, ON_UDP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK,
                                           SEALED_END, fact_once, fact_set, facts_find, sealed, set_initiator, wants,
                                           TRAIT_CARRIES_TLS, TRAIT_OPAQUE, reads, has_state)
from netwatch._fast.proto.common.lines cimport from_client
from netwatch._fast.proto.common.mux cimport MUX_DARK, MUX_DTLS, MUX_STUN, mux_foreign, mux_kind, mux_met, mux_was_met
from netwatch._fast.proto.common.pieces cimport Pieces, pieces_clear, pieces_put, pieces_ready
from netwatch._fast.proto.tls.hello cimport (Hello, HELLO_BAD, HELLO_RETRY, TLS_ALERT, TLS_CERT,
                                             TLS_CLIENT_CERT, TLS_EXTS, TLS_RESUMED, client_hello,
                                             server_hello)
from netwatch._fast.proto.common.describing import first_values
from netwatch._fast.proto.tls.text import describe_hello
from netwatch._fast.proto.tls import text as tls_text

FACT_FIELDS, DEPENDS = tls_text.FACT_FIELDS, tls_text.DEPENDS

cdef enum:                     # record types, RFC 9147 section 4, RFC 9146 section 4
    REC_CCS = 20
    REC_ALERT = 21
    REC_HANDSHAKE = 22
    REC_DATA = 23
    REC_CID = 25               # encrypted, with a connection ID whose length the hellos agreed on
    REC_ACK = 26
    UNIFIED = 0x20             # first byte 001xxxxx: an encrypted record of 1.3

cdef enum:                     # handshake types
    HS_CLIENT_HELLO = 1
    HS_SERVER_HELLO = 2
    HS_VERIFY_REQUEST = 3
    HS_CERTIFICATE = 11
    HS_LAST = 24               # the highest type in use

cdef enum:
    RECORD_HEAD = 13
    MESSAGE_HEAD = 12
    MIN_HELLO = 38             # version, random, session ID length, cipher suite, compression
    MAX_LEAF = 6144            # DER kept of a leaf certificate; a longer one is not kept at all
    CERT_HEAD = 6
    DTLS_13 = 0xfefc
    DATAGRAMS = 64             # of one flow that are looked at
    PREAMBLE = 4
    CAPWAP_DTLS = 0x01000000   # preamble version 0, type 1, three bytes unused
    EXT_USE_SRTP = 14
    MAX_CID = 20               # of a flow joined in its middle
    MIN_SEALED = 9             # the true type, and the shortest check value (RFC 6655)
    MAX_EPOCH = 16             # of a flow joined in its middle; rekeying is rare

cdef struct Message:           # one handshake message being put together
    Pieces body
    u16 number
    u32 size
    bint begun

cdef struct Dtls:
    Message client             # ClientHello
    Message server             # ServerHello
    Message cert[2]            # Certificates, by side
    Hello hello
    u8 datagrams
    bint dark[2]               # by side: it has sent what cannot be read
    bint read                  # nothing more can be learnt of what is clear


# --- detection ---

cdef inline bint is_version(const u8* p) noexcept nogil:
    """1.0, 1.2 (also the record version of 1.3), and what OpenSSL sent before 1.0 was finished (Cisco's VPN)."""
    return (p[0] == 0xfe and (p[1] == 0xff or p[1] == 0xfd)) or (p[0] == 1 and p[1] == 0)


cdef bint chained(const u8* p, u32 n) noexcept nogil:
    """The datagram is a row of whole records; in 1.3 the later ones may be encrypted."""
    cdef u32 at = 0, size
    while n - at >= RECORD_HEAD and p[at] >= REC_CCS and p[at] <= REC_ACK and p[at] != REC_CID and \
            is_version(p + at + 1):
        size = be16(p + at + 11)
        if size > n - at - RECORD_HEAD:
            return False
        at += RECORD_HEAD + size
    return at == n or (at > 0 and p[at] >> 5 == 1)


cdef bint is_cid_chain(const u8* p, u32 n) noexcept nogil:
    """Records with connection IDs fill the datagram, all of one length."""
    cdef u32 cid, at, size
    for cid in range(1, MAX_CID + 1):
        at = 0
        while n - at >= RECORD_HEAD + cid + MIN_SEALED and p[at] == REC_CID and p[at + 1] == 0xfe and \
                p[at + 2] == 0xfd and 0 < be16(p + at + 3) <= MAX_EPOCH:
            size = be16(p + at + 11 + cid)
            if size < MIN_SEALED or size > n - at - RECORD_HEAD - cid:
                break
            at += RECORD_HEAD + cid + size
        if at == n:
            return True
    return False


cdef bint is_message(const u8* p, u32 record) noexcept nogil:
    """A handshake header whose fragment lies inside its message and its record."""
    cdef u32 size = be24(p + 1), offset = be24(p + 6), part = be24(p + 9)
    return p[0] <= HS_LAST and part <= size and offset <= size - part and part + MESSAGE_HEAD <= record


cdef Slice inner(Slice data) noexcept nogil:
    """The datagram without the preamble that CAPWAP puts before DTLS (RFC 5415 section 4.2)."""
    if data.n > PREAMBLE and be32(data.p) == CAPWAP_DTLS:
        return slice_of(data.p + PREAMBLE, data.n - PREAMBLE)
    return data


cdef int dtls_detect(Look* look, Slice data) noexcept nogil:
    data = inner(data)
    return detect_record(data.p, data.n)


cdef int detect_record(const u8* p, u32 n) noexcept nogil:
    """Handshake headers that add up, or a row of whole records."""
    cdef u32 size, epoch
    cdef bint whole
    if n < RECORD_HEAD + 1 or p[0] < REC_CCS or not is_version(p + 1):
        return 0
    if p[0] > REC_DATA:
        return 85 if p[0] == REC_CID and is_cid_chain(p, n) else 0
    epoch = be16(p + 3)
    size = be16(p + 11)
    whole = chained(p, n)
    if p[0] == REC_HANDSHAKE and epoch == 0:
        if n < RECORD_HEAD + MESSAGE_HEAD or not is_message(p + RECORD_HEAD, size):
            return 0
        if p[RECORD_HEAD] <= HS_SERVER_HELLO and be24(p + RECORD_HEAD + 1) < MIN_HELLO and p[RECORD_HEAD]:
            return 0
        return 97 if whole else 75
    if not whole or size == 0 or epoch > MAX_EPOCH:
        return 0
    if p[0] == REC_CCS:
        return 90 if size == 1 and p[RECORD_HEAD] == 1 else 0
    if epoch == 0:
        return 85 if p[0] == REC_ALERT and size == 2 and 1 <= p[RECORD_HEAD] <= 2 else 0
    return 85


# --- handshake messages ---

cdef void read_hello(Look* look, Dtls* d, Message* m, bint client) noexcept nogil:
    """A whole ClientHello or ServerHello."""
    cdef Slice body = slice_of(m.body.buf, m.size), sid
    cdef Reader r
    cdef u8 yes = 1
    cdef int got
    set_initiator(look, client)
    if client:
        got = client_hello(look, &d.hello, body, True)
    else:
        got = server_hello(look, &d.hello, body)
        if got != HELLO_BAD and got != HELLO_RETRY and d.hello.version != DTLS_13:
            r = reader(body.p + 34, body.n - 34)
            sid = take_slice(&r, take8(&r))
            if sid.n and sid.n == d.hello.sid_len and memcmp(sid.p, d.hello.sid, sid.n) == 0:
                fact_set(look, TLS_RESUMED, &yes, 1)
    if got == HELLO_BAD:
        look.dpi.malformed[look.proto] += 1


cdef void read_certificate(Look* look, Message* m) noexcept nogil:
    """The leaf, as soon as it is there (RFC 5246 section 7.4.2, 7.4.6)."""
    cdef u32 ready = pieces_ready(&m.body), leaf
    cdef u8 no = 0
    if ready < CERT_HEAD:
        return
    leaf = be24(m.body.buf + 3)
    if leaf and leaf <= MAX_LEAF and leaf + CERT_HEAD <= m.size:
        if ready < CERT_HEAD + leaf:
            return
        fact_once(look, TLS_CLIENT_CERT if from_client(look) else TLS_CERT, m.body.buf + CERT_HEAD, leaf)
        fact_set(look, TLS_RESUMED, &no, 1)       # a full handshake after all
    m.size = 0


cdef bint gather(Message* m, const u8* p) noexcept nogil:
    """Add the fragment whose header is at p; False when it is of no use. A later message replaces an earlier one."""
    cdef u16 number = be16(p + 4)
    cdef u32 size = be24(p + 1)
    if m.begun and number < m.number:
        return False
    if not m.begun or number > m.number:
        pieces_clear(&m.body)
        m.begun = True
        m.number = number
        m.size = size
    return size == m.size and size > 0 and pieces_put(&m.body, be24(p + 6), p + MESSAGE_HEAD, be24(p + 9))


cdef void read_fragment(Look* look, Dtls* d, const u8* p) noexcept nogil:
    """One handshake fragment that lies whole at p."""
    cdef Message* m
    cdef Reader r
    cdef Slice cookie
    if p[0] == HS_VERIFY_REQUEST and be24(p + 6) == 0:
        r = reader(p + MESSAGE_HEAD + 2, be24(p + 9) - 2 if be24(p + 9) >= 2 else 0)
        cookie = take_slice(&r, take8(&r))
        if not r.bad:
            set_initiator(look, False)
            fact_once(look, DK_COOKIE, cookie.p, cookie.n)
        return
    if p[0] != HS_CLIENT_HELLO and p[0] != HS_SERVER_HELLO and p[0] != HS_CERTIFICATE:
        return
    m = &d.client if p[0] == HS_CLIENT_HELLO else &d.server if p[0] == HS_SERVER_HELLO else &d.cert[look.side]
    if not gather(m, p):
        return
    if p[0] == HS_CERTIFICATE:
        read_certificate(look, m)
    elif pieces_ready(&m.body) == m.size:
        read_hello(look, d, m, p[0] == HS_CLIENT_HELLO)
        m.size = 0
    if m.size == 0:                    # read; what is sent again is not wanted
        pieces_clear(&m.body)


# --- records ---

cdef void read_record(Look* look, Dtls* d, const u8* p, u32 size) noexcept nogil:
    """One whole record of epoch 0, header left out; a record may hold several messages."""
    cdef u8 kind = p[0]
    cdef u32 part
    p += RECORD_HEAD
    if kind == REC_ALERT and size == 2 and 1 <= p[0] <= 2:
        fact_set(look, TLS_ALERT, p, 2)
    elif kind == REC_HANDSHAKE:
        while size >= MESSAGE_HEAD and is_message(p, size):
            read_fragment(look, d, p)
            part = MESSAGE_HEAD + be24(p + 9)
            p += part
            size -= part


cdef bint media_may_follow(Look* look) noexcept nogil:
    """Keys for SRTP are being agreed on: use_srtp was offered (RFC 5764 section 4.1.2), or STUN opened the path."""
    cdef Slice exts
    cdef u32 i
    if mux_was_met(look, MUX_STUN):
        return True
    if facts_find(look.cold.facts, look.proto, TLS_EXTS, &exts):
        for i in range(0, exts.n, 2):
            if be16(exts.p + i) == EXT_USE_SRTP:
                return True
    return False


cdef bint not_mine(Look* look, Dtls* d, Slice data) noexcept nogil:
    """STUN between whole messages, or media after the handshake: others have not seen it yet."""
    cdef u8 kind = mux_kind(data)
    if not mux_foreign(look, data, MUX_DTLS):
        return False
    if kind == MUX_STUN:
        return d.client.body.n == 0 and d.server.body.n == 0 and d.cert[0].body.n == 0 \
            and d.cert[1].body.n == 0
    return (d.dark[0] or look.row.packets[0] == 0) and (d.dark[1] or look.row.packets[1] == 0)


cdef inline void dark(Look* look, Dtls* d) noexcept nogil:
    """The side has begun to encrypt: media may have come between what it says, and DTLS been given back."""
    d.dark[look.side] = True
    look.conn.met |= <u8>(MUX_DARK << look.side)


cdef int dtls_parse(Look* look, Slice data) noexcept nogil:
    cdef Dtls* d
    cdef const u8* p
    cdef u32 n, size
    look.used = data.n
    if not has_state(look, sizeof(Dtls)):
        return PARSE_DONE
    d = <Dtls*>look.state[0]
    d.dark[0], d.dark[1] = look.conn.met & MUX_DARK != 0, look.conn.met & MUX_DARK << 1 != 0
    n = data.n
    data = inner(data)
    if data.n == n and not_mine(look, d, data):
        look.used = 0
        return PARSE_NOT_MINE
    p = data.p
    n = data.n
    if wants(look, EV_SEALED):
        sealed(look, p, n, 0)
        if d.read:
            return PARSE_OK
    d.datagrams += d.datagrams < DATAGRAMS
    while n >= RECORD_HEAD and p[0] >= REC_CCS and p[0] <= REC_ACK and is_version(p + 1):
        size = be16(p + 11)
        mux_met(look, MUX_DTLS)
        if be16(p + 3):
            dark(look, d)
        if p[0] == REC_CID:
            break
        if size > n - RECORD_HEAD:
            break
        if be16(p + 3) == 0:
            read_record(look, d, p, size)
        p += RECORD_HEAD + size
        n -= RECORD_HEAD + size
    if n and p[0] & 0xe0 == UNIFIED:
        dark(look, d)
    d.read = d.datagrams >= DATAGRAMS or (d.dark[0] and d.dark[1])
    if d.read and wants(look, EV_SEALED) and d.client.begun:
        return PARSE_OK                       # who has the keys reads on
    if d.read and not media_may_follow(look):
        return PARSE_DONE
    return PARSE_OK


cdef void dtls_closing(Look* look) noexcept nogil:
    if wants(look, EV_SEALED):
        sealed(look, NULL, 0, SEALED_END)


cdef void dtls_free(void* state) noexcept nogil:
    cdef Dtls* d = <Dtls*>state
    pieces_clear(&d.client.body)
    pieces_clear(&d.server.body)
    pieces_clear(&d.cert[0].body)
    pieces_clear(&d.cert[1].body)
    free(d)


cdef void dtls_define(Proto* p) noexcept nogil:
    reads(p, "dtls", ON_UDP, dtls_detect, dtls_parse)
    p.ports[0] = 853
    p.ports[1] = 5684
    p.traits = TRAIT_CARRIES_TLS | TRAIT_OPAQUE
    p.first[1] = 1                     # CAPWAP's preamble
    memset(p.first + REC_CCS, 1, REC_DATA - REC_CCS + 1)
    p.first[REC_CID] = 1
    p.closing = dtls_closing
    p.free = dtls_free


def describe(facts) -> dict:
    """What the hellos say, under `tls`, and the cookie; no JA3, which is not defined for DTLS."""
    known = first_values(facts)
    tls = describe_hello(known, "d")
    obj = {"tls": tls} if tls else {}
    if DK_COOKIE in known:
        obj["cookie"] = known[DK_COOKIE].hex()
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "DTLS api.example.com"."""
    name = obj.get("tls", {}).get("sni")
    return f"DTLS {name}" if name else "DTLS"
