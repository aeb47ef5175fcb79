"""What a packet record is made of, by value: it goes through the event ring and outlives the frame's chunk."""
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport i64, u8, u16, u32, u64, be16, be32
from netwatch._fast.wire.packet cimport (FAMILY_IP4, FAMILY_IP6, FRAME_TIMELESS, Frame, NOTE_HEADER, Packet,
                                         MAX_LAYERS, MAX_TAGS, PROTO_ARP)

cdef enum:
    SLL2 = 276             # LINKTYPE_LINUX_SLL2, and where in its header the index stands
    SLL2_INDEX = 4
    SLL = 113              # LINKTYPE_LINUX_SLL
    ARP_SENDER = 8         # RFC 826: ar$sha behind the fixed part
    LINK_NULL = 0          # LINKTYPE_*
    LINK_ETHERNET = 1
    LINK_RAW_BSD = 12
    LINK_RAW = 101
    LINK_LOOP = 108
    LINK_IP4 = 228
    LINK_IP6 = 229
    ETHERNET_HEAD = 14
    NET_IP4 = 20           # bytes that are kept of an IP header: without options (RFC 791), or all (RFC 8200)
    NET_IP6 = 40

cdef enum:                 # PacketRow.based
    BASE_SENDER = 1
    BASE_RECEIVER = 2

cdef struct PacketRow:
    u64 n                  # ordinal of the frame
    u64 ts                 # ns
    u64 flow               # Cold.id, 0 none
    i64 since              # ns since the input's first frame
    i64 delta              # ns since the frame before
    u32 len                # bytes on the wire
    u32 caplen
    u32 seq
    u32 ack
    u32 wire_payload
    u32 row                # of the flow
    u32 ifindex            # the interface that the frame itself names, 0 none
    u32 base_sender        # sequence number that its side, and the other one, began with, where `based` says so
    u32 base_receiver
    u16 proto              # PROTO_*
    u16 sub
    u16 sport
    u16 dport
    u16 window
    u16 notes              # NOTE_*
    u16 iface
    u16 shard              # which engine has the flow
    u16 part               # a fragment that stands alone: its offset / 8 + 1, else 0
    u8 timeless            # the input does not say when
    u8 app                 # what the flow was known to be when the frame came
    u8 family              # FAMILY_*
    u8 reject              # REJECT_*
    u8 flags               # TCP
    u8 icmp_type           # of ARP: the operation
    u8 icmp_code
    u8 has_mac
    u8 based               # BASE_*
    u8 timed               # `since` and `delta` are known
    u8 tcp_head            # bytes of the TCP header that were captured
    u8 n_eth
    u8 n_net
    u8 n_vlan              # how many there are: MAX_TAGS of them are known
    u8 n_layers            # ... MAX_LAYERS
    u8 src[16]
    u8 dst[16]
    u8 mac[6]              # ARP: the sender's hardware address
    u8 layers[MAX_LAYERS]
    u8 eth[14]
    u8 net[40]             # its IP header
    u16 vlan[MAX_TAGS]     # VLAN identifiers, outermost first

cdef inline void packet_row(PacketRow* row, const Packet* pk, const Frame* f) noexcept nogil:
    """What is kept of a packet; its flow is the caller's to say. Nothing of it points anywhere: the payload may be a
    datagram that was put together and is gone after the batch."""
    row.n = f.n
    row.ts = f.ts
    row.flow = 0
    row.row = 0
    row.app = 0
    row.shard = 0
    row.len = f.len
    row.caplen = f.caplen
    row.iface = f.iface
    row.seq = pk.seq
    row.ack = pk.ack
    row.wire_payload = pk.wire_payload
    row.proto = pk.proto
    row.sub = pk.sub
    row.sport = pk.sport
    row.dport = pk.dport
    row.window = pk.window
    row.notes = pk.notes & ~NOTE_HEADER    # of a frame that is read again no flow has said it
    row.family = pk.family
    row.reject = pk.reject
    row.flags = pk.flags
    row.icmp_type = pk.icmp_type
    row.icmp_code = pk.icmp_code
    row.n_layers = pk.n_layers
    row.src = pk.src
    row.dst = pk.dst
    row.layers = pk.layers
    row.ifindex = be32(f.data + SLL2_INDEX) if f.link == SLL2 and f.caplen >= SLL2_INDEX + 4 else 0
    row.part = pk.checksum + 1 if pk.part else 0
    row.timeless = f.bits & FRAME_TIMELESS
    row.has_mac = pk.proto == PROTO_ARP and pk.payload_len >= ARP_SENDER + 6
    if row.has_mac:
        memcpy(row.mac, pk.payload + ARP_SENDER, 6)
    else:
        memset(row.mac, 0, 6)
    row.based = row.timed = 0
    row.tcp_head = pk.head
    row_headers(row, pk, f)


