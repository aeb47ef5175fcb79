"""HTTP/2 frames (RFC 9113), in clear or decrypted: found by the client's preface or the server's first SETTINGS.

Here frames are cut out and handed on as events; their headers are compressed with a state per connection (HPACK,
RFC 7541), which netwatch/decrypt/http2.py keeps. DATA frames are handed on whole, whoever listens: how much of one is
padding and whether it holds a DNS message (RFC 8484) must not depend on who follows the streams.
"""
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice, be16, be24, be32, slice_of
from netwatch._fast.base.mix cimport load64
from netwatch._fast.flow.row cimport BIT_SEEN, Half, OPEN_KNOWN
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, EV_FRAME, FRAME_OVER, ON_TCP, PARSE_ASTRAY,
                                           PARSE_DONE, PARSE_MALFORMED, PARSE_MORE, PARSE_NOT_MINE, PARSE_OK, event,
                                           facts_find, fact_once, set_initiator, wants, TRAIT_STREAMS, reads,
                                           has_state)
from netwatch._fast.look.registry cimport proto_named
from netwatch._fast.proto.http.facts cimport HTTP_COUNT, HTTP_HOST, HTTP_METHOD, HTTP_PATH, HTTP_STATUS
from netwatch._fast.proto.common.again cimport messages_fill
from netwatch._fast.proto.http2.facts cimport HTTP2_GOAWAY

cdef enum:
    PREFACE = 24               # bytes of the client's preface, section 3.4
    HEAD = 9                   # of a frame, section 4.1
    MAX_FRAME = 131072         # a longer frame's content is passed over; 16,384 is what nearly all keep to
    MAX_LENGTH = 16777215      # section 4.2
    DATA = 0                   # frame types, section 6
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9
    MANY_STREAMS = 1 << 20     # a connection that is joined late has opened fewer
    UPGRADED = 255             # none of the wire's: see tell_upgraded
    MISSING = 254              # the same: frames of the side were not seen
    ACKNOWLEDGED = 1           # flags, sections 6.5, 6.1 and 6.2
    PADDED = 8
    PRIORITISED = 32
    FIRST_REQUEST = 1          # entries of HPACK's static table (RFC 7541 appendix A): request fields up to the last
    LAST_REQUEST = 7
    LAST_STATUS = 14           # ... then statuses
    LAST_SETTING = 9           # identifiers registered so far
    MOST_SETTINGS = 9

cdef const char* preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

cdef struct Http2:
    bint begun[2]              # the side's first frame, or preface, has been seen
    bint asked                 # ... and what HTTP/1 had asked for told
    bint over                  # what the connection said at its end has been told
    u64 ends[2]                # stream offset after the DATA frame that the side is in the middle of, 0 none
    u8 head[2][10]             # and its head, with the length of its padding where it says one
    u32 left[2]                # bytes of a broken DATA frame that are still to be passed over


# --- detection ---

cdef u64 length_of(Look* look, const u8* p, u32 n) noexcept nogil:
    """Of a frame whose size, flags and stream are those of its type (section 6)."""
    cdef const u8* flags = b"\x09\x2d\0\0\x01\x0c\x01\0\0\x04"
    cdef u32 size, stream
    if n < HEAD:
        return HEAD
    size, stream = be24(p), be32(p + 5)
    if p[3] > CONTINUATION or size > MAX_FRAME or stream >> 31 or p[4] & ~flags[p[3]]:
        return 0
    if p[3] == SETTINGS or p[3] == PING or p[3] == GOAWAY:
        if stream or p[3] == PING and size != 8 or p[3] == SETTINGS and size % 6 or p[3] == GOAWAY and size < 8:
            return 0
    elif stream == 0 and p[3] != WINDOW_UPDATE or stream > MANY_STREAMS:
        return 0
    if (p[3] == RST_STREAM or p[3] == WINDOW_UPDATE) and size != 4 or p[3] == PRIORITY and size != 5:
        return 0
    return HEAD + size


cdef int http2_detect(Look* look, Slice data) noexcept nogil:
    cdef u32 n = data.n if data.n < PREFACE else PREFACE
    cdef int sure
    if data.p[0] == 0:
        sure = first_settings(look, data)
        if sure == 0 and (data.p[3] != SETTINGS or data.p[4]) and messages_fill(look, data, length_of):
            return 80
        return sure
    if memcmp(data.p, preface, n):
        return 0
    return 100 if n == PREFACE else DETECT_MORE


