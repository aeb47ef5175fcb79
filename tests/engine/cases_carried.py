"""Hand-made frames of what switches, firewalls and overlay networks put around a packet; layouts as their documents
say."""

from __future__ import annotations

import struct

from cases_links import (
    ETHERNET,
    FOUR,
    IN4,
    IN6,
    INNER4,
    INNER6,
    IP4,
    IP6,
    L2,
    PATH4,
    SIX,
    Case,
    over_udp,
)
from wire import MAC_A, MAC_B, arp, eth, eth_length, geneve, gre, ip4, ip6, mpls, raw_mac, snap, udp, vxlan, wlan

MACS = raw_mac(MAC_B) + raw_mac(MAC_A)
SGT = struct.pack(">BBHHH", 1, 1, 1, 200, 0x0800)
NSH4 = struct.pack(">BBBBI", 0x0F, 0xC2, 1, 1, 0x10FF)
NSH_ETHERNET = struct.pack(">BBBBI", 0x0F, 0xC2, 1, 3, 0x10FF)
SECTAG = struct.pack(">BBI", 0, 0, 1)
SECTAG_SCI = struct.pack(">BBIQ", 0x20, 0, 1, 7)
JUNIPER = b"MGC"


def label(kind: str, *words: str) -> dict[str, list[str]]:
    return {"tunnel": [kind, *words, PATH4]}


def cisco(kind: int) -> bytes:
    return eth_length(snap(kind, bytes(40), 0x00000C))


def amsdu(body: bytes) -> bytes:
    inner = snap(0x0800, body)
    return MACS + struct.pack(">H", len(inner)) + inner


def wlan_amsdu(*bodies: bytes) -> bytes:
    frame = bytearray(wlan(b"", qos=True))
    frame[24] |= 0x80
    subframes = [amsdu(body) for body in bodies]
    padded = [each + bytes(-len(each) % 4) for each in subframes[:-1]]
    return bytes(frame) + b"".join(padded) + subframes[-1]


