"""FTP's control connection (RFC 959, RFC 4217): commands, logins, what the server says of itself.

AUTH TLS gives the flow back, so that TLS is found in what follows. Data connections are flows of their own, which are
announced here (PORT, PASV, EPRT, EPSV, LPRT, LPSV: RFC 959 section 4.1.2, RFC 2428, RFC 1639; SPSV, whose answer is a
port alone) and known by that alone. They go to the host that said so, whatever address it names: a translator changes
what is in the text, and others' hosts are nobody's to name. A port counts when it was asked for, or was not refused.
"""
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u16, u32, i64, Slice, find_byte, slice_of
from netwatch._fast.flow.row cimport BIT_SEEN, Half, OPEN_KNOWN
from netwatch._fast.look.announced cimport announce
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK,
                                           TRAIT_AT_ONCE, set_initiator, begins_with, heard, reads, has_state)
from netwatch._fast.proto.ftpdata cimport FTP_DATA_TRANSFER
from netwatch._fast.proto.common.again cimport command_line, reply_line
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, all_text, begins_word, each_line, from_client,
                                                holds_word, is_digit, keep_each, keep_once, keep_verb, may_begin,
                                                port_is, reply_code, reply_fits, same_word, speaks_of_mail, take_word,
                                                word_is)
from netwatch._fast.proto.common.sasl cimport LOGIN_PASSWORD, LOGIN_RESULT, LOGIN_USER, login_answered
from netwatch._fast.wire.packet cimport PROTO_TCP
from netwatch._fast.proto.common.facts import FLAG, LIST, TEXT, fact_fields, words
from netwatch._fast.proto.common.sasl import login_describer

cdef enum:                     # fact keys
    FTP_BANNER = 1             # text of the 220 reply
    FTP_SYSTEM = 2             # text of the 215 reply
    FTP_COMMAND = 3
    FTP_ARGUMENT = 4
    FTP_CODE = 5
    FTP_TLS = 6
    FTP_CLIENT = 7             # what the client calls itself (CLNT)

cdef enum:
    FTP_PORT = 21
    MAX_LINE = 4096
    MAX_KEPT = 32              # different values of a list
    LONG_NUMBERS = 21          # of an LPRT with an IPv6 address
    REPLY_READY = 220
    REPLY_SYSTEM = 215
    REPLY_CLOSING = 221
    REPLY_LOGGED_IN = 230
    REPLY_AUTH = 234           # RFC 4217 section 4
    REPLY_NOT_LOGGED_IN = 530  # also of any command that needs a login
    REPLY_PASSIVE = 227
    REPLY_LONG = 228           # RFC 1639 section 2
    REPLY_EXTENDED = 229       # RFC 2428 section 3
    REPLY_REFUSES = 400        # and above

# a flow joined in its middle may begin with any of them
cdef const char* VERBS = (b"user pass acct cwd cdup quit rein port pasv eprt epsv spsv lprt lpsv type stru mode retr "
                          b"stor stou appe allo rest rnfr rnto abor dele rmd mkd pwd xpwd list nlst mlsd mlst site "
                          b"syst stat help noop feat opts auth pbsz prot clnt size mdtm ")

cdef struct Ftp:
    bint secure                # AUTH was asked
    bint login                 # the answer to USER, PASS or ACCT is awaited
    bint asked                 # the client wants to connect, and was not answered yet
    bint offers                # the client waits for a connection, and was not answered yet
    u16 port                   # where the next transfer's connection goes, 0 not said
    u8 own[16]                 # ... and to which of the two hosts


# --- detection ---

cdef int detect_reply(Look* look, Slice data) noexcept nogil:
    """220 is SMTP's greeting too: the text, the port or the client must say more."""
    cdef u32 code
    if not reply_fits(data.p, data.n):
        return 0
    if data.n < 4:
        return DETECT_MORE
    code = reply_code(data)
    if begins_word(data.p, data.n, b"227 entering passive", 20):
        return 95
    if data.n < 20 and same_word(data.p, b"227 entering passive", data.n):
        return DETECT_MORE
    if begins_word(data.p, data.n, b"229 ", 4) and holds_word(data.p, data.n, b"(|||", 4):
        return 95
    if speaks_of_mail(data):
        return 0
    if code != REPLY_READY and code != 331 and code != 421 and code != 120 and code != 230:
        return 65 if port_is(look, FTP_PORT) and reply_line(data) == 1 else 0
    if holds_word(data.p, data.n, b"ftp", 3) or holds_word(data.p, data.n, b"filezilla", 9):
        return 90
    if find_byte(data.p, data.n, c'\n') < 0:
        return DETECT_MORE if data.n < DETECT_ENOUGH else 0
    if port_is(look, FTP_PORT):
        return 65
    return DETECT_MORE if data.n < DETECT_ENOUGH and code == REPLY_READY else 0


