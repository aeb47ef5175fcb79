"""Which of several flows with the same ends a packet belongs to."""
from netwatch._fast.base.bytes cimport u32
from netwatch._fast.flow.copies cimport Echo
from netwatch._fast.flow.row cimport Cold, Row
from netwatch._fast.wire.encap cimport Paths
from netwatch._fast.wire.packet cimport Packet

cdef enum:
    STRANGERS = 16             # flows with the same ends that are told apart

cdef struct Strangers:         # flows with the packet's ends that live now, and where they do
    const Row* rows
    const Cold* colds
    Echo* echoes
    const Paths* paths
    u32 n
    u32 met[STRANGERS]

cdef bint answers(const Row* row, const Packet* pk) noexcept nogil
cdef u32 strangers_choose(const Strangers* t, const Packet* pk) noexcept nogil
