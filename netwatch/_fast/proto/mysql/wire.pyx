"""MySQL's and MariaDB's client/server protocol (dev.mysql.com "Client/Server Protocol", mariadb.com/kb "Protocol").

Both sides send packets of three bytes of length, one of sequence, a body. The server greets, the client logs in, then
sends one command at a time; a command begins at sequence 0. Of answers only errors are read. A client that asks for TLS
has the flow given back. Where compression was agreed the packets stand in frames of their own, of which the first of
each command, and of each answer, is opened.
"""
from netwatch._fast.base.bytes cimport u8, u32, u64, Slice, le16, slice_of
from netwatch._fast.base.unpack cimport WINDOW_ZLIB, inflated, zstd_unpacked
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, fact_number, fact_once, set_initiator, reads,
                                           has_state)
from netwatch._fast.proto.common.again cimport WHOLE_BEFORE
from netwatch._fast.proto.common.learn cimport keep_u8
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, all_text, is_digit, keep_once, skip_bytes, skip_rest,
                                                smaller, wait_for)
from netwatch._fast.proto.mysql.login cimport (LOGIN_BROKEN, LOGIN_TLS, Login, le24, mysql_greeting, mysql_login,
                                               mysql_plugin)
from netwatch._fast.proto.common.sasl cimport LOGIN_PASSWORD
from netwatch._fast.proto.common.sql cimport begins_statement, keep_query, until_nul

cdef enum:                     # commands
    QUIT = 0x01
    INIT_DB = 0x02
    QUERY = 0x03
    BINLOG_DUMP = 0x12
    PREPARE = 0x16
    BINLOG_DUMP_GTID = 0x1e
    LAST_MYSQL = 0x20
    FIRST_MARIADB = 0xfa

cdef enum:                     # first byte of a server's packet
    SAYS_OK = 0x00
    GREETS_9 = 0x09
    GREETS_10 = 0x0a
    SAYS_SWITCH = 0xfe         # to another authentication plugin
    SAYS_ERROR = 0xff

cdef enum:
    PORT = 3306
    HEAD = 4
    ZIP_HEAD = 7               # of a compressed frame
    FULL = 0xffffff            # a packet of this size goes on in the next
    AFTER_TLS = 2              # sequence of a login that was preceded by a request for TLS
    LOGIN_FIXED = 32
    CAP_41 = 0x02              # of the flags' second byte
    CAP_TLS = 0x08
    READ_BODY = 1024           # bytes looked at of a packet
    READ_PACKED = 16384        # ... and of a compressed frame
    OPENED = 128               # frames of a flow that are opened
    ZSTD_MAGIC = 0x28          # first byte of a Zstandard frame (RFC 8878 section 3.1.1)
    FIRST_ERROR = 1000
    LAST_ERROR = 9999
    MAX_GREETING = 512
    MAX_VERSION = 60
    MAX_COMMANDS = 24
    ENOUGH_COMMANDS = 200
    ENOUGH_PACKETS = 4096      # of the server

cdef struct Mysql:
    u32 commands
    u32 packets
    u8 server                  # which side it is
    bint greeted               # the server's packets are read from the first
    bint login                 # the client has sent its login
    bint decided               # accepted or refused
    bint compress              # asked for
    u32 opened                 # compressed frames
    bint zipped[2]             # the side speaks in compressed frames
    bint goes_on[2]            # the last packet of the side was full
    bint clear                 # the password is sent as it is
    bint failed                # the first error was kept


# --- detection ---

cdef int detect_greeting(const u8* p, u32 n, u32 size) noexcept nogil:
    """The server's version, which begins with a number; connection id, challenge and a zero."""
    cdef u32 i = HEAD + 1
    if size < 20 or size > MAX_GREETING:
        return 0
    if n > i and not is_digit(p[i]) or n > i + 1 and p[i + 1] != c'.' and not is_digit(p[i + 1]):
        return 0
    while i < n and p[i]:
        if p[i] <= 32 or p[i] >= 127 or i > MAX_VERSION:
            return 0
        i += 1
    i += 13
    if i - HEAD >= size:
        return 0
    if i >= n:
        return DETECT_MORE if n < DETECT_ENOUGH else 0
    return 95 if p[i] == 0 else 0


