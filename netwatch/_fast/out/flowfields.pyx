"""Getters of the fields that flow rows hold, by the names of CONTRACT section 3. Absent is what is not known.

Records as text and records as dicts both come from here. "Out" is the initiator's side.
"""
from cpython.list cimport PyList_GET_ITEM
from cpython.object cimport PyObject

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.age cimport udp_age
from netwatch._fast.flow.content cimport FACT_HEAD
from netwatch._fast.flow.icmp cimport is_echo_flow, is_icmp
from netwatch._fast.flow.receiver cimport window_offered
from netwatch._fast.flow.row cimport BIT_ENDED, BIT_INITIATOR_B, BIT_SEEN, Facts, Row, ST_UDP_ACTIVE, TcpRow, shown_path
from netwatch._fast.look.announced cimport ANNOUNCED_BY
from netwatch._fast.wire.packet cimport FAMILY_MAC, FAMILY_NONE, MAX_TAGS, Encap, PROTO_ARP, PROTO_L2, PROTO_TCP, kept
from netwatch._fast.wire.ports cimport has_ports
from netwatch._fast.out.communityid cimport of_row
from netwatch._fast.out.values cimport (Value, V_ABSENT, V_ADDRESS, V_BOOL, V_SECONDS, V_TIME, give_number, give_object)
from netwatch._fast.out.writing cimport address_text
from netwatch._fast.flow.rates cimport Window, rate_now, rate_peak, window_at

from netwatch._fast.dpi import app_names
from netwatch._fast.input.source import file_of
from netwatch._fast.out.names import ENDINGS, STATES, TUNNEL_IDS, TUNNELS, interface_text, proto_name

TCP_FLAG_NAMES = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
cdef list STATE_NAMES = list(STATES)
cdef list END_NAMES = list(ENDINGS)
cdef list PROTO_NAMES = [proto_name(number) for number in range(512)]
cdef list APPS = app_names()
cdef list FLAG_LISTS = [[name for i, name in enumerate(TCP_FLAG_NAMES) if bits >> i & 1] for bits in range(256)]
cdef list BY_AGE = ["UDP_ACTIVE", "UDP_IDLE", "UDP_STALE"]       # by AGE_*
cdef list INITIATORS = ["guessed", "seen"]

PAIRS = {"packets": P_PACKETS, "bytes": P_BYTES, "payload": P_PAYLOAD, "copies": P_COPIES, "peak": P_PEAK,
         "rate": P_RATE, "retransmits": P_RETRANS, "out_of_order": P_DISORDER, "dup_acks": P_DUP,
         "zero_windows": P_ZERO, "spurious": P_SPURIOUS, "fast_retransmits": P_FAST}


def pair(str name) -> list[tuple[str, int]]:
    """Both halves of a pair, as a record has them."""
    return [(f"{name}_out", F_PAIRS + 3 * PAIRS[name] + OUT), (f"{name}_in", F_PAIRS + 3 * PAIRS[name] + IN)]


# in the order of the record
FIELDS = (
    ("id", F_ID), ("proto", F_PROTO), ("src", F_SRC), ("sport", F_SPORT), ("dst", F_DST), ("dport", F_DPORT),
    ("initiator", F_INITIATOR), ("first", F_FIRST), ("last", F_LAST), ("duration", F_DURATION),
    ("interface", F_INTERFACE), ("vlan", F_VLAN), ("vlan_more", F_VLAN_MORE), ("mpls", F_MPLS),
    ("mpls_more", F_MPLS_MORE), ("pppoe_session", F_PPPOE), ("tunnel", F_TUNNEL),
    ("state", F_STATE), ("ended", F_ENDED), *pair("packets"), *pair("bytes"), *pair("payload"), *pair("copies"),
    *pair("peak"), *pair("rate"), ("ttl", F_TTL), ("icmp", F_ICMP), ("rtt_us", F_RTT), ("srtt_us", F_SRTT),
    *pair("retransmits"), *pair("out_of_order"), *pair("dup_acks"), *pair("zero_windows"), *pair("spurious"),
    *pair("fast_retransmits"), ("tcp_flags_out", F_FLAGS_OUT), ("tcp_flags_in", F_FLAGS_IN), ("mss", F_MSS),
    ("window_scale_out", F_WSCALE_OUT), ("window_scale_in", F_WSCALE_IN),
    ("window_out", F_WINDOW_OUT), ("window_in", F_WINDOW_IN), ("sack", F_SACK),
    ("first_frame", F_FIRST_FRAME), ("last_frame", F_LAST_FRAME), ("community_id", F_COMMUNITY),
    ("file", F_FILE),
)
IN_ROWS: frozenset[str] = frozenset(("schema", *dict(FIELDS)))
# what may be asked for by name: parts of an object, sums of pairs and the application as well
BY_NAME = {**dict(FIELDS), "app": F_APP, "icmp.type": F_ICMP_TYPE, "icmp.code": F_ICMP_CODE, "icmp.id": F_ICMP_ID,
           **{name: F_PAIRS + 3 * number + SUM for name, number in PAIRS.items()}}
