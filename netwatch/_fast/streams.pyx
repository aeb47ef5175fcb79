"""TCP reassembly by sequence number (RFC 9293 section 3.4), bounded per side, per flow and in all.

Bytes that came first win. A segment that comes early waits; the hole before it counts as lost when the other side has
acknowledged it and a while has passed or either of the two goes on to say something, when the bounds are reached, or
when the flow ends. What was lost is told to the reader, never papered over. A flow whose beginning was not seen starts
where it was joined: with the lowest bytes known when the first are delivered. A keep-alive there is a byte that was
sent before, or never (RFC 9293 section 3.8.4). Answers wait for what they answer: look/answers.
"""
from libc.stdlib cimport free

from netwatch._fast.base.bytes cimport u8, u32, u64, i32
from netwatch._fast.flow.row cimport (BIT_DPI_DONE, BIT_INITIATOR_B, Cold, Conn, HELD_BACK, HELD_IN_VAIN, HELD_NO_MORE,
                                      HELD_NOTHING, Half, OPEN_GUESSED, OPEN_KNOWN, Row, Segment, TcpRow, closed,
                                      tried_bit)
from netwatch._fast.wire.packet cimport (NOTE_BAD_SUM, NOTE_BEYOND, NOTE_DROPPED, NOTE_KEEP_ALIVE, Packet, TCP_ACK,
                                         TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN)
from netwatch._fast.flow.content cimport Dpi, EV_CHUNK
from netwatch._fast.flow.tcp cimport only_refused
from netwatch._fast.look.answers cimport goes_on_without, has_to_wait, is_hole, may_answer, waits
from netwatch._fast.look.conns cimport STREAMS_CALM, STREAMS_IN_ALL, conn_new
from netwatch._fast.look.dispatch cimport dpi_end
from netwatch._fast.look.opening cimport worth_reading
from netwatch._fast.look.reading cimport Feed, feed_bytes, feed_cut, feed_gap, feed_kept
from netwatch._fast.look.segments cimport segments_cut, segments_keep, segments_take

cdef enum:
    EARLY_BYTES = 1048576         # bytes of one side that wait for what is before them
    EARLY_SEGMENTS = 1024
    HOLE_PATIENCE = 8             # frames of the flow after a hole was acknowledged until it counts as lost
    NEAR = 1048576                # a segment further behind than this is none that the joining missed


cdef void stream_segment(Dpi* dpi, Row* row, Cold* cold, const TcpRow* t, const Packet* pk) noexcept nogil:
    """One TCP segment of a flow that is not done with."""
    cdef Feed f
    cdef int s = pk.side
    cdef u32 seq = pk.seq + (1 if pk.flags & TCP_SYN else 0)
    cdef bint late, offered = pk.flags & (TCP_SYN | TCP_ACK) == TCP_SYN
    cdef u8 found = 0
    if row.conn != NULL and passed_over(dpi, row.conn, pk):
        return
    f.dpi = dpi
    f.row = row
    f.cold = cold
    f.conn = row.conn
    f.ts = pk.frame.ts
    f.frame = pk.frame.n
    f.follow = (dpi.want >> EV_CHUNK) & 1
    f.inner = False
    if pk.notes & NOTE_DROPPED and (row.conn == NULL or not row.conn.half[s].open or not may_be_acknowledged(pk)):
        return
    if joined_by_keep_alive(row, t, pk):
        return
    if f.conn == NULL:
        if pk.wire_payload == 0:
            return
        late = row.bits & tried_bit(s) != 0
        if offered and dpi.stream_bytes > STREAMS_CALM or not (
                f.follow or offered or (not dpi.off and may_answer(row, pk))
                or worth_reading(dpi, row, cold, t, pk, seq, &found)):
            return
        if not begin(&f, t, s, late):
            return
    if pk.flags & TCP_RST and only_refused(t.flags[s], t.flags[1 - s]):
        refuse_fast_open(&f, 1 - s)
        return
    if not f.conn.half[s].open:
        f.conn.half[s].open = OPEN_KNOWN if pk.flags & TCP_SYN else OPEN_GUESSED
        f.conn.half[s].next = seq
    if f.conn.half[s].next == seq and not pk.flags & (TCP_FIN | TCP_SYN):
        f.conn.found = found                    # these very bytes are shown next, and do not end the side
    if pk.flags & TCP_FIN and not pk.notes & NOTE_DROPPED and <i32>(seq + pk.wire_payload - f.conn.half[s].next) >= 0:
        f.conn.half[s].has_fin = 1
        f.conn.half[s].fin = seq + pk.wire_payload
    if f.conn.half[1 - s].early != NULL:
        if pk.flags & (TCP_SYN | TCP_ACK) == TCP_SYN | TCP_ACK:
            decide_fast_open(&f, 1 - s, pk.ack)
        else:
            leave_behind(&f, 1 - s, seq, pk.wire_payload != 0)
    if pk.wire_payload and f.conn != NULL:
        segment(&f, s, seq, pk, offered)
    if f.conn != NULL and f.conn.half[s].early != NULL:
        lose_patience(&f, s)
    if f.conn != NULL and f.conn.half[1 - s].early != NULL:
        lose_patience(&f, 1 - s)
    if f.conn != NULL and (pk.flags & TCP_RST or (closed(&f.conn.half[0]) and closed(&f.conn.half[1]))):
        stream_end(dpi, row, cold, f.ts, f.frame)
        row.bits |= BIT_DPI_DONE


