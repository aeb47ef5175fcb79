"""Getters of the flow rows, and the table that says which schema field is which column.

It decides nothing about filters or order; it is where a field of the schema meets the structs of flow/row.pxd. "Out" is
the initiator's side. What protocols learn is stored as facts: see map_number.
"""
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice
from netwatch._fast.flow.age cimport AGE_ACTIVE, AGE_IDLE, udp_age
from netwatch._fast.flow.icmp cimport is_echo_flow, is_icmp
from netwatch._fast.flow.receiver cimport window_offered
from netwatch._fast.flow.row cimport (Row, Cold, TcpRow, BIT_ENDED, BIT_INITIATOR_B, BIT_REPLIED, BIT_SEEN, ST_COUNT,
                                      ST_SYN_SENT, ST_UDP_ACTIVE, shown_path)
from netwatch._fast.wire.packet cimport FAMILY_NONE, FAMILY_MAC, PROTO_ARP, PROTO_L2, PROTO_TCP, TCP_RST
from netwatch._fast.wire.ports cimport has_ports
from netwatch._fast.flow.rates cimport rate_now, rate_peak
from netwatch._fast.flow.content cimport app_of, facts_find
from netwatch._fast.flow.series cimport Series, is_here
from netwatch._fast.flow.services cimport service_of_row

from netwatch._fast.out.flowfields import TCP_FLAG_NAMES

cdef enum:
    CERTAIN_TROUBLE = 1000     # a connection that was refused, reset in the middle, or never answered
    STATE_UDP_IDLE = ST_COUNT
    STATE_UDP_STALE = ST_COUNT + 1
    LINK_PROTO = 65536     # + type code: the codes of link-layer protocols that have no number of their own

cdef struct FactColumn:
    u8 proto
    u8 key
    u64 divide
    u64 times

cdef FactColumn FACTS[MAX_FACTS]
cdef int facts_mapped = 0

NUMBERS: dict[str, int] = {
    "id": COL_ID, "sport": COL_SPORT, "dport": COL_DPORT, "first": COL_FIRST, "last": COL_LAST,
    "duration": COL_DURATION, "packets_out": COL_PACKETS_OUT, "packets_in": COL_PACKETS_IN, "packets": COL_PACKETS,
    "bytes_out": COL_BYTES_OUT, "bytes_in": COL_BYTES_IN, "bytes": COL_BYTES, "payload_out": COL_PAYLOAD_OUT,
    "payload_in": COL_PAYLOAD_IN, "payload": COL_PAYLOAD, "copies_out": COL_COPIES_OUT, "copies_in": COL_COPIES_IN,
    "copies": COL_COPIES, "confidence": COL_CONFIDENCE, "ttl": COL_TTL,
    "first_frame": COL_FIRST_FRAME, "last_frame": COL_LAST_FRAME,
    "rtt_us": COL_RTT, "srtt_us": COL_SRTT, "retransmits_out": COL_RETRANS_OUT, "retransmits_in": COL_RETRANS_IN,
    "retransmits": COL_RETRANS, "out_of_order_out": COL_OOO_OUT, "out_of_order_in": COL_OOO_IN,
    "out_of_order": COL_OOO, "dup_acks_out": COL_DUP_OUT, "dup_acks_in": COL_DUP_IN, "dup_acks": COL_DUP,
    "zero_windows_out": COL_ZERO_OUT, "zero_windows_in": COL_ZERO_IN, "zero_windows": COL_ZERO,
    "spurious_out": COL_SPUR_OUT, "spurious_in": COL_SPUR_IN, "spurious": COL_SPUR,
    "fast_retransmits_out": COL_FAST_OUT, "fast_retransmits_in": COL_FAST_IN, "fast_retransmits": COL_FAST,
    "mss": COL_MSS, "window_scale_out": COL_WSCALE_OUT, "window_scale_in": COL_WSCALE_IN,
    "window_out": COL_WINDOW_OUT, "window_in": COL_WINDOW_IN, "rate_out": COL_RATE_OUT,
    "rate_in": COL_RATE_IN, "rate": COL_RATE, "peak_out": COL_PEAK_OUT, "peak_in": COL_PEAK_IN,
    "icmp.type": COL_ICMP_TYPE, "icmp.code": COL_ICMP_CODE, "icmp.id": COL_ICMP_ID,
}
ADDRESSES: dict[str, int] = {"src": COL_SRC, "dst": COL_DST}
# what only a screen asks for: fields of no record, seen from this machine where it is an end of the flow
SEEN_FROM_HERE = {"down": COL_DOWN, "up": COL_UP, "down_bytes": COL_DOWN_BYTES, "up_bytes": COL_UP_BYTES,
                  "trouble": COL_TROUBLE}
