"""Columns that follow from the addresses of a flow: scope, place, station."""
from netwatch._fast.view.attached cimport RowCodes
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.columns cimport Flows
from netwatch._fast.view.follower cimport RowFollower
from netwatch._fast.base.scopes cimport Blocks
from netwatch._fast.view.strings cimport Strings
from netwatch._fast.view.work cimport Work

cdef class Derived(RowFollower):
    cdef readonly tuple fields         # tuple[str, ...]: the columns
    cdef readonly dict tables          # dict[str, dict[int, object]]: field -> {code: value}
    cdef readonly RowCodes codes
    cdef public bint asked
    cdef dict numbers                  # values -> code

    cdef u32 number(self, tuple values) except? 0

cdef class Scopes(RowFollower):
    cdef Blocks blocks
    cdef readonly RowCodes src, dst
    cdef public bint asked

cdef class Places(Derived):
    cdef Blocks blocks
    cdef u8 remote[256]                # by place in the blocks: beyond the site
    cdef object place_of
    cdef Strings addresses
    cdef list known                    # number of an address -> code

cdef class Stations(Derived):
    cdef object stations, values_of, changes
    cdef object heard                  # `changes` as they were
    cdef Strings ends                  # stations' addresses, and MACs
    cdef dict pairs                    # numbers of two ends -> (from when on, code)
    cdef u32 end_of(self, const u8* address, u8 family) except? 0xFFFFFFFF
