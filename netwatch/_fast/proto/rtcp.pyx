"""RTCP (RFC 3550 section 6; feedback RFC 4585, extended reports RFC 3611) over UDP.

A compound packet begins with a report and its parts fill the datagram exactly: that is believed at once, when two parts
or a report block agree; a sender's report alone when its clock is that of the frame. SRTCP (RFC 3711) shows only its
first 8 bytes: two datagrams of one source are needed there, or one of a source that RTP was seen of. What else shares
the ports is shown to others (mux.pxd), and RTP again and again, for it is the media.
"""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport (u8, u32, u64, i64, Slice, Reader, be16, be32, left, reader, slice_of, take8,
                                        take_slice)
from netwatch._fast.look.protocol cimport (Look, Proto, ON_UDP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK, fact_set, reads,
                                           has_state, learnt)
from netwatch._fast.proto.common.learn cimport (HINT_RTCP, Hint, fact_distinct, fact_stands, hint_of, hint_set,
                                                keep_text, keep_u8)
from netwatch._fast.proto.common.mux cimport MUX_RTCP, MUX_RTP, mux_foreign, mux_kind, mux_met, mux_was_met
from netwatch._fast.proto.rtp cimport RTP_SSRC
from netwatch._fast.proto.common.describing import by_key, first, listed, named, number, one_or_all

cdef enum:
    SR = 200                   # RFC 3550 section 12.1, RFC 4585, RFC 3611
    RR = 201
    SDES = 202
    BYE = 203
    APP = 204
    XR = 207
    HEAD = 8                   # header and SSRC
    SENDER = 20                # sender info of an SR
    BLOCK = 24                 # report block
    SDES_CNAME = 1
    SDES_TOOL = 6
    DAY = 86400                # s
    FEW = 4
    ENOUGH = 64

cdef u64 NTP_OF_UNIX = 2208988800   # seconds of NTP's era at the start of Unix time, RFC 5905 figure 4


cdef u32 part_size(const u8* p, u32 n) noexcept nogil:
    """Length of one packet; 0 when it is none (the counts inside it must fit)."""
    cdef u32 size, blocks = p[0] & 31 if n >= 4 else 0
    if n < 4 or p[0] >> 6 != 2 or not SR <= p[1] <= XR:
        return 0
    size = 4 + 4 * <u32>be16(p + 2)
    if (p[1] == SR and size < HEAD + SENDER + BLOCK * blocks) or (p[1] == RR and size < HEAD + BLOCK * blocks) or \
            (p[1] == BYE and size < 4 + 4 * blocks):
        return 0
    return size


cdef u32 compound(Slice d) noexcept nogil:
    """Number of packets when they fill the datagram, else 0."""
    cdef u32 at = 0, size, parts = 0
    while at < d.n:
        size = part_size(d.p + at, d.n - at)
        if size == 0 or size > d.n - at:
            return 0
        parts += 1
        at += size
    return parts


cdef bint of_the_day(Slice sender, u64 ts) noexcept nogil:
    """The NTP timestamp of a sender's report (section 6.4.1) is within a day of the frame's own time."""
    cdef i64 apart = <i64>be32(sender.p + HEAD) - <i64><u32>(ts / 1000000000 + NTP_OF_UNIX)
    return -DAY < apart < DAY


cdef int rtcp_detect(Look* look, Slice d) noexcept nogil:
    cdef u32 parts
    cdef Hint hint
    if d.n < HEAD or part_size(d.p, d.n) == 0 or part_size(d.p, d.n) > d.n or (d.p[1] != SR and d.p[1] != RR):
        return 0
    parts = compound(d)
    if parts >= 2 or (parts == 1 and d.p[0] & 31 and d.n > HEAD):
        return 90
    if be32(d.p + 4) == 0:
        return 0
    if parts == 1 and d.p[1] == SR and d.n == HEAD + SENDER and of_the_day(d, look.ts):
        return 80
    if look.conn != NULL and mux_was_met(look, MUX_RTP) and fact_stands(look.cold.facts, RTP_SSRC, d.p + 4, 4):
        return 88
    hint = hint_of(look.row, look.side)
    if hint.tag == HINT_RTCP and hint.id == be32(d.p + 4):
        return 80
    hint_set(look.row, look.side, HINT_RTCP, be32(d.p + 4), 0, 1)
    return 0


