"""POP3 (RFC 1939): greeting, commands, logins (APOP, USER and PASS, SASL of RFC 5034); STLS gives the flow back.

What the server sends after the login is mail and is passed over.
"""

from netwatch._fast.base.bytes cimport u8, u32, i64, Slice, find_byte, slice_of, starts
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK,
                                           set_initiator, begins_with, reads, has_state)
from netwatch._fast.proto.common.again cimport command_line
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, SURE_GREETING, all_text, each_line, from_client,
                                                holds_word, is_letter, keep_once, keep_verb, may_begin, port_is,
                                                same_word, smaller, take_word, trimmed, word_is)
from netwatch._fast.proto.common.refusals cimport judges
from netwatch._fast.proto.common.sasl cimport (LOGIN_PASSWORD, LOGIN_RESULT, LOGIN_USER, SASL_MECHANISM, Sasl,
                                               answers_sasl, login_answered, sasl_answer, sasl_begin)
from netwatch._fast.proto.common.facts import FLAG, LIST, TEXT, fact_fields, words
from netwatch._fast.proto.common.sasl import login_describer

cdef enum:                     # fact keys
    POP_BANNER = 1
    POP_COMMAND = 2
    POP_TLS = 3
    POP_ERROR = 4              # text of the first -ERR

cdef enum:
    POP_PORT = 110
    MAX_LINE = 12288
    MAX_KEPT = 16
    MAX_ASKED = 8              # parts of logins that await their answers at once

cdef enum:                     # what awaits its answer
    IS_USER = 1
    IS_LOGIN = 2               # PASS, APOP or AUTH
    IS_TOLD = 4                # ... with which the client has sent credentials

cdef const char* OUTCOMES = b"+ok -err "
cdef const char* VERBS = b"user pass apop auth capa stls quit stat list retr dele noop rset top  uidl utf8 lang "

cdef struct Asked:
    u32 number                 # of the command
    u8 kind                    # IS_ bits, 0: there is none

cdef struct Pop:
    Sasl sasl
    bint secure                # STLS was asked
    bint greeted
    u32 commands
    u32 answers                # to them
    Asked asked[MAX_ASKED]


# --- detection ---

cdef int detect_reply(Look* look, Slice data) noexcept nogil:
    """`+OK text`; Redis and others have a bare +OK."""
    cdef i64 lf = find_byte(data.p, data.n, c'\n')
    cdef u32 n = data.n
    if lf >= 0:
        n = <u32>lf
    if not starts(data.p, smaller(data.n, 3), b"+OK", smaller(data.n, 3)):
        return 0
    if lf < 0 and n < DETECT_ENOUGH:
        return DETECT_MORE
    if lf > 0 and data.p[n - 1] == c'\r':
        n -= 1
    if n > 4 and data.p[3] == c' ' and all_text(data.p, n):
        if holds_word(data.p, n, b"pop", 3) or (data.p[n - 1] == c'>' and find_byte(data.p, n, c'@') > 0):
            return 95
        return 80 if port_is(look, POP_PORT) else 55
    return 65 if port_is(look, POP_PORT) and n <= 4 else 0


cdef int pop3_detect(Look* look, Slice data) noexcept nogil:
    """The greeting, or a command no other protocol begins with."""
    cdef Slice rest = data
    cdef Slice word
    cdef i64 lf
    cdef int answer
    if data.n == 0:
        return DETECT_MORE
    if data.p[0] == c'+':
        return detect_reply(look, data)
    if not (may_begin(data.p, data.n, b"user ", 5) or may_begin(data.p, data.n, b"apop ", 5)
            or may_begin(data.p, data.n, b"auth", 4) or may_begin(data.p, data.n, b"capa", 4)
            or may_begin(data.p, data.n, b"stls", 4)):
        if not port_is(look, POP_PORT):
            return 0
        answer = command_line(data, OUTCOMES if (look.row.pb if look.side else look.row.pa) == POP_PORT else VERBS)
        return 65 if answer == 1 else answer
    lf = find_byte(data.p, data.n, c'\n')
    if lf < 0:
        return DETECT_MORE if data.n < DETECT_ENOUGH else 0
    rest.n = <u32>lf
    if lf > 0 and data.p[lf - 1] == c'\r':
        rest.n -= 1
    word = take_word(&rest)
    if (word_is(word, b"capa", 4) or word_is(word, b"stls", 4)) and rest.n == 0:
        return 85
    if word_is(word, b"apop", 4):
        return 85 if rest.n > 33 else 0
    if port_is(look, POP_PORT) and (word_is(word, b"user", 4) or word_is(word, b"auth", 4)):
        return 65
    return DETECT_MORE if word_is(word, b"user", 4) and rest.n and data.n < DETECT_ENOUGH else 0