cdef int http2_agrees(Look* look, Slice data) noexcept nogil:
    """Both sides begin with SETTINGS, the client's behind the preface (section 3.4); a server may take leave at once.
    Who knows no HTTP/2 answers in HTTP/1, or in what else it speaks."""
    if data.p[0] == c'P':
        return memcmp(data.p, preface, data.n if data.n < PREFACE else PREFACE) == 0
    if data.n < HEAD:
        return 0 if data.p[0] else DETECT_MORE
    return (data.p[3] == SETTINGS or data.p[3] == GOAWAY) and length_of(look, data.p, data.n) > 0


cdef int first_settings(Look* look, Slice data) noexcept nogil:
    """How surely these bytes are the SETTINGS a server begins with (section 3.4): known identifiers, sane values.

    Empty ones are nine bytes that others send too: they count after TLS, a CONNECT or an upgrade alone.
    """
    cdef const u8* p = data.p
    cdef u32 size, at
    if data.n < HEAD:
        return DETECT_MORE
    size = be24(p)
    if p[3] != SETTINGS or p[4] or be32(p + 5) or size % 6 or size > MOST_SETTINGS * 6:
        return 0
    if size == 0 and look.row.app == 0:
        return 0
    for at in range(HEAD, HEAD + size, 6):
        if at + 6 > data.n:
            return DETECT_MORE
        if not setting_fits(be16(p + at), be32(p + at + 2)):
            return 0
    return 95


cdef bint setting_fits(u16 ident, u32 value) noexcept nogil:
    """Section 6.5.2, RFC 8441 and RFC 9218; what is reserved for grease (RFC 8701 style) ends in 0xa twice."""
    if ident == 2 or ident == 8 or ident == 9:
        return value <= 1
    if ident == 4:
        return value <= 0x7fffffff
    if ident == 5:
        return 16384 <= value <= MAX_LENGTH
    return 1 <= ident <= LAST_SETTING or ident & 0x0f0f == 0x0a0a


# --- frames ---

cdef Http2* state_of(Look* look) noexcept nogil:
    return <Http2*>look.state[0] if has_state(look, sizeof(Http2)) else NULL


cdef void tell_upgraded(Look* look, Http2* h, bint client) noexcept nogil:
    """The request that asked HTTP/1 for HTTP/2 is stream 1's (RFC 7540 section 3.2): told as a frame of a type that is
    not assigned. Where HTTP/1 had more than one it is not known here which."""
    cdef int http = proto_named(b"http")
    cdef Slice count, status, parts[3]
    cdef u8* room
    cdef int i
    if h.asked or not wants(look, EV_FRAME):
        return
    h.asked = True
    if not (facts_find(look.cold.facts, http, HTTP_COUNT, &count) and count.n == 8 and load64(count.p) == 1
            and facts_find(look.cold.facts, http, HTTP_STATUS, &status) and memcmp(status.p, b"101", 3) == 0
            and facts_find(look.cold.facts, http, HTTP_METHOD, &parts[0])
            and facts_find(look.cold.facts, http, HTTP_PATH, &parts[1])):
        return
    if not facts_find(look.cold.facts, http, HTTP_HOST, &parts[2]):
        parts[2] = slice_of(parts[1].p, 0)
    room = event(look, EV_FRAME, 0, HEAD + parts[0].n + parts[1].n + parts[2].n + 2)
    if room == NULL:
        return
    memset(room, 0, HEAD)
    room[3], room[4], room[8] = UPGRADED, client, 1
    room += HEAD
    for i in range(3):
        memcpy(room, parts[i].p, parts[i].n)
        room += parts[i].n
        if i < 2:
            room[0] = 0
            room += 1


