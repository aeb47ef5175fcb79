"""The summary record of CONTRACT section 3: counts of all engines together."""
from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.row cimport BIT_ENDED, Row
from netwatch._fast.flow.table cimport Conversations, conversations
from netwatch._fast.flows cimport Core
from netwatch._fast.out.writing cimport iso_text
from netwatch._fast.wire.packet cimport FAMILY_NONE, PROTO_L2

from netwatch._fast.dpi import app_names
from netwatch._fast.out.names import REJECTS, proto_name

cdef list APPS = app_names()


def summary(engines: list[Engine], link_types: list[str]) -> dict:
    """Counts of all engines together; keys as in the summary record, without its files and drops."""
    cdef Engine engine
    cdef Core* core
    cdef u64 first = 0, last = 0
    cdef bint timed = False
    out = {"schema": "netwatch.summary/1", "packets": 0, "bytes": 0}
    flows, apps, malformed = {}, {}, {}
    cut = refused = evicted = copied = timeless = 0
    for engine in engines:
        core = &engine.core
        out["packets"] += core.frames
        out["bytes"] += core.bytes
        if core.frames > core.parser.timeless:
            first = min(first, core.first) if timed else core.first
            timed = True
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
    if timed:
        out["first"], out["last"], out["duration"] = iso_text(first), iso_text(last), (last - first) / 1e9
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
