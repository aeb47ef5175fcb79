"""Git's own transport (git source, Documentation/gitprotocol-pack): service, repository, host, agents.

Read until both sides have shown their capabilities; objects are never read.
"""

from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, find_byte, slice_of, starts
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, set_initiator, reads, has_state)
from netwatch._fast.proto.common.again cimport begins_again
from netwatch._fast.proto.common.lines cimport from_client, is_digit, keep_once, port_is, skip_bytes, smaller, wait_for
from netwatch._fast.proto.common.facts import TEXT, described, fact_fields, words

cdef enum:                     # fact keys
    GIT_SERVICE = 1
    GIT_PATH = 2
    GIT_HOST = 3
    GIT_AGENT = 4              # of the client
    GIT_SERVER_AGENT = 5
    GIT_VERSION = 6            # "1" or "2"
    GIT_ERROR = 7

cdef enum:
    HEAD = 4                   # length of a packet line in hexadecimal digits (gitprotocol-common)
    MAX_READ = 2048            # of a packet line that are looked at
    ENOUGH = 24                # packet lines of a side
    HASH = 40
    PORT = 9418

cdef struct Git:
    u32 lines[2]
    bint asked


cdef int hex_digit(u8 c) noexcept nogil:
    if is_digit(c):
        return c - c'0'
    c |= 32
    return c - c'a' + 10 if c >= c'a' and c <= c'f' else -1


cdef int line_size(const u8* p) noexcept nogil:
    """The length four hexadecimal digits give, -1 when they are none."""
    cdef int size = 0, i, digit
    for i in range(HEAD):
        digit = hex_digit(p[i])
        if digit < 0:
            return -1
        size = size * 16 + digit
    return size


cdef bint joined(const Look* look, const u8* p, u32 n) noexcept nogil:
    """On git's port a line of a talk whose beginning was not seen: flush, NAK, ACK, done, or a band of the pack."""
    cdef int size = line_size(p)
    if not port_is(look, PORT) or size < 0 or (size > 0 and size < HEAD):
        return False
    if size <= HEAD or n == HEAD:
        return size == 0 and n >= HEAD
    return (p[HEAD] >= 1 and p[HEAD] <= 3) or starts(p + HEAD, n - HEAD, b"NAK", 3) or \
        starts(p + HEAD, n - HEAD, b"ACK ", 4) or starts(p + HEAD, n - HEAD, b"done", 4) or \
        starts(p + HEAD, n - HEAD, b"shallow ", 8) or starts(p + HEAD, n - HEAD, b"deepen ", 7) or \
        starts(p + HEAD, n - HEAD, b"command=", 8) or starts(p + HEAD, n - HEAD, b"packfile", 8)


cdef int git_detect(Look* look, Slice data) noexcept nogil:
    """A request `NNNNgit-upload-pack /path`, or the first reference a server lists."""
    cdef const u8* p = data.p
    cdef u32 n = data.n, i
    cdef int size
    for i in range(smaller(n, HEAD)):
        if hex_digit(p[i]) < 0:
            return 0
    if n >= HEAD and joined(look, p, n):
        return 75
    if n < HEAD + 8:
        return DETECT_MORE
    size = line_size(p)
    if size <= HEAD:
        return 0
    if (starts(p + HEAD, n - HEAD, b"want ", 5) or starts(p + HEAD, n - HEAD, b"have ", 5)) and size >= HEAD + 5 + HASH:
        return 88
    if starts(p + 4, n - 4, b"git-upload-", 11) or starts(p + 4, n - 4, b"git-receive-", 12):
        return 99
    if starts(p + 4, n - 4, b"git-", 4):
        return DETECT_MORE if n < 16 else 0
    if starts(p + 4, n - 4, b"version ", 8) and (size == 13 or size == 14):
        return 90
    for i in range(HEAD, smaller(n, HEAD + HASH)):
        if hex_digit(p[i]) < 0:
            return 0
    if n < HEAD + HASH + 1:
        return DETECT_MORE
    return 95 if p[HEAD + HASH] == c' ' and size > HEAD + HASH + 2 else 0


cdef void keep_agent(Look* look, const u8* p, u32 n, u8 key) noexcept nogil:
    """`agent=git/2.39.2` among the capabilities."""
    cdef u32 i, end
    for i in range(n - smaller(n, 6)):
        if starts(p + i, n - i, b"agent=", 6):
            end = i + 6
            while end < n and p[end] > 32:
                end += 1
            keep_once(look, key, slice_of(p + i + 6, end - i - 6))
            return


