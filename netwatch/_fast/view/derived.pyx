"""Values that follow from addresses, worked out once for each address, or pair of them, and put beside the rows."""
from libc.string cimport memset

from netwatch._fast.view.attached cimport RowCodes
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.columns cimport Flows
from netwatch._fast.flow.row cimport Row, BIT_INITIATOR_B
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6, FAMILY_MAC
from netwatch._fast.base.scopes cimport Blocks
from netwatch._fast.out.writing cimport address_text
from netwatch._fast.view.strings cimport OVER, strings_add, strings_clear, strings_close, strings_find, strings_open
from netwatch._fast.view.work cimport Work, COST_LOOK, COST_PYTHON, COST_TEXT

cdef enum:
    MOST = 4194304
    MOST_BYTES = 134217728


cdef inline const u8* end(const Row* row, bint src) noexcept nogil:
    return &row.b[0] if ((row.bits & BIT_INITIATOR_B) != 0) == src else &row.a[0]


cdef inline u32 length(u8 family) noexcept nogil:
    return 4 if family == FAMILY_IP4 else 6 if family == FAMILY_MAC else 16


cdef class Derived(RowFollower):
    """`fields`: the columns; what they say of a flow is a tuple, None where there is nothing."""

    def __init__(self, fields: Iterable[str]):
        self.fields = tuple(fields)
        self.tables = {field: {} for field in self.fields}
        self.codes, self.numbers = RowCodes(), {}

    cdef bint wanted(self) except? True:
        return self.asked

    cdef u32 number(self, tuple values) except? 0:
        """The code of values; 0 stands for none."""
        if values is None:
            return 0
        code = self.numbers.get(values)
        if code is None:
            code = self.numbers[values] = len(self.numbers) + 1
            for field, value in zip(self.fields, values):
                if value is not None:
                    self.tables[field][code] = value
        return code


cdef class Scopes(RowFollower):
    """The blocks that both ends lie in: 1 + number of the block. MAC addresses lie in none."""

    def __init__(self, Blocks blocks):
        self.blocks, self.src, self.dst = blocks, RowCodes(), RowCodes()

    cdef bint wanted(self) except? True:
        return self.asked

    def table(self) -> dict[int, str]:
        """Code -> scope."""
        return dict(enumerate(self.blocks.values, 1))

    cdef int look(self, const Flows* flows, u32 row, Work work) except -1:
        cdef const Row* r = &flows.rows[row]
        cdef bint known = r.family == FAMILY_IP4 or r.family == FAMILY_IP6, six = r.family == FAMILY_IP6
        self.src.room(row + 1)
        self.dst.room(row + 1)
        self.src.column.codes[row] = self.blocks.place(end(r, True), six) if known else 0
        self.dst.column.codes[row] = self.blocks.place(end(r, False), six) if known else 0
        work.left -= 4 * COST_LOOK
        return 0


cdef class Places(Derived):
    """`place_of(address)`: the values of an address that lies in one of the scopes `remote`: of the responder, else of
    the initiator."""

    def __init__(self, fields: Iterable[str], Blocks blocks, remote: Container[str],
                 place_of: Callable[[str], tuple[object, ...] | None]):
        super().__init__(fields)
        self.blocks, self.place_of, self.known = blocks, place_of, [0]
        memset(self.remote, 0, sizeof(self.remote))
        for number, scope in enumerate(blocks.values, 1):
            self.remote[<int>number] = scope in remote

    def __cinit__(self):
        strings_open(&self.addresses, MOST, MOST_BYTES)

    def __dealloc__(self):
        strings_close(&self.addresses)

    cdef int look(self, const Flows* flows, u32 row, Work work) except -1:
        cdef const Row* r = &flows.rows[row]
        cdef bint six = r.family == FAMILY_IP6
        cdef const u8* address
        cdef u32 number
        self.codes.room(row + 1)
        self.codes.column.codes[row] = 0
        work.left -= COST_TEXT
        if r.family != FAMILY_IP4 and not six:
            return 0
        address = end(r, False)
        if not self.remote[self.blocks.place(address, six)]:
            address = end(r, True)
            if not self.remote[self.blocks.place(address, six)]:
                return 0
        number = strings_add(&self.addresses, address, length(r.family))
        if number == OVER:
            strings_clear(&self.addresses)
            self.known = [0]
            number = strings_add(&self.addresses, address, length(r.family))
        if number == len(self.known):
            work.left -= COST_PYTHON
            work.calls += 1
            self.known.append(self.number(self.place_of(address_text(address, r.family))))
        self.codes.column.codes[row] = self.known[number]
        return 0


cdef class Stations(Derived):
    """`stations`: what has their addresses, in text, as keys; `values_of(src, dst, when)`: (values, from when on they
    hold) of two ends of which at least one is a station or a MAC address; `changes()` rises with every news."""

    def __init__(self, fields: Iterable[str], stations: Callable[[], Iterable[bytes]],
                 values_of: Callable[[str, str, int], tuple[tuple[object, ...] | None, int]],
                 changes: Callable[[], int]):
        super().__init__(fields)
        self.stations, self.values_of, self.changes, self.pairs = stations, values_of, changes, {}

    def __cinit__(self):
        strings_open(&self.ends, MOST, MOST_BYTES)

    def __dealloc__(self):
        strings_close(&self.ends)

    cdef bint wanted(self) except? True:
        cdef bytes packed
        if self.asked and self.changes() != self.heard:
            self.heard = self.changes()
            strings_clear(&self.ends)
            self.pairs, self.numbers, self.seen = {}, {}, 0
            for table in self.tables.values():
                table.clear()
            for packed in self.stations():
                strings_add(&self.ends, packed, <u32>len(packed))
        return self.asked

    cdef u32 end_of(self, const u8* address, u8 family) except? 0xFFFFFFFF:
        if family == FAMILY_MAC:
            return strings_add(&self.ends, address, 6)
        return strings_find(&self.ends, address, length(family)) if family else 0

    cdef int look(self, const Flows* flows, u32 row, Work work) except -1:
        cdef const Row* r = &flows.rows[row]
        cdef const u8* src = end(r, True)
        cdef const u8* dst = end(r, False)
        cdef u32 a = self.end_of(src, r.family), b = self.end_of(dst, r.family)
        self.codes.room(row + 1)
        self.codes.column.codes[row] = 0
        work.left -= COST_TEXT
        if not a and not b:
            return 0
        key = <u64>a << 32 | b
        known = self.pairs.get(key) if a != OVER and b != OVER else None
        if known is None or r.last < <u64>known[0]:
            values, since = self.values_of(address_text(src, r.family), address_text(dst, r.family), r.last)
            known = since, self.number(values)
            work.left -= COST_PYTHON
            work.calls += 1
            if r.last >= <u64>since and a != OVER and b != OVER:
                self.pairs[key] = known
        self.codes.column.codes[row] = known[1]
        return 0
