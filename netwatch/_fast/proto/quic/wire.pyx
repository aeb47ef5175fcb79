"""QUIC: versions 1 and 2 (RFC 9000, 9001, 9369), the drafts 22 to 34, Google's and Facebook's, until 1-RTT begins.

The Initial packets of both sides are opened (anybody can), their CRYPTO frames put together in any order and the
hellos read; a close or a Retry in the clear is kept. Packets of later levels are only told apart. Once both hellos are
read and the client sends 1-RTT the flow costs nothing more. Google's older QUIC is named, with what its CHLO says.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32, u64, i32, Reader, Slice, be24, left, reader, slice_of, take, take8
from netwatch._fast.flow.row cimport (Conn, ST_QUIC_0RTT, ST_QUIC_CLOSED, ST_QUIC_CONNECTED, ST_QUIC_HANDSHAKE,
                                      ST_QUIC_INITIAL, ST_QUIC_RETRY)
from netwatch._fast.base.mix cimport load64
from netwatch._fast.look.migration cimport MARK_BYTES, bear_mark, mark
from netwatch._fast.look.protocol cimport (Look, Proto, EV_SEALED, ON_UDP, PARSE_DONE, PARSE_OK, SEALED_END,
                                           fact_number, fact_once, fact_set, sealed, set_initiator, wants,
                                           TRAIT_CARRIES_TLS, TRAIT_OPAQUE, TRAIT_STREAMS, reads, has_state)
from netwatch._fast.proto.quic.detect cimport quic_detect
from netwatch._fast.proto.quic.gquic cimport GoogleHeader, google_header, google_hello, google_skip_ack
from netwatch._fast.proto.common.pieces cimport PIECES_BYTES, Pieces, pieces_clear, pieces_put, pieces_ready
from netwatch._fast.proto.quic.crypt cimport (InitialKeys, MAX_CID, PLAIN_BYTES, QUIC_T050, QUIC_T051, initial_keys,
                                              initial_open)
from netwatch._fast.proto.quic.packets cimport (FIXED, Header, LONG, QK_CLOSE, QK_DCID, QK_EARLY, QK_HANDSHAKE_US,
                                                QK_OFFERED, QK_PATH, QK_RETRY, QK_SCID, QK_VERSION, QUIC_EARLY,
                                                QUIC_HANDSHAKE, QUIC_INITIAL, QUIC_NEGOTIATION, SHORTEST, quic_path,
                                                read_header, read_parameters, take_part, take_varint, version_known)
from netwatch._fast.proto.tls.hello cimport HELLO_BAD, HELLO_RETRY, Hello, client_hello, server_hello
from netwatch._fast.proto.quic.text import FACT_FIELDS, describe, label  # no-cython-lint

cdef enum:                     # frame types, RFC 9000 section 19; only these may stand in an Initial
    FRAME_PADDING = 0
    FRAME_PING = 1
    FRAME_ACK = 2
    FRAME_ACK_ECN = 3
    FRAME_CRYPTO = 6
    FRAME_CLOSE = 0x1c
    GOOGLE_CRYPTO = 8          # of T050 and T051
    GOOGLE_ACK = 0x40          # to 0x7f

cdef enum:
    HS_CLIENT_HELLO = 1
    HS_SERVER_HELLO = 2
    CLIENT = 0                 # roles, once they are known
    SERVER = 1
    DATAGRAMS = 64             # of one flow that are looked at
    TRIES = 32                 # Initial packets of one flow that are opened, or tried
    COALESCED = 8              # packets of one datagram that are looked at
    MAX_REASON = 256
    MAX_OFFERED = 64           # bytes of a version list that are kept

cdef struct Role:
    Pieces crypto
    u64 base                   # offset in the CRYPTO stream of the bytes it holds
    u32 at                     # how many of them were read as messages
    bint done                  # its hello was read, or will not be
    u64 following              # one past its largest packet number

cdef struct Quic:
    Role role[2]
    InitialKeys keys[2]        # by role
    Hello hello
    u32 version                # the keys are for this version
    u8 origin[MAX_CID]         # ... and this connection ID
    u8 origin_n
    bint keyed
    u8 client_side             # meaningful once keyed
    u8 datagrams
    u8 tries
    bint closed
    bint read                  # nothing more can be learnt of what is in the clear
    bint joined                # a further path of a connection that began elsewhere
    bint greased               # the bit that marks QUIC may be of any value
    u64 begun                  # ns, of the first packet


# --- what the CRYPTO frames say ---

cdef bint read_message(Look* look, Quic* q, int role, u8 kind, Slice body) noexcept nogil:
    """One handshake message; True when nothing further is wanted of the sender."""
    cdef int got
    if role == CLIENT:
        if kind == HS_CLIENT_HELLO:
            got = client_hello(look, &q.hello, body, False)
            read_parameters(look, q.version, body)
            look.dpi.malformed[look.proto] += got == HELLO_BAD
        return True
    if kind != HS_SERVER_HELLO:
        return True
    got = server_hello(look, &q.hello, body)
    look.dpi.malformed[look.proto] += got == HELLO_BAD
    if got == HELLO_RETRY:             # the client's next hello follows its first in the CRYPTO stream
        q.role[CLIENT].base += q.role[CLIENT].at
        q.role[CLIENT].at = 0
        q.role[CLIENT].done = False
    return got != HELLO_RETRY


cdef void read_crypto(Look* look, Quic* q, int role, u64 offset, Slice data) noexcept nogil:
    """Put the bytes of a CRYPTO frame where they belong, and read the messages that are whole."""
    cdef Role* r = &q.role[role]
    cdef u32 size
    cdef const u8* p
    if r.done or offset < r.base:
        return
    pieces_put(&r.crypto, offset - r.base, data.p, data.n)
    while not r.done and pieces_ready(&r.crypto) >= r.at + 4:
        p = r.crypto.buf + r.at
        size = be24(p + 1)
        if r.at + 4 + size > PIECES_BYTES:
            r.done = True
        elif pieces_ready(&r.crypto) < r.at + 4 + size:
            return
        else:
            r.at += 4 + size
            r.done = read_message(look, q, role, p[0], slice_of(p + 4, size))
    if r.done:
        pieces_clear(&r.crypto)


cdef void read_close(Look* look, Quic* q, int role, Reader* r) noexcept nogil:
    """A CONNECTION_CLOSE of the transport (RFC 9000 section 19.19): code, frame type, reason."""
    cdef u8 fact[9 + MAX_REASON]
    cdef u64 code = take_varint(r)
    cdef Slice reason
    cdef u32 i
    take_varint(r)
    reason = take_part(r)
    if r.bad:
        return
    for i in range(8):
        fact[i] = <u8>(code >> (56 - 8 * i) & 0xff)
    fact[8] = <u8>role
    if reason.n > MAX_REASON:
        reason.n = MAX_REASON
    memcpy(&fact[9], reason.p, reason.n)
    fact_once(look, QK_CLOSE, fact, 9 + reason.n)
    q.closed = True


cdef bint skip_ack(Reader* r, bint ecn) noexcept nogil:
    """Pass an ACK frame by (RFC 9000 section 19.3)."""
    cdef u64 ranges
    take_varint(r)
    take_varint(r)
    ranges = take_varint(r)
    take_varint(r)
    while ranges and not r.bad:
        take_varint(r)
        take_varint(r)
        ranges -= 1
    if ecn:
        take_varint(r)
        take_varint(r)
        take_varint(r)
    return not r.bad


cdef size_t padding(const u8* p, size_t n) noexcept nogil:
    """How many of the bytes are zero before another comes."""
    cdef size_t k = 0
    while n - k >= 8 and load64(p + k) == 0:
        k += 8
    while k < n and p[k] == 0:
        k += 1
    return k


cdef void read_frames(Look* look, Quic* q, int role, const u8* p, u32 n) noexcept nogil:
    """The frames of an opened Initial, up to the first that has no place there."""
    cdef Reader r = reader(p, n)
    cdef u64 kind, offset
    cdef Slice data
    cdef bint google = q.version == QUIC_T050 or q.version == QUIC_T051
    while left(&r):
        if google and r.p[0] & 0xc0 == GOOGLE_ACK:
            if not google_skip_ack(&r, take8(&r)):
                return
            continue
        if r.p[0] == FRAME_PADDING:        # there may be a thousand of them
            take(&r, padding(r.p, left(&r)))
            continue
        kind = take_varint(&r)
        if kind == FRAME_PADDING or kind == FRAME_PING:
            continue
        if kind == FRAME_ACK or kind == FRAME_ACK_ECN:
            if not skip_ack(&r, kind == FRAME_ACK_ECN):
                return
        elif kind == FRAME_CRYPTO or (google and kind == GOOGLE_CRYPTO):
            offset = take_varint(&r)
            data = take_part(&r)
            if r.bad:
                return
            read_crypto(look, q, role, offset, data)
        else:
            if kind == FRAME_CLOSE:
                read_close(look, q, role, &r)
            return


# --- packets ---

cdef i32 open_known(Look* look, Quic* q, const Header* h, const u8* p, u8* plain) noexcept nogil:
    """Try the keys of the connection; a server may have chosen another version (RFC 9368 section 2.3)."""
    cdef int role = CLIENT if look.side == q.client_side else SERVER
    cdef InitialKeys pair[2]
    if h.version == q.version:
        return initial_open(&q.keys[role], p, h.number_at, h.size, &q.role[role].following, plain)
    if not initial_keys(h.version, q.origin, q.origin_n, &pair[0], &pair[1]):
        return -1
    return initial_open(&pair[role], p, h.number_at, h.size, &q.role[role].following, plain)


cdef i32 open_initial(Look* look, Quic* q, const Header* h, const u8* p, u8* plain) noexcept nogil:
    """Open an Initial; -1 when it cannot be. A client's packet brings its own keys, at first and after a Retry."""
    cdef InitialKeys pair[2]
    cdef i32 n = -1
    cdef u64 following = 0
    if q.keyed:
        n = open_known(look, q, h, p, plain)
        if n >= 0 or look.side != q.client_side:
            return n
    if not initial_keys(h.version, h.dcid.p, h.dcid.n, &pair[0], &pair[1]):
        return -1
    n = initial_open(&pair[CLIENT], p, h.number_at, h.size, &following, plain)
    if n < 0:
        return -1
    q.keys = pair
    q.role[CLIENT].following = following
    q.role[SERVER].following = 0
    q.version = h.version
    memcpy(q.origin, h.dcid.p, h.dcid.n)
    q.origin_n = <u8>h.dcid.n
    q.keyed = True
    q.client_side = <u8>look.side
    set_initiator(look, True)
    return n


