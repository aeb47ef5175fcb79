"""What a packet record is made of, by value: it goes through the event ring and outlives the frame's chunk."""
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, be32
from netwatch._fast.wire.packet cimport FRAME_TIMELESS, Frame, Packet, MAX_LAYERS, PROTO_ARP

cdef enum:
    SLL2 = 276             # LINKTYPE_LINUX_SLL2, and where in its header the index stands
    SLL2_INDEX = 4
    ARP_SENDER = 8         # RFC 826: ar$sha behind the fixed part

cdef struct PacketRow:
    u64 n                  # ordinal of the frame
    u64 ts                 # ns
    u64 flow               # Cold.id, 0 none
    u32 len                # bytes on the wire
    u32 caplen
    u32 seq
    u32 ack
    u32 wire_payload
    u32 row                # of the flow
    u32 ifindex            # the interface that the frame itself names, 0 none
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
    u8 n_layers
    u8 src[16]
    u8 dst[16]
    u8 mac[6]              # ARP: the sender's hardware address
    u8 layers[MAX_LAYERS]

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
    row.notes = pk.notes
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
