"""Flows gathered by the hosts at their ends, or by who began them and where they went: sums over rows, largest first.

One pass over the rows without the GIL into a bounded table; what finds no room in it is summed up as the rest. The
caller holds the engine still.
"""

from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice
from netwatch._fast.view.columns cimport Flows
from netwatch._fast.flow.row cimport BIT_ENDED, BIT_INITIATOR_B, BIT_REPLIED, Cold, Facts, Row, ST_SYN_SENT, TcpRow
from netwatch._fast.base.mix cimport mix, mix_address, mix_bytes, mix_on
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6, PROTO_TCP, TCP_RST
from netwatch._fast.wire.ports cimport has_ports
from netwatch._fast.view.attached cimport RowCodes
from netwatch._fast.view.order cimport Item
from netwatch._fast.view.selection cimport Selection
from netwatch._fast.out.writing cimport address_text
from netwatch._fast.flow.content cimport facts_find

from netwatch._fast.dpi import app_names
from netwatch._fast.out.protocols import PLAIN

cdef enum:
    SLOTS = 131072             # a power of two
    MOST = 65536               # groups in them
    MOST_TOLD = 512            # groups handed out
    MAX_NAMES = 16             # facts a name may come from

cdef struct Group:
    u32 row                    # the newest flow
    u32 flows
    u32 live
    u32 rtt_n[2]               # round trips known of flows it answered, and began
    u64 rtt_us[2]              # their sum
    u64 bytes[2]               # sent by it, to it
    u64 packets[2]
    u64 first
    u64 last
    u64 tcp_packets            # sent by it
    u64 resent                 # of them, sent again
    u32 resets                 # flows it reset in the middle
    u32 refused                # connections it refused
    u32 unanswered             # and did not answer
    u32 zero_windows           # times it had no room
    u32 root                   # 1 + code of who began the flow, 0 none
    u16 port
    u16 proto
    u8 family
    u8 app
    u8 address[16]
    u8 from_[16]               # of who began it, where that is what it is gathered by

cdef struct Sums:
    u64* hashes                # by slot, 0 free; apart, so that looking for one stays in the cache
    Group* groups
    u32 used
    u64 rest_flows             # for which there was no room
    u64 rest_bytes

cdef struct Said:
    u8 proto
    u8 key

cdef Said SAID[MAX_NAMES]
cdef int n_said = 0
APPS = app_names()


cdef void find_said():
    """The facts in which a flow says a name itself."""
    global n_said
    numbers = {name: number for number, name in enumerate(APPS)}
    for field in ("tls.sni", "quic.sni", "http.host"):
        for app, plain in PLAIN.get(field, ())[:5]:
            SAID[n_said] = Said(numbers[app], plain.key)
            n_said += 1


find_said()


cdef u64 name_hash(const Facts* facts) noexcept nogil:
    """Of the name a flow says, 0 for none."""
    cdef Slice found
    cdef int k
    if facts == NULL:
        return 0
    for k in range(n_said):
        if facts_find(facts, SAID[k].proto, SAID[k].key, &found) and found.n:
            return mix_bytes(found.p, found.n) | 1
    return 0


cdef inline u64 address_hash(const u8* a, u64 more) noexcept nogil:
    return mix_on(mix_address(a), more, more)


cdef Group* find_group(Sums* s, u64 hash) noexcept nogil:
    """The group of a hash, new or old; NULL when there is no room."""
    cdef u64 at
    hash |= 1
    at = (hash >> 17) & (SLOTS - 1)
    while s.hashes[at]:
        if s.hashes[at] == hash:
            return &s.groups[at]
        at = (at + 1) & (SLOTS - 1)
    if s.used >= MOST:
        return NULL
    s.used += 1
    s.hashes[at] = hash
    return &s.groups[at]


cdef void add_flow(Sums* s, Group* g, const Flows* t, u32 number, int side) noexcept nogil:
    """Add a flow to a group; `side` is the end that the group stands for."""
    cdef const Row* row = &t.rows[number]
    cdef const Cold* cold = &t.colds[number]
    cdef const TcpRow* tcp
    cdef int began = side == (row.bits & BIT_INITIATOR_B)
    if g == NULL:
        s.rest_flows += 1
        s.rest_bytes += row.bytes[0] + row.bytes[1]
        return
    g.flows += 1
    g.live += not row.bits & BIT_ENDED
    g.bytes[0] += row.bytes[side]
    g.bytes[1] += row.bytes[1 - side]
    g.packets[0] += row.packets[side]
    g.packets[1] += row.packets[1 - side]
    if g.first == 0 or cold.first < g.first:
        g.first = cold.first
    if row.last >= g.last:
        g.last = row.last
        g.row = number
        if row.app:
            g.app = row.app
    if row.proto != PROTO_TCP or not row.tcp:
        return
    tcp = &t.tcps[row.tcp]
    if tcp.rtt_us:
        g.rtt_n[began] += 1
        g.rtt_us[began] += tcp.rtt_us
    g.tcp_packets += row.packets[side]
    g.resent += tcp.retrans[side]
    g.zero_windows += tcp.zero_window[side]
    if tcp.flags[side] & TCP_RST and tcp.fins & 3 == 0:
        if not began and tcp.shaken & 3 == 1:
            g.refused += 1
        else:
            g.resets += 1
    if not began and row.state == ST_SYN_SENT and not row.bits & BIT_REPLIED:
        g.unanswered += 1


