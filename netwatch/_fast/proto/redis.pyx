"""Redis (redis.io/docs/reference/protocol-spec, RESP 2 and 3): commands, first key, logins, first error.

Requests are arrays of bulk strings, or lines (inline commands). Of answers the first lines are read: how logins end.
"""
from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, find_byte, slice_of, starts
from netwatch._fast.flow.row cimport OPEN_GUESSED
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, set_initiator, reads, has_state)
from netwatch._fast.proto.common.again cimport among
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, begins_word, from_client, is_digit, is_letter, keep_once,
                                                keep_verb, next_line, number_of, port_is, same_word, skip_bytes,
                                                skip_rest, smaller, take_word, wait_for, wait_more, word_is)
from netwatch._fast.proto.common.sasl cimport LOGIN_PASSWORD, LOGIN_RESULT, LOGIN_USER, login_answered
from netwatch._fast.proto.common.facts import LIST, TEXT, fact_fields, words
from netwatch._fast.proto.common.sasl import login_describer

cdef enum:                     # fact keys
    REDIS_COMMAND = 1
    REDIS_KEY = 2              # first argument of the first command that is no login
    REDIS_ERROR = 3

cdef enum:
    MAX_LINE = 65536
    MAX_ARGS = 1048576
    MAX_BULK = 536870912       # proto-max-bulk-len
    READ_BULK = 512            # of an argument; the rest is passed over
    MAX_KEPT = 16
    ENOUGH_COMMANDS = 200      # ... and answers

cdef enum:                     # the command at hand
    IS_OTHER = 0
    IS_AUTH = 1
    IS_HELLO = 2
    IS_CLIENT = 3

cdef const char* UNKNOWN = b"-ERR unknown command "               # POP3 servers' have no word quoted behind it
cdef const char* STREAMED = b"subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe monitor sync psync "
cdef const char* ARGUMENTS = b"-ERR wrong number of arguments for "

cdef struct Redis:
    u32 args                   # arguments still to come
    u32 index                  # of the argument that comes next
    i64 bulk                   # its length when its line was read, -1 not yet
    u8 command                 # IS_
    u8 auth_at                 # HELLO: where AUTH stood
    u64 logins[4]              # commands that are AUTH, or a HELLO with it, a bit each: no more than ENOUGH_COMMANDS
    u64 hellos[4]              # ... those of them that are HELLO
    u32 astray                 # from this command on it is not known which answer is to which, 0 it is of all
    u32 answers                # of the server that were begun
    bint pushed                # the parts at hand are of what the server says unasked
    u64 due                    # parts of the answer at hand that are to come
    u32 commands
    u32 total                  # arguments of the command


# --- detection ---

cdef int detect_array(Slice data) noexcept nogil:
    """`*N CR LF $N CR LF word`"""
    cdef u32 i = 1, digits = 0, part
    for part in range(2):
        digits = 0
        while i < data.n and is_digit(data.p[i]) and digits < 8:
            i += 1
            digits += 1
        if i >= data.n:
            return DETECT_MORE if data.n < DETECT_ENOUGH else 0
        if digits == 0 or data.p[i] != c'\r':
            return 0
        if i + 1 < data.n and data.p[i + 1] != c'\n':
            return 0
        if i + 2 >= data.n:
            return DETECT_MORE
        i += 2
        if part == 0 and data.p[i] != c'$':
            return 0
        i += 1 - part
    return 97 if is_letter(data.p[i]) else 0


cdef bint inline_word(const u8* p, u32 n) noexcept nogil:
    """A line that begins as only Redis commands do."""
    return (begins_word(p, n, b"publish ", 8) or begins_word(p, n, b"subscribe ", 10) or begins_word(p, n, b"info", 4)
            or begins_word(p, n, b"ping", 4) or begins_word(p, n, b"auth ", 5) or begins_word(p, n, b"set ", 4)
            or begins_word(p, n, b"get ", 4) or begins_word(p, n, b"config ", 7) or begins_word(p, n, b"keys ", 5)
            or begins_word(p, n, b"select ", 7) or begins_word(p, n, b"monitor", 7) or begins_word(p, n, b"dbsize", 6)
            or begins_word(p, n, b"flushall", 8) or begins_word(p, n, b"psync ", 6)
            or begins_word(p, n, b"client ", 7))


