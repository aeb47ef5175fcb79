"""Packets become flows here: found or made, counted, timed out, ended."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice
from netwatch._fast.flow.row cimport (Row, Cold, ST_COUNT, ST_ESTABLISHED, ST_QUIC_CLOSED,
                                      ST_QUIC_HANDSHAKE, ST_QUIC_INITIAL, TcpRow)
from netwatch._fast.flow.challengeack cimport Challenges
from netwatch._fast.flow.notes cimport Noted
from netwatch._fast.wire.cursor cimport Parser
from netwatch._fast.wire.defrag cimport Stray
from netwatch._fast.wire.packet cimport PROTO_TCP, Packet
from netwatch._fast.flow.content cimport Dpi, Readers, MAX_PROTOS
from netwatch._fast.flow.series cimport Series
from netwatch._fast.flow.table cimport Table
from netwatch._fast.flow.timeouts cimport TO_COUNT, timeout_index
from netwatch._fast.flow.turns cimport TurnList

cdef enum:                    # Core.copies
    COPIES_KEEP = 0           # packets like any other
    COPIES_MARK = 1           # counted as copies, and noted
    COPIES_DROP = 2           # counted as copies, and not shown

cdef struct Tally:            # of flows that have left the table
    u64 flows
    u64 bytes

# told of each frame once it is accounted for: its innermost packet, and its flow (row 0 and NULL: there is none)
ctypedef void (*Witness)(void* who, const Packet* pk, u32 number, const Cold* cold) noexcept nogil

cdef struct Core:             # one engine
    Table table
    Parser parser
    Dpi dpi
    Readers readers
    u32 timeout[TO_COUNT]     # seconds
    u32 app_timeout[MAX_PROTOS]   # seconds, 0: the state's own
    u64 shortest              # ns: no flow ends by being idle for no longer
    u64 clock                 # newest packet time, ns
    u64 first                 # oldest packet time, ns
    bint live                 # of an interface: rates are of seconds that are over
    u64 frames                # of this engine
    u64 ordinal               # of the frame of the input that is being looked at
    u64 bytes                 # on the wire
    u64 frame_rejects         # frames that gave no flow
    u8 copies                 # COPIES_*
    u64 copied                # packets that were captured before
    u64 copied_bytes          # on the wire, of frames
    Challenges challenged     # SYNs that wait for an answer
    u64 refused               # packets of new flows for which there was no room at all
    u32 history               # ended flows kept
    bint hold                 # ended flows wait to be handed out
    u64 ids                   # flows numbered so far
    bint own_ids              # number flows as they come (a single engine)
    u64 begun_second          # packet-time second of the newest EV_BEGUN
    u32 begun                 # of them in it
    u32* fresh                # rows of flows that have no number yet, in order
    u32 n_fresh
    u32 cap_fresh             # bytes
    Tally by_app[MAX_PROTOS]
    Tally by_proto[512]
    u8 link_types[8192]       # a bit for every EtherType that a PROTO_L2 flow has had
    u32 n_link_types
    Series* series            # counts by the second, NULL when nobody asked for them
    Witness witness           # NULL: nobody; it belongs to Engine.observer
    void* who
    Noted* noted              # events of note, likewise
    TurnList* turns           # and turns of flows

cdef bint has_socket_ends(const Row* row) noexcept nogil
cdef u32 core_packet(Core* core, Packet* pk) noexcept nogil
cdef void core_stray(Core* core, const Stray* stray) noexcept nogil
cdef void core_turn(Core* core) noexcept nogil
cdef void core_finish(Core* core, u32 number, u8 why) noexcept nogil
cdef void release_ended(Core* core, u32 keep) noexcept nogil


cdef inline u64 timeout_ns(const Core* core, const Row* row) noexcept nogil:
    """How long the flow may be idle, in ns: what its ends agreed on (Row.tcp of QUIC, in seconds), else the timeout of
    its application, else that of its state."""
    cdef u32 seconds = core.timeout[timeout_index(row)]
    cdef u32 app = core.app_timeout[row.app]
    if ST_QUIC_INITIAL <= row.state <= ST_QUIC_CLOSED:
        if row.state < ST_QUIC_HANDSHAKE or row.state == ST_QUIC_CLOSED:
            return <u64>seconds * 1000000000
        if row.tcp:
            return <u64>row.tcp * 1000000000
    if app and row.app and (row.proto != PROTO_TCP or row.state == ST_ESTABLISHED):
        seconds = app
    return <u64>seconds * 1000000000


cdef inline TcpRow* tcp_of(Core* core, const Row* row) noexcept nogil:
    return &core.table.tcps[row.tcp] if row.proto == PROTO_TCP and row.tcp else NULL
