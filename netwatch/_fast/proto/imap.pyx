"""IMAP (RFC 3501, RFC 9051): greeting, commands, logins, mailboxes; STARTTLS gives the flow back.

What the server sends after the login is mail and is passed over, and so are the client's literals.
"""

from netwatch._fast.base.bytes cimport u8, u32, i64, Slice, find_byte, slice_of, starts
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK,
                                           set_initiator, reads, has_state)
from netwatch._fast.proto.common.again cimport among
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, SURE_GREETING, all_text, begins_word, each_line,
                                                from_client, holds_word, is_digit, is_letter, keep_each, keep_once,
                                                keep_verb, number_of, port_is, reply_fits, same_word, smaller,
                                                take_word, trimmed, word_is)
from netwatch._fast.proto.common.refusals cimport judges
from netwatch._fast.proto.common.sasl cimport (LOGIN_PASSWORD, LOGIN_RESULT, LOGIN_USER, Sasl, answers_sasl,
                                               login_answered, sasl_answer, sasl_begin)
from netwatch._fast.proto.common.facts import FLAG, LIST, TEXT, fact_fields, words
from netwatch._fast.proto.common.sasl import login_describer

cdef enum:                     # fact keys
    IMAP_BANNER = 1
    IMAP_COMMAND = 2
    IMAP_MAILBOX = 3
    IMAP_TLS = 4

cdef enum:
    MAX_LINE = 65536           # lists of message numbers are long
    MAX_KEPT = 16
    MAX_TAG = 20
    MAX_ASKED = 8              # that await their answers at once
    PORT = 143

cdef enum:                     # what the literal the client sends is
    LITERAL_NONE = 0
    LITERAL_USER = 1
    LITERAL_PASSWORD = 2

cdef const char* OUTCOMES = b"ok no bad "
cdef const char* VERBS = (b"capability noop logout starttls authenticate login enable select examine create delete "
                          b"rename subscribe unsubscribe list lsub namespace status append idle check close unselect "
                          b"expunge search fetch store copy move uid id getquota getquotaroot sort thread compress ")

cdef struct Asked:             # a STARTTLS, LOGIN or AUTHENTICATE that awaits its answer
    u8 tag[MAX_TAG]
    u8 tag_n                   # 0: there is none
    bint secure                # it is STARTTLS
    bint told                  # the client has sent credentials for it

cdef struct Imap:
    Sasl sasl
    Asked asked[MAX_ASKED]
    Asked* exchange            # of them that whose mechanism is under way, NULL it is none
    bint greeted
    u8 expect                  # LITERAL_ that the next line is


# --- detection ---

cdef bint known_command(const u8* p, u32 n) noexcept nogil:
    """One of the commands a connection may begin with, at the end of the line or before a blank."""
    if n and p[n - 1] == c'\r':
        n -= 1
    return (begins_word(p, n, b"capability", 10) or begins_word(p, n, b"starttls", 8)
            or begins_word(p, n, b"login ", 6) or begins_word(p, n, b"authenticate ", 13)
            or begins_word(p, n, b"select ", 7) or begins_word(p, n, b"examine ", 8)
            or begins_word(p, n, b"namespace", 9) or begins_word(p, n, b"id (", 4) or begins_word(p, n, b"id nil", 6)
            or begins_word(p, n, b"uid fetch ", 10))


cdef int tagged_line(Slice data, bint client) noexcept nogil:
    """A whole line of a tag, and of a command or, from the server, how it went: 0, 1 or DETECT_MORE."""
    cdef i64 lf = find_byte(data.p, data.n, c'\n')
    cdef Slice rest, tag, word
    cdef bint digit = False
    cdef u32 i
    if lf < 0:
        return DETECT_MORE if data.n < DETECT_ENOUGH and all_text(data.p, data.n - 1) else 0
    rest = slice_of(data.p, <u32>lf - 1 if lf and data.p[lf - 1] == c'\r' else <u32>lf)
    if not all_text(rest.p, rest.n):
        return 0
    tag = take_word(&rest)
    word = take_word(&rest)
    if not client and (tag.n == 1 and (tag.p[0] == c'*' or tag.p[0] == c'+')):
        return 1
    for i in range(tag.n):
        digit |= is_digit(tag.p[i])
        if not is_digit(tag.p[i]) and not is_letter(tag.p[i]) and tag.p[i] != c'.':
            return 0
    return digit and tag.n <= MAX_TAG and among(word.p, word.n, VERBS if client else OUTCOMES)


