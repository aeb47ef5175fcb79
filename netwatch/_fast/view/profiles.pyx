"""Profiles of flows, brought up to date row by row: those that the engine says have changed, and new ones."""
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.view.columns cimport Flows
from netwatch._fast.flow.row cimport Facts, Row
from netwatch._fast.base.mix cimport lowest_bit
from netwatch._fast.view.strings cimport strings_add, strings_clear, strings_close, strings_open

from netwatch._fast.base.text import clean

cdef enum:
    MOST_TEXTS = 4194304
    MOST_BYTES = 268435456
    FACT_HEAD = 4              # as in flow/content.pyx
    MOST_ENTRIES = 2050        # a flow's facts are bounded (FACTS_OF_FLOW), each takes FACT_HEAD at least
    OF_PAGE = 1024             # numbers of rows in a page of memory
    SPARE = 65536              # profiles that no flow has any more, beyond twice the flows, before all begin anew


cdef u64 generations = 0       # of all there were, so that no two views have one in common


cdef u64 next_generation() noexcept nogil:
    global generations
    generations += 1
    return generations


cdef void forget(u32* numbers, u32 n) noexcept nogil:
    """All zero again. Room is reserved for all flows that there may be: what nobody wrote to is not touched either."""
    cdef u32 at = 0, i, size
    while at < n:
        size = min(<u32>OF_PAGE, n - at)
        for i in range(size):
            if numbers[at + i]:
                memset(numbers + at, 0, size * sizeof(u32))
                break
        at += size


cdef class Profiles:
    """`touched`, where it is not NULL, is what the engine marks; else touch_all() says that rows may have changed."""

    def __cinit__(self):
        strings_open(&self.texts, MOST_TEXTS, MOST_BYTES)
        strings_open(&self.raws, MOST_TEXTS, MOST_BYTES)
        strings_open(&self.profiles, MOST_TEXTS, MOST_BYTES)
        memset(self.kinds, UNWANTED, sizeof(self.kinds))
        self.generation = self.texts_generation = next_generation()

    def __dealloc__(self):
        strings_close(&self.texts)
        strings_close(&self.raws)
        strings_close(&self.profiles)
        free(self.of_row)

    def declare_text(self, int proto, int key, int limit) -> None:
        """The fact is text, of which records show so many characters."""
        self.limits[proto << 8 | key] = <u16>limit

    def want(self, places: Iterable[tuple[int, int]]) -> bool:
        """Keep these facts, (protocol, key) each. True when some were not kept before: then all rows are looked at
        again."""
        cdef bint more = False
        cdef u32 place
        for proto, key in places:
            place = proto << 8 | key
            if not self.kinds[place]:
                self.kinds[place] = TEXT if self.limits[place] else RAW
                more = True
        if more:
            self.restart()
        return more

    cdef void restart(self) noexcept nogil:
        """Forget all profiles; rows are looked at again."""
        strings_clear(&self.profiles)
        if self.of_row != NULL:
            forget(self.of_row, self.written + 1)
        self.forgotten += self.written
        self.written = self.seen = self.word = 0
        self.since = self.brought
        self.generation = next_generation()

    cdef void tidy(self, u32 flows) noexcept nogil:
        """Begin anew when most of what is kept is of flows that are gone: each row has been looked at twice since the
        last time, so that this costs no more than they did."""
        if self.brought - self.since > 2 * <u64>flows + SPARE and (
                self.profiles.n > 2 * flows + SPARE or self.texts.refused or self.raws.refused):
            self.refused += self.texts.refused + self.raws.refused
            strings_clear(&self.texts)
            strings_clear(&self.raws)
            self.texts.refused = self.raws.refused = 0
            self.texts_generation = next_generation()
            self.restart()

    cdef int room(self, u32 rows) except -1:
        """Room for so many rows, row 0 included. They are reserved once; what is not used costs nothing."""
        if rows <= self.rows:
            return 0
        free(self.of_row)
        self.of_row = <u32*>calloc(rows, sizeof(u32))
        self.rows, self.written = rows if self.of_row != NULL else 0, 0
        self.restart()
        if self.of_row == NULL:
            raise MemoryError("no memory for the profiles of flows")
        return 0

    cdef bint step(self, const Flows* flows, u32 budget) noexcept nogil:
        """Bring at most so many rows up to date, which are then in `latest`. True when all are."""
        cdef u32 row, words
        self.n_latest = 0
        budget = min(budget, <u32>AT_ONCE)
        words = self.seen // 64 + 1 if self.touched != NULL else 0
        while budget and self.word < words:
            if not self.touched[self.word]:
                self.word += 1
                continue
            row = self.word * 64 + <u32>lowest_bit(self.touched[self.word])
            self.touched[self.word] &= self.touched[self.word] - 1
            if 0 < row <= self.seen:
                self.bring(flows, row)
                budget -= 1
        if budget:
            self.word = 0
        while budget and self.seen < flows.high:
            self.seen += 1
            self.bring(flows, self.seen)
            budget -= 1
        return budget != 0

    cdef void bring(self, const Flows* flows, u32 row) noexcept nogil:
        cdef const Row* r = &flows.rows[row]
        cdef const Facts* facts = flows.colds[row].facts
        cdef u64 entries[MOST_ENTRIES]
        cdef const u8* at
        cdef const u8* end
        cdef u32 n = 1, place, last = 0, size
        self.brought += 1
        self.latest[self.n_latest] = row
        self.n_latest += 1
        self.of_row[row] = 0
        self.written = max(self.written, row)
        if facts == NULL and not r.app:
            return
        entries[0] = (<u64>r.app << 8 | KEY_APP) << 32
        at = <const u8*>(facts + 1)
        end = at + facts.used if facts != NULL else at
        while facts != NULL and at < end and n < MOST_ENTRIES:
            size = at[2] | <u32>at[3] << 8
            place = <u32>at[0] << 8 | at[1]
            if self.kinds[place & (KEYS - 1)]:
                entries[n] = self.entry(place, at + FACT_HEAD, size)
                last = place >> 8
                n += 1
            elif place >> 8 != last:
                last = place >> 8
                entries[n] = (<u64>last << 8 | KEY_OTHER) << 32
                n += 1
            at += FACT_HEAD + size
        self.of_row[row] = strings_add(&self.profiles, <const u8*>entries, n * 8)

    cdef u64 entry(self, u32 place, const u8* p, u32 n) noexcept nogil:
        cdef u32 i
        if self.kinds[place] == RAW:
            return <u64>place << 32 | strings_add(&self.raws, p, n)
        for i in range(n):
            if p[i] < 32 or p[i] > 126:
                break
        else:
            if n <= self.limits[place]:
                return <u64>place << 32 | strings_add(&self.texts, p, n)
        with gil:
            shown = clean(p[:n], self.limits[place]).encode("utf-8", "replace")
            return <u64>place << 32 | strings_add(&self.texts, shown, <u32>len(shown))

    def touch_all(self) -> None:
        """Any row may have changed."""
        self.seen = 0

    def add_text(self, bytes text) -> int:
        """The number of a text that a service keeps by row; it holds for this generation."""
        return strings_add(&self.texts, text, <u32>len(text))

    @property
    def left_out(self) -> int:
        """How often there was no room for a text: what those flows say is not known."""
        return self.refused + self.texts.refused + self.raws.refused + self.profiles.refused
