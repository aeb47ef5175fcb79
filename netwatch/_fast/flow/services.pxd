"""The service of a flow by its ports, as a code."""
from netwatch._fast.base.bytes cimport u64
from netwatch._fast.flow.row cimport Row

cdef u64 service_of_row(const Row* row, int initiator) noexcept nogil