cdef int detect_command(Look* look, Slice data) noexcept nogil:
    cdef Slice rest = data
    cdef Slice word
    cdef i64 end = find_byte(data.p, data.n, c'\n')
    if port_is(look, FTP_PORT) and command_line(data, VERBS) == 1:
        return 80
    if end < 0:
        if data.n >= DETECT_ENOUGH or not all_text(data.p, data.n - 1) or not command_may(data):
            return 0
        return DETECT_MORE
    rest.n = <u32>end
    if rest.n and rest.p[rest.n - 1] == c'\r':
        rest.n -= 1
    word = take_word(&rest)
    if word_is(word, b"auth", 4):
        return 88 if word_is(rest, b"tls", 3) or word_is(rest, b"ssl", 3) or word_is(rest, b"tls-c", 5) else 0
    if word_is(word, b"pasv", 4) or word_is(word, b"epsv", 4) or word_is(word, b"feat", 4):
        return 80
    if word_is(word, b"type", 4) and rest.n == 1:
        return 80
    if word_is(word, b"user", 4) and rest.n and find_byte(rest.p, rest.n, c' ') < 0:
        if port_is(look, FTP_PORT):
            return 65
        return DETECT_MORE if data.n < DETECT_ENOUGH else 0
    return 0


cdef bint command_may(Slice data) noexcept nogil:
    """The bytes can begin a command that detection knows."""
    return (may_begin(data.p, data.n, b"auth ", 5) or may_begin(data.p, data.n, b"pasv", 4)
            or may_begin(data.p, data.n, b"epsv", 4) or may_begin(data.p, data.n, b"feat", 4)
            or may_begin(data.p, data.n, b"type ", 5) or may_begin(data.p, data.n, b"user ", 5))


cdef int ftp_detect(Look* look, Slice data) noexcept nogil:
    if data.n == 0:
        return DETECT_MORE
    if data.p[0] >= c'1' and data.p[0] <= c'5':
        return detect_reply(look, data)
    return detect_command(look, data)


# --- data connections ---

cdef u32 numbers(Slice s, u32* out, u32 most) noexcept nogil:
    """Decimal numbers up to 65535 with a comma, and spaces, between them, at the start of s; how many."""
    cdef u32 i = 0, count = 0
    while i < s.n and count < most and is_digit(s.p[i]):
        out[count] = 0
        while i < s.n and is_digit(s.p[i]) and out[count] <= 0xffff:
            out[count] = out[count] * 10 + s.p[i] - c'0'
            i += 1
        count += 1
        while i < s.n and (s.p[i] == c',' or s.p[i] == c' '):
            i += 1
    return count


cdef Slice in_parentheses(Slice s) noexcept nogil:
    """What a reply has to say to programs; all of it where there are none."""
    cdef i64 opens = find_byte(s.p, s.n, c'('), closes
    if opens < 0:
        return s
    s = slice_of(s.p + opens + 1, s.n - <u32>opens - 1)
    closes = find_byte(s.p, s.n, c')')
    return s if closes < 0 else slice_of(s.p, <u32>closes)


cdef void at_end(Look* look, Ftp* ftp, bint of_client, u32 port) noexcept nogil:
    """The data connection goes to this port of the client, or of the server."""
    cdef bint side = from_client(look) == of_client
    memcpy(ftp.own, &look.row.b[0] if (look.side if side else 1 - look.side) else &look.row.a[0], 16)
    ftp.port = <u16>port if 0 < port <= 0xffff else 0