CARRIED = [
    Case("cisco sgt", 1, MACS + b"\x89\x09" + SGT + IP4, FOUR, "eth cmd ip tcp"),
    Case("vn-tag", 1, eth(b"\0\1\0\0\x08\0" + IP4, 0x8926), FOUR, "eth vntag ip tcp"),
    Case("e-tag", 1, eth(b"\0\0\0\1\0\0\x86\xdd" + IP6, 0x893F), SIX, "eth etag ipv6 tcp"),
    Case("fabricpath", 1, eth(b"\x04\x60" + eth(IP4), 0x8903), FOUR, "eth fabricpath eth ip tcp"),
    Case("nsh", 1, eth(NSH4 + IP4, 0x894F), FOUR, "eth nsh ip tcp"),
    Case("nsh ethernet", 1, eth(NSH_ETHERNET + eth(IP4), 0x894F), FOUR, "eth nsh eth ip tcp"),
    Case("macsec clear", 1, eth(SECTAG + b"\x08\0" + IP4 + bytes(16), 0x88E5), FOUR, "eth macsec ip tcp"),
    Case("macsec sci", 1, eth(SECTAG_SCI + b"\x08\0" + IP4 + bytes(16), 0x88E5), FOUR, "eth macsec ip tcp"),
    Case("pflog", 117, bytes([61, 2]) + bytes(62) + IP4, FOUR, "pflog ip tcp"),
    Case("pflog 6", 117, bytes([61, 24]) + bytes(62) + IP6, SIX, "pflog ipv6 tcp"),
    Case("enc", 109, struct.pack("<III", 2, 1, 0) + IP4, FOUR, "enc ip tcp"),
    Case("ipnet", 226, bytes([1, 2]) + bytes(22) + IP4, FOUR, "ipnet ip tcp"),
    Case("juniper ethernet", 178, JUNIPER + b"\1" + eth(IP4), FOUR, "juniper eth ip tcp"),
    Case("juniper extended", 178, JUNIPER + b"\x81\0\4abcd" + eth(IP4), FOUR, "juniper eth ip tcp"),
    Case("juniper ppp", 179, JUNIPER + b"\1\0\x21" + IP4, FOUR, "juniper ppp ip tcp"),
    Case("juniper bare", 178, JUNIPER + b"\3\0\0\0\0" + IP4, FOUR, "juniper ip tcp"),
    Case("juniper services", 136, JUNIPER + b"\1" + bytes(12) + IP4, FOUR, "juniper ip tcp"),
    Case("infiniband", 242, bytes(40) + b"\x08\0\0\0" + IP4, FOUR, "ipoib ip tcp"),
    Case("dsa", 284, MACS + b"\xc0\0\0\0\x08\0" + IP4, FOUR, "dsa ip tcp"),
    Case("dsa tagged", 284, MACS + b"\xe0\0\0\x07\x08\0" + IP4, FOUR, "dsa ip tcp", {"vlan": [7]}),
    Case("edsa", 285, MACS + b"\xda\xda\0\0\xc0\0\0\0\x08\0" + IP4, FOUR, "dsa ip tcp"),
    Case("brcm", 281, MACS + b"\0\0\0\1\x08\0" + IP4, FOUR, "brcm ip tcp"),
    Case("brcm prepended", 282, b"\0\0\0\1" + eth(IP4), FOUR, "brcm ip tcp"),
    Case("trill", 1, eth(struct.pack(">HHH", 0x10, 1, 2) + eth(IP4), 0x22F3), FOUR, "eth trill eth ip tcp"),
    Case("trill options", 1, eth(struct.pack(">HHH", 0x50, 1, 2) + bytes(4) + eth(IP4), 0x22F3), FOUR,
         "eth trill eth ip tcp"),
    Case("hsr", 1, eth(struct.pack(">HH", len(IP4) + 6, 9) + b"\x08\0" + IP4, 0x892F), FOUR, "eth hsr ip tcp"),
    Case("sgt in a vlan", 1, MACS + b"\x81\0\0\5\x89\x09" + SGT + IP4, FOUR, "eth vlan cmd ip tcp", {"vlan": [5]}),
    Case("vlan in a vn-tag", 1, eth(b"\0\1\0\0\x81\0\0\5\x08\0" + IP4, 0x8926), FOUR, "eth vntag vlan ip tcp",
         {"vlan": [5]}),
    Case("pseudowire without control word", 1, eth(mpls([17], eth(IP4)), 0x8847), FOUR, "eth mpls eth ip tcp",
         {"mpls": [17]}),
    Case("vtp", 1, cisco(0x2003), L2 | {"proto": "vtp"}, "eth llc"),
    Case("dtp", 1, cisco(0x2004), L2 | {"proto": "dtp"}, "eth llc"),
    Case("udld", 1, cisco(0x0111), L2 | {"proto": "udld"}, "eth llc"),
    Case("pagp", 1, cisco(0x0104), L2 | {"proto": "pagp"}, "eth llc"),
    Case("cdp in gre", 1, eth(ip4(47, gre(0x2000, b"\2\xb4\0\0\0\1\0\x07sw2"))), {"proto": "cdp"}, "eth ip gre cdp",
         label("gre")),
    Case("a-msdu of one", 105, wlan_amsdu(IP4), FOUR, "wlan amsdu llc ip tcp"),
    Case("beacon", 105, b"\x80\0\0\0" + MACS + bytes(8), L2 | {"proto": "wlan-beacon"}, "wlan"),
    Case("deauthentication", 105, b"\xc0\0\0\0" + MACS + bytes(10), L2 | {"proto": "wlan-deauthentication"}, "wlan"),
    Case(
        "gre source route",
        1,
        eth(ip4(47, struct.pack(">HHI", 0x4000, 0x0800, 0) + b"\x08\0\0\4\1\2\3\4\0\0\0\0" + INNER4)),
        IN4,
        "eth ip gre ip udp",
        label("gre"),
    ),
    Case("wccp 2", 1, eth(ip4(47, gre(0x883E, b"\0\x3d\0\0" + INNER4))), IN4, "eth ip gre wccp ip udp",
         label("wccp", "service 61")),
    Case("wccp 1", 1, eth(ip4(47, gre(0x883E, INNER4))), IN4, "eth ip gre wccp ip udp", label("wccp")),
    Case("aruba", 1, eth(ip4(47, gre(0x8200, wlan(snap(0x0800, INNER4))))), IN4, "eth ip gre wlan llc ip udp",
         label("gre")),
    Case("gre nsh", 1, eth(ip4(47, gre(0x894F, NSH4 + INNER4))), IN4, "eth ip gre nsh ip udp", label("gre")),
    Case("l2tpv3", 1, eth(ip4(115, b"\0\0\0\x4d" + ETHERNET)), IN4, "eth ip l2tpv3 eth ip udp",
         label("l2tpv3", "session 77")),
    Case("l2tpv3 cookie", 1, eth(ip4(115, b"\0\0\0\x4d" + b"c" * 8 + ETHERNET)), IN4, "eth ip l2tpv3 eth ip udp",
         label("l2tpv3", "session 77")),
    Case("l2tpv3 udp", 1, over_udp(1701, b"\0\3\0\0\0\0\0\x4d" + ETHERNET), IN4, "eth ip udp l2tpv3 eth ip udp",
         label("l2tpv3", "session 77"), 2),
    Case("l2tpv3 ip", 1, eth(ip4(115, b"\0\0\0\x4d" + INNER4)), IN4, "eth ip l2tpv3 ip udp",
         label("l2tpv3", "session 77")),
    Case("l2tpv3 ppp", 1, eth(ip4(115, b"\0\0\0\x4d" + b"c" * 4 + b"\xff\3\0\x21" + INNER4)), IN4,
         "eth ip l2tpv3 ppp ip udp", label("l2tpv3", "session 77")),
    Case("l2tpv3 padded", 1, eth(ip4(115, b"\0\0\0\x4d" + ETHERNET.ljust(60, b"\0"))), IN4, "eth ip l2tpv3 eth ip udp",
         label("l2tpv3", "session 77")),
    Case("lisp-gpe ethernet", 1, over_udp(4341, b"\x0c\0\0\3\0\0\x05\0" + ETHERNET), IN4, "eth ip udp lisp eth ip udp",
         label("lisp", "instance 5"), 2),
    Case("lisp-gpe nsh", 1, over_udp(4341, b"\x0c\0\0\4\0\0\x05\0" + NSH4 + INNER4), IN4,
         "eth ip udp lisp nsh ip udp", label("lisp", "instance 5"), 2),
    Case("ethernet in ipv6", 1, eth(ip6(143, ETHERNET), 0x86DD), IN4, "eth ipv6 eth ip udp",
         {"tunnel": ["srv6-ethernet", "2001:db8::1>2001:db8:f::2"]}),
    Case("pim register", 1, eth(ip4(103, b"\x21\0\0\0\0\0\0\0" + INNER4)), IN4, "eth ip pim ip udp",
         label("pim-register")),
    Case("etherip one byte", 1, eth(ip4(97, b"\x03" + ETHERNET)), IN4, "eth ip eth ip udp", label("etherip")),
    Case("etherip swapped", 1, eth(ip4(97, b"\x03\0" + ETHERNET)), IN4, "eth ip eth ip udp", label("etherip")),
    Case("gre in udp", 1, over_udp(4754, gre(0x0800, INNER4)), IN4, "eth ip udp gre ip udp", label("gre-in-udp"), 2),
    Case("mpls in udp", 1, over_udp(6635, mpls([16], INNER4)), IN4, "eth ip udp mpls ip udp",
         label("mpls-in-udp") | {"mpls": [16]}, 2),
    Case("lisp", 1, over_udp(4341, b"\x08\0\0\0\0\0\x05\0" + INNER4), IN4, "eth ip udp lisp ip udp",
         label("lisp", "instance 5"), 2),
    Case("ayiya", 1, over_udp(5072, b"\x40\0\x01\x29\0\0\0\0" + bytes(16) + INNER6), IN6, "eth ip udp ayiya ipv6 udp",
         label("ayiya"), 2),
    Case("tzsp", 1, over_udp(37008, b"\1\0\0\1\x0a\1\xd0\1" + ETHERNET), IN4, "eth ip udp tzsp eth ip udp",
         label("tzsp"), 2),
    Case("gue", 1, over_udp(6080, b"\0\4\0\0" + INNER4), IN4, "eth ip udp gue ip udp", label("gue"), 2),
    Case("esp that encrypts nothing", 1, eth(ip4(50, b"\0\0\x10\1\0\0\0\5" + INNER4 + b"\1\2\3\3\4" + bytes(12))), IN4,
         "eth ip esp ip udp", {"tunnel": ["esp", PATH4, "ipip", PATH4]}),
    Case("gtp 0", 1, over_udp(3386, struct.pack(">BBHHHI8s", 0x1E, 255, len(INNER4), 1, 9, 0xFFFFFFFF, b"\x12" * 8)
                              + INNER4), IN4, "eth ip udp gtp-u ip udp", label("gtp-u", "teid 0x00000009"), 2),
    Case("vxlan reserved bits", 1, over_udp(4789, struct.pack(">II", 0x08000000, 5 << 8 | 1) + ETHERNET), IN4,
         "eth ip udp vxlan eth ip udp", label("vxlan", "vni 5"), 2),
    Case("vxlan-gpe nsh", 1, over_udp(4790, struct.pack(">BBBBI", 0x0C, 0, 0, 4, 5 << 8) + NSH4 + INNER4), IN4,
         "eth ip udp vxlan nsh ip udp", label("vxlan", "vni 5"), 2),
    Case("geneve arp", 1, over_udp(6081, geneve(9, 0x0806, arp(1))), {"proto": "arp"}, "eth ip udp geneve arp",
         label("geneve", "vni 0x000009"), 2),
    Case("teredo to a relay", 1, over_udp(40001, ip6(17, udp(40000, 9999, b"x"), "2001:0:102:304::1", "fd00::2")),
         {"src": "2001:0:102:304::1", "dst": "fd00::2"}, "eth ip udp teredo ipv6 udp", label("teredo"), 2),
]

# the port alone is no evidence: what these carry is no packet by its own lengths
NOT_CARRIED = [
    (4789, struct.pack(">II", 0x08000000, 5 << 8 | 1) + bytes(60)),
    (4754, bytes(40)),
    (6635, mpls([16], bytes(40))),
    (6635, bytes(40)),
    (4341, bytes(60)),
    (4341, bytes(8) + INNER4 + b"more"),
    (5072, b"\x40\0\x01\x29" + bytes(60)),
    (37008, b"\1\0\0\x63\1" + bytes(60)),
    (6080, b"\0\4\0\0" + bytes(40)),
    (1701, b"\0\3\0\0\0\0\0\x4d" + bytes(40)),
    (4790, bytes(60)),
    (3386, b"\x1e\xff" + struct.pack(">H", len(INNER4) - 1) + bytes(16) + INNER4),
    (40001, INNER6[:46] + b"\x12\x34" + INNER6[48:]),
    (40001, INNER6[:-1]),
    (4789, vxlan(5, ETHERNET)[:20]),
]
