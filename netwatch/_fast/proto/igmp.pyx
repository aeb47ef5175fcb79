"""Which groups hosts join and leave: IGMP versions 1 to 3 (RFC 1112, 2236, 3376) and MLD's reports (RFC 2710, 3810).

A report of version 3 (MLD's 2) has a record for each group, with the senders that are wanted or not; it is read as far
as its records fit in its packet.
"""
from netwatch._fast.base.bytes cimport u8, u32, Reader, Slice, be16, be32, reader, take
from netwatch._fast.look.protocol cimport Look, Proto, ON_PACKETS, PARSE_OK, misfit, reads
from netwatch._fast.proto.common.learn cimport fact_distinct, keep_u8
from netwatch._fast.wire.packet cimport PROTO_ICMP6, PROTO_IGMP
from netwatch._fast.proto.common.describing import address, by_key, listed, named

cdef enum:                     # fact keys
    TYPE = 1
    GROUP = 2                  # 4 or 16 bytes
    SOURCE = 3                 # likewise
    LEFT_GROUP = 4             # likewise

cdef enum:
    QUERY = 0x11               # RFC 9776 section 4
    REPORT_1 = 0x12
    REPORT_2 = 0x16
    LEAVE = 0x17
    REPORT_3 = 0x22
    MLD_REPORT = 131           # RFC 9777 section 5
    MLD_DONE = 132
    MLD_REPORT_2 = 143
    HEAD = 8
    TO_INCLUDE = 3             # of a group record, RFC 9776 section 4.2.12
    IS_INCLUDE = 1
    BLOCK_OLD = 6
    TYPES = 8
    GROUPS = 64                # kept of a flow
    SOURCES = 32


cdef int igmp_detect(Look* look, Slice d) noexcept nogil:
    cdef u8 kind
    if d.n < HEAD:
        return 0
    kind = d.p[0]
    return 95 if kind == QUERY or kind == REPORT_1 or kind == REPORT_2 or kind == LEAVE or kind == REPORT_3 else 0


cdef int mld_detect(Look* look, Slice d) noexcept nogil:
    cdef u8 kind
    if d.n < HEAD:
        return 0
    kind = d.p[0]
    return 95 if kind == MLD_REPORT_2 or (d.n >= HEAD + 16 and (kind == MLD_REPORT or kind == MLD_DONE)) else 0


cdef void take_group(Look* look, u8 key, const u8* p, u32 size) noexcept nogil:
    """A group; all of them, as a general query asks, is none."""
    if be32(p):
        fact_distinct(look, key, p, size, GROUPS)


cdef void take_records(Look* look, Slice d, u32 size) noexcept nogil:
    """Group records with addresses of `size` bytes. To be sent nothing but of no sender is to leave."""
    cdef Reader r = reader(d.p + HEAD, d.n - HEAD)
    cdef u32 n = be16(d.p + 6), sources, _i, _j
    cdef const u8* head
    cdef const u8* p
    for _i in range(n):
        head = take(&r, 4 + size)
        if head == NULL:
            return
        sources = be16(head + 2)
        take_group(look, LEFT_GROUP if sources == 0 and (head[0] == TO_INCLUDE or head[0] == IS_INCLUDE) else GROUP,
                   head + 4, size)
        for _j in range(sources):
            p = take(&r, size)
            if p == NULL:
                return
            fact_distinct(look, SOURCE, p, size, SOURCES)
        take(&r, <u32>head[1] * 4)


cdef int igmp_parse(Look* look, Slice d) noexcept nogil:
    look.used = d.n
    if igmp_detect(look, d) == 0:
        return misfit(look)
    keep_u8(look, TYPE, d.p[0], TYPES)
    if d.p[0] == REPORT_3:
        take_records(look, d, 4)
    else:
        take_group(look, LEFT_GROUP if d.p[0] == LEAVE else GROUP, d.p + 4, 4)
    return PARSE_OK


cdef int mld_parse(Look* look, Slice d) noexcept nogil:
    look.used = d.n
    if mld_detect(look, d) == 0:
        return misfit(look)
    keep_u8(look, TYPE, d.p[0], TYPES)
    if d.p[0] == MLD_REPORT_2:
        take_records(look, d, 16)
    else:
        take_group(look, LEFT_GROUP if d.p[0] == MLD_DONE else GROUP, d.p + HEAD, 16)
    return PARSE_OK


cdef void igmp_define(Proto* p) noexcept nogil:
    reads(p, "igmp", ON_PACKETS, igmp_detect, igmp_parse)
    p.first[QUERY] = p.first[REPORT_1] = p.first[REPORT_2] = p.first[LEAVE] = p.first[REPORT_3] = 1
    p.carrier = PROTO_IGMP


cdef void mld_define(Proto* p) noexcept nogil:
    reads(p, "mld", ON_PACKETS, mld_detect, mld_parse)
    p.first[MLD_REPORT] = p.first[MLD_DONE] = p.first[MLD_REPORT_2] = 1
    p.carrier = PROTO_ICMP6


# --- what the facts say ---

FACT_FIELDS = {}
TYPES_SAID = {
    QUERY: "query", REPORT_1: "v1 report", REPORT_2: "v2 report", LEAVE: "leave", REPORT_3: "v3 report",
    MLD_REPORT: "v1 report", MLD_DONE: "done", MLD_REPORT_2: "v2 report",
}

VERSIONS = {REPORT_1: 1, REPORT_2: 2, LEAVE: 2, REPORT_3: 3, MLD_REPORT: 1, MLD_DONE: 1, MLD_REPORT_2: 2}


def describe(facts) -> dict:
    """The `igmp` or `mld` object."""
    known = by_key(facts)
    obj = {}
    listed(obj, "types", known, TYPE, named(TYPES_SAID, "type"))
    versions = [VERSIONS[kind[0]] for kind in known.get(TYPE, ()) if kind[0] in VERSIONS]
    if versions:
        obj["version"] = max(versions)
    listed(obj, "groups", known, GROUP, address)
    listed(obj, "left", known, LEFT_GROUP, address)
    listed(obj, "sources", known, SOURCE, address)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "IGMP v3 report 239.1.1.1"."""
    groups = obj.get("groups") or obj.get("left", [])
    family = "MLD" if any(":" in group for group in groups) else "IGMP"
    return " ".join([family, *obj.get("types", ())[:1], *groups[:1]])
