"""TFTP over UDP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    TFTP_OP = 1                # opcode, 2 bytes each
    TFTP_FILE = 2
    TFTP_MODE = 3
    TFTP_ERROR = 4             # code 2 bytes, text
    TFTP_OPTION = 5            # "name=value"

cdef void tftp_define(Proto* p) noexcept nogil
