"""BitTorrent: DHT (BEP 5), uTP (BEP 29), UDP trackers (BEP 15), local discovery (BEP 14), peer handshake (BEP 3).

DHT messages are bencoding, walked to the end. A uTP header says too little: both sides must have spoken, with
connection ids one apart or equal after a SYN and acknowledgements of what the other sent; encrypted noise never does.
"""
from libc.stdlib cimport free
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice, be16, be32, slice_of, starts
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, ON_UDP, PARSE_DONE, PARSE_MORE,
                                           PARSE_NOT_MINE, PARSE_OK, fact_once, reads, has_state)
from netwatch._fast.proto.common.again cimport messages_fill
from netwatch._fast.proto.common.learn cimport HINT_UTP, Hint, fact_distinct, hint_of, hint_set, keep_text, keep_u8
from netwatch._fast.proto.common.describing import by_key, first, listed, number, one_or_all, text

cdef enum:
    KIND_DHT = 1
    KIND_UTP = 2
    KIND_TRACKER = 3
    KIND_LOCAL = 4
    KIND_PEER = 5
    DEPTH = 16                 # lists and dictionaries inside one another
    HASH = 20
    UTP_HEAD = 20              # BEP 29, header format
    UTP_STATE = 2
    UTP_SYN = 4
    UTP_NEAR = 256             # acknowledgements may lag behind this many packets
    HANDSHAKE = 68             # BEP 3, peer protocol
    TRACKER_CONNECT = 16       # BEP 15
    FEW = 4
    ENOUGH = 64
    CHOKE = 0                  # messages between peers, BEP 3; 9 BEP 5; 13 to 17 BEP 6; 20 BEP 10; 21 to 23 BEP 52
    HAVE = 4
    BITFIELD = 5
    REQUEST = 6
    PIECE = 7
    CANCEL = 8
    DHT_PORT = 9
    SUGGEST = 13
    HAVE_ALL = 14
    HAVE_NONE = 15
    REJECT = 16
    ALLOWED_FAST = 17
    EXTENDED = 20
    BLOCK_MOST = 131072
    FIRST_PORT = 6881          # what clients listen at by habit
    LAST_PORT = 6889

cdef const char* PEER_WORD = b"\x13BitTorrent protocol"
cdef const char* LOCAL_WORD = b"BT-SEARCH * HTTP/1.1\r\n"

cdef struct Torrent:
    u32 seen
    u8 sides                   # 1, 2: handshake of that side read


# --- bencoding, BEP 3 ---

cdef u32 string_end(const u8* p, u32 n, u32 at, Slice* content) noexcept nogil:
    """Offset after the string "len:bytes" at `at`; 0 when there is none."""
    cdef u32 size = 0, digits = 0
    while at < n and c'0' <= p[at] <= c'9' and digits < 6:
        size = size * 10 + (p[at] - c'0')
        digits += 1
        at += 1
    if digits == 0 or at >= n or p[at] != c':' or size > n - at - 1:
        return 0
    content[0] = slice_of(p + at + 1, size)
    return at + 1 + size


cdef u32 value_end(const u8* p, u32 n, u32 at) noexcept nogil:
    """Offset after the value at `at`, whatever it is; 0 when it breaks."""
    cdef Slice s
    cdef int depth = 0
    while at < n:
        if p[at] == c'd' or p[at] == c'l':
            depth += 1
            at += 1
            if depth > DEPTH:
                return 0
            continue
        if p[at] == c'e':
            depth -= 1
            at += 1
            if depth < 0:
                return 0
        elif p[at] == c'i':
            at += 1
            while at < n and (c'0' <= p[at] <= c'9' or p[at] == c'-'):
                at += 1
            if at >= n or p[at] != c'e':
                return 0
            at += 1
        else:
            at = string_end(p, n, at, &s)
            if at == 0:
                return 0
        if depth == 0:
            return at
    return 0


cdef bint next_pair(Slice d, u32* at, Slice* key, Slice* value) noexcept nogil:
    """Key and raw value of the dictionary's next entry; `at` begins at 1."""
    cdef u32 end = string_end(d.p, d.n, at[0], key)
    if end == 0:
        return False
    at[0] = value_end(d.p, d.n, end)
    if at[0] == 0:
        at[0] = d.n
        return False
    value[0] = slice_of(d.p + end, at[0] - end)
    return True


