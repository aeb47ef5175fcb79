"""What a handshake's facts say, as the `tls` object of a record: names, choices, fingerprints.

JA4 follows FoxIO's technical details of the method (BSD-3-Clause; the rest of the JA4 family is under another licence
and is not here). JA3 follows Salesforce's description. All of it is computed when asked for, never while reading.
"""
from functools import lru_cache

from netwatch._fast.proto.common.facts import Plain
from netwatch._fast.proto.tls.cert import describe_cert
from netwatch._fast.proto.tls.hello cimport (TLS_AGAIN, TLS_ALERT, TLS_ALPN, TLS_ALPN_CHOSEN, TLS_CERT, TLS_CIPHER,
                                             TLS_CIPHERS, TLS_CLIENT_CERT, TLS_CLIENT_VERSION, TLS_CUT, TLS_ECH,
                                             TLS_EXTS, TLS_GROUPS, TLS_POINTS, TLS_RESUMED, TLS_RETRY, TLS_SERVER_EXTS,
                                             TLS_SERVER_VERSION, TLS_SIGALGS, TLS_SNI, TLS_VERSION, TLS_VERSIONS)
from netwatch._fast.proto.tls.names import ALERTS, CIPHERS, GROUPS, VERSIONS
from netwatch._fast.base.text cimport clean

FACT_FIELDS = {"tls.sni": Plain(TLS_SNI, 255, empty=True), "tls.alpn_chosen": Plain(TLS_ALPN_CHOSEN, 255, empty=True)}
OF_JA3 = (TLS_CIPHERS, TLS_CLIENT_VERSION, TLS_EXTS, TLS_GROUPS, TLS_POINTS, TLS_CUT)
OF_JA3S = (TLS_CIPHER, TLS_SERVER_VERSION, TLS_SERVER_EXTS)
OF_JA4 = (TLS_CIPHERS, TLS_CLIENT_VERSION, TLS_EXTS, TLS_VERSIONS, TLS_ALPN, TLS_SIGALGS, TLS_CUT)
OF_CLIENT = tuple(dict.fromkeys((*OF_JA3, *OF_JA4)))
PRINTS_KEPT = 1024             # hellos of different programs; most flows have one of a few
# what of a hello a field of any protocol that carries hellos depends on
HELLO_DEPENDS = {
    "alpn": (TLS_ALPN,), "version": (TLS_VERSION,), "cipher": (TLS_CIPHER,), "ja3": OF_JA3, "ja4": OF_JA4,
    "client": OF_CLIENT, "ja3s": OF_JA3S, "ech": (TLS_ECH,),
    "resumed": (TLS_RESUMED,), "alert": (TLS_ALERT,), "sni": (TLS_SNI,), "alpn_chosen": (TLS_ALPN_CHOSEN,),
    **dict.fromkeys(("cert.subject", "cert.issuer", "cert.san", "cert.san_more", "cert.not_before", "cert.not_after",
                     "cert.key", "cert.sha256"), (TLS_CERT,)),
}
DEPENDS = {f"tls.{name}": keys for name, keys in HELLO_DEPENDS.items()} | {"label": (TLS_SNI,)}

# names of programs by JA3 or JA4, filled by whoever starts netwatch (names/clients.py)
CLIENTS: dict[str, str] = {}

_JA4_VERSIONS = {0x0100: "s1", 0x0002: "s2", 0x0300: "s3", 0x0301: "10", 0x0302: "11", 0x0303: "12", 0x0304: "13",
                 0xFEFF: "d1", 0xFEFD: "d2", 0xFEFC: "d3"}
_ALNUM = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_EMPTY_HASH = "000000000000"


def numbers(raw: bytes, grease: bool = False) -> list[int]:
    """The 2-byte numbers of a list, GREASE values (RFC 8701) left out unless asked for."""
    found = [raw[i] << 8 | raw[i + 1] for i in range(0, len(raw) - 1, 2)]
    return found if grease else [v for v in found if not (v & 0x0F0F == 0x0A0A and v >> 8 == v & 0xFF)]


