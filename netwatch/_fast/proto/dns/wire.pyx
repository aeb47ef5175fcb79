"""DNS over UDP and TCP (RFC 1035, 7766), mDNS (RFC 6762) and LLMNR (RFC 4795): the flow's side of it.

Plain DNS is known by content on any port, with less proof needed on port 53; mDNS and LLMNR only on their ports. Every
message is walked to its end before anything of it is believed. NetBIOS names (port 137) look alike and are not read.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice, be16
from netwatch._fast.flow.row cimport Row, ST_DNS_QUERY, ST_DNS_RESPONSE
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, EV_DNS, EV_NAMES, ON_TCP, ON_UDP, PARSE_DONE,
                                           PARSE_MALFORMED, PARSE_MORE, PARSE_NOT_MINE, PARSE_OK, event,
                                           fact_number, fact_once, dns_counted, fact_set, set_initiator, verdict_only,
                                           wants)
from netwatch._fast.proto.common.again cimport begins_again
from netwatch._fast.proto.common.learn cimport fact_distinct, keep_distinct
from netwatch._fast.proto.dns.asked cimport Dns, latency, remember, state_of
from netwatch._fast.proto.dns.naming cimport dns_names
from netwatch._fast.base.domain cimport NAME_TEXT, name_end, name_text
from netwatch._fast.proto.dns.message cimport (DNS_HEAD, DnsHead, DnsRecord, dns_head, message_end, next_record,
                                               question_hash)

cdef enum:
    PORT_DNS = 53
    PORT_NETBIOS = 137
    PORT_MDNS = 5353
    PORT_LLMNR = 5355
    FLAG_RESPONSE = 0x8000
    LAST_RCODE = 11            # NOTZONE and DSOTYPENI, IANA "DNS RCODEs"
    MAX_FACT_NAMES = 8
    MAX_FACT_ANSWERS = 8
    BAD_AT_FIRST = 4           # broken datagrams before a flow without a good one is given back

cdef enum:                     # types with a compact answer, IANA "DNS RR TYPEs"
    TYPE_A = 1
    TYPE_NS = 2
    TYPE_CNAME = 5
    TYPE_PTR = 12
    TYPE_SRV = 33
    TYPE_AAAA = 28

# --- detection ---

cdef inline bint on_port(const Row* row, u16 port) noexcept nogil:
    return row.pa == port or row.pb == port

cdef bint plausible_head(DnsHead* h) noexcept nogil:
    """Opcode, counts and the reserved bit can be those of a message (RFC 1035 section 4.1.1, RFC 2136, 8490)."""
    cdef u16 opcode = (h.flags >> 11) & 15
    if opcode > 6 or opcode == 3:
        return False
    if not h.flags & FLAG_RESPONSE and opcode == 0 and h.flags & 0x000f:
        return False
    if (h.count[0] | h.count[1] | h.count[2] | h.count[3]) == 0:
        return opcode == 6 or refusal(h)       # none in a DSO, RFC 8490 section 5.4
    return opcode != 6


cdef inline bint refusal(const DnsHead* h) noexcept nogil:
    """A response that repeats nothing, not even the question, but says what was wrong with it."""
    return h.flags & FLAG_RESPONSE and 0 < h.flags & 15 <= LAST_RCODE and h.flags & 0x0240 == 0


cdef bint known_question(const u8* p, u32 n, u16 mask) noexcept nogil:
    """The first question's class, without what the mask drops (RFC 6762 section 5.4), and type are assigned ones."""
    cdef u32 end = name_end(p, n, DNS_HEAD)
    cdef u16 kind, cls
    if end == 0 or end + 4 > n:
        return False
    kind = be16(p + end)
    cls = be16(p + end + 2) & mask
    if not (cls == 1 or cls == 3 or cls == 4 or cls == 254 or cls == 255):
        return False
    return 0 < kind <= 109 or 248 <= kind <= 264 or kind == 32768 or kind == 32769


