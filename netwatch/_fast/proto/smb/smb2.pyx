"""SMB2 and SMB3 messages (MS-SMB2 section 2.2): dialect, security, logins, shares, files, directory entries, errors.

Several messages may stand in one frame, each behind a header of 64 bytes that says where the next begins. Buffers are
pointed to from fixed fields, counted from their own header; one that is not all there is left alone.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice, le16, le32, slice_of
from netwatch._fast.look.protocol cimport Look, fact_once, set_initiator
from netwatch._fast.proto.common.gss cimport gss_learn
from netwatch._fast.proto.common.learn cimport fact_distinct, keep_u8
from netwatch._fast.proto.common.lines cimport smaller
from netwatch._fast.proto.smb.facts cimport *
from netwatch._fast.proto.smb.session cimport session_answered
from netwatch._fast.proto.common.utf16 cimport keep_wide, part

cdef enum:
    NEGOTIATE = 0              # MS-SMB2 section 2.2.1.2: commands
    SESSION_SETUP = 1
    TREE_CONNECT = 3
    CREATE = 5
    READ = 8
    WRITE = 9
    QUERY_DIRECTORY = 14
    SET_INFO = 17
    COMMANDS = 19
    FLAG_REPLY = 1             # Flags
    FLAG_SIGNED = 8
    CONTEXT_ENCRYPTION = 2     # MS-SMB2 section 2.2.3.1: negotiate contexts
    CONTEXT_NETNAME = 5
    CONTEXT_SIGNING = 8
    RENAME_INFORMATION = 10    # MS-FSCC section 2.4
    COMPOUND = 32
    CONTEXTS = 16
    ENTRIES = 64
    READ_MOST = 4096           # bytes of a frame that are looked at
    TOKEN_MOST = 32768         # ... where a security token may stand in it


cdef u32 smb2_wanted(const u8* p, u32 n, u32 size) noexcept nogil:
    """How much of a frame of `size` bytes is worth waiting for; its first header is there."""
    cdef u16 cmd = le16(p + 12)
    cdef bint reply = p[16] & FLAG_REPLY != 0
    if le32(p + 20) == 0 and (cmd == READ and reply or cmd == WRITE and not reply):
        return SMB_HEAD2
    return smaller(size, TOKEN_MOST if cmd == SESSION_SETUP or cmd == NEGOTIATE else READ_MOST)


cdef u64 message_id(const u8* p) noexcept nogil:
    return le32(p + 24) | <u64>le32(p + 28) << 32


# --- negotiation ---

cdef void keep_mode(Look* look, u8 key, u16 mode) noexcept nogil:
    """Signing: 1 enabled, 2 required."""
    cdef u8 how = 2 if mode & 2 else 1
    if mode & 3:
        fact_once(look, key, &how, 1)


cdef void contexts(Look* look, Slice m, u32 at, u32 count, bint reply) noexcept nogil:
    """Negotiate contexts of dialect 3.1.1: type, length, reserved, data, each aligned to 8."""
    cdef u32 size, _i
    cdef u16 kind
    cdef Slice data
    for _i in range(smaller(count, CONTEXTS)):
        if at + 8 > m.n or at < SMB_HEAD2:
            return
        kind = le16(m.p + at)
        size = le16(m.p + at + 2)
        data = part(m, at + 8, size)
        if kind == CONTEXT_NETNAME:
            keep_wide(look, SMB_TARGET, data, 2)
        elif kind == CONTEXT_ENCRYPTION and reply and data.n >= 4:
            fact_once(look, SMB_CIPHER, data.p + 2, 2)
        elif kind == CONTEXT_SIGNING and reply and data.n >= 4:
            fact_once(look, SMB_SIGNING, data.p + 2, 2)
        at += (8 + size + 7) & ~<u32>7


cdef void offer(Look* look, Slice m, Slice body) noexcept nogil:
    """MS-SMB2 section 2.2.3."""
    cdef u32 i, count
    if body.n < 36:
        return
    count = le16(body.p + 2)
    keep_mode(look, SMB_SIGN_CLIENT, le16(body.p + 4))
    fact_once(look, SMB_CLIENT_GUID, body.p + 12, 16)
    for i in range(smaller(count, SMB_FEW)):
        if 36 + 2 * i + 2 > body.n:
            return
        fact_distinct(look, SMB_OFFERED, body.p + 36 + 2 * i, 2, SMB_FEW)
        if le16(body.p + 36 + 2 * i) == 0x0311:
            contexts(look, m, le32(body.p + 28), le16(body.p + 32), False)


cdef void choice(Look* look, Slice m, Slice body) noexcept nogil:
    """MS-SMB2 section 2.2.4. A second answer, after the one to SMB1's negotiation, is the one that counts."""
    if body.n < 64:
        return
    keep_mode(look, SMB_SIGN_SERVER, le16(body.p + 2))
    fact_distinct(look, SMB_DIALECT, body.p + 4, 2, 3)
    fact_once(look, SMB_SERVER_GUID, body.p + 8, 16)
    fact_once(look, SMB_CAPABILITIES, body.p + 24, 4)
    if le32(body.p + 48) or le32(body.p + 52):
        fact_once(look, SMB_BOOTED, body.p + 48, 8)
    gss_learn(look, part(m, le16(body.p + 56), le16(body.p + 58)))
    if le16(body.p + 4) == 0x0311:
        contexts(look, m, le32(body.p + 60), le16(body.p + 6), True)


