"""NetBIOS over TCP/UDP (RFC 1001, 1002): name service, datagram service, and the opening of the session service.

Known by the half-ASCII form of its names (RFC 1001 section 14.1) on any port. What an opened session carries (SMB) is
not NetBIOS's own: after the positive answer the flow is given back.
"""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport (u8, u16, u32, u64, Slice, Reader, be16, left, reader, slice_of, take, take16,
                                        take32, take_reader)
from netwatch._fast.flow.row cimport Row, ST_NETBIOS_QUERY, ST_NETBIOS_RESPONSE
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, ON_UDP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_MORE, PARSE_NOT_MINE, PARSE_OK, fact_add, fact_set, set_initiator,
                                           reads, has_state, last_said, misfit)
from netwatch._fast.proto.common.learn cimport Waiting, asked, fact_distinct, keep_latency, keep_u8
from netwatch._fast.proto.netbios.mailslot cimport mailslot_learn
from netwatch._fast.proto.netbios.names cimport netbios_answer, netbios_status
from netwatch._fast.proto.common.describing import (address, by_key, first, listed, mac, micros, named, number,
                                                    one_or_all)
from netwatch._fast.base.text import clean

cdef enum:
    PORT_SESSION = 139
    SERVICE_NAME = 1
    SERVICE_DATAGRAM = 2
    SERVICE_SESSION = 3
    NAME = 34                  # length octet, 32 half-ASCII characters, an empty scope
    HEAD = 12                  # RFC 1002 section 4.2.1.1
    RESPONSE = 0x8000
    TYPE_NULL = 0x000a         # RFC 1002 section 4.2.1.3
    TYPE_NB = 0x0020
    TYPE_NBSTAT = 0x0021
    DIRECT_UNIQUE = 0x10       # RFC 1002 section 4.4.1
    DIRECT_GROUP = 0x11
    BROADCAST = 0x12
    QUERY_LAST = 0x16
    DATAGRAM_HEAD = 14
    SESSION_REQUEST = 0x81     # RFC 1002 section 4.3.1
    SESSION_POSITIVE = 0x82
    SESSION_NEGATIVE = 0x83
    SESSION_RETARGET = 0x84
    SESSION_KEEPALIVE = 0x85
    MANY = 12


cdef bint name_at(const u8* p, u32 n, u8* out) noexcept nogil:
    """The 16 bytes of a name in half-ASCII; False when it is none. The scope after it is not looked at."""
    cdef int i
    if n < NAME or p[0] != 32:
        return False
    for i in range(16):
        if not (c'A' <= p[1 + 2 * i] <= c'P' and c'A' <= p[2 + 2 * i] <= c'P'):
            return False
        out[i] = <u8>((p[1 + 2 * i] - c'A') << 4 | (p[2 + 2 * i] - c'A'))
    return p[33] < 64


cdef u32 name_size(const u8* p, u32 n) noexcept nogil:
    """Length of the labels at p with their end, or of a pointer; 0 when they do not end."""
    cdef u32 at = 0
    while at < n:
        if p[at] & 0xc0:
            return at + 2 if at + 2 <= n else 0
        if p[at] == 0:
            return at + 1
        at += 1 + p[at]
    return 0


cdef bint name_service(Slice d) noexcept nogil:
    """Counts, opcode, the first name and its type are those of a name packet (RFC 1002 section 4.2)."""
    cdef u8 name[16]
    cdef u16 opcode, kind
    cdef u32 size
    if d.n < HEAD + NAME + 4:
        return False
    opcode = be16(d.p + 2) >> 11 & 15
    if (opcode and not 5 <= opcode <= 9 and opcode != 15) or be16(d.p + 4) > 1 or be16(d.p + 6) > 16:
        return False
    if be16(d.p + 4) + be16(d.p + 6) == 0 or not name_at(d.p + HEAD, d.n - HEAD, name):
        return False
    size = name_size(d.p + HEAD, d.n - HEAD)
    if size == 0 or HEAD + size + 4 > d.n:
        return False
    kind = be16(d.p + HEAD + size)
    return kind == TYPE_NB or kind == TYPE_NBSTAT or (kind == TYPE_NULL and be16(d.p + 2) & RESPONSE != 0)


