"""What RFB's facts say, as the `vnc` object of a flow."""
from netwatch._fast.proto.vnc.wire cimport *
from netwatch._fast.proto.common.facts import Plain
from netwatch._fast.proto.common.describing import by_key, first, listed, masked, named, number, one_or_all

FACT_FIELDS = {"vnc.name": Plain(VNC_NAME, 255, many=True), "vnc.server_version": Plain(VNC_SERVER, 255, many=True),
               "vnc.client_version": Plain(VNC_CLIENT, 255, many=True)}
LOGIN_FAILED = {VNC_RESULT: (b"\1", b"\2")}   # RFC 6143 section 7.1.3
# IANA's RFB security types
TYPES = {0: "invalid", 1: "none", 2: "vnc", 5: "ra2", 6: "ra2ne", 16: "tight", 17: "ultra", 18: "tls", 19: "vencrypt",
         20: "sasl", 21: "md5", 22: "xvp", 30: "apple", 113: "ms-logon2", 117: "ms-logon"}
SUBTYPES = {2: "vnc", 256: "plain", 257: "tls none", 258: "tls vnc", 259: "tls plain", 260: "x509 none",
            261: "x509 vnc", 262: "x509 plain"}
RESULTS = {0: "ok", 1: "failed", 2: "too many attempts"}


def describe(facts, show_secrets: bool = False) -> dict:
    """The `vnc` object; the password of a plain login is masked unless asked for."""
    known = by_key(facts)
    obj = {}
    one_or_all(obj, "server_version", known, VNC_SERVER)
    one_or_all(obj, "client_version", known, VNC_CLIENT)
    listed(obj, "offered", known, VNC_OFFERED, named(TYPES, "type"))
    one_or_all(obj, "security", known, VNC_CHOSEN, named(TYPES, "type"))
    one_or_all(obj, "subtype", known, VNC_SUBTYPE, named(SUBTYPES, "type"))
    one_or_all(obj, "user", known, VNC_USER)
    one_or_all(obj, "password", known, VNC_PASSWORD, masked(show_secrets))
    one_or_all(obj, "result", known, VNC_RESULT, named(RESULTS, "result"))
    one_or_all(obj, "reason", known, VNC_REASON)
    if VNC_SHARED in known:
        obj["shared"] = known[VNC_SHARED][0] != b"\0"
    one_or_all(obj, "name", known, VNC_NAME)
    one_or_all(obj, "screen", known, VNC_SIZE, lambda raw: f"{number(raw[:2])}x{number(raw[2:])}")
    if VNC_FORMAT in known:
        obj["depth"] = known[VNC_FORMAT][0][1]
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "VNC desktop (1024x768)", or how far it went: "VNC apple failed"."""
    what = obj.get("name") or obj.get("security") or obj.get("server_version") or ""
    more = f"({obj['screen']})" if "screen" in obj else obj.get("result") or ""
    return " ".join(word for word in ("VNC", first(what), more) if word)
