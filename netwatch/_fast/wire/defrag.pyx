"""Reassembly of IPv4 (RFC 791) and IPv6 (RFC 8200 section 4.5) fragments.

Bytes that came first win over later ones at the same place. What waits is bounded in number, bytes and packet time;
the oldest goes first. IPv6 overlaps, which RFC 5722 forbids, follow the same rule: a passive reader must not be blinded
by one forged fragment.
"""
from libc.stdlib cimport calloc, malloc, realloc, free
from libc.string cimport memcmp, memcpy

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.wire.packet cimport Packet
from netwatch._fast.base.mix cimport mix_ends


cdef Defrag* defrag_new() noexcept nogil:
    return <Defrag*>calloc(1, sizeof(Defrag))


cdef void defrag_free(Defrag* d) noexcept nogil:
    if d == NULL:
        return
    while d.oldest != NULL:
        discard(d, d.oldest)
    defrag_flush(d)
    free(d.ready)
    free(d)


cdef void defrag_flush(Defrag* d) noexcept nogil:
    """Free the datagrams finished since the last call; nobody reads them any more."""
    while d.n_ready:
        d.n_ready -= 1
        free(d.ready[d.n_ready])


cdef u64 fragment_hash(const Packet* pk, u32 ident, u8 proto) noexcept nogil:
    return mix_ends(pk.src, pk.dst, ident | <u64>proto << 32)


cdef inline u32 bucket_of(const Packet* pk, u32 ident, u8 proto) noexcept nogil:
    return <u32>(fragment_hash(pk, ident, proto) & (DEFRAG_BUCKETS - 1))


cdef Datagram* find(const Defrag* d, u32 bucket, const Packet* pk, u32 ident, u8 proto) noexcept nogil:
    cdef Datagram* g = d.buckets[bucket]
    while g != NULL:
        if (g.ident == ident and g.proto == proto and g.path == pk.path and g.family == pk.family
                and memcmp(g.src, pk.src, 16) == 0 and memcmp(g.dst, pk.dst, 16) == 0):
            return g
        g = g.next
    return NULL


cdef Datagram* begin(Defrag* d, u32 bucket, const Packet* pk, u32 ident, u8 proto) noexcept nogil:
    cdef Datagram* g
    if d.datagrams >= DEFRAG_DATAGRAMS:
        discard(d, d.oldest)
        d.dropped += 1
    g = <Datagram*>calloc(1, sizeof(Datagram))
    if g == NULL:
        return NULL
    memcpy(g.src, pk.src, 16)
    memcpy(g.dst, pk.dst, 16)
    g.ident = ident
    g.proto = proto
    g.path = pk.path
    g.family = pk.family
    g.first = pk.frame.ts
    g.next = d.buckets[bucket]
    d.buckets[bucket] = g
    g.older = d.newest
    if d.newest != NULL:
        d.newest.newer = g
    else:
        d.oldest = g
    d.newest = g
    d.datagrams += 1
    return g


cdef void discard(Defrag* d, Datagram* g) noexcept nogil:
    """Take a datagram out of its bucket and the age list, and free it."""
    cdef Packet key
    cdef Datagram** at
    cdef Part* part = g.head
    cdef Part* after
    memcpy(key.src, g.src, 16)
    memcpy(key.dst, g.dst, 16)
    at = &d.buckets[bucket_of(&key, g.ident, g.proto)]
    while at[0] != NULL and at[0] != g:
        at = &at[0].next
    if at[0] == g:
        at[0] = g.next
    if g.older != NULL:
        g.older.newer = g.newer
    else:
        d.oldest = g.newer
    if g.newer != NULL:
        g.newer.older = g.older
    else:
        d.newest = g.older
    while part != NULL:
        after = part.next
        d.bytes -= part.n
        free(part)
        part = after
    d.datagrams -= 1
    free(g)


cdef bint put(Defrag* d, Datagram* g, Part** link, u32 at, const u8* p, u32 n) noexcept nogil:
    cdef Part* part = <Part*>malloc(sizeof(Part) + n)
    if part == NULL:
        return False
    part.at = at
    part.n = n
    part.next = link[0]
    memcpy(<u8*>part + sizeof(Part), p, n)
    link[0] = part
    g.have += n
    g.parts += 1
    d.bytes += n
    return True


