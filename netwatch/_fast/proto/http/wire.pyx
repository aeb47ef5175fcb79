"""HTTP/1.0 and 1.1 over TCP (RFC 9112): both sides' messages, on any port.

Heads are read; bodies are skipped, their sizes counted. What follows a CONNECT that succeeded, or a switch of
protocols, is another protocol's: the flow is given back. HTTP/2 has its own file; SIP, RTSP and SSDP only look alike.
"""
from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, find_byte, slice_of, starts
from netwatch._fast.flow.row cimport AGREED_WEBSOCKET
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED, PARSE_MORE,
                                           PARSE_NOT_MINE, PARSE_OK, heard, has_state, set_initiator, reads)
from netwatch._fast.proto.common.learn cimport keep_distinct, keep_text
from netwatch._fast.proto.http.doh cimport doh_message, doh_target, doh_waits, is_doh
from netwatch._fast.look.registry cimport begins_late
from netwatch._fast.proto.http.first cimport forget_stranger, learn_answer, learn_first
from netwatch._fast.proto.http.head cimport (START_BAD, START_GOOD, START_MORE, Head, chunk_size, find_start,
                                             first_request, head_end, known_method, read_head, request_start,
                                             response_start, whole_start)
from netwatch._fast.proto.http.login cimport learn_basic, learn_denied, learn_login
from netwatch._fast.proto.http.pair cimport (AT_BODY, AT_CHUNK, AT_CHUNK_END, AT_CHUNK_SIZE, AT_HEAD,
                                             AT_HOLE, AT_LINE_REST, AT_NOTHING, AT_TRAILER, Http, Request, Way,
                                             claim, close_request, close_response, http_free, keep_head,
                                             lost_answers, lost_requests, new_request, open_interim, open_response,
                                             report_all, to_the_end, unseen)

cdef enum:
    MAX_HEAD = 196608          # a longer head is damage or an attack
    MAX_LINE = 4096            # of a chunk size or a trailer field; of a longer one the rest is passed over
    MOST_DIFFERENT = 16        # methods, and statuses, that are kept
    MAX_BLANK = 512            # bytes of empty lines before a start line (RFC 9112 section 2.2)
    TUNNEL_WAIT = 4096         # bytes a client may send into a tunnel before its response must have come


# --- detection ---

cdef int http_detect(Look* look, Slice data) noexcept nogil:
    cdef int seen = response_start(data.p, data.n)
    if seen == START_BAD:
        seen = first_request(data, look.conn != NULL and look.conn.half[look.side].gaps)
    if seen != START_MORE:
        return 98 if seen == START_GOOD else 0
    if data.n < 64:
        return DETECT_MORE
    return 85 if known_method(data.p, data.n) else 0


# --- heads ---

cdef int leave(Look* look, Http* http, int code) noexcept nogil:
    """Nothing more will be read: report what is pending and say why."""
    report_all(look, http)
    return code


cdef bint end_side(Look* look, Http* http) noexcept nogil:
    """Nothing more is read of this side; True when that is so of both. Without responses no request can be paired."""
    if look.side == http.client - 1:
        http.uploading = False
    else:
        report_all(look, http)
        http.unpaired = True
    http.way[look.side].mode = AT_NOTHING
    return http.way[0].mode == AT_NOTHING and http.way[1].mode == AT_NOTHING


cdef int broken(Look* look, Http* http) noexcept nogil:
    """Bytes that are no message: it never was HTTP, or this side is past reading. The other may be sound."""
    if http.client == 0:
        return PARSE_NOT_MINE
    if end_side(look, http):
        return leave(look, http, PARSE_MALFORMED)
    look.dpi.malformed[look.proto] += 1
    look.need = 0
    return PARSE_OK


