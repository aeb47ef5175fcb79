"""Who logs in to a TDS server: pre-login options (MS-TDS section 2.2.6.5), logins of 7 (2.2.6.4), of 4 and 5."""
from netwatch._fast.base.bytes cimport u8, u32, Slice, be16, le16, le32, slice_of
from netwatch._fast.look.protocol cimport Look, fact_once
from netwatch._fast.proto.common.gss cimport gss_learn
from netwatch._fast.proto.common.learn cimport TEXT_MOST, keep_text
from netwatch._fast.proto.common.lines cimport all_text, smaller
from netwatch._fast.proto.common.utf16 cimport keep_wide, part

cdef enum:
    LOGIN_LEAST = 94           # bytes before the texts, section 2.2.6.4
    OPTIONS = 16


cdef bint options_fit(Slice m, u32 whole) noexcept nogil:
    """Pre-login options: the version first, each inside the message, in order (section 2.2.6.5). The message has
    `whole` bytes, of which not all may be there yet."""
    cdef u32 at = 0, end = 0, where, _i
    if m.n < 6 or m.p[0] != 0 or be16(m.p + 3) != 6:
        return False
    for _i in range(OPTIONS):
        if at + 5 > m.n and (at >= m.n or m.p[at] != 0xff):
            return m.n < whole
        if m.p[at] == 0xff:
            return at + 1 <= be16(m.p + 1)
        if m.p[at] > 7:
            return False
        where = be16(m.p + at + 1)
        if where < end or where + be16(m.p + at + 3) > whole:
            return False
        end = where + be16(m.p + at + 3)
        at += 5
    return False


cdef bint login_fits(Slice m) noexcept nogil:
    """Its own length, a version of 7, offsets inside (section 2.2.6.4)."""
    return m.n >= 40 and LOGIN_LEAST <= le32(m.p) <= 128 * 1024 and 0x70 <= m.p[7] <= 0x7f and \
        LOGIN_LEAST - 8 <= le16(m.p + 36) <= 1024 and le16(m.p + 38) <= 128


cdef bint old_text_fits(Slice m, u32 at) noexcept nogil:
    """30 bytes, and how many of them are the text; as far as they are there, and of what is there no text is known to
    be cut: it ends with a zero where its length is missing yet."""
    cdef u32 i, there = smaller(30, m.n - at if m.n > at else 0), size = 0
    if at + 30 < m.n:
        size = m.p[at + 30]
    else:
        while size < there and m.p[at + size]:
            size += 1
    if size > 30 or not all_text(m.p + at, size):
        return False
    for i in range(3, size):                   # filled with the same byte, which is no letter of all sets
        if m.p[at + i] >= 0x80 and m.p[at + i] == m.p[at + i - 1] == m.p[at + i - 2] == m.p[at + i - 3]:
            return False
    for i in range(size, there):
        if m.p[at + i]:
            return m.n >= OLD_LEAST            # of a whole one there is enough else
    return True


cdef bint old_login_fits(Slice m) noexcept nogil:
    """Texts of at most 30 bytes, each with its length behind it; the first is there, others may yet come."""
    if m.n <= 30 or m.p[30] == 0 or not (old_text_fits(m, 0) and old_text_fits(m, 31)):
        return False
    if m.n > 92 and m.p[92] > 30 or m.n > 170 and m.p[170] > 30 or m.n > 201 and m.p[201] > 30:
        return False
    return m.n <= 458 or m.p[458] in (4, 5)


cdef u8 take_prelogin(Look* look, Slice m, bint client) noexcept nogil:
    """Options that fit; the encryption that a server chose."""
    cdef u32 at = 0
    cdef u8 encryption = 0
    cdef Slice value
    while m.p[at] != 0xff:
        value = part(m, be16(m.p + at + 1), be16(m.p + at + 3))
        if m.p[at] == 0 and value.n == 6:
            fact_once(look, TDS_CLIENT if client else TDS_SERVER, value.p, 6)
        elif m.p[at] == 1 and value.n and not client:
            fact_once(look, TDS_ENCRYPTION, value.p, 1)
            encryption = value.p[0]
        elif m.p[at] == 2 and client and value.n > 1 and value.p[value.n - 1] == 0:
            keep_text(look, TDS_INSTANCE, slice_of(value.p, value.n - 1), FEW)
        at += 5
    return encryption


cdef Slice wide(Slice m, u32 at) noexcept nogil:
    """The UTF-16 text that an offset and a count of characters point to."""
    return part(m, le16(m.p + at), 2 * <u32>le16(m.p + at + 2))


cdef void keep_password(Look* look, Slice hidden) noexcept nogil:
    """Only its halves are swapped and bits inverted (section 2.2.6.4)."""
    cdef u8[2 * TEXT_MOST] plain
    cdef u32 i, n = smaller(hidden.n, 2 * TEXT_MOST)
    for i in range(n):
        plain[i] = <u8>((hidden.p[i] ^ 0xa5) << 4 & 0xff | (hidden.p[i] ^ 0xa5) >> 4)
    keep_wide(look, TDS_PASSWORD, slice_of(plain, n), FEW)


cdef void keep_version(Look* look, u32 version) noexcept nogil:
    cdef u8[4] fact
    cdef int i
    for i in range(4):
        fact[i] = <u8>(version >> (24 - 8 * i) & 0xff)
    fact_once(look, TDS_VERSION, fact, 4)


cdef void take_login(Look* look, Slice m) noexcept nogil:
    """Section 2.2.6.4: fixed fields, then offsets and lengths of texts."""
    if m.n < LOGIN_LEAST:
        return
    keep_version(look, le32(m.p + 4))
    keep_wide(look, TDS_HOST, wide(m, 36), FEW)
    keep_wide(look, TDS_USER, wide(m, 40), FEW)
    keep_password(look, wide(m, 44))
    keep_wide(look, TDS_APPLICATION, wide(m, 48), FEW)
    keep_wide(look, TDS_TARGET, wide(m, 52), FEW)
    keep_wide(look, TDS_LIBRARY, wide(m, 60), FEW)
    keep_wide(look, TDS_DATABASE, wide(m, 68), FEW)
    gss_learn(look, part(m, le16(m.p + 78), le16(m.p + 80)))


cdef void take_old_login(Look* look, Slice m) noexcept nogil:
    cdef u8[4] fact
    keep_text(look, TDS_HOST, slice_of(m.p, m.p[30]), FEW)
    keep_text(look, TDS_USER, slice_of(m.p + 31, m.p[61]), FEW)
    keep_text(look, TDS_PASSWORD, slice_of(m.p + 62, m.p[92]), FEW)
    keep_text(look, TDS_APPLICATION, slice_of(m.p + 140, m.p[170]), FEW)
    keep_text(look, TDS_TARGET, slice_of(m.p + 171, m.p[201]), FEW)
    if m.p[472] <= 10:
        keep_text(look, TDS_LIBRARY, slice_of(m.p + 462, m.p[472]), FEW)
    fact[0] = m.p[458]
    fact[1] = m.p[459]
    fact[2] = fact[3] = 0
    fact_once(look, TDS_VERSION, fact, 4)
