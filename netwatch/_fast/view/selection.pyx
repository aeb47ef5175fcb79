"""A question: which flows pass, in what order. It is answered in slices, between which the engine goes on.

Every row is looked at once, and what matched is sorted by one column; ties keep the order of the flows' first frames,
so an answer is the same every time. Nothing is copied but row numbers and keys. Flows that begin while it is being
answered are not in the answer, nor are those whose row is given to another meanwhile.
"""
import array
from functools import partial

cimport cython
from libc.stdlib cimport free

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, be16, be32, be64
from netwatch._fast.view.columns cimport COL_KEY, address, number, set_now
from netwatch._fast.flow.row cimport Row, BIT_ENDED
from netwatch._fast.view.order cimport LAST, TextRanks, directed, items_new, radix
from netwatch._fast.wire.packet cimport FAMILY_IP6, FAMILY_MAC
from netwatch._fast.view.program cimport ACCEPT, REJECT, Op, run
from netwatch._fast.view.query cimport FlowView
from netwatch._fast.view.values cimport LISTED, Values
from netwatch._fast.view.work cimport COST_LOOK, COST_PYTHON

cdef enum:
    TOLD = 65536               # answers of Python that are remembered in one question

cdef enum:                     # of an address, what it is sorted by
    LOW
    HIGH
    WHOLE


