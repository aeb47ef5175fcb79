"""802.11 frames as far as who speaks to whom, and the radiotap header before them. IEEE 802.11 section 9."""

from __future__ import annotations

from netwatch.dissect.link import mac
from netwatch.dissect.tree import Cut, Layer, Step, Tree, bits, data_node, reader

KINDS = {(0, 0): "association request", (0, 1): "association response", (0, 2): "reassociation request",
         (0, 3): "reassociation response", (0, 4): "probe request", (0, 5): "probe response", (0, 8): "beacon",
         (0, 10): "disassociation", (0, 11): "authentication", (0, 12): "deauthentication", (0, 13): "action",
         (1, 8): "block ack request", (1, 9): "block ack", (1, 10): "PS-Poll", (1, 11): "RTS", (1, 12): "CTS",
         (1, 13): "ack", (2, 0): "data", (2, 4): "null", (2, 8): "QoS data", (2, 12): "QoS null"}
TYPES = ("management", "control", "data", "extension")
FLAGS = ((1, "to DS"), (2, "from DS"), (4, "more fragments"), (8, "retry"), (16, "power save"), (32, "more data"),
         (64, "protected"), (128, "ordered"))


@reader("radiotap")
def radiotap(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "radiotap", "Radiotap", step.at, step.end)
    layer.number("radiotap.version", "Version", 1)
    layer.add("", "Padding", 1)
    size = layer.number("radiotap.length", "Length", 2, lambda n: f"{n} B", order="little")
    layer.number("radiotap.present", "Present fields", 4, lambda n: f"0x{n:08x}", order="little")
    if size < 8:
        raise Cut
    layer.skip_to(step.at + size, "Fields")
    return Step("wlan", layer.at, step.end)


@reader("wlan")
def wlan(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "wlan", "802.11", step.at, step.end)
    kind = layer.number("wlan.fc.type_subtype", "Type", 1,
                        lambda n: KINDS.get((n >> 2 & 3, n >> 4), f"{TYPES[n >> 2 & 3]} {n >> 4}"))
    family, subtype = kind >> 2 & 3, kind >> 4
    flags = layer.number("wlan.flags", "Flags", 1, lambda n: bits(n, FLAGS))
    layer.number("wlan.duration", "Duration", 2, lambda n: f"{n} us", order="little")
    to = layer.raw("wlan.ra", "Receiver", 6, mac)
    what = KINDS.get((family, subtype), f"{TYPES[family]} {subtype}")
    layer.title(f"802.11: {what}, to {mac(to)}")
    if family == 1:
        if layer.left >= 10:
            layer.raw("wlan.ta", "Transmitter", 6, mac)
        return None
    sender = layer.raw("wlan.ta", "Transmitter", 6, mac)
    layer.raw("wlan.addr3", "Third address", 6, mac)
    layer.number("wlan.seq", "Fragment and sequence number", 2, lambda n: f"{n & 15}, {n >> 4}", order="little")
    layer.title(f"802.11: {what}, {mac(sender)} > {mac(to)}")
    if family == 2:
        if flags & 3 == 3:
            layer.raw("wlan.addr4", "Fourth address", 6, mac)
        if subtype & 8:
            layer.add("wlan.qos", "QoS control", 2)
            if flags & 128:
                layer.add("wlan.htc", "HT control", 4)
        if flags & 64:
            data_node(tree, layer.at, step.end, "Encrypted")
            return None
        if not subtype & 4:
            return Step("llc", layer.at, step.end)
    data_node(tree, layer.at, step.end, what.capitalize())
    return None