cdef bint insert(Defrag* d, Datagram* g, u32 at, const u8* p, u32 n) noexcept nogil:
    """Add bytes [at, at + n) where nothing stands yet; False when memory or the bound on parts is used up."""
    cdef Part** link = &g.head
    cdef Part* part
    cdef u32 k
    while n and link[0] != NULL:
        part = link[0]
        k = 0
        if at < part.at:
            k = part.at - at
            if k > n:
                k = n
            if g.parts >= DEFRAG_PARTS or not put(d, g, link, at, p, k):
                return False
            link = &link[0].next                # the same part again: it may cover what is left
        else:
            if at < part.at + part.n:
                k = part.at + part.n - at
                if k > n:
                    k = n
            link = &part.next
        at += k
        p += k
        n -= k
    if n:
        return g.parts < DEFRAG_PARTS and put(d, g, link, at, p, n)
    return True


cdef bint defrag_keep(Defrag* d, u8* data) noexcept nogil:
    """Own a malloc'ed buffer that packets of this batch point into, until defrag_flush; False frees it at once."""
    cdef void* grown
    cdef u32 cap
    if d.n_ready == d.cap_ready:
        cap = d.cap_ready * 2 if d.cap_ready else 16
        grown = realloc(d.ready, cap * sizeof(u8*))
        if grown == NULL:
            free(data)
            return False
        d.ready = <u8**>grown
        d.cap_ready = cap
    d.ready[d.n_ready] = data
    d.n_ready += 1
    return True


cdef int finish(Defrag* d, Datagram* g, Whole* out) noexcept nogil:
    """Put the parts together in one buffer."""
    cdef u8* data = <u8*>malloc(g.total if g.total else 1)
    cdef Part* part = g.head
    if data == NULL or not defrag_keep(d, data):
        discard(d, g)
        d.dropped += 1
        return DEFRAG_BAD
    while part != NULL:
        memcpy(data + part.at, <u8*>part + sizeof(Part), part.n)
        part = part.next
    out.data = data
    out.n = g.total
    out.wire = g.wire
    out.frames = g.frames
    discard(d, g)
    return DEFRAG_WHOLE


cdef int defrag_add(Defrag* d, const Packet* pk, u32 ident, u8 proto, u32 at, bint more,
                    const u8* p, u32 n, Whole* out) noexcept nogil:
    """Take n payload bytes at offset `at` of datagram `ident`; DEFRAG_WHOLE fills `out`."""
    cdef u32 bucket = bucket_of(pk, ident, proto)
    cdef Datagram* g = find(d, bucket, pk, ident, proto)
    while d.oldest != NULL and pk.frame.ts > d.oldest.first + <u64>DEFRAG_SECONDS * 1000000000:
        if d.oldest == g:
            g = NULL
        discard(d, d.oldest)
        d.dropped += 1
    if at + n > 65535 or n == 0 or (more and n & 7):
        return DEFRAG_BAD
    while d.oldest != NULL and d.oldest != g and d.bytes + n > DEFRAG_BYTES:
        discard(d, d.oldest)
        d.dropped += 1
    if g == NULL:
        g = begin(d, bucket, pk, ident, proto)
        if g == NULL:
            return DEFRAG_BAD
    if g.total and (at + n > g.total or (not more and at + n != g.total)):
        return DEFRAG_BAD
    if not more:
        if g.head != NULL and extent(g) > at + n:
            return DEFRAG_BAD
        g.total = at + n
    g.wire += pk.frame.len
    g.frames += 1
    if not insert(d, g, at, p, n):
        discard(d, g)
        d.dropped += 1
        return DEFRAG_BAD
    if g.total and g.have == g.total:
        return finish(d, g, out)
    return DEFRAG_WAIT


cdef u32 extent(const Datagram* g) noexcept nogil:
    cdef const Part* part = g.head
    cdef u32 end = 0
    while part != NULL:
        end = part.at + part.n
        part = part.next
    return end
