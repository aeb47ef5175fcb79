# cython: boundscheck=False
"""The registry of protocols and the dispatch: who reads a flow, from the first bytes until it is known.

The first byte of what a side says selects the protocols that may begin so; each says how sure it is; the surest reads
the flow from then on. A side nobody wants is not asked about again when its beginning was seen, and for its first
frames only when the flow was joined in the middle. A flow that is known, or hopeless, costs one test of a bit.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from netwatch._fast.bytes cimport u8, u32, u64, Slice
from netwatch._fast.conns cimport conn_free, conn_new
from netwatch._fast.flow cimport *
from netwatch._fast.packet cimport Packet
from netwatch._fast.seam cimport *
from netwatch._fast.segments cimport segments_take
from netwatch._fast.proto.amqp cimport amqp_define
from netwatch._fast.proto.bgp cimport bgp_define
from netwatch._fast.proto.bittorrent cimport bittorrent_define
from netwatch._fast.proto.cassandra cimport cassandra_define
from netwatch._fast.proto.coap cimport coap_define
from netwatch._fast.proto.dhcp cimport dhcp_define
from netwatch._fast.proto.dhcpv6 cimport dhcpv6_define
from netwatch._fast.proto.dnp3 cimport dnp3_define
from netwatch._fast.proto.dns cimport dns_define, mdns_define, llmnr_define
from netwatch._fast.proto.dtls cimport dtls_define
from netwatch._fast.proto.ftp cimport ftp_define
from netwatch._fast.proto.git cimport git_define
from netwatch._fast.proto.grpc cimport grpc_define
from netwatch._fast.proto.http cimport http_define
from netwatch._fast.proto.http2 cimport http2_define
from netwatch._fast.proto.http3 cimport http3_define
from netwatch._fast.proto.ike cimport ike_define
from netwatch._fast.proto.imap cimport imap_define
from netwatch._fast.proto.irc cimport irc_define
from netwatch._fast.proto.kafka cimport kafka_define
from netwatch._fast.proto.kerberos cimport kerberos_define
from netwatch._fast.proto.ldap cimport ldap_define
from netwatch._fast.proto.memcached cimport memcached_define
from netwatch._fast.proto.mongodb cimport mongodb_define
from netwatch._fast.proto.mysql cimport mysql_define
from netwatch._fast.proto.modbus cimport modbus_define
from netwatch._fast.proto.mqtt cimport mqtt_define
from netwatch._fast.proto.netbios cimport netbios_define
from netwatch._fast.proto.ntp cimport ntp_define
from netwatch._fast.proto.openvpn cimport openvpn_define
from netwatch._fast.proto.pop3 cimport pop3_define
from netwatch._fast.proto.postgresql cimport postgresql_define
from netwatch._fast.proto.quic cimport quic_define
from netwatch._fast.proto.radius cimport radius_define
from netwatch._fast.proto.rdp cimport rdp_define
from netwatch._fast.proto.redis cimport redis_define
from netwatch._fast.proto.rsync cimport rsync_define
from netwatch._fast.proto.rtcp cimport rtcp_define
from netwatch._fast.proto.rtp cimport rtp_define
from netwatch._fast.proto.rtsp cimport rtsp_define
from netwatch._fast.proto.sip cimport sip_define
from netwatch._fast.proto.smb cimport smb_define
from netwatch._fast.proto.smtp cimport smtp_define
from netwatch._fast.proto.snmp cimport snmp_define
from netwatch._fast.proto.socks cimport socks_define
from netwatch._fast.proto.ssdp cimport ssdp_define
from netwatch._fast.proto.ssh cimport ssh_define
from netwatch._fast.proto.stun cimport stun_define
from netwatch._fast.proto.syslog cimport syslog_define
from netwatch._fast.proto.telnet cimport telnet_define
from netwatch._fast.proto.tftp cimport tftp_define
from netwatch._fast.proto.tls cimport tls_define
from netwatch._fast.proto.websocket cimport websocket_define
from netwatch._fast.proto.vnc cimport vnc_define
from netwatch._fast.proto.wireguard cimport wireguard_define
from netwatch._fast.proto.xmpp cimport xmpp_define

cdef enum:
    UDP_TRIES = 8              # datagrams of an unknown flow that are looked at
    PATH_TRIES = 2048          # ... that are handed to who may know it as a path of a QUIC connection
    PATH_FIRST = 0x40          # bits of the first byte of a QUIC packet with a short header (RFC 9000 section 17.3)
    PATH_BYTES = 21            # of the shortest (section 10.3)
    UNKNOWN_BYTES = 1024       # of what nobody knows, for users' classifiers
    CHANGES = 8                # how often a flow may go from one protocol back to undecided

cdef Proto PROTOS[MAX_PROTOS]  # [1..n_protos]
cdef int n_protos = 0
cdef u64 CANDIDATES[2][256][2]  # by transport (TCP, UDP) and first byte: bits of the protocols that may begin so


cdef void enroll(void (*define)(Proto*) noexcept nogil) noexcept:
    """Register a protocol; its number is its place in the list below."""
    global n_protos
    cdef int byte, on
    n_protos += 1
    cdef Proto* p = &PROTOS[n_protos]
    define(p)
    for on in range(2):
        if p.on >> on & 1:
            for byte in range(256):
                if p.first[byte]:
                    CANDIDATES[on][byte][n_protos >> 6] |= <u64>1 << (n_protos & 63)


# The table: one line a protocol. Where two are equally sure the earlier wins.
enroll(tls_define)
enroll(http_define)
enroll(dns_define)
enroll(mdns_define)
enroll(llmnr_define)
enroll(quic_define)
enroll(dtls_define)
enroll(ssh_define)
enroll(ftp_define)
enroll(smtp_define)
enroll(imap_define)
enroll(pop3_define)
enroll(irc_define)
enroll(telnet_define)
enroll(sip_define)
enroll(rtsp_define)
enroll(ssdp_define)
enroll(redis_define)
enroll(memcached_define)
enroll(mysql_define)
enroll(postgresql_define)
enroll(mongodb_define)
enroll(cassandra_define)
enroll(xmpp_define)
enroll(syslog_define)
enroll(rsync_define)
enroll(git_define)
enroll(socks_define)
enroll(netbios_define)
enroll(smb_define)
enroll(rdp_define)
enroll(vnc_define)
enroll(dhcp_define)
enroll(dhcpv6_define)
enroll(ntp_define)
enroll(snmp_define)
enroll(stun_define)
enroll(radius_define)
enroll(tftp_define)
enroll(coap_define)
enroll(wireguard_define)
enroll(openvpn_define)
enroll(ike_define)
enroll(kerberos_define)
enroll(ldap_define)
enroll(rtcp_define)
enroll(rtp_define)
enroll(bittorrent_define)
enroll(http2_define)
enroll(websocket_define)
enroll(grpc_define)
enroll(mqtt_define)
enroll(amqp_define)
enroll(kafka_define)
enroll(bgp_define)
enroll(dnp3_define)
enroll(modbus_define)
enroll(http3_define)


APP_NAMES = [None] + [PROTOS[i].name.decode() for i in range(1, n_protos + 1)]
_added = []                    # names of Proto.name that nothing else keeps


def app_names() -> list:
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


cdef int best(Look* look, Slice data, bint udp, bint* more) noexcept nogil:
    """The surest protocol for these first bytes, 0 none; `more` when one of them needs to see more."""
    cdef u64 bits
    cdef int half, number, sure, top = 0, winner = 0
    cdef Proto* p
    more[0] = False
    for half in range(2):
        bits = CANDIDATES[udp][data.p[0]][half]
        number = half * 64
        while bits:
            if bits & 1:
                p = &PROTOS[number]
                look.proto = number
                sure = p.detect(look, data)
                if sure == DETECT_MORE:
                    more[0] = True
                elif sure > top:
                    top = sure
                    winner = number
            bits >>= 1
            number += 1
    if winner:
        more[0] = False
        look.cold.confidence = <u8>top
    look.proto = winner
    return winner


cdef bint dpi_might(Dpi* dpi, Row* row, Cold* cold, const Packet* pk) noexcept nogil:
    """Could these first bytes of a TCP side begin anything? Asked before memory is spent on the flow."""
    cdef Look look
    cdef bint more
    cdef Slice data
    data.p = pk.payload
    data.n = pk.payload_len
    look_at(&look, dpi, row, cold, pk.side, pk.frame.ts, pk.frame.n)
    if best(&look, data, False, &more) != 0 or more:
        return True
    unknown(&look, data)
    return False


cdef void dpi_datagram(Dpi* dpi, Row* row, Cold* cold, const Packet* pk) noexcept nogil:
    """One UDP datagram of a flow that is not done with. What one protocol gives back may be the next one's first."""
    while datagram(dpi, row, cold, pk):
        pass


