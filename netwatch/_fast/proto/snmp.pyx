"""SNMP versions 1 (RFC 1157), 2c (RFC 1901, 3416) and 3 (RFC 3412, user-based security RFC 3414) over UDP.

BER, and every element must fit before the message is believed; on its ports version, community and PDU suffice. LDAP
begins alike but has no version and community.
"""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u16, u64, i64, Slice, Reader, left, reader
from netwatch._fast.flow.row cimport ST_SNMP_REQUEST, ST_SNMP_RESPONSE, ST_SNMP_TRAP
from netwatch._fast.look.protocol cimport (Look, Proto, ON_UDP, PARSE_DONE, PARSE_OK, fact_set, set_initiator, reads,
                                           has_state, misfit, last_said)
from netwatch._fast.proto.common.ber cimport (BER_INTEGER, BER_OCTETS, BER_OID, BER_SEQUENCE, ber_any, ber_enter,
                                              ber_number, ber_slice, ber_tag)
from netwatch._fast.proto.common.learn cimport Waiting, asked, keep_latency, keep_text, keep_u8
from netwatch._fast.proto.common.describing import by_key, first, listed, masked, micros, named, number, one_or_all

cdef enum:
    PORT = 161
    PORT_TRAP = 162
    READ_HEAD = 1              # answers of read_message
    READ_WHOLE = 2
    V1 = 0
    V2C = 1
    V2U = 2                    # RFC 1909, historic; read like 2c
    V3 = 3
    PDU_GET = 0xa0             # RFC 3416 section 3
    PDU_RESPONSE = 0xa2
    PDU_TRAP1 = 0xa4
    PDU_INFORM = 0xa6
    PDU_TRAP2 = 0xa7
    PDU_REPORT = 0xa8
    MAX_OIDS = 8
    FEW = 4
    FLAG_PRIVATE = 2           # RFC 3412 section 6.4

cdef struct Message:
    i64 version
    Slice community
    Slice user
    Slice engine
    Slice flags
    int pdu                    # 0 encrypted
    i64 id
    i64 error
    Reader binds


cdef void varbinds(Look* look, Reader binds) noexcept nogil:
    """The first distinct names of a variable-binding list."""
    cdef Reader bind
    cdef Slice oid
    cdef int _i
    for _i in range(MAX_OIDS):
        if left(&binds) == 0:
            return
        bind = ber_enter(&binds, BER_SEQUENCE)
        oid = ber_slice(&bind, BER_OID)
        if bind.bad:
            return
        keep_text(look, SNMP_OID, oid, MAX_OIDS)


cdef bint read_pdu(Reader* r, Message* m) noexcept nogil:
    cdef Reader pdu
    m.pdu = ber_tag(r)
    if m.pdu < PDU_GET or m.pdu > PDU_REPORT:
        return False
    pdu = ber_any(r)
    if m.pdu == PDU_TRAP1:
        # enterprise, agent-addr, generic-trap, specific-trap, time-stamp (RFC 1157 section 4.1.6)
        ber_slice(&pdu, BER_OID)
        ber_any(&pdu)
        ber_number(&pdu, BER_INTEGER)
        ber_number(&pdu, BER_INTEGER)
        ber_any(&pdu)
    else:
        m.id = ber_number(&pdu, BER_INTEGER)
        m.error = ber_number(&pdu, BER_INTEGER)
        ber_number(&pdu, BER_INTEGER)
    m.binds = ber_enter(&pdu, BER_SEQUENCE)
    return not pdu.bad and not r.bad


cdef bint read_v3(Reader* r, Message* m) noexcept nogil:
    """Header data, security parameters, then the scoped PDU unless it is encrypted."""
    cdef Reader head = ber_enter(r, BER_SEQUENCE), security, usm, scoped
    cdef Slice raw, flags
    m.id = ber_number(&head, BER_INTEGER)
    ber_number(&head, BER_INTEGER)
    flags = ber_slice(&head, BER_OCTETS)
    if ber_number(&head, BER_INTEGER) < 0 or head.bad or flags.n != 1:
        return False
    m.flags = flags
    raw = ber_slice(r, BER_OCTETS)
    if r.bad:
        return False
    security = reader(raw.p, raw.n)
    if ber_tag(&security) == BER_SEQUENCE:
        usm = ber_enter(&security, BER_SEQUENCE)
        m.engine = ber_slice(&usm, BER_OCTETS)
        ber_number(&usm, BER_INTEGER)
        ber_number(&usm, BER_INTEGER)
        m.user = ber_slice(&usm, BER_OCTETS)
        if usm.bad:
            return False
    if m.flags.p[0] & FLAG_PRIVATE:
        m.pdu = 0
        ber_slice(r, BER_OCTETS)
        return not r.bad
    scoped = ber_enter(r, BER_SEQUENCE)
    ber_slice(&scoped, BER_OCTETS)
    ber_slice(&scoped, BER_OCTETS)
    return not scoped.bad and read_pdu(&scoped, m)


cdef int read_message(Slice d, Message* m) noexcept nogil:
    """READ_WHOLE; READ_HEAD when something breaks after version and community (or header data); 0 before that."""
    cdef Reader outer = reader(d.p, d.n)
    cdef Reader r = ber_enter(&outer, BER_SEQUENCE)
    memset(m, 0, sizeof(Message))
    m.version = ber_number(&r, BER_INTEGER)
    if r.bad or not V1 <= m.version <= V3:
        return 0
    if m.version == V3:
        return READ_WHOLE if read_v3(&r, m) else READ_HEAD if m.flags.n == 1 else 0
    m.community = ber_slice(&r, BER_OCTETS)
    if r.bad or not PDU_GET <= ber_tag(&r) <= PDU_REPORT:
        return 0
    return READ_WHOLE if read_pdu(&r, m) else READ_HEAD


