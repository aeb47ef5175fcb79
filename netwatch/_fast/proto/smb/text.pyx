"""What SMB's facts say, as the `smb` object of a flow."""
from datetime import datetime, timedelta, timezone

from netwatch._fast.proto.smb.facts cimport *
from netwatch._fast.proto.common.sasl cimport LOGIN_RESULT
from netwatch._fast.proto.common.describing import by_key, first, listed, masked, named, one_or_all, text
from netwatch._fast.proto.common.gss import add_gss
from netwatch._fast.proto.smb.names import CAPABILITIES, COMMANDS1, COMMANDS2, STATUSES

FACT_FIELDS = {}
LOGIN_FAILED = {LOGIN_RESULT: (b"\0",)}
DEPENDS = {"app_stack": None}
DIALECTS = {0x0202: "2.0.2", 0x0210: "2.1", 0x02FF: "2.???", 0x0300: "3.0", 0x0302: "3.0.2", 0x0311: "3.1.1"}
CIPHERS = {1: "AES-128-CCM", 2: "AES-128-GCM", 3: "AES-256-CCM", 4: "AES-256-GCM"}
SIGNINGS = {0: "HMAC-SHA256", 1: "AES-CMAC", 2: "AES-GMAC"}
SIGN_MODES = named({1: "enabled", 2: "required"}, "mode")
GUESTS = named({1: "guest", 2: "anonymous"}, "flags")
FLAGS = (("signed", SMB_SIGNED), ("compressed", SMB_COMPRESSED))
EPOCH = datetime(1601, 1, 1, tzinfo=timezone.utc)      # of a FILETIME, MS-DTYP section 2.3.3


def _little(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def _named_little(names: dict, unknown: str):
    return lambda raw: names.get(_little(raw)) or f"{unknown} {_little(raw):#06x}"


def guid(raw: bytes) -> str:
    """As Microsoft writes it (MS-DTYP section 2.3.4.3)."""
    import uuid     # every start of the program would pay for it otherwise

    return str(uuid.UUID(bytes_le=raw)) if len(raw) == 16 and any(raw) else ""


def file_time(raw: bytes) -> str:
    """ISO 8601 in UTC; "" for what is no date."""
    try:
        return (EPOCH + timedelta(microseconds=_little(raw) // 10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return ""


def _bits(raw: bytes, names: dict) -> list:
    return [name for bit, name in names.items() if _little(raw) & bit]


def _dialect(obj: dict, known: dict) -> None:
    """The chosen dialect; what was offered; which headers were seen."""
    offered = [text(raw) for raw in known.get(SMB_OFFERED1, ())]
    offered += [_named_little(DIALECTS, "dialect")(raw) for raw in known.get(SMB_OFFERED, ())]
    chosen = [raw for raw in known.get(SMB_DIALECT, ()) if _little(raw) != 0x02FF]
    if chosen:
        obj["dialect"] = _named_little(DIALECTS, "dialect")(chosen[-1])
        obj["dialect_id"] = f"{_little(chosen[-1]):#06x}"
    elif SMB_INDEX in known and _little(known[SMB_INDEX][0]) < len(known.get(SMB_OFFERED1, ())):
        obj["dialect"] = offered[_little(known[SMB_INDEX][0])]
    headers = {raw[0] for raw in known.get(SMB_HEADER, ())}
    if headers:
        third = 3 in headers or chosen and _little(chosen[-1]) >= 0x0300
        obj["version"] = 3 if third else max(headers)
    if offered:
        obj["offered"] = list(dict.fromkeys(offered))
    if 3 in headers:
        obj["encrypted"] = True


def describe(facts, show_secrets: bool = False) -> dict:
    """The `smb` object; `below` names the session service that frames it. A password in clear is masked."""
    known = by_key(facts)
    obj = {}
    _dialect(obj, known)
    for name, key, names in (("cipher", SMB_CIPHER, CIPHERS), ("signing", SMB_SIGNING, SIGNINGS)):
        one_or_all(obj, name, known, key, _named_little(names, name))
    one_or_all(obj, "signing_client", known, SMB_SIGN_CLIENT, SIGN_MODES)
    one_or_all(obj, "signing_server", known, SMB_SIGN_SERVER, SIGN_MODES)
    obj.update((name, True) for name, key in FLAGS if key in known)
    add_gss(obj, known)
    one_or_all(obj, "password", known, SMB_PASSWORD, masked(show_secrets))
    one_or_all(obj, "guest", known, SMB_GUEST, GUESTS)
    one_or_all(obj, "target", known, SMB_TARGET)
    listed(obj, "shares", known, SMB_SHARE)
    listed(obj, "files", known, SMB_FILE)
    listed(obj, "listed", known, SMB_LISTED)
    listed(obj, "errors", known, SMB_STATUS, _named_little(STATUSES, "status"))
    commands = [named(COMMANDS1, "command")(raw) for raw in known.get(SMB_COMMAND1, ())]
    commands += [named(COMMANDS2, "command")(raw) for raw in known.get(SMB_COMMAND2, ())]
    if commands:
        obj["commands"] = list(dict.fromkeys(commands))
    if SMB_CAPABILITIES in known:
        obj["capabilities"] = _bits(known[SMB_CAPABILITIES][0], CAPABILITIES)
    one_or_all(obj, "native_client", known, SMB_NATIVE_CLIENT)
    one_or_all(obj, "native_server", known, SMB_NATIVE_SERVER)
    one_or_all(obj, "client_guid", known, SMB_CLIENT_GUID, guid)
    one_or_all(obj, "server_guid", known, SMB_SERVER_GUID, guid)
    one_or_all(obj, "server_started", known, SMB_BOOTED, file_time)
    if obj:
        obj["below"] = ["netbios"]
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "SMB 3.1.1 \\\\server\\share", or whom it is for."""
    what = obj.get("shares") or obj.get("files") or obj.get("target") or obj.get("user") or ""
    name = f"SMB {obj['dialect']}" if "dialect_id" in obj else f"SMB{obj.get('version', '')}"
    return " ".join(word for word in (name, first(what), "encrypted" if obj.get("encrypted") else "") if word)