cdef bint at_numbers(Look* look, Ftp* ftp, bint of_client, Slice text) noexcept nogil:
    """h1,h2,h3,h4,p1,p2: PORT and the answer to PASV, of which no two servers have the same words around."""
    cdef u32 six[6]
    cdef u32 i
    text = in_parentheses(text)
    for i in range(text.n):
        if is_digit(text.p[i]) and (i == 0 or not is_digit(text.p[i - 1])) and \
                numbers(slice_of(text.p + i, text.n - i), six, 6) == 6:
            at_end(look, ftp, of_client, (six[4] & 0xff) << 8 | (six[5] & 0xff))
            return True
    return False


cdef void at_long(Look* look, Ftp* ftp, bint of_client, Slice text) noexcept nogil:
    """family,length,h1..,2,p1,p2: LPRT and the answer to LPSV (RFC 1639)."""
    cdef u32 all[LONG_NUMBERS]
    cdef u32 n = numbers(in_parentheses(text), all, LONG_NUMBERS)
    if n >= 5 and all[1] <= 16 and n == all[1] + 5 and all[n - 3] == 2:
        at_end(look, ftp, of_client, (all[n - 2] & 0xff) << 8 | (all[n - 1] & 0xff))


cdef void at_port(Look* look, Ftp* ftp, bint of_client, Slice text) noexcept nogil:
    """|family|address|port|: EPRT and, with the port alone, the answers to EPSV and SPSV."""
    cdef u32 end, start, port
    text = in_parentheses(text)
    end = text.n
    while end and not is_digit(text.p[end - 1]):
        end -= 1
    start = end
    while start and is_digit(text.p[start - 1]):
        start -= 1
    if numbers(slice_of(text.p + start, end - start), &port, 1):
        at_end(look, ftp, of_client, port)


cdef void tell(Look* look, Ftp* ftp, Slice transfer) noexcept nogil:
    """Announce the data connection, or say what it carries."""
    if ftp.port:
        announce(look, b"ftp-data", PROTO_TCP, ftp.own, ftp.port, FTP_DATA_TRANSFER, transfer)


cdef bint was_asked(Look* look, const Ftp* ftp) noexcept nogil:
    """Has the client asked where to connect, or may it have: of what it said something is missing."""
    cdef const Half* client = &look.conn.half[1 - look.side]
    return ftp.asked or client.gaps or client.open != OPEN_KNOWN or heard(look) > client.offset + client.len


cdef void take_passive(Look* look, Ftp* ftp, u32 code, Slice text) noexcept nogil:
    """Where the client shall connect to."""
    if not was_asked(look, ftp):
        return
    ftp.port = 0
    if code == REPLY_LONG:
        at_long(look, ftp, False, text)
    elif code == REPLY_EXTENDED or not at_numbers(look, ftp, False, text) and text.n and is_digit(text.p[0]):
        at_port(look, ftp, False, text)
    if ftp.port:
        ftp.asked = False
    tell(look, ftp, slice_of(text.p, 0))


cdef void answered(Look* look, Ftp* ftp, u32 code) noexcept nogil:
    """The port that the client offered is taken, or refused."""
    ftp.offers = False
    if code >= REPLY_REFUSES:
        ftp.port = 0
    tell(look, ftp, slice_of(look.row.a, 0))


cdef void take_offer(Look* look, Ftp* ftp, Slice word, Slice rest) noexcept nogil:
    """Where the client waits for the server."""
    ftp.offers = True
    if word_is(word, b"port", 4):
        at_numbers(look, ftp, True, rest)
    elif word_is(word, b"lprt", 4):
        at_long(look, ftp, True, rest)
    else:
        at_port(look, ftp, True, rest)


cdef bint is_transfer(Slice word) noexcept nogil:
    """A command that opens a data connection (RFC 959 section 4.1.3, RFC 3659)."""
    return (word_is(word, b"retr", 4) or word_is(word, b"stor", 4) or word_is(word, b"stou", 4)
            or word_is(word, b"appe", 4) or word_is(word, b"list", 4) or word_is(word, b"nlst", 4)
            or word_is(word, b"mlsd", 4))


# --- reading ---

