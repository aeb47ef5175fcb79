"""WebSocket frames (RFC 6455), after an HTTP/1 handshake that both sides agreed to. Where the flow was joined behind
it, from a frame that fills its segment and says more than its length: a close with its code, a client's masked
message.

Frames are checked and counted; their content, unmasked, is read as a stream of its own, which names what is carried
(MQTT 5.0 section 6, SIP by RFC 7118, XMPP by RFC 7395, ...), and handed on to who follows streams. What is compressed
(RFC 7692) is unpacked in netwatch/decrypt/websocket.py.
"""
from libc.stdlib cimport free

from netwatch._fast.base.bytes cimport u8, u32, u64, Slice, be16, be32, be64
from netwatch._fast.flow.row cimport AGREED_WEBSOCKET, BIT_SEEN, Conn, OPEN_KNOWN
from netwatch._fast.look.conns cimport conn_new
from netwatch._fast.look.dispatch cimport LAST_CHANGE, dpi_close, dpi_drop
from netwatch._fast.look.reading cimport Feed, feed_bytes, feed_gap
from netwatch._fast.look.protocol cimport (Dpi, Look, Proto, DETECT_MORE, EV_CHUNK, EV_FRAME, FRAME_OVER, ON_TCP,
                                           PARSE_DONE, PARSE_MALFORMED, PARSE_MORE, PARSE_OK, event, fact_add,
                                           fact_number, fact_once, set_initiator, wants, reads, has_state)
from netwatch._fast.proto.common.again cimport messages_fill
from netwatch._fast.proto.common.lines cimport all_text, from_client, is_text
from netwatch._fast.proto.common.facts import FLAG, NUMBER, TEXT, described, fact_fields

cdef enum:                     # fact keys
    WS_MESSAGES = 1            # data messages of both sides
    WS_CODE = 2                # of the first close frame, 2 bytes big-endian
    WS_REASON = 3
    WS_PACKED = 4              # a message was compressed

cdef enum:
    SHOWN = 65536              # bytes of a frame that are handed on
    CONTINUATION = 0           # opcodes, section 5.2
    TEXT_FRAME = 1
    BINARY = 2
    CLOSE = 8
    PONG = 10
    FIN = 0x80
    RSV1 = 0x40                # compressed, RFC 7692 section 6
    MASKED = 0x80
    PART = 1024                # bytes unmasked at a time
    MASKED_LEAST = 4           # bytes of content that say something

cdef struct WebSocket:
    u64 messages
    bint closed
    Conn* carried              # what reads the content, NULL before there is any
    Dpi* dpi


cdef bint head_fits(u8 first, u8 second) noexcept nogil:
    """No reserved bits or opcodes; control frames are whole and short (section 5.5)."""
    cdef u8 opcode = first & 15
    if first & 0x30 or (opcode > BINARY and opcode < CLOSE) or opcode > PONG:
        return False
    return opcode < CLOSE or (first & FIN and not first & RSV1 and second & 127 <= 125)


cdef u32 whole_frame(Slice data, u32* head) noexcept nogil:
    """Length of the frame that begins here, where all of it is there; 0 else. `head`: of its head, with the mask."""
    cdef u32 size
    if data.n < 2 or not head_fits(data.p[0], data.p[1]):
        return 0
    size = data.p[1] & 127
    head[0] = 2 + (4 if data.p[1] & MASKED else 0)
    if size == 126:
        head[0] += 2
        if data.n < 4 or be16(data.p + 2) < 126:
            return 0
        size = be16(data.p + 2)
    elif size == 127:
        return 0
    return head[0] + size if head[0] + size <= data.n else 0


cdef bint says_code(const u8* p, u32 n, const u8* mask) noexcept nogil:
    """A code of section 7.4 and a reason in printable text."""
    cdef u8 plain[125]
    cdef u32 i, code
    for i in range(n):
        plain[i] = p[i] ^ mask[i & 3] if mask != NULL else p[i]
    code = be16(plain)
    return (1000 <= code <= 1014 and code != 1004 and code != 1005 and code != 1006 or 3000 <= code < 5000) and \
        all_text(plain + 2, n - 2)


