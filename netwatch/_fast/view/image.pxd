"""All that is shown of a row of the table of flows, and its packing by planes of bytes: see tape.pyx."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.flow.row cimport Facts
from netwatch._fast.flows cimport Core

cdef enum:
    N8 = 12                    # fields of an Image, by their size
    N4 = 15
    N2 = 25
    N1 = 47
    PLANES = N8 * 8 + N4 * 4 + N2 * 2 + N1
    MASK = (PLANES + 7) // 8
    HEAD = 8                   # of a piece: rows in it, rows there are

cdef struct Image:
    u64 w8[N8]                 # last, packets, bytes, payload, first, key, id, numbers of frames
    u32 w4[N4]                 # tcp, now, rtt, srtt, retrans, disorder, dup_acks, copies, text
    u16 w2[N2]                 # ports, proto, paths, rates, peak, second, of TCP, copies
    u8 w1[N1]                  # addresses, state, bits, app, family, ttl, confidence, ended, of TCP

cdef enum:
    W8_LAST = 0
    W8_BYTES = 3
    W8_PAYLOAD = 5
    W8_FIRST = 7
    W8_KEY = 8
    W8_FRAMES = 10
    W4_NOW = 1
    W4_TEXT = N4 - 1
    W2_PATH = 3
    W2_BACK = 4
    W2_RATE = 5
    W2_PEAK = 7
    W2_SECOND = 9
    W2_OLDER = 18
    W2_OLDEST = 20
    W2_WINDOW = 22
    W2_COPIES = N2 - 1
    W1_STATE = 32
    W1_APP = 34
    W1_FAMILY = 35
    W1_ENDED = 39
    W1_TCP = N1 - 1

cdef void take_image(Image* m, const Core* core, u32 i) noexcept nogil      # all of it but the text
cdef void put_image(const Image* m, Core* core, u32 i) noexcept nogil       # into the row, and the next TcpRow
cdef u64 facts_mark(const Facts* facts) noexcept nogil                      # a number that others are unlikely to have
cdef void way_from(Image* d, const Image* new, const Image* old) noexcept nogil
cdef void go_way(Image* m, const Image* d) noexcept nogil
cdef u64 pack(u8* out, const Image* ways, const u32* rows, u32 n, u32 high) noexcept nogil
cdef bint unpack(Image* ways, u32* rows, const u8* p, u64 size, u32 n, u32 high) noexcept nogil
cdef void* wider(void* p, u32 before, u32 after, size_t size) except NULL
cdef bytes packed(const Image* new, const Image* old, const u32* rows, u32 n, u32 high)
