"""Sums over the flow rows, for screens: by protocol, by address, by host and process, and how round trips spread.

`since` counts only flows that began then (ns, 0 for all): all they carried lies in the range. What older flows carried
meanwhile is not known by flow, and told apart. `only`: rows to look at, None for all. The caller holds the engine
still.
"""
from array import array

from netwatch._fast.view.attached cimport RowCodes
from netwatch._fast.view.selection cimport Selection
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.columns cimport code_of
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.row cimport Row, Cold, TcpRow, BIT_ENDED, BIT_INITIATOR_B
from netwatch._fast.flows cimport Core
from netwatch._fast.base.mix cimport mix, mix_address, mix_on
from netwatch._fast.wire.packet cimport (FAMILY_IP4, FAMILY_IP6, FAMILY_NONE, PROTO_ICMP, PROTO_ICMP6, PROTO_L2,
                                         PROTO_TCP)
from netwatch._fast.flow.rates cimport rate_now
from netwatch._fast.flow.content cimport DNS_KEPT, MAX_PROTOS
from netwatch._fast.flow.series cimport is_here

from netwatch._fast.view.written import address_text
from netwatch._fast.dpi import app_names
from netwatch._fast.out.names import proto_name

cdef enum:
    SECOND = 1000000000
    PROTOS = 512
    SPREAD = 24                # powers of two of microseconds: the last is 8 s and more
    MAX_GROUPS = 262144        # addresses, or pairs of host and process, told apart
    MAX_TOP = 200

cdef struct Sum:
    u64 flows
    u64 packets
    u64 bytes

cdef struct Group:
    u8 address[16]
    u32 host                   # code, 0 none: then the address tells it
    u32 process
    u8 family                  # 0: the place is free
    u32 row                    # of the flow that counts most
    u64 most
    u64 flows
    u64 bytes_out              # sent by the address; from the one who began the flows
    u64 bytes_in
    u64 rate_out
    u64 rate_in

cdef struct Groups:
    Group* places
    u64 mask
    u64 used
    u64 refused                # flows for which there was no place

SPREAD_US: tuple[int, ...] = tuple(1 << k for k in range(SPREAD))     # smallest of each step


cdef class Picked:
    """Which rows to look at: those selected, or all."""
    cdef Selection found
    cdef u32 n
    cdef bint all

    def __init__(self, Engine engine, Selection only):
        self.found, self.all = only, only is None
        self.n = engine.core.table.high if self.all else only.matched

    cdef inline u32 row(self, u32 k) noexcept nogil:
        return k + 1 if self.all else self.found.items[k].row


cdef inline bint counts(const Core* core, u32 i, u64 since) noexcept nogil:
    cdef const Row* row = &core.table.rows[i]
    return row.family != FAMILY_NONE and row.packets[0] + row.packets[1] != 0 and core.table.colds[i].first >= since


cdef inline const TcpRow* timed(const Core* core, const Row* row) noexcept nogil:
    """Where the row keeps round trips; NULL when it has none."""
    if row.tcp and (row.proto == PROTO_TCP or (row.pa and (row.proto == PROTO_ICMP or row.proto == PROTO_ICMP6))):
        return &core.table.tcps[row.tcp]
    return NULL


cdef inline int step_of(u32 us) noexcept nogil:
    cdef int k = 0
    while us > 1 and k < SPREAD - 1:
        us >>= 1
        k += 1
    return k


