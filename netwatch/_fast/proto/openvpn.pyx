"""OpenVPN over UDP and TCP, after the draft "OpenVPN Wire Protocol" and the project's network protocol page.

A session opens with a reset of the client, which the server answers with its own. A reset is believed only in one of
its few exact forms: bare, with an HMAC and the replay packet id and time (tls-auth), or encrypted (tls-crypt); what
follows must keep to the session ids. Data packets alone are noise and never OpenVPN. Unless it is encrypted
(tls-crypt) the control channel carries a TLS handshake, which is read as far as it is in order.
"""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport (u8, u32, u64, Reader, Slice, be16, be32, be64, left, reader, slice_of, take8,
                                        take_slice)
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, ON_UDP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_MORE, PARSE_NOT_MINE, PARSE_OK, fact_number, fact_once, set_initiator,
                                           TRAIT_CARRIES_TLS, TRAIT_OPAQUE, reads, has_state)
from netwatch._fast.proto.common.again cimport messages_fill
from netwatch._fast.proto.common.learn cimport keep_u8
from netwatch._fast.proto.common.lines cimport port_is
from netwatch._fast.proto.tls.inside cimport InnerTls, inner_free, inner_put
from netwatch._fast.proto.tls.hello cimport TLS_CIPHERS, TLS_CUT, TLS_VERSION
from netwatch._fast.proto.tls.text import describe_hello
from netwatch._fast.proto.tls import text as tls_text
from netwatch._fast.proto.common.describing import by_key, listed, micros, named, one_or_all

cdef enum:
    SOFT_RESET = 3
    CONTROL = 4
    ACK = 5
    DATA1 = 6
    CLIENT_RESET2 = 7
    SERVER_RESET2 = 8
    DATA2 = 9
    CLIENT_RESET3 = 10
    CONTROL_WKC = 11
    PORT = 1194
    HEAD = 9                   # opcode and key id, session id
    BARE = 14                  # ... no acknowledgement, packet id 0
    GUARD_NONE = 1
    GUARD_AUTH = 2
    GUARD_CRYPT = 3
    UNLIKE = 5                 # different bytes of a session id that is drawn, at least
    CRYPT_HEAD = 49            # head, packet id, time, tag of 32 bytes
    TIME_LEAST = 978307200     # 2001, when OpenVPN began
    MOST = 4096                # of a packet over TCP
    ENOUGH = 24                # packets read of a session

cdef u32[6] MACS = [16, 20, 28, 32, 48, 64]      # sizes of the digests tls-auth may use

cdef struct Vpn:
    InnerTls tls
    u32 following[2]           # by side: number of the next control packet with TLS in it
    u8 mac                     # bytes of the digest of control packets, 0 none
    bint sealed                # they cannot be read
    u64 id[2]                  # session id of each side, 0 unknown
    u64 asked                  # ns, when the client's reset was seen
    u32 packets
    bint replied


cdef bint time_fits(Look* look, u32 seconds) noexcept nogil:
    """The replay time is one of OpenVPN's years and, when the capture knows the time, not far from now."""
    cdef u64 now = look.ts // 1000000000
    if seconds < TIME_LEAST:
        return False
    return now < TIME_LEAST or (seconds < now + 86400 * 30 and now < <u64>seconds + 86400 * 366)


cdef bint ack_fits(const u8* p, u32 n, bint server) noexcept nogil:
    """The end of a reset: acknowledgements, then packet id 0. A server's may acknowledge the client's."""
    if n == 5:
        return p[0] == 0 and be32(p + 1) == 0
    return server and n == 17 and p[0] == 1 and be32(p + 1) == 0 and be32(p + 13) == 0


cdef int guard_of(Look* look, Slice d, bint server) noexcept nogil:
    """How the reset is protected, GUARD_*; 0 when it has none of the known forms."""
    cdef u32 mac
    cdef int i
    if ack_fits(d.p + HEAD, d.n - HEAD, server):
        return GUARD_NONE
    # the packet id counts from 1; its top byte says that it is the first of a kind
    if d.n >= CRYPT_HEAD + 5 and be32(d.p + HEAD) << 8 == 0x100 and d.p[HEAD] & 0xf0 == 0 and \
            time_fits(look, be32(d.p + HEAD + 4)):
        if d.p[0] >> 3 == CLIENT_RESET3 or d.n == CRYPT_HEAD + 5 or (server and d.n >= CRYPT_HEAD + 17):
            return GUARD_CRYPT
    for i in range(6):
        mac = MACS[i]
        if d.n > HEAD + mac + 8 and be32(d.p + HEAD + mac) == 1 and time_fits(look, be32(d.p + HEAD + mac + 4)) \
                and ack_fits(d.p + HEAD + mac + 8, d.n - HEAD - mac - 8, server):
            return GUARD_AUTH
    return 0


