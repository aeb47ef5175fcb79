"""Names for the numbers in rows: states, endings, protocols, tunnels, rejects, layers, notes. Data, and helpers."""
from netwatch._fast.flow.row cimport ST_COUNT
from netwatch._fast.wire.names cimport LAYER_COUNT, REJECT_COUNT, TUN_COUNT
from netwatch._fast.wire.packet cimport NOTE_COUNT

from netwatch._fast.wire.linktypes import reads_link

STATES = (
    None, "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSE_WAIT", "CLOSING", "LAST_ACK",
    "TIME_WAIT", "CLOSED", "UNKNOWN", "UDP_ACTIVE", "ECHO_REQUEST", "ECHO_REPLY", "ICMP", "ARP_REQUEST", "ARP_REPLY",
    "DNS_QUERY", "DNS_RESPONSE", "SCTP_INIT", "SCTP_ESTABLISHED", "SCTP_SHUTDOWN", "SCTP_CLOSED", "ACTIVE",
    "QUIC_INITIAL", "QUIC_0RTT", "QUIC_RETRY", "QUIC_HANDSHAKE", "QUIC_CONNECTED", "QUIC_DRAINING", "QUIC_CLOSED",
    "DHCP_DISCOVER", "DHCP_OFFER", "DHCP_REQUEST", "DHCP_DECLINE", "DHCP_ACK", "DHCP_NAK", "DHCP_RELEASE",
    "DHCP_INFORM", "DHCPV6_REQUEST", "DHCPV6_REPLY", "NTP_REQUEST", "NTP_RESPONSE", "SNMP_REQUEST", "SNMP_RESPONSE",
    "SNMP_TRAP", "STUN_REQUEST", "STUN_RESPONSE", "STUN_ERROR", "STUN_INDICATION", "SSDP_SEARCH", "SSDP_NOTIFY",
    "SSDP_RESPONSE", "TFTP_REQUEST", "TFTP_TRANSFER", "TFTP_ERROR", "RADIUS_REQUEST", "RADIUS_RESPONSE",
    "COAP_REQUEST", "COAP_RESPONSE", "NETBIOS_QUERY", "NETBIOS_RESPONSE",
)
ENDINGS = (None, "fin", "rst", "timeout", "evicted", "end-of-input", "timeout")
REJECTS = (
    None, "link-type", "link-cut", "ip-cut", "ip-header", "ip-length", "ip6-extension", "transport-cut",
    "transport-header", "fragment-incomplete", "fragment-bad", "tunnel-depth", "tunnel-cut", "arp", "encrypted-link",
    "ip-beyond-frame", "transport-beyond-frame", "aggregate-long",
)
TUNNELS = (None, "gre", "ipip", "6in4", "4in6", "6in6", "vxlan", "geneve", "gtp-u", "teredo", "l2tp", "erspan",
           "capwap", "etherip", "mpls-in-ip", "lisp", "tzsp", "ayiya", "pim-register", "l2tpv3", "srv6-ethernet",
           "gre-in-udp", "mpls-in-udp", "wccp", "gue", "lwapp", "minimal-encapsulation", "fou", "ah",
           "esp")
# what a tunnel calls its own number, written as its users write it
TUNNEL_IDS = {"gre": "key 0x{:08x}", "vxlan": "vni {}", "geneve": "vni 0x{:06x}", "gtp-u": "teid 0x{:08x}",
              "l2tp": "session {}", "erspan": "session {}", "l2tpv3": "session {}", "gre-in-udp": "key 0x{:08x}",
              "lisp": "instance {}", "wccp": "service {}"}
