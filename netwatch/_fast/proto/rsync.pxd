"""rsync; see rsync.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void rsync_define(Proto* p) noexcept nogil
