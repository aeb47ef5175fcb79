"""DTLS over UDP. The fact keys are those of tlshello.pxd, and one more."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:
    DK_COOKIE = 32             # of the HelloVerifyRequest

cdef void dtls_define(Proto* p) noexcept nogil
