"""git; see git.pyx."""
from netwatch._fast.seam cimport Proto

cdef void git_define(Proto* p) noexcept nogil
