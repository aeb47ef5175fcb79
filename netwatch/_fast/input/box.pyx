"""A chunk of frames for Python to carry from a source to the engines, and which engine owns each frame.

Several engines may share one input: each takes the frames whose outermost pair of addresses hashes to it, so that a
flow is wholly in one. The hash is the same in every process, and so are the results: what a flow tells of others
between other hosts (look/announced.pyx, look/migration.pyx, path_pair of wire/encap.pyx) its own engine alone knows.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, be16
from netwatch._fast.base.mix cimport fingerprint, load32, load64
from netwatch._fast.input.source cimport Source, chunk_free, chunk_new
from netwatch._fast.wire.cursor cimport DECAPS_MAX
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
        return pair_hash(fingerprint(0, load32(p + at + 12), 0), fingerprint(0, load32(p + at + 16), 0))
    if f.caplen >= at + 40 and p[at] >> 4 == 6:
        return pair_hash(fingerprint(0, load64(p + at + 8), load64(p + at + 16)),
                         fingerprint(0, load64(p + at + 24), load64(p + at + 32)))
    return 0


cdef inline u64 pair_hash(u64 a, u64 b) noexcept nogil:
    return fingerprint(0, a, b) if a < b else fingerprint(0, b, a)


cdef u32 network_at(const Frame* f) noexcept nogil:
    """Where the outermost IP header begins, under the link types that carry most traffic; else beyond the frame.

    What may differ between the packets of one flow (tags, labels) must be seen through, lest it come to two engines.
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
    cdef u32 _step
    for _step in range(DECAPS_MAX):
        if kind == 0x0800 or kind == 0x86DD:
            return at
        if n < at + 22:                 # no header below has more before what it names, and IP has 20 bytes
            return n
        if kind < 1536:
            if p[at] == 6 and p[at + 1] == 6:
                return at + 3
            if p[at] != 0xAA or p[at + 1] != 0xAA:
                return n
            kind = be16(p + at + 6)
            at += 8
        elif not past_tag(p, n, &at, &kind):
            return n
    return n


cdef bint past_tag(const u8* p, u32 n, u32* at, u32* kind) noexcept nogil:
    """Step over one header that a switch added (wire/tags.pyx reads them); False when it is none, or ends the frame."""
    cdef u32 size = 0, i = at[0]
    if kind[0] in (0x8100, 0x88A8, 0x9100, 0x9200, 0x9300):
        size = 4
    elif kind[0] == 0x8926 or kind[0] == 0x893F:
        size = 6 if kind[0] == 0x8926 else 8
    elif kind[0] == 0x8909:
        size = 4 + <u32>p[i + 1] * 4
    elif kind[0] == 0x88E7 or kind[0] == 0x8903:
        size = 18 if kind[0] == 0x88E7 else 16
    elif kind[0] == 0x6558 or kind[0] == 0x6400:
        size = 14
    elif kind[0] == 0x88E5 and p[i] & 0x0C == 0:
        size = 16 if p[i] & 0x20 else 8
    elif kind[0] == 0x894F:
        return past_service_header(p, n, at, kind)
    elif kind[0] == 0x8847 or kind[0] == 0x8848:
        return past_labels(p, n, at, kind)
    if size == 0 or n < i + size:
        return False
    at[0] = i + size
    kind[0] = be16(p + at[0] - 2)
    return True


cdef bint past_service_header(const u8* p, u32 n, u32* at, u32* kind) noexcept nogil:
    cdef u8 following = p[at[0] + 3]
    at[0] += (be16(p + at[0]) & 0x3f) * 4
    kind[0] = 0x0800 if following <= 2 else 0x6558 if following == 3 else 0x894F if following == 4 else 0x8847
    return 1 <= following <= 5 and at[0] < n


cdef bint past_labels(const u8* p, u32 n, u32* at, u32* kind) noexcept nogil:
    """Step over a label stack, to IP by its version, or Ethernet with or without a control word."""
    cdef u32 i = at[0]
    while n >= i + 4 and not p[i + 2] & 1:
        i += 4
    i += 4
    if n <= i:
        return False
    kind[0] = 0x0800
    if p[i] >> 4 != 4 and p[i] >> 4 != 6:
        kind[0] = 0x6558
        if p[i] >> 4 == 0 and (p[i - 4] | p[i - 3] | p[i - 2] >> 4):
            i += 4
    at[0] = i
    return True
