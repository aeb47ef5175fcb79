"""Who lives where, as stations say, so that only what is new or has changed is told. See announcements.pyx."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.notice.agingtable cimport Places

cdef enum:
    STATIONS = 16384           # remembered

cdef struct Station:
    u8 address[17]             # family, address; without one the MAC
    u8 mac[7]                  # whether there is one, and it
    u8 roles                   # a bit each

cdef struct Stations:
    Places places
    Station* mem

cdef bint stations_open(Stations* s) noexcept nogil
cdef void stations_close(Stations* s) noexcept nogil
cdef bint station_changed(Stations* s, const u8* told) noexcept nogil      # what an event of EV_LINKS says