cdef inline void row_headers(PacketRow* row, const Packet* pk, const Frame* f) noexcept nogil:
    """Copies of the headers that the frame begins with: Ethernet, tags (IEEE 802.1Q clause 9.6), and behind them, MPLS
    or PPPoE the IP header, if it is the packet's own and no tunnel's."""
    cdef u32 at = 0, type_at = 0              # what follows, and where its type stands
    cdef u32 kind = 0
    row.n_eth = row.n_net = row.n_vlan = 0
    if f.link == LINK_ETHERNET and f.caplen >= ETHERNET_HEAD:
        row.n_eth = ETHERNET_HEAD
        memcpy(row.eth, f.data, ETHERNET_HEAD)
        type_at, at = 12, ETHERNET_HEAD
    elif f.link == SLL:
        type_at, at = 14, 16
    elif f.link == SLL2:
        type_at, at = 0, 20
    elif f.link == LINK_NULL or f.link == LINK_LOOP:
        at = 4
    elif f.link != LINK_RAW and f.link != LINK_RAW_BSD and f.link != LINK_IP4 and f.link != LINK_IP6:
        return
    if at >= 14:
        if at > f.caplen:
            return
        kind = be16(f.data + type_at)
        while is_tag(kind) and at + 4 <= f.caplen:
            if row.n_vlan < MAX_TAGS:
                row.vlan[row.n_vlan] = be16(f.data + at) & 0xfff
            row.n_vlan += row.n_vlan < 255
            kind, at = be16(f.data + at + 2), at + 4
        at = behind_labels(f, kind, at)
    row_net(row, pk, f, at)


cdef inline bint is_tag(u32 ethertype) noexcept nogil:
    return ethertype == 0x8100 or ethertype == 0x88a8 or ethertype == 0x9100 or ethertype == 0x9200


cdef inline u32 behind_labels(const Frame* f, u32 kind, u32 at) noexcept nogil:
    """Where the network header begins behind MPLS labels (RFC 3032) or a PPPoE session (RFC 2516)."""
    if kind == 0x8864:
        return at + 8
    while kind == 0x8847 and at + 4 <= f.caplen:
        at += 4
        if f.data[at - 2] & 1:                # the bottom of the stack
            return at
    return at


cdef inline void row_net(PacketRow* row, const Packet* pk, const Frame* f, u32 at) noexcept nogil:
    """The IP header there, when its addresses are the packet's."""
    cdef const u8* p = f.data + at
    if pk.family == FAMILY_IP4 and at + NET_IP4 <= f.caplen and p[0] >> 4 == 4:
        if pk.proto != PROTO_ARP and memcmp(p + 12, pk.src, 4) == 0 and memcmp(p + 16, pk.dst, 4) == 0:
            row.n_net = NET_IP4
    elif pk.family == FAMILY_IP6 and at + NET_IP6 <= f.caplen and p[0] >> 4 == 6:
        if memcmp(p + 8, pk.src, 16) == 0 and memcmp(p + 24, pk.dst, 16) == 0:
            row.n_net = NET_IP6
    memcpy(row.net, p, row.n_net)
