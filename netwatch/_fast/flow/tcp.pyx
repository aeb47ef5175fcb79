"""TCP as a third party sees it (RFC 9293): state named from the initiator's point of view, round trips, loss, order.

What is behind the highest sequence number sent is a retransmission, unless it fills a jump that opened less than half
a round trip (3 ms when unknown) ago: then the segments were only out of order. Round trips follow Karn's rule: a
segment sent twice times nothing. A keep-alive (one byte or none, just behind) is neither.
"""
from libc.stdint cimport UINT32_MAX

from netwatch._fast.base.bytes cimport u8, u32, u64, i32
from netwatch._fast.flow.row cimport *
from netwatch._fast.wire.packet cimport (NOTE_DISORDER, NOTE_DUP_ACK, NOTE_FAST, NOTE_GAP, NOTE_KEEP_ALIVE,
                                         NOTE_RETRANSMIT, NOTE_SPURIOUS, NOTE_ZERO_WINDOW, Packet, TCP_ACK, TCP_FIN,
                                         TCP_RST, TCP_SYN)

cdef enum:
    DISORDER_MS = 3            # an unknown round trip: later than this is a retransmission
    NEAR = 1048576             # a SYN this close before known data began that data


cdef bint tcp_begins_anew(const Row* row, const TcpRow* t, const Packet* pk) noexcept nogil:
    """Is this SYN the first of another connection on the same ports?"""
    cdef int s = pk.side
    if pk.flags & (TCP_SYN | TCP_ACK | TCP_RST) != TCP_SYN:
        return False
    if t.flags[s] & TCP_SYN:
        return pk.seq != t.isn[s]
    if row.state >= ST_FIN_WAIT1 and row.state <= ST_CLOSED:
        return True
    if row.packets[s] == 0:                     # the peer spoke first: is it answering this SYN?
        return t.flags[1 - s] & TCP_ACK and row.acked[1 - s] != pk.seq + 1
    return row.nxt[s] - pk.seq > NEAR


cdef void tcp_update(Row* row, Cold* cold, TcpRow* t, Packet* pk) noexcept nogil:
    cdef int s = pk.side
    cdef u8 known = t.flags[s]
    if pk.flags & TCP_SYN:
        handshake(row, cold, t, pk)
    elif t.shaken & 7 == 3 and pk.flags & TCP_ACK and s == (row.bits & BIT_INITIATOR_B):
        t.shaken |= 4
        t.rtt_us = microseconds(pk.frame.ts, t.rtt_mark)
    if pk.window == 0 and not pk.flags & (TCP_SYN | TCP_RST | TCP_FIN):
        pk.notes |= NOTE_ZERO_WINDOW
        if t.zero_window[s] < 0xffff:
            t.zero_window[s] += 1
    t.flags[s] |= pk.flags
    sent(row, cold, t, pk)
    if pk.flags & TCP_ACK:
        acknowledged(row, t, pk, known)
    t.window[s] = pk.window
    transition(row, t, pk)


cdef inline u32 microseconds(u64 later, u64 earlier) noexcept nogil:
    cdef u64 us = 0
    if later > earlier:
        us = (later - earlier) // 1000
    if us >> 32:
        us = UINT32_MAX
    return <u32>us


cdef void handshake(Row* row, Cold* cold, TcpRow* t, Packet* pk) noexcept nogil:
    cdef int s = pk.side
    cdef u8 side_bit
    if not row.bits & BIT_SEEN or t.shaken & 3 == 0:
        side_bit = <u8>(BIT_INITIATOR_B if (s == 1) != (pk.flags & TCP_ACK != 0) else 0)
        row.bits = <u8>((row.bits & ~BIT_INITIATOR_B) | side_bit | BIT_SEEN)
    t.isn[s] = pk.seq
    if pk.mss:
        t.mss[s] = pk.mss
    t.wscale[s] = pk.wscale
    if pk.sack_ok:
        t.shaken |= <u8>(8 << s)
    if pk.flags & TCP_ACK:
        if not t.shaken & 1:
            t.rtt_mark = pk.frame.ts
        t.shaken |= 2
    else:
        t.rtt_mark = pk.frame.ts
        t.shaken |= 1


