"""STUN (RFC 8489, 5389), TURN (RFC 8656), and the classic kind without a cookie (RFC 3489).

Known by the magic cookie and a length that fits; the classic kind only when its attributes fit exactly, and those of an
answer are RFC 3489's but for few that came later. Over TCP messages follow one another, ChannelData between them, or
each has its length before it (RFC 4571), and RTP between them is named. Media and DTLS that share the ports are shown
to others (mux.pxd); what else comes is passed over until nothing new has come for a while.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport (u8, u16, u32, u64, Slice, Reader, be16, be32, be64, left, reader, take16,
                                        take_slice)
from netwatch._fast.flow.row cimport ST_STUN_ERROR, ST_STUN_INDICATION, ST_STUN_REQUEST, ST_STUN_RESPONSE
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, ON_UDP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_MORE, PARSE_NOT_MINE, PARSE_OK, fact_once, set_initiator, reads,
                                           has_state, last_said)
from netwatch._fast.proto.common.again cimport begins_again
from netwatch._fast.proto.common.learn cimport Waiting, asked, fact_distinct, keep_latency, keep_text, keep_u16
from netwatch._fast.proto.common.mux cimport MUX_STUN, mux_foreign, mux_met
from netwatch._fast.proto.common.describing import address, by_key, first, listed, micros, number, one_or_all, text

cdef enum:
    HEAD = 20                  # RFC 8489 section 5
    COOKIE = 0x2112a442
    FRONT = 2                  # RFC 4571 section 2
    CHANNEL_HEAD = 4           # RFC 8656 section 12.4
    CLASS_BITS = 0x0110
    REQUEST = 0x0000
    INDICATION = 0x0010
    SUCCESS = 0x0100
    FEW = 4
    IDLE = 256                 # units without a message before the flow is left alone
    ENOUGH = 512               # messages read in a flow
    RTP_HEAD = 12              # RFC 3550 section 5.1
    RTP_RUN = 3                # packets in a row that are no chance
    ATTR_MAPPED = 0x0001       # RFC 8489 section 18.3
    ATTR_USERNAME = 0x0006
    ATTR_ERROR = 0x0009
    ATTR_PEER = 0x0012         # RFC 8656 section 18
    ATTR_REALM = 0x0014
    ATTR_RELAYED = 0x0016
    ATTR_XOR_MAPPED = 0x0020
    ATTR_OLD_XOR_MAPPED = 0x8020
    ATTR_SOFTWARE = 0x8022

cdef struct Stun:
    Waiting waiting
    u16 messages
    u16 idle
    u16 sequence[2]            # of RTP over TCP, by side: its newest packet, of which stream
    u32 source[2]
    u8 run[2]                  # ... and how many follow one another
    u8 front                   # bytes of length before each message over TCP, RFC 4571 section 2


cdef bint known_method(u16 kind) noexcept nogil:
    """Binding, SharedSecret, and the TURN methods; the method's bits lie around those of the class."""
    cdef u16 method = <u16>((kind & 0x000f) | (kind >> 1 & 0x0070) | (kind >> 2 & 0x0f80))
    return 1 <= method <= 4 or 6 <= method <= 12


cdef bint classic(Slice d) noexcept nogil:
    """A whole RFC 3489 message: types of its section 11.1, lengths of its attributes, nothing left over."""
    cdef u16 kind = be16(d.p), code, size, known = 0, others = 0
    cdef Reader r
    if be16(d.p + 2) != d.n - HEAD or not (kind & 0x00ff == 1 or kind & 0x00ff == 2 or kind & 0x00ff == 0x11
                                           or kind & 0x00ff == 0x12) or kind >> 8 > 1 or kind == 0x0011:
        return False
    if not be32(d.p + 4) or not be32(d.p + 8) or not be32(d.p + 12) or not be32(d.p + 16):
        return False                   # no transaction id: 128 random bits have no such word
    r = reader(d.p + HEAD, d.n - HEAD)
    while left(&r):
        code = take16(&r)
        size = take16(&r)
        take_slice(&r, size)
        if r.bad or size % 4:
            return False
        if code == 0:
            return False
        if code > 0x000b and code != ATTR_OLD_XOR_MAPPED and code != ATTR_SOFTWARE:
            others += 1
        else:
            known += 1
        if (code == 1 or code == 2 or code == 4 or code == 5) and size != 8:
            return False
        if code == 3 and size != 4:
            return False
    return others <= known or kind == 0x0001


