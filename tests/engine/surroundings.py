"""Every encapsulation that says whose network a packet is of, for made traffic: (packet, network, answer) -> frame.

`BOTH_WAYS` say the same number in both directions, `BY_DIRECTION` the number that the receiver, or the sender, chose.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from wire import (
    MAC_A,
    MAC_B,
    eth,
    geneve,
    gre,
    gtpu,
    ip4,
    l2tp,
    mpls,
    pppoe,
    raw_mac,
    snap,
    udp,
    vlan,
    vxlan,
    vxlan_gpe,
    wlan,
)

Around = Callable[[bytes, int, bool], bytes]
Surrounding = tuple[int, Around]  # link type, and what is around

OUTER = ("192.0.2.1", "192.0.2.9")


def in_ip(proto: int, body: bytes, back: bool) -> bytes:
    return eth(ip4(proto, body, *(OUTER[:: -1 if back else 1])))


def in_udp(port: int, body: bytes, back: bool) -> bytes:
    ports = (port, 50000) if back and port != 2152 else (50000, port)
    return in_ip(17, udp(*ports, body), back)


def kind(packet: bytes) -> int:
    return 0x0800 if packet[0] >> 4 == 4 else 0x86DD


def frame(packet: bytes) -> bytes:
    return eth(packet, kind(packet))


def ppp(packet: bytes) -> bytes:
    return b"\xff\3" + (b"\0\x21" if packet[0] >> 4 == 4 else b"\0\x57") + packet


def other_station(whole: bytes, station: int) -> bytes:
    """The frame with its station's address changed: two networks have no station in common at a time."""
    return whole.replace(raw_mac(MAC_A), raw_mac(MAC_A)[:5] + bytes([0x40 + station]), 1)


def air(network: int, back: bool, body: bytes, station: int | None = None) -> bytes:
    """An 802.11 data frame to or from the access point of a network."""
    ends = (MAC_B, MAC_A) if back else (MAC_A, MAC_B)
    whole = wlan(body, ways=2 if back else 1, ends=ends)
    at = 10 if back else 4
    whole = whole[:at] + b"\2\0\0\0\1" + bytes([network]) + whole[at + 6 :]
    return other_station(whole, network if station is None else station)


def aggregate(network: int, back: bool, packet: bytes) -> bytes:
    """The packet is the second sub-frame."""
    macs = raw_mac(MAC_A) + raw_mac(MAC_B) if back else raw_mac(MAC_B) + raw_mac(MAC_A)
    whole = bytearray(wlan(b"", qos=True, ways=2 if back else 1, ends=(MAC_B, MAC_A) if back else (MAC_A, MAC_B)))
    whole[24] |= 0x80
    at = 10 if back else 4
    whole[at : at + 6] = b"\2\0\0\0\1" + bytes([network])
    out = other_station(bytes(whole), network)
    for body in (snap(0x88B5, b"first"), snap(kind(packet), packet)):
        part = macs + struct.pack(">H", len(body)) + body
        out += part + bytes(-len(part) % 4)
    return out


def capwap(packet: bytes, radio: int) -> bytes:
    return b"\0" + (2 << 19 | radio << 14 | 1 << 9).to_bytes(3, "big") + bytes(4) + packet


def nsh(path: int, packet: bytes) -> bytes:
    return struct.pack(">BBBBI", 0x0F, 0xC2, 2, 1 if packet[0] >> 4 == 4 else 2, path << 8 | 255) + packet


def macsec(channel: int, packet: bytes) -> bytes:
    return struct.pack(">BBIQH", 0x20, 0, 1, channel, kind(packet)) + packet + bytes(16)


def pflog(name: bytes, packet: bytes) -> bytes:
    family = 2 if packet[0] >> 4 == 4 else 24
    return bytes([61, family, 0, 0]) + name.ljust(16, b"\0") + bytes(44) + packet


def pktap(name: bytes, packet: bytes) -> bytes:
    head = struct.pack("<III", 108, 1, 101) + name.ljust(24, b"\0")
    return head.ljust(108, b"\0") + packet


def nflog(place: int, index: int, packet: bytes) -> bytes:
    head = bytes([2 if packet[0] >> 4 == 4 else 10, 0, 0, 0]) + struct.pack("<HH", 8, place) + struct.pack(">I", index)
    return head + struct.pack("<HH", 4 + len(packet), 9) + packet


