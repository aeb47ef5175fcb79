"""Live capture with libpcap. Nothing above Source knows it: a shared-memory ring can take its place."""
from pylibpcap.pcap cimport pcap_t

from netwatch._fast.base.bytes cimport u16, u32, u64, i64
from netwatch._fast.input.source cimport Source

cdef struct Handle:            # one interface being captured
    pcap_t* pcap               # NULL when it has gone
    int fd                     # to poll
    int sysfs                  # statistics/rx_dropped of the interface, or -1
    u16 link
    u32 snaplen
    u32 tick                   # nanoseconds in a unit of the fraction field
    u32 last[2]                # libpcap's dropped, dropped by the interface: 32 bits, they wrap
    u64 sysfs_first            # rx_dropped when the capture began
    u64 received, kernel_drops, pcap_ifdrops, sysfs_drops

cdef struct Target

cdef class LiveSource(Source):
    cdef Handle* handles
    cdef u32 count
    cdef u32 alive
    cdef u32 turn              # the handle to begin with, so that none starves
    cdef int wake              # eventfd written by interrupt()
    cdef u64 stats_due         # CLOCK_MONOTONIC, ns
    cdef int open_one(self, u32 i, str name, bytes capture_filter, dict options) except -1
    cdef int set_filter(self, pcap_t* pcap, str name, bytes capture_filter) except -1
    cdef void sweep(self, Target* t) noexcept nogil
    cdef int take(self, u32 i, Target* t) noexcept nogil
    cdef bint wait(self, int timeout) noexcept nogil
    cdef void read_stats(self) noexcept nogil
    cdef void gone(self, u32 i) noexcept nogil
