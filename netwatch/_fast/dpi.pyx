"""The protocols that netwatch knows. Python that asks for their names does so here, so that they are enrolled."""
from netwatch._fast.look.registry cimport enroll
from netwatch._fast.proto.amqp cimport amqp_define
from netwatch._fast.proto.bacnet.wire cimport bacnet_define
from netwatch._fast.proto.bgp.wire cimport bgp_define
from netwatch._fast.proto.bittorrent cimport bittorrent_define
from netwatch._fast.proto.cassandra.wire cimport cassandra_define
from netwatch._fast.proto.coap cimport coap_define
from netwatch._fast.proto.dcerpc.wire cimport dcerpc_define
from netwatch._fast.proto.dhcp cimport dhcp_define
from netwatch._fast.proto.dhcpv6 cimport dhcpv6_define
from netwatch._fast.proto.diameter.wire cimport diameter_define
from netwatch._fast.proto.dnp3 cimport dnp3_define
from netwatch._fast.proto.dns.wire cimport dns_define, mdns_define, llmnr_define
from netwatch._fast.proto.dtls cimport dtls_define
from netwatch._fast.proto.enip.wire cimport enip_define
from netwatch._fast.proto.ftp cimport ftp_define
from netwatch._fast.proto.ftpdata cimport ftp_data_define
from netwatch._fast.proto.git cimport git_define
from netwatch._fast.proto.grpc cimport grpc_define
from netwatch._fast.proto.gtpc.wire cimport gtpc_define
from netwatch._fast.proto.http.wire cimport http_define
from netwatch._fast.proto.http2.wire cimport http2_define
from netwatch._fast.proto.http3 cimport http3_define
from netwatch._fast.proto.iec104 cimport iec104_define
from netwatch._fast.proto.igmp cimport igmp_define, mld_define
from netwatch._fast.proto.ike cimport ike_define
from netwatch._fast.proto.imap cimport imap_define
from netwatch._fast.proto.irc cimport irc_define
from netwatch._fast.proto.kafka.wire cimport kafka_define
from netwatch._fast.proto.kerberos cimport kerberos_define
from netwatch._fast.proto.ldap.wire cimport ldap_define
from netwatch._fast.proto.lldp cimport cdp_define, lldp_define
from netwatch._fast.proto.memcached cimport memcached_define
from netwatch._fast.proto.mongodb.wire cimport mongodb_define
from netwatch._fast.proto.mysql.wire cimport mysql_define
from netwatch._fast.proto.modbus cimport modbus_define
from netwatch._fast.proto.mqtt cimport mqtt_define
from netwatch._fast.proto.netbios.wire cimport netbios_define
from netwatch._fast.proto.netflow.wire cimport ipfix_define, netflow_define
from netwatch._fast.proto.ntp cimport ntp_define
from netwatch._fast.proto.openvpn cimport openvpn_define
from netwatch._fast.proto.pop3 cimport pop3_define
from netwatch._fast.proto.postgresql cimport postgresql_define
from netwatch._fast.proto.proxy cimport proxy_define
from netwatch._fast.proto.quic.wire cimport quic_define
from netwatch._fast.proto.radius cimport radius_define
from netwatch._fast.proto.rdp.wire cimport rdp_define
from netwatch._fast.proto.rdpudp cimport rdpudp_define
from netwatch._fast.proto.redis cimport redis_define
from netwatch._fast.proto.rpc.wire cimport nfs_define, rpc_define
from netwatch._fast.proto.rsync cimport rsync_define
from netwatch._fast.proto.rtcp cimport rtcp_define
from netwatch._fast.proto.rtp cimport rtp_define
from netwatch._fast.proto.rtsp cimport rtsp_define
from netwatch._fast.proto.s7comm.wire cimport s7comm_define
from netwatch._fast.proto.sflow cimport sflow_define
from netwatch._fast.proto.sip cimport sip_define
from netwatch._fast.proto.smb.wire cimport smb_define
from netwatch._fast.proto.smtp cimport smtp_define
from netwatch._fast.proto.snmp cimport snmp_define
from netwatch._fast.proto.socks cimport socks_define
from netwatch._fast.proto.ssdp cimport ssdp_define
from netwatch._fast.proto.ssh cimport ssh_define
from netwatch._fast.proto.stun cimport stun_define
from netwatch._fast.proto.syslog cimport syslog_define
from netwatch._fast.proto.tds.wire cimport tds_define
from netwatch._fast.proto.telnet cimport telnet_define
from netwatch._fast.proto.tftp cimport tftp_define
from netwatch._fast.proto.tls.wire cimport tls_define
from netwatch._fast.proto.tns cimport tns_define
from netwatch._fast.proto.websocket cimport websocket_define
from netwatch._fast.proto.vnc.wire cimport vnc_define
from netwatch._fast.proto.tor cimport tor_define, tor_enrolled
from netwatch._fast.proto.wireguard cimport wireguard_define
from netwatch._fast.proto.xmpp cimport xmpp_define

from netwatch._fast.look.registry import add_name, app_names, having, timeouts

__all__ = ["add_name", "app_names", "having", "timeouts"]

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
enroll(tds_define)
enroll(netflow_define)
enroll(ipfix_define)
enroll(sflow_define)
enroll(proxy_define)
enroll(ftp_data_define)                     # announced by ftp, not found
enroll(diameter_define)
enroll(gtpc_define)
enroll(bacnet_define)
enroll(enip_define)
enroll(s7comm_define)
enroll(iec104_define)
enroll(tns_define)
enroll(rdpudp_define)
enroll(lldp_define)
enroll(cdp_define)
enroll(igmp_define)
enroll(mld_define)