cdef inline bint passed_over(Dpi* dpi, Conn* conn, const Packet* pk) noexcept nogil:
    """Are all bytes of the segment the next of its side, and such as its reader does not want to see?"""
    cdef Half* half = &conn.half[pk.side]
    cdef u32 n = pk.wire_payload
    if (half.skip < n or n < 2 or half.next != pk.seq or conn.proto == 0 or not half.open or half.dead or half.has_fin
            or half.early != NULL or conn.half[1 - pk.side].early != NULL or pk.payload_len != n
            or pk.flags & (TCP_SYN | TCP_FIN | TCP_RST) or pk.notes & (NOTE_DROPPED | NOTE_KEEP_ALIVE)
            or dpi.want >> EV_CHUNK & 1):
        return False
    conn.found = 0
    half.next += n
    half.skip -= n
    half.offset += n
    return True


cdef inline bint may_be_acknowledged(const Packet* pk) noexcept nogil:
    """Of what the receiver seems to drop: bytes of the stream as it may go on behind a hole that is larger than any
    window, of which an acknowledgement will tell."""
    return pk.wire_payload and pk.flags & (TCP_ACK | TCP_RST | TCP_SYN) == TCP_ACK and \
        not pk.notes & (NOTE_BAD_SUM | NOTE_BEYOND)


cdef bint joined_by_keep_alive(const Row* row, const TcpRow* t, const Packet* pk) noexcept nogil:
    """Is it the first that is read of a side, and one byte without a push, as only a keep-alive is?"""
    if pk.notes & NOTE_KEEP_ALIVE:
        return row.conn == NULL or not row.conn.half[pk.side].open
    if pk.wire_payload != 1 or row.packets[pk.side] != pk.count:
        return False
    return pk.flags & (TCP_PSH | TCP_FIN | TCP_SYN) == 0 and t.flags[pk.side] & TCP_SYN == 0


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
            half.open = OPEN_KNOWN
            half.next = t.isn[side] + 1
        elif f.row.packets[side] and side != speaker:
            half.open = OPEN_GUESSED
            half.next = f.row.nxt[side]
    return True


cdef void decide_fast_open(Feed* f, int s, u32 acknowledged) noexcept nogil:
    """What came with a SYN counts when the answer acknowledges it; else it is sent again (RFC 7413 section 4.2)."""
    cdef Half* half = &f.conn.half[s]
    if <i32>(acknowledged - half.next) > 0:
        drain(f, s, False)
    elif half.early.seq == half.next and half.held != HELD_BACK:
        free(segments_take(f.dpi, half))


cdef void refuse_fast_open(Feed* f, int s) noexcept nogil:
    """What came with a SYN that was refused nobody took; the same SYN may begin a connection yet."""
    while f.conn.half[s].early != NULL:
        free(segments_take(f.dpi, &f.conn.half[s]))
    dpi_end(f.dpi, f.row, f.cold, f.ts, f.frame)


cdef inline bint nothing_told(const Half* half) noexcept nogil:
    return half.offset == 0 and half.len == 0 and half.gaps == 0


cdef void hold_no_longer(Feed* f, int s) noexcept nogil:
    f.conn.half[s].held = HELD_IN_VAIN
    f.conn.half[s].heard = f.conn.half[s].early.ack
    drain(f, s, True)


