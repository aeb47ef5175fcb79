"""Reassembly of IPv4 (RFC 791) and IPv6 (RFC 8200 section 4.5) fragments.

The receiver that is modelled is Linux: a fragment that is held already is ignored, one that overlaps another in part,
or says another end, ends its datagram (RFC 5722; net/ipv4/inet_fragment.c does it for IPv4 too). Parts of IPv6 belong
together by addresses and identification alone, and the first one's next header counts. Fragments whose headers do not
add up never join those whose headers do. What waits is bounded in number, memory and packet time; the oldest goes
first.

A fragment need not wait to be counted: once the first one was seen, the others belong to the flow that it names.
"""
from libc.stdlib cimport calloc, malloc, realloc, free
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.wire.packet cimport FAMILY_IP4, Frame, Packet
from netwatch._fast.base.mix cimport mix_bytes, mix_ends, mix_on

cdef extern from *:
    """
    #define nw_bits_set(v) __builtin_popcountll(v)
    """
    u32 bits_set "nw_bits_set"(u64 v) noexcept nogil

cdef enum:
    LARGEST = 65535


cdef Defrag* defrag_new() noexcept nogil:
    return <Defrag*>calloc(1, sizeof(Defrag))


cdef void defrag_free(Defrag* d) noexcept nogil:
    if d == NULL:
        return
    while d.oldest != NULL:
        discard(d, d.oldest)
    defrag_flush(d)
    free(d.ready)
    free(d.strays)
    free(d)


cdef void defrag_flush(Defrag* d) noexcept nogil:
    """Free the datagrams finished since the last call; nobody reads them any more."""
    while d.n_ready:
        d.n_ready -= 1
        free(d.ready[d.n_ready])


cdef void defrag_end(Defrag* d) noexcept nogil:
    """The input is over: what waits is given up, and what no flow has is in `strays`."""
    while d.oldest != NULL:
        give_up(d, d.oldest)


cdef inline u32 key_of(const Packet* pk, u32 proto) noexcept nogil:
    """What of the protocol is part of a datagram's identity: IPv6 fragments may differ in it."""
    return proto if pk.family == FAMILY_IP4 else 0


cdef u64 fragment_hash(const u8* src, const u8* dst, u32 ident) noexcept nogil:
    return mix_ends(src, dst, ident)


cdef inline u32 bucket_of(const u8* src, const u8* dst, u32 ident) noexcept nogil:
    return <u32>(fragment_hash(src, dst, ident) & (DEFRAG_BUCKETS - 1))


cdef bint is_of(const Datagram* g, const Packet* pk, const Fragment* f) noexcept nogil:
    """Is the fragment one of the datagram's?"""
    return (g.ident == f.ident and g.link == f.link and g.family == pk.family and g.wrong == f.wrong
            and key_of(pk, g.proto) == key_of(pk, f.proto)
            and memcmp(g.src, pk.src, 16) == 0 and memcmp(g.dst, pk.dst, 16) == 0)


cdef Datagram* find(const Defrag* d, u32 bucket, const Packet* pk, const Fragment* f) noexcept nogil:
    cdef Datagram* g = d.buckets[bucket]
    while g != NULL and not is_of(g, pk, f):
        g = g.next
    return g


cdef Datagram* put_together(Defrag* d, const Packet* pk, const Fragment* f) noexcept nogil:
    """The datagram of whose fragments this is a late copy, byte for byte, or NULL."""
    cdef u32 bucket = bucket_of(pk.src, pk.dst, f.ident), i
    cdef Ended* e = &d.ended[bucket & (DEFRAG_ENDED - 1)]
    cdef u64 print_
    if not is_of(&e.of, pk, f) or pk.frame.ts - e.of.last > DEFRAG_AGAIN_NS or find(d, bucket, pk, f) != NULL:
        return NULL
    print_ = print_of(f.p, f.at, f.n)
    for i in range(e.n):
        if e.prints[i] == print_:
            return &e.of
    return NULL


cdef inline u64 print_of(const u8* p, u32 at, u32 n) noexcept nogil:
    return mix_on(mix_bytes(p, n), at, n)


