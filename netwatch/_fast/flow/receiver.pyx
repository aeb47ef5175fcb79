"""What of a TCP stream its receiver drops, as far as that shows from between: it must change nothing here either.

A segment is acceptable when it lies in the receive window (RFC 9293 section 3.10.7.4), which the receiver's newest
acknowledgement and window show. From between, frames may be missing. So a segment counts as outside only while the
acknowledgements keep pace with what was seen, and only beyond any window that the receiver may have had; the stream
keeps such bytes apart, for when they turn out to be acknowledged (streams.pyx).

A RST counts when it stands exactly where the receiver waits, or where its sender stands; one elsewhere in the window is
answered by an ACK, and the connection goes on (RFC 5961 section 3.2). Where bytes of its sender are known to be missing
one in the window is believed. In an open connection a segment without ACK is dropped (fifth check), and one that
acknowledges what was never sent.

A timestamp older than one that the receiver has taken with all before it makes a segment an old duplicate (PAWS, RFC
7323 section 5): whatever of it was not acknowledged yet is dropped.

A checksum that is wrong says nothing by itself: network cards put it in after the capture. It does where the sender's
others are right. One that holds the sum of the pseudo header alone is left to the card (as Linux does), and what is
larger than the receiver's segment size was joined by it.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, i32, be16, be32
from netwatch._fast.base.sums cimport carry, ends_sum, fold, htons, ones_sum
from netwatch._fast.flow.row cimport HEAD_WRONG, STAMPED, SUM_RIGHT, Row, TcpRow
from netwatch._fast.wire.packet cimport (FAMILY_IP4, NOTE_BAD_SUM, NOTE_OUTSIDE, NOTE_SIGNED, PROTO_TCP, Packet,
                                         TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN)

cdef enum:
    UNKNOWN_SHIFT = 14         # ... nor any shift
    SURE_MSS = 536             # RFC 9293 section 3.7.1
    SUM_AT = 16                # the checksum's place in the header
    NONE_RIGHT = 32            # TcpRow.fins: the first IPv4 header of side a was wrong; 64 of b
    MD5 = 19                   # TCP options (IANA)
    AUTHENTICATION = 29
    TIMESTAMPS = 8
    STAMP_SLACK = 1            # of a timestamp that Linux forgives (TCP_PAWS_WINDOW)
    UDP_HEADER = 8
    SURE_DATAGRAM = 1472       # of UDP in Ethernet: a card joins no fewer bytes


cdef inline u32 window_of(const TcpRow* t, int side) noexcept nogil:
    """What the side offered to receive last. Scaled only where both offered scales (RFC 7323 section 2.2); where that
    was not seen, as large as it may be."""
    cdef u32 window = t.window[side]
    if t.shaken & 3 != 3 or t.fins & SYNS_CUT:
        window <<= UNKNOWN_SHIFT
    elif t.wscale[0] and t.wscale[1]:
        window <<= t.wscale[side] - 1
    return window if window > LEAST_WINDOW else <u32>LEAST_WINDOW


cdef inline bint answers_syn(const Row* row, const TcpRow* t, const Packet* pk) noexcept nogil:
    """Is the other side's SYN acknowledged, or bytes that it had with it (RFC 9293 section 3.10.7.3)?"""
    cdef int r = 1 - pk.side
    return pk.ack - t.isn[r] - 1 <= row.nxt[r] - t.isn[r] - 1


cdef bint outside(const Row* row, const TcpRow* t, const Packet* pk) noexcept nogil:
    """Is the segment beyond what its receiver may accept?"""
    cdef int s = pk.side, r = 1 - s
    cdef i32 unseen = <i32>(pk.seq - row.nxt[s]), ahead, behind
    if pk.flags & (TCP_SYN | TCP_ACK) == TCP_SYN | TCP_ACK and t.shaken & 3 == 1 and t.flags[1 - s] & TCP_SYN:
        return not answers_syn(row, t, pk)
    if row.packets[s] == 0:
        return False
    if pk.flags & TCP_SYN:
        return t.shaken & 7 == 7 and pk.seq != t.isn[s]
    if not t.flags[r] & TCP_ACK:
        return unseen > ANY_WINDOW or unseen < -ANY_WINDOW
    if pk.flags & TCP_FIN and unseen and <i32>(pk.seq + pk.wire_payload + 1 - row.acked[r]) < 0:
        return True                             # of bytes that were taken long ago
    ahead = <i32>(pk.seq - row.acked[r])
    behind = <i32>(row.nxt[s] - row.acked[r])
    if unseen == 0 or not 0 <= behind <= <i32>window_of(t, r):
        return ahead > ANY_WINDOW or ahead < -ANY_WINDOW
    return ahead > <i32>window_of(t, r) or ahead < -ANY_WINDOW


