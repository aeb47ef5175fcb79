"""What has one key: how often it was met, by what first, how many different things."""
from cpython.object cimport PyObject

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.flow.turns cimport Turn
from netwatch._fast.notice.turnkeys cimport Parts

cdef enum:
    KEPT = 8                   # flows, frames and things kept of a group

cdef struct Met:               # by a turn
    u64 flow                   # its number
    u64 frame

cdef struct Group:             # one that is met once touches few lines of the cache
    Parts key
    u64 made                   # which one of the table it is, from 1
    u64 first
    u64 last
    u64 count
    u64 n                      # different things in the window
    u64 most                   # at a time
    u64 distinct               # in all
    u32 wide                   # bytes of it: where no names are counted the things are without
    u8 said
    PyObject* crowd            # the Crowd that was made of it, NULL none
    Met met[KEPT]              # the first, as many as `count`
    Parts things[KEPT]         # the first, as many as `distinct`, each of as many bytes as are looked at

cdef class Crowd:
    cdef Group group

    cdef int met(self)

cdef void note(Group* group, const Turn* turn) noexcept        # count the turn; keep it if it is one of the first
cdef void part(Group* group) noexcept                          # it is over: what was told of it stays as it is
cdef Crowd crowd_of(Group* group)                                  # as an object that goes on with it
