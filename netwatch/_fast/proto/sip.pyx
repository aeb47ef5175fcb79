"""SIP over UDP and TCP (RFC 3261): who calls whom, with what, and how it was answered.

Of bodies only session descriptions are looked at: the media they agree on are flows of their own, which are announced.
"""
import re

from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, find_byte, slice_of, starts
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, ON_UDP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, set_initiator, reads, has_state)
from netwatch._fast.proto.http.head cimport head_end
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, holds_word, keep_each, keep_once, keep_verb, method_end,
                                                next_field, next_line, number_of, skip_bytes, smaller, take_word,
                                                wait_for, wait_more, word_is)
from netwatch._fast.proto.common.media cimport media_of_sdp
from netwatch._fast.proto.common.facts import LIST, TEXT, described, words
from netwatch._fast.base.text import clean

cdef enum:                     # fact keys
    SIP_METHOD = 1
    SIP_STATUS = 2
    SIP_FROM = 3
    SIP_TO = 4
    SIP_CALL = 5
    SIP_AGENT = 6
    SIP_SERVER = 7
    SIP_USER = 8               # of a Digest login
    SIP_DIALOG = 9             # call-id, from, to with NUL between them
    SIP_URI = 10

cdef enum:
    MAX_HEAD = 65535
    MAX_BODY = 1048576
    SDP_MOST = 8192
    MAX_KEPT = 12
    MAX_PART = 120             # bytes of each part of a dialog
    ENOUGH_MESSAGES = 400
    MAX_METHOD = 16
    MAX_BLANK = 4096           # bytes of keep-alive between messages of a stream (RFC 5626 section 3.5.1)

cdef struct Way:
    u32 scan
    u32 blank
    u32 body                   # of the message whose head was read, if it is short enough to be a session description

cdef struct Sip:
    Way way[2]
    u32 messages


# --- detection ---

cdef int start_line(const u8* p, u32 n, u32 enough) noexcept nogil:
    """`SIP/2.0 NNN reason` or `METHOD uri SIP/2.0` (RFC 3261 section 7): sure, not, or not yet.

    From `enough` bytes on the line is judged without its end.
    """
    cdef Slice line
    cdef int method = method_end(p, n, MAX_METHOD, c'A')
    cdef u32 i = <u32>method
    if starts(p, smaller(n, 8), b"SIP/2.0 ", smaller(n, 8)):
        return 98 if n >= 12 and number_of(slice_of(p + 8, 3), 3) >= 100 else DETECT_MORE if n < 12 else 0
    if method <= 0:
        return DETECT_MORE if method else 0
    if next_line(p, n, n, &line) > 0:
        return 98 if line.n > i + 9 and starts(p + line.n - 8, 8, b" SIP/2.0", 8) else 0
    if n < enough:
        return DETECT_MORE
    return 88 if holds_word(p + i + 1, smaller(n - i - 1, 5), b"sip:", 4) or \
        holds_word(p + i + 1, smaller(n - i - 1, 5), b"sips:", 5) else 0


cdef int sip_detect(Look* look, Slice data) noexcept nogil:
    cdef int sure
    if data.n == 0:
        return DETECT_MORE
    sure = start_line(data.p, data.n, 0 if look.datagram else DETECT_ENOUGH)
    return 0 if sure == DETECT_MORE and look.datagram else sure


# --- reading ---

cdef Slice uri_of(Slice value) noexcept nogil:
    """The address of a From, To or Contact: what <> hold, or what stands before the parameters."""
    cdef i64 end
    cdef u32 i = value.n
    while i and value.p[i - 1] != c'<':
        i -= 1
    if i:
        end = find_byte(value.p + i, value.n - i, c'>')
        return slice_of(value.p + i, <u32>end if end >= 0 else value.n - i)
    end = find_byte(value.p, value.n, c';')
    return slice_of(value.p, <u32>end) if end >= 0 else value


cdef void keep_dialog(Look* look, Slice call, Slice caller, Slice callee) noexcept nogil:
    cdef u8 text[3 * MAX_PART + 2]
    cdef u32 n = smaller(call.n, MAX_PART), k
    if call.n == 0:
        return
    memcpy(text, call.p, n)
    text[n] = 0
    k = smaller(caller.n, 60)
    if k:
        memcpy(text + n + 1, caller.p, k)
    n += 1 + k
    text[n] = 0
    k = smaller(callee.n, 60)
    if k:
        memcpy(text + n + 1, callee.p, k)
    keep_each(look, SIP_DIALOG, slice_of(text, n + 1 + k), MAX_KEPT)


