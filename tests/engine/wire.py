"""Frames built by hand, byte by byte, and a pcap around them; checksums are right, so other readers agree.

Only `struct` is used, so that the tests rely on the RFCs and on no other builder.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
A4, B4 = "192.0.2.1", "198.51.100.2"
A6, B6 = "2001:db8::1", "2001:db8:f::2"
MAC_A, MAC_B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
START = 1_700_000_000_000_000_000  # ns, when the first frame of a test is seen
MS = 1_000_000
SECOND = 1_000_000_000

Timed = tuple[int, bytes] | tuple[int, bytes, int]  # ns, captured bytes[, bytes on the wire]


def raw_mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def eth(payload: bytes, kind: int = 0x0800, src: str = MAC_A, dst: str = MAC_B) -> bytes:
    return raw_mac(dst) + raw_mac(src) + struct.pack(">H", kind) + payload


def eth_length(payload: bytes, src: str = MAC_A, dst: str = MAC_B) -> bytes:
    """IEEE 802.3: a length instead of a type."""
    return eth(payload, len(payload), src, dst)


def vlan(vid: int, kind: int, payload: bytes, priority: int = 0) -> bytes:
    """What follows EtherType 0x8100."""
    return struct.pack(">HH", priority << 13 | vid, kind) + payload


def snap(kind: int, payload: bytes, oui: int = 0) -> bytes:
    return b"\xaa\xaa\x03" + oui.to_bytes(3, "big") + struct.pack(">H", kind) + payload


def mpls(labels: list[int], payload: bytes) -> bytes:
    last = len(labels) - 1
    return b"".join(struct.pack(">I", v << 12 | (i == last) << 8 | 64) for i, v in enumerate(labels)) + payload


def pppoe(session: int, payload: bytes, protocol: int = 0x0021) -> bytes:
    """What follows EtherType 0x8864."""
    return struct.pack(">BBHHH", 0x11, 0, session, len(payload) + 2, protocol) + payload


def _sum_at(proto: int) -> int | None:
    return {6: 16, 17: 6, 58: 2}.get(proto)


def _summed(pseudo: bytes, proto: int, payload: bytes) -> bytes:
    at = _sum_at(proto)
    if at is None or len(payload) < at + 2:
        return payload
    value = checksum(pseudo + payload[:at] + b"\0\0" + payload[at + 2 :]) or 0xFFFF
    return payload[:at] + struct.pack(">H", value) + payload[at + 2 :]


def ip4(
    proto: int,
    payload: bytes,
    src: str = A4,
    dst: str = B4,
    *,
    ttl: int = 64,
    options: bytes = b"",
    ident: int = 1,
    more: bool = False,
    at: int = 0,
    total: int | None = None,
    tos: int = 0,
) -> bytes:
    """`at`: fragment offset in bytes; `total`: another total length than the true one."""
    ends = ipaddress.IPv4Address(src).packed + ipaddress.IPv4Address(dst).packed
    if not more and not at:
        payload = _summed(ends + struct.pack(">HH", proto, len(payload)), proto, payload)
    size = 20 + len(options)
    total = size + len(payload) if total is None else total
    head = struct.pack(">BBHHHBBH", 0x40 | size // 4, tos, total, ident, more << 13 | at // 8, ttl, proto, 0) + ends
    value = checksum(head + options)
    return head[:10] + struct.pack(">H", value) + head[12:] + options + payload


def ip6(
    next_header: int, payload: bytes, src: str = A6, dst: str = B6, *, hops: int = 64, length: int | None = None
) -> bytes:
    ends = ipaddress.IPv6Address(src).packed + ipaddress.IPv6Address(dst).packed
    payload = _summed(ends + struct.pack(">II", len(payload), next_header), next_header, payload)
    length = len(payload) if length is None else length
    return struct.pack(">IHBB", 6 << 28, length, next_header, hops) + ends + payload


def extension(next_header: int, size: int = 8) -> bytes:
    """A hop-by-hop, routing or destination header of `size` bytes, filled with PadN."""
    return bytes([next_header, size // 8 - 1, 1, size - 4]) + bytes(size - 4)


def fragment6(next_header: int, at: int, more: bool, ident: int, payload: bytes) -> bytes:
    """The payload of an IPv6 packet whose next header is 44."""
    return struct.pack(">BBHI", next_header, 0, at | more, ident) + payload


def fragments4(proto: int, payload: bytes, size: int, **words) -> list[bytes]:
    """IPv4 packets that carry the payload in pieces of `size` bytes (a multiple of 8)."""
    return [
        ip4(proto, payload[at : at + size], more=at + size < len(payload), at=at, **words)
        for at in range(0, len(payload), size)
    ]


def fragments6(next_header: int, payload: bytes, size: int, ident: int = 7, **words) -> list[bytes]:
    return [
        ip6(44, fragment6(next_header, at, at + size < len(payload), ident, payload[at : at + size]), **words)
        for at in range(0, len(payload), size)
    ]


def udp(sport: int, dport: int, payload: bytes, length: int | None = None) -> bytes:
    return struct.pack(">HHHH", sport, dport, 8 + len(payload) if length is None else length, 0) + payload


def tcp(
    sport: int,
    dport: int,
    flags: int = ACK,
    seq: int = 1,
    ack: int = 1,
    payload: bytes = b"",
    *,
    window: int = 8192,
    options: bytes = b"",
) -> bytes:
    options += b"\0" * (-len(options) % 4)
    seq, ack = seq & 0xFFFFFFFF, ack & 0xFFFFFFFF
    head = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, (20 + len(options)) << 2, flags, window, 0, 0)
    return head + options + payload


def syn_options(mss: int = 1460, scale: int = 7) -> bytes:
    return struct.pack(">BBHBBBBB", 2, 4, mss, 4, 2, 3, 3, scale)


def icmp_echo(kind: int, ident: int, number: int = 1, payload: bytes = b"ping") -> bytes:
    """ICMP 8 request, 0 reply."""
    head = struct.pack(">BBHHH", kind, 0, 0, ident, number)
    return head[:2] + struct.pack(">H", checksum(head + payload)) + head[4:] + payload


def icmp6_echo(kind: int, ident: int, number: int = 1, payload: bytes = b"ping") -> bytes:
    """ICMPv6 128 request, 129 reply."""
    return struct.pack(">BBHHH", kind, 0, 0, ident, number) + payload


def arp(kind: int, sender: str = A4, target: str = B4, mac: str = MAC_A) -> bytes:
    """1 request, 2 reply."""
    ends = raw_mac(mac) + ipaddress.IPv4Address(sender).packed + bytes(6) + ipaddress.IPv4Address(target).packed
    return struct.pack(">HHBBH", 1, 0x0800, 6, 4, kind) + ends


def sctp(sport: int, dport: int, chunk: int, body: bytes = b"") -> bytes:
    return struct.pack(">HHII", sport, dport, 1, 0) + struct.pack(">BBH", chunk, 0, 4 + len(body)) + body


def igmp_report(*groups: str) -> bytes:
    """IGMP version 3: the host joins the groups."""
    records = b"".join(b"\4\0\0\0" + ipaddress.IPv4Address(group).packed for group in groups)
    body = struct.pack(">HH", 0, len(groups)) + records
    return b"\x22\0" + struct.pack(">H", checksum(b"\x22\0\0\0" + body)) + body


def lldp_of(device: str, port: str) -> bytes:
    """An LLDPDU: chassis, port, time to live, name, end."""
    tlvs = ((1, b"\4" + raw_mac(MAC_A)), (2, b"\5" + port.encode()), (3, b"\0\x78"), (5, device.encode()), (0, b""))
    return b"".join(struct.pack(">H", kind << 9 | len(body)) + body for kind, body in tlvs)


def gre(kind: int, payload: bytes, *, key: int | None = None, number: int | None = None, summed: bool = False) -> bytes:
    flags = (summed << 15) | ((key is not None) << 13) | ((number is not None) << 12)
    out = struct.pack(">HH", flags, kind) + (bytes(4) if summed else b"")
    for word in (key, number):
        out += b"" if word is None else struct.pack(">I", word)
    return out + payload


def vxlan(vni: int, payload: bytes) -> bytes:
    return struct.pack(">II", 0x08000000, vni << 8) + payload


def vxlan_gpe(vni: int, kind: int, payload: bytes) -> bytes:
    """1 IPv4, 2 IPv6, 3 Ethernet."""
    return struct.pack(">BBBBI", 0x0C, 0, 0, kind, vni << 8) + payload


def geneve(vni: int, kind: int, payload: bytes, options: bytes = b"") -> bytes:
    return struct.pack(">BBHI", len(options) // 4, 0, kind, vni << 8) + options + payload


def gtpu(teid: int, payload: bytes, extended: bool = False) -> bytes:
    """With `extended`, one extension header (PDU session container)."""
    if extended:
        payload = b"\0\0\0\x85" + b"\x01\x10\x09\0" + payload
    return struct.pack(">BBHI", 0x34 if extended else 0x30, 255, len(payload), teid) + payload


def l2tp(tunnel: int, session: int, payload: bytes) -> bytes:
    return struct.pack(">HHHH", 0x4002, 8 + len(payload), tunnel, session) + payload


def teredo_origin(payload: bytes) -> bytes:
    return b"\0\0" + bytes(6) + payload


def wlan(
    payload: bytes,
    *,
    qos: bool = False,
    protected: bool = False,
    ways: int = 1,
    ends: tuple[str, str] = (MAC_A, MAC_B),
) -> bytes:
    """A data frame; `ways` 1 to, 2 from the distribution system, 3 both. The addresses name `ends`, sender first."""
    a, b, bss = raw_mac(ends[0]), raw_mac(ends[1]), b"\x02\0\0\0\0\xcc"
    order = {0: b + a + bss, 1: bss + a + b, 2: b + bss + a, 3: bss + bss + b}[ways]
    head = bytes([0x88 if qos else 0x08, ways | (0x40 if protected else 0), 0, 0]) + order + b"\0\0"
    return head + (a if ways == 3 else b"") + (b"\0\0" if qos else b"") + payload


def sll(kind: int, payload: bytes, hardware: int = 1) -> bytes:
    return struct.pack(">HHH8sH", 0, hardware, 6, raw_mac(MAC_A) + b"\0\0", kind) + payload


def sll2(kind: int, payload: bytes) -> bytes:
    return struct.pack(">HHIHBB8s", kind, 0, 2, 1, 0, 6, raw_mac(MAC_A) + b"\0\0") + payload


def pcap(frames: Iterable[Timed], link: int = 1, snaplen: int = 262144) -> bytes:
    """A nanosecond pcap file; a frame longer than `snaplen` is cut to it."""
    out = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, snaplen, link)]
    for frame in frames:
        ns, data = frame[0], frame[1]
        size = frame[2] if len(frame) > 2 else len(data)
        kept = data[:snaplen]
        out.append(struct.pack("<IIII", ns // SECOND, ns % SECOND, len(kept), size) + kept)
    return b"".join(out)


def spaced(frames: Iterable[bytes], step: int = MS, start: int = START) -> list[tuple[int, bytes]]:
    """The frames, `step` ns apart."""
    return [(start + i * step, data) for i, data in enumerate(frames)]
