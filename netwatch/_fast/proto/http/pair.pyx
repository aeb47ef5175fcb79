"""HTTP/1 requests and responses paired into transactions, in order (RFC 9112 section 9.3.2), and reported."""
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memmove, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.look.protocol cimport EV_HTTP, Look, event, fact_number, wants
from netwatch._fast.proto.http.facts cimport HTTP_COUNT

cdef enum:
    MAX_KEPT = 16384           # bytes of a head kept for its event
    MAX_HELD = 131072          # bytes of heads one flow may keep waiting


cdef void drop_head(Http* http, u8** head, u32* n) noexcept nogil:
    http.held -= n[0]
    free(head[0])
    head[0] = NULL
    n[0] = 0


cdef u8* keep_head(Look* look, Http* http, const u8* p, u32 n, u32* kept) noexcept nogil:
    """A copy of the head for its event, cut at the bounds; NULL when nobody listens."""
    cdef u8* copy
    kept[0] = 0
    if n > MAX_KEPT:
        n = MAX_KEPT
    if n > MAX_HELD - http.held:
        n = MAX_HELD - http.held
    if not wants(look, EV_HTTP) or n == 0:
        return NULL
    copy = <u8*>malloc(n)
    if copy != NULL:
        memcpy(copy, p, n)
        http.held += n
        kept[0] = n
    return copy


cdef u64 body_so_far(Look* look, Http* http, int side) noexcept nogil:
    """Bytes of the body of the message that the side is sending."""
    cdef Way* way = &http.way[side]
    cdef u64 ahead = 0
    if way.mode == AT_HEAD or way.mode >= AT_NOTHING:
        return way.body
    if look.conn != NULL and (way.mode == AT_BODY or way.mode == AT_CHUNK):
        ahead = look.conn.half[side].skip
    return way.body + way.promised - way.left - ahead


cdef inline void copy(u8* to, const u8* p, u32 n) noexcept nogil:
    if n:
        memcpy(to, p, n)


cdef void report(Look* look, Http* http, Request* request, bint answered, u64 body) noexcept nogil:
    """EV_HTTP: request began, request done, response began (ns, 0 unknown), body sizes, head sizes, the two heads."""
    cdef u64 numbers[5]
    cdef u32 sizes[2]
    cdef u8* room
    http.transactions += 1
    fact_number(look, HTTP_COUNT, http.transactions)
    if wants(look, EV_HTTP):
        numbers[0] = request.began
        numbers[1] = request.done
        numbers[2] = http.response_first if answered else 0
        numbers[3] = request.body
        numbers[4] = body
        sizes[0] = request.head_n
        sizes[1] = http.response_n if answered else 0
        room = event(look, EV_HTTP, 0, 48 + sizes[0] + sizes[1])
        if room != NULL:
            memcpy(room, numbers, 40)
            memcpy(room + 40, sizes, 8)
            copy(room + 48, request.head, sizes[0])
            copy(room + 48 + sizes[0], http.response, sizes[1])
    drop_head(http, &request.head, &request.head_n)
    if answered:
        drop_head(http, &http.response, &http.response_n)


cdef void open_interim(Look* look, Http* http, const u8* p, u32 n, u64 first) noexcept nogil:
    """The head of an interim response: told only when no final one follows it."""
    drop_head(http, &http.response, &http.response_n)
    http.interim = True
    http.response_first = first
    http.response = keep_head(look, http, p, n, &http.response_n)


cdef void open_response(Look* look, Http* http, const u8* p, u32 n, u64 first) noexcept nogil:
    """The head of a final response: it answers the oldest request that waits."""
    drop_head(http, &http.response, &http.response_n)
    http.interim = False
    http.open = True
    http.response_first = first
    http.response = keep_head(look, http, p, n, &http.response_n)
    memset(&http.request, 0, sizeof(Request))
    if http.n and not http.unpaired:
        http.request = shift(http)
        http.answered = True


cdef void close_response(Look* look, Http* http, u64 body) noexcept nogil:
    """The response is over: report it with its request, if that is known."""
    if http.answered and http.uploading and http.n == 0:
        http.request.body = body_so_far(look, http, http.client - 1)
    report(look, http, &http.request, True, body)
    http.open = http.answered = False


cdef void close_request(Look* look, Http* http, u64 body) noexcept nogil:
    """The body of the newest request is complete; its response may have begun, or ended, before."""
    http.uploading = False
    if http.n:
        http.waiting[http.n - 1].body = body
        http.waiting[http.n - 1].done = look.ts
    elif http.answered:
        http.request.body = body
        http.request.done = look.ts


cdef Request shift(Http* http) noexcept nogil:
    """Take the oldest waiting request out of the queue."""
    cdef Request oldest = http.waiting[0]
    http.n -= 1
    memmove(http.waiting, http.waiting + 1, http.n * sizeof(Request))
    return oldest


cdef bint more_room(Http* http) noexcept nogil:
    """Twice the room for requests; False without memory."""
    cdef bint first = http.waiting == &http.single
    cdef void* grown = realloc(NULL if first else http.waiting, 2 * http.room * sizeof(Request))
    if grown == NULL:
        return False
    if first:
        memcpy(grown, &http.single, sizeof(Request))
    http.waiting = <Request*>grown
    http.room *= 2
    return True


cdef Request* new_request(Look* look, Http* http) noexcept nogil:
    """A zeroed place at the end of the queue; NULL without memory. At the bound the oldest is reported unanswered."""
    cdef Request oldest
    if http.n == MAX_WAITING:
        oldest = shift(http)
        report(look, http, &oldest, False, 0)
        http.unpaired = True
    if http.n == 0 and not http.open and not http.piped:
        http.unpaired = False                   # whatever was lost before, the next response is this one's
    if http.room == 0:
        http.waiting = &http.single
        http.room = 1
    elif http.n == http.room and not more_room(http):
        return NULL
    memset(&http.waiting[http.n], 0, sizeof(Request))
    http.n += 1
    if http.n > 1:
        http.piped = True
    return &http.waiting[http.n - 1]


cdef void report_waiting(Look* look, Http* http) noexcept nogil:
    """Report every request that waits as not answered, the oldest with what was said in the interim."""
    cdef Request request
    memset(&request, 0, sizeof(Request))
    if http.interim and (http.n == 0 or http.unpaired):
        report(look, http, &request, True, 0)
        http.interim = False
    while http.n:
        if http.n == 1 and http.uploading:
            http.waiting[0].body = body_so_far(look, http, http.client - 1)
        request = shift(http)
        report(look, http, &request, http.interim, 0)
        http.interim = False
    http.uploading = False


cdef void report_all(Look* look, Http* http) noexcept nogil:
    """Report the response that is open and every request that waits."""
    if http.open:
        close_response(look, http, body_so_far(look, http, 2 - http.client))
    report_waiting(look, http)


cdef void http_free(void* state) noexcept nogil:
    cdef Http* http = <Http*>state
    cdef u16 i
    for i in range(http.n):
        free(http.waiting[i].head)
    if http.waiting != &http.single:
        free(http.waiting)
    free(http.request.head)
    free(http.response)
    free(http)
