"""Where addresses live, as ARP and NDP say it."""
from netwatch._fast.flow cimport Row
from netwatch._fast.packet cimport Packet
from netwatch._fast.seam cimport Dpi

cdef void link_seen(Dpi* dpi, const Row* row, const Packet* pk) noexcept nogil
