"""Memcached over TCP and UDP (github.com/memcached/memcached: doc/protocol.txt, protocol-binary): commands, first key.

Stored values are passed over. In UDP a frame header of eight bytes stands before the text (protocol.txt, UDP).
"""
from libc.string cimport memset, strchr

from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, be16, be32, find_byte, slice_of, starts
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, ON_UDP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, set_initiator, reads, has_state)
from netwatch._fast.proto.common.again cimport among, begins_again, command_line
from netwatch._fast.proto.common.lines cimport (DETECT_ENOUGH, all_text, from_client, is_letter, keep_each, keep_once,
                                                keep_verb, next_line, number_of, port_is, skip_bytes, skip_rest,
                                                take_word, wait_for, wait_more)
from netwatch._fast.proto.common.sasl cimport LOGIN_PASSWORD, LOGIN_USER, SASL_MECHANISM
from netwatch._fast.proto.common.facts import TEXT, described, fact_fields, words
from netwatch._fast.proto.common.sasl import add_login

cdef enum:                     # fact keys
    MEM_COMMAND = 1
    MEM_KEY = 2
    MEM_VERSION = 3
    MEM_FORM = 4               # "text" or "binary"

cdef enum:                     # kinds of text commands
    NO_COMMAND = 0
    PLAIN = 1                  # nothing need follow
    KEYED = 2                  # a key and what else
    STORES = 3                 # key flags exptime bytes, then the bytes
    META = 4                   # key flags, of one letter and perhaps a token each
    META_STORES = 5            # key bytes flags, then the bytes

cdef enum:
    FRAME_HEAD = 8
    BINARY_HEAD = 24
    MAGIC_REQUEST = 0x80
    MAGIC_RESPONSE = 0x81
    OP_SASL_AUTH = 0x21
    OP_VERSION = 0x0b
    OP_LAST = 0x26
    PORT = 11211
    MAX_KEY = 250
    MAX_LINE = 8192
    MAX_VALUE = 1073741824
    MAX_KEPT = 16
    ENOUGH = 200               # requests, or lines of answers

cdef const char* ANSWERS = (b"stored not_stored exists not_found deleted touched ok end value stat version error reset "
                            b"client_error server_error ")
cdef struct Memcached:
    bint decided
    bint binary
    u32 units[2]


# --- text ---

cdef int command_kind(Slice word) noexcept nogil:
    """Commands are sent in lower case."""
    cdef const u8* p = word.p
    cdef u32 n = word.n
    if n == 0 or p[0] < c'a':
        return NO_COMMAND
    if among(p, n, b"set add cas replace append prepend "):
        return STORES
    if among(p, n, b"get gets delete touch incr decr "):
        return KEYED
    if among(p, n, b"stats version flush_all verbosity mn "):
        return PLAIN
    if among(p, n, b"mg md ma me "):
        return META
    return META_STORES if among(p, n, b"ms ") else NO_COMMAND


cdef bint meta_flags(Slice rest) noexcept nogil:
    """Flags of a meta command: a letter each, and a token that begins with no letter, or one of base64."""
    cdef Slice word
    while rest.n:
        word = take_word(&rest)
        if not is_letter(word.p[0]) or (word.n > 1 and is_letter(word.p[1]) and word.p[0] != c'O'
                                        and word.p[0] != c'M'):
            return False
    return True


cdef bint meta_answer(Slice line) noexcept nogil:
    """What answers a meta command: `HD flags`, `VA bytes flags`, and words of two letters."""
    cdef Slice rest = line
    cdef Slice word = take_word(&rest)
    if word.n != 2:
        return False
    if starts(word.p, 2, b"VA", 2):
        return number_of(take_word(&rest), 10) >= 0 and meta_flags(rest)
    return among(word.p, 2, b"hd en nf ns ex mn ") and meta_flags(rest)


cdef i64 stored_bytes(Slice rest) noexcept nogil:
    """Bytes of value that `key flags exptime bytes [cas] [noreply]` announces, -1 when it is no such thing."""
    cdef i64 flags, until, size
    take_word(&rest)
    flags = number_of(take_word(&rest), 10)
    until = number_of(take_word(&rest), 10)
    size = number_of(take_word(&rest), 10)
    return size if flags >= 0 and until >= 0 and size <= MAX_VALUE else -1


