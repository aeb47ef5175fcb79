"""IRC (RFC 2812, ircv3.net): who joins what; STARTTLS (ircv3) gives the flow back. What is said is not kept."""

from netwatch._fast.base.bytes cimport u8, u32, i64, Slice, find_byte, slice_of
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK,
                                           set_initiator, begins_with, reads, has_state)
from netwatch._fast.proto.common.again cimport among, command_line
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, all_text, each_line, from_client, keep_each, keep_once,
                                                keep_verb, may_begin, number_of, port_is, take_word, word_is)
from netwatch._fast.proto.common.sasl cimport LOGIN_PASSWORD, Sasl, sasl_answer, sasl_begin
from netwatch._fast.proto.common.facts import FLAG, LIST, TEXT, fact_fields, words
from netwatch._fast.proto.common.sasl import login_describer

cdef enum:                     # fact keys
    IRC_NICK = 1
    IRC_USER = 2
    IRC_NAME = 3               # the real name
    IRC_SERVER = 4
    IRC_CHANNEL = 5
    IRC_COMMAND = 6            # of the client
    IRC_TLS = 7

cdef enum:
    MAX_LINE = 9216            # 8191 of tags and 512 more (ircv3 message tags)
    MAX_KEPT = 16
    ENOUGH_LINES = 2000        # of both sides; who wants to know the channel knows it by then
    RPL_STARTTLS = 670

cdef const char* VERBS = (b"nick user pass cap oper join part privmsg notice mode topic who whois names list kick "
                          b"invite away ping pong quit starttls authenticate ison userhost error ")

cdef const char* RELAYED = b"part quit nick mode topic kick invite away account chghost setname tagmsg "  # to others

cdef struct Irc:
    Sasl sasl
    bint secure                # STARTTLS was asked
    bint agreed                # ... and the server said yes; it may be read first, when only it could be recognised
    u32 lines


# --- detection ---

cdef bint can_begin(const u8* p, u32 n) noexcept nogil:
    return (p[0] == c':' or may_begin(p, n, b"nick ", 5) or may_begin(p, n, b"user ", 5)
            or may_begin(p, n, b"cap ", 4) or may_begin(p, n, b"pass ", 5) or may_begin(p, n, b"starttls", 8)
            or may_begin(p, n, b"notice auth :", 13) or may_begin(p, n, b"error :", 7))


cdef bint of_user(Slice line) noexcept nogil:
    """Does `:nick!user@host` stand in front?"""
    cdef Slice rest = line
    cdef Slice word = take_word(&rest)
    cdef i64 user = find_byte(word.p, word.n, c'!')
    return user > 1 and find_byte(word.p + user, word.n - <u32>user, c'@') > 1


cdef int judge(Slice line, bint more) noexcept nogil:
    """One whole line. `more` when the next one could tell what this one does not."""
    cdef Slice rest = line
    cdef Slice word = take_word(&rest)
    if line.n and line.p[0] == c':':
        word = take_word(&rest)
        if number_of(word, 3) > 0 and word.n == 3 and rest.n:
            return 93
        if not rest.n:
            return 0
        return 90 if (word_is(word, b"notice", 6) or word_is(word, b"privmsg", 7) or word_is(word, b"join", 4)
                      or (of_user(line) and among(word.p, word.n, RELAYED))) else 0
    if word_is(word, b"nick", 4):
        return 85 if rest.n and find_byte(rest.p, rest.n, c' ') < 0 else 0
    if word_is(word, b"user", 4):
        return 92 if find_byte(rest.p, rest.n, c':') > 0 and find_byte(rest.p, rest.n, c' ') > 0 else 0
    if word_is(word, b"cap", 3):
        return 92 if word_is(rest, b"ls", 2) or word_is(rest, b"ls 302", 6) else 0
    if word_is(word, b"notice", 6) or word_is(word, b"error", 5):
        return 90
    return DETECT_MORE if more else 0


cdef int irc_detect(Look* look, Slice data) noexcept nogil:
    """What a talk begins with, or on IRC's ports goes on with."""
    cdef int sure = begins(look, data)
    if sure <= 0 and (port_is(look, 6667) or port_is(look, 6697)) and command_line(data, VERBS) == 1:
        return 65 if not can_begin(data.p, data.n) else sure
    return sure


cdef int begins(Look* look, Slice data) noexcept nogil:
    """A numeric or notice of a server, or the words a client begins with."""
    cdef Slice line = data
    cdef i64 lf
    cdef int sure = DETECT_MORE
    if data.n == 0:
        return DETECT_MORE
    if not can_begin(data.p, data.n):
        return 0
    while sure == DETECT_MORE:
        lf = find_byte(line.p, line.n, c'\n')
        if lf < 0 or not all_text(line.p, <u32>lf - (1 if lf > 0 and line.p[lf - 1] == c'\r' else 0)):
            return DETECT_MORE if lf < 0 and data.n < DETECT_ENOUGH else 0
        line.n = <u32>lf
        if lf > 0 and line.p[lf - 1] == c'\r':
            line.n -= 1
        sure = judge(line, True)
        line.p += lf + 1
        line.n = data.n - <u32>(line.p - data.p)
        if sure == DETECT_MORE and line.n == 0:
            return DETECT_MORE if data.n < DETECT_ENOUGH else 0
    return sure


