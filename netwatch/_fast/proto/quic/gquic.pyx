"""Google's QUIC wire format of 2014 to 2019, as far as it names the connection: the header that carries a version, and
the tags SNI and UAID of the client's CHLO message ("QUIC Crypto" and "QUIC Wire Layout Specification", Google, 2016).
"""
from netwatch._fast.base.bytes cimport u8, u32, u64, Reader, Slice, le16, le32, slice_of, take, take8
from netwatch._fast.look.protocol cimport Look, fact_once
from netwatch._fast.proto.quic.packets cimport QK_AGENT, QK_DCID, QK_GOOGLE_SNI, QK_VERSION

cdef enum:
    FLAG_VERSION = 0x01        # public flags of Q024 to Q043
    FLAG_RESET = 0x02
    FLAG_CID = 0x0c            # a connection ID of 0, 1, 4 or 8 bytes; from Q034 on 0x08 says 8, 0x04 a nonce
    FLAG_RESERVED = 0xc0
    CID = 8
    SEARCH = 64                # the message begins within so many bytes: number, hash, frame header
    MAX_TAGS = 128
    MAX_VALUE = 255
    TAG_CHLO = 0x4f4c4843      # little-endian
    TAG_SNI = 0x00494e53
    TAG_UAID = 0x44494155


cdef bint is_version(const u8* p) noexcept nogil:
    """Q0 and two digits."""
    return p[0] == 81 and p[1] == 48 and 48 <= p[2] <= 57 and 48 <= p[3] <= 57


cdef bint google_header(Slice data, GoogleHeader* h) noexcept nogil:
    """The header of a client's packet that names its version; False when the datagram begins otherwise."""
    cdef const u8* p = data.p
    cdef u32 size
    if data.n < 24:
        return False
    if p[0] & 0x80:                    # Q044 to Q046: the long header of the drafts of that time
        if not p[0] & 0x40 or not is_version(p + 1) or p[5] != 0x50:
            return False
        h.version = p + 1
        h.cid = slice_of(p + 6, CID)
        h.size = 6 + CID
        return True
    if not p[0] & FLAG_VERSION or p[0] & (FLAG_RESET | FLAG_RESERVED):
        return False
    size = CID if p[0] & FLAG_CID == FLAG_CID else 1 if p[0] & FLAG_CID == 4 else 0
    if p[0] & FLAG_CID == 8:
        size = CID if is_version(p + 1 + CID) else 4
    if not is_version(p + 1 + size):
        return False
    h.version = p + 1 + size
    h.cid = slice_of(p + 1, size)
    h.size = 5 + size
    return True


cdef bint read_tags(Look* look, const u8* p, u32 n) noexcept nogil:
    """The message's table: tags with the end of each value, then the values. False when it does not add up."""
    cdef u32 count, values, i, tag, low = 0, high
    if n < 8:
        return False
    count = le16(p + 4)
    values = 8 + 8 * count
    if count == 0 or count > MAX_TAGS or values > n:
        return False
    for i in range(count):
        tag = le32(p + 8 + 8 * i)
        high = le32(p + 12 + 8 * i)
        if high < low:
            return False
        if high > n - values:          # the rest is in another packet
            return i > 0
        if high - low <= MAX_VALUE and high > low:
            if tag == TAG_SNI:
                fact_once(look, QK_GOOGLE_SNI, p + values + low, high - low)
            elif tag == TAG_UAID:
                fact_once(look, QK_AGENT, p + values + low, high - low)
        low = high
    return True


cdef bint google_skip_ack(Reader* r, u64 kind) noexcept nogil:
    """Pass by an ACK frame, type 01ntllmm, as versions up to T051 write it."""
    cdef u32 wide = 1 << (kind >> 2 & 3), block = 1 << (kind & 3), more = 0, stamps
    wide = 6 if wide == 8 else wide
    block = 6 if block == 8 else block
    take(r, wide + 2)
    if kind & 0x20:
        more = take8(r)
    take(r, block + more * (1 + block))
    stamps = take8(r)
    if stamps:
        take(r, 5 + 3 * (stamps - 1))
    return not r.bad


cdef bint google_hello(Look* look, const GoogleHeader* h, Slice data) noexcept nogil:
    """Keep what the packet says; True when it held the client's hello."""
    cdef u32 at, until
    fact_once(look, QK_VERSION, h.version, 4)
    if h.cid.n:
        fact_once(look, QK_DCID, h.cid.p, h.cid.n)
    until = data.n - 8 if data.n - 8 < h.size + SEARCH else h.size + SEARCH
    for at in range(h.size, until):
        if le32(data.p + at) == TAG_CHLO:
            return read_tags(look, data.p + at, data.n - at)
    return False
