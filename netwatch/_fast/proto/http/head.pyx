"""The head of an HTTP/1 message (RFC 9112 sections 2 to 6, RFC 9110 section 5): found, checked, its framing read.

Lines may end in LF alone; folded lines (RFC 9112 section 5.2) are passed over. Nothing is copied.
"""
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32, i64, Slice, find_byte, slice_of, starts

cdef enum:
    MAX_METHOD = 24            # the longest registered method has 17 letters
    MAX_LENGTH_BITS = 58       # no body is longer than that
    MAX_START = 8192           # bytes of a start line looked at behind a hole


cdef i64 head_end(const u8* p, u32 n, u32* scan) noexcept nogil:
    """Offset after the empty line that ends the head, or -1. `scan` remembers where to look next time."""
    cdef i64 lf
    cdef u32 at = scan[0]
    while at < n:
        lf = find_byte(p + at, n - at, c'\n')
        if lf < 0:
            scan[0] = n
            return -1
        lf += at
        if lf + 1 < n and p[lf + 1] == c'\n':
            return lf + 2
        if lf + 2 < n and p[lf + 1] == c'\r' and p[lf + 2] == c'\n':
            return lf + 3
        if lf + 1 >= n or (p[lf + 1] == c'\r' and lf + 2 >= n):
            scan[0] = <u32>lf
            return -1
        at = <u32>lf + 1
    return -1


cdef inline bint is_token(u8 c) noexcept nogil:
    """tchar of RFC 9110 section 5.6.2."""
    if (c >= c'a' and c <= c'z') or (c >= c'A' and c <= c'Z') or (c >= c'0' and c <= c'9'):
        return True
    return (c == c'!' or (c >= c'#' and c <= c'\'') or c == c'*' or c == c'+' or c == c'-' or c == c'.' or c == c'^'
            or c == c'_' or c == c'`' or c == c'|' or c == c'~')


cdef inline bint is_digit(u8 c) noexcept nogil:
    return c >= c'0' and c <= c'9'


cdef inline u32 line_length(const u8* p, u32 lf) noexcept nogil:
    """Length of a line whose LF is at `lf`, without its end."""
    return lf - 1 if lf and p[lf - 1] == c'\r' else lf


cdef int request_start(const u8* p, u32 n) noexcept nogil:
    """Can these bytes begin `method SP target SP HTTP/1.x` (RFC 9112 section 3)? Good only when the line is whole."""
    cdef u32 i = 0, size
    cdef i64 lf
    while i < n and i <= MAX_METHOD and is_token(p[i]):
        i += 1
    if i == n and i <= MAX_METHOD:
        return START_MORE
    if i == 0 or i > MAX_METHOD or p[i] != c' ':
        return START_BAD
    lf = find_byte(p + i, n - i, c'\n')
    if lf < 0:
        return START_MORE
    size = line_length(p, i + <u32>lf)
    if has_version(p, size):
        return START_GOOD if size >= i + 11 else START_BAD
    return START_GOOD if known_method(p, size) and find_byte(p + i + 1, size - i - 1, c' ') < 0 else START_BAD


cdef int first_request(Slice data, bint holed) noexcept nogil:
    """request_start of what the side is joined with; behind a hole the first letters of a method may be missing."""
    cdef int seen = request_start(data.p, data.n)
    return START_BAD if holed and seen == START_GOOD and not known_method(data.p, data.n) else seen


cdef inline bint has_version(const u8* line, u32 n) noexcept nogil:
    """The line ends in ` HTTP/1.x`; HTTP/0.9's requests have no version (RFC 1945 section 5.1). Who writes it in small
    letters is refused by servers (RFC 9112 section 2.3): that, too, is to be seen."""
    cdef const u8* word = b"http"
    cdef u32 i
    if n <= 9 or line[n - 9] != c' ' or not is_digit(line[n - 1]) or not starts(line + n - 4, 4, b"/1.", 3):
        return False
    for i in range(4):
        if line[n - 8 + i] | 0x20 != word[i]:
            return False
    return True


cdef int response_start(const u8* p, u32 n) noexcept nogil:
    """Can these bytes begin `HTTP/1.x SP 3 digits` (RFC 9112 section 4)? Good when those are there."""
    cdef const u8* form = b"HTTP/1.x 000"
    cdef u32 i
    for i in range(n if n < 12 else 12):
        if i == 7 or i > 8:
            if not is_digit(p[i]):
                return START_BAD
        elif p[i] != form[i]:
            return START_BAD
    if n < 13:
        return START_MORE
    return START_GOOD if p[12] == c' ' or p[12] == c'\r' or p[12] == c'\n' else START_BAD


