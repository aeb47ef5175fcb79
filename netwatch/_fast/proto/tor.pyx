"""Tor inside TLS 1.2 and older (tor-spec, "Negotiating and initializing channels"), known by a relay's certificate.

A relay makes its link certificate up: one common name www.RANDOM.net as subject and another, www.RANDOM.com, as
issuer, each of 8 to 20 letters of Tor's base32 alphabet, not the same, and nothing else in either name. No authority
issues such, so the pair names Tor; a client's server name, www.RANDOM.com as well, looks like any other and proves
nothing. From TLS 1.3 on certificates are encrypted, and Tor is called TLS. Nothing is detected here: tls.pyx shows the
certificates it reads.
"""
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport u8, u32, Reader, Slice, left, reader, slice_of
from netwatch._fast.look.protocol cimport Look, Proto, ON_TCP, PARSE_NOT_MINE, fact_once, reads, touch
from netwatch._fast.proto.common.ber cimport (BER_CONTEXT, BER_OID, BER_SEQUENCE, BER_SET, ber_any, ber_enter,
                                              ber_slice, ber_tag)
from netwatch._fast.proto.common.facts import Plain
from netwatch._fast.base.text import add_text

cdef enum:
    LEAST = 8                  # letters of a made up name
    MOST = 20
    HEAD = 4                   # "www."
    TAIL = 4                   # ".com", ".net"

cdef const u8* COMMON_NAME = b"\x55\x04\x03"    # 2.5.4.3

cdef int NUMBER = 0            # the number tor was registered under, 0 not yet


cdef Slice common_name(Reader* r) noexcept nogil:
    """The text of a name (RFC 5280 section 4.1.2.4) that is one common name and nothing else; empty otherwise."""
    cdef Reader names = ber_enter(r, BER_SEQUENCE), pairs = ber_enter(&names, BER_SET)
    cdef Reader pair = ber_enter(&pairs, BER_SEQUENCE), text
    cdef Slice kind = ber_slice(&pair, BER_OID)
    cdef bint alone
    text = ber_any(&pair)
    alone = not pair.bad and left(&names) == 0 and left(&pairs) == 0 and left(&pair) == 0
    if not alone or kind.n != 3 or memcmp(kind.p, COMMON_NAME, 3) != 0:
        return slice_of(r.p, 0)
    return slice_of(text.p, <u32>left(&text))


cdef bint made_up(Slice name, const u8* tail) noexcept nogil:
    """www., 8 to 20 letters of a to z and 2 to 7, and the tail."""
    cdef u32 i
    if not HEAD + LEAST + TAIL <= name.n <= HEAD + MOST + TAIL:
        return False
    if memcmp(name.p, b"www.", HEAD) != 0 or memcmp(name.p + name.n - TAIL, tail, TAIL) != 0:
        return False
    for i in range(HEAD, name.n - TAIL):
        if not 97 <= name.p[i] <= 122 and not 50 <= name.p[i] <= 55:
            return False
    return True


cdef void tor_certificate(Look* look, Slice der) noexcept nogil:
    """A server's leaf certificate: where it is one of Tor's, the flow is Tor over the protocol that is reading it."""
    cdef Reader whole = reader(der.p, der.n), cert = ber_enter(&whole, BER_SEQUENCE)
    cdef Reader r = ber_enter(&cert, BER_SEQUENCE)
    cdef Slice issuer, subject
    cdef int reading = look.proto
    if ber_tag(&r) == BER_CONTEXT:     # version
        ber_any(&r)
    ber_any(&r)                        # serial number
    ber_any(&r)                        # algorithm
    issuer = common_name(&r)
    ber_any(&r)                        # validity
    subject = common_name(&r)
    if r.bad or NUMBER == 0 or not made_up(issuer, b".com") or not made_up(subject, b".net"):
        return
    if issuer.n == subject.n and memcmp(issuer.p, subject.p, subject.n - TAIL) == 0:
        return
    look.proto = NUMBER
    fact_once(look, TOR_SUBJECT, subject.p, subject.n)
    fact_once(look, TOR_ISSUER, issuer.p, issuer.n)
    look.proto = reading
    look.row.app = <u8>NUMBER
    touch(look.dpi, look.row)


cdef void tor_enrolled(int number) noexcept nogil:
    global NUMBER
    NUMBER = number


cdef int tor_detect(Look* look, Slice data) noexcept nogil:
    return 0


cdef int tor_parse(Look* look, Slice data) noexcept nogil:
    return PARSE_NOT_MINE


cdef void tor_define(Proto* p) noexcept nogil:
    reads(p, "tor", ON_TCP, tor_detect, tor_parse)
    p.timeout = 600


# --- what the facts say ---

FACT_FIELDS = {"tor.subject": Plain(TOR_SUBJECT, 64), "tor.issuer": Plain(TOR_ISSUER, 64)}


def describe(facts) -> dict:
    """The `tor` object: the two names the relay made up."""
    known = dict(facts)
    obj = {}
    add_text(obj, "subject", known.get(TOR_SUBJECT), 64)
    add_text(obj, "issuer", known.get(TOR_ISSUER), 64)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "Tor www.g6ghvisevf3ibuu5.net"."""
    return " ".join(word for word in ("Tor", obj.get("subject", "")) if word)
