"""Service names by port, as IANA assigned them: a hint about a flow, never a finding.

The names below are the assignments a network meets (RFC 6335 registry), kept here so that every machine says the same.
The system's own services file, which often has other words for them, only adds what is not here.
"""
from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

# transport: "port name", t TCP, u UDP, s SCTP
_ASSIGNED = """
tu 1 tcpmux|tu 7 echo|tu 9 discard|tu 11 systat|tu 13 daytime|tu 17 qotd|tu 19 chargen|t 20 ftp-data|t 21 ftp|t 22 ssh
s 22 ssh|t 23 telnet|t 25 smtp|tu 37 time|tu 42 nameserver|tu 43 nicname|tu 49 tacacs|tu 53 domain|u 67 bootps
u 68 bootpc|u 69 tftp|t 70 gopher|t 79 finger|tus 80 http|tu 88 kerberos|tu 102 iso-tsap|tu 106 3com-tsmux|tu 109 pop2
tu 110 pop3|tu 111 sunrpc|tu 113 auth|tu 115 sftp|tu 119 nntp|u 123 ntp|tu 135 epmap|tu 137 netbios-ns
tu 138 netbios-dgm|tu 139 netbios-ssn|tu 143 imap|tu 161 snmp|tu 162 snmptrap|tu 163 cmip-man|tu 164 cmip-agent
tu 174 mailq|tu 177 xdmcp|ts 179 bgp|tu 194 irc|tu 199 smux|tu 201 at-rtmp|tu 209 qmtp|tu 210 z39-50|tu 213 ipx
tu 220 imap3|tu 264 bgmp|u 319 ptp-event|u 320 ptp-general|t 323 rpki-rtr|tu 369 rpc2portmap|tu 370 codaauth2
tu 389 ldap|tu 427 svrloc|tus 443 https|tu 444 snpp|tu 445 microsoft-ds|tu 464 kpasswd|t 465 submissions|tu 487 saft
u 500 isakmp|tu 502 mbap|t 512 exec|t 513 login|t 514 shell|u 512 comsat|u 513 who|u 514 syslog|t 515 printer
u 517 talk|u 518 ntalk|u 520 router|u 521 ripng|tu 530 courier|tu 532 netnews|tu 538 gdomap|tu 540 uucp|tu 543 klogin
tu 544 kshell|tu 546 dhcpv6-client|tu 547 dhcpv6-server|tu 548 afpovertcp|tu 554 rtsp|tu 563 nntps|tu 587 submission
tu 591 http-alt|tu 593 http-rpc-epmap|t 601 syslog-conn|tu 607 nqs|u 623 asf-rmcp|tu 628 qmqp|tu 631 ipp|tu 636 ldaps
t 639 msdp|tu 646 ldp|tu 647 dhcp-failover|u 664 asf-secure-rmcp|tu 674 acap|tu 749 kerberos-adm|tu 750 kerberos-iv
tu 802 mbap-s|t 830 netconf-ssh|t 853 domain-s|u 853 domain-s|tu 860 iscsi|u 862 twamp-control|t 873 rsync
tu 989 ftps-data|tu 990 ftps|tu 992 telnets|tu 993 imaps|tu 995 pop3s|tu 1080 socks|tu 1099 rmiregistry
tu 1194 openvpn|tu 1214 kazaa|tu 1241 nessus|tu 1352 lotusnote|tu 1433 ms-sql-s|tu 1434 ms-sql-m|tu 1524 ingreslock
tu 1589 vqp|tu 1645 sightline|tu 1646 sa-msg-port|u 1701 l2tp|tu 1720 h323hostcall|tu 1723 pptp|tu 1812 radius
tu 1813 radius-acct|t 1883 mqtt|u 1883 mqtt|tu 1900 ssdp|u 1985 hsrp|t 2000 cisco-sccp|tu 2049 nfs|s 2049 nfs
u 2055 iop|tu 2086 gnunet|tu 2101 rtcm-sc104|tu 2123 gtp-control|tu 2152 gtp-user|tu 2181 eforward|t 2375 docker
t 2376 docker-s|t 2377 swarm|t 2379 etcd-client|t 2380 etcd-server|tu 2404 iec-104|tu 2427 mgcp-gateway|tu 2628 dict
tu 2727 mgcp-callagent|s 2905 m3ua|tu 2947 gpsd|tu 2948 wap-push|tus 3260 iscsi-target|tu 3268 msft-gc
tu 3269 msft-gc-ssl|tu 3306 mysql|tu 3389 ms-wbt-server|tu 3478 stun|tu 3493 nut|u 3544 teredo|u 3702 ws-discovery
t 3702 ws-discovery|tu 3632 distcc|tu 3689 daap|tu 3690 svn|u 3784 bfd-control|u 3785 bfd-echo|s 3868 diameter
t 3868 diameter|tu 4224 xtell|u 4500 ipsec-nat-t|tu 4369 epmd|u 4739 ipfix|ts 4739 ipfix|u 4789 vxlan
u 4784 bfd-multi-ctl|tu 4899 radmin-port|tu 5050 mmcc|tus 5060 sip|tu 5061 sips|tu 5190 aol|tu 5222 xmpp-client
tu 5269 xmpp-server|u 5246 capwap-control|u 5247 capwap-data|tu 5308 cfengine|u 5349 stuns|t 5349 stuns|u 5351 nat-pmp
u 5353 mdns|t 5353 mdns|tu 5355 llmnr|tu 5432 postgresql|tu 5555 personal-agent|tu 5556 freeciv|tu 5671 amqps
tus 5672 amqp|tu 5683 coap|tu 5684 coaps|t 5900 rfb|u 5900 rfb|tu 5938 teamviewer|t 5984 couchdb|t 5985 wsman
t 5986 wsmans|tu 6000 x11|u 6081 geneve|tu 6379 redis|tu 6443 sun-sr-https|t 6513 netconf-tls|t 6514 syslog-tls
u 6514 syslog-tls|u 6343 sflow|t 6343 sflow|t 6653 openflow|tu 6697 ircs-u|t 7000 afs3-fileserver
u 7000 afs3-fileserver|u 7001 afs3-callback|t 7474 neo4j|t 8008 http-alt|u 8008 http-alt|tu 8080 http-alt
tu 8081 sunproxyadmin|t 8086 d-s-n|t 8140 puppet|tu 8443 pcsync-https|tu 8554 rtsp-alt|tu 8883 secure-mqtt
t 8888 ddi-tcp-1|tu 9001 etlservicemgr|t 9092 XmlIpcRegSvc|tu 9100 pdl-datastream|tu 9101 bacula-dir|tu 9102 bacula-fd
tu 9103 bacula-sd|t 9160 apani1|tu 9200 wap-wsp|tu 9418 git|u 9899 sctp-tunneling|tu 9999 distinct|tu 10000 ndmp
t 10050 zabbix-agent|t 10051 zabbix-trapper|t 11112 dicom|tu 11211 memcache|t 11371 hkp|t 19999 dnp-sec|tu 20000 dnp
t 27017 mongodb|tu 44818 EtherNet-IP-2|u 47808 bacnet|s 36412 s1-control|s 36422 x2-control|s 38412 ng-control
s 38422 xn-control|s 38472 f1-control
"""
_LETTERS = {"t": "tcp", "u": "udp", "s": "sctp"}
_SAME = {"udplite": "udp"}     # RFC 3828 section 4: its ports are UDP's

