"""SASL exchanges (RFC 4422) as the mail protocols and XMPP carry them: who logs in, and how."""
from netwatch._fast.base.bytes cimport u8, Slice
from netwatch._fast.flow.content cimport facts_find
from netwatch._fast.look.protocol cimport Look, fact_set

cdef enum:                     # fact keys, the same in every protocol that has logins
    SASL_MECHANISM = 240
    SASL_ANSWER = 241          # what the client sent, in order, base64 as it stood: holds secrets
    LOGIN_USER = 242
    LOGIN_PASSWORD = 243
    LOGIN_RESULT = 244         # 2 bytes: 1 accepted, 0 refused; and how often it was refused

cdef enum:
    GUESSES = 2                # refusals that no login makes good

cdef struct Sasl:
    bint on                    # the client's next line is an answer
    u8 kept                    # answers written down

cdef inline void login_answered(Look* look, bint accepted) noexcept nogil:
    """A login was accepted, or its credentials were refused. Who was let in at last has not failed, unless they were
    refused so often before that the login may be their own, and hide guesses."""
    cdef Slice known
    cdef u8 value[2]
    value[1] = 0
    if look.cold.facts != NULL and facts_find(look.cold.facts, look.proto, LOGIN_RESULT, &known) and known.n == 2:
        value[1] = known.p[1]
    if not accepted and value[1] < 255:
        value[1] += 1
    value[0] = accepted and value[1] < GUESSES
    fact_set(look, LOGIN_RESULT, value, 2)

cdef bint answers_sasl(Sasl* sasl, Slice line) noexcept nogil
cdef void sasl_begin(Look* look, Sasl* sasl, Slice mechanism, Slice initial) noexcept nogil
cdef void sasl_answer(Look* look, Sasl* sasl, Slice answer) noexcept nogil
cdef void sasl_raw(Look* look, Slice message) noexcept nogil