cdef bint is_key(Slice key, const char* word, u32 n) noexcept nogil:
    return key.n == n and memcmp(key.p, word, n) == 0


cdef bint is_dht(Slice d) noexcept nogil:
    """One dictionary, nothing after it, with a transaction id and the kind of message (BEP 5, KRPC protocol)."""
    cdef u32 at = 1
    cdef Slice key, value
    cdef bint kind = False, id = False
    if d.n < 10 or d.p[0] != c'd' or d.p[d.n - 1] != c'e' or value_end(d.p, d.n, 0) != d.n:
        return False
    while next_pair(d, &at, &key, &value):
        if is_key(key, b"y", 1):
            kind = value.n == 3 and value.p[0] == c'1' and \
                (value.p[2] == c'q' or value.p[2] == c'r' or value.p[2] == c'e')
        elif is_key(key, b"t", 1):
            id = value.n >= 3 and value.p[0] != c'd'
    return kind and id


cdef void learn_inner(Look* look, Slice d) noexcept nogil:
    """The arguments of a query, or the values of a response."""
    cdef u32 at = 1
    cdef Slice key, value, content
    if d.p[0] != c'd':
        return
    while next_pair(d, &at, &key, &value):
        if string_end(value.p, value.n, 0, &content) == 0 or content.n != HASH:
            continue
        if is_key(key, b"id", 2):
            keep_text(look, BT_NODE, content, FEW)
        elif is_key(key, b"info_hash", 9):
            keep_text(look, BT_HASH, content, FEW)


cdef void learn_dht(Look* look, Slice d) noexcept nogil:
    cdef u32 at = 1
    cdef Slice key, value, content
    keep_u8(look, BT_KIND, KIND_DHT, 5)
    while next_pair(d, &at, &key, &value):
        if is_key(key, b"a", 1) or is_key(key, b"r", 1):
            learn_inner(look, value)
        elif is_key(key, b"q", 1) and string_end(value.p, value.n, 0, &content):
            keep_text(look, BT_QUERY, content, FEW)
        elif is_key(key, b"v", 1) and string_end(value.p, value.n, 0, &content):
            keep_text(look, BT_CLIENT, content, 2)


# --- uTP ---

cdef u32 utp_size(Slice d) noexcept nogil:
    """Length of the header with its extensions; 0 when it is none."""
    cdef u32 at = UTP_HEAD
    cdef u8 ext
    if d.n < UTP_HEAD or d.p[0] & 15 != 1 or d.p[0] >> 4 > UTP_SYN or d.p[1] > 4:
        return 0
    ext = d.p[1]
    while ext:
        if d.n < at + 2 or d.p[at] > 4 or d.p[at + 1] == 0 or d.n < at + 2 + d.p[at + 1]:
            return 0
        ext = d.p[at]
        at += 2 + d.p[at + 1]
    return at


cdef bint utp_shape(Slice d, u32 size) noexcept nogil:
    """Only data carries bytes, and always does; a SYN acknowledges nothing."""
    cdef u8 kind = d.p[0] >> 4
    if kind == 0:
        return d.n > size
    return d.n == size and (kind != UTP_SYN or be32(d.p + 8) == 0)


cdef int utp_detect(Look* look, Slice d) noexcept nogil:
    cdef u32 size = utp_size(d)
    cdef u16 id, apart, lag
    cdef Hint other
    if size == 0 or not utp_shape(d, size):
        return 0
    if d.n - size >= HANDSHAKE and starts(d.p + size, d.n - size, PEER_WORD, HASH):
        return 95
    id = be16(d.p + 2)
    other = hint_of(look.row, 1 - look.side)
    hint_set(look.row, look.side, HINT_UTP, id, be16(d.p + 16), d.p[0] >> 4)
    if other.tag != HINT_UTP:
        return 0
    apart = id - <u16>other.id
    lag = other.seq - be16(d.p + 18)
    if other.count == UTP_SYN:
        return 85 if apart == 0 and lag == 0 and d.p[0] >> 4 == UTP_STATE else 0
    return 80 if (apart == 1 or apart == 0xffff) and <u16>(lag + 1) <= UTP_NEAR else 0


# --- which of them a datagram is ---

