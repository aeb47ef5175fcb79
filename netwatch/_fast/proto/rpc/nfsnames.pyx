"""Names of files in the calls of NFS 2 (RFC 1094), 3 (RFC 1813) and 4 (RFC 7530, RFC 8881): what is asked for by name.

Of a COMPOUND of version 4 the operations are read up to the first whose arguments are not known here.
"""
from netwatch._fast.base.bytes cimport u8, u32, Reader, Slice, take, take32
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.common.learn cimport fact_distinct, keep_text
from netwatch._fast.proto.common.xdr cimport opaque, put32

cdef enum:
    MAX_PROCEDURES = 32
    OPERATIONS = 32            # of a COMPOUND that are read
    NONE_LIKE_IT = 1 << 24     # more bytes than any message has


cdef void keep_procedure(Look* look, u32 program, u32 version, u32 procedure) noexcept nogil:
    cdef u8[7] fact
    put32(fact, program)
    fact[4] = <u8>(version & 0xff)
    fact[5] = <u8>(procedure >> 8 & 0xff)
    fact[6] = <u8>(procedure & 0xff)
    fact_distinct(look, RPC_PROCEDURE, fact, 7, MAX_PROCEDURES)


cdef void keep_name(Look* look, Reader* r) noexcept nogil:
    cdef Slice name = opaque(r)
    if not r.bad:
        keep_text(look, RPC_FILE, name, MAX_NAMES)


cdef void names_v3(Look* look, u32 procedure, Reader* r) noexcept nogil:
    """RFC 1813: directory handle and name; RENAME has two such, LINK the file's handle before it."""
    if procedure == 3 or 8 <= procedure <= 14:
        opaque(r)
        keep_name(look, r)
        if procedure == 14:
            opaque(r)
            keep_name(look, r)
    elif procedure == 15:
        opaque(r)
        opaque(r)
        keep_name(look, r)


cdef void names_v2(Look* look, u32 procedure, Reader* r) noexcept nogil:
    """RFC 1094: handles have 32 bytes."""
    if procedure == 4 or 9 <= procedure <= 15:
        take(r, 64 if procedure == 12 else 32)
        keep_name(look, r)
        if procedure == 11:
            take(r, 32)
            keep_name(look, r)


cdef void bitmap(Reader* r) noexcept nogil:
    cdef u32 n = take32(r)
    take(r, 4 * n if n <= 8 else NONE_LIKE_IT)


cdef bint open_v4(Look* look, Reader* r) noexcept nogil:
    """OPEN (RFC 7530 section 16.16): who, how, then a name where the claim is by name."""
    cdef u32 how
    take(r, 20)
    opaque(r)
    if take32(r):
        how = take32(r)
        if how > 3:
            return False
        if how >= 2:
            take(r, 8)
        if how != 2:
            bitmap(r)
            opaque(r)
    if take32(r) != 0:
        return False
    keep_name(look, r)
    return True


cdef bint operation_v4(Look* look, u32 number, Reader* r) noexcept nogil:
    """Pass over an operation's arguments; False where their size is not known."""
    if number == 10 or number == 16 or 23 <= number <= 24 or 31 <= number <= 32:  # GETFH, LOOKUPP, PUT-, SAVE- ...
        return True
    if number == 15 or number == 28:                                  # LOOKUP, REMOVE
        keep_name(look, r)
    elif number == 29:                                                # RENAME
        keep_name(look, r)
        keep_name(look, r)
    elif number == 18:
        return open_v4(look, r)
    elif number == 22:                                                # PUTFH
        opaque(r)
    elif number == 9:                                                 # GETATTR
        bitmap(r)
    elif number == 3:                                                 # ACCESS
        take(r, 4)
    elif number == 5:                                                 # COMMIT
        take(r, 12)
    elif number == 25:                                                # READ
        take(r, 28)
    elif number == 26:                                                # READDIR
        take(r, 24)
        bitmap(r)
    elif number == 4:                                                 # CLOSE
        take(r, 20)
    elif number == 53:                                                # SEQUENCE
        take(r, 32)
    else:
        return False
    return not r.bad


cdef void compound(Look* look, u32 version, Reader* r) noexcept nogil:
    """RFC 7530 section 16.2: tag, minor version, operations; read up to one whose arguments are not known here."""
    cdef u32 count, number, _i
    opaque(r)
    take32(r)
    count = take32(r)
    for _i in range(min(count, OPERATIONS)):
        number = take32(r)
        if r.bad or number < 3 or number > 75:
            return
        keep_procedure(look, NFS, version, OPERATION | number)
        if not operation_v4(look, number, r):
            return


cdef void nfs_names(Look* look, u32 version, u32 procedure, Reader* r) noexcept nogil:
    """The arguments of a call of that version."""
    if version == 2:
        names_v2(look, procedure, r)
    elif version == 3:
        names_v3(look, procedure, r)
    elif procedure == 1:
        compound(look, version, r)
