"""The registry of protocols, and which of them is surest of some first bytes.

The first byte of what a side says selects the protocols that may begin so; each says how sure it is; the surest reads
the flow from then on (dispatch.pyx). Which protocols there are is said in dpi.pyx.
"""
from libc.string cimport memset, strcmp

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice, be16
from netwatch._fast.base.mix cimport lowest_bit
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, MAX_PROTOS, TRAIT_CARRIES_TLS, TRAIT_OPAQUE,
                                           TRAIT_STREAMS)

TRAITS = {"carries tls": TRAIT_CARRIES_TLS, "opaque": TRAIT_OPAQUE, "streams": TRAIT_STREAMS}

cdef enum:
    HANDSHAKE = 22             # records of TLS
    RECORD_HEAD = 5
    SAID_ENOUGH = 64           # bytes that are looked at for empty ones
    PORTS_OWNED = 256

cdef struct Asked:              # of a Proto what a flow's first bytes are asked with
    int (*detect)(Look*, Slice) noexcept nogil
    u16 carrier

cdef Proto PROTOS[MAX_PROTOS]  # [1..n_protos]
cdef Asked ASKED[MAX_PROTOS]   # ... close together: each new flow asks a dozen
cdef int n_protos = 0
cdef u64 CANDIDATES[3][256][2]  # by transport (bit of ON_*) and first byte: bits of the protocols that may begin so
cdef u8 OWNED[65536]           # by UDP port: which of OWNERS it has, 0 none
cdef u64 OWNERS[PORTS_OWNED][2]  # bits of the protocols that call a port their own
cdef int n_owned = 1
cdef u64 LATE[2]               # bits of the protocols that may follow what nobody knew

APP_NAMES = [None]             # by protocol number
_added = []                    # names of Proto.name that nothing else keeps


cdef int enroll(void (*define)(Proto*) noexcept nogil) except -1:
    """Register a protocol; its number, which is returned, is its place in the list of dpi.pyx."""
    global n_protos
    cdef int byte, on
    n_protos += 1
    cdef Proto* p = &PROTOS[n_protos]
    define(p)
    ASKED[n_protos].detect, ASKED[n_protos].carrier = p.detect, p.carrier
    APP_NAMES.append(p.name.decode())
    for on in range(3):
        if p.on >> on & 1:
            for byte in range(256):
                if p.first[byte]:
                    CANDIDATES[on][byte][n_protos >> 6] |= <u64>1 << (n_protos & 63)
    for byte in range(4):
        if p.ports[byte]:
            own(p.ports[byte], n_protos)
    if p.late:
        LATE[n_protos >> 6] |= <u64>1 << (n_protos & 63)
    return n_protos


cdef int own(u16 port, int number) except -1:
    """The protocol calls the UDP port its own."""
    global n_owned
    if OWNED[port] == 0:
        if n_owned == PORTS_OWNED:
            raise OverflowError("more own ports than PORTS_OWNED")
        OWNED[port] = <u8>n_owned
        n_owned += 1
    OWNERS[OWNED[port]][number >> 6] |= <u64>1 << (number & 63)
    return 0


def app_names() -> list[str | None]:
    """Names by protocol number; 0 is the unknown one, None. Always the same list, which add_name makes longer."""
    return APP_NAMES


def add_name(str name) -> int:
    """The number of a protocol that a user's classifier names; a new one when it is not there yet, 0 without room."""
    global n_protos
    if name in APP_NAMES:
        return APP_NAMES.index(name)
    if n_protos + 1 >= MAX_PROTOS:
        return 0
    _added.append(name.encode())
    n_protos += 1
    memset(&PROTOS[n_protos], 0, sizeof(Proto))
    PROTOS[n_protos].name = <const char*><bytes>_added[-1]
    APP_NAMES.append(name)
    return n_protos


cdef const Proto* proto_at(int number) noexcept nogil:
    return &PROTOS[number]