# --- sessions, shares, files ---

cdef void session(Look* look, Slice m, Slice body, bint reply) noexcept nogil:
    """MS-SMB2 sections 2.2.5 and 2.2.6."""
    cdef u8 guest
    if reply and body.n >= 8:
        guest = <u8>(le16(body.p + 2) & 3)
        if guest:
            fact_once(look, SMB_GUEST, &guest, 1)
        gss_learn(look, part(m, le16(body.p + 4), le16(body.p + 6)))
    elif not reply and body.n >= 24:
        gss_learn(look, part(m, le16(body.p + 12), le16(body.p + 14)))


cdef void list_asked(Smb* smb, u64 id, u8 kind) noexcept nogil:
    smb.list_id[smb.list_next] = id
    smb.list_class[smb.list_next] = kind
    smb.list_next = <u8>((smb.list_next + 1) % SMB_LISTS)


cdef u8 list_answered(Smb* smb, u64 id) noexcept nogil:
    """The information class that was asked for under the message id, 0 unknown."""
    cdef int i
    cdef u8 kind
    for i in range(SMB_LISTS):
        if smb.list_class[i] and smb.list_id[i] == id:
            kind = smb.list_class[i]
            smb.list_class[i] = 0
            return kind
    return 0


cdef u32 name_place(u8 kind) noexcept nogil:
    """Where an entry of the class has its name (MS-FSCC section 2.4); its length stands at 60, or 8 in the barest."""
    if kind == 1:
        return 64              # FileDirectoryInformation
    if kind == 2:
        return 68              # FileFullDirectoryInformation
    if kind == 38:
        return 80              # FileIdFullDirectoryInformation
    if kind == 3:
        return 94              # FileBothDirectoryInformation
    if kind == 37:
        return 104             # FileIdBothDirectoryInformation
    return 12 if kind == 12 else 0     # FileNamesInformation


cdef void entries(Look* look, Slice list, u8 kind) noexcept nogil:
    """Names of a directory's entries, but itself and its parent."""
    cdef u32 at = 0, place = name_place(kind), size, _i
    cdef Slice name
    for _i in range(ENTRIES):
        if place == 0 or at + place > list.n:
            return
        size = le32(list.p + at + (60 if place > 12 else 8))
        name = part(list, at + place, size)
        if not ((name.n == 2 or name.n == 4 and name.p[2] == c'.') and name.p[0] == c'.'):
            keep_wide(look, SMB_LISTED, name, SMB_FILES)
        size = le32(list.p + at)
        if size < place or size > list.n - at:
            return
        at += size