cdef inline bint is_answer(u8 c) noexcept nogil:
    """What an answer of RESP 2 and 3 begins with, attributes too (redis.io, RESP protocol description)."""
    return c == c'+' or c == c'-' or c == c':' or c == c'$' or c == c'*' or c == c'_' or c == c'#' or c == c',' \
        or c == c'(' or c == c'!' or c == c'=' or c == c'%' or c == c'|' or c == c'~' or c == c'>'


cdef bint answer_line(const u8* p, u32 n) noexcept nogil:
    """A whole line of an answer: a sign, then a text or a count as it must have."""
    cdef Slice line
    if n < 3 or not is_answer(p[0]) or next_line(p, n, MAX_LINE, &line) <= 0:
        return False
    if p[0] == c'+':
        return word_is(line, b"+ok", 3) or word_is(line, b"+queued", 7)     # POP3's have a text behind them
    if p[0] == c'-':
        return False
    if p[0] == c'_':
        return line.n == 1
    if p[0] == c'#':
        return line.n == 2 and (p[1] == c't' or p[1] == c'f')
    if (p[0] == c':' or p[0] == c'(' or p[0] == c',' or p[0] == c'$') and line.n > 1 and p[1] == c'-':
        return line.n > 2 and is_digit(p[2])
    return number_of(slice_of(line.p + 1, line.n - 1), 18) >= 0 or (p[0] == c',' and line.n > 1 and is_digit(p[1]))


cdef bint unknown_command(Slice data) noexcept nogil:
    """It repeats the command between quotes."""
    return starts(data.p, data.n, UNKNOWN, 21) and data.n > 21 and (data.p[21] == c"'" or data.p[21] == c'`')


cdef int redis_detect(Look* look, Slice data) noexcept nogil:
    """An array of bulk strings; on its own port an inline command; a few errors no one else has."""
    if data.n == 0:
        return DETECT_MORE
    if data.p[0] == c'*':
        return detect_array(data)
    if data.p[0] == c'-':
        if (begins_word(data.p, data.n, b"-noauth authentication", 22) or begins_word(data.p, data.n, b"-wrongpass", 10)
                or begins_word(data.p, data.n, b"-denied redis", 13) or unknown_command(data)
                or starts(data.p, data.n, ARGUMENTS, 35)):
            return 95
        return DETECT_MORE if data.n < 22 and same_word(data.p, b"-noauth authentication", data.n) else 0
    if data.p[0] == c'+':
        if begins_word(data.p, data.n, b"+pong\r\n", 7):
            return 90
        if port_is(look, 6379) and answer_line(data.p, data.n):
            return 72
        return DETECT_MORE if data.n < 7 and same_word(data.p, b"+pong\r\n", data.n) else 0
    if port_is(look, 6379) and answer_line(data.p, data.n):
        return 72
    if port_is(look, 6379) and find_byte(data.p, data.n, c'\n') > 0 and inline_word(data.p, data.n):
        return 78           # above memcached's `get key`
    return 0


# --- reading ---

cdef inline void lose_order(Redis* redis) noexcept nogil:
    """The command at hand has another number of answers than one, and so may those behind it."""
    if redis.astray == 0:
        redis.astray = redis.commands


cdef void take_first(Look* look, Redis* redis, Slice arg) noexcept nogil:
    """The command's name."""
    set_initiator(look, True)
    redis.commands += 1
    keep_verb(look, REDIS_COMMAND, arg, MAX_KEPT)
    redis.auth_at = 255
    redis.command = IS_AUTH if word_is(arg, b"auth", 4) else IS_HELLO if word_is(arg, b"hello", 5) \
        else IS_CLIENT if word_is(arg, b"client", 6) else IS_OTHER
    if among(arg.p, arg.n, STREAMED):
        lose_order(redis)


cdef void take_login(Look* look, Slice arg, u32 place, u32 of) noexcept nogil:
    """An argument of AUTH: a password alone, or a user and a password."""
    keep_once(look, LOGIN_USER if of == 2 and place == 0 else LOGIN_PASSWORD, arg)


cdef inline void await_login(Redis* redis) noexcept nogil:
    """The command at hand logs in."""
    cdef u64 bit = <u64>1 << (redis.commands & 63)
    redis.logins[redis.commands >> 6 & 3] |= bit
    if redis.command == IS_HELLO:
        redis.hellos[redis.commands >> 6 & 3] |= bit