cdef bint joined(Look* look, Slice data) noexcept nogil:
    """On IMAP's own port: a line of a talk whose beginning was not seen."""
    cdef bint server = (look.row.pb if look.side else look.row.pa) == PORT
    if not port_is(look, PORT) or data.p[0] == c'*' and same_word(data.p, b"* ok ", smaller(data.n, 5)):
        return False
    return tagged_line(data, not server) == 1


cdef int imap_detect(Look* look, Slice data) noexcept nogil:
    """What a talk begins with, or on IMAP's port goes on with."""
    cdef int sure = begins(look, data)
    return 65 if sure <= 0 and joined(look, data) else sure


cdef int begins(Look* look, Slice data) noexcept nogil:
    """`* OK` of the server, or a tag and a command of the client. What has no digit in its tag is not believed."""
    cdef u32 i = 0, n = smaller(data.n, 5)
    cdef i64 lf
    cdef bint digit = False
    if data.n == 0:
        return DETECT_MORE
    lf = find_byte(data.p, data.n, c'\n')
    if data.p[0] == c'*':
        if not same_word(data.p, b"* ok ", n) and not begins_word(data.p, data.n, b"* preauth ", 10):
            return 0
        if lf < 0 and data.n < DETECT_ENOUGH:
            return DETECT_MORE
        n = data.n
        if lf > 0:
            n = <u32>lf - 1 if data.p[lf - 1] == c'\r' else <u32>lf
        if not all_text(data.p, n):
            return 0
        return 96 if holds_word(data.p, n, b"imap", 4) else 80
    while i < data.n and i < MAX_TAG and (is_letter(data.p[i]) or is_digit(data.p[i]) or data.p[i] == c'.'):
        digit = digit or is_digit(data.p[i])
        i += 1
    if i == data.n:
        return DETECT_MORE if i < MAX_TAG else 0
    if data.p[i] != c' ':
        return 0
    if lf < 0:
        return DETECT_MORE if data.n < i + 14 else 0
    if i == 3 and reply_fits(data.p, 4) and not port_is(look, 143) and not port_is(look, 993):
        return 0                       # "230 Login successful" is FTP's
    return 88 if digit and known_command(data.p + i + 1, <u32>lf - i - 1) else 0


cdef int imap_agrees(Look* look, Slice data) noexcept nogil:
    """Others greet with `* OK` too: a client of IMAP says a tag and a command, a server begins with a tag or a sign."""
    cdef i64 lf = find_byte(data.p, data.n, c'\n')
    cdef Slice rest = slice_of(data.p, <u32>lf if lf > 0 else data.n)
    cdef Slice tag, word
    if not from_client(look):
        return tagged_line(data, False)
    if look.cold.confidence >= SURE_GREETING or port_is(look, PORT):
        return 1
    if lf < 0 and data.n < DETECT_ENOUGH:
        return DETECT_MORE
    tag = take_word(&rest)
    word = take_word(&rest)
    return tag.n and tag.n <= MAX_TAG and (among(word.p, word.n, VERBS) or word.n and word.p[0] | 0x20 == c'x')


# --- reading ---

cdef Slice unquoted(Slice s) noexcept nogil:
    if s.n >= 2 and s.p[0] == c'"' and s.p[s.n - 1] == c'"':
        return slice_of(s.p + 1, s.n - 2)
    return s


cdef Slice take_string(Slice* rest) noexcept nogil:
    """An astring: quoted or an atom (RFC 3501 section 9)."""
    cdef u32 i = 1
    cdef Slice s = rest[0]
    if s.n == 0 or s.p[0] != c'"':
        return take_word(rest)
    while i < s.n and s.p[i] != c'"':
        if s.p[i] == c'\\':
            i += 1
        i += 1
    i = smaller(i + 1, s.n)
    rest[0] = trimmed(slice_of(s.p + i, s.n - i))
    return unquoted(slice_of(s.p, i))


