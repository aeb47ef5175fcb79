"""What the flow tells of its first transaction: the first request that was seen, and the answer to that one alone.
Where no request is seen, the first answer."""
from netwatch._fast.base.bytes cimport u8, u64, Slice
from netwatch._fast.look.protocol cimport Look, fact_drop, fact_once
from netwatch._fast.proto.http.facts cimport (HTTP_AGENT, HTTP_HOST, HTTP_METHOD, HTTP_PATH, HTTP_SERVER, HTTP_STATUS,
                                              HTTP_TYPE)
from netwatch._fast.proto.http.head cimport Head
from netwatch._fast.proto.http.pair cimport CLAIMED, Http

cdef enum:
    MAX_FACT = 256             # bytes of a text


cdef void fact_text(Look* look, u8 key, Slice s) noexcept nogil:
    if s.n:
        fact_once(look, key, s.p, s.n if s.n < MAX_FACT else MAX_FACT)


cdef void learn_first(Look* look, Http* http, const Head* head, u64 at) noexcept nogil:
    """The head of a request, which begins at `at`: is it the first?"""
    if http.requests == 0:
        http.first = at
        fact_text(look, HTTP_METHOD, head.method)
        fact_text(look, HTTP_HOST, head.host)
        fact_text(look, HTTP_PATH, head.target)
        fact_text(look, HTTP_AGENT, head.agent)


cdef void learn_answer(Look* look, Http* http, const Head* head, const u8* status) noexcept nogil:
    """The head of a final response, whose request is known as far as it will be; three digits of status."""
    if (http.answered and http.request.at == http.first) if http.requests else http.responses == 0:
        fact_once(look, HTTP_STATUS, status, 3)
        fact_text(look, HTTP_TYPE, head.content_type)
        fact_text(look, HTTP_SERVER, head.server)


cdef void forget_stranger(Look* look, Http* http) noexcept nogil:
    """A request has come: what was told of an answer before the first one stays where it is the answer to it."""
    cdef bint its_own = http.responses == 1 and (http.answered or http.claims == CLAIMED)
    if http.requests == 1 and http.responses and not its_own:
        fact_drop(look, HTTP_STATUS)
        fact_drop(look, HTTP_TYPE)
        fact_drop(look, HTTP_SERVER)