cdef Datagram* begin(Defrag* d, u32 bucket, const Packet* pk, const Fragment* f) noexcept nogil:
    cdef Datagram* g
    if d.datagrams >= DEFRAG_DATAGRAMS:
        give_up(d, d.oldest)
    g = <Datagram*>calloc(1, sizeof(Datagram) + DEFRAG_UNITS // 8)
    if g == NULL:
        return NULL
    g.units = <u64*>(<u8*>g + sizeof(Datagram))
    g.held = sizeof(Datagram) + DEFRAG_UNITS // 8
    memcpy(g.src, pk.src, 16)
    memcpy(g.dst, pk.dst, 16)
    g.ident = f.ident
    g.proto = f.proto
    g.path = pk.path
    g.link = f.link
    g.wrong = f.wrong
    g.family = pk.family
    g.ttl = pk.ttl
    g.last = pk.frame.ts
    g.first = pk.frame.ts or 1      # 0 says of a Packet that nothing was put together, whatever its input's times
    g.frame = pk.frame.n
    g.next = d.buckets[bucket]
    d.buckets[bucket] = g
    g.older = d.newest
    if d.newest != NULL:
        d.newest.newer = g
    else:
        d.oldest = g
    d.newest = g
    d.datagrams += 1
    d.bytes += g.held
    return g


cdef void discard(Defrag* d, Datagram* g) noexcept nogil:
    """Take a datagram out of its bucket and the age list, and free it."""
    cdef Datagram** at = &d.buckets[bucket_of(g.src, g.dst, g.ident)]
    cdef Part* part = g.parts
    cdef Part* after
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
        free(part)
        part = after
    d.bytes -= g.held
    d.datagrams -= 1
    free(g)


cdef void give_up(Defrag* d, Datagram* g) noexcept nogil:
    """It will not become whole. What no flow has is remembered by its ends, if it may have been taken."""
    cdef Stray* stray
    cdef bint told = g.waiting and not g.wrong
    if told and d.strays == NULL:
        d.strays = <Stray*>malloc(DEFRAG_STRAYS * sizeof(Stray))
    if told and d.strays != NULL and d.n_strays < DEFRAG_STRAYS:
        stray = &d.strays[d.n_strays]
        d.n_strays += 1
        memcpy(stray.src, g.src, 16)
        memcpy(stray.dst, g.dst, 16)
        stray.first, stray.last, stray.frame = g.first, g.last, g.frame
        stray.wire, stray.frames = g.waiting_wire, g.waiting
        stray.path, stray.proto, stray.family, stray.ttl = g.path, g.proto, g.family, g.ttl
    d.dropped += 1
    discard(d, g)


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


cdef inline u64 units_in(u32 word, u32 first, u32 after) noexcept nogil:
    """Of the units from `first` to before `after` those of this word of 64, which has one at least: as bits."""
    cdef u64 bits = ~<u64>0
    if first > word * 64:
        bits <<= first & 63
    if after < (word + 1) * 64:
        bits &= ~(~<u64>0 << (after & 63))
    return bits


cdef u32 units_held(const Datagram* g, u32 first, u32 after) noexcept nogil:
    cdef u32 word, n = 0
    for word in range(first >> 6, (after + 63) >> 6):
        n += bits_set(g.units[word] & units_in(word, first, after))
    return n


cdef bint put(Defrag* d, Datagram* g, const Fragment* f) noexcept nogil:
    """Keep a fragment that covers nothing that is held; False without memory."""
    cdef u32 first = f.at >> 3, after = (f.at + f.n + 7) >> 3, word, size = sizeof(Part) + f.n
    cdef Part* part = <Part*>malloc(size)
    if part == NULL:
        return False
    part.at = f.at
    part.n = f.n
    part.next = g.parts
    memcpy(<u8*>part + sizeof(Part), f.p, f.n)
    g.parts = part
    for word in range(first >> 6, (after + 63) >> 6):
        g.units[word] |= units_in(word, first, after)
    g.have += f.n
    g.held += size
    d.bytes += size
    if f.at + f.n > g.end:
        g.end = f.at + f.n
    return True


cdef int finish(Defrag* d, Datagram* g, Whole* out) noexcept nogil:
    """Put the parts together in one buffer."""
    cdef u8* data = <u8*>malloc(g.total)
    cdef Part* part = g.parts
    if data == NULL or not defrag_keep(d, data):
        give_up(d, g)
        return DEFRAG_BAD
    while part != NULL:
        memcpy(data + part.at, <u8*>part + sizeof(Part), part.n)
        part = part.next
    out.data = data
    out.n = g.total
    out.wire = g.wire
    out.frames = g.frames
    return DEFRAG_WHOLE


cdef bint agrees(const Datagram* g, const Fragment* f) noexcept nogil:
    """Does the fragment say the same end as those before?"""
    cdef u32 end = f.at + f.n
    if g.total and (end > g.total or (not f.more and end != g.total)):
        return False
    return f.more or g.end <= end


cdef Datagram* taken_in(Defrag* d, const Packet* pk, const Fragment* f) noexcept nogil:
    """The fragment's datagram, with room for the fragment; NULL without memory."""
    cdef u32 bucket = bucket_of(pk.src, pk.dst, f.ident)
    cdef Datagram* g = find(d, bucket, pk, f)
    while d.oldest != NULL and pk.frame.ts > d.oldest.first + <u64>DEFRAG_SECONDS * 1000000000:
        if d.oldest == g:
            g = NULL
        give_up(d, d.oldest)
    while d.oldest != NULL and d.oldest != g and d.bytes + f.n + sizeof(Part) > DEFRAG_BYTES:
        give_up(d, d.oldest)
    return g if g != NULL else begin(d, bucket, pk, f)


cdef int defrag_add(Defrag* d, const Packet* pk, const Fragment* f, Whole* out) noexcept nogil:
    """Take a fragment. DEFRAG_WHOLE and DEFRAG_WAIT leave its datagram in `out`, valid until the next call."""
    cdef u32 units, held
    cdef Datagram* g
    if f.at + f.n > LARGEST or f.n == 0 or (f.more and f.n & 7 and not f.cut):
        return DEFRAG_BAD
    out.datagram = put_together(d, pk, f)
    if out.datagram != NULL:
        return DEFRAG_AGAIN
    g = taken_in(d, pk, f)
    if g == NULL:
        return DEFRAG_BAD
    if f.at == 0:
        g.proto = f.proto
    g.wire += pk.frame.len
    g.frames += 1
    if pk.frame.ts > g.last:
        g.last = pk.frame.ts
    if not f.cut:
        units = ((f.at + f.n + 7) >> 3) - (f.at >> 3)
        held = units_held(g, f.at >> 3, (f.at + f.n + 7) >> 3)
        if not agrees(g, f) or (held and held < units) or (held == 0 and not put(d, g, f)):
            give_up(d, g)
            return DEFRAG_BAD
        if not f.more:
            g.total = f.at + f.n
    out.datagram = g
    if g.total and g.have == g.total:
        return finish(d, g, out)
    return DEFRAG_WAIT


cdef void defrag_done(Defrag* d, Datagram* g) noexcept nogil:
    """A whole datagram has been read: whose it was is known a moment longer."""
    cdef Ended* e = &d.ended[bucket_of(g.src, g.dst, g.ident) & (DEFRAG_ENDED - 1)]
    cdef const Part* part = g.parts
    e.of = g[0]
    e.n = 0
    while part != NULL and e.n < DEFRAG_PRINTS:
        e.prints[e.n] = print_of(<const u8*>part + sizeof(Part), part.at, part.n)
        e.n += 1
        part = part.next
    discard(d, g)


cdef void stray_packet(const Stray* stray, Frame* frame, Packet* pk) noexcept nogil:
    """A packet, of a frame to be numbered, that stands for fragments whose first was never seen."""
    memset(frame, 0, sizeof(Frame))
    memset(pk, 0, sizeof(Packet))
    frame.ts = stray.last
    pk.frame = frame
    pk.first = stray.first
    memcpy(pk.src, stray.src, 16)
    memcpy(pk.dst, stray.dst, 16)
    pk.family, pk.proto, pk.path, pk.ttl = stray.family, stray.proto, stray.path, stray.ttl
    pk.wire, pk.count, pk.part = stray.wire, <u16>stray.frames, True
