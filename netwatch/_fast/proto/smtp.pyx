"""SMTP and LMTP (RFC 5321, RFC 2033): greeting, EHLO, envelope, logins (RFC 4954); STARTTLS (RFC 3207) gives it back.

The texts of mails are passed over, up to the line of one dot that ends each, or by the length of BDAT (RFC 3030).
"""

from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, find_byte, slice_of
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_ASTRAY, PARSE_DONE, PARSE_NOT_MINE,
                                           PARSE_OK, set_initiator, begins_with, reads, has_state)
from netwatch._fast.proto.common.again cimport among, command_line, reply_line
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, begins_word, each_line, from_client, holds_word,
                                                keep_each, keep_once, keep_verb, may_begin, next_line, number_of,
                                                port_is, reply_code, reply_fits, speaks_of_mail, take_word, wait_more,
                                                word_is)
from netwatch._fast.proto.common.sasl cimport (LOGIN_RESULT, Sasl, answers_sasl, login_answered, sasl_answer,
                                               sasl_begin)
from netwatch._fast.proto.common.facts import FLAG, LIST, TEXT, fact_fields, words
from netwatch._fast.proto.common.sasl import login_describer

cdef enum:                     # fact keys
    SMTP_BANNER = 1            # text of the greeting
    SMTP_HELO = 2              # what the client calls itself
    SMTP_FROM = 3
    SMTP_TO = 4
    SMTP_COMMAND = 5
    SMTP_CODE = 6
    SMTP_TLS = 7

cdef enum:
    MAX_LINE = 12288           # RFC 4954 section 4: answers of a login may be long
    MAX_KEPT = 16
    TEXT_BEGINS = 100          # what take_line answers so that no more lines are read as commands

# a flow joined in its middle may begin with any of them
cdef const char* VERBS = b"helo ehlo lhlo mail rcpt data bdat rset noop quit vrfy expn auth help "

cdef struct Smtp:
    Sasl sasl
    bint secure                # STARTTLS was asked
    bint data                  # DATA was
    bint text                  # the client sends a mail's text
    bint inside                # ... and what comes next is not the beginning of a line of it
    bint cr                    # ... but may be its LF
    bint bare                  # ... or the line before ended in LF alone
    bint careless              # so did the newest command
    bint greeted               # the server has said something


# --- detection ---

cdef bint mail_port(const Look* look) noexcept nogil:
    return port_is(look, 25) or port_is(look, 587) or port_is(look, 2525)


cdef int detect_greeting(Look* look, Slice data) noexcept nogil:
    """220 or 554; FTP has 220 too: the text, the port or the client must say more."""
    cdef u32 code
    if not reply_fits(data.p, data.n):
        return 0
    if data.n < 4:
        return DETECT_MORE
    code = reply_code(data)
    if code != 220 and code != 554 and code != 421:
        return 65 if mail_port(look) and reply_line(data) == 1 else 0
    if speaks_of_mail(data):
        return 92
    if holds_word(data.p, data.n, b"ftp", 3):
        return 0
    if find_byte(data.p, data.n, c'\n') >= 0 and mail_port(look):
        return 65
    if code != 220 and find_byte(data.p, data.n, c'\n') >= 0:
        return 0
    return DETECT_MORE if data.n < DETECT_ENOUGH else 0


cdef int smtp_detect(Look* look, Slice data) noexcept nogil:
    cdef i64 lf
    if data.n and data.p[0] >= c'1' and data.p[0] <= c'5':
        return detect_greeting(look, data)
    if begins_word(data.p, data.n, b"ehlo ", 5) or begins_word(data.p, data.n, b"helo ", 5) or \
            begins_word(data.p, data.n, b"lhlo ", 5):
        lf = find_byte(data.p, data.n, c'\n')
        if lf >= 0:
            return 95 if lf > 5 else 0
        return DETECT_MORE if data.n < DETECT_ENOUGH else 80
    if begins_word(data.p, data.n, b"mail from:", 10) or begins_word(data.p, data.n, b"rcpt to:", 8):
        return 92
    if may_begin(data.p, data.n, b"ehlo ", 5) or may_begin(data.p, data.n, b"helo ", 5) or \
            may_begin(data.p, data.n, b"lhlo ", 5) or may_begin(data.p, data.n, b"mail from:", 10) or \
            may_begin(data.p, data.n, b"rcpt to:", 8):
        return DETECT_MORE
    return 70 if mail_port(look) and command_line(data, VERBS) == 1 else 0


# --- reading ---

