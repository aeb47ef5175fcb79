"""ARP (RFC 826)."""
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32, be16
from netwatch._fast.wire.cursor cimport Cursor, NEXT_DONE, captured, layer, reject
from netwatch._fast.wire.names cimport LAYER_ARP, REJECT_ARP
from netwatch._fast.wire.packet cimport FAMILY_IP4, PROTO_ARP, Packet


cdef void arp(Cursor* c) noexcept nogil:
    """ARP for IPv4: a flow between the protocol addresses. Anything else is refused by name."""
    cdef const u8* p = c.p
    cdef Packet* pk = c.pk
    cdef u32 hw
    layer(c, LAYER_ARP)
    if captured(c) < 8:
        reject(c, REJECT_ARP)
        return
    hw = p[4]
    if be16(p + 2) != 0x0800 or p[5] != 4 or captured(c) < 8 + 2 * hw + 8:
        reject(c, REJECT_ARP)
        return
    memset(pk.src, 0, 32)
    memcpy(pk.src, p + 8 + hw, 4)
    memcpy(pk.dst, p + 8 + hw * 2 + 4, 4)
    pk.family = FAMILY_IP4
    pk.proto = PROTO_ARP
    pk.icmp_type = p[7]
    pk.payload = p
    pk.payload_len = pk.wire_payload = 8 + 2 * hw + 8
    c.next = NEXT_DONE
