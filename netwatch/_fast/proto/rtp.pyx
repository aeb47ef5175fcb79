"""RTP (RFC 3550; payload types RFC 3551) over UDP.

A header of two fixed bits is no proof: a side must send PROOF datagrams of one source (SSRC) and payload type whose
sequence numbers go up by little before the flow is called RTP. What was seen meanwhile is kept in the undecided flow's
row. Types 72 to 76 with the marker bit are RTCP (RFC 5761 section 4) and never RTP. What else shares the ports is shown
to others (mux.pxd).
"""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u16, u32, Slice, be16, be32
from netwatch._fast.look.protocol cimport (Look, Proto, ON_UDP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK, reads,
                                           has_state, learnt)
from netwatch._fast.proto.common.learn cimport HINT_RTP, Hint, fact_distinct, hint_of, hint_set, keep_u8
from netwatch._fast.proto.common.mux cimport MUX_RTP, mux_foreign, mux_met
from netwatch._fast.proto.common.describing import by_key, first, number, one_or_all

cdef enum:
    HEAD = 12                  # RFC 3550 section 5.1
    PROOF = 3
    STEP = 8                   # how far the sequence may jump between two datagrams
    RTCP_FIRST = 192           # second byte of RTCP, RFC 5761 section 4
    RTCP_LAST = 223
    FEW = 4
    ENOUGH = 128               # datagrams read of a flow


cdef u32 rtp_head(const u8* p, u32 n) noexcept nogil:
    """Length of header, sources and extension (RFC 3550 section 5.1, 5.3.1); 0 when it is none or leaves no payload."""
    cdef u32 size
    if n <= HEAD or p[0] >> 6 != 2 or RTCP_FIRST <= p[1] <= RTCP_LAST or be32(p + 8) == 0:
        return 0
    size = HEAD + 4 * (p[0] & 15)
    if p[0] & 0x10:
        if n < size + 4:
            return 0
        size += 4 + 4 * be16(p + size + 2)
    if size >= n:
        return 0
    if p[0] & 0x20 and (p[n - 1] == 0 or size + p[n - 1] > n):
        return 0
    return size


cdef bint assigned(u8 kind) noexcept nogil:
    """Payload types of RFC 3551 section 6 that are in use, and the dynamic ones."""
    return kind <= 18 or 25 <= kind <= 34 or 96 <= kind


cdef inline bint is_length(u16 seq, u32 n) noexcept nogil:
    """The two bytes say how long the datagram is, with or without the head before them: another protocol's."""
    return seq == n or seq + 2 == n or seq + 4 == n


cdef int rtp_detect(Look* look, Slice d) noexcept nogil:
    cdef Hint hint
    cdef u16 seq, step
    cdef u32 id
    if rtp_head(d.p, d.n) == 0 or not assigned(d.p[1] & 0x7f):
        return 0
    seq = be16(d.p + 2)
    if is_length(seq, d.n):
        return 0
    # one word for both; a source keeps its payload type while it is being judged
    id = be32(d.p + 8) ^ <u32>(d.p[1] & 0x7f) << 16
    hint = hint_of(look.row, look.side)
    step = seq - hint.seq
    if hint.tag == HINT_RTP and hint.id == id:
        if step == 0:
            return 0
        if step <= STEP:
            if hint.count + 1 >= PROOF:
                return 88
            hint_set(look.row, look.side, HINT_RTP, id, seq, hint.count + 1)
            return 0
    hint_set(look.row, look.side, HINT_RTP, id, seq, 1)
    return 0


cdef int rtp_parse(Look* look, Slice d) noexcept nogil:
    cdef u32 size = rtp_head(d.p, d.n), i
    cdef u32* seen
    look.used = d.n
    if not has_state(look, sizeof(u32)):
        return PARSE_DONE
    seen = <u32*>look.state[0]
    seen[0] += 1
    if size:
        mux_met(look, MUX_RTP)
        fact_distinct(look, RTP_SSRC, d.p + 8, 4, FEW)
        keep_u8(look, RTP_TYPE, d.p[1] & 0x7f, FEW)
        for i in range(d.p[0] & 15):
            fact_distinct(look, RTP_CSRC, d.p + HEAD + 4 * i, 4, FEW)
    elif not learnt(look) or mux_foreign(look, d, MUX_RTP):
        look.used = 0
        return PARSE_NOT_MINE
    return PARSE_DONE if seen[0] >= ENOUGH else PARSE_OK


cdef void rtp_define(Proto* p) noexcept nogil:
    reads(p, "rtp", ON_UDP, rtp_detect, rtp_parse)
    memset(p.first + 0x80, 1, 0x40)
    p.free = free


# --- what the facts say ---

FACT_FIELDS = {}
TYPES = {0: "PCMU", 3: "GSM", 4: "G723", 5: "DVI4", 6: "DVI4", 7: "LPC", 8: "PCMA", 9: "G722", 10: "L16", 11: "L16",
         12: "QCELP", 13: "CN", 14: "MPA", 15: "G728", 16: "DVI4", 17: "DVI4", 18: "G729", 25: "CelB", 26: "JPEG",
         28: "nv", 31: "H261", 32: "MPV", 33: "MP2T", 34: "H263"}


def source(raw: bytes) -> str:
    return f"0x{raw.hex()}"


def describe(facts) -> dict:
    """The `rtp` object; two directions have two sources."""
    known = by_key(facts)
    obj = {}
    one_or_all(obj, "ssrc", known, RTP_SSRC, source)
    one_or_all(obj, "csrc", known, RTP_CSRC, source)
    one_or_all(obj, "payload_type", known, RTP_TYPE, number)
    one_or_all(obj, "codec", known, RTP_TYPE, lambda raw: TYPES.get(number(raw)) or "dynamic")
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "RTP PCMU"."""
    return " ".join(word for word in ("RTP", first(obj.get("codec", ""))) if word)