cdef int kind_of(Slice d) noexcept nogil:
    """KIND_* of a datagram that proves itself, 0 otherwise."""
    if d.n and d.p[0] == c'd' and is_dht(d):
        return KIND_DHT
    if d.n == TRACKER_CONNECT and be32(d.p) == 0x417 and be32(d.p + 4) == 0x27101980 and \
            be32(d.p + 8) == 0:
        return KIND_TRACKER
    if starts(d.p, d.n, LOCAL_WORD, 22):
        return KIND_LOCAL
    return 0


# --- between peers, joined behind the handshake ---

cdef u64 message_size(Look* look, const u8* p, u32 n) noexcept nogil:
    """Length of the message that begins here, as its number allows it; 0 none does."""
    cdef u32 size
    cdef u8 kind
    if n < 4:
        return 0
    size = be32(p)
    if size == 0:
        return 4                       # keeps alive
    if n < 5 or size > BLOCK_MOST + 9:
        return 0
    kind = p[4]
    if kind < HAVE or kind == HAVE_ALL or kind == HAVE_NONE:
        return 5 if size == 1 else 0
    if kind == HAVE or kind == SUGGEST or kind == ALLOWED_FAST:
        return 9 if size == 5 else 0
    if kind == REQUEST or kind == CANCEL or kind == REJECT:
        return 17 if size == 13 and n >= 17 and 0 < be32(p + 13) <= BLOCK_MOST else 0
    if kind == DHT_PORT:
        return 7 if size == 3 else 0
    if kind == PIECE:
        return 4 + size if size > 9 else 0
    return 4 + size if (kind == BITFIELD and size > 1) or (kind == EXTENDED and size > 3) else 0


cdef bint is_extended(Slice d) noexcept nogil:
    """An extension's message: a dictionary with a first key."""
    cdef Slice key
    return (d.n >= 10 and be16(d.p) == 0 and d.p[4] == EXTENDED and d.p[6] == c'd' and be32(d.p) > 6
            and (string_end(d.p, d.n, 7, &key) > 0 and 0 < key.n < 64 or d.p[7] == c'e'))


cdef bint at_home(const Look* look) noexcept nogil:
    return FIRST_PORT <= look.row.pa <= LAST_PORT or FIRST_PORT <= look.row.pb <= LAST_PORT


cdef int joined(Look* look, Slice d) noexcept nogil:
    """Messages that fill the segment: at a usual port one of more than a length and a number suffices, or the start
    of a block; elsewhere an extension's."""
    cdef bint kept = be32(d.p) == 0 or (be32(d.p) == 1 and d.n < 15)
    if is_extended(d):
        return 92
    if not at_home(look) or kept or d.n < 9:
        return 0
    if d.p[4] == PIECE and d.n >= 13 and be32(d.p + 9) % 16384 == 0 and message_size(look, d.p, d.n) > d.n:
        return 70
    return 72 if messages_fill(look, d, message_size) else 0


cdef int bittorrent_detect(Look* look, Slice d) noexcept nogil:
    if not look.datagram:
        if d.n and d.p[0] == 0:
            return joined(look, d) if d.n >= 10 or (d.n == 9 and at_home(look)) else DETECT_MORE if d.n < 9 else 0
        if d.n >= HASH:
            return 98 if starts(d.p, d.n, PEER_WORD, HASH) else 0
        return DETECT_MORE if memcmp(d.p, PEER_WORD, d.n) == 0 else 0
    return 95 if kind_of(d) else utp_detect(look, d)


cdef void learn_handshake(Look* look, const u8* p) noexcept nogil:
    """Reserved bytes, info hash, peer id."""
    keep_u8(look, BT_KIND, KIND_PEER, 5)
    fact_once(look, BT_EXT, p + HASH, 8)
    fact_distinct(look, BT_HASH, p + HASH + 8, HASH, FEW)
    fact_distinct(look, BT_PEER, p + HASH + 8 + HASH, HASH, FEW)


cdef void learn_local(Look* look, Slice d) noexcept nogil:
    """Each "Infohash: " line of a local announcement has 40 hexadecimal digits (BEP 14)."""
    cdef u32 i
    keep_u8(look, BT_KIND, KIND_LOCAL, 5)
    for i in range(d.n):
        if d.n - i >= 52 and starts(d.p + i, d.n - i, b"\nInfohash: ", 11):
            fact_distinct(look, BT_HASH, d.p + i + 11, 40, FEW)