def protocols(Engine engine, u64 since=0, only: Selection | None = None) -> list[
        tuple[str, str | None, int, int, int]]:
    """[(transport, app or None, flows, packets, bytes)] of the flows still held, most bytes first."""
    cdef const Core* core = &engine.core
    cdef const Row* row
    cdef Sum* sums = <Sum*>calloc(PROTOS * MAX_PROTOS, sizeof(Sum))
    cdef Sum* one
    cdef Picked picked = Picked(engine, only)
    cdef u32 i, k, j
    if sums == NULL:
        raise MemoryError("no memory for sums by protocol")
    with nogil:
        for j in range(picked.n):
            i = picked.row(j)
            if not counts(core, i, since):
                continue
            row = &core.table.rows[i]
            one = &sums[(row.proto & (PROTOS - 1)) * MAX_PROTOS + row.app % MAX_PROTOS]
            one.flows += 1
            one.packets += row.packets[0] + row.packets[1]
            one.bytes += row.bytes[0] + row.bytes[1]
    apps = dict(enumerate(app_names()))
    found = []
    for k in range(PROTOS * MAX_PROTOS):
        if sums[k].flows:
            proto = "other link" if k // MAX_PROTOS == PROTO_L2 else proto_name(k // MAX_PROTOS)
            found.append((proto, apps.get(k % MAX_PROTOS) or None, sums[k].flows, sums[k].packets, sums[k].bytes))
    free(sums)
    return sorted(found, key=lambda each: -each[4])


def round_trips(Engine engine, u64 since=0, only: Selection | None = None) -> dict:
    """How round trips of the flows spread: {"handshake": [flows in each step of SPREAD_US], "data": likewise}, the
    smoothed time from data to its acknowledgement, the worse side's; and "older": flows that began before `since` and
    were heard after it."""
    cdef const Core* core = &engine.core
    cdef const TcpRow* tcp
    cdef u64 handshake[SPREAD]
    cdef u64 data[SPREAD]
    cdef u64 older = 0
    cdef Picked picked = Picked(engine, only)
    cdef u32 i, us, j
    cdef int k
    for k in range(SPREAD):
        handshake[k] = data[k] = 0
    with nogil:
        for j in range(picked.n):
            i = picked.row(j)
            if not counts(core, i, since):
                older += counts(core, i, 0) and core.table.rows[i].last >= since
                continue
            tcp = timed(core, &core.table.rows[i])
            if tcp == NULL or core.table.rows[i].proto != PROTO_TCP:
                continue
            if tcp.rtt_us:
                handshake[step_of(tcp.rtt_us)] += 1
            us = max(tcp.srtt_us[0], tcp.srtt_us[1])
            if us:
                data[step_of(us)] += 1
    return {"handshake": [handshake[k] for k in range(SPREAD)], "data": [data[k] for k in range(SPREAD)],
            "older": older}


def held(Engine engine) -> dict:
    """Flows seen, and of them those whose rows are gone: ended longer ago than the history reaches."""
    cdef const Core* core = &engine.core
    return {"seen": core.table.created, "gone": core.table.created - core.table.live - core.table.ended}


def dns_times(Engine engine, u64 since=0) -> list[int]:
    """Nanoseconds from each plain DNS query to its response, of the newest 4096 responses that came since then."""
    cdef const Core* core = &engine.core
    cdef u64 k, first = core.dpi.dns_timed - DNS_KEPT if core.dpi.dns_timed > DNS_KEPT else 0
    found = array("Q")
    for k in range(first, core.dpi.dns_timed):
        if core.dpi.dns_at[k % DNS_KEPT] >= since:
            found.append(core.dpi.dns_ns[k % DNS_KEPT])
    return found


def dns_state(Engine engine) -> tuple[bool, int, int]:
    """(whether content is looked at, so that DNS can be timed; responses timed; of them kept)"""
    cdef const Core* core = &engine.core
    return not core.dpi.off, core.dpi.dns_timed, min(<u64>DNS_KEPT, core.dpi.dns_timed)


def rtt_to(Engine engine, bytes address, u64 since=0) -> tuple[int, str] | None:
    """(microseconds, "TCP handshake" or "ICMP echo") of the newest flow to the address that was timed; None without."""
    cdef const Core* core = &engine.core
    cdef const TcpRow* tcp
    cdef const Row* row
    cdef u8 raw[16]
    cdef u8 family = FAMILY_IP4 if len(address) == 4 else FAMILY_IP6
    cdef const u8* end
    cdef u64 newest = 0
    cdef u32 i, us, found = 0, kind = 0, n = <u32>min(len(address), 16)
    memcpy(raw, <const u8*>address, n)
    with nogil:
        for i in range(1, core.table.high + 1):
            row = &core.table.rows[i]
            if row.family != family or row.last < since or row.last <= newest:
                continue
            end = &row.a[0] if row.bits & BIT_INITIATOR_B else &row.b[0]
            tcp = timed(core, row)
            if tcp == NULL or memcmp(end, raw, n) != 0:
                continue
            us = tcp.rtt_us if row.proto == PROTO_TCP else max(tcp.srtt_us[0], tcp.srtt_us[1])
            if us:
                newest, found, kind = row.last, us, row.proto
    return (found, "TCP handshake" if kind == PROTO_TCP else "ICMP echo") if found else None