LAYERS = (
    None, "eth", "sll", "sll2", "raw", "null", "loop", "ppp", "pppoe", "chdlc", "wlan", "radiotap", "pktap", "nflog",
    "frelay", "llc", "vlan", "mpls", "pbb", "arp", "ip", "ipv6", "ipv6ext", "icmp", "icmp6", "igmp", "tcp", "udp",
    "udplite", "sctp", "gre", "vxlan", "geneve", "gtp-u", "teredo", "l2tp", "erspan", "esp", "ah", "lldp", "cdp",
    "lacp", "stp", "eapol", "ppi", "pw-eth", "capwap", "cmd", "vntag", "etag",
    "fabricpath", "macsec", "nsh", "lisp", "tzsp", "ayiya", "pim", "l2tpv3", "wccp", "gue", "pflog", "enc", "ipnet",
    "juniper", "ipoib", "dsa", "brcm", "lwapp", "amsdu", "trill", "hsr", "ipcomp",
)
NOTES = ("retransmission", "spurious retransmission", "fast retransmission", "out of order", "previous bytes missing",
         "duplicate ack", "zero window", "keep-alive", "outside window", "bad checksum", "copy",
         "length beyond frame", "unexpected signature")

# IP protocol numbers (IANA) that have a common short name; the rest are "ip-N"
PROTOCOLS = {
    1: "icmp", 2: "igmp", 4: "ipip", 6: "tcp", 8: "egp", 17: "udp", 27: "rdp", 33: "dccp", 41: "ipv6", 46: "rsvp",
    47: "gre", 50: "esp", 51: "ah", 58: "icmp6", 59: "ipv6-nonxt", 88: "eigrp", 89: "ospf", 97: "etherip", 103: "pim",
    108: "ipcomp", 112: "vrrp", 115: "l2tp", 124: "isis", 132: "sctp", 136: "udplite", 137: "mpls",
    256: "arp", 257: "lldp", 258: "cdp", 259: "lacp", 260: "stp", 261: "eapol",
}
# 802.11 management and control frames by type * 16 + subtype (IEEE 802.11-2020 table 9-1)
WLAN_FRAMES = {
    0x00: "association-request", 0x01: "association-response", 0x02: "reassociation-request",
    0x03: "reassociation-response", 0x04: "probe-request", 0x05: "probe-response", 0x06: "timing-advertisement",
    0x08: "beacon", 0x09: "atim", 0x0A: "disassociation", 0x0B: "authentication", 0x0C: "deauthentication",
    0x0D: "action", 0x0E: "action-no-ack", 0x12: "trigger", 0x13: "tack", 0x14: "beamforming-report-poll",
    0x15: "ndp-announcement", 0x16: "control-extension", 0x17: "control-wrapper", 0x18: "block-ack-request",
    0x19: "block-ack", 0x1A: "ps-poll", 0x1B: "rts", 0x1C: "cts", 0x1D: "ack", 0x1E: "cf-end", 0x1F: "cf-end-ack",
    0x24: "null", 0x25: "null-cf-ack", 0x26: "null-cf-poll", 0x27: "null-cf-ack-poll", 0x2C: "qos-null",
    0x2E: "qos-cf-poll", 0x2F: "qos-cf-ack-poll", 0x30: "dmg-beacon",
}
# link-layer protocols known only by their EtherType, or Cisco's SNAP number; the rest are "eth-0xNNNN"
ETHERTYPES = {
    0x0006: "llc-ip", 0x0104: "pagp", 0x0111: "udld", 0x0842: "wol", 0x2003: "vtp", 0x2004: "dtp",
    0x22F3: "trill", 0x6003: "decnet", 0x6004: "lat", 0x8035: "rarp",
    0x809B: "appletalk", 0x80F3: "aarp", 0x8137: "ipx", 0x8847: "mpls-channel", 0x8863: "pppoe-discovery",
    0x8864: "pppoe", 0x88A2: "aoe",
    0x88B8: "goose", 0x88E1: "homeplug", 0x88E5: "macsec", 0x88F7: "ptp", 0x8902: "cfm", 0x8906: "fcoe",
    0x9000: "loopback",
    0x8899: "realtek", 0x8809: "slow", 0x887B: "homeplug-1.0", 0x886D: "intel-ans", 0x88CC: "lldp",
    0xC021: "lcp", 0x8021: "ipcp", 0x8057: "ipv6cp", 0xC023: "pap", 0xC223: "chap", 0x80FD: "ccp", 0x00FD: "ppp-comp",
    0x0027: "ppp-dtls", 0xE0: "ipx", 0xF0: "netbeui", 0xFE: "isis",
}