cdef u8 mac_of(Slice d) noexcept nogil:
    """Size of the digest of a reset protected by tls-auth: where it ends, packet id 1 and the end of a reset stand."""
    cdef int i
    for i in range(6):
        if d.n > HEAD + MACS[i] + 8 and be32(d.p + HEAD + MACS[i]) == 1 and (
                ack_fits(d.p + HEAD + MACS[i] + 8, d.n - HEAD - MACS[i] - 8, True)):
            return <u8>MACS[i]
    return 0


cdef void control(Look* look, Vpn* vpn, Slice d) noexcept nogil:
    """The TLS bytes of a control packet: after session id, digest and acknowledgements, a number that counts up. What
    was sent again is passed over; what is missing ends the reading of the side."""
    cdef Reader r = reader(d.p + HEAD, d.n - HEAD)
    cdef u32 number
    cdef u8 acks
    if vpn.sealed or vpn.tls.over:
        return
    if vpn.mac:
        take_slice(&r, vpn.mac + 8)
    acks = take8(&r)
    if acks:
        take_slice(&r, 4 * acks + 8)
    number = be32(take_slice(&r, 4).p) if left(&r) >= 4 else 0
    if r.bad or number != vpn.following[look.side] + 1:
        return
    vpn.following[look.side] = number
    inner_put(look, &vpn.tls, take_slice(&r, left(&r)))


cdef bint drawn(const u8* id) noexcept nogil:
    """Does a session id look like what is drawn by chance, as all are?"""
    cdef int i, k, unlike = 0
    for i in range(8):
        for k in range(i):
            if id[k] == id[i]:
                break
        else:
            unlike += 1
    return unlike >= UNLIKE


cdef int reset_form(Look* look, Slice d) noexcept nogil:
    """GUARD_* when the packet is a reset that opens a session, else 0."""
    cdef u8 op
    if d.n < BARE or d.p[0] & 7 or be64(d.p + 1) == 0:
        return 0
    op = d.p[0] >> 3
    if op != CLIENT_RESET2 and op != SERVER_RESET2 and op != CLIENT_RESET3:
        return 0
    return guard_of(look, d, op == SERVER_RESET2)


cdef int openvpn_detect(Look* look, Slice d) noexcept nogil:
    cdef u32 size
    cdef int form
    if not look.datagram:
        if d.n < 3:
            return DETECT_MORE if d.n < 2 or BARE <= be16(d.p) <= MOST else 0
        size = be16(d.p)
        if not BARE <= size <= MOST or not openvpn_reset(d.p[2]):
            return 0
        if d.n < 2 + size:
            if d.n >= 2 + HEAD and size == BARE and be64(d.p + 3) == 0:
                return 0
            return DETECT_MORE if d.n < 64 and size <= 110 else 0
        d = slice_of(d.p + 2, size)
    form = reset_form(look, d)
    if form == GUARD_NONE and d.n == BARE and not port_is(look, PORT):
        return 60 if drawn(d.p + 1) else 0         # six bytes of it are known
    return 0 if form == 0 else 85 if form == GUARD_CRYPT else 90


cdef bint openvpn_reset(u8 first_byte) noexcept nogil:
    """Opcode and key id of a reset."""
    return first_byte == CLIENT_RESET2 << 3 or first_byte == SERVER_RESET2 << 3 or first_byte == CLIENT_RESET3 << 3


cdef int packet(Look* look, Vpn* vpn, Slice d) noexcept nogil:
    """One packet; once a session stands, control packets must carry its ids."""
    cdef u8 op, form
    cdef u64 id
    if d.n == 0:
        return PARSE_OK
    op = d.p[0] >> 3
    vpn.packets += 1
    if op < SOFT_RESET or op > CONTROL_WKC:
        return PARSE_MALFORMED if vpn.packets > 1 else PARSE_NOT_MINE
    if op != DATA1 and op != DATA2:
        if d.n < HEAD:
            return PARSE_MALFORMED if vpn.packets > 1 else PARSE_NOT_MINE
        id = be64(d.p + 1)
        if openvpn_reset(d.p[0]):
            form = <u8>reset_form(look, d)
            if form == 0 and vpn.packets == 1:
                return PARSE_NOT_MINE
            vpn.id[look.side] = id
            set_initiator(look, op != SERVER_RESET2)
            fact_once(look, OVPN_SERVER if op == SERVER_RESET2 else OVPN_CLIENT, d.p + 1, 8)
            if form:
                fact_once(look, OVPN_GUARD, &form, 1)
                vpn.sealed = form == GUARD_CRYPT
                vpn.mac = mac_of(d) if form == GUARD_AUTH else <u8>0
            if op != SERVER_RESET2:
                vpn.asked = look.ts
            elif vpn.asked and not vpn.replied and look.ts >= vpn.asked:
                vpn.replied = True
                fact_number(look, OVPN_LATENCY, look.ts - vpn.asked if look.ts > vpn.asked else 1)
        elif vpn.id[look.side] and id != vpn.id[look.side]:
            return PARSE_OK
        elif op == CONTROL and d.p[0] & 7 == 0:
            control(look, vpn, d)
    keep_u8(look, OVPN_OPCODE, op, 10)
    if (op == DATA1 or op == DATA2) and (vpn.replied or vpn.packets >= ENOUGH):
        return PARSE_DONE
    return PARSE_DONE if vpn.packets >= 8 * ENOUGH else PARSE_OK


