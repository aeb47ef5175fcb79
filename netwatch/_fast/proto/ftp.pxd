"""FTP; see ftp.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void ftp_define(Proto* p) noexcept nogil
