"""Capture files: the buffering all formats share (Savefile), and the classic pcap format (Pcap)."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, i64
from netwatch._fast.input.source cimport Chunk, Source

cdef enum:                     # answers of Savefile.parse
    PARSED = 0                 # all whole records are taken; `need` says what the next one takes, where that is known
    FULL = 1                   # the chunk has no room for another frame
    DAMAGED = -1               # error and damaged are set

cdef class Savefile(Source):
    cdef int fd                # owned; -1 when closed
    cdef bint waits            # a pipe or the like: never block for longer than 100 ms
    cdef bint ended
    cdef str path              # as shown in errors
    cdef str unit              # what the format calls a record
    cdef str broken            # why no more bytes can be had, or None
    cdef object unpacker       # read(n) -> bytes and `taken`, or None for a plain file
    cdef u8* carry             # bytes read but not parsed yet
    cdef u64 carried
    cdef u64 carry_cap
    cdef u64 base              # offset of the first byte not parsed, in the unpacked input
    cdef u64 origin            # offset of the first byte of the newest chunk's memory
    cdef const u8* chunk_at    # that memory
    cdef u64 units             # whole records or blocks parsed
    cdef u64 need              # bytes the record begun takes, as far as known
    cdef u64 passed            # bytes of the record begun that are parsed already
    cdef int parse(self, Chunk* chunk, u64 have, u64* used) noexcept nogil
    cdef int damage(self, u64 at, str what) except? -2
    cdef bint keep(self, const u8* p, u64 n) noexcept nogil
    cdef i64 more(self, u8* p, u64 room) noexcept nogil
    cdef i64 unpack(self, u8* p, u64 room) noexcept
    cdef void finish(self, u64 have) noexcept nogil

cdef class Pcap(Savefile):
    cdef bint big              # byte order of the headers
    cdef u32 head              # bytes of a record header
    cdef u32 tick              # nanoseconds in a unit of the fraction field
    cdef u16 link
    cdef u16 minor             # version 2.minor
    cdef void settle(self, u32* caplen, u32* wire) noexcept nogil
    cdef int too_long(self, u64 at, u32 caplen) noexcept nogil

cdef u16 link_of(u32 network) noexcept nogil    # pcap's network field, or libpcap's DLT, as LINKTYPE
