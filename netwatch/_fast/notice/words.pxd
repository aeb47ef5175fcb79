"""Parts of turns in words, for Python."""
from netwatch._fast.base.bytes cimport u32
from netwatch._fast.notice.turnkeys cimport Parts

cdef dict PARTS                # the bit of each, by its name

cdef dict told_parts(const Parts* parts, u32 which)