cdef bint datagram(Dpi* dpi, Row* row, Cold* cold, const Packet* pk) noexcept nogil:
    """Show a datagram to the flow's protocol, found first where there is none; True to show it to another."""
    cdef Look look
    cdef Slice data
    cdef void* none = NULL
    cdef bint more
    cdef int answer
    data.p = pk.payload
    data.n = pk.payload_len
    look_at(&look, dpi, row, cold, pk.side, pk.frame.ts, pk.frame.n)
    look.datagram = True
    look.state = &none
    if row.conn == NULL or row.conn.proto == 0:
        if tried(row) or best(&look, data, True, &more) == 0:
            undecided(&look, data)
            return False
        if row.conn == NULL:
            row.conn = conn_new(dpi)
        if row.conn == NULL:
            return False
        row.conn.below = row.app
        row.conn.proto = row.app = <u8>look.proto
    look.proto = row.conn.proto
    look.conn = row.conn
    look.state = &row.conn.state
    answer = PROTOS[look.proto].parse(&look, data)
    if answer == PARSE_MALFORMED:
        dpi.malformed[look.proto] += 1
    elif answer == PARSE_NOT_MINE:
        return given_back(dpi, row, cold, look.used == 0)
    elif answer == PARSE_DONE:
        dpi_end(dpi, row, cold, pk.frame.ts, pk.frame.n)
        row.bits |= BIT_DPI_DONE
    return False


