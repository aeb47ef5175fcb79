"""Runs a filter over flow rows without Python.

A condition jumps to one of two later ones, so a program of n conditions takes at most n steps and always ends. What
must be asked of Python stops the run; who runs it asks, and goes on from there. netwatch.filter.compile makes the
programs; what it hands over is checked here, because the loop is not.
"""
import struct

from libc.stdlib cimport calloc, free
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.view.columns cimport Flows, number, address, is_number, COL_SRC, COL_DST
from netwatch._fast.view.conditions cimport Answers, contains
from netwatch._fast.view.work cimport Work
from netwatch._fast.view.endpointtext cimport address_text_of, endpoint_text

KINDS = {"number": OP_NUMBER, "ranges": OP_RANGES, "bits": OP_BITS, "address": OP_ADDRESS, "has": OP_HAS,
         "end": OP_END, "written": OP_WRITTEN, "ask": OP_ASK,
         "relate": OP_RELATE}
RELATIONS = ("==", "<", "<=", ">", ">=")
FAMILIES = {4: 4, 6: 2, 16: 6}         # length of an address -> FAMILY_*
TARGET_ACCEPT: int = ACCEPT
TARGET_REJECT: int = REJECT
LIMIT: int = MAX_OPS


cdef class Program:
    """`ops`: tuples (kind, column, yes, no, value), see KINDS; `entry`: where to begin. ValueError on nonsense."""

    def __init__(self, ops: list[tuple[str, int, int, int, object]], int entry,
                 predicates: tuple[Callable[[int], bool], ...] = ()):
        if len(ops) > MAX_OPS:
            raise ValueError(f"more than {MAX_OPS} conditions")
        self.predicates = predicates
        self.kept, self.asked = [], []
        self.count = <int>len(ops)
        self.ops = <Op*>calloc(self.count + 1, sizeof(Op))
        if self.ops == NULL:
            raise MemoryError("no memory for a filter")
        self.entry = self.target(entry, -1)
        for at, (kind, col, yes, no, value) in enumerate(ops):
            self.fill(at, KINDS[kind], col, value)
            self.ops[at].yes = self.target(yes, at)
            self.ops[at].no = self.target(no, at)

    def __dealloc__(self):
        free(self.ops)

    cdef u16 target(self, int to, int at) except? 0:
        if to not in (ACCEPT, REJECT) and not at < to < self.count:
            raise ValueError(f"a jump from {at} to {to}")
        return <u16>to

    cdef int fill(self, int at, int kind, int col, value) except -1:
        cdef Op* op = &self.ops[at]
        op.kind, op.col = <u8>kind, col
        if kind in (OP_ADDRESS, OP_END, OP_WRITTEN) and col not in (COL_SRC, COL_DST):
            raise ValueError(f"column {col} is no address")
        if kind in (OP_NUMBER, OP_RANGES, OP_BITS, OP_ASK) and not is_number(col):
            raise ValueError(f"column {col} is no number")
        if kind == OP_HAS and not (is_number(col) or col in (COL_SRC, COL_DST)):
            raise ValueError(f"there is no column {col}")
        if kind == OP_NUMBER:
            op.lo, op.hi = value
        elif kind == OP_RANGES:
            flat = [end for pair in value for end in pair]
            if not flat or flat != sorted(flat):
                raise ValueError("ranges that are in no order")
            op.p, op.n = self.keep(struct.pack(f"={len(flat)}Q", *flat)), <u32>len(value)
        elif kind == OP_RELATE:
            other, relation = value
            if not (is_number(col) and is_number(other)) or not 0 <= relation < len(RELATIONS):
                raise ValueError(f"columns {col} and {other} are not related so")
            op.lo, op.hi = other, relation
        elif kind == OP_ASK:
            if not 0 <= value < len(self.predicates):
                raise ValueError(f"no predicate {value}")
            op.lo = value
        elif kind == OP_ADDRESS:
            self.fill_address(op, value)
        elif kind == OP_BITS and isinstance(value, Answers):
            self.asked.append((at, value))
        elif kind != OP_HAS and kind != OP_RELATE:
            op.p, op.n = self.keep(value), <u32>(len(value) * 8 if kind == OP_BITS else len(value))
        return 0

    cdef int fill_address(self, Op* op, ranges) except -1:
        """Ranges of one family."""
        sizes = {len(end) for pair in ranges for end in pair}
        if len(sizes) != 1 or not sizes <= set(FAMILIES):
            raise ValueError("addresses of no family, or of several")
        op.size = <u16>sizes.pop()
        op.family = FAMILIES[op.size]
        op.p, op.n = self.keep(b"".join(end for pair in ranges for end in pair)), <u32>len(ranges)
        return 0

    cdef const u8* keep(self, bytes data) except NULL:
        self.kept.append(data)
        return <const u8*><char*>data

    def begin(self) -> None:
        """A new question begins."""
        cdef Answers answers
        for _, answers in self.asked:
            answers.renew()

    def ready(self, Work work) -> bool:
        """Bring the answers that it stands on up to date, as long as the slice lasts. True when they are."""
        cdef Answers answers
        for _, answers in self.asked:
            if not answers.step(work):
                return False
        return True

    cdef void point(self) noexcept:
        """Use the answers as they lie now; they move when they grow."""
        cdef Answers answers
        for at, answers in self.asked:
            self.ops[<int>at].p, self.ops[<int>at].n = answers.bits, answers.known + 1

    def __repr__(self):
        return f"<Program of {self.count} conditions, {len(self.predicates)} asked of Python>"