# --- reading ---

cdef void keep_channels(Look* look, Slice list_) noexcept nogil:
    """`#a,#b`"""
    cdef i64 comma
    while list_.n:
        comma = find_byte(list_.p, list_.n, c',')
        if comma < 0:
            comma = list_.n
        keep_each(look, IRC_CHANNEL, slice_of(list_.p, <u32>comma), MAX_KEPT)
        comma += comma < list_.n
        list_.p += comma
        list_.n -= <u32>comma


cdef Slice without_colon(Slice s) noexcept nogil:
    return slice_of(s.p + 1, s.n - 1) if s.n and s.p[0] == c':' else s


cdef int take_command(Look* look, Irc* irc, Slice word, Slice rest) noexcept nogil:
    keep_verb(look, IRC_COMMAND, word, MAX_KEPT)
    if word_is(word, b"nick", 4):
        set_initiator(look, True)
        keep_once(look, IRC_NICK, without_colon(rest))
    elif word_is(word, b"user", 4):
        set_initiator(look, True)
        keep_once(look, IRC_USER, take_word(&rest))
        take_word(&rest)
        take_word(&rest)
        keep_once(look, IRC_NAME, without_colon(rest))
    elif word_is(word, b"pass", 4) or word_is(word, b"oper", 4):
        if word_is(word, b"oper", 4):
            take_word(&rest)
        keep_once(look, LOGIN_PASSWORD, without_colon(rest))
    elif word_is(word, b"join", 4):
        keep_channels(look, take_word(&rest))
    elif word_is(word, b"starttls", 8):
        irc.secure = True
        return PARSE_NOT_MINE if irc.agreed else PARSE_OK
    elif word_is(word, b"authenticate", 12):
        if irc.sasl.on:
            sasl_answer(look, &irc.sasl, rest)
        else:
            sasl_begin(look, &irc.sasl, rest, slice_of(rest.p, 0))
    elif word_is(word, b"quit", 4):
        return PARSE_DONE
    return PARSE_OK


cdef int take_line(Look* look, Slice line) noexcept nogil:
    cdef Irc* irc = <Irc*>look.state[0]
    cdef Slice rest = line
    cdef Slice word, prefix
    cdef u8 yes = 1
    irc.lines += 1
    if line.n == 0:
        return PARSE_OK
    if line.p[0] == c'@':
        take_word(&rest)
    prefix = slice_of(line.p, 0)
    if rest.n and rest.p[0] == c':':
        prefix = without_colon(take_word(&rest))
    word = take_word(&rest)
    if prefix.n and word.n == 3 and number_of(word, 3) > 0:
        set_initiator(look, False)
        keep_once(look, IRC_SERVER, prefix)
        if number_of(word, 3) == RPL_STARTTLS:
            irc.agreed = True
            keep_once(look, IRC_TLS, slice_of(&yes, 1))
            return PARSE_NOT_MINE if irc.secure else PARSE_OK
        if number_of(word, 3) == 1:
            keep_once(look, IRC_NICK, take_word(&rest))
    elif from_client(look):
        return take_command(look, irc, word, rest)
    return PARSE_DONE if irc.lines > ENOUGH_LINES else PARSE_OK


cdef int irc_parse(Look* look, Slice data) noexcept nogil:
    if not has_state(look, sizeof(Irc)):
        return PARSE_DONE
    return each_line(look, data, MAX_LINE, take_line)


cdef int irc_resync(Look* look, Slice data) noexcept nogil:
    """A command, or what a server says; what was pending is over."""
    cdef Irc* irc = <Irc*>look.state[0]
    cdef int answer
    if irc == NULL:
        return 0
    answer = command_line(data, VERBS)
    if answer == 0 and not from_client(look) and data.n > 1 and (data.p[0] == c':' or data.p[0] == c'@'):
        answer = 1 if find_byte(data.p, data.n, c'\n') > 0 else DETECT_MORE if data.n < DETECT_ENOUGH else 0
    if answer == 1 and from_client(look):
        irc.sasl.on = False
    return answer


cdef void irc_define(Proto* p) noexcept nogil:
    reads(p, "irc", ON_TCP, irc_detect, irc_parse)
    p.resync = irc_resync
    begins_with(p, b":NnUuCcPpSsEeOoJjMmTtWwLlKkIiAaQq")


# --- describing ---

_FIELDS = (("nick", IRC_NICK, TEXT), ("username", IRC_USER, TEXT), ("realname", IRC_NAME, TEXT),
           ("server", IRC_SERVER, TEXT), ("channels", IRC_CHANNEL, LIST), ("commands", IRC_COMMAND, LIST),
           ("starttls", IRC_TLS, FLAG))
FACT_FIELDS = fact_fields("irc", _FIELDS)
describe = login_describer(_FIELDS)


def label(obj: dict) -> str:
    """One line for the flow: "IRC nick #channel"."""
    return words("IRC", obj.get("nick") or obj.get("server"), *obj.get("channels", ())[:3])
