"""Syslog over UDP and TCP (RFC 3164, RFC 5424, RFC 6587): facility, severity, who speaks, the first message.

A priority alone is evidence only on port 514; elsewhere a date in one of the two forms must follow it.
"""
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32, i64, Slice, find_byte, slice_of, starts
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, ON_UDP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, fact_once, set_initiator, reads)
from netwatch._fast.proto.common.lines cimport (all_text, is_digit, is_letter, is_text, keep_once, next_line, number_of,
                                                port_is, smaller, take_word, trimmed, wait_for, wait_more)
from netwatch._fast.proto.common.facts import TEXT, described, fact_fields, words

cdef enum:                     # fact keys
    SYSLOG_PRIORITY = 1        # one byte
    SYSLOG_HOST = 2
    SYSLOG_APP = 3
    SYSLOG_MESSAGE = 4
    SYSLOG_DATA = 6            # RFC 5424 section 6.3
    SYSLOG_FORM = 5            # "rfc5424" or "rfc3164", nothing for neither

cdef enum:
    SYSLOG_PORT = 514
    MAX_PRIORITY = 191         # RFC 5424 section 6.2.1
    MAX_MESSAGE = 65536
    FORM_NONE = 0
    FORM_3164 = 1
    FORM_5424 = 2
    BSD_DATE = 16              # "Mmm dd hh:mm:ss "


cdef u32 priority(const u8* p, u32 n) noexcept nogil:
    """Bytes of `<N>` that begin the message, 0 when they do not."""
    cdef i64 end = find_byte(p, smaller(n, 5), c'>')
    cdef i64 value
    if n < 3 or p[0] != c'<' or end < 2:
        return 0
    value = number_of(slice_of(p + 1, <u32>end - 1), 3)
    return <u32>end + 1 if value >= 0 and value <= MAX_PRIORITY else 0


cdef bint bsd_date(const u8* p, u32 n) noexcept nogil:
    """`Jan  1 00:01:47 ` (RFC 3164 section 4.1.2)."""
    return (n >= BSD_DATE and is_letter(p[0]) and is_letter(p[1]) and is_letter(p[2]) and p[3] == c' '
            and (p[4] == c' ' or is_digit(p[4])) and is_digit(p[5]) and p[6] == c' ' and is_digit(p[7])
            and p[9] == c':' and is_digit(p[10]) and p[12] == c':' and is_digit(p[13]) and p[15] == c' ')


cdef bint iso_date(const u8* p, u32 n) noexcept nogil:
    """`2003-10-11T`; RFC 5424 section 6.2.3."""
    return (n >= 11 and is_digit(p[0]) and is_digit(p[1]) and is_digit(p[2]) and is_digit(p[3]) and p[4] == c'-'
            and is_digit(p[5]) and p[7] == c'-' and is_digit(p[8]) and p[10] == c'T')


cdef int form_of(const u8* p, u32 n) noexcept nogil:
    """What stands after the priority."""
    if n > 4 and p[0] == c'1' and p[1] == c' ' and (iso_date(p + 2, n - 2) or starts(p + 2, n - 2, b"- ", 2)):
        return FORM_5424
    return FORM_3164 if bsd_date(p, n) or iso_date(p, n) else FORM_NONE


cdef u32 counted(const u8* p, u32 n, i64* size) noexcept nogil:
    """Bytes of `NNN ` before a message of a stream (RFC 6587 section 3.4.1), 0 when there are none."""
    cdef i64 blank = find_byte(p, smaller(n, 7), c' ')
    if blank < 1 or p[0] == c'0':
        return 0
    size[0] = number_of(slice_of(p, <u32>blank), 6)
    return <u32>blank + 1 if size[0] > 4 and size[0] <= MAX_MESSAGE else 0


cdef int syslog_detect(Look* look, Slice data) noexcept nogil:
    cdef const u8* p = data.p
    cdef u32 n = data.n, head
    cdef i64 size
    cdef int form
    if n == 0:
        return DETECT_MORE
    if p[0] != c'<':
        if look.datagram:
            return 0
        head = counted(p, n, &size)
        if head == 0:
            return DETECT_MORE if n < 6 and number_of(data, 6) > 0 else 0
        p += head
        n -= head
        if n and p[0] != c'<':
            return 0
    head = priority(p, n)
    if head == 0 and n < 5 and not look.datagram:
        return DETECT_MORE
    if head == 0:
        return 0
    form = form_of(p + head, n - head)
    if form:
        return 95 if form == FORM_5424 else 92
    if not look.datagram and n < 32 and all_text(p, n):
        return DETECT_MORE
    return 75 if port_is(look, SYSLOG_PORT) and n > head + 3 and all_text(p + head, 4) else 0


cdef void take_5424(Look* look, Slice rest) noexcept nogil:
    """VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID and what is left (RFC 5424 section 6); `-` is nothing."""
    cdef Slice word
    cdef u32 i
    keep_once(look, SYSLOG_FORM, slice_of(b"rfc5424", 7))
    for i in range(6):
        word = take_word(&rest)
        if (i == 2 or i == 3) and not (word.n == 1 and word.p[0] == c'-'):
            keep_once(look, SYSLOG_HOST if i == 2 else SYSLOG_APP, word)
    i = structured(rest)
    if i:
        if rest.p[0] == c'[':
            keep_once(look, SYSLOG_DATA, slice_of(rest.p, i))
        rest = trimmed(slice_of(rest.p + i, rest.n - i))
        if starts(rest.p, rest.n, b"\xef\xbb\xbf", 3):
            rest = slice_of(rest.p + 3, rest.n - 3)
    keep_once(look, SYSLOG_MESSAGE, rest)


