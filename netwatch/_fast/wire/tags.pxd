"""Headers between Ethernet and the network layer that switches add: VLAN, provider, fabric, group and service tags."""
from netwatch._fast.wire.cursor cimport Cursor

cdef void vlan(Cursor* c) noexcept nogil
cdef void provider_bridge(Cursor* c) noexcept nogil
cdef void group_tag(Cursor* c) noexcept nogil
cdef void vn_tag(Cursor* c) noexcept nogil
cdef void e_tag(Cursor* c) noexcept nogil
cdef void fabric_path(Cursor* c) noexcept nogil
cdef void macsec(Cursor* c) noexcept nogil
cdef void service_header(Cursor* c) noexcept nogil
cdef void trill(Cursor* c) noexcept nogil
cdef void redundancy_tag(Cursor* c) noexcept nogil
