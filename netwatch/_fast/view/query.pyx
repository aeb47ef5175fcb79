"""FlowView: filters and sorts the flow rows where they lie, and keeps the answer for further pages.

A query scans every row once and sorts what matched by one column; ties keep the order of the flows' first frames, so
an answer is the same every time. Nothing is copied but row numbers and keys. The rows must hold still while a query
runs: whoever owns them calls between batches.
"""
from libc.stdlib cimport free
from libc.string cimport memset
from posix.stdlib cimport posix_memalign

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice
from netwatch._fast.flow.row cimport Row, Cold, TcpRow, BIT_ENDED
from netwatch._fast.view.columns cimport Flows, number, address, text, COL_ATTACHED, MAX_ATTACHED
from netwatch._fast.view.program cimport Program, Op, run, ACCEPT, REJECT
from netwatch._fast.view import columns as names

cdef extern from *:
    """
    #include <sys/mman.h>
    #ifdef MADV_HUGEPAGE
    #define query_huge(p, n) ((void)madvise(p, n, MADV_HUGEPAGE))
    #else
    #define query_huge(p, n) ((void)0)
    #endif
    """
    void query_huge(void*, size_t) noexcept nogil
    int ctz "__builtin_ctzll"(u64) noexcept nogil
    int clz "__builtin_clzll"(u64) noexcept nogil

cdef enum:
    MAX_DIGIT = 11         # bits of a radix digit
    HUGE = 2097152         # alignment of the sort's buffers: touching 32 MB in small pages costs more than sorting it
    TEXT_CHUNKS = 8        # 8-byte pieces of a text that order it; equal beyond them counts as equal
    ASK = -2

cdef u64 LAST = 0xFFFFFFFFFFFFFFFF      # the key of a row without a value: last in either direction


cdef Item* items_new(size_t n) noexcept nogil:
    cdef void* p = NULL
    if posix_memalign(&p, HUGE if n * sizeof(Item) >= HUGE else 64, n * sizeof(Item)) != 0:
        return NULL
    if n * sizeof(Item) >= HUGE:
        query_huge(p, n * sizeof(Item))
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


cdef inline u64 directed(u64 key, bint descending) noexcept nogil:
    if key == LAST:
        key -= 1
    return LAST - 1 - key if descending else key


cdef u64 text_chunk(const Slice* s, u32 chunk) noexcept nogil:
    """Bytes 8*chunk .. of the text in lower case, as a number that orders like them."""
    cdef u64 key = 0
    cdef u32 k
    cdef u8 c
    for k in range(chunk * 8, chunk * 8 + 8):
        c = s.p[k] if k < s.n else 0
        key = (key << 8) | (c + 32 if 65 <= c <= 90 else c)
    return key