cdef bint with_cookie(const u8* p) noexcept nogil:
    """The 8 bytes that every message of today begins with are right."""
    return p[0] & 0xc0 == 0 and known_method(be16(p)) and p[3] & 3 == 0 and be32(p + 4) == COOKIE


cdef bint framed(const u8* p) noexcept nogil:
    """A message, and before it its length."""
    return with_cookie(p + FRONT) and be16(p) == HEAD + be16(p + FRONT + 2)


cdef int stun_detect(Look* look, Slice d) noexcept nogil:
    if look.datagram:
        if d.n < HEAD:
            return 0
        if with_cookie(d.p):
            return 98 if be16(d.p + 2) == d.n - HEAD else 80 if be16(d.p + 2) < d.n - HEAD else 0
        return 60 if classic(d) else 0
    if d.n < 8:
        return DETECT_MORE if d.n < 4 or d.p[3] & 3 == 0 and known_method(be16(d.p)) or known_method(be16(d.p + 2)) \
            else 0
    if with_cookie(d.p):
        return 98
    if d.n < FRONT + 8:
        return DETECT_MORE if known_method(be16(d.p + 2)) else 0
    return 98 if framed(d.p) else 0


cdef void keep_address(Look* look, u8 key, const u8* p, Slice v, bint xored) noexcept nogil:
    """Family, port, address (RFC 8489 section 14.1); the xored kind is covered with cookie and transaction id."""
    cdef u8 out[18]
    cdef u32 n, i
    if v.n < 8:
        return
    n = 4 if v.p[1] == 1 else 16 if v.p[1] == 2 else 0
    if n == 0 or v.n != 4 + n:
        return
    memcpy(out, v.p + 4, n)
    out[n] = v.p[2]
    out[n + 1] = v.p[3]
    if xored:
        for i in range(n):
            out[i] ^= p[4 + i]
        out[n] ^= p[4]
        out[n + 1] ^= p[5]
    fact_distinct(look, key, out, n + 2, FEW)


cdef void attribute(Look* look, const u8* p, u16 code, Slice v) noexcept nogil:
    cdef u8 error[2 + 128]
    cdef u32 n
    if code == ATTR_SOFTWARE:
        keep_text(look, STUN_SOFTWARE, v, 2)
    elif code == ATTR_USERNAME:
        keep_text(look, STUN_USERNAME, v, FEW)
    elif code == ATTR_REALM:
        keep_text(look, STUN_REALM, v, 2)
    elif code == ATTR_XOR_MAPPED or code == ATTR_OLD_XOR_MAPPED:
        keep_address(look, STUN_MAPPED, p, v, True)
    elif code == ATTR_MAPPED:
        keep_address(look, STUN_MAPPED, p, v, False)
    elif code == ATTR_RELAYED:
        keep_address(look, STUN_RELAYED, p, v, True)
    elif code == ATTR_PEER:
        keep_address(look, STUN_PEER, p, v, True)
    elif code == ATTR_ERROR and v.n >= 4:
        n = 2 + (v.n - 4 if v.n < 132 else 128)
        error[0] = <u8>(((v.p[2] & 7) * 100 + v.p[3]) >> 8)
        error[1] = <u8>(((v.p[2] & 7) * 100 + v.p[3]) & 0xff)
        memcpy(error + 2, v.p + 4, n - 2)
        fact_distinct(look, STUN_ERROR, error, n, FEW)


