"""TCP with its options, UDP, SCTP's head, ICMP and ICMPv6. RFC 9293, 7323, 2018, 768, 9260, 792, 4443, 4861."""

from __future__ import annotations

from netwatch.dissect.layout import layout_of, messages
from netwatch.dissect.network import four, six
from netwatch.dissect.tree import Cut, Layer, Step, Tree, bits, data_node, reader

FLAGS = ((1, "FIN"), (2, "SYN"), (4, "RST"), (8, "PSH"), (16, "ACK"), (32, "URG"), (64, "ECE"), (128, "CWR"),
         (256, "AE"))
TUNNELS = {4789: "vxlan", 8472: "vxlan", 6081: "geneve", 2152: "gtp"}
DNS_PORTS = (53, 5353, 5355)
ICMP = {0: "echo reply", 3: "destination unreachable", 4: "source quench", 5: "redirect", 8: "echo request",
        9: "router advertisement", 10: "router solicitation", 11: "time exceeded", 12: "parameter problem",
        13: "timestamp request", 14: "timestamp reply"}
UNREACHABLE = {0: "network", 1: "host", 2: "protocol", 3: "port", 4: "fragmentation needed", 9: "network forbidden",
               10: "host forbidden", 13: "forbidden"}
ICMP6 = {1: "destination unreachable", 2: "packet too big", 3: "time exceeded", 4: "parameter problem",
         128: "echo request", 129: "echo reply", 130: "multicast listener query", 131: "multicast listener report",
         132: "multicast listener done", 133: "router solicitation", 134: "router advertisement",
         135: "neighbour solicitation", 136: "neighbour advertisement", 137: "redirect",
         143: "multicast listener report v2"}

MLD = (130, 131, 132, 143)  # of ICMPv6's types


def hexed(n: int) -> str:
    return f"0x{n:04x}"


@reader("tcp")
def tcp(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "tcp", "TCP", step.at, step.end)
    sport = layer.number("tcp.srcport", "Source port", 2)
    dport = layer.number("tcp.dstport", "Destination port", 2)
    seq = layer.number("tcp.seq_raw", "Sequence number", 4)
    ack = layer.number("tcp.ack_raw", "Acknowledgement number", 4)
    word = layer.number("tcp.flags", "Header length and flags", 2,
                        lambda n: f"{(n >> 12) * 4} B, {bits(n & 0x1FF, FLAGS)}")
    size, flags = (word >> 12) * 4, word & 0x1FF
    layer.last.value = word & 0xFFF
    for bit, name in FLAGS:
        layer.note(f"tcp.flags.{name.lower()}", f"{name}: {'set' if flags & bit else 'not set'}", bool(flags & bit))
    window = layer.number("tcp.window_size_value", "Window, unscaled", 2)
    layer.number("tcp.checksum", "Checksum", 2, hexed)
    layer.number("tcp.urgent_pointer", "Urgent pointer", 2)
    left = max(0, step.end - step.at - size)
    layer.title(f"TCP: {sport} > {dport} [{bits(flags, FLAGS)}] seq {seq} ack {ack} win {window} len {left}")
    if size < 20:
        raise Cut
    _options(layer, step.at + size)
    return Step("app", layer.at, step.end, ("tcp", sport, dport))


def _options(layer: Layer, stop: int) -> None:
    layer.need(stop - layer.at)
    while layer.at < stop:
        kind = layer.peek(1)
        size = 1 if kind < 2 else layer.peek(1, 1)
        if size > stop - layer.at or (kind >= 2 and size < 2):
            raise Cut
        body = layer.data[layer.at + 2 : layer.at + size]
        name, text, value = _option(kind, body)
        layer.add(name, f"Option: {text}", size, value)
        if kind == 0:
            layer.skip_to(stop, "Padding")


def _option(kind: int, body: bytes) -> tuple[str, str, object]:
    """(name, text, value)"""
    def word(at: int) -> int:
        return int.from_bytes(body[at : at + 4], "big")

    if kind < 2:
        return "tcp.options", ("end of options", "no operation")[kind], None
    if kind == 2 and len(body) == 2:
        mss = int.from_bytes(body, "big")
        return "tcp.options.mss_val", f"maximum segment size {mss} B", mss
    if kind == 3 and len(body) == 1:
        return "tcp.options.wscale.shift", f"window scale {body[0]} (times {1 << min(body[0], 14)})", body[0]
    if kind == 4:
        return "tcp.options.sack_perm", "SACK permitted", True
    if kind == 5:
        blocks = [f"{word(at)}-{word(at + 4)}" for at in range(0, len(body) - 7, 8)]
        return "tcp.options.sack", f"SACK {', '.join(blocks)}", blocks
    if kind == 8 and len(body) == 8:
        return "tcp.options.timestamp", f"timestamps {word(0)}, echo {word(4)}", word(0)
    names = {14: "alternate checksum", 19: "MD5 signature", 28: "user timeout", 29: "authentication", 30: "MPTCP",
             34: "fast open", 254: "experiment", 253: "experiment"}
    return "tcp.options", f"{names.get(kind, f'kind {kind}')}, {len(body)} B", None


