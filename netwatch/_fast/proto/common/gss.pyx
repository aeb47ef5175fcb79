"""NTLM messages (MS-NLMP section 2.2.1) and Kerberos AP-REQs (RFC 4120 section 5.5.1, RFC 4121 section 4.1).

Tokens come bare or inside SPNEGO (RFC 4178), DCE/RPC's AP-REQs without the mechanism's frame; either way the messages
stand in them whole, so they are looked for by their first bytes. No response or key is kept: only who, from where, to
whom, and by which method.
"""
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport u8, u16, u32, Slice, Reader, le16, le32, reader, slice_of
from netwatch._fast.look.protocol cimport Look, fact_once
from netwatch._fast.proto.common.ber cimport ber_any, ber_enter, ber_slice, ber_tag
from netwatch._fast.proto.common.learn cimport keep_u8
from netwatch._fast.proto.common.lines cimport FACT_TEXT, keep_once, smaller
from netwatch._fast.proto.common.utf16 cimport keep_string, keep_wide, part
from netwatch._fast.proto.common.describing import named, one_or_all, text

cdef enum:
    KIND_NTLM1 = 1
    KIND_NTLM2 = 2
    KIND_ANONYMOUS = 3
    KIND_KERBEROS = 4
    NEGOTIATE = 1              # MS-NLMP section 2.2.1: message types
    CHALLENGE = 2
    AUTHENTICATE = 3
    FLAG_UNICODE = 0x1         # MS-NLMP section 2.2.2.5
    FLAG_VERSION = 0x02000000
    AV_COMPUTER = 1            # MS-NLMP section 2.2.2.1
    AV_DOMAIN = 2
    AV_DNS_COMPUTER = 3
    AV_DNS_DOMAIN = 4
    FEW = 4
    AP_REQ = 0x6e              # [APPLICATION 14], RFC 4120 section 5.5.1
    TICKET = 0x61              # [APPLICATION 1], RFC 4120 section 5.3
    GENERAL_STRING = 0x1b
    NAMES_MOST = 3
    BARE_HEAD = 8              # identifiers and lengths, of two octets each, before what every AP-REQ begins with

cdef const char* NTLMSSP = b"NTLMSSP\0"
cdef const char* BARE_AP = b"\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x0e"   # version 5, type 14, RFC 4120 section 5.5.1
cdef const char* KERBEROS_AP = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00"   # OID and TOK_ID, RFC 4121


cdef Slice after(Slice token, const char* mark, u32 k) noexcept nogil:
    """What follows the first such bytes, with them; empty when they are not there."""
    cdef u32 i
    for i in range(token.n - smaller(token.n, k - 1)):
        if token.p[i] == <u8>mark[0] and memcmp(token.p + i, mark, k) == 0:
            return slice_of(token.p + i, token.n - i)
    return slice_of(token.p, 0)


# --- NTLM ---

cdef Slice field(Slice m, u32 at) noexcept nogil:
    """The payload that a length, a maximum and an offset at `at` point to."""
    if at + 8 > m.n:
        return slice_of(m.p, 0)
    return part(m, le32(m.p + at + 4), le16(m.p + at))


cdef void version(Look* look, u8 key, Slice m, u32 at, u32 flags) noexcept nogil:
    """Major, minor, build: there when the flag says so."""
    if flags & FLAG_VERSION and at + 8 <= m.n and m.p[at]:
        fact_once(look, key, m.p + at, 4)


cdef void target_info(Look* look, Slice info) noexcept nogil:
    """AV pairs: the server's names."""
    cdef u32 at = 0, size
    cdef u16 kind
    while at + 4 <= info.n:
        kind = le16(info.p + at)
        size = le16(info.p + at + 2)
        at += 4
        if kind == AV_COMPUTER:
            keep_wide(look, GSS_SERVER, part(info, at, size), FEW)
        elif kind == AV_DOMAIN:
            keep_wide(look, GSS_SERVER_DOMAIN, part(info, at, size), FEW)
        elif kind == AV_DNS_COMPUTER:
            keep_wide(look, GSS_SERVER_DNS, part(info, at, size), FEW)
        elif kind == AV_DNS_DOMAIN:
            keep_wide(look, GSS_DNS_DOMAIN, part(info, at, size), FEW)
        elif kind == 0:
            return
        at += size


cdef void authenticate(Look* look, Slice m) noexcept nogil:
    """MS-NLMP section 2.2.1.3. A response of 24 bytes is NTLM's first version, a longer one the second."""
    cdef u32 flags = le32(m.p + 60) if m.n >= 64 else FLAG_UNICODE
    cdef bint wide = flags & FLAG_UNICODE != 0
    cdef u32 size = le16(m.p + 20)
    keep_u8(look, GSS_KIND, KIND_NTLM2 if size > 24 else KIND_NTLM1 if size == 24 else KIND_ANONYMOUS, FEW)
    keep_string(look, GSS_DOMAIN, field(m, 28), wide, FEW)
    keep_string(look, GSS_USER, field(m, 36), wide, FEW)
    keep_string(look, GSS_WORKSTATION, field(m, 44), wide, FEW)
    version(look, GSS_CLIENT_OS, m, 64, flags)


