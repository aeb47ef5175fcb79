"""Where flows live: rows, the hash table over them, the timer wheel, the list of ended flows, conversation counts."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.flow.row cimport Row, Cold, TcpRow
from netwatch._fast.wire.encap cimport Paths
from netwatch._fast.wire.packet cimport PROTO_TCP, PROTO_UDP, Packet
from netwatch._fast.flow.copies cimport Echo
from netwatch._fast.flow.kin cimport Kin
from netwatch._fast.flow.rates cimport Pace

cdef enum:
    WHEEL = 4096               # one bucket a second; longer timeouts go round again
    WHEEL_HEAD = 1 << 31       # Cold.prev of the first row of a bucket: this, and the bucket
    CONVERSATIONS_MAX = 4194304   # counted exactly up to here, then by sampling

cdef struct Slot:
    u32 tag                    # low bits of the hash, which also give the home place
    u32 row                    # 0 free

cdef struct Conversations:     # distinct fingerprints: exact while small, adaptive sampling (Wegman) beyond
    u64* slots
    u64 mask
    u64 used
    u32 spare                  # bits of a hash that name no slot
    u32 shift                  # each hash kept stands for 2**shift
    u64 waiting                # the newest hash, put when its slot has come into the cache; 0 none

cdef struct Copied:            # copies of a flow's packets
    u32 packets[2]             # of what side a, b sent
    u16 path                   # interned Encap of the newest

cdef struct Frames:             # of a flow: ordinals in the input
    u64 first
    u64 last

cdef struct Table:
    Row* rows                  # [1..high], reserved for `cap`, touched as used
    Cold* colds
    Pace* paces                # of each row; touched where rates are asked for
    bint paced                 # ... which they are
    TcpRow* tcps               # [1..tcp_high]
    u32 cap
    u32 high
    u32 tcp_high
    u32 free                   # freed rows, linked by Cold.next
    u32 tcp_free               # freed TcpRows, linked by isn[0]
    u32 live
    Slot* slots
    u64 mask
    u32 wheel[WHEEL]
    u64 wheel_at               # the second up to which the wheel has turned, 0 not begun
    u32 ended_first
    u32 ended_last
    u32 ended
    u64 created
    u64 evicted
    u32 hand                   # where the search for a victim goes on
    Paths* paths               # the engine's
    Echo* echoes               # the newest packets of each flow, to know a copy by
    Kin* kin                   # flows by their ends alone
    Frames* frames             # of each row; touched where they are kept
    bint numbered              # ... which they are
    Copied* copied             # of each row; touched where there are any
    bint any_copied
    Conversations tcp_conversations
    Conversations udp_conversations

cdef bint table_open(Table* t, u32 cap) noexcept nogil
cdef void table_close(Table* t) noexcept nogil
cdef u32 table_find(const Table* t, const Packet* pk) noexcept nogil
cdef u32 table_new_tcp(Table* t) noexcept nogil
cdef u32 table_add(Table* t, const Packet* pk) noexcept nogil
cdef void table_move(Table* t, u32 number, const Packet* pk) noexcept nogil
cdef void table_unhash(Table* t, u32 number) noexcept nogil
cdef void table_free_row(Table* t, u32 number) noexcept nogil
cdef bint table_grow(Table* t) noexcept nogil
cdef u32 table_victim(Table* t) noexcept nogil
cdef void wheel_add(Table* t, u32 number, u64 second) noexcept nogil
cdef void wheel_remove(Table* t, u32 number) noexcept nogil
cdef void ended_push(Table* t, u32 number) noexcept nogil
cdef u32 ended_pop(Table* t) noexcept nogil
cdef void conversation(Conversations* c, const Packet* pk) noexcept nogil
cdef u64 conversations(Conversations* c) noexcept nogil


cdef inline bint only_parts(const Table* table, const Row* row) noexcept nogil:
    """May all that came before have been fragments that stood alone?"""
    cdef const TcpRow* t
    if row.payload[0] | row.payload[1] or not (row.packets[0] | row.packets[1]):
        return False
    if row.proto != PROTO_TCP or not row.tcp:
        return True
    t = &table.tcps[row.tcp]
    return t.flags[0] | t.flags[1] == 0


cdef inline u32 table_guess(const Table* t, u32 tag) noexcept nogil:
    """The row that a hash most likely stands for, by the slots alone; 0 none."""
    cdef u64 at = tag & t.mask
    while t.slots[at].row:
        if t.slots[at].tag == tag:
            return t.slots[at].row
        at = (at + 1) & t.mask
    return 0


cdef inline void converse(Table* t, const Packet* pk) noexcept nogil:
    """Count who speaks to whom."""
    if pk.proto == PROTO_TCP:
        conversation(&t.tcp_conversations, pk)
    elif pk.proto == PROTO_UDP:
        conversation(&t.udp_conversations, pk)
