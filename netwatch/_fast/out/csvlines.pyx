"""CSV whose columns are those that occur: lines wait, packed, until all of them are known.

A packed line is how long its text is, a bit for each column that has a cell in it, in words of 64, how long each of
these cells is, and the cells one after the other, as they stand in CSV (RFC 4180).
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.base.mix cimport lowest_bit
from netwatch._fast.out.recordcolumns cimport Shown, Span
from netwatch._fast.out.writing cimport Buf, buf_free, check, put_bytes, put_csv, room

cdef extern from *:
    """
    #define nw_count_bits(v) __builtin_popcountll(v)
    """
    u32 count_bits "nw_count_bits"(u64 v) noexcept nogil


cdef void put_packed(Buf* b, Shown shown, const u8* texts) noexcept:
    """The line of those of the cells that are there."""
    cdef u64 began = b.n, lengths, before, bits
    cdef const Span* span
    cdef u32 word, cell, n, count = 0
    for word in range(shown.words):
        count += count_bits(shown.filled[word])
        shown.ever[word] |= shown.filled[word]
    put_bytes(b, &count, sizeof(u32))          # its place is that of the text's length, which is not yet known
    put_bytes(b, shown.filled, shown.words * sizeof(u64))
    lengths = b.n
    if room(b, count * sizeof(u32)) == NULL:
        return
    b.n += count * sizeof(u32)
    before = b.n
    for word in range(shown.words):
        bits = shown.filled[word]
        while bits:
            span = &shown.spans[word * 64 + lowest_bit(bits)]
            bits &= bits - 1
            cell = <u32>b.n
            if span.plain:
                put_bytes(b, texts + span.at, span.n)
            else:
                put_csv(b, texts + span.at, span.n)
            if b.failed:
                return
            cell = <u32>b.n - cell
            memcpy(b.mem + lengths, &cell, sizeof(u32))
            lengths += sizeof(u32)
    n = <u32>(b.n - before)
    memcpy(b.mem + began, &n, sizeof(u32))


cdef int see_packed(bytes packed, Shown shown) except -1:
    """The columns of a packed line occur."""
    cdef u32 word
    cdef u64 bits
    if <u64>len(packed) < sizeof(u32) + shown.words * sizeof(u64):
        raise ValueError("no line of a sheet")
    for word in range(shown.words):
        memcpy(&bits, <const u8*>packed + sizeof(u32) + word * sizeof(u64), sizeof(u64))
        shown.ever[word] |= bits
    return 0


cdef class Sheet:
    """Makes text of packed lines: `columns`, how many there could be, and those that are shown, in order."""
    cdef u32 words
    cdef u32* shown
    cdef u32 n_shown
    cdef u64* filled           # of the line at hand
    cdef Buf out

    def __cinit__(self, u32 columns, shown: list[int]):
        cdef u32 i
        self.words = columns // 64 + 1
        self.n_shown = len(shown)
        self.shown = <u32*>calloc(self.n_shown + 1, sizeof(u32))
        self.filled = <u64*>calloc(self.words, sizeof(u64))
        memset(&self.out, 0, sizeof(Buf))
        if self.shown == NULL or self.filled == NULL:
            raise MemoryError("no memory for columns")
        for i in range(self.n_shown):
            if not 0 <= shown[i] < columns:
                raise ValueError("no column of the sheet")
            self.shown[i] = shown[i]

    def __dealloc__(self):
        free(self.shown)
        free(self.filled)
        buf_free(&self.out)

    def headings(self, names: list[str]) -> bytes:
        """The first line: the names of the columns that are shown."""
        cdef u32 k
        self.out.n = 0
        for k in range(self.n_shown):
            name = names[self.shown[k]].encode()
            put_csv(&self.out, <const u8*><bytes>name, len(name))
            put_bytes(&self.out, b"," if k + 1 < self.n_shown else b"\n", 1)
        check(&self.out)
        return (<const char*>self.out.mem)[:self.out.n] if self.out.n else b"\n"

    def lines(self, bytes packed) -> bytes:
        """Their text (RFC 4180). ValueError: these are no packed lines."""
        cdef const u8* p = packed
        cdef const u8* end = p + len(packed)
        cdef u32 head = sizeof(u32) + self.words * sizeof(u64)
        cdef u32 word, size, count
        self.out.n = 0
        while p < end:
            if <u64>(end - p) < head:
                raise ValueError("no line of a sheet")
            memcpy(&size, p, sizeof(u32))
            memcpy(self.filled, p + sizeof(u32), self.words * sizeof(u64))
            count = 0
            for word in range(self.words):
                count += count_bits(self.filled[word])
            p += head
            if <u64>(end - p) < <u64>count * sizeof(u32) + size:
                raise ValueError("no line of a sheet")
            self.line(p, p + count * sizeof(u32), size)
            p += count * sizeof(u32) + size
        check(&self.out)
        return (<const char*>self.out.mem)[:self.out.n] if self.out.n else b""

    cdef int line(self, const u8* lengths, const u8* text, u32 size) except -1:
        """One line: its cells where their columns are shown, and commas."""
        cdef u8* began = room(&self.out, size + self.n_shown + 3)
        cdef u8* to = began
        cdef u32 k, i, n, taken = 0
        if to == NULL:
            raise MemoryError("no memory for the text of a record")
        for k in range(self.n_shown):
            i = self.shown[k]
            if self.filled[i >> 6] >> (i & 63) & 1:
                memcpy(&n, lengths, sizeof(u32))
                lengths += sizeof(u32)
                if n > size - taken:
                    raise ValueError("no line of a sheet")
                memcpy(to, text + taken, n)
                taken += n
                to += n
            to[0] = c','
            to += 1
        if self.n_shown == 1 and to == began + 1:
            memcpy(began, b'""', 2)        # a line of nothing would be none
            to = began + 3
        if self.n_shown == 0:
            to += 1
        to[-1] = c'\n'
        self.out.n += to - began
        return 0