ENDS_FROM_HERE = {"local": COL_LOCAL, "remote": COL_REMOTE}
# code columns wait for a table of names, given by FlowView.set_table
CODES: dict[str, int] = {
    "state": COL_STATE, "app": COL_APP, "proto": COL_PROTO, "ended": COL_ENDED, "service": COL_SERVICE,
    "vlan": COL_PATH, "vlan_more": COL_PATH, "mpls": COL_PATH, "mpls_more": COL_PATH, "pppoe_session": COL_PATH,
    "tunnel": COL_PATH,
    "interface": COL_IFACE, "initiator": COL_INITIATOR, "sack": COL_SACK,
    "tcp_flags_out": COL_FLAGS_OUT, "tcp_flags_in": COL_FLAGS_IN,
}


def flag_names(int bits) -> list[str]:
    """The names of the TCP flags that are set, lowest bit first."""
    return [TCP_FLAG_NAMES[k] for k in range(8) if bits >> k & 1]


FLAG_TABLE = {bits: flag_names(bits) for bits in range(1, 256)}
OWN_TABLES = {"initiator": {1: "guessed", 2: "seen"}, "sack": {0: False, 1: True}, "tcp_flags_out": FLAG_TABLE,
              "tcp_flags_in": FLAG_TABLE}
STATES_BY_AGE = {STATE_UDP_IDLE: "UDP_IDLE", STATE_UDP_STALE: "UDP_STALE"}   # to join to the table of `state`
LINK_CODES: int = LINK_PROTO
ROW_COLUMN: int = COL_ROW
FACT_NUMBERS: dict[str, int] = {}          # field -> its column


def map_number(str field, int proto, int key, u64 divide=1, u64 times=1):
    """The field is a number that protocol number `proto` stores under `key`; records show it divided by `divide`, and
    filters know that in another unit, of which it is so many times as many. ValueError when there is no room for one
    more, or the field has one already."""
    global facts_mapped
    if facts_mapped == MAX_FACTS or field in FACT_NUMBERS or not 0 < proto < 128 or not 0 <= key < 256 or not divide:
        raise ValueError(f"cannot map {field} to protocol {proto}, key {key}")
    FACTS[facts_mapped] = FactColumn(<u8>proto, <u8>key, divide, times)
    FACT_NUMBERS[field] = COL_FACT + facts_mapped
    facts_mapped += 1


cdef inline u32 state_of(const Row* row, const Cold* cold, u64 now) noexcept nogil:
    """The state shown: an unnamed UDP flow's is its age."""
    cdef int age = udp_age(row, cold, now) if row.state == ST_UDP_ACTIVE else AGE_ACTIVE
    return row.state if age == AGE_ACTIVE else STATE_UDP_IDLE if age == AGE_IDLE else STATE_UDP_STALE


cdef bint copies(const Flows* t, u32 i, int o, int col, u64* out) noexcept nogil:
    """Of a flow that has any."""
    cdef const u32* n
    if t.copied == NULL:
        return False
    n = t.copied[i].packets
    out[0] = <u64>n[0] + n[1] if col == COL_COPIES else n[o] if col == COL_COPIES_OUT else n[1 - o]
    return n[0] != 0 or n[1] != 0


