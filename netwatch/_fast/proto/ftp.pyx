"""FTP's control connection (RFC 959, RFC 4217): commands, logins, what the server says of itself.

AUTH TLS gives the flow back, so that TLS is found in what follows. Data connections are flows of their own, which are
announced here (PORT, PASV, EPRT, EPSV, LPRT, LPSV: RFC 959 section 4.1.2, RFC 2428, RFC 1639) and known by that alone.
"""
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u16, u32, i64, Slice, find_byte, slice_of
from netwatch._fast.look.announced cimport announce
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK,
                                           set_initiator, begins_with, reads, has_state)
from netwatch._fast.proto.ftpdata cimport FTP_DATA_TRANSFER
from netwatch._fast.proto.common.again cimport command_line, reply_line
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, all_text, begins_word, each_line, from_client,
                                                holds_word, is_digit, keep_each, keep_once, keep_verb, may_begin,
                                                port_is, reply_code, reply_fits, same_word, speaks_of_mail, take_word,
                                                word_is)
from netwatch._fast.proto.common.sasl cimport LOGIN_PASSWORD, LOGIN_USER
from netwatch._fast.wire.packet cimport FAMILY_IP4, PROTO_TCP
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
    REPLY_AUTH = 234           # RFC 4217 section 4
    REPLY_PASSIVE = 227
    REPLY_LONG = 228           # RFC 1639 section 2
    REPLY_EXTENDED = 229       # RFC 2428 section 3

# a flow joined in its middle may begin with any of them
cdef const char* VERBS = (b"user pass acct cwd cdup quit rein port pasv eprt epsv lprt lpsv type stru mode retr "
                          b"stor stou appe allo rest rnfr rnto abor dele rmd mkd pwd xpwd list nlst mlsd mlst site "
                          b"syst stat help noop feat opts auth pbsz prot clnt size mdtm ")

cdef struct Ftp:
    bint secure                # AUTH was asked
    u16 port                   # where the next transfer's connection goes, 0 not said
    u8 said[16]                # the address that was named; where it was not, or a translator changed it,
    u8 own[16]                 # ... the control connection's end of that side


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
    """Decimal numbers up to 65535 with one character between them, from the first digit on; how many."""
    cdef u32 i = 0, count = 0
    while i < s.n and not is_digit(s.p[i]):
        i += 1
    while i < s.n and count < most and is_digit(s.p[i]):
        out[count] = 0
        while i < s.n and is_digit(s.p[i]) and out[count] <= 0xffff:
            out[count] = out[count] * 10 + s.p[i] - c'0'
            i += 1
        count += 1
        i += 1
    return count


cdef void at_end(Look* look, Ftp* ftp, bint of_client, u32 port) noexcept nogil:
    """The data connection goes to this port of the client, or of the server."""
    cdef bint side = from_client(look) == of_client
    memcpy(ftp.own, &look.row.b[0] if (look.side if side else 1 - look.side) else &look.row.a[0], 16)
    memcpy(ftp.said, ftp.own, 16)
    ftp.port = <u16>port if 0 < port <= 0xffff else 0


cdef void at_numbers(Look* look, Ftp* ftp, bint of_client, Slice text) noexcept nogil:
    """h1,h2,h3,h4,p1,p2: PORT and the answer to PASV."""
    cdef u32 six[6]
    cdef u32 i
    if numbers(text, six, 6) != 6:
        return
    at_end(look, ftp, of_client, (six[4] & 0xff) << 8 | (six[5] & 0xff))
    if look.row.family == FAMILY_IP4:
        for i in range(4):
            ftp.said[i] = <u8>(six[i] & 0xff)
    tell(look, ftp, slice_of(text.p, 0))


