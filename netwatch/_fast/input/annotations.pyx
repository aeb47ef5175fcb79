"""What netwatch wrote beside the packets of a pcapng file (export/evidence.py), found again among their options.

Every packet of a flow has the same: what was seen of late is told by its hash, without a look at Python.
"""
from libc.stdlib cimport calloc, free

from netwatch._fast.base.bytes cimport be16, be32, le16, le32, u8, u32, u64
from netwatch._fast.base.mix cimport mix_bytes

cdef enum:
    CUSTOM = 2988              # ng 3.5.1: an option of somebody's own, UTF-8
    ENTERPRISE = 32473         # as pcapngwriter
    SEEN = 65536

cdef u64 MOST = 268435456      # bytes
cdef bytes MARK = b'{"schema":"netwatch.evidence/1"'


cdef class Noted:
    """Puts what it finds into `found`, each text once, until all of it takes 256 MiB."""

    def __init__(self, found: list[tuple[int, bytes]]):
        self.found, self.texts = found, set()

    def __dealloc__(self):
        free(self.seen)

    cdef int look(self, const u8* p, const u8* end, u64 ts, bint big) noexcept nogil:
        """Through the options of a packet, from p, in the byte order of their section: how many texts were new."""
        cdef u32 code, size
        cdef u64 hashed
        cdef int fresh = 0
        while end - p >= 4:
            code, size = be16(p) if big else le16(p), be16(p + 2) if big else le16(p + 2)
            p += 4
            if code == 0 or size > end - p:
                break
            if code == CUSTOM and size > 4 and (be32(p) if big else le32(p)) == ENTERPRISE:
                hashed = mix_bytes(p + 4, size - 4) | 1
                if self.seen == NULL:
                    self.seen = <u64*>calloc(SEEN, sizeof(u64))
                    if self.seen == NULL:
                        break
                if self.seen[hashed >> 48] != hashed:
                    self.seen[hashed >> 48] = hashed
                    with gil:
                        fresh += self.keep((<const char*>p)[4:size], ts)
            p += min(<u64>(size + 3) & ~<u64>3, <u64>(end - p))
        return fresh

    cdef int keep(self, bytes value, u64 ts):
        if not value.startswith(MARK) or value in self.texts or self.size + <u64>len(value) > MOST:
            return 0
        self.size += <u64>len(value)
        self.texts.add(value)
        self.found.append((ts, value))
        return 1