cdef void read_initial(Look* look, Quic* q, const Header* h, const u8* p) noexcept nogil:
    """An Initial packet: opened while there is something to learn from it."""
    cdef u8 plain[PLAIN_BYTES]
    cdef i32 n = -1
    cdef bint client
    if not h.cut and q.tries < TRIES:
        q.tries += 1
        n = open_initial(look, q, h, p, plain)
    client = look.side == q.client_side if q.keyed else look.client
    fact_set(look, QK_VERSION, p + 1, 4)
    q.greased |= not p[0] & FIXED
    if not client:
        look.row.state = ST_QUIC_HANDSHAKE
        if h.scid.n >= MARK_BYTES:
            mark(look, h.scid.p)
    else:
        fact_once(look, QK_DCID, h.dcid.p, h.dcid.n)
        fact_once(look, QK_SCID, h.scid.p, h.scid.n)
        if look.row.state != ST_QUIC_0RTT and look.row.state != ST_QUIC_HANDSHAKE:
            look.row.state = ST_QUIC_INITIAL
        if q.begun == 0:
            q.begun = look.ts
    if n > 0:
        read_frames(look, q, CLIENT if client else SERVER, plain, <u32>n)


cdef void read_long(Look* look, Quic* q, const Header* h, const u8* p) noexcept nogil:
    """One packet with a long header."""
    if h.kind == QUIC_NEGOTIATION:
        fact_once(look, QK_OFFERED, h.offered.p, h.offered.n if h.offered.n < MAX_OFFERED else MAX_OFFERED)
    elif not version_known(h.version):
        fact_set(look, QK_VERSION, p + 1, 4)
    elif h.kind == QUIC_INITIAL:
        read_initial(look, q, h, p)
    elif h.kind == QUIC_EARLY:
        fact_once(look, QK_EARLY, NULL, 0)
        if look.row.state != ST_QUIC_HANDSHAKE:
            look.row.state = ST_QUIC_0RTT
    elif h.kind == QUIC_HANDSHAKE:
        fact_once(look, QK_VERSION, p + 1, 4)
        look.row.state = ST_QUIC_HANDSHAKE
    else:
        fact_once(look, QK_RETRY, NULL, 0)
        look.row.state = ST_QUIC_RETRY


