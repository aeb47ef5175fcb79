"""Link layers: Ethernet, VLAN tags, LLC, Linux cooked capture, loopbacks, raw IP, PPP, PPPoE, MPLS; ARP.

IEEE 802.3, 802.1Q, 802.2; RFC 826, 894, 1661, 2516, 3032; tcpdump.org's LINKTYPE pages for the rest.
"""

from __future__ import annotations

import ipaddress

from netwatch._fast.out.names import ETHERTYPES, link_name
from netwatch.dissect.tree import Cut, Layer, Order, Step, Tree, data_node, reader

TYPES = {0x0800: "IPv4", 0x0806: "ARP", 0x86DD: "IPv6", 0x8100: "802.1Q VLAN", 0x88A8: "802.1ad provider VLAN",
         0x9100: "VLAN", 0x8847: "MPLS", 0x8848: "MPLS multicast", 0x8863: "PPPoE discovery", 0x8864: "PPPoE session",
         0x88CC: "LLDP", 0x888E: "EAPOL", 0x6558: "transparent Ethernet"}
NEXT = {0x0800: "ip", 0x0806: "arp", 0x86DD: "ipv6", 0x8100: "vlan", 0x88A8: "vlan", 0x9100: "vlan", 0x8847: "mpls",
        0x8848: "mpls", 0x88CC: "lldp", 0x8864: "pppoe", 0x8863: "pppoe", 0x6558: "eth"}
PPP = {0x0021: ("IPv4", "ip"), 0x0057: ("IPv6", "ipv6"), 0xC021: ("LCP", ""), 0x8021: ("IPCP", ""),
       0x8057: ("IPV6CP", ""), 0xC023: ("PAP", ""), 0xC223: ("CHAP", ""), 0x0281: ("MPLS", "mpls")}
LINKS = {1: "eth", 113: "sll", 276: "sll2", 0: "null", 108: "loop", 12: "raw", 14: "raw", 101: "raw", 228: "raw",
         229: "raw", 105: "wlan", 127: "radiotap", 9: "ppp", 50: "ppp", 51: "pppoe", 104: "chdlc"}
CISCO = b"\0\0\x0c"
PACKET_TYPES = {0: "to us", 1: "broadcast", 2: "multicast", 3: "to another host", 4: "sent by us"}


def mac(raw: bytes) -> str:
    return raw.hex(":")


def type_text(kind: int) -> str:
    return f"{TYPES.get(kind) or ETHERTYPES.get(kind) or 'unknown'} (0x{kind:04x})"


def after_type(tree: Tree, kind: int, at: int, end: int) -> Step | None:
    """What an EtherType announces."""
    found = NEXT.get(kind)
    if found:
        return Step(found, at, end)
    data_node(tree, at, end, type_text(kind))
    return None


@reader("link")
def link(tree: Tree, step: Step) -> Step | None:
    """The layer that the link type names."""
    found = LINKS.get(step.about)
    if found:
        return step._replace(kind=found)
    data_node(tree, step.at, step.end, f"Link type {step.about} ({link_name(step.about)}), not decoded")
    return None


@reader("eth")
def ethernet(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "eth", "Ethernet", step.at, step.end)
    to = layer.raw("eth.dst", "Destination", 6, mac)
    sender = layer.raw("eth.src", "Source", 6, mac)
    kind = layer.peek(2)
    layer.title(f"Ethernet: {mac(sender)} > {mac(to)}")
    if kind < 1536:
        size = layer.number("eth.len", "Length", 2, lambda n: f"{n} B")
        return Step("llc", layer.at, min(step.end, layer.at + size))
    layer.number("eth.type", "Type", 2, type_text)
    layer.title(f"{layer.node.text}, {TYPES.get(kind, f'0x{kind:04x}')}")
    return after_type(tree, kind, layer.at, step.end)


