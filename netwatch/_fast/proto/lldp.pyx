"""What switches, routers and telephones tell their neighbours of themselves: LLDP (IEEE 802.1AB) and Cisco's CDP.

Both are lists of numbered values in one frame: the device, the port that it was sent from, what the device is, its
addresses. A list whose lengths do not fit in its frame is read as far as it does.
"""
from netwatch._fast.base.bytes cimport (u8, u16, u32, Reader, Slice, be16, be32, left, reader, slice_of, take, take16,
                                        take32)
from netwatch._fast.look.protocol cimport Look, Proto, ON_PACKETS, PARSE_OK, fact_number, misfit, reads
from netwatch._fast.proto.common.learn cimport fact_distinct, keep_text
from netwatch._fast.wire.packet cimport PROTO_CDP, PROTO_LLDP
from netwatch._fast.proto.common.describing import address, by_key, count, first, listed, mac, number, one_or_all, text

cdef enum:                     # fact keys
    DEVICE = 1                 # its name
    CHASSIS = 2                # LLDP: kind of the identifier, 1 byte, and it
    PORT_ID = 3                # LLDP: the same; CDP: a name
    PORT_NAME = 4
    PLATFORM = 5               # LLDP: system description; CDP: model
    SOFTWARE = 6
    CAPABILITIES = 7           # LLDP: 2 bytes, those that are enabled; CDP: 4 bytes
    ADDRESSES = 8
    VLAN = 9                   # 2 bytes
    DOMAIN = 10
    HOLD = 11                  # s

cdef enum:
    KEPT = 4                   # values of a kind
    ADDRESSES_KEPT = 16
    IDENTIFIER = 1             # IEEE 802.1AB section 8.5: numbers of values
    LLDP_PORT = 2
    LLDP_HOLD = 3
    LLDP_PORT_NAME = 4
    LLDP_DEVICE = 5
    LLDP_PLATFORM = 6
    LLDP_CAPABILITIES = 7
    LLDP_ADDRESS = 8
    LLDP_OWN = 127             # an organization's
    OUI_8021 = 0x0080C2
    CDP_ADDRESSES = 2          # Cisco, "Cisco Discovery Protocol Configuration Guide"
    CDP_PORT = 3
    CDP_CAPABILITIES = 4
    CDP_SOFTWARE = 5
    CDP_PLATFORM = 6
    CDP_DOMAIN = 9
    CDP_VLAN = 10
    CDP_MANAGED = 0x16
    CDP_IP = 0xcc              # NLPID of IPv4
    CDP_ADDRESSES_MOST = 64    # of one value


cdef int lldp_detect(Look* look, Slice d) noexcept nogil:
    """The chassis first, the port second: both must be there."""
    cdef u32 size
    if d.n < 9 or d.p[0] >> 1 != IDENTIFIER:
        return 0
    size = be16(d.p) & 511
    if size < 2 or size + 6 > d.n or d.p[size + 2] >> 1 != LLDP_PORT:
        return 0
    return 98


cdef void take_own(Look* look, Slice v) noexcept nogil:
    """IEEE 802.1Q annex D: the port's own VLAN."""
    if v.n == 6 and be32(v.p) == (OUI_8021 << 8 | 1) and be16(v.p + 4):
        fact_distinct(look, VLAN, v.p + 4, 2, KEPT)


cdef void take_lldp(Look* look, int kind, Slice v) noexcept nogil:
    if kind == IDENTIFIER and v.n > 1:
        fact_distinct(look, CHASSIS, v.p, v.n, KEPT)
    elif kind == LLDP_PORT and v.n > 1:
        fact_distinct(look, PORT_ID, v.p, v.n, KEPT)
    elif kind == LLDP_HOLD and v.n == 2:
        fact_number(look, HOLD, be16(v.p))
    elif kind == LLDP_PORT_NAME:
        keep_text(look, PORT_NAME, v, KEPT)
    elif kind == LLDP_DEVICE:
        keep_text(look, DEVICE, v, KEPT)
    elif kind == LLDP_PLATFORM:
        keep_text(look, PLATFORM, v, KEPT)
    elif kind == LLDP_CAPABILITIES and v.n == 4:
        fact_distinct(look, CAPABILITIES, v.p + 2, 2, KEPT)
    elif kind == LLDP_ADDRESS and v.n > 2 and (v.p[0] == 5 or v.p[0] == 17) and v.p[0] + <u32>1 <= v.n:
        fact_distinct(look, ADDRESSES, v.p + 2, v.p[0] - 1, ADDRESSES_KEPT)
    elif kind == LLDP_OWN:
        take_own(look, v)


cdef int lldp_parse(Look* look, Slice d) noexcept nogil:
    cdef Reader r = reader(d.p, d.n)
    cdef u16 head
    cdef const u8* p
    look.used = d.n
    if lldp_detect(look, d) == 0:
        return misfit(look)
    while left(&r) >= 2:
        head = take16(&r)
        p = take(&r, head & 511)
        if head >> 9 == 0 or r.bad:
            break
        take_lldp(look, head >> 9, slice_of(p, head & 511))
    return PARSE_OK


cdef void lldp_define(Proto* p) noexcept nogil:
    reads(p, "lldp", ON_PACKETS, lldp_detect, lldp_parse)
    p.first[IDENTIFIER << 1] = p.first[IDENTIFIER << 1 | 1] = 1
    p.carrier = PROTO_LLDP


