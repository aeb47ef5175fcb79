"""Rows as records: the flow and summary records of CONTRACT section 3, as dicts, made only for who asks.

Absent keys are unknown or do not apply. Nothing here runs per packet.
"""
import socket
import time
from functools import lru_cache

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.row cimport (BIT_ENDED, BIT_INITIATOR_B, BIT_SEEN, Cold, Facts, Row, ST_UDP_ACTIVE, TcpRow,
                                          shown_path)
from netwatch._fast.flows cimport Core
from netwatch._fast.wire.packet cimport (Encap, FAMILY_IP4, FAMILY_IP6, FAMILY_MAC, FAMILY_NONE, PROTO_ARP, PROTO_ICMP,
                                         PROTO_ICMP6, PROTO_L2, PROTO_SCTP, PROTO_TCP, PROTO_UDP, PROTO_UDPLITE)
from netwatch._fast.flow.rates cimport rate_now, rate_peak
from netwatch._fast.flow.table cimport Conversations, conversations

from netwatch._fast.dpi import app_names, having
from netwatch._fast.out.names import ENDINGS, REJECTS, STATES, TUNNEL_IDS, TUNNELS, proto_name
from netwatch._fast.flow.content import facts_list

cdef list APPS = app_names()
cdef u64 SECOND = 1000000000
CARRIES_TLS = having("carries tls")
TCP_FLAG_NAMES = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")


def iso(u64 ns) -> str:
    """ISO 8601 in UTC with nanoseconds."""
    return f"{_to_seconds(ns // SECOND)}.{ns % SECOND:09d}Z"


@lru_cache(4096)
def _to_seconds(second: int) -> str:
    """`2026-01-02T03:04:05`."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


cdef object address_text(const u8* p, u8 family):
    """Canonical text of an address: dotted quad, RFC 5952, or a MAC."""
    if family == FAMILY_IP4:
        return f"{p[0]}.{p[1]}.{p[2]}.{p[3]}"
    if family == FAMILY_IP6:
        return socket.inet_ntop(socket.AF_INET6, p[:16])
    return ":".join([f"{p[i]:02x}" for i in range(6)])


cdef dict put_pair(dict out, str name, u64 outward, u64 inward):
    out[f"{name}_out"] = outward
    out[f"{name}_in"] = inward
    return out


cdef object state_text(const Row* row, u64 clock):
    """The state shown; an unnamed UDP flow's is its age (active under 30 s idle, stale over 60)."""
    cdef u64 idle
    if row.state == ST_UDP_ACTIVE:
        idle = (clock - row.last) // SECOND if clock > row.last else 0
        return "UDP_ACTIVE" if idle < 30 else "UDP_IDLE" if idle <= 60 else "UDP_STALE"
    return STATES[row.state]