cdef Asked* remember(Imap* imap, Slice tag, bint secure, bint told) noexcept nogil:
    """What awaits its answer, NULL where no more can be kept: those for which credentials were sent stay."""
    cdef Asked* asked = NULL
    cdef u32 i
    if tag.n == 0 or tag.n > MAX_TAG:
        return NULL
    for i in range(MAX_ASKED):
        if imap.asked[i].tag_n == 0 or (asked == NULL and not imap.asked[i].told):
            asked = &imap.asked[i]
            if asked.tag_n == 0:
                break
    if asked == NULL:
        return NULL
    if asked == imap.exchange:
        imap.exchange = NULL
    asked.tag_n, asked.secure, asked.told = <u8>tag.n, secure, told
    for i in range(tag.n):
        asked.tag[i] = tag.p[i]
    return asked


cdef Asked* asked_by(Imap* imap, Slice tag) noexcept nogil:
    """What has this tag and awaits its answer, or NULL."""
    cdef Asked* asked
    cdef u32 i
    for i in range(MAX_ASKED):
        asked = &imap.asked[i]
        if tag.n and tag.n == asked.tag_n and starts(tag.p, tag.n, <const char*>asked.tag, asked.tag_n):
            return asked
    return NULL


cdef i64 literal(Slice line) noexcept nogil:
    """Length that a `{n}` or `{n+}` at the end of the line announces (RFC 7888), -1 none."""
    cdef u32 i = line.n, end
    if line.n < 3 or line.p[line.n - 1] != c'}':
        return -1
    end = line.n - 1
    if line.p[end - 1] == c'+':
        end -= 1
    i = end
    while i and is_digit(line.p[i - 1]):
        i -= 1
    return number_of(slice_of(line.p + i, end - i), 9) if i and line.p[i - 1] == c'{' else -1


cdef int take_reply(Look* look, Imap* imap, Slice line) noexcept nogil:
    cdef Slice rest = line
    cdef Slice tag
    cdef Slice word
    cdef Asked* asked
    cdef u8 yes = 1
    if line.n == 0 or line.p[0] == c'+':
        return PARSE_OK
    tag = take_word(&rest)
    word = take_word(&rest)
    if tag.p[0] == c'*':
        if not imap.greeted and (word_is(word, b"ok", 2) or word_is(word, b"preauth", 7) or word_is(word, b"bye", 3)):
            set_initiator(look, False)
            imap.greeted = True
            keep_once(look, IMAP_BANNER, rest)
        return PARSE_OK
    asked = asked_by(imap, tag)
    if asked == NULL:
        return PARSE_OK
    asked.tag_n = 0
    if asked == imap.exchange:
        imap.sasl.on = False
    if word_is(word, b"ok", 2):
        if asked.secure:
            keep_once(look, IMAP_TLS, slice_of(&yes, 1))
            return PARSE_NOT_MINE
        login_answered(look, True)
        look.skip = <unsigned long long>1 << 62
    elif word_is(word, b"no", 2) and not asked.secure and asked.told and judges(rest):
        login_answered(look, False)
    return PARSE_OK


cdef void take_login(Look* look, Imap* imap, Slice rest) noexcept nogil:
    cdef Slice user
    if rest.n and rest.p[0] == c'{':
        imap.expect = LITERAL_USER
        return
    user = take_string(&rest)
    keep_once(look, LOGIN_USER, user)
    if rest.n and rest.p[0] == c'{':
        imap.expect = LITERAL_PASSWORD
        return
    keep_once(look, LOGIN_PASSWORD, take_string(&rest))