cdef bint groups_open(Groups* g, u64 flows) noexcept nogil:
    cdef u64 n = 64
    while n < flows * 2 and n < MAX_GROUPS * 2:
        n *= 2
    g.places = <Group*>calloc(n, sizeof(Group))
    g.mask, g.used, g.refused = n - 1, 0, 0
    return g.places != NULL


cdef Group* group_of(Groups* g, const u8* address, u8 family, u32 host, u32 process) noexcept nogil:
    """The group of an address, or of a host wherever it is; a new one when there is room, else NULL."""
    cdef u64 at = <u64>host << 32 | process
    cdef Group* place
    at = mix(at, at) if host else mix_on(mix_address(address), at, family)
    at &= g.mask
    while True:
        place = &g.places[at]
        if place.family == 0:
            if g.used >= MAX_GROUPS or (g.used + 1) * 8 > (g.mask + 1) * 7:
                g.refused += 1
                return NULL
            g.used += 1
            memcpy(place.address, address, 16)
            place.family, place.host, place.process = family, host, process
            return place
        if place.host == host and place.process == process and (
                host or (place.family == family and memcmp(place.address, address, 16) == 0)):
            return place
        at = (at + 1) & g.mask


cdef inline void join(Group* group, u32 row, u64 weight, u64 sent, u64 received) noexcept nogil:
    group.flows += 1
    group.bytes_out += sent
    group.bytes_in += received
    if weight >= group.most:
        group.most, group.row = weight, row


cdef inline u64 worth(const Group* group, bint by_rate) noexcept nogil:
    return group.rate_in + group.rate_out if by_rate else group.bytes_in + group.bytes_out


cdef list largest(const Groups* g, u32 top, bint by_rate):
    """The groups that weigh most, heaviest first, as dicts."""
    cdef const Group* best[MAX_TOP]
    cdef const Group* one
    cdef u32 n = 0, k
    cdef u64 i
    top = min(top, <u32>MAX_TOP)
    if top == 0:
        return []
    with nogil:
        for i in range(g.mask + 1):
            one = &g.places[i]
            if one.family == 0 or (n == top and worth(one, by_rate) <= worth(best[n - 1], by_rate)):
                continue
            k = n if n < top else top - 1
            n = k + 1
            while k and worth(best[k - 1], by_rate) < worth(one, by_rate):
                best[k] = best[k - 1]
                k -= 1
            best[k] = one
    return [{"address": text_of(best[k].address, best[k].family), "host": best[k].host, "process": best[k].process,
             "row": best[k].row, "flows": best[k].flows, "bytes_out": best[k].bytes_out, "bytes_in": best[k].bytes_in,
             "rate_out": best[k].rate_out, "rate_in": best[k].rate_in} for k in range(n)]


cdef str text_of(const u8* address, u8 family):
    return address_text((<const char*>address)[:4 if family == FAMILY_IP4 else 16 if family == FAMILY_IP6 else 6])


cdef inline bint from_outside(const Core* core, const Row* row, int o) noexcept nogil:
    """Did another machine begin the flow, to this one? `o` is the initiator's side."""
    if core.series == NULL or core.series.n_here == 0:
        return False
    return (is_here(core.series, &row.a[0] if o else &row.b[0], row.family)
            and not is_here(core.series, &row.b[0] if o else &row.a[0], row.family))


