"""The flows that have ended, in the order of their numbers, without an object for each: at the end of the input there
may be millions."""
from libc.stdlib cimport free, malloc, qsort

from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.engine cimport Engine


cdef int by_id(const void* a, const void* b) noexcept nogil:
    cdef const Ended* one = <const Ended*>a
    cdef const Ended* other = <const Ended*>b
    return (one.id > other.id) - (one.id < other.id)


cdef class EndedRows:
    """A sequence of (engine, row)."""

    def __init__(self, engines: list[Engine]):
        cdef Engine engine
        cdef u32 number, shard
        cdef u64 last = 0
        cdef bint sorted_already = True
        cdef Py_ssize_t room = 0
        self.engines = engines
        for engine in engines:
            number = engine.core.table.ended_first
            while number:
                room += 1
                number = engine.core.table.colds[number].next
        self.rows = <Ended*>malloc((room + 1) * sizeof(Ended))
        if self.rows == NULL:
            raise MemoryError("no memory for flows that have ended")
        for shard, engine in enumerate(engines):
            number = engine.core.table.ended_first
            while number:
                self.rows[self.n] = Ended(engine.core.table.colds[number].id, shard, number)
                sorted_already = sorted_already and self.rows[self.n].id >= last
                last = self.rows[self.n].id
                self.n += 1
                number = engine.core.table.colds[number].next
        if not sorted_already:
            qsort(self.rows, self.n, sizeof(Ended), by_id)

    def __dealloc__(self):
        if self.owner is None:
            free(self.rows)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, at: int | slice) -> object:
        """(engine, row), or some of them that follow each other."""
        cdef EndedRows part
        if not isinstance(at, slice):
            place = at + self.n if at < 0 else at
            if not 0 <= place < self.n:
                raise IndexError(at)
            return self.engines[self.rows[<Py_ssize_t>place].shard], self.rows[<Py_ssize_t>place].row
        first, end, step = at.indices(self.n)
        if step != 1:
            raise ValueError("flows that have ended are taken in their order")
        part = EndedRows.__new__(EndedRows)
        part.engines = self.engines
        part.owner = self if self.owner is None else self.owner
        part.rows = self.rows + <Py_ssize_t>first
        part.n = max(end - first, 0)
        return part

    def __iter__(self) -> Iterator[tuple[Engine, int]]:
        cdef Py_ssize_t i
        for i in range(self.n):
            yield self.engines[self.rows[i].shard], self.rows[i].row