@reader("vlan")
def vlan(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "vlan", "VLAN", step.at, step.end)
    tag = layer.number("vlan.tci", "Tag", 2, lambda n: f"0x{n:04x}")
    layer.note("vlan.priority", f"Priority: {tag >> 13}", tag >> 13)
    layer.note("vlan.dei", f"Drop eligible: {'yes' if tag & 0x1000 else 'no'}", tag >> 12 & 1)
    layer.note("vlan.id", f"VLAN: {tag & 0xFFF}", tag & 0xFFF)
    kind = layer.peek(2)
    layer.title(f"VLAN {tag & 0xFFF}, priority {tag >> 13}")
    if kind < 1536:
        size = layer.number("vlan.len", "Length", 2, lambda n: f"{n} B")
        return Step("llc", layer.at, min(step.end, layer.at + size))
    layer.number("vlan.etype", "Type", 2, type_text)
    return after_type(tree, kind, layer.at, step.end)


@reader("llc")
def llc(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "llc", "LLC", step.at, step.end)
    to = layer.number("llc.dsap", "DSAP", 1, lambda n: f"0x{n:02x}")
    layer.number("llc.ssap", "SSAP", 1, lambda n: f"0x{n:02x}")
    control = layer.peek(1)
    layer.number("llc.control", "Control", 1 if control & 3 == 3 else 2, hex)
    if to == 0xAA:
        oui = layer.raw("llc.oui", "OUI", 3, mac)
        kind = layer.number("llc.type", "Type", 2, type_text)
        layer.title(f"LLC with SNAP, {type_text(kind)}")
        if oui in (b"\0\0\0", b"\0\0\xf8"):
            return after_type(tree, kind, layer.at, step.end)
        if oui == CISCO and kind == 0x2000:
            return Step("cdp", layer.at, step.end)
    elif to in (0x06, 0x42):
        return Step("raw" if to == 0x06 else "stp", layer.at, step.end)
    data_node(tree, layer.at, step.end)
    return None


@reader("sll")
def cooked(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "sll", "Linux cooked capture", step.at, step.end)
    layer.number("sll.pkttype", "Packet", 2, lambda n: PACKET_TYPES.get(n, str(n)))
    layer.number("sll.hatype", "Device type (ARPHRD)", 2)
    size = layer.number("sll.halen", "Address length", 2)
    layer.raw("sll.src.eth", "Source", 8, lambda raw: mac(raw[: min(size, 8)]))
    kind = layer.number("sll.etype", "Protocol", 2, type_text)
    return _after_cooked(tree, kind, layer.at, step.end)


@reader("sll2")
def cooked2(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "sll", "Linux cooked capture v2", step.at, step.end)
    kind = layer.number("sll.etype", "Protocol", 2, type_text)
    layer.add("", "Reserved", 2)
    layer.number("sll.ifindex", "Interface index", 4)
    layer.number("sll.hatype", "Device type (ARPHRD)", 2)
    layer.number("sll.pkttype", "Packet", 1, lambda n: PACKET_TYPES.get(n, str(n)))
    size = layer.number("sll.halen", "Address length", 1)
    layer.raw("sll.src.eth", "Source", 8, lambda raw: mac(raw[: min(size, 8)]))
    return _after_cooked(tree, kind, layer.at, step.end)


def _after_cooked(tree: Tree, kind: int, at: int, end: int) -> Step | None:
    if kind == 0x0004:                       # 802.2 frames
        return Step("llc", at, end)
    if kind == 0x0001:
        data_node(tree, at, end, "Novell 802.3")
        return None
    return after_type(tree, kind, at, end)


@reader("null")
def null(tree: Tree, step: Step) -> Step | None:
    return _family(tree, step, "Loopback (BSD)", "little")


@reader("loop")
def loop(tree: Tree, step: Step) -> Step | None:
    return _family(tree, step, "Loopback (OpenBSD)", "big")


def _family(tree: Tree, step: Step, title: str, order: Order) -> Step | None:
    """An address family of the machine that captured; the one of IPv6 differs from system to system."""
    layer = Layer(tree, "null", title, step.at, step.end)
    family = layer.number("null.family", "Family", 4, order=order)
    if family > 0xFFFF:
        family = int.from_bytes(family.to_bytes(4, "big"), "little")
    if family in (2, 24, 28, 30, 10):
        return Step("raw", layer.at, step.end)
    data_node(tree, layer.at, step.end)
    return None


