"""git; see git.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void git_define(Proto* p) noexcept nogil
