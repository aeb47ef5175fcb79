"""The head of an HTTP/1 message: start line and header fields."""
from netwatch._fast.base.bytes cimport u8, u16, u32, i64, Slice

cdef enum:
    START_MORE = -1
    START_BAD = 0
    START_GOOD = 1

cdef struct Head:
    bint response
    u16 status
    Slice method
    Slice target
    Slice host                 # Host header, or the authority of an absolute-form target
    Slice agent
    Slice content_type
    Slice server
    Slice token                # what NTLM or Negotiate said, in base64
    Slice basic                # credentials of Basic, in base64
    i64 length                 # Content-Length, -1 none
    bint coded                 # Transfer-Encoding is there
    bint chunked               # ... and ends in chunked
    bint upgrade               # Upgrade is there
    bint websocket             # ... and names WebSocket
    bint broken                # framing that cannot be trusted

cdef i64 head_end(const u8* p, u32 n, u32* scan) noexcept nogil
cdef int first_request(Slice data, bint holed) noexcept nogil
cdef int request_start(const u8* p, u32 n) noexcept nogil
cdef int response_start(const u8* p, u32 n) noexcept nogil
cdef bint known_method(const u8* p, u32 n) noexcept nogil
cdef u32 find_start(const u8* p, u32 n, bint request, bint fin) noexcept nogil
cdef i64 chunk_size(const u8* p, u32 n) noexcept nogil
cdef void read_head(const u8* p, u32 n, Head* head) noexcept nogil
cdef bint whole_start(const u8* p, u32 n, bint request) noexcept nogil