cdef int take_literal_line(Look* look, Imap* imap, Slice line) noexcept nogil:
    """The line that holds the user's name or password sent as a literal."""
    cdef Slice rest = line
    cdef u8 expect = imap.expect
    imap.expect = LITERAL_NONE
    if expect == LITERAL_PASSWORD:
        keep_once(look, LOGIN_PASSWORD, line)
        return PARSE_OK
    keep_once(look, LOGIN_USER, take_string(&rest))
    if rest.n and rest.p[0] == c'{':
        imap.expect = LITERAL_PASSWORD
    else:
        keep_once(look, LOGIN_PASSWORD, take_string(&rest))
    return PARSE_OK


cdef int take_command(Look* look, Imap* imap, Slice line) noexcept nogil:
    cdef Slice rest = line
    cdef Slice tag, word
    cdef i64 size
    if imap.expect:
        return take_literal_line(look, imap, line)
    if answers_sasl(&imap.sasl, line):
        sasl_answer(look, &imap.sasl, line)
        if imap.exchange != NULL and imap.sasl.on:
            imap.exchange.told = True
        return PARSE_OK
    size = literal(line)
    tag = take_word(&rest)
    word = take_word(&rest)
    if word_is(word, b"uid", 3):
        word = take_word(&rest)
    keep_verb(look, IMAP_COMMAND, word, MAX_KEPT)
    if word_is(word, b"login", 5):
        set_initiator(look, True)
        remember(imap, tag, False, True)
        take_login(look, imap, rest)
        return PARSE_OK
    if word_is(word, b"authenticate", 12):
        word = take_word(&rest)
        imap.exchange = remember(imap, tag, False, rest.n > 0)
        sasl_begin(look, &imap.sasl, word, rest)
    elif word_is(word, b"starttls", 8):
        remember(imap, tag, True, False)
    elif word_is(word, b"select", 6) or word_is(word, b"examine", 7) or word_is(word, b"append", 6):
        keep_each(look, IMAP_MAILBOX, take_string(&rest), MAX_KEPT)
    elif word_is(word, b"logout", 6):
        return PARSE_DONE
    if size > 0:
        look.skip = <unsigned long long>size
    return PARSE_OK


cdef int take_line(Look* look, Slice line) noexcept nogil:
    cdef Imap* imap = <Imap*>look.state[0]
    if not from_client(look) or (line.n and line.p[0] == c'*' and not imap.sasl.on and imap.expect == 0):
        return take_reply(look, imap, line)
    return take_command(look, imap, line)


cdef int imap_parse(Look* look, Slice data) noexcept nogil:
    if not has_state(look, sizeof(Imap)):
        return PARSE_DONE
    return each_line(look, data, MAX_LINE, take_line)


cdef int imap_resync(Look* look, Slice data) noexcept nogil:
    """A line with a tag, from the server any that may be one; what was pending is over."""
    cdef Imap* imap = <Imap*>look.state[0]
    cdef int answer
    if imap == NULL:
        return 0
    answer = tagged_line(data, from_client(look))
    if answer == 1 and from_client(look):
        imap.sasl.on = False
        imap.expect = LITERAL_NONE
    elif answer == 1:
        imap.greeted = True
    return answer


cdef void imap_define(Proto* p) noexcept nogil:
    cdef int c
    reads(p, "imap", ON_TCP, imap_detect, imap_parse)
    p.agrees = imap_agrees
    p.resync = imap_resync
    for c in range(128):
        p.first[c] = is_letter(<u8>c) or is_digit(<u8>c) or c == c'*' or c == c'+'


# --- describing ---

_FIELDS = (("banner", IMAP_BANNER, TEXT), ("commands", IMAP_COMMAND, LIST), ("mailboxes", IMAP_MAILBOX, LIST),
           ("starttls", IMAP_TLS, FLAG))
FACT_FIELDS = fact_fields("imap", _FIELDS)
LOGIN_FAILED = {LOGIN_RESULT: (b"\0",)}
describe = login_describer(_FIELDS)


def label(obj: dict) -> str:
    """One line for the flow: "IMAP fred INBOX"."""
    return words("IMAP", obj.get("user"), *obj.get("mailboxes", ())[:1]) if "user" in obj or "mailboxes" in obj \
        else words("IMAP", obj.get("banner"))
