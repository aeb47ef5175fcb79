"""MySQL's connection phase: what the server's greeting and the client's login say (Protocol::HandshakeV10 and V9,
Protocol::HandshakeResponse41 and 320). Whole bodies, or their first bytes; nothing here keeps state.
"""
from netwatch._fast.base.bytes cimport (u8, u32, u64, Slice, Reader, le16, le32, left, reader, starts, take, take8,
                                        take_slice)
from netwatch._fast.look.protocol cimport Look, fact_number, fact_once
from netwatch._fast.proto.common.lines cimport keep_each, keep_once
from netwatch._fast.proto.mysql.facts cimport (MYSQL_ATTRIBUTE, MYSQL_AUTH, MYSQL_CAPS, MYSQL_PLUGIN, MYSQL_SCHEMA,
                                               MYSQL_TLS, MYSQL_VERSION, MYSQL_ZIP)
from netwatch._fast.proto.common.sasl cimport LOGIN_PASSWORD, LOGIN_USER
from netwatch._fast.proto.common.sql cimport keep_pair, take_text, until_nul

cdef enum:                     # capability flags
    WITH_SCHEMA = 0x8
    COMPRESS = 0x20
    PROTOCOL_41 = 0x200
    TLS = 0x800
    SECURE = 0x8000            # one byte of length before the answer to the challenge
    PLUGIN_AUTH = 0x80000
    ATTRIBUTES = 0x100000
    LENENC_AUTH = 0x200000
    COMPRESS_ZSTD = 0x4000000

cdef enum:
    FIXED = 32                 # a login's fixed part
    FIXED_OLD = 5
    FEW = 4
    MAX_ATTRIBUTES = 12


cdef u32 take_count(Reader* r) noexcept nogil:
    """A length-encoded number; those of 16 MB and more have no place in a login."""
    cdef u32 n = take8(r)
    cdef const u8* p
    if n == 0xfc:
        p = take(r, 2)
        return le16(p) if p != NULL else 0
    if n == 0xfd:
        p = take(r, 3)
        return p[0] | <u32>p[1] << 8 | <u32>p[2] << 16 if p != NULL else 0
    if n > 0xfa:
        r.bad = True
    return n


cdef void mysql_greeting(Look* look, Slice body) noexcept nogil:
    """Version 9 ends after the challenge."""
    cdef Reader r = reader(body.p, body.n)
    cdef u8 version = take8(&r), challenge
    cdef const u8* p
    cdef u64 caps
    keep_once(look, MYSQL_VERSION, take_text(&r))
    take(&r, 13)                                    # connection id, challenge, filler
    p = take(&r, 2)
    if version != 10 or p == NULL:
        return
    caps = le16(p)
    p = take(&r, 6)                                 # character set, status, upper flags, length of the challenge
    if p == NULL:
        fact_number(look, MYSQL_CAPS, caps)
        return
    caps |= <u64>le16(p + 3) << 16
    fact_number(look, MYSQL_CAPS, caps)
    challenge = p[5] - 8 if p[5] > 21 else 13       # what of it is still to come
    take(&r, 10 + <size_t>challenge)
    if caps & PLUGIN_AUTH and not r.bad:
        keep_once(look, MYSQL_PLUGIN, take_text(&r))


cdef bint mysql_plugin(Look* look, Slice name) noexcept nogil:
    """Note an authentication plugin; True when it sends the password as it is."""
    keep_each(look, MYSQL_AUTH, name, FEW)
    return name.n == 20 and starts(name.p, name.n, b"mysql_clear_password", 20)


cdef void take_attributes(Look* look, Reader* r) noexcept nogil:
    """Names and values in turn."""
    cdef Slice name, value
    cdef u32 n
    while left(r):
        n = take_count(r)
        name = take_slice(r, n)
        n = take_count(r)
        value = take_slice(r, n)
        if r.bad:
            return
        keep_pair(look, MYSQL_ATTRIBUTE, name, c'=', value, MAX_ATTRIBUTES)


cdef bint login_41(Look* look, u32 caps, Reader r) noexcept nogil:
    """What follows the fixed part; True when the password is sent as it is."""
    cdef Slice answer
    cdef u32 n
    cdef bint clear = False
    keep_once(look, LOGIN_USER, take_text(&r))
    if caps & (LENENC_AUTH | SECURE):
        n = take_count(&r) if caps & LENENC_AUTH else take8(&r)
        answer = take_slice(&r, n)
    else:
        answer = take_text(&r)
    if caps & WITH_SCHEMA and not r.bad:
        keep_once(look, MYSQL_SCHEMA, take_text(&r))
    if caps & PLUGIN_AUTH and not r.bad and left(&r):
        clear = mysql_plugin(look, take_text(&r))
        if clear:
            keep_once(look, LOGIN_PASSWORD, until_nul(answer))
    if caps & ATTRIBUTES and not r.bad and left(&r):
        take_count(&r)
        take_attributes(look, &r)
    return clear


cdef Login mysql_login(Look* look, Slice body) noexcept nogil:
    """The client's first packet."""
    cdef u32 caps = le16(body.p) if body.n >= 2 else 0
    cdef bint new = caps & PROTOCOL_41 != 0
    cdef u32 fixed = FIXED if new else FIXED_OLD
    cdef u8 kind = 1
    cdef Reader r
    cdef Login login
    login.tells = LOGIN_WHOLE
    login.clear = login.compress = False
    if body.n < fixed:
        login.tells = LOGIN_BROKEN
        return login
    if caps & TLS and body.n == fixed:
        fact_once(look, MYSQL_TLS, &kind, 1)
        login.tells = LOGIN_TLS
        return login
    r = reader(body.p + fixed, body.n - fixed)
    if new:
        caps = le32(body.p)
        login.clear = login_41(look, caps, r)
    else:
        keep_once(look, LOGIN_USER, take_text(&r))
        take_text(&r)
        if caps & WITH_SCHEMA:
            keep_once(look, MYSQL_SCHEMA, take_text(&r))
    if caps & (COMPRESS | COMPRESS_ZSTD):
        login.compress = True
        kind = 1 if caps & COMPRESS else 2
        fact_once(look, MYSQL_ZIP, &kind, 1)
    return login