cdef int judge_frame(Slice data, u32 head) noexcept nogil:
    """How sure is one whole frame? What closes says a code; the client's is masked, which leaves text as text;
    what is compressed or binary has no more than its length."""
    cdef const u8* mask = data.p + head - 4 if data.p[1] & MASKED else NULL
    cdef u8 opcode = data.p[0] & 15
    cdef u32 n = data.n - head, i
    if opcode == CLOSE:
        return 91 if 2 <= n <= 125 and says_code(data.p + head, n, mask) else 0
    if mask == NULL or opcode == CONTINUATION or opcode > BINARY or not data.p[0] & FIN or n < MASKED_LEAST or \
            be32(mask) == 0:
        return 0
    if data.p[0] & RSV1:
        return 60
    if opcode == BINARY:
        return 0
    for i in range(min(n, <u32>PART)):
        if not is_text(data.p[head + i] ^ mask[i & 3]):
            return 0
    return 80


cdef int joined(Look* look, Slice data) noexcept nogil:
    """Of a flow whose handshake was not seen: a frame that fills the segment."""
    cdef u32 head, size
    if look.row.bits & BIT_SEEN or look.inner or look.datagram:
        return 0
    size = whole_frame(data, &head)
    return judge_frame(data, head) if size and size == data.n else 0


cdef int websocket_detect(Look* look, Slice data) noexcept nogil:
    if look.conn == NULL or look.conn.agreed != AGREED_WEBSOCKET:
        return joined(look, data)
    if data.n < 2:
        return DETECT_MORE
    return 99 if head_fits(data.p[0], data.p[1]) else 0


cdef void hand_on(Look* look, const u8* p, u32 n, const u8* mask, u8 first, u64 rest) noexcept nogil:
    """The content, unmasked, behind the first byte of its frame; `rest` bytes of it are passed over."""
    cdef u8* room
    cdef u32 i
    if not (wants(look, EV_FRAME) and wants(look, EV_CHUNK)):
        return
    if rest >> 31:
        rest = <u64>1 << 31
    room = event(look, EV_FRAME, <u32>rest, 1 + n)
    if room == NULL:
        return
    room[0] = first
    for i in range(n):
        room[1 + i] = p[i] ^ mask[i & 3] if mask != NULL else p[i]


cdef bint carried_by(Look* look, WebSocket* ws, Feed* f) noexcept nogil:
    """Make ready to read the content; False where there is no memory, or nobody wants more of it."""
    if ws.carried == NULL:
        ws.carried = conn_new(look.dpi)
        if ws.carried == NULL:
            return False
        ws.dpi = look.dpi
        ws.carried.half[0].open = ws.carried.half[1].open = OPEN_KNOWN
        ws.carried.changes = LAST_CHANGE       # what is carried carries nothing that is read
    f.dpi, f.row, f.cold, f.conn, f.ts, f.frame = look.dpi, look.row, look.cold, ws.carried, look.ts, look.frame
    f.follow, f.inner = False, True
    return not (ws.carried.half[0].dead and ws.carried.half[1].dead)


cdef void read_content(Look* look, WebSocket* ws, const u8* p, u32 n, const u8* mask, u64 rest) noexcept nogil:
    """The content of a frame that is not compressed; `rest` bytes of it are not there."""
    cdef u8 plain[PART]
    cdef Feed f
    cdef u32 at = 0, size, i
    while at < n and carried_by(look, ws, &f):
        size = min(n - at, <u32>PART)
        for i in range(size):
            plain[i] = p[at + i] ^ (mask[(at + i) & 3] if mask != NULL else <u8>0)
        ws.carried.half[look.side].next += size
        feed_bytes(&f, look.side, plain, size)
        at += size
    if rest and carried_by(look, ws, &f):
        feed_gap(&f, look.side, <u32>min(rest, <u64>0xffffffff))


cdef void keep_close(Look* look, WebSocket* ws, const u8* p, u32 n, const u8* mask) noexcept nogil:
    """Section 5.5.1: a code, then a reason."""
    cdef u8 plain[125]
    cdef u32 i
    if ws.closed or n < 2 or n > 125:
        return
    for i in range(n):
        plain[i] = p[i] ^ mask[i & 3] if mask != NULL else p[i]
    ws.closed = True
    fact_add(look, WS_CODE, plain, 2)
    if n > 2:
        fact_add(look, WS_REASON, plain + 2, n - 2)


