"""What was seen to go together: a name and its addresses, an address and its MAC. Events for Python's room of names."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.flow.row cimport Row
from netwatch._fast.flow.content cimport Dpi

cdef enum:                     # who said a name; out/naming.pyx has their words
    VIA_DNS = 0
    VIA_MDNS = 1
    VIA_LLMNR = 2
    VIA_NETBIOS = 3
    VIA_PTR = 4

cdef enum:                     # who said where an address lives
    BY_ARP = 0
    BY_NDP = 1
    BY_DHCP = 2
    BY_NETBIOS = 3

cdef enum:                     # what the address does for others
    ROLE_HOST = 0
    ROLE_ROUTER = 1
    ROLE_DHCP = 2

cdef enum:
    ADDRESS_BYTES = 17         # family, 16 bytes
    NAMES_HEAD = 20            # via, number of addresses, 1 when there is a client, 0, client's address, padded
    LINK_HEAD = 28             # by, role, 1 when there is a MAC, 0, address, MAC, padded
    MAX_ADDRESSES = 32         # of one event

cdef struct Named:             # addresses of one name, as they are gathered
    u8 n
    u8 addresses[MAX_ADDRESSES * ADDRESS_BYTES]

cdef bint links_wanted(const Dpi* dpi) noexcept nogil
cdef bint worth_naming(u8 family, const u8* address) noexcept nogil
cdef void name_address(Named* named, u8 family, const u8* address) noexcept nogil
cdef void tell_link(Dpi* dpi, const Row* row, u64 ts, u64 frame, u8 by, u8 role, u8 family, const u8* address,
                    const u8* mac, const u8* text, u32 n) noexcept nogil
