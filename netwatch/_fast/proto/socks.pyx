"""SOCKS 4, 4a and 5 (openssh socks4.protocol, RFC 1928, RFC 1929): where to, on whose behalf, and whether it went.

Once the way is open the flow is given back, so that what goes through it is named too.
"""
import ipaddress

from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, be16, find_byte, slice_of
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, fact_once, has_state, set_initiator, reads)
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, all_text, from_client, keep_once, port_is, wait_for,
                                                wait_more)
from netwatch._fast.proto.common.sasl cimport LOGIN_PASSWORD, LOGIN_USER
from netwatch._fast.proto.common.describing import first_values
from netwatch._fast.proto.common.facts import words
from netwatch._fast.proto.common.sasl import add_login
from netwatch._fast.base.text import clean

cdef enum:                     # fact keys
    SOCKS_VERSION = 1          # 4 or 5, one byte; 4a is 4 with a name
    SOCKS_COMMAND = 2          # one byte
    SOCKS_ADDRESS = 3          # 4 or 16 bytes
    SOCKS_HOST = 4
    SOCKS_PORT = 5             # two bytes, network order
    SOCKS_REPLY = 6            # one byte
    SOCKS_METHOD = 7           # of version 5, one byte

cdef enum:                     # what is to come next
    AT_START = 0
    AT_METHOD = 1              # the server's choice
    AT_LOGIN = 2               # the client's user and password
    AT_LOGIN_REPLY = 3
    AT_REQUEST = 4
    AT_REPLY = 5
    AT_REPLY4 = 6

cdef enum:
    CONNECT = 1
    BIND = 2
    ASSOCIATE = 3
    GRANTED4 = 90
    METHOD_NONE = 0
    METHOD_LOGIN = 2
    NO_METHOD = 255
    PORT = 1080
    MAX_NAME = 255
    MAX_METHODS = 16
    GREETING = 3               # bytes of the shortest one

cdef struct Socks:
    u8 at
    u8 command
    u8 greeted                 # 1 + the side whose greeting is kept until the server answers, or it is none after all


# --- detection ---

cdef int message_begins(const u8* p, u32 n) noexcept nogil:
    """A request for a connection, or the answer that all is well, of no more bytes than detection may ask for (RFC 1928
    sections 4 and 6): 1, 0 or DETECT_MORE."""
    cdef u32 size
    if (n > 0 and p[0] != 5) or (n > 1 and p[1] > CONNECT) or (n > 2 and p[2]) or \
            (n > 3 and p[3] != 1 and p[3] != 3 and p[3] != 4):
        return 0
    size = message_size(p, n) if n else 0
    if n > 5 and p[3] == 3 and not all_text(p + 5, n - 5 if n < size - 2 else size - 7):
        return 0
    if size > DETECT_ENOUGH:
        return 0
    if size == 0 or n < size:
        return DETECT_MORE
    return 1 if size > 7 and (be16(p + size - 2) or p[1] != CONNECT) else 0


cdef int login_begins(const u8* p, u32 n) noexcept nogil:
    """User and password (RFC 1929 section 2): 1, 0 or DETECT_MORE."""
    cdef u32 size
    if (n > 0 and p[0] != 1) or (n > 1 and p[1] == 0) or (n > 2 and not all_text(p + 2, min(n - 2, <u32>p[1]))):
        return 0
    if n < 3 or n < 3 + <u32>p[1]:
        return DETECT_MORE
    size = 3 + <u32>p[1] + p[2 + p[1]]
    return 0 if size > DETECT_ENOUGH else DETECT_MORE if n < size else 1


cdef int joined_at(Look* look, const u8* p, u32 n) noexcept nogil:
    """Where a flow that is joined behind its greeting stands, as AT_; AT_START where these bytes are no such,
    DETECT_MORE where more of them may be. Two bytes alone are the server's choice, on the proxy's own port."""
    cdef bint server = (look.row.pb if look.side else look.row.pa) == PORT
    cdef int whole = message_begins(p, n)
    if whole == 1:
        return AT_REQUEST if p[1] else AT_REPLY
    if server and n == 2 and p[0] == 1 and p[1] <= 1:
        return AT_LOGIN_REPLY
    if whole == 0 and n and p[0] == 1 and port_is(look, PORT):
        whole = login_begins(p, n)
        return AT_LOGIN if whole == 1 else AT_START if whole == 0 else DETECT_MORE
    if not server or n < 2 or p[0] != 5 or not (p[1] == METHOD_NONE or p[1] == METHOD_LOGIN or p[1] == NO_METHOD) or \
            (n > 2 and p[2] != 5 and p[2] != 1):
        return AT_START if whole == 0 else DETECT_MORE
    return AT_METHOD if n > 2 or look.fin else DETECT_MORE


