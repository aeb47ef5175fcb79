"""sFlow version 5 (sflow.org, sflow_version_5.txt) over UDP: agents, kinds of sample, sampling rates, what was lost.

A datagram is known by its samples, whose lengths fill it to the last byte. It is handed to who reads the packets that
flow samples carry (netwatch/collect). Numbers are 32 bits wide and stand in XDR.
"""
from libc.stdlib cimport free

from sys import byteorder

from netwatch._fast.base.bytes cimport u8, u32, u64, Reader, Slice, be32, left, reader, take, take32
from netwatch._fast.look.protocol cimport (Look, Proto, ON_UDP, PARSE_DONE, PARSE_OK, fact_number, set_initiator, reads,
                                           has_state, misfit)
from netwatch._fast.proto.common.exported cimport hand_on
from netwatch._fast.proto.common.learn cimport fact_distinct
from netwatch._fast.proto.common.lines cimport port_is
from netwatch._fast.proto.common.xdr cimport put32
from netwatch._fast.proto.common.describing import address, by_key, first, listed, named, number, one_or_all

cdef enum:                     # fact keys
    SFLOW_AGENT = 1            # address, 4 or 16 bytes
    SFLOW_SUB_AGENT = 2
    SFLOW_SAMPLE = 3           # format with enterprise, 4 bytes
    SFLOW_RECORD = 4           # of flow samples, likewise
    SFLOW_RATE = 5
    SFLOW_SAMPLES = 6
    SFLOW_DATAGRAMS = 7
    SFLOW_LOST = 8

cdef enum:
    PORT = 6343
    VERSION = 5
    FLOW_SAMPLE = 1
    EXPANDED_FLOW = 3          # as 1, with longer numbers of interfaces
    SAMPLES_MOST = 200         # of a datagram
    RECORDS_MOST = 16
    AGENTS = 4
    KINDS = 12
    RATES = 8
    GAP_MOST = 1 << 24         # a longer one is a restart

cdef struct Agent:
    bint known
    u32 sub_agent
    u32 next                   # sequence number of the datagram that should follow

cdef struct Sflow:
    u64 samples
    u64 datagrams
    u64 lost
    u8 turn
    Agent[AGENTS] agents


cdef u32 address_size(const u8* p) noexcept nogil:
    """Bytes of the agent's address by its type, 0 unknown."""
    return 4 if be32(p) == 1 else 16 if be32(p) == 2 else 0


cdef bint fits(Slice d) noexcept nogil:
    """Version, address, and samples that fill the datagram."""
    cdef Reader r
    cdef u32 count, size, _i
    if d.n < 28 or be32(d.p) != VERSION or address_size(d.p + 4) == 0:
        return False
    r = reader(d.p + 8, d.n - 8)
    take(&r, address_size(d.p + 4) + 12)
    count = take32(&r)
    if r.bad or count > SAMPLES_MOST:
        return False
    for _i in range(count):
        take32(&r)
        size = take32(&r)
        if size & 3:
            return False
        take(&r, size)
        if r.bad:
            return False
    return left(&r) == 0


cdef int sflow_detect(Look* look, Slice d) noexcept nogil:
    if not fits(d):
        return 0
    if d.n <= 40 and be32(d.p + d.n - 4) == 0:            # no samples: little to go by
        return 85 if port_is(look, PORT) else 0
    return 96


cdef void keep_word(Look* look, u8 key, u32 value, u32 most) noexcept nogil:
    cdef u8[4] fact
    put32(fact, value)
    fact_distinct(look, key, fact, 4, most)


cdef void sequence(Sflow* s, u32 sub_agent, u32 sent) noexcept nogil:
    """Count the datagrams of the agent that are missing before this one."""
    cdef Agent* a
    cdef int i
    for i in range(AGENTS):
        a = &s.agents[i]
        if a.known and a.sub_agent == sub_agent:
            if 0 < sent - a.next < GAP_MOST:
                s.lost += sent - a.next
            if sent - a.next < GAP_MOST or a.next - sent > GAP_MOST:
                a.next = sent + 1
            return
    a = &s.agents[s.turn]
    s.turn = <u8>((s.turn + 1) % AGENTS)
    a.known = True
    a.sub_agent = sub_agent
    a.next = sent + 1


