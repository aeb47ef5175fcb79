"""TCP as a third party sees it (RFC 9293): state named from the initiator's point of view, round trips, loss, order.

What is behind the highest sequence number sent is a retransmission, unless it fills a jump that opened less than half
a round trip (3 ms when unknown) ago: then the segments were only out of order. Round trips follow Karn's rule: a
segment sent twice times nothing. A keep-alive (one byte or none, just behind) is neither.

The state is moved by the table TRANSITIONS, and by nothing else. Its rows are the states of RFC 9293 section 3.3.2 as
the initiator has them, and TCP_UNKNOWN for a flow joined in the middle; its columns are what one segment may say, in
this order: a SYN; a SYN with an ACK; any other segment, where the other side has not been seen, of the initiator, of
the responder; a FIN of either; that a FIN of the initiator, or of the responder, is acknowledged by now; a RST; a SYN
with an ACK of a side that had refused the very same SYN before. A segment may say several of these, which then move the
state one after the other. Of two ends one watches from between: the initiator is in TIME-WAIT once its ACK of the
responder's FIN was seen, not once it got the FIN. Where a row names no state for a column, the segment leaves the state
as it is: a SYN within a connection is answered by an ACK (RFC 9293 section 3.10.7.4, RFC 5961 section 4), and what
comes after the end is not of the connection any more.
"""
from libc.stdint cimport UINT32_MAX

from netwatch._fast.base.bytes cimport u8, u32, u64, i32
from netwatch._fast.flow.receiver cimport (ANY_WINDOW, is_summed, is_timely, near, options_pass, receiver_drops,
                                           remember_stamp, sum_is_wrong)
from netwatch._fast.flow.row cimport *
from netwatch._fast.wire.packet cimport (NOTE_DISORDER, NOTE_DROPPED, NOTE_DUP_ACK, NOTE_FAST, NOTE_GAP,
                                         NOTE_KEEP_ALIVE, NOTE_RETRANSMIT, NOTE_SPURIOUS, NOTE_ZERO_WINDOW, Packet,
                                         TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN)

cdef enum:
    DISORDER_MS = 3            # an unknown round trip: later than this is a retransmission
    FINS = 15                  # bits of TcpRow.fins
    NEAR = 1048576             # a SYN this close before known data began that data
    STRAY = 2                  # segments of one end that may be no connection

cdef enum:                     # what a segment says, the columns of TRANSITIONS
    ON_SYN = 0
    ON_SYN_ACK = 1
    ON_ALONE = 2               # any other, and of the other side nothing was seen yet
    ON_INITIATOR = 3
    ON_RESPONDER = 4
    ON_FIN_INITIATOR = 5
    ON_FIN_RESPONDER = 6
    ON_ACKED_INITIATOR = 7     # the initiator's FIN is acknowledged
    ON_ACKED_RESPONDER = 8
    ON_RST = 9
    ON_ACCEPTED = 10           # a SYN with an ACK, of who had refused the SYN before
    ON_COUNT = 11

EVENTS = ("syn", "syn-ack", "alone", "initiator", "responder", "fin-initiator", "fin-responder", "acked-initiator",
          "acked-responder", "rst", "accepted")

_OPENED = {"fin-initiator": "FIN_WAIT1", "fin-responder": "CLOSE_WAIT", "rst": "CLOSED"}   # RFC 9293 section 3.6
TRANSITIONS = {
    # nothing was seen yet
    "NONE": {"syn": "SYN_SENT", "syn-ack": "SYN_RECV", "alone": "UNKNOWN", "initiator": "ESTABLISHED",
             "responder": "ESTABLISHED"} | _OPENED,
    # section 3.10.7.3. Who has sent a SYN acknowledges nothing before the answer has come. What the other side sends
    # without a SYN is of a connection before this one.
    "SYN_SENT": {"syn-ack": "SYN_RECV", "alone": "ESTABLISHED", "initiator": "ESTABLISHED"} | _OPENED,
    # section 3.10.7.4, fifth check: the ACK of the SYN/ACK
    "SYN_RECV": {"initiator": "ESTABLISHED"} | _OPENED,
    # joined in the middle: both sides speak
    "UNKNOWN": {"initiator": "ESTABLISHED", "responder": "ESTABLISHED"} | _OPENED,
    "ESTABLISHED": _OPENED,
    # section 3.6, case 1: the initiator closed. Section 3.5.2: both did at once.
    "FIN_WAIT1": {"acked-initiator": "FIN_WAIT2", "fin-responder": "CLOSING", "rst": "CLOSED"},
    "FIN_WAIT2": {"acked-responder": "TIME_WAIT", "rst": "CLOSED"},
    "CLOSING": {"acked-initiator": "FIN_WAIT2", "rst": "CLOSED"},
    # section 3.6, case 2: the responder closed
    "CLOSE_WAIT": {"fin-initiator": "LAST_ACK", "rst": "CLOSED"},
    "LAST_ACK": {"acked-initiator": "CLOSED", "rst": "CLOSED"},
    "TIME_WAIT": {"rst": "CLOSED"},
    # Whose SYN was refused may send the very same again: it stays refused until it is answered otherwise.
    "CLOSED": {"accepted": "SYN_RECV"},
}
STATES = ("NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSE_WAIT", "CLOSING", "LAST_ACK",
          "TIME_WAIT", "CLOSED", "UNKNOWN")         # by ST_ number