cdef int detect_5(const u8* p, u32 n) noexcept nogil:
    """Version, how many methods, the methods, all different (RFC 1928 section 3); a request may follow at once."""
    cdef u32 i, j, size
    cdef bint login = False
    if n < 2:
        return DETECT_MORE
    size = p[1]
    if size == 0 or size > MAX_METHODS:
        return 0
    for i in range(2, 2 + size):
        login |= i < n and p[i] == METHOD_LOGIN
        if i >= n:
            return DETECT_MORE
        if p[i] > 9 and p[i] < 128 or p[i] == NO_METHOD:
            return 0
        for j in range(2, i):
            if p[j] == p[i]:
                return 0
    if n > 2 + size and p[2 + size] != 5 and not (p[2 + size] == 1 and login):
        return 0
    return 75


cdef i64 size_4(const u8* p, u32 n) noexcept nogil:
    """Length of a version 4 request that begins here; 0 when it is not whole, -1 when it is none."""
    cdef i64 end, name
    if n > 1 and p[1] != CONNECT and p[1] != BIND:
        return -1
    if n < 9:
        return 0
    end = find_byte(p + 8, n - 8, 0)
    if end > MAX_NAME or (end < 0 and n - 8 > MAX_NAME) or not all_text(p + 8, <u32>end if end >= 0 else n - 8):
        return -1
    if end < 0:
        return 0
    end += 9
    if p[4] or p[5] or p[6] or p[7] == 0:
        return end
    name = find_byte(p + end, n - end, 0)
    if name > MAX_NAME or (name < 0 and n - end > MAX_NAME) or name == 0 \
            or not all_text(p + end, <u32>name if name >= 0 else <u32>(n - end)):
        return -1
    return end + name + 1 if name > 0 else 0


cdef int socks_detect(Look* look, Slice data) noexcept nogil:
    """A version 4 request is whole and alone; zero is no port."""
    cdef i64 size
    cdef int at, sure
    if data.n == 0:
        return DETECT_MORE
    at = joined_at(look, data.p, data.n)
    if at > AT_START:
        return 75 if at == AT_REQUEST or at == AT_REPLY else 70
    if data.p[0] == 5:
        sure = detect_5(data.p, data.n)
        return sure if sure else at if data.n < DETECT_ENOUGH else 0
    if at == DETECT_MORE:
        return DETECT_MORE if data.n < DETECT_ENOUGH else 0
    if data.p[0] != 4:
        return 0
    size = size_4(data.p, data.n)
    if size == 0:
        return DETECT_MORE if data.n < DETECT_ENOUGH else 0
    if size < 0 or size != data.n or be16(data.p + 2) == 0 or (data.p[4] == 0 and data.p[7] == 0):
        return 0
    return 78


# --- reading ---

cdef int take_request4(Look* look, Socks* socks, Slice data) noexcept nogil:
    cdef const u8* p = data.p + look.used
    cdef i64 size = size_4(p, data.n - look.used), end
    if size <= 0:
        return wait_more(look, data) if size == 0 else PARSE_NOT_MINE
    end = find_byte(p + 8, <u32>size - 8, 0)
    set_initiator(look, True)
    socks.command = p[1]
    socks.at = AT_REPLY4
    look.used += <u32>size
    fact_once(look, SOCKS_VERSION, p, 1)
    fact_once(look, SOCKS_COMMAND, p + 1, 1)
    fact_once(look, SOCKS_PORT, p + 2, 2)
    keep_once(look, LOGIN_USER, slice_of(p + 8, <u32>end))
    if size > end + 9:
        keep_once(look, SOCKS_HOST, slice_of(p + end + 9, <u32>(size - end - 10)))
    else:
        fact_once(look, SOCKS_ADDRESS, p + 4, 4)
    return PARSE_OK


cdef int take_reply4(Look* look, Socks* socks, Slice data) noexcept nogil:
    cdef const u8* p = data.p + look.used
    if p[0] != 0:
        return PARSE_MALFORMED
    if data.n - look.used < 8:
        return wait_for(look, data, 8)
    look.used += 8
    fact_once(look, SOCKS_REPLY, p + 1, 1)
    return PARSE_NOT_MINE if p[1] == GRANTED4 else PARSE_DONE


