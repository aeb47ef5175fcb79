"""DHCP for IPv4 (RFC 2131, options RFC 2132, client FQDN RFC 4702) and plain BOOTP (RFC 951).

Known by its magic cookie on any port; BOOTP without the cookie, or a message cut short, only between its two ports.
One flow may speak for many clients: until they have an address they all send from 0.0.0.0:68. Options cut short end
their field; what stood before counts. One that comes in parts is one (RFC 3396).
"""
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32, Slice, Reader, be32, left, reader, slice_of, take8, take_slice
from netwatch._fast.flow.row cimport Row, ST_DHCP
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_NONE
from netwatch._fast.look.protocol cimport (Look, Proto, ON_UDP, PARSE_OK, fact_set, set_initiator, reads, misfit,
                                           last_said)
from netwatch._fast.proto.common.learn cimport fact_distinct, keep_text, keep_u8
from netwatch._fast.flow.sighting cimport BY_DHCP, ROLE_DHCP, ROLE_HOST, ROLE_ROUTER, links_wanted, tell_link
from netwatch._fast.proto.common.describing import address, by_key, first, listed, mac, named, number, one_or_all, text

cdef enum:
    PORT_SERVER = 67
    PORT_CLIENT = 68
    FIXED = 236                # RFC 951 section 3: all before the vendor area
    COOKIE_END = 240
    MAGIC = 0x63825363         # RFC 2131 section 3
    AT_YIADDR = 16
    AT_CHADDR = 28
    AT_SNAME = 44
    AT_FILE = 108
    FEW = 4
    TEXT_BYTES = 1024          # of values in parts, in all
    OPT_PAD = 0                # RFC 2132
    OPT_ROUTER = 3
    OPT_DNS = 6
    OPT_HOST = 12
    OPT_DOMAIN = 15
    OPT_REQUESTED = 50
    OPT_LEASE = 51
    OPT_OVERLOAD = 52          # section 9.3: which of the fields `file` and `sname` hold options, too
    IN_FILE = 1
    IN_SNAME = 2
    OPT_TYPE = 53
    OPT_SERVER = 54
    OPT_PARAMS = 55
    OPT_MESSAGE = 56
    OPT_VENDOR = 60
    OPT_FQDN = 81
    OPT_END = 255
    REQUEST = 3                # RFC 2132 section 9.6
    ACK = 5
    INFORM = 8

cdef struct Said:              # the options of one message, and what of them speaks of stations
    Slice field[3]             # where they are: the vendor area, then `file` and `sname`
    int fields
    u32 joined                 # bytes of `text` that are used
    u8 text[TEXT_BYTES]        # values that came in parts
    u8 known[32]               # bits of the options that were read
    u8 overload
    Slice host
    Slice router
    Slice server
    u8 kind


cdef bint on_ports(const Row* row) noexcept nogil:
    return (row.pa == PORT_SERVER or row.pa == PORT_CLIENT) and (row.pb == PORT_SERVER or row.pb == PORT_CLIENT)


cdef bint head(Slice d) noexcept nogil:
    """op, hlen and hops can be those of a message (RFC 2131 section 2), which may have been cut after its addresses."""
    return d.n >= AT_CHADDR + 6 and 1 <= d.p[0] <= 2 and d.p[2] <= 16 and d.p[3] <= 16


cdef int dhcp_detect(Look* look, Slice d) noexcept nogil:
    if not head(d):
        return 0
    if d.n >= COOKIE_END and be32(d.p + FIXED) == MAGIC:
        return 98 if on_ports(look.row) else 90
    return 70 if on_ports(look.row) and d.p[1] == 1 and d.p[2] == 6 else 0


cdef void option(Look* look, u8 code, Slice v) noexcept nogil:
    if code == OPT_TYPE and v.n == 1:
        keep_u8(look, DHCP_TYPE, v.p[0], 8)
        fact_set(look, DHCP_LAST, v.p, 1)
    elif code == OPT_HOST:
        keep_text(look, DHCP_HOST, v, FEW)
    elif code == OPT_REQUESTED and v.n == 4 and be32(v.p):
        keep_text(look, DHCP_REQUESTED, v, FEW)
    elif code == OPT_VENDOR:
        keep_text(look, DHCP_VENDOR, v, FEW)
    elif code == OPT_FQDN and v.n > 3:
        keep_text(look, DHCP_FQDN, v, FEW)
    elif code == OPT_SERVER and v.n == 4:
        keep_text(look, DHCP_SERVER, v, FEW)
    elif code == OPT_DOMAIN:
        keep_text(look, DHCP_DOMAIN, v, 1)
    elif code == OPT_LEASE and v.n == 4:
        keep_text(look, DHCP_LEASE, v, 1)
    elif code == OPT_PARAMS:
        keep_text(look, DHCP_PARAMS, v, FEW)
    elif code == OPT_ROUTER and v.n >= 4:
        fact_distinct(look, DHCP_ROUTER, v.p, 4, 1)
    elif code == OPT_DNS and v.n >= 4:
        fact_distinct(look, DHCP_DNS, v.p, v.n & ~<u32>3 if v.n < 16 else 16, 1)
    elif code == OPT_MESSAGE:
        keep_text(look, DHCP_MESSAGE, v, 1)


