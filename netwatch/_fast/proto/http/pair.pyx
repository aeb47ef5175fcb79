"""HTTP/1 requests and responses paired into transactions, in order (RFC 9112 section 9.3.2), and reported.

Where bytes are missing order does not suffice. A response answers nothing beyond what its server had acknowledged; a
client that asks one thing at a time had acknowledged all answers to what it asked before. So a response whose request
waits behind a hole is kept until that is read, and behind lost responses the next one is told to the request that its
place allows.
"""
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memmove, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, i32, i64, find_byte
from netwatch._fast.look.protocol cimport EV_HTTP, Look, event, fact_number, heard, wants
from netwatch._fast.proto.http.facts cimport HTTP_COUNT

cdef enum:
    MAX_KEPT = 16384           # bytes of a head kept for its event
    LINE_LEAST = 64            # bytes of each line of a long head that are kept at least
    MAX_HELD = 131072          # bytes of heads one flow may keep waiting


cdef void drop_head(Http* http, u8** head, u32* n) noexcept nogil:
    http.held -= n[0]
    free(head[0])
    head[0] = NULL
    n[0] = 0


cdef u8* keep_head(Look* look, Http* http, const u8* p, u32 n, u32* kept) noexcept nogil:
    """A copy of the head for its event, within the bounds; NULL when nobody listens, or there is no room for it."""
    cdef u8* copy
    cdef u32 most = MAX_KEPT if MAX_KEPT < MAX_HELD - http.held else MAX_HELD - http.held
    kept[0] = 0
    if not wants(look, EV_HTTP) or n == 0 or (most < n and most < LINE_LEAST):
        return NULL
    if n < most:
        most = n
    copy = <u8*>malloc(most)
    if copy == NULL:
        return NULL
    if n == most:
        memcpy(copy, p, n)
    else:
        n = shorten(p, n, copy, most)
    http.held += n
    kept[0] = n
    return copy


cdef u32 shorten(const u8* p, u32 n, u8* out, u32 most) noexcept nogil:
    """Copy a head that is too long into `most` bytes, at least LINE_LEAST: of the longest lines as much as leaves room
    for all the others. One of which lines are missing ends within a line."""
    cdef u32 widest = most, size, whole = n
    while widest >= 2 * LINE_LEAST and copied(p, n, NULL, widest) > most:
        widest //= 2
    while n and copied(p, n, NULL, widest) > most:
        n -= n // 8 + 1                         # more lines than anybody sends
    size = copied(p, n, out, widest)
    if n < whole and size and out[size - 1] == c'\n':
        size -= 1
    return size


cdef u32 copied(const u8* p, u32 n, u8* out, u32 widest) noexcept nogil:
    """Length of the head with no line longer than `widest`; it is written, where `out` is not NULL. Lines keep their
    ends, the first one with its version."""
    cdef u32 size = 0, line, front, back
    cdef i64 lf
    while n:
        lf = find_byte(p, n, c'\n')
        line = n if lf < 0 else <u32>lf + 1
        back = 0 if line <= widest else 11 if size == 0 else 2
        front = line if back == 0 else widest - back
        if out != NULL:
            memcpy(out + size, p, front)
            memcpy(out + size + front, p + line - back, back)
        size += front + back
        p += line
        n -= line
    return size


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
    if answered:
        learn_wait(look, http, request)
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


cdef void open_response(Look* look, Http* http, const u8* p, u32 n, u64 first, u64 at) noexcept nogil:
    """The head of a final response, which begins at `at`: it answers the oldest request that waits."""
    drop_head(http, &http.response, &http.response_n)
    http.interim = False
    http.open = True
    http.response_first = first
    http.response_heard = heard(look)
    http.response = keep_head(look, http, p, n, &http.response_n)
    memset(&http.request, 0, sizeof(Request))
    if http.by_place:
        pass_over(look, http, at)
    if http.passed and not http.unpaired:
        http.passed -= 1                        # its request was told already
    elif http.n and not http.unpaired and not (http.by_place and http.waiting[0].acked > at):
        http.request = shift(http)
        http.answered = True
        http.by_place &= http.n > 0
    http.early = (http.n == 0 and not http.answered and unseen_of(look, http.client - 1)
                  and look.frame != http.way[look.side].replay)


