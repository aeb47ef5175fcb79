"""PostgreSQL's frontend/backend protocol 3 (postgresql.org/docs/current/protocol.html), as its relatives speak it too.

The client begins with a length and a version or a request code; from then on both sides send a letter, a length, a
body. A switch to TLS gives the flow back; under GSSAPI's encryption nothing more can be read. Of answers only the
login, settings and the first error are read.
"""
from libc.string cimport strchr

from netwatch._fast.base.bytes cimport u8, u32, u64, Reader, Slice, be16, be32, left, reader, slice_of, take, take8
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, fact_once, fact_set, set_initiator, reads,
                                           has_state, heard)
from netwatch._fast.proto.common.again cimport messages_fill
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, all_text, is_digit, is_letter, keep_once, skip_bytes,
                                                skip_rest, smaller, wait_for, word_is)
from netwatch._fast.proto.common.sasl cimport LOGIN_PASSWORD, LOGIN_USER, SASL_MECHANISM
from netwatch._fast.proto.common.sql cimport begins_statement, keep_pair, keep_query, take_text, until_nul
from netwatch._fast.proto.common.describing import by_key
from netwatch._fast.proto.common.facts import FLAG, LIST, TEXT, described, fact_fields, words
from netwatch._fast.proto.common.sasl import add_login
from netwatch._fast.proto.common.sqltext import statements

cdef enum:                     # fact keys
    PG_DATABASE = 1
    PG_APPLICATION = 2
    PG_VERSION = 3             # of the server
    PG_SETTING = 4             # name=value, of the startup message and the server's reports
    PG_AUTH = 5                # first kind of authentication asked for, 1 byte
    PG_SAFETY = 6              # 1 byte, SAFE_
    PG_QUERY = 7
    PG_SEVERITY = 8            # of the first error
    PG_SQLSTATE = 9
    PG_ERROR = 10              # its message
    PG_CANCEL = 11             # present: the connection cancels a query of another

cdef enum:                     # request codes in place of a version
    CANCEL = 80877102
    ASK_TLS = 80877103
    ASK_GSSAPI = 80877104

cdef enum:                     # PG_SAFETY
    SAFE_REFUSED = 0
    SAFE_TLS = 1
    SAFE_GSSAPI = 2

cdef enum:                     # kinds of authentication
    AUTH_OK = 0
    AUTH_PASSWORD = 3
    AUTH_MD5 = 5
    AUTH_SASL = 10
    AUTH_LAST = 12

cdef enum:
    MAX_STARTUP = 10000        # what servers take
    MAX_NAME = 64
    MAX_MESSAGE = 0x40000000
    READ_BODY = 1024           # bytes looked at of a message
    MAX_SETTINGS = 24
    ENOUGH_CLIENT = 1000       # messages
    ENOUGH_SERVER = 4096

cdef struct Pg:
    u32 messages[2]            # and holes
    u32 asked                  # ASK_TLS or ASK_GSSAPI, not yet answered
    u8 client                  # which side it is
    u8 auth                    # what the server asked for last
    bint sure[2]               # the side was read from its first message on
    bint failed                # the first error was kept


cdef inline bint is_type(u8 c, bint client) noexcept nogil:
    """Is the letter one of the side's messages?"""
    return c and strchr(b"BCDEFHPQSXcdfp" if client else b"RKSZTDCEN123nstIAGHWVcdv", c) != NULL


# --- detection ---

cdef int detect_startup(const u8* p, u32 n) noexcept nogil:
    """Length, then version 3 and a setting's name, or a request code with the length that belongs to it."""
    cdef u32 size, code, i
    if n > 1 and p[1] or n > 4 and p[4] != 0 and p[4] != 4 or n > 5 and p[5] != (3 if p[4] == 0 else 0xd2):
        return 0
    if n < 8:
        return DETECT_MORE
    size = be32(p)
    code = be32(p + 4)
    if code == ASK_TLS or code == ASK_GSSAPI:
        return 97 if size == 8 else 0
    if code == CANCEL:
        return 97 if 16 <= size <= 264 else 0
    if p[5] != 3 or p[4] or be16(p + 6) > 9999 or size < 10 or size > MAX_STARTUP:
        return 0
    i = 8
    while i < n and i < 8 + MAX_NAME and (is_letter(p[i]) or p[i] == c'_'
                                          or i > 8 and (is_digit(p[i]) or p[i] == c'.')):
        i += 1
    if i == n:
        return DETECT_MORE if n < DETECT_ENOUGH else 90
    return 95 if i > 8 and p[i] == 0 else 0


