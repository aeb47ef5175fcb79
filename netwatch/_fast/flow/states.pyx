"""Who began a flow, and its state where it is not TCP: ICMP echoes and their round trips, ARP, SCTP, all else."""
from netwatch._fast.base.bytes cimport u8, u16, u32, be16
from netwatch._fast.flow.icmp cimport is_echo_flow
from netwatch._fast.flow.row cimport (BIT_INITIATOR_B, BIT_SEEN, END_FIN, END_REUSED, END_RST, END_TIMEOUT, Row,
                                      ST_ACTIVE, ST_ARP_REPLY, ST_ARP_REQUEST, ST_CLOSED, ST_ECHO_REPLY,
                                      ST_ECHO_REQUEST, ST_ICMP, ST_NONE, ST_SCTP_CLOSED, ST_SCTP_ESTABLISHED,
                                      ST_SCTP_INIT, ST_SCTP_SHUTDOWN, ST_TCP_UNKNOWN, ST_TIME_WAIT, ST_UDP_ACTIVE,
                                      TcpRow)
from netwatch._fast.flow.tcp cimport smooth
from netwatch._fast.wire.packet cimport (PROTO_ARP, PROTO_CDP, PROTO_ICMP, PROTO_ICMP6, PROTO_IGMP, PROTO_L2,
                                         PROTO_LLDP, PROTO_SCTP, PROTO_TCP, PROTO_UDP, PROTO_UDPLITE, Packet)


cdef inline bint is_echo(const Packet* pk, bint request) noexcept nogil:
    """RFC 792: echo request 8, reply 0; RFC 4443: 128, 129."""
    if pk.proto == PROTO_ICMP:
        return pk.icmp_type == (8 if request else 0)
    return pk.proto == PROTO_ICMP6 and pk.icmp_type == (128 if request else 129)


cdef inline bint is_served(u16 port) noexcept nogil:
    """Do servers answer from that port? From 512 to 1023 clients that want to be trusted draw theirs (rresvport(3):
    NFS, rsh, IPMI), so there only the services in common use count."""
    return port < 512 or port < 1024 and (
        port == 514 or port == 515 or port == 520 or port == 521 or port == 547 or port == 548 or port == 554
        or port == 563 or port == 587 or port == 593 or port == 601 or port == 623 or port == 631 or port == 636
        or port == 646 or port == 749 or port == 853 or port == 860 or port == 873 or port == 902 or port == 989
        or port == 990 or port == 992 or port == 993 or port == 995)


cdef u8 SERVED[8192]            # bits of the TCP ports from 1024 on that are services' in common use
for _port in (
        1080, 1099, 1194, 1352, 1414, 1433, 1494, 1521, 1720, 1723, 1755, 1883, 1935, 2000, 2049, 2083, 2087,
        2181, 2375, 2376, 2379, 2380, 2404, 2525, 2598, 2775, 3000, 3128, 3260, 3268, 3269, 3306, 3389, 3478,
        3690, 3868, 4222, 4369, 4443, 4444, 4786, 4840, 4899, 5000, 5038, 5044, 5060, 5061, 5190, 5222, 5223,
        5228, 5269, 5349, 5432, 5433, 5480, 5555, 5601, 5666, 5671, 5672, 5800, 5900, 5901, 5902, 5903, 5938,
        5984, 5985, 5986, 6000, 6379, 6432, 6443, 6514, 6543, 6660, 6666, 6667, 6668, 6669, 6697, 7000, 7001,
        7077, 7199, 7474, 7687, 8000, 8008, 8009, 8080, 8081, 8083, 8086, 8088, 8089, 8090, 8123, 8125, 8140,
        8161, 8200, 8291, 8333, 8388, 8443, 8500, 8554, 8728, 8834, 8880, 8883, 8888, 9000, 9001, 9042, 9050,
        9080, 9090, 9092, 9093, 9100, 9160, 9200, 9300, 9389, 9418, 9443, 9999, 10050, 10051, 10250, 11211,
        15672, 16509, 18080, 20000, 25565, 26257, 27017, 27018, 27019, 28017, 33060, 44818):
    SERVED[_port >> 3] |= <u8>(1 << (_port & 7))


cdef inline bint is_service(u16 port) noexcept nogil:
    return SERVED[port >> 3] >> (port & 7) & 1