cdef int cdp_detect(Look* look, Slice d) noexcept nogil:
    """Version, hold time, checksum, and a first value."""
    if d.n < 8 or d.p[0] == 0 or d.p[0] > 2:
        return 0
    return 98 if 4 <= be16(d.p + 6) <= d.n - 4 else 0


cdef void take_cdp_addresses(Look* look, Slice v) noexcept nogil:
    """A number of them, each a protocol and an address; of IP, by NLPID, or as SNAP says (EtherType last)."""
    cdef Reader r = reader(v.p, v.n)
    cdef u32 n = take32(&r), size, _i
    cdef const u8* protocol
    cdef const u8* p
    cdef u8 length
    for _i in range(min(n, <u32>CDP_ADDRESSES_MOST)):
        p = take(&r, 2)
        if p == NULL:
            return
        length = p[1]
        protocol = take(&r, length)
        size = take16(&r)
        p = take(&r, size)
        if r.bad:
            return
        if (size == 4 and length == 1 and protocol[0] == CDP_IP) or \
                (size == 16 and length == 8 and be16(protocol + 6) == 0x86dd):
            fact_distinct(look, ADDRESSES, p, size, ADDRESSES_KEPT)


cdef void take_cdp(Look* look, int kind, Slice v) noexcept nogil:
    if kind == IDENTIFIER:
        keep_text(look, DEVICE, v, KEPT)
    elif kind == CDP_ADDRESSES or kind == CDP_MANAGED:
        take_cdp_addresses(look, v)
    elif kind == CDP_PORT:
        keep_text(look, PORT_ID, v, KEPT)
    elif kind == CDP_CAPABILITIES and v.n == 4:
        fact_distinct(look, CAPABILITIES, v.p, 4, KEPT)
    elif kind == CDP_SOFTWARE:
        keep_text(look, SOFTWARE, v, KEPT)
    elif kind == CDP_PLATFORM:
        keep_text(look, PLATFORM, v, KEPT)
    elif kind == CDP_DOMAIN:
        keep_text(look, DOMAIN, v, KEPT)
    elif kind == CDP_VLAN and v.n == 2:
        fact_distinct(look, VLAN, v.p, 2, KEPT)


cdef int cdp_parse(Look* look, Slice d) noexcept nogil:
    cdef Reader r
    cdef u32 kind, size
    cdef const u8* p
    look.used = d.n
    if cdp_detect(look, d) == 0:
        return misfit(look)
    fact_number(look, HOLD, d.p[1])
    r = reader(d.p + 4, d.n - 4)
    while left(&r) >= 4:
        kind = take16(&r)
        size = take16(&r)
        if size < 4:
            break
        p = take(&r, size - 4)
        if r.bad:
            break
        take_cdp(look, kind, slice_of(p, size - 4))
    return PARSE_OK


cdef void cdp_define(Proto* p) noexcept nogil:
    reads(p, "cdp", ON_PACKETS, cdp_detect, cdp_parse)
    p.first[1] = p.first[2] = 1
    p.carrier = PROTO_CDP


# --- what the facts say ---

FACT_FIELDS = {}
LLDP_BITS = ("other", "repeater", "bridge", "wlan access point", "router", "telephone", "docsis", "station",
             "c-vlan", "s-vlan", "two-port mac relay")
CDP_BITS = ("router", "transparent bridge", "source route bridge", "switch", "host", "igmp", "repeater", "telephone",
            "remote", "cast", "two-port mac relay")
_MACS = {True: 4, False: 3}        # kind of an identifier that is a MAC address: of a chassis, of a port


def identifier(raw: bytes, chassis: bool) -> str:
    """IEEE 802.1AB sections 8.5.2 and 8.5.3: a MAC address, a network address, or a text."""
    kind, value = raw[0], raw[1:]
    if kind == _MACS[chassis] and len(value) == 6:
        return mac(value)
    if kind == _MACS[chassis] + 1 and not chassis or kind == 5 and chassis:
        return address(value[1:]) or value.hex()
    return text(value)


def capabilities(raw: bytes) -> list[str]:
    """Names of the bits that are set."""
    names = LLDP_BITS if len(raw) == 2 else CDP_BITS
    return [name for bit, name in enumerate(names) if number(raw) >> bit & 1]


def describe(facts) -> dict:
    """The `lldp` or `cdp` object."""
    known = by_key(facts)
    obj = {}
    one_or_all(obj, "device", known, DEVICE)
    one_or_all(obj, "chassis", known, CHASSIS, lambda raw: identifier(raw, True))
    named = CHASSIS in known or DEVICE not in known
    one_or_all(obj, "port", known, PORT_ID, (lambda raw: identifier(raw, False)) if named else text)
    one_or_all(obj, "port_description", known, PORT_NAME)
    one_or_all(obj, "platform", known, PLATFORM)
    one_or_all(obj, "software", known, SOFTWARE)
    if CAPABILITIES in known:
        obj["capabilities"] = capabilities(known[CAPABILITIES][-1])
    listed(obj, "addresses", known, ADDRESSES, address)
    one_or_all(obj, "vlan", known, VLAN, number)
    one_or_all(obj, "domain", known, DOMAIN)
    count(obj, "hold_time", known, HOLD)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "LLDP sw1.example Gi1/0/7"."""
    kind = "LLDP" if "chassis" in obj else "CDP"
    return " ".join(first(part) for part in (kind, obj.get("device") or obj.get("chassis", ""), obj.get("port", ""))
                    if part)