cdef void message(Look* look, Stun* s, const u8* p, u32 n) noexcept nogil:
    """One message of n bytes; attributes after one that does not fit are not read."""
    cdef u16 kind = be16(p), code, size
    cdef u64 id = be64(p + 12) ^ be64(p + 4)
    cdef Reader r = reader(p + HEAD, n - HEAD)
    cdef Slice v
    cdef u8 yes = 1
    s.messages += 1
    s.idle = 0
    mux_met(look, MUX_STUN)
    keep_u16(look, STUN_TYPE, kind, 8)
    if be32(p + 4) != COOKIE:
        fact_once(look, STUN_CLASSIC, &yes, 1)
    if kind & CLASS_BITS == REQUEST:
        set_initiator(look, True)
        last_said(look, ST_STUN_REQUEST)
        asked(&s.waiting, id, look.ts)
    elif kind & CLASS_BITS == INDICATION:
        last_said(look, ST_STUN_INDICATION)
    else:
        set_initiator(look, False)
        last_said(look, ST_STUN_RESPONSE if kind & CLASS_BITS == SUCCESS else ST_STUN_ERROR)
        keep_latency(look, STUN_RTT, &s.waiting, id)
    while left(&r):
        code = take16(&r)
        size = take16(&r)
        v = take_slice(&r, size)
        if r.bad:
            return
        attribute(look, p, code, v)
        take_slice(&r, -size & 3)


cdef int datagram(Look* look, Stun* s, Slice d) noexcept nogil:
    cdef bint whole = d.n >= HEAD and with_cookie(d.p) and be16(d.p + 2) <= d.n - HEAD
    if whole:
        message(look, s, d.p, HEAD + be16(d.p + 2))
    elif d.n >= HEAD and classic(d):
        message(look, s, d.p, d.n)
    elif s.messages == 0 or mux_foreign(look, d, MUX_STUN):
        look.used = 0
        return PARSE_NOT_MINE
    else:
        s.idle += 1
    return PARSE_DONE if s.idle >= IDLE or s.messages >= ENOUGH else PARSE_OK


cdef void media(Look* look, Stun* s, const u8* p, u32 n) noexcept nogil:
    """Is it RTP, packet after packet of one stream? Then the flow is media's too."""
    cdef int side = look.side
    cdef u8 yes = 1
    if n < RTP_HEAD or p[0] >> 6 != 2 or 192 <= p[1] <= 223:
        return
    if be32(p + 8) == s.source[side] and be16(p + 2) == <u16>(s.sequence[side] + 1):
        s.run[side] += s.run[side] < RTP_RUN
    else:
        s.run[side] = 0
    s.source[side] = be32(p + 8)
    s.sequence[side] = be16(p + 2)
    if s.run[side] == RTP_RUN:
        fact_once(look, STUN_MEDIA, &yes, 1)


cdef int each_framed(Look* look, Stun* s, Slice d) noexcept nogil:
    """Messages with their lengths before them; RTP among them is counted, all else passed over."""
    cdef u32 size
    while look.used < d.n:
        look.need = FRONT
        if d.n - look.used < FRONT:
            return PARSE_MORE
        size = be16(d.p + look.used)
        look.need = FRONT + size
        if d.n - look.used < FRONT + size:
            return PARSE_MORE
        look.used += FRONT
        s.idle += 1
        if size >= HEAD and with_cookie(d.p + look.used) and be16(d.p + look.used + 2) == size - HEAD:
            message(look, s, d.p + look.used, size)
        else:
            media(look, s, d.p + look.used, size)
        look.used += size
        look.need = 0
        if s.idle >= IDLE or s.messages >= ENOUGH:
            return PARSE_DONE
    return PARSE_OK