cdef void guess_initiator(Row* row, const Packet* pk) noexcept nogil:
    """Who began: the sender of a request; else, of a port that servers have and a high one, the one at the high port;
    else who spoke first. Of the services' high ports, which clients draw too, TCP's count against any other."""
    cdef bint sender = True
    if is_echo(pk, True) or is_echo(pk, False):
        row.bits |= BIT_SEEN
        sender = is_echo(pk, True)
    elif pk.proto == PROTO_ARP:
        row.bits |= BIT_SEEN
        sender = pk.icmp_type == 1
    elif is_served(pk.sport) and pk.dport >= 1024:
        sender = False
    elif pk.proto == PROTO_TCP and is_service(pk.sport) and pk.dport >= 1024 and not is_service(pk.dport):
        sender = False
    if (pk.side == 1) == sender:
        row.bits |= BIT_INITIATOR_B


cdef void time_echo(TcpRow* t, const Packet* pk) noexcept nogil:
    """The reply to the newest request, by sequence number (RFC 792), is a round trip."""
    cdef u32 sequence
    if pk.payload_len < 8:
        return
    sequence = be16(pk.payload + 6)
    if is_echo(pk, True):
        t.sample_ts[0] = pk.frame.ts
        t.sample_end[0] = sequence
    elif t.sample_ts[0] and t.sample_end[0] == sequence and pk.frame.ts >= t.sample_ts[0]:
        sequence = <u32>((pk.frame.ts - t.sample_ts[0]) // 1000)
        t.rtt_us = sequence if sequence else 1
        smooth(&t.srtt_us[0], t.rtt_us)
        t.sample_ts[0] = 0


cdef void other_state(Row* row, const Packet* pk) noexcept nogil:
    """States of flows that are not TCP; a UDP flow's may be named better by its protocol."""
    cdef u16 proto = row.proto
    if proto == PROTO_UDP or proto == PROTO_UDPLITE:
        if row.state == ST_NONE:
            row.state = ST_UDP_ACTIVE
    elif proto == PROTO_ICMP or proto == PROTO_ICMP6:
        if is_echo(pk, True):
            row.state = ST_ECHO_REQUEST
        elif is_echo(pk, False):
            row.state = ST_ECHO_REPLY
        else:
            row.state = ST_ICMP
        if row.tcp == 0 and not is_echo_flow(row):      # the first packet's; a fragment before it had none
            row.tcp = <u32>pk.icmp_type << 8 | pk.icmp_code
    elif proto == PROTO_ARP:
        row.state = ST_ARP_REPLY if pk.icmp_type == 2 else ST_ARP_REQUEST
    elif proto == PROTO_SCTP:
        row.state = sctp_state(row.state, pk.icmp_type)
    else:
        row.state = ST_ACTIVE
        if proto == PROTO_L2:
            row.tcp = pk.sub


cdef bint is_read(const Packet* pk) noexcept nogil:
    """Is the packet one that a protocol reads (Proto.carrier), though it has no ports? Of ICMPv6 those by which a host
    tells its groups (RFC 3810)."""
    cdef u16 proto = pk.proto
    if proto == PROTO_ICMP6:
        return pk.icmp_type == 131 or pk.icmp_type == 132 or pk.icmp_type == 143
    return proto == PROTO_IGMP or proto == PROTO_LLDP or proto == PROTO_CDP


cdef u8 sctp_state(u8 state, u8 chunk) noexcept nogil:
    """From the first chunk of a packet (RFC 9260 section 3.2)."""
    if chunk == 1 or chunk == 2:
        return ST_SCTP_INIT
    if chunk == 6 or chunk == 14:
        return ST_SCTP_CLOSED
    if chunk == 7 or chunk == 8:
        return ST_SCTP_SHUTDOWN
    return state if state == ST_SCTP_CLOSED else ST_SCTP_ESTABLISHED


cdef void part_state(Row* row) noexcept nogil:
    """A fragment whose others are missing: it is on its way to the receiver, who has nothing to read yet."""
    if row.state == ST_NONE:
        if row.proto == PROTO_TCP:
            row.state = ST_TCP_UNKNOWN
        elif row.proto == PROTO_UDP or row.proto == PROTO_UDPLITE:
            row.state = ST_UDP_ACTIVE
        else:
            row.state = ST_ICMP if row.proto == PROTO_ICMP or row.proto == PROTO_ICMP6 else ST_ACTIVE


cdef u8 how_ended(const Row* row, const TcpRow* t, u8 why) noexcept nogil:
    """How the flow ended: by RST or FIN when it said so itself, however it left the table. `t`: of TCP, else NULL."""
    if t != NULL and row.state == ST_CLOSED and not (t.fins & 3 == 3):
        return END_RST
    if t != NULL and (row.state == ST_CLOSED or row.state == ST_TIME_WAIT):
        return END_FIN
    return END_TIMEOUT if why == END_REUSED else why
