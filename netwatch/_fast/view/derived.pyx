"""Columns that a service works out of the rows: names, scopes, places. Worked out when asked for, and then remembered.

A row's value holds as long as the row is the same flow and its facts have not grown; a million rows are looked over in
a few ms then. The caller holds the engine still.
"""
from array import array

from netwatch._fast.base.bytes cimport u32, u64, Slice
from netwatch._fast.engine cimport Engine
from netwatch._fast.out.rawflow cimport packed
from netwatch._fast.flow.row cimport Row, Cold, BIT_INITIATOR_B
from netwatch._fast.flows cimport Core
from netwatch._fast.base.mix cimport mix
from netwatch._fast.wire.packet cimport FAMILY_NONE
from netwatch._fast.flow.content cimport facts_find

from netwatch._fast.dpi import app_names
from netwatch._fast.out.protocols import FACT_FIELDS
from netwatch._fast.base.text import clean

SPARE = 65536              # values of flows that are gone, beyond twice the rows, before all are worked out anew
MAX_TEXT = 256


cdef list said_by():
    """(protocol, key, record path) of the facts a name may come from."""
    numbers = {name: number for number, name in enumerate(app_names())}
    return [(numbers[app], key, *field.split(".")) for field in ("tls.sni", "quic.sni", "http.host")
            for app, key in FACT_FIELDS.get(field, ())]


cdef list SAID = said_by()


cdef dict ends_record(Engine engine, u32 number):
    """What the services look at: packed ends, times in ns, and the names the flow says itself."""
    cdef Row* row = &engine.core.table.rows[number]
    cdef Cold* cold = &engine.core.table.colds[number]
    cdef bint b = (row.bits & BIT_INITIATOR_B) != 0
    cdef Slice found
    first, second = packed(row.a, row.family), packed(row.b, row.family)
    record = {"src": second if b else first, "dst": first if b else second, "first": cold.first, "last": row.last}
    if cold.facts != NULL:
        for proto, key, carrier, field in SAID:
            if facts_find(cold.facts, proto, key, &found) and found.n:
                record.setdefault(carrier, {field: clean((<const char*>found.p)[:found.n], MAX_TEXT)})
    return record


cdef class Derived:
    """`fields`: the columns; `look(record)`: their values as a tuple, None where there is none; `changes()`: a number
    that rises when rows without a value, or with `fickle` any row, must be looked at again."""

    def __init__(self, fields, look, changes=None, bint fickle=False):
        self.fields, self.look, self.changes, self.fickle = tuple(fields), look, changes, fickle
        self.codes, self.stamps = array("I"), array("Q")
        self.clear()

    cdef void clear(self):
        """Nothing is known any more."""
        self.numbers = {}
        self.tables = {field: {} for field in self.fields}
        self.codes = array("I", bytes(4 * len(self.codes)))
        self.stamps = array("Q", bytes(8 * len(self.stamps)))

    def refresh(self, Engine engine):
        """The codes of all rows, row 0 included."""
        cdef Core* core = &engine.core
        cdef Row* row
        cdef u32 i, high = core.table.high
        cdef u64 stamp
        cdef u32[::1] codes
        cdef u64[::1] stamps
        if len(self.codes) <= high:
            more = high + 1 + high // 2 - len(self.codes)
            self.codes = array("I", self.codes.tobytes() + bytes(4 * more))
            self.stamps = array("Q", self.stamps.tobytes() + bytes(8 * more))
        now = self.changes() if self.changes is not None else None
        again = now != self.seen
        self.seen = now
        if len(self.numbers) > 2 * high + SPARE or (again and self.fickle):
            self.clear()
        codes, stamps = self.codes, self.stamps
        for i in range(1, high + 1):
            row = &core.table.rows[i]
            stamp = stamp_of(row, &core.table.colds[i])
            if stamps[i] != stamp or (again and codes[i] == 0):
                stamps[i] = stamp
                codes[i] = self.code(engine, i) if row.family != FAMILY_NONE else 0
        return self.codes

    cdef u32 code(self, Engine engine, u32 number) except? 0:
        values = self.look(ends_record(engine, number))
        if values is None:
            return 0
        code = self.numbers.get(values)
        if code is None:
            code = self.numbers[values] = len(self.numbers) + 1
            for field, value in zip(self.fields, values):
                if value is not None:
                    self.tables[field][code] = value
        return code


cdef inline u64 stamp_of(const Row* row, const Cold* cold) noexcept nogil:
    """Differs when the row is another flow's, has turned round, or has learnt more."""
    cdef u64 facts = cold.facts.used if cold.facts != NULL else 0
    return mix(cold.key, facts << 8 | (row.bits & BIT_INITIATOR_B) << 1 | (row.family != FAMILY_NONE)) | 1
