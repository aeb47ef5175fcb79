"""ClientHello and ServerHello read into facts (RFC 8446 section 4.1, RFC 5246 section 7.4.1, RFC 6066, RFC 7301).

Nothing is interpreted here: lists are kept raw, and tlstext.pyx makes names and fingerprints of them when asked.
A hello that breaks in its middle leaves the facts read before the break. What follows a HelloRetryRequest is kept
beside the first hello, under keys of its own, for its lists may differ and then have fingerprints of their own.
"""
from libc.string cimport memcmp, memcpy

from netwatch._fast.base.bytes cimport (u8, u16, u32, Reader, Slice, be16, left, reader, take, take8, take16,
                                        take_reader, take_slice)
from netwatch._fast.look.protocol cimport Look, fact_once

cdef enum:
    MAX_LIST = 1024            # bytes kept of one list; the largest honest ones are near 400
    MAX_NAMES = 2048           # of one list of ALPN names
    MAX_EXTS = 512             # of one hello; more is damage
    MAX_NAME = 255             # bytes kept of a server name (RFC 1035 section 2.3.4)
    RANDOM_BYTES = 32
    EXT_HEAD = 4               # type and length

cdef enum:                     # extension types, IANA "TLS ExtensionType Values"
    EXT_SERVER_NAME = 0
    EXT_GROUPS = 10
    EXT_POINTS = 11
    EXT_SIGALGS = 13
    EXT_ALPN = 16
    EXT_PSK = 41
    EXT_VERSIONS = 43
    EXT_KEY_SHARE = 51
    EXT_ECH = 0xfe0d

cdef enum:                     # answers of read_exts
    EXTS_BAD = 0               # the list of extensions itself is broken
    EXTS_ODD = 1               # one of them breaks its own rules
    EXTS_STRAY = 2             # all are whole, and some bytes follow that can be none
    EXTS_GOOD = 3

# SHA-256 of "HelloRetryRequest": the random that marks one (RFC 8446 section 4.1.3).
cdef const u8* RETRY_RANDOM = (b"\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
                               b"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c")


cdef void keep_list(Look* look, u8 key, Slice s) noexcept nogil:
    """Keep a list unless one stands already; a list over the bound is not kept in part, which would mislead."""
    if s.n > MAX_LIST:
        fact_once(look, TLS_CUT | (key & TLS_AGAIN), NULL, 0)
    else:
        fact_once(look, key, s.p, s.n)


cdef void keep_names(Look* look, u8 key, Slice s) noexcept nogil:
    """Keep ALPN names; of a list over the bound the first ones, for no fingerprint needs more than the first."""
    cdef u32 at = 0
    if s.n > MAX_NAMES:
        while at + 1 + s.p[at] <= MAX_NAMES:
            at += 1 + s.p[at]
        s.n = at
    fact_once(look, key, s.p, s.n)


cdef bint whole_list(Reader* ext, Slice* out) noexcept nogil:
    """A list with a 2-byte length that fills its extension."""
    out[0] = take_slice(ext, take16(ext))
    return not ext.bad and left(ext) == 0


cdef bint read_server_name(Look* look, Reader* ext) noexcept nogil:
    """RFC 6066 section 3: the first entry of type host_name. An empty extension is a server's answer."""
    cdef Reader names
    cdef Slice name
    cdef u8 kind
    if left(ext) == 0:
        return True
    names = take_reader(ext, take16(ext))
    while left(&names) and not names.bad:
        kind = take8(&names)
        name = take_slice(&names, take16(&names))
        if kind == 0 and not names.bad:
            if name.n and name.n <= MAX_NAME:
                fact_once(look, TLS_SNI, name.p, name.n)
            break
    return not names.bad


