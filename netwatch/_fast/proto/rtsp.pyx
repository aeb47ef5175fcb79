"""RTSP over TCP (RFC 2326, RFC 7826): what is asked of which stream, and by whom. Media is not read.

Interleaved frames of it (RFC 7826 section 14) are passed over; where one joins among them, they name the flow.
"""

from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, be16, find_byte, slice_of, starts
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, set_initiator, reads, has_state)
from netwatch._fast.proto.http.head cimport head_end
from netwatch._fast.proto.common.again cimport messages_fill
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, begins_word, from_client, holds_word, is_digit,
                                                keep_each, keep_once, keep_verb, method_end, next_field, next_line,
                                                number_of, same_word, skip_bytes, smaller, take_word, wait_for,
                                                wait_more, word_is)
from netwatch._fast.proto.http.text import mask_url
from netwatch._fast.proto.common.media cimport address_of, end_of, media_at
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
    MEDIA_HEAD = 4             # of an interleaved frame: `$`, channel, length
    MAX_CHANNEL = 16
    MAX_HEAD = 65535
    MAX_BODY = 1048576
    MAX_KEPT = 12
    MAX_METHOD = 16
    MAX_BLANK = 512

cdef struct Rtsp:
    u32 scan[2]
    u32 messages
    u32 blank                  # bytes of line ends before the first message (RFC 7826 section 4.3)


cdef int start_line(const u8* p, u32 n, u32 enough) noexcept nogil:
    """`RTSP/1.0 NNN reason` or `METHOD url RTSP/1.0` (RFC 2326 section 6): sure, not, or not yet.

    From `enough` bytes on the line is judged without its end.
    """
    cdef Slice line
    cdef int method = method_end(p, n, MAX_METHOD, c'_')
    cdef u32 i = <u32>method
    if starts(p, smaller(n, 5), b"RTSP/", smaller(n, 5)):
        if n < 13:
            return DETECT_MORE
        return 98 if p[8] == c' ' and number_of(slice_of(p + 9, 3), 3) >= 100 else 0
    if method <= 0:
        return DETECT_MORE if method else 0
    if next_line(p, n, n, &line) > 0:
        return 98 if line.n > i + 10 and starts(p + line.n - 9, 8, b" RTSP/1.", 8) or \
            line.n > i + 10 and starts(p + line.n - 9, 9, b" RTSP/2.0", 9) else 0
    if n < enough:
        return DETECT_MORE
    return 90 if holds_word(p + i, smaller(n - i, 8), b" rtsp://", 8) else 0


cdef u64 media_length(Look* look, const u8* p, u32 n) noexcept nogil:
    """Of an interleaved frame."""
    return 0 if p[0] != c'$' else MEDIA_HEAD if n < MEDIA_HEAD else MEDIA_HEAD + be16(p + 2)


cdef bint is_media(const u8* p, u32 n) noexcept nogil:
    """A frame of one of the first channels, of the version of RTP and RTCP (RFC 3550 section 5.1)."""
    return n > MEDIA_HEAD and p[0] == c'$' and p[1] < MAX_CHANNEL and be16(p + 2) >= 8 and p[MEDIA_HEAD] >> 6 == 2


cdef int rtsp_detect(Look* look, Slice data) noexcept nogil:
    if data.n and data.p[0] == c'$':
        return 85 if is_media(data.p, data.n) and messages_fill(look, data, media_length) else 0
    return start_line(data.p, data.n, DETECT_ENOUGH) if data.n else DETECT_MORE


cdef u32 port_at(Slice value, u32* at) noexcept nogil:
    """The number that begins there, which is passed."""
    cdef u32 number = 0
    while at[0] < value.n and is_digit(value.p[at[0]]) and number <= 0xffff:
        number = number * 10 + value.p[at[0]] - c'0'
        at[0] += 1
    return number


cdef void announce_ports(Look* look, Slice value, const char* name, bint of_client) noexcept nogil:
    """`client_port=4588-4589`, `server_port=6256-6257`: RTP's and RTCP's (RFC 2326 section 12.39)."""
    cdef u32 i = 0, port, control = 0
    cdef int client = look.side if from_client(look) else 1 - look.side
    while i + 12 < value.n and not same_word(value.p + i, name, 12):
        i += 1
    i += 12
    port = port_at(value, &i)
    if i < value.n and value.p[i] == c'-':
        i += 1
        control = port_at(value, &i)
    media_at(look, end_of(look, client if of_client else 1 - client), port, control)


