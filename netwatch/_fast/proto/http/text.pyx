"""What HTTP facts and events say: the `http` object of a flow and the body of an http record (CONTRACT section 3).

Secrets (credentials, cookies, userinfo in a URL, values in its query whose names say so) are masked unless asked for.
"""
import binascii
import re
import struct

from netwatch._fast.base.bytes cimport u8
from netwatch._fast.base.mix cimport load64
from netwatch._fast.proto.http.facts cimport (HTTP_AGENT, HTTP_BASIC, HTTP_COUNT, HTTP_DENIED, HTTP_HOST, HTTP_LATENCY,
                                              HTTP_METHOD, HTTP_METHODS, HTTP_PATH, HTTP_SERVER, HTTP_STATUS,
                                              HTTP_STATUSES, HTTP_TYPE)
from netwatch._fast.proto.common.facts import Plain
from netwatch._fast.base.text cimport add_text, clean
from netwatch._fast.proto.common.describing import by_key, listed
from netwatch._fast.proto.common.gss import GSS_KEYS, add_gss

FACT_FIELDS = {"http.method": Plain(HTTP_METHOD), "http.host": Plain(HTTP_HOST), "http.user_agent": Plain(HTTP_AGENT),
               "http.content_type": Plain(HTTP_TYPE), "http.server": Plain(HTTP_SERVER),
               "http.methods": Plain(HTTP_METHODS, many=True)}
FACT_NUMBERS = {"http.transactions": (HTTP_COUNT, 1), "http.latency_us": (HTTP_LATENCY, 1000)}
DEPENDS = {"http.path": (HTTP_PATH,), "http.status": (HTTP_STATUS,),
           "http.statuses": (HTTP_STATUSES,),
           "http.login.password": (HTTP_BASIC,), "http.login.denied": (HTTP_DENIED,),
           "label": (HTTP_METHOD, HTTP_HOST, HTTP_PATH, HTTP_STATUS)}
MASK = "***"
_EVENT_HEAD = struct.Struct("=5Q2I")   # httppair.pyx, report()
_UNSEEN = 1 << 63                       # httppair.pxd, unseen()
_MAX_VALUE = 8192
MAX_PATH = 300                         # characters of `path`; a longer one stands whole in `path_full`
_MAX_FIELDS = 256
_AUTHORIZATION = frozenset(("authorization", "proxy-authorization"))
_COOKIES = frozenset(("cookie", "set-cookie", "cookie2", "set-cookie2"))
_USERINFO = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*://)[^/?#]*@")
# what a query calls a secret, in either case
_SECRETS = frozenset(("access_token", "refresh_token", "id_token", "token", "api_key", "apikey", "password", "passwd",
                      "code", "client_secret"))
_QUERY = re.compile(rf"([?&;#](?:{'|'.join(sorted(_SECRETS))})=)[^&;#\s]+", re.IGNORECASE)
_TOKENS = frozenset(("x-api-key", "x-auth-token", "x-csrf-token", "x-amz-security-token"))


def mask_url(text: str) -> str:
    """The URL with its userinfo (RFC 3986 section 3.2.1) masked, and what its query or fragment calls a password, a
    token, a key or a code."""
    if "@" in text:
        text = _USERINFO.sub(rf"\1{MASK}@", text)
    return _QUERY.sub(rf"\1{MASK}", text) if "=" in text and names_secret(text) else text


cdef bint names_secret(str text):
    """Could _QUERY find something? Most often not."""
    cdef Py_ssize_t at, began = -1, n = len(text)
    cdef Py_UCS4 c
    if not text.isascii():
        return True                # letters that are others in the other case
    for at in range(n):
        c = text[at]
        if c in "?&;#":
            began = at + 1
        elif c == "=" and began >= 0:
            if at - began >= 4 and text[began:at].lower() in _SECRETS:
                return True
            began = -1
    return False


def mask_field(name: str, value: str) -> str:
    """The value of a header field with what is secret in it masked; the scheme and cookie names stay."""
    if name in _AUTHORIZATION:
        scheme, space, _ = value.partition(" ")
        return f"{scheme} {MASK}" if space else MASK
    if name == "cookie":
        return "; ".join(f"{part.partition('=')[0].strip()}={MASK}" for part in value.split(";") if part.strip())
    if name in _COOKIES:
        cookie, semicolon, attributes = value.partition(";")
        return f"{cookie.partition('=')[0].strip()}={MASK}{semicolon}{attributes}"
    if name in _TOKENS:
        return MASK
    if name in ("referer", "location", "content-location"):
        return mask_url(value)
    return value


def _lines(head: bytes) -> list:
    """The lines of a head without their ends, folded ones joined (RFC 9112 section 5.2)."""
    lines = []
    for line in head.split(b"\n"):
        line = line.removesuffix(b"\r")
        if line[:1] in (b" ", b"\t") and len(lines) > 1:
            lines[-1] += b" " + line.strip(b" \t")
        elif line:
            lines.append(line)
    return lines


def _headers(obj: dict, name: str, fields: dict, lines: list, head: bytes) -> None:
    """The fields of a head, and how many more there were, at least."""
    obj[name] = fields
    more = max(0, len(lines) - 1 - _MAX_FIELDS) + (not _is_whole(head))
    if more:
        obj[f"{name}_more"] = more


def _is_whole(head: bytes) -> bool:
    """Is no line missing? One with more than are kept ends within a line (shorten() of pair.pyx)."""
    return head.endswith(b"\n")