cdef int detect_error(const u8* p, u32 n, u32 size) noexcept nogil:
    """An error in place of a greeting, alone and whole: code, perhaps an SQL state, text."""
    cdef u32 code
    if size < 10 or size > MAX_GREETING:
        return 0
    if n < 7:
        return DETECT_MORE
    code = le16(p + 5)
    if code < FIRST_ERROR or code > LAST_ERROR or not all_text(p + 7, n - 7) or n > HEAD + size:
        return 0
    if n < HEAD + size:
        return DETECT_MORE if n < DETECT_ENOUGH else 0
    return 85


cdef int detect_login(const u8* p, u32 n, u32 size) noexcept nogil:
    """The greeting was not seen: flags with version 4.1, a character set, 19 zeros, and nothing after the packet."""
    cdef u32 i
    if size < LOGIN_FIXED or n > 5 and p[5] & CAP_41 == 0:
        return 0
    for i in range(13, LOGIN_FIXED):
        if i < n and p[i]:
            return 0
    if n < HEAD + LOGIN_FIXED:
        return DETECT_MORE
    if size == LOGIN_FIXED:
        return 90 if p[5] & CAP_TLS else 0
    return 90 if n <= HEAD + size else 0


cdef int detect_command(const u8* p, u32 n, u32 size) noexcept nogil:
    """The flow was joined late: a query, alone and whole, that begins as statements do."""
    cdef u32 at = HEAD + 1
    if n < 12:
        return DETECT_MORE if HEAD + size > n else 0
    if p[at] == 0 and p[at + 1] == 1:
        at += 2
    return 70 if HEAD + size == n and begins_statement(p + at, n - at) else 0


cdef bint packets_fill(Slice data, bint client) noexcept nogil:
    """Commands, each of sequence 0, or a server's packets that count up, until the segment ends or far into it."""
    cdef u32 at = 0, size, whole = 0
    cdef u8 sequence = data.p[3] if data.n > 3 else 0
    while at + HEAD < data.n:
        size = le24(data.p + at)
        if size == 0 or data.p[at + 3] != sequence:
            return False
        if client and (sequence or LAST_MYSQL < data.p[at + HEAD] < FIRST_MARIADB):
            return False
        if size > data.n - at - HEAD:
            return whole >= WHOLE_BEFORE
        at += HEAD + size
        whole += 1
        sequence += not client
    return whole and (at == data.n or whole >= WHOLE_BEFORE)


cdef int mysql_detect(Look* look, Slice data) noexcept nogil:
    cdef u32 size
    if data.n > 2 and data.p[2] or data.n > 3 and data.p[3] > AFTER_TLS:
        return 0
    if data.n <= HEAD:
        return DETECT_MORE
    size = le24(data.p)
    if data.p[3] and (look.row.pb if look.side else look.row.pa) == PORT and packets_fill(data, False):
        return 65
    if data.n == HEAD + 1 and size == 1 and data.p[3] == 0 and data.p[HEAD] == QUIT and \
            (look.row.pa if look.side else look.row.pb) == PORT:
        return 60
    if data.p[3]:
        return detect_login(data.p, data.n, size)
    if data.p[HEAD] == GREETS_10 or data.p[HEAD] == GREETS_9:
        return detect_greeting(data.p, data.n, size)
    if data.p[HEAD] == SAYS_ERROR:
        return detect_error(data.p, data.n, size)
    if data.p[HEAD] == QUERY or data.p[HEAD] == PREPARE:
        return detect_command(data.p, data.n, size)
    return 0


# --- the server's packets ---

cdef void take_error(Look* look, Mysql* my, Slice body) noexcept nogil:
    """ERR_Packet; MariaDB reports progress in one whose code is 0xffff."""
    cdef u32 code = le16(body.p + 1)
    cdef u32 at = 3
    if code < FIRST_ERROR or code == 0xffff or my.failed:
        return
    my.failed = True
    fact_number(look, MYSQL_CODE, code)
    if body.n >= 9 and body.p[3] == c'#':
        keep_once(look, MYSQL_SQLSTATE, slice_of(body.p + 4, 5))
        at = 9
    keep_once(look, MYSQL_ERROR, until_nul(slice_of(body.p + at, body.n - at)))


