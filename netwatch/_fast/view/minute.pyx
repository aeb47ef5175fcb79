"""The last minute of some flows, second by second: of those that a screen shows. Memory is fixed.

What a row tells at a look is certain for the seconds since its last frame and the two before; older seconds that no
look fell into stay unknown. The caller holds the engine still.
"""
from collections import OrderedDict

from libc.stdlib cimport calloc, free

from netwatch._fast.base.bytes cimport u16, u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.row cimport Row, Cold, BIT_INITIATOR_B
from netwatch._fast.flows cimport Core
from netwatch._fast.flow.rates cimport SMOOTH, Pace, unpack_rate

cdef enum:
    SECOND = 1000000000
    LENGTH = 60                # seconds
    FLOWS = 1024               # remembered at most; the one longest not asked for makes room

cdef u32 UNKNOWN = 0xFFFFFFFF

cdef struct Minute:
    u32 row
    u64 key                    # of the flow
    u64 until                  # the second that has not been looked at
    u32 sides[2][LENGTH]       # bytes in the second, at second % LENGTH; side a, side b


cdef class Minutes:
    """Rows by number. want() those on screen, sample() with every chunk, of() to see."""
    cdef Minute* kept
    cdef object places         # row → place, the longest not wanted first
    cdef u64 second

    def __cinit__(self):
        self.kept = <Minute*>calloc(FLOWS, sizeof(Minute))
        if self.kept == NULL:
            raise MemoryError("no memory for the last minute of flows")
        self.places = OrderedDict()

    def __dealloc__(self):
        free(self.kept)

    def want(self, Engine engine, rows: Iterable[int]) -> None:
        """Remember these rows from now on."""
        cdef u32 row
        cdef u64 second = engine.core.clock // SECOND
        cdef Minute* m
        for row in rows:
            place = self.places.get(row)
            if place is None:
                place = len(self.places) if len(self.places) < FLOWS else self.places.popitem(last=False)[1]
                self.places[row] = place
                self.kept[<u32>place].key = UNKNOWN
            self.places.move_to_end(row)
            m = &self.kept[<u32>place]
            if m.key != engine.core.table.colds[row].key:
                begin(m, row, &engine.core)
                look(m, &engine.core, second)

    def sample(self, Engine engine) -> None:
        """Look at all that are remembered, if a second of packet time has begun since the last time."""
        cdef u64 second = engine.core.clock // SECOND
        cdef u32 place, n = <u32>len(self.places)
        if second == self.second:
            return
        self.second = second
        with nogil:
            for place in range(n):
                if self.kept[place].key == engine.core.table.colds[self.kept[place].row].key:
                    look(&self.kept[place], &engine.core, second)

    def of(self, Engine engine, u32 row) -> tuple[bytes, bytes] | None:
        """(from the initiator, to it): 60 32-bit numbers each, bytes in a second, the newest full one last, all bits
        set where that is not known. None for a row that nobody wanted."""
        cdef Minute* m
        cdef u32 found[2][LENGTH]
        cdef u32 k
        cdef int o
        place = self.places.get(row)
        if place is None or self.kept[<u32>place].key != engine.core.table.colds[row].key:
            return None
        m = &self.kept[<u32>place]
        o = 1 if engine.core.table.rows[row].bits & BIT_INITIATOR_B else 0
        for k in range(LENGTH):
            found[0][k] = m.sides[o][(m.until + k) % LENGTH]
            found[1][k] = m.sides[1 - o][(m.until + k) % LENGTH]
        return (<char*>found[0])[:4 * LENGTH], (<char*>found[1])[:4 * LENGTH]

    def dump(self) -> bytes:
        """All that is remembered, for load()."""
        return (<char*>self.kept)[:sizeof(Minute) * len(self.places)]

    def load(self, Engine engine, u64 second, pieces: Iterable[bytes]) -> None:
        """Remember what dumps tell of the minute before that second of the flows of this engine, which is as it was
        then."""
        cdef const unsigned char[::1] piece
        cdef const Minute* m
        cdef size_t n, k
        for piece in pieces:
            n = <size_t>piece.shape[0] // sizeof(Minute)
            for k in range(n):
                m = <const Minute*>&piece[0] + k
                if m.row > engine.core.table.high or m.key != engine.core.table.colds[m.row].key:
                    continue
                place = self.places.get(m.row)
                if place is None:
                    if len(self.places) == FLOWS:
                        return
                    place = self.places[m.row] = len(self.places)
                    begin(&self.kept[<u32>place], m.row, &engine.core)
                    self.kept[<u32>place].until = second
                join(&self.kept[<u32>place], m)


cdef void join(Minute* to, const Minute* m) noexcept nogil:
    """What the other one knows of the same flow in the same minute."""
    cdef u64 at = max(m.until, to.until) - LENGTH if max(m.until, to.until) > LENGTH else 0
    cdef int side
    while at < min(m.until, to.until):
        for side in range(2):
            if m.sides[side][at % LENGTH] != UNKNOWN:
                to.sides[side][at % LENGTH] = m.sides[side][at % LENGTH]
        at += 1


cdef void begin(Minute* m, u32 row, const Core* core) noexcept nogil:
    cdef u64 first = core.table.colds[row].first // SECOND, second = core.clock // SECOND
    cdef u32 k
    m.row, m.key = row, core.table.colds[row].key
    m.until = second - LENGTH if second > LENGTH else 0
    m.until = max(m.until, first)
    for k in range(LENGTH):
        m.sides[0][k] = m.sides[1][k] = UNKNOWN


cdef void look(Minute* m, const Core* core, u64 second) noexcept nogil:
    """Fill in the seconds before `second` that have not been."""
    cdef const Row* row = &core.table.rows[m.row]
    cdef const Cold* cold = &core.table.colds[m.row]
    cdef const Pace* pace = &core.table.paces[m.row]
    cdef u64 last = row.last // SECOND, at = max(m.until, second - LENGTH if second > LENGTH else 0)
    cdef bint clear = <u16>last == cold.second and last <= second
    cdef int side
    while at < second:
        for side in range(2):
            if not clear or at + SMOOTH < last:
                m.sides[side][at % LENGTH] = UNKNOWN
            elif at > last:
                m.sides[side][at % LENGTH] = 0
            elif at == last:
                m.sides[side][at % LENGTH] = cold.now[side]
            else:
                m.sides[side][at % LENGTH] = unpack_rate(cold.rate[side] if at + 1 == last else
                                                         pace.older[side] if at + 2 == last else pace.oldest[side])
        at += 1
    m.until = max(m.until, second)
