"""Lines, words, reply codes and header fields: what the Internet's text protocols share.

All functions are inline and copy nothing. A line ends in LF; a CR before it belongs to the end. Where the name says
`word` case does not matter, and the word compared with is given in lower case.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, i64, Slice, find_byte, slice_of
from netwatch._fast.flow.row cimport BIT_INITIATOR_B
from netwatch._fast.look.protocol cimport Look, PARSE_MALFORMED, PARSE_MORE, PARSE_NOT_MINE, PARSE_OK, fact_once
from netwatch._fast.proto.common.learn cimport keep_distinct

cdef enum:
    FACT_TEXT = 256            # bytes kept of a fact's text
    DETECT_ENOUGH = 64         # from here on detect must decide (seam.pxd)
    SURE_GREETING = 90         # of a greeting: it needs no agreement of its client's


cdef inline u32 smaller(u32 a, u32 b) noexcept nogil:
    return a if a < b else b

cdef inline bint is_digit(u8 c) noexcept nogil:
    return c >= c'0' and c <= c'9'

cdef inline bint is_letter(u8 c) noexcept nogil:
    return (c | 32) >= c'a' and (c | 32) <= c'z'

cdef inline bint is_text(u8 c) noexcept nogil:
    """Printable ASCII, a blank, or a byte of some wider character set."""
    return c >= 32 and c != 127 or c == c'\t'

cdef inline bint all_text(const u8* p, u32 n) noexcept nogil:
    cdef u32 i
    for i in range(n):
        if not is_text(p[i]):
            return False
    return True

cdef inline bint same_word(const u8* p, const char* word, u32 k) noexcept nogil:
    """The k bytes at p are the word, case aside."""
    cdef u32 i
    cdef u8 c
    for i in range(k):
        c = p[i]
        if c >= c'A' and c <= c'Z':
            c |= 32
        if c != <u8>word[i]:
            return False
    return True

cdef inline bint word_is(Slice s, const char* word, u32 k) noexcept nogil:
    return s.n == k and same_word(s.p, word, k)

cdef inline bint begins_word(const u8* p, u32 n, const char* word, u32 k) noexcept nogil:
    return n >= k and same_word(p, word, k)

cdef inline bint may_begin(const u8* p, u32 n, const char* word, u32 k) noexcept nogil:
    """The n bytes are the word's beginning, all of it, or more than it, case aside."""
    return same_word(p, word, smaller(n, k))

cdef inline int method_end(const u8* p, u32 n, u32 most, u8 besides) noexcept nogil:
    """Where the blank is behind a method of 3 to `most` capitals or bytes that are `besides`: 0 there is none, -1 it
    may come yet."""
    cdef u32 i = 0
    while i < n and i <= most and (p[i] >= c'A' and p[i] <= c'Z' or p[i] == besides):
        i += 1
    if i == n and i <= most:
        return -1
    return 0 if i < 3 or i > most or p[i] != c' ' else <int>i

cdef inline bint holds_word(const u8* p, u32 n, const char* word, u32 k) noexcept nogil:
    """The word stands anywhere among the n bytes."""
    cdef u32 i
    for i in range(n - smaller(n, k - 1)):
        if same_word(p + i, word, k):
            return True
    return False

cdef inline bint speaks_of_mail(Slice greeting) noexcept nogil:
    """FTP and SMTP both greet with 220: does the text name mail, or a program that carries it?"""
    return (holds_word(greeting.p, greeting.n, b"smtp", 4) or holds_word(greeting.p, greeting.n, b"postfix", 7)
            or holds_word(greeting.p, greeting.n, b"sendmail", 8) or holds_word(greeting.p, greeting.n, b"exim", 4))

cdef inline Slice trimmed(Slice s) noexcept nogil:
    """Without blanks around it."""
    while s.n and (s.p[0] == c' ' or s.p[0] == c'\t'):
        s.p += 1
        s.n -= 1
    while s.n and (s.p[s.n - 1] == c' ' or s.p[s.n - 1] == c'\t'):
        s.n -= 1
    return s

cdef inline Slice take_word(Slice* rest) noexcept nogil:
    """The first word; what follows it, trimmed, is left in rest."""
    cdef Slice s = trimmed(rest[0])
    cdef u32 i = 0
    while i < s.n and s.p[i] != c' ' and s.p[i] != c'\t':
        i += 1
    rest[0] = trimmed(slice_of(s.p + i, s.n - i))
    return slice_of(s.p, i)

cdef inline i64 number_of(Slice s, u32 most) noexcept nogil:
    """The decimal number the bytes are, of at most `most` (up to 18) digits; -1 when they are none."""
    cdef i64 value = 0
    cdef u32 i
    if s.n == 0 or s.n > most:
        return -1
    for i in range(s.n):
        if not is_digit(s.p[i]):
            return -1
        value = value * 10 + (s.p[i] - c'0')
    return value

cdef inline bint reply_fits(const u8* p, u32 n) noexcept nogil:
    """Can these bytes begin a reply line `NNN text` or `NNN-text` (RFC 959 section 4.2, RFC 5321 section 4.2)?"""
    if n and (p[0] < c'1' or p[0] > c'5'):
        return False
    if (n > 1 and not is_digit(p[1])) or (n > 2 and not is_digit(p[2])):
        return False
    return n < 4 or p[3] == c' ' or p[3] == c'-'