cdef int detect_text(const Look* look, const u8* p, u32 n) noexcept nogil:
    """A whole line that is a command, or what a server says."""
    cdef Slice line, rest, word
    cdef i64 step = next_line(p, n, n, &line)
    cdef int kind
    if step <= 0:
        return DETECT_MORE if n < DETECT_ENOUGH and all_text(p, n - 1) else 0
    if not all_text(line.p, line.n) or <u32>step - line.n != 2:
        return 0
    rest = line
    word = take_word(&rest)
    kind = command_kind(word)
    if kind == STORES:
        return 92 if stored_bytes(rest) >= 0 else 0
    if kind >= META:
        return detect_meta(look, kind, rest)
    if kind == KEYED:
        word = take_word(&rest)
        if rest.n and not c'0' <= rest.p[0] <= c'9' and not port_is(look, PORT):
            return 0                   # several words after a verb are English
        return 75 if word.n and word.n <= MAX_KEY and p[3] >= c' ' and word.p[0] != c'/' else 0
    if kind == PLAIN:
        return 80
    if starts(p, n, b"STAT ", 5) or starts(p, n, b"VALUE ", 6):
        take_word(&rest)
        return 85 if rest.n else 0
    return 70 if port_is(look, PORT) and (meta_answer(line) or command_line(slice_of(p, n), ANSWERS) == 1) else 0


cdef int detect_meta(const Look* look, int kind, Slice rest) noexcept nogil:
    """Two letters are no proof: the bytes announced, flags as they must be, or the port must stand beside them."""
    cdef Slice key = take_word(&rest)
    if key.n == 0 or key.n > MAX_KEY:
        return 0
    if kind == META_STORES:
        return 88 if number_of(take_word(&rest), 10) >= 0 and meta_flags(rest) else 0
    if not meta_flags(rest):
        return 0
    return 80 if port_is(look, PORT) else 75 if rest.n else 0


cdef bint text_begins(u8 c) noexcept nogil:
    """The first letters of the commands and answers that detection knows."""
    return c and strchr(b"SVsacrpgidtvfmHENM", c) != NULL


# --- detection ---

cdef int detect_binary(const u8* p, u32 n) noexcept nogil:
    """The header's parts must fit each other (protocol-binary section 2)."""
    cdef u32 key, body
    if n > 1 and p[1] > OP_LAST or n > 5 and p[5]:
        return 0
    if n < BINARY_HEAD:
        return DETECT_MORE
    key = be16(p + 2)
    body = be32(p + 8)
    if key > MAX_KEY or key + p[4] > body or body > 2097152:
        return 0
    if p[0] == MAGIC_RESPONSE:
        return 80 if be16(p + 6) <= 0x86 and response_fits(p[1], p[4], key) else 0
    if not request_fits(p[1], p[4], key, body - key - p[4]):
        return 0
    return 90 if p[1] == OP_VERSION or key or p[1] == 0x10 or p[1] == 0x20 else 80


cdef bint request_fits(u8 code, u8 extras, u32 key, u32 value) noexcept nogil:
    """Extras, key and value are what the operation must have (protocol-binary, sections 4.2 to 4.12)."""
    cdef u8 quiet = code
    if code >= 0x11 and code <= 0x1a:
        quiet = <u8>(code - 0x10 if code < 0x19 else code - 0x0b)   # 0x11 SETQ .. 0x18 FLUSHQ, 0x19 APPENDQ, 0x1a
    if code == 0x10:                                                # STAT
        return extras == 0 and value == 0
    if quiet == 0x0e or quiet == 0x0f or code == OP_SASL_AUTH or code == 0x22:
        return extras == 0 and key > 0
    if 1 <= quiet <= 3:
        return extras == 8 and key > 0
    if value:
        return False
    if quiet == 0 or quiet == 9 or quiet == 0x0c or quiet == 0x0d or quiet == 4:
        return extras == 0 and key > 0
    if quiet == 5 or quiet == 6:
        return extras == 20 and key > 0
    if quiet == 8 or code == 0x1b:
        return key == 0 and (extras == 4 or (extras == 0 and quiet == 8))
    if 0x1c <= code <= 0x1e or code == 0x23 or code == 0x24:
        return extras == 4 and key > 0
    return (quiet == 7 or quiet == 0x0a or quiet == OP_VERSION or code == 0x20) and extras == 0 and key == 0


cdef bint response_fits(u8 code, u8 extras, u32 key) noexcept nogil:
    """Only what reads has extras (flags), only what was asked so a key."""
    if key and code != 0x0c and code != 0x0d and code != 0x10 and code != 0x23 and code != 0x24:
        return False
    return extras == 0 or (extras == 4 and (code == 0 or code == 9 or code == 0x0c or code == 0x0d or code >= 0x1d))


