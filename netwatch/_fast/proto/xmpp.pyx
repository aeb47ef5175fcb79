"""XMPP over TCP (RFC 6120): the stream's ends, logins, the resource bound; STARTTLS gives the flow back.

Read tag by tag, not as XML: names, attributes, and the text after a tag that carries a login. Stanzas are not kept,
and the first of them ends the reading.
"""

from netwatch._fast.base.bytes cimport u8, u32, i64, Slice, find_byte, slice_of, starts
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, set_initiator, reads, has_state)
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, from_client, handshake_begins, holds_word, keep_each,
                                                keep_once, port_is, same_word, smaller, trimmed, wait_more)
from netwatch._fast.proto.common.sasl cimport Sasl, sasl_answer, sasl_begin
from netwatch._fast.proto.common.facts import FLAG, LIST, TEXT, fact_fields, words
from netwatch._fast.proto.common.sasl import login_describer

cdef enum:                     # fact keys
    XMPP_TO = 1
    XMPP_FROM = 2              # of the client's stream
    XMPP_SERVER = 3            # from of the server's stream
    XMPP_KIND = 4              # default name space of the stream: jabber:client or jabber:server
    XMPP_MECHANISM = 5         # offered by the server
    XMPP_JID = 6               # bound
    XMPP_TLS = 7

cdef enum:
    MAX_TAG = 8192
    MAX_KEPT = 12
    ENOUGH_TAGS = 400

cdef enum:                     # what the text after the tag is
    TEXT_NONE = 0
    TEXT_ANSWER = 1
    TEXT_MECHANISM = 2
    TEXT_JID = 3

cdef struct Xmpp:
    Sasl sasl
    u8 text[2]                 # TEXT_ of the side's next text
    u32 tags


# --- detection ---

cdef bint among_stanzas(const u8* p, u32 n) noexcept nogil:
    """What a stream that is open goes on with (RFC 6120 sections 4.3, 6.4, 8)."""
    return (starts(p, n, b"<iq ", 4) or starts(p, n, b"<message", 8) or starts(p, n, b"<presence", 9)
            or starts(p, n, b"<stream:features", 16) or starts(p, n, b"</stream:stream", 15)
            or starts(p, n, b"<auth ", 6) or starts(p, n, b"<success", 8) or starts(p, n, b"<challenge", 10)
            or starts(p, n, b"<response", 9) or starts(p, n, b"<proceed", 8) or starts(p, n, b"<starttls", 9))


cdef int xmpp_detect(Look* look, Slice data) noexcept nogil:
    """A stream is opened, with or without an XML declaration before it."""
    cdef const u8* p = data.p
    cdef u32 n = data.n
    if (port_is(look, 5222) or port_is(look, 5269)) and among_stanzas(p, n):
        return 80
    if same_word(p, b"<stream:stream", smaller(n, 14)):
        return 97 if n >= 14 else DETECT_MORE
    if not same_word(p, b"<?xml", smaller(n, 5)):
        return 0
    if holds_word(p, n, b"<stream:stream", 14):
        return 97
    if find_byte(p, n, c'>') > 0 and n > 1 and p[n - 1] != c'>' and find_byte(p, n, c'<') >= 0 and \
            not may_open(p, n):
        return 0
    return DETECT_MORE if n < DETECT_ENOUGH else 0


cdef bint may_open(const u8* p, u32 n) noexcept nogil:
    """What follows the declaration can be the start of `<stream:stream`."""
    cdef u32 at = <u32>find_byte(p, n, c'>') + 1
    while at < n and p[at] <= c' ':
        at += 1
    return same_word(p + at, b"<stream:stream", smaller(n - at, 14))


# --- reading ---

cdef Slice attribute(Slice tag, const char* name, u32 k) noexcept nogil:
    """The value of ` name='...'` in a tag, in either kind of quotes."""
    cdef u32 i
    cdef i64 end
    cdef u8 quote
    for i in range(tag.n - smaller(tag.n, k + 3)):
        if tag.p[i] > c' ' and tag.p[i] != c'\'' and tag.p[i] != c'"':
            continue
        if starts(tag.p + i + 1, tag.n - i - 1, name, k) and tag.p[i + 1 + k] == c'=':
            quote = tag.p[i + 2 + k]
            if quote != c'\'' and quote != c'"':
                return slice_of(tag.p, 0)
            end = find_byte(tag.p + i + 3 + k, tag.n - i - 3 - k, quote)
            return slice_of(tag.p + i + 3 + k, <u32>end if end >= 0 else 0)
    return slice_of(tag.p, 0)


cdef Slice name_of(Slice tag) noexcept nogil:
    """The name in `<name ...>`, the slash of a closing tag included, without a name space's prefix but `stream:`."""
    cdef u32 i = 0
    while i < tag.n and tag.p[i] > c' ' and not (tag.p[i] == c'/' and i):
        i += 1
    return slice_of(tag.p, i)


cdef inline bint named(Slice name, const char* word, u32 k) noexcept nogil:
    return name.n == k and starts(name.p, name.n, word, k)