cdef bint read_client_ext(Look* look, u8 again, u16 kind, Reader* ext) noexcept nogil:
    """One extension of a ClientHello; False when it breaks its own rules."""
    cdef Slice s
    if kind == EXT_SERVER_NAME:
        return read_server_name(look, ext)
    if kind == EXT_GROUPS or kind == EXT_SIGALGS or kind == EXT_ALPN:
        if not whole_list(ext, &s):
            return False
        if kind == EXT_ALPN:
            keep_names(look, TLS_ALPN | again, s)
        else:
            keep_list(look, (<u8>TLS_GROUPS if kind == EXT_GROUPS else <u8>TLS_SIGALGS) | again, s)
    elif kind == EXT_POINTS or kind == EXT_VERSIONS:
        s = take_slice(ext, take8(ext))
        if ext.bad:
            return False
        keep_list(look, (<u8>TLS_POINTS if kind == EXT_POINTS else <u8>TLS_VERSIONS) | again, s)
    elif kind == EXT_ECH:
        fact_once(look, TLS_ECH, NULL, 0)
    return True


cdef bint read_server_ext(Look* look, Hello* hello, u8 again, u16 kind, Reader* ext, bint* psk) noexcept nogil:
    """One extension of a ServerHello or HelloRetryRequest; False when it breaks its own rules."""
    cdef Reader names
    cdef Slice s
    cdef u16 version
    if kind == EXT_VERSIONS:
        version = take16(ext)
        if not ext.bad and not again:
            hello.version = version
    elif kind == EXT_PSK:
        psk[0] = True
    elif kind == EXT_KEY_SHARE and again:
        if left(ext) == 2:             # RFC 8446 section 4.2.8: a retry names the group and nothing else
            fact_once(look, TLS_RETRY, ext.p, 2)
    elif kind == EXT_ALPN:
        names = take_reader(ext, take16(ext))
        s = take_slice(&names, take8(&names))
        if names.bad:
            return False
        fact_once(look, TLS_ALPN_CHOSEN, s.p, s.n)
    return not ext.bad


cdef int read_exts(Look* look, Hello* hello, Reader* r, bint server, u8 again, bint* psk) noexcept nogil:
    """The extensions block, which may be absent (RFC 5246 section 7.4.1.4): EXTS_. The list of types is kept unless it
    is broken itself; of a client's nothing is read after an extension that is odd."""
    cdef u8 kinds[2 * MAX_EXTS]
    cdef u32 n = 0
    cdef int found = EXTS_GOOD
    cdef Reader block, ext
    cdef const u8* head
    cdef u16 kind
    if left(r) == 0:
        return EXTS_GOOD
    block = take_reader(r, take16(r))
    if block.bad:
        return EXTS_BAD
    while left(&block):
        if left(&block) < EXT_HEAD:
            found = EXTS_STRAY if found == EXTS_GOOD else found
            break
        head = take(&block, 2)
        if n == MAX_EXTS:
            return EXTS_BAD
        kind = be16(head)
        ext = take_reader(&block, take16(&block))
        if ext.bad:
            return EXTS_BAD
        memcpy(&kinds[2 * n], head, 2)
        n += 1
        if server:
            if not read_server_ext(look, hello, again, kind, &ext, psk):
                found = EXTS_ODD
        elif not read_client_ext(look, again, kind, &ext):
            return EXTS_ODD
    fact_once(look, (<u8>TLS_SERVER_EXTS if server else <u8>TLS_EXTS) | again, kinds, 2 * n)
    return found


