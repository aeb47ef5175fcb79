"""FTP; see ftp.pyx."""
from netwatch._fast.seam cimport Proto

cdef void ftp_define(Proto* p) noexcept nogil