# LINKTYPE values that are read, and some that are refused by name; the rest are "link-N"
LINK_TYPES = {
    0: "null", 1: "ethernet", 6: "token-ring", 9: "ppp", 10: "fddi", 12: "raw-ip", 14: "raw-ip", 50: "ppp-hdlc",
    51: "pppoe",
    100: "atm-rfc1483", 101: "raw-ip", 104: "cisco-hdlc", 105: "ieee-802.11", 107: "frame-relay", 108: "loop",
    109: "enc", 113: "linux-sll", 117: "pflog", 119: "prism", 122: "ip-over-fc", 127: "radiotap", 129: "arcnet-linux",
    130: "juniper-mlppp", 131: "juniper-mlfr",
    132: "juniper-es", 133: "juniper-ggsn", 134: "juniper-mfr", 135: "juniper-atm2", 136: "juniper-services",
    137: "juniper-atm1", 143: "docsis", 149: "pktap", 163: "avs",
    178: "juniper-ethernet", 179: "juniper-ppp", 180: "juniper-frame-relay", 181: "juniper-chdlc", 187: "bluetooth-h4",
    189: "usb-linux", 192: "ppi", 195: "ieee-802.15.4", 215: "ieee-802.15.4", 228: "ipv4", 201: "bluetooth-h4-phdr",
    220: "usb-linux-mmapped", 226: "ipnet", 227: "can-socketcan", 229: "ipv6", 230: "ieee-802.15.4",
    239: "nflog", 258: "pktap", 242: "ip-over-infiniband", 249: "usbpcap", 251: "bluetooth-le",
    276: "linux-sll2", 281: "dsa-brcm", 282: "dsa-brcm-prepend", 284: "dsa", 285: "dsa-edsa", 283: "ieee-802.15.4",
}

assert len(STATES) == ST_COUNT and len(REJECTS) == REJECT_COUNT and len(TUNNELS) == TUN_COUNT
assert len(LAYERS) == LAYER_COUNT and len(NOTES) == NOTE_COUNT


def proto_name(number: int, sub: int = 0) -> str:
    """The name of a Row's proto; `sub` is the EtherType of a link-layer one."""
    if 264 <= number < 312:
        return "wlan-" + (WLAN_FRAMES.get(number - 264) or f"0x{number - 264:02x}")
    if number == 262:
        return ETHERTYPES.get(sub) or f"eth-0x{sub:04x}"
    return PROTOCOLS.get(number) or f"ip-{number}"


def link_name(number: int) -> str:
    return LINK_TYPES.get(number) or f"link-{number}"


def interface_text(interfaces: list[Record], iface: int, ifindex: int) -> str | None:
    """The name of an interface of the input, or of the one among many that a frame of `any` names by its index: that is
    known where the capture is made, and elsewhere its number. None when it has no name."""
    known = interfaces[iface] if iface < len(interfaces) else {}
    if ifindex:
        return known.get("indexes", {}).get(str(ifindex)) or f"if{ifindex}"
    return known.get("name") or None


def unread_links(interfaces: list[Record]) -> list[str]:
    """Names of the link types among the interfaces that no reader is for."""
    return sorted({link_name(each["link"]) for each in interfaces if not reads_link(each["link"])})


def set_names(bits: int) -> list[str]:
    """The notes of a packet, from its bits."""
    return [name for i, name in enumerate(NOTES) if bits >> i & 1]
