"""Columns that a service fills by itself, flow by flow, when it learns something: owners.

It is not asked about rows, as it is of Derived. A value holds as long as the row is the same flow.
"""
from array import array

from netwatch._fast.bytes cimport u32, u64
from netwatch._fast.derived cimport Derived
from netwatch._fast.engine cimport Engine
from netwatch._fast.flows cimport Core

cdef enum:
    SPARE = 4096               # values that nothing has any more, beyond twice those in use, before they are dropped
    FEWEST_ROWS = 1024


cdef class Told(Derived):
    """`fields`: the columns. The stamp of a row is the key of the flow whose value it has."""
    cdef u32 last              # code given
    cdef u64 limit             # values from which it is looked at which of them are still in use

    def __init__(self, fields):
        super().__init__(fields, None)
        self.limit = SPARE

    def put(self, u32 row, u64 key, tuple values) -> None:
        """The flow in that row, of that key, has these values: one for each field, None for none; hashable."""
        if row >= len(self.codes):
            more = max(row + 1 + row // 2, FEWEST_ROWS) - len(self.codes)
            self.codes = array("I", self.codes.tobytes() + bytes(4 * more))
            self.stamps = array("Q", self.stamps.tobytes() + bytes(8 * more))
        if len(self.numbers) > self.limit:
            self.sweep()
        code = self.numbers.get(values)
        if code is None:
            self.last += 1
            code = self.numbers[values] = self.last
            for field, value in zip(self.fields, values):
                if value is not None:
                    self.tables[field][code] = value
        self.codes[row] = code
        self.stamps[row] = key

    cdef void sweep(self):
        """Drop the values that no row has."""
        used = set(self.codes)
        for values, code in list(self.numbers.items()):
            if code not in used:
                del self.numbers[values]
                for table in self.tables.values():
                    table.pop(code, None)
        self.limit = 2 * len(self.numbers) + SPARE

    def refresh(self, Engine engine):
        """The codes of all rows, row 0 included; those of flows that are gone are dropped."""
        cdef Core* core = &engine.core
        cdef u32[::1] codes = self.codes
        cdef u64[::1] stamps = self.stamps
        cdef u32 i
        for i in range(1, len(codes)):
            if codes[i] and (i > core.table.high or core.table.colds[i].key != stamps[i]):
                codes[i] = 0
        return self.codes
