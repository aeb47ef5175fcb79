"""Addresses and ends of flows as text, without Python: what a filter looks through."""
from netwatch._fast.base.bytes cimport u8, u32, u64, be16
from netwatch._fast.view.columns cimport Flows, address, number, COL_DPORT, COL_SPORT, COL_SRC
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6, FAMILY_MAC


cdef inline u32 put_decimal(char* out, u32 value) noexcept nogil:
    cdef char digits[10]
    cdef u32 n = 0, k
    while True:
        digits[n] = <char>(48 + value % 10)
        n += 1
        value //= 10
        if not value:
            break
    for k in range(n):
        out[k] = digits[n - 1 - k]
    return n


cdef inline u32 put_hex(char* out, u32 value) noexcept nogil:
    """At most four hexadecimal digits, no leading zeros."""
    cdef u32 n = 0, shift = 16, digit
    while shift:
        shift -= 4
        digit = (value >> shift) & 15
        if digit or n or not shift:
            out[n] = <char>(48 + digit if digit < 10 else 87 + digit)
            n += 1
    return n


cdef u32 put_ip4(char* out, const u8* a) noexcept nogil:
    cdef u32 n = 0, k
    for k in range(4):
        if k:
            out[n] = 46
            n += 1
        n += put_decimal(out + n, a[k])
    return n


cdef u32 put_ip6(char* out, const u8* a) noexcept nogil:
    """RFC 5952: the first longest run of zero groups is ::, and ::ffff:a.b.c.d and ::a.b.c.d are written so."""
    cdef u32 n = 0, k = 0, best = 8, best_n = 1, run = 0, groups = 8
    cdef bint mapped = a[10] == 255 and a[11] == 255
    for k in range(8):
        run = run + 1 if be16(a + 2 * k) == 0 else 0
        if run > best_n:
            best_n = run
            best = k + 1 - run
    if best == 0 and (best_n == 6 or (mapped and best_n == 5)):
        groups = 6
    k = 0
    while k < groups:
        if k == best:
            out[n] = 58
            out[n + 1] = 58
            n += 2
            k += best_n
            continue
        if k and k != best + best_n:
            out[n] = 58
            n += 1
        n += put_hex(out + n, be16(a + 2 * k))
        k += 1
    if groups == 6:
        out[n] = 58
        n += 1 + put_ip4(out + n + 1, a + 12)
    return n


cdef u32 put_mac(char* out, const u8* a) noexcept nogil:
    cdef u32 k, n = 0, digit
    for k in range(12):
        if k and not k & 1:
            out[n] = 58
            n += 1
        digit = (a[k >> 1] >> 4) if not k & 1 else a[k >> 1] & 15
        out[n] = <char>(48 + digit if digit < 10 else 87 + digit)
        n += 1
    return n


cdef u32 put_address(char* out, const u8* a, u8 family) noexcept nogil:
    if family == FAMILY_IP4:
        return put_ip4(out, a)
    return put_ip6(out, a) if family == FAMILY_IP6 else put_mac(out, a)


cdef u32 address_text_of(const Flows* t, u32 i, int col, char* out) noexcept nogil:
    """The address of an end, 0 bytes without one."""
    cdef const u8* a = NULL
    cdef u8 family = 0
    return put_address(out, a, family) if address(t, i, col, &a, &family) else 0


cdef u32 end_text(const Flows* t, u32 i, int col, char* out) noexcept nogil:
    """192.0.2.1:443, [2001:db8::1]:443, or the address alone where there is no port; 0 without an address."""
    cdef const u8* a = NULL
    cdef u8 family = 0
    cdef u64 port = 0
    cdef u32 n = 0
    if not address(t, i, col, &a, &family):
        return 0
    if not number(t, i, COL_SPORT if col == COL_SRC else COL_DPORT, &port):
        return put_address(out, a, family)
    if family != FAMILY_IP4:
        out[0] = 91
        n = 1
    n += put_address(out + n, a, family)
    if family != FAMILY_IP4:
        out[n] = 93
        n += 1
    out[n] = 58
    return n + 1 + put_decimal(out + n + 1, <u32>port)


def address_text(bytes packed) -> str:
    """The canonical text of 4 (IPv4), 6 (MAC) or 16 (IPv6) bytes."""
    cdef char out[64]
    cdef u8 family = FAMILY_IP4 if len(packed) == 4 else FAMILY_MAC if len(packed) == 6 else FAMILY_IP6
    if len(packed) not in (4, 6, 16):
        raise ValueError(f"an address has 4, 6 or 16 bytes, not {len(packed)}")
    return out[:put_address(out, packed, family)].decode()
