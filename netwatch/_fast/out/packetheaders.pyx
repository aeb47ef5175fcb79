"""What single headers of a packet say, by Wireshark's names and with its values: only where somebody asks for it.

Of the network headers the innermost one speaks, of the link layers an Ethernet header that the frame begins with.
"""
from netwatch._fast.base.bytes cimport u8, u32, be16, be32
from netwatch._fast.out.values cimport Value, V_ABSENT, V_ADDRESS, V_BOOL, give_number
from netwatch._fast.wire.packet cimport (FAMILY_IP4, FAMILY_IP6, FAMILY_MAC, FAMILY_NONE, PROTO_ARP, PROTO_ICMP,
                                         PROTO_ICMP6, PROTO_TCP, PROTO_UDP, PROTO_UDPLITE)
from netwatch._fast.wire.packetrow cimport (ETHERNET_HEAD, NET_IP4, NET_IP6, BASE_SENDER, BASE_RECEIVER, PacketRow)

cdef enum:
    UDP_HEAD = 8               # RFC 768: its length counts the header
    ETHERTYPES = 0x600         # IEEE 802.3 section 3.2.6: less is a length

FIELDS = (
    ("eth.src", H_ETH_SRC), ("eth.dst", H_ETH_DST), ("eth.type", H_ETH_TYPE), ("ttl", H_TTL),
    ("ip.src", H_IP_SRC), ("ip.dst", H_IP_DST), ("ip.ttl", H_IP_TTL), ("ipv6.src", H_SRC6), ("ipv6.dst", H_DST6),
    ("ipv6.hlim", H_HLIM), ("tcp.srcport", H_TCP_SPORT), ("tcp.dstport", H_TCP_DPORT), ("udp.srcport", H_UDP_SPORT),
    ("udp.dstport", H_UDP_DPORT),
    ("ip.version", H_IP_VERSION), ("ip.hdr_len", H_IP_HEAD), ("ip.dsfield", H_DS), ("ip.dsfield.dscp", H_DSCP),
    ("ip.dsfield.ecn", H_ECN), ("ip.len", H_IP_LEN), ("ip.id", H_IP_ID), ("ip.flags", H_IP_FLAGS),
    ("ip.flags.rb", H_RB), ("ip.flags.df", H_DF), ("ip.flags.mf", H_MF), ("ip.frag_offset", H_OFFSET),
    ("ip.checksum", H_IP_SUM), ("ipv6.version", H_VERSION6), ("ipv6.tclass", H_CLASS),
    ("ipv6.tclass.dscp", H_CLASS_DSCP), ("ipv6.tclass.ecn", H_CLASS_ECN), ("ipv6.flow", H_LABEL),
    ("ipv6.plen", H_PLEN), ("ipv6.nxt", H_NEXT), ("tcp.seq", H_SEQ), ("tcp.ack", H_ACK), ("tcp.seq_raw", H_SEQ_RAW),
    ("tcp.ack_raw", H_ACK_RAW), ("tcp.hdr_len", H_TCP_HEAD), ("tcp.flags", H_TCP_FLAGS), ("tcp.flags.fin", H_FIN),
    ("tcp.flags.syn", H_SYN), ("tcp.flags.reset", H_RST), ("tcp.flags.push", H_PSH), ("tcp.flags.ack", H_ACK_FLAG),
    ("tcp.flags.urg", H_URG), ("tcp.flags.ece", H_ECE), ("tcp.flags.cwr", H_CWR), ("tcp.window_size_value", H_WINDOW),
    ("tcp.len", H_TCP_LEN), ("udp.length", H_UDP_LENGTH), ("icmp.type", H_TYPE), ("icmp.code", H_CODE),
    ("icmp.id", H_IDENT), ("arp.opcode", H_OPCODE),
)


cdef inline void give_bit(Value* v, u32 bit) noexcept nogil:
    v.kind = V_BOOL
    v.number = bit & 1


cdef inline void give_address(Value* v, const u8* address, u8 family) noexcept nogil:
    v.kind = V_ADDRESS
    v.family = family
    v.address = address


cdef void header_value(const PacketRow* pk, int code, Value* v) noexcept nogil:
    """The value of a field, V_ABSENT where the packet has no such header, or it was not captured."""
    v.kind = V_ABSENT
    if code <= H_ETH_TYPE:
        ethernet(pk, code, v)
    elif code == H_TTL:
        if pk.n_net:
            give_number(v, pk.net[8] if pk.n_net == NET_IP4 else pk.net[7])
    elif code == H_IP_VERSION:
        if pk.n_net:
            give_number(v, pk.net[0] >> 4)
    elif code <= H_IP_SUM:
        if pk.n_net == NET_IP4:
            ip4_value(pk.net, code, v)
    elif code <= H_NEXT:
        if pk.n_net == NET_IP6:
            ip6_value(pk.net, code, v)
    elif pk.family != FAMILY_NONE and not pk.reject and not pk.part:
        transport_value(pk, code, v)