cdef bint client_turn(const Socks* socks) noexcept nogil:
    return socks.at == AT_START or socks.at == AT_LOGIN or socks.at == AT_REQUEST


cdef void join(Look* look, Socks* socks, Slice data) noexcept nogil:
    """The flow may have been joined behind its greeting."""
    cdef int at = joined_at(look, data.p, data.n)
    if at == DETECT_MORE and data.n == 2 and (look.row.pb if look.side else look.row.pa) == PORT:
        at = AT_METHOD                          # the client has spoken since
    if at <= AT_START:
        return
    socks.at = <u8>at
    socks.command = CONNECT
    socks.greeted = 0
    set_initiator(look, client_turn(socks))
    if at == AT_REQUEST or at == AT_REPLY:
        fact_once(look, SOCKS_VERSION, data.p, 1)


cdef int take_greeting(Look* look, Socks* socks, Slice data) noexcept nogil:
    """The methods of version 5; nothing is written down before the server has answered in kind."""
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used
    cdef int joined
    cdef bint greeting
    if n < 2 or n < 2 + <u32>p[1]:
        return wait_more(look, data)
    if p[1] == 0 or (p[1] == 1 and p[2] == METHOD_NONE):     # an answer, or a request, begins so too
        greeting = p[1] and (n == GREETING or p[GREETING] == 5)
        joined = DETECT_MORE if greeting else message_begins(p, n)
        if joined == DETECT_MORE:
            socks.at = AT_METHOD if greeting else AT_START
            socks.greeted = <u8>(1 + look.side) if greeting else 0
            return wait_more(look, data)
        join(look, socks, data)
        return PARSE_OK if joined else PARSE_NOT_MINE
    look.used += 2 + <u32>p[1]
    socks.at = AT_METHOD
    return PARSE_OK


cdef int take_method(Look* look, Socks* socks, Slice data) noexcept nogil:
    cdef const u8* p = data.p + look.used
    if p[0] != 5:
        return PARSE_NOT_MINE
    if data.n - look.used < 2:
        return wait_for(look, data, 2)
    look.used += 2
    set_initiator(look, False)
    fact_once(look, SOCKS_VERSION, p, 1)
    fact_once(look, SOCKS_METHOD, p + 1, 1)
    socks.at = AT_LOGIN if p[1] == METHOD_LOGIN else AT_REQUEST
    return PARSE_OK if p[1] == METHOD_NONE or p[1] == METHOD_LOGIN else PARSE_DONE


cdef int take_login(Look* look, Socks* socks, Slice data) noexcept nogil:
    """RFC 1929 section 2."""
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, user
    if p[0] != 1:
        return PARSE_MALFORMED
    if n < 2 or n < 3 + <u32>p[1]:
        return wait_more(look, data)
    user = p[1]
    if n < 3 + user + p[2 + user]:
        return wait_for(look, data, 3 + user + p[2 + user])
    look.used += 3 + user + p[2 + user]
    keep_once(look, LOGIN_USER, slice_of(p + 2, user))
    keep_once(look, LOGIN_PASSWORD, slice_of(p + 3 + user, p[2 + user]))
    socks.at = AT_LOGIN_REPLY
    return PARSE_OK


cdef int take_login_reply(Look* look, Socks* socks, Slice data) noexcept nogil:
    if data.n - look.used < 2:
        return wait_for(look, data, 2)
    look.used += 2
    socks.at = AT_REQUEST
    return PARSE_OK if data.p[look.used - 1] == 0 else PARSE_DONE


cdef u32 message_size(const u8* p, u32 n) noexcept nogil:
    """Length of a version 5 request or reply (RFC 1928 sections 4 and 6), 0 when not yet known, 1 when it is none."""
    if p[0] != 5 or (n > 3 and p[3] != 1 and p[3] != 3 and p[3] != 4):
        return 1
    if n < 5:
        return 0
    return 10 if p[3] == 1 else 22 if p[3] == 4 else 7 + <u32>p[4]


