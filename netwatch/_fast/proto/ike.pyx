"""IKEv1 (RFC 2408, 2409) and IKEv2 (RFC 7296) over UDP, with the NAT-traversal marker (RFC 3948).

The header holds the length of the whole message, which must be that of the datagram. ESP inside UDP is only noticed on
a flow that has spoken IKE: alone it cannot be told from noise.
"""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport (u8, u32, u64, Slice, Reader, be16, be32, be64, left, reader, take8, take16,
                                        take_slice)
from netwatch._fast.look.protocol cimport (Look, Proto, ON_UDP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK, fact_once,
                                           set_initiator, reads, has_state)
from netwatch._fast.proto.common.learn cimport Waiting, asked, fact_distinct, keep_latency, keep_text, keep_u16, keep_u8
from netwatch._fast.proto.common.describing import by_key, first, listed, micros, named, number, one_or_all, text

cdef enum:
    HEAD = 28                  # RFC 7296 section 3.1
    MARKER = 4                 # RFC 3948 section 2.2
    PORT_NAT = 4500
    V1 = 0x10
    V2 = 0x20
    V1_ENCRYPTED = 1           # flags, RFC 2408 section 3.1
    V2_RESPONSE = 0x20         # flags, RFC 7296 section 3.1
    V1_VENDOR = 13             # payload types
    V1_NOTIFY = 11
    V2_VENDOR = 43
    V2_NOTIFY = 41
    V2_SK = 46
    V2_SKF = 53
    FEW = 8
    ENOUGH = 32                # ESP datagrams after which the flow is left alone

cdef struct Ike:
    Waiting waiting
    u32 esp


cdef bint head_fits(const u8* p, u32 n) noexcept nogil:
    """Version, exchange, first payload and length belong together; the initiator's SPI is never 0."""
    cdef u8 version, payload, exchange
    if n < HEAD or be32(p + 24) != n or be64(p) == 0:
        return False
    payload = p[16]
    version = p[17]
    exchange = p[18]
    if version == V1:
        return (1 <= exchange <= 6 or 32 <= exchange <= 34) and (payload <= 21 or 128 <= payload <= 133)
    if version == V2 or version == 0x21:
        return 34 <= exchange <= 44 and (payload == 0 or 33 <= payload <= 55) and p[19] & 0xc7 == 0
    return False


cdef u32 message_at(Slice d) noexcept nogil:
    """Offset of the message in the datagram, 0 or MARKER; 0xff when there is none."""
    if head_fits(d.p, d.n):
        return 0
    if d.n > MARKER and be32(d.p) == 0 and head_fits(d.p + MARKER, d.n - MARKER):
        return MARKER
    return 0xff


cdef int ike_detect(Look* look, Slice d) noexcept nogil:
    return 95 if message_at(d) != 0xff else 0


cdef void payloads(Look* look, u8 kind, Reader r, bint v2) noexcept nogil:
    """Walk the chain of clear payloads (RFC 7296 section 3.2): vendor ids and notifications."""
    cdef u8 following
    cdef u32 size
    cdef Slice v
    while kind and left(&r) >= 4:
        if v2 and (kind == V2_SK or kind == V2_SKF):
            return
        following = take8(&r)
        take8(&r)
        size = take16(&r)
        if size < 4:
            return
        v = take_slice(&r, size - 4)
        if r.bad:
            return
        if kind == (V2_VENDOR if v2 else V1_VENDOR):
            keep_text(look, IKE_VENDOR, v, FEW)
        elif v2 and kind == V2_NOTIFY and v.n >= 4:
            keep_u16(look, IKE_NOTIFY, be16(v.p + 2), FEW)
        elif not v2 and kind == V1_NOTIFY and v.n >= 8:
            keep_u16(look, IKE_NOTIFY, be16(v.p + 6), FEW)
        kind = following


