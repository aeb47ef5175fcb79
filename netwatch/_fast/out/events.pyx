"""What an engine hands to Python between chunks: its events, the flows that ended, the flows that are new."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.input.pcapngwriter cimport CaptureWriter
from netwatch._fast.engine cimport Engine
from netwatch._fast.flows cimport Core, release_ended
from netwatch._fast.wire.packet cimport (FAMILY_IP4, FAMILY_MAC, FAMILY_NONE, Frame, PROTO_ARP, PROTO_ICMP, PROTO_ICMP6,
                                         PROTO_SCTP, PROTO_TCP, PROTO_UDP, PROTO_UDPLITE, Packet)
from netwatch._fast.out.record cimport address_text
from netwatch._fast.flow.content cimport Event, EV_PACKET

from netwatch._fast.dpi import app_names
from netwatch._fast.out.names import LAYERS, REJECTS, proto_name, set_names
from netwatch._fast.out.record import iso

APPS = app_names()
KINDS = ("dns", "http", "streams", "packets", "sealed", "frames", "unknown", "names", "links", "begun")


def drain(Engine engine) -> list:
    """All waiting events as (frame, flow, kind, ns, row, key, side, inner, payload, extra, interface, app).

    For a packet the payload is its record and extra the place of its frame, for write_frame; for a stream's bytes
    extra is the number of bytes that are missing there. `interface` is meaningful for packets alone, `app` for what
    a protocol made. `flow` is 0 when the flow is gone; `inner` is true of what came out of its encryption.
    """
    cdef Core* core = &engine.core
    cdef u64 at = 0
    cdef Event* ev
    cdef u8* body
    out = []
    while at < core.dpi.ring.used:
        ev = <Event*>(core.dpi.ring.mem + at)
        body = <u8*>ev + sizeof(Event)
        extra = ev.extra
        if ev.kind == EV_PACKET:
            payload = packet_record(<const Packet*>body, <const Frame*>(body + sizeof(Packet)))
            extra = at + sizeof(Event) + sizeof(Packet)
        else:
            payload = (<char*>body)[:ev.size]
        flow = core.table.colds[ev.row].id if core.table.colds[ev.row].key == ev.key else 0
        out.append((ev.frame, flow, KINDS[ev.kind], ev.ts, ev.row, ev.key, ev.side & 1, ev.side > 1, payload, extra,
                    ev.extra, APPS[ev.proto]))
        at += sizeof(Event) + ((ev.size + 7) & ~<u32>7)
    core.dpi.ring.used = 0
    return out


def lost_events(Engine engine) -> int:
    """Events that found no room, since the start."""
    return engine.core.dpi.ring.lost


cdef dict packet_record(const Packet* pk, const Frame* f):
    """The body of a packet record; the caller adds what its flow and its interface say."""
    r = {"n": f.n, "time": iso(f.ts), "len": f.len, "caplen": f.caplen}
    if pk.family != FAMILY_NONE:
        r["src"] = address_text(pk.src, pk.family)
        r["dst"] = address_text(pk.dst, pk.family)
        if pk.proto in (PROTO_TCP, PROTO_UDP, PROTO_UDPLITE, PROTO_SCTP):
            r["sport"] = pk.sport
            r["dport"] = pk.dport
        r["proto"] = proto_name(pk.proto, pk.sub)
        r["info"] = info_line(pk)
    r["layers"] = [LAYERS[pk.layers[i]] for i in range(pk.n_layers)]
    notes = set_names(pk.notes)
    if pk.reject:
        notes.append(REJECTS[pk.reject])
    if f.caplen < f.len:
        notes.append("cut by snap length")
    if notes:
        r["notes"] = notes
    return r


cdef str info_line(const Packet* pk):
    """One line for a packet that no protocol has spoken about."""
    if pk.proto == PROTO_TCP:
        names = [name for i, name in enumerate(("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"))
                 if pk.flags >> i & 1]
        return (f"{pk.sport} > {pk.dport} [{' '.join(names)}] seq {pk.seq} ack {pk.ack} win {pk.window}"
                f" len {pk.wire_payload}")
    if pk.proto == PROTO_UDP or pk.proto == PROTO_UDPLITE:
        return f"{pk.sport} > {pk.dport} len {pk.wire_payload}"
    if pk.proto == PROTO_ICMP or pk.proto == PROTO_ICMP6:
        return f"type {pk.icmp_type} code {pk.icmp_code}" + (f" id {pk.sport}" if pk.sport else "")
    if pk.proto == PROTO_ARP:
        return ("who has " + address_text(pk.dst, FAMILY_IP4) if pk.icmp_type == 1 else
                address_text(pk.src, FAMILY_IP4) + " is at " + address_text(pk.payload + 8, FAMILY_MAC)
                if pk.payload_len >= 14 else "arp")
    return f"len {pk.wire_payload}"


def write_frame(Engine engine, CaptureWriter writer, u64 at, u32 interface) -> None:
    """Write the frame of a packet event that was drained since the last chunk was filled; `at` is its place."""
    cdef const Frame* f = <const Frame*>(engine.core.dpi.ring.mem + at)
    writer.check(writer.put(f, interface))


def ended_rows(Engine engine) -> list:
    """(id, row) of the flows on the ended list, longest ended first."""
    cdef u32 number = engine.core.table.ended_first
    out = []
    while number:
        out.append((engine.core.table.colds[number].id, number))
        number = engine.core.table.colds[number].next
    return out


def release(Engine engine, u32 keep=0) -> None:
    """Free the rows on the ended list, but the last `keep`."""
    release_ended(&engine.core, keep)


def number_fresh(list engines, u64 ident) -> int:
    """Give the flows that have no number yet the next ones, in order of first frame; returns the last one given."""
    cdef Engine engine
    cdef Core* core
    cdef u32 i, n
    fresh = []
    for n, engine in enumerate(engines):
        core = &engine.core
        for i in range(core.n_fresh):
            fresh.append((core.table.colds[core.fresh[i]].key, n, core.fresh[i]))
        core.n_fresh = 0
    fresh.sort()
    for _, n, i in fresh:
        ident += 1
        engine = engines[n]
        engine.core.table.colds[i].id = ident
    return ident
