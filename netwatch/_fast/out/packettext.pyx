"""Packet rows as packet records: the dicts of screens and filters."""
from netwatch._fast.wire.packet cimport (FAMILY_IP4, FAMILY_MAC, FAMILY_NONE, PROTO_ARP, PROTO_ICMP, PROTO_ICMP6,
                                         PROTO_SCTP, PROTO_TCP, PROTO_UDP, PROTO_UDPLITE)
from netwatch._fast.wire.packetrow cimport PacketRow
from netwatch._fast.out.record cimport address_text

from netwatch._fast.out.names import LAYERS, REJECTS, proto_name, set_names
from netwatch._fast.out.record import iso


cdef dict packet_record(const PacketRow* pk):
    """The body of a packet record; the caller adds what its flow and its interface say."""
    r = {"n": pk.n, "len": pk.len, "caplen": pk.caplen}
    if not pk.timeless:
        r["time"] = iso(pk.ts)
    if pk.family != FAMILY_NONE:
        r["src"] = address_text(pk.src, pk.family)
        r["dst"] = address_text(pk.dst, pk.family)
        if pk.proto in (PROTO_TCP, PROTO_UDP, PROTO_UDPLITE, PROTO_SCTP) and not pk.reject:
            r["sport"] = pk.sport
            r["dport"] = pk.dport
        r["proto"] = proto_name(pk.proto, pk.sub)
        if pk.part:
            r["info"] = f"fragment at {(pk.part - 1) * 8} len {pk.wire_payload}"
        elif not pk.reject:
            r["info"] = info_line(pk)
    if pk.ifindex:
        r["ifindex"] = pk.ifindex
    r["layers"] = [LAYERS[pk.layers[i]] for i in range(pk.n_layers)]
    notes = set_names(pk.notes)
    if pk.reject:
        notes.append(REJECTS[pk.reject])
    if pk.caplen < pk.len:
        notes.append("cut by snap length")
    if notes:
        r["notes"] = notes
    return r


cdef str info_line(const PacketRow* pk):
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
                address_text(pk.src, FAMILY_IP4) + " is at " + address_text(pk.mac, FAMILY_MAC)
                if pk.has_mac else "arp")
    return f"len {pk.wire_payload}"
