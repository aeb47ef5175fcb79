"""Telnet (RFC 854): options, terminal type and size, and who logs in where prompts are in clear.

A connection that begins with option negotiation is taken for Telnet; one that is joined later, and on whose port there
is text, with little confidence. Reading ends after the password, or when
both sides have said enough without asking for one.
"""
from netwatch._fast.base.bytes cimport u8, u32, Slice, be16
from netwatch._fast.flow.row cimport BIT_SEEN
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_OK, fact_add, fact_once,
                                           reads, has_state)
from netwatch._fast.proto.common.lines cimport from_client, holds_word, port_is, skip_rest
from netwatch._fast.proto.common.sasl cimport LOGIN_PASSWORD, LOGIN_USER
from netwatch._fast.proto.common.facts import TEXT, described, fact_fields, words
from netwatch._fast.proto.common.sasl import add_login

cdef enum:                     # fact keys
    TEL_TERMINAL = 1
    TEL_SIZE = 2               # columns and rows, two bytes each
    TEL_SPEED = 3
    TEL_OPTION = 4             # one byte, an option the server or client asked or offered

cdef enum:                     # RFC 854
    IAC = 255
    SB = 250
    SE = 240
    WILL = 251
    DONT = 254

cdef enum:                     # options, IANA telnet-options
    OPT_TERMINAL = 24          # RFC 1091
    OPT_SIZE = 31              # RFC 1073
    OPT_SPEED = 32             # RFC 1079
    OPT_LAST = 49
    OPT_EXTENDED = 255

cdef enum:                     # where a side stands in its bytes
    AT_DATA = 0
    AT_IAC = 1
    AT_OPTION = 2
    AT_SUB = 3
    AT_SUB_IAC = 4

cdef enum:
    PORT = 23
    ESC = 27
    WEAK = 50
    TYPED_MOST = 64
    MAX_SUB = 64
    MAX_TYPED = 64
    MAX_SEEN = 8192            # bytes of text of one side
    ASK_NOTHING = 0
    ASK_USER = 1
    ASK_PASSWORD = 2

cdef struct Way:
    u8 at
    u8 sub_n
    u8 text_n
    u8 sub[MAX_SUB]
    u8 text[MAX_TYPED]         # of the client what was typed, of the server the end of its last line
    u32 seen

cdef struct Telnet:
    Way way[2]
    u8 asked
    u8 options[32]             # bits of the options written down


# --- detection ---

cdef bint option_known(u8 c) noexcept nogil:
    return c <= OPT_LAST or c == OPT_EXTENDED or (c >= 138 and c <= 140)


cdef bint is_typed(const u8* p, u32 n) noexcept nogil:
    """What people and shells write: text, the ends of lines with the NUL that may follow a CR, what colours it."""
    cdef u32 i
    for i in range(n if n < TYPED_MOST else TYPED_MOST):
        if p[i] >= 127 or p[i] < 7 and not (p[i] == 0 and i and p[i - 1] == c'\r') or 13 < p[i] < 32 and p[i] != ESC:
            return False
    return True


cdef int telnet_detect(Look* look, Slice data) noexcept nogil:
    """Negotiation, IAC WILL/WONT/DO/DONT option: two of them, or one that is all there is or comes before text."""
    cdef u32 at = 0
    cdef int found = 0
    while at + 3 <= data.n and data.p[at] == IAC and data.p[at + 1] >= WILL and data.p[at + 1] <= DONT:
        if not option_known(data.p[at + 2]):
            return 0
        found += 1
        at += 3
        if found == 3:
            return 95
    if found == 0:
        if data.n and data.p[0] < 128 and not look.row.bits & BIT_SEEN and port_is(look, PORT):
            return WEAK if is_typed(data.p, data.n) else 0
        if (data.n > 0 and data.p[0] != IAC) or (data.n > 1 and (data.p[1] < WILL or data.p[1] == IAC)):
            return 0
        return DETECT_MORE if data.n < 3 else 0
    if at < data.n and data.p[at] == IAC:
        return 92 if at + 1 == data.n or data.p[at + 1] >= SE else 0
    if at == data.n or data.p[at] < 128:
        return 90 if found == 2 else 85 if port_is(look, PORT) else 75
    return 0


# --- reading ---

cdef void take_sub(Look* look, Way* way) noexcept nogil:
    """A subnegotiation: option, then its bytes."""
    cdef u8* p = way.sub
    cdef u32 n = way.sub_n
    if n > 2 and (p[0] == OPT_TERMINAL or p[0] == OPT_SPEED) and p[1] == 0:
        fact_once(look, TEL_TERMINAL if p[0] == OPT_TERMINAL else TEL_SPEED, p + 2, n - 2)
    elif n == 5 and p[0] == OPT_SIZE and (be16(p + 1) or be16(p + 3)):
        fact_once(look, TEL_SIZE, p + 1, 4)