cdef bint reset_counts(const Row* row, const TcpRow* t, const Packet* pk) noexcept nogil:
    cdef int s = pk.side, r = 1 - s
    cdef i32 ahead, unseen = <i32>(pk.seq - row.nxt[s])
    if row.packets[s] == 0:                     # it answers a SYN, which it must acknowledge (section 3.10.7.3)
        return not t.flags[r] & TCP_SYN or not pk.flags & TCP_ACK or answers_syn(row, t, pk)
    if not t.flags[r] & TCP_ACK:
        return -LEAST_WINDOW <= unseen <= LEAST_WINDOW
    ahead = <i32>(pk.seq - row.acked[r])
    if unseen == 0 or ahead == 0 or (ahead > 0 and unseen < 0):
        return True
    return 0 < ahead <= <i32>window_of(t, r) and t.hole[s] != t.hole_end[s]


cdef bint behind_plain_ip(const Packet* pk, const u8* header) noexcept nogil:
    """Does the header stand in the frame right behind one of IP without options? Else what the checksum covers may not
    be the addresses of the packet (RFC 9293 section 3.1, RFC 8200 section 8.1: the final destination)."""
    cdef u32 size = 20 if pk.family == FAMILY_IP4 else 40
    if header < pk.frame.data + size or header >= pk.frame.data + pk.frame.caplen:
        return False
    if pk.family == FAMILY_IP4:
        return header[-20] == 0x45 and header[-11] == pk.proto
    return header[-40] >> 4 == 6 and header[-34] == pk.proto


cdef bint sum_is_wrong(TcpRow* t, const Packet* pk) noexcept nogil:
    """Is the checksum wrong, of a sender whose others are right?"""
    cdef u8 right = <u8>(32 << pk.side)
    cdef u32 n = pk.head + pk.payload_len
    cdef const u8* header = pk.payload - pk.head
    cdef u64 pseudo
    cdef u32 mss = t.mss[1 - pk.side] if t.mss[1 - pk.side] > SURE_MSS else <u32>SURE_MSS
    if pk.payload_len != pk.wire_payload or pk.head < 20 or not behind_plain_ip(pk, header):
        return False
    pseudo = carry(ends_sum(pk.src, pk.dst), htons(PROTO_TCP) + htons(<u16>n) + (n >> 16))
    if fold(ones_sum(pseudo, header, n)) == 0xffff:
        t.shaken |= right
        return False
    if not t.shaken & right or pk.payload_len > mss:
        return False
    return htons(be16(header + SUM_AT)) != fold(pseudo)


cdef const u8* find_option(const Packet* pk, const u8* p, u8 kind, u8 or_kind) noexcept nogil:
    """The next option of either kind, from p on, NULL for none."""
    cdef const u8* end = pk.payload
    while p < end and p[0] != 0:
        if p[0] == 1:
            p += 1
            continue
        if end - p < 2 or p[1] < 2 or p[1] > end - p:
            break
        if p[0] == kind or p[0] == or_kind:
            return p
        p += p[1]
    return NULL


cdef bint options_refuse(TcpRow* t, const Packet* pk) noexcept nogil:
    """Is a segment signed where the SYNs were not, or the other way round? Its receiver drops it (RFC 2385, RFC 5925
    section 7.3). Options that were not captured whole may hold a signature that is not seen."""
    cdef bint signed, cut
    if pk.head < 20:
        return False
    cut = (pk.payload[12 - <i32>pk.head] >> 4) * 4 > pk.head
    signed = find_option(pk, pk.payload - pk.head + 20, MD5, AUTHENTICATION) != NULL
    if pk.flags & TCP_SYN:
        t.fins |= <u8>(SYNS_SIGNED if signed else SYNS_CUT if cut else 0)
        return False
    if t.shaken & 3 != 3:
        return False
    if signed:
        return t.fins & (SYNS_SIGNED | SYNS_CUT) == 0
    return t.fins & SYNS_SIGNED != 0 and not cut


cdef bint has_stamp(const Packet* pk, u32* stamp) noexcept nogil:
    """Has the segment a timestamp?"""
    cdef const u8* option
    if pk.head < 32:
        return False
    option = find_option(pk, pk.payload - pk.head + 20, TIMESTAMPS, TIMESTAMPS)
    if option == NULL or option[1] != 10:
        return False
    stamp[0] = be32(option + 2)
    return True