cdef bint datagram_service(Slice d) noexcept nogil:
    """RFC 1002 section 4.4; the first name stands after the head of a direct one, at once in a query."""
    cdef u8 name[16]
    if d.n < 10 or not DIRECT_UNIQUE <= d.p[0] <= QUERY_LAST:
        return False
    if d.p[0] <= BROADCAST:
        return d.n > DATAGRAM_HEAD and name_at(d.p + DATAGRAM_HEAD, d.n - DATAGRAM_HEAD, name)
    return d.p[0] >= 0x14 and name_at(d.p + 10, d.n - 10, name)


cdef bint on_port(const Row* row) noexcept nogil:
    return row.pa == PORT_SESSION or row.pb == PORT_SESSION


cdef int netbios_detect(Look* look, Slice d) noexcept nogil:
    cdef u8 name[16]
    if look.datagram:
        return 95 if name_service(d) or datagram_service(d) else 0
    if not SESSION_REQUEST <= d.p[0] <= SESSION_RETARGET:
        return 0
    if d.p[0] != SESSION_REQUEST:
        if not on_port(look.row):
            return 0
        if d.n < 4:
            return DETECT_MORE
        return 60 if d.p[1] == 0 and be16(d.p + 2) == (0 if d.p[0] == SESSION_POSITIVE else
                                                       1 if d.p[0] == SESSION_NEGATIVE else 6) else 0
    if d.n < 4 + NAME:
        return DETECT_MORE if d.n < 2 or d.p[1] == 0 else 0
    return 95 if d.p[1] == 0 and be16(d.p + 2) >= 2 * NAME and name_at(d.p + 4, d.n - 4, name) else 0


# --- name service ---

cdef void node_status(Look* look, Slice v) noexcept nogil:
    """NBSTAT data: a count, names of 15 characters and type with 2 bytes of flags, the unit's MAC."""
    cdef u32 i, count = v.p[0] if v.n else 0
    if v.n < 1 + 18 * count:
        return
    for i in range(count):
        fact_distinct(look, NETBIOS_NAME, v.p + 1 + 18 * i, 16, MANY)
    if v.n >= 1 + 18 * count + 6:
        fact_distinct(look, NETBIOS_MAC, v.p + 1 + 18 * count, 6, 2)
    netbios_status(look, v, count)


cdef void records(Look* look, Reader* r, u32 count, bint answer) noexcept nogil:
    """Names and addresses of resource records, up to the first that does not fit; `answer`: to a query, and good."""
    cdef bint good
    cdef u8 name[16]
    cdef u16 kind
    cdef u32 _i, size
    cdef Reader data
    for _i in range(count):
        size = name_size(r.p, <u32>left(r))
        if size == 0:
            return
        good = name_at(r.p, <u32>left(r), name)
        if good:
            fact_distinct(look, NETBIOS_NAME, name, 16, MANY)
        take(r, size)
        kind = take16(r)
        take16(r)
        take32(r)
        data = take_reader(r, take16(r))
        if r.bad:
            return
        if kind == TYPE_NBSTAT:
            node_status(look, slice_of(data.p, <u32>left(&data)))
        elif kind == TYPE_NB:
            if good and answer:
                netbios_answer(look, name, data)
            while left(&data) >= 6:
                fact_distinct(look, NETBIOS_ADDRESS, data.p + 2, 4, MANY)
                take(&data, 6)


cdef void learn_name(Look* look, Slice d) noexcept nogil:
    cdef u16 flags = be16(d.p + 2)
    cdef bint response = (flags & RESPONSE) != 0
    cdef u8 name[16]
    cdef u8 rcode = flags & 15
    cdef Reader r = reader(d.p + HEAD, d.n - HEAD)
    keep_u8(look, NETBIOS_SERVICE, SERVICE_NAME, 3)
    keep_u8(look, NETBIOS_OP, <u8>((flags >> 11 & 15) | (0x80 if response else 0)), 8)
    set_initiator(look, not response)
    last_said(look, ST_NETBIOS_RESPONSE if response else ST_NETBIOS_QUERY)
    if response:
        keep_latency(look, NETBIOS_LATENCY, <Waiting*>look.state[0], be16(d.p))
        fact_set(look, NETBIOS_RCODE, &rcode, 1)
    elif not flags & 0x0010 or flags >> 11 & 15 == 0:
        asked(<Waiting*>look.state[0], be16(d.p), look.ts)
    if be16(d.p + 4):
        if name_at(r.p, <u32>left(&r), name):
            fact_distinct(look, NETBIOS_NAME, name, 16, MANY)
        take(&r, name_size(r.p, <u32>left(&r)) + 4)
    if not r.bad:
        records(look, &r, be16(d.p + 6) + <u32>be16(d.p + 8) + be16(d.p + 10),
                response and rcode == 0 and flags >> 11 & 15 == 0)