cdef int begin(Look* look, Http2* h, Slice data) noexcept nogil:
    """The side's first bytes: the client's preface is passed over; a server's are SETTINGS, which both may send at any
    time (section 6.5). Others are from the middle of a connection."""
    cdef const Half* half = &look.conn.half[look.side]
    cdef u32 n = data.n if data.n < PREFACE else PREFACE
    if data.p[0] != c'P' and data.n < HEAD:
        look.need = HEAD
        return PARSE_MORE
    tell_upgraded(look, h, data.p[0] == c'P')
    if data.p[0] != c'P':
        h.begun[look.side] = True
        if half.open == OPEN_KNOWN and half.gaps == 0 and data.p[3] == SETTINGS and not data.p[4] & ACKNOWLEDGED:
            set_initiator(look, False)
        else:
            tell_missing(look)
        return PARSE_OK
    if memcmp(data.p, preface, n):
        return PARSE_NOT_MINE
    if n < PREFACE:
        look.need = n + 1              # what does not fit is found where it stands, however it was cut
        return PARSE_MORE
    h.begun[look.side] = True
    look.used = PREFACE
    set_initiator(look, True)
    return PARSE_OK


cdef bint head_fits(const u8* p) noexcept nogil:
    """Sizes that the type allows, a stream where there must be one (section 6); unknown types are ignored."""
    cdef u32 size = be24(p), stream = be32(p + 5) & 0x7fffffff
    cdef u8 kind = p[3]
    if kind == PRIORITY:
        return size == 5 and stream
    if kind == RST_STREAM:
        return size == 4 and stream
    if kind == SETTINGS:
        return size % 6 == 0 and stream == 0
    if kind == PING:
        return size == 8 and stream == 0
    if kind == GOAWAY:
        return size >= 8 and stream == 0
    if kind == DATA or kind == HEADERS or kind == PUSH_PROMISE or kind == CONTINUATION:
        return stream != 0
    return True


cdef bint is_told(u8 kind) noexcept nogil:
    """Frames that say something of a transaction, or of the connection's end."""
    return kind in (DATA, HEADERS, RST_STREAM, PUSH_PROMISE, GOAWAY, CONTINUATION)


cdef void tell(Look* look, const u8* p, u32 n) noexcept nogil:
    cdef u8* room = event(look, EV_FRAME, 0, n) if wants(look, EV_FRAME) else NULL
    if room != NULL:
        memcpy(room, p, n)


cdef void tell_missing(Look* look) noexcept nogil:
    """What follows is not understood by what was said before."""
    cdef u8[HEAD] head
    memset(head, 0, HEAD)
    head[3] = MISSING
    tell(look, head, HEAD)


cdef u32 first_field(const u8* p, u32 n) noexcept nogil:
    """The entry of the static table that a header block's first field or its name is, 0 where it is none (RFC 7541
    section 6): behind the changes of the table's size."""
    cdef u32 at = 0
    while at < n and p[at] >> 5 == 1:
        at += 1
        if p[at - 1] & 31 == 31:
            while at < n and p[at] & 0x80:
                at += 1
            at += 1
    if at >= n:
        return 0
    return p[at] & 0x7f if p[at] & 0x80 else p[at] & 0x3f if p[at] & 0x40 else p[at] & 15


cdef void who_asks(Look* look, const u8* p, u32 n) noexcept nogil:
    """Of a connection that was joined in its middle: requests begin with other fields than answers (section 8.3)."""
    cdef u32 at = HEAD + (1 if p[4] & PADDED else 0) + (5 if p[4] & PRIORITISED else 0)
    cdef u32 field = first_field(p + at, n - at) if at < n else 0
    if FIRST_REQUEST <= field <= LAST_STATUS:
        set_initiator(look, field <= LAST_REQUEST)


cdef void keep_goaway(Look* look, const u8* p) noexcept nogil:
    """Section 6.8: error code, after the last stream."""
    fact_once(look, HTTP2_GOAWAY, p + HEAD + 4, 4)


cdef u32 head_of(const u8* p) noexcept nogil:
    """The length of a frame's head, that of DATA with the length of its padding where it has any (section 6.1)."""
    return HEAD + 1 if p[3] == DATA and p[4] & PADDED and be24(p) else HEAD


cdef u32 told_of(const u8* p) noexcept nogil:
    """How much of a frame is handed on: all of it, of one that is too long its head."""
    return HEAD + be24(p) if be24(p) <= MAX_FRAME else head_of(p)


cdef void wait_in(Look* look, Http2* h, const u8* p, u32 n) noexcept nogil:
    """A frame of which n bytes are there: remember where DATA ends, for a hole in it does no harm."""
    h.ends[look.side] = 0
    if p[3] == DATA and n >= head_of(p):
        h.ends[look.side] = look.offset + look.used + HEAD + be24(p)
        memcpy(h.head[look.side], p, head_of(p))
    elif p[3] == DATA:
        look.need = head_of(p)