cdef u32 structured(Slice rest) noexcept nogil:
    """Bytes of the structured data (RFC 5424 section 6.3): nothing, or elements whose values are quoted; 0 where it is
    neither."""
    cdef u32 at = 0
    cdef bint quoted = False
    if rest.n and rest.p[0] == c'-':
        return 1 if rest.n == 1 or rest.p[1] == c' ' else 0
    while at < rest.n and rest.p[at] == c'[':
        while at < rest.n and (quoted or rest.p[at] != c']'):
            if rest.p[at] == c'"':
                quoted = not quoted
            at += 2 if quoted and rest.p[at] == c'\\' else 1
        at += 1
    return at if at <= rest.n and (at == rest.n or rest.p[at] == c' ') else 0


cdef void take_3164(Look* look, Slice rest) noexcept nogil:
    """Date, host, then a tag that ends where no letter or digit stands (RFC 3164 section 4.1.3)."""
    cdef u32 i = 0
    keep_once(look, SYSLOG_FORM, slice_of(b"rfc3164", 7))
    if bsd_date(rest.p, rest.n):
        rest = slice_of(rest.p + BSD_DATE, rest.n - BSD_DATE)
    else:
        take_word(&rest)
    keep_once(look, SYSLOG_HOST, take_word(&rest))
    while i < rest.n and i < 48 and rest.p[i] != c'[' and rest.p[i] != c':' and rest.p[i] != c' ':
        i += 1
    if i < rest.n and rest.p[i] != c' ' and i < 48:
        keep_once(look, SYSLOG_APP, slice_of(rest.p, i))
    keep_once(look, SYSLOG_MESSAGE, rest)


cdef bint take_message(Look* look, Slice data) noexcept nogil:
    """One message; False when it is none."""
    cdef u32 head = priority(data.p, data.n)
    cdef Slice rest
    cdef u8 value
    cdef int form
    if head == 0:
        return False
    set_initiator(look, True)
    value = <u8>number_of(slice_of(data.p + 1, head - 2), 3)
    fact_once(look, SYSLOG_PRIORITY, &value, 1)
    rest = slice_of(data.p + head, data.n - head)
    while rest.n and not is_text(rest.p[rest.n - 1]):
        rest.n -= 1
    form = form_of(rest.p, rest.n)
    if form == FORM_5424:
        take_5424(look, rest)
    elif form == FORM_3164:
        take_3164(look, rest)
    else:
        keep_once(look, SYSLOG_MESSAGE, trimmed(rest))
    return True


cdef int syslog_parse(Look* look, Slice data) noexcept nogil:
    """The first message tells what there is to know; more of the same is not read."""
    cdef Slice line
    cdef i64 step, size
    cdef u32 head
    if look.datagram:
        look.used = data.n
        return PARSE_DONE if take_message(look, data) else PARSE_NOT_MINE
    if data.p[0] == c'<':
        step = next_line(data.p, data.n, MAX_MESSAGE, &line)
        if step == 0:
            return wait_more(look, data)
        if step < 0:
            return PARSE_MALFORMED
        return PARSE_DONE if take_message(look, line) else PARSE_NOT_MINE
    head = counted(data.p, data.n, &size)
    if head == 0:
        return wait_more(look, data) if data.n < 7 else PARSE_NOT_MINE
    if data.n < head + size:
        return wait_for(look, data, head + <u32>size)
    return PARSE_DONE if take_message(look, slice_of(data.p + head, <u32>size)) else PARSE_NOT_MINE


cdef void syslog_define(Proto* p) noexcept nogil:
    reads(p, "syslog", ON_TCP | ON_UDP, syslog_detect, syslog_parse)
    p.first[c'<'] = 1
    memset(p.first + c'1', 1, 9)
    p.ports[0] = 514


# --- describing ---

_FIELDS = (("host", SYSLOG_HOST, TEXT), ("app", SYSLOG_APP, TEXT), ("message", SYSLOG_MESSAGE, TEXT),
           ("data", SYSLOG_DATA, TEXT), ("form", SYSLOG_FORM, TEXT))
FACT_FIELDS = fact_fields("syslog", _FIELDS)
_FACILITIES = ("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
               "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
               "local7")
_SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")


def describe(facts, show_secrets: bool = False) -> dict:
    """The `syslog` object, of the first message."""
    facts = list(facts)
    obj = described(facts, _FIELDS)
    for key, value in facts:
        if key == SYSLOG_PRIORITY and value and value[0] <= MAX_PRIORITY:
            obj["facility"], obj["severity"] = _FACILITIES[value[0] >> 3], _SEVERITIES[value[0] & 7]
            break
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "Syslog auth.notice host sudo"."""
    level = f"{obj['facility']}.{obj['severity']}" if "facility" in obj else ""
    return words("Syslog", level, obj.get("host"), obj.get("app"))