def alpn_names(raw: bytes) -> list[bytes]:
    """The protocol names of an ALPN list as bytes, up to the first that does not fit."""
    names = []
    at = 0
    while at < len(raw) and at + 1 + raw[at] <= len(raw):
        names.append(raw[at + 1:at + 1 + raw[at]])
        at += 1 + raw[at]
    return names


def _ja4_alpn(raw: bytes) -> str:
    """First and last character of the first ALPN value, or of its hex form when either is not alphanumeric."""
    names = alpn_names(raw)
    if not names or not names[0]:
        return "00"
    first = names[0]
    if first[0] in _ALNUM and first[-1] in _ALNUM:
        return chr(first[0]) + chr(first[-1])
    return first.hex()[0] + first.hex()[-1]


def _ja4_hash(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else _EMPTY_HASH


def ja4(hello: dict[int, bytes], transport: str = "t") -> str | None:
    """JA4 of a ClientHello's facts (key to bytes), or None when it was not kept whole. `transport` is t, q or d."""
    if TLS_CIPHERS not in hello or TLS_CUT in hello:
        return None
    ciphers = numbers(hello[TLS_CIPHERS])
    exts = numbers(hello.get(TLS_EXTS, b""))
    offered = numbers(hello.get(TLS_VERSIONS, b""))
    if not offered:
        offered = [int.from_bytes(hello.get(TLS_CLIENT_VERSION, b""), "big")]
    # DTLS counts its versions downwards (RFC 9147 section 5.3).
    version = min(offered) if transport == "d" else max(offered)
    head = (f"{transport}{_JA4_VERSIONS.get(version, '00')}{'d' if 0 in exts else 'i'}{min(len(ciphers), 99):02d}"
            f"{min(len(exts), 99):02d}{_ja4_alpn(hello.get(TLS_ALPN, b''))}")
    listed = ",".join(f"{v:04x}" for v in sorted(v for v in exts if v not in (0x0000, 0x0010)))
    algorithms = ",".join(f"{v:04x}" for v in numbers(hello.get(TLS_SIGALGS, b"")))
    tail = f"{listed}_{algorithms}" if algorithms else listed
    return f"{head}_{_ja4_hash(','.join(f'{v:04x}' for v in sorted(ciphers)))}_{_ja4_hash(tail)}"


def _md5(text: str) -> str:
    import hashlib

    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _dashed(values) -> str:
    return "-".join(map(str, values))


def ja3(hello: dict[int, bytes]) -> str | None:
    """JA3: MD5 of version, ciphers, extensions, groups and point formats; None when the hello was not kept whole."""
    if TLS_CIPHERS not in hello or TLS_CLIENT_VERSION not in hello or TLS_CUT in hello:
        return None
    return _md5(",".join((
        str(int.from_bytes(hello[TLS_CLIENT_VERSION], "big")), _dashed(numbers(hello[TLS_CIPHERS])),
        _dashed(numbers(hello.get(TLS_EXTS, b""))), _dashed(numbers(hello.get(TLS_GROUPS, b""))),
        _dashed(hello.get(TLS_POINTS, b"")))))


def ja3s(hello: dict[int, bytes]) -> str | None:
    """JA3S: MD5 of version, cipher and extensions of the ServerHello, or None without one."""
    if TLS_CIPHER not in hello or TLS_SERVER_VERSION not in hello:
        return None
    return _md5(",".join((
        str(int.from_bytes(hello[TLS_SERVER_VERSION], "big")), str(int.from_bytes(hello[TLS_CIPHER], "big")),
        _dashed(numbers(hello.get(TLS_SERVER_EXTS, b""), grease=True)))))


def _alert_text(raw: bytes) -> str:
    name = ALERTS.get(raw[1], f"alert {raw[1]}")
    return name if raw[0] == 2 else f"{name} (warning)"


def describe(facts) -> dict:
    """The `tls` object of CONTRACT section 3 from (key, value) pairs; what is not known is left out."""
    hello = {}
    for key, value in facts:
        hello.setdefault(key, value)
    return describe_hello(hello, "t")


def describe_hello(hello: dict, transport: str) -> dict:
    """The same from a dict of facts, for any protocol that carries hellos; `transport` is that of ja4()."""
    obj = {}
    if TLS_SNI in hello:
        obj["sni"] = clean(hello[TLS_SNI], 255)
    alpn = [clean(name, 255) for name in alpn_names(hello.get(TLS_ALPN, b""))]
    if alpn:
        obj["alpn"] = alpn
    if TLS_ALPN_CHOSEN in hello:
        obj["alpn_chosen"] = clean(hello[TLS_ALPN_CHOSEN], 255)
    if TLS_VERSION in hello:
        obj["version"] = _named(VERSIONS, hello[TLS_VERSION])
    if TLS_CIPHER in hello:
        obj["cipher"] = _named(CIPHERS, hello[TLS_CIPHER])
    obj.update(_prints(hello, transport))
    client = CLIENTS.get(obj.get("ja3")) or CLIENTS.get(obj.get("ja4"))
    if client:
        obj["client"] = client
    if TLS_ECH in hello:
        obj["ech"] = True
    if TLS_RESUMED in hello:
        obj["resumed"] = hello[TLS_RESUMED] == b"\x01"
    if TLS_RETRY in hello:
        obj["hello_retry"] = _prints({key ^ TLS_AGAIN: hello[key] for key in hello if key & TLS_AGAIN}, transport)
        if hello[TLS_RETRY]:
            obj["hello_retry"]["group"] = _named(GROUPS, hello[TLS_RETRY])
    if TLS_CERT in hello and (cert := describe_cert(hello[TLS_CERT])):
        obj["cert"] = cert
    if TLS_CLIENT_CERT in hello and (cert := describe_cert(hello[TLS_CLIENT_CERT])):
        obj["client_cert"] = cert
    if len(hello.get(TLS_ALERT, b"")) == 2:
        obj["alert"] = _alert_text(hello[TLS_ALERT])
    return obj


def _named(names: dict, raw: bytes) -> str:
    number = int.from_bytes(raw, "big")
    return names.get(number, f"0x{number:04x}")


def _prints(hello: dict, transport: str) -> dict:
    """The fingerprints of a pair of hellos. JA3 and JA3S are not defined for DTLS."""
    found = _client_prints(transport, *[hello.get(key) for key in OF_CLIENT])
    if transport != "d":
        found = {"ja3": found["ja3"], "ja3s": _server_print(*[hello.get(key) for key in OF_JA3S]), "ja4": found["ja4"]}
    return {name: value for name, value in found.items() if value}


@lru_cache(maxsize=PRINTS_KEPT)
def _client_prints(str transport, *values) -> dict:
    hello = _there(OF_CLIENT, values)
    found = {"ja4": ja4(hello, transport)}
    return found if transport == "d" else {"ja3": ja3(hello), **found}


@lru_cache(maxsize=PRINTS_KEPT)
def _server_print(*values) -> str | None:
    return ja3s(_there(OF_JA3S, values))


def _there(keys: tuple, values: tuple) -> dict:
    return {key: value for key, value in zip(keys, values) if value is not None}


def handshakes(obj: dict) -> list[Record]:
    """The `tls` objects of a flow's tls records: one, or two where a HelloRetryRequest answered the first hello.

    The first then has the names and fingerprints of the two that failed to agree, with `hello_retry` naming the group
    asked for; the second is the flow's, with the second hello's fingerprints.
    """
    retry = obj.get("hello_retry")
    if retry is None:
        return [obj]
    first = {key: obj[key] for key in ("sni", "alpn", "ja3", "ja4", "client", "ech") if key in obj}
    if "ja3s" in retry:
        first["ja3s"] = retry["ja3s"]
    first["hello_retry"] = {key: retry[key] for key in ("group",) if key in retry}
    second = {key: value for key, value in obj.items() if key not in ("ja3", "ja4", "hello_retry")}
    second.update((key, retry[key]) for key in ("ja3", "ja4") if key in retry)
    return [first, second] if "ja4" in retry or "version" in obj else [first]


def label(obj: dict) -> str:
    """One line for the flow: "TLS api.example.com"."""
    return f"TLS {obj['sni']}" if obj.get("sni") else "TLS"
