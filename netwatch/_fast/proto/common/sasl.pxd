"""SASL exchanges (RFC 4422) as the mail protocols and XMPP carry them: who logs in, and how."""
from netwatch._fast.base.bytes cimport u8, Slice
from netwatch._fast.look.protocol cimport Look, fact_set

cdef enum:                     # fact keys, the same in every protocol that has logins
    SASL_MECHANISM = 240
    SASL_ANSWER = 241          # what the client sent, in order, base64 as it stood: holds secrets
    LOGIN_USER = 242
    LOGIN_PASSWORD = 243
    LOGIN_RESULT = 244         # 1 byte: 1 accepted, 0 refused; what the newest answer to a login said

cdef struct Sasl:
    bint on                    # the client's next line is an answer
    u8 kept                    # answers written down

cdef inline void login_answered(Look* look, bint accepted) noexcept nogil:
    """A login was accepted, or its credentials were refused. Of those that follow each other the last stands: who was
    let in at last has not failed."""
    cdef u8 one = accepted
    fact_set(look, LOGIN_RESULT, &one, 1)

cdef bint answers_sasl(Sasl* sasl, Slice line) noexcept nogil
cdef void sasl_begin(Look* look, Sasl* sasl, Slice mechanism, Slice initial) noexcept nogil
cdef void sasl_answer(Look* look, Sasl* sasl, Slice answer) noexcept nogil
cdef void sasl_raw(Look* look, Slice message) noexcept nogil