cdef int stun_parse(Look* look, Slice d) noexcept nogil:
    cdef Stun* s
    cdef u32 size
    if not has_state(look, sizeof(Stun)):
        return PARSE_DONE
    s = <Stun*>look.state[0]
    if look.datagram:
        look.used = d.n
        return datagram(look, s, d)
    if s.messages == 0 and s.idle == 0 and s.front == 0:
        if d.n < FRONT + 8:
            look.need = FRONT + 8
            return PARSE_MORE
        if framed(d.p):
            s.front = FRONT
    if s.front:
        return each_framed(look, s, d)
    while look.used < d.n:
        if d.n - look.used < 4:
            look.need = 4
            return PARSE_MORE
        size = be16(d.p + look.used + 2)
        if d.p[look.used] & 0xc0 == 0x40:
            size = CHANNEL_HEAD + ((size + 3) & ~<u32>3)
            s.idle += 1
            if s.idle >= IDLE:
                return PARSE_DONE
            if d.n - look.used <= size:
                look.skip = size - (d.n - look.used)
                look.used = d.n
                return PARSE_OK
            look.used += size
            continue
        if d.n - look.used < HEAD + size:
            if d.n - look.used >= 8 and not with_cookie(d.p + look.used):
                return PARSE_MALFORMED if s.messages else PARSE_NOT_MINE
            look.need = HEAD + size if d.n - look.used >= 8 else 8
            return PARSE_MORE
        if not with_cookie(d.p + look.used):
            return PARSE_MALFORMED if s.messages else PARSE_NOT_MINE
        message(look, s, d.p + look.used, HEAD + size)
        look.used += HEAD + size
        if s.messages >= ENOUGH:
            return PARSE_DONE
    return PARSE_OK


cdef int stun_resync(Look* look, Slice d) noexcept nogil:
    return begins_again(look, d, stun_detect)


cdef void stun_define(Proto* p) noexcept nogil:
    reads(p, "stun", ON_TCP | ON_UDP, stun_detect, stun_parse)
    memset(p.first, 1, 4)              # a length of up to 1 KiB before a message
    p.ports[0] = 3478
    p.resync = stun_resync
    p.free = free


# --- what the facts say ---

FACT_FIELDS = {}
DEPENDS = {"app_stack": (STUN_MEDIA,)}
METHODS = {1: "Binding", 2: "SharedSecret", 3: "Allocate", 4: "Refresh", 6: "Send", 7: "Data", 8: "CreatePermission",
           9: "ChannelBind", 10: "Connect", 11: "ConnectionBind", 12: "ConnectionAttempt"}
CLASSES = {0x000: "request", 0x010: "indication", 0x100: "success", 0x110: "error"}


def type_text(raw: bytes) -> str:
    """Method and class: "Binding request"."""
    kind = number(raw)
    method = kind & 0x0F | kind >> 1 & 0x70 | kind >> 2 & 0xF80
    return f"{METHODS.get(method) or f'method {method}'} {CLASSES[kind & CLASS_BITS]}"


def end_text(raw: bytes) -> str:
    host = address(raw[:-2])
    return f"[{host}]:{number(raw[-2:])}" if ":" in host else f"{host}:{number(raw[-2:])}"


def describe(facts) -> dict:
    """The `stun` object; `stack` names what follows the messages."""
    known = by_key(facts)
    obj = {}
    listed(obj, "messages", known, STUN_TYPE, type_text)
    one_or_all(obj, "software", known, STUN_SOFTWARE, lambda raw: text(raw.rstrip(b"\0 ")))
    one_or_all(obj, "username", known, STUN_USERNAME)
    one_or_all(obj, "realm", known, STUN_REALM)
    one_or_all(obj, "mapped", known, STUN_MAPPED, end_text)
    one_or_all(obj, "relayed", known, STUN_RELAYED, end_text)
    one_or_all(obj, "peer", known, STUN_PEER, end_text)
    one_or_all(obj, "error", known, STUN_ERROR, lambda raw: f"{number(raw[:2])} {text(raw[2:])}".strip())
    micros(obj, "rtt_us", known, STUN_RTT)
    if STUN_CLASSIC in known:
        obj["classic"] = True
    if STUN_MEDIA in known:
        obj["stack"] = ["rtp"]
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "STUN Binding request", "TURN Allocate request example.com"."""
    kinds = obj.get("messages", [])
    turn = any(not kind.startswith(("Binding", "SharedSecret")) for kind in kinds)
    who = first(obj.get("realm") or obj.get("software") or "")
    return " ".join(word for word in ("TURN" if turn else "STUN", *kinds[:1], who) if word)
