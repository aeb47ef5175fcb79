"""FTP's data connections; see ftpdata.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    FTP_DATA_TRANSFER = 1      # the command that asked for it, with its argument

cdef void ftp_data_define(Proto* p) noexcept nogil