cdef int take_request(Look* look, Http* http, Way* way, const u8* p, u32 n, u64 at) noexcept nogil:
    """The head of a request, which begins at `at`."""
    cdef Head head
    cdef Request* request
    read_head(p, n, &head)
    learn_first(look, http, &head, at)
    keep_text(look, HTTP_METHODS, head.method, MOST_DIFFERENT)
    http.requests += 1
    learn_login(look, http, &head)
    request = new_request(look, http)
    if request == NULL:
        return leave(look, http, PARSE_DONE)
    request.began, request.login = way.first, learn_basic(look, head.basic)
    request.head = keep_head(look, http, p, n, &request.head_n)
    request.is_head = head.method.n == 4 and starts(head.method.p, 4, b"HEAD", 4)
    request.is_connect = head.method.n == 7 and starts(head.method.p, 7, b"CONNECT", 7)
    request.upgrade = head.upgrade
    request.at, request.acked = at, heard(look)
    request.end = <u64>-1 if head.chunked else at + n + (<u64>head.length if head.length > 0 else 0)
    # RFC 9112 section 6.3: a request whose last coding is not chunked has no end that can be known.
    if head.broken or (head.coded and not head.chunked):
        forget_stranger(look, http)
        return broken(look, http)
    http.uploading = head.chunked or head.length > 0
    if not http.uploading:
        request.done = look.ts
    begin_body(way, head.chunked, <u64>head.length if head.length > 0 else 0)
    way.doh = is_doh(head.content_type)
    doh_target(look, head.target)
    claim(look, http, request)
    forget_stranger(look, http)
    if http.claims and not http.uploading:
        close_request(look, http, 0)
    return PARSE_OK


cdef void begin_body(Way* way, bint chunked, u64 length) noexcept nogil:
    """What follows the head just read."""
    way.first = 0
    way.body = 0
    way.doh = False
    way.promised = way.left = 0 if chunked else length
    way.mode = AT_CHUNK_SIZE if chunked else AT_BODY if length else AT_HEAD


cdef int take_response(Look* look, Http* http, Way* way, const u8* p, u32 n, u64 at) noexcept nogil:
    """The head of a response, which begins at `at`; a final one ends the wait for it, an interim one (RFC 9110 section
    15.2) does not."""
    cdef Head head
    cdef bint tunnel
    cdef u64 first = way.first
    read_head(p, n, &head)
    begin_body(way, False, 0)
    if head.status < 200 and head.status != 101:
        if not http.open:
            open_interim(look, http, p, n, first)
        return PARSE_OK
    keep_distinct(look, HTTP_STATUSES, p + 9, 3, MOST_DIFFERENT)
    learn_login(look, http, &head)
    open_response(look, http, p, n, first, at)
    learn_answer(look, http, &head, p + 9)
    http.responses += 1
    learn_denied(look, http, head.status)
    tunnel = head.status == 101 or (http.request.is_connect and head.status < 300)
    if not (tunnel or http.request.is_head or head.status == 204 or head.status == 304):
        if head.broken and not head.coded:
            return broken(look, http)
        begin_body(way, head.chunked, to_the_end() if head.coded or head.length < 0 else <u64>head.length)
        way.doh = is_doh(head.content_type)
    if way.mode == AT_HEAD:
        close_response(look, http, 0)
    if head.status == 101 and head.websocket:
        look.conn.agreed = AGREED_WEBSOCKET
    return leave(look, http, PARSE_NOT_MINE) if tunnel else PARSE_OK


cdef bint in_tunnel(Http* http, int seen) noexcept nogil:
    """The client speaks after asking for a tunnel or another protocol: whose bytes these are the response will say."""
    cdef Request* newest
    if http.n == 0:
        return False
    newest = &http.waiting[http.n - 1]
    return newest.is_connect or (newest.upgrade and seen == START_BAD)


