"""The age of a UDP flow that no protocol names better, which is shown as its state."""
from netwatch._fast.base.bytes cimport u64
from netwatch._fast.flow.row cimport BIT_ENDED, Cold, END_TIMEOUT, Row

cdef enum:
    UDP_IDLE_S = 30
    UDP_STALE_S = 60
    AGE_ACTIVE = 0
    AGE_IDLE = 1
    AGE_STALE = 2


cdef inline int udp_age(const Row* row, const Cold* cold, u64 now) noexcept nogil:
    """AGE_*, at `now` (ns); a flow that timed out has been stale for its time, whenever that was noticed."""
    cdef u64 idle = (now - row.last) // 1000000000 if now > row.last else 0
    if row.bits & BIT_ENDED and cold.ended == END_TIMEOUT:
        return AGE_STALE
    return AGE_ACTIVE if idle < UDP_IDLE_S else AGE_IDLE if idle <= UDP_STALE_S else AGE_STALE