cdef int judge(const Row* row, const u8* p, u32 n) noexcept nogil:
    """How sure one whole message makes us."""
    cdef DnsHead h
    cdef u32 end
    if n < DNS_HEAD:
        return 0
    h = dns_head(p)
    if not plausible_head(&h):
        return 0
    end = message_end(p, n)
    if end == DNS_HEAD and (h.flags >> 11) & 15 != 6:
        if n == DNS_HEAD and refusal(&h) and on_port(row, PORT_DNS):
            return 70
        return 0                       # said to be truncated, and nothing but a head: noise is, too
    if on_port(row, PORT_DNS):
        if end:
            return 98 if end == n else 90
        return 80 if h.count[0] == 1 and known_question(p, n, 0xffff) else 0
    if end != n or h.count[0] != 1 or h.flags & 0x0040 or not known_question(p, n, 0xffff):
        return 0
    if h.flags & FLAG_RESPONSE == 0 and (h.count[1] or h.count[2]) and (h.flags >> 11) & 15 == 0:
        return 0
    return 85


cdef bint other_port(const Row* row) noexcept nogil:
    """A port whose messages look like DNS and are not."""
    if on_port(row, PORT_DNS):
        return False
    return on_port(row, PORT_MDNS) or on_port(row, PORT_LLMNR) or on_port(row, PORT_NETBIOS)


cdef int dns_detect(Look* look, Slice data) noexcept nogil:
    if look.datagram:
        return 0 if other_port(look.row) else judge(look.row, data.p, data.n)
    if on_port(look.row, PORT_LLMNR) and not on_port(look.row, PORT_DNS):
        return 0
    return detect_stream(look, data)


cdef int detect_stream(Look* look, Slice data) noexcept nogil:
    """Over TCP each message has its length before it (RFC 1035 section 4.2.2, RFC 4795 section 2.4)."""
    cdef u32 size
    cdef DnsHead h
    if data.n < 2:
        return DETECT_MORE
    size = be16(data.p)
    if size < DNS_HEAD + 5 and not (size == DNS_HEAD and on_port(look.row, PORT_DNS)):
        return 0
    if data.n >= 2 + size:
        return judge(look.row, data.p + 2, size)
    if data.n < 2 + DNS_HEAD:
        return DETECT_MORE
    h = dns_head(data.p + 2)
    if not plausible_head(&h) or h.count[0] > 1 or h.flags & 0x0040:
        return 0
    if not known_question(data.p + 2, data.n - 2, 0xffff):
        return DETECT_MORE if data.n < 64 else 0
    if on_port(look.row, PORT_DNS):
        return 90
    return 75 if h.flags & FLAG_RESPONSE and h.count[0] == 1 else DETECT_MORE if data.n < 64 else 0


cdef int detect_local(Look* look, Slice data, u16 port) noexcept nogil:
    """mDNS and LLMNR: on their port and whole."""
    cdef DnsHead h
    if not on_port(look.row, port) or on_port(look.row, PORT_DNS) or data.n < DNS_HEAD:
        return 0
    h = dns_head(data.p)
    if (h.flags >> 11) & 15 or not plausible_head(&h):
        return 0
    if data.n > DNS_HEAD and message_end(data.p, data.n) == data.n:
        return 98
    return 80 if 0 < h.count[0] <= 64 and known_question(data.p, data.n, 0x7fff) else 0


cdef int mdns_detect(Look* look, Slice data) noexcept nogil:
    return detect_local(look, data, PORT_MDNS)


cdef int llmnr_detect(Look* look, Slice data) noexcept nogil:
    if look.datagram:
        return detect_local(look, data, PORT_LLMNR)
    return detect_stream(look, data) if on_port(look.row, PORT_LLMNR) and not on_port(look.row, PORT_DNS) else 0


# --- what a message says ---

cdef void learn_questions(Look* look, const u8* p, u32 n, u16 count, bint known, u32* at) noexcept nogil:
    """Pass over the questions, and keep the first names and types unless their query has given them."""
    cdef DnsRecord r
    cdef char text[NAME_TEXT]
    cdef u8 kind[2]
    cdef int _i, size
    for _i in range(count):
        if not next_record(p, n, at, True, &r):
            return
        size = 0 if known else name_text(p, n, r.name, text)
        if size <= 0:
            continue
        fact_distinct(look, DNS_NAME, <const u8*>text, <u32>size, MAX_FACT_NAMES)
        kind[0] = <u8>(r.kind >> 8)
        kind[1] = <u8>(r.kind & 0xff)
        fact_distinct(look, DNS_TYPE, kind, 2, MAX_FACT_NAMES)