cdef void learn_datagram(Look* look, Slice d) noexcept nogil:
    """Sender, its name, and whom it speaks to."""
    cdef u8 name[16]
    cdef u32 at = DATAGRAM_HEAD if d.p[0] <= BROADCAST else 10
    keep_u8(look, NETBIOS_SERVICE, SERVICE_DATAGRAM, 3)
    fact_distinct(look, NETBIOS_ADDRESS, d.p + 4, 4, MANY)
    if d.p[0] > BROADCAST:
        if name_at(d.p + at, d.n - at, name):
            fact_distinct(look, NETBIOS_NAME, name, 16, MANY)
        return
    if name_at(d.p + at, d.n - at, name):
        fact_distinct(look, NETBIOS_FROM, name, 16, MANY)
    at += name_size(d.p + at, d.n - at)
    if at < d.n and name_at(d.p + at, d.n - at, name):
        fact_distinct(look, NETBIOS_NAME, name, 16, MANY)
    at += name_size(d.p + at, d.n - at)
    if at < d.n:
        mailslot_learn(look, slice_of(d.p + at, d.n - at))


# --- session service ---

cdef int session(Look* look, Slice d) noexcept nogil:
    """The request and its answer. A session message is somebody else's."""
    cdef u8 name[16]
    cdef u8 status[2]
    cdef u32 size
    if d.n < 4:
        look.need = 4
        return PARSE_MORE
    size = be16(d.p + 2)
    if not SESSION_REQUEST <= d.p[0] <= SESSION_KEEPALIVE or size > 256:
        return PARSE_NOT_MINE
    if d.n < 4 + size:
        look.need = 4 + size
        return PARSE_MORE
    look.used = 4 + size
    if d.p[0] == SESSION_KEEPALIVE:
        return PARSE_OK
    keep_u8(look, NETBIOS_SERVICE, SERVICE_SESSION, 3)
    set_initiator(look, d.p[0] == SESSION_REQUEST)
    if d.p[0] == SESSION_REQUEST:
        if not name_at(d.p + 4, size, name):
            return PARSE_MALFORMED
        fact_distinct(look, NETBIOS_NAME, name, 16, MANY)
        size = 4 + name_size(d.p + 4, size)
        if size > 4 and name_at(d.p + size, look.used - size, name):
            fact_distinct(look, NETBIOS_FROM, name, 16, MANY)
        return PARSE_OK
    status[0] = d.p[0]
    status[1] = d.p[4] if size else 0
    fact_add(look, NETBIOS_STATUS, status, 2)
    return PARSE_NOT_MINE if d.p[0] == SESSION_POSITIVE else PARSE_DONE


cdef int netbios_parse(Look* look, Slice d) noexcept nogil:
    cdef int code = PARSE_OK
    cdef Slice rest
    cdef u32 used = 0
    if not look.datagram:
        while used < d.n and code == PARSE_OK:
            rest = slice_of(d.p + used, d.n - used)
            look.used = 0
            code = session(look, rest)
            used += look.used
        look.used = used
        return code
    look.used = d.n
    if not has_state(look, sizeof(Waiting)):
        return PARSE_DONE
    if name_service(d):
        learn_name(look, d)
    elif datagram_service(d):
        learn_datagram(look, d)
    else:
        return misfit(look)
    return PARSE_OK


cdef int netbios_lost(Look* look, u64 n) noexcept nogil:
    """Of the session's opening there are two messages: what it carries may follow."""
    return PARSE_NOT_MINE


cdef void netbios_define(Proto* p) noexcept nogil:
    reads(p, "netbios", ON_TCP | ON_UDP, netbios_detect, netbios_parse)
    memset(p.first, 1, sizeof(p.first))
    p.ports[0] = 137
    p.ports[1] = 138
    p.lost = netbios_lost
    p.free = free


# --- what the facts say ---

FACT_FIELDS = {}
DEPENDS = {"app_stack": (NETBIOS_MAILSLOT,)}
SERVICES = {1: "name", 2: "datagram", 3: "session"}
OPS = {0: "query", 5: "registration", 6: "release", 7: "wait", 8: "refresh", 9: "refresh", 15: "registration"}
RCODES = {0: "OK", 1: "FMT_ERR", 2: "SRV_ERR", 3: "NAM_ERR", 4: "IMP_ERR", 5: "RFS_ERR", 6: "ACT_ERR", 7: "CFT_ERR"}
REFUSALS = {0x80: "not listening on called name", 0x81: "not listening for calling name",
            0x82: "called name not present", 0x83: "insufficient resources", 0x8F: "unspecified error"}