cdef int take_reply(Look* look, Smtp* smtp, Slice line, u32 code) noexcept nogil:
    cdef u8 yes = 1
    if code == 0:
        return PARSE_OK
    set_initiator(look, False)
    keep_each(look, SMTP_CODE, slice_of(line.p, 3), MAX_KEPT)
    if code == 235 or code == 535:          # of AUTH alone, RFC 4954 section 6
        login_answered(look, code == 235)
    if smtp.secure:
        smtp.secure = False
        if code == 220:
            keep_once(look, SMTP_TLS, slice_of(&yes, 1))
            return PARSE_NOT_MINE
    if (code == 220 or code == 554) and line.n > 4 and not smtp.greeted and not enhanced(line):
        keep_once(look, SMTP_BANNER, slice_of(line.p + 4, line.n - 4))
    smtp.greeted = True
    if code == 221:
        return PARSE_DONE
    smtp.text = code == 354
    if smtp.text:
        smtp.inside = smtp.bare = False
        look.conn.half[1 - look.side].astray = 0    # what was lost is DATA, then
    if smtp.text or code >= 400:
        smtp.data = False
    if code != 334:
        smtp.sasl.on = False
    return PARSE_OK


cdef bint enhanced(Slice line) noexcept nogil:
    """`220 2.0.0 text` answers STARTTLS: a greeting has no such status code (RFC 2034 section 3)."""
    return line.n > 7 and line.p[4] == line.p[0] and line.p[5] == c'.' and line.p[7] == c'.'


cdef Slice address_of(Slice rest) noexcept nogil:
    """`FROM:<a@b> SIZE=1` without the word and what follows the address (RFC 5321 section 4.1.1.2)."""
    cdef i64 colon = find_byte(rest.p, rest.n, c':'), end
    if colon < 0:
        return rest
    rest.p += colon + 1
    rest.n -= <u32>colon + 1
    while rest.n and (rest.p[0] == c' ' or rest.p[0] == c'<'):
        rest.p += 1
        rest.n -= 1
    end = find_byte(rest.p, rest.n, c'>')
    if end >= 0:
        rest.n = <u32>end
    return rest


cdef int take_command(Look* look, Smtp* smtp, Slice line) noexcept nogil:
    cdef Slice rest = line
    cdef Slice word
    cdef i64 size
    if answers_sasl(&smtp.sasl, line):
        sasl_answer(look, &smtp.sasl, line)
        return PARSE_OK
    if smtp.data and not as_sent(line):             # the go-ahead was not seen: this is mail
        smtp.text = True
        smtp.data = False
        return TEXT_BEGINS
    smtp.data = False
    smtp.careless = line.p[line.n] != c'\r'
    word = take_word(&rest)
    keep_verb(look, SMTP_COMMAND, word, MAX_KEPT)
    if word_is(word, b"ehlo", 4) or word_is(word, b"helo", 4) or word_is(word, b"lhlo", 4):
        set_initiator(look, True)
        keep_once(look, SMTP_HELO, rest)
    elif word_is(word, b"mail", 4):
        keep_each(look, SMTP_FROM, address_of(rest), MAX_KEPT)
    elif word_is(word, b"rcpt", 4):
        keep_each(look, SMTP_TO, address_of(rest), MAX_KEPT)
    elif word_is(word, b"auth", 4):
        word = take_word(&rest)
        sasl_begin(look, &smtp.sasl, word, rest)
    elif word_is(word, b"starttls", 8):
        smtp.secure = True
    elif word_is(word, b"data", 4):
        smtp.data = True
    elif word_is(word, b"bdat", 4):
        size = number_of(take_word(&rest), 18)
        look.skip = <u64>size if size > 0 else 0
    return PARSE_OK


cdef int take_line(Look* look, Slice line) noexcept nogil:
    cdef Smtp* smtp = <Smtp*>look.state[0]
    cdef u32 code = reply_code(line)
    cdef int answer
    if code and not from_client(look) or not smtp.sasl.on and code:
        answer = take_reply(look, smtp, line, code)
        return TEXT_BEGINS if answer == PARSE_OK and smtp.text and from_client(look) else answer
    return take_command(look, smtp, line) if from_client(look) else PARSE_OK


