"""CSV whose columns are those that occur: lines wait, packed, until all of them are known.

A packed line is how many cells it has, then of each its column, its length and its text, in the order of the columns.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.base.mix cimport lowest_bit
from netwatch._fast.out.recordcolumns cimport Span
from netwatch._fast.out.writing cimport Buf, buf_free, check, put_byte, put_bytes, put_csv, room

cdef struct Head:              # of a cell
    u32 column
    u32 n                      # bytes of its text


cdef void put_packed(Buf* b, const Span* spans, const u64* filled, u32 words, const u8* texts) noexcept nogil:
    """The line of those of the cells that are there, which `filled` has a bit for."""
    cdef Head head
    cdef u32 i, word, count = 0
    cdef u64 bits
    cdef u64 began = b.n
    if room(b, sizeof(count)) == NULL:
        return
    b.n += sizeof(count)
    for word in range(words):
        bits = filled[word]
        while bits:
            i = word * 64 + lowest_bit(bits)
            bits &= bits - 1
            head.column, head.n = i, <u32>spans[i].n
            put_bytes(b, &head, sizeof(head))
            put_bytes(b, texts + spans[i].at, head.n)
            count += 1
    if not b.failed:
        memcpy(b.mem + began, &count, sizeof(count))


cdef class Sheet:
    """`columns`: how many there could be. Show it all packed lines, then it makes text of them."""
    cdef u32 n
    cdef bint* seen
    cdef u32* shown            # the numbers of those that were seen
    cdef u32 n_shown           # 0: to be counted anew
    cdef Buf out

    def __cinit__(self, u32 columns):
        self.n = columns
        self.seen = <bint*>calloc(columns + 1, sizeof(bint))
        self.shown = <u32*>calloc(columns + 1, sizeof(u32))
        memset(&self.out, 0, sizeof(Buf))
        if self.seen == NULL or self.shown == NULL:
            raise MemoryError("no memory for columns")

    def __dealloc__(self):
        free(self.seen)
        free(self.shown)
        buf_free(&self.out)

    def see(self, bytes packed) -> None:
        """Their columns will be shown. ValueError: these are no packed lines."""
        cdef const u8* p = packed
        cdef const u8* end = p + len(packed)
        cdef Head head
        cdef u32 count
        self.n_shown = 0
        while p < end:
            p = taken(p, end, &count, sizeof(count))
            while count:
                p = taken(p, end, &head, sizeof(head))
                if head.column >= self.n or head.n > <u64>(end - p):
                    raise ValueError("no line of a sheet")
                self.seen[head.column] = True
                p += head.n
                count -= 1

    def headings(self, names: list[str]) -> bytes:
        """The first line: the names of those columns that were seen."""
        cdef u32 i
        cdef bint more = False
        for i in range(self.n):
            if self.seen[i]:
                name = names[i].encode()
                if more:
                    put_byte(&self.out, c',')
                put_csv(&self.out, <const u8*><bytes>name, len(name))
                more = True
        return self.ended()

    def lines(self, bytes packed) -> bytes:
        """Their text (RFC 4180); they have been seen."""
        cdef const u8* p = packed
        cdef const u8* end = p + len(packed)
        cdef u32 count, i
        if self.n_shown == 0:
            for i in range(self.n):
                if self.seen[i]:
                    self.shown[self.n_shown] = i
                    self.n_shown += 1
        while p < end:
            p = taken(p, end, &count, sizeof(count))
            p = self.line(p, end, count)
        return self.text()

    cdef const u8* line(self, const u8* p, const u8* end, u32 count) except NULL:
        cdef Head head
        cdef u32 k
        cdef u64 began = self.out.n
        head.column = self.n
        if count:
            p = taken(p, end, &head, sizeof(head))
        for k in range(self.n_shown):
            if k:
                put_byte(&self.out, c',')
            if self.shown[k] == head.column:
                put_csv(&self.out, p, head.n)
                p += head.n
                count -= 1
                head.column = self.n
                if count:
                    p = taken(p, end, &head, sizeof(head))
        if self.n_shown == 1 and self.out.n == began:
            put_bytes(&self.out, b'""', 2)         # a line of nothing would be none
        put_bytes(&self.out, b"\n", 1)
        return p

    cdef bytes ended(self):
        put_bytes(&self.out, b"\n", 1)
        return self.text()

    cdef bytes text(self):
        check(&self.out)
        found = (<const char*>self.out.mem)[:self.out.n] if self.out.n else b""
        self.out.n = 0
        return found


cdef const u8* taken(const u8* p, const u8* end, void* to, size_t n) except NULL:
    if <size_t>(end - p) < n:
        raise ValueError("no line of a sheet")
    memcpy(to, p, n)
    return p + n
