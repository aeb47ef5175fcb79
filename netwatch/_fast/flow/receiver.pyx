"""What of a TCP stream its receiver drops, as far as that shows from between: it must change nothing here either.

A segment is acceptable when it lies in the receive window (RFC 9293 section 3.10.7.4), which the receiver's newest
acknowledgement and window show. From between, frames may be missing. So a segment counts as outside only while the
acknowledgements keep pace with what was seen, and only beyond any window that the receiver may have had; the stream
keeps such bytes apart, for when they turn out to be acknowledged (streams.pyx).

A RST counts when it stands exactly where the receiver waits, or where its sender stands; one elsewhere in the window is
answered by an ACK, and the connection goes on (RFC 5961 section 3.2). Where bytes of its sender are known to be missing
one in the window is believed. In an open connection a segment without ACK is dropped (fifth check), and one that
acknowledges what was never sent.

A checksum that is wrong says nothing by itself: network cards put it in after the capture. It does where the sender's
others are right. One that holds the sum of the pseudo header alone is left to the card (as Linux does), and what is
larger than the receiver's segment size was joined by it.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, i32, be16
from netwatch._fast.flow.row cimport Row, ST_ESTABLISHED, TcpRow
from netwatch._fast.wire.packet cimport (FAMILY_IP4, NOTE_BAD_SUM, NOTE_OUTSIDE, PROTO_TCP, Packet, TCP_ACK, TCP_FIN,
                                         TCP_RST, TCP_SYN)

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    static inline uint64_t nw_word(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return v; }
    static inline uint64_t nw_carry(uint64_t a, uint64_t v) { a += v; return a + (a < v); }
    /* The sum of whole blocks of 16 bytes, in a register of the machine's where it has such. Each adds less than 2^17
       to the four words of 32 bits, so that they hold 524,288 bytes: twice the largest frame. */
    typedef uint32_t nw_four __attribute__((vector_size(16)));
    static inline uint64_t nw_blocks(const uint8_t *p, size_t n) {
        nw_four sum = {0, 0, 0, 0}, v;
        for (; n >= 16; n -= 16, p += 16) { memcpy(&v, p, 16); sum += (v & 0xffff) + (v >> 16); }
        return (uint64_t)sum[0] + sum[1] + sum[2] + sum[3];
    }
    /* The one's complement sum of RFC 1071, neither folded nor inverted, in the machine's byte order, as it allows. */
    static uint64_t nw_ones_sum(uint64_t a, const uint8_t *p, size_t n) {
        uint8_t tail[8] = {0};
        a = nw_carry(a, nw_blocks(p, n));
        p += n & ~(size_t)15;
        if (n & 8) { a = nw_carry(a, nw_word(p)); p += 8; }
        n &= 7;
        if (n) { memcpy(tail, p, n); a = nw_carry(a, nw_word(tail)); }
        return a;
    }
    /* Of both addresses. */
    static inline uint64_t nw_ends_sum(const uint8_t *p, const uint8_t *q) {
        return nw_carry(nw_carry(nw_carry(nw_word(p), nw_word(p + 8)), nw_word(q)), nw_word(q + 8));
    }
    static inline uint16_t nw_fold(uint64_t s) {
        s = (s >> 32) + (s & 0xffffffffu); s = (s >> 16) + (s & 0xffff); s = (s >> 16) + (s & 0xffff);
        return (uint16_t)((s >> 16) + (s & 0xffff));
    }
    #include <arpa/inet.h>
    """
    u64 ones_sum "nw_ones_sum"(u64 begun, const u8* p, size_t n) noexcept nogil
    u64 ends_sum "nw_ends_sum"(const u8* src, const u8* dst) noexcept nogil
    u64 carry "nw_carry"(u64 a, u64 b) noexcept nogil
    u16 fold "nw_fold"(u64 sum) noexcept nogil
    u16 htons(u16 n) noexcept nogil

cdef enum:
    LEAST_WINDOW = 65535       # bytes after the newest acknowledgement that are never called outside
    UNKNOWN_SHIFT = 14         # ... nor any shift
    SURE_MSS = 536             # RFC 9293 section 3.7.1
    SUM_AT = 16                # the checksum's place in the header