cdef void unknown(Look* look, Slice data) noexcept nogil:
    """Nobody knows what these first bytes are: whoever listens for such may."""
    cdef u32 n = data.n if data.n < UNKNOWN_BYTES else UNKNOWN_BYTES
    cdef u8* room
    if not wants(look, EV_UNKNOWN):
        return
    look.proto = 0
    room = event(look, EV_UNKNOWN, 0, n)
    if room != NULL:
        memcpy(room, data.p, n)


cdef bint tried(const Row* row) noexcept nogil:
    """Were so many datagrams looked at that no more will be?"""
    return row.packets[0] + row.packets[1] > UDP_TRIES and (row.conn == NULL or row.conn.half[0].waiting > UDP_TRIES)


cdef void undecided(Look* look, Slice data) noexcept nogil:
    """Nobody wants this datagram; after some of them nobody is asked any more."""
    cdef Row* row = look.row
    cdef u64 packets = row.packets[0] + row.packets[1]
    cdef bint last = packets >= UDP_TRIES and (row.conn == NULL or row.conn.half[0].waiting >= UDP_TRIES)
    if not tried(row):
        unknown(look, data)
        if row.conn != NULL:
            row.conn.half[0].waiting += 1       # since the flow was given back
    if wants(look, EV_SEALED) and data.n >= PATH_BYTES and data.p[0] & 0xc0 == PATH_FIRST and packets < PATH_TRIES:
        look.proto = 0
        sealed(look, data.p, data.n, 0)
    elif last:
        row.bits |= BIT_DPI_DONE


cdef bint given_back(Dpi* dpi, Row* row, Cold* cold, bint unused) noexcept nogil:
    """The protocol has no more to do with the flow; True when the datagram should be shown to another."""
    forget(row, cold, row.conn)
    row.conn.changes += 1
    row.conn.half[0].waiting = 0
    if row.conn.changes >= CHANGES or (cold.facts == NULL and row.packets[0] + row.packets[1] >= UDP_TRIES):
        row.bits |= BIT_DPI_DONE
        return False
    return unused and cold.facts != NULL