cdef inline u32 reply_code(Slice line) noexcept nogil:
    """The code of a reply line, 0 when it is none; a bare code of three digits is one."""
    if line.n < 3 or not reply_fits(line.p, line.n):
        return 0
    return (line.p[0] - c'0') * 100 + (line.p[1] - c'0') * 10 + (line.p[2] - c'0')


cdef inline i64 next_line(const u8* p, u32 n, u32 limit, Slice* line) noexcept nogil:
    """Bytes of the first line with its end, the line itself in `line`; 0 when it is not whole, -1 when too long."""
    cdef i64 lf = find_byte(p, n, c'\n')
    if lf > limit or (lf < 0 and n > limit):
        return -1
    if lf < 0:
        return 0
    line.p = p
    line.n = <u32>lf
    if line.n and p[line.n - 1] == c'\r':
        line.n -= 1
    return lf + 1

cdef inline int wait_more(Look* look, Slice data) noexcept nogil:
    """What is left after look.used is the start of a unit."""
    look.need = data.n - look.used + 1
    return PARSE_MORE

cdef inline int wait_for(Look* look, Slice data, u32 size) noexcept nogil:
    """The unit that begins at look.used has `size` bytes, more than there are."""
    look.need = size
    return PARSE_MORE

cdef inline int skip_rest(Look* look, Slice data) noexcept nogil:
    """Nothing more of this side is wanted."""
    look.used = data.n
    look.need = 0
    look.skip = <u64>1 << 62
    return PARSE_OK

cdef inline int skip_bytes(Look* look, Slice data, u64 n) noexcept nogil:
    """Pass over n bytes from look.used on; the caller goes on only while look.skip is 0."""
    cdef u32 here = data.n - look.used
    if n <= here:
        look.used += <u32>n
    else:
        look.used = data.n
        look.skip = n - here
    return PARSE_OK

cdef inline u64 take_skip(Look* look) noexcept nogil:
    """What the taker of a line wants skipped, counted from the end of that line."""
    cdef u64 n = look.skip
    look.skip = 0
    return n

cdef inline bint handshake_begins(const u8* p, u32 n) noexcept nogil:
    """The first two bytes of a TLS handshake (RFC 8446 section 5.1), which no text and no letter of a message is."""
    return n > 1 and p[0] == 22 and p[1] == 3

cdef inline int each_line(Look* look, Slice data, u32 limit,
                          int (*take)(Look*, Slice) noexcept nogil) noexcept nogil:
    """Give every whole line to `take`, until it answers anything but PARSE_OK; what it asks to skip is skipped. Where
    TLS begins, because the agreement on it was not seen, the flow is given back."""
    cdef Slice line
    cdef i64 step
    cdef int code
    while look.used < data.n:
        if handshake_begins(data.p + look.used, data.n - look.used):
            return PARSE_NOT_MINE
        step = next_line(data.p + look.used, data.n - look.used, limit, &line)
        if step < 0:
            return PARSE_MALFORMED
        if step == 0:
            return wait_more(look, data)
        look.used += <u32>step
        code = take(look, line)
        if code != PARSE_OK:
            return code
        if look.skip:
            skip_bytes(look, data, take_skip(look))
    return PARSE_OK


cdef inline bint next_field(Slice* head, Slice* name, Slice* value) noexcept nogil:
    """The next `name: value` of a head of whole lines; False at its end. Folded lines are passed over."""
    cdef Slice line
    cdef i64 step, colon
    while head.n:
        step = next_line(head.p, head.n, head.n, &line)
        if step <= 0:
            line = head[0]
            step = head.n
        head.p += step
        head.n -= <u32>step
        colon = find_byte(line.p, line.n, c':')
        if colon > 0 and line.p[0] != c' ' and line.p[0] != c'\t':
            name[0] = trimmed(slice_of(line.p, <u32>colon))
            value[0] = trimmed(slice_of(line.p + colon + 1, line.n - <u32>colon - 1))
            return True
    return False


cdef inline bint from_client(const Look* look) noexcept nogil:
    """The side speaking is the initiator, as far as is known by now; look.client is as old as the call."""
    return (look.side == 1) == (look.row.bits & BIT_INITIATOR_B != 0)

cdef inline bint port_is(const Look* look, u16 port) noexcept nogil:
    """One end has the port: a hint, never evidence."""
    return look.row.pa == port or look.row.pb == port

cdef inline void keep_once(Look* look, u8 key, Slice s) noexcept nogil:
    """The first value of the key, cut to FACT_TEXT bytes; an empty one does not count."""
    if s.n:
        fact_once(look, key, s.p, smaller(s.n, FACT_TEXT))

cdef inline void keep_each(Look* look, u8 key, Slice s, u32 most) noexcept nogil:
    """A value among the different ones of the key, at most `most` of them; an empty one does not count."""
    if s.n:
        keep_distinct(look, key, s.p, smaller(s.n, FACT_TEXT), most)

cdef inline void keep_verb(Look* look, u8 key, Slice s, u32 most) noexcept nogil:
    """The same of a command word, in capitals; one that is longer than 16 bytes or holds no word is left out."""
    cdef u8 verb[16]
    cdef u32 i
    if s.n > 16:
        return
    for i in range(s.n):
        if not is_letter(s.p[i]) and not is_digit(s.p[i]) and s.p[i] != c'-' and s.p[i] != c'_':
            return
        verb[i] = s.p[i]
        if is_letter(s.p[i]):
            verb[i] &= 0xdf
    keep_each(look, key, slice_of(verb, s.n), most)
