"""What a transport carries: who reads it is chosen here; and the head of an HTTP/1 message, line by line. RFC 9112."""

from __future__ import annotations

from netwatch._fast.base.text import clean
from netwatch._fast.dpi import having
from netwatch._fast.proto.http.text import mask_field, mask_url
from netwatch.dissect.layout import layout_of, messages
from netwatch.dissect.tls import begins_record
from netwatch.dissect.tree import Layer, Step, Tree, data_node, reader

METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"CONNECT ", b"OPTIONS ", b"TRACE ", b"PATCH ",
           b"HTTP/1.", b"PROPFIND ", b"REPORT ", b"NOTIFY ", b"M-SEARCH ", b"SUBSCRIBE ")
TLS_PORTS = (443, 853, 993, 995, 465, 8443)
NAMES = ("dns", "mdns", "llmnr")
CARRIES_TLS = having("carries tls")
LINES = 200                        # of a head


@reader("app")
def application(tree: Tree, step: Step) -> Step | None:
    """Read what the flow is known to speak, else what the bytes themselves show. A segment may begin in the middle of
    a message: then it is data."""
    data, at, end = tree.frame.data, step.at, min(step.end, len(tree.frame.data))
    transport, *ports = step.about
    if at >= end:
        return None
    app = tree.frame.app
    layout = layout_of(app)
    if transport == "tcp" and begins_record(data, at, end) and (layout is None or app in CARRIES_TLS):
        return step._replace(kind="tls", end=end)
    if layout is not None:
        messages(tree, layout, at, end, transport == "tcp")
        return None
    if data.startswith(METHODS, at, end):
        return step._replace(kind="http", end=end)
    if app in NAMES and transport == "udp":
        return step._replace(kind="dns", end=end)
    if transport == "tcp" and (53 in ports or app in NAMES) and end - at >= 14 and \
            int.from_bytes(data[at : at + 2], "big") == end - at - 2:
        return step._replace(kind="dns", end=end)
    goes_on = app in ("tls", "http", "dns") or any(port in TLS_PORTS for port in ports)
    label = f"Data of {app}" if app else "Data"
    data_node(tree, at, end, label + (", which begins in an earlier frame" if goes_on and transport == "tcp" else ""))
    return None


@reader("http")
def http(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "http", "HTTP", step.at, step.end)
    first = True
    for _ in range(LINES):
        stop = layer.data.find(b"\n", layer.at, layer.end)
        stop = layer.end if stop < 0 else stop + 1
        line = layer.data[layer.at : stop].rstrip(b"\r\n")
        if not line:
            if stop > layer.at:
                layer.add("", "End of the head", stop - layer.at)
            break
        text = clean(line, 1024)
        name, colon, value = text.partition(":")
        if first:
            text = text if tree.frame.secrets else " ".join(mask_url(word) for word in text.split(" "))
            layer.title(f"HTTP: {text}")
        elif colon and not tree.frame.secrets:
            text = f"{name}: {mask_field(name.strip().lower(), value.strip())}"
        layer.add("http.line" if not first else "http.start", text, stop - layer.at, text)
        first = False
    data_node(tree, layer.at, step.end, "Body")
    return None
