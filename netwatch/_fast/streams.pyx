# cython: boundscheck=False
"""TCP reassembly by sequence number (RFC 9293 section 3.4), bounded per side, per flow and in all.

Bytes that came first win. A segment that comes early waits; the hole before it counts as lost when the other side has
acknowledged it and a while has passed, when the bounds are reached, or when the flow ends. What was lost is told to the
reader, never papered over. A flow whose beginning was not seen starts where it was joined.
"""
from libc.stdlib cimport realloc, free
from libc.string cimport memcpy, memmove

from netwatch._fast.bytes cimport u8, u32, u64, i32, Slice
from netwatch._fast.flow cimport *
from netwatch._fast.packet cimport Packet, TCP_SYN, TCP_FIN, TCP_RST
from netwatch._fast.seam cimport Dpi, Look, ring_put, EV_CHUNK
from netwatch._fast.dpi cimport *
from netwatch._fast.opening cimport LATE_FRAMES, late_hello, tried_bit, worth_reading
from netwatch._fast.segments cimport segments_keep, segments_take

cdef struct Feed:                 # the flow at hand
    Dpi* dpi
    Row* row
    Cold* cold
    Conn* conn                    # NULL once nobody reads
    u64 ts
    u64 frame
    bint follow


cdef void stream_segment(Dpi* dpi, Row* row, Cold* cold, const TcpRow* t, const Packet* pk) noexcept nogil:
    """One TCP segment of a flow that is not done with."""
    cdef Feed f
    cdef int s = pk.side
    cdef u32 seq = pk.seq + (1 if pk.flags & TCP_SYN else 0)
    cdef bint late
    f.dpi = dpi
    f.row = row
    f.cold = cold
    f.conn = row.conn
    f.ts = pk.frame.ts
    f.frame = pk.frame.n
    f.follow = (dpi.want >> EV_CHUNK) & 1
    if f.conn == NULL:
        if pk.wire_payload == 0:
            return
        late = row.bits & tried_bit(s) != 0
        if not f.follow and not worth_reading(dpi, row, cold, t, pk, seq):
            return
        if not begin(&f, t, s, late):
            return
    if not f.conn.half[s].open:
        f.conn.half[s].open = 1
        f.conn.half[s].next = seq
    if pk.flags & TCP_FIN:
        f.conn.half[s].has_fin = 1
        f.conn.half[s].fin = seq + pk.wire_payload
    if pk.wire_payload:
        segment(&f, s, seq, pk)
    if f.conn != NULL:
        lose_patience(&f, s)
    if f.conn != NULL:
        lose_patience(&f, 1 - s)
    if f.conn != NULL and (pk.flags & TCP_RST or (closed(&f.conn.half[0]) and closed(&f.conn.half[1]))):
        stream_end(dpi, row, cold, f.ts, f.frame)
        row.bits |= BIT_DPI_DONE


cdef inline bint closed(const Half* half) noexcept nogil:
    return half.has_fin and half.next == half.fin


cdef bint begin(Feed* f, const TcpRow* t, int speaker, bint late) noexcept nogil:
    """Make room for the flow's bytes. Where a side's SYN was not seen, or what followed it is of no use any more
    (`late`), it starts with what comes next."""
    cdef int side
    cdef Half* half
    if f.dpi.stream_bytes > STREAMS_IN_ALL:
        f.dpi.streams_dropped += 1
        f.row.bits |= BIT_DPI_DONE
        return False
    f.conn = conn_new(f.dpi)
    if f.conn == NULL:
        return False
    f.row.conn = f.conn
    for side in range(2):
        half = &f.conn.half[side]
        half.tried = f.row.bits & tried_bit(side) != 0
        half.dead = f.row.bits & BIT_DPI_DONE != 0 or f.dpi.off
        if t.flags[side] & TCP_SYN and not half.tried and not late:
            half.open = 1
            half.next = t.isn[side] + 1
        elif f.row.packets[side] and side != speaker:
            half.open = 1
            half.next = f.row.nxt[side]
    return True


cdef void segment(Feed* f, int s, u32 seq, const Packet* pk) noexcept nogil:
    """Deliver what is new and in order, keep what is early, drop what is old."""
    cdef Half* half = &f.conn.half[s]
    cdef i32 ahead = <i32>(seq - half.next)
    cdef u32 n = pk.payload_len, old, k
    if ahead > FAR_AHEAD or ahead < -FAR_AHEAD:
        return
    if ahead > 0:
        early(f, s, seq, pk.payload, n)
        return
    while f.conn != NULL:
        old = half.next - seq
        if old >= pk.wire_payload:
            return
        k = (n if old < n else pk.wire_payload) - old
        if half.early != NULL and half.early.seq - half.next < k:
            k = half.early.seq - half.next      # from there on other bytes came first
        half.next += k
        if old < n:
            deliver(f, s, pk.payload + old, k)
        else:
            lost(f, s, k)
        if f.conn != NULL and half.early != NULL:
            drain(f, s)