cdef void learn_answers(Look* look, const u8* p, u32 n, u16 count, u32 at) noexcept nogil:
    """Keep the first answers: addresses, and names for CNAME, NS, PTR and SRV."""
    cdef DnsRecord r
    cdef u8 packed[NAME_TEXT + 2]
    cdef int _i, size
    for _i in range(count):
        if not next_record(p, n, &at, False, &r):
            return
        size = 0
        if (r.kind == TYPE_A and r.size == 4) or (r.kind == TYPE_AAAA and r.size == 16):
            size = r.size
            memcpy(packed + 2, p + r.data, r.size)
        elif r.kind == TYPE_CNAME or r.kind == TYPE_PTR or r.kind == TYPE_NS:
            size = name_text(p, r.data + r.size, r.data, <char*>packed + 2)
        elif r.kind == TYPE_SRV and r.size > 6:
            size = name_text(p, r.data + r.size, r.data + 6, <char*>packed + 2)
        if size <= 0:
            continue
        packed[0] = <u8>(r.kind >> 8)
        packed[1] = <u8>(r.kind & 0xff)
        keep_distinct(look, DNS_ANSWER, packed, 2 + (size if size <= 255 else 255), MAX_FACT_ANSWERS)


cdef void dns_report(Look* look, u8 over, u64 ns, const u8* p, u32 n) noexcept nogil:
    """EV_DNS: latency in ns (8 bytes, 0 unknown), transport (8 bytes, the first counts), the raw message."""
    cdef u8* room = event(look, EV_DNS, over, 16 + n) if wants(look, EV_DNS) else NULL
    if room != NULL:
        memcpy(room, &ns, 8)
        memset(room + 8, 0, 8)
        room[8] = over
        memcpy(room + 16, p, n)


cdef void learn_rcodes(Look* look, Dns* dns, u8 rcode) noexcept nogil:
    """All that responses had."""
    cdef u16 before = dns.rcodes
    cdef u8 packed[2]
    dns.rcodes |= <u16>(1 << rcode)
    if dns.rcodes != before:
        packed[0] = <u8>(dns.rcodes >> 8)
        packed[1] = <u8>(dns.rcodes & 255)
        fact_set(look, DNS_RCODES, packed, 2)


cdef void learn(Look* look, Dns* dns, u8 over, const u8* p, u32 n) noexcept nogil:
    """A message whose header stands: facts, state, event."""
    cdef DnsHead h = dns_head(p)
    cdef bint response = (h.flags & FLAG_RESPONSE) != 0
    cdef u32 at = DNS_HEAD
    cdef u64 ns = 0, hash
    cdef u8 rcode[2]
    fact_once(look, DNS_TRANSPORT, &over, 1)
    dns.counts[response] += 1
    fact_set(look, DNS_COUNTS, <const u8*>dns.counts, 8)
    if over != OVER_MDNS:
        set_initiator(look, not response)
        hash = question_hash(p, n, h.id)
        if response:
            ns = latency(look, dns, hash)
        else:
            remember(look, hash)
            dns = <Dns*>look.state[0]
    learn_questions(look, p, n, h.count[0], ns != 0, &at)
    if response:
        learn_answers(look, p, n, h.count[1], at)
        rcode[0] = 0
        rcode[1] = <u8>(h.flags & 15)
        fact_set(look, DNS_RCODE, rcode, 2)
        learn_rcodes(look, dns, rcode[1])
        if ns:
            fact_number(look, DNS_LATENCY, ns)
    if look.datagram:
        look.row.state = ST_DNS_RESPONSE if response else ST_DNS_QUERY
    if over == OVER_UDP or over == OVER_TCP:
        dns_counted(look, response, ns)
    dns_report(look, over, ns, p, n)
    dns_names(look, over, p, n)


cdef bint readable(const u8* p, u32 n) noexcept nogil:
    """Whole, or at least a header and a whole first question."""
    cdef DnsHead h
    cdef DnsRecord r
    cdef u32 at = DNS_HEAD
    if n < DNS_HEAD:
        return False
    h = dns_head(p)
    if not plausible_head(&h):
        return False
    return message_end(p, n) or (h.count[0] and next_record(p, n, &at, True, &r))


