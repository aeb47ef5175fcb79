"""NTP versions 1 to 4 (RFC 5905, 1305), its control messages (RFC 9327), and ntpd's private mode 7.

A packet is 48 bytes of numbers; on port 123 the fields must be possible, elsewhere they must be those of a client or
server of today. The answer repeats the request's transmit time: that pairs them.
"""
from libc.stdlib cimport free

from netwatch._fast.base.bytes cimport u8, u32, u64, Slice, be16, be32, be64
from netwatch._fast.flow.row cimport Row, ST_NTP_REQUEST, ST_NTP_RESPONSE
from netwatch._fast.look.protocol cimport (Look, Proto, ON_UDP, PARSE_DONE, PARSE_OK, fact_number, fact_set,
                                           set_initiator, reads, has_state, misfit, last_said)
from netwatch._fast.proto.common.learn cimport Waiting, answered, asked, fact_distinct, keep_u8
from netwatch._fast.proto.common.describing import (address, by_key, first, listed, micros, named, number, one_or_all,
                                                    text)

cdef enum:
    PORT = 123
    FULL = 48                  # RFC 5905 section 7.3
    CONTROL_HEAD = 12          # RFC 9327 section 2
    PRIVATE_HEAD = 8           # ntpd's ntp_request.h
    MODE_CLIENT = 3
    MODE_SERVER = 4
    MODE_CONTROL = 6
    MODE_PRIVATE = 7
    AT_REFID = 12
    AT_ORIGINATE = 24
    AT_RECEIVE = 32
    AT_TRANSMIT = 40
    ERA0_2000 = 3155673600     # s of 1900..2000


cdef u64 SECOND = 1000000000   # ns


cdef bint on_port(const Row* row) noexcept nogil:
    return row.pa == PORT or row.pb == PORT


cdef bint trailer_fits(u32 n) noexcept nogil:
    """Nothing, a MAC (RFC 5905 section 7.3: key and 0, 16 or 20 bytes), or extension fields, multiples of 4."""
    return n >= FULL and n % 4 == 0 and n <= 1024


cdef bint numbers_fit(Slice d) noexcept nogil:
    """Stratum, poll and precision are possible: 0..16, up to 2^17 s, from ns to a second; so are root delay and
    dispersion, under 256 s."""
    cdef u8 precision = d.p[3]
    if (d.p[4] != 0 and d.p[4] != 0xff) or d.p[8] != 0:
        return False
    return d.p[1] <= 16 and (d.p[2] <= 17 or d.p[2] >= 0xf0) and (precision == 0 or precision >= 0xd0 or precision < 8)


cdef bint private_fits(Slice d) noexcept nogil:
    """ntpdc's head: an implementation in use, an error that is one, and items that are there (a request has none)."""
    cdef u32 items = be16(d.p + 4) & 0x0fff, size = be16(d.p + 6) & 0x0fff
    return d.p[2] <= 3 and d.p[4] >> 4 <= 7 and d.p[6] >> 4 == 0 and items * size <= d.n - PRIVATE_HEAD


cdef int ntp_detect(Look* look, Slice d) noexcept nogil:
    cdef u8 mode, version
    if d.n < PRIVATE_HEAD:
        return 0
    mode = d.p[0] & 7
    version = d.p[0] >> 3 & 7
    if not on_port(look.row):
        if d.n != FULL or not numbers_fit(d) or version < 3 or version > 4:
            return 0
        if mode == MODE_SERVER:
            return 70 if 1 <= d.p[1] <= 15 and be32(d.p + AT_TRANSMIT) > ERA0_2000 and \
                be32(d.p + AT_RECEIVE) > ERA0_2000 else 0
        return 55 if mode == MODE_CLIENT and d.p[1] == 0 and be64(d.p + AT_RECEIVE) == 0 and \
            be32(d.p + AT_TRANSMIT) > ERA0_2000 else 0
    if version == 0 or version > 4:
        return 0
    if mode == MODE_PRIVATE:
        return 85 if version >= 2 and private_fits(d) else 0
    if mode == MODE_CONTROL:
        return 85 if d.n >= CONTROL_HEAD and be16(d.p + 10) <= d.n - CONTROL_HEAD else 0
    return 95 if 1 <= mode <= 5 and trailer_fits(d.n) and numbers_fit(d) else 0


