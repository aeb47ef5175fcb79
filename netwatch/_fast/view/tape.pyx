"""The table of flows as it was: what changed since the last look, packed by columns.

An Image is all that is shown of a row. A piece holds rows and how far each field of theirs went from the piece before
(from nothing, in a piece that stands alone) or from what follows of it from the others, one plane of bytes after the
other; planes of zeros are left out. Texts,
what a flow says and addons tell of it, are numbers here: whoever keeps them gives these. The caller holds the engine
still.
"""
import sys

from libc.stdlib cimport free
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.content cimport MAX_PROTOS
from netwatch._fast.flow.row cimport ST_COUNT, Facts
from netwatch._fast.flows cimport Core
from netwatch._fast.view.attached cimport RowCodes
from netwatch._fast.view.columns cimport CodeColumn
from netwatch._fast.view.image cimport (N1, N2, N4, N8, W1_FAMILY, W4_TEXT, W8_FIRST, W8_KEY, Image, facts_mark,
                                        packed, take_image, wider)
from netwatch._fast.wire.encap cimport Paths
from netwatch._fast.wire.packet cimport FAMILY_NONE, Encap

cdef enum:
    FEWEST = 1024
    YOUNG = 10                 # seconds in which addons may still learn what a flow is
    ROUND = 60                 # looks until every flow's text was looked at again
    COLUMNS = 16
    SECOND = 1000000000
    FORM = 2                   # of layout(): 1 foretold no second of a rate