@cython.no_gc_clear                # __dealloc__ gives memory to the view
cdef class Selection:
    """`steps()` is driven until it ends; then `matched` and `page()`."""

    def __init__(self, FlowView view, bint ended=True, u64 now_ns=0):
        self.view, self.ended, self.now = view, ended, now_ns
        self.newest = view.newest
        self.told = {}

    def __dealloc__(self):
        if self.view.spare_cap < self.cap:
            free(self.view.spare[0])
            free(self.view.spare[1])
            self.view.spare[0], self.view.spare[1], self.view.spare_cap = self.items, self.other, self.cap
        else:
            free(self.items)
            free(self.other)

    def steps(self, program: Callable[[FlowView], Program] | None = None, sort: str | None = None,
              bint descending=False) -> Iterator[bool]:
        """A generator. It yields whether its next piece needs the engine to hold still; the first does. `program(view)`
        makes the Program, None: every flow; `sort` is a field, None: by first frame."""
        self.view.work.begin()
        self.view.pending = program is not None
        yield from self.view.catch_up()                    # services' columns first: a program knows their values
        self.program = program(self.view) if program is not None else None
        if self.program is not None:
            self.program.begin()
        key = self.key_of(sort)
        yield from self.view.catch_up()                    # what the program has begun to want
        while self.program is not None and not self.program.ready(self.view.work):
            yield True
            self.view.work.begin()
        self.view.pending = False
        self.open()
        while not self.find():
            yield True
            self.view.work.begin()
        yield from self.order(key, descending)

    def rows_alone(self, sort: str | None, bint descending=False) -> Iterator[bool]:
        """A generator: every flow, by what needs no more than the rows."""
        self.view.work.begin()
        self.open()
        while not self.find():
            yield True
            self.view.work.begin()
        yield from self.order(self.key_of(sort), descending and sort is not None)

    def ordered(self, sort: str | None, bint descending=False) -> Iterator[bool]:
        """A generator: put what was selected into another order."""
        self.at = 0
        yield True
        self.view.work.begin()
        while not self.fill_numbers(COL_KEY, False):
            yield True
            self.view.work.begin()
        yield from self.order(self.key_of(sort), descending)

    def order(self, key: tuple[str, int, Values | Mapping[int, object] | None] | None,
              bint descending) -> Iterator[bool]:
        """By age, then by what key_of() said."""
        yield from self.order_by_age(descending and key is None)
        if key is not None:
            yield from self.order_by(key, descending)

    def query(self, program: Callable[[FlowView], Program] | None = None, sort: str | None = None,
              bint descending=False, offset: int = 0, limit: int | None = None) -> tuple[list[int], int]:
        """(rows of one page, how many matched), all at once."""
        for _ in self.steps(program, sort, descending):
            pass
        return self.page(offset, limit), self.matched

    def page(self, offset: int = 0, limit: int | None = None) -> list[int]:
        """Rows of a part of the answer, without those that are other flows' by now."""
        cdef u32 start = min(max(offset, 0), self.matched), k
        cdef u32 end = self.matched if limit is None else min(start + max(limit, 0), self.matched)
        return [self.items[k].row for k in range(start, end) if self.stands(self.items[k].row)]

    cdef bint stands(self, u32 row) noexcept nogil:
        cdef const Row* r = &self.view.flows.rows[row]
        return r.packets[0] + r.packets[1] != 0 and self.view.flows.colds[row].key <= self.newest

    # ------------------------------------------------------------------------------------------------- finding

    cdef int open(self) except -1:
        """Room for every row; an eighth more than asked, so that a growing table does not mean new memory each time."""
        cdef size_t want = <size_t>self.view.flows.high + 1
        set_now(&self.view.flows, self.now)
        if want <= self.view.spare_cap:
            self.items, self.other, self.cap = self.view.spare[0], self.view.spare[1], self.view.spare_cap
            self.view.spare[0] = self.view.spare[1] = NULL
            self.view.spare_cap = 0
            return 0
        want += want // 8
        self.items, self.other = items_new(want), items_new(want)
        if self.items == NULL or self.other == NULL:
            raise MemoryError("no memory for the flows that match")
        self.cap = <u32>want
        return 0

    cdef bint find(self) except? True:
        """Put the rows that match into items, in row order, keyed by age; as long as the slice lasts."""
        cdef FlowView view = self.view
        cdef const Op* ops = NULL
        cdef u16 entry = ACCEPT, at
        cdef u32 steps = 0, begun = self.at, end = min(view.flows.high, self.cap - 1)
        cdef Row* row
        if self.program is not None:
            self.program.point()
            ops, entry = self.program.ops, self.program.entry
        set_now(&view.flows, self.now)
        with nogil:
            while self.at < end and view.work.goes_on():
                self.at += 1
                row = &view.flows.rows[self.at]
                steps = 1
                if self.stands(self.at) and (self.ended or not row.bits & BIT_ENDED):
                    at = entry
                    while at != ACCEPT and at != REJECT:
                        at = run(ops, at, &view.flows, self.at, &steps)
                        if at != ACCEPT and at != REJECT:
                            with gil:
                                at = ops[at].yes if self.ask(at, self.at) else ops[at].no
                    if at == ACCEPT:
                        self.items[self.matched].row = self.at
                        self.items[self.matched].key = view.flows.colds[self.at].key
                        self.matched += 1
                view.work.left -= steps * COST_LOOK
        view.work.rows += self.at - begun
        return self.at == end

    cdef bint ask(self, u16 op, u32 row) except? True:
        """What Python says of the row's number."""
        cdef u64 value = 0
        cdef u64 predicate = self.program.ops[op].lo
        if not number(&self.view.flows, row, self.program.ops[op].col, &value):
            return False
        key = (predicate, value)
        found = self.told.get(key)
        if found is None:
            found = bool(self.program.predicates[predicate](value))
            if len(self.told) >= TOLD:
                self.told.clear()
            self.told[key] = found
            self.view.work.left -= COST_PYTHON
            self.view.work.calls += 1
        return found

    # ------------------------------------------------------------------------------------------------ ordering

    def key_of(self, sort: str | None) -> tuple[str, int, Values | Mapping[int, object] | None] | None:
        """What there is to sort by: (kind, column, what more), None for the flows' age: also where it is a field of
        which nothing can be known here, so that no flow has a value."""
        if sort is None or sort == "id":
            return None
        kind, col, table = self.view.columns().get(sort, (None, 0, None))
        if kind is None:
            return None
        return kind, col, self.view.values_of(sort) if kind in ("plain", "described") else table

    def order_by_age(self, bint descending) -> Iterator[bool]:
        """By the order of first frames; rows already lie so unless rows were used again."""
        cdef u32 k
        cdef bint sorted_already = not descending
        yield False
        with nogil:
            for k in range(1, self.matched):
                if self.items[k - 1].key > self.items[k].key:
                    sorted_already = False
                    break
            if not sorted_already:
                for k in range(self.matched):
                    self.items[k].key = directed(self.items[k].key, descending)
                radix(&self.items, &self.other, self.matched)

    def order_by(self, key: tuple[str, int, Values | Mapping[int, object] | None],
                 bint descending) -> Iterator[bool]:
        """By a field; the order by age is there already and breaks ties."""
        kind, col, more = key
        if kind == "address":
            yield from self.filled(partial(self.fill_part, col, WHOLE, descending))
            for part in (LOW, HIGH, WHOLE) if self.wide else ():
                yield from self.filled(partial(self.fill_part, col, part, descending))
            return
        if kind == "number":
            yield from self.filled(lambda: self.fill_numbers(col, descending))
            return
        if kind == "code":
            yield True
            ranks = code_ranks(dict(more))
        elif kind == "text":
            yield from self.rank_texts()
            ranks = self.view.ranks
        else:
            yield from self.work_out(more)
            ranks = self.profile_ranks(more)
        yield from self.filled(lambda: self.fill_ranks(col, ranks, descending))

    def fill_part(self, int col, int part, bint descending) -> bool:
        """fill_addresses(), for filled()."""
        return self.fill_addresses(col, part, descending)

    def filled(self, fill: Callable[[], bool]) -> Iterator[bool]:
        """Keys by `fill()`, slice by slice, then the sort."""
        self.at = 0
        yield True
        self.view.work.begin()
        while not fill():
            yield True
            self.view.work.begin()
        yield False
        with nogil:
            radix(&self.items, &self.other, self.matched)

    def rank_texts(self) -> Iterator[bool]:
        """Ranks of all texts there are by now."""
        yield True
        self.view.work.begin()
        while not self.view.ranks.step(self.view.work):
            yield True
            self.view.work.begin()
        yield False
        self.view.ranks.sort()

    def work_out(self, Values values) -> Iterator[bool]:
        """What a field says in every profile, and the ranks of the texts among it."""
        yield True
        self.view.work.begin()
        while not values.step(self.view.work) or not values.name_texts(self.view.work):
            yield True
            self.view.work.begin()
        yield from self.rank_texts()

    def profile_ranks(self, Values values) -> array[int]:
        """Ranks by profile: numbers go before texts; a list goes by its first value."""
        cdef u32[::1] found
        cdef u32 k, first
        codes, others = values.codes()
        found, first = codes, <u32>len(others)
        with nogil:
            for k in range(<u32>found.shape[0]):
                if found[k] & LISTED:
                    found[k] = 1 + (found[k] & ~LISTED)
                elif found[k]:
                    found[k] = first + self.view.ranks.rank(found[k])
        return codes

    cdef bint fill_numbers(self, int col, bint descending) except? True:
        cdef u64 value = 0
        cdef u32 begun = self.at
        with nogil:
            while self.at < self.matched and self.view.work.goes_on():
                self.items[self.at].key = LAST
                if number(&self.view.flows, self.items[self.at].row, col, &value):
                    self.items[self.at].key = directed(value, descending)
                self.at += 1
                self.view.work.left -= 2 * COST_LOOK
        self.view.work.rows += self.at - begun
        return self.at == self.matched

    cdef bint fill_ranks(self, int col, ranks, bint descending) except? True:
        """Keys by the ranks of codes; 0 and what is behind them has none."""
        cdef const u32[::1] buffer
        cdef const u32* by_code
        cdef u64 code = 0, top
        cdef u32 begun = self.at
        if isinstance(ranks, TextRanks):
            by_code, top = (<TextRanks>ranks).ranks, <u64>(<TextRanks>ranks).sorted + 1
        else:
            buffer = ranks
            by_code, top = &buffer[0], <u64>buffer.shape[0]
        with nogil:
            while self.at < self.matched and self.view.work.goes_on():
                self.items[self.at].key = LAST
                if number(&self.view.flows, self.items[self.at].row, col, &code) and code < top and by_code[code]:
                    self.items[self.at].key = directed(by_code[code], descending)
                self.at += 1
                self.view.work.left -= 2 * COST_LOOK
        self.view.work.rows += self.at - begun
        return self.at == self.matched

    cdef bint fill_addresses(self, int col, int part, bint descending) except? True:
        """By family (IPv4, IPv6, MAC), then numerically: WHOLE is all of it, but of `wide` ones, IPv6, whose
        halves come first, the lower one before: the sort is stable."""
        cdef const u8* a = NULL
        cdef u8 family = 0
        cdef u64 key
        cdef u32 begun = self.at
        with nogil:
            while self.at < self.matched and self.view.work.goes_on():
                key = LAST
                if address(&self.view.flows, self.items[self.at].row, col, &a, &family):
                    if part == WHOLE:
                        self.wide |= family == FAMILY_IP6
                        key = <u64>(8 if family == FAMILY_MAC else family) << 48
                        if family != FAMILY_IP6:
                            key |= <u64>be16(a) << 32 | be32(a + 2) if family == FAMILY_MAC else be32(a)
                        key = directed(key, descending)
                    else:
                        key = be64(a if part == HIGH else a + 8) if family == FAMILY_IP6 else 0
                        key = ~key if descending else key
                self.items[self.at].key = key
                self.at += 1
                self.view.work.left -= 2 * COST_LOOK
        self.view.work.rows += self.at - begun
        return self.at == self.matched


def code_ranks(values: Mapping[int, object]) -> array[int]:
    """Codes go by the value that they stand for: its rank among all values of the table, by code."""
    ordered = sorted({sort_key(value) for value in values.values()})
    rank_of = {key: rank for rank, key in enumerate(ordered, 1)}
    ranks = array.array("I", bytes(4 * (max(values, default=0) + 1)))
    for code, value in values.items():
        ranks[code] = rank_of[sort_key(value)]
    return ranks


def sort_key(value: object) -> tuple[int, float, bytes]:
    """A total order over the values of records: numbers, then texts without regard to A-Z case; a list goes by its
    first value."""
    if isinstance(value, (list, tuple)):
        value = value[0] if value else ""
    if isinstance(value, (int, float)):
        return (0, value, b"")
    return (1, 0, str(value).encode("utf-8", "replace").lower())