cdef inline u32 window_of(const TcpRow* t, int side) noexcept nogil:
    """What the side offered to receive last. Scaled only where both offered scales (RFC 7323 section 2.2); where the
    beginning was not seen, as large as it may be."""
    cdef u32 window = t.window[side]
    if t.shaken & 3 != 3:
        window <<= UNKNOWN_SHIFT
    elif t.wscale[0] and t.wscale[1]:
        window <<= t.wscale[side] - 1
    return window if window > LEAST_WINDOW else <u32>LEAST_WINDOW


cdef bint outside(const Row* row, const TcpRow* t, const Packet* pk) noexcept nogil:
    """Is the segment beyond what its receiver may accept?"""
    cdef int s = pk.side, r = 1 - s
    cdef i32 unseen = <i32>(pk.seq - row.nxt[s]), ahead, behind
    if row.packets[s] == 0:
        return False
    if pk.flags & TCP_SYN:
        return t.shaken & 7 == 7 and pk.seq != t.isn[s]
    if not t.flags[r] & TCP_ACK:
        return unseen > ANY_WINDOW or unseen < -ANY_WINDOW
    if pk.flags & TCP_FIN and <i32>(pk.seq + pk.wire_payload + 1 - row.acked[r]) < 0:
        return True                             # of bytes that were taken long ago
    ahead = <i32>(pk.seq - row.acked[r])
    behind = <i32>(row.nxt[s] - row.acked[r])
    if unseen == 0 or not 0 <= behind <= <i32>window_of(t, r):
        return ahead > ANY_WINDOW or ahead < -ANY_WINDOW
    return ahead > <i32>window_of(t, r) or ahead < -ANY_WINDOW


cdef bint in_window(const Row* row, const TcpRow* t, const Packet* pk) noexcept nogil:
    """Does the SYN lie in the window of a connection that stands? Whoever begins anew hardly meets it; the receiver
    answers it with an ACK, and the connection goes on (RFC 5961 section 4)."""
    cdef int s = pk.side
    return row.state == ST_ESTABLISHED and t.shaken & 7 == 7 and \
        0 <= <i32>(pk.seq - row.acked[1 - s]) <= <i32>window_of(t, 1 - s)


cdef bint reset_counts(const Row* row, const TcpRow* t, const Packet* pk) noexcept nogil:
    cdef int s = pk.side, r = 1 - s
    cdef i32 ahead, unseen = <i32>(pk.seq - row.nxt[s])
    if row.packets[s] == 0:                     # it answers a SYN, which it must acknowledge (section 3.10.7.3)
        return not t.flags[r] & TCP_SYN or not pk.flags & TCP_ACK or pk.ack - t.isn[r] - 1 <= row.nxt[r] - t.isn[r] - 1
    if not t.flags[r] & TCP_ACK:
        return -LEAST_WINDOW <= unseen <= LEAST_WINDOW
    ahead = <i32>(pk.seq - row.acked[r])
    if unseen == 0 or ahead == 0 or (ahead > 0 and unseen < 0):
        return True
    return 0 < ahead <= <i32>window_of(t, r) and t.hole[s] != t.hole_end[s]


cdef bint behind_plain_ip(const Packet* pk, const u8* header) noexcept nogil:
    """Does the TCP header stand in the frame right behind one of IP without options? Else what the checksum covers may
    not be the addresses of the packet (RFC 9293 section 3.1, RFC 8200 section 8.1: the final destination)."""
    cdef u32 size = 20 if pk.family == FAMILY_IP4 else 40
    if header < pk.frame.data + size or header >= pk.frame.data + pk.frame.caplen:
        return False
    if pk.family == FAMILY_IP4:
        return header[-20] == 0x45 and header[-11] == PROTO_TCP
    return header[-40] >> 4 == 6 and header[-34] == PROTO_TCP


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
    """NOTE_BAD_SUM or NOTE_OUTSIDE of a segment that its receiver drops, 0 of any other."""
    if is_summed(row, pk) and sum_is_wrong(t, pk):
        return NOTE_BAD_SUM
    if pk.flags & TCP_RST:
        return 0 if reset_counts(row, t, pk) else NOTE_OUTSIDE
    if t.shaken & 7 == 7 and not pk.flags & (TCP_ACK | TCP_SYN):
        return NOTE_OUTSIDE
    return NOTE_OUTSIDE if outside(row, t, pk) or strange_ack(row, t, pk) else 0
