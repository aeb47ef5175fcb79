"""The pcapng format as a Savefile."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, i64
from netwatch._fast.wire.packet cimport Frame
from netwatch._fast.input.annotations cimport Noted
from netwatch._fast.input.savefile cimport Savefile

cdef struct Clock:             # how an interface counts time
    i64 offset                 # ns to add
    u64 mul                    # ns in a tick, when a tick is not shorter than a nanosecond
    u64 div                    # ticks in a nanosecond otherwise; 0 when even all of them are less than one
    i64 shift                  # ticks in a second as a power of 2; -1 when it is a power of 10

cdef struct Iface:
    Clock clock
    u32 snaplen
    u16 link

cdef class Pcapng(Savefile):
    cdef bint big              # byte order of the section
    cdef bint in_section
    cdef Iface* ifaces         # of the whole input, numbered as in `interfaces`
    cdef u32 cap_ifaces
    cdef u16* local            # the section's interface numbers to ours
    cdef u32 n_local
    cdef dict known            # description of an interface -> our number, so that sections share them
    cdef dict lost             # our number of an interface -> frames that it, and the system, dropped
    cdef u64 last_ts
    cdef u64 skip              # bytes of a long block still to pass
    cdef u64 secret_bytes
    cdef Noted noted           # what packets' options tell of flows
    cdef u8* long_block        # a block we want and that is longer than the chunk, while it is collected
    cdef u64 long_at
    cdef u32 long_size
    cdef u32 long_kind
    cdef str fault             # what is wrong with the block at hand
    cdef u32 get32(self, const u8* p) noexcept nogil
    cdef u16 get16(self, const u8* p) noexcept nogil
    cdef int block(self, Frame* f, const u8* p, u64 have, u32* size) noexcept nogil
    cdef int head(self, const u8* p, u64 have, u32* kind, u32* total) noexcept nogil
    cdef int begin_long(self, u32 kind, u32 total) noexcept nogil
    cdef u64 pass_over(self, const u8* p, u64 have) noexcept nogil
    cdef int end_long(self) noexcept nogil
    cdef int packet(self, Frame* f, u32 kind, const u8* p, u32 n) noexcept nogil
    cdef int other(self, u32 kind, const u8* p, u32 total) noexcept with gil
    cdef int refuse(self, const char* what, u64 value) noexcept nogil
    cdef int interface(self, bytes body)
    cdef int add_iface(self, u16 link, u32 snaplen, Clock clock) except -1
    cdef list options(self, bytes body, Py_ssize_t at)
    cdef void take_secrets(self, bytes body)
    cdef void take_statistics(self, bytes body)
    cdef void take_names(self, bytes body)

cdef u64 to_ns(const Clock* c, u64 ticks) noexcept nogil