cdef bint known_method(const u8* p, u32 n) noexcept nogil:
    """A method that only HTTP uses, with a target that only HTTP has; for lines too long to see whole."""
    cdef i64 space = find_byte(p, n, c' ')
    cdef Slice target
    if space < 3 or not (starts(p, n, b"GET ", 4) or starts(p, n, b"POST ", 5) or starts(p, n, b"HEAD ", 5)
                         or starts(p, n, b"PUT ", 4) or starts(p, n, b"DELETE ", 7) or starts(p, n, b"PATCH ", 6)
                         or starts(p, n, b"OPTIONS ", 8) or starts(p, n, b"PROPFIND ", 9)
                         or starts(p, n, b"CONNECT ", 8)):
        return False
    target = slice_of(p + space + 1, n - <u32>space - 1)
    return target.n and (target.p[0] == c'/' or starts(target.p, target.n, b"http://", 7)
                         or starts(p, n, b"CONNECT ", 8))


cdef u32 find_start(const u8* p, u32 n, bint request, bint fin) noexcept nogil:
    """Behind lost bytes: how many to pass over until a message begins, or may begin once more bytes are there.

    A request begins a line, with a method that is known, since the first letters of another may be lost. A response may
    follow a body without a line end, but its first field, or the end of its head, must be there.
    """
    cdef u32 at = 0
    cdef i64 next
    cdef int seen
    while at < n:
        seen = anchor(p + at, n - at, request)
        if seen == START_GOOD or (seen == START_MORE and not fin):
            return at
        next = find_byte(p + at + 1 - request, n - at - 1 + request, c'\n' if request else c'H')
        if next < 0:
            return n
        at += <u32>next + 1
    return n


cdef int anchor(const u8* p, u32 n, bint request) noexcept nogil:
    """Does a message begin here, beyond doubt?"""
    cdef u32 size = n if n < MAX_START else MAX_START, i
    cdef int seen = request_start(p, size) if request else response_start(p, size)
    cdef i64 lf
    if seen == START_MORE:
        return START_BAD if n >= MAX_START else START_MORE
    if seen == START_BAD or (request and not (known_method(p, size) and has_version(
            p, line_length(p, <u32>find_byte(p, size, c'\n'))))):
        return START_BAD
    lf = find_byte(p, size, c'\n')
    if lf < 0:
        return START_BAD if n >= MAX_START else START_MORE
    i = <u32>lf + 1
    while i < size and is_token(p[i]):
        i += 1
    if i == size:
        return START_BAD if n >= MAX_START else START_MORE
    return START_GOOD if p[i] == c':' or i == <u32>lf + 1 and (p[i] == c'\r' or p[i] == c'\n') else START_BAD


cdef bint whole_start(const u8* p, u32 n, bint request) noexcept nogil:
    """Is what find_start stopped at a message beyond doubt, and not one that may yet be?"""
    return anchor(p, n, request) == START_GOOD


cdef inline bint is_word(Slice s, const char* word, u32 k) noexcept nogil:
    """Equal without regard to the case of ASCII letters; `word` is lower case."""
    cdef u32 i
    if s.n != k:
        return False
    for i in range(k):
        if (s.p[i] | 32 if s.p[i] >= c'A' and s.p[i] <= c'Z' else s.p[i]) != <u8>word[i]:
            return False
    return True


cdef Slice trimmed(const u8* p, u32 n) noexcept nogil:
    """Without spaces and tabs around."""
    while n and (p[0] == c' ' or p[0] == c'\t'):
        p += 1
        n -= 1
    while n and (p[n - 1] == c' ' or p[n - 1] == c'\t'):
        n -= 1
    return slice_of(p, n)


cdef void read_length(Slice value, Head* head) noexcept nogil:
    """Content-Length: digits, the same value repeated at most (RFC 9112 section 6.3). Zeros may lead."""
    cdef i64 length
    cdef Slice one
    cdef u32 i
    cdef bint more = True
    while more:
        more = next_member(&value, &one)
        length = 0
        for i in range(one.n):
            if not is_digit(one.p[i]) or length >> MAX_LENGTH_BITS:
                head.broken = True
                return
            length = length * 10 + (one.p[i] - c'0')
        if one.n == 0 or length >> MAX_LENGTH_BITS or (head.length >= 0 and head.length != length):
            head.broken = True
            return
        head.length = length


cdef bint next_member(Slice* rest, Slice* one) noexcept nogil:
    """The next member of a list (RFC 9110 section 5.6.1), trimmed; False when it is the last."""
    cdef i64 comma = find_byte(rest.p, rest.n, c',')
    cdef u32 n = rest.n if comma < 0 else <u32>comma
    one[0] = trimmed(rest.p, n)
    if comma < 0:
        return False
    rest[0] = slice_of(rest.p + n + 1, rest.n - n - 1)
    return True


cdef void read_codings(Slice value, Head* head) noexcept nogil:
    """Transfer-Encoding: only a last coding that is chunked says where the body ends. `identity`, which RFC 2616 had,
    changes nothing."""
    cdef Slice one
    cdef bint more = True
    while more:
        more = next_member(&value, &one)
        if one.n and not is_word(one, b"identity", 8):
            head.coded = True
            head.chunked = is_word(one, b"chunked", 7)


