"""Answers that a capture shows before what they answer: its two directions come from different places. Who acknowledges
bytes that are not here yet is held back until they are, or their sender goes on without, or some frames have passed.
"""
from netwatch._fast.base.bytes cimport u32, i32
from netwatch._fast.flow.row cimport HELD_BACK, Half, Row, tried_bit
from netwatch._fast.look.reading cimport Feed
from netwatch._fast.wire.packet cimport Packet, TCP_ACK, TCP_RST, TCP_SYN

cdef bint waits(const Feed* f, int s, u32 ack) noexcept nogil


cdef inline bint may_answer(const Row* row, const Packet* pk) noexcept nogil:
    """Of a side that nobody was asked about yet: does it acknowledge what may be shown only later?"""
    return <i32>(pk.ack - row.nxt[1 - pk.side]) > 0 and row.packets[1 - pk.side] != 0 and \
        not row.bits & tried_bit(pk.side) and pk.flags & (TCP_ACK | TCP_SYN) == TCP_ACK


cdef inline bint has_to_wait(const Feed* f, const Packet* pk) noexcept nogil:
    """Has a segment whose bytes are next to wait for what the other side said before?"""
    return <i32>(pk.ack - f.conn.half[1 - pk.side].next) > 0 and pk.flags & (TCP_ACK | TCP_RST) == TCP_ACK and \
        pk.payload_len == pk.wire_payload and waits(f, pk.side, pk.ack)


cdef inline bint goes_on_without(const Half* answer, u32 seq) noexcept nogil:
    """Is what an answer waits for missing before `seq`? There are early segments."""
    return answer.held == HELD_BACK and <i32>(seq - answer.early.ack) >= 0


cdef inline bint is_hole(const Half* half) noexcept nogil:
    """Are bytes missing before the first of the early segments?"""
    return half.early != NULL and half.held != HELD_BACK
