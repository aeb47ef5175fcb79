"""SSH; see ssh.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void ssh_define(Proto* p) noexcept nogil