cdef int detect_auth(const u8* p, u32 n, u32 size) noexcept nogil:
    """The startup message was not seen, but how the server answers it."""
    cdef u32 kind
    if n < 9:
        return DETECT_MORE
    kind = be32(p + 5)
    if kind > AUTH_LAST or size > READ_BODY or size < 8 or (kind <= AUTH_PASSWORD and size != 8) \
            or (kind == AUTH_MD5 and size != 12):
        return 0
    return 85 if n <= size + 1 or is_type(p[size + 1], False) else 0


cdef int detect_error(const u8* p, u32 n, u32 size) noexcept nogil:
    """Severity first, and an SQL state among the fields in view."""
    cdef Reader r
    cdef Slice field
    cdef u8 kind
    if size < 20 or size > 65536 or n > 5 and p[5] != c'S':
        return 0
    if n > 6 and not all_text(p + 6, until_nul(slice_of(p + 6, n - 6)).n):
        return 0
    r = reader(p, smaller(n, size + 1))
    take(&r, 5)
    while not r.bad and left(&r) > 6:
        kind = take8(&r)
        field = take_text(&r)
        if kind == c'C':
            return 85 if field.n == 5 and left(&r) and is_state(field) else 0
    return DETECT_MORE if n < DETECT_ENOUGH and n <= size else 0


cdef bint is_state(Slice s) noexcept nogil:
    """Five digits or capitals (SQLSTATE)."""
    cdef u32 i
    for i in range(s.n):
        if not is_digit(s.p[i]) and (s.p[i] < c'A' or s.p[i] > c'Z'):
            return False
    return True


cdef int detect_query(const u8* p, u32 n, u32 size) noexcept nogil:
    """The flow was joined late: a query, or one to be prepared, that begins as statements do and ends where it says."""
    cdef u32 at = 5
    if n < 12:
        return DETECT_MORE if n <= size else 60 if n == size + 1 == (5 if p[0] == c'X' else 6 * (p[0] == c'Z')) else 0
    if p[0] == c'P':
        while at < n and p[at] and at < 5 + MAX_NAME:
            at += 1
        at += 1
    if at >= n or not begins_statement(p + at, n - at) or n < size + 1 or p[0] == c'Q' and p[size]:
        return 0
    return 75 if n == size + 1 or is_type(p[size + 1], True) else 0


cdef int postgresql_detect(Look* look, Slice data) noexcept nogil:
    cdef u32 size
    if data.p[0] == 0:
        return detect_startup(data.p, data.n)
    if data.n > 1 and data.p[1] or data.n > 2 and data.p[2] > 1:
        return 0
    if data.n < 5:
        return DETECT_MORE
    size = be32(data.p + 1)
    if data.p[0] == c'R':
        return detect_auth(data.p, data.n, size)
    if data.p[0] == c'E':
        return detect_error(data.p, data.n, size)
    return detect_query(data.p, data.n, size)


# --- the client ---

cdef void take_settings(Look* look, Reader r) noexcept nogil:
    """Names and values in turn, an empty name last."""
    cdef Slice name, value
    while left(&r):
        name = take_text(&r)
        if name.n == 0:
            return
        value = take_text(&r)
        if word_is(name, b"user", 4):
            keep_once(look, LOGIN_USER, value)
        elif word_is(name, b"database", 8):
            keep_once(look, PG_DATABASE, value)
        elif word_is(name, b"application_name", 16):
            keep_once(look, PG_APPLICATION, value)
        else:
            keep_pair(look, PG_SETTING, name, c'=', value, MAX_SETTINGS)


cdef int take_startup(Look* look, Pg* pg, Slice data) noexcept nogil:
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, size, code
    cdef u8 yes = 1
    if n < 8:
        return wait_for(look, data, 8)
    size = be32(p)
    code = be32(p + 4)
    if size < 8 or size > MAX_STARTUP or pg.asked and heard(look) <= look.conn.half[1 - look.side].offset:
        return PARSE_MALFORMED
    if n < size:
        return wait_for(look, data, size)
    look.used += size
    pg.sure[look.side] = pg.sure[1 - look.side] = True
    pg.asked = code if code == ASK_TLS or code == ASK_GSSAPI else 0     # an answer that was lost was a no
    if pg.asked:
        return PARSE_OK
    if code == CANCEL:
        fact_once(look, PG_CANCEL, &yes, 1)
        return PARSE_DONE
    if code >> 16 != 3:
        return PARSE_MALFORMED
    take_settings(look, reader(p + 8, size - 8))
    return PARSE_OK