cdef bint on_port(u16 port) noexcept nogil:
    return port == PORT or port == PORT_TRAP


cdef int snmp_detect(Look* look, Slice d) noexcept nogil:
    cdef Message m
    cdef int read = read_message(d, &m)
    if read == READ_HEAD:
        return 75 if on_port(look.row.pa) or on_port(look.row.pb) else 0
    return 95 if read else 0


cdef bint is_request(int pdu) noexcept nogil:
    return pdu != PDU_RESPONSE and pdu != PDU_REPORT


cdef int snmp_parse(Look* look, Slice d) noexcept nogil:
    cdef Message m
    cdef u8 one
    look.used = d.n
    if read_message(d, &m) == 0:
        return misfit(look)
    if not has_state(look, sizeof(Waiting)):
        return PARSE_DONE
    keep_u8(look, SNMP_VERSION, <u8>m.version, FEW)
    keep_text(look, SNMP_COMMUNITY, m.community, FEW)
    keep_text(look, SNMP_USER, m.user, FEW)
    keep_text(look, SNMP_ENGINE, m.engine, FEW)
    if m.flags.n == 1:
        keep_u8(look, SNMP_FLAGS, m.flags.p[0], FEW)
    if PDU_GET <= m.pdu <= PDU_REPORT:
        keep_u8(look, SNMP_PDU, <u8>m.pdu, MAX_OIDS)
        set_initiator(look, is_request(m.pdu))
        if m.pdu == PDU_RESPONSE or m.pdu == PDU_REPORT:
            keep_latency(look, SNMP_LATENCY, <Waiting*>look.state[0], <u64>m.id)
            one = <u8>m.error if 0 <= m.error <= 255 else 255
            fact_set(look, SNMP_ERROR, &one, 1)
            last_said(look, ST_SNMP_RESPONSE)
        elif m.pdu == PDU_TRAP1 or m.pdu == PDU_TRAP2:
            last_said(look, ST_SNMP_TRAP)
        else:
            last_said(look, ST_SNMP_REQUEST)
            asked(<Waiting*>look.state[0], <u64>m.id, look.ts)
        varbinds(look, m.binds)
    return PARSE_OK


cdef void snmp_define(Proto* p) noexcept nogil:
    reads(p, "snmp", ON_UDP, snmp_detect, snmp_parse)
    p.first[BER_SEQUENCE] = 1
    p.ports[0] = 161
    p.ports[1] = 162
    p.free = free


# --- what the facts say ---

FACT_FIELDS = {}
VERSIONS = {0: "1", 1: "2c", 2: "2u", 3: "3"}
PDUS = {0xA0: "get", 0xA1: "get-next", 0xA2: "response", 0xA3: "set", 0xA4: "trap", 0xA5: "get-bulk", 0xA6: "inform",
        0xA7: "trap", 0xA8: "report"}
ERRORS = {0: "noError", 1: "tooBig", 2: "noSuchName", 3: "badValue", 4: "readOnly", 5: "genErr", 6: "noAccess",
          7: "wrongType", 8: "wrongLength", 9: "wrongEncoding", 10: "wrongValue", 11: "noCreation",
          12: "inconsistentValue", 13: "resourceUnavailable", 14: "commitFailed", 15: "undoFailed",
          16: "authorizationError", 17: "notWritable", 18: "inconsistentName"}
LEVELS = {0: "noAuthNoPriv", 1: "authNoPriv", 3: "authPriv"}


def oid_text(raw: bytes) -> str:
    """Dotted numbers of an OBJECT IDENTIFIER (X.690 section 8.19); a number cut short is left out."""
    numbers = []
    value = 0
    for byte in raw:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            if not numbers:
                numbers += [min(value // 40, 2), value - 40 * min(value // 40, 2)]
            else:
                numbers.append(value)
            value = 0
    return ".".join(map(str, numbers))


def describe(facts, show_secrets: bool = False) -> dict:
    """The `snmp` object; the community is masked unless asked for."""
    known = by_key(facts)
    obj = {}
    one_or_all(obj, "version", known, SNMP_VERSION, named(VERSIONS, "version"))
    one_or_all(obj, "community", known, SNMP_COMMUNITY, masked(show_secrets))
    one_or_all(obj, "user", known, SNMP_USER)
    one_or_all(obj, "security", known, SNMP_FLAGS, lambda raw: LEVELS.get(raw[0] & 3))
    one_or_all(obj, "engine", known, SNMP_ENGINE, bytes.hex)
    listed(obj, "pdus", known, SNMP_PDU, named(PDUS, "pdu"))
    listed(obj, "oids", known, SNMP_OID, oid_text)
    if SNMP_ERROR in known:
        obj["error"] = ERRORS.get(number(known[SNMP_ERROR][-1])) or f"error {number(known[SNMP_ERROR][-1])}"
    micros(obj, "latency_us", known, SNMP_LATENCY)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "SNMPv2c get 1.3.6.1.2.1.1.5.0"."""
    return " ".join([f"SNMPv{first(obj.get('version', ''))}", *obj.get("pdus", ())[:1], *obj.get("oids", ())[:1]])