cdef int take_frame(Look* look, WebSocket* ws, const u8* p, u32 n, u64* step) noexcept nogil:
    cdef u32 head = 2, shown
    cdef u64 size
    cdef const u8* mask = NULL
    look.need = 2
    if n < 2:
        return PARSE_MORE
    if not head_fits(p[0], p[1]):
        return PARSE_MALFORMED
    size = p[1] & 127
    head += 2 if size == 126 else 8 if size == 127 else 0
    if p[1] & MASKED:
        head += 4
    look.need = head
    if n < head:
        return PARSE_MORE
    if size >= 126:
        size = be16(p + 2) if size == 126 else be64(p + 2)
    if size >> 62:
        return PARSE_MALFORMED
    if p[1] & MASKED:
        mask = p + head - 4
    shown = <u32>size if size < SHOWN else SHOWN
    look.need = head + shown
    if n < look.need:
        return PARSE_MORE
    look.need = 0
    set_initiator(look, p[1] & MASKED != 0)             # section 5.1
    if p[0] & 15 == CLOSE:
        keep_close(look, ws, p + head, shown, mask)
    elif p[0] & 15 <= BINARY:
        hand_on(look, p + head, shown, mask, p[0], size - shown)
        if p[0] & RSV1:
            fact_once(look, WS_PACKED, p, 1)
        ws.messages += p[0] & FIN != 0
        fact_number(look, WS_MESSAGES, ws.messages)     # before what is carried says something of itself
        if not p[0] & RSV1:
            read_content(look, ws, p + head, shown, mask, size - shown)
    step[0] = head + size
    return PARSE_OK


cdef int websocket_parse(Look* look, Slice data) noexcept nogil:
    cdef WebSocket* ws
    cdef u64 step = 0
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(WebSocket)):
        return PARSE_DONE
    ws = <WebSocket*>look.state[0]
    while code == PARSE_OK and look.used < data.n and look.skip == 0:
        code = take_frame(look, ws, data.p + look.used, data.n - look.used, &step)
        if code == PARSE_OK and step > data.n - look.used:
            look.skip = step - (data.n - look.used)
            look.used = data.n
        elif code == PARSE_OK:
            look.used += <u32>step
    return code


cdef u64 length_of(Look* look, const u8* p, u32 n) noexcept nogil:
    """Of a frame; the client's are masked, the server's are not (section 5.1)."""
    cdef u32 head = 2
    cdef u64 size
    if n < 2:
        return 2
    if not head_fits(p[0], p[1]) or from_client(look) != (p[1] & MASKED != 0):
        return 0
    size = p[1] & 127
    head += 2 if size == 126 else 8 if size == 127 else 0
    if n < head:
        return head
    if size >= 126:
        size = be16(p + 2) if size == 126 else be64(p + 2)
    return 0 if size >> 31 else head + size + (4 if p[1] & MASKED else 0)


cdef int websocket_resync(Look* look, Slice data) noexcept nogil:
    """Frames that fill the segment; how much of the content was lost is not known."""
    cdef WebSocket* ws = <WebSocket*>look.state[0]
    cdef Feed f
    if ws == NULL or not messages_fill(look, data, length_of):
        return 0
    if ws.carried != NULL and carried_by(look, ws, &f):
        feed_gap(&f, look.side, 1)
    return 1


cdef void websocket_closing(Look* look) noexcept nogil:
    cdef WebSocket* ws = <WebSocket*>look.state[0]
    cdef Look content = look[0]
    if ws.carried != NULL:
        content.conn = ws.carried
        content.inner = True
        ws.carried = NULL
        dpi_close(&content)
    if wants(look, EV_FRAME):
        event(look, EV_FRAME, FRAME_OVER, 0)


cdef void websocket_free(void* state) noexcept nogil:
    cdef WebSocket* ws = <WebSocket*>state
    if ws.carried != NULL:
        dpi_drop(ws.dpi, ws.carried)
    free(state)


cdef void websocket_define(Proto* p) noexcept nogil:
    cdef int first
    reads(p, "websocket", ON_TCP, websocket_detect, websocket_parse)
    for first in range(256):
        p.first[first] = head_fits(<u8>first, 0)
    p.closing = websocket_closing
    p.resync = websocket_resync
    p.free = websocket_free


# --- describing ---

_FIELDS = (("messages", WS_MESSAGES, NUMBER), ("close_reason", WS_REASON, TEXT), ("compressed", WS_PACKED, FLAG))
FACT_FIELDS = fact_fields("websocket", _FIELDS)


def describe(facts, show_secrets: bool = False) -> dict:
    """The `websocket` object."""
    obj = described(facts, _FIELDS)
    for key, value in facts:
        if key == WS_CODE:
            obj["close_code"] = int.from_bytes(value, "big")
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "WebSocket, 12 messages"."""
    count = obj.get("messages", 0)
    return f"WebSocket, {count} message{'' if count == 1 else 's'}" if count else "WebSocket"
