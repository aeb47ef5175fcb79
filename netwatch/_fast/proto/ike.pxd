"""IKE versions 1 and 2 over UDP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    IKE_VERSION = 1            # 1 byte, as on the wire
    IKE_EXCHANGE = 2           # 1 byte each
    IKE_SPI_I = 3              # 8 bytes
    IKE_SPI_R = 4
    IKE_NAT_T = 5              # present: the non-ESP marker was seen
    IKE_VENDOR = 6             # vendor id
    IKE_NOTIFY = 7             # 2 bytes each
    IKE_ESP = 8                # SPI of ESP in UDP
    IKE_LATENCY = 9            # ns

cdef void ike_define(Proto* p) noexcept nogil
