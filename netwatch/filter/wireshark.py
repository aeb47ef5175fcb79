"""Wireshark's names of what is called otherwise here, and what to write for each: a field, or a condition on one.

Words after a comma are for the reader: the kind of record that has it. Names that are taken as they are, with
Wireshark's values, stand in the schema.
"""
from __future__ import annotations

from netwatch.schema import NAMES

_DNS = ", of dns records"
_HTTP = ", of http records"
_TLS = ", of tls records"
_PACKETS = ", of packets"
_UNASKED = "; filters do not look into headers"
_ANSWER = dict.fromkeys((
    "dns.a", "dns.aaaa", "dns.cname", "dns.ns", "dns.txt", "dns.ptr.domain_name", "dns.mx.mail_exchange",
    "dns.srv.target", "dns.soa.mname"), f"dns.answers{_DNS}")
_DNS_FLAGS = {f"dns.flags.{name}": f"dns.flags == {flag}{_DNS}" for name, flag in (
    ("authoritative", "aa"), ("truncated", "tc"), ("recdesired", "rd"), ("recavail", "ra"), ("authenticated", "ad"),
    ("checkdisable", "cd"))}
_NAMES_OF_DNS = {
    "dns.resp.name": f"dns.answers.name{_DNS}", "dns.resp.type": f"dns.answers.type{_DNS}",
    "dns.resp.ttl": f"dns.answers.ttl{_DNS}", "dns.resp.class": f"dns.answers.type{_DNS}",
    "dns.qry.class": f"dns.questions.class{_DNS}", "dns.qry.name.len": "len(dns.qry.name)",
    "dns.count.answers": f"count(dns.answers){_DNS}", "dns.count.queries": f"count(dns.questions.name){_DNS}",
    "dns.time": f"dns.latency_us{_DNS}", "dns.flags.opcode": f"dns.opcode{_DNS}",
    "dns.response_to": f"dns.id{_DNS}", "dns.response_in": f"dns.id{_DNS}",
}
_HTTP_NAMES = {
    "http.time": f"http.latency_us{_HTTP}", "http.content_length": f"http.response_bytes{_HTTP}",
    "http.content_length_header": f"http.response_bytes{_HTTP}", "http.request.version": f"http.version{_HTTP}",
    "http.response.version": f"http.version{_HTTP}", "http.request.line": f"http.path{_HTTP}",
    "http.response.phrase": f"http.status{_HTTP}", "http.response.code.desc": f"http.status{_HTTP}",
    "http.file_data": "stream.text, of streams",
    **{f"http.{name}": f"--what http --fields request_headers.{name.replace('_', '-')}{_UNASKED}"
       for name in ("cookie", "referer", "authorization", "x_forwarded_for", "accept", "accept_language",
                    "connection")},
    **{f"http.{name}": f"--what http --fields response_headers.{name.replace('_', '-')}{_UNASKED}"
       for name in ("set_cookie", "location", "www_authenticate", "content_encoding", "date")},
    "http2.headers.method": "http2.method", "http2.headers.path": "http2.path", "http2.headers.status": "http2.status",
    "http2.headers.authority": "http2.host", "http2.header.name": "http2.method", "http2.header.value": "http2.path",
    "http2.streamid": "stream.stream, of streams", "http2.type": "http2",
}
_TLS_NAMES = {
    "tls.handshake.type": f"tls.version{_TLS}: one for each handshake",
    "tls.handshake.version": f"tls.version{_TLS}", "tls.record.version": f"tls.version{_TLS}",
    "tls.handshake.extensions.supported_version": f"tls.version{_TLS}",
    "tls.handshake.ciphersuite": f"tls.cipher{_TLS}", "tls.handshake.ciphersuites": f"tls.cipher{_TLS}",
    "tls.record.content_type": "tls.version", "tls.app_data": "tls", "tls.handshake.certificate": "tls.cert.subject",
    "tls.handshake.ja3_full": "tls.ja3", "tls.handshake.ja3s_full": "tls.ja3s",
    "tls.handshake.session_id": "tls.resumed", "tls.handshake.random": "tls.ja4",
    "tls.handshake.extension.type": "tls.ja4", "tls.handshake.extensions_alpn_list": "tls.alpn",
    "tls.alert_message": "tls.alert", "tls.alert_message.desc": "tls.alert", "tls.alert_message.level": "tls.alert",
    "x509sat.utf8string": "tls.cert.subject or tls.cert.issuer",
    "x509sat.printablestring": "tls.cert.subject or tls.cert.issuer",
    "x509sat.countryname": "tls.cert.subject or tls.cert.issuer", "x509ce.dnsname": "tls.cert.san",
    "x509af.utctime": "tls.cert.not_after or tls.cert.not_before", "x509af.notafter_element": "tls.cert.not_after",
    "x509af.notbefore_element": "tls.cert.not_before", "x509af.serialnumber": "tls.cert.sha256",
    "x509if.rdnsequence": "tls.cert.subject or tls.cert.issuer",
}
_BELOW = {
    "frame.protocols": f"layers{_PACKETS}, or app_stack of flows", "frame.interface_id": "interface",
    "frame.time_epoch": "time, with --time epoch for seconds since 1970",
    "frame.time_delta_displayed": f"frame.time_delta{_PACKETS}", "frame.marked": f"n{_PACKETS}",
    "ip.host": "name.host", "ip.src_host": "name.host", "ip.dst_host": "name.host",
    "ip.checksum.status": f'notes == "bad checksum"{_PACKETS}',
    "tcp.checksum.status": f'notes == "bad checksum"{_PACKETS}', "ip.geoip.asnum": "asn", "ip.geoip.org": "geo.org",
    "udp.checksum.status": f'notes == "bad checksum"{_PACKETS}', "ip.geoip.country_iso": "country",
    "ip.geoip.city": "geo.city", "ip.geoip.src_country": "country", "ip.geoip.dst_country": "country",
    "ip.fragment": f"ip.frag_offset{_PACKETS}", "ip.tos": f"ip.dsfield{_PACKETS}",
    "arp.src.proto_ipv4": "src", "arp.dst.proto_ipv4": "dst", "arp.src.hw_mac": f"eth.src{_PACKETS}",
    "arp.dst.hw_mac": f"eth.dst{_PACKETS}", "arp.isgratuitous": "src == dst, of arp",
    "tcp.flags.str": f"tcp.flags{_PACKETS}", "tcp.payload": f"tcp.len > 0{_PACKETS}", "udp.payload": "payload > 0",
    "tcp.segment_data": f"tcp.len > 0{_PACKETS}", "data.len": "payload", "data.data": "stream.text, of streams",
    "tcp.analysis.bytes_in_flight": "payload", "tcp.analysis.window_full": "zero_windows",
    "tcp.analysis.window_update": f"tcp.window_size_value{_PACKETS}", "tcp.analysis.ack_lost_segment": "notes",
    "tcp.analysis.rto": "retransmits", "tcp.completeness": "state or ended",
    "tcp.connection.syn": f"tcp.flags.syn{_PACKETS}", "tcp.connection.rst": 'ended == "rst"',
    "tcp.connection.fin": 'ended == "fin"', "tcp.window_size_scalefactor": "window_scale",
    "tcp.options.wscale.shift": "window_scale", "tcp.options.sack_perm": "sack",
    "tcp.options.timestamp.tsval": f"tcp.hdr_len > 20{_PACKETS}", "vxlan.vni": "tunnel contains vxlan",
    "gre.proto": "tunnel contains gre", "gre.key": "tunnel contains gre", "vlan.priority": "vlan",
    "wlan.sa": "src", "wlan.da": "dst", "wlan.ta": "src", "wlan.ra": "dst", "wlan.addr": "addr", "wlan.bssid": "addr",
    "_ws.col.info": f"info{_PACKETS}", "_ws.col.protocol": "app", "_ws.expert": f"notes{_PACKETS}",
    "_ws.expert.message": f"notes{_PACKETS}", "_ws.malformed": f"notes{_PACKETS}", "communityid": "community_id",
}
_OTHERS = {
    "dhcp.option.hostname": "dhcp.hostname", "dhcp.option.dhcp": "dhcp.types", "dhcp.hw.mac_addr": "dhcp.client_mac",
    "dhcp.option.requested_ip_address": "dhcp.requested_ip", "dhcp.ip.your": "dhcp.offered_ip",
    "dhcp.option.vendor_class_id": "dhcp.vendor_class", "dhcp.option.dhcp_server_id": "dhcp.server",
    "nbns.name": "netbios.names", "nbns": "netbios",
    "kerberos.cnamestring": "kerberos.cname", "kerberos.snamestring": "kerberos.sname",
    "kerberos.msg_type": "kerberos.messages", "kerberos.error_code": "kerberos.error",
    "ldap.protocolop": "ldap.operations", "ldap.baseobject": "ldap.base", "ldap.resultcode": "ldap.result",
    "ftp.request.command": "ftp.commands", "ftp.request.arg": "ftp.arguments", "ftp.response.code": "ftp.codes",
    "smtp.req.command": "smtp.commands", "smtp.req.parameter": "smtp.to", "smtp.response.code": "smtp.codes",
    "ssh.protocol": "ssh.client or ssh.server", "snmp.name": "snmp.oids", "sip.status-code": "sip.status",
    "sip.from.addr": "sip.from", "sip.to.addr": "sip.to", "sip.r-uri": "sip.uri", "radius.code": "radius.codes",
    "radius.user_name": "radius.user",
    "telnet.data": "stream.text, of streams",
}
OURS = _ANSWER | _DNS_FLAGS | _NAMES_OF_DNS | _HTTP_NAMES | _TLS_NAMES | _BELOW | _OTHERS
OLDER = {"ssl": "tls", "bootp": "dhcp"}  # what protocols were called
# what names of fields begin with there, beside protocols that are read here
PREFIXES = frozenset((
    "_ws", "x509sat", "x509ce", "x509af", "x509if", "pkix1explicit", "pkcs1", "ber", "wlan", "wlan_radio",
    "radiotap", "data", "nbns", "nbss", "nbdgm", "smb", "smb2", "dcerpc", "srvsvc", "samr", "lsarpc", "netlogon",
    "epm", "gss-api", "spnego", "ntlmssp", "krb5rpc", "cldap", "rpc", "nfs", "mount", "portmap", "bootp", "stp",
    "llc", "vtp", "dtp", "lacp", "chdlc", "ppp", "pppoe", "pppoed", "mpls", "vxlan", "geneve", "gtp", "gtpv2",
    "dtls", "isakmp", "esp", "ah", "diameter", "tacplus", "h225", "h245", "sdp", "iax2", "skinny", "hsrp", "vrrp",
    "eigrp", "ospf", "rip", "pim", "isis", "lisp", "usb", "bthci_acl", "btatt", "mbtcp", "s7comm", "enip", "cip",
    "opcua", "zbee_nwk", "openflow", "json", "xml", "media", "mime_multipart", "urlencoded-form", "image-gif",
    "image-jfif", "png", "tcpros", "elasticsearch", "msnms", "ymsg", "fix"))


def ours(name: str) -> str | None:
    """What to write for a name of Wireshark's, lower case; None for one that is not known."""
    first, dot, rest = name.partition(".")
    if first not in OLDER:
        return OURS.get(name)
    newer = OLDER[first] + dot + rest
    return OURS.get(newer) or (newer if newer in NAMES else None)