cdef class FlowView:
    """`record_of(row)` gives the flow record of a row; asked only for what is no column."""

    def __cinit__(self):
        memset(&self.flows, 0, sizeof(Flows))
        self.tables = dict(names.OWN_TABLES)
        self.attached = {}

    def __dealloc__(self):
        free(self.items)
        free(self.other)

    cdef int bind(self, Row* rows, Cold* colds, TcpRow* tcps, u32 high) except -1:
        """Says where the rows are. The arrays stay the caller's; bind again when they move or grow. The last answer
        stays: it is row numbers."""
        self.idle()
        self.flows.rows, self.flows.colds, self.flows.tcps = rows, colds, tcps
        self.flows.high = high
        return 0

    def set_table(self, str field, values):
        """What the codes of a code column mean, {code: value of the record}. The mapping may grow; see generation."""
        if field not in names.CODES:
            raise ValueError(f"{field} is no code column")
        self.tables[field] = values

    def attach(self, str field, codes, values):
        """A column of a service: `codes` a buffer of 32-bit codes by row, 0 absent; `values` {code: value}."""
        cdef const u32[::1] view = codes
        self.idle()
        index = self.attached[field][0] if field in self.attached else len(self.attached)
        if index >= MAX_ATTACHED:
            raise ValueError("too many attached columns")
        self.flows.attached[index] = &view[0] if len(view) else NULL
        self.flows.attached_n[index] = <u32>len(view)
        self.attached[field] = (index, view)
        self.tables[field] = values

    def mark_extras(self, flags):
        """`flags`: a byte by row, not 0 where the record has values that are no columns. None: any row may."""
        cdef const u8[::1] view
        self.idle()
        self.extras, self.extras_n, self.extras_kept = NULL, 0, None
        if flags is not None:
            view = flags
            if len(view):
                self.extras, self.extras_n, self.extras_kept = &view[0], <u32>len(view), view

    def columns(self):
        """Field → ("number" | "address" | "text" | "code", column, further): what compile_native builds upon. Of a
        code, `further` is its table; a text or number from facts is a list of (column, number, many)."""
        found = {field: ("number", col, None) for field, col in names.NUMBERS.items()}
        found.update((field, ("address", col, None)) for field, col in names.ADDRESSES.items())
        found.update((field, ("facts", 0, mapped)) for field, mapped in names.FACT_FIELDS.items())
        for field, values in self.tables.items():
            col = COL_ATTACHED + self.attached[field][0] if field in self.attached else names.CODES[field]
            found[field] = ("code", col, values)
        return found

    def generation(self):
        """Changes whenever a program made for this view has to be made again."""
        return (id(self), sum(map(len, names.FACT_FIELDS.values())),
                tuple((field, id(values), len(values)) for field, values in self.tables.items()))

    def query(self, Program program, sort, bint descending=False, offset=0, limit=None, bint include_ended=True,
              u64 now_ns=0):
        """(rows of one page, how many matched). `program` None: every flow; `sort` a field, None: by first frame."""
        by_age = sort is None or sort == "id"
        self.idle()
        self.flows.now = now_ns
        self.matched = 0
        self.reserve()
        self.busy = True
        try:
            self.gather(program, include_ended)
            self.order_by_age(descending and by_age)
            if not by_age:
                self.order_by(sort, descending)
        except BaseException:
            self.matched = 0
            raise
        finally:
            self.busy = False
            self.asked, self.asked_row = None, 0
        return self.page(offset, limit), self.matched

    cdef int idle(self) except -1:
        """The GIL is free while a query runs; nobody may change what it reads, in another thread or in record_of."""
        if self.busy:
            raise RuntimeError("a query of this view is running")
        return 0

    def page(self, offset=0, limit=None):
        """Another page of the last query's rows."""
        self.idle()
        cdef u32 start = min(max(offset, 0), self.matched)
        cdef u32 end = self.matched if limit is None else min(start + max(limit, 0), self.matched)
        return [self.items[k].row for k in range(start, end)]

    cdef int reserve(self) except -1:
        """Room for every row; an eighth more than asked, so that a growing table does not mean new memory each time."""
        cdef size_t want = <size_t>self.flows.high + 1
        if want <= self.cap:
            return 0
        want += want // 8
        free(self.items)
        free(self.other)
        self.items = self.other = NULL
        self.cap = 0
        self.items, self.other = items_new(want), items_new(want)
        if self.items == NULL or self.other == NULL:
            raise MemoryError
        self.cap = <u32>want
        return 0

    cdef int gather(self, Program program, bint include_ended) except -1:
        """Fills items with the rows that match, in row order, keyed by age."""
        cdef const Op* ops = program.ops if program is not None else NULL
        cdef u16 entry = program.entry if program is not None else ACCEPT
        cdef u32 i, n = 0
        cdef u16 at
        cdef Row* row
        with nogil:
            for i in range(1, self.flows.high + 1):
                row = &self.flows.rows[i]
                if row.packets[0] + row.packets[1] == 0 or (row.bits & BIT_ENDED and not include_ended):
                    continue
                at = entry
                if at != ACCEPT and at != REJECT:
                    at = run(ops, at, &self.flows, self.extras, self.extras_n, i)
                    while at != ACCEPT and at != REJECT:
                        with gil:
                            at = ops[at].yes if self.ask(program.predicates[ops[at].lo], i) else ops[at].no
                        if at != ACCEPT and at != REJECT:
                            at = run(ops, at, &self.flows, self.extras, self.extras_n, i)
                if at == ACCEPT:
                    self.items[n].row = i
                    self.items[n].key = self.flows.colds[i].key
                    n += 1
        self.matched = n
        return 0

    cdef bint ask(self, predicate, u32 row) except? True:
        if self.asked_row != row:
            self.asked = self.record_of(row)
            self.asked_row = row
        return predicate(self.asked, None)

    cdef int order_by_age(self, bint descending) except -1:
        """By the order of first frames; rows already lie so unless rows were used again."""
        cdef u32 k, n = self.matched
        cdef bint sorted_already = not descending
        with nogil:
            for k in range(1, n):
                if self.items[k - 1].key > self.items[k].key:
                    sorted_already = False
                    break
            if not sorted_already:
                for k in range(n):
                    self.items[k].key = directed(self.items[k].key, descending)
                radix(&self.items, &self.other, n)
        return 0

    cdef int order_by(self, str field, bint descending) except -1:
        """Sorts by a field, natively where it is a column; the order by age is there already and breaks ties."""
        kind, col, further = self.columns().get(field, (None, 0, None))
        if kind == "number":
            return self.order_numbers(col, descending)
        if kind == "address":
            return self.order_addresses(col, descending)
        if kind == "code":
            return self.order_codes(col, further, descending)
        if kind == "facts" and len(further) == 1:
            col, is_number, _ = further[0]
            return self.order_numbers(col, descending) if is_number else self.order_texts(col, descending)
        return self.order_records(field, descending)

    cdef int order_numbers(self, int col, bint descending) except -1:
        cdef u32 k
        cdef u64 value = 0
        with nogil:
            for k in range(self.matched):
                if number(&self.flows, self.items[k].row, col, &value):
                    self.items[k].key = directed(value, descending)
                else:
                    self.items[k].key = LAST
            radix(&self.items, &self.other, self.matched)
        return 0

    cdef int order_codes(self, int col, values, bint descending) except -1:
        """Codes go by the value they stand for: its rank among all values of the table, computed once."""
        cdef u32 k, top = max(values, default=0) + 1
        cdef u64 code = 0
        cdef u32[::1] ranks
        ordered = sorted({sort_key(value) for value in values.values()})
        rank_of = {key: rank for rank, key in enumerate(ordered, 1)}
        import array
        ranks = array.array("I", bytes(4 * top))
        for code_, value in values.items():
            ranks[code_] = rank_of[sort_key(value)]
        with nogil:
            for k in range(self.matched):
                self.items[k].key = LAST
                if number(&self.flows, self.items[k].row, col, &code) and code < top and ranks[<u32>code]:
                    self.items[k].key = directed(ranks[<u32>code], descending)
            radix(&self.items, &self.other, self.matched)
        return 0

    cdef int order_addresses(self, int col, bint descending) except -1:
        """By family (IPv4, IPv6, MAC), then numerically: least significant part first, as the sort is stable."""
        cdef u32 k
        cdef int part, at
        cdef const u8* a = NULL
        cdef u8 family = 0
        cdef u64 key
        with nogil:
            for part in range(3):
                for k in range(self.matched):
                    if not address(&self.flows, self.items[k].row, col, &a, &family):
                        key = LAST
                    elif part == 2:
                        key = directed(8 if family == 2 else family, descending)
                    else:
                        key = 0
                        for at in range(8 - 8 * part, 16 - 8 * part):
                            key = (key << 8) | a[at]
                        key = ~key if descending else key
                    self.items[k].key = key
                radix(&self.items, &self.other, self.matched)
        return 0

    cdef int order_texts(self, int col, bint descending) except -1:
        cdef u32 k, chunk, chunks = 0
        cdef Slice s
        with nogil:
            for k in range(self.matched):
                if text(&self.flows, self.items[k].row, col, &s):
                    chunks = max(chunks, min((s.n + 7) // 8, TEXT_CHUNKS))
            for chunk in range(chunks, 0, -1):
                for k in range(self.matched):
                    if text(&self.flows, self.items[k].row, col, &s):
                        self.items[k].key = directed(text_chunk(&s, chunk - 1), descending)
                    else:
                        self.items[k].key = LAST
                radix(&self.items, &self.other, self.matched)
        return 0

    cdef int order_records(self, str field, bint descending) except -1:
        """By a field only the record has: Python's sort of the ranks, which is stable too."""
        cdef u32 k
        keys = [record_value(self.record_of(self.items[k].row), field) for k in range(self.matched)]
        ranks = {key: rank for rank, key in enumerate(sorted({sort_key(key) for key in keys if key is not None}))}
        for k in range(self.matched):
            self.items[k].key = LAST if keys[k] is None else directed(ranks[sort_key(keys[k])], descending)
        radix(&self.items, &self.other, self.matched)
        return 0


def record_value(record, str path):
    """The value at a dotted path of a record, or None."""
    for name in path.split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record


def sort_key(value):
    """A total order over the values of records: numbers, then texts without regard to A-Z case, then lists."""
    if isinstance(value, (int, float)):
        return (0, value, "")
    if isinstance(value, str):
        return (1, 0, value.encode("utf-8", "replace").lower().decode())
    return (2, 0, repr(value))
