"""What an HTTP/1 flow remembers: where each side stands, the requests that wait, the response that is open."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice
from netwatch._fast.look.protocol cimport Look, fact_number
from netwatch._fast.proto.http.facts cimport HTTP_LATENCY

cdef enum:
    MAX_WAITING = 64           # pipelined requests without a response, or responses before their requests

cdef enum:                     # Way.mode: what the next byte of a side belongs to
    AT_HEAD = 0
    AT_BODY = 1
    AT_CHUNK_SIZE = 2
    AT_CHUNK = 3
    AT_CHUNK_END = 4
    AT_TRAILER = 5
    AT_LINE_REST = 6           # of a chunk size's line or of a trailer field, no more of which is kept
    AT_NOTHING = 7             # bytes were lost: no message boundary is known any more
    AT_HOLE = 8                # behind lost bytes, or in a message whose head was cut: the next one is looked for

cdef struct Way:               # one direction
    u8 mode
    u8 doh                     # the body is a message of DNS
    u16 blank                  # bytes of empty lines passed
    u32 held                   # bytes of it that wait for the rest
    u32 scan                   # where to look on for the end of the head
    u64 first                  # ns, when the message's first byte came; 0 not yet
    u64 replay                 # the frame that gave up the last hole: what is read in it came before
    u64 left                   # bytes of the body or chunk still to come, those being skipped left out
    u64 promised               # bytes of the body or chunk in all
    u64 body                   # bytes of finished chunks; unseen() where the head was cut

cdef enum:                     # Http.claims: the newest request's answer
    WAITS = 0                  # is still to come
    CLAIMED = 1                # came before it
    LOST = 2                   # ... was lost

cdef struct Response:          # one that came before its request
    u64 first                  # ns
    u64 heard                  # how much of the client's stream the server had acknowledged
    u64 body
    u8* head                   # kept for the event, or NULL
    u32 head_n

cdef struct Request:
    u64 at                     # where it begins in the client's stream
    u64 end                    # ... and ends, the largest number when its length is not told
    u64 acked                  # ... and how much of the server's the client had acknowledged then
    u64 began                  # ns
    u64 done                   # ns, 0 while its body is coming
    u64 body
    u64 login                  # a hash of the credentials it has, 0 none
    u8* head                   # kept for the event, or NULL
    u32 head_n
    bint gap                   # bytes of the client's are lost behind it
    bint is_head
    bint is_connect
    bint upgrade

cdef struct Http:
    Way way[2]
    Request* waiting           # requests without a response, oldest first; at `single` while one place suffices
    Request single
    u16 n
    u16 room
    u8 client                  # 1 + the side that sends requests, 0 not known
    bint unpaired              # requests were lost or dropped: responses cannot be told to them
    u32 passed                 # requests that had to make room, whose responses are still to come
    bint by_place              # responses were lost: where they stand says which requests the others answer
    bint early                 # the open response answers a request that did not come yet
    Response* early_ones       # finished ones of that kind, oldest first, MAX_WAITING of them; NULL before the first
    Response claimed           # one of them, by the newest request
    u8 claims                  # Claim
    u16 n_early
    bint piped                 # requests were sent before the one before was answered
    bint interim               # `response` is an interim one (RFC 9110 section 15.2), no final one came yet
    bint open                  # a response's body is coming
    bint answered              # ... and `request` is what it answers
    bint uploading             # the newest request's body is coming
    Request request
    u64 response_first         # ns
    u64 response_heard
    u8* response
    u32 response_n
    u32 held                   # bytes of kept heads
    u64 first                  # where the first request begins in the client's stream
    u64 requests
    u64 responses
    u64 transactions
    u64 slowest                # ns, the longest wait for a response
    u64 denied[2]              # as HTTP_DENIED says


cdef inline u64 unseen() noexcept nogil:
    """Stands for the size of a body whose head was cut, so that nobody knows it."""
    return <u64>1 << 63


cdef inline u64 to_the_end() noexcept nogil:
    """Length of a body that ends with the connection, and of what is skipped for good."""
    return <u64>1 << 62


cdef inline void learn_wait(Look* look, Http* http, const Request* request) noexcept nogil:
    """From the end of a request to the beginning of its response: the longest is the flow's."""
    if request.done and http.response_first >= request.done and (
            http.slowest == 0 or http.response_first - request.done > http.slowest):
        http.slowest = http.response_first - request.done
        fact_number(look, HTTP_LATENCY, http.slowest)


cdef u8* keep_head(Look* look, Http* http, const u8* p, u32 n, u32* kept) noexcept nogil
cdef Request* new_request(Look* look, Http* http) noexcept nogil
cdef void open_response(Look* look, Http* http, const u8* p, u32 n, u64 first, u64 at) noexcept nogil
cdef void claim(Look* look, Http* http, Request* request) noexcept nogil
cdef void close_response(Look* look, Http* http, u64 body) noexcept nogil
cdef void close_request(Look* look, Http* http, u64 body) noexcept nogil
cdef void open_interim(Look* look, Http* http, const u8* p, u32 n, u64 first) noexcept nogil
cdef void lost_answers(Look* look, Http* http) noexcept nogil
cdef void lost_requests(Look* look, Http* http) noexcept nogil
cdef void report_waiting(Look* look, Http* http) noexcept nogil
cdef void report_all(Look* look, Http* http) noexcept nogil
cdef void http_free(void* state) noexcept nogil