cdef void look_at(Look* look, Dpi* dpi, Row* row, Cold* cold, int side, u64 ts, u64 frame) noexcept nogil:
    memset(look, 0, sizeof(Look))
    look.dpi = dpi
    look.row = row
    look.cold = cold
    look.conn = row.conn
    look.side = side
    look.client = side == (row.bits & BIT_INITIATOR_B)
    look.ts = ts
    look.frame = frame


cdef void forget(Row* row, Cold* cold, Conn* conn) noexcept nogil:
    """The protocol has no more to do with the flow: unless it learnt something, it never had."""
    drop_state(conn)
    if cold.facts == NULL or (cold.facts.used and not facts_of(cold.facts, conn.proto)):
        row.app = conn.below
        if row.app == 0:
            cold.confidence = 0
    conn.proto = 0


cdef void drop_state(Conn* conn) noexcept nogil:
    if conn.state != NULL:
        if PROTOS[conn.proto].free != NULL:
            PROTOS[conn.proto].free(conn.state)
        else:
            free(conn.state)
        conn.state = NULL


cdef int dpi_read(Look* look, Slice data) noexcept nogil:
    """Show one side's next contiguous bytes to whoever reads the flow; look.used, need and skip are the answers."""
    cdef Row* row = look.row
    cdef Conn* conn = look.conn
    cdef bint more
    cdef int answer
    look.used = 0
    look.need = 0
    look.skip = 0
    look.state = &conn.state
    if conn.proto == 0:
        if best(look, data, False, &more) == 0:
            if more and not look.fin and data.n < 64:
                return READ_STUCK
            unknown(look, data)
            return READ_OVER
        conn.below = row.app
        conn.proto = row.app = <u8>look.proto
    look.proto = conn.proto
    answer = PROTOS[conn.proto].parse(look, data)
    if answer == PARSE_OK or answer == PARSE_MORE:
        return READ_ON if look.used or look.skip else READ_STUCK
    if answer == PARSE_MALFORMED:
        look.dpi.malformed[conn.proto] += 1
    elif answer == PARSE_NOT_MINE:
        conn.changes += 1
        forget(row, look.cold, conn)
        if conn.changes < CHANGES and (look.used or look.skip):
            return READ_ON
    return READ_OVER


cdef bint dpi_lost(Look* look, u64 n) noexcept nogil:
    """Bytes of this side will never be seen; True when the flow is still of interest."""
    cdef Conn* conn = look.conn
    cdef int answer
    if conn.proto == 0:
        return False
    look.proto = conn.proto
    look.state = &conn.state
    if PROTOS[conn.proto].lost == NULL:
        return False
    answer = PROTOS[conn.proto].lost(look, n)
    if answer == PARSE_NOT_MINE:
        forget(look.row, look.cold, conn)
    return answer == PARSE_OK or answer == PARSE_MORE


cdef void dpi_close(Look* look) noexcept nogil:
    """Nobody will read more by look.conn: let its protocol report what is pending, and free its memory."""
    cdef Conn* conn = look.conn
    if conn.proto and PROTOS[conn.proto].closing != NULL and conn.state != NULL:
        look.proto = conn.proto
        look.state = &conn.state
        look.fin = True
        PROTOS[conn.proto].closing(look)
    dpi_drop(look.dpi, conn)


cdef void dpi_drop(Dpi* dpi, Conn* conn) noexcept nogil:
    """Free a Conn and what its protocol keeps."""
    drop_state(conn)
    conn_free(dpi, conn)


cdef void dpi_end(Dpi* dpi, Row* row, Cold* cold, u64 ts, u64 frame) noexcept nogil:
    """Nobody will read more of the flow as it is on the wire."""
    cdef Look look
    if row.conn == NULL:
        return
    look_at(&look, dpi, row, cold, row.bits & BIT_INITIATOR_B, ts, frame)
    dpi_close(&look)
    row.conn = NULL