cdef void at_long(Look* look, Ftp* ftp, bint of_client, Slice text) noexcept nogil:
    """family,length,h1..,2,p1,p2: LPRT and the answer to LPSV (RFC 1639)."""
    cdef u32 all[LONG_NUMBERS]
    cdef u32 n = numbers(text, all, LONG_NUMBERS), i
    if n < 5 or all[1] > 16 or n != all[1] + 5 or all[n - 3] != 2:
        return
    at_end(look, ftp, of_client, (all[n - 2] & 0xff) << 8 | (all[n - 1] & 0xff))
    if all[1] == (4 if look.row.family == FAMILY_IP4 else 16):
        for i in range(all[1]):
            ftp.said[i] = <u8>(all[2 + i] & 0xff)
    tell(look, ftp, slice_of(text.p, 0))


cdef void at_port(Look* look, Ftp* ftp, bint of_client, Slice text) noexcept nogil:
    """|family|address|port|: EPRT and, with the port alone, the answer to EPSV."""
    cdef u32 end = text.n, start, port
    while end and not is_digit(text.p[end - 1]):
        end -= 1
    start = end
    while start and is_digit(text.p[start - 1]):
        start -= 1
    if numbers(slice_of(text.p + start, end - start), &port, 1):
        at_end(look, ftp, of_client, port)
        tell(look, ftp, slice_of(text.p, 0))


cdef void tell(Look* look, Ftp* ftp, Slice transfer) noexcept nogil:
    """Announce the data connection, or say what it carries."""
    if ftp.port:
        announce(look, b"ftp-data", PROTO_TCP, ftp.own, ftp.port, FTP_DATA_TRANSFER, transfer)
        announce(look, b"ftp-data", PROTO_TCP, ftp.said, ftp.port, FTP_DATA_TRANSFER, transfer)


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
    text = slice_of(line.p + 4, line.n - 4) if line.n > 4 else slice_of(line.p, 0)
    if code == REPLY_PASSIVE:
        at_numbers(look, ftp, False, text)
    elif code == REPLY_LONG:
        at_long(look, ftp, False, text)
    elif code == REPLY_EXTENDED:
        at_port(look, ftp, False, text)
    elif code == REPLY_READY:
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
    elif word_is(word, b"port", 4):
        at_numbers(look, ftp, True, rest)
    elif word_is(word, b"lprt", 4):
        at_long(look, ftp, True, rest)
    elif word_is(word, b"eprt", 4):
        at_port(look, ftp, True, rest)
    elif is_transfer(word):
        tell(look, ftp, line)
    keep_each(look, FTP_ARGUMENT, rest, MAX_KEPT)
    return PARSE_OK


cdef int ftp_parse(Look* look, Slice data) noexcept nogil:
    if not has_state(look, sizeof(Ftp)):
        return PARSE_DONE
    return each_line(look, data, MAX_LINE, take_line)


cdef int take_line(Look* look, Slice line) noexcept nogil:
    return take_reply(look, line) if reply_code(line) or not from_client(look) else take_command(look, line)


cdef int ftp_resync(Look* look, Slice data) noexcept nogil:
    """A line of text is all that there is to a message."""
    return command_line(data, VERBS) if from_client(look) else reply_line(data)


cdef void ftp_define(Proto* p) noexcept nogil:
    reads(p, "ftp", ON_TCP, ftp_detect, ftp_parse)
    p.resync = ftp_resync
    begins_with(p, b"12345AaPpEeFfTtUuCcQqMmRrSsDdXxLlNnHhOo")


# --- describing ---

_FIELDS = (("banner", FTP_BANNER, TEXT), ("system", FTP_SYSTEM, TEXT), ("client", FTP_CLIENT, TEXT),
           ("commands", FTP_COMMAND, LIST), ("arguments", FTP_ARGUMENT, LIST), ("codes", FTP_CODE, LIST),
           ("starttls", FTP_TLS, FLAG))
FACT_FIELDS = fact_fields("ftp", _FIELDS)
describe = login_describer(_FIELDS)


def label(obj: dict) -> str:
    """One line for the flow: "FTP anonymous RETR"."""
    moves = [verb for verb in obj.get("commands", ()) if verb in ("RETR", "STOR", "APPE", "LIST", "DELE")]
    return words("FTP", obj.get("user"), *moves)