cdef void segment(Feed* f, int s, u32 seq, const Packet* pk, bint offered) noexcept nogil:
    """Deliver what is new and in order, keep what is early, drop what is old, and what follows the end."""
    cdef Half* half = &f.conn.half[s]
    cdef i32 ahead = <i32>(seq - half.next)
    cdef u32 n = pk.payload_len, old, k
    cdef bint held
    if closed(half):
        return
    if -NEAR < ahead < 0 and half.open == OPEN_GUESSED and nothing_told(half) and not pk.notes & NOTE_KEEP_ALIVE:
        half.next = seq
        ahead = 0
    if ahead > 0 and not pk.notes & NOTE_DROPPED and half.held != HELD_BACK and acknowledged(f, s, seq):
        leave_acknowledged(f, s)
        if f.conn == NULL:
            return
        ahead = <i32>(seq - half.next)
        if ahead > 0 and half.held != HELD_BACK:
            half.next = seq                     # all before it had been taken when it was sent
            feed_gap(f, s, <u32>ahead)
            if f.conn == NULL:
                return
            ahead = 0
    if ahead < 0 and pk.notes & NOTE_DROPPED:
        return
    held = ahead <= 0 and <u32>-ahead < n and has_to_wait(f, pk)
    if ahead > 0 or offered or pk.notes & NOTE_DROPPED or held:     # what a SYN offers waits for its answer
        if held:
            leave_doubtful(f, half, n)
        early(f, s, seq, pk)
        if held and f.conn != NULL and half.early != NULL and half.held != HELD_BACK:
            half.held, half.waiting = HELD_BACK, 0
        return
    if half.held == HELD_BACK and half.early != NULL and <u32>-ahead < pk.wire_payload:
        half.early.doubt = 1                    # who waits for nothing is surer
        half.held = HELD_NOTHING
    while f.conn != NULL:
        old = half.next - seq
        if old >= pk.wire_payload:
            return
        k = (n if old < n else pk.wire_payload) - old
        leave_doubtful(f, half, k)
        if half.early != NULL and half.early.seq - half.next < k:
            k = half.early.seq - half.next      # from there on other bytes came first
        if old < n:
            half.next += k
            feed_bytes(f, s, pk.payload + old, k)
        else:
            feed_cut(f, s)
            if f.conn == NULL:
                return
            half.next += k
            feed_gap(f, s, k)
        if f.conn != NULL and half.early != NULL:
            drain(f, s, False)
            if f.conn != NULL and half.held == HELD_BACK:
                early(f, s, seq, pk)            # the rest is behind what waits
                return


cdef inline bint acknowledged(const Feed* f, int s, u32 seq) noexcept nogil:
    """Was the other side seen to take all before this?"""
    return f.row.packets[1 - s] != 0 and <i32>(f.row.acked[1 - s] - seq) >= 0


cdef inline bint believed(const Feed* f, int s) noexcept nogil:
    """Is the first of the early segments in no doubt, or did the other side take it?"""
    cdef const Segment* seg = f.conn.half[s].early
    return not seg.doubt or acknowledged(f, s, seg.seq + seg.n)


cdef inline void leave_doubtful(Feed* f, Half* half, u32 n) noexcept nogil:
    """The next n bytes came, in no doubt."""
    while half.early != NULL and half.early.doubt and half.early.seq - half.next < n:
        if half.early.acks and half.early.n > half.next + n - half.early.seq:      # a longer one that waited
            segments_cut(f.dpi, half, half.next + n - half.early.seq)
        else:
            free(segments_take(f.dpi, half))


cdef void drain(Feed* f, int s, bint held) noexcept nogil:
    """Deliver early segments that have become due: now, or where they were only `held` back when they came."""
    cdef Half* half = &f.conn.half[s]
    cdef Segment* seg
    cdef u32 old
    cdef u64 ts = f.ts, frame = f.frame
    half.waiting = 0
    if half.held == HELD_BACK:
        half.held = HELD_NOTHING
    while f.conn != NULL and half.early != NULL and <i32>(half.early.seq - half.next) <= 0 and believed(f, s):
        if held and half.early.acks and waits(f, s, half.early.ack):
            half.held = HELD_BACK
            break
        seg = segments_take(f.dpi, half)
        if held or (seg.doubt and seg.acks):
            f.ts, f.frame = seg.ts, seg.frame
        old = half.next - seg.seq
        if old < seg.n:
            half.next += seg.n - old
            feed_bytes(f, s, <u8*>seg + sizeof(Segment) + old, seg.n - old)
        free(seg)
    f.ts, f.frame = ts, frame


cdef inline bint crowded(const Dpi* dpi, const Half* half) noexcept nogil:
    return half.early_bytes > EARLY_BYTES or half.early_n > EARLY_SEGMENTS or dpi.stream_bytes > STREAMS_CALM


