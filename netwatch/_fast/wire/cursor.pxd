"""Where in a frame the parser is, what it makes of the frame, and what the rooms of the wire share."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, be16, be32
from netwatch._fast.base.mix cimport mix_on, mix_pair
from netwatch._fast.wire.packet cimport Frame, Packet, Encap, MAX_TAGS, MAX_TUNNELS
from netwatch._fast.wire.names cimport REJECT_COUNT
from netwatch._fast.wire.encap cimport Paths
from netwatch._fast.wire.defrag cimport Defrag

cdef enum:
    BATCH = 32                             # frames parsed, then looked up, then counted together
    PER_PACKET = MAX_TUNNELS + 2           # packets one packet can give: itself, and what its tunnels carry
    PER_FRAME = 320                        # packets one frame can give: aggregates hold many
    ROOM = BATCH * PER_PACKET + PER_FRAME  # packets that wait at most
    DECAPS_MAX = 24                        # headers followed in one frame before it is refused

cdef enum:                                 # Cursor.next: an EtherType, or one of these
    NEXT_ETH = 0x10000
    NEXT_IP = 0x10001                      # IPv4 or IPv6 by its first nibble
    NEXT_LLC = 0x10002
    NEXT_PPP = 0x10003
    NEXT_WLAN = 0x10004
    NEXT_MPLS = 0x10005
    NEXT_LINK = 0x10006                    # another link type, in Cursor.link
    NEXT_GRE = 0x10007
    NEXT_CHAIN = 0x10009                   # the IP protocol in Cursor.proto
    NEXT_WLAN_SWAPPED = 0x10008            # frame control bytes the other way round, as Cisco sends it in CAPWAP
    NEXT_AMSDU = 0x1000a                   # sub-frames of an 802.11 aggregate
    NEXT_COUNT = 0x1000b
    NEXT_DONE = 0x1fffe                    # the Packet is complete
    NEXT_REJECT = 0x1ffff                  # pk.reject says why

cdef enum:                                 # whose number `mark` is told
    MARK_SERVICE = 1                       # IEEE 802.1ah I-SID
    MARK_PORT = 2                          # ports of a switch, as IEEE 802.1BR and Cisco tag them
    MARK_PATH = 3                          # NSH service path
    MARK_CHANNEL = 4                       # MACsec SCI
    MARK_BSS = 5                           # IEEE 802.11 BSSID
    MARK_CIRCUIT = 6                       # frame relay DLCI
    MARK_INTERFACE = 7                     # what a capture's header calls it

cdef struct Cursor:                        # where in a frame the parser is
    Packet* pk
    Encap* encap
    Parser* parser
    const u8* p
    const u8* end                          # of what was captured
    u32 wire                               # bytes on the wire from p
    u32 next                               # NEXT_* or EtherType
    u16 link                               # for NEXT_LINK
    u8 proto                               # for NEXT_CHAIN
    bint partial                           # a first fragment, read for what it shows: its lengths are of the whole
    bint entered                           # a UDP tunnel: what follows is a packet of its own
    u16 steps
    const u8* more                         # the next sub-frame of an aggregate, NULL none
    const u8* more_end
    u32 more_cut                           # bytes of the aggregate that were not captured
    u8 amsdu_layers                        # names of headers before its sub-frames
    u8 amsdu_depth
    Encap amsdu_encap                      # what is around them
    u32 around_wire                        # of a datagram put together: frame bytes and frames of all its parts
    u16 around_count
    u64 around_first

cdef struct Parser:
    Paths* paths
    Defrag* defrag
    u64 rejects[REJECT_COUNT]
    u64 snap_cut                           # frames of which less was captured than sent
    u32 unread_link                        # the last link type that was refused
    bint layers                            # fill Packet.layers
    u64 timeless                           # frames of which the input does not say when
    Packet* out                            # ROOM of them
    u32 n_out


cdef inline void layer(Cursor* c, u8 name) noexcept nogil:
    if c.parser.layers:
        if c.pk.n_layers < sizeof(c.pk.layers):
            c.pk.layers[c.pk.n_layers] = name
        c.pk.n_layers += c.pk.n_layers < 255

cdef inline void add_vid(Cursor* c, u16 tag) noexcept nogil:
    """A VLAN's number, in a tag with a priority."""
    if c.encap.n_vlan < MAX_TAGS:
        c.encap.vlan[c.encap.n_vlan] = tag & 0x0fff
    c.encap.n_vlan += c.encap.n_vlan < 255

cdef inline bint advance(Cursor* c, u32 n) noexcept nogil:
    """Step over n bytes that were checked to be there, or return False and move nothing."""
    if <size_t>(c.end - c.p) < n:
        return False
    c.p += n
    c.wire = c.wire - n if c.wire > n else 0
    return True

cdef inline void reject(Cursor* c, u8 why) noexcept nogil:
    c.pk.reject = why
    c.next = NEXT_REJECT

cdef inline u64 marks_on(u64 marks, u64 number, u64 stays, u8 kind) noexcept nogil:
    """The upper half is the hash of all marks, the lower that of what of them stays when a station moves."""
    return (mix_on(marks >> 32, number, kind) >> 32 << 32) | mix_on(<u32>marks, stays, kind) >> 32

cdef inline void mark(Cursor* c, u8 kind, u64 number) noexcept nogil:
    """What follows is of the network with this number, of a header that has no room of its own in Encap."""
    c.encap.marks = marks_on(c.encap.marks, number, number, kind)

cdef inline u64 be48(const u8* p) noexcept nogil:
    return <u64>be16(p) << 32 | be32(p + 2)

cdef inline void mark_place(Cursor* c, u8 kind, u64 number, const u8* a, const u8* b) noexcept nogil:
    """... of a place where the stations with these MAC addresses are at present: they may move to another."""
    c.encap.marks = marks_on(c.encap.marks, number, mix_pair(be48(a), be48(b)), kind)

cdef inline u32 captured(const Cursor* c) noexcept nogil:
    return <u32>(c.end - c.p)

cdef inline void rest_is_payload(Cursor* c) noexcept nogil:
    c.pk.payload = c.p
    c.pk.payload_len = captured(c)
    c.pk.wire_payload = c.wire if c.wire > c.pk.payload_len else c.pk.payload_len

cdef inline void stands_alone(Cursor* c, u16 proto, u16 sub) noexcept nogil:
    """The packet ends here, below IP: what is left is its payload, and its own type code keeps it apart."""
    c.pk.proto = proto
    c.pk.sub = c.pk.sport = c.pk.dport = sub
    rest_is_payload(c)
    c.next = NEXT_DONE