cdef void add_hosts(Sums* s, const Flows* t, const Item* items, u32 n) noexcept nogil:
    """Each flow to both of its ends."""
    cdef const Row* row
    cdef const u8* address
    cdef Group* g
    cdef u32 k
    cdef int side
    for k in range(n):
        row = &t.rows[items[k].row]
        if row.family != FAMILY_IP4 and row.family != FAMILY_IP6:
            continue
        for side in range(2):
            address = &row.b[0] if side else &row.a[0]
            g = find_group(s, address_hash(address, row.family))
            if g != NULL and g.flows == 0:
                memcpy(g.address, address, 16)
                g.family = row.family
            add_flow(s, g, t, items[k].row, side)
            if side and g != NULL and memcmp(row.a, row.b, 16) == 0:       # both its ends are the same host
                g.flows -= 1
                g.live -= not row.bits & BIT_ENDED


cdef void add_ways(Sums* roots, Sums* ways, const Flows* t, const Item* items, u32 n, const u32* codes,
                   u32 n_codes, const u32* names, u32 n_names, Sums* own) noexcept nogil:
    """Each flow to who began it (its process by `codes` and `names`, else its address) and to where it went. With
    `own` only flows that an address of it began; the others are its rest."""
    cdef const Row* row
    cdef const u8* src
    cdef const u8* dst
    cdef Group* g
    cdef u64 root, hash
    cdef u32 k, i, code
    cdef int side
    for k in range(n):
        i = items[k].row
        row = &t.rows[i]
        if row.family != FAMILY_IP4 and row.family != FAMILY_IP6:
            continue
        side = row.bits & BIT_INITIATOR_B
        src = &row.b[0] if side else &row.a[0]
        dst = &row.a[0] if side else &row.b[0]
        if own != NULL and not has_address(own, src, row.family):
            own.rest_flows += 1
            continue
        code = codes[i] if i < n_codes else 0
        code = names[code] if code < n_names else 0
        root = mix(code, code) if own != NULL else address_hash(src, row.family)
        g = find_group(roots, root)
        if g != NULL and g.flows == 0:
            memcpy(g.address, src, 16)
            g.family, g.root = row.family, code
        add_flow(roots, g, t, i, side)
        hash = mix_on(address_hash(dst, row.family), root, name_hash(t.colds[i].facts))
        if has_ports(row.proto):
            hash = mix_on(hash, <u64>(row.pa if side else row.pb) << 16 | row.proto, 1)
        else:
            hash = mix_on(hash, row.proto, 0)
        g = find_group(ways, hash)
        if g != NULL and g.flows == 0:
            memcpy(g.address, dst, 16)
            memcpy(g.from_, src, 16)
            g.family, g.root, g.proto = row.family, code, row.proto
            if has_ports(row.proto):
                g.port = row.pa if side else row.pb
        add_flow(ways, g, t, i, side)


cdef bint has_address(const Sums* own, const u8* address, u8 family) noexcept nogil:
    cdef u64 hash = address_hash(address, family) | 1
    cdef u64 at = (hash >> 17) & (SLOTS - 1)
    while own.hashes[at]:
        if own.hashes[at] == hash and memcmp(own.groups[at].address, address, 16) == 0:
            return True
        at = (at + 1) & (SLOTS - 1)
    return False