cdef int client_message(Look* look, Pg* pg, u8 kind, Slice body) noexcept nogil:
    cdef Reader r = reader(body.p, body.n)
    if kind == c'Q':
        keep_query(look, PG_QUERY, until_nul(body))
    elif kind == c'P':
        take_text(&r)                               # name of what is prepared
        keep_query(look, PG_QUERY, take_text(&r))
    elif kind == c'p' and pg.auth == AUTH_PASSWORD:
        keep_once(look, LOGIN_PASSWORD, until_nul(body))
    elif kind == c'p' and pg.auth == AUTH_SASL:
        keep_once(look, SASL_MECHANISM, until_nul(body))
    return PARSE_DONE if kind == c'X' or pg.messages[look.side] >= ENOUGH_CLIENT else PARSE_OK


# --- the server ---

cdef int take_answer(Look* look, Pg* pg, Slice data) noexcept nogil:
    """One byte, to a request for encryption; an old server says that it did not understand."""
    cdef u8 said = data.p[look.used], safety
    cdef u32 asked = pg.asked
    if said == c'E':
        pg.asked = 0
        return PARSE_OK
    look.used += 1
    pg.asked = 0
    if said != c'N' and said != (c'S' if asked == ASK_TLS else c'G'):
        return PARSE_MALFORMED
    safety = SAFE_REFUSED if said == c'N' else SAFE_TLS if said == c'S' else SAFE_GSSAPI
    fact_set(look, PG_SAFETY, &safety, 1)
    return PARSE_OK if said == c'N' else PARSE_NOT_MINE if said == c'S' else PARSE_DONE


cdef void take_report(Look* look, Reader r) noexcept nogil:
    """ParameterStatus."""
    cdef Slice name = take_text(&r), value = take_text(&r)
    if word_is(name, b"server_version", 14):
        keep_once(look, PG_VERSION, value)
    else:
        keep_pair(look, PG_SETTING, name, c'=', value, MAX_SETTINGS)


cdef void take_error(Look* look, Pg* pg, Reader r) noexcept nogil:
    """ErrorResponse: a letter and a text each."""
    cdef u8 kind
    cdef Slice text
    if pg.failed:
        return
    pg.failed = True
    while left(&r) > 1:
        kind = take8(&r)
        text = take_text(&r)
        if kind == c'S':
            keep_once(look, PG_SEVERITY, text)
        elif kind == c'C':
            keep_once(look, PG_SQLSTATE, text)
        elif kind == c'M':
            keep_once(look, PG_ERROR, text)


cdef void take_auth(Look* look, Pg* pg, u8 kind) noexcept nogil:
    """What is asked for. Where the asking was lost its going on still says what it was, its end does not."""
    cdef u8 asked = AUTH_SASL if AUTH_SASL < kind <= AUTH_LAST else kind
    pg.auth = kind
    if kind != AUTH_OK or pg.messages[look.side] == 1:
        fact_once(look, PG_AUTH, &asked, 1)


cdef int server_message(Look* look, Pg* pg, u8 kind, Slice body) noexcept nogil:
    if kind == c'S':
        take_report(look, reader(body.p, body.n))
    elif kind == c'E':
        take_error(look, pg, reader(body.p, body.n))
    elif kind == c'R' and body.n >= 4:
        take_auth(look, pg, body.p[3])
    return PARSE_DONE if kind == c'W' else PARSE_OK  # replication: a log of changes, no questions any more


# --- messages ---

cdef int take_message(Look* look, Pg* pg, Slice data) noexcept nogil:
    """A letter, a length that counts itself, a body of which only the start is looked at."""
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, size
    cdef bint client = look.side == pg.client
    cdef Slice body
    if n < 5:
        return wait_for(look, data, 5)
    size = be32(p + 1)
    if not is_type(p[0], client) or size < 4 or size > MAX_MESSAGE:
        return PARSE_MALFORMED if pg.sure[look.side] else skip_rest(look, data)
    body = slice_of(p + 5, smaller(size - 4, READ_BODY) if strchr(b"QPp" if client else b"SER", p[0]) != NULL else 0)
    if n < 5 + body.n:
        return wait_for(look, data, 5 + body.n)
    skip_bytes(look, data, <u64>size + 1)
    pg.messages[look.side] += 1
    return client_message(look, pg, p[0], body) if client else server_message(look, pg, p[0], body)


