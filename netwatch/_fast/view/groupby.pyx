"""Of a flow, that is what the first of some fields says that says anything; else the address at an end of it.

Fields are asked for as codes of the rows: values of equal meaning get one number beforehand, in their order where that
is known, so that adding up compares numbers alone.
"""
from netwatch._fast.base.bytes cimport u8, u32, u64, be16, be32, be64
from netwatch._fast.flow.series cimport Series
from netwatch._fast.out.writing cimport address_text
from netwatch._fast.view.columns cimport Flows, address, number, responds_here, COL_DST, COL_SRC
from netwatch._fast.view.query cimport FlowView
from netwatch._fast.view.selection cimport Selection
from netwatch._fast.view.strings cimport strings_find
from netwatch._fast.view.values cimport LISTED, Values
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6, FAMILY_MAC, FAMILY_NONE

from netwatch._fast.out.addresses import packed_of

cdef enum:
    STEPS = 24                 # powers of two of microseconds: the last is 8 s and more

ENDS = {"": 0, "src": COL_SRC, "dst": COL_DST, "remote": COL_DST, "peer": COL_DST, "each": COL_DST}
FAMILIES = {4: FAMILY_IP4, 6: FAMILY_MAC, 16: FAMILY_IP6}     # by octets of an address
STEPS_US: tuple[int, ...] = tuple(1 << k for k in range(STEPS))       # smallest of each step


cdef void read_address(const u8* a, u8 family, u64* words) noexcept nogil:
    """As two numbers that order like it, and its kind."""
    words[0] = words[1] = 0
    words[2] = KIND_ADDRESS + family
    if family == FAMILY_IP4:
        words[1] = be32(a)
    elif family == FAMILY_MAC:
        words[1] = <u64>be16(a) << 32 | be32(a + 2)
    else:
        words[0], words[1] = be64(a), be64(a + 8)


cdef bint end_of(const Flows* t, const Series* here, u32 row, int end, bint other, u64* words) noexcept nogil:
    """The address at an end; with `other`, of a flow that another machine began to this one, the initiator's. False
    when the flow has no addresses."""
    cdef const u8* a = NULL
    cdef u8 family = FAMILY_NONE
    if not address(t, row, end, &a, &family):
        return False
    if other and responds_here(t, here, row):
        address(t, row, COL_SRC, &a, &family)
    read_address(a, family, words)
    return True


cdef inline u64 step_of(u64 us) noexcept nogil:
    cdef u64 k = 0
    while us > 1 and k < STEPS - 1:
        us >>= 1
        k += 1
    return k


