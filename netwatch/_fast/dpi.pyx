# cython: boundscheck=False
"""The registry of protocols and the dispatch: who reads a flow, from the first bytes until it is known.

The first byte of what a side says selects the protocols that may begin so; each says how sure it is; the surest reads
the flow from then on. A side nobody wants is not asked about again when its beginning was seen, and for its first
frames only when the flow was joined in the middle. A flow that is known, or hopeless, costs one test of a bit.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from netwatch._fast.bytes cimport u8, u16, u64, Slice
from netwatch._fast.flow cimport *
from netwatch._fast.packet cimport Packet
from netwatch._fast.seam cimport *
from netwatch._fast.segments cimport segments_take
from netwatch._fast.proto.bittorrent cimport bittorrent_define
from netwatch._fast.proto.coap cimport coap_define
from netwatch._fast.proto.dhcp cimport dhcp_define
from netwatch._fast.proto.dhcpv6 cimport dhcpv6_define
from netwatch._fast.proto.dns cimport dns_define, mdns_define, llmnr_define
from netwatch._fast.proto.dtls cimport dtls_define
from netwatch._fast.proto.ftp cimport ftp_define
from netwatch._fast.proto.git cimport git_define
from netwatch._fast.proto.http cimport http_define
from netwatch._fast.proto.ike cimport ike_define
from netwatch._fast.proto.imap cimport imap_define
from netwatch._fast.proto.irc cimport irc_define
from netwatch._fast.proto.kerberos cimport kerberos_define
from netwatch._fast.proto.ldap cimport ldap_define
from netwatch._fast.proto.memcached cimport memcached_define
from netwatch._fast.proto.netbios cimport netbios_define
from netwatch._fast.proto.ntp cimport ntp_define
from netwatch._fast.proto.openvpn cimport openvpn_define
from netwatch._fast.proto.pop3 cimport pop3_define
from netwatch._fast.proto.quic cimport quic_define
from netwatch._fast.proto.radius cimport radius_define
from netwatch._fast.proto.redis cimport redis_define
from netwatch._fast.proto.rsync cimport rsync_define
from netwatch._fast.proto.rtcp cimport rtcp_define
from netwatch._fast.proto.rtp cimport rtp_define
from netwatch._fast.proto.rtsp cimport rtsp_define
from netwatch._fast.proto.sip cimport sip_define
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
from netwatch._fast.proto.tor cimport tor_define, tor_enrolled
from netwatch._fast.proto.wireguard cimport wireguard_define
from netwatch._fast.proto.xmpp cimport xmpp_define

cdef enum:
    UDP_TRIES = 8              # datagrams of an unknown flow that are looked at
    SPARE_CONNS = 4096         # freed Conns kept for the next flows
    CHANGES = 8                # how often a flow may go from one protocol back to undecided

cdef Proto PROTOS[MAX_PROTOS]  # [1..n_protos]
cdef int n_protos = 0
cdef u64 CANDIDATES[2][256][2]  # by transport (TCP, UDP) and first byte: bits of the protocols that may begin so


cdef int enroll(void (*define)(Proto*) noexcept nogil) noexcept:
    """Register a protocol; its number, which is returned, is its place in the list below."""
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
    return n_protos


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
enroll(xmpp_define)
enroll(syslog_define)
enroll(rsync_define)
enroll(git_define)
enroll(socks_define)
enroll(netbios_define)
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
tor_enrolled(enroll(tor_define))           # found by tls, not by its first bytes


def app_names() -> list:
    """Names by protocol number; 0 is the unknown one, None."""
    return [None] + [PROTOS[i].name.decode() for i in range(1, n_protos + 1)]


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
    return best(&look, data, False, &more) != 0 or more


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
    if row.app == 0 or (row.conn != NULL and row.conn.proto == 0):
        if best(&look, data, True, &more) == 0:
            undecided(row)
            return False
        row.app = <u8>look.proto
    look.proto = row.app
    if row.conn == NULL:
        row.conn = conn_new(dpi)
        if row.conn == NULL:
            return False
    row.conn.proto = row.app
    look.conn = row.conn
    look.state = &row.conn.state
    answer = PROTOS[row.app].parse(&look, data)
    if answer == PARSE_MALFORMED:
        dpi.malformed[row.app] += 1
    elif answer == PARSE_NOT_MINE:
        return given_back(dpi, row, cold, look.used == 0)
    elif answer == PARSE_DONE:
        dpi_end(dpi, row, cold, pk.frame.ts, pk.frame.n)
        row.bits |= BIT_DPI_DONE
    return False


cdef void undecided(Row* row) noexcept nogil:
    """Nobody wants this datagram; after some of them nobody is asked any more."""
    if row.packets[0] + row.packets[1] >= UDP_TRIES and (row.conn == NULL or row.conn.half[0].waiting >= UDP_TRIES):
        row.bits |= BIT_DPI_DONE
    elif row.conn != NULL:
        row.conn.half[0].waiting += 1           # since the flow was given back


cdef bint given_back(Dpi* dpi, Row* row, Cold* cold, bint unused) noexcept nogil:
    """The protocol has no more to do with the flow; True when the datagram should be shown to another."""
    forget(dpi, row, cold)
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


cdef void forget(Dpi* dpi, Row* row, Cold* cold) noexcept nogil:
    """The verdict was wrong: unless something was learnt, the flow is unknown again."""
    cdef Conn* conn = row.conn
    if conn != NULL:
        drop_state(conn)
        conn.proto = 0
    if cold.facts == NULL:
        row.app = 0
        cold.confidence = 0


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
            return READ_STUCK if more and not look.fin and data.n < 64 else READ_OVER
        conn.proto = <u16>look.proto
        row.app = <u8>look.proto
    look.proto = conn.proto
    answer = PROTOS[conn.proto].parse(look, data)
    if answer == PARSE_OK or answer == PARSE_MORE:
        return READ_ON if look.used or look.skip else READ_STUCK
    if answer == PARSE_MALFORMED:
        look.dpi.malformed[conn.proto] += 1
    elif answer == PARSE_NOT_MINE:
        conn.changes += 1
        forget(look.dpi, row, look.cold)
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
        forget(look.dpi, look.row, look.cold)
    return answer == PARSE_OK or answer == PARSE_MORE


cdef void dpi_end(Dpi* dpi, Row* row, Cold* cold, u64 ts, u64 frame) noexcept nogil:
    """Nobody will read more of the flow: let its protocol report what is pending, and free its memory."""
    cdef Look look
    cdef Conn* conn = row.conn
    if conn == NULL:
        return
    if conn.proto and PROTOS[conn.proto].closing != NULL and conn.state != NULL:
        look_at(&look, dpi, row, cold, row.bits & BIT_INITIATOR_B, ts, frame)
        look.proto = conn.proto
        look.state = &conn.state
        look.fin = True
        PROTOS[conn.proto].closing(&look)
    conn_free(dpi, row)


cdef Conn* conn_new(Dpi* dpi) noexcept nogil:
    cdef Conn* conn = dpi.spare
    if conn != NULL:
        dpi.spare = <Conn*>conn.state
        dpi.spares -= 1
        memset(conn, 0, sizeof(Conn))
    else:
        conn = <Conn*>calloc(1, sizeof(Conn))
    if conn != NULL:
        dpi.conns += 1
        dpi.stream_bytes += sizeof(Conn)
    return conn


cdef void conn_free(Dpi* dpi, Row* row) noexcept nogil:
    cdef Conn* conn = row.conn
    cdef int side
    if conn == NULL:
        return
    for side in range(2):
        while conn.half[side].early != NULL:
            free(segments_take(dpi, &conn.half[side]))
        dpi.stream_bytes -= conn.half[side].cap
        free(conn.half[side].buf)
    drop_state(conn)
    if dpi.spares < SPARE_CONNS:
        conn.state = dpi.spare
        dpi.spare = conn
        dpi.spares += 1
    else:
        free(conn)
    row.conn = NULL
    dpi.conns -= 1
    dpi.stream_bytes -= sizeof(Conn)


cdef void spares_free(Dpi* dpi) noexcept nogil:
    """Give back the Conns that were kept for use again."""
    cdef Conn* conn
    while dpi.spare != NULL:
        conn = dpi.spare
        dpi.spare = <Conn*>conn.state
        free(conn)