cdef void pass_over(Look* look, Http* http, u64 at) noexcept nogil:
    """Report the requests that a response at `at` cannot answer: the client had the answer to those before the last
    that it sent by then, and that one is not it where another may have been lost behind it."""
    while http.n > 1 and http.waiting[1].acked <= at:
        report_oldest(look, http, 1)
    if http.n and http.waiting[0].acked <= at and \
            (http.waiting[0].gap or (http.n == 1 and unseen_of(look, http.client - 1))):
        report_oldest(look, http, 1)


cdef void close_response(Look* look, Http* http, u64 body) noexcept nogil:
    """The response is over: report it with its request, if that is known, or keep it until that comes."""
    if http.answered and http.uploading and http.n == 0:
        http.request.body = body_so_far(look, http, http.client - 1)
    if not (http.early and keep_early(look, http, body)):
        report(look, http, &http.request, True, body)
    http.open = http.answered = http.early = False


cdef bint keep_early(Look* look, Http* http, u64 body) noexcept nogil:
    """Keep the response for a request that has yet to come; False without memory. At the bound the oldest is reported
    alone."""
    cdef Response* place
    if http.early_ones == NULL:
        http.early_ones = <Response*>malloc(MAX_WAITING * sizeof(Response))
        if http.early_ones == NULL:
            return False
    if http.n_early == MAX_WAITING:
        report_early(look, http, 1)
    place = &http.early_ones[http.n_early]
    place.first, place.heard, place.body = http.response_first, http.response_heard, body
    place.head, place.head_n = http.response, http.response_n
    http.response = NULL
    http.response_n = 0
    http.n_early += 1
    return True


cdef void report_early(Look* look, Http* http, u16 n) noexcept nogil:
    """Report the n oldest of the kept responses alone."""
    cdef Request request
    cdef Response oldest
    cdef u16 _i
    for _i in range(n):
        memset(&request, 0, sizeof(Request))
        oldest = shift_early(http)
        report_pair(look, http, &request, &oldest)


cdef Response shift_early(Http* http) noexcept nogil:
    cdef Response oldest = http.early_ones[0]
    http.n_early -= 1
    memmove(http.early_ones, http.early_ones + 1, http.n_early * sizeof(Response))
    return oldest


cdef void report_pair(Look* look, Http* http, Request* request, Response* kept) noexcept nogil:
    """Report a request with a response that was kept for it, whatever response is open meanwhile."""
    cdef u64 first = http.response_first
    cdef u8* head = http.response
    cdef u32 n = http.response_n
    http.response_first, http.response, http.response_n = kept.first, kept.head, kept.head_n
    report(look, http, request, True, kept.body)
    http.response_first, http.response, http.response_n = first, head, n


cdef void claim(Look* look, Http* http, Request* request) noexcept nogil:
    """The newest request has come: is it answered already, by the first of the kept responses that heard of it and of
    nothing behind it? Those before answered what was lost."""
    while http.n_early and http.early_ones[0].heard <= request.at:
        report_early(look, http, 1)
    if http.n_early:
        http.claims = CLAIMED if http.early_ones[0].heard <= request.end else LOST
        if http.claims == CLAIMED:
            http.claimed = shift_early(http)
    elif http.open and http.early and request.at < http.response_heard <= request.end:
        http.request = request[0]
        http.n -= 1
        http.answered = True
        http.early = False


cdef void close_claim(Look* look, Http* http) noexcept nogil:
    """The request that was answered before it came is read, as far as it will be."""
    cdef Request newest
    if http.claims and http.n:
        http.n -= 1
        newest = http.waiting[http.n]
        if http.claims == CLAIMED:
            report_pair(look, http, &newest, &http.claimed)
        else:
            report(look, http, &newest, False, 0)
    http.claims = WAITS