@reader("raw")
def raw_ip(tree: Tree, step: Step) -> Step | None:
    """IPv4 or IPv6 by its first four bits."""
    if step.at >= min(step.end, len(tree.frame.data)):
        raise Cut
    version = tree.frame.data[step.at] >> 4
    if version in (4, 6):
        return step._replace(kind="ip" if version == 4 else "ipv6")
    data_node(tree, step.at, step.end, f"IP version {version}")
    return None


@reader("ppp")
def ppp(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "ppp", "PPP", step.at, step.end)
    if layer.left >= 2 and layer.peek(2) == 0xFF03:
        layer.add("ppp.address", "Address and control: ff 03", 2)
    short = bool(layer.peek(1) & 1)
    kind = layer.number("ppp.protocol", "Protocol", 1 if short else 2, lambda n: f"{PPP.get(n, ('unknown',))[0]} "
                        f"(0x{n:04x})")
    name, found = PPP.get(kind, ("unknown", ""))
    layer.title(f"PPP, {name}")
    if found:
        return Step(found, layer.at, step.end)
    data_node(tree, layer.at, step.end, name)
    return None


@reader("pppoe")
def pppoe(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "pppoe", "PPPoE", step.at, step.end)
    layer.number("pppoe.version", "Version and type", 1, lambda n: f"{n >> 4}, {n & 15}")
    code = layer.number("pppoe.code", "Code", 1, lambda n: f"0x{n:02x}")
    session = layer.number("pppoe.session_id", "Session", 2, lambda n: f"0x{n:04x}")
    size = layer.number("pppoe.payload_length", "Length", 2, lambda n: f"{n} B")
    layer.title(f"PPPoE, session 0x{session:04x}")
    end = min(step.end, layer.at + size)
    if code == 0:
        return Step("ppp", layer.at, end)
    data_node(tree, layer.at, end, "Tags")
    return None


@reader("chdlc")
def chdlc(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "chdlc", "Cisco HDLC", step.at, step.end)
    layer.number("chdlc.address", "Address", 1, lambda n: f"0x{n:02x}")
    layer.number("chdlc.control", "Control", 1)
    return after_type(tree, layer.number("chdlc.protocol", "Protocol", 2, type_text), layer.at, step.end)


@reader("mpls")
def mpls(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "mpls", "MPLS", step.at, step.end)
    word = layer.number("mpls", "Entry", 4, lambda n: f"0x{n:08x}")
    for name, label, value in (("mpls.label", "Label", word >> 12), ("mpls.exp", "Traffic class", word >> 9 & 7),
                               ("mpls.bottom", "Bottom of stack", word >> 8 & 1), ("mpls.ttl", "TTL", word & 255)):
        layer.note(name, f"{label}: {value}", value)
    layer.title(f"MPLS, label {word >> 12}, TTL {word & 255}")
    if not word & 0x100:
        return Step("mpls", layer.at, step.end)
    if layer.left and layer.peek(1) >> 4 in (4, 6):
        return Step("raw", layer.at, step.end)
    data_node(tree, layer.at, step.end)
    return None


@reader("arp")
def arp(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "arp", "ARP", step.at, step.end)
    layer.number("arp.hw.type", "Hardware", 2)
    kind = layer.number("arp.proto.type", "Protocol", 2, type_text)
    hard = layer.number("arp.hw.size", "Hardware address length", 1)
    size = layer.number("arp.proto.size", "Protocol address length", 1)
    what = layer.number("arp.opcode", "Operation", 2, lambda n: {1: "request", 2: "reply"}.get(n, str(n)))

    def ip(raw: bytes) -> str:
        return str(ipaddress.ip_address(raw)) if kind == 0x0800 and len(raw) == 4 else raw.hex(" ")

    sender_mac = layer.raw("arp.src.hw_mac", "Sender MAC", hard, mac)
    sender = layer.raw("arp.src.proto_ipv4", "Sender address", size, ip)
    layer.raw("arp.dst.hw_mac", "Target MAC", hard, mac)
    target = layer.raw("arp.dst.proto_ipv4", "Target address", size, ip)
    layer.title({1: f"ARP: who has {ip(target)}? Tell {ip(sender)}",
                 2: f"ARP: {ip(sender)} is at {mac(sender_mac)}"}.get(what, f"ARP operation {what}"))
    return None