cdef u64 hold_ns(const u8* p) noexcept nogil:
    """ns between receive and transmit time of an answer; 0 when they make no sense (over 10 s, or backwards)."""
    cdef u64 t2 = be64(p + AT_RECEIVE), t3 = be64(p + AT_TRANSMIT), diff
    if t3 < t2:
        return 0
    diff = t3 - t2
    if diff >> 32 > 10:
        return 0
    return (diff >> 32) * SECOND + (<u32>diff * SECOND >> 32)


cdef void answer(Look* look, const u8* p) noexcept nogil:
    """Stratum, reference and round trip of a server's packet."""
    cdef u8 ref[5]
    cdef u64 ns, hold = hold_ns(p)
    cdef int i
    ref[0] = p[1]
    for i in range(4):
        ref[1 + i] = p[AT_REFID + i]
    fact_set(look, NTP_STRATUM, p + 1, 1)
    fact_set(look, NTP_REFID, ref, 5)
    ns = answered(<Waiting*>look.state[0], be64(p + AT_ORIGINATE), look.ts)
    if ns:
        fact_number(look, NTP_RTT, ns - hold if hold < ns else ns)


cdef void begun_by(Look* look, bint request) noexcept nogil:
    set_initiator(look, request)
    last_said(look, ST_NTP_REQUEST if request else ST_NTP_RESPONSE)


cdef int ntp_parse(Look* look, Slice d) noexcept nogil:
    cdef u8 mode
    look.used = d.n
    if d.n < PRIVATE_HEAD or not 1 <= (d.p[0] >> 3 & 7) <= 4 or (d.p[0] & 7 < MODE_CONTROL and d.n < FULL):
        return misfit(look)
    if not has_state(look, sizeof(Waiting)):
        return PARSE_DONE
    mode = d.p[0] & 7
    keep_u8(look, NTP_VERSION, d.p[0] >> 3 & 7, 4)
    keep_u8(look, NTP_MODE, mode, 8)
    if mode == MODE_CLIENT:
        begun_by(look, True)
        asked(<Waiting*>look.state[0], be64(d.p + AT_TRANSMIT), look.ts)
    elif mode == MODE_SERVER:
        begun_by(look, False)
        answer(look, d.p)
    elif mode == MODE_CONTROL:
        begun_by(look, not d.p[1] & 0x80)
    elif mode == MODE_PRIVATE:
        begun_by(look, not d.p[0] & 0x80)
        fact_distinct(look, NTP_REQUEST, d.p + 2, 2, 4)
    elif d.p[1]:
        fact_set(look, NTP_STRATUM, d.p + 1, 1)
    return PARSE_OK


cdef void ntp_define(Proto* p) noexcept nogil:
    cdef int byte
    reads(p, "ntp", ON_UDP, ntp_detect, ntp_parse)
    for byte in range(256):
        p.first[byte] = 1 <= (byte >> 3 & 7) <= 4 and byte & 7 != 0
    p.ports[0] = 123
    p.free = free


# --- what the facts say ---

FACT_FIELDS = {}
MODES = {1: "symmetric active", 2: "symmetric passive", 3: "client", 4: "server", 5: "broadcast", 6: "control",
         7: "private"}


def reference(raw: bytes) -> str:
    """A clock's name at stratum 0 and 1, the upstream server's address (or a hash of it) above."""
    return text(raw[1:].rstrip(b"\0 ")) if raw[0] <= 1 else address(raw[1:])


def describe(facts) -> dict:
    """The `ntp` object."""
    known = by_key(facts)
    obj = {}
    one_or_all(obj, "version", known, NTP_VERSION, number)
    listed(obj, "modes", known, NTP_MODE, named(MODES, "mode"))
    for name, key, show in (("stratum", NTP_STRATUM, number), ("reference", NTP_REFID, reference)):
        if key in known and (value := show(known[key][-1])) != "":
            obj[name] = value
    micros(obj, "rtt_us", known, NTP_RTT)
    one_or_all(obj, "request", known, NTP_REQUEST, lambda raw: f"implementation {raw[0]} request {raw[1]}")
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "NTPv4 client, server"."""
    return f"NTPv{first(obj.get('version', ''))} {', '.join(obj.get('modes', ()))}".strip()