cdef bint may_be_command(Slice data) noexcept nogil:
    """Can these bytes begin a command (RFC 1939 sections 5 to 7, RFC 2449, RFC 2595, RFC 5034)?"""
    cdef const char* verbs = VERBS
    cdef u32 n = 0
    while n < data.n and n < 4 and is_letter(data.p[n]):
        n += 1
    while verbs[0]:
        if same_word(data.p, verbs, n) and (n == data.n or verbs[n] == c' ' or n == 4):
            return n > 0
        verbs += 5
    return False


cdef int pop3_agrees(Look* look, Slice data) noexcept nogil:
    """A server greets with +OK, or refuses to (RFC 1939 section 4); elsewhere than on its port -ERR as the first word
    may be any other's, Redis' too. Many other services greet with +OK: what their clients say is none of POP3."""
    if look.cold.confidence >= SURE_GREETING:
        return 1
    if data.p[0] == c'+':
        return starts(data.p, data.n, b"+OK", smaller(data.n, 3))
    if data.p[0] == c'-':
        return port_is(look, POP_PORT) and starts(data.p, data.n, b"-ERR", smaller(data.n, 4))
    return may_be_command(data)


# --- reading ---

cdef void await_answer(Pop* pop, u8 kind) noexcept nogil:
    """The command at hand is part of a login. Where no more can be kept those with credentials stay."""
    cdef Asked* asked = NULL
    cdef u32 i
    for i in range(MAX_ASKED):
        if pop.asked[i].kind == 0 or (asked == NULL and pop.asked[i].kind == IS_LOGIN):
            asked = &pop.asked[i]
            if asked.kind == 0:
                break
    if asked != NULL:
        asked.number, asked.kind = pop.commands, kind


cdef Asked* asked_as(Pop* pop, u32 number) noexcept nogil:
    """The part of a login that the command of this number is, or NULL."""
    cdef u32 i
    for i in range(MAX_ASKED):
        if pop.asked[i].kind and pop.asked[i].number == number:
            return &pop.asked[i]
    return NULL


cdef void take_outcome(Look* look, Pop* pop, bint good, Slice text) noexcept nogil:
    """Is it the answer to a login? Commands are answered in their order (RFC 2449 section 6.6), and others are refused
    as well: that says nothing of credentials, nor does a mechanism that is refused before any were sent. What follows a
    login is mail."""
    cdef Asked* asked
    if pop.answers == pop.commands:
        return
    pop.answers += 1
    asked = asked_as(pop, pop.answers)
    if asked == NULL:
        return
    if good and asked.kind & IS_LOGIN:
        login_answered(look, True)
        look.skip = <unsigned long long>1 << 62
    elif not good and asked.kind & (IS_TOLD | IS_USER) and judges(text):
        login_answered(look, False)
    asked.kind = 0


cdef int take_reply(Look* look, Pop* pop, Slice line) noexcept nogil:
    cdef bint good = starts(line.p, line.n, b"+OK", 3)
    cdef Slice text
    cdef u8 yes = 1
    if not good and not starts(line.p, line.n, b"-ERR", 4):
        return PARSE_OK
    set_initiator(look, False)
    text = trimmed(slice_of(line.p + 3, line.n - 3) if good else slice_of(line.p + 4, line.n - 4))
    if not pop.greeted:
        pop.greeted = True
        keep_once(look, POP_BANNER, text)
    else:
        take_outcome(look, pop, good, text)
    if pop.answers == pop.commands:
        pop.sasl.on = False
    if not good:
        keep_once(look, POP_ERROR, text)
    elif pop.secure:
        keep_once(look, POP_TLS, slice_of(&yes, 1))
        return PARSE_NOT_MINE
    pop.secure = False
    return PARSE_OK


