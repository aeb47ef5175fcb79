"""What RDP's facts say, as the `rdp` object of a flow."""
from netwatch._fast.proto.rdp.wire cimport *
from netwatch._fast.proto.common.describing import by_key, listed, masked, number, one_or_all, text

FACT_FIELDS = {}
# MS-RDPBCGR section 2.2.1.1.1
PROTOCOLS = {0x01: "tls", 0x02: "credssp", 0x04: "rdstls", 0x08: "credssp early", 0x10: "aad"}
FLAGS = {0x01: "restricted admin", 0x02: "redirected authentication", 0x08: "correlation"}
# MS-RDPBCGR section 2.2.1.2.2
FAILURES = {1: "TLS required", 2: "TLS not allowed", 3: "no certificate on the server", 4: "inconsistent flags",
            5: "CredSSP required", 6: "TLS with user authentication required", 7: "AAD required"}
# MS-RDPBCGR section 2.2.1.3.2
VERSIONS = {0x00080001: "4.0", 0x00080004: "5.0-8.1", 0x00080005: "10.0", 0x00080006: "10.1", 0x00080007: "10.2",
            0x00080008: "10.3", 0x00080009: "10.4", 0x0008000A: "10.5", 0x0008000B: "10.6", 0x0008000C: "10.7",
            0x0008000D: "10.8", 0x0008000E: "10.9", 0x0008000F: "10.10", 0x00080010: "10.11", 0x00080011: "10.12"}
# MS-RDPBCGR section 2.2.1.4.3
METHODS = {0: "none", 1: "40-bit RC4", 2: "128-bit RC4", 8: "56-bit RC4", 16: "FIPS"}
LEVELS = {0: "none", 1: "low", 2: "client compatible", 3: "high", 4: "FIPS"}


def _little(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def _named(names: dict, unknown: str):
    return lambda raw: names.get(_little(raw)) or f"{unknown} {_little(raw):#x}"


def _bits(names: dict, raw: bytes) -> list:
    return [name for bit, name in names.items() if _little(raw) & bit]


def user_of(cookie: bytes) -> str:
    """The name in "Cookie: mstshash=NAME"; "" for a routing token."""
    before, _, name = cookie.partition(b"mstshash=")
    return text(name).strip() if before else ""


def describe(facts, show_secrets: bool = False) -> dict:
    """The `rdp` object; the password of a session without encryption is masked unless asked for."""
    known = by_key(facts)
    obj = {}
    one_or_all(obj, "cookie", known, RDP_COOKIE)
    one_or_all(obj, "user", known, RDP_USER)
    if "user" not in obj:
        one_or_all(obj, "user", known, RDP_COOKIE, user_of)
    one_or_all(obj, "domain", known, RDP_DOMAIN)
    one_or_all(obj, "password", known, RDP_PASSWORD, masked(show_secrets))
    if RDP_REQUESTED in known:
        obj["requested"] = _bits(PROTOCOLS, known[RDP_REQUESTED][0]) or ["rdp"]
    if known.get(RDP_FLAGS, [b"\0"])[0] != b"\0":
        obj["flags"] = _bits(FLAGS, known[RDP_FLAGS][0])
    if RDP_SELECTED in known:
        chosen = number(known[RDP_SELECTED][0])
        obj["selected"] = PROTOCOLS.get(chosen, f"protocol {chosen}") if chosen else "rdp"
    one_or_all(obj, "failure", known, RDP_FAILURE, _named(FAILURES, "code"))
    one_or_all(obj, "client", known, RDP_CLIENT)
    one_or_all(obj, "client_version", known, RDP_VERSION, _named(VERSIONS, "version"))
    one_or_all(obj, "client_build", known, RDP_BUILD, _little)
    one_or_all(obj, "product_id", known, RDP_PRODUCT)
    one_or_all(obj, "screen", known, RDP_SIZE, lambda raw: f"{_little(raw[:2])}x{_little(raw[2:])}")
    one_or_all(obj, "colour_bits", known, RDP_COLOUR, _little)
    one_or_all(obj, "keyboard", known, RDP_KEYBOARD, lambda raw: f"{_little(raw):#010x}")
    listed(obj, "channels", known, RDP_CHANNEL)
    one_or_all(obj, "server_version", known, RDP_SERVER_VERSION, _named(VERSIONS, "version"))
    one_or_all(obj, "encryption", known, RDP_METHOD, _named(METHODS, "method"))
    one_or_all(obj, "encryption_level", known, RDP_LEVEL, _named(LEVELS, "level"))
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "RDP user JOHN-PC, credssp"."""
    who = obj.get("user") or obj.get("client") or ""
    how = obj.get("selected") or obj.get("failure") or ""
    return ", ".join(part for part in (" ".join(["RDP", *([str(who)] if who else [])]), how) if part)
