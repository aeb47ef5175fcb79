"""A radix sort of keys, and the ranks of texts, which are kept while texts are added."""
from libc.stdlib cimport free, malloc, qsort, realloc
from libc.string cimport memcpy, memset
from posix.stdlib cimport posix_memalign

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.profiles cimport Profiles
from netwatch._fast.view.strings cimport Text
from netwatch._fast.view.work cimport Work

cdef extern from *:
    """
    #include <sys/mman.h>
    #ifdef MADV_HUGEPAGE
    #define order_huge(p, n) ((void)madvise(p, n, MADV_HUGEPAGE))
    #else
    #define order_huge(p, n) ((void)0)
    #endif
    """
    void order_huge(void*, size_t) noexcept nogil
    int ctz "__builtin_ctzll"(u64) noexcept nogil
    int clz "__builtin_clzll"(u64) noexcept nogil

cdef enum:
    MAX_DIGIT = 11         # bits of a radix digit
    HUGE = 2097152         # alignment of large buffers: touching 32 MB in small pages costs more than sorting it
    CHUNKS = 8             # 8-byte pieces of a text that are sorted by; what is equal so far is compared
    COPIED = 4096          # texts copied at once
    COST_COPY = 5          # of one, as in work.pxd: into memory that nobody had


cdef Item* items_new(size_t n) noexcept nogil:
    cdef void* p = NULL
    if posix_memalign(&p, HUGE if n * sizeof(Item) >= HUGE else 64, n * sizeof(Item)) != 0:
        return NULL
    if n * sizeof(Item) >= HUGE:
        order_huge(p, n * sizeof(Item))
    return <Item*>p


