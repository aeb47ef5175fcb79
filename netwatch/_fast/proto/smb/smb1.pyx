"""SMB1 messages (MS-CIFS section 2.2, MS-SMB section 2.2): dialects, logins, shares, files, errors.

A message is a header and blocks of 16-bit words and bytes; the AndX commands chain several of them. Texts are UTF-16LE,
aligned to the header, or of a code page nobody names. Where words or bytes are not all there nothing is learnt of them.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, Slice, le16, le32, slice_of
from netwatch._fast.look.protocol cimport Look, fact_add, fact_once, more_than_kept, set_initiator
from netwatch._fast.proto.common.gss cimport GSS_DOMAIN, GSS_SERVER_DOMAIN, GSS_USER, gss_learn
from netwatch._fast.proto.common.learn cimport fact_distinct, keep_u8
from netwatch._fast.proto.common.lines cimport smaller
from netwatch._fast.proto.smb.facts cimport *
from netwatch._fast.proto.smb.session cimport session_answered
from netwatch._fast.proto.common.utf16 cimport keep_string, part

cdef enum:
    NEGOTIATE = 0x72           # MS-CIFS section 2.2.2.1: commands
    SESSION_SETUP = 0x73
    LOGOFF = 0x74
    TREE_CONNECT = 0x70
    TREE_CONNECT_ANDX = 0x75
    NT_CREATE = 0xa2
    OPEN_ANDX = 0x2d
    READ_ANDX = 0x2e
    WRITE_ANDX = 0x2f
    LOCKING = 0x24
    TRANS = 0x25
    TRANS2 = 0x32
    FLAG_REPLY = 0x80          # MS-CIFS section 2.2.3.1
    FLAG_SIGNED = 0x0004       # Flags2
    FLAG_NT_STATUS = 0x4000
    FLAG_UNICODE = 0x8000
    CAP_EXTENDED = 0x80000000  # MS-SMB section 2.2.4.5.2.1
    FIND_FIRST2 = 0x01         # MS-CIFS section 2.2.2.2: subcommands of TRANS2
    QUERY_PATH = 0x05
    SET_PATH = 0x06
    GET_DFS = 0x10
    CHAIN = 6
    DIALECTS = 16
    READ_MOST = 4096           # bytes of a message that are looked at
    TOKEN_MOST = 32768         # ... where a security token may stand in it
    BULK_HEAD = 64

cdef struct Block:             # one command's words and bytes; offsets are of the message
    Slice m
    u8 cmd
    bint reply
    bint wide                  # texts are UTF-16LE
    u32 words
    u32 count                  # of words
    u32 at                     # of the bytes; moves as they are read
    u32 end


cdef u32 smb1_wanted(const u8* p, u32 n, u32 size) noexcept nogil:
    """How much of a message of `size` bytes is worth waiting for; n of them are there, all or 64."""
    cdef u8 cmd = p[4]
    if cmd == READ_ANDX or cmd == WRITE_ANDX or cmd == 0x0a or cmd == 0x0b or cmd == 0x1a or cmd == 0x1d:
        return smaller(size, BULK_HEAD)
    return smaller(size, TOKEN_MOST if cmd == SESSION_SETUP or cmd == NEGOTIATE else READ_MOST)


cdef u16 word(const Block* b, u32 i) noexcept nogil:
    return le16(b.m.p + b.words + 2 * i) if i < b.count else 0


cdef Slice take_bytes(Block* b, u32 n) noexcept nogil:
    """The next n of the bytes, empty when there are fewer."""
    cdef Slice s
    if n > b.end - b.at:
        b.at = b.end
        return slice_of(b.m.p, 0)
    s = slice_of(b.m.p + b.at, n)
    b.at += n
    return s


cdef Slice take_string(Block* b, bint wide) noexcept nogil:
    """The next text up to its NUL, which is passed over; the last one may lack it."""
    cdef u32 start
    if wide and b.at & 1 and b.at < b.end:
        b.at += 1
    start = b.at
    if not wide:
        while b.at < b.end and b.m.p[b.at]:
            b.at += 1
        b.at += 1 if b.at < b.end else 0
        return slice_of(b.m.p + start, b.at - start)
    while b.at + 2 <= b.end:
        b.at += 2
        if b.m.p[b.at - 2] == 0 and b.m.p[b.at - 1] == 0:
            break
    return slice_of(b.m.p + start, b.at - start)


cdef void keep_next(Look* look, u8 key, Block* b, u32 most) noexcept nogil:
    """Keep the next text."""
    keep_string(look, key, take_string(b, b.wide), b.wide, most)


# --- commands ---

cdef void offer(Look* look, Smb* smb, Block* b) noexcept nogil:
    """Dialects: 2 and a text each (MS-CIFS section 2.2.4.52.1)."""
    cdef Slice s
    while b.at < b.end and b.m.p[b.at] == 2:
        b.at += 1
        s = take_string(b, False)
        s.n = smaller(s.n - (1 if s.n and s.p[s.n - 1] == 0 else 0), 40)
        if smb.offered < DIALECTS:
            fact_add(look, SMB_OFFERED1, s.p, s.n)
            smb.offered += 1
        elif not look.dpi.forgetful and look.cold.facts != NULL:
            more_than_kept(look, SMB_OFFERED1, s.p, s.n)


cdef void keep_signing(Look* look, u8 key, u32 enabled, u32 required) noexcept nogil:
    cdef u8 how = 2 if required else 1
    if enabled or required:
        fact_once(look, key, &how, 1)


cdef void choice(Look* look, Smb* smb, Block* b) noexcept nogil:
    """MS-CIFS section 2.2.4.52.2, MS-SMB section 2.2.4.5.2: the dialect, and of NT LM 0.12 what goes with it."""
    cdef u8 mode
    cdef u32 caps
    if b.count == 0:
        return
    fact_once(look, SMB_INDEX, b.m.p + b.words, 2)
    if b.count != 17:
        return
    mode = b.m.p[b.words + 2]
    smb.plain = mode & 2 == 0
    keep_signing(look, SMB_SIGN_SERVER, mode & 4, mode & 8)
    caps = le32(b.m.p + b.words + 19)
    fact_once(look, SMB_CAPABILITIES1, b.m.p + b.words + 19, 4)
    if caps & CAP_EXTENDED:
        if b.end - b.at >= 16:
            fact_once(look, SMB_SERVER_GUID, take_bytes(b, 16).p, 16)
        gss_learn(look, slice_of(b.m.p + b.at, b.end - b.at))
        return
    take_bytes(b, b.m.p[b.words + 33])
    # without padding, whatever the alignment (MS-CIFS section 2.2.4.52.2)
    keep_string(look, GSS_SERVER_DOMAIN, slice_of(b.m.p + b.at, b.end - b.at), b.wide, 2)


cdef void login(Look* look, Smb* smb, Block* b) noexcept nogil:
    """Session setup request, three forms told apart by their words (MS-CIFS section 2.2.4.53.1, MS-SMB 2.2.4.6.1)."""
    cdef Slice secret, wide_secret
    if b.count == 12:
        gss_learn(look, take_bytes(b, word(b, 7)))
    elif b.count == 13 or b.count == 10:
        secret = take_bytes(b, word(b, 7))
        wide_secret = take_bytes(b, word(b, 8) if b.count == 13 else 0)
        if smb.plain and b.count == 13:
            keep_string(look, SMB_PASSWORD, wide_secret if wide_secret.n > 1 else secret, wide_secret.n > 1, 2)
        keep_next(look, GSS_USER, b, SMB_FEW)
        keep_next(look, GSS_DOMAIN, b, SMB_FEW)
    else:
        return
    keep_next(look, SMB_NATIVE_CLIENT, b, 2)


cdef void welcome(Look* look, Block* b) noexcept nogil:
    """Session setup response."""
    cdef u8 guest = 1
    if b.count == 4:
        gss_learn(look, take_bytes(b, word(b, 3)))
    elif b.count != 3:
        return
    if word(b, 2) & 1:
        fact_once(look, SMB_GUEST, &guest, 1)
    keep_next(look, SMB_NATIVE_SERVER, b, 2)


cdef void share(Look* look, Block* b) noexcept nogil:
    if b.cmd == TREE_CONNECT:
        if b.at < b.end and b.m.p[b.at] == 4:
            b.at += 1
            keep_next(look, SMB_SHARE, b, SMB_FEW)
    elif b.count == 4:
        take_bytes(b, word(b, 3))
        keep_next(look, SMB_SHARE, b, SMB_FEW)


cdef void transaction(Look* look, Block* b) noexcept nogil:
    """TRANS2 with a path among its parameters (MS-CIFS section 2.2.4.46.1, subcommands 2.2.6); TRANS has a name."""
    cdef u32 at, before
    if b.count < 14:
        return
    if b.cmd == TRANS:
        keep_next(look, SMB_FILE, b, SMB_FILES)
        return
    at = word(b, 10)
    before = 12 if word(b, 14) == FIND_FIRST2 else 6 if word(b, 14) == QUERY_PATH or word(b, 14) == SET_PATH else \
        2 if word(b, 14) == GET_DFS else 0
    if b.count < 15 or before == 0 or word(b, 9) <= before or at < b.at:
        return
    keep_string(look, SMB_FILE, part(b.m, at + before, word(b, 9) - before), b.wide, SMB_FILES)


cdef bint names_a_file(u8 cmd) noexcept nogil:
    """The core commands whose bytes begin with 4 and a path (MS-CIFS section 2.2.4)."""
    return cmd <= 0x03 or 0x06 <= cmd <= 0x09 or 0x0e <= cmd <= 0x10 or cmd == 0x81 or cmd == 0xa5


cdef void core_file(Look* look, Block* b) noexcept nogil:
    cdef int _i
    for _i in range(2):        # a rename has two
        if b.at >= b.end or b.m.p[b.at] != 4:
            return
        b.at += 1
        keep_next(look, SMB_FILE, b, SMB_FILES)


cdef void request(Look* look, Smb* smb, Block* b) noexcept nogil:
    if b.cmd == NEGOTIATE:
        offer(look, smb, b)
    elif b.cmd == SESSION_SETUP:
        login(look, smb, b)
    elif b.cmd == TREE_CONNECT or b.cmd == TREE_CONNECT_ANDX:
        share(look, b)
    elif b.cmd == NT_CREATE or b.cmd == OPEN_ANDX:
        keep_next(look, SMB_FILE, b, SMB_FILES)
    elif b.cmd == TRANS or b.cmd == TRANS2:
        transaction(look, b)
    elif names_a_file(b.cmd):
        core_file(look, b)


cdef bint chained(u8 cmd) noexcept nogil:
    """An AndX command: its first words say what follows (MS-CIFS section 2.2.3.4)."""
    return cmd == SESSION_SETUP or cmd == LOGOFF or cmd == TREE_CONNECT_ANDX or cmd == NT_CREATE or \
        OPEN_ANDX <= cmd <= WRITE_ANDX or cmd == LOCKING


cdef bint block_at(Block* b, u32 at) noexcept nogil:
    """The words and bytes that begin there; False when the words are not all there."""
    if at >= b.m.n or at + 3 + 2 * <u32>b.m.p[at] > b.m.n:
        return False
    b.count = b.m.p[at]
    b.words = at + 1
    b.at = at + 3 + 2 * b.count
    b.end = b.at + smaller(le16(b.m.p + b.at - 2), b.m.n - b.at)
    return True


cdef void smb1_learn(Look* look, Smb* smb, Slice m) noexcept nogil:
    """A message, or the beginning of one; m begins at its header."""
    cdef Block b
    cdef u32 status, at = SMB_HEAD1, next, _i
    cdef u16 flags
    cdef u8 yes = 1
    b.m = m
    b.cmd = m.p[4]
    status = le32(m.p + 5)
    b.reply = m.p[9] & FLAG_REPLY != 0
    flags = le16(m.p + 10)
    b.wide = flags & FLAG_UNICODE != 0
    set_initiator(look, not b.reply)
    if flags & FLAG_SIGNED and le32(m.p + 14):
        fact_once(look, SMB_SIGNED, &yes, 1)
    if b.reply and flags & FLAG_NT_STATUS and status >> 30 == 3 and status != <u32>SMB_MORE_TO_COME:
        fact_distinct(look, SMB_STATUS, m.p + 5, 4, SMB_FEW)
    if b.reply and b.cmd == SESSION_SETUP and flags & FLAG_NT_STATUS:
        session_answered(look, status)
    for _i in range(CHAIN):
        keep_u8(look, SMB_COMMAND1, b.cmd, SMB_OPS)
        if not block_at(&b, at):
            return
        next = le16(m.p + b.words + 2) if chained(b.cmd) and b.count >= 2 and m.p[b.words] != 0xff else 0
        if not b.reply:
            request(look, smb, &b)
        elif b.cmd == NEGOTIATE:
            choice(look, smb, &b)
        elif b.cmd == SESSION_SETUP:
            welcome(look, &b)
        if next <= at or next >= m.n:
            return
        b.cmd = m.p[b.words]
        at = next