def flow_record(Engine engine, u32 number, list interfaces, bint show_secrets=False) -> dict:
    """The flow record of a row; {} when the row is not in use."""
    cdef Core* core = &engine.core
    cdef Row* row
    cdef Cold* cold
    cdef int out, into
    if number == 0 or number > core.table.high or core.table.rows[number].family == FAMILY_NONE:
        return {}
    row = &core.table.rows[number]
    cold = &core.table.colds[number]
    out = row.bits & BIT_INITIATOR_B
    into = 1 - out
    r = {"schema": "netwatch.flow/1", "id": cold.id,
         "proto": proto_name(row.proto, row.tcp if row.proto == PROTO_L2 else 0),
         "src": address_text(&row.b[0] if out else &row.a[0], row.family)}
    if row.proto in (PROTO_TCP, PROTO_UDP, PROTO_UDPLITE, PROTO_SCTP):
        if row.pa or row.pb:                 # fragments without the first one name no ports
            r["sport"] = row.pb if out else row.pa
        r["dst"] = address_text(&row.a[0] if out else &row.b[0], row.family)
        if row.pa or row.pb:
            r["dport"] = row.pa if out else row.pb
    else:
        r["dst"] = address_text(&row.a[0] if out else &row.b[0], row.family)
    r["initiator"] = "seen" if row.bits & BIT_SEEN else "guessed"
    if cold.first or not core.parser.timeless:
        r["first"] = iso(cold.first)
        r["last"] = iso(row.last)
        r["duration"] = (row.last - cold.first) / 1e9
    path = shown_path(row, cold)
    name = interface_name(core, path, interfaces)
    if name:
        r["interface"] = name
    path_fields(core, path, r)
    r["state"] = state_text(row, core.clock)
    if row.bits & BIT_ENDED:
        r["ended"] = ENDINGS[cold.ended]
    put_pair(r, "packets", row.packets[out], row.packets[into])
    put_pair(r, "bytes", row.bytes[out], row.bytes[into])
    put_pair(r, "payload", row.payload[out], row.payload[into])
    if core.table.any_copied and (core.table.copied[2 * <size_t>number] or core.table.copied[2 * <size_t>number + 1]):
        put_pair(r, "copies", core.table.copied[2 * <size_t>number + out], core.table.copied[2 * <size_t>number + into])
    put_pair(r, "peak", rate_peak(cold, out), rate_peak(cold, into))
    if not row.bits & BIT_ENDED:
        put_pair(r, "rate", rate_now(cold, out, core.clock // SECOND), rate_now(cold, into, core.clock // SECOND))
    if row.family != FAMILY_MAC and row.proto != PROTO_ARP:
        r["ttl"] = cold.ttl[out] if row.packets[out] else cold.ttl[into]
    if row.proto == PROTO_TCP and row.tcp:
        tcp_fields(&core.table.tcps[row.tcp], out, r)
    elif row.proto == PROTO_ICMP or row.proto == PROTO_ICMP6:
        icmp_fields(core, row, r)
    app_fields(cold, row, r, show_secrets)
    return r


cdef object interface_name(Core* core, u16 path, list interfaces):
    """The name of the interface that a path is on: the one that the frame names by its index, else that of the input."""
    cdef u32 iface = 0, ifindex = 0
    if 0 < path <= core.parser.paths.n:
        iface = core.parser.paths.items[path].iface
        ifindex = core.parser.paths.items[path].ifindex
    return interface_text(interfaces, iface, ifindex)


def interface_text(interfaces: list, iface: int, ifindex: int):
    """The name of an interface of the input, or of the one among many that a frame of `any` names by its index: that is
    known where the capture is made, and elsewhere its number. None when it has no name."""
    known = interfaces[iface] if iface < len(interfaces) else {}
    if ifindex:
        return known.get("indexes", {}).get(ifindex) or f"if{ifindex}"
    return known.get("name")


def path_interface(Engine engine, u16 path, list interfaces):
    """The interface that flows with these surroundings have in their record, or None."""
    return interface_name(&engine.core, path, interfaces)


cdef void path_fields(Core* core, u16 path, dict r):
    """What lies around the flow: VLAN tags, labels, PPPoE session, tunnels."""
    cdef const Encap* e
    cdef int i
    if path == 0 or path > core.parser.paths.n:
        return
    e = &core.parser.paths.items[path]
    if e.n_vlan:
        r["vlan"] = [e.vlan[i] for i in range(e.n_vlan)]
    if e.n_mpls:
        r["mpls"] = [e.mpls[i] for i in range(e.n_mpls)]
    if e.pppoe:
        r["pppoe_session"] = e.pppoe
    if e.n_tunnel:
        r["tunnel"] = []
        for i in range(e.n_tunnel):
            r["tunnel"].append(TUNNELS[e.tunnel[i].kind])
            identity = TUNNEL_IDS.get(TUNNELS[e.tunnel[i].kind])
            if identity and (e.tunnel[i].id or identity[:3] == "vni"):
                r["tunnel"].append(identity.format(e.tunnel[i].id))
            r["tunnel"].append(address_text(e.tunnel[i].src, e.tunnel[i].family) + ">"
                               + address_text(e.tunnel[i].dst, e.tunnel[i].family))


def path_record(Engine engine, u16 path) -> dict:
    """The keys that a flow with these surroundings has in its record."""
    found = {}
    path_fields(&engine.core, path, found)
    return found


cdef void icmp_fields(Core* core, const Row* row, dict r):
    """An echo flow's identifier and round trips; of any other the newest type and code."""
    cdef const TcpRow* t
    if not row.pa:
        r["icmp"] = {"type": row.tcp >> 8, "code": row.tcp & 255}
        return
    r["icmp"] = {"id": row.pa}
    if row.tcp:
        t = &core.table.tcps[row.tcp]
        if t.rtt_us:
            r["rtt_us"] = t.rtt_us
            r["srtt_us"] = t.srtt_us[0]


cdef list flag_names(u8 bits):
    return [TCP_FLAG_NAMES[i] for i in range(8) if bits >> i & 1]


cdef void tcp_fields(const TcpRow* t, int out, dict r):
    cdef int into = 1 - out
    if t.rtt_us:
        r["rtt_us"] = t.rtt_us
    if t.srtt_us[0] or t.srtt_us[1]:
        r["srtt_us"] = max(t.srtt_us[0], t.srtt_us[1])
    put_pair(r, "retransmits", t.retrans[out], t.retrans[into])
    put_pair(r, "out_of_order", t.disorder[out], t.disorder[into])
    put_pair(r, "dup_acks", t.dup_acks[out], t.dup_acks[into])
    put_pair(r, "zero_windows", t.zero_window[out], t.zero_window[into])
    put_pair(r, "spurious", t.spurious[out], t.spurious[into])
    put_pair(r, "fast_retransmits", t.fast[out], t.fast[into])
    r["tcp_flags_out"] = flag_names(t.flags[out])
    r["tcp_flags_in"] = flag_names(t.flags[into])
    if t.mss[out] or t.mss[into]:
        r["mss"] = t.mss[out] or t.mss[into]
    if t.wscale[out]:
        r["window_scale_out"] = t.wscale[out] - 1
    if t.wscale[into]:
        r["window_scale_in"] = t.wscale[into] - 1
    if t.shaken & 3 == 3:
        r["sack"] = t.shaken & 24 == 24


cdef void app_fields(const Cold* cold, const Row* row, dict r, bint show_secrets):
    """What the classifiers learnt, each protocol's under its name, and the line that says what the flow is."""
    by_proto = {}
    if cold.facts != NULL:
        for proto, key, value in facts_list((<const char*>cold.facts + sizeof(Facts))[:cold.facts.used]):
            by_proto.setdefault(proto, []).append((key, value))
    if row.app and row.app not in by_proto:
        by_proto[row.app] = []
    if not by_proto:
        return
    r["app"] = APPS[row.app or next(iter(by_proto))]
    r["app_stack"] = stack = [APPS[proto] for proto in by_proto]
    r["confidence"] = cold.confidence
    from netwatch._fast.out.protocols import DESCRIBE, LABEL

    label = None
    for proto, facts in by_proto.items():
        name = APPS[proto]
        found = DESCRIBE[name](facts, show_secrets)
        if found:
            label = LABEL[name](found)
            over = [each for each in found.pop("stack", ()) if each not in stack]
            stack[stack.index(name) + 1:stack.index(name) + 1] = over
            for under in found.pop("below", ()):
                if under not in stack:
                    stack.insert(stack.index(name), under)
            if name in CARRIES_TLS and "tls" in found:
                r["tls"] = found.pop("tls")
            if found:
                r[name] = found
    if label:
        r["label"] = label


def summary(list engines, list link_types) -> dict:
    """Counts of all engines together; keys as in the summary record, without its files and drops."""
    cdef Engine engine
    cdef Core* core
    cdef u64 first = 0, last = 0
    out = {"schema": "netwatch.summary/1", "packets": 0, "bytes": 0}
    flows, apps, malformed = {}, {}, {}
    cut = refused = evicted = copied = timeless = 0
    for engine in engines:
        core = &engine.core
        out["packets"] += core.frames
        out["bytes"] += core.bytes
        if core.first and (core.first < first or first == 0):
            first = core.first
        last = max(last, core.clock if core.frames else 0)
        count_flows(core, flows, apps)
        for i, name in enumerate(REJECTS):
            if name and core.parser.rejects[i]:
                malformed[name] = malformed.get(name, 0) + core.parser.rejects[i]
        for i, name in enumerate(APPS):
            if name and core.dpi.malformed[i]:
                malformed[name] = malformed.get(name, 0) + core.dpi.malformed[i]
        cut += core.parser.snap_cut
        copied += core.copied
        timeless += core.parser.timeless
        refused += core.refused
        evicted += core.table.evicted
    if out["packets"] and (first or not timeless):
        out["first"], out["last"], out["duration"] = iso(first), iso(last), (last - first) / 1e9
    out["link_types"] = link_types
    for key, found in (("flows", flows), ("apps", apps), ("malformed", malformed)):
        out[key] = dict(sorted(found.items()))       # whichever engine met them first
    if copied:
        out["copies"] = copied
    if timeless:
        out["packets_without_time"] = timeless
    out["drops"] = {"evicted_flows": evicted, "refused_packets": refused, "snap_truncated": cut}
    for kind in ("tcp", "udp"):
        total, sampled = conversation_count(engines, kind == "tcp")
        out[f"{kind}_conversations"] = total
        if sampled:
            out[f"{kind}_conversations_estimated"] = True
    return out


cdef void count_flows(Core* core, dict flows, dict apps):
    """Flows by protocol, flows and bytes by application: those that ended and those still open."""
    cdef u32 i
    cdef Row* row
    tallies = {}
    names = {}
    for i in range(512):
        if core.by_proto[i].flows:
            names[i] = core.by_proto[i].flows
    for i in range(len(APPS)):
        if core.by_app[i].flows:
            tallies[i] = [core.by_app[i].flows, core.by_app[i].bytes]
    for i in range(1, core.table.high + 1):
        row = &core.table.rows[i]
        if row.family != FAMILY_NONE and not row.bits & BIT_ENDED:
            names[row.proto] = names.get(row.proto, 0) + 1
            entry = tallies.setdefault(row.app, [0, 0])
            entry[0] += 1
            entry[1] += row.bytes[0] + row.bytes[1]
    for proto, n in names.items():
        name = "link" if proto == PROTO_L2 else proto_name(proto)
        flows[name] = flows.get(name, 0) + n
    for app, (n, octets) in tallies.items():
        if app:
            entry = apps.setdefault(APPS[app], {"flows": 0, "bytes": 0})
            entry["flows"] += n
            entry["bytes"] += octets


cdef tuple conversation_count(list engines, bint tcp):
    """(distinct conversations, whether by sampling). Several engines may see one inside different tunnels."""
    cdef Engine engine
    cdef Conversations* c
    cdef u64 i
    total = 0
    sampled = False
    tunnelled = False
    for engine in engines:
        tunnelled = tunnelled or engine.core.parser.paths.n != 0
    seen = set() if len(engines) > 1 and tunnelled else None
    for engine in engines:
        c = &engine.core.table.tcp_conversations if tcp else &engine.core.table.udp_conversations
        total += conversations(c)
        sampled = sampled or c.shift > 0
        if seen is not None and not sampled and c.slots != NULL:
            for i in range(c.mask + 1):
                if c.slots[i]:
                    if c.slots[i] in seen:
                        total -= 1
                    seen.add(c.slots[i])
    return total, sampled
