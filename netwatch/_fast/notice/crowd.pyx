"""A group of what has one key in a table of crowds, and what Python is told of it."""
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u64
from netwatch._fast.flow.turns cimport Turn


cdef void note(Group* group, const Turn* turn) noexcept:
    cdef u64 at = group.count
    if at == 0 or turn.ts < group.first:
        group.first = turn.ts
    group.last = max(group.last, turn.ts)
    if at < KEPT:
        group.met[at].flow, group.met[at].frame = turn.id, turn.frame
    group.count += 1
    if group.crowd != NULL:
        memcpy(&(<Crowd>group.crowd).group, group, group.wide)


cdef void part(Group* group) noexcept:
    if group.crowd != NULL:
        Py_DECREF(<Crowd>group.crowd)
        group.crowd = NULL


cdef class Crowd:
    """A group that has grown large, as it is by now. Times in ns, addresses packed."""

    @property
    def first(self) -> int:
        return self.group.first

    @property
    def last(self) -> int:
        return self.group.last

    @property
    def count(self) -> int:
        return self.group.count

    @property
    def most(self) -> int:
        """Different things within the window, at most."""
        return self.group.most

    @property
    def distinct(self) -> int:
        """Different things in all."""
        return self.group.distinct

    @property
    def flows(self) -> list[int]:
        """Numbers of the first flows."""
        return list(dict.fromkeys(self.group.met[i].flow for i in range(self.met()) if self.group.met[i].flow))

    @property
    def frames(self) -> list[int]:
        """Numbers of the first frames."""
        return [self.group.met[i].frame for i in range(self.met()) if self.group.met[i].frame]

    cdef int met(self):
        return <int>min(self.group.count, <u64>KEPT)


cdef Crowd crowd_of(Group* group):
    cdef Crowd crowd = Crowd.__new__(Crowd)
    group.crowd = <PyObject*>crowd
    Py_INCREF(crowd)
    memcpy(&crowd.group, group, group.wide)
    return crowd