cdef void ethernet(const PacketRow* pk, int code, Value* v) noexcept nogil:
    if pk.n_eth < ETHERNET_HEAD:
        return
    if code == H_ETH_TYPE:
        if be16(pk.eth + 12) >= ETHERTYPES:
            give_number(v, be16(pk.eth + 12))
        return
    give_address(v, &pk.eth[6] if code == H_ETH_SRC else &pk.eth[0], FAMILY_MAC)


cdef void ip4_value(const u8* p, int code, Value* v) noexcept nogil:
    """RFC 791 section 3.1, RFC 2474, RFC 3168."""
    if code == H_IP_SRC or code == H_IP_DST:
        give_address(v, p + 12 if code == H_IP_SRC else p + 16, FAMILY_IP4)
    elif code == H_IP_TTL:
        give_number(v, p[8])
    elif code == H_IP_HEAD:
        give_number(v, (p[0] & 15) * 4)
    elif code == H_DS:
        give_number(v, p[1])
    elif code == H_DSCP:
        give_number(v, p[1] >> 2)
    elif code == H_ECN:
        give_number(v, p[1] & 3)
    elif code == H_IP_LEN:
        give_number(v, be16(p + 2))
    elif code == H_IP_ID:
        give_number(v, be16(p + 4))
    elif code == H_IP_FLAGS:
        give_number(v, p[6] >> 5)
    elif code == H_RB:
        give_bit(v, p[6] >> 7)
    elif code == H_DF:
        give_bit(v, p[6] >> 6)
    elif code == H_MF:
        give_bit(v, p[6] >> 5)
    elif code == H_OFFSET:
        give_number(v, be16(p + 6) & 0x1fff)
    elif code == H_IP_SUM:
        give_number(v, be16(p + 10))


cdef void ip6_value(const u8* p, int code, Value* v) noexcept nogil:
    """RFC 8200 section 3."""
    cdef u32 first = be32(p)
    if code == H_VERSION6:
        give_number(v, first >> 28)
    elif code == H_SRC6 or code == H_DST6:
        give_address(v, p + 8 if code == H_SRC6 else p + 24, FAMILY_IP6)
    elif code == H_HLIM:
        give_number(v, p[7])
    elif code == H_CLASS:
        give_number(v, first >> 20 & 0xff)
    elif code == H_CLASS_DSCP:
        give_number(v, first >> 22 & 0x3f)
    elif code == H_CLASS_ECN:
        give_number(v, first >> 20 & 3)
    elif code == H_LABEL:
        give_number(v, first & 0xfffff)
    elif code == H_PLEN:
        give_number(v, be16(p + 4))
    elif code == H_NEXT:
        give_number(v, p[6])


cdef void transport_value(const PacketRow* pk, int code, Value* v) noexcept nogil:
    if pk.proto == PROTO_TCP and code <= H_TCP_LEN:
        tcp_value(pk, code, v)
    elif H_UDP_SPORT <= code <= H_UDP_LENGTH:
        if pk.proto == PROTO_UDP or pk.proto == PROTO_UDPLITE:
            give_number(v, pk.sport if code == H_UDP_SPORT else pk.dport if code == H_UDP_DPORT
                        else pk.wire_payload + UDP_HEAD)
    elif code == H_OPCODE:
        if pk.proto == PROTO_ARP:
            give_number(v, pk.icmp_type)
    elif (pk.proto == PROTO_ICMP or pk.proto == PROTO_ICMP6) and code >= H_TYPE:
        if code == H_IDENT:
            if pk.sport:
                give_number(v, pk.sport)
        else:
            give_number(v, pk.icmp_type if code == H_TYPE else pk.icmp_code)


cdef void tcp_value(const PacketRow* pk, int code, Value* v) noexcept nogil:
    """RFC 9293 section 3.1. Sequence numbers are relative to the first of their side."""
    if code == H_TCP_SPORT or code == H_TCP_DPORT:
        give_number(v, pk.sport if code == H_TCP_SPORT else pk.dport)
    elif code == H_SEQ:
        if pk.based & BASE_SENDER:
            give_number(v, pk.seq - pk.base_sender)
    elif code == H_ACK:
        if not pk.flags & 16:
            give_number(v, 0 if pk.based & BASE_RECEIVER or not pk.ack else pk.ack)
        elif pk.based & BASE_RECEIVER:
            give_number(v, pk.ack - pk.base_receiver)
    elif code == H_SEQ_RAW:
        give_number(v, pk.seq)
    elif code == H_ACK_RAW:
        give_number(v, pk.ack)
    elif code == H_TCP_HEAD:
        if pk.tcp_head:
            give_number(v, pk.tcp_head)
    elif code == H_TCP_FLAGS:
        give_number(v, pk.flags)
    elif code == H_WINDOW:
        give_number(v, pk.window)
    elif code == H_TCP_LEN:
        give_number(v, pk.wire_payload)
    elif H_FIN <= code <= H_CWR:
        give_bit(v, pk.flags >> (code - H_FIN))