cdef void early(Feed* f, int s, u32 seq, const Packet* pk) noexcept nogil:
    """Keep bytes for later; over a bound the hole before them is given up. Bytes in doubt fill half the room at most,
    and end a hole only when they turn out to be acknowledged."""
    cdef Half* half = &f.conn.half[s]
    cdef Segment like
    cdef u32 old = half.next - seq if <i32>(half.next - seq) > 0 else 0
    if old >= pk.payload_len:
        return
    like.seq, like.n, like.ack = seq + old, pk.payload_len - old, pk.ack
    like.ts, like.frame = f.ts, f.frame
    like.doubt = pk.notes & NOTE_DROPPED != 0
    like.acks = not like.doubt and pk.flags & (TCP_ACK | TCP_SYN) == TCP_ACK
    if like.doubt and (half.early_bytes > EARLY_BYTES // 2 or half.early_n > EARLY_SEGMENTS // 2
                       or f.dpi.stream_bytes > STREAMS_CALM):
        return
    if not segments_keep(f.dpi, half, &like, pk.payload + old) or half.early == NULL:
        return                                  # no memory, or nothing of the segment was captured
    if crowded(f.dpi, half):
        if half.held == HELD_BACK:
            while f.conn != NULL and half.held == HELD_BACK and crowded(f.dpi, half):
                hold_no_longer(f, s)
            return
        while half.early != NULL and not believed(f, s):
            free(segments_take(f.dpi, half))
        if half.early != NULL:
            give_up_hole(f, s)


cdef void give_up_hole(Feed* f, int s) noexcept nogil:
    cdef Half* half = &f.conn.half[s]
    cdef i32 n = <i32>(half.early.seq - half.next)
    if n > 0:
        half.next = half.early.seq
        feed_gap(f, s, <u32>n)
    if f.conn != NULL:
        drain(f, s, False)


cdef void leave_acknowledged(Feed* f, int s) noexcept nogil:
    """Somebody speaks who has heard what is missing here, or was answered on it: whatever else the capture shows, it
    comes too late to be read in order."""
    cdef Half* half = &f.conn.half[s]
    while f.conn != NULL and is_hole(half) and acknowledged(f, s, half.early.seq) and believed(f, s):
        give_up_hole(f, s)


cdef void leave_behind(Feed* f, int s, u32 seq, bint speaks) noexcept nogil:
    """The other side goes on at `seq`: nothing waits for what it said before, nor, where it speaks, for holes."""
    cdef Half* half = &f.conn.half[s]
    while f.conn != NULL and half.early != NULL and goes_on_without(half, seq):
        hold_no_longer(f, s)
    while speaks and f.conn != NULL and is_hole(half) and acknowledged(f, s, half.early.seq) and believed(f, s):
        give_up_hole(f, s)
        while f.conn != NULL and half.early != NULL and goes_on_without(half, seq):
            hold_no_longer(f, s)


cdef void lose_patience(Feed* f, int s) noexcept nogil:
    """A hole that the other side has acknowledged, or may never acknowledge because it is not seen, is lost."""
    cdef Half* half = &f.conn.half[s]
    if half.held == HELD_BACK:
        half.waiting += 1
        if not waits(f, s, half.early.ack):
            drain(f, s, True)
        elif half.waiting > HOLE_PATIENCE:
            hold_no_longer(f, s)
        return
    if (f.row.packets[1 - s] or half.early.doubt) and not (acknowledged(f, s, half.early.seq) and believed(f, s)):
        return
    half.waiting += 1
    if half.waiting > HOLE_PATIENCE:
        half.waiting = 0
        give_up_hole(f, s)


cdef u32 before_fin(const Half* half) noexcept nogil:
    """Bytes between what was seen and the FIN that follows them."""
    cdef i32 n = <i32>(half.fin - half.next)
    return <u32>n if half.has_fin and n > 0 else 0


cdef void stream_end(Dpi* dpi, Row* row, Cold* cold, u64 ts, u64 frame) noexcept nogil:
    """The flow ends: deliver what waits behind holes, requests before answers, show the rest once more as final, and
    free everything. What was in doubt to the end was none of the stream."""
    cdef Feed f
    cdef int side, k, first = row.bits & BIT_INITIATOR_B
    cdef u32 missing[2]
    cdef bint held
    f.dpi = dpi
    f.row = row
    f.cold = cold
    f.conn = row.conn
    f.ts = ts
    f.frame = frame
    f.follow = (dpi.want >> EV_CHUNK) & 1
    f.inner = False
    for k in range(2):
        side = first if k == 0 else 1 - first
        if f.conn != NULL:
            held = f.conn.half[side].held == HELD_BACK
            f.conn.half[side].held = HELD_NO_MORE
            if held:
                drain(&f, side, True)
        while f.conn != NULL and f.conn.half[side].early != NULL:
            if not believed(&f, side):
                free(segments_take(dpi, &f.conn.half[side]))
            else:
                give_up_hole(&f, side)
        missing[side] = before_fin(&f.conn.half[side]) if f.conn != NULL else 0
    for side in range(2):
        if f.conn != NULL and f.conn.half[side].len and not f.conn.half[side].dead:
            f.conn.half[side].has_fin = 1
            f.conn.half[side].fin = f.conn.half[side].next
            feed_kept(&f, side)
    for side in range(2):
        if f.conn != NULL and missing[side]:
            feed_gap(&f, side, missing[side])
    if row.conn != NULL:
        dpi_end(dpi, row, cold, ts, frame)