@reader("udp")
def udp(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "udp", "UDP", step.at, step.end)
    sport = layer.number("udp.srcport", "Source port", 2)
    dport = layer.number("udp.dstport", "Destination port", 2)
    size = layer.number("udp.length", "Length", 2, lambda n: f"{n} B")
    layer.number("udp.checksum", "Checksum", 2, lambda n: hexed(n) + ("" if n else ", none"))
    layer.title(f"UDP: {sport} > {dport}, {max(0, size - 8)} B")
    end = min(step.end, step.at + size) if size >= 8 else step.end
    if dport in TUNNELS:
        return Step(TUNNELS[dport], layer.at, end)
    if sport in DNS_PORTS or dport in DNS_PORTS:
        return Step("dns", layer.at, end, ("udp", sport, dport))
    return Step("app", layer.at, end, ("udp", sport, dport))


@reader("udplite")
def udplite(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "udplite", "UDP-Lite", step.at, step.end)
    sport = layer.number("udp.srcport", "Source port", 2)
    dport = layer.number("udp.dstport", "Destination port", 2)
    layer.number("udp.checksum_coverage", "Checksum coverage", 2, lambda n: f"{n} B" if n else "all")
    layer.number("udp.checksum", "Checksum", 2, hexed)
    layer.title(f"UDP-Lite: {sport} > {dport}")
    data_node(tree, layer.at, step.end)
    return None


@reader("sctp")
def sctp(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "sctp", "SCTP", step.at, step.end)
    names = {0: "DATA", 1: "INIT", 2: "INIT ACK", 3: "SACK", 4: "HEARTBEAT", 5: "HEARTBEAT ACK", 6: "ABORT",
             7: "SHUTDOWN", 8: "SHUTDOWN ACK", 9: "ERROR", 10: "COOKIE ECHO", 11: "COOKIE ACK",
             14: "SHUTDOWN COMPLETE"}
    sport = layer.number("sctp.srcport", "Source port", 2)
    dport = layer.number("sctp.dstport", "Destination port", 2)
    layer.number("sctp.verification_tag", "Verification tag", 4, lambda n: f"0x{n:08x}")
    layer.number("sctp.checksum", "Checksum", 4, lambda n: f"0x{n:08x}")
    found = []
    while layer.left >= 4:
        kind, size = layer.peek(1), layer.peek(2, 2)
        if size < 4:
            raise Cut
        found.append(names.get(kind, f"chunk {kind}"))
        layer.add("sctp.chunk_type", f"Chunk: {found[-1]}, {size} B", min((size + 3) & ~3, layer.left), kind)
    layer.title(f"SCTP: {sport} > {dport} {', '.join(found[:4])}")
    return None


@reader("icmp")
def icmp(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "icmp", "ICMP", step.at, step.end)
    kind = layer.number("icmp.type", "Type", 1, lambda n: f"{ICMP.get(n, 'unknown')} ({n})")
    code = layer.number("icmp.code", "Code", 1, lambda n: f"{UNREACHABLE.get(n, '')} ({n})" if kind == 3 else str(n))
    layer.number("icmp.checksum", "Checksum", 2, hexed)
    said = ICMP.get(kind, f"type {kind}")
    if kind == 3:
        said += f": {UNREACHABLE.get(code, f'code {code}')}"
    layer.title(f"ICMP: {said}")
    if kind in (0, 8):
        ident = layer.number("icmp.ident", "Identifier", 2)
        sequence = layer.number("icmp.seq", "Sequence number", 2)
        layer.title(f"ICMP: {said}, id {ident}, seq {sequence}")
    elif kind in (3, 4, 5, 11, 12):
        layer.raw("icmp.gateway", "Gateway", 4, four) if kind == 5 else layer.add("", "Rest of the header", 4)
        return Step("quoted", layer.at, step.end, "ip")
    data_node(tree, layer.at, step.end)
    return None


@reader("icmpv6")
def icmp6(tree: Tree, step: Step) -> Step | None:
    if step.at < len(tree.frame.data) and tree.frame.data[step.at] in MLD and (layout := layout_of("mld")) is not None:
        messages(tree, layout, step.at, min(step.end, len(tree.frame.data)), goes_on=False)
        return None
    layer = Layer(tree, "icmpv6", "ICMPv6", step.at, step.end)
    kind = layer.number("icmpv6.type", "Type", 1, lambda n: f"{ICMP6.get(n, 'unknown')} ({n})")
    layer.number("icmpv6.code", "Code", 1)
    layer.number("icmpv6.checksum", "Checksum", 2, hexed)
    said = ICMP6.get(kind, f"type {kind}")
    layer.title(f"ICMPv6: {said}")
    if kind in (128, 129):
        ident = layer.number("icmpv6.echo.identifier", "Identifier", 2)
        sequence = layer.number("icmpv6.echo.sequence_number", "Sequence number", 2)
        layer.title(f"ICMPv6: {said}, id {ident}, seq {sequence}")
    elif kind in (135, 136):
        layer.add("", "Flags", 4)
        target = layer.raw("icmpv6.nd.target", "Target", 16, six)
        layer.title(f"ICMPv6: {said} of {six(target)}")
    elif 1 <= kind <= 4:
        layer.add("icmpv6.mtu" if kind == 2 else "", f"MTU: {layer.peek(4)} B" if kind == 2 else "Unused", 4)
        return Step("quoted", layer.at, step.end, "ipv6")
    data_node(tree, layer.at, step.end)
    return None


@reader("quoted")
def quoted(tree: Tree, step: Step) -> Step | None:
    """The packet that an ICMP error is about. Its end was cut off on purpose, so its network header is all we tell."""
    data_node(tree, step.at, step.end, f"The packet it is about ({'IPv4' if step.about == 'ip' else 'IPv6'})")
    return None