def one_code_a_name(names: Mapping[int, str]) -> array[int]:
    """By code, the number of its name: codes that stand for one name in different ways come together. 0 is no name."""
    names = dict(names)            # its owner may add to it meanwhile
    numbers = {name: k for k, name in enumerate(sorted(set(names.values())), 1)}
    found = array("I", bytes(4 * (max(names, default=0) + 1)))
    for code, name in names.items():
        found[code] = numbers[name]
    return found


cdef inline u32 named(const u32[::1] numbers, u32 code) noexcept nogil:
    return numbers[code] if code < <u32>numbers.shape[0] else 0


def talkers(Engine engine, u64 since, u32 top, only: Selection | None = None) -> dict:
    """The addresses that sent and received most: {"top": [group], "seen": addresses, "refused": flows left out}."""
    cdef const Core* core = &engine.core
    cdef const Row* row
    cdef Groups g
    cdef Group* group
    cdef Picked picked = Picked(engine, only)
    cdef u32 i, j
    cdef int side
    if not groups_open(&g, <u64>picked.n * 2):
        raise MemoryError("no memory for sums by address")
    with nogil:
        for j in range(picked.n):
            i = picked.row(j)
            if not counts(core, i, since):
                continue
            row = &core.table.rows[i]
            for side in range(2):
                group = group_of(&g, &row.b[0] if side else &row.a[0], row.family, 0, 0)
                if group != NULL:
                    join(group, i, row.bytes[0] + row.bytes[1], row.bytes[side], row.bytes[1 - side])
                    group.flows -= side == 1 and memcmp(row.a, row.b, 16) == 0      # with itself: one flow, not two
    try:
        return {"top": largest(&g, top, False), "seen": g.used, "refused": g.refused}
    finally:
        free(g.places)


def peers(Engine engine, u64 since, u32 top, bint by_rate, hosts: RowCodes | None = None,
          processes: tuple[RowCodes, Mapping[int, str]] | None = None, only: Selection | None = None) -> dict:
    """The same by the other end (the responder; of flows that others began to an address of this machine, as
    Engine.remember() knows them, the initiator), and by process where that is known: flows to one host are one,
    whatever its addresses. "in" is what comes to the nearer end.
    `hosts`: RowCodes of texts, `processes`: (RowCodes, {code: name}); None for nothing known. Live
    flows alone with `by_rate`."""
    cdef const Core* core = &engine.core
    cdef const Row* row
    cdef const Cold* cold
    cdef Groups g
    cdef Group* group
    cdef RowCodes host_codes = hosts if hosts is not None else RowCodes()
    cdef RowCodes process_codes = processes[0] if processes is not None else RowCodes()
    cdef const u32[::1] process_names = one_code_a_name(processes[1] if processes is not None else {})
    cdef Picked picked = Picked(engine, only)
    cdef u32 i, j, host, process
    cdef u64 rate_in, rate_out, second = core.clock // SECOND
    cdef int o
    if not groups_open(&g, picked.n):
        raise MemoryError("no memory for sums by host")
    with nogil:
        for j in range(picked.n):
            i = picked.row(j)
            row = &core.table.rows[i]
            if not counts(core, i, since) or (by_rate and row.bits & BIT_ENDED):
                continue
            cold = &core.table.colds[i]
            o = row.bits & BIT_INITIATOR_B
            host = code_of(&host_codes.column, cold, i)
            if from_outside(core, row, o):
                o, host = 1 - o, 0         # the name is the responder's
            process = named(process_names, code_of(&process_codes.column, cold, i))
            group = group_of(&g, &row.a[0] if o else &row.b[0], row.family, host, process)
            if group == NULL:
                continue
            rate_out = rate_in = 0
            if not row.bits & BIT_ENDED:
                rate_out, rate_in = rate_now(cold, o, second), rate_now(cold, 1 - o, second)
            group.rate_out += rate_out
            group.rate_in += rate_in
            join(group, i, rate_out + rate_in if by_rate else row.bytes[0] + row.bytes[1], row.bytes[o],
                 row.bytes[1 - o])
    try:
        return {"top": largest(&g, top, by_rate), "seen": g.used, "refused": g.refused}
    finally:
        free(g.places)
