"""IEEE 802.11 and the headers captures put before it."""
from netwatch._fast.wire.cursor cimport Cursor

cdef void radiotap_open(Cursor* c) noexcept nogil
cdef void wlan_step(Cursor* c) noexcept nogil
cdef void amsdu_step(Cursor* c) noexcept nogil