cdef int openvpn_parse(Look* look, Slice d) noexcept nogil:
    cdef Vpn* vpn
    cdef u32 size
    cdef int code
    if not has_state(look, sizeof(Vpn)):
        return PARSE_DONE
    vpn = <Vpn*>look.state[0]
    if look.datagram:
        look.used = d.n
        return packet(look, vpn, d)
    while look.used < d.n:
        if d.n - look.used < 2:
            look.need = 2
            return PARSE_MORE
        size = be16(d.p + look.used)
        if size == 0 or size > MOST:
            return PARSE_MALFORMED if vpn.packets else PARSE_NOT_MINE
        if d.n - look.used < 2 + size:
            look.need = 2 + size
            return PARSE_MORE
        code = packet(look, vpn, slice_of(d.p + look.used + 2, size))
        look.used += 2 + size
        if code != PARSE_OK:
            return code
    return PARSE_OK


cdef u64 length_of(Look* look, const u8* p, u32 n) noexcept nogil:
    """Of a packet behind its length: a control packet carries the side's session id."""
    cdef Vpn* vpn = <Vpn*>look.state[0]
    cdef u32 size
    cdef u8 op
    if n < 3:
        return 3
    size = be16(p)
    op = p[2] >> 3
    if size == 0 or size > MOST or op < SOFT_RESET or op > CONTROL_WKC:
        return 0
    if op != DATA1 and op != DATA2 and n >= 2 + HEAD and \
            (size < HEAD or vpn.id[look.side] and be64(p + 3) != vpn.id[look.side]):
        return 0
    return 2 + size


cdef int openvpn_resync(Look* look, Slice d) noexcept nogil:
    return look.state[0] != NULL and messages_fill(look, d, length_of)


cdef void openvpn_free(void* state) noexcept nogil:
    inner_free(&(<Vpn*>state).tls)
    free(state)


cdef void openvpn_define(Proto* p) noexcept nogil:
    reads(p, "openvpn", ON_TCP | ON_UDP, openvpn_detect, openvpn_parse)
    p.first[CLIENT_RESET2 << 3] = 1
    p.first[SERVER_RESET2 << 3] = 1
    p.first[CLIENT_RESET3 << 3] = 1
    memset(p.first, 1, (MOST >> 8) + 1)        # over TCP the length comes first
    p.ports[0] = PORT
    p.traits = TRAIT_CARRIES_TLS | TRAIT_OPAQUE
    p.resync = openvpn_resync
    p.free = openvpn_free


# --- what the facts say ---

FACT_FIELDS = tls_text.FACT_FIELDS
DEPENDS = tls_text.DEPENDS | {"label": (OVPN_GUARD,), "app_stack": (TLS_CIPHERS, TLS_CUT, TLS_VERSION)}
OPCODES = {3: "soft reset", 4: "control", 5: "ack", 6: "data v1", 7: "client reset v2", 8: "server reset v2",
           9: "data v2", 10: "client reset v3", 11: "control with key"}
GUARDS = {1: "none", 2: "tls-auth", 3: "tls-crypt"}


def describe(facts) -> dict:
    """The `openvpn` object."""
    known = by_key(facts)
    obj = {}
    listed(obj, "opcodes", known, OVPN_OPCODE, named(OPCODES, "opcode"))
    one_or_all(obj, "protection", known, OVPN_GUARD, named(GUARDS, "form"))
    one_or_all(obj, "client_session", known, OVPN_CLIENT, bytes.hex)
    one_or_all(obj, "server_session", known, OVPN_SERVER, bytes.hex)
    micros(obj, "latency_us", known, OVPN_LATENCY)
    tls = describe_hello({key: values[0] for key, values in known.items()}, "t")
    if tls:
        obj["tls"] = tls
    if "ja4" in tls or "version" in tls:
        obj["stack"] = ["tls"]
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "OpenVPN tls-crypt"."""
    guard = obj.get("protection", "none")
    return "OpenVPN" if guard == "none" else f"OpenVPN {guard}"