cdef void sent(Row* row, Cold* cold, TcpRow* t, Packet* pk) noexcept nogil:
    """Place the segment in the side's sequence space."""
    cdef int s = pk.side
    cdef u32 n = pk.wire_payload
    cdef u32 start = pk.seq + (1 if pk.flags & TCP_SYN else 0)
    cdef u32 end = start + n + (1 if pk.flags & TCP_FIN else 0)
    cdef i32 ahead
    if pk.flags & TCP_RST and n == 0:
        return
    if row.packets[s] == 0:
        row.nxt[s] = end
        row.payload[s] += n
        time_segment(t, s, end, n, pk)
        return
    if pk.flags & TCP_SYN:
        if n == 0 and end == row.nxt[s]:
            t.retrans[s] += 1
            pk.notes |= NOTE_RETRANSMIT
            return
        if <i32>(end - row.nxt[s]) <= 0 and row.nxt[s] - end <= NEAR:
            return                              # the SYN itself was captured late
    if n == 0 and not pk.flags & TCP_FIN:
        if start == <u32>(row.nxt[s] - 1) and not pk.flags & (TCP_SYN | TCP_RST):
            pk.notes |= NOTE_KEEP_ALIVE
        return
    ahead = <i32>(start - row.nxt[s])
    if ahead == 0:
        row.nxt[s] = end
        row.payload[s] += n
        time_segment(t, s, end, n, pk)
    elif ahead > 0:
        pk.notes |= NOTE_GAP
        t.hole[s] = row.nxt[s]
        t.hole_end[s] = start
        t.hole_ms[s] = <u32>((pk.frame.ts - cold.first) // 1000000)
        row.nxt[s] = end
        row.payload[s] += n
    elif n <= 1 and ahead == -1 and not pk.flags & TCP_FIN:
        pk.notes |= NOTE_KEEP_ALIVE
    else:
        behind(row, cold, t, pk, start, end, n)


cdef inline void time_segment(TcpRow* t, int s, u32 end, u32 n, Packet* pk) noexcept nogil:
    if n and t.sample_ts[s] == 0:
        t.sample_ts[s] = pk.frame.ts
        t.sample_end[s] = end


cdef void behind(Row* row, Cold* cold, TcpRow* t, Packet* pk, u32 start, u32 end, u32 n) noexcept nogil:
    """A segment that begins before the highest sequence number sent."""
    cdef int s = pk.side
    cdef u32 age, limit, fresh
    if t.hole[s] != t.hole_end[s] and <i32>(start - t.hole[s]) >= 0 and <i32>(end - t.hole_end[s]) <= 0:
        age = <u32>((pk.frame.ts - cold.first) // 1000000) - t.hole_ms[s]
        limit = t.rtt_us // 2000 if t.rtt_us > 2000 * DISORDER_MS else <u32>DISORDER_MS
        row.payload[s] += n
        if age <= limit:
            t.disorder[s] += 1
            pk.notes |= NOTE_DISORDER
        else:
            resent(row, t, pk, start, end)
        if start == t.hole[s]:
            t.hole[s] = end
        else:
            t.hole_end[s] = start
        return
    if <i32>(end - row.nxt[s]) > 0:
        fresh = end - row.nxt[s]
        row.payload[s] += fresh if fresh < n else n
        row.nxt[s] = end
    if n:
        resent(row, t, pk, start, end)


cdef void resent(Row* row, TcpRow* t, Packet* pk, u32 start, u32 end) noexcept nogil:
    """Count a retransmission, as spurious when the bytes were acknowledged, as fast when they were asked for."""
    cdef int s = pk.side, o = 1 - pk.side
    t.retrans[s] += 1
    pk.notes |= NOTE_RETRANSMIT
    t.sample_ts[s] = 0
    if t.flags[o] & TCP_ACK and <i32>(row.acked[o] - end) >= 0:
        pk.notes |= NOTE_SPURIOUS
        if t.spurious[s] < 0xffff:
            t.spurious[s] += 1
    elif t.dup_run[o] >= 3 and start == row.acked[o]:
        pk.notes |= NOTE_FAST
        if t.fast[s] < 0xffff:
            t.fast[s] += 1


cdef void acknowledged(Row* row, TcpRow* t, Packet* pk, u8 known) noexcept nogil:
    """What the packet acknowledges of the other side's data."""
    cdef int s = pk.side, o = 1 - pk.side
    cdef i32 ahead = <i32>(pk.ack - row.acked[s])
    if not known & TCP_ACK:
        row.acked[s] = pk.ack
    elif ahead > 0:
        row.acked[s] = pk.ack
        t.dup_run[s] = 0
    elif (ahead == 0 and pk.wire_payload == 0 and not pk.flags & (TCP_SYN | TCP_FIN | TCP_RST)
            and pk.window == t.window[s] and row.packets[o] and <i32>(row.nxt[o] - pk.ack) > 0):
        t.dup_acks[s] += 1
        pk.notes |= NOTE_DUP_ACK
        if t.dup_run[s] < 255:
            t.dup_run[s] += 1
    if t.sample_ts[o] and <i32>(pk.ack - t.sample_end[o]) >= 0:
        smooth(&t.srtt_us[o], microseconds(pk.frame.ts, t.sample_ts[o]))
        t.sample_ts[o] = 0
    if t.fins & (1 << o) and <i32>(pk.ack - row.nxt[o]) >= 0:
        t.fins |= <u8>(4 << o)


cdef void transition(Row* row, TcpRow* t, Packet* pk) noexcept nogil:
    cdef int i = row.bits & BIT_INITIATOR_B, r = 1 - i
    cdef u8 state = row.state
    if pk.flags & TCP_FIN:
        t.fins |= <u8>(1 << pk.side)
    if pk.flags & TCP_RST:
        row.state = ST_CLOSED
        return
    if state == ST_CLOSED or state == ST_TIME_WAIT:
        return
    if t.fins & 3:
        row.state = closing(state, t.fins & (1 << i), t.fins & (1 << r), t.fins & (4 << i), t.fins & (4 << r))
    elif pk.flags & TCP_SYN:
        if state == ST_NONE or state == ST_SYN_SENT or state == ST_SYN_RECV:
            row.state = ST_SYN_RECV if pk.flags & TCP_ACK or t.shaken & 2 else ST_SYN_SENT
    elif t.shaken & 4 or (row.bits & BIT_REPLIED and (state == ST_TCP_UNKNOWN or state == ST_NONE)):
        row.state = ST_ESTABLISHED
    elif state == ST_SYN_RECV and pk.side == i:
        row.state = ST_ESTABLISHED
    elif state == ST_NONE:
        row.state = ST_TCP_UNKNOWN


cdef u8 closing(u8 state, bint fin_i, bint fin_r, bint acked_i, bint acked_r) noexcept nogil:
    """The state once a FIN was seen: of the initiator, of the responder, and which of them is acknowledged."""
    if fin_i and not fin_r:
        return ST_FIN_WAIT2 if acked_i else ST_FIN_WAIT1
    if fin_r and not fin_i:
        return ST_CLOSE_WAIT
    if state == ST_CLOSE_WAIT or state == ST_LAST_ACK:
        return ST_CLOSED if acked_i else ST_LAST_ACK
    if acked_i and acked_r:
        return ST_TIME_WAIT
    return ST_CLOSING if not acked_i else ST_FIN_WAIT2
