"""What travels between the rooms of the engine: Frame (from a source), Packet (what parse makes of it).

No Python object stands for either. Addresses are 16 bytes: IPv4 uses the first 4, a MAC the first 6, the rest are 0.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, be64
from netwatch._fast.base.mix cimport load32, mix, mix_ends, mix_on

cdef enum:
    MAX_TAGS = 6          # VLAN tags and MPLS labels kept per frame
    MAX_TUNNELS = 4       # nested tunnels followed per frame
    MAX_LAYERS = 24       # names in a packet record's `layers`
    FAMILY_NONE = 0
    FAMILY_MAC = 2
    FAMILY_IP4 = 4
    FAMILY_IP6 = 6

cdef enum:                # Packet.proto: IP protocol numbers below 256, our own above
    PROTO_ICMP = 1
    PROTO_IGMP = 2
    PROTO_TCP = 6
    PROTO_UDP = 17
    PROTO_ICMP6 = 58
    PROTO_SCTP = 132
    PROTO_UDPLITE = 136
    PROTO_ARP = 256
    PROTO_LLDP = 257
    PROTO_CDP = 258
    PROTO_LACP = 259
    PROTO_STP = 260
    PROTO_EAPOL = 261
    PROTO_L2 = 262        # any other link-layer protocol, by EtherType
    PROTO_WLAN = 264      # 802.11 management and control: + type * 16 + subtype, up to 311

cdef enum:                # TCP flags, RFC 9293 section 3.1
    TCP_FIN = 1
    TCP_SYN = 2
    TCP_RST = 4
    TCP_PSH = 8
    TCP_ACK = 16
    TCP_URG = 32
    TCP_ECE = 64
    TCP_CWR = 128

cdef enum:                # Packet.notes, names in flowtext.pyx
    NOTE_RETRANSMIT = 1
    NOTE_SPURIOUS = 2
    NOTE_FAST = 4
    NOTE_DISORDER = 8
    NOTE_GAP = 16         # bytes before it were not captured
    NOTE_DUP_ACK = 32
    NOTE_ZERO_WINDOW = 64
    NOTE_KEEP_ALIVE = 128
    NOTE_OUTSIDE = 256    # outside the receive window: its receiver drops it
    NOTE_BAD_SUM = 512    # the checksum is wrong, though its sender's others are right: likewise
    NOTE_COPY = 1024      # the same packet was captured a moment ago
    NOTE_BEYOND = 2048    # its headers say more than the frame has: likewise
    NOTE_SIGNED = 4096    # signed where the others are not, or the other way round: likewise
    NOTE_DROPPED = 6912   # any of these that its receiver drops
    NOTE_HEADER = 32768   # an IPv4 header does not add up; gone once the flow has said what that means
    NOTE_COUNT = 13

cdef enum:                # Frame.bits
    FRAME_TIMELESS = 1    # the input does not say when; `ts` is that of the frame before

cdef struct Frame:
    const u8* data        # caplen bytes, valid until the source fills its next chunk
    u64 ts                # nanoseconds since 1970 UTC
    u64 n                 # ordinal in the input, from 1
    u32 caplen            # bytes captured
    u32 len               # bytes on the wire
    u16 iface             # index into the source's interfaces
    u16 link              # LINKTYPE_ value of that interface
    u16 shard             # which engine owns it when there are several
    u16 bits              # FRAME_*

cdef struct Tunnel:
    u8 kind               # TUN_* of names.pxd
    u8 family
    u32 id                # VNI, GRE key, TEID, session: what the tunnel calls its own
    u32 mark              # of it what keeps strangers apart
    u8 src[16]
    u8 dst[16]

cdef struct Encap:        # what lies around the packet; zeroed but for its counts means nothing does
    u8 n_vlan             # how many there are: `kept` of them are known
    u8 n_mpls
    u8 n_tunnel
    u16 vlan[MAX_TAGS]    # VIDs, outermost first
    u16 pppoe             # session id, 0 none
    u16 iface             # Frame.iface
    u32 ifindex           # the interface that the frame itself names (SLL2), 0 none
    u64 marks             # hash of what else names a network (MARK_* of cursor.pxd), 0 none
    u32 mpls[MAX_TAGS]    # labels, outermost first
    Tunnel tunnel[MAX_TUNNELS]

cdef inline int kept(u8 n) noexcept nogil:
    """Of so many VLAN tags, or MPLS labels."""
    return n if n < MAX_TAGS else MAX_TAGS

cdef struct Packet:
    const Frame* frame
    u64 hash              # of the flow key
    const u8* payload     # transport payload, trimmed to the IP length
    u32 payload_len       # bytes of it that were captured
    u32 wire_payload      # bytes of it on the wire
    u64 first             # ns: when its first fragment came, 0 when it is no datagram put together
    u32 wire              # frame bytes on the wire that are counted with this packet
    u16 count             # frames that are, usually 1
    u16 ident             # IPv4 identification
    u16 checksum          # of the transport header
    u8 part               # a fragment that stands alone: addresses, perhaps ports, nothing to read
    u16 path              # interned Encap, 0 when there is nothing around it
    u16 base              # the same without what may differ by direction: what the flow key has of it
    u16 proto
    u16 ethertype         # of the innermost link layer
    u8 family
    u8 ttl
    u8 side               # 0 when src is the flow key's `a`, 1 when it is its `b`
    u8 depth              # 0 outermost transport layer, then one per tunnel
    u8 reject             # REJECT_* of names.pxd, 0 when the packet is whole
    u8 src[16]
    u8 dst[16]
    u16 sport             # ICMP: echo identifier; 0 where there is none
    u16 dport
    u16 window            # TCP, unscaled
    u16 mss               # TCP option, 0 none
    u8 flags              # TCP
    u8 wscale             # TCP option shift + 1, 0 none
    u8 sack_ok            # TCP option
    u8 head               # TCP: bytes of the header that were captured, right before payload
    u8 icmp_type
    u8 icmp_code
    u8 n_layers
    u8 layers[MAX_LAYERS]  # LAYER_* of names.pxd
    u32 seq
    u32 ack
    u32 guess             # row that the hash table seems to name, 0 none
    u16 notes             # NOTE_*: what the flow's history makes of it
    u16 sub               # of a link-layer protocol: its own type code


cdef inline u64 flow_hash(const u8* a, const u8* b, u16 pa, u16 pb, u16 proto, u16 base, u8 family) noexcept nogil:
    """The hash of a canonical flow key: its smaller end first."""
    cdef u64 ports = <u64>pa | <u64>pb << 16 | <u64>proto << 32 | <u64>base << 48
    if family == FAMILY_IP4:
        return mix(<u64>load32(a) | <u64>load32(b) << 32, ports)
    return mix_on(mix_ends(a, b, ports), family, ports)


cdef inline bint side_of(const Packet* pk) noexcept nogil:
    """Is the sender the larger end?"""
    cdef u64 a = be64(pk.src), b = be64(pk.dst)
    if a == b:
        a, b = be64(pk.src + 8), be64(pk.dst + 8)
    return a > b or (a == b and pk.sport > pk.dport)


cdef inline void hash_key(Packet* pk) noexcept nogil:
    """Order the packet's ends and hash the key of its flow: its surroundings must be known."""
    pk.side = side_of(pk)
    pk.hash = flow_hash(&pk.dst[0] if pk.side else &pk.src[0], &pk.src[0] if pk.side else &pk.dst[0],
                        pk.dport if pk.side else pk.sport, pk.sport if pk.side else pk.dport,
                        pk.proto, pk.base, pk.family)
