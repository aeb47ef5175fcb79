"""From contiguous bytes to the flow's reader: what it cannot use yet is kept, what it does not want is passed over.

The order of the bytes is the caller's business: streams.pyx has it from sequence numbers, inner.pyx from what was
decrypted. A parser sees no difference.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy, memmove

from netwatch._fast.base.bytes cimport u8, u32, i32, Slice, slice_of
from netwatch._fast.base.growing cimport grown
from netwatch._fast.flow.row cimport BIT_DPI_DONE, Half, OPEN_KNOWN, closed, tried_bit
from netwatch._fast.flow.content cimport ring_put, EV_CHUNK
from netwatch._fast.look.conns cimport STREAMS_IN_ALL
from netwatch._fast.look.protocol cimport DETECT_MORE, Look, touch
from netwatch._fast.look.dispatch cimport *
from netwatch._fast.look.registry cimport begins_late, proto_at
from netwatch._fast.look.opening cimport (JOINED_TRIES, KEPT_CALM, KEPT_UNKNOWN, LATE_FRAMES, is_text,
                                          late_hello, line_ends)

cdef enum:
    RESYNC_TRIES = 4096           # segments after a hole that are asked whether a message begins with them
    HANDSHAKE = 22                # what TLS begins with
    RESYNC_BYTES = 4096           # more than these are not waited for to tell


cdef void feed_bytes(Feed* f, int s, const u8* p, u32 n) noexcept nogil:
    """Contiguous bytes of one side, half.next already beyond them."""
    cdef Half* half = &f.conn.half[s]
    cdef u32 k
    if f.follow:
        chunk(f, s, p, n, 0)
    if not half.dead and not f.inner and f.conn.proto == 0 and (half.tried or half.len):
        turn_to_tls(f, s, p, n)
    if half.dead:
        half.offset += n
        return
    if half.tried and f.conn.proto == 0:
        keep_unknown(f, s, p, n)
        return
    if half.skip:
        k = n if half.skip > n else <u32>half.skip
        half.skip -= k
        half.offset += k
        p += k
        n -= k
        if n == 0:
            return
    if half.astray:
        seek_message(f, s, p, n)
        return
    if half.len or n < half.need:
        if not keep(f, half, p, n):
            f.dpi.streams_dropped += 1
            reading_over(f)
        elif half.len >= half.need or closed(half):
            feed_kept(f, s)
        return
    read_bytes(f, s, p, n, False, False, False)


cdef void seek_message(Feed* f, int s, const u8* p, u32 n) noexcept nogil:
    """A segment of a side that is astray: read on where a message begins with it, alone or behind what was kept."""
    cdef Half* half = &f.conn.half[s]
    cdef u32 before = half.len
    if before and keep(f, half, p, n):
        if anchored(f, s, half.buf, half.len):
            feed_kept(f, s)
            return
        if half.need:
            return
    half.offset += before
    half.len = 0
    if anchored(f, s, p, n):
        read_bytes(f, s, p, n, False, False, False)
    elif half.need and keep(f, half, p, n):
        return
    else:
        half.offset += n
        half.astray -= 1
        if half.astray == 0:
            leave_side(f, s)


cdef bint anchored(Feed* f, int s, const u8* p, u32 n) noexcept nogil:
    """Does a message begin here? Where that takes more bytes, half.need says so."""
    cdef Half* half = &f.conn.half[s]
    cdef Look look
    cdef int answer
    if f.conn.changes <= LAST_CHANGE and begins_late(slice_of(p, n)):
        turn_over(f, s)
        half.astray = 0
        return True
    look_for(f, s, &look)
    look.fin = closed(half)
    answer = dpi_resync(&look, slice_of(p, n))
    half.need = n + 1 if answer == DETECT_MORE and not look.fin and n < RESYNC_BYTES else 0
    if answer <= 0:
        return False
    half.astray = 0
    return True


cdef bint is_unagreed(Feed* f, int s, Slice data) noexcept nogil:
    """Where bytes are missing, those by which the other side agreed to TLS may be: does it begin with these, which
    would be the next message of what is spoken?"""
    cdef const Half* other = &f.conn.half[1 - s]
    if f.inner or f.conn.proto == 0 or f.conn.changes > LAST_CHANGE:
        return False
    if not (f.conn.half[s].gaps or other.gaps or (other.open and <i32>(f.row.acked[s] - other.next) > 0)):
        return False
    return proto_at(f.conn.proto).late == 0 and begins_late(data)


cdef int read_unagreed(Feed* f, int s, Look* look, Slice data) noexcept nogil:
    """As dpi_read of a ClientHello that whoever reads the flow need not expect. It is none where he knows what to do
    with all of it: then it is what a message carries."""
    cdef bint unagreed = is_unagreed(f, s, data)
    cdef u64 broken = f.dpi.malformed[f.conn.proto]
    cdef int before = f.conn.proto
    cdef int answer = dpi_read(look, data)
    if not unagreed or f.conn.proto == before and (look.skip or (look.used >= data.n and answer == READ_ON)):
        return answer
    f.dpi.malformed[before] = broken
    turn_over(f, s)
    return dpi_read(look, data)


cdef void turn_over(Feed* f, int s) noexcept nogil:
    """Another protocol begins with the next bytes of this side. What the other side has said by now, as far as this one
    has heard, was none of it; nor was anything kept or passed over for it."""
    cdef Half* other = &f.conn.half[1 - s]
    cdef i32 missing = <i32>(f.row.acked[s] - other.next)
    if f.conn.proto:
        forget(f.row, f.cold, f.conn)
        touch(f.dpi, f.row)
        f.conn.changes += 1
    pass_over(other)
    other.skip = 0
    if other.open and missing > 0 and other.early == NULL and not f.inner:
        other.next += <u32>missing
        feed_gap(f, 1 - s, <u32>missing)


cdef void leave_side(Feed* f, int s) noexcept nogil:
    """Nothing more of this side can be read; when of the other neither, stop."""
    f.conn.half[s].dead = 1
    release(f, &f.conn.half[s])
    if f.conn.half[1 - s].dead:
        reading_over(f)


cdef void turn_to_tls(Feed* f, int s, const u8* p, u32 n) noexcept nogil:
    """Where bytes that begin a ClientHello follow such as nobody wanted, forget the latter, and what answered them."""
    cdef Half* half
    cdef int side
    if not late_hello(f.row, slice_of(p, n)):
        return
    f.row.bits &= <u8>~tried_bit(s)
    for side in range(2):
        half = &f.conn.half[side]
        half.offset += half.len
        half.tried = 0
        release(f, half)


cdef void feed_cut(Feed* f, int s) noexcept nogil:
    cdef Half* half = &f.conn.half[s]
    if half.len and f.conn.proto and not half.dead and not half.astray:
        read_bytes(f, s, half.buf, half.len, True, True, False)


cdef void feed_gap(Feed* f, int s, u32 n) noexcept nogil:
    """n bytes of the side will not be seen."""
    cdef Half* half = &f.conn.half[s]
    cdef Look look
    cdef int answer
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
        return                      # the side is joined anew behind the hole
    look_for(f, s, &look)
    n -= <u32>half.skip
    half.skip = 0
    answer = dpi_lost(&look, n)
    if answer == READ_OVER:
        reading_over(f)
    elif answer == READ_ASTRAY:
        half.astray = RESYNC_TRIES


cdef void feed_kept(Feed* f, int s) noexcept nogil:
    cdef Half* half = &f.conn.half[s]
    if half.tried and f.conn.proto == 0:
        return
    if not half.astray or anchored(f, s, half.buf, half.len):
        read_bytes(f, s, half.buf, half.len, True, False, False)


cdef void read_bytes(Feed* f, int s, const u8* p, u32 n, bint kept, bint last, bint doubt) noexcept nogil:
    """Let the reader use what it can; keep the rest. None follows them when they are the `last`. Of a flow that the
    other side names beyond `doubt` the reader may refuse them."""
    cdef Half* half = &f.conn.half[s]
    cdef Look look
    cdef Slice data
    cdef u32 k
    cdef int answer = READ_ON
    cdef bint undecided = f.conn.proto == 0
    if undecided and f.conn.half[1 - s].len and n and names_kept(f, s, p, n, last):
        undecided = False
        if f.conn == NULL or half.dead:         # of a dead one the kept bytes are gone
            return
    while n and answer == READ_ON:
        look_for(f, s, &look)
        look.fin = last or closed(half)
        data.p = p
        data.n = n
        answer = read_unagreed(f, s, &look, data) if p[0] == HANDSHAKE else dpi_read(&look, data)
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
    if answer == READ_BROKEN:
        half.offset += n
        leave_side(f, s)
        return
    if answer == READ_OVER and not (f.conn.proto == 0 and (undecided or doubt or f.conn.half[1 - s].tried)):
        reading_over(f)
        return
    if answer == READ_OVER and (f.dpi.stream_bytes >= KEPT_CALM or not is_text(p, n)):
        half.offset += n
        release(f, half)
        nobody_wants(f, s)
        return
    if kept:
        if n and n != half.len:
            memmove(half.buf, p, n)
        half.len = n
    elif n and not keep(f, half, p, n):
        f.dpi.streams_dropped += 1
        reading_over(f)
        return
    if answer == READ_OVER:
        nobody_wants(f, s)
        return
    if half.need > STREAM_BUFFER:
        f.dpi.streams_dropped += 1
        reading_over(f)
    elif undecided and f.conn.proto and f.conn.half[1 - s].len:
        feed_kept(f, 1 - s)


cdef bint names_kept(Feed* f, int s, const u8* p, u32 n, bint last) noexcept nogil:
    """Do these bytes say whose the flow is? Then what was kept of the other side is read before them, unless it answers
    what was lost. A server that is sure of itself stays what it is, whatever its client took it for."""
    cdef Look look
    cdef Half* other = &f.conn.half[1 - s]
    look_for(f, s, &look)
    look.fin = last or closed(&f.conn.half[s])
    if not dpi_named(&look, slice_of(p, n)):
        return False
    if f.conn.half[s].gaps and not knows_kept(f, 1 - s):
        pass_over(other)
        return True
    read_bytes(f, 1 - s, other.buf, other.len, True, False, not look.client and f.cold.confidence >= SURE_SERVER)
    if f.conn != NULL and f.conn.proto == 0:
        pass_over(other)
    return True


cdef bint knows_kept(Feed* f, int s) noexcept nogil:
    """Does the protocol that the other side has just named know what was kept of this one?"""
    cdef Look look
    look_for(f, s, &look)
    return dpi_knows(&look, slice_of(f.conn.half[s].buf, f.conn.half[s].len))


cdef void look_for(Feed* f, int s, Look* look) noexcept nogil:
    look_at(look, f.dpi, f.row, f.cold, s, f.ts, f.frame)
    look.conn = f.conn
    look.inner = f.inner
    look.offset = f.conn.half[s].offset


cdef void chunk(Feed* f, int s, const u8* p, u32 n, u32 gap) noexcept nogil:
    cdef u8* room = ring_put(f.dpi, f.row, EV_CHUNK, f.row.app, s | (f.inner << 1), f.ts, f.frame, gap, n)
    if room != NULL and n:
        memcpy(room, p, n)


cdef void nobody_wants(Feed* f, int s) noexcept nogil:
    """No protocol wants what this side says so far. Where its beginning is known that is kept until the other side has
    spoken, but for line ends, behind which it is asked again; where it was joined in the middle, its next segments are
    asked as well."""
    cdef Half* half = &f.conn.half[s]
    cdef u32 blank
    if half.open == OPEN_KNOWN and half.gaps == 0:
        blank = line_ends(half.buf, half.len)
        if blank:
            half.offset += blank
            half.len -= blank
            half.need = 0
            memmove(half.buf, half.buf + blank, half.len)
            read_bytes(f, s, half.buf, half.len, True, False, False)
            return
        if half.len > KEPT_UNKNOWN:
            pass_over(half)
        give_up_side(f, s)
        return
    pass_over(half)
    if f.row.packets[s] >= JOINED_TRIES or f.inner:
        give_up_side(f, s)


cdef void keep_unknown(Feed* f, int s, const u8* p, u32 n) noexcept nogil:
    """More of a side that nobody knew when it began."""
    cdef Half* half = &f.conn.half[s]
    if half.len == 0 or half.len + n > KEPT_UNKNOWN or not keep(f, half, p, n):
        pass_over(half)
        half.offset += n


cdef void give_up_side(Feed* f, int s) noexcept nogil:
    """Detection is over for this side; when the other side is as hopeless, or reads to its end, stop."""
    f.conn.half[s].tried = 1
    if not f.inner:
        f.row.bits |= tried_bit(s)
    if not f.conn.half[1 - s].tried:
        return
    if f.inner or f.row.packets[0] + f.row.packets[1] >= LATE_FRAMES:
        reading_over(f)
    elif not f.follow:
        dpi_end(f.dpi, f.row, f.cold, f.ts, f.frame)
        f.conn = NULL


cdef void reading_over(Feed* f) noexcept nogil:
    if f.follow or f.inner:
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
    cdef u32 before = half.cap
    if half.len + n > before:
        if half.len + n > STREAM_BUFFER or f.dpi.stream_bytes > STREAMS_IN_ALL:
            return False
        if not grown(&half.buf, &half.cap, half.len + n, 128):
            return False
        f.dpi.stream_bytes += half.cap - before
    memcpy(half.buf + half.len, p, n)
    half.len += n
    return True
