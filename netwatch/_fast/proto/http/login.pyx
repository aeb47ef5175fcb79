"""Logins in HTTP's header fields: NTLM and Kerberos tell who it is, Basic the password as well."""
from netwatch._fast.base.bytes cimport u8, u16, u64, Slice, slice_of
from netwatch._fast.base.mix cimport mix_bytes
from netwatch._fast.look.protocol cimport Look, fact_once, fact_set
from netwatch._fast.proto.common.base64 cimport base64_decode
from netwatch._fast.proto.common.gss cimport gss_learn
from netwatch._fast.proto.http.facts cimport HTTP_BASIC, HTTP_DENIED
from netwatch._fast.proto.http.head cimport Head
from netwatch._fast.proto.http.pair cimport Http

cdef enum:
    LOGIN_HEADS = 64           # requests of a flow in which logins are looked for
    MAX_TOKEN = 4096           # bytes of a login's token
    MAX_BASIC = 256            # bytes of credentials that are kept


cdef void learn_login(Look* look, Http* http, Head* head) noexcept nogil:
    """Who logs in by NTLM or Kerberos, as the first heads of the flow tell."""
    cdef u8 token[MAX_TOKEN]
    if head.token.n and http.requests <= LOGIN_HEADS:
        gss_learn(look, slice_of(token, base64_decode(head.token, token, MAX_TOKEN)))


cdef u64 learn_basic(Look* look, Slice credentials) noexcept nogil:
    """Keep the flow's first credentials of Basic; a hash of these, 0 when there are none."""
    if credentials.n == 0:
        return 0
    fact_once(look, HTTP_BASIC, credentials.p, credentials.n if credentials.n < MAX_BASIC else MAX_BASIC)
    return mix_bytes(credentials.p, credentials.n)


cdef void learn_denied(Look* look, Http* http, u16 status) noexcept nogil:
    """Were the credentials of the request refused (RFC 9110 section 15.5.2, 15.5.8)? Those that are sent again and
    again count once."""
    if (status != 401 and status != 407) or not http.answered or http.request.login == 0:
        return
    if http.request.login != http.denied[1]:
        http.denied[0] += 1
        http.denied[1] = http.request.login
        fact_set(look, HTTP_DENIED, <const u8*>http.denied, 16)
