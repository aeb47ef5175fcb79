"""DHCP for IPv6 (RFC 8415; DNS options RFC 3646, client FQDN RFC 4704).

Messages have no mark of their own, so they are believed only on ports 546 and 547, and only when all options fit. Relay
messages are opened, at most RELAYS deep; options that hold options (IA_NA, IA_TA, IA_PD) one deep.
"""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport (u8, u16, u32, Slice, Reader, be16, be24, left, reader, slice_of, take16,
                                        take_slice)
from netwatch._fast.flow.row cimport Row, ST_DHCPV6_REPLY, ST_DHCPV6_REQUEST
from netwatch._fast.look.protocol cimport (Look, Proto, ON_UDP, PARSE_DONE, PARSE_OK, set_initiator, reads, has_state,
                                           misfit, last_said)
from netwatch._fast.proto.common.learn cimport Waiting, asked, fact_distinct, keep_latency, keep_text, keep_u8, keep_u16
from netwatch._fast.proto.common.describing import address, by_key, first, listed, mac, micros, named, one_or_all, text

cdef enum:
    PORT_CLIENT = 546
    PORT_SERVER = 547
    HEAD = 4                   # type, transaction id
    RELAY_HEAD = 34            # type, hops, link and peer address; RFC 8415 section 9
    RELAYS = 4
    RELAY_FORW = 12
    RELAY_REPL = 13
    TYPES_KNOWN = 36
    FEW = 4
    OPT_CLIENTID = 1           # RFC 8415 section 21
    OPT_SERVERID = 2
    OPT_IA_NA = 3
    OPT_IA_TA = 4
    OPT_IAADDR = 5
    OPT_RELAY_MSG = 9
    OPT_STATUS = 13
    OPT_VENDOR_CLASS = 16
    OPT_DNS = 23               # RFC 3646
    OPT_DOMAINS = 24
    OPT_IA_PD = 25
    OPT_IAPREFIX = 26
    OPT_FQDN = 39              # RFC 4704


cdef bint on_port(const Row* row) noexcept nogil:
    return row.pa == PORT_CLIENT or row.pa == PORT_SERVER or row.pb == PORT_CLIENT or row.pb == PORT_SERVER


cdef u32 head_of(Slice d) noexcept nogil:
    """Length of the head before the options; 0 when this is no message."""
    cdef u32 size
    if d.n < HEAD or d.p[0] == 0 or d.p[0] > TYPES_KNOWN:
        return 0
    size = RELAY_HEAD if d.p[0] == RELAY_FORW or d.p[0] == RELAY_REPL else HEAD
    return size if d.n >= size else 0


cdef bint options_fit(Slice d, u32 at) noexcept nogil:
    """The options fill the message exactly; none has the code 0."""
    cdef Reader r = reader(d.p + at, d.n - at)
    while left(&r) and not r.bad:
        if take16(&r) == 0:
            return False
        take_slice(&r, take16(&r))
    return not r.bad


cdef int dhcpv6_detect(Look* look, Slice d) noexcept nogil:
    cdef u32 at = head_of(d)
    if at == 0 or d.n == at or not on_port(look.row) or not options_fit(d, at):
        return 0
    return 95


cdef void address_option(Look* look, u16 code, Slice v) noexcept nogil:
    """What stands inside IA_NA, IA_TA and IA_PD."""
    if code == OPT_IAADDR and v.n >= 24:
        fact_distinct(look, DHCPV6_ADDRESS, v.p, 16, FEW)
    elif code == OPT_IAPREFIX and v.n >= 25:
        fact_distinct(look, DHCPV6_PREFIX, v.p + 8, 17, FEW)
    elif code == OPT_STATUS and v.n >= 2:
        keep_u16(look, DHCPV6_STATUS, be16(v.p), FEW)


cdef void inner_options(Look* look, Slice v, u32 at) noexcept nogil:
    cdef Reader r
    cdef Slice inner
    cdef u16 code
    if v.n <= at:
        return
    r = reader(v.p + at, v.n - at)
    while left(&r):
        code = take16(&r)
        inner = take_slice(&r, take16(&r))
        if r.bad:
            return
        address_option(look, code, inner)


cdef void option(Look* look, u16 code, Slice v) noexcept nogil:
    if code == OPT_CLIENTID:
        keep_text(look, DHCPV6_CLIENT, v, FEW)
    elif code == OPT_SERVERID:
        keep_text(look, DHCPV6_SERVER, v, FEW)
    elif code == OPT_IA_NA or code == OPT_IA_PD:
        inner_options(look, v, 12)
    elif code == OPT_IA_TA:
        inner_options(look, v, 4)
    elif code == OPT_STATUS and v.n >= 2:
        keep_u16(look, DHCPV6_STATUS, be16(v.p), FEW)
    elif code == OPT_VENDOR_CLASS and v.n > 6:
        keep_text(look, DHCPV6_VENDOR, v, FEW)
    elif code == OPT_FQDN and v.n > 1:
        keep_text(look, DHCPV6_FQDN, slice_of(v.p + 1, v.n - 1), FEW)
    elif code == OPT_DOMAINS:
        keep_text(look, DHCPV6_DOMAIN, v, 1)
    elif code == OPT_DNS:
        while v.n >= 16:
            fact_distinct(look, DHCPV6_DNS, v.p, 16, FEW)
            v = slice_of(v.p + 16, v.n - 16)