cdef int proto_named(const char* name) noexcept nogil:
    """The number of the protocol, 0 when there is none."""
    cdef int number
    for number in range(1, n_protos + 1):
        if strcmp(PROTOS[number].name, name) == 0:
            return number
    return 0


cdef bint own_port(u16 port) noexcept nogil:
    """Does a protocol over UDP call the port its own?"""
    return OWNED[port] != 0


cdef int best(Look* look, Slice data, int on, bint* more) noexcept nogil:
    """The surest protocol for these first bytes, 0 none; `more` when one of them needs to see more. `on`: the bit of
    ON_* that is the transport."""
    return surest(look, data, CANDIDATES[on][data.p[0]], more)


cdef int best_owner(Look* look, Slice data, int on, u16 port) noexcept nogil:
    """The surest for this datagram of the protocols that call the port their own, 0 none."""
    cdef const u64* owners = OWNERS[OWNED[port]]
    cdef const u64* candidates = CANDIDATES[on][data.p[0]]
    cdef u64[2] bits = [owners[0] & candidates[0], owners[1] & candidates[1]]
    cdef bint more
    return surest(look, data, bits, &more)


cdef int surest(Look* look, Slice data, const u64* candidates, bint* more) noexcept nogil:
    """The surest of the candidates, of which there are the bits."""
    cdef u64 bits
    cdef int half, number, sure, top = 0, winner = 0
    more[0] = False
    for half in range(2):
        bits = candidates[half]
        while bits:
            number = half * 64 + lowest_bit(bits)
            bits &= bits - 1
            if ASKED[number].carrier and ASKED[number].carrier != look.row.proto:
                continue
            look.proto = number
            sure = ASKED[number].detect(look, data)
            if sure == DETECT_MORE:
                more[0] = True
            elif sure > top:
                top = sure
                winner = number
    if winner:
        more[0] = False
        look.cold.confidence = <u8>top
    look.proto = winner
    return winner


cdef u32 said(Slice data) noexcept nogil:
    """How many of a side's first bytes say something: empty records of a TLS handshake do not (RFC 8446 section 5.1),
    and are no reason to decide what the side speaks."""
    cdef const u8* p = data.p
    cdef u32 at = 0, empty = 0, size
    while at < data.n and data.n - at >= RECORD_HEAD and at - empty < SAID_ENOUGH and p[at] == HANDSHAKE \
            and p[at + 1] == 3:
        size = be16(p + at + 3)
        if size == 0:
            empty += RECORD_HEAD
        at += RECORD_HEAD + size
    return data.n - empty


cdef bint begins_late(Slice data) noexcept nogil:
    """Could these bytes of a TCP flow that nobody knew so far begin what is surer of itself than chance?"""
    cdef Look look
    cdef u64 bits
    cdef int half, number, sure
    for half in range(2):
        bits = CANDIDATES[0][data.p[0]][half] & LATE[half] if data.n else 0
        while bits:
            number = half * 64 + lowest_bit(bits)
            bits &= bits - 1
            memset(&look, 0, sizeof(Look))
            sure = ASKED[number].detect(&look, data)
            if sure >= PROTOS[number].late:
                return True
    return False


cdef bint may_be_path(Slice data) noexcept nogil:
    """Could the datagram of an unknown flow belong to a further path of a connection that only keys can tie to it?"""
    cdef int i
    for i in range(1, n_protos + 1):
        if PROTOS[i].path != NULL and PROTOS[i].path(data):
            return True
    return False


def having(str trait) -> frozenset[str]:
    """The names of the apps that have the trait, a key of TRAITS."""
    bit = TRAITS[trait]
    return frozenset(APP_NAMES[i] for i in range(1, n_protos + 1) if PROTOS[i].traits & bit)


def timeouts() -> dict:
    """Seconds a flow may be idle, by app name, where a protocol says so itself."""
    return {PROTOS[i].name.decode(): PROTOS[i].timeout for i in range(1, n_protos + 1) if PROTOS[i].timeout}
