"""What a mail server says in brackets when it refuses a login (RFC 5530, RFC 3206, RFC 2449): some codes say that it
refuses anybody just now, or so, whatever the credentials are."""
from netwatch._fast.base.bytes cimport Slice
from netwatch._fast.proto.common.lines cimport begins_word

cdef inline bint judges(Slice text) noexcept nogil:
    """Does the refusal say anything of the credentials?"""
    return not (begins_word(text.p, text.n, b"[unavailable]", 13) or begins_word(text.p, text.n, b"[inuse]", 7)
                or begins_word(text.p, text.n, b"[privacyrequired]", 17) or begins_word(text.p, text.n, b"[limit]", 7)
                or begins_word(text.p, text.n, b"[serverbug]", 11) or begins_word(text.p, text.n, b"[sys/", 5)
                or begins_word(text.p, text.n, b"[in-use]", 8) or begins_word(text.p, text.n, b"[login-delay]", 13))
