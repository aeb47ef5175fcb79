"""Addresses from packed bytes to text and back."""
from netwatch._fast.base.bytes cimport u8
from netwatch._fast.out.writing cimport address_text
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6, FAMILY_MAC

cdef extern from "<arpa/inet.h>":
    int inet_pton(int family, const char* text, void* out) nogil
    int AF_INET
    int AF_INET6


cpdef str text_of(bytes packed):
    """Canonical text of 4 bytes (IPv4), 16 (IPv6, RFC 5952) or 6 (a MAC). ValueError for any other number of them."""
    cdef Py_ssize_t n = len(packed)
    if n != 4 and n != 6 and n != 16:
        raise ValueError(f"an address has 4, 6 or 16 bytes, not {n}")
    return address_text(packed, FAMILY_IP4 if n == 4 else FAMILY_MAC if n == 6 else FAMILY_IP6)


cpdef bytes packed_of(str text):
    """The bytes of an address in text; b"" when it is none."""
    cdef u8 address[16]
    cdef bytes octets = text.encode("ascii", "replace")
    if inet_pton(AF_INET, octets, address) == 1:
        return (<const char*>address)[:4]
    if inet_pton(AF_INET6, octets, address) == 1:
        return (<const char*>address)[:16]
    try:
        return bytes.fromhex(text.replace(":", "")) if len(text) == 17 and text[2::3] == ":::::" else b""
    except ValueError:
        return b""