cdef int detect_frame(const Look* look, const u8* p, u32 n) noexcept nogil:
    """UDP: request number, sequence, how many datagrams, two reserved bytes that are 0, then text."""
    if n < FRAME_HEAD + 5 or be16(p + 4) == 0 or be16(p + 2) >= be16(p + 4) or be16(p + 6):
        return 0
    return detect_text(look, p + FRAME_HEAD, n - FRAME_HEAD) if text_begins(p[FRAME_HEAD]) else 0


cdef int memcached_detect(Look* look, Slice data) noexcept nogil:
    cdef int sure
    if data.n == 0:
        return DETECT_MORE
    if look.datagram:
        sure = detect_frame(look, data.p, data.n)
        return 0 if sure == DETECT_MORE else sure
    if data.p[0] == MAGIC_REQUEST or data.p[0] == MAGIC_RESPONSE:
        return detect_binary(data.p, data.n)
    return detect_text(look, data.p, data.n) if text_begins(data.p[0]) else 0


# --- reading ---

cdef void keep_form(Look* look, bint binary) noexcept nogil:
    keep_once(look, MEM_FORM, slice_of(b"binary", 6) if binary else slice_of(b"text", 4))


cdef int take_request(Look* look, Slice line, u64* value) noexcept nogil:
    """One command line; `value` bytes of it follow."""
    cdef Slice rest = line
    cdef Slice word = take_word(&rest)
    cdef int kind = command_kind(word)
    cdef i64 size
    value[0] = 0
    if kind:
        set_initiator(look, True)
        keep_verb(look, MEM_COMMAND, word, MAX_KEPT)
    if kind == STORES:
        size = stored_bytes(rest)
        if size < 0:
            return PARSE_MALFORMED
        value[0] = <u64>size + 2
    if kind >= KEYED:
        keep_once(look, MEM_KEY, take_word(&rest))
    if kind == META_STORES:
        size = number_of(take_word(&rest), 10)
        if size < 0 or size > MAX_VALUE:
            return PARSE_MALFORMED
        value[0] = <u64>size + 2
    return PARSE_OK


cdef void take_answer(Look* look, Slice line) noexcept nogil:
    """A line of the server's: its version is said in two ways."""
    cdef Slice rest = line
    if starts(line.p, line.n, b"STAT ", 5) or starts(line.p, line.n, b"VALUE ", 6):
        set_initiator(look, False)
    if starts(line.p, line.n, b"VERSION ", 8) or starts(line.p, line.n, b"STAT version ", 13):
        take_word(&rest)
        if line.p[0] == c'S':
            take_word(&rest)
        keep_once(look, MEM_VERSION, rest)


cdef int take_text(Look* look, Memcached* mem, Slice data) noexcept nogil:
    cdef Slice line
    cdef i64 step = next_line(data.p + look.used, data.n - look.used, MAX_LINE, &line)
    cdef u64 value = 0
    cdef int code
    if step <= 0:
        return wait_more(look, data) if step == 0 else PARSE_MALFORMED
    look.used += <u32>step
    mem.units[look.side] += 1
    if starts(line.p, line.n, b"STAT ", 5) or starts(line.p, line.n, b"VALUE ", 6) or not from_client(look):
        take_answer(look, line)
        return skip_rest(look, data) if mem.units[look.side] >= ENOUGH else PARSE_OK
    code = take_request(look, line, &value)
    if code != PARSE_OK:
        return code
    if mem.units[look.side] >= ENOUGH:
        return PARSE_DONE
    return skip_bytes(look, data, value)


cdef void take_binary_login(Look* look, const u8* p, u32 n) noexcept nogil:
    """SASL AUTH: the mechanism as key, for PLAIN `NUL user NUL password` as value (RFC 4616)."""
    cdef u32 key = be16(p + 2), at = BINARY_HEAD + p[4]
    cdef i64 first, second
    keep_once(look, SASL_MECHANISM, slice_of(p + at, key))
    at += key
    first = find_byte(p + at, n - at, 0)
    if first < 0:
        return
    at += <u32>first + 1
    second = find_byte(p + at, n - at, 0)
    if second > 0:
        keep_once(look, LOGIN_USER, slice_of(p + at, <u32>second))
        keep_once(look, LOGIN_PASSWORD, slice_of(p + at + second + 1, n - at - <u32>second - 1))