cdef class GroupBy:
    """`fields`, each a field, or (name, fields of the same column) for what several of them say together. `end`: ""
    none, "src", "dst", "remote": the responder, or of flows that others began to this machine the initiator; "peer":
    that too, and what fields say of a responder says nothing of an initiator; "each": both, one after the other.
    `steps`: the fields are durations, and go by STEPS_US."""

    def __init__(self, FlowView view, fields: Sequence[str | tuple[str, tuple[str, ...]]] = (), str end="",
                 bint steps=False):
        if len(fields) > MAX_COLUMNS:
            raise ValueError(f"more than {MAX_COLUMNS} fields")
        self.view, self.fields, self.steps = view, tuple(fields), steps
        self.end, self.other_end, self.each_end = ENDS[end], end in ("remote", "peer"), end == "each"
        self.of_responder = end == "peer"

    def ready(self, Selection selection) -> Iterator[bool]:
        """A generator, as Selection.steps: number what the fields say. After the selection is made."""
        cdef KeyColumn* column
        cdef const u32[::1] buffer
        yield True                                         # services may add to what their codes mean
        self.kinds, self.names, self.values, self.kept, self.n = [], [], [], [], 0
        columns = self.view.columns()
        named = [(field, (field,)) if isinstance(field, str) else field for field in self.fields]
        found = [(name, together, *columns[together[0]]) for name, together in named if together[0] in columns]
        profiled = {name: self.view.values_of(name) for name, _, kind, *_ in found if kind in ("plain", "described")}
        if profiled:
            yield from self.view.catch_up()
        for name, together, kind, col, _ in found:
            codes, values = None, None
            if kind == "address":
                self.end = col
                continue
            if kind == "code":
                codes, values = self.view.ranked(together)
            elif kind in ("plain", "described"):
                yield from selection.work_out(profiled[name])
                codes, values = (<Values>profiled[name]).codes()
            elif kind == "text":
                yield from selection.rank_texts()
            column = &self.columns[self.n]
            column.col, column.codes, column.steps, column.top = col, NULL, self.steps, 0
            column.texts = kind in ("plain", "described", "text")
            if codes is not None:
                buffer = codes
                column.codes, column.top = &buffer[0], <u64>len(buffer)
            self.kept.append(codes)
            self.kinds.append(kind)
            self.names.append(name)
            self.values.append(values)
            self.n += 1

    cdef void key(self, const Flows* t, const Series* here, u32 row, int side, u64* words) noexcept nogil:
        """This part of a row's key, or for "each" of one of its sides, and those that follow."""
        self.part(t, here, row, side, words)
        if self.following is not None:
            self.following.key(t, here, row, side, words + WORDS)

    cdef void part(self, const Flows* t, const Series* here, u32 row, int side, u64* words) noexcept nogil:
        cdef const KeyColumn* column
        cdef u64 code = 0
        cdef int c
        words[0] = words[1] = 0
        words[2] = KIND_NONE
        for c in range(0 if self.of_responder and responds_here(t, here, row) else self.n):
            column = &self.columns[c]
            if not number(t, row, column.col, &code):
                continue
            if column.codes != NULL:
                code = column.codes[code] if code < column.top else 0
                if not code:
                    continue
            words[1] = step_of(code // 1000) if column.steps else code
            words[2] = 1 + <u64>c
            return
        if self.each_end:
            if t.rows[row].family != FAMILY_NONE:
                read_address(&t.rows[row].b[0] if side else &t.rows[row].a[0], t.rows[row].family, words)
        elif self.end:
            end_of(t, here, row, self.end, self.other_end, words)

    cdef u64 rank(self, const u64* words) noexcept nogil:
        """The place of a key in the order of names, among those of one kind; equal ones go by words[1]."""
        if not 0 < words[2] < KIND_ADDRESS or not self.columns[words[2] - 1].texts:
            return words[1]
        if words[1] & LISTED:
            return words[1] & ~LISTED
        return <u64>1 << 32 | self.view.ranks.rank(<u32>words[1])

    # ------------------------------------------------------------------------------------------- what a key stands for

    cdef tuple shown(self, const u64* words):
        """("none", None), ("address", text), or (field, what it says)."""
        cdef u8 packed[16]
        cdef int k, n, c = <int>words[2] - 1
        cdef u64 code = words[1]
        if words[2] == KIND_NONE:
            return "none", None
        if words[2] >= KIND_ADDRESS:
            n = 4 if words[2] == KIND_ADDRESS + FAMILY_IP4 else 6 if words[2] == KIND_ADDRESS + FAMILY_MAC else 16
            for k in range(n):
                packed[n - 1 - k] = <u8>(words[1] >> 8 * k if k < 8 else words[0] >> 8 * (k - 8))
            return "address", address_text(packed, <u8>(words[2] - KIND_ADDRESS))
        if self.kinds[c] == "code":
            return self.names[c], self.values[c][code]
        if self.kinds[c] == "number":
            return self.names[c], code
        return self.names[c], self.values[c][code & ~LISTED] if code & LISTED else self.view.text(<u32>code)

    cdef bint find(self, name, value, u64* words) except? False:
        """The key that is shown so; False when there is none."""
        cdef bytes text
        words[0] = words[1] = 0
        words[2] = KIND_NONE
        if name == "none":
            return True
        if name == "address":
            text = packed_of(value)
            if len(text) in FAMILIES:
                read_address(<const u8*>text, FAMILIES[len(text)], words)
            return len(text) in FAMILIES
        if name not in self.names:
            return False
        c = self.names.index(name)
        words[2] = 1 + <u64>c
        if self.kinds[c] == "number":
            words[1] = value
        elif self.values[c] is not None and value in self.values[c]:
            words[1] = self.values[c].index(value) | (0 if self.kinds[c] == "code" else LISTED)
        elif self.kinds[c] == "code" or not isinstance(value, str):
            return False
        else:
            text = value.encode("utf-8", "replace")
            words[1] = strings_find(&self.view.profiles.texts, text, <u32>len(text))
            return words[1] != 0
        return True