# meaning of the 16th byte of a name, as its users call it
KINDS = {0x00: "Workstation/Redirector", 0x01: "Browser", 0x03: "Messenger service/Main name",
         0x06: "RAS Server service", 0x1B: "Domain Master Browser", 0x1C: "Domain Controllers",
         0x1D: "Local Master Browser", 0x1E: "Browser Election Service", 0x1F: "NetDDE service",
         0x20: "Server service", 0x21: "RAS client service"}
# MS-BRWS section 2.2
BROWSER = {1: "host announcement", 2: "announcement request", 8: "election request", 9: "backup list request",
           10: "backup list response", 11: "become backup", 12: "domain announcement", 13: "master announcement",
           14: "reset state", 15: "local master announcement"}
# SV_TYPE_*, MS-SRVS section 2.2.2.7
ROLES = {0x1: "workstation", 0x2: "server", 0x4: "sql server", 0x8: "domain controller",
         0x10: "backup domain controller", 0x20: "time source", 0x40: "apple", 0x80: "novell", 0x100: "domain member",
         0x200: "print server", 0x400: "dial-in", 0x800: "unix", 0x1000: "nt workstation", 0x2000: "wfw",
         0x8000: "nt server", 0x10000: "potential browser", 0x20000: "backup browser", 0x40000: "master browser",
         0x80000: "domain master", 0x400000: "windows 95", 0x800000: "dfs"}


def name_text(raw: bytes) -> str:
    """Such as "SERVER<20> (Server service)"; control bytes of the name as <xx>, its padding left out."""
    name = "".join(clean(bytes([c])) if 32 <= c < 127 else f"<{c:02x}>" for c in raw[:15].rstrip(b" \0"))
    kind = KINDS.get(raw[15])
    return f"{name}<{raw[15]:02x}>" + (f" ({kind})" if kind else "")


def op_text(raw: bytes) -> str:
    op = raw[0] & 15
    return (OPS.get(op) or f"opcode {op}") + (" response" if raw[0] & 0x80 else "")


def status_text(raw: bytes) -> str:
    if raw[0] == SESSION_NEGATIVE:
        return f"refused: {REFUSALS.get(raw[1]) or f'error {raw[1]}'}"
    return "established" if raw[0] == SESSION_POSITIVE else "retargeted"


def browser_fields(obj: dict, known: dict) -> None:
    """What SMB mailslots said; such a datagram has smb on top of netbios."""
    listed(obj, "mailslots", known, NETBIOS_MAILSLOT)
    listed(obj, "browser", known, NETBIOS_BROWSER, named(BROWSER, "opcode"))
    one_or_all(obj, "host", known, NETBIOS_HOST)
    one_or_all(obj, "system", known, NETBIOS_SYSTEM, lambda raw: f"{raw[0]}.{raw[1]}")
    if NETBIOS_ROLES in known:
        roles = int.from_bytes(known[NETBIOS_ROLES][-1], "little")
        obj["roles"] = [name for bit, name in ROLES.items() if roles & bit]
    one_or_all(obj, "comment", known, NETBIOS_COMMENT)
    if NETBIOS_MAILSLOT in known:
        obj["stack"] = ["smb"]


def describe(facts) -> dict:
    """The `netbios` object; `stack` names what it carried."""
    known = by_key(facts)
    obj = {}
    one_or_all(obj, "service", known, NETBIOS_SERVICE, lambda raw: SERVICES.get(number(raw)))
    listed(obj, "names", known, NETBIOS_NAME, name_text)
    one_or_all(obj, "from", known, NETBIOS_FROM, name_text)
    listed(obj, "operations", known, NETBIOS_OP, op_text)
    if NETBIOS_RCODE in known:
        rcode = number(known[NETBIOS_RCODE][-1])
        obj["rcode"] = RCODES.get(rcode) or f"RCODE{rcode}"
    listed(obj, "addresses", known, NETBIOS_ADDRESS, address)
    one_or_all(obj, "mac", known, NETBIOS_MAC, mac)
    one_or_all(obj, "status", known, NETBIOS_STATUS, status_text)
    micros(obj, "latency_us", known, NETBIOS_LATENCY)
    browser_fields(obj, known)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "NetBIOS name SERVER<20> (Server service)"."""
    return " ".join(["NetBIOS", first(obj.get("service", "")), *obj.get("names", ())[:1]]).strip()