cdef class Gathered:
    """A table of groups."""
    cdef Sums sums

    def __cinit__(self):
        self.sums.hashes = <u64*>calloc(SLOTS, sizeof(u64))
        self.sums.groups = <Group*>calloc(SLOTS, sizeof(Group))
        if self.sums.hashes == NULL or self.sums.groups == NULL:
            raise MemoryError("no memory to gather flows in")

    def __dealloc__(self):
        free(self.sums.hashes)
        free(self.sums.groups)

    cdef int put_addresses(self, addresses) except -1:
        """Make it a set of addresses (4 or 16 bytes each)."""
        cdef Group* g
        cdef u8 padded[16]
        cdef bytes whole
        for raw in addresses:
            whole = raw + bytes(16 - len(raw))
            memcpy(padded, <const u8*>whole, 16)
            g = find_group(&self.sums, address_hash(padded, FAMILY_IP4 if len(raw) == 4 else FAMILY_IP6))
            if g != NULL:
                memcpy(g.address, padded, 16)
        return 0

    cdef list largest(self, u32 limit):
        """The groups of most bytes as dicts, most first."""
        cdef u32 heap[MOST_TOLD]
        cdef u32 n
        with nogil:
            n = pick_largest(&self.sums, heap, min(limit, <u32>MOST_TOLD))
        found = [group_dict(&self.sums.groups[heap[i]]) for i in range(n)]
        found.sort(key=lambda group: (-group["bytes_out"] - group["bytes_in"], group["first_ns"], group["address"]))
        return found


cdef inline u64 weight(const Sums* s, u32 i) noexcept nogil:
    return s.groups[i].bytes[0] + s.groups[i].bytes[1]


cdef u32 pick_largest(const Sums* s, u32* heap, u32 limit) noexcept nogil:
    """The slots of the groups of most bytes, by a heap whose smallest is on top; how many there are."""
    cdef u32 n = 0, i, k
    for i in range(SLOTS):
        if not s.hashes[i]:
            continue
        if n < limit:
            heap[n] = i
            n += 1
            if n == limit:
                for k in range(n // 2):
                    sink(s, heap, n // 2 - 1 - k, n)
        elif weight(s, i) > weight(s, heap[0]):
            heap[0] = i
            sink(s, heap, 0, n)
    return n


cdef void sink(const Sums* s, u32* heap, u32 at, u32 n) noexcept nogil:
    """Bring the entry at `at` to its place below."""
    cdef u32 child, swap
    while 2 * at + 1 < n:
        child = 2 * at + 1
        if child + 1 < n and weight(s, heap[child + 1]) < weight(s, heap[child]):
            child += 1
        if weight(s, heap[at]) <= weight(s, heap[child]):
            return
        swap = heap[at]
        heap[at] = heap[child]
        heap[child] = swap
        at = child


cdef dict group_dict(const Group* g):
    found = {"address": address_text(g.address, g.family), "row": g.row, "flows": g.flows, "live": g.live,
             "bytes_out": g.bytes[0], "bytes_in": g.bytes[1], "packets_out": g.packets[0], "packets_in": g.packets[1],
             "first_ns": g.first, "last_ns": g.last, "tcp_packets": g.tcp_packets, "resent": g.resent,
             "resets": g.resets, "refused": g.refused, "unanswered": g.unanswered, "zero_windows": g.zero_windows,
             "app": APPS[g.app] if g.app else None, "root": g.root, "proto": g.proto,
             "port": g.port if has_ports(g.proto) else None, "from": address_text(g.from_, g.family),
             "rtt_us": None, "rtt_us_begun": None}
    if g.rtt_n[0]:
        found["rtt_us"] = g.rtt_us[0] / g.rtt_n[0]
    if g.rtt_n[1]:
        found["rtt_us_begun"] = g.rtt_us[1] / g.rtt_n[1]
    return found


def hosts(Selection found, u32 limit) -> tuple[list[Record], int, int]:
    """(the hosts of most bytes, how many there are, flows for which there was no room) of the flows that were
    selected."""
    cdef Gathered table = Gathered()
    with nogil:
        add_hosts(&table.sums, &found.view.flows, found.items, found.matched)
    return table.largest(limit), table.sums.used, table.sums.rest_flows


def ways(Selection selected, u32 limit, own: Iterable[bytes] | None, codes: RowCodes | None,
         names: Buffer | None) -> tuple[list[Record], list[Record], int, int]:
    """(who began flows, where they went, how many wheres, flows left out) of the flows that were selected.

    `own`: addresses of this machine, None when all flows count; `codes`: process codes by row; `names`: number of a
    process by code, from 1. Both buffers of u32, or None.
    """
    cdef Gathered roots = Gathered(), found = Gathered(), ours = Gathered()
    cdef const u32[::1] by_code
    cdef const u32* p = NULL
    cdef const u32* q = NULL
    cdef u32 n = 0, m = 0
    cdef bint limited = own is not None
    if limited:
        ours.put_addresses(own)
    if codes is not None and len(codes) and len(names):
        by_code = names
        p, n, q, m = codes.column.codes, codes.column.n, &by_code[0], <u32>len(by_code)
    with nogil:
        add_ways(&roots.sums, &found.sums, &selected.view.flows, selected.items, selected.matched, p, n, q, m,
                 &ours.sums if limited else NULL)
    return (roots.largest(limit), found.largest(limit), found.sums.used,
            ours.sums.rest_flows + found.sums.rest_flows)
