"""Community ID of a flow's row."""
from netwatch._fast.flow.row cimport Row

cdef object of_row(const Row* row, int out)