cdef u8 NEXT[ST_COUNT][ON_COUNT]


def _fill() -> None:
    for number, state in enumerate(STATES):
        for event, name in enumerate(EVENTS):
            NEXT[number][event] = STATES.index(TRANSITIONS[state].get(name, state))


_fill()


cdef int tcp_begins_anew(const Row* row, TcpRow* t, const Packet* pk) noexcept nogil:
    """Is this SYN the first of another connection on the same ports? ANEW_PERHAPS where one lives there."""
    cdef int s = pk.side
    if pk.flags & (TCP_SYN | TCP_ACK | TCP_RST) != TCP_SYN or pk.notes & NOTE_DROPPED or sum_is_wrong(t, pk):
        return ANEW_NOT
    if t.flags[s] & TCP_SYN:
        if pk.seq == t.isn[s]:
            if t.shaken & 6 == 0 or row.state != ST_CLOSED and row.state != ST_TIME_WAIT:
                return ANEW_NOT
            return ANEW if t.shaken & 4 else ANEW_PERHAPS       # of a shaking that was broken off it may be a copy
    elif row.state < ST_FIN_WAIT1 or row.state > ST_CLOSED:
        if t.flags[s] == 0:                     # the peer spoke first: is it answering this SYN?
            if not t.flags[1 - s] & TCP_ACK or row.acked[1 - s] == pk.seq + 1:
                return ANEW_NOT
        elif row.nxt[s] - pk.seq <= NEAR:
            return ANEW_NOT
    return ANEW_PERHAPS if lives(row, t) else ANEW


cdef inline bint lives(const Row* row, const TcpRow* t) noexcept nogil:
    """Is it a connection whose ends would answer a SYN with a challenge: synchronized, and not closed by both? Where
    one end alone was seen, a segment or two of it may have been sent to nobody."""
    return ((row.packets[0] and row.packets[1] or row.packets[0] + row.packets[1] > STRAY)
            and (t.flags[0] | t.flags[1]) & TCP_ACK and t.fins & 3 != 3 and row.state != ST_NONE
            and row.state != ST_SYN_SENT and row.state != ST_CLOSED and row.state != ST_TIME_WAIT)


cdef inline bint goes_on(const Row* row, TcpRow* t, const Packet* pk) noexcept nogil:
    """Is it, as most segments are, the next of its side in an open connection, within any window, and no more than
    bytes and an acknowledgement? Nothing that is asked of other segments says anything of it."""
    cdef int s = pk.side
    return (pk.flags & (TCP_ACK | TCP_SYN | TCP_FIN | TCP_RST) == TCP_ACK and pk.seq == row.nxt[s]
            and row.state == ST_ESTABLISHED and row.bits & BIT_REPLIED and row.packets[s] and pk.window and not pk.notes
            and t.shaken & 7 != 3 and t.fins & FINS == 0 and t.flags[0] & t.flags[1] & TCP_ACK
            and -ANY_WINDOW <= <i32>(pk.seq - row.acked[1 - s]) <= ANY_WINDOW and near(pk.ack, row.nxt[1 - s])
            and not is_summed(row, pk) and options_pass(t, pk) and is_timely(row, t, pk))


cdef void tcp_update(Row* row, Cold* cold, TcpRow* t, Packet* pk) noexcept nogil:
    cdef int s = pk.side
    cdef u8 known = t.flags[s]
    cdef bint accepted
    if goes_on(row, t, pk):
        t.flags[s] |= pk.flags
        if pk.wire_payload:
            row.nxt[s] += pk.wire_payload
            row.payload[s] += pk.wire_payload
            time_segment(t, s, row.nxt[s], pk.wire_payload, pk)
        acknowledged(row, t, pk, known)
        t.window[s] = pk.window
        t.dup_run[s] |= OFFERED
        return
    if not pk.notes & NOTE_DROPPED:
        pk.notes |= receiver_drops(row, t, pk)
    if known == 0 and t.flags[1 - s] == 0:      # nothing was taken yet
        row.state = ST_TCP_UNKNOWN if pk.notes & NOTE_DROPPED else ST_NONE
    if pk.notes & NOTE_DROPPED:
        return
    joined(t, pk, known)
    if pk.flags & TCP_SYN:
        handshake(row, cold, t, pk)
    elif t.shaken & 7 == 3 and pk.flags & TCP_ACK and s == (row.bits & BIT_INITIATOR_B):
        t.shaken |= 4
        t.rtt_us = microseconds(pk.frame.ts, t.shaking.mark)
        t.shaking.mark = 0
    if pk.window == 0 and not pk.flags & (TCP_SYN | TCP_RST | TCP_FIN):
        pk.notes |= NOTE_ZERO_WINDOW
        if t.zero_window[s] < 0xffff:
            t.zero_window[s] += 1
    accepted = pk.flags & TCP_SYN and only_refused(known, t.flags[1 - s])
    t.flags[s] |= pk.flags
    if accepted:                                # what the refusals said is of no connection
        row.nxt[s] = pk.seq + 1 + pk.wire_payload
        row.payload[s] += pk.wire_payload
    else:
        sent(row, cold, t, pk)
    if pk.flags & TCP_ACK:
        acknowledged(row, t, pk, 0 if accepted else known)
    t.window[s] = pk.window
    if not pk.flags & TCP_SYN:
        t.dup_run[s] |= OFFERED
    remember_stamp(row, t, pk)
    transition(row, t, pk, accepted)


