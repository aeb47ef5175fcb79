"""Text into memory, without the GIL. The forms are those that Python's json, str and ipaddress give."""
from cpython.mem cimport PyMem_Free
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.stdlib cimport free, realloc
from libc.string cimport strlen

from netwatch._fast.base.bytes cimport u8, u32, u64, be16
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    #define NW_EACH(c) ((uint64_t)(c) * 0x0101010101010101u)
    /* Has the word a byte of that value? Has it one below that, of at most 128? The answer "yes" may be wrong. */
    #define NW_HAS(v, c) (((v ^ NW_EACH(c)) - NW_EACH(1)) & ~(v ^ NW_EACH(c)) & NW_EACH(128))
    #define NW_BELOW(v, c) ((v - NW_EACH(c)) & ~v & NW_EACH(128))
    /* How many of the first bytes stand in JSON as they are. */
    static size_t nw_plain(const uint8_t *p, size_t n) {
        size_t k = 0;
        uint64_t v;
        for (; k + 8 <= n; k += 8) {
            memcpy(&v, p + k, 8);
            if (NW_HAS(v, '"') | NW_HAS(v, '\\\\') | NW_BELOW(v, 32)) break;
        }
        while (k < n && p[k] >= 32 && p[k] != '"' && p[k] != '\\\\') k++;
        return k;
    }
    /* Is there anything that a cell of CSV has to be quoted for? */
    static int nw_quoted(const uint8_t *p, size_t n) {
        size_t k = 0;
        uint64_t v;
        for (; k + 8 <= n; k += 8) {
            memcpy(&v, p + k, 8);
            if (NW_HAS(v, '"') | NW_HAS(v, ',') | NW_BELOW(v, 14)) break;
        }
        while (k < n && p[k] != '"' && p[k] != ',' && p[k] != 10 && p[k] != 13) k++;
        return k < n;
    }
    """
    size_t plain_run "nw_plain"(const u8* p, size_t n) noexcept nogil
    bint is_quoted "nw_quoted"(const u8* p, size_t n) noexcept nogil

cdef extern from "Python.h":
    char* PyOS_double_to_string(double value, char format, int precision, int flags, int* kind) noexcept
    int Py_DTSF_ADD_DOT_0

cdef enum:
    FIRST_ROOM = 4096
    ADDRESS_ROOM = 48
    ISO = 30                   # bytes of a time
    SECOND = 1000000000
    DAY = 86400
    EXACT = 1000000000000000   # a decimal of 15 digits is the shortest name of its double

cdef const char* HEX = b"0123456789abcdef"


cdef bint buf_grow(Buf* b, u64 more) noexcept nogil:
    cdef u64 cap = b.cap * 2 if b.cap else FIRST_ROOM
    cdef void* grown
    if b.failed:
        return False
    while cap < b.n + more:
        cap *= 2
    grown = realloc(b.mem, cap)
    if grown == NULL:
        b.failed = True
        return False
    b.mem = <u8*>grown
    b.cap = cap
    return True


cdef void buf_free(Buf* b) noexcept nogil:
    free(b.mem)
    b.mem = NULL
    b.n = b.cap = 0


cdef int check(const Buf* b) except -1:
    if b.failed:
        raise MemoryError("no memory for the text of a record")
    return 0


cdef u32 write_number(u8* p, u64 value) noexcept nogil:
    cdef u8 digits[20]
    cdef u32 n = 0, k
    if value < 10:
        p[0] = <u8>(c'0' + value)
        return 1
    while True:
        digits[n] = <u8>(c'0' + value % 10)
        n += 1
        value //= 10
        if value == 0:
            break
    for k in range(n):
        p[k] = digits[n - 1 - k]
    return n


cdef inline void digits_of(u8* p, u64 value, u32 width) noexcept nogil:
    """Exactly so many digits."""
    while width:
        width -= 1
        p[width] = <u8>(c'0' + value % 10)
        value //= 10


cdef void put_number(Buf* b, u64 value) noexcept nogil:
    cdef u8* p = room(b, 20)
    if p != NULL:
        b.n += write_number(p, value)


cdef void put_hex(Buf* b, u64 value, u32 width) noexcept nogil:
    cdef u8* p = room(b, 16)
    cdef u32 n = width
    if p == NULL:
        return
    while n < 16 and value >> (4 * n):
        n += 1
    b.n += n
    while n:
        n -= 1
        p[n] = HEX[value & 15]
        value >>= 4


cdef void write_iso(u8* p, u64 ns) noexcept nogil:
    """2026-01-02T03:04:05.678901234Z. The civil date is counted in eras of 400 years, of years that begin in March."""
    cdef u64 second = ns // SECOND, days = second // DAY + 719468
    cdef u64 era = days // 146097, of_era = days % 146097
    cdef u64 year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    cdef u64 of_year = of_era - (365 * year + year // 4 - year // 100)
    cdef u64 month = (5 * of_year + 2) // 153
    digits_of(p, year + era * 400 + (month >= 10), 4)
    digits_of(p + 5, month + 3 if month < 10 else month - 9, 2)
    digits_of(p + 8, of_year - (153 * month + 2) // 5 + 1, 2)
    digits_of(p + 11, second % DAY // 3600, 2)
    digits_of(p + 14, second % 3600 // 60, 2)
    digits_of(p + 17, second % 60, 2)
    digits_of(p + 20, ns % SECOND, 9)
    p[4] = p[7] = c'-'
    p[10] = c'T'
    p[13] = p[16] = c':'
    p[19] = c'.'
    p[29] = c'Z'


cdef void put_iso(Buf* b, u64 ns) noexcept nogil:
    cdef u8* p = room(b, ISO)
    if p != NULL:
        write_iso(p, ns)
        b.n += ISO


cdef str iso_text(u64 ns):
    cdef char p[ISO]
    write_iso(<u8*>p, ns)
    return PyUnicode_DecodeASCII(p, ISO, NULL)


cdef void put_seconds(Buf* b, u64 ns) noexcept nogil:
    cdef u8* p
    cdef u32 n = 9
    if ns < 100000 or ns >= EXACT:
        with gil:
            put_double(b, ns / 1e9)
        return
    put_number(b, ns // SECOND)
    p = room(b, 10)
    if p == NULL:
        return
    p[0] = c'.'
    digits_of(p + 1, ns % SECOND, 9)
    while n > 1 and p[n] == c'0':
        n -= 1
    b.n += n + 1


cdef int put_double(Buf* b, double value) except -1:
    """As repr() has it."""
    cdef char* text = PyOS_double_to_string(value, c'r', 0, Py_DTSF_ADD_DOT_0, NULL)
    if text == NULL:
        raise MemoryError("no memory for a number")
    put_bytes(b, text, strlen(text))
    PyMem_Free(text)
    return 0


cdef void put_micros(Buf* b, u64 ns) noexcept nogil:
    cdef u8* p
    cdef u64 micros = (ns + 500) // 1000
    if ns % 1000 == 500 or ns >= EXACT:      # halves are rounded as the nearest double lies
        with gil:
            put_fixed(b, ns / 1e9)
        return
    put_number(b, micros // 1000000)
    p = room(b, 7)
    if p != NULL:
        p[0] = c'.'
        digits_of(p + 1, micros % 1000000, 6)
        b.n += 7


cdef int put_fixed(Buf* b, double value) except -1:
    """With six decimals."""
    cdef char* text = PyOS_double_to_string(value, c'f', 6, 0, NULL)
    if text == NULL:
        raise MemoryError("no memory for a number")
    put_bytes(b, text, strlen(text))
    PyMem_Free(text)
    return 0


cdef void put_address(Buf* b, const u8* address, u8 family) noexcept nogil:
    cdef u8* p = room(b, ADDRESS_ROOM)
    if p != NULL:
        b.n += write_address(p, address, family)


cdef str address_text(const u8* address, u8 family):
    cdef char p[ADDRESS_ROOM]
    return PyUnicode_DecodeASCII(p, write_address(<u8*>p, address, family), NULL)


cdef u32 write_address(u8* p, const u8* address, u8 family) noexcept nogil:
    """Canonical text: dotted quad, RFC 5952, or a MAC."""
    if family == FAMILY_IP4:
        return write_ip4(p, address)
    return write_ip6(p, address) if family == FAMILY_IP6 else write_mac(p, address)


cdef u32 write_ip4(u8* p, const u8* a) noexcept nogil:
    cdef u32 n = 0, k
    for k in range(4):
        if k:
            p[n] = c'.'
            n += 1
        n += write_number(p + n, a[k])
    return n


cdef u32 write_group(u8* p, u32 value) noexcept nogil:
    """Hexadecimal digits without leading zeros."""
    cdef u32 n = 0, shift = 16
    while shift:
        shift -= 4
        if value >> shift or not shift:
            p[n] = HEX[value >> shift & 15]
            n += 1
    return n


cdef u32 write_ip6(u8* p, const u8* a) noexcept nogil:
    """The first longest run of zero groups is ::, and ::ffff:a.b.c.d and ::a.b.c.d are written so."""
    cdef u32 n = 0, k = 0, best = 8, best_n = 1, run = 0, groups = 8
    cdef bint mapped = a[10] == 255 and a[11] == 255
    for k in range(8):
        run = run + 1 if be16(a + 2 * k) == 0 else 0
        if run > best_n:
            best_n = run
            best = k + 1 - run
    if best == 0 and (best_n == 6 or (mapped and best_n == 5)):
        groups = 6
    k = 0
    while k < groups:
        if k == best:
            p[n] = p[n + 1] = c':'
            n += 2
            k += best_n
            continue
        if k and k != best + best_n:
            p[n] = c':'
            n += 1
        n += write_group(p + n, be16(a + 2 * k))
        k += 1
    if groups == 6:
        if k != best + best_n:
            p[n] = c':'
            n += 1
        n += write_ip4(p + n, a + 12)
    return n


cdef u32 write_mac(u8* p, const u8* a) noexcept nogil:
    cdef u32 k
    for k in range(6):
        p[3 * k] = HEX[a[k] >> 4]
        p[3 * k + 1] = HEX[a[k] & 15]
        if k < 5:
            p[3 * k + 2] = c':'
    return 17


cdef void put_escaped(Buf* b, const u8* p, u64 n) noexcept nogil:
    cdef u64 at = 0, run
    while at < n:
        run = plain_run(p + at, n - at)
        put_bytes(b, p + at, run)
        at += run
        if at < n:
            put_escape(b, p[at])
            at += 1


cdef void put_escape(Buf* b, u8 c) noexcept nogil:
    cdef u8 short_form = (c'n' if c == 10 else c'r' if c == 13 else c't' if c == 9 else c'b' if c == 8 else
                          c'f' if c == 12 else c if c >= 32 else 0)
    put_byte(b, c'\\')
    if short_form:
        put_byte(b, short_form)
    else:
        put_bytes(b, b"u00", 3)
        put_hex(b, c, 2)


cdef void put_csv(Buf* b, const u8* p, u64 n) noexcept nogil:
    cdef u64 k
    if not is_quoted(p, n):
        put_bytes(b, p, n)
        return
    put_byte(b, c'"')
    for k in range(n):
        if p[k] == c'"':
            put_byte(b, c'"')
        put_byte(b, p[k])
    put_byte(b, c'"')
