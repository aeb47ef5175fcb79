"""A chunk of frames for Python to carry from a source to the engines, and which engine owns each frame.

Several engines may share one input: each takes the frames whose outermost pair of addresses hashes to it, so that a
flow is wholly in one, and results do not depend on how many there are.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, be16
from netwatch._fast.base.mix cimport load32, mix, mix_address, mix_pair
from netwatch._fast.input.source cimport Source, chunk_free, chunk_new
from netwatch._fast.wire.packet cimport Frame


cdef class Box:
    """A chunk of frames that lives until it is filled again."""

    def __cinit__(self):
        self.chunk = chunk_new()
        if self.chunk == NULL:
            raise MemoryError("no memory for frames")

    def __dealloc__(self):
        chunk_free(self.chunk)

    def fill(self, Source source) -> int:
        """Take the next frames; 0 at the end of the input, -1 when a live source had none for a while."""
        cdef int n
        with nogil:
            n = source.fill(self.chunk)
        self.n = n
        return n

    def trim(self, u32 n) -> None:
        """Keep only the first n frames."""
        if n < self.chunk.n:
            self.chunk.n = n

    def share(self, u32 shards) -> None:
        """Mark each frame with the engine, of so many, that owns it."""
        cdef u32 i
        with nogil:
            for i in range(self.chunk.n):
                self.chunk.frames[i].shard = <u16>(ends_hash(&self.chunk.frames[i]) % shards)


cdef u64 ends_hash(const Frame* f) noexcept nogil:
    """The same number for both directions of a conversation, from the outermost addresses; 0 when there are none."""
    cdef const u8* p = f.data
    cdef u32 at = network_at(f)
    if f.caplen >= at + 20 and p[at] >> 4 == 4:
        return mix_pair(mix(load32(p + at + 12), 0), mix(load32(p + at + 16), 0))
    if f.caplen >= at + 40 and p[at] >> 4 == 6:
        return mix_pair(mix_address(p + at + 8), mix_address(p + at + 24))
    return 0


cdef u32 network_at(const Frame* f) noexcept nogil:
    """Where the outermost IP header begins, under the link types that carry most traffic; else beyond the frame.

    Headers that leave no mark on the flow's surroundings (LLC, provider bridging) must be seen through, lest one flow
    come to two engines.
    """
    cdef u32 link = f.link, n = f.caplen
    cdef const u8* p = f.data
    if link == 1 and n >= 14:
        return after_type(p, n, 14, be16(p + 12))
    if link == 113 and n >= 16:
        return after_type(p, n, 16, be16(p + 14))
    if link == 276 and n >= 20:
        return after_type(p, n, 20, be16(p))
    if link == 0 or link == 108:
        return 4
    return 0 if link in (12, 14, 101, 228, 229) else n


cdef u32 after_type(const u8* p, u32 n, u32 at, u32 kind) noexcept nogil:
    """Where IP begins after an EtherType (or 802.3 length) that ends at `at`; n when there is none."""
    while kind != 0x0800 and kind != 0x86DD:
        if kind in (0x8100, 0x88A8, 0x9100) and n >= at + 4:
            kind = be16(p + at + 2)
            at += 4
        elif kind == 0x88E7 and n >= at + 18:
            kind = be16(p + at + 16)
            at += 18
        elif kind < 1536 and n >= at + 8 and p[at] == 0xAA and p[at + 1] == 0xAA:
            kind = be16(p + at + 6)
            at += 8
        elif kind < 1536 and n >= at + 3 and p[at] == 6 and p[at + 1] == 6:
            return at + 3
        else:
            return n
    return at