cdef inline bint is_credentials(Slice name) noexcept nogil:
    """A field in which logins are asked for or given (RFC 9110 section 11.6, 11.7)."""
    return is_word(name, b"authorization", 13) or is_word(name, b"www-authenticate", 16) or \
        is_word(name, b"proxy-authorization", 19) or is_word(name, b"proxy-authenticate", 18)


cdef void read_token(Slice value, Head* head) noexcept nogil:
    """The token of `NTLM token` or `Negotiate token` (RFC 4559 section 4), the credentials of `Basic` (RFC 7617)."""
    if value.n > 5 and is_word(slice_of(value.p, 5), b"ntlm ", 5):
        head.token = trimmed(value.p + 5, value.n - 5)
    elif value.n > 10 and is_word(slice_of(value.p, 10), b"negotiate ", 10):
        head.token = trimmed(value.p + 10, value.n - 10)
    elif value.n > 6 and not head.response and is_word(slice_of(value.p, 6), b"basic ", 6):
        head.basic = trimmed(value.p + 6, value.n - 6)


cdef void read_field(Slice name, Slice value, Head* head) noexcept nogil:
    """One header field that matters to framing or to the flow's facts."""
    if is_word(name, b"content-length", 14):
        read_length(value, head)
    elif is_word(name, b"transfer-encoding", 17):
        read_codings(value, head)
    elif is_word(name, b"upgrade", 7):
        head.upgrade = True
        head.websocket = is_word(value, b"websocket", 9)
    elif is_word(name, b"host", 4) and head.host.n == 0:
        head.host = value
    elif is_word(name, b"user-agent", 10):
        head.agent = value
    elif is_word(name, b"content-type", 12):
        head.content_type = value
    elif is_word(name, b"server", 6):
        head.server = value
    elif is_credentials(name):
        read_token(value, head)


cdef inline bint may_matter(u8 first) noexcept nogil:
    """A field whose name begins so may be one of read_field's; a folded line begins with none of these."""
    first |= 32
    return first == c'c' or first == c'h' or first == c's' or first == c't' or first == c'u' or first == c'a' \
        or first == c'p' or first == c'w'


cdef void read_line(const u8* p, u32 n, Head* head) noexcept nogil:
    """One line of the head, without its end."""
    cdef i64 colon = find_byte(p, n, c':')
    if colon > 0:
        read_field(trimmed(p, <u32>colon), trimmed(p + colon + 1, n - <u32>colon - 1), head)


cdef Slice authority(Slice target) noexcept nogil:
    """host:port of an absolute-form target (RFC 9112 section 3.2.2), without userinfo; empty for the other forms."""
    cdef i64 colon = find_byte(target.p, target.n, c':'), at
    cdef u32 end
    if colon <= 0 or colon + 3 > target.n or not starts(target.p + colon, target.n - <u32>colon, b"://", 3):
        return slice_of(target.p, 0)
    target = slice_of(target.p + colon + 3, target.n - <u32>colon - 3)
    for end in range(target.n):
        if target.p[end] == c'/' or target.p[end] == c'?' or target.p[end] == c'#':
            target.n = end
            break
    at = find_byte(target.p, target.n, c'@')
    while at >= 0:
        target = slice_of(target.p + at + 1, target.n - <u32>at - 1)
        at = find_byte(target.p, target.n, c'@')
    return target


cdef void read_start(const u8* p, u32 size, Head* head) noexcept nogil:
    """A start line that request_start or response_start found good."""
    cdef i64 space
    head.response = starts(p, size, b"HTTP/", 5)
    if head.response:
        head.status = (p[9] - 48) * 100 + (p[10] - 48) * 10 + (p[11] - 48)
        return
    space = find_byte(p, size, c' ')
    head.method = slice_of(p, <u32>space)
    if has_version(p, size):
        size -= 9
    head.target = trimmed(p + space + 1, size - <u32>space - 1)
    head.host = authority(head.target)


cdef void read_head(const u8* p, u32 n, Head* head) noexcept nogil:
    """A whole head of n bytes whose start line was found good."""
    cdef i64 lf = find_byte(p, n, c'\n')
    memset(head, 0, sizeof(Head))
    head.length = -1
    read_start(p, line_length(p, <u32>lf), head)
    while lf >= 0:
        p += lf + 1
        n -= <u32>lf + 1
        lf = find_byte(p, n, c'\n')
        if lf > 0 and may_matter(p[0]):
            read_line(p, line_length(p, <u32>lf), head)


cdef i64 chunk_size(const u8* p, u32 n) noexcept nogil:
    """The size a chunk line names (RFC 9112 section 7.1), -1 when it names none."""
    cdef i64 size = 0
    cdef u32 i
    cdef u8 c
    for i in range(n):
        if size >> 58:
            return -1
        c = p[i] | 32
        if c >= c'0' and c <= c'9' and p[i] == c:
            size = size * 16 + (c - c'0')
        elif c >= c'a' and c <= c'f':
            size = size * 16 + (c - c'a' + 10)
        else:
            break
    else:
        return size if n else -1
    return size if i and (p[i] == c';' or p[i] == c' ' or p[i] == c'\t') else -1
