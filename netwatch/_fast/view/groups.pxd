"""Sums over the flows of a query, by group, and the list that a screen shows of them."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.columns cimport Flows
from netwatch._fast.view.order cimport Item
from netwatch._fast.view.selection cimport Selection

cdef enum:
    MAX_COLUMNS = 3
    MAX_HERE = 64              # addresses of this machine
    KIND_NONE = 0              # nothing is known; from 1: 1 + place of the column
    KIND_ADDRESS = 16          # + FAMILY_*
    OTHERS = 0                 # number of the group of what had no place

cdef struct Group:
    u64 hi                     # the address
    u64 lo                     # ... or the rank of what the column says
    u32 kind
    u32 flows
    u32 live
    u32 tcp                    # flows that count retransmissions
    u32 remotes
    u32 place                  # in the order
    u64 first                  # ns, of the oldest flow
    u64 bytes[2]               # from the initiators, to them
    u64 packets[2]
    u64 rate[2]                # of the live ones
    u64 rtt                    # ns, the worst handshake, 0 none known
    u64 retransmits

cdef struct Key:
    u64 hi
    u64 lo
    u64 hash
    u32 kind

cdef struct Here:
    u64 hi
    u64 lo
    u32 family

cdef class Groups:
    cdef Selection view
    cdef Group* groups
    cdef u32 n                 # groups in use, OTHERS included
    cdef u32 cap
    cdef u64* places           # hash table: 32 bits of the hash, number of the group; 0 free
    cdef u64 mask
    cdef u64* pairs
    cdef u64 pairs_mask
    cdef u64 pairs_used
    cdef readonly bint too_many_remotes    # so that `remotes` are "at least"
    cdef int column[MAX_COLUMNS]
    cdef const u32* ranks[MAX_COLUMNS]
    cdef u64 top[MAX_COLUMNS]
    cdef int columns_n
    cdef int end
    cdef bint other_end, count_remotes, ours
    cdef Here here[MAX_HERE]
    cdef int here_n
    cdef list kept

    cdef bint sum_all(self) noexcept nogil
    cdef bint more(self) noexcept nogil
    cdef bint more_pairs(self) noexcept nogil
    cdef void key_of_row(self, const Flows* t, u32 row, Key* key) noexcept nogil
    cdef bint end_of(self, const Flows* t, u32 row, u64* hi, u64* lo, u8* family) noexcept nogil
    cdef bint responds_here(self, const Flows* t, u32 row) noexcept nogil
    cdef bint is_here(self, u64 hi, u64 lo, u8 family) noexcept nogil
    cdef u32 find(self, const Key* key) noexcept nogil
    cdef u32 look(self, const Key* key) noexcept nogil
    cdef u32 make(self, const Key* key) noexcept nogil
    cdef bint sum_one(self, const Flows* t, Item* item, u32 which) noexcept nogil
    cdef bint note_remote(self, const Flows* t, u32 row, u32 which) noexcept nogil