cdef void keep_user(Look* look, Slice value) noexcept nogil:
    """The name in `Digest username="fred", ...` (RFC 3261 section 22)."""
    cdef u32 i
    cdef i64 end
    for i in range(value.n - smaller(value.n, 10)):
        if starts(value.p + i, value.n - i, b'username="', 10):
            end = find_byte(value.p + i + 10, value.n - i - 10, c'"')
            if end > 0:
                keep_once(look, SIP_USER, slice_of(value.p + i + 10, <u32>end))
            return


cdef i64 read_fields(Look* look, Slice rest) noexcept nogil:
    """What the header fields tell; the length of the body, -1 when it is not said. Short forms: section 7.3.3."""
    cdef Slice name, value
    cdef Slice call = slice_of(rest.p, 0), caller = call, callee = call
    cdef i64 length = -1
    while next_field(&rest, &name, &value):
        if word_is(name, b"from", 4) or word_is(name, b"f", 1):
            caller = uri_of(value)
            keep_each(look, SIP_FROM, caller, MAX_KEPT)
        elif word_is(name, b"to", 2) or word_is(name, b"t", 1):
            callee = uri_of(value)
            keep_each(look, SIP_TO, callee, MAX_KEPT)
        elif word_is(name, b"call-id", 7) or word_is(name, b"i", 1):
            call = value
            keep_each(look, SIP_CALL, value, MAX_KEPT)
        elif word_is(name, b"user-agent", 10):
            keep_once(look, SIP_AGENT, value)
        elif word_is(name, b"server", 6):
            keep_once(look, SIP_SERVER, value)
        elif word_is(name, b"authorization", 13) or word_is(name, b"proxy-authorization", 19):
            keep_user(look, value)
        elif word_is(name, b"content-length", 14) or word_is(name, b"l", 1):
            length = number_of(value, 9)
    keep_dialog(look, call, caller, callee)
    return length


cdef i64 read_message(Look* look, Slice head) noexcept nogil:
    """A head; the length of its body, -1 when it is not said."""
    cdef Slice line, word
    cdef i64 step = next_line(head.p, head.n, head.n, &line)
    if step > 0:
        head.p += step
        head.n -= <u32>step
    else:
        line = head
        head.n = 0
    word = take_word(&line)
    if word_is(word, b"sip/2.0", 7):
        keep_each(look, SIP_STATUS, take_word(&line), MAX_KEPT)
        set_initiator(look, False)
    else:
        keep_verb(look, SIP_METHOD, word, MAX_KEPT)
        keep_once(look, SIP_URI, take_word(&line))
        set_initiator(look, True)
    return read_fields(look, head)


cdef int take_datagram(Look* look, Sip* sip, Slice data) noexcept nogil:
    cdef u32 scan = 0
    cdef i64 end
    if start_line(data.p, data.n, 0) <= 0:
        return PARSE_OK
    end = head_end(data.p, data.n, &scan)
    read_message(look, slice_of(data.p, <u32>end if end > 0 else data.n))
    if end > 0:
        media_of_sdp(look, slice_of(data.p + end, data.n - <u32>end))
    return PARSE_OK


cdef int take_message(Look* look, Sip* sip, Way* way, Slice data) noexcept nogil:
    """One message of a stream at look.used, or a byte of keep-alive."""
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used
    cdef i64 end, length
    cdef int sure
    if way.body:
        if n < way.body:
            return wait_for(look, data, way.body)
        media_of_sdp(look, slice_of(p, way.body))
        look.used += way.body
        way.body = 0
        return PARSE_OK
    if p[0] == c'\r' or p[0] == c'\n' or p[0] == 0:
        look.used += 1
        way.blank += 1
        return PARSE_OK if way.blank <= MAX_BLANK or sip.messages else PARSE_NOT_MINE
    sure = start_line(p, n, MAX_HEAD + 1)
    if sure == 0:
        return PARSE_MALFORMED if sip.messages else PARSE_NOT_MINE
    end = head_end(p, n, &way.scan) if sure > 0 else -1
    if end > MAX_HEAD or (end < 0 and n > MAX_HEAD):
        return PARSE_MALFORMED
    if end < 0:
        return wait_more(look, data)
    way.scan = 0
    way.blank = 0
    sip.messages += 1
    length = read_message(look, slice_of(p, <u32>end))
    if length > MAX_BODY:
        return PARSE_MALFORMED
    if 0 < length <= SDP_MOST:
        way.body = <u32>length
        look.used += <u32>end
        return PARSE_OK
    return skip_bytes(look, data, <u64>end + <u64>(length if length > 0 else 0))