def ipnet(index: int, packet: bytes) -> bytes:
    family = 2 if packet[0] >> 4 == 4 else 26
    return bytes([1, family, 0, 0]) + struct.pack(">IIIII", len(packet), index, 0, 1, 1) + packet


def juniper(unit: int, packet: bytes) -> bytes:
    extension = b"\5\4" + struct.pack("<I", unit)
    return b"MGC\x81" + struct.pack(">H", len(extension)) + extension + frame(packet)


def relay(circuit: int, packet: bytes, size: int = 2) -> bytes:
    """The circuit's number is in the last bits of an address of this size (ITU-T Q.922 section 3.3)."""
    address = {2: [circuit >> 4 << 2, (circuit & 15) << 4 | 1],
               3: [circuit >> 10 << 2, (circuit >> 6 & 15) << 4, (circuit & 63) << 2 | 1],
               4: [circuit >> 17 << 2, (circuit >> 13 & 15) << 4, (circuit >> 6 & 127) << 1, (circuit & 63) << 2 | 1]}
    return bytes(address[size]) + b"\3" + (b"\xcc" if packet[0] >> 4 == 4 else b"\x8e") + packet


def pptp(call: int, packet: bytes) -> bytes:
    body = ppp(packet)
    return struct.pack(">HHHHI", 0x3001, 0x880B, len(body), call, 7) + body


def ayiya(identity: int, packet: bytes) -> bytes:
    return bytes([0x40, 0, 1, 4 if packet[0] >> 4 == 4 else 41]) + bytes(4) + bytes([identity] * 16) + packet


def vn_tag(port: int, back: bool, packet: bytes) -> bytes:
    ports = struct.pack(">HH", 0x8000 | port, 0) if back else struct.pack(">HH", 0, port)
    return ports + struct.pack(">H", kind(packet)) + packet


def e_tag(port: int, packet: bytes) -> bytes:
    return struct.pack(">HHBBH", 0, port, 0, 0, kind(packet)) + packet


