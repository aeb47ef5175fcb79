# cython: boundscheck=False
"""The registry of protocols, and which of them is surest of some first bytes.

The first byte of what a side says selects the protocols that may begin so; each says how sure it is; the surest reads
the flow from then on (dispatch.pyx).
"""
from libc.string cimport memset

from netwatch._fast.bytes cimport u8, u64, Slice
from netwatch._fast.mix cimport lowest_bit
from netwatch._fast.seam cimport *
from netwatch._fast.proto.amqp cimport amqp_define
from netwatch._fast.proto.bgp cimport bgp_define
from netwatch._fast.proto.bittorrent cimport bittorrent_define
from netwatch._fast.proto.cassandra cimport cassandra_define
from netwatch._fast.proto.coap cimport coap_define
from netwatch._fast.proto.dcerpc cimport dcerpc_define
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
from netwatch._fast.proto.rpc cimport nfs_define, rpc_define
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
from netwatch._fast.proto.tor cimport tor_define, tor_enrolled
from netwatch._fast.proto.wireguard cimport wireguard_define
from netwatch._fast.proto.xmpp cimport xmpp_define

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
enroll(mqtt_define)
enroll(amqp_define)
enroll(kafka_define)
enroll(bgp_define)
enroll(dnp3_define)
enroll(modbus_define)
tor_enrolled(enroll(tor_define))           # found by tls, not by its first bytes
enroll(http2_define)
enroll(websocket_define)
enroll(grpc_define)
enroll(http3_define)
enroll(dcerpc_define)
enroll(rpc_define)
enroll(nfs_define)


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
    more[0] = False
    for half in range(2):
        bits = CANDIDATES[udp][data.p[0]][half]
        while bits:
            number = half * 64 + lowest_bit(bits)
            bits &= bits - 1
            look.proto = number
            sure = PROTOS[number].detect(look, data)
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