cdef void take_argument(Look* look, Redis* redis, Slice arg) noexcept nogil:
    cdef u32 index = redis.index
    if index == 0:
        take_first(look, redis, arg)
    elif redis.command == IS_AUTH:
        await_login(redis)
        take_login(look, arg, index - 1, redis.total - 1)
    elif redis.command == IS_HELLO:
        if word_is(arg, b"auth", 4) and redis.auth_at == 255:
            redis.auth_at = <u8>smaller(index, 254)
        elif redis.auth_at != 255 and index <= <u32>redis.auth_at + 2:
            await_login(redis)
            take_login(look, arg, index - redis.auth_at - 1, 2)
    elif index == 1:
        if redis.command == IS_CLIENT and word_is(arg, b"reply", 5):
            lose_order(redis)
        keep_once(look, REDIS_KEY, arg)


cdef void take_inline(Look* look, Redis* redis, Slice line) noexcept nogil:
    cdef Slice rest = line
    cdef Slice word
    cdef u32 count = 0
    while rest.n:
        take_word(&rest)
        count += 1
    rest = line
    redis.total = count
    for redis.index in range(smaller(count, 8)):
        word = take_word(&rest)
        take_argument(look, redis, word)


cdef int take_line(Look* look, Redis* redis, Slice data) noexcept nogil:
    """The head of a request, the length of an argument, or an inline command."""
    cdef Slice line
    cdef i64 step = next_line(data.p + look.used, data.n - look.used, MAX_LINE, &line), number
    if step <= 0:
        return wait_more(look, data) if step == 0 else PARSE_MALFORMED
    look.used += <u32>step
    if line.n == 0:
        return PARSE_OK
    if redis.args == 0 and line.p[0] != c'*':
        if redis.commands == 0 and not is_letter(line.p[0]):
            return PARSE_NOT_MINE
        take_inline(look, redis, line)
        return PARSE_OK
    number = number_of(slice_of(line.p + 1, line.n - 1), 9)
    if redis.args:
        if line.p[0] != c'$' or number < 0 or number > MAX_BULK:
            return PARSE_MALFORMED
        redis.bulk = number
        return PARSE_OK
    if number > MAX_ARGS:
        return PARSE_MALFORMED
    redis.args = redis.total = <u32>number if number > 0 else 0
    redis.index = 0
    redis.bulk = -1
    return PARSE_OK


cdef int take_bulk(Look* look, Redis* redis, Slice data) noexcept nogil:
    """An argument and the line end after it."""
    cdef u32 n = data.n - look.used, want = smaller(<u32>redis.bulk, READ_BULK)
    cdef u64 size = <u64>redis.bulk + 2
    if n < want:
        return wait_for(look, data, want)
    take_argument(look, redis, slice_of(data.p + look.used, want))
    redis.bulk = -1
    redis.args -= 1
    redis.index += 1
    return skip_bytes(look, data, size)


cdef void take_outcome(Look* look, Redis* redis, Slice line) noexcept nogil:
    """An answer: is it to a login? Commands are answered in their order, also those that are sent at once. Of AUTH a
    login has +OK, of HELLO a map, or an array before RESP 3. What a refusal says nothing else does: it tells wherever
    it stands, and where it stands behind no login the order was lost."""
    cdef u32 number = redis.answers, at = number >> 6 & 3
    cdef u64 bit = <u64>1 << (number & 63)
    cdef bint sure = (redis.astray == 0 or number < redis.astray) and redis.logins[at] & bit
    if begins_word(line.p, line.n, b"-wrongpass", 10) or begins_word(line.p, line.n, b"-err invalid pass", 17):
        login_answered(look, False)
        if not sure:
            redis.astray = 1
    elif sure and redis.due == 0 and (line.p[0] == c'%' or line.p[0] == c'*' if redis.hellos[at] & bit
                                      else word_is(line, b"+ok", 3)):
        login_answered(look, True)


cdef int take_part(Look* look, Redis* redis, Slice data, Slice line) noexcept nogil:
    """A line of an answer, and the text that it announces; how many more parts belong to it."""
    cdef u8 kind = line.p[0]
    cdef i64 n = number_of(slice_of(line.p + 1, line.n - 1), 9)
    cdef bint inner = redis.due > 0
    redis.due -= inner
    if (kind == c'$' or kind == c'=' or kind == c'!') and n >= 0:
        return skip_bytes(look, data, <u64>n + 2)
    if (kind == c'*' or kind == c'~' or kind == c'>') and n > 0:
        redis.due += <u64>n
    elif (kind == c'%' or kind == c'|') and n >= 0:
        redis.due += 2 * <u64>n + (kind == c'|' and inner)     # attributes stand before what they are of
    return PARSE_OK