BOTH_WAYS: dict[str, Surrounding] = {
    "gre key": (1, lambda p, n, back: in_ip(47, gre(kind(p), p, key=n + 1), back)),
    "nvgre": (1, lambda p, n, back: in_ip(47, gre(0x6558, frame(p), key=(0x1000 + n) << 8 | back * 7), back)),
    "erspan 2": (1, lambda p, n, back: in_ip(47, gre(0x88BE, struct.pack(">HHI", 0x1000, n + 1, 0) + frame(p),
                                                     number=5), back)),
    "erspan 3": (1, lambda p, n, back: in_ip(47, gre(0x22EB, struct.pack(">HHII", 0x2000, n + 1, 0, 0) + frame(p),
                                                     number=5), back)),
    "vxlan": (1, lambda p, n, back: in_udp(4789, vxlan(n, frame(p)), back)),
    "vxlan-gpe": (1, lambda p, n, back: in_udp(4790, vxlan_gpe(n, 3, frame(p)), False)),
    "geneve": (1, lambda p, n, back: in_udp(6081, geneve(n, kind(p), p), back)),
    "geneve ethernet": (1, lambda p, n, back: in_udp(6081, geneve(n, 0x6558, frame(p), b"\1\2\3\1abcd"), back)),
    "lisp": (1, lambda p, n, back: in_udp(4341, struct.pack(">II", 0x08000000, n + 1 << 8) + p, back)),
    "gre in udp": (1, lambda p, n, back: in_udp(4754, gre(kind(p), p, key=n + 1), False)),
    "vlan": (1, lambda p, n, back: eth(vlan(n + 1, kind(p), p), 0x8100)),
    "outer tag": (1, lambda p, n, back: eth(vlan(n + 1, 0x8100, vlan(7, kind(p), p)), 0x88A8)),
    "inner tag": (1, lambda p, n, back: eth(vlan(7, 0x8100, vlan(n + 1, kind(p), p)), 0x9100)),
    "label": (1, lambda p, n, back: eth(mpls([n + 16], p), 0x8847)),
    "pseudowire": (1, lambda p, n, back: eth(mpls([n + 16], bytes(4) + frame(p)), 0x8847)),
    "label in udp": (1, lambda p, n, back: in_udp(6635, mpls([n + 16], p), False)),
    "label in gre": (1, lambda p, n, back: in_ip(47, gre(0x8847, mpls([n + 16], p)), back)),
    "service": (1, lambda p, n, back: eth(struct.pack(">I", n + 1) + frame(p), 0x88E7)),
    "e-tag": (1, lambda p, n, back: other_station(eth(e_tag(n + 1, p), 0x893F), n)),
    "vn-tag": (1, lambda p, n, back: other_station(eth(vn_tag(n + 1, back, p), 0x8926), n)),
    "service path": (1, lambda p, n, back: eth(nsh(n + 1, p), 0x894F)),
    "pppoe": (1, lambda p, n, back: eth(pppoe(n + 1, p, 0x21 if p[0] >> 4 == 4 else 0x57), 0x8864)),
    "bss": (105, lambda p, n, back: air(n, back, snap(kind(p), p))),
    "bss of an aggregate": (105, lambda p, n, back: aggregate(n, back, p)),
    "bss in capwap": (1, lambda p, n, back: in_udp(5247, b"\0\x10\x03\0" + bytes(4) + air(n, back, snap(kind(p), p)),
                                                   back)),
    "radio in capwap": (1, lambda p, n, back: in_udp(5247, capwap(other_station(frame(p), n), n), back)),
    "circuit": (107, lambda p, n, back: relay(n + 16, p)),
    "circuit of 3 bytes": (107, lambda p, n, back: relay(n + 16, p, 3)),
    "circuit of 4 bytes": (107, lambda p, n, back: relay(n + 16, p, 4)),
    "third byte of a circuit": (107, lambda p, n, back: relay(n + 16 << 6, p, 4)),
    "interface of pflog": (117, lambda p, n, back: pflog(b"em%d" % n, p)),
    "interface of pktap": (258, lambda p, n, back: pktap(b"en%d" % n, p)),
    "interface of nflog": (239, lambda p, n, back: nflog(4 + back, n + 1, p)),
    "interface of ipnet": (226, lambda p, n, back: ipnet(n + 1, p)),
    "interface of juniper": (178, lambda p, n, back: juniper(n + 1, p)),
}
BY_DIRECTION: dict[str, Surrounding] = {
    "teid": (1, lambda p, n, back: in_udp(2152, gtpu(n * 2 + back + 1, p), back)),
    "teids exchanged": (1, lambda p, n, back: in_udp(2152, gtpu(1 + (n ^ back), p), back)),
    "session": (1, lambda p, n, back: in_udp(1701, l2tp(1, n * 2 + back + 1, ppp(p)), back)),
    "sessions exchanged": (1, lambda p, n, back: in_udp(1701, l2tp(1, 1 + (n ^ back), ppp(p)), back)),
    "l2tp tunnel": (1, lambda p, n, back: in_udp(1701, l2tp(n * 2 + back + 1, 1, ppp(p)), back)),
    "l2tpv3": (1, lambda p, n, back: in_ip(115, struct.pack(">I", n * 2 + back + 1) + frame(p), back)),
    "call": (1, lambda p, n, back: in_ip(47, pptp(n * 2 + back + 1, p), back)),
    "calls exchanged": (1, lambda p, n, back: in_ip(47, pptp(1 + (n ^ back), p), back)),
    "label": (1, lambda p, n, back: eth(mpls([16 + n * 2 + back], p), 0x8847)),
    "popped label": (1, lambda p, n, back: frame(p) if back and not n else
                     eth(mpls([16 + n * 2 + back], p), 0x8847)),
    "vlan": (1, lambda p, n, back: eth(vlan(10 + n * 2 + back, kind(p), p), 0x8100)),
    "secure channel": (1, lambda p, n, back: eth(macsec(n * 2 + back + 1, p), 0x88E5)),
    "service path": (1, lambda p, n, back: eth(nsh(n * 2 + back + 1, p), 0x894F)),
    "identity of ayiya": (1, lambda p, n, back: in_udp(5072, ayiya(n * 2 + back + 1, p), back)),
    "mirror session": (1, lambda p, n, back: in_ip(47, gre(0x88BE, struct.pack(">HHI", 0x1000, n * 2 + back + 1, 0)
                                                           + frame(p), number=5), False)),
}
ALL = {f"{k}, same": v for k, v in BOTH_WAYS.items()} | {f"{k}, by direction": v for k, v in BY_DIRECTION.items()}