cdef void tell(Look* look, u8 role, u8 family, const u8* at, const u8* lives, Slice name) noexcept nogil:
    tell_link(look.dpi, look.row, look.ts, look.frame, BY_DHCP, role, family, at, lives, name.p, name.n)


cdef void lease(Look* look, Slice d, const Said* said) noexcept nogil:
    """What a message says of stations: the name a client gives itself, and, once it is acknowledged, the address it
    has, its router and who lends it."""
    cdef Slice none = slice_of(d.p, 0)
    cdef const u8* client = d.p + AT_CHADDR
    if not links_wanted(look.dpi) or d.p[1] != 1 or d.p[2] != 6:
        return
    if d.p[0] == 1 and said.host.n and (said.kind == REQUEST or said.kind == INFORM):
        tell(look, ROLE_HOST, FAMILY_NONE, client, client, said.host)
    if said.kind != ACK:
        return
    if be32(d.p + AT_YIADDR):
        tell(look, ROLE_HOST, FAMILY_IP4, d.p + AT_YIADDR, client, none)
    if said.router.n >= 4:
        tell(look, ROLE_ROUTER, FAMILY_IP4, said.router.p, NULL, none)
    if said.server.n == 4:
        tell(look, ROLE_DHCP, FAMILY_IP4, said.server.p, NULL, none)


cdef bint next_option(Reader* r, u8* code, Slice* v) noexcept nogil:
    """The option after those that were read; False when there is none, or it is cut short (r.bad)."""
    while left(r):
        code[0] = take8(r)
        if code[0] == OPT_END:
            return False
        if code[0] == OPT_PAD:
            continue
        v[0] = take_slice(r, take8(r))
        return not r.bad
    return False


cdef void overloaded(Slice d, Said* said) noexcept nogil:
    """Where the message's options are, from their first field."""
    cdef Reader r
    cdef u8 code
    cdef Slice v
    said.field[0] = slice_of(d.p + COOKIE_END, d.n - COOKIE_END)
    r = reader(said.field[0].p, said.field[0].n)
    said.fields = 1
    while next_option(&r, &code, &v):
        if code == OPT_OVERLOAD and v.n == 1:
            said.overload = v.p[0]
    if said.overload & IN_FILE:
        said.field[said.fields] = slice_of(d.p + AT_FILE, FIXED - AT_FILE)
        said.fields += 1
    if said.overload & IN_SNAME:
        said.field[said.fields] = slice_of(d.p + AT_SNAME, AT_FILE - AT_SNAME)
        said.fields += 1


cdef inline bint in_parts(u8 code) noexcept nogil:
    """May the option be so long, or lie in fields so short, that it comes in parts?"""
    return code in (OPT_HOST, OPT_DOMAIN, OPT_PARAMS, OPT_MESSAGE, OPT_VENDOR, OPT_FQDN, OPT_ROUTER, OPT_DNS)


cdef Slice whole(Said* said, u8 wanted) noexcept nogil:
    """All parts of an option behind one another (RFC 3396 section 5)."""
    cdef Slice out = slice_of(said.text + said.joined, 0), v
    cdef Reader r
    cdef u8 code
    cdef u32 n
    cdef int i
    for i in range(said.fields):
        r = reader(said.field[i].p, said.field[i].n)
        while next_option(&r, &code, &v):
            if code == wanted:
                n = v.n if v.n < TEXT_BYTES - said.joined else TEXT_BYTES - said.joined
                memcpy(said.text + said.joined, v.p, n)
                said.joined += n
                out.n += n
    return out


