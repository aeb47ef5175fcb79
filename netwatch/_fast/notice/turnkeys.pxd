"""The parts of a turn that a table tells groups and members apart by."""
from libc.string cimport memchr, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.base.mix cimport mix_bytes, mix_on
from netwatch._fast.flow.turns cimport Turn

cdef enum:                     # parts of a turn, the bits of Crowds.by and Crowds.of
    PART_SRC = 1
    PART_DST = 2
    PART_SPORT = 4
    PART_DPORT = 8
    PART_PROTO = 16
    PART_FACTS = 32            # what it said
    PART_DOMAIN = 64           # domain of a name it asked for
    PART_NAME = 128            # and the name
    NAME_KEPT = 40             # bytes

cdef struct Parts:             # those that count; the others are 0
    u8 src[16]
    u8 dst[16]
    u16 sport
    u16 dport
    u16 proto
    u16 family
    u64 facts[2]               # two hashes of those that count; of a name, of all of it
    u8 name_n
    u8 name[NAME_KEPT]         # its beginning; facts tell of all of it


cdef inline void take_parts(Parts* parts, const Turn* turn, u32 which, const u64* said) noexcept nogil:
    memset(parts, 0, sizeof(Parts))
    parts.family = turn.family
    if which & PART_SRC:
        memcpy(parts.src, turn.src, 16)
    if which & PART_DST:
        memcpy(parts.dst, turn.dst, 16)
    if which & PART_SPORT:
        parts.sport = turn.sport
    if which & PART_DPORT:
        parts.dport = turn.dport
    if which & PART_PROTO:
        parts.proto = turn.proto
    if which & PART_FACTS:
        parts.facts[0], parts.facts[1] = said[0], said[1]


cdef inline void keep_name(Parts* parts, const u8* name, u32 n) noexcept nogil:
    """All of it counts, its beginning is kept."""
    cdef u64 h = mix_bytes(name, n)
    parts.name_n = <u8>min(n, <u32>NAME_KEPT)
    memcpy(parts.name, name, parts.name_n)
    parts.facts[0], parts.facts[1] = h, mix_on(h, n, ~h)


cdef inline u32 dotted(const u8* name, u32 n) noexcept nogil:
    """Bytes of a name of several labels; 0 of one alone, as browsers ask for to see whether they are lied to."""
    return n if n and memchr(name, 46, n) != NULL else 0


cdef inline u64 parts_hash(const Parts* parts) noexcept nogil:
    return mix_bytes(<const u8*>parts, sizeof(Parts) - NAME_KEPT)