NATIVE: frozenset[str] = IN_ROWS | {"app"}     # keys that need no describing


cdef bint flow_at(FlowAt* at, Engine engine, u32 number) noexcept:
    """False when the row is not in use."""
    cdef Core* core = &engine.core
    if number == 0 or number > core.table.high or core.table.rows[number].family == FAMILY_NONE:
        return False
    at.core = core
    at.row = &core.table.rows[number]
    at.cold = &core.table.colds[number]
    at.out = at.row.bits & BIT_INITIATOR_B
    at.tcp = NULL
    if at.row.tcp and (at.row.proto == PROTO_TCP or is_echo_flow(at.row)):
        at.tcp = &core.table.tcps[at.row.tcp]
    return True


cdef inline PyObject* listed(list names, Py_ssize_t number) noexcept:
    """The name of a number, NULL none."""
    cdef PyObject* name
    if number >= len(names):
        return NULL
    name = <PyObject*>PyList_GET_ITEM(names, number)
    return NULL if <object>name is None else name


cdef inline u64 of_pair(u64 outward, u64 inward, int which) noexcept nogil:
    return outward if which == OUT else inward if which == IN else outward + inward


cdef class FlowFields:
    """`interfaces`: the source's list, which may grow."""

    def __init__(self, interfaces: list[Record]):
        self.interfaces = interfaces
        self.paths = {}
        self.link_protos = {}

    cdef int value(self, const FlowAt* at, int field, Value* v) except -1:
        """The value of a field, V_ABSENT where it is not known or does not apply. It holds until the next is asked."""
        v.kind = V_ABSENT
        if field >= F_PAIRS:
            pair_value(at, (field - F_PAIRS) // 3, (field - F_PAIRS) % 3, v)
        elif field <= F_DURATION:
            self.identity(at, field, v)
        elif field >= F_TTL:
            self.detail(at, field, v)
        elif field == F_STATE:
            if at.row.state == ST_UDP_ACTIVE:
                give_object(v, listed(BY_AGE, udp_age(at.row, at.cold, at.core.clock)))
            else:
                give_object(v, listed(STATE_NAMES, at.row.state))
        elif field == F_ENDED:
            if at.row.bits & BIT_ENDED:
                give_object(v, listed(END_NAMES, at.cold.ended))
        elif field == F_VLAN or field == F_MPLS:
            found = self.tags(at, field)                # the dict keeps it
            if found is not None:
                give_object(v, <PyObject*>found)
        elif field == F_VLAN_MORE or field == F_MPLS_MORE:
            self.held = max(self.around(at, path).get(field, 0) for path in self.ways(at))
            if self.held:
                give_object(v, <PyObject*>self.held)
        else:
            found = self.around(at, shown_path(at.row, at.cold)).get(field)     # likewise
            if found is not None:
                give_object(v, <PyObject*>found)
        return 0

    cdef int identity(self, const FlowAt* at, int field, Value* v) except -1:
        """Who speaks to whom, and when."""
        cdef const Row* row = at.row
        if field == F_ID:
            give_number(v, at.cold.id)
        elif field == F_PROTO:
            give_object(v, self.proto(row))
        elif field == F_SRC or field == F_DST:
            v.kind = V_ADDRESS
            v.address = &row.b[0] if (field == F_SRC) == (at.out == 1) else &row.a[0]
            v.family = row.family
        elif field == F_SPORT or field == F_DPORT:
            if has_ports(row.proto) and (row.pa or row.pb):     # fragments without the first one name none
                give_number(v, row.pb if (field == F_SPORT) == (at.out == 1) else row.pa)
        elif field == F_INITIATOR:
            give_object(v, listed(INITIATORS, row.bits & BIT_SEEN != 0))
        elif at.cold.first or not at.core.parser.timeless:
            v.kind = V_SECONDS if field == F_DURATION else V_TIME
            v.number = (at.cold.first if field == F_FIRST else row.last if field == F_LAST else
                        row.last - at.cold.first)
        return 0

    cdef PyObject* proto(self, const Row* row) except NULL:
        if row.proto != PROTO_L2:
            return listed(PROTO_NAMES, row.proto & 511)
        name = self.link_protos.get(row.tcp)
        if name is None:
            name = self.link_protos[row.tcp] = proto_name(PROTO_L2, row.tcp)
        return <PyObject*>name

    cdef list tags(self, const FlowAt* at, int field):
        """The initiator's, and behind them those that only the other side has, or copies."""
        first, *others = self.ways(at)
        own = self.around(at, first).get(field)
        if not others:
            return own
        found = list(own or ())
        for other in others:
            found += [tag for tag in self.around(at, other).get(field) or () if tag not in found]
        self.held = found or None
        return self.held

    cdef list ways(self, const FlowAt* at):
        """The paths that it is seen on: the initiator's, the other side's where it is another, that of copies."""
        cdef u16 path = shown_path(at.row, at.cold)
        cdef u16 back = at.row.path if at.out else at.cold.back
        cdef u16 copied = path
        if at.core.table.any_copied:
            copied = at.core.table.copied[at.row - at.core.table.rows].path
        return [path] if back == path and copied in (path, 0) else [path, back, copied]

    cdef dict around(self, const FlowAt* at, u16 path):
        """Interface, VLAN tags, labels, PPPoE session and tunnels by field, made once for all flows that have the
        same."""
        place = <u64><size_t>at.core << 16 | path                # each engine numbers its own
        if self.known_interfaces != len(self.interfaces):
            self.known_interfaces = len(self.interfaces)
            self.paths.clear()
        found = self.paths.get(place)
        if found is None:
            found = self.paths[place] = surroundings(at.core, path, self.interfaces)
        return found

    cdef int detail(self, const FlowAt* at, int field, Value* v) except -1:
        """What is kept beside addresses, counts and times."""
        cdef const Row* row = at.row
        cdef u8 app
        if field == F_TTL:
            if row.family != FAMILY_MAC and row.proto != PROTO_ARP:
                give_number(v, at.cold.ttl[at.out if row.packets[at.out] else 1 - at.out])
        elif field == F_ICMP:
            if is_icmp(row):
                self.held = {"id": row.pa} if row.pa else {"type": row.tcp >> 8, "code": row.tcp & 255}
                give_object(v, <PyObject*>self.held)
        elif field == F_COMMUNITY:
            self.held = of_row(at.row, at.out)
            if self.held is not None:
                give_object(v, <PyObject*>self.held)
        elif field == F_FIRST_FRAME:
            if at.core.table.numbered:
                give_number(v, at.core.table.frames[at.row - at.core.table.rows].first)
        elif field == F_FILE:
            if self.interfaces and at.core.table.numbered:
                self.held = file_of(self.interfaces, at.core.table.frames[at.row - at.core.table.rows].first)
                if self.held is not None:
                    give_object(v, <PyObject*>self.held)
        elif field == F_APP:
            app = at.row.app if at.row.app else first_teller(at.cold.facts)
            if app:
                give_object(v, listed(APPS, app))
        elif field == F_LAST_FRAME:
            if at.core.table.numbered:
                give_number(v, at.core.table.frames[at.row - at.core.table.rows].last)
        elif field >= F_ICMP_TYPE:
            if is_icmp(row) and (row.pa != 0) == (field == F_ICMP_ID):
                give_number(v, row.pa if field == F_ICMP_ID else row.tcp >> 8 if field == F_ICMP_TYPE else
                            row.tcp & 255)
        elif at.tcp != NULL:
            tcp_value(at, field, v)
        return 0


cdef int tcp_value(const FlowAt* at, int field, Value* v) except -1:
    """What a flow with a TcpRow has; round trips are of echo flows, too."""
    cdef const TcpRow* tcp = at.tcp
    cdef int side = at.out if field in (F_FLAGS_OUT, F_WSCALE_OUT, F_WINDOW_OUT) else 1 - at.out
    cdef u64 window
    if field == F_RTT:
        if tcp.rtt_us:
            give_number(v, tcp.rtt_us)
    elif field == F_SRTT:
        if tcp.srtt_us[0] or tcp.srtt_us[1]:
            give_number(v, max(tcp.srtt_us[0], tcp.srtt_us[1]))
    elif at.row.proto != PROTO_TCP:
        return 0
    elif field == F_FLAGS_OUT or field == F_FLAGS_IN:
        give_object(v, listed(FLAG_LISTS, tcp.flags[side]))
    elif field == F_MSS:
        if tcp.mss[0] or tcp.mss[1]:
            give_number(v, tcp.mss[at.out] if tcp.mss[at.out] else tcp.mss[1 - at.out])
    elif field == F_SACK:
        if tcp.shaken & 3 == 3:
            v.kind = V_BOOL
            v.number = tcp.shaken & 24 == 24
    elif field == F_WINDOW_OUT or field == F_WINDOW_IN:
        if window_offered(tcp, side, &window):
            give_number(v, window)
    elif tcp.wscale[side]:
        give_number(v, tcp.wscale[side] - 1)
    return 0


cdef u8 first_teller(const Facts* facts) noexcept nogil:
    """The protocol that learnt something of the flow first, 0 none. Who announced the flow did not."""
    cdef const u8* p
    cdef const u8* end
    if facts == NULL:
        return 0
    p = <const u8*>(facts + 1)
    end = p + facts.used
    while p < end and p[1] == ANNOUNCED_BY:
        p += FACT_HEAD + (p[2] | <u32>p[3] << 8)
    return p[0] if p < end else 0


cdef Window window_of(const FlowAt* at) noexcept nogil:
    return window_at(at.core.clock, at.core.first, at.core.live)


cdef bint has_rate(const FlowAt* at) noexcept nogil:
    return at.core.table.paced and not at.row.bits & BIT_ENDED and window_of(at).seconds > 0


cdef u64 now_of(const FlowAt* at, int side) noexcept nogil:
    """What the side sends now; 0 where no rate is told."""
    cdef Window w = window_of(at)
    return rate_now(at.cold, &at.core.table.paces[at.row - at.core.table.rows], side, &w) if has_rate(at) else 0


cdef void pair_value(const FlowAt* at, int pair, int which, Value* v) noexcept nogil:
    """Half of a pair, or its sum."""
    cdef const Row* row = at.row
    cdef const TcpRow* t = at.tcp
    cdef int o = at.out, i = 1 - at.out
    if pair == P_PACKETS:
        give_number(v, of_pair(row.packets[o], row.packets[i], which))
    elif pair == P_BYTES:
        give_number(v, of_pair(row.bytes[o], row.bytes[i], which))
    elif pair == P_PAYLOAD:
        give_number(v, of_pair(row.payload[o], row.payload[i], which))
    elif pair == P_COPIES:
        if at.core.table.any_copied:
            copies_value(at, which, v)
    elif pair == P_PEAK:
        give_number(v, of_pair(max(<u64>rate_peak(at.cold, o), now_of(at, o)),
                               max(<u64>rate_peak(at.cold, i), now_of(at, i)), which))
    elif pair == P_RATE:
        if has_rate(at):
            give_number(v, of_pair(now_of(at, o), now_of(at, i), which))
    elif t == NULL or row.proto != PROTO_TCP:
        return
    elif pair == P_RETRANS:
        give_number(v, of_pair(t.retrans[o], t.retrans[i], which))
    elif pair == P_DISORDER:
        give_number(v, of_pair(t.disorder[o], t.disorder[i], which))
    elif pair == P_DUP:
        give_number(v, of_pair(t.dup_acks[o], t.dup_acks[i], which))
    elif pair == P_ZERO:
        give_number(v, of_pair(t.zero_window[o], t.zero_window[i], which))
    elif pair == P_SPURIOUS:
        give_number(v, of_pair(t.spurious[o], t.spurious[i], which))
    else:
        give_number(v, of_pair(t.fast[o], t.fast[i], which))


cdef void copies_value(const FlowAt* at, int which, Value* v) noexcept nogil:
    cdef const u32* copied = at.core.table.copied[at.row - at.core.table.rows].packets
    if copied[0] or copied[1]:
        give_number(v, of_pair(copied[at.out], copied[1 - at.out], which))


cdef dict surroundings(const Core* core, u16 path, list interfaces):
    """What lies around a flow, by field."""
    cdef const Encap* e
    cdef int i
    found = {}
    if path == 0 or path > core.parser.paths.n:
        found[F_INTERFACE] = interface_text(interfaces, 0, 0)
        return found
    e = &core.parser.paths.items[path]
    found[F_INTERFACE] = interface_text(interfaces, e.iface, e.ifindex)
    if e.n_vlan:
        found[F_VLAN] = [e.vlan[i] for i in range(kept(e.n_vlan))]
    if e.n_vlan > MAX_TAGS:
        found[F_VLAN_MORE] = e.n_vlan - MAX_TAGS
    if e.n_mpls:
        found[F_MPLS] = [e.mpls[i] for i in range(kept(e.n_mpls))]
    if e.n_mpls > MAX_TAGS:
        found[F_MPLS_MORE] = e.n_mpls - MAX_TAGS
    if e.pppoe:
        found[F_PPPOE] = e.pppoe
    if e.n_tunnel:
        found[F_TUNNEL] = tunnels(e)
    return found


cdef list tunnels(const Encap* e):
    """Of each tunnel, outermost first: its kind, what it calls its own number, its ends."""
    cdef int i
    found = []
    for i in range(e.n_tunnel):
        kind = TUNNELS[e.tunnel[i].kind]
        found.append(kind)
        identity = TUNNEL_IDS.get(kind)
        if identity and (e.tunnel[i].id or identity[:3] == "vni"):
            found.append(identity.format(e.tunnel[i].id))
        found.append(address_text(e.tunnel[i].src, e.tunnel[i].family) + ">"
                     + address_text(e.tunnel[i].dst, e.tunnel[i].family))
    return found