cdef int take_command(Look* look, Pop* pop, Slice line) noexcept nogil:
    cdef Slice rest = line
    cdef Slice word
    cdef Asked* asked
    if answers_sasl(&pop.sasl, line):
        sasl_answer(look, &pop.sasl, line)
        asked = asked_as(pop, pop.commands)
        if asked != NULL and pop.sasl.on:
            asked.kind |= IS_TOLD
        return PARSE_OK
    word = take_word(&rest)
    if word.n > 4:
        return PARSE_OK
    keep_verb(look, POP_COMMAND, word, MAX_KEPT)
    pop.commands += 1
    if word_is(word, b"user", 4):
        await_answer(pop, IS_USER)
        set_initiator(look, True)
        keep_once(look, LOGIN_USER, rest)
    elif word_is(word, b"pass", 4):
        keep_once(look, LOGIN_PASSWORD, rest)
        await_answer(pop, IS_LOGIN | IS_TOLD)
    elif word_is(word, b"apop", 4):
        keep_once(look, SASL_MECHANISM, word)
        keep_once(look, LOGIN_USER, take_word(&rest))
        await_answer(pop, IS_LOGIN | IS_TOLD)
    elif word_is(word, b"auth", 4) and rest.n:
        word = take_word(&rest)
        sasl_begin(look, &pop.sasl, word, rest)
        await_answer(pop, IS_LOGIN | IS_TOLD if rest.n else IS_LOGIN)
    elif word_is(word, b"stls", 4):
        pop.secure = True
    elif word_is(word, b"quit", 4):
        return PARSE_DONE
    return PARSE_OK


cdef int take_line(Look* look, Slice line) noexcept nogil:
    cdef Pop* pop = <Pop*>look.state[0]
    if not from_client(look) or starts(line.p, line.n, b"+OK", 3) or starts(line.p, line.n, b"-ERR", 4):
        return take_reply(look, pop, line)
    return take_command(look, pop, line)


cdef int pop3_parse(Look* look, Slice data) noexcept nogil:
    if not has_state(look, sizeof(Pop)):
        return PARSE_DONE
    return each_line(look, data, MAX_LINE, take_line)


cdef int pop3_resync(Look* look, Slice data) noexcept nogil:
    """A command, or what answers one; what was pending is over."""
    cdef Pop* pop = <Pop*>look.state[0]
    cdef int answer
    cdef u32 i
    if pop == NULL:
        return 0
    answer = command_line(data, VERBS if from_client(look) else OUTCOMES)
    if answer == 1:
        pop.answers = pop.commands              # whose answers come next is not known
        for i in range(MAX_ASKED):
            pop.asked[i].kind = 0
    if answer == 1 and from_client(look):
        pop.sasl.on = False
    elif answer == 1:
        pop.greeted = True
    return answer


cdef void pop3_define(Proto* p) noexcept nogil:
    reads(p, "pop3", ON_TCP, pop3_detect, pop3_parse)
    begins_with(p, b"+-UuAaCcSsPpQqLlRrDdNnTt")
    p.agrees = pop3_agrees
    p.resync = pop3_resync


# --- describing ---

_FIELDS = (("banner", POP_BANNER, TEXT), ("commands", POP_COMMAND, LIST), ("error", POP_ERROR, TEXT),
           ("starttls", POP_TLS, FLAG))
FACT_FIELDS = fact_fields("pop3", _FIELDS)
LOGIN_FAILED = {LOGIN_RESULT: (b"\0",)}
describe = login_describer(_FIELDS)


def label(obj: dict) -> str:
    """One line for the flow: "POP3 fred@example.com"."""
    return words("POP3", obj.get("user") or obj.get("banner"))
