"""Runs a filter over flow rows without Python.

A condition jumps to one of two later ones, so a program of n conditions takes at most n steps and always ends.
Conditions Python must decide stop the run; who runs it asks, and goes on from there. netwatch.filter.compile makes the
programs; what it hands over is checked here, because the loop is not.
"""
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice
from netwatch._fast.view.columns cimport Flows, number, address, text, is_text, is_number, end_text, COL_SRC, COL_DST
from netwatch._fast.flow.content cimport facts_of

cdef enum:
    MAX_LOOK = 4096        # bytes of a text that are looked at

KINDS = {"number": OP_NUMBER, "bits": OP_BITS, "address": OP_ADDRESS, "equal": OP_EQUAL, "part": OP_PART,
         "has": OP_HAS, "end": OP_END, "extra": OP_EXTRA, "ask": OP_ASK, "told": OP_TOLD}
FAMILIES = {4: 4, 6: 2, 16: 6}         # length of an address -> FAMILY_*
TARGET_ACCEPT, TARGET_REJECT = ACCEPT, REJECT
LIMIT = MAX_OPS


cdef class Program:
    """`ops`: tuples (kind, column, yes, no, a, b), see KINDS; `entry`: where to begin. ValueError on nonsense."""

    def __init__(self, list ops, int entry, tuple predicates=()):
        if len(ops) > MAX_OPS:
            raise ValueError(f"more than {MAX_OPS} conditions")
        self.predicates = predicates
        self.kept = []
        self.count = len(ops)
        self.entry = self.target(entry, -1)
        for at, (kind, col, yes, no, a, b) in enumerate(ops):
            self.fill(&self.ops[at], KINDS[kind], col, a, b)
            self.ops[at].yes = self.target(yes, at)
            self.ops[at].no = self.target(no, at)

    cdef u16 target(self, int to, int at) except? 0:
        if to not in (ACCEPT, REJECT) and not at < to < self.count:
            raise ValueError(f"a jump from {at} to {to}")
        return <u16>to

    cdef int fill(self, Op* op, int kind, int col, a, b) except -1:
        op.kind = <u8>kind
        op.col = col
        op.lo = op.hi = 0
        op.p = op.q = NULL
        op.n = 0
        op.family = 0
        if kind in (OP_EQUAL, OP_PART) and not is_text(col):
            raise ValueError(f"column {col} is no text")
        if kind in (OP_ADDRESS, OP_END) and col not in (COL_SRC, COL_DST):
            raise ValueError(f"column {col} is no address")
        if kind in (OP_NUMBER, OP_BITS) and not is_number(col):
            raise ValueError(f"column {col} is no number")
        if kind == OP_HAS and not (is_text(col) or is_number(col) or col in (COL_SRC, COL_DST)):
            raise ValueError(f"there is no column {col}")
        if kind == OP_NUMBER:
            op.lo, op.hi = a, b
        elif kind == OP_ASK:
            if not 0 <= a < len(self.predicates):
                raise ValueError(f"no predicate {a}")
            op.lo = a
        elif kind == OP_ADDRESS:
            if len(a) != len(b) or len(a) not in FAMILIES:
                raise ValueError("an address of no family")
            op.family = FAMILIES[len(a)]
            op.n = <u32>len(a)
            op.p, op.q = self.keep(a), self.keep(b)
        elif kind in (OP_BITS, OP_EQUAL, OP_PART, OP_END):
            op.p = self.keep(a)
            op.n = <u32>(len(a) * 8 if kind == OP_BITS else len(a))
        return 0

    cdef const u8* keep(self, bytes data) except NULL:
        self.kept.append(data)
        return <const u8*><char*>data

    def __repr__(self):
        return f"<Program of {self.count} conditions, {len(self.predicates)} asked of Python>"


cdef inline u8 lower(u8 c) noexcept nogil:
    return c + 32 if 65 <= c <= 90 else c


cdef bint same(const u8* p, const u8* needle, u32 n) noexcept nogil:
    """The n bytes at p equal the needle, which is in lower case."""
    cdef u32 k
    for k in range(n):
        if lower(p[k]) != needle[k]:
            return False
    return True


cdef bint contains(const u8* p, u32 n, const u8* needle, u32 m) noexcept nogil:
    cdef u32 k
    if n > MAX_LOOK:
        n = MAX_LOOK
    if m > n:
        return False
    for k in range(n - m + 1):
        if m == 0 or (lower(p[k]) == needle[0] and same(p + k, needle, m)):
            return True
    return False


cdef bint holds(const Op* op, const Flows* t, u32 row) noexcept nogil:
    cdef u64 value = 0
    cdef const u8* a = NULL
    cdef u8 family = 0
    cdef Slice s
    cdef char end[64]
    if op.kind == OP_NUMBER:
        return number(t, row, op.col, &value) and op.lo <= value <= op.hi
    if op.kind == OP_BITS:
        return number(t, row, op.col, &value) and value < op.n and (op.p[value >> 3] >> (value & 7)) & 1
    if op.kind == OP_ADDRESS:
        return (address(t, row, op.col, &a, &family) and family == op.family
                and memcmp(a, op.p, op.n) >= 0 and memcmp(a, op.q, op.n) <= 0)
    if op.kind == OP_EQUAL:
        return text(t, row, op.col, &s) and s.n == op.n and same(s.p, op.p, s.n)
    if op.kind == OP_PART:
        return text(t, row, op.col, &s) and contains(s.p, s.n, op.p, op.n)
    if op.kind == OP_TOLD:
        return facts_of(t.colds[row].facts, op.col) or (op.col == 0 and t.rows[row].app != 0)
    if op.kind == OP_END:
        return contains(<const u8*>end, end_text(t, row, op.col, end), op.p, op.n)
    if op.col == COL_SRC or op.col == COL_DST:
        return address(t, row, op.col, &a, &family)
    if is_text(op.col):
        return text(t, row, op.col, &s)
    return number(t, row, op.col, &value)


cdef u16 run(const Op* ops, u16 at, const Flows* t, const u8* extras, u32 extras_n, u32 row) noexcept nogil:
    """ACCEPT, REJECT, or the place of an OP_ASK that has to be answered first."""
    cdef bint yes
    while at < MAX_OPS and ops[at].kind != OP_ASK:
        if ops[at].kind == OP_EXTRA:
            yes = extras == NULL or (row < extras_n and extras[row] != 0)
        else:
            yes = holds(&ops[at], t, row)
        at = ops[at].yes if yes else ops[at].no
    return at
