"""Community ID version 1: the same hash of a flow's ends in every program (the Community ID specification, seed 0)."""
from ipaddress import ip_address

from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.string cimport memcmp, memcpy

from netwatch._fast.base.bytes cimport u8, u16, u32
from netwatch._fast.flow.icmp cimport is_icmp
from netwatch._fast.flow.row cimport Row
from netwatch._fast.wire.packet cimport (FAMILY_IP4, FAMILY_IP6, PROTO_ICMP, PROTO_ICMP6, PROTO_SCTP, PROTO_TCP,
                                         PROTO_UDP)

cdef extern from "openssl/sha.h" nogil:
    unsigned char* SHA1(const unsigned char* data, size_t n, unsigned char* digest)

cdef enum:
    NO_ANSWER = 255
    MOST = 40                  # octets of what is hashed: seed, two addresses, protocol, padding, two ports
    TEXT = 30                  # characters of an identifier
    ECHO_REQUEST = 8           # RFC 792
    ECHO6_REQUEST = 128        # RFC 4443

PROTOCOLS = {"icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "icmp6": 58, "ospf": 89,
             "pim": 103, "sctp": 132, "dccp": 33, "udplite": 136}
# type of a question and of its answer, either way: RFC 792, 950, 1256; RFC 4443, 4861, 2710, 4620
PAIRS = ((8, 0), (13, 14), (15, 16), (17, 18), (10, 9))
PAIRS6 = ((128, 129), (133, 134), (135, 136), (130, 131), (144, 145), (139, 140))

cdef const char* BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
cdef u8[256] ANSWERS
cdef u8[256] ANSWERS6


cdef void pair_up():
    cdef int i
    for i in range(256):
        ANSWERS[i] = ANSWERS6[i] = NO_ANSWER
    for a, b in PAIRS:
        ANSWERS[<int>a], ANSWERS[<int>b] = b, a
    for a, b in PAIRS6:
        ANSWERS6[<int>a], ANSWERS6[<int>b] = b, a


pair_up()


cdef void base64_of(const u8* digest, char* to) noexcept nogil:
    """28 characters of 20 octets (RFC 4648 section 4)."""
    cdef u32 three
    cdef int i, k
    for i in range(7):
        three = <u32>digest[3 * i] << 16 | <u32>digest[3 * i + 1] << 8 | (digest[3 * i + 2] if i < 6 else 0)
        for k in range(4):
            to[4 * i + k] = BASE64[three >> (18 - 6 * k) & 63]
    to[27] = c'='


cdef object digest(u8 proto, const u8* src, const u8* dst, int size, u16 sport, u16 dport, bint one_way):
    """Of addresses of `size` bytes. `one_way`: the ends have an order, which stays."""
    cdef u8[MOST] data
    cdef u8[20] hashed
    cdef char[TEXT] text
    cdef int n = 2 * size + 4
    cdef int order = 0 if one_way else memcmp(src, dst, size)
    if order > 0 or (order == 0 and dport < sport and not one_way):
        src, dst, sport, dport = dst, src, dport, sport
    data[0] = data[1] = 0                          # the seed
    memcpy(&data[2], src, size)
    memcpy(&data[2 + size], dst, size)
    data[n - 2], data[n - 1] = proto, 0
    if proto in (PROTO_TCP, PROTO_UDP, PROTO_SCTP, PROTO_ICMP, PROTO_ICMP6):
        data[n], data[n + 1], data[n + 2], data[n + 3] = sport >> 8, sport & 255, dport >> 8, dport & 255
        n += 4
    if SHA1(data, n, hashed) == NULL:
        raise RuntimeError("libcrypto has no SHA-1")
    text[0], text[1] = c'1', c':'
    base64_of(hashed, text + 2)
    return PyUnicode_DecodeASCII(text, TEXT, NULL)


cdef object of_icmp(u8 proto, const u8* src, const u8* dst, int size, u8 kind, u8 code):
    """What stands for the ports: the type and its answer's, else the type and the code, which have one direction."""
    cdef u8 answer = ANSWERS[kind] if proto == PROTO_ICMP else ANSWERS6[kind]
    return digest(proto, src, dst, size, kind, code if answer == NO_ANSWER else answer, answer == NO_ANSWER)


cdef object of_row(const Row* row, int out):
    """That of a flow whose initiator is side `out`. None where there is none: without IP addresses, or of fragments
    whose ports nobody saw."""
    cdef int size = 4 if row.family == FAMILY_IP4 else 16 if row.family == FAMILY_IP6 else 0
    cdef const u8* src = &row.b[0] if out else &row.a[0]
    cdef const u8* dst = &row.a[0] if out else &row.b[0]
    cdef u16 proto = row.proto
    if size == 0 or proto > 255:
        return None
    if is_icmp(row):
        if row.pa:
            return of_icmp(<u8>proto, src, dst, size, ECHO_REQUEST if proto == PROTO_ICMP else ECHO6_REQUEST, 0)
        return of_icmp(<u8>proto, src, dst, size, <u8>(row.tcp >> 8), <u8>(row.tcp & 255))
    if proto in (PROTO_TCP, PROTO_UDP, PROTO_SCTP) and not (row.pa or row.pb):
        return None
    return digest(<u8>proto, src, dst, size, row.pb if out else row.pa, row.pa if out else row.pb, False)


def community_id(flow: Record) -> str | None:
    """That of a flow's record; of one that was kept without it, it is made. None where there is none."""
    if "community_id" in flow:
        return flow["community_id"]
    proto = flow.get("proto", "")
    try:
        src, dst = (ip_address(flow[key]).packed for key in ("src", "dst"))
        number = PROTOCOLS[proto]
    except (KeyError, ValueError):
        return None
    if len(src) != len(dst):
        return None
    if number in (PROTO_ICMP, PROTO_ICMP6):
        icmp = flow.get("icmp", {})             # one with an `id` is of echoes
        kind = icmp.get("type", ECHO_REQUEST if number == PROTO_ICMP else ECHO6_REQUEST)
        return of_icmp(number, src, dst, len(src), kind & 255, icmp.get("code", 0) & 255)
    return digest(number, src, dst, len(src), flow.get("sport", 0), flow.get("dport", 0), False)