cdef int datagram(Look* look, Torrent* t, Slice d) noexcept nogil:
    cdef int kind = kind_of(d)
    cdef u32 size
    t.seen += 1
    if kind == KIND_DHT:
        learn_dht(look, d)
    elif kind == KIND_LOCAL:
        learn_local(look, d)
    elif kind:
        keep_u8(look, BT_KIND, <u8>kind, 5)
    else:
        size = utp_size(d)
        if size == 0 and t.seen == 1:
            return PARSE_NOT_MINE
        if size:
            keep_u8(look, BT_KIND, KIND_UTP, 5)
            if d.n - size >= HANDSHAKE and starts(d.p + size, d.n - size, PEER_WORD, HASH):
                learn_handshake(look, d.p + size)
    return PARSE_DONE if t.seen >= ENOUGH else PARSE_OK


cdef int bittorrent_parse(Look* look, Slice d) noexcept nogil:
    cdef Torrent* t
    if not has_state(look, sizeof(Torrent)):
        return PARSE_DONE
    t = <Torrent*>look.state[0]
    if look.datagram:
        look.used = d.n
        return datagram(look, t, d)
    if t.sides == 0 and d.p[0] == 0:
        keep_u8(look, BT_KIND, KIND_PEER, 5)
        look.used = d.n
        return PARSE_DONE
    if t.sides & 1 << look.side:
        look.used = d.n
        return PARSE_OK
    if d.n < HANDSHAKE:
        look.need = HANDSHAKE
        return PARSE_MORE
    if not starts(d.p, d.n, PEER_WORD, HASH):
        return PARSE_DONE if t.sides else PARSE_NOT_MINE
    learn_handshake(look, d.p)
    t.sides |= <u8>(1 << look.side)
    look.used = d.n
    return PARSE_DONE if t.sides == 3 else PARSE_OK


cdef void bittorrent_define(Proto* p) noexcept nogil:
    cdef int kind
    reads(p, "bittorrent", ON_TCP | ON_UDP, bittorrent_detect, bittorrent_parse)
    p.ports[0] = FIRST_PORT
    p.first[c'd'] = 1
    p.first[c'B'] = 1
    p.first[0x00] = 1          # a tracker's magic number
    p.first[0x13] = 1
    for kind in range(5):
        p.first[kind << 4 | 1] = 1
    p.free = free


# --- what the facts say ---

FACT_FIELDS = {}
KINDS = {1: "dht", 2: "utp", 3: "tracker", 4: "local discovery", 5: "peer"}
CLIENTS = {"AZ": "Vuze", "BC": "BitComet", "BT": "BitTorrent", "DE": "Deluge", "KT": "KTorrent", "LT": "libtorrent",
           "lt": "rTorrent", "qB": "qBittorrent", "TR": "Transmission", "UM": "uTorrent Mac", "UT": "uTorrent",
           "WW": "WebTorrent"}


def info_hash(raw: bytes) -> str:
    """40 hexadecimal digits; local discovery has them as text."""
    return text(raw).lower() if len(raw) == 40 else raw.hex()


def client(raw: bytes) -> str:
    """The client of a peer id "-XXnnnn-..." (BEP 20), or of a DHT version "XX" and 2 bytes."""
    code = raw[1:3] if raw[:1] == b"-" and len(raw) == 20 else raw[:2] if len(raw) == 4 else b""
    return CLIENTS.get(code.decode("latin-1")) or (text(code) if code.isalnum() and code.isascii() else "")


def describe(facts) -> dict:
    """The `bittorrent` object."""
    known = by_key(facts)
    obj = {}
    one_or_all(obj, "kind", known, BT_KIND, lambda raw: KINDS.get(number(raw)))
    listed(obj, "queries", known, BT_QUERY)
    one_or_all(obj, "info_hash", known, BT_HASH, info_hash)
    one_or_all(obj, "node_id", known, BT_NODE, bytes.hex)
    one_or_all(obj, "peer_id", known, BT_PEER, bytes.hex)
    names = {BT_CLIENT: [*known.get(BT_CLIENT, ()), *known.get(BT_PEER, ())]}
    one_or_all(obj, "client", names, BT_CLIENT, client)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "BitTorrent dht find_node"."""
    return " ".join(["BitTorrent", first(obj.get("kind", "")), *obj.get("queries", ())[:1]]).strip()
