"""Where addresses live, as ARP and NDP say it."""
from netwatch._fast.flow.row cimport Row
from netwatch._fast.wire.packet cimport Packet
from netwatch._fast.flow.content cimport Dpi

cdef void link_seen(Dpi* dpi, const Row* row, const Packet* pk) noexcept nogil