cdef int take_message(Look* look, Socks* socks, Slice data) noexcept nogil:
    """The request, or the answer to it."""
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, size = message_size(p, n)
    if size == 1:
        return PARSE_MALFORMED
    if size == 0 or n < size:
        return wait_for(look, data, size if size else n + 1)
    look.used += size
    if socks.at == AT_REPLY:
        fact_once(look, SOCKS_REPLY, p + 1, 1)
        return PARSE_NOT_MINE if p[1] == 0 and socks.command == CONNECT else PARSE_DONE
    socks.command = p[1]
    socks.at = AT_REPLY
    fact_once(look, SOCKS_COMMAND, p + 1, 1)
    if p[3] == 3:
        keep_once(look, SOCKS_HOST, slice_of(p + 5, p[4]))
    else:
        fact_once(look, SOCKS_ADDRESS, p + 4, size - 6)
    fact_once(look, SOCKS_PORT, p + size - 2, 2)
    return PARSE_OK


cdef int socks_parse(Look* look, Slice data) noexcept nogil:
    cdef Socks* socks
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(Socks)):
        return PARSE_DONE
    socks = <Socks*>look.state[0]
    if socks.at == AT_START:
        join(look, socks, data)
    if socks.greeted == 1 + look.side:
        if socks.at == AT_METHOD:
            socks.at = AT_START
        elif data.n >= GREETING:
            look.used = GREETING
            socks.greeted = 0
    while code == PARSE_OK and look.used < data.n:
        if socks.at != AT_START and client_turn(socks) != from_client(look):
            return wait_more(look, data)    # said before the other side has answered: its meaning hangs on that
        if socks.at == AT_START:
            code = take_request4(look, socks, data) if data.p[look.used] == 4 else \
                take_greeting(look, socks, data) if data.p[look.used] == 5 else PARSE_NOT_MINE
        elif socks.at == AT_METHOD:
            code = take_method(look, socks, data)
        elif socks.at == AT_LOGIN:
            code = take_login(look, socks, data)
        elif socks.at == AT_LOGIN_REPLY:
            code = take_login_reply(look, socks, data)
        elif socks.at == AT_REPLY4:
            code = take_reply4(look, socks, data)
        else:
            code = take_message(look, socks, data)
    return code


cdef int socks_lost(Look* look, u64 n) noexcept nogil:
    """The two speak in turns, and what a message is hangs on the one before: what they open may still be known."""
    return PARSE_NOT_MINE


cdef void socks_define(Proto* p) noexcept nogil:
    reads(p, "socks", ON_TCP, socks_detect, socks_parse)
    p.first[1] = p.first[4] = p.first[5] = 1
    p.lost = socks_lost


# --- describing ---

FACT_FIELDS = {}
_COMMANDS = {1: "CONNECT", 2: "BIND", 3: "UDP ASSOCIATE"}
_METHODS = {0: "none", 1: "gssapi", 2: "password", 255: "none acceptable"}
_REPLIES = {0: "succeeded", 1: "general failure", 2: "not allowed", 3: "network unreachable", 4: "host unreachable",
            5: "connection refused", 6: "TTL expired", 7: "command not supported", 8: "address type not supported",
            90: "succeeded", 91: "rejected", 92: "no identd", 93: "identd differs"}


def describe(facts, show_secrets: bool = False) -> dict:
    """The `socks` object; `password` is masked unless secrets are to be shown."""
    facts = list(facts)
    known = first_values(facts)
    obj = {}
    if SOCKS_VERSION in known:
        four_a = known[SOCKS_VERSION] == b"\4" and SOCKS_HOST in known
        obj["version"] = "4a" if four_a else str(known[SOCKS_VERSION][0])
    for name, key, table in (("method", SOCKS_METHOD, _METHODS), ("command", SOCKS_COMMAND, _COMMANDS)):
        if key in known:
            obj[name] = table.get(known[key][0], str(known[key][0]))
    if SOCKS_HOST in known:
        obj["host"] = clean(known[SOCKS_HOST], 256)
    elif SOCKS_ADDRESS in known:
        obj["host"] = str(ipaddress.ip_address(known[SOCKS_ADDRESS]))
    if SOCKS_PORT in known:
        obj["port"] = int.from_bytes(known[SOCKS_PORT], "big")
    if SOCKS_REPLY in known:
        obj["reply"] = _REPLIES.get(known[SOCKS_REPLY][0], str(known[SOCKS_REPLY][0]))
    add_login(obj, facts, show_secrets)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "SOCKS5 CONNECT www.example.com:443"."""
    where = f"{obj['host']}:{obj['port']}" if "host" in obj and "port" in obj else ""
    return words(f"SOCKS{obj.get('version', '')}", obj.get("command"), where)
