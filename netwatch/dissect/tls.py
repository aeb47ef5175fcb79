"""TLS records that begin in a frame, and what their handshake says in the clear. RFC 8446 section 4 and 5, RFC 5246."""

from __future__ import annotations

from netwatch._fast.base.text import clean
from netwatch._fast.proto.tls.names import ALERTS, CIPHERS
from netwatch.dissect.tree import Cut, Layer, Node, Step, Tree, reader

CONTENT = {20: "change cipher spec", 21: "alert", 22: "handshake", 23: "application data", 24: "heartbeat"}
VERSIONS = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}
HANDSHAKE = {0: "hello request", 1: "ClientHello", 2: "ServerHello", 4: "new session ticket", 5: "end of early data",
             8: "encrypted extensions", 11: "certificate", 12: "server key exchange", 13: "certificate request",
             14: "server hello done", 15: "certificate verify", 16: "client key exchange", 20: "finished",
             22: "certificate status", 24: "key update"}
EXTENSIONS = {0: "server_name", 5: "status_request", 10: "supported_groups", 11: "ec_point_formats",
              13: "signature_algorithms", 16: "alpn", 18: "signed_certificate_timestamp", 21: "padding",
              22: "encrypt_then_mac", 23: "extended_master_secret", 27: "compress_certificate", 28: "record_size_limit",
              35: "session_ticket", 41: "pre_shared_key", 42: "early_data", 43: "supported_versions", 44: "cookie",
              45: "psk_key_exchange_modes", 49: "post_handshake_auth", 50: "signature_algorithms_cert",
              51: "key_share", 57: "quic_transport_parameters", 17513: "application_settings",
              65037: "encrypted_client_hello", 65281: "renegotiation_info"}
RECORDS = 64                       # of one frame
LONGEST = 16384 + 2048             # of a record, RFC 5246 section 6.2.3


def version(number: int) -> str:
    return VERSIONS.get(number, f"0x{number:04x}")


def begins_record(data: bytes, at: int, end: int) -> bool:
    """Do the bytes begin like a record of TLS?"""
    return end - at >= 5 and data[at] in CONTENT and data[at + 1] == 3 and data[at + 2] <= 4 and \
        int.from_bytes(data[at + 3 : at + 5], "big") <= LONGEST


@reader("tls")
def tls(tree: Tree, step: Step) -> Step | None:
    layer = Layer(tree, "tls", "TLS", step.at, step.end)
    said: list[str] = []
    clear = True
    try:
        while layer.left and len(said) < RECORDS:
            if not begins_record(layer.data, layer.at, layer.end):
                layer.add("", f"{layer.left} B that begin no record", layer.left)
                break
            kind = layer.data[layer.at]
            said.append(_record(layer, clear))
            clear = clear and kind != 20
    finally:
        layer.title(f"TLS: {', '.join(dict.fromkeys(said)) or 'cut short'}")
    return None


def _record(layer: Layer, clear: bool) -> str:
    """One record; what it says. Not all of it need be in this frame."""
    start = layer.at
    kind, size = layer.data[start], layer.peek(2, 3)
    have = min(size, layer.left - 5)
    more = "" if have == size else f", {size - have} B of it in later frames"
    node = layer.add("tls.record", f"Record: {CONTENT[kind]}, {size} B{more}", 5 + have, kind)
    inside = Layer(layer.tree, "", "", start, start + 5 + have, node)
    inside.number("tls.record.content_type", "Content", 1, lambda n: f"{CONTENT[n]} ({n})")
    inside.number("tls.record.version", "Version", 2, version)
    inside.number("tls.record.length", "Length", 2, lambda n: f"{n} B")
    said = CONTENT[kind]
    try:
        if kind == 22 and clear:
            said = _handshakes(inside) or "encrypted handshake"
        elif kind == 21 and have == 2:
            level, alert = inside.peek(1), inside.peek(1, 1)
            said = f"{'fatal' if level == 2 else 'warning'} alert {ALERTS.get(alert, alert)}"
            inside.add("tls.alert_message", said, 2, alert)
        elif kind == 21:
            said = "encrypted alert"
        elif have:
            inside.add("tls.app_data" if kind == 23 else "", f"Content: {have} B", have)
    except Cut:
        if inside.left:
            inside.add("", f"{inside.left} B that go on in a later frame, or are damaged", inside.left)
    return said