cdef void ntlm(Look* look, Slice m) noexcept nogil:
    cdef u32 kind, flags
    if m.n < 16:
        return
    kind = le32(m.p + 8)
    if kind == NEGOTIATE:
        flags = le32(m.p + 12)
        if m.n >= 32:
            keep_string(look, GSS_DOMAIN, field(m, 16), False, FEW)
            keep_string(look, GSS_WORKSTATION, field(m, 24), False, FEW)
            version(look, GSS_CLIENT_OS, m, 32, flags)
    elif kind == CHALLENGE and m.n >= 48:
        target_info(look, field(m, 40))
        version(look, GSS_SERVER_OS, m, 48, le32(m.p + 20))
    elif kind == AUTHENTICATE and m.n >= 52:
        authenticate(look, m)


# --- Kerberos ---

cdef void keep_service(Look* look, Reader* names) noexcept nogil:
    """The components of a principal's name, "/" between them."""
    cdef u8 out[FACT_TEXT]
    cdef u32 used = 0, i, _k
    cdef Slice one
    for _k in range(NAMES_MOST):
        if ber_tag(names) != GENERAL_STRING:
            break
        one = ber_slice(names, GENERAL_STRING)
        if used and used < FACT_TEXT:
            out[used] = c'/'
            used += 1
        for i in range(smaller(one.n, FACT_TEXT - used)):
            out[used + i] = one.p[i]
        used += smaller(one.n, FACT_TEXT - used)
    keep_once(look, GSS_SERVICE, slice_of(out, used))


cdef void kerberos(Look* look, Reader r) noexcept nogil:
    """AP-REQ: version, type, options, then the ticket with its realm and service in clear."""
    cdef Reader message = ber_enter(&r, AP_REQ)
    cdef Reader names
    cdef Slice realm
    r = ber_enter(&message, 0x30)
    ber_any(&r)
    ber_any(&r)
    ber_any(&r)
    message = ber_enter(&r, 0xa3)
    r = ber_enter(&message, TICKET)
    message = ber_enter(&r, 0x30)
    ber_any(&message)
    r = ber_enter(&message, 0xa1)
    realm = ber_slice(&r, GENERAL_STRING)
    if r.bad:
        return
    keep_u8(look, GSS_KIND, KIND_KERBEROS, FEW)
    keep_once(look, GSS_REALM, realm)
    r = ber_enter(&message, 0xa2)
    names = ber_enter(&r, 0x30)
    ber_any(&names)
    r = ber_enter(&names, 0xa1)
    names = ber_enter(&r, 0x30)
    keep_service(look, &names)


cdef void gss_learn(Look* look, Slice token) noexcept nogil:
    """Learn from a security token, bare or in SPNEGO."""
    cdef Slice found = after(token, NTLMSSP, 8)
    if found.n:
        ntlm(look, found)
        return
    found = after(token, KERBEROS_AP, 13)
    if found.n:
        kerberos(look, reader(found.p + 13, found.n - 13))
        return
    found = after(token, BARE_AP, 10)
    if found.n and found.p - token.p >= BARE_HEAD and found.p[-BARE_HEAD] == AP_REQ and found.p[-BARE_HEAD + 4] == 0x30:
        kerberos(look, reader(found.p - BARE_HEAD, found.n + BARE_HEAD))


# --- what the facts say ---

_KINDS = {1: "NTLMv1", 2: "NTLMv2", 3: "anonymous", 4: "Kerberos"}
_TEXTS = (("user", GSS_USER), ("domain", GSS_DOMAIN), ("workstation", GSS_WORKSTATION), ("server", GSS_SERVER),
          ("server_domain", GSS_SERVER_DOMAIN), ("server_dns", GSS_SERVER_DNS), ("dns_domain", GSS_DNS_DOMAIN),
          ("realm", GSS_REALM), ("spn", GSS_SERVICE))

GSS_KEYS = frozenset((GSS_KIND, GSS_CLIENT_OS, GSS_SERVER_OS, *(key for _, key in _TEXTS)))


def os_version(raw: bytes) -> str:
    """Such as "10.0.17763"; "" when it is none."""
    return f"{raw[0]}.{raw[1]}.{raw[2] | raw[3] << 8}" if len(raw) == 4 else ""


def add_gss(obj: dict, known: dict) -> None:
    """Put what the tokens told into the object: auth, user, domain, workstation, server ..."""
    if GSS_KEYS.isdisjoint(known):
        return
    one_or_all(obj, "auth", known, GSS_KIND, named(_KINDS, "method"))
    for name, key in _TEXTS:
        one_or_all(obj, name, known, key, text)
    one_or_all(obj, "client_os", known, GSS_CLIENT_OS, os_version)
    one_or_all(obj, "server_os", known, GSS_SERVER_OS, os_version)