cdef void report(Look* look, Slice block) noexcept nogil:
    """A report block: fraction lost and jitter (RFC 3550 section 6.4.1)."""
    fact_set(look, RTCP_LOSS, block.p + 4, 1)
    fact_set(look, RTCP_JITTER, block.p + 12, 4)


cdef void sdes(Look* look, Slice v) noexcept nogil:
    """The items of the first chunk."""
    cdef Reader r
    cdef u8 item
    cdef Slice t
    if v.n < 4:
        return
    r = reader(v.p + 4, v.n - 4)
    while left(&r):
        item = take8(&r)
        if item == 0:
            return
        t = take_slice(&r, take8(&r))
        if r.bad:
            return
        if item == SDES_CNAME:
            keep_text(look, RTCP_CNAME, t, FEW)
        elif item == SDES_TOOL:
            keep_text(look, RTCP_TOOL, t, 2)


cdef void part(Look* look, Slice d) noexcept nogil:
    cdef u32 at, blocks = d.p[0] & 31
    keep_u8(look, RTCP_TYPE, d.p[1], 8)
    if d.n >= HEAD and d.p[1] != SDES and d.p[1] != BYE:
        fact_distinct(look, RTCP_SSRC, d.p + 4, 4, FEW)
    if d.p[1] == SR or d.p[1] == RR:
        at = HEAD + (SENDER if d.p[1] == SR else 0)
        if blocks and d.n >= at + BLOCK:
            report(look, slice_of(d.p + at, BLOCK))
    elif d.p[1] == SDES and blocks:
        sdes(look, slice_of(d.p + 4, d.n - 4))
    elif d.p[1] == BYE:
        at = 4 + 4 * blocks
        if d.n > at and d.n > at + d.p[at]:
            keep_text(look, RTCP_BYE, slice_of(d.p + at + 1, d.p[at]), 2)


cdef int rtcp_parse(Look* look, Slice d) noexcept nogil:
    cdef u32 at = 0, size
    cdef u32* seen
    cdef bint encrypted = compound(d) == 0
    look.used = d.n
    if mux_kind(d) == MUX_RTP or mux_foreign(look, d, MUX_RTCP):
        look.used = 0
        return PARSE_NOT_MINE
    if not has_state(look, sizeof(u32)):
        return PARSE_DONE
    seen = <u32*>look.state[0]
    seen[0] += 1
    while at < d.n:
        size = part_size(d.p + at, d.n - at)
        if size == 0 or size > d.n - at:
            break
        mux_met(look, MUX_RTCP)
        if encrypted:
            keep_u8(look, RTCP_TYPE, d.p[1], 8)
            fact_distinct(look, RTCP_SSRC, d.p + 4, 4, FEW)
            break
        part(look, slice_of(d.p + at, size))
        at += size
    if not learnt(look):
        return PARSE_NOT_MINE
    return PARSE_DONE if seen[0] >= ENOUGH else PARSE_OK


cdef void rtcp_define(Proto* p) noexcept nogil:
    reads(p, "rtcp", ON_UDP, rtcp_detect, rtcp_parse)
    memset(p.first + 0x80, 1, 0x40)
    p.free = free


# --- what the facts say ---

FACT_FIELDS = {}
TYPES = {200: "sender report", 201: "receiver report", 202: "source description", 203: "bye", 204: "app",
         205: "transport feedback", 206: "payload feedback", 207: "extended report"}


def describe(facts) -> dict:
    """The `rtcp` object; loss is a percentage, jitter in units of the media's clock."""
    known = by_key(facts)
    obj = {}
    listed(obj, "packets", known, RTCP_TYPE, named(TYPES, "type"))
    one_or_all(obj, "ssrc", known, RTCP_SSRC, lambda raw: f"0x{raw.hex()}")
    one_or_all(obj, "cname", known, RTCP_CNAME)
    one_or_all(obj, "tool", known, RTCP_TOOL)
    if RTCP_LOSS in known:
        obj["loss_percent"] = round(number(known[RTCP_LOSS][-1]) / 2.56, 1)
    if RTCP_JITTER in known:
        obj["jitter"] = number(known[RTCP_JITTER][-1])
    one_or_all(obj, "bye", known, RTCP_BYE)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "RTCP sender report alice@host"."""
    return " ".join(word for word in ("RTCP", *obj.get("packets", ())[:1], first(obj.get("cname", ""))) if word)
