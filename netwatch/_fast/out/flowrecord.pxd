"""Flow records as dicts, whole or only what is asked for."""
from netwatch._fast.base.bytes cimport u32
from netwatch._fast.engine cimport Engine
from netwatch._fast.out.flowfields cimport FlowAt, FlowFields

cdef int described(const FlowAt* at, dict r, bint show_secrets, object wanted) except -1