cdef bint in_ranges(const Op* op, u64 value) noexcept nogil:
    """By bisection: the last range that begins at or below the value."""
    cdef const u64* pairs = <const u64*>op.p
    cdef u32 low = 0, high = op.n, middle
    while low < high:
        middle = (low + high) // 2
        if pairs[2 * middle] <= value:
            low = middle + 1
        else:
            high = middle
    return low != 0 and value <= pairs[2 * low - 1]


cdef bint in_networks(const Op* op, const u8* a) noexcept nogil:
    cdef u32 k
    for k in range(op.n):
        if memcmp(a, op.p + 2 * k * op.size, op.size) >= 0 and memcmp(a, op.p + (2 * k + 1) * op.size, op.size) <= 0:
            return True
    return False


cdef bint related(const Op* op, const Flows* t, u32 row) noexcept nogil:
    """Do the values of two columns stand so to each other?"""
    cdef u64 a = 0, b = 0
    if not number(t, row, op.col, &a) or not number(t, row, <int>op.lo, &b):
        return False
    if op.hi == 0:
        return a == b
    if op.hi == 1:
        return a < b
    if op.hi == 2:
        return a <= b
    return a > b if op.hi == 3 else a >= b


cdef bint holds(const Op* op, const Flows* t, u32 row) noexcept nogil:
    cdef u64 value = 0
    cdef const u8* a = NULL
    cdef u8 family = 0
    cdef char written[64]
    if op.kind == OP_NUMBER:
        return number(t, row, op.col, &value) and op.lo <= value <= op.hi
    if op.kind == OP_BITS:
        return number(t, row, op.col, &value) and value < op.n and (op.p[value >> 3] >> (value & 7)) & 1
    if op.kind == OP_RANGES:
        return number(t, row, op.col, &value) and in_ranges(op, value)
    if op.kind == OP_ADDRESS:
        return address(t, row, op.col, &a, &family) and family == op.family and in_networks(op, a)
    if op.kind == OP_RELATE:
        return related(op, t, row)
    if op.kind == OP_END:
        return contains(<const u8*>written, endpoint_text(t, row, op.col, written), op.p, op.n)
    if op.kind == OP_WRITTEN:
        return contains(<const u8*>written, address_text_of(t, row, op.col, written), op.p, op.n)
    if op.col == COL_SRC or op.col == COL_DST:
        return address(t, row, op.col, &a, &family)
    return number(t, row, op.col, &value)


cdef u16 run(const Op* ops, u16 at, const Flows* t, u32 row, u32* steps) noexcept nogil:
    """ACCEPT, REJECT, or the place of an OP_ASK that has to be answered first. Counts conditions."""
    while at < MAX_OPS and ops[at].kind != OP_ASK:
        steps[0] += 1 + (ops[at].n >> 2 if ops[at].kind == OP_ADDRESS else 0)
        at = ops[at].yes if holds(&ops[at], t, row) else ops[at].no
    return at
