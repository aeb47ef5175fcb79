"""RTSP over TCP (RFC 2326, RFC 7826): what is asked of which stream, and by whom. Media is not read.

Reading ends with the first interleaved frame, or with the answer to PLAY or RECORD.
"""

from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, find_byte, slice_of, starts
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, set_initiator, reads, has_state)
from netwatch._fast.proto.http.head cimport head_end
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, holds_word, keep_each, keep_once, keep_verb, next_field,
                                                next_line, number_of, skip_bytes, smaller, take_word, wait_more,
                                                word_is)
from netwatch._fast.proto.http.text import mask_url
from netwatch._fast.proto.common.facts import LIST, TEXT, described, fact_fields, words

cdef enum:                     # fact keys
    RTSP_METHOD = 1
    RTSP_URL = 2
    RTSP_STATUS = 3
    RTSP_AGENT = 4
    RTSP_SERVER = 5
    RTSP_TRANSPORT = 6
    RTSP_SESSION = 7

cdef enum:
    MAX_HEAD = 65535
    MAX_BODY = 1048576
    MAX_KEPT = 12
    MAX_METHOD = 16

cdef struct Rtsp:
    u32 scan[2]
    u32 messages
    bint playing               # PLAY or RECORD was asked


cdef int start_line(const u8* p, u32 n, u32 enough) noexcept nogil:
    """`RTSP/1.0 NNN reason` or `METHOD url RTSP/1.0` (RFC 2326 section 6): sure, not, or not yet.

    From `enough` bytes on the line is judged without its end.
    """
    cdef i64 lf
    cdef u32 i = 0, size
    if starts(p, smaller(n, 5), b"RTSP/", smaller(n, 5)):
        if n < 13:
            return DETECT_MORE
        return 98 if p[8] == c' ' and number_of(slice_of(p + 9, 3), 3) >= 100 else 0
    while i < n and i <= MAX_METHOD and ((p[i] >= c'A' and p[i] <= c'Z') or p[i] == c'_'):
        i += 1
    if i == n and i <= MAX_METHOD:
        return DETECT_MORE
    if i < 3 or i > MAX_METHOD or p[i] != c' ':
        return 0
    lf = find_byte(p, n, c'\n')
    if lf >= 0:
        size = <u32>lf
        if size and p[size - 1] == c'\r':
            size -= 1
        return 98 if size > i + 10 and starts(p + size - 9, 8, b" RTSP/1.", 8) or \
            size > i + 10 and starts(p + size - 9, 9, b" RTSP/2.0", 9) else 0
    if n < enough:
        return DETECT_MORE
    return 90 if holds_word(p + i, smaller(n - i, 8), b" rtsp://", 8) else 0


cdef int rtsp_detect(Look* look, Slice data) noexcept nogil:
    return start_line(data.p, data.n, DETECT_ENOUGH) if data.n else DETECT_MORE


cdef i64 read_fields(Look* look, Slice rest) noexcept nogil:
    """What the header fields tell; the length of the body."""
    cdef Slice name, value
    cdef i64 length = 0
    while next_field(&rest, &name, &value):
        if word_is(name, b"user-agent", 10):
            keep_once(look, RTSP_AGENT, value)
        elif word_is(name, b"server", 6):
            keep_once(look, RTSP_SERVER, value)
        elif word_is(name, b"transport", 9):
            keep_once(look, RTSP_TRANSPORT, value)
        elif word_is(name, b"session", 7):
            keep_once(look, RTSP_SESSION, value)
        elif word_is(name, b"content-length", 14):
            length = number_of(value, 9)
    return length if length > 0 else 0


cdef i64 read_message(Look* look, Rtsp* rtsp, Slice head, bint* over) noexcept nogil:
    """A head; the length of its body. `over` when media comes next."""
    cdef Slice line, word
    cdef i64 step = next_line(head.p, head.n, head.n, &line)
    over[0] = False
    word = take_word(&line)
    if starts(word.p, word.n, b"RTSP/", 5):
        keep_each(look, RTSP_STATUS, take_word(&line), MAX_KEPT)
        set_initiator(look, False)
        over[0] = rtsp.playing
    else:
        keep_verb(look, RTSP_METHOD, word, MAX_KEPT)
        keep_once(look, RTSP_URL, take_word(&line))
        set_initiator(look, True)
        rtsp.playing = word_is(word, b"play", 4) or word_is(word, b"record", 6)
    return read_fields(look, slice_of(head.p + step, head.n - <u32>step))


cdef int take_message(Look* look, Rtsp* rtsp, Slice data) noexcept nogil:
    """One message at look.used, or the line end that may stand before it."""
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used
    cdef i64 end, length
    cdef int sure
    cdef bint over
    if p[0] == c'$' and rtsp.messages:
        return PARSE_DONE
    if rtsp.messages and (p[0] == c'\r' or p[0] == c'\n'):
        look.used += 1
        return PARSE_OK
    sure = start_line(p, n, MAX_HEAD + 1)
    if sure == 0:
        return PARSE_MALFORMED if rtsp.messages else PARSE_NOT_MINE
    end = head_end(p, n, &rtsp.scan[look.side]) if sure > 0 else -1
    if end > MAX_HEAD or (end < 0 and n > MAX_HEAD):
        return PARSE_MALFORMED
    if end < 0:
        return wait_more(look, data)
    rtsp.scan[look.side] = 0
    rtsp.messages += 1
    length = read_message(look, rtsp, slice_of(p, <u32>end), &over)
    if over:
        return PARSE_DONE
    return PARSE_MALFORMED if length > MAX_BODY else skip_bytes(look, data, <u64>(end + length))


cdef int rtsp_parse(Look* look, Slice data) noexcept nogil:
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(Rtsp)):
        return PARSE_DONE
    while code == PARSE_OK and look.used < data.n and look.skip == 0:
        code = take_message(look, <Rtsp*>look.state[0], data)
    return code


cdef void rtsp_define(Proto* p) noexcept nogil:
    cdef int c
    reads(p, "rtsp", ON_TCP, rtsp_detect, rtsp_parse)
    for c in range(c'A', c'Z' + 1):
        p.first[c] = 1


# --- describing ---

_FIELDS = (("method", RTSP_METHOD, TEXT), ("methods", RTSP_METHOD, LIST), ("url", RTSP_URL, TEXT),
           ("statuses", RTSP_STATUS, LIST), ("user_agent", RTSP_AGENT, TEXT), ("server", RTSP_SERVER, TEXT),
           ("transport", RTSP_TRANSPORT, TEXT), ("session", RTSP_SESSION, TEXT))
FACT_FIELDS = fact_fields("rtsp", _FIELDS, ("url",))


def describe(facts, show_secrets: bool = False) -> dict:
    """The `rtsp` object; `status` is the first, a login in the URL is masked unless secrets are to be shown."""
    obj = described(facts, _FIELDS)
    statuses = [int(text) for text in obj.pop("statuses", ()) if text.isdigit()]
    if statuses:
        obj["status"], obj["statuses"] = statuses[0], statuses
    if "url" in obj and not show_secrets:
        obj["url"] = mask_url(obj["url"])
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "RTSP SETUP rtsp://camera/track1"."""
    return words("RTSP", obj.get("method"), obj.get("url") or obj.get("server"))
