"""Headers that firewalls, routers and switch chips put before the frames they hand out."""
from netwatch._fast.wire.cursor cimport Cursor

cdef void pflog_open(Cursor* c) noexcept nogil
cdef void enc_open(Cursor* c) noexcept nogil
cdef void ipnet_open(Cursor* c) noexcept nogil
cdef void juniper_open(Cursor* c) noexcept nogil
cdef void infiniband_open(Cursor* c) noexcept nogil
cdef void dsa_open(Cursor* c) noexcept nogil
cdef void broadcom_open(Cursor* c) noexcept nogil