cdef int at_head(Look* look, Http* http, Way* way, const u8* p, u32 n, u64 at, u32* step) noexcept nogil:
    """Between messages, at `at` of the stream: an empty line to pass over, or the next head."""
    cdef u32 most = n if n < MAX_HEAD else MAX_HEAD
    cdef int seen = response_start(p, most)
    cdef bint response = seen == START_GOOD
    cdef bint from_client = look.side == http.client - 1
    cdef i64 end
    if p[0] == c'\r' or p[0] == c'\n':
        way.blank += 1
        step[0] = 1
        return PARSE_OK if way.blank <= MAX_BLANK else broken(look, http)
    if way.first == 0:
        way.first = look.ts
    look.need = n + 1
    if seen == START_MORE:
        return PARSE_MORE
    if not response:
        seen = request_start(p, most)
        if from_client and in_tunnel(http, seen):
            return PARSE_MORE if n < TUNNEL_WAIT else leave(look, http, PARSE_NOT_MINE)
    if seen == START_BAD or (http.client and from_client == response):
        return broken(look, http)
    end = head_end(p, most, &way.scan) if seen == START_GOOD else -1
    if seen == START_GOOD:
        http.client = <u8>(2 - look.side if response else 1 + look.side)
        set_initiator(look, not response)
    if end < 0 and n >= MAX_HEAD:
        return broken(look, http)
    if end < 0 and seen == START_GOOD and look.fin:
        return cut_head(look, http, way, p, n, at, step)
    if end < 0:
        return PARSE_MORE
    look.need = 0
    way.scan = 0
    way.blank = 0
    step[0] = <u32>end
    if response:
        return take_response(look, http, way, p, <u32>end, at)
    return take_request(look, http, way, p, <u32>end, at)


# --- what is missing ---

cdef int cut_head(Look* look, Http* http, Way* way, const u8* p, u32 n, u64 at, u32* step) noexcept nogil:
    """The rest of this head is beyond the snap length, or was never sent: its whole lines are told."""
    cdef bint from_client = look.side == http.client - 1
    cdef u32 lines = n
    cdef int code
    while lines and p[lines - 1] != c'\n':
        lines -= 1
    look.need = 0
    step[0] = n
    if lines:
        code = take_request(look, http, way, p, lines, at) if from_client else \
            take_response(look, http, way, p, lines, at)
        if code != PARSE_OK:
            return code
        if from_client and http.n:
            http.waiting[http.n - 1].body = unseen()
            http.waiting[http.n - 1].done = 0
    http.uploading = http.uploading and not from_client
    way.mode = AT_HOLE
    way.first = 0
    way.body = unseen()
    return PARSE_OK


cdef int after_hole(Look* look, Http* http, Way* way, const u8* p, u32 n, u32* step) noexcept nogil:
    """Behind lost bytes: pass over what belongs to a message whose head is lost, until one begins."""
    cdef bint from_client = look.side == http.client - 1
    if begins_late(slice_of(p, n)):         # the head asked for a tunnel, then
        return leave(look, http, PARSE_NOT_MINE)
    step[0] = find_start(p, n, from_client, look.fin)
    if step[0] == n:
        return PARSE_OK
    if not whole_start(p + step[0], n - step[0], from_client):
        look.need = n - step[0] + 1
        return PARSE_MORE
    way.mode = AT_HEAD
    way.body = way.first = way.scan = way.blank = 0
    return PARSE_OK


# --- bodies ---

cdef void end_message(Look* look, Http* http, Way* way) noexcept nogil:
    """The side's message is complete."""
    way.mode = AT_HEAD
    if look.side == http.client - 1:
        close_request(look, http, way.body)
    else:
        close_response(look, http, way.body)


cdef u32 at_body(Look* look, Http* http, Way* way, const u8* p, u32 n) noexcept nogil:
    """Bytes of a body or chunk to pass over. All but the last are skipped; that one tells when the message ended."""
    way.held = 0
    if n < way.left:
        way.left -= n
        look.skip = way.left - 1
        way.left = 1
        return n
    n = <u32>way.left
    if way.doh and n == way.promised:
        doh_message(look, p, n)
    way.body += way.promised
    way.left = way.promised = 0
    if way.mode == AT_CHUNK:
        way.mode = AT_CHUNK_END
    else:
        end_message(look, http, way)
    return n


cdef int at_long_line(Look* look, Http* http, Way* way, const u8* p, u32* step) noexcept nogil:
    """A chunk size with more extensions, or a longer trailer field, than is kept: what counts stands in front."""
    cdef i64 size = chunk_size(p, MAX_LINE) if way.mode == AT_CHUNK_SIZE else 0
    if size < 0 or way.mode == AT_CHUNK_END:
        return broken(look, http)
    way.promised = way.left = <u64>size
    way.mode = AT_LINE_REST
    step[0] = MAX_LINE
    return PARSE_OK


