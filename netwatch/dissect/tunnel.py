"""Tunnels that carry whole packets: GRE, EtherIP, VXLAN, Geneve, GTP-U. RFC 2784, 2890, 3378, 7348, 8926; TS 29.281."""

from __future__ import annotations

from netwatch.dissect.link import after_type, type_text
from netwatch.dissect.tree import Cut, Layer, Step, Tree, data_node, reader

PPTP = 1                           # the version of GRE that carries PPP, RFC 2637


@reader("gre")
def gre(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "gre", "GRE", step.at, step.end)
    flags = layer.number("gre.flags_and_version", "Flags and version", 2, lambda n: f"0x{n:04x}")
    kind = layer.number("gre.proto", "Protocol", 2, type_text)
    layer.title(f"GRE, {type_text(kind)}")
    if flags & 7 == PPTP:
        layer.number("gre.key.payload_length", "Payload length", 2, lambda n: f"{n} B")
        layer.number("gre.key.call_id", "Call", 2)
        for bit, label in ((0x1000, "Sequence number"), (0x80, "Acknowledgement number")):
            if flags & bit:
                layer.number("gre.sequence_number", label, 4)
        return Step("ppp", layer.at, step.end) if layer.left else None
    if flags & 0x8000 or flags & 0x4000:
        layer.add("gre.checksum", "Checksum and offset", 4)
    if flags & 0x2000:
        key = layer.number("gre.key", "Key", 4, lambda n: f"0x{n:08x}")
        layer.title(f"GRE, key 0x{key:08x}, {type_text(kind)}")
    if flags & 0x1000:
        layer.number("gre.sequence_number", "Sequence number", 4)
    return after_type(tree, kind, layer.at, step.end)


@reader("etherip")
def etherip(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "etherip", "EtherIP", step.at, step.end)
    layer.number("etherip.ver", "Version", 2, lambda n: str(n >> 12))
    return Step("eth", layer.at, step.end)


@reader("vxlan")
def vxlan(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "vxlan", "VXLAN", step.at, step.end)
    flags = layer.number("vxlan.flags", "Flags", 1, lambda n: f"0x{n:02x}")
    layer.add("", "Reserved", 3)
    vni = layer.number("vxlan.vni", "VNI", 3)
    layer.add("", "Reserved", 1)
    layer.title(f"VXLAN, VNI {vni}")
    if flags & 8:
        return Step("eth", layer.at, step.end)
    data_node(tree, layer.at, step.end)
    return None


@reader("geneve")
def geneve(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "geneve", "Geneve", step.at, step.end)
    head = layer.number("geneve.version", "Version and options length", 1, lambda n: f"{n >> 6}, {(n & 63) * 4} B")
    layer.number("geneve.flags", "Flags", 1, lambda n: f"0x{n:02x}")
    kind = layer.number("geneve.proto_type", "Protocol", 2, type_text)
    vni = layer.number("geneve.vni", "VNI", 3)
    layer.add("", "Reserved", 1)
    layer.skip_to(layer.at + (head & 63) * 4, "Options")
    layer.title(f"Geneve, VNI {vni}")
    return after_type(tree, kind, layer.at, step.end)


@reader("gtp")
def gtp(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "gtp", "GTP-U", step.at, step.end)
    flags = layer.number("gtp.flags", "Flags", 1, lambda n: f"0x{n:02x}")
    kind = layer.number("gtp.message", "Message", 1, lambda n: "user data (255)" if n == 255 else str(n))
    size = layer.number("gtp.length", "Length", 2, lambda n: f"{n} B")
    end = min(step.end, layer.at + 4 + size)
    teid = layer.number("gtp.teid", "TEID", 4, lambda n: f"0x{n:08x}")
    layer.title(f"GTP-U, TEID 0x{teid:08x}")
    if flags >> 5 != 1:
        raise Cut
    if flags & 7:
        layer.add("", "Sequence number, N-PDU, next extension", 4)
        more = layer.data[layer.at - 1] if flags & 4 else 0
        while more:
            length = layer.peek(1) * 4
            if length < 4:
                raise Cut
            layer.add("gtp.ext_hdr", f"Extension 0x{more:02x}, {length} B", length)
            more = layer.data[layer.at - 1]
    if kind == 255:
        return Step("raw", layer.at, end)
    data_node(tree, layer.at, end)
    return None
