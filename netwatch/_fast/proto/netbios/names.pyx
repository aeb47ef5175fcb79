"""What NetBIOS name answers say of the names and MACs of addresses (RFC 1002 section 4.2)."""
from netwatch._fast.base.bytes cimport u8, u32, Slice, Reader, be16, left, take
from netwatch._fast.wire.packet cimport FAMILY_IP4
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.flow.sighting cimport (BY_NETBIOS, Named, ROLE_HOST, VIA_NETBIOS, links_wanted, name_address,
                                           tell_link)
from netwatch._fast.proto.common.naming cimport names_wanted, tell_names

cdef enum:
    GROUP = 0x8000             # sections 4.2.1.3 and 4.2.18: many stations share the name
    WORKSTATION = 0x00         # last byte of a name: the station's own
    SERVER = 0x20


cdef void tell_name(Look* look, const u8* name, const Named* named) noexcept nogil:
    """Tell a station's own name, its padding left out; other names are of services and of groups."""
    cdef u32 n = 15
    if name[15] != WORKSTATION and name[15] != SERVER or not names_wanted(look):
        return
    while n and (name[n - 1] == c' ' or name[n - 1] == 0):
        n -= 1
    tell_names(look, VIA_NETBIOS, True, named, name, n)


cdef void netbios_answer(Look* look, const u8* name, Reader data) noexcept nogil:
    """NB data (RFC 1002 section 4.2.1.3): flags and address, again and again."""
    cdef Named named
    named.n = 0
    while left(&data) >= 6:
        if not be16(data.p) & GROUP:
            name_address(&named, FAMILY_IP4, data.p + 2)
        take(&data, 6)
    tell_name(look, name, &named)


cdef void netbios_status(Look* look, Slice v, u32 count) noexcept nogil:
    """A node status names its sender, and ends with its MAC."""
    cdef Named named
    cdef const u8* who = &look.row.b[0] if look.side else &look.row.a[0]
    cdef u32 i
    named.n = 0
    if look.row.family != FAMILY_IP4:
        return
    name_address(&named, FAMILY_IP4, who)
    for i in range(count):
        if v.p[16 + 18 * i] == WORKSTATION and not be16(v.p + 17 + 18 * i) & GROUP:
            tell_name(look, v.p + 1 + 18 * i, &named)
            break
    if links_wanted(look.dpi) and v.n >= 1 + 18 * count + 6:
        tell_link(look.dpi, look.row, look.ts, look.frame, BY_NETBIOS, ROLE_HOST, FAMILY_IP4, who, v.p + 1 + 18 * count,
                  NULL, 0)