cdef int at_line(Look* look, Http* http, Way* way, const u8* p, u32 n, u32* step) noexcept nogil:
    """A line of the chunked coding: a size, the end of a chunk, a trailer field."""
    cdef i64 lf = find_byte(p, n, c'\n'), size
    cdef u32 length
    if way.mode == AT_LINE_REST:
        step[0] = n if lf < 0 else <u32>lf + 1
        if lf >= 0:
            way.mode = AT_CHUNK if way.left else AT_TRAILER
        return PARSE_OK
    if way.mode == AT_CHUNK_SIZE and n > 1 and p[0] == c'0' and p[1] == c'0':
        step[0] = 1                             # as many as it likes (RFC 9112 section 7.1: 1*HEXDIG)
        return PARSE_OK
    if lf > MAX_LINE or (lf < 0 and n > MAX_LINE):
        return at_long_line(look, http, way, p, step)
    if lf < 0:
        look.need = n + 1
        return PARSE_MORE
    step[0] = <u32>lf + 1
    length = <u32>lf
    if length and p[length - 1] == c'\r':
        length -= 1
    if way.mode == AT_CHUNK_SIZE:
        size = chunk_size(p, length)
        if size < 0:
            return broken(look, http)
        way.promised = way.left = <u64>size
        way.mode = AT_CHUNK if size else AT_TRAILER
    elif way.mode == AT_CHUNK_END:
        if length:
            return broken(look, http)
        way.mode = AT_CHUNK_SIZE
    elif length == 0:
        end_message(look, http, way)
    return PARSE_OK


# --- the seam ---

cdef Http* state_of(Look* look) noexcept nogil:
    return <Http*>look.state[0] if has_state(look, sizeof(Http)) else NULL


cdef int http_parse(Look* look, Slice data) noexcept nogil:
    cdef Http* http = state_of(look)
    cdef Way* way
    cdef u32 at = 0, step
    cdef int code = PARSE_OK
    if http == NULL:
        return PARSE_DONE
    way = &http.way[look.side]
    while at < data.n and code == PARSE_OK and look.skip == 0:
        step = 0
        if way.mode == AT_NOTHING:
            step = data.n - at
            look.skip = to_the_end()
        elif way.mode == AT_HOLE:
            code = after_hole(look, http, way, data.p + at, data.n - at, &step)
        elif way.mode == AT_HEAD:
            code = at_head(look, http, way, data.p + at, data.n - at, look.offset + at, &step)
        elif way.mode == AT_BODY or way.mode == AT_CHUNK:
            if doh_waits(look, way, data.n - at):
                code = PARSE_MORE
            else:
                step = at_body(look, http, way, data.p + at, data.n - at)
        else:
            code = at_line(look, http, way, data.p + at, data.n - at, &step)
        at += step
        look.used = at
    return code


cdef int http_lost(Look* look, u64 n) noexcept nogil:
    """A hole inside a body does no harm; behind any other the side's next message is looked for."""
    cdef Http* http = state_of(look)
    cdef Way* way
    if http == NULL:
        return PARSE_DONE
    way = &http.way[look.side]
    n += way.held
    way.held = 0
    if (way.mode == AT_BODY or way.mode == AT_CHUNK) and n < way.left:
        way.left -= n
        return PARSE_OK
    if http.client == 0:
        return PARSE_DONE
    if way.mode == AT_NOTHING:
        return PARSE_OK
    if look.side == http.client - 1:
        lost_requests(look, http)
    else:
        lost_answers(look, http)
    way.mode = AT_HOLE
    way.first = 0
    return PARSE_OK


cdef void http_closing(Look* look) noexcept nogil:
    if look.state[0] != NULL:
        report_all(look, <Http*>look.state[0])


cdef void http_define(Proto* p) noexcept nogil:
    cdef int c
    reads(p, "http", ON_TCP, http_detect, http_parse)
    for c in range(c'A', c'Z' + 1):
        p.first[c] = 1
    p.timeout = 600
    p.yields = 60              # its servers begin with HTTP/ (RFC 9112 section 4)
    p.lost = http_lost
    p.closing = http_closing
    p.free = http_free
