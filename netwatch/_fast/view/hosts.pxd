"""The names of flows' responders, by row: as the flow says it, else as answers on the wire did before it began."""
from netwatch._fast.view.attached cimport RowCodes
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.columns cimport Flows
from netwatch._fast.view.follower cimport RowFollower
from netwatch._fast.out.naming cimport NameTable
from netwatch._fast.view.profiles cimport KEYS, Profiles
from netwatch._fast.view.strings cimport Strings
from netwatch._fast.view.work cimport Work

cdef class HostNames(RowFollower):
    cdef Profiles profiles
    cdef NameTable names
    cdef readonly RowCodes hosts   # numbers of texts
    cdef readonly RowCodes vias    # 1 + place in VIAS
    cdef readonly RowCodes ages    # ns, of what was inferred
    cdef u8 places[KEYS]           # which of the carriers, from 1, says a name in that fact
    cdef u32* own                  # by profile: the number of the name it says, 0 none
    cdef u8* own_via
    cdef u32 cap
    cdef u32 known                 # profiles looked at
    cdef u64 generation
    cdef Strings addresses         # whose names the resolver gave
    cdef list resolved             # number of an address -> name
    cdef u32 scan                  # where giving rows those names goes on
    cdef u32 given                 # of the addresses, how many rows have been given

    cdef int room(self, u32 n) except -1
    cdef void fresh(self) noexcept
    cdef int learn_profiles(self, u32 upto, Work work) except -1
    cdef u32 own_name(self, u32 profile, u8* via) except? 0
    cdef u32 text(self, str host) except? 0
    cdef int clear(self, u32 row) except -1