cdef int take_answers(Look* look, Redis* redis, Slice data) noexcept nogil:
    cdef Slice line
    cdef i64 step
    cdef int code = PARSE_OK
    while code == PARSE_OK and look.used < data.n and look.skip == 0:
        step = next_line(data.p + look.used, data.n - look.used, MAX_LINE, &line)
        if step == 0:
            return wait_more(look, data)
        if redis.due == 0:
            redis.pushed = step > 0 and line.n and (line.p[0] == c'>' or line.p[0] == c'|')     # no answers
        if redis.due == 0 and not redis.pushed:
            redis.answers += 1
            if redis.answers == 1 and step > 0 and line.n > 1 and line.p[0] == c'-':
                keep_once(look, REDIS_ERROR, slice_of(line.p + 1, line.n - 1))
        if step < 0 or line.n == 0 or not is_answer(line.p[0]) or redis.answers > ENOUGH_COMMANDS:
            return skip_rest(look, data)
        if not redis.pushed:
            take_outcome(look, redis, line)
        look.used += <u32>step
        code = take_part(look, redis, data, line)
    return code


cdef int redis_parse(Look* look, Slice data) noexcept nogil:
    cdef Redis* redis
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(Redis)):
        return PARSE_DONE
    redis = <Redis*>look.state[0]
    if look.conn != NULL and (look.conn.half[0].open == OPEN_GUESSED or look.conn.half[1].open == OPEN_GUESSED):
        redis.astray = 1                        # what was asked before is not known
    if look.offset == 0 and data.n and (is_answer(data.p[0]) and data.p[0] != c'*'):
        set_initiator(look, False)
    if not from_client(look):
        return take_answers(look, redis, data)
    while code == PARSE_OK and look.used < data.n and look.skip == 0:
        if redis.args and redis.bulk >= 0:
            code = take_bulk(look, redis, data)
        else:
            code = take_line(look, redis, data)
        if code == PARSE_OK and redis.args == 0 and redis.commands >= ENOUGH_COMMANDS:
            return PARSE_DONE
    return code


cdef bint answer_begins(const u8* p, u32 n) noexcept nogil:
    """A line of RESP: a sign, for which nothing but a count or a text follows (redis.io, RESP protocol description)."""
    cdef Slice line
    if n < 4 or next_line(p, n, MAX_LINE, &line) <= 0 or line.n < 2:
        return False
    if p[0] == c'+' or p[0] == c'-':
        return is_letter(p[1])
    return (p[0] == c':' or p[0] == c'$' or p[0] == c'*') and number_of(slice_of(line.p + 1, line.n - 1), 9) >= 0


cdef int redis_resync(Look* look, Slice data) noexcept nogil:
    """A request is an array of bulk strings, or where they are spoken an inline command."""
    cdef Redis* redis = <Redis*>look.state[0]
    cdef int sure
    if redis == NULL:
        return 0
    if not from_client(look):
        redis.due = 0
        redis.astray = 1
        return answer_begins(data.p, data.n)
    sure = detect_array(data) if data.p[0] == c'*' else 0
    if sure == DETECT_MORE:
        return sure
    if sure == 0 and not (inline_word(data.p, data.n) and find_byte(data.p, data.n, c'\n') > 0):
        return 0
    redis.args = redis.index = 0
    redis.bulk = -1
    redis.astray = 1
    return 1


cdef void redis_define(Proto* p) noexcept nogil:
    cdef int c
    reads(p, "redis", ON_TCP, redis_detect, redis_parse)
    for c in range(128):
        p.first[c] = is_letter(<u8>c) or is_answer(<u8>c)
    p.resync = redis_resync


# --- describing ---

_FIELDS = (("command", REDIS_COMMAND, TEXT), ("commands", REDIS_COMMAND, LIST), ("key", REDIS_KEY, TEXT),
           ("error", REDIS_ERROR, TEXT))
FACT_FIELDS = fact_fields("redis", _FIELDS)
LOGIN_FAILED = {LOGIN_RESULT: (b"\0",)}
describe = login_describer(_FIELDS)


def label(obj: dict) -> str:
    """One line for the flow: "Redis GET user:1"."""
    return words("Redis", obj.get("command"), obj.get("key"))