cdef int take_request(Look* look, Git* git, const u8* p, u32 n) noexcept nogil:
    """`git-upload-pack /path NUL host=name NUL NUL version=2 NUL`"""
    cdef i64 blank = find_byte(p, n, c' '), end
    cdef u32 at
    if blank < 0 or not starts(p, n, b"git-", 4):
        return PARSE_NOT_MINE
    set_initiator(look, True)
    git.asked = True
    keep_once(look, GIT_SERVICE, slice_of(p, <u32>blank))
    at = <u32>blank + 1
    end = find_byte(p + at, n - at, 0)
    keep_once(look, GIT_PATH, slice_of(p + at, <u32>end if end >= 0 else n - at))
    while end >= 0:
        at += <u32>end + 1
        end = find_byte(p + at, n - at, 0)
        if end > 5 and starts(p + at, n - at, b"host=", 5):
            keep_once(look, GIT_HOST, slice_of(p + at + 5, <u32>end - 5))
        elif end > 8 and starts(p + at, n - at, b"version=", 8):
            keep_once(look, GIT_VERSION, slice_of(p + at + 8, <u32>end - 8))
    return PARSE_OK


cdef int take_line(Look* look, Git* git, Slice data) noexcept nogil:
    """One packet line; sizes below 4 are marks without content."""
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, want
    cdef int size
    cdef bint client = from_client(look)
    if n < HEAD:
        return wait_for(look, data, HEAD)
    size = line_size(p)
    if size < 0:
        return PARSE_MALFORMED if git.lines[0] + git.lines[1] else PARSE_NOT_MINE
    if size <= HEAD:
        look.used += HEAD
        return PARSE_OK
    want = smaller(<u32>size, MAX_READ)
    if n < want:
        return wait_for(look, data, want)
    git.lines[look.side] += 1
    if client and not git.asked:
        if take_request(look, git, p + HEAD, want - HEAD) != PARSE_OK:
            return PARSE_NOT_MINE if git.lines[1 - look.side] == 0 and not port_is(look, PORT) else PARSE_DONE
    elif starts(p + HEAD, want - HEAD, b"ERR ", 4):
        keep_once(look, GIT_ERROR, slice_of(p + 8, want - 8))
    else:
        keep_agent(look, p + HEAD, want - HEAD, GIT_AGENT if client else GIT_SERVER_AGENT)
        if client:
            return PARSE_DONE
    if git.lines[look.side] >= ENOUGH:
        return PARSE_DONE
    return skip_bytes(look, data, <u64>size)


cdef int git_parse(Look* look, Slice data) noexcept nogil:
    cdef int code = PARSE_OK
    if not has_state(look, sizeof(Git)):
        return PARSE_DONE
    while code == PARSE_OK and look.used < data.n and look.skip == 0:
        code = take_line(look, <Git*>look.state[0], data)
    return code


cdef int git_resync(Look* look, Slice data) noexcept nogil:
    """A packet line that can be no other; a request that was lost is not waited for."""
    cdef Git* git = <Git*>look.state[0]
    cdef int answer = begins_again(look, data, git_detect)
    if answer == 1 and git != NULL and from_client(look):
        git.asked |= not starts(data.p + HEAD, data.n - HEAD, b"git-", 4)
    return answer


cdef void git_define(Proto* p) noexcept nogil:
    cdef int c
    reads(p, "git", ON_TCP, git_detect, git_parse)
    p.resync = git_resync
    for c in range(c'0', c'9' + 1):         # lengths of lines, in hexadecimal
        p.first[c] = 1
    for c in range(c'a', c'f' + 1):
        p.first[c] = 1


# --- describing ---

_FIELDS = (("service", GIT_SERVICE, TEXT), ("path", GIT_PATH, TEXT), ("host", GIT_HOST, TEXT),
           ("agent", GIT_AGENT, TEXT), ("server_agent", GIT_SERVER_AGENT, TEXT), ("version", GIT_VERSION, TEXT),
           ("error", GIT_ERROR, TEXT))
FACT_FIELDS = fact_fields("git", _FIELDS)


def describe(facts, show_secrets: bool = False) -> dict:
    """The `git` object."""
    return described(facts, _FIELDS)


def label(obj: dict) -> str:
    """One line for the flow: "git upload-pack host/path"."""
    return words("git", obj.get("service", "").removeprefix("git-"), obj.get("host", "") + obj.get("path", ""))
