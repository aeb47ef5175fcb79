"""A DNS message with the place of every record. RFC 1035 section 4; names and data as text come from _fast.proto."""

from __future__ import annotations

from netwatch._fast.proto.dns.data import class_name, data_text, read_name, type_name
from netwatch._fast.proto.dns.text import OPCODES, rcode_name
from netwatch.dissect.tree import Cut, Layer, Step, Tree, bits, reader

FLAGS = ((0x0400, "authoritative"), (0x0200, "truncated"), (0x0100, "recursion desired"),
         (0x0080, "recursion available"), (0x0020, "authentic data"), (0x0010, "checking disabled"))
SECTIONS = (("dns.count.answers", "answers"), ("dns.count.auth_rr", "authorities"),
            ("dns.count.add_rr", "additional records"))
TITLES = {5353: "mDNS", 5355: "LLMNR"}
OPT = 41


@reader("dns")
def dns(tree: Tree, step: Step) -> Step | None:
    """Over UDP; over TCP after its length, which `about` tells."""
    transport, *ports = step.about
    title = next((TITLES[port] for port in ports if port in TITLES), "DNS")
    layer = Layer(tree, "dns", title, step.at, step.end)
    if transport == "tcp":
        layer.number("dns.length", "Length", 2, lambda n: f"{n} B")
    message = layer.data[layer.at : layer.end]
    base = layer.at
    layer.number("dns.id", "Identification", 2, lambda n: f"0x{n:04x}")
    flags = layer.number("dns.flags", "Flags", 2, lambda n: f"0x{n:04x}")
    response, opcode, rcode = flags >> 15, flags >> 11 & 15, flags & 15
    layer.note("dns.flags.response", "Response" if response else "Query", response)
    layer.note("dns.flags.opcode", f"Operation: {OPCODES.get(opcode, opcode)}", opcode)
    layer.note("", f"Bits: {bits(flags, FLAGS)}")
    if response:
        layer.note("dns.flags.rcode", f"Answer code: {rcode_name(rcode)}", rcode)
    counts = [layer.number("dns.count.queries", "Questions", 2)]
    counts += [layer.number(name, label.capitalize(), 2) for name, label in SECTIONS]
    asked = [_question(layer, message, base) for _ in range(counts[0])]
    said = [_record(layer, message, base, label) for (_, label), count in zip(SECTIONS, counts[1:], strict=True)
            for _ in range(count)]
    what = f" {asked[0]}" if asked else ""
    if response:
        found = ", ".join(text for text in said[: counts[1]] if text) or rcode_name(rcode)
        layer.title(f"{title} response{what}: {found}")
    else:
        layer.title(f"{title} query{what}")
    return None


def _name(layer: Layer, message: bytes, base: int) -> tuple[str, int]:
    """(name, bytes it takes here)."""
    try:
        text, after = read_name(message, layer.at - base, len(message))
    except ValueError:
        raise Cut from None
    return text or ".", after - (layer.at - base)


def _question(layer: Layer, message: bytes, base: int) -> str:
    name, size = _name(layer, message, base)
    kind, cls = layer.peek(2, size), layer.peek(2, size + 2) & 0x7FFF
    node = layer.add("dns.qry", f"Question: {name} {type_name(kind)} {class_name(cls)}", size + 4, kind)
    layer.note("dns.qry.name", f"Name: {name}", name, node)
    layer.note("dns.qry.type", f"Type: {type_name(kind)} ({kind})", kind, node)
    return f"{type_name(kind)} {name}"


def _record(layer: Layer, message: bytes, base: int, section: str) -> str:
    """A record of a section; its data as text."""
    name, size = _name(layer, message, base)
    kind, cls = layer.peek(2, size), layer.peek(2, size + 2)
    ttl, length = layer.peek(4, size + 4), layer.peek(2, size + 8)
    at = layer.at - base + size + 10
    layer.need(size + 10 + length)
    if kind == OPT:
        layer.add("dns.opt", f"EDNS, up to {cls} B", size + 10 + length, cls)
        return ""
    try:
        text = str(data_text(message, kind, at, length))
    except (ValueError, IndexError):
        text = f"{length} B that are no {type_name(kind)} data"
    label = {"answers": "Answer", "authorities": "Authority"}.get(section, "Additional")
    node = layer.add("dns.resp", f"{label}: {name} {type_name(kind)} {text}", size + 10 + length, text)
    layer.note("dns.resp.name", f"Name: {name}", name, node)
    layer.note("dns.resp.type", f"Type: {type_name(kind)}, class {class_name(cls & 0x7FFF)}", kind, node)
    layer.note("dns.resp.ttl", f"Time to live: {ttl} s", ttl, node)
    return text
