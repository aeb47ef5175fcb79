"""What a QUIC flow's facts say: the `quic` object of a record.

Two of its keys belong elsewhere in the record, and record.pyx moves them: `tls`, what the server's hello chose, and
`stack`, the protocols on top of QUIC, for app_stack.
"""
import sys

from netwatch._fast.proto.quic.packets cimport (QK_AGENT, QK_CLOSE, QK_DCID, QK_EARLY, QK_GOOGLE_SNI, QK_HANDSHAKE_US,
                                                QK_IDLE, QK_OFFERED, QK_PATH, QK_RETRY, QK_SCID, QK_VERSION)
from netwatch._fast.proto.tls.hello cimport TLS_ALPN, TLS_CIPHERS, TLS_CUT, TLS_SNI
from netwatch._fast.proto.common.describing import first_values
from netwatch._fast.proto.common.facts import Plain
from netwatch._fast.proto.tls.text import HELLO_DEPENDS, describe_hello
from netwatch._fast.base.text import add_text

FACT_FIELDS = {"quic.sni": Plain(TLS_SNI, 255, empty=True), "quic.gquic_sni": Plain(QK_GOOGLE_SNI, 255)}
FACT_NUMBERS = {"quic.handshake_us": (QK_HANDSHAKE_US, 1)}
DEPENDS = {f"{carrier}.{name}": keys for name, keys in HELLO_DEPENDS.items() for carrier in ("tls", "quic")} | {
    "quic.version": (QK_VERSION,), "quic.version_id": (QK_VERSION,), "quic.user_agent": (QK_AGENT,),
    "label": (TLS_SNI, QK_GOOGLE_SNI), "app_stack": (TLS_CIPHERS, TLS_CUT, TLS_ALPN)}

_VERSIONS = {0x00000001: "1", 0x6B3343CF: "2", 0xFACEB001: "mvfst-22", 0xFACEB002: "mvfst-27", 0xFACEB00E: "mvfst-exp"}
_FROM_CLIENT = ("sni", "alpn", "ja4", "ja3", "client", "ech")          # in `quic`; the rest of the hellos is in `tls`


def version_name(raw: bytes) -> str:
    """"1", "2", "draft-29", "Q046", or the number when it has no name."""
    number = int.from_bytes(raw, "big")
    if number >> 8 == 0xFF0000:
        return f"draft-{number & 255}"
    if raw[:2] in (b"Q0", b"T0") and raw[2:].isdigit():
        return raw.decode("ascii")
    return _VERSIONS.get(number, f"0x{number:08x}")


def _is_http3(name: str) -> bool:
    return name == "h3" or name.startswith("h3-")


def describe(facts) -> dict:
    """The `quic` object of CONTRACT section 3 from (key, value) pairs; what is not known is left out."""
    known = first_values(facts)
    obj = {}
    if len(known.get(QK_VERSION, b"")) == 4:
        obj["version"] = version_name(known[QK_VERSION])
        obj["version_id"] = f"0x{known[QK_VERSION].hex()}"
    tls = describe_hello(known, "q")
    for name in _FROM_CLIENT:
        if name in tls:
            obj[name] = tls.pop(name)
    second = tls.get("hello_retry", {})
    if "ja4" in second:
        obj["hello_retry"] = {name: second.pop(name) for name in ("ja3", "ja4") if name in second}
    for name, key in (("dcid", QK_DCID), ("scid", QK_SCID)):
        if known.get(key):
            obj[name] = known[key].hex()
    add_text(obj, "gquic_sni", known.get(QK_GOOGLE_SNI), 255)
    add_text(obj, "user_agent", known.get(QK_AGENT), 255)
    for name, key in (("idle_timeout_ms", QK_IDLE), ("handshake_us", QK_HANDSHAKE_US)):
        if key in known:
            obj[name] = int.from_bytes(known[key], sys.byteorder)
    offered = known.get(QK_OFFERED, b"")
    if offered:
        obj["offered"] = [version_name(offered[i:i + 4]) for i in range(0, len(offered) - 3, 4)]
    for name, key in (("retry", QK_RETRY), ("early_data", QK_EARLY), ("path", QK_PATH)):
        if key in known:
            obj[name] = True
    close = known.get(QK_CLOSE, b"")
    if len(close) >= 9:
        obj["close"] = {"code": int.from_bytes(close[:8], "big"), "side": "server" if close[8] else "client"}
        add_text(obj["close"], "reason", close[9:], 256)
    if tls:
        obj["tls"] = tls
    if "ja4" in obj:
        offered = obj.get("alpn", [])
        obj["stack"] = ["tls", "http3"] if offered and all(map(_is_http3, offered)) else ["tls"]
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "QUIC www.example.com"."""
    name = obj.get("sni") or obj.get("gquic_sni")
    return f"QUIC {name}" if name else "QUIC"