cdef int take_frame(Look* look, Http2* h, const u8* p, u32 n, u32* step) noexcept nogil:
    """The frame at p; `step` is how much of it is there, the rest is left to be skipped."""
    cdef u32 whole, want
    if n < HEAD:
        look.need = HEAD
        return PARSE_MORE
    whole = HEAD + be24(p)
    if not head_fits(p):
        return PARSE_MALFORMED
    want = told_of(p) if is_told(p[3]) else HEAD
    if n < want:
        look.need = want
        wait_in(look, h, p, n)
        return PARSE_MORE
    h.ends[look.side] = 0
    if p[3] == GOAWAY and want == whole:
        keep_goaway(look, p)
    if p[3] == HEADERS and want == whole and not look.row.bits & BIT_SEEN:
        who_asks(look, p, whole)
    if is_told(p[3]):
        tell(look, p, want)
    step[0] = whole
    return PARSE_OK


cdef void pass_over(Look* look, Slice data, u32 n) noexcept nogil:
    """Be done with n bytes, of which not all may be there yet."""
    if n > data.n - look.used:
        look.skip = n - (data.n - look.used)
        look.used = data.n
    else:
        look.used += n


cdef int http2_parse(Look* look, Slice data) noexcept nogil:
    cdef Http2* h = state_of(look)
    cdef u32 step = 0
    cdef int code = PARSE_OK
    if h == NULL:
        return PARSE_DONE
    while code == PARSE_OK and look.used < data.n and look.skip == 0:
        if not h.begun[look.side]:
            code = begin(look, h, data)
            continue
        if look.row.bits & BIT_SEEN and not wants(look, EV_FRAME):
            if h.begun[1 - look.side]:
                return PARSE_DONE
            look.used = data.n         # only whether the other side agrees is still to be seen
            look.skip = <u64>1 << 62
            continue
        if h.left[look.side]:
            pass_over(look, data, h.left[look.side])
            h.left[look.side] = 0
            continue
        code = take_frame(look, h, data.p + look.used, data.n - look.used, &step)
        if code == PARSE_OK:
            pass_over(look, data, step)
    if code == PARSE_MALFORMED:
        tell_missing(look)
        http2_closing(look)
    return code


cdef int http2_lost(Look* look, u64 n) noexcept nogil:
    """A hole inside a DATA frame, or one that is passed over, does no harm: what follows it is found. After any other
    the next frame is looked for. How long the DATA frame is that it began in is told in either case."""
    cdef Http2* h = <Http2*>look.state[0]
    cdef int s = look.side
    cdef u64 end
    if h == NULL or h.over:
        return PARSE_DONE
    end = h.ends[s]
    h.ends[s] = 0
    if end:
        tell(look, h.head[s], head_of(h.head[s]))
    if end >= look.offset:
        h.left[s] = <u32>(end - look.offset)
        return PARSE_OK
    tell_missing(look)
    return PARSE_ASTRAY


cdef int http2_resync(Look* look, Slice data) noexcept nogil:
    """Frames that follow each other to the end of the bytes; the last may go on beyond them."""
    cdef Http2* h = <Http2*>look.state[0]
    cdef u64 size
    cdef u32 at = 0
    while data.n - at >= HEAD:
        size = length_of(look, data.p + at, data.n - at)
        if size == 0:
            return 0
        at = <u32>size + at if size < data.n - at else data.n
    if at == 0:
        return DETECT_MORE if data.p[0] == 0 else 0
    h.begun[look.side] = True
    h.ends[look.side] = 0
    h.left[look.side] = 0
    return 1


cdef void http2_closing(Look* look) noexcept nogil:
    cdef Http2* h = <Http2*>look.state[0]
    if h != NULL and not h.over and wants(look, EV_FRAME):
        h.over = True
        event(look, EV_FRAME, FRAME_OVER, 0)


cdef void http2_define(Proto* p) noexcept nogil:
    reads(p, "http2", ON_TCP, http2_detect, http2_parse)
    p.first[c'P'] = p.first[0] = 1
    p.traits = TRAIT_STREAMS
    p.agrees = http2_agrees
    p.lost = http2_lost
    p.resync = http2_resync
    p.closing = http2_closing
