"""rsync's daemon protocol (rsync source, clientserver.c): versions, module, who logs in, whether it was let in.

Read until the daemon says OK, refuses, or ends its list; what follows is binary and is left alone.
"""

from netwatch._fast.base.bytes cimport u8, u32, u64, Slice, slice_of, starts
from netwatch._fast.flow.row cimport BIT_SEEN
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_OK, fact_once,
                                           set_initiator, reads, has_state)
from netwatch._fast.proto.common.again cimport messages_fill
from netwatch._fast.proto.common.lines cimport (each_line, from_client, is_digit, keep_once, port_is, smaller,
                                                take_word)
from netwatch._fast.proto.common.sasl cimport LOGIN_USER
from netwatch._fast.proto.common.facts import TEXT, described, fact_fields, words

cdef enum:                     # fact keys
    RSYNC_CLIENT = 1           # protocol version and what digests it offers
    RSYNC_SERVER = 2
    RSYNC_MODULE = 3           # empty in a request for the list
    RSYNC_ANSWER = 4           # OK, EXIT, AUTHREQD or an error

cdef enum:
    MAX_LINE = 4096
    HEAD = 9                   # "@RSYNCD: "
    PORT = 873
    FRAME = 4
    DATA = 7
    LOG_MOST = 17              # of what is said beside the data

cdef struct Rsync:
    bint greeted[2]
    bint asked                 # the module was named
    bint login                 # a challenge was sent
    u32 lines


cdef u64 frame_length(Look* look, const u8* p, u32 n) noexcept nogil:
    """Of what is multiplexed (rsync source, io.c): three bytes of length, low first, and 7 more than what it is."""
    if n < FRAME:
        return FRAME
    return FRAME + (p[0] | <u64>p[1] << 8 | <u64>p[2] << 16) if DATA <= p[3] <= LOG_MOST else 0


cdef inline bint may_be(Slice word, const char* answer, u32 k) noexcept nogil:
    return starts(word.p, smaller(word.n, k), answer, smaller(word.n, k))


cdef int detect_answer(Slice word) noexcept nogil:
    """The daemon's answers, of a flow that was joined behind its greeting."""
    cdef u32 least = 3 if may_be(word, b"OK\n", 3) else 5 if may_be(word, b"EXIT\n", 5) else \
        9 if may_be(word, b"AUTHREQD ", 9) else 0
    return 0 if least == 0 else 95 if word.n >= least else DETECT_MORE


cdef int rsync_detect(Look* look, Slice data) noexcept nogil:
    if data.n and data.p[0] != c'@':
        return 65 if data.n > FRAME and not look.row.bits & BIT_SEEN and port_is(look, PORT) and \
            messages_fill(look, data, frame_length) else 0
    if not starts(data.p, smaller(data.n, HEAD), b"@RSYNCD: ", smaller(data.n, HEAD)):
        return 0
    if data.n <= HEAD:
        return DETECT_MORE
    return 99 if is_digit(data.p[HEAD]) else detect_answer(slice_of(data.p + HEAD, data.n - HEAD))


cdef int take_answer(Look* look, Rsync* rsync, Slice line) noexcept nogil:
    """A line of the daemon's after the greeting; what is neither an answer nor an error is its message of the day."""
    cdef Slice rest = line
    rsync.lines += 1
    if starts(line.p, line.n, b"@ERROR", 6):
        set_initiator(look, False)
        fact_once(look, RSYNC_ANSWER, line.p, smaller(line.n, 200))
        return PARSE_DONE
    if starts(line.p, line.n, b"@RSYNCD: ", HEAD):
        set_initiator(look, False)
        rest = slice_of(line.p + HEAD, line.n - HEAD)
        rest = take_word(&rest)
        if starts(rest.p, rest.n, b"AUTHREQD", 8):
            rsync.login = True
            return PARSE_OK
        keep_once(look, RSYNC_ANSWER, rest)
        return PARSE_DONE
    return PARSE_DONE if rsync.lines > 500 else PARSE_OK


cdef int take_line(Look* look, Slice line) noexcept nogil:
    cdef Rsync* rsync = <Rsync*>look.state[0]
    cdef Slice rest = line
    cdef bint client = from_client(look)
    if not rsync.greeted[look.side]:
        if not starts(line.p, line.n, b"@RSYNCD: ", HEAD):
            return PARSE_DONE
        rsync.greeted[look.side] = True
        if line.n > HEAD and not is_digit(line.p[HEAD]):
            return take_answer(look, rsync, line)
        keep_once(look, RSYNC_CLIENT if client else RSYNC_SERVER, slice_of(line.p + HEAD, line.n - HEAD))
        return PARSE_OK
    if not client:
        return take_answer(look, rsync, line)
    if not rsync.asked:
        rsync.asked = True
        set_initiator(look, True)
        keep_once(look, RSYNC_MODULE, line)
    elif rsync.login:
        keep_once(look, LOGIN_USER, take_word(&rest))
    return PARSE_OK


cdef int rsync_parse(Look* look, Slice data) noexcept nogil:
    if not has_state(look, sizeof(Rsync)):
        return PARSE_DONE
    if not (<Rsync*>look.state[0]).greeted[look.side] and data.n and data.p[0] != c'@':
        return PARSE_DONE                       # joined where it is binary
    return each_line(look, data, MAX_LINE, take_line)


cdef int rsync_resync(Look* look, Slice data) noexcept nogil:
    """What the daemon says is marked as such; of the client's lines each is what its place makes it."""
    cdef Rsync* rsync = <Rsync*>look.state[0]
    if rsync == NULL or from_client(look) or not (starts(data.p, data.n, b"@RSYNCD: ", HEAD)
                                                  or starts(data.p, data.n, b"@ERROR", 6)):
        return 0
    rsync.greeted[look.side] |= not (data.n > HEAD and is_digit(data.p[HEAD]))
    return 1


cdef void rsync_define(Proto* p) noexcept nogil:
    cdef int c
    reads(p, "rsync", ON_TCP, rsync_detect, rsync_parse)
    for c in range(256):
        p.first[c] = 1
    p.resync = rsync_resync


# --- describing ---

_FIELDS = (("client", RSYNC_CLIENT, TEXT), ("server", RSYNC_SERVER, TEXT), ("module", RSYNC_MODULE, TEXT),
           ("user", LOGIN_USER, TEXT), ("answer", RSYNC_ANSWER, TEXT))
FACT_FIELDS = fact_fields("rsync", _FIELDS)


def describe(facts, show_secrets: bool = False) -> dict:
    """The `rsync` object; `client` and `server` are the protocol versions they announce."""
    return described(facts, _FIELDS)


def label(obj: dict) -> str:
    """One line for the flow: "rsync module"."""
    return words("rsync", obj.get("module"), obj.get("answer") if obj.get("answer") != "OK" else "")