cdef bint options(Look* look, Said* said) noexcept nogil:
    """False when they are cut short."""
    cdef Reader r
    cdef u8 code
    cdef Slice v
    cdef int i
    cdef bint good = True
    for i in range(said.fields):
        r = reader(said.field[i].p, said.field[i].n)
        while next_option(&r, &code, &v):
            if in_parts(code):
                if said.known[code >> 3] >> (code & 7) & 1:
                    continue
                said.known[code >> 3] |= <u8>(1 << (code & 7))
                v = whole(said, code)
            option(look, code, v)
            if code == OPT_TYPE and v.n == 1:
                said.kind = v.p[0]
            elif code == OPT_HOST:
                said.host = v
            elif code == OPT_ROUTER:
                said.router = v
            elif code == OPT_SERVER:
                said.server = v
        good = good and not r.bad
    return good


cdef int dhcp_parse(Look* look, Slice d) noexcept nogil:
    cdef Said said
    look.used = d.n
    if not head(d):
        return misfit(look)
    set_initiator(look, d.p[0] == 1)
    if d.p[2] == 6:
        fact_distinct(look, DHCP_MAC, d.p + AT_CHADDR, 6, FEW)
    if be32(d.p + AT_YIADDR):
        fact_distinct(look, DHCP_ADDRESS, d.p + AT_YIADDR, 4, FEW)
    if d.n >= COOKIE_END and be32(d.p + FIXED) == MAGIC:
        memset(&said, 0, sizeof(Said))
        overloaded(d, &said)
        if not options(look, &said):
            look.dpi.malformed[look.proto] += 1
        lease(look, d, &said)
        if 1 <= said.kind <= 8:
            last_said(look, ST_DHCP + said.kind - 1)
    return PARSE_OK


cdef void dhcp_define(Proto* p) noexcept nogil:
    reads(p, "dhcp", ON_UDP, dhcp_detect, dhcp_parse)
    p.first[1] = 1
    p.first[2] = 1
    p.ports[0] = 67
    p.ports[1] = 68


# --- what the facts say ---

FACT_FIELDS = {}
TYPES = {1: "DISCOVER", 2: "OFFER", 3: "REQUEST", 4: "DECLINE", 5: "ACK", 6: "NAK", 7: "RELEASE", 8: "INFORM",
         9: "FORCERENEW", 10: "LEASEQUERY", 11: "LEASEUNASSIGNED", 12: "LEASEUNKNOWN", 13: "LEASEACTIVE"}
# where the client stands after each message, RFC 2131 section 4.4
STATES = {1: "SELECTING", 2: "SELECTING", 3: "REQUESTING", 4: "INIT", 5: "BOUND", 6: "INIT", 7: "INIT",
          8: "INFORMING"}


def fqdn(raw: bytes) -> str:
    """The name of option 81: DNS labels when flag E is set, ASCII otherwise (RFC 4702 section 2.1)."""
    name = raw[3:]
    if not raw[0] & 4:
        return text(name)
    labels = []
    while name and name[0] and name[0] < len(name):
        labels.append(text(name[1:1 + name[0]]))
        name = name[1 + name[0]:]
    return ".".join(labels)


def describe(facts) -> dict:
    """The `dhcp` object; several clients of one flow give lists."""
    known = by_key(facts)
    obj = {}
    listed(obj, "types", known, DHCP_TYPE, named(TYPES, "type"))
    if DHCP_LAST in known and (state := STATES.get(number(known[DHCP_LAST][-1]))):
        obj["state"] = state
    one_or_all(obj, "client_mac", known, DHCP_MAC, mac)
    one_or_all(obj, "hostname", known, DHCP_HOST, lambda raw: text(raw.rstrip(b"\0")))
    one_or_all(obj, "fqdn", known, DHCP_FQDN, fqdn)
    one_or_all(obj, "vendor_class", known, DHCP_VENDOR)
    one_or_all(obj, "requested_ip", known, DHCP_REQUESTED, address)
    one_or_all(obj, "offered_ip", known, DHCP_ADDRESS, address)
    one_or_all(obj, "server", known, DHCP_SERVER, address)
    one_or_all(obj, "router", known, DHCP_ROUTER, address)
    if DHCP_DNS in known:
        raw = known[DHCP_DNS][0]
        obj["dns"] = [address(raw[i:i + 4]) for i in range(0, len(raw), 4)]
    one_or_all(obj, "domain", known, DHCP_DOMAIN, lambda raw: text(raw.rstrip(b"\0")))
    one_or_all(obj, "lease_s", known, DHCP_LEASE, number)
    one_or_all(obj, "parameters", known, DHCP_PARAMS, lambda raw: ",".join(map(str, raw)))
    one_or_all(obj, "message", known, DHCP_MESSAGE)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "DHCP ACK laptop"."""
    who = obj.get("hostname") or obj.get("client_mac") or ""
    return " ".join(word for word in ("DHCP", obj.get("types", [""])[-1], first(who)) if word)