cdef int take_reply(Look* look, Slice line) noexcept nogil:
    cdef Ftp* ftp = <Ftp*>look.state[0]
    cdef u32 code = reply_code(line)
    cdef Slice text
    cdef u8 yes = 1
    if code == 0:
        return PARSE_OK
    set_initiator(look, False)
    keep_each(look, FTP_CODE, slice_of(line.p, 3), MAX_KEPT)
    if code == REPLY_LOGGED_IN or (code == REPLY_NOT_LOGGED_IN and ftp.login):
        login_answered(look, code == REPLY_LOGGED_IN)
    ftp.login = False
    text = slice_of(line.p + 4, line.n - 4) if line.n > 4 else slice_of(line.p, 0)
    if REPLY_PASSIVE <= code <= REPLY_EXTENDED:
        take_passive(look, ftp, code, text)
    elif ftp.offers:
        answered(look, ftp, code)
    if code == REPLY_READY:
        keep_once(look, FTP_BANNER, text)
    elif code == REPLY_SYSTEM:
        keep_once(look, FTP_SYSTEM, text)
    elif code == REPLY_AUTH and ftp.secure:
        keep_once(look, FTP_TLS, slice_of(&yes, 1))
        return PARSE_NOT_MINE
    elif code == REPLY_CLOSING:
        return PARSE_DONE
    elif ftp.secure:
        ftp.secure = False
    return PARSE_OK


cdef int take_command(Look* look, Slice line) noexcept nogil:
    cdef Ftp* ftp = <Ftp*>look.state[0]
    cdef Slice rest = line
    cdef Slice word = take_word(&rest)
    keep_verb(look, FTP_COMMAND, word, MAX_KEPT)
    ftp.login = word_is(word, b"user", 4) or word_is(word, b"pass", 4) or word_is(word, b"acct", 4)
    if word_is(word, b"user", 4):
        set_initiator(look, True)
        keep_once(look, LOGIN_USER, rest)
    elif word_is(word, b"pass", 4):
        keep_once(look, LOGIN_PASSWORD, rest)
        return PARSE_OK
    elif word_is(word, b"acct", 4):
        return PARSE_OK
    elif word_is(word, b"clnt", 4):
        keep_once(look, FTP_CLIENT, rest)
    elif word_is(word, b"auth", 4):
        ftp.secure = True
    elif word_is(word, b"pasv", 4) or word_is(word, b"epsv", 4) or word_is(word, b"spsv", 4) or \
            word_is(word, b"lpsv", 4):
        ftp.asked = True
    elif word_is(word, b"port", 4) or word_is(word, b"lprt", 4) or word_is(word, b"eprt", 4):
        take_offer(look, ftp, word, rest)
    elif is_transfer(word):
        tell(look, ftp, line)
    keep_each(look, FTP_ARGUMENT, rest, MAX_KEPT)
    return PARSE_OK


cdef int ftp_parse(Look* look, Slice data) noexcept nogil:
    if not has_state(look, sizeof(Ftp)):
        return PARSE_DONE
    return each_line(look, data, MAX_LINE, take_line)


cdef int take_line(Look* look, Slice line) noexcept nogil:
    if from_client(look) and (look.row.bits & BIT_SEEN or not reply_code(line)):
        return take_command(look, line)
    return take_reply(look, line)


cdef int ftp_resync(Look* look, Slice data) noexcept nogil:
    """A line of text is all that there is to a message."""
    return command_line(data, VERBS) if from_client(look) else reply_line(data)


cdef void ftp_define(Proto* p) noexcept nogil:
    reads(p, "ftp", ON_TCP, ftp_detect, ftp_parse)
    p.resync = ftp_resync
    p.traits = TRAIT_AT_ONCE
    begins_with(p, b"12345AaPpEeFfTtUuCcQqMmRrSsDdXxLlNnHhOo")


# --- describing ---

_FIELDS = (("banner", FTP_BANNER, TEXT), ("system", FTP_SYSTEM, TEXT), ("client", FTP_CLIENT, TEXT),
           ("commands", FTP_COMMAND, LIST), ("arguments", FTP_ARGUMENT, LIST), ("codes", FTP_CODE, LIST),
           ("starttls", FTP_TLS, FLAG))
FACT_FIELDS = fact_fields("ftp", _FIELDS)
LOGIN_FAILED = {LOGIN_RESULT: (b"\0",)}
describe = login_describer(_FIELDS)


def label(obj: dict) -> str:
    """One line for the flow: "FTP anonymous RETR"."""
    moves = [verb for verb in obj.get("commands", ()) if verb in ("RETR", "STOR", "APPE", "LIST", "DELE")]
    return words("FTP", obj.get("user"), *moves)