cdef bint take_typed(Look* look, Telnet* tel, Way* way, u8 c) noexcept nogil:
    """A byte the client typed; True when the password is complete."""
    cdef u8 asked = tel.asked
    if c == 8 or c == 127:
        way.text_n -= way.text_n > 0
    elif c >= 32:
        if way.text_n < MAX_TYPED:
            way.text[way.text_n] = c
            way.text_n += 1
    elif c == c'\r' or c == c'\n':
        if way.text_n == 0:
            return False
        tel.asked = ASK_NOTHING
        if asked:
            fact_once(look, LOGIN_USER if asked == ASK_USER else LOGIN_PASSWORD, way.text, way.text_n)
        way.text_n = 0
        return asked == ASK_PASSWORD
    return False


cdef void take_shown(Telnet* tel, Way* way, u8 c) noexcept nogil:
    """A byte the server shows: is what stands on the line a prompt?"""
    if c == c'\r' or c == c'\n':
        way.text_n = 0
        return
    if c < 32 or way.text_n == MAX_TYPED:
        return
    way.text[way.text_n] = c
    way.text_n += 1
    if c == c':':
        if holds_word(way.text, way.text_n, b"password", 8):
            tel.asked = ASK_PASSWORD
        elif holds_word(way.text, way.text_n, b"login:", 6) or holds_word(way.text, way.text_n, b"username:", 9):
            tel.asked = ASK_USER


cdef void take_option(Look* look, Telnet* tel, u8 option) noexcept nogil:
    cdef u8 bit = <u8>(1 << (option & 7))
    if not tel.options[option >> 3] & bit:
        tel.options[option >> 3] |= bit
        fact_add(look, TEL_OPTION, &option, 1)


cdef bint take_byte(Look* look, Telnet* tel, Way* way, u8 c) noexcept nogil:
    """True when there is nothing more to learn."""
    if way.at == AT_DATA:
        if c == IAC:
            way.at = AT_IAC
            return False
        way.seen += 1
        if from_client(look):
            return take_typed(look, tel, way, c)
        take_shown(tel, way, c)
    elif way.at == AT_IAC:
        way.at = AT_OPTION if c >= WILL and c <= DONT else AT_SUB if c == SB else AT_DATA
        way.sub_n = 0
    elif way.at == AT_OPTION:
        take_option(look, tel, c)
        way.at = AT_DATA
    elif way.at == AT_SUB_IAC and c != IAC:
        if c == SE:
            take_sub(look, way)
        way.at = AT_DATA
    elif way.at == AT_SUB and c == IAC:
        way.at = AT_SUB_IAC
    else:
        way.at = AT_SUB
        if way.sub_n < MAX_SUB:
            way.sub[way.sub_n] = c
            way.sub_n += 1
    return False


cdef int telnet_parse(Look* look, Slice data) noexcept nogil:
    cdef Telnet* tel
    cdef Way* way
    if not has_state(look, sizeof(Telnet)):
        return PARSE_DONE
    tel = <Telnet*>look.state[0]
    way = &tel.way[look.side]
    while look.used < data.n:
        look.used += 1
        if take_byte(look, tel, way, data.p[look.used - 1]):
            return PARSE_DONE
        if way.seen >= MAX_SEEN:
            skip_rest(look, data)
            return PARSE_DONE if tel.way[1 - look.side].seen >= MAX_SEEN else PARSE_OK
    return PARSE_OK


cdef int telnet_resync(Look* look, Slice data) noexcept nogil:
    """Every byte says something: what was half said, and whether a prompt stands, is forgotten."""
    cdef Telnet* tel = <Telnet*>look.state[0]
    if tel == NULL:
        return 0
    tel.way[look.side].at = AT_DATA
    tel.way[look.side].text_n = 0
    tel.asked = ASK_NOTHING
    return 1


cdef void telnet_define(Proto* p) noexcept nogil:
    cdef int c
    reads(p, "telnet", ON_TCP, telnet_detect, telnet_parse)
    for c in range(128):
        p.first[c] = 1
    p.first[IAC] = 1
    p.resync = telnet_resync


# --- describing ---

_FIELDS = (("terminal", TEL_TERMINAL, TEXT), ("speed", TEL_SPEED, TEXT))
FACT_FIELDS = fact_fields("telnet", _FIELDS)
_OPTIONS = {0: "binary", 1: "echo", 3: "suppress-go-ahead", 5: "status", 6: "timing-mark", 24: "terminal-type",
            31: "window-size", 32: "terminal-speed", 33: "flow-control", 34: "linemode", 35: "x-display",
            36: "environment", 37: "authentication", 38: "encryption", 39: "new-environment", 42: "charset",
            44: "com-port", 46: "starttls"}


def describe(facts, show_secrets: bool = False) -> dict:
    """The `telnet` object; `window` is columns x rows, `password` is masked unless secrets are to be shown."""
    facts = list(facts)
    obj = described(facts, _FIELDS)
    options = sorted({value[0] for key, value in facts if key == TEL_OPTION and value})
    if options:
        obj["options"] = [_OPTIONS.get(option, str(option)) for option in options]
    for key, value in facts:
        if key == TEL_SIZE and len(value) == 4:
            obj["window"] = f"{value[0] << 8 | value[1]}x{value[2] << 8 | value[3]}"
            break
    add_login(obj, facts, show_secrets)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "Telnet fred"."""
    return words("Telnet", obj.get("user"), obj.get("terminal"))