cdef void take_verdict(Look* look, Mysql* my, Slice body) noexcept nogil:
    """What the server says to a login: yes, no, try another plugin, or something of the plugin's own."""
    cdef u8 accepted = 1 if body.p[0] == SAYS_OK else 0
    if body.p[0] == SAYS_SWITCH and body.n > 1:
        my.clear = mysql_plugin(look, until_nul(slice_of(body.p + 1, body.n - 1)))
    elif body.p[0] == SAYS_OK or body.p[0] == SAYS_ERROR:
        my.decided = True
        fact_once(look, MYSQL_LOGIN, &accepted, 1)
        my.zipped[my.server] = my.compress and accepted


cdef int server_packet(Look* look, Mysql* my, Slice body) noexcept nogil:
    my.packets += 1
    if body.n == 0:
        return PARSE_OK
    if body.p[0] == SAYS_ERROR and body.n >= 3:
        take_error(look, my, body)
        if my.packets == 1:
            return PARSE_DONE
    elif my.packets == 1:
        mysql_greeting(look, body)
    if my.login and not my.decided:
        take_verdict(look, my, body)
    return PARSE_OK


# --- the client's packets ---

cdef int take_login(Look* look, Mysql* my, Slice body) noexcept nogil:
    cdef Login login = mysql_login(look, body)
    if login.tells == LOGIN_TLS:
        return PARSE_NOT_MINE
    my.login = True
    my.clear = login.clear
    my.compress = login.compress
    return PARSE_MALFORMED if login.tells == LOGIN_BROKEN else PARSE_OK


cdef int take_command(Look* look, Mysql* my, Slice body) noexcept nogil:
    cdef u8 command = body.p[0]
    cdef Slice text = slice_of(body.p + 1, body.n - 1)
    if command > LAST_MYSQL and command < FIRST_MARIADB:
        return PARSE_MALFORMED
    my.commands += 1
    keep_u8(look, MYSQL_COMMAND, command, MAX_COMMANDS)
    if command == QUERY or command == PREPARE:
        if text.n > 2 and text.p[0] == 0 and text.p[1] == 1:
            text = slice_of(text.p + 2, text.n - 2)  # no query attributes, in one set (since 8.0.25)
        keep_query(look, MYSQL_QUERY, text)
    elif command == INIT_DB:
        keep_once(look, MYSQL_SCHEMA, text)
    elif command == QUIT or command == BINLOG_DUMP or command == BINLOG_DUMP_GTID:
        return PARSE_DONE
    return PARSE_DONE if my.commands >= ENOUGH_COMMANDS else PARSE_OK


cdef int client_packet(Look* look, Mysql* my, u8 sequence, Slice body) noexcept nogil:
    if sequence == 0:
        my.login = my.decided = True                # over, whether it was seen or not
        return take_command(look, my, body) if body.n else PARSE_OK
    if not my.login:
        return take_login(look, my, body)
    if my.clear and not my.decided:
        keep_once(look, LOGIN_PASSWORD, until_nul(body))
    return PARSE_OK


# --- packets ---

cdef int take_inner(Look* look, Mysql* my, const u8* p, u32 n) noexcept nogil:
    """The first packet of an opened frame, as far as it is there."""
    cdef Slice body
    if n < HEAD or le24(p) == 0:
        return PARSE_OK
    body = slice_of(p + HEAD, smaller(smaller(le24(p), n - HEAD), READ_BODY))
    return server_packet(look, my, body) if look.side == my.server else client_packet(look, my, p[3], body)


cdef int take_frame(Look* look, Mysql* my, Slice data) noexcept nogil:
    """A compressed frame: with the first of a command, or of an answer, a packet begins (sequence 0 and 1)."""
    cdef u8 out[READ_BODY + HEAD]
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, size, want
    cdef bint whole = False, first
    cdef Slice packed
    if n < ZIP_HEAD:
        return wait_for(look, data, ZIP_HEAD)
    size = le24(p)
    first = p[3] == (1 if look.side == my.server else 0)
    want = smaller(size, READ_PACKED if le24(p + HEAD) else READ_BODY + HEAD) if first else 0
    if n < ZIP_HEAD + want:
        return wait_for(look, data, ZIP_HEAD + want)
    skip_bytes(look, data, <u64>ZIP_HEAD + size)
    packed = slice_of(p + ZIP_HEAD, want)
    if want == 0:
        return PARSE_OK
    if le24(p + HEAD) == 0:
        return take_inner(look, my, packed.p, packed.n)
    my.opened += 1
    if my.opened > OPENED:
        return PARSE_OK
    if packed.p[0] == ZSTD_MAGIC:
        want = zstd_unpacked(packed, out, sizeof(out))
    else:
        want = inflated(packed, WINDOW_ZLIB, out, sizeof(out), &whole)
    return take_inner(look, my, out, want)