cdef bint from_client(u8 kind) noexcept nogil:
    """RFC 8415 section 7.3: what clients (and relays on the way up) send."""
    return kind == 1 or 3 <= kind <= 6 or kind == 8 or kind == 9 or kind == 11 or kind == RELAY_FORW or kind == 14


cdef Slice one_message(Look* look, Slice d, u32 at) noexcept nogil:
    """Learn one message; the message a relay wraps, or an empty Slice."""
    cdef Reader r = reader(d.p + at, d.n - at)
    cdef Slice v, wrapped = slice_of(NULL, 0)
    cdef u16 code
    cdef Waiting* waiting = <Waiting*>look.state[0]
    keep_u8(look, DHCPV6_TYPE, d.p[0], 8)
    if at == HEAD:
        if from_client(d.p[0]):
            asked(waiting, be24(d.p + 1), look.ts)
        else:
            keep_latency(look, DHCPV6_LATENCY, waiting, be24(d.p + 1))
    while left(&r):
        code = take16(&r)
        v = take_slice(&r, take16(&r))
        if r.bad:
            break
        if code == OPT_RELAY_MSG and at == RELAY_HEAD:
            wrapped = v
        else:
            option(look, code, v)
    return wrapped


cdef int dhcpv6_parse(Look* look, Slice d) noexcept nogil:
    cdef u32 at = head_of(d)
    cdef int _depth
    look.used = d.n
    if at == 0 or not options_fit(d, at):
        return misfit(look)
    if not has_state(look, sizeof(Waiting)):
        return PARSE_DONE
    set_initiator(look, from_client(d.p[0]))
    last_said(look, ST_DHCPV6_REQUEST if from_client(d.p[0]) else ST_DHCPV6_REPLY)
    for _depth in range(RELAYS):
        d = one_message(look, d, at)
        if d.n == 0:
            break
        at = head_of(d)
        if at == 0:
            break
    return PARSE_OK


cdef void dhcpv6_define(Proto* p) noexcept nogil:
    reads(p, "dhcpv6", ON_UDP, dhcpv6_detect, dhcpv6_parse)
    memset(p.first + 1, 1, TYPES_KNOWN)
    p.ports[0] = 546
    p.ports[1] = 547
    p.free = free


# --- what the facts say ---

FACT_FIELDS = {}
TYPES = {1: "SOLICIT", 2: "ADVERTISE", 3: "REQUEST", 4: "CONFIRM", 5: "RENEW", 6: "REBIND", 7: "REPLY", 8: "RELEASE",
         9: "DECLINE", 10: "RECONFIGURE", 11: "INFORMATION-REQUEST", 12: "RELAY-FORW", 13: "RELAY-REPL",
         14: "LEASEQUERY", 15: "LEASEQUERY-REPLY", 16: "LEASEQUERY-DONE", 17: "LEASEQUERY-DATA"}
STATUSES = {0: "Success", 1: "UnspecFail", 2: "NoAddrsAvail", 3: "NoBinding", 4: "NotOnLink", 5: "UseMulticast",
            6: "NoPrefixAvail"}


def labels(raw: bytes) -> str:
    """A name of DNS labels without compression, RFC 8415 section 10; a partial name has no end."""
    words = []
    while raw and 0 < raw[0] < len(raw):
        words.append(text(raw[1:1 + raw[0]]))
        raw = raw[1 + raw[0]:]
    return ".".join(words)


def duid_mac(raw: bytes) -> str:
    """The link-layer address in a DUID (RFC 8415 section 11), "" when it holds none of Ethernet."""
    kind = raw[:2]
    if kind == b"\0\1" and raw[2:4] == b"\0\1" and len(raw) == 14:
        return mac(raw[8:])
    return mac(raw[4:]) if kind == b"\0\3" and raw[2:4] == b"\0\1" and len(raw) == 10 else ""


def describe(facts) -> dict:
    """The `dhcpv6` object."""
    known = by_key(facts)
    obj = {}
    listed(obj, "types", known, DHCPV6_TYPE, named(TYPES, "type"))
    one_or_all(obj, "client_duid", known, DHCPV6_CLIENT, bytes.hex)
    one_or_all(obj, "client_mac", known, DHCPV6_CLIENT, duid_mac)
    one_or_all(obj, "server_duid", known, DHCPV6_SERVER, bytes.hex)
    one_or_all(obj, "fqdn", known, DHCPV6_FQDN, labels)
    one_or_all(obj, "vendor_class", known, DHCPV6_VENDOR, lambda raw: text(raw[6:]))
    one_or_all(obj, "address", known, DHCPV6_ADDRESS, address)
    one_or_all(obj, "prefix", known, DHCPV6_PREFIX, lambda raw: f"{address(raw[1:])}/{raw[0]}")
    listed(obj, "dns", known, DHCPV6_DNS, address)
    one_or_all(obj, "domain", known, DHCPV6_DOMAIN, labels)
    one_or_all(obj, "status", known, DHCPV6_STATUS, named(STATUSES, "status"))
    micros(obj, "latency_us", known, DHCPV6_LATENCY)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "DHCPv6 REPLY laptop"."""
    who = obj.get("fqdn") or obj.get("client_mac") or ""
    return " ".join(word for word in ("DHCPv6", obj.get("types", [""])[-1], first(who)) if word)
