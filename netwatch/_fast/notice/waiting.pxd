"""What flows said waits until it is told in the order in which they were done. See waiting.pyx."""
from netwatch._fast.base.bytes cimport u8, u64
from netwatch._fast.flow.turns cimport Turn

cdef struct One:               # a turn that waits
    u64 second                 # in which its flow was done
    u64 place                  # among those of the second
    u64 at                     # of it in Waiting.store
    u8 what                    # of it

cdef struct Waiting:
    One* ones
    u64 n
    u64 room
    bint disordered            # they are not in their order
    u8* store                  # their turns
    u64 stored                 # bytes of it in use, by those that wait and those that do no more
    u64 cap
    u8* spare                  # where the store was before
    u64 spare_cap
    u64 bytes                  # by those that wait
    u64 unheard                # for which there was no room

cdef void waiting_close(Waiting* w) noexcept nogil
cdef bint waiting_put(Waiting* w, const Turn* turn, u64 second, u64 place) noexcept nogil      # False: no memory
cdef void waiting_order(Waiting* w) noexcept nogil
cdef inline Turn* waiting_turn(const Waiting* w, u64 i) noexcept nogil:
    return <Turn*>(w.store + w.ones[i].at)
