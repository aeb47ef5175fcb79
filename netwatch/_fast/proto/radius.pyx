"""RADIUS (RFC 2865), its accounting (RFC 2866), status (RFC 5997) and dynamic authorization (RFC 5176) over UDP.

Known by a length that fits exactly and attributes that fill it; on its ports also when cut or broken further on.
Passwords are never kept: on the wire they are hidden already, and what hides them is of no use here.
"""
from libc.stdlib cimport free

from netwatch._fast.base.bytes cimport u8, u32, Slice, Reader, be16, left, reader, slice_of, take8, take_slice
from netwatch._fast.flow.row cimport Row, ST_RADIUS_REQUEST, ST_RADIUS_RESPONSE
from netwatch._fast.look.protocol cimport (Look, Proto, ON_UDP, PARSE_DONE, PARSE_OK, set_initiator, reads, has_state,
                                           misfit, last_said)
from netwatch._fast.proto.common.learn cimport Waiting, asked, keep_latency, keep_text, keep_u8
from netwatch._fast.proto.common.describing import address, by_key, first, listed, micros, named, one_or_all

cdef enum:
    HEAD = 20                  # RFC 2865 section 3
    MOST = 4096
    FEW = 8
    ATTR_USER = 1              # RFC 2865 section 5
    ATTR_NAS_IP = 4
    ATTR_FRAMED_IP = 8
    ATTR_REPLY = 18
    ATTR_CALLED = 30
    ATTR_CALLING = 31
    ATTR_NAS = 32
    ATTR_STATUS = 40           # RFC 2866 section 5
    ATTR_SESSION = 44


cdef bint known_code(u8 code) noexcept nogil:
    return 1 <= code <= 5 or 11 <= code <= 13 or 40 <= code <= 45


cdef bint on_port(const Row* row) noexcept nogil:
    return is_port(row.pa) or is_port(row.pb)


cdef bint is_port(u32 port) noexcept nogil:
    return port == 1812 or port == 1813 or port == 1645 or port == 1646 or port == 3799 or port == 1700


cdef bint head(Slice d) noexcept nogil:
    return d.n >= HEAD and known_code(d.p[0]) and HEAD <= be16(d.p + 2) <= MOST


cdef u32 body(Slice d) noexcept nogil:
    """Bytes of attributes that are there."""
    return (be16(d.p + 2) if be16(d.p + 2) < d.n else d.n) - HEAD


cdef u32 attributes(Slice d, bint* whole) noexcept nogil:
    """How many attributes fit; `whole` when they fill the packet."""
    cdef Reader r = reader(d.p + HEAD, body(d))
    cdef u32 count = 0, size
    whole[0] = True
    while left(&r):
        take8(&r)
        size = take8(&r)
        if size >= 2:
            take_slice(&r, size - 2)
        if r.bad or size < 2:
            whole[0] = False
            return count
        count += 1
    return count


cdef bint begins_usually(u8 attribute) noexcept nogil:
    """User-Name, NAS address, port and identifier, Service-Type, Framed-Protocol, Proxy-State, the stations' numbers,
    accounting status and session, EAP and its authenticator (RFC 2865, 2866, 2869)."""
    return attribute <= 8 or 30 <= attribute <= 33 or attribute == 40 or attribute == 44 or 79 <= attribute <= 80


cdef int radius_detect(Look* look, Slice d) noexcept nogil:
    cdef bint whole
    cdef u32 count
    if not head(d):
        return 0
    count = attributes(d, &whole)
    if on_port(look.row):
        return 95 if whole and be16(d.p + 2) <= d.n else 75 if count >= 2 and begins_usually(d.p[HEAD]) else 0
    return 75 if whole and count >= 2 and be16(d.p + 2) == d.n else 0