cdef void take_flow_sample(Look* look, Reader r, bint expanded) noexcept nogil:
    """Rate, and of which kinds its records are."""
    cdef u32 rate, count, kind, size, _i
    take(&r, 12 if expanded else 8)
    rate = take32(&r)
    take(&r, 24 if expanded else 16)
    count = take32(&r)
    if r.bad:
        return
    keep_word(look, SFLOW_RATE, rate, RATES)
    for _i in range(min(count, RECORDS_MOST)):
        kind = take32(&r)
        size = take32(&r)
        take(&r, size)
        if r.bad:
            return
        keep_word(look, SFLOW_RECORD, kind, KINDS)


cdef void take_datagram(Look* look, Sflow* s, Slice d) noexcept nogil:
    cdef u32 size = address_size(d.p + 4), count, kind, n, sub_agent, _i
    cdef Reader r = reader(d.p + 8 + size, d.n - 8 - size)
    cdef const u8* body
    fact_distinct(look, SFLOW_AGENT, d.p + 8, size, AGENTS)
    sub_agent = take32(&r)
    keep_word(look, SFLOW_SUB_AGENT, sub_agent, AGENTS)
    sequence(s, sub_agent, take32(&r))
    take32(&r)
    count = take32(&r)
    for _i in range(count):
        kind = take32(&r)
        n = take32(&r)
        body = take(&r, n)
        keep_word(look, SFLOW_SAMPLE, kind, KINDS)
        if kind == FLOW_SAMPLE or kind == EXPANDED_FLOW:
            take_flow_sample(look, reader(body, n), kind == EXPANDED_FLOW)
    s.samples += count
    s.datagrams += 1
    fact_number(look, SFLOW_SAMPLES, s.samples)
    fact_number(look, SFLOW_DATAGRAMS, s.datagrams)
    if s.lost:
        fact_number(look, SFLOW_LOST, s.lost)
    set_initiator(look, True)


cdef int sflow_parse(Look* look, Slice d) noexcept nogil:
    look.used = d.n
    if not fits(d):
        return misfit(look)
    if not has_state(look, sizeof(Sflow)):
        return PARSE_DONE
    take_datagram(look, <Sflow*>look.state[0], d)
    hand_on(look, d.p, <u32>d.n)
    return PARSE_OK


cdef void sflow_define(Proto* p) noexcept nogil:
    reads(p, "sflow", ON_UDP, sflow_detect, sflow_parse)
    p.ports[0] = PORT
    p.first[0] = 1
    p.free = free


# --- describing ---

FACT_FIELDS = {}
_SAMPLES = {1: "flow", 2: "counters", 3: "expanded flow", 4: "expanded counters", 5: "discarded packet"}
_RECORDS = {1: "raw header", 2: "ethernet", 3: "ipv4", 4: "ipv6", 1001: "switch", 1002: "router", 1003: "gateway",
            1004: "user", 1005: "url", 1006: "mpls", 1007: "nat", 2100: "socket ipv4", 2101: "socket ipv6"}


def describe(facts) -> dict:
    """The `sflow` object."""
    known = by_key(facts)
    obj = {}
    one_or_all(obj, "agent", known, SFLOW_AGENT, address)
    listed(obj, "sub_agents", known, SFLOW_SUB_AGENT, number)
    for name, key in (("datagrams", SFLOW_DATAGRAMS), ("samples", SFLOW_SAMPLES), ("lost", SFLOW_LOST)):
        if key in known:
            obj[name] = int.from_bytes(known[key][-1], byteorder)
    listed(obj, "kinds", known, SFLOW_SAMPLE, named(_SAMPLES, "sample"))
    listed(obj, "records", known, SFLOW_RECORD, named(_RECORDS, "record"))
    listed(obj, "rates", known, SFLOW_RATE, number)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "sFlow 192.0.2.1"."""
    return " ".join(word for word in ("sFlow", first(obj.get("agent", ""))) if word)