cdef int take_packet(Look* look, Mysql* my, Slice data) noexcept nogil:
    """One packet, or one compressed frame: its head, what is looked at of its body, the rest passed over."""
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, size, side = <u32>look.side
    cdef bint whole = not my.goes_on[side]
    cdef Slice body
    if n < HEAD:
        return wait_for(look, data, HEAD)
    if side != my.server and my.compress and p[3] == 0:
        my.zipped[side] = True                      # the first command is the first in a frame
    if my.zipped[side]:
        return take_frame(look, my, data)
    size = le24(p)
    body = slice_of(p + HEAD, smaller(size, READ_BODY) if whole else 0)
    if n < HEAD + body.n:
        return wait_for(look, data, HEAD + body.n)
    my.goes_on[side] = size == FULL
    skip_bytes(look, data, <u64>HEAD + size)
    if not whole:
        return PARSE_OK
    return server_packet(look, my, body) if side == my.server else client_packet(look, my, p[3], body)


cdef int begin(Look* look, Slice data) noexcept nogil:
    """The first packet of all says who is who."""
    cdef Mysql* my
    cdef u8 first = data.p[HEAD]
    cdef bint server = data.p[3] == 1 and (look.row.pb if look.side else look.row.pa) == PORT or \
        data.p[3] == 0 and (first == GREETS_10 or first == GREETS_9 or first == SAYS_ERROR)
    if le24(data.p) == 0 or data.p[3] > AFTER_TLS:
        return PARSE_NOT_MINE
    if not has_state(look, sizeof(Mysql)):
        return PARSE_DONE
    my = <Mysql*>look.state[0]
    my.server = <u8>(look.side if server else 1 - look.side)
    my.greeted = server
    my.packets = my.decided = my.login = server and data.p[3] > 0     # joined behind the login
    if data.p[3] == AFTER_TLS:                      # decrypted: both sides are read from their first packet on
        my.greeted = True
        my.packets = 1
    set_initiator(look, not server)
    return PARSE_OK


cdef int mysql_parse(Look* look, Slice data) noexcept nogil:
    cdef Mysql* my
    cdef int code = PARSE_OK
    if look.state[0] == NULL:
        if data.n <= HEAD:
            return wait_for(look, data, HEAD + 1)
        code = begin(look, data)
    my = <Mysql*>look.state[0]
    while code == PARSE_OK and look.used < data.n and look.skip == 0:
        if look.side == my.server and (not my.greeted or my.packets >= ENOUGH_PACKETS):
            return skip_rest(look, data)            # its packets cannot be told apart, or have nothing new
        code = take_packet(look, my, data)
    return code


cdef bint frames_fill(Slice data) noexcept nogil:
    """The same of compressed frames."""
    cdef u32 at = 0, size
    while at + ZIP_HEAD <= data.n:
        size = le24(data.p + at)
        if size == 0 or size > data.n - at - ZIP_HEAD or 0 < le24(data.p + at + HEAD) < size:
            return False
        at += ZIP_HEAD + size
    return at and at == data.n


cdef int mysql_resync(Look* look, Slice data) noexcept nogil:
    """Packets, frames of them where compression was asked for, or a login. A lost verdict is not guessed."""
    cdef Mysql* my = <Mysql*>look.state[0]
    cdef u8 side = <u8>look.side
    if my == NULL:
        return 0
    if my.zipped[side] or my.compress and (my.decided or side != my.server) and frames_fill(data):
        my.zipped[side] = my.zipped[side] or frames_fill(data)
        my.decided = True
        return frames_fill(data)
    if side != my.server and data.n > HEAD and data.p[3] and mysql_detect(look, data) > 0:
        return 1
    if not packets_fill(data, side != my.server):
        return 0
    my.goes_on[side] = False
    if side == my.server:
        my.greeted = True
        my.packets += my.packets == 0
        my.decided |= data.p[3] == 1                # such a one answers a command
    return 1


cdef void mysql_define(Proto* p) noexcept nogil:
    cdef int c
    reads(p, "mysql", ON_TCP, mysql_detect, mysql_parse)
    p.resync = mysql_resync
    for c in range(256):
        p.first[c] = c >= 1    # the low byte of the first packet's length
