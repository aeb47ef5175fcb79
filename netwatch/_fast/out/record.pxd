"""What the classifiers learnt of a flow, for those who write its record."""
from netwatch._fast.out.flowfields cimport FlowAt

cdef int described(const FlowAt* at, dict r, bint show_secrets, object wanted) except -1