cdef bint number(const Flows* t, u32 i, int col, u64* out) noexcept nogil:
    """The value of a number or code column; False when the row has none."""
    cdef Row* row = &t.rows[i]
    cdef int o = 1 if row.bits & BIT_INITIATOR_B else 0
    if col == COL_BYTES:
        out[0] = row.bytes[0] + row.bytes[1]
    elif col == COL_PACKETS:
        out[0] = row.packets[0] + row.packets[1]
    elif col == COL_SPORT or col == COL_DPORT:
        out[0] = row.pb if (o == 1) == (col == COL_SPORT) else row.pa
        return has_ports(row.proto)
    elif col == COL_STATE:
        out[0] = state_of(row, &t.colds[i], t.now)
    elif col == COL_APP:
        out[0] = app_of(row, &t.colds[i])
        return out[0] != 0
    elif col == COL_PROTO:
        out[0] = LINK_PROTO + <u64>row.tcp if row.proto == PROTO_L2 else row.proto
    elif col == COL_LAST:
        out[0] = row.last
    elif col == COL_BYTES_OUT:
        out[0] = row.bytes[o]
    elif col == COL_BYTES_IN:
        out[0] = row.bytes[1 - o]
    elif col == COL_PACKETS_OUT:
        out[0] = row.packets[o]
    elif col == COL_PACKETS_IN:
        out[0] = row.packets[1 - o]
    elif col == COL_PAYLOAD:
        out[0] = row.payload[0] + row.payload[1]
    elif col == COL_COPIES_OUT or col == COL_COPIES_IN or col == COL_COPIES:
        return copies(t, i, o, col, out)
    elif col == COL_FIRST_FRAME or col == COL_LAST_FRAME:
        if t.frames == NULL:
            return False
        out[0] = t.frames[i].first if col == COL_FIRST_FRAME else t.frames[i].last
    elif col == COL_PAYLOAD_OUT:
        out[0] = row.payload[o]
    elif col == COL_PAYLOAD_IN:
        out[0] = row.payload[1 - o]
    elif col == COL_PATH:
        out[0] = shown_path(row, &t.colds[i])
        return out[0] != 0
    elif col == COL_SERVICE:
        out[0] = service_of_row(row, o)
        return out[0] != 0
    elif col == COL_INITIATOR:
        out[0] = 2 if row.bits & BIT_SEEN else 1
    elif col > COL_TCP_FIRST and col < COL_TCP_LAST:
        if row.proto != PROTO_TCP and not (is_echo_flow(row) and (col == COL_RTT or col == COL_SRTT)):
            return False
        return row.tcp != 0 and tcp_number(&t.tcps[row.tcp], col, o, out)
    elif col >= COL_FACT:
        return fact_number_of(t, i, col, out)
    elif col >= COL_ATTACHED:
        return attached_number(t.attached[col - COL_ATTACHED], &t.colds[i], i, out)
    else:
        return cold_number(t, i, col, o, out)
    return True


cdef bint attached_number(const CodeColumn* column, const Cold* cold, u32 i, u64* out) noexcept nogil:
    out[0] = number_of(column, cold, i)
    if out[0] == 0:
        return False
    if column.numbers != NULL:
        out[0] -= 1
        if column.until:
            out[0] = column.until - out[0] if column.until > out[0] else 0
    return True