cdef int client_hello(Look* look, Hello* hello, Slice body, bint dtls) noexcept nogil:
    """The body of a ClientHello. A further one not asked for by a HelloRetryRequest fills gaps only."""
    cdef Reader r = reader(body.p, body.n)
    cdef bint psk = False
    cdef u8 again = <u8>TLS_AGAIN if hello.retried else <u8>0
    cdef const u8* version = take(&r, 2)
    cdef Slice sid, ciphers
    cdef int exts
    take(&r, RANDOM_BYTES)
    sid = take_slice(&r, take8(&r))
    if r.bad or sid.n > 32:
        return HELLO_BAD
    if dtls:
        take_slice(&r, take8(&r))
    ciphers = take_slice(&r, take16(&r))
    take_slice(&r, take8(&r))
    if r.bad or ciphers.n & 1:
        return HELLO_BAD
    memcpy(hello.sid, sid.p, sid.n)
    hello.sid_len = <u8>sid.n
    hello.asked = True
    fact_once(look, TLS_CLIENT_VERSION | again, version, 2)
    keep_list(look, TLS_CIPHERS | again, ciphers)
    exts = read_exts(look, hello, &r, False, again, &psk)
    if exts < EXTS_STRAY:
        fact_once(look, TLS_CUT | again, NULL, 0)
    return HELLO_OK if exts == EXTS_GOOD else HELLO_BAD


cdef int retry_request(Look* look, Hello* hello, Reader* r, const u8* version, const u8* cipher) noexcept nogil:
    """The rest of a HelloRetryRequest (RFC 8446 section 4.1.4): what the second ClientHello is to be like."""
    cdef bint psk = False
    cdef int exts
    fact_once(look, TLS_CIPHER | TLS_AGAIN, cipher, 2)
    exts = read_exts(look, hello, r, True, TLS_AGAIN, &psk)
    if exts != EXTS_BAD:
        fact_once(look, TLS_SERVER_VERSION | TLS_AGAIN, version, 2)
    fact_once(look, TLS_RETRY, NULL, 0)
    hello.retried = True
    if exts != EXTS_GOOD:
        look.dpi.malformed[look.proto] += 1
    return HELLO_RETRY


cdef void retried_unseen(Look* look, Hello* hello) noexcept nogil:
    """A second ClientHello comes, which a HelloRetryRequest that was not captured must have asked for."""
    fact_once(look, TLS_RETRY, NULL, 0)
    hello.retried = True


cdef inline bint is_draft(const u8* version) noexcept nogil:
    """Drafts 14 to 21 of TLS 1.3: a ServerHello without session ID and compression, under a version of its own."""
    return version[0] == 0x7f and 14 <= version[1] <= 21


cdef int server_hello(Look* look, Hello* hello, Slice body) noexcept nogil:
    """The body of a ServerHello or HelloRetryRequest."""
    cdef Reader r = reader(body.p, body.n)
    cdef bint psk = False
    cdef int exts
    cdef u8 resumed
    cdef u8 number[2]
    cdef const u8* version = take(&r, 2)
    cdef const u8* random = take(&r, RANDOM_BYTES)
    cdef const u8* cipher
    cdef Slice sid
    if r.bad:
        return HELLO_BAD
    sid = take_slice(&r, 0 if is_draft(version) else take8(&r))
    cipher = take(&r, 2)
    if not is_draft(version):
        take8(&r)
    if r.bad or sid.n > 32:
        return HELLO_BAD
    if memcmp(random, RETRY_RANDOM, RANDOM_BYTES) == 0:
        return retry_request(look, hello, &r, version, cipher)
    hello.version = be16(version)
    fact_once(look, TLS_CIPHER, cipher, 2)
    exts = read_exts(look, hello, &r, True, 0, &psk)
    if exts != EXTS_BAD:
        fact_once(look, TLS_SERVER_VERSION, version, 2)
    number[0] = <u8>(hello.version >> 8)
    number[1] = <u8>(hello.version & 0xff)
    fact_once(look, TLS_VERSION, number, 2)
    # RFC 8446 section 4.1.3: from 1.3 on the echo is a courtesy to middleboxes and says nothing.
    resumed = psk or (hello.version < 0x0304 and sid.n and sid.n == hello.sid_len
                      and memcmp(sid.p, hello.sid, sid.n) == 0)
    if hello.asked or hello.version >= 0x0304:
        fact_once(look, TLS_RESUMED, &resumed, 1)
    return HELLO_OK if exts == EXTS_GOOD else HELLO_BAD