cdef void listing(Look* look, Smb* smb, Slice m, Slice body, bint reply) noexcept nogil:
    """MS-SMB2 sections 2.2.33 and 2.2.34. The pattern is a file's name when it has no wildcard; it is not kept."""
    cdef u32 at
    if not reply:
        if body.n >= 32:
            list_asked(smb, message_id(m.p), body.p[2])
    elif body.n >= 8:
        at = le16(body.p + 2)
        if SMB_HEAD2 <= at <= m.n:
            entries(look, slice_of(m.p + at, smaller(le32(body.p + 4), m.n - at)), list_answered(smb, message_id(m.p)))


cdef void rename(Look* look, Slice m, Slice body) noexcept nogil:
    """FileRenameInformation in a SET_INFO (MS-SMB2 section 2.2.39, MS-FSCC section 2.4.42.2)."""
    cdef Slice info
    if body.n < 32 or body.p[2] != 1 or body.p[3] != RENAME_INFORMATION:
        return
    info = part(m, le16(body.p + 8), le32(body.p + 4))
    if info.n >= 20:
        keep_wide(look, SMB_FILE, part(info, 20, le32(info.p + 16)), SMB_FILES)


cdef void command(Look* look, Smb* smb, u16 cmd, bint reply, Slice m) noexcept nogil:
    cdef Slice body = slice_of(m.p + SMB_HEAD2, m.n - SMB_HEAD2)
    if cmd == NEGOTIATE:
        if reply:
            choice(look, m, body)
        else:
            offer(look, m, body)
    elif cmd == SESSION_SETUP:
        session(look, m, body, reply)
    elif cmd == QUERY_DIRECTORY:
        listing(look, smb, m, body, reply)
    elif reply:
        return
    elif cmd == TREE_CONNECT and body.n >= 8:
        keep_wide(look, SMB_SHARE, part(m, le16(body.p + 4), le16(body.p + 6)), SMB_FEW)
    elif cmd == CREATE and body.n >= 56:
        keep_wide(look, SMB_FILE, part(m, le16(body.p + 44), le16(body.p + 46)), SMB_FILES)
    elif cmd == SET_INFO:
        rename(look, m, body)


cdef void message(Look* look, Smb* smb, Slice m) noexcept nogil:
    """One message behind its header."""
    cdef u16 cmd = le16(m.p + 12)
    cdef u32 status = le32(m.p + 8), flags = le32(m.p + 16)
    cdef bint reply = flags & FLAG_REPLY != 0
    cdef u8 yes = 1
    if cmd >= COMMANDS:
        return
    set_initiator(look, not reply)
    keep_u8(look, SMB_COMMAND2, <u8>cmd, SMB_OPS)
    if flags & FLAG_SIGNED:
        fact_once(look, SMB_SIGNED, &yes, 1)
    if reply and status >> 30 == 3 and status != <u32>SMB_MORE_TO_COME:
        fact_distinct(look, SMB_STATUS, m.p + 8, 4, SMB_FEW)
    if reply and cmd == SESSION_SETUP:
        session_answered(look, status)
    command(look, smb, cmd, reply, m)


cdef void smb2_learn(Look* look, Smb* smb, Slice m) noexcept nogil:
    """All messages of a frame, or of its beginning; m begins at the first header."""
    cdef u32 next, _i
    for _i in range(COMPOUND):
        if m.n < SMB_HEAD2 or le32(m.p) != 0x424d53fe or le16(m.p + 4) != SMB_HEAD2:
            return
        next = le32(m.p + 20)
        message(look, smb, slice_of(m.p, smaller(next, m.n) if next >= SMB_HEAD2 else m.n))
        if next < SMB_HEAD2 or next > m.n:
            return
        m = slice_of(m.p + next, m.n - next)