cdef int read_short(Look* look, Quic* q) noexcept nogil:
    """A 1-RTT packet: the client sends one when its handshake is complete (RFC 9001 section 4.1.1)."""
    if not q.keyed or look.side != q.client_side:
        return PARSE_OK
    if q.begun and look.ts >= q.begun:
        fact_number(look, QK_HANDSHAKE_US, (look.ts - q.begun) // 1000)
    look.row.state = ST_QUIC_CONNECTED
    return PARSE_DONE


cdef int read_datagram(Look* look, Quic* q, Slice data) noexcept nogil:
    """The packets of one datagram (RFC 9000 section 12.2); what follows them may be padding."""
    cdef Header h
    cdef u32 at = 0, packets = 0
    while at < data.n and packets < COALESCED:
        if not data.p[at] & LONG:
            return read_short(look, q) if data.p[at] & FIXED or q.greased else PARSE_OK
        if not read_header(data.p + at, data.n - at, &h):
            break
        read_long(look, q, &h, data.p + at)
        at += h.size
        packets += 1
    return PARSE_OK


cdef int quic_parse(Look* look, Slice data) noexcept nogil:
    cdef Quic* q
    cdef GoogleHeader google
    cdef int code
    look.used = data.n
    if not has_state(look, sizeof(Quic)):
        return PARSE_DONE
    q = <Quic*>look.state[0]
    if wants(look, EV_SEALED):
        sealed(look, data.p, data.n, 0)
    if q.read or q.joined:
        return after(look, q)
    q.datagrams += 1
    if q.datagrams == 1 and data.n >= SHORTEST and data.p[0] & (LONG | FIXED) == FIXED:
        q.joined = True
        fact_once(look, QK_PATH, NULL, 0)
        bear_mark(look, data.p + 1)
        set_initiator(look, True)
        look.row.state = ST_QUIC_CONNECTED
        return after(look, q)
    if google_header(data, &google):
        set_initiator(look, True)
        code = PARSE_DONE if google_hello(look, &google, data) else PARSE_OK
    else:
        code = read_datagram(look, q, data)
    if q.closed:
        look.row.state = ST_QUIC_CLOSED
    q.read = q.closed or q.datagrams >= DATAGRAMS or code == PARSE_DONE
    return after(look, q)


cdef int after(Look* look, Quic* q) noexcept nogil:
    """Who has the keys reads on, where somebody may have them."""
    if q.read or q.joined:
        return PARSE_OK if wants(look, EV_SEALED) and (q.keyed or q.joined) else PARSE_DONE
    return PARSE_OK


cdef void quic_closing(Look* look) noexcept nogil:
    if wants(look, EV_SEALED):
        sealed(look, NULL, 0, SEALED_END)


cdef bint quic_join(Conn* conn) noexcept nogil:
    """The flow is a further path of a connection that is known: nothing of it is in the clear."""
    cdef Quic* q = <Quic*>calloc(1, sizeof(Quic))
    conn.state = q
    if q != NULL:
        q.joined = True
    return q != NULL


cdef void quic_free(void* state) noexcept nogil:
    cdef Quic* q = <Quic*>state
    pieces_clear(&q.role[CLIENT].crypto)
    pieces_clear(&q.role[SERVER].crypto)
    free(q)


cdef void quic_define(Proto* p) noexcept nogil:
    cdef u32 flags
    reads(p, "quic", ON_UDP, quic_detect, quic_parse)
    p.ports[0] = 443
    p.ports[1] = 853           # DNS, RFC 9250
    p.traits = TRAIT_CARRIES_TLS | TRAIT_OPAQUE | TRAIT_STREAMS
    p.timeout = 180
    p.join = quic_join
    p.path = quic_path
    memset(p.first + FIXED, 1, 256 - FIXED)
    for flags in range(0, 0x40, 4):    # Google's public flags with a version
        p.first[flags | 1] = 1
    p.closing = quic_closing
    p.free = quic_free