cdef int judge_datagram(Look* look, Slice data, u8 over) noexcept nogil:
    """What parse_datagram does to the flow's name and state, without memory. What was detected has been readable."""
    cdef bint response
    if not readable(data.p, data.n):
        look.dpi.malformed[look.proto] += 1
        return PARSE_OK
    response = be16(data.p + 2) & FLAG_RESPONSE != 0
    fact_once(look, DNS_TRANSPORT, &over, 1)
    if over != OVER_MDNS:
        set_initiator(look, not response)
    look.row.state = ST_DNS_RESPONSE if response else ST_DNS_QUERY
    return PARSE_OK


cdef int parse_datagram(Look* look, Slice data, u8 over) noexcept nogil:
    """One message. A broken one is counted and passed over: datagrams do not depend on each other."""
    cdef Dns* dns
    look.used = data.n
    if verdict_only(look, 1 << EV_DNS | 1 << EV_NAMES):
        return judge_datagram(look, data, over)
    dns = state_of(look)
    if dns == NULL:
        return PARSE_DONE
    if readable(data.p, data.n):
        learn(look, dns, over, data.p, data.n)
        return PARSE_OK
    look.dpi.malformed[look.proto] += 1
    dns.bad += 1 if dns.bad < 0xffff else 0
    return PARSE_NOT_MINE if dns.bad >= BAD_AT_FIRST and not dns.counts[0] and not dns.counts[1] else PARSE_OK


cdef int parse_stream(Look* look, Slice data, u8 over) noexcept nogil:
    """Messages with their lengths before them."""
    cdef Dns* dns = state_of(look)
    cdef u32 at = 0, size
    if dns == NULL:
        return PARSE_DONE
    while True:
        look.used = at
        if data.n == at:
            return PARSE_OK
        if data.n - at < 2:
            look.need = 2
            return PARSE_MORE
        size = be16(data.p + at)
        if size < DNS_HEAD:
            return PARSE_MALFORMED if dns.counts[0] or dns.counts[1] else PARSE_NOT_MINE
        if data.n - at < 2 + size:
            look.need = 2 + size
            return PARSE_MORE
        if not readable(data.p + at + 2, size):
            return PARSE_MALFORMED if dns.counts[0] or dns.counts[1] else PARSE_NOT_MINE
        learn(look, dns, over, data.p + at + 2, size)
        dns = <Dns*>look.state[0]
        at += 2 + size


cdef int dns_parse(Look* look, Slice data) noexcept nogil:
    return parse_datagram(look, data, OVER_UDP) if look.datagram else parse_stream(look, data, OVER_TCP)


cdef int mdns_parse(Look* look, Slice data) noexcept nogil:
    return parse_datagram(look, data, OVER_MDNS)


cdef int llmnr_parse(Look* look, Slice data) noexcept nogil:
    return parse_datagram(look, data, OVER_LLMNR) if look.datagram else parse_stream(look, data, OVER_LLMNR)


cdef int dns_resync(Look* look, Slice data) noexcept nogil:
    return begins_again(look, data, dns_detect)


cdef int llmnr_resync(Look* look, Slice data) noexcept nogil:
    return begins_again(look, data, llmnr_detect)


cdef void define(Proto* p) noexcept nogil:
    """What the three have in common. An id may be any number, so any first byte may begin a message."""
    memset(p.first, 1, sizeof(p.first))
    p.free = free


cdef void dns_define(Proto* p) noexcept nogil:
    define(p)
    p.name = "dns"
    p.ports[0] = 53
    p.timeout = 30
    p.on = ON_TCP | ON_UDP
    p.detect = dns_detect
    p.resync = dns_resync
    p.parse = dns_parse


cdef void mdns_define(Proto* p) noexcept nogil:
    define(p)
    p.name = "mdns"
    p.ports[0] = 5353
    p.timeout = 30
    p.on = ON_UDP
    p.detect = mdns_detect
    p.parse = mdns_parse


cdef void llmnr_define(Proto* p) noexcept nogil:
    define(p)
    p.name = "llmnr"
    p.ports[0] = 5355
    p.timeout = 30
    p.on = ON_TCP | ON_UDP
    p.detect = llmnr_detect
    p.resync = llmnr_resync
    p.parse = llmnr_parse