cdef void drain(Feed* f, int s) noexcept nogil:
    """Deliver early segments that have become due."""
    cdef Half* half = &f.conn.half[s]
    cdef Segment* seg
    cdef u32 old
    half.waiting = 0
    while f.conn != NULL and half.early != NULL and <i32>(half.early.seq - half.next) <= 0:
        seg = segments_take(f.dpi, half)
        old = half.next - seg.seq
        if old < seg.n:
            half.next += seg.n - old
            deliver(f, s, <u8*>seg + sizeof(Segment) + old, seg.n - old)
        free(seg)


cdef void early(Feed* f, int s, u32 seq, const u8* p, u32 n) noexcept nogil:
    """Keep bytes for later; over a bound the hole before them is given up."""
    cdef Half* half = &f.conn.half[s]
    if not segments_keep(f.dpi, half, seq, p, n) or half.early == NULL:
        return                                  # no memory, or nothing of the segment was captured
    if half.early_bytes > EARLY_BYTES or half.early_n > EARLY_SEGMENTS or f.dpi.stream_bytes > STREAMS_CALM:
        give_up_hole(f, s)


cdef void give_up_hole(Feed* f, int s) noexcept nogil:
    cdef Half* half = &f.conn.half[s]
    cdef u32 n = half.early.seq - half.next
    half.next = half.early.seq
    lost(f, s, n)
    if f.conn != NULL:
        drain(f, s)


cdef void lose_patience(Feed* f, int s) noexcept nogil:
    """A hole that the other side has acknowledged, or may never acknowledge because it is not seen, is lost."""
    cdef Half* half = &f.conn.half[s]
    if half.early == NULL:
        return
    if f.row.packets[1 - s] and <i32>(f.row.acked[1 - s] - half.early.seq) < 0:
        return
    half.waiting += 1
    if half.waiting > HOLE_PATIENCE:
        half.waiting = 0
        give_up_hole(f, s)


cdef void chunk(Feed* f, int s, const u8* p, u32 n, u32 gap) noexcept nogil:
    cdef u8* room = ring_put(f.dpi, f.row, EV_CHUNK, f.row.app, s, f.ts, f.frame, gap, n)
    if room != NULL and n:
        memcpy(room, p, n)


cdef void lost(Feed* f, int s, u32 n) noexcept nogil:
    """n bytes of the side will not be seen."""
    cdef Half* half = &f.conn.half[s]
    cdef Look look
    half.gaps += n
    f.dpi.stream_gaps += n
    if f.follow:
        chunk(f, s, NULL, 0, n)
    if half.dead:
        return
    if half.skip >= n:
        half.skip -= n
        half.offset += n
        return
    half.offset += half.len + n
    half.len = 0
    half.need = 0
    if f.conn.proto == 0:
        give_up_side(f, s)
        return
    look_at(&look, f.dpi, f.row, f.cold, s, f.ts, f.frame)
    look.offset = half.offset
    n -= <u32>half.skip
    half.skip = 0
    if not dpi_lost(&look, n):
        reading_over(f)


cdef void give_up_side(Feed* f, int s) noexcept nogil:
    """No protocol wants what this side says; when the other side is as hopeless, or reads to its end, stop."""
    f.conn.half[s].tried = 1
    release(f, &f.conn.half[s])
    f.row.bits |= tried_bit(s)
    if not f.conn.half[1 - s].tried:
        return
    if f.row.packets[0] + f.row.packets[1] >= LATE_FRAMES:
        reading_over(f)
    elif not f.follow:
        dpi_end(f.dpi, f.row, f.cold, f.ts, f.frame)
        f.conn = NULL


cdef void reading_over(Feed* f) noexcept nogil:
    if f.follow:
        f.conn.half[0].dead = f.conn.half[1].dead = 1
        release(f, &f.conn.half[0])
        release(f, &f.conn.half[1])
        return
    dpi_end(f.dpi, f.row, f.cold, f.ts, f.frame)
    f.row.bits |= BIT_DPI_DONE
    f.conn = NULL


cdef void release(Feed* f, Half* half) noexcept nogil:
    free(half.buf)
    f.dpi.stream_bytes -= half.cap
    half.buf = NULL
    half.len = half.cap = half.need = 0


cdef bint keep(Feed* f, Half* half, const u8* p, u32 n) noexcept nogil:
    """Append to what the parser has not used yet; False over the bound."""
    cdef u32 cap
    cdef void* grown
    if half.len + n > half.cap:
        if half.len + n > STREAM_BUFFER or f.dpi.stream_bytes > STREAMS_IN_ALL:
            return False
        cap = half.cap * 2 if half.cap else 512
        while cap < half.len + n:
            cap *= 2
        grown = realloc(half.buf, cap)
        if grown == NULL:
            return False
        f.dpi.stream_bytes += cap - half.cap
        half.buf = <u8*>grown
        half.cap = cap
    memcpy(half.buf + half.len, p, n)
    half.len += n
    return True


