"""IPv4 with its options, IPv6 with its extension headers. RFC 791, 2474, 3168, 8200, 4302, 4303."""

from __future__ import annotations

import socket

from netwatch._fast.out.names import PROTOCOLS
from netwatch.dissect.layout import layout_of, messages
from netwatch.dissect.tree import Cut, Layer, Step, Tree, bits, data_node, reader

NEXT = {1: "icmp", 2: "igmp", 4: "ip", 6: "tcp", 17: "udp", 41: "ipv6", 47: "gre", 58: "icmpv6", 97: "etherip",
        132: "sctp", 136: "udplite"}
EXTENSIONS = {0: "hop-by-hop options", 43: "routing", 44: "fragment", 51: "authentication", 60: "destination options",
              135: "mobility", 139: "host identity", 140: "shim6"}
OPTIONS = {0: "end of options", 1: "no operation", 7: "record route", 68: "timestamp", 131: "loose source route",
           137: "strict source route", 148: "router alert"}
ECN = ("not ECN-capable", "ECT(1)", "ECT(0)", "congestion experienced")
FLAGS = ((4, "reserved"), (2, "don't fragment"), (1, "more fragments"))


def proto_text(number: int) -> str:
    return f"{PROTOCOLS.get(number) or EXTENSIONS.get(number) or 'unknown'} ({number})" if number < 256 else str(number)


def four(raw: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET, raw)


def six(raw: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET6, raw)


def after_protocol(tree: Tree, number: int, at: int, end: int, about: object = None) -> Step | None:
    """What an IP protocol number announces."""
    found = NEXT.get(number)
    if found:
        return Step(found, at, end, about)
    label = "Encrypted (ESP)" if number == 50 else "No next header" if number == 59 else proto_text(number)
    data_node(tree, at, end, label)
    return None


@reader("ip")
def ip4(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "ip", "IPv4", step.at, step.end)
    head = layer.number("ip.version", "Version and header length", 1, lambda n: f"{n >> 4}, {(n & 15) * 4} B")
    size = (head & 15) * 4
    if head >> 4 != 4 or size < 20:
        raise Cut
    service = layer.number("ip.dsfield", "Traffic class", 1, lambda n: f"0x{n:02x}")
    layer.note("ip.dsfield.dscp", f"DSCP: {service >> 2}", service >> 2)
    layer.note("ip.dsfield.ecn", f"ECN: {ECN[service & 3]}", service & 3)
    total = layer.number("ip.len", "Total length", 2, lambda n: f"{n} B")
    layer.number("ip.id", "Identification", 2, lambda n: f"0x{n:04x} ({n})")
    word = layer.number("ip.frag", "Flags and fragment offset", 2, lambda n: f"0x{n:04x}")
    layer.note("ip.flags", f"Flags: {bits(word >> 13, FLAGS)}", word >> 13)
    offset = (word & 0x1FFF) * 8
    layer.note("ip.frag_offset", f"Fragment offset: {offset} B", offset)
    ttl = layer.number("ip.ttl", "Time to live", 1)
    number = layer.number("ip.proto", "Protocol", 1, proto_text)
    layer.number("ip.checksum", "Header checksum", 2, lambda n: f"0x{n:04x}")
    sender = layer.raw("ip.src", "Source", 4, four)
    to = layer.raw("ip.dst", "Destination", 4, four)
    tree.ends = (four(sender), four(to))
    layer.title(f"IPv4: {four(sender)} > {four(to)}, TTL {ttl}, {proto_text(number)}, {total} B")
    _options(layer, step.at + size)
    end = min(step.end, step.at + total) if total >= size else step.end      # 0: segmented by the card (TSO)
    if offset or word & 0x2000:
        layer.title(f"{layer.node.text}, fragment at {offset}")
    if offset:
        data_node(tree, layer.at, end, "Fragment")
        return None
    return after_protocol(tree, number, layer.at, end)


def _options(layer: Layer, stop: int) -> None:
    layer.need(stop - layer.at)
    while layer.at < stop:
        kind = layer.peek(1)
        name = OPTIONS.get(kind, f"option {kind}")
        size = 1 if kind < 2 else layer.peek(1, 1)
        if size < 1 or size > stop - layer.at or (kind >= 2 and size < 2):
            raise Cut
        layer.add("ip.opt", f"Option: {name}", size, kind)
        if kind == 0:
            layer.skip_to(stop, "Padding")


@reader("ipv6")
def ip6(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "ipv6", "IPv6", step.at, step.end)
    word = layer.number("ipv6.version", "Version, traffic class, flow label", 4, lambda n: f"0x{n:08x}")
    if word >> 28 != 6:
        raise Cut
    layer.note("ipv6.tclass", f"Traffic class: 0x{word >> 20 & 255:02x}", word >> 20 & 255)
    layer.note("ipv6.flow", f"Flow label: 0x{word & 0xFFFFF:05x}", word & 0xFFFFF)
    size = layer.number("ipv6.plen", "Payload length", 2, lambda n: f"{n} B")
    number = layer.number("ipv6.nxt", "Next header", 1, proto_text)
    limit = layer.number("ipv6.hlim", "Hop limit", 1)
    sender = layer.raw("ipv6.src", "Source", 16, six)
    to = layer.raw("ipv6.dst", "Destination", 16, six)
    tree.ends = (six(sender), six(to))
    layer.title(f"IPv6: {six(sender)} > {six(to)}, hop limit {limit}, {proto_text(number)}, {size} B")
    end = min(step.end, layer.at + size) if size else step.end               # 0: a jumbogram, or TSO
    if number in EXTENSIONS:
        return Step("ipv6ext", layer.at, end, number)
    return after_protocol(tree, number, layer.at, end)


@reader("ipv6ext")
def extension(tree: Tree, step: Step) -> Step | None:
    """One extension header; `about` is its number."""
    kind = step.about
    layer = Layer(tree, "ipv6.ext", f"IPv6 {EXTENSIONS[kind]}", step.at, step.end)
    number = layer.number("ipv6.nxt", "Next header", 1, proto_text)
    offset = 0
    if kind == 44:
        layer.add("", "Reserved", 1)
        word = layer.number("ipv6.fraghdr.offset", "Offset and flags", 2, lambda n: f"0x{n:04x}")
        offset = word & 0xFFF8
        layer.note("ipv6.fraghdr.more", f"More fragments: {'yes' if word & 1 else 'no'}", word & 1)
        layer.number("ipv6.fraghdr.ident", "Identification", 4, lambda n: f"0x{n:08x}")
        layer.title(f"IPv6 fragment at {offset}")
    else:
        size = layer.number("ipv6.opt.length", "Length", 1, lambda n: f"{(n + 2) * 4 if kind == 51 else (n + 1) * 8} B")
        whole = (size + 2) * 4 if kind == 51 else (size + 1) * 8
        layer.skip_to(step.at + whole, "Content")
    if offset:
        data_node(tree, layer.at, step.end, "Fragment")
        return None
    if number in EXTENSIONS:
        return Step("ipv6ext", layer.at, step.end, number)
    return after_protocol(tree, number, layer.at, step.end)


@reader("igmp")
def igmp(tree: Tree, step: Step) -> Step | None:
    layout = layout_of("igmp")
    assert layout is not None
    messages(tree, layout, step.at, min(step.end, len(tree.frame.data)), goes_on=False)
    return None