cdef void attribute(Look* look, u8 code, Slice v) noexcept nogil:
    if code == ATTR_USER:
        keep_text(look, RADIUS_USER, v, FEW)
    elif code == ATTR_NAS:
        keep_text(look, RADIUS_NAS, v, 2)
    elif code == ATTR_NAS_IP and v.n == 4:
        keep_text(look, RADIUS_NAS_IP, v, 2)
    elif code == ATTR_CALLING:
        keep_text(look, RADIUS_CALLING, v, 2)
    elif code == ATTR_CALLED:
        keep_text(look, RADIUS_CALLED, v, 2)
    elif code == ATTR_FRAMED_IP and v.n == 4:
        keep_text(look, RADIUS_FRAMED_IP, v, 2)
    elif code == ATTR_REPLY:
        keep_text(look, RADIUS_REPLY, v, 2)
    elif code == ATTR_STATUS and v.n == 4:
        keep_text(look, RADIUS_STATUS, v, 4)
    elif code == ATTR_SESSION:
        keep_text(look, RADIUS_SESSION, v, 2)


cdef bint is_request(u8 code) noexcept nogil:
    return code == 1 or code == 4 or code == 12 or code == 40 or code == 43


cdef int radius_parse(Look* look, Slice d) noexcept nogil:
    cdef Reader r
    cdef u8 code, size
    cdef Slice v
    look.used = d.n
    if not head(d):
        return misfit(look)
    if not has_state(look, sizeof(Waiting)):
        return PARSE_DONE
    keep_u8(look, RADIUS_CODE, d.p[0], FEW)
    set_initiator(look, is_request(d.p[0]))
    last_said(look, ST_RADIUS_REQUEST if is_request(d.p[0]) else ST_RADIUS_RESPONSE)
    if is_request(d.p[0]):
        asked(<Waiting*>look.state[0], d.p[1], look.ts)
    else:
        keep_latency(look, RADIUS_LATENCY, <Waiting*>look.state[0], d.p[1])
    r = reader(d.p + HEAD, body(d))
    while left(&r):
        code = take8(&r)
        size = take8(&r)
        v = take_slice(&r, size - 2) if size >= 2 else slice_of(NULL, 0)
        if r.bad or size < 2:
            look.dpi.malformed[look.proto] += 1
            break
        attribute(look, code, v)
    return PARSE_OK


cdef void radius_define(Proto* p) noexcept nogil:
    cdef int byte
    reads(p, "radius", ON_UDP, radius_detect, radius_parse)
    for byte in range(256):
        p.first[byte] = known_code(<u8>byte)
    p.ports[0] = 1812
    p.ports[1] = 1813
    p.ports[2] = 3799          # RFC 5176
    p.ports[3] = 1645          # before RFC 2865
    p.free = free


# --- what the facts say ---

FACT_FIELDS = {}
CODES = {1: "Access-Request", 2: "Access-Accept", 3: "Access-Reject", 4: "Accounting-Request",
         5: "Accounting-Response", 11: "Access-Challenge", 12: "Status-Server", 13: "Status-Client",
         40: "Disconnect-Request", 41: "Disconnect-ACK", 42: "Disconnect-NAK", 43: "CoA-Request", 44: "CoA-ACK",
         45: "CoA-NAK"}
STATUSES = {1: "Start", 2: "Stop", 3: "Interim-Update", 7: "Accounting-On", 8: "Accounting-Off"}


def describe(facts) -> dict:
    """The `radius` object."""
    known = by_key(facts)
    obj = {}
    listed(obj, "codes", known, RADIUS_CODE, named(CODES, "code"))
    one_or_all(obj, "user", known, RADIUS_USER)
    one_or_all(obj, "nas", known, RADIUS_NAS)
    one_or_all(obj, "nas_ip", known, RADIUS_NAS_IP, address)
    one_or_all(obj, "calling_station", known, RADIUS_CALLING)
    one_or_all(obj, "called_station", known, RADIUS_CALLED)
    one_or_all(obj, "framed_ip", known, RADIUS_FRAMED_IP, address)
    one_or_all(obj, "reply", known, RADIUS_REPLY)
    one_or_all(obj, "accounting", known, RADIUS_STATUS, named(STATUSES, "status"))
    one_or_all(obj, "session", known, RADIUS_SESSION)
    micros(obj, "latency_us", known, RADIUS_LATENCY)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "RADIUS Access-Accept alice"."""
    return " ".join(word for word in ("RADIUS", obj.get("codes", [""])[-1], first(obj.get("user", ""))) if word)