cdef void learn(Look* look, Ike* ike, const u8* p, u32 n) noexcept nogil:
    cdef bint v2 = p[17] != V1
    cdef u64 id = be64(p) ^ be32(p + 20)
    keep_u8(look, IKE_VERSION, p[17], 2)
    keep_u8(look, IKE_EXCHANGE, p[18], FEW)
    fact_once(look, IKE_SPI_I, p, 8)
    if be64(p + 8):
        fact_distinct(look, IKE_SPI_R, p + 8, 8, 2)
    else:
        set_initiator(look, True)
    if v2:
        if p[19] & V2_RESPONSE:
            keep_latency(look, IKE_LATENCY, &ike.waiting, id)
        else:
            asked(&ike.waiting, id, look.ts)
    if v2 or not p[19] & V1_ENCRYPTED:
        payloads(look, p[16], reader(p + HEAD, n - HEAD), v2)


cdef int ike_parse(Look* look, Slice d) noexcept nogil:
    cdef u32 at = message_at(d)
    cdef Ike* ike
    cdef u8 yes = 1
    look.used = d.n
    if at == 0xff and look.cold.facts == NULL:
        return PARSE_NOT_MINE
    if not has_state(look, sizeof(Ike)):
        return PARSE_DONE
    ike = <Ike*>look.state[0]
    if at != 0xff:
        ike.esp = 0
        if at == MARKER:
            fact_once(look, IKE_NAT_T, &yes, 1)
        learn(look, ike, d.p + at, d.n - at)
    elif d.n > 8 and be32(d.p) and (look.row.pa == PORT_NAT or look.row.pb == PORT_NAT):
        fact_distinct(look, IKE_ESP, d.p, 4, 4)
        ike.esp += 1
    return PARSE_DONE if ike.esp >= ENOUGH else PARSE_OK


cdef void ike_define(Proto* p) noexcept nogil:
    reads(p, "ike", ON_UDP, ike_detect, ike_parse)
    memset(p.first, 1, sizeof(p.first))
    p.ports[0] = 500
    p.ports[1] = 4500
    p.free = free


# --- what the facts say ---

FACT_FIELDS = {}
VERSIONS = {0x10: "1.0", 0x20: "2.0", 0x21: "2.1"}
EXCHANGES = {1: "base", 2: "main mode", 3: "authentication only", 4: "aggressive mode", 5: "informational",
             6: "transaction", 32: "quick mode", 33: "new group", 34: "IKE_SA_INIT", 35: "IKE_AUTH",
             36: "CREATE_CHILD_SA", 37: "INFORMATIONAL", 38: "IKE_SESSION_RESUME", 43: "IKE_INTERMEDIATE"}
NOTIFIES = {14: "NO_PROPOSAL_CHOSEN", 17: "INVALID_KE_PAYLOAD", 24: "AUTHENTICATION_FAILED",
            16388: "NAT_DETECTION_SOURCE_IP", 16389: "NAT_DETECTION_DESTINATION_IP", 16390: "COOKIE",
            16404: "MULTIPLE_AUTH_SUPPORTED", 16406: "REDIRECT_SUPPORTED", 16418: "CHILDLESS_IKEV2_SUPPORTED",
            16430: "IKEV2_FRAGMENTATION_SUPPORTED", 16431: "SIGNATURE_HASH_ALGORITHMS"}


def vendor_text(raw: bytes) -> str:
    """A vendor id is a hash or a text; a hash is shown in hex."""
    return text(raw) if raw.isascii() and raw.decode("ascii").isprintable() else raw.hex()


def describe(facts) -> dict:
    """The `ike` object."""
    known = by_key(facts)
    obj = {}
    one_or_all(obj, "version", known, IKE_VERSION, lambda raw: VERSIONS.get(number(raw)))
    listed(obj, "exchanges", known, IKE_EXCHANGE, named(EXCHANGES, "exchange"))
    one_or_all(obj, "initiator_spi", known, IKE_SPI_I, bytes.hex)
    one_or_all(obj, "responder_spi", known, IKE_SPI_R, bytes.hex)
    listed(obj, "vendor_ids", known, IKE_VENDOR, vendor_text)
    listed(obj, "notify", known, IKE_NOTIFY, named(NOTIFIES, "notify"))
    listed(obj, "esp_spis", known, IKE_ESP, lambda raw: f"0x{raw.hex()}")
    if IKE_NAT_T in known:
        obj["nat_traversal"] = True
    micros(obj, "latency_us", known, IKE_LATENCY)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "IKEv2 IKE_SA_INIT"."""
    return " ".join([f"IKEv{first(obj.get('version', '')).partition('.')[0]}", *obj.get("exchanges", ())[:1]])