cdef inline void joined(TcpRow* t, const Packet* pk, u8 known) noexcept nogil:
    """Where the sides' sequence numbers begin, as far as no SYN says it: one before the first that is seen."""
    cdef int s = pk.side, o = 1 - pk.side
    if known == 0 and not pk.flags & TCP_SYN and not t.flags[o] & TCP_ACK:
        t.isn[s] = pk.seq - 1
    if pk.flags & TCP_ACK and t.flags[o] == 0 and not known & TCP_ACK:
        t.isn[o] = pk.ack - 1


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
    if not t.shaken & 4 and not (pk.flags & TCP_ACK and t.shaken & 1):
        t.shaking.mark = pk.frame.ts
    t.shaken |= 2 if pk.flags & TCP_ACK else 1


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
    if t.hole[s] != t.hole_end[s] and <i32>(start - t.hole[s]) >= 0 and <i32>(end - t.hole_end[s]) > 0 and \
            <i32>(start - t.hole_end[s]) < 0:
        row.payload[s] += t.hole_end[s] - start
        t.hole_end[s] = start
        if t.hole[s] == start:
            t.hole_ms[s] = 0
    elif t.hole[s] != t.hole_end[s] and <i32>(start - t.hole[s]) >= 0 and <i32>(end - t.hole_end[s]) <= 0:
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
        if t.hole[s] == t.hole_end[s]:
            t.hole_ms[s] = 0
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
    elif t.dup_run[o] & DUPS >= 3 and start == row.acked[o]:
        pk.notes |= NOTE_FAST
        if t.fast[s] < 0xffff:
            t.fast[s] += 1


cdef inline void acknowledged(Row* row, TcpRow* t, Packet* pk, u8 known) noexcept nogil:
    """What the packet acknowledges of the other side's data."""
    cdef int s = pk.side, o = 1 - pk.side
    cdef i32 ahead = <i32>(pk.ack - row.acked[s])
    if not known & TCP_ACK:
        row.acked[s] = pk.ack
    elif ahead > 0:
        row.acked[s] = pk.ack
        t.dup_run[s] &= STAMPED | OFFERED
    elif (ahead == 0 and pk.wire_payload == 0 and not pk.flags & (TCP_SYN | TCP_FIN | TCP_RST)
            and pk.window == t.window[s] and row.packets[o] and <i32>(row.nxt[o] - pk.ack) > 0):
        t.dup_acks[s] += 1
        pk.notes |= NOTE_DUP_ACK
        if t.dup_run[s] & DUPS < DUPS:
            t.dup_run[s] += 1
    if t.sample_ts[o] and <i32>(pk.ack - t.sample_end[o]) >= 0:
        smooth(&t.srtt_us[o], microseconds(pk.frame.ts, t.sample_ts[o]))
        t.sample_ts[o] = 0
    if t.fins & (1 << o) and <i32>(pk.ack - row.nxt[o]) >= 0:
        t.fins |= <u8>(4 << o)


cdef void transition(Row* row, TcpRow* t, Packet* pk, bint accepted) noexcept nogil:
    """Move the flow's state by what the segment says."""
    cdef bint from_initiator = pk.side == (row.bits & BIT_INITIATOR_B)
    cdef int i = row.bits & BIT_INITIATOR_B, r = 1 - i
    if pk.flags & TCP_RST:
        row.state = NEXT[row.state][ON_RST]
        return
    if pk.flags & TCP_SYN:
        row.state = NEXT[row.state][ON_ACCEPTED if accepted else ON_SYN_ACK if pk.flags & TCP_ACK or t.shaken & 2
                                    else ON_SYN]
    else:
        row.state = NEXT[row.state][ON_ALONE if not row.bits & BIT_REPLIED else ON_INITIATOR if from_initiator
                                    else ON_RESPONDER]
    if pk.flags & TCP_FIN:
        t.fins |= <u8>(1 << pk.side)
        row.state = NEXT[row.state][ON_FIN_INITIATOR if from_initiator else ON_FIN_RESPONDER]
    if t.fins & (4 << i):
        row.state = NEXT[row.state][ON_ACKED_INITIATOR]
    if t.fins & (4 << r):
        row.state = NEXT[row.state][ON_ACKED_RESPONDER]
