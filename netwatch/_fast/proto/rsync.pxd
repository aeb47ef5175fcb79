"""rsync; see rsync.pyx."""
from netwatch._fast.seam cimport Proto

cdef void rsync_define(Proto* p) noexcept nogil