cdef bint is_outdated(const Row* row, const TcpRow* t, const Packet* pk) noexcept nogil:
    """Does it bring what is new with a timestamp that its receiver knows to be old?"""
    cdef int s = pk.side
    cdef u32 stamp, recent = t.hole_ms[s]
    if recent == 0 or not stamps_agreed(t) or t.hole[s] != t.hole_end[s]:
        return False
    if pk.flags & TCP_SYN or not t.flags[1 - s] & TCP_ACK:
        return False
    if <i32>(pk.seq + pk.wire_payload + (pk.flags & TCP_FIN) - row.acked[1 - s]) <= 0:
        return False
    return has_stamp(pk, &stamp) and <i32>(stamp - recent) < -STAMP_SLACK


cdef void remember_stamp(const Row* row, TcpRow* t, const Packet* pk) noexcept nogil:
    """Of a segment that was taken: see is_timely(). What lies before all that its receiver waits for says nothing."""
    cdef int s = pk.side
    cdef u32 stamp
    cdef bint known
    if pk.flags & TCP_SYN:
        known = has_stamp(pk, &stamp)
        t.dup_run[s] = STAMPED if known else 0
        if t.hole[s] == t.hole_end[s]:
            t.hole_ms[s] = stamp if known else 0
        return
    if t.hole[s] != t.hole_end[s] or pk.flags & TCP_RST or not stamps_agreed(t) or not t.flags[1 - s] & TCP_ACK:
        return
    if <i32>(pk.seq - row.acked[1 - s]) <= 0 and <i32>(pk.seq + pk.wire_payload + 1 - row.acked[1 - s]) >= 0:
        if has_stamp(pk, &stamp) and (t.hole_ms[s] == 0 or <i32>(stamp - t.hole_ms[s]) > 0):
            t.hole_ms[s] = stamp


cdef bint datagram_is_spoilt(Row* row, const Packet* pk) noexcept nogil:
    """Is the checksum of a UDP datagram (RFC 768) wrong, of a sender whose others are right?"""
    cdef const u8* header = pk.payload - UDP_HEADER
    cdef u32 n = UDP_HEADER + pk.payload_len
    cdef u64 pseudo
    if pk.checksum == 0 or pk.payload_len != pk.wire_payload or not behind_plain_ip(pk, header):
        return False
    pseudo = carry(ends_sum(pk.src, pk.dst), htons(pk.proto) + htons(<u16>n))
    if fold(ones_sum(pseudo, header, n)) == 0xffff:
        row.acked[pk.side] |= SUM_RIGHT
        return False
    return row.acked[pk.side] & SUM_RIGHT and pk.payload_len <= SURE_DATAGRAM and htons(pk.checksum) != fold(pseudo)


cdef bint header_is_wrong(Row* row, TcpRow* t, const Packet* pk) noexcept nogil:
    """Of a packet whose IPv4 header does not add up: does its receiver drop it? Not when the first of its side did not
    add up either. `t`: of TCP, else NULL."""
    if row.packets[pk.side] == 0:
        if t != NULL:
            t.fins |= <u8>(NONE_RIGHT << pk.side)
        else:
            row.acked[pk.side] |= HEAD_WRONG
        return False
    return not (t.fins & (NONE_RIGHT << pk.side) if t != NULL else row.acked[pk.side] & HEAD_WRONG)


cdef bint strange_ack(const Row* row, TcpRow* t, const Packet* pk) noexcept nogil:
    """Does it acknowledge what its receiver did not send, or took back long ago (RFC 9293 section 3.10.7.4, RFC 5961
    section 5)? Behind bytes that the capture missed the acknowledgements are as far: the second is believed."""
    cdef int s = pk.side
    cdef bint again
    if t.shaken & 7 != 7 or pk.flags & (TCP_ACK | TCP_SYN) != TCP_ACK or row.packets[1 - s] == 0:
        return False
    if near(pk.ack, row.nxt[1 - s]) or near(pk.ack, row.acked[s]):
        return False
    again = near(pk.ack, t.shaking.odd.ack) and (pk.ack != t.shaking.odd.ack or pk.seq != t.shaking.odd.seq)
    t.shaking.odd.ack = pk.ack
    t.shaking.odd.seq = pk.seq
    return not again


cdef u16 receiver_drops(const Row* row, TcpRow* t, const Packet* pk) noexcept nogil:
    """What is noted of a segment that its receiver drops, 0 of any other."""
    cdef u16 refused
    if is_summed(row, pk) and sum_is_wrong(t, pk):
        return NOTE_BAD_SUM
    if pk.flags & TCP_RST:
        refused = 0 if reset_counts(row, t, pk) else NOTE_OUTSIDE
    elif t.shaken & 7 == 7 and not pk.flags & (TCP_ACK | TCP_SYN):
        refused = NOTE_OUTSIDE
    else:
        refused = NOTE_OUTSIDE if outside(row, t, pk) or strange_ack(row, t, pk) or is_outdated(row, t, pk) else 0
    if not refused and options_refuse(t, pk):
        refused = NOTE_SIGNED
    return refused
