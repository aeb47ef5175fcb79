"""Columns that an addon fills by itself, flow by flow, when it has learnt something: owners, what was decrypted.

It is not handed the rows: it is told of new ones (EV_BEGUN), looks at their ends when it is ready
to, and puts what it finds. A value holds as long as the row is the same flow. The caller holds the engine still.
"""
from netwatch._fast.view.attached cimport RowCodes
from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.row cimport Row, BIT_ENDED, BIT_INITIATOR_B
from netwatch._fast.flows cimport Core, has_socket_ends
from netwatch._fast.wire.packet cimport FAMILY_IP4, PROTO_ICMP, PROTO_ICMP6, PROTO_TCP

cdef enum:
    SPARE = 4096               # values that nothing has any more, beyond twice those in use, before they are dropped


cdef class AddonColumns:
    """`fields`: the columns, of which `tables` say what the codes mean; `age_field`: how long ago that was put, None
    where nobody shows it."""
    cdef readonly Engine engine
    cdef readonly tuple fields     # tuple[str, ...]: the columns
    cdef readonly dict tables      # dict[str, dict[int, object]]: field -> {code: value}
    cdef readonly str age_field
    cdef readonly RowCodes codes, times
    cdef dict numbers          # values -> code
    cdef dict values           # code -> values
    cdef u32 last              # code given
    cdef u64 limit             # values from which it is looked at which of them are still in use

    def __init__(self, Engine engine, fields: Iterable[str], age_field: str | None = None):
        self.engine, self.fields, self.age_field = engine, tuple(fields), age_field
        self.tables = {field: {} for field in self.fields}
        self.codes, self.times = RowCodes(keyed=True), RowCodes(keyed=True, numbers=True)
        self.numbers, self.values = {}, {}
        self.limit = SPARE

    def key(self, u32 row) -> int | None:
        """The key of the flow in that row; None where there is none that a socket could have."""
        cdef Core* core = &self.engine.core
        if row == 0 or row > core.table.high or not has_socket_ends(&core.table.rows[row]):
            return None
        return core.table.colds[row].key

    def ends(self, u32 row, u64 key) -> tuple[int, bytes, int, bytes, int, int, int] | None:
        """(protocol, initiator's address, port, responder's address, port, first frame in ns, when it was last known to
        be the same flow in ns) of that flow, packed addresses; None when it is gone. An echo's identifier is its
        initiator's port. A TCP connection is the same until its end or another's beginning was seen."""
        cdef Core* core = &self.engine.core
        cdef Row* r
        if self.key(row) != key:
            return None
        r = &core.table.rows[row]
        n = 4 if r.family == FAMILY_IP4 else 16
        a, b = ((<char*>r.a)[:n], r.pa), ((<char*>r.b)[:n], r.pb)
        first, last = core.table.colds[row].first, r.last
        if r.proto == PROTO_TCP and not r.bits & BIT_ENDED:
            last = max(last, core.clock)
        if r.bits & BIT_INITIATOR_B:
            a, b = b, a
        if r.proto == PROTO_ICMP or r.proto == PROTO_ICMP6:
            return r.proto, a[0], r.pa, b[0], 0, first, last
        return r.proto, *a, *b, first, last

    def put(self, u32 row, u64 key, values: tuple[object, ...], when: int | None) -> None:
        """The flow in that row, of that key, has these values since `when`, None: no matter. One for each field, None
        for none; they can be hashed."""
        if len(self.numbers) > self.limit:
            self.sweep()
        code = self.numbers.get(values)
        if code is None:
            self.last += 1
            code = self.numbers[values] = self.last
            self.values[code] = values
            for field, value in zip(self.fields, values):
                if value is not None:
                    self.tables[field][code] = value
        self.codes.put(row, code, key)
        self.times.put(row, when if when is not None else 0, key if when is not None else 0)

    def of(self, u32 row, u64 key) -> tuple[tuple[object, ...], int | None] | None:
        """(values, since when) of that flow; None when nothing was put."""
        code = self.codes.code(row, key)
        return (self.values[code], self.times.number(row, key)) if code else None

    cdef void sweep(self):
        """Drop the values that no row has."""
        used = self.codes.used()
        for values, code in list(self.numbers.items()):
            if code not in used:
                del self.numbers[values]
                del self.values[code]
                for table in self.tables.values():
                    table.pop(code, None)
        self.limit = 2 * len(self.numbers) + SPARE