def _fields(lines: list, show_secrets: bool) -> dict:
    """Lower-case names to values; a name sent more than once has a list."""
    fields = {}
    for line in lines[:_MAX_FIELDS]:
        raw_name, colon, raw_value = line.partition(b":")
        name = clean(raw_name.strip(b" \t").lower(), 128)
        if not colon or not name:
            continue
        value = clean(raw_value.strip(b" \t"), _MAX_VALUE)
        if not show_secrets:
            value = mask_field(name, value)
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields


def _authority(target: str) -> str:
    """host:port of an absolute-form target (RFC 9112 section 3.2.2), "" for the other forms."""
    scheme, found, rest = target.partition("://")
    if not found or not scheme.isalpha():
        return ""
    return re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]


def _request(obj: dict, head: bytes, show_secrets: bool) -> None:
    lines = _lines(head)
    if not lines:
        return
    method, _, rest = lines[0].partition(b" ")
    target, _, version = rest.rpartition(b" ")
    if not version.upper().startswith(b"HTTP/"):
        target, version = rest, b""
    path = clean(target.strip(b" \t"), _MAX_VALUE)
    fields = _fields(lines[1:], show_secrets)
    host = _authority(path) or fields.get("host", "")
    if version:
        obj["version"] = clean(version, 16)[5:]
    obj["method"] = clean(method, 32)
    if host:
        obj["host"] = host[0] if isinstance(host, list) else host
    path = path if show_secrets else mask_url(path)
    obj["path"] = path[:MAX_PATH]
    if len(path) > MAX_PATH:
        obj["path_full"] = path
    _headers(obj, "request_headers", fields, lines, head)


def _response(obj: dict, head: bytes, show_secrets: bool) -> None:
    lines = _lines(head)
    if not lines:
        return
    obj.setdefault("version", clean(lines[0][5:8], 3))
    if lines[0][9:12].isdigit():
        obj["status"] = int(lines[0][9:12])
    _headers(obj, "response_headers", _fields(lines[1:], show_secrets), lines, head)


def record(payload: bytes, show_secrets: bool = False) -> dict:
    """The body of an http record from an EV_HTTP payload; the caller adds schema, time, flow and addresses."""
    if len(payload) < _EVENT_HEAD.size:
        return {}
    _began, done, first, request_bytes, response_bytes, request_n, response_n = _EVENT_HEAD.unpack_from(payload)
    at = _EVENT_HEAD.size
    obj = {}
    _request(obj, payload[at:at + request_n], show_secrets)
    _response(obj, payload[at + request_n:at + request_n + response_n], show_secrets)
    if request_n and request_bytes < _UNSEEN:
        obj["request_bytes"] = request_bytes
    if response_n and response_bytes < _UNSEEN:
        obj["response_bytes"] = response_bytes
    if done and first >= done:
        obj["latency_us"] = (first - done) // 1000
    return obj


def started(payload: bytes) -> int:
    """When the transaction began, in ns: its request's first byte, or its response's when no request was seen."""
    began, _done, first = struct.unpack_from("=3Q", payload)
    return began or first


def describe(facts, show_secrets: bool = False) -> dict:
    """The `http` object from (key, value) pairs; what is not known is left out."""
    cdef dict every = by_key(facts), obj = {}, login = {}
    cdef bytes status = first_of(every, HTTP_STATUS), number
    add_text(obj, "method", first_of(every, HTTP_METHOD), 256)
    add_text(obj, "host", first_of(every, HTTP_HOST), 256)
    add_text(obj, "path", first_of(every, HTTP_PATH), 256)
    if status is not None and status.isdigit():
        obj["status"] = int(status)
    add_text(obj, "user_agent", first_of(every, HTTP_AGENT), 256)
    add_text(obj, "content_type", first_of(every, HTTP_TYPE), 256)
    add_text(obj, "server", first_of(every, HTTP_SERVER), 256)
    number = first_of(every, HTTP_COUNT)
    if number is not None and len(number) == 8:
        obj["transactions"] = load64(<const u8*>number)
    listed(obj, "methods", every, HTTP_METHODS, _method)
    listed(obj, "statuses", every, HTTP_STATUSES, _status)
    number = first_of(every, HTTP_LATENCY)
    if number is not None and len(number) == 8:
        obj["latency_us"] = load64(<const u8*>number) // 1000
    if not GSS_KEYS.isdisjoint(every):
        add_gss(login, every)
    if HTTP_BASIC in every:
        add_basic(login, first_of(every, HTTP_BASIC), show_secrets)
    number = first_of(every, HTTP_DENIED)
    if number is not None and len(number) == 16:
        login["denied"] = load64(<const u8*>number)
    if login:
        obj["login"] = login
    if not show_secrets and "path" in obj:
        obj["path"] = mask_url(obj["path"])
    return obj


cdef bytes first_of(dict every, int key):
    """The first value of a fact, None where there is none."""
    values = every.get(key)
    return values[0] if values is not None else None


def _method(raw: bytes) -> str:
    return clean(raw, 256)


def _status(raw: bytes) -> int | None:
    return int(raw) if raw.isdigit() else None


def add_basic(login: dict, credentials: bytes, show_secrets: bool) -> None:
    """Who logs in by Basic (RFC 7617 section 2)."""
    try:
        user, colon, password = binascii.a2b_base64(credentials + b"==").partition(b":")
    except binascii.Error:
        return
    if colon:
        login["auth"] = "Basic"
        add_text(login, "user", user, 256)
        login["password"] = clean(password, 256) if show_secrets else MASK


def label(obj: dict) -> str:
    """One line for the flow: "HTTP GET www.example.com/path"."""
    path = obj.get("path", "")
    where = path if "://" in path or obj.get("method") == "CONNECT" else obj.get("host", "") + path
    status = str(obj["status"]) if "status" in obj and "method" not in obj else ""
    return " ".join(word for word in ("HTTP", obj.get("method", ""), where, status) if word)