cdef void radix(Item** items, Item** other, u32 n) noexcept nogil:
    """Sorts by key, stably. Bits that all keys share are skipped; what is left is cut into even digits."""
    cdef u32 counts[1 << MAX_DIGIT]
    cdef u64 any_set = 0, all_set = LAST
    cdef u32 k, at, total, mask
    cdef int low, bits, width, shift
    cdef Item* swap
    for k in range(n):
        any_set |= items[0][k].key
        all_set &= items[0][k].key
    if n < 2 or any_set == all_set:
        return
    low = ctz(any_set ^ all_set)
    bits = 64 - clz(any_set ^ all_set) - low
    width = (bits + (bits + MAX_DIGIT - 1) // MAX_DIGIT - 1) // ((bits + MAX_DIGIT - 1) // MAX_DIGIT)
    mask = (1 << width) - 1
    shift = low
    while shift < low + bits:
        memset(counts, 0, sizeof(counts))
        for k in range(n):
            counts[(items[0][k].key >> shift) & mask] += 1
        total = 0
        for k in range(mask + 1):
            at = counts[k]
            counts[k] = total
            total += at
        for k in range(n):
            at = <u32>((items[0][k].key >> shift) & mask)
            other[0][counts[at]] = items[0][k]
            counts[at] += 1
        swap = items[0]
        items[0] = other[0]
        other[0] = swap
        shift += width


cdef inline u8 lower(u8 c) noexcept nogil:
    return c + 32 if 65 <= c <= 90 else c


cdef u64 text_chunk(const Text* text, u32 chunk) noexcept nogil:
    """Bytes 8*chunk .. of the text in lower case, as a number that orders like them."""
    cdef u64 key = 0
    cdef u32 k
    for k in range(chunk * 8, chunk * 8 + 8):
        key = (key << 8) | (lower(text.p[k]) if k < text.n else 0)
    return key


cdef int compare(const Text* a, const Text* b) noexcept nogil:
    """Below 0, 0, above 0, as the first comes before the second; A to Z have no case."""
    cdef u32 k, n = min(a.n, b.n)
    cdef int found
    for k in range(n):
        found = <int>lower(a.p[k]) - <int>lower(b.p[k])
        if found:
            return found
    return -1 if a.n < b.n else 1 if a.n > b.n else 0


cdef int compare_texts(const void* a, const void* b) noexcept nogil:
    return compare(<const Text*><size_t>(<const Item*>a).key, <const Text*><size_t>(<const Item*>b).key)


cdef bint sort_texts(const Text* texts, Item** items, Item** other, u32 n) noexcept nogil:
    """Items that name texts by number, in the order of these."""
    cdef u32 k, first, chunk, chunks = 0
    for k in range(n):
        chunks = max(chunks, min((texts[items[0][k].row].n + 7) // 8, <u32>CHUNKS))
    for chunk in range(chunks, 0, -1):
        for k in range(n):
            items[0][k].key = text_chunk(&texts[items[0][k].row], chunk - 1)
        radix(items, other, n)
    if chunks < CHUNKS:
        return True
    for k in range(n):
        items[0][k].key = <u64><size_t>&texts[items[0][k].row]
    first = 0
    for k in range(1, n + 1):
        if k == n or not same_beginning(&texts[items[0][k].row], &texts[items[0][first].row]):
            if k - first > 1:
                qsort(&items[0][first], k - first, sizeof(Item), compare_texts)
            first = k
    return True


cdef bint same_beginning(const Text* a, const Text* b) noexcept nogil:
    cdef u32 chunk
    for chunk in range(CHUNKS):
        if text_chunk(a, chunk) != text_chunk(b, chunk):
            return False
    return True


cdef class TextRanks:
    """step() with the engine held until it says True, then sort() without; then rank()."""

    def __init__(self, Profiles profiles):
        self.profiles = profiles

    def __dealloc__(self):
        free(self.texts)
        free(self.ordered)
        free(self.ranks)

    cdef bint step(self, Work work) except? True:
        """Note the texts that were added, as long as the slice lasts. True when all are."""
        cdef u32 n, cap
        cdef void* wider
        if self.generation != self.profiles.texts_generation:
            self.generation, self.known, self.sorted = self.profiles.texts_generation, 0, 0
        if self.profiles.texts.n >= self.cap:
            cap = max(<u32>1024, self.profiles.texts.n + self.profiles.texts.n // 2)
            wider = realloc(self.texts, cap * sizeof(Text))
            if wider == NULL:
                raise MemoryError("no memory to order texts")
            self.texts, self.cap = <Text*>wider, cap
        while self.known < self.profiles.texts.n and work.goes_on():
            n = min(self.profiles.texts.n - self.known, <u32>COPIED)
            memcpy(&self.texts[self.known + 1], &self.profiles.texts.items[self.known + 1], n * sizeof(Text))
            self.known += n
            work.left -= n * COST_COPY
            work.texts += n
        return self.known == self.profiles.texts.n

    cdef int sort(self) except -1:
        """Rank all texts that are known. Those that were ranked are only merged with the others."""
        cdef u32 n = self.known - self.sorted
        cdef Item* items
        cdef Item* other
        cdef u32* ordered
        cdef u32* ranks
        if n == 0:
            return 0
        items, other = items_new(n), items_new(n)
        ordered = <u32*>malloc(self.known * sizeof(u32))
        ranks = <u32*>malloc((self.known + 1) * sizeof(u32))
        if items != NULL and other != NULL and ordered != NULL and ranks != NULL:
            with nogil:
                self.merge(&items, &other, ordered, ranks)
            free(self.ordered)
            free(self.ranks)
            self.ordered, self.ranks, self.sorted = ordered, ranks, self.known
        else:
            free(ordered)
            free(ranks)
            n = 0
        free(items)
        free(other)
        if n == 0:
            raise MemoryError("no memory to order texts")
        return 0

    cdef void merge(self, Item** items, Item** other, u32* ordered, u32* ranks) noexcept nogil:
        cdef u32 n = self.known - self.sorted, i = 0, k = 0, at, rank = 0
        for k in range(n):
            items[0][k].row = self.sorted + 1 + k
        sort_texts(self.texts, items, other, n)
        k = 0
        for at in range(self.known):
            if k == n or (i < self.sorted and compare(&self.texts[self.ordered[i]],
                                                      &self.texts[items[0][k].row]) <= 0):
                ordered[at] = self.ordered[i]
                i += 1
            else:
                ordered[at] = items[0][k].row
                k += 1
        for at in range(self.known):
            if at == 0 or compare(&self.texts[ordered[at - 1]], &self.texts[ordered[at]]) != 0:
                rank += 1
            ranks[ordered[at]] = rank