cdef bint cold_number(const Flows* t, u32 i, int col, int o, u64* out) noexcept nogil:
    cdef const Cold* cold = &t.colds[i]
    cdef const Row* row = &t.rows[i]
    if col == COL_KEY:
        out[0] = cold.key
    elif col == COL_ROW:
        out[0] = i
    elif col == COL_ICMP_TYPE or col == COL_ICMP_CODE:
        out[0] = row.tcp >> 8 if col == COL_ICMP_TYPE else row.tcp & 255
        return is_icmp(row) and row.pa == 0
    elif col == COL_ICMP_ID:
        out[0] = row.pa
        return is_echo_flow(row)
    elif col == COL_ID:
        out[0] = cold.id
        return cold.id != 0
    elif col == COL_FIRST:
        out[0] = cold.first
    elif col == COL_DURATION:
        out[0] = t.rows[i].last - cold.first if t.rows[i].last > cold.first else 0
    elif col == COL_CONFIDENCE:
        out[0] = cold.confidence
        return app_of(&t.rows[i], cold) != 0
    elif col == COL_TTL:
        out[0] = cold.ttl[o if t.rows[i].packets[o] else 1 - o]
        return t.rows[i].family != FAMILY_MAC and t.rows[i].proto != PROTO_ARP
    elif col == COL_ENDED:
        out[0] = cold.ended
        return (t.rows[i].bits & BIT_ENDED) != 0
    elif col == COL_IFACE:
        out[0] = shown_path(&t.rows[i], cold)
    elif COL_DOWN <= col <= COL_TROUBLE:
        return seen_from_here(t, i, o, col, out)
    elif COL_RATE_OUT <= col <= COL_RATE and (t.window.seconds <= 0 or t.rows[i].bits & BIT_ENDED):
        return False
    elif col == COL_RATE_OUT:
        out[0] = rate_now(cold, &t.paces[i], o, &t.window)
    elif col == COL_RATE_IN:
        out[0] = rate_now(cold, &t.paces[i], 1 - o, &t.window)
    elif col == COL_RATE:
        out[0] = rate_now(cold, &t.paces[i], 0, &t.window) + rate_now(cold, &t.paces[i], 1, &t.window)
    elif col == COL_PEAK_OUT or col == COL_PEAK_IN:
        o ^= col == COL_PEAK_IN
        out[0] = rate_peak(cold, o)
        if not t.rows[i].bits & BIT_ENDED:         # of less than a second the rate is more than its bytes
            out[0] = max(out[0], rate_now(cold, &t.paces[i], o, &t.window))
    else:
        return False
    return True


cdef bint seen_from_here(const Flows* t, u32 i, int o, int col, u64* out) noexcept nogil:
    """`o`: the side that began the flow; the other way round where that is not this machine but the other end is."""
    cdef const Row* row = &t.rows[i]
    if col == COL_TROUBLE:
        out[0] = trouble(t, row)
        return out[0] != 0
    if responds_here(t, t.here, i):
        o = 1 - o
    if col == COL_DOWN_BYTES or col == COL_UP_BYTES:
        out[0] = row.bytes[o if col == COL_UP_BYTES else 1 - o]
        return True
    out[0] = rate_now(&t.colds[i], &t.paces[i], o if col == COL_UP else 1 - o, &t.window)
    return t.window.seconds > 0 and not row.bits & BIT_ENDED


cdef u64 trouble(const Flows* t, const Row* row) noexcept nogil:
    """See COL_TROUBLE; only TCP tells."""
    cdef const TcpRow* tcp
    cdef u64 odd
    if row.proto != PROTO_TCP or not row.tcp:
        return 0
    tcp = &t.tcps[row.tcp]
    if (row.state == ST_SYN_SENT and not row.bits & BIT_REPLIED) or (
            (tcp.flags[0] | tcp.flags[1]) & TCP_RST and tcp.fins & 3 == 0):
        return CERTAIN_TROUBLE
    odd = <u64>tcp.retrans[0] + tcp.retrans[1] + tcp.disorder[0] + tcp.disorder[1] + (
        <u64>tcp.zero_window[0] + tcp.zero_window[1])
    return min(<u64>CERTAIN_TROUBLE - 1, (1000 * odd + row.packets[0] + row.packets[1] - 1) //
               max(<u64>1, row.packets[0] + row.packets[1])) if odd else 0


cdef bint responds_here(const Flows* t, const Series* here, u32 row) noexcept nogil:
    """The responder is this machine, and the initiator is not."""
    cdef const u8* a = NULL
    cdef u8 family = FAMILY_NONE
    if here == NULL or here.n_here == 0 or not address(t, row, COL_DST, &a, &family) or not is_here(here, a, family):
        return False
    address(t, row, COL_SRC, &a, &family)
    return not is_here(here, a, family)