def _handshakes(inside: Layer) -> str:
    """The messages of a handshake record; "" when they are encrypted."""
    said = []
    while inside.left >= 4:
        kind, size = inside.peek(1), inside.peek(3, 1)
        if kind not in HANDSHAKE or size > 0x20000:
            inside.add("", f"Encrypted: {inside.left} B", inside.left)
            break
        end = min(inside.end, inside.at + 4 + size)
        start = inside.at
        message = inside.add("tls.handshake", f"{HANDSHAKE[kind]}, {size} B", 4, kind)
        message.size = end - start
        said.append(HANDSHAKE[kind])
        if kind in (1, 2):
            host = _hello(inside, message, kind == 1)
            said[-1] += f" {host}" if host else ""
        if end > inside.at:
            inside.add("", f"Content: {end - inside.at} B", end - inside.at, under=message)
    return ", ".join(said)


def _hello(inside: Layer, node: Node, client: bool) -> str:
    """The fields of a hello, and the name that it asks for."""
    inside.number("tls.handshake.version", "Version", 2, version, under=node)
    inside.raw("tls.handshake.random", "Random", 32, lambda raw: raw.hex(), under=node)
    size = inside.number("tls.handshake.session_id_length", "Session identifier length", 1, under=node)
    if size:
        inside.raw("tls.handshake.session_id", "Session identifier", size, lambda raw: raw.hex(), under=node)
    if client:
        size = inside.number("tls.handshake.cipher_suites_length", "Cipher suites length", 2,
                             lambda n: f"{n} B", under=node)
        inside.need(size)
        for _ in range(size // 2):
            inside.number("tls.handshake.ciphersuite", "Cipher suite", 2, _suite, under=node)
        size = inside.number("tls.handshake.comp_methods_length", "Compression methods", 1, under=node)
        if size:
            inside.raw("tls.handshake.comp_methods", "Methods", size, under=node)
    else:
        inside.number("tls.handshake.ciphersuite", "Cipher suite", 2, _suite, under=node)
        inside.number("tls.handshake.comp_method", "Compression", 1, under=node)
    if inside.left < 2:
        return ""
    ends = inside.at + 2 + inside.number("tls.handshake.extensions_length", "Extensions length", 2,
                                         lambda n: f"{n} B", under=node)
    name = ""
    while inside.at + 4 <= ends:
        name = _extension(inside, node, client) or name
    return name


def _suite(number: int) -> str:
    return f"{CIPHERS.get(number) or 'unknown'} (0x{number:04x})"


def _extension(inside: Layer, node: Node, client: bool) -> str:
    """One extension; the host name when it is server_name."""
    kind, size = inside.peek(2), inside.peek(2, 2)
    inside.need(4 + size)
    body = inside.data[inside.at + 4 : inside.at + 4 + size]
    about, name = "", ""
    if kind == 0 and len(body) > 5:
        about = name = clean(body[5 : 5 + int.from_bytes(body[3:5], "big")], 255)
    elif kind == 16:
        about = ", ".join(_listed(body[2:]))
    elif kind == 43:
        words = body[1:] if client else body
        about = ", ".join(version(int.from_bytes(words[at : at + 2], "big")) for at in range(0, len(words) - 1, 2))
    label = EXTENSIONS.get(kind, f"0x{kind:04x}")
    field = {0: "tls.handshake.extensions_server_name"}.get(kind, "tls.handshake.extension")
    inside.add(field, f"Extension: {label}, {about or f'{size} B'}", 4 + size, about or kind, node)
    return name


def _listed(body: bytes) -> list[str]:
    """Names with a length byte before each."""
    found, at = [], 0
    while at < len(body):
        found.append(clean(body[at + 1 : at + 1 + body[at]], 255))
        at += 1 + body[at]
    return found