cdef int pass_text(Look* look, Smtp* smtp, Slice data) noexcept nogil:
    """The text of a mail, up to and with the line that ends it (RFC 5321 section 4.1.1.4): with LF alone, before it or
    at its end, it is none but of who never sends more."""
    cdef const u8* p
    cdef u32 n
    cdef i64 lf
    cdef bint dot
    while smtp.text and look.used < data.n:
        p = data.p + look.used
        n = data.n - look.used
        lf = find_byte(p, n, c'\n')
        if lf < 0 and not smtp.inside and p[0] == c'.' and (n == 1 or n == 2 and p[1] == c'\r'):
            return wait_more(look, data)
        dot = p[0] == c'.' and (lf == 2 and p[1] == c'\r' or lf == 1 and smtp.careless)
        smtp.text = smtp.inside or not dot or (smtp.bare and not smtp.careless)
        smtp.bare = lf == 0 and not (smtp.inside and smtp.cr) or lf > 0 and p[lf - 1] != c'\r'
        smtp.cr = lf < 0 and p[n - 1] == c'\r'
        smtp.inside = lf < 0
        look.used += n if lf < 0 else <u32>lf + 1
    return PARSE_OK


cdef int smtp_parse(Look* look, Slice data) noexcept nogil:
    cdef Smtp* smtp
    cdef int code = TEXT_BEGINS
    if not has_state(look, sizeof(Smtp)):
        return PARSE_DONE
    smtp = <Smtp*>look.state[0]
    while code == TEXT_BEGINS:
        if smtp.text and from_client(look):
            code = pass_text(look, smtp, data)
            if code != PARSE_OK or smtp.text:
                return code
        code = each_line(look, data, MAX_LINE, take_line)
    return code


cdef int smtp_lost(Look* look, u64 n) noexcept nogil:
    """In a mail's text nothing is missed by it; if the end was lost, the server's answer tells."""
    cdef Smtp* smtp = <Smtp*>look.state[0]
    if smtp == NULL or not smtp.text or not from_client(look):
        return PARSE_ASTRAY
    smtp.inside = True
    return PARSE_OK


cdef bint as_sent(Slice line) noexcept nogil:
    """Is it a command, and no line of a mail that begins like one? (RFC 5321 section 4.1.1)"""
    cdef Slice rest = line
    cdef Slice word = take_word(&rest)
    if not among(word.p, word.n, VERBS) and not word_is(word, b"starttls", 8):
        return False
    if word_is(word, b"mail", 4):
        return begins_word(rest.p, rest.n, b"from:", 5)
    if word_is(word, b"rcpt", 4):
        return begins_word(rest.p, rest.n, b"to:", 3)
    if word_is(word, b"auth", 4) or word_is(word, b"bdat", 4):
        return rest.n > 0
    if word_is(word, b"data", 4) or word_is(word, b"rset", 4) or word_is(word, b"quit", 4) or \
            word_is(word, b"starttls", 8):
        return rest.n == 0
    return find_byte(rest.p, rest.n, c' ') < 0 and (rest.n == 0 or rest.p[0] != c':')


cdef int smtp_resync(Look* look, Slice data) noexcept nogil:
    """A line of text is all that there is to a message; what was pending is answered, or lost."""
    cdef Smtp* smtp = <Smtp*>look.state[0]
    cdef Slice line
    cdef int answer
    if smtp == NULL:
        return 0
    answer = command_line(data, VERBS) if from_client(look) else reply_line(data)
    if answer == 0 and from_client(look):
        answer = command_line(data, b"starttls ")
    if answer == 1 and from_client(look):
        next_line(data.p, data.n, data.n, &line)
        if not as_sent(line):
            return 0
        smtp.data = smtp.text = smtp.sasl.on = False
    elif answer == 1:
        smtp.greeted = True
    return answer


cdef void smtp_define(Proto* p) noexcept nogil:
    reads(p, "smtp", ON_TCP, smtp_detect, smtp_parse)
    p.lost = smtp_lost
    p.resync = smtp_resync
    begins_with(p, b"2345EeHhMmRrDdBbNnQqVvAaSsLl")


# --- describing ---

_FIELDS = (("banner", SMTP_BANNER, TEXT), ("helo", SMTP_HELO, TEXT), ("from", SMTP_FROM, LIST), ("to", SMTP_TO, LIST),
           ("commands", SMTP_COMMAND, LIST), ("codes", SMTP_CODE, LIST), ("starttls", SMTP_TLS, FLAG))
FACT_FIELDS = fact_fields("smtp", _FIELDS)
LOGIN_FAILED = {LOGIN_RESULT: (b"\0",)}
describe = login_describer(_FIELDS)


def label(obj: dict) -> str:
    """One line for the flow: "SMTP a@example.com > b@example.org"."""
    sender, to = obj.get("from", ("",))[0], obj.get("to", ("",))[0]
    return words("SMTP", f"{sender} > {to}" if to else sender or obj.get("helo") or obj.get("banner"))