cdef inline u64 pick32(const u32* pair, int col, int first, int o) noexcept nogil:
    """Of three neighbouring columns: the initiator's, the responder's, both."""
    if col == first:
        return pair[o]
    return pair[1 - o] if col == first + 1 else <u64>pair[0] + pair[1]


cdef inline u64 pick16(const u16* pair, int col, int first, int o) noexcept nogil:
    if col == first:
        return pair[o]
    return pair[1 - o] if col == first + 1 else <u64>pair[0] + pair[1]


cdef bint tcp_number(const TcpRow* tcp, int col, int o, u64* out) noexcept nogil:
    if col == COL_RTT:
        out[0] = <u64>tcp.rtt_us * 1000
        return tcp.rtt_us != 0
    if col == COL_SRTT:
        out[0] = <u64>max(tcp.srtt_us[0], tcp.srtt_us[1]) * 1000
        return out[0] != 0
    if col <= COL_RETRANS:
        out[0] = pick32(tcp.retrans, col, COL_RETRANS_OUT, o)
    elif col <= COL_OOO:
        out[0] = pick32(tcp.disorder, col, COL_OOO_OUT, o)
    elif col <= COL_DUP:
        out[0] = pick32(tcp.dup_acks, col, COL_DUP_OUT, o)
    elif col <= COL_ZERO:
        out[0] = pick16(tcp.zero_window, col, COL_ZERO_OUT, o)
    elif col <= COL_SPUR:
        out[0] = pick16(tcp.spurious, col, COL_SPUR_OUT, o)
    elif col <= COL_FAST:
        out[0] = pick16(tcp.fast, col, COL_FAST_OUT, o)
    elif col == COL_MSS:
        out[0] = tcp.mss[o] if tcp.mss[o] else tcp.mss[1 - o]
        return out[0] != 0
    elif col == COL_WSCALE_OUT or col == COL_WSCALE_IN:
        out[0] = <u64>tcp.wscale[o if col == COL_WSCALE_OUT else 1 - o] - 1
        return tcp.wscale[o if col == COL_WSCALE_OUT else 1 - o] != 0
    elif col == COL_WINDOW_OUT or col == COL_WINDOW_IN:
        return window_offered(tcp, o if col == COL_WINDOW_OUT else 1 - o, out)
    elif col == COL_SACK:
        out[0] = (tcp.shaken & 24) == 24
        return (tcp.shaken & 3) == 3
    else:
        out[0] = tcp.flags[o if col == COL_FLAGS_OUT else 1 - o]
        return out[0] != 0
    return True


cdef bint fact_number_of(const Flows* t, u32 i, int col, u64* out) noexcept nogil:
    cdef const FactColumn* fact = &FACTS[col - COL_FACT]
    cdef Slice value
    if not facts_find(t.colds[i].facts, fact.proto, fact.key, &value) or value.n != 8:
        return False
    memcpy(out, value.p, 8)
    out[0] = out[0] // fact.divide * fact.times
    return True


cdef bint is_number(int col) noexcept nogil:
    """The column is a number or a code."""
    if COL_FACT <= col:
        return col < COL_FACT + facts_mapped
    return COL_NONE < col < COL_TCP_LAST and col != COL_TCP_FIRST or COL_ATTACHED <= col < COL_ATTACHED + MAX_ATTACHED


cdef bint address(const Flows* t, u32 i, int col, const u8** out, u8* family) noexcept nogil:
    """The 16 bytes of an end, and the family; False when the flow has no addresses."""
    cdef Row* row = &t.rows[i]
    if col == COL_LOCAL or col == COL_REMOTE:
        col = COL_SRC if (col == COL_LOCAL) != responds_here(t, t.here, i) else COL_DST
    out[0] = &row.b[0] if (col == COL_SRC) == ((row.bits & BIT_INITIATOR_B) != 0) else &row.a[0]
    family[0] = row.family
    return row.family != FAMILY_NONE