cdef int sip_resync(Look* look, Slice data) noexcept nogil:
    """A message begins with its line."""
    cdef Sip* sip = <Sip*>look.state[0]
    cdef int sure = start_line(data.p, data.n, DETECT_ENOUGH)
    if sip == NULL or sure <= 0:
        return 0 if sip == NULL else sure
    sip.way[look.side].body = sip.way[look.side].scan = sip.way[look.side].blank = 0
    return 1


cdef int sip_parse(Look* look, Slice data) noexcept nogil:
    cdef Sip* sip
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(Sip)):
        return PARSE_DONE
    sip = <Sip*>look.state[0]
    if look.datagram:
        look.used = data.n
        sip.messages += 1
        code = take_datagram(look, sip, data)
    while code == PARSE_OK and look.used < data.n and look.skip == 0 and sip.messages < ENOUGH_MESSAGES:
        code = take_message(look, sip, &sip.way[look.side], data)
    return PARSE_DONE if code == PARSE_OK and sip.messages >= ENOUGH_MESSAGES else code


cdef void sip_define(Proto* p) noexcept nogil:
    cdef int c
    reads(p, "sip", ON_TCP | ON_UDP, sip_detect, sip_parse)
    p.resync = sip_resync
    for c in range(c'A', c'Z' + 1):
        p.first[c] = 1
    p.ports[0] = 5060
    p.ports[1] = 5061


# --- describing ---

_FIELDS = (("method", SIP_METHOD, TEXT), ("methods", SIP_METHOD, LIST), ("uri", SIP_URI, TEXT),
           ("from", SIP_FROM, TEXT), ("to", SIP_TO, TEXT), ("call_id", SIP_CALL, TEXT),
           ("statuses", SIP_STATUS, LIST), ("user_agent", SIP_AGENT, TEXT), ("server", SIP_SERVER, TEXT),
           ("user", SIP_USER, TEXT), ("callers", SIP_FROM, LIST), ("callees", SIP_TO, LIST))
FACT_FIELDS = {}                # describe() looks for passwords in all of them
_PASSWORD = re.compile(r"^(sips?:[^:@;>]*):[^@]*@")


def _masked(value):
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return _PASSWORD.sub(r"\1:***@", value) if isinstance(value, str) else value


def describe(facts, show_secrets: bool = False) -> dict:
    """The `sip` object; `status` is the newest kind of answer, `calls` has each dialog where there are several.

    Passwords in URIs are masked unless secrets are to be shown.
    """
    facts = list(facts)
    obj = described(facts, _FIELDS)
    statuses = [int(text) for text in obj.pop("statuses", ()) if text.isdigit()]
    if statuses:
        obj["status"], obj["statuses"] = statuses[-1], statuses
    calls = {}
    for key, value in facts:
        if key == SIP_DIALOG and value.count(b"\0") == 2:
            parts = value.split(b"\0")
            named = zip(("call_id", "from", "to"), parts, strict=True)
            calls.setdefault(parts[0], {name: clean(part, 128) for name, part in named if part})
    if len(calls) > 1:
        obj["calls"] = list(calls.values())
    for name in ("callers", "callees"):
        if len(obj.get(name, ())) < 2:
            obj.pop(name, None)
    if show_secrets:
        return obj
    obj = {name: _masked(value) for name, value in obj.items()}
    for call in obj.get("calls", ()):
        call.update({name: _masked(value) for name, value in call.items()})
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "SIP INVITE alice@example.com > bob@example.com"."""
    caller, callee = obj.get("from", ""), obj.get("to", "")
    ends = f"{caller} > {callee}" if caller and callee and caller != callee else caller or callee
    return words("SIP", obj.get("method"), ends, obj.get("status") if "method" not in obj else "")
