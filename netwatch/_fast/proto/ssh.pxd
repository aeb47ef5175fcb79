"""SSH; see ssh.pyx."""
from netwatch._fast.seam cimport Proto

cdef void ssh_define(Proto* p) noexcept nogil