cdef void close_request(Look* look, Http* http, u64 body) noexcept nogil:
    """The body of the newest request is complete; its response may have begun, or ended, before."""
    http.uploading = False
    if http.n:
        http.waiting[http.n - 1].body = body
        http.waiting[http.n - 1].done = look.ts
        close_claim(look, http)
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
        http.passed += 1
    if http.unpaired and not http.open and not http.piped and look.frame != http.way[look.side].replay:
        report_oldest(look, http, http.n)
        http.unpaired = False                   # whatever was lost before, the next response is this one's
    if http.room == 0:
        http.waiting = &http.single
        http.room = 1
    elif http.n == http.room and not more_room(http):
        return NULL
    memset(&http.waiting[http.n], 0, sizeof(Request))
    http.n += 1
    if http.n > 1 and http.way[1 - look.side].mode == AT_HOLE and not http.piped:
        report_oldest(look, http, http.n - 1)   # their answers are lost, or the client would not go on
    elif http.n > 1 and not unseen_of(look, 1 - look.side):
        http.piped = True
    return &http.waiting[http.n - 1]


cdef bint unseen_of(const Look* look, int side) noexcept nogil:
    """The peer has acknowledged bytes of the side that are not here, more than a FIN: the message it waited for?"""
    if look.inner or look.conn == NULL or not look.conn.half[side].open:
        return False
    return <i32>(look.row.acked[1 - side] - look.conn.half[side].next) > 1


cdef void report_oldest(Look* look, Http* http, u16 n) noexcept nogil:
    """Report the n oldest requests as not answered."""
    cdef Request oldest
    cdef u16 _i
    for _i in range(n):
        oldest = shift(http)
        report(look, http, &oldest, False, 0)


cdef void lost_answers(Look* look, Http* http) noexcept nogil:
    """Bytes of the server's are lost. Whose answers those are that waited behind the hole meanwhile can be said of a
    client that asks one thing at a time: by their places, else only where a single one waits."""
    cdef bint open = http.open
    if http.way[look.side].first and http.n and not http.unpaired:
        report_oldest(look, http, 1)            # it was being answered
        open = True
    if http.open:
        close_response(look, http, body_so_far(look, http, look.side))
    http.way[look.side].replay = look.frame
    http.by_place = not (http.piped or look.inner) and look.conn.half[0].open and look.conn.half[1].open
    if http.by_place:
        return
    if http.piped or http.n + open > 2:
        unpair(look, http)
    elif http.n > 1:
        report_oldest(look, http, 1)


cdef void lost_requests(Look* look, Http* http) noexcept nogil:
    """Bytes of the client's are lost, perhaps requests. Those that waited behind the hole may have been answered."""
    http.uploading = False
    close_claim(look, http)
    if http.n and http.way[look.side].mode != AT_HOLE:     # else it is the rest of a message whose head was cut
        http.waiting[http.n - 1].gap = True
    http.way[look.side].replay = look.frame
    if http.piped:
        unpair(look, http)


cdef void unpair(Look* look, Http* http) noexcept nogil:
    """Nobody knows which answers are whose, until the client of one thing at a time asks anew."""
    report_waiting(look, http)
    http.unpaired = True
    http.passed = 0


cdef void report_waiting(Look* look, Http* http) noexcept nogil:
    """Report every request that waits as not answered, the oldest with what was said in the interim."""
    cdef Request request
    memset(&request, 0, sizeof(Request))
    close_claim(look, http)
    report_early(look, http, http.n_early)
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
    for i in range(http.n_early):
        free(http.early_ones[i].head)
    free(http.early_ones)
    if http.claims == CLAIMED:
        free(http.claimed.head)
    free(http.request.head)
    free(http.response)
    free(http)