cdef void announce_addresses(Look* look, Slice value, const char* name, u32 size, bint of_client) noexcept nogil:
    """`dest_addr=":4588"/":4589"`: of the client, `src_addr` of the server (RFC 7826 section 18.54)."""
    cdef u32 i = 0, start, at, which, ports[2]
    cdef int client = look.side if from_client(look) else 1 - look.side
    cdef u8 address[16]
    cdef Slice host = slice_of(value.p, 0)
    ports[0] = ports[1] = 0
    while i + size < value.n and not same_word(value.p + i, name, size):
        i += 1
    i += size
    for which in range(2):
        if i >= value.n or value.p[i] != c'"':
            break
        start = i + 1
        i = at = start + until(value, start)
        while at > start and is_digit(value.p[at - 1]):
            at -= 1
        if which == 0 and at > start:
            host = slice_of(value.p + start, at - 1 - start)
        ports[which] = port_at(value, &at)
        i += 2 if i + 1 < value.n and value.p[i + 1] == c'/' else 1
    media_at(look, end_of(look, client if of_client else 1 - client), ports[0], ports[1])
    if host.n and address_of(look, host, address):
        media_at(look, address, ports[0], ports[1])


cdef u32 until(Slice value, u32 start) noexcept nogil:
    """Bytes before the quotation mark that ends what begins at `start`."""
    cdef i64 end = find_byte(value.p + start, value.n - start, c'"')
    return <u32>end if end >= 0 else value.n - start


cdef void announce_group(Look* look, Slice value) noexcept nogil:
    """`multicast;destination=239.1.1.1;port=5000-5001`: to a group, at ports of its own."""
    cdef Slice rest = value, part, group = slice_of(value.p, 0), ports = group
    cdef i64 end
    cdef u32 i = 0, port, control = 0
    cdef u8 address[16]
    while rest.n:
        end = find_byte(rest.p, rest.n, c';')
        part = slice_of(rest.p, <u32>end if end >= 0 else rest.n)
        rest = slice_of(rest.p + part.n + (end >= 0), rest.n - part.n - (end >= 0))
        if begins_word(part.p, part.n, b"destination=", 12):
            group = slice_of(part.p + 12, part.n - 12)
        elif begins_word(part.p, part.n, b"port=", 5):
            ports = slice_of(part.p + 5, part.n - 5)
    port = port_at(ports, &i)
    if i < ports.n and ports.p[i] == c'-':
        i += 1
        control = port_at(ports, &i)
    if port and address_of(look, group, address):
        media_at(look, address, port, control)


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
            announce_ports(look, value, b"client_port=", True)
            announce_ports(look, value, b"server_port=", False)
            announce_addresses(look, value, b"dest_addr=", 10, True)
            announce_addresses(look, value, b"src_addr=", 9, False)
            announce_group(look, value)
        elif word_is(name, b"session", 7):
            keep_once(look, RTSP_SESSION, value)
        elif word_is(name, b"content-length", 14):
            length = number_of(value, 9)
    return length if length > 0 else 0


cdef i64 read_message(Look* look, Slice head) noexcept nogil:
    """A head; the length of its body."""
    cdef Slice line, word
    cdef i64 step = next_line(head.p, head.n, head.n, &line)
    word = take_word(&line)
    if starts(word.p, word.n, b"RTSP/", 5):
        keep_each(look, RTSP_STATUS, take_word(&line), MAX_KEPT)
        set_initiator(look, False)
    else:
        keep_verb(look, RTSP_METHOD, word, MAX_KEPT)
        keep_once(look, RTSP_URL, take_word(&line))
        set_initiator(look, True)
    return read_fields(look, slice_of(head.p + step, head.n - <u32>step))


cdef int take_message(Look* look, Rtsp* rtsp, Slice data) noexcept nogil:
    """One message at look.used, or the line end that may stand before it."""
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used
    cdef i64 end, length
    cdef int sure
    if p[0] == c'$':
        if n <= MEDIA_HEAD:
            return wait_for(look, data, MEDIA_HEAD + 1)
        if not rtsp.messages and not is_media(p, n):
            return PARSE_NOT_MINE
        return skip_bytes(look, data, MEDIA_HEAD + be16(p + 2))
    if p[0] == c'\r' or p[0] == c'\n':
        look.used += 1
        rtsp.blank += rtsp.messages == 0
        return PARSE_OK if rtsp.blank <= MAX_BLANK else PARSE_NOT_MINE
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
    length = read_message(look, slice_of(p, <u32>end))
    return PARSE_MALFORMED if length > MAX_BODY else skip_bytes(look, data, <u64>(end + length))


cdef int rtsp_resync(Look* look, Slice data) noexcept nogil:
    """A message begins with its line; media frames fill the segment."""
    cdef Rtsp* rtsp = <Rtsp*>look.state[0]
    cdef int sure
    if rtsp == NULL:
        return 0
    sure = 1 if data.p[0] == c'$' and messages_fill(look, data, media_length) else \
        start_line(data.p, data.n, DETECT_ENOUGH)
    if sure > 0:
        rtsp.scan[look.side] = 0
    return sure if sure <= 0 else 1


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
    p.resync = rtsp_resync
    for c in range(c'A', c'Z' + 1):
        p.first[c] = 1
    p.first[<u8>c'$'] = 1


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