cdef int take_packet(Look* look, Memcached* mem, Slice data) noexcept nogil:
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, size, body, key
    if n < BINARY_HEAD:
        return wait_for(look, data, BINARY_HEAD)
    body = be32(p + 8)
    key = be16(p + 2)
    if (p[0] != MAGIC_REQUEST and p[0] != MAGIC_RESPONSE) or key + p[4] > body or body > MAX_VALUE:
        return PARSE_MALFORMED if mem.units[look.side] else PARSE_NOT_MINE
    size = BINARY_HEAD + (body if p[1] == OP_SASL_AUTH and body < 1024 else key + p[4])
    if n < size:
        return wait_for(look, data, size)
    mem.units[look.side] += 1
    if p[0] == MAGIC_REQUEST:
        set_initiator(look, True)
        keep_each(look, MEM_COMMAND, slice_of(p + 1, 1), MAX_KEPT)
        if p[1] == OP_SASL_AUTH:
            take_binary_login(look, p, size)
        else:
            keep_once(look, MEM_KEY, slice_of(p + BINARY_HEAD + p[4], key))
    if mem.units[look.side] >= ENOUGH:
        return PARSE_DONE
    return skip_bytes(look, data, <u64>BINARY_HEAD + body)


cdef int memcached_parse(Look* look, Slice data) noexcept nogil:
    cdef Memcached* mem
    cdef Slice line
    cdef u64 value
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(Memcached)):
        return PARSE_DONE
    mem = <Memcached*>look.state[0]
    if look.datagram:
        look.used = data.n
        keep_form(look, False)
        if data.n > FRAME_HEAD and next_line(data.p + FRAME_HEAD, data.n - FRAME_HEAD, MAX_LINE, &line) > 0:
            if starts(line.p, line.n, b"STAT ", 5) or starts(line.p, line.n, b"VALUE ", 6):
                take_answer(look, line)
            else:
                take_request(look, line, &value)
        mem.units[look.side] += 1
        return PARSE_DONE if mem.units[look.side] >= ENOUGH else PARSE_OK
    if not mem.decided and data.n:
        mem.decided = True
        mem.binary = data.p[0] == MAGIC_REQUEST or data.p[0] == MAGIC_RESPONSE
        keep_form(look, mem.binary)
    while code == PARSE_OK and look.used < data.n and look.skip == 0:
        code = take_packet(look, mem, data) if mem.binary else take_text(look, mem, data)
    return code


cdef int memcached_resync(Look* look, Slice data) noexcept nogil:
    """A packet, a command, or a line that only a server says (protocol.txt)."""
    if look.state[0] == NULL:
        return 0
    return not from_client(look) and command_line(data, ANSWERS) == 1 or begins_again(look, data, memcached_detect)


cdef void memcached_define(Proto* p) noexcept nogil:
    reads(p, "memcached", ON_TCP | ON_UDP, memcached_detect, memcached_parse)
    p.ports[0] = PORT
    memset(p.first, 1, sizeof(p.first))     # a UDP frame may begin with any byte
    p.resync = memcached_resync


# --- describing ---

_FIELDS = (("form", MEM_FORM, TEXT), ("key", MEM_KEY, TEXT), ("version", MEM_VERSION, TEXT))
FACT_FIELDS = fact_fields("memcached", _FIELDS)
_OPCODES = ("GET", "SET", "ADD", "REPLACE", "DELETE", "INCREMENT", "DECREMENT", "QUIT", "FLUSH", "GETQ", "NOOP",
            "VERSION", "GETK", "GETKQ", "APPEND", "PREPEND", "STAT", "SETQ", "ADDQ", "REPLACEQ", "DELETEQ",
            "INCREMENTQ", "DECREMENTQ", "QUITQ", "FLUSHQ", "APPENDQ", "PREPENDQ", "VERBOSITY", "TOUCH", "GAT", "GATQ",
            "", "SASL_LIST", "SASL_AUTH", "SASL_STEP", "GATK", "GATKQ")


def _command(raw: bytes) -> str:
    """A command's name: one byte is an operation code of the binary protocol."""
    if len(raw) > 1:
        return raw.decode("ascii", "replace")
    return (_OPCODES[raw[0]] if raw[0] < len(_OPCODES) else "") or f"0x{raw[0]:02X}"


def describe(facts, show_secrets: bool = False) -> dict:
    """The `memcached` object; `password` is masked unless secrets are to be shown."""
    facts = list(facts)
    obj = described(facts, _FIELDS)
    commands = [_command(value) for key, value in facts if key == MEM_COMMAND and value]
    if commands:
        obj["command"], obj["commands"] = commands[0], list(dict.fromkeys(commands))
    add_login(obj, facts, show_secrets)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "Memcached GET user:1"."""
    return words("Memcached", obj.get("command"), obj.get("key"))