cdef void take_stream(Look* look, Slice tag) noexcept nogil:
    """The stream's opening; only the client's has an address it goes to and no id (RFC 6120 section 4.7)."""
    cdef bint client = attribute(tag, b"id", 2).n == 0
    set_initiator(look, client)
    keep_once(look, XMPP_KIND, attribute(tag, b"xmlns", 5))
    if client:
        keep_once(look, XMPP_TO, attribute(tag, b"to", 2))
        keep_once(look, XMPP_FROM, attribute(tag, b"from", 4))
    else:
        keep_once(look, XMPP_SERVER, attribute(tag, b"from", 4))


cdef int take_tag(Look* look, Xmpp* xmpp, Slice tag) noexcept nogil:
    """What stands between < and >."""
    cdef Slice name = name_of(tag)
    cdef u8* text = &xmpp.text[look.side]
    cdef u8 yes = 1
    cdef bint client
    text[0] = TEXT_NONE
    xmpp.tags += 1
    if named(name, b"stream:stream", 13):
        take_stream(look, tag)
    client = from_client(look)
    if named(name, b"proceed", 7) and not client:
        keep_once(look, XMPP_TLS, slice_of(&yes, 1))
        return PARSE_NOT_MINE
    if named(name, b"mechanism", 9):
        text[0] = TEXT_MECHANISM
    elif named(name, b"auth", 4) and client:
        sasl_begin(look, &xmpp.sasl, attribute(tag, b"mechanism", 9), slice_of(tag.p, 0))
        text[0] = TEXT_ANSWER
    elif named(name, b"response", 8) and client:
        text[0] = TEXT_ANSWER
    elif named(name, b"jid", 3):
        text[0] = TEXT_JID
    elif named(name, b"message", 7) or named(name, b"presence", 8) or xmpp.tags > ENOUGH_TAGS:
        return PARSE_DONE
    return PARSE_OK


cdef void take_text(Look* look, Xmpp* xmpp, Slice text) noexcept nogil:
    cdef u8 kind = xmpp.text[look.side]
    text = trimmed(text)
    if kind == TEXT_ANSWER and text.n:
        sasl_answer(look, &xmpp.sasl, text)
    elif kind == TEXT_MECHANISM:
        keep_each(look, XMPP_MECHANISM, text, MAX_KEPT)
    elif kind == TEXT_JID and not from_client(look):
        keep_once(look, XMPP_JID, text)


cdef i64 tag_end(const u8* p, u32 n) noexcept nogil:
    """Offset of the > that ends the tag, those in quotes passed over; -1 when it is not there."""
    cdef u32 i
    cdef u8 quote = 0
    for i in range(n):
        if quote:
            if p[i] == quote:
                quote = 0
        elif p[i] == c'\'' or p[i] == c'"':
            quote = p[i]
        elif p[i] == c'>':
            return i
    return -1


cdef int take_piece(Look* look, Xmpp* xmpp, Slice data) noexcept nogil:
    """The text before the next tag, and that tag."""
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used
    cdef i64 open = find_byte(p, n, c'<'), end = -1
    if handshake_begins(p, n):
        return PARSE_NOT_MINE                       # the agreement on it was not seen
    if open >= 0:
        end = tag_end(p + open, n - <u32>open)
    if end < 0 or open + end + 1 > MAX_TAG:
        if end >= 0 or n > MAX_TAG:
            return PARSE_MALFORMED
        return wait_more(look, data)
    look.used += <u32>(open + end + 1)
    take_text(look, xmpp, slice_of(p, <u32>open))
    return take_tag(look, xmpp, slice_of(p + open + 1, <u32>end - 1))


cdef int xmpp_resync(Look* look, Slice data) noexcept nogil:
    """A stanza, or what comes before them."""
    cdef Xmpp* xmpp = <Xmpp*>look.state[0]
    cdef int sure
    if xmpp == NULL:
        return 0
    sure = 1 if among_stanzas(data.p, data.n) else xmpp_detect(look, data)
    if sure > 0:
        xmpp.text[look.side] = TEXT_NONE
        xmpp.sasl.on = xmpp.sasl.on and not from_client(look)
    return sure if sure <= 0 else 1


cdef int xmpp_parse(Look* look, Slice data) noexcept nogil:
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(Xmpp)):
        return PARSE_DONE
    while code == PARSE_OK and look.used < data.n:
        code = take_piece(look, <Xmpp*>look.state[0], data)
    return code


cdef void xmpp_define(Proto* p) noexcept nogil:
    reads(p, "xmpp", ON_TCP, xmpp_detect, xmpp_parse)
    p.first[c'<'] = 1
    p.resync = xmpp_resync


# --- describing ---

_FIELDS = (("to", XMPP_TO, TEXT), ("from", XMPP_FROM, TEXT), ("server", XMPP_SERVER, TEXT), ("kind", XMPP_KIND, TEXT),
           ("mechanisms", XMPP_MECHANISM, LIST), ("jid", XMPP_JID, TEXT), ("starttls", XMPP_TLS, FLAG))
FACT_FIELDS = fact_fields("xmpp", _FIELDS)
describe = login_describer(_FIELDS)


def label(obj: dict) -> str:
    """One line for the flow: "XMPP fred@example.com"."""
    return words("XMPP", obj.get("jid") or obj.get("from") or obj.get("user"), obj.get("to") or obj.get("server"))
