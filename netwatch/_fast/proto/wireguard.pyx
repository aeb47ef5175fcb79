"""WireGuard, after the protocol page of its white paper (sections 5.4.2 to 5.4.7).

Handshake messages have one length each. Transport data alone says little, so two datagrams of a side must name the same
receiver with a counter that goes up. The content is encrypted; nothing more can be known.
"""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32, Slice, le32
from netwatch._fast.look.protocol cimport (Look, Proto, ON_UDP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK, set_initiator,
                                           TRAIT_OPAQUE, reads, has_state)
from netwatch._fast.proto.common.learn cimport (HINT_WIREGUARD, Hint, Waiting, asked, fact_distinct, hint_of, hint_set,
                                                keep_latency, keep_u8)
from netwatch._fast.proto.common.describing import by_key, listed, micros, named, number

cdef enum:
    INITIATION = 1
    RESPONSE = 2
    COOKIE = 3
    DATA = 4
    INITIATION_SIZE = 148
    RESPONSE_SIZE = 92
    COOKIE_SIZE = 64
    DATA_LEAST = 32            # header and the tag of an empty packet
    DATA_SEEN = 8              # data messages after which nothing new is expected
    STEP = 64                  # how far a counter may jump between two datagrams seen

cdef struct State:
    Waiting waiting
    u32 data


cdef u8 kind_of(Slice d) noexcept nogil:
    """Message type when its length and reserved zeroes fit, else 0."""
    if d.n < DATA_LEAST or d.p[1] or d.p[2] or d.p[3]:
        return 0
    if d.p[0] == INITIATION:
        return INITIATION if d.n == INITIATION_SIZE else 0
    if d.p[0] == RESPONSE:
        return RESPONSE if d.n == RESPONSE_SIZE else 0
    if d.p[0] == COOKIE:
        return COOKIE if d.n == COOKIE_SIZE else 0
    return DATA if d.p[0] == DATA and d.n % 16 == 0 else 0


cdef int wireguard_detect(Look* look, Slice d) noexcept nogil:
    cdef u8 kind = kind_of(d)
    cdef u32 receiver, counter
    cdef Hint hint
    if kind == 0 or le32(d.p + 4) == 0:
        return 0
    if kind == INITIATION or kind == RESPONSE:
        return 92
    if kind == COOKIE:
        return 75
    receiver = le32(d.p + 4)
    counter = le32(d.p + 8)
    if le32(d.p + 12):
        return 0
    hint = hint_of(look.row, look.side)
    if hint.tag == HINT_WIREGUARD and hint.id == receiver and \
            0 < ((counter & 0xffff) - hint.seq & 0xffff) <= STEP:
        return 80
    hint_set(look.row, look.side, HINT_WIREGUARD, receiver, counter & 0xffff, 1)
    return 0


cdef int wireguard_parse(Look* look, Slice d) noexcept nogil:
    cdef u8 kind = kind_of(d)
    cdef State* s
    look.used = d.n
    if kind == 0:
        return PARSE_NOT_MINE if look.cold.facts == NULL else PARSE_OK
    if not has_state(look, sizeof(State)):
        return PARSE_DONE
    s = <State*>look.state[0]
    keep_u8(look, WG_TYPE, kind, 4)
    if kind == DATA:
        s.data += 1
        return PARSE_DONE if s.data >= DATA_SEEN else PARSE_OK
    s.data = 0
    if kind == INITIATION:
        set_initiator(look, True)
        fact_distinct(look, WG_INDEX, d.p + 4, 4, 4)
        asked(&s.waiting, le32(d.p + 4), look.ts)
    elif kind == RESPONSE:
        set_initiator(look, False)
        fact_distinct(look, WG_INDEX, d.p + 4, 4, 4)
        keep_latency(look, WG_LATENCY, &s.waiting, le32(d.p + 8))
    return PARSE_OK


cdef void wireguard_define(Proto* p) noexcept nogil:
    reads(p, "wireguard", ON_UDP, wireguard_detect, wireguard_parse)
    p.ports[0] = 51820
    memset(p.first + 1, 1, DATA)
    p.traits = TRAIT_OPAQUE
    p.free = free


# --- what the facts say ---

FACT_FIELDS = {}
TYPES = {1: "initiation", 2: "response", 3: "cookie", 4: "data"}


def describe(facts) -> dict:
    """The `wireguard` object."""
    known = by_key(facts)
    obj = {}
    listed(obj, "messages", known, WG_TYPE, named(TYPES, "type"))
    listed(obj, "indexes", known, WG_INDEX, lambda raw: f"0x{number(raw[::-1]):08x}")
    if obj.get("messages"):
        obj["handshake"] = "complete" if {"response", "data"} & set(obj["messages"]) else "begun"
    micros(obj, "latency_us", known, WG_LATENCY)
    return obj


def label(obj: dict) -> str:
    """One line for the flow."""
    return "WireGuard"