cdef void turn_to_tls(Feed* f, int s, const u8* p, u32 n) noexcept nogil:
    """Where bytes that begin a ClientHello follow such as nobody wanted, forget the latter, and what answered them."""
    cdef Half* half
    cdef Slice data
    cdef int side
    data.p = p
    data.n = n
    if not late_hello(f.row, data):
        return
    f.row.bits &= <u8>~tried_bit(s)
    for side in range(2):
        half = &f.conn.half[side]
        half.offset += half.len
        half.tried = 0
        release(f, half)


cdef void deliver(Feed* f, int s, const u8* p, u32 n) noexcept nogil:
    """Contiguous bytes of one side, half.next already beyond them."""
    cdef Half* half = &f.conn.half[s]
    cdef u32 k
    if f.follow:
        chunk(f, s, p, n, 0)
    if not half.dead and f.conn.proto == 0 and (half.tried or half.len):
        turn_to_tls(f, s, p, n)
    if half.dead or (half.tried and f.conn.proto == 0):
        half.offset += n
        return
    if half.skip:
        k = n if half.skip > n else <u32>half.skip
        half.skip -= k
        half.offset += k
        p += k
        n -= k
        if n == 0:
            return
    if half.len or n < half.need:
        if not keep(f, half, p, n):
            f.dpi.streams_dropped += 1
            reading_over(f)
        elif half.len >= half.need or closed(half):
            read_kept(f, s)
        return
    read_bytes(f, s, p, n, False)


cdef void read_kept(Feed* f, int s) noexcept nogil:
    read_bytes(f, s, f.conn.half[s].buf, f.conn.half[s].len, True)


cdef void read_bytes(Feed* f, int s, const u8* p, u32 n, bint kept) noexcept nogil:
    """Let the reader use what it can; keep the rest."""
    cdef Half* half = &f.conn.half[s]
    cdef Look look
    cdef Slice data
    cdef u32 k
    cdef int answer = READ_ON
    cdef bint undecided = f.conn.proto == 0
    while n and answer == READ_ON:
        look_at(&look, f.dpi, f.row, f.cold, s, f.ts, f.frame)
        look.offset = half.offset
        look.fin = closed(half)
        data.p = p
        data.n = n
        answer = dpi_read(&look, data)
        k = look.used if look.used < n else n
        if look.skip:
            half.skip = look.skip
            if half.skip <= n - k:
                k += <u32>half.skip
                half.skip = 0
            else:
                half.skip -= n - k
                k = n
        p += k
        n -= k
        half.offset += k
        half.need = look.need
    if answer == READ_OVER:
        if f.conn.proto == 0 and undecided and f.row.app == 0:
            give_up_side(f, s)
        else:
            reading_over(f)
        return
    if kept:
        if n and n != half.len:
            memmove(half.buf, p, n)
        half.len = n
    elif n and not keep(f, half, p, n):
        f.dpi.streams_dropped += 1
        reading_over(f)
        return
    if half.need > STREAM_BUFFER:
        f.dpi.streams_dropped += 1
        reading_over(f)
    elif undecided and f.conn.proto and f.conn.half[1 - s].len:
        read_kept(f, 1 - s)


cdef u32 before_fin(const Half* half) noexcept nogil:
    """Bytes between what was seen and the FIN that follows them."""
    cdef i32 n = <i32>(half.fin - half.next)
    return <u32>n if half.has_fin and 0 < n <= FAR_AHEAD else 0


cdef void stream_end(Dpi* dpi, Row* row, Cold* cold, u64 ts, u64 frame) noexcept nogil:
    """The flow ends: deliver what waits behind holes, show the rest once more as final, and free everything."""
    cdef Feed f
    cdef int side
    cdef u32 missing[2]
    f.dpi = dpi
    f.row = row
    f.cold = cold
    f.conn = row.conn
    f.ts = ts
    f.frame = frame
    f.follow = (dpi.want >> EV_CHUNK) & 1
    for side in range(2):
        while f.conn != NULL and f.conn.half[side].early != NULL:
            give_up_hole(&f, side)
        missing[side] = before_fin(&f.conn.half[side]) if f.conn != NULL else 0
    for side in range(2):
        if f.conn != NULL and f.conn.half[side].len and not f.conn.half[side].dead:
            f.conn.half[side].has_fin = 1
            f.conn.half[side].fin = f.conn.half[side].next
            read_kept(&f, side)
    for side in range(2):
        if f.conn != NULL and missing[side]:
            lost(&f, side, missing[side])
    if row.conn != NULL:
        dpi_end(dpi, row, cold, ts, frame)