Ports = dict[int, str]


def assigned() -> Iterator[tuple[str, int, str]]:
    """(transport, port, name) of the table above."""
    for entry in _ASSIGNED.replace("\n", "|").split("|"):
        if entry:
            letters, port, name = entry.split()
            yield from ((_LETTERS[letter], int(port), name) for letter in letters)


def parse(lines: Iterable[str]) -> Iterator[tuple[str, int, str]]:
    """(transport, port, name) of the lines of a services(5) file; what is no entry is passed over."""
    for line in lines:
        words = line.partition("#")[0].split()
        if len(words) >= 2:
            port, _, transport = words[1].partition("/")
            if port.isascii() and port.isdecimal() and int(port) < 65536 and transport in _LETTERS.values():
                yield transport, int(port), words[0][:64]


def local_file() -> str:
    """Where this system keeps its services file."""
    if sys.platform == "win32":
        return os.path.join(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "drivers", "etc", "services")
    return "/etc/services"


class Services:
    """Names by transport and port. `path`: a services(5) file that adds to them; "" for none."""

    def __init__(self, path: str | None = None) -> None:
        self.path = local_file() if path is None else path
        self.local = False     # the file was there and said something
        self.ports: dict[str, Ports] = {"tcp": {}, "udp": {}, "sctp": {}}
        for transport, port, name in assigned():
            self.ports[transport][port] = name
        try:
            with open(self.path, encoding="utf-8", errors="replace") as f:
                for transport, port, name in parse(f):
                    self.ports[transport].setdefault(port, name)      # later lines of a port are aliases
                    self.local = True
        except OSError:
            pass
        for transport, other in _SAME.items():
            self.ports[transport] = self.ports[other]