cdef int begin(Look* look, Slice data) noexcept nogil:
    """The first byte of all says who is who."""
    cdef Pg* pg
    cdef bint client = data.p[0] != c'R' and data.p[0] != c'E' and data.p[0] != c'Z'
    if not has_state(look, sizeof(Pg)):
        return PARSE_DONE
    pg = <Pg*>look.state[0]
    pg.client = <u8>(look.side if client else 1 - look.side)
    pg.sure[look.side] = True
    set_initiator(look, client)
    return PARSE_OK


cdef int postgresql_parse(Look* look, Slice data) noexcept nogil:
    cdef Pg* pg
    cdef int code = PARSE_OK
    if look.state[0] == NULL:
        code = begin(look, data)
    pg = <Pg*>look.state[0]
    while code == PARSE_OK and look.used < data.n and look.skip == 0:
        if look.side == pg.client:
            code = take_startup(look, pg, data) if data.p[look.used] == 0 else take_message(look, pg, data)
        elif pg.asked:
            code = take_answer(look, pg, data)
        elif pg.messages[look.side] >= ENOUGH_SERVER:
            return skip_rest(look, data)
        else:
            code = take_message(look, pg, data)
    return code


cdef u64 length_of(Look* look, const u8* p, u32 n) noexcept nogil:
    """Of a message of the side, behind the first one."""
    if not is_type(p[0], look.side == (<Pg*>look.state[0]).client):
        return 0
    return 5 if n < 5 else <u64>be32(p + 1) + 1 if 4 <= be32(p + 1) <= MAX_MESSAGE else 0


cdef int postgresql_resync(Look* look, Slice data) noexcept nogil:
    """Messages that fill the segment, or one that could begin the flow; an answer to a request for TLS may be lost."""
    cdef Pg* pg = <Pg*>look.state[0]
    if pg == NULL or not messages_fill(look, data, length_of) and postgresql_detect(look, data) <= 0:
        return 0
    if look.side != pg.client:
        pg.asked = 0
    pg.messages[look.side] += 1
    return 1


cdef void postgresql_define(Proto* p) noexcept nogil:
    reads(p, "postgresql", ON_TCP, postgresql_detect, postgresql_parse)
    p.first[0] = p.first[c'R'] = p.first[c'E'] = p.first[c'Q'] = p.first[c'P'] = p.first[c'X'] = p.first[c'Z'] = 1
    p.resync = postgresql_resync


# --- describing ---

_FIELDS = (("version", PG_VERSION, TEXT), ("database", PG_DATABASE, TEXT), ("application", PG_APPLICATION, TEXT),
           ("settings", PG_SETTING, LIST), ("cancel", PG_CANCEL, FLAG), ("severity", PG_SEVERITY, TEXT),
           ("sqlstate", PG_SQLSTATE, TEXT), ("error", PG_ERROR, TEXT))
_AUTH = {0: "none", 2: "kerberos", 3: "password", 5: "md5", 6: "scm", 7: "gssapi", 9: "sspi", 10: "sasl"}
_SAFETY = {SAFE_REFUSED: "refused", SAFE_TLS: "tls", SAFE_GSSAPI: "gssapi"}
FACT_FIELDS, LOGIN_FAILED = fact_fields("postgresql", _FIELDS), {PG_SQLSTATE: (b"28P01", b"28000")}


def describe(facts, show_secrets: bool = False) -> dict:
    """The `postgresql` object; passwords, also those in statements, are masked unless secrets are to be shown."""
    facts = list(facts)
    known = by_key(facts)
    obj = described(facts, _FIELDS)
    if PG_SAFETY in known:
        obj["encryption"] = _SAFETY[known[PG_SAFETY][0][0]]
    if PG_AUTH in known:
        obj["auth"] = _AUTH.get(known[PG_AUTH][0][0], str(known[PG_AUTH][0][0]))
    queries = statements(known.get(PG_QUERY, ()), show_secrets)
    if queries:
        obj["queries"] = queries
    add_login(obj, facts, show_secrets)             # a mechanism chosen says more than "sasl"
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "PostgreSQL app@shop SELECT 1"."""
    who = [obj[key] for key in ("user", "database") if key in obj]
    return words("PostgreSQL", "@".join(who), obj.get("queries", ("",))[0] or obj.get("error"))
