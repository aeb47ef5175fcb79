"""SYNs that came where a connection lives, until it shows who is right.

The receiver answers such a SYN with an acknowledgement of what it waits for, a challenge, and the connection goes on
(RFC 9293 section 3.10.7.4, RFC 5961 section 4.2): by itself the SYN changes nothing. A receiver that has lost the
connection, or whose end the capture missed, acknowledges the SYN's own number instead. Only that shows that another
connection began; where the receiver was never seen, what its sender goes on with shows it.
"""
from libc.stdlib cimport calloc
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.flow.receiver cimport LEAST_WINDOW, near
from netwatch._fast.flow.row cimport Row
from netwatch._fast.wire.packet cimport NOTE_DROPPED, Packet, TCP_ACK, TCP_RST, TCP_SYN


cdef bint challenge_note(Challenge** kept, u32 number, u64 key, const Packet* pk) noexcept nogil:
    """Let the SYN wait, in memory that is had when first needed; False without any."""
    cdef Challenge* c
    if kept[0] == NULL:
        kept[0] = <Challenge*>calloc(CHALLENGES, sizeof(Challenge))
        if kept[0] == NULL:
            return False
    c = &kept[0][number & (CHALLENGES - 1)]
    c.key = key
    c.n = pk.frame.n
    c.frame = pk.frame[0]
    c.frame.data = NULL
    c.frame.caplen = 0
    c.syn = pk[0]
    c.syn.frame = &c.frame
    c.syn.payload = &c.head[0] + pk.head
    c.syn.payload_len = 0
    memcpy(c.head, pk.payload - pk.head, pk.head)
    return True


cdef Challenge* challenge_taken(Challenge* kept, u32 number, u64 key, const Row* row, const Packet* pk) noexcept nogil:
    """The SYN that waits in the flow, if the packet shows that it was taken; else NULL."""
    cdef Challenge* c = &kept[number & (CHALLENGES - 1)]
    cdef const Packet* syn = &c.syn
    cdef u32 said
    if c.key != key or pk.part or pk.notes & NOTE_DROPPED or not pk.flags & TCP_ACK:
        return NULL
    if pk.side != syn.side:
        said = pk.ack - syn.seq - 1
        if pk.flags & TCP_SYN:
            return c if said <= syn.wire_payload else NULL
    else:
        said = pk.seq - syn.seq - 1
        if pk.flags & (TCP_SYN | TCP_RST) or row.packets[1 - pk.side]:
            return NULL
    return c if said <= LEAST_WINDOW and not near(syn.seq, row.nxt[syn.side]) else NULL
