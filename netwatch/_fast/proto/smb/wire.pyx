"""SMB 1, 2 and 3 over TCP (MS-CIFS, MS-SMB, MS-SMB2): the frames and what is found by looking at them.

Every message stands behind four bytes of the NetBIOS session service (RFC 1002 section 4.3.1), on port 445 too, where
MS-SMB2 section 2.1 widens the length to 24 bits; so netbios is named below it. Of bulk data only the header is read.
The messages themselves are read by smb1.pyx and smb2.pyx, the texts made by smbtext.pyx.
"""
from libc.stdlib cimport free
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport u8, u32, Slice, be24, le16, le32, slice_of
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, fact_once, reads, has_state)
from netwatch._fast.proto.common.learn cimport keep_u8
from netwatch._fast.proto.common.lines cimport skip_bytes, smaller, wait_for
from netwatch._fast.proto.smb.smb1 cimport smb1_learn, smb1_wanted
from netwatch._fast.proto.smb.smb2 cimport smb2_learn, smb2_wanted

cdef enum:
    FRAME = 4
    KEEPALIVE = 0x85           # RFC 1002 section 4.3.1
    SMB1 = 0xff
    SMB2 = 0xfe
    SEALED = 0xfd              # MS-SMB2 section 2.2.41
    PACKED = 0xfc              # MS-SMB2 section 2.2.42
    SEALED_HEAD = 52
    PACKED_HEAD = 16
    LEAST = 16
    HUNT_MOST = 4194304
    ENOUGH = 20000             # messages read of a flow


cdef int kind_of(const u8* p, u32 n) noexcept nogil:
    """Which message begins here, by its protocol id; 0 none."""
    if n >= 4 and memcmp(p + 1, b"SMB", 3) == 0 and PACKED <= p[0] <= SMB1:
        return p[0]
    return 0


cdef bint header_fits(const u8* p, u32 n, u32 size) noexcept nogil:
    """The length in the frame and the header's own words agree, as far as they are there."""
    cdef int kind = kind_of(p, n)
    if kind == SMB1:
        return size >= SMB_HEAD1
    if kind == SMB2:
        return size >= SMB_HEAD2 and (n < 6 or le16(p + 4) == SMB_HEAD2)
    if kind == SEALED:
        return size >= SEALED_HEAD and (n < 40 or le32(p + 36) <= size)
    return kind == PACKED and size >= PACKED_HEAD


cdef int smb_detect(Look* look, Slice d) noexcept nogil:
    """Joined in the middle, as whole; the bytes say which."""
    cdef u32 i
    if d.n < FRAME + 6:
        for i in range(FRAME + 1, smaller(d.n, FRAME + 4)):
            if d.p[i] != <u8>(b"SMB"[i - FRAME - 1]):
                return 0
        return DETECT_MORE if d.n <= FRAME or d.p[FRAME] >= PACKED else 0
    return 97 if d.p[0] == 0 and header_fits(d.p + FRAME, d.n - FRAME, be24(d.p + 1)) else 0


cdef int hunt(Look* look, Smb* smb, Slice d) noexcept nogil:
    """After a hole: go on at the next frame that can be one."""
    cdef u32 at = look.used
    while at + FRAME + 6 <= d.n:
        if d.p[at] == 0 and header_fits(d.p + at + FRAME, d.n - at - FRAME, be24(d.p + at + 1)):
            smb.hunting[look.side] = 0
            break
        at += 1
    smb.hunted += at - look.used
    look.used = at
    if smb.hunted > HUNT_MOST:
        return PARSE_DONE
    return wait_for(look, d, FRAME + 6) if smb.hunting[look.side] else PARSE_OK


cdef void sealed(Look* look, Smb* smb) noexcept nogil:
    keep_u8(look, SMB_HEADER, 3, 3)
    smb.sealed |= <u8>(1 << look.side)


cdef void learn(Look* look, Smb* smb, int kind, Slice m) noexcept nogil:
    cdef u8 yes = 1
    smb.messages += 1
    if kind == SMB1:
        keep_u8(look, SMB_HEADER, 1, 3)
        smb1_learn(look, smb, m)
    elif kind == SMB2:
        keep_u8(look, SMB_HEADER, 2, 3)
        smb2_learn(look, smb, m)
    elif kind == SEALED:
        sealed(look, smb)
    elif kind == PACKED:
        fact_once(look, SMB_COMPRESSED, &yes, 1)


cdef int one(Look* look, Smb* smb, Slice d) noexcept nogil:
    """One frame: its message, or as much of it as is worth reading."""
    cdef const u8* p = d.p + look.used
    cdef u32 n = d.n - look.used, size, want
    cdef int kind
    if n < FRAME:
        return wait_for(look, d, FRAME)
    size = be24(p + 1)
    if p[0] == KEEPALIVE and size == 0 and smb.messages:
        look.used += FRAME
        return PARSE_OK
    if p[0] != 0:
        return PARSE_MALFORMED if smb.messages else PARSE_NOT_MINE
    want = smaller(size, SMB_HEAD2)
    if n < FRAME + want:
        return wait_for(look, d, FRAME + want)
    kind = kind_of(p + FRAME, want)
    if kind == 0 or not header_fits(p + FRAME, want, size):
        if smb.messages == 0:
            return PARSE_NOT_MINE
        kind = 0               # the raw reads and writes of SMB1 have no header
    elif kind == SMB1:
        want = smb1_wanted(p + FRAME, want, size)
    elif kind == SMB2:
        want = smb2_wanted(p + FRAME, want, size)
    if n < FRAME + want:
        return wait_for(look, d, FRAME + want)
    look.used += FRAME + want
    learn(look, smb, kind, slice_of(p + FRAME, want))
    if smb.sealed == 3 or smb.messages >= ENOUGH:
        return PARSE_DONE      # from here on nobody but the two can read
    return skip_bytes(look, d, size - want)


cdef int smb_parse(Look* look, Slice d) noexcept nogil:
    cdef Smb* smb
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(Smb)):
        return PARSE_DONE
    smb = <Smb*>look.state[0]
    while code == PARSE_OK and look.used < d.n and look.skip == 0:
        code = hunt(look, smb, d) if smb.hunting[look.side] else one(look, smb, d)
    return code


cdef int smb_lost(Look* look, u64 n) noexcept nogil:
    """What follows a hole may be the middle of a message."""
    cdef Smb* smb = <Smb*>look.state[0]
    if smb == NULL:
        return PARSE_DONE
    smb.hunting[look.side] = 1
    return PARSE_OK


cdef void smb_define(Proto* p) noexcept nogil:
    reads(p, "smb", ON_TCP, smb_detect, smb_parse)
    p.first[0] = 1
    p.lost = smb_lost
    p.free = free