cdef class Tape:
    """Looks at an engine, and makes pieces of what has changed. At most `most` rows are looked at. `learnt`: codes
    of what addons know of flows, of which a change is one of the flow's text."""
    cdef Engine engine
    cdef u32 most
    cdef u32 cap               # rows there is room for, row 0 included
    cdef u32 high              # rows looked at the last time
    cdef Image* known          # by row, as it was put down
    cdef u64* marks            # of facts, by row
    cdef u64* told_marks       # ... of what addons know
    cdef list learnt
    cdef const CodeColumn* columns[COLUMNS]
    cdef u32 n_columns
    cdef u32* rows             # that have changed
    cdef Image* new            # ... how they are now
    cdef u32 n
    cdef u32 looks

    def __cinit__(self, Engine engine, u32 most, learnt: Iterable[RowCodes] = ()):
        cdef RowCodes codes
        self.engine, self.most, self.learnt = engine, most, list(learnt)[:COLUMNS]
        for codes in self.learnt:
            self.columns[self.n_columns] = &codes.column
            self.n_columns += 1

    def __dealloc__(self):
        free(self.known)
        free(self.marks)
        free(self.told_marks)
        free(self.rows)
        free(self.new)

    cdef int room(self, u32 high) except -1:
        cdef u32 cap = max(<u32>FEWEST, high + high // 2 + 1)
        if high < self.cap:
            return 0
        self.known = <Image*>wider(self.known, self.cap, cap, sizeof(Image))
        self.marks = <u64*>wider(self.marks, self.cap, cap, sizeof(u64))
        self.told_marks = <u64*>wider(self.told_marks, self.cap, cap, sizeof(u64))
        self.rows = <u32*>wider(self.rows, self.cap, cap, sizeof(u32))
        self.new = <Image*>wider(self.new, self.cap, cap, sizeof(Image))
        self.cap = cap
        return 0

    @property
    def left_out(self) -> int:
        """Rows beyond those that are looked at."""
        return self.engine.core.table.high - min(self.engine.core.table.high, self.most)

    @property
    def rows(self) -> int:
        """Rows that a look goes through."""
        return min(self.engine.core.table.high, self.most)

    @property
    def size(self) -> int:
        """Bytes of memory held."""
        return <u64>self.cap * (2 * sizeof(Image) + 2 * sizeof(u64) + sizeof(u32))

    def look(self) -> list[int]:
        """See what has changed; the rows of which a text should be made again: told() takes the ones that differ."""
        cdef Core* core = &self.engine.core
        cdef Image now
        cdef u64 mark, told
        cdef u32 i, high = max(min(core.table.high, self.most), self.high)
        cdef bint changed, asked
        self.room(high)
        self.high, self.n = high, 0
        self.looks += 1
        wanted = []
        for i in range(1, high + 1):
            take_image(&now, core, i)
            now.w4[W4_TEXT] = self.known[i].w4[W4_TEXT] if now.w8[W8_KEY] == self.known[i].w8[W8_KEY] else 0
            changed = memcmp(&now, &self.known[i], sizeof(Image)) != 0
            if now.w1[W1_FAMILY] == FAMILY_NONE:
                self.marks[i] = self.told_marks[i] = 0
            else:
                told = self.told_mark(i, now.w8[W8_KEY])
                asked = i % ROUND == self.looks % ROUND or told != self.told_marks[i]
                self.told_marks[i] = told
                if changed and not asked:
                    mark = facts_mark(core.table.colds[i].facts)
                    asked = (mark != self.marks[i] or now.w8[W8_KEY] != self.known[i].w8[W8_KEY]
                             or core.clock < now.w8[W8_FIRST] + <u64>YOUNG * SECOND)
                    self.marks[i] = mark
                if asked:
                    wanted.append(i)
                    changed = True          # kept where told() finds it; it costs nothing when it is the same
            if changed:
                self.rows[self.n] = i
                self.new[self.n] = now
                self.n += 1
        return wanted

    cdef inline u64 told_mark(self, u32 row, u64 key) noexcept:
        """Of what addons know of the flow of that key in a row: another when that is."""
        cdef const CodeColumn* column
        cdef u64 mark = 0
        cdef u32 k
        for k in range(self.n_columns):
            column = self.columns[k]
            mark *= 0x1_0000_0001
            if row < column.n and column.keys[row] == key:
                mark += column.codes[row]
        return mark

    def text(self, u32 row) -> int:
        """The number of the text that the flow in a row has, 0 for none yet: only for rows that look() named."""
        return self.new[self.place(row)].w4[W4_TEXT]

    def told(self, u32 row, u32 text) -> None:
        """The flow has another text."""
        self.new[self.place(row)].w4[W4_TEXT] = text

    cdef u32 place(self, u32 row) except? 0:
        cdef u32 low = 0, end = self.n, middle
        while low < end:
            middle = (low + end) // 2
            if self.rows[middle] < row:
                low = middle + 1
            else:
                end = middle
        if low == self.n or self.rows[low] != row:
            raise IndexError(row)
        return low

    def facts(self, u32 row) -> bytes:
        """What the flow in a row says, as the classifiers keep it."""
        cdef const Facts* facts = self.engine.core.table.colds[row].facts
        return (<const char*>(facts + 1))[:facts.used] if facts != NULL else b""

    def piece(self, bint alone) -> bytes:
        """What look() saw; `alone`: all rows, as they are now."""
        cdef u32 i, n = 0
        cdef bytes out
        for i in range(self.n):
            if memcmp(&self.new[i], &self.known[self.rows[i]], sizeof(Image)):
                self.rows[n] = self.rows[i]
                self.new[n] = self.new[i]
                n += 1
        self.n = n
        if not alone:
            out = packed(self.new, self.known, self.rows, n, self.high)
        for i in range(n):
            self.known[self.rows[i]] = self.new[i]
        if alone:
            self.n = 0
            for i in range(1, self.high + 1):
                if self.known[i].w1[W1_FAMILY]:
                    self.rows[self.n] = i
                    self.new[self.n] = self.known[i]
                    self.n += 1
            out = packed(self.new, NULL, self.rows, self.n, self.high)
        return out


def counts_of(Engine engine) -> tuple[int, ...]:
    """What of an engine goes with a piece: clock, first, frames, bytes, flows begun, flows evicted."""
    cdef Core* core = &engine.core
    return core.clock, core.first, core.frames, core.bytes, core.table.created, core.table.evicted


def frames_of(Engine engine) -> int:
    """Frames that it has seen."""
    return engine.core.frames


def surroundings(Engine engine) -> bytes:
    """What lies around the packets of flows, for give_surroundings()."""
    cdef Paths* paths = engine.core.parser.paths
    if not paths.n:
        return b""
    return ((<char*>&paths.items[1])[:paths.n * sizeof(Encap)]
            + (<char*>engine.core.link_types)[:sizeof(engine.core.link_types)])


def layout() -> str:
    """What pieces and surroundings are laid out like: those of another layout cannot be read."""
    return f"{FORM} {N8}/{N4}/{N2}/{N1} {sizeof(Encap)} {MAX_PROTOS} {ST_COUNT} {sys.byteorder}"
