"""Conversations of TDS, for its test and its fuzz target: pre-login, three kinds of login, statements, procedures.

Built by hand after MS-TDS and MC-SMP; the first packets of FreeTDS and python-tds were held against them.
"""

import struct

from talk_dcerpc import ntlm_authenticate, ntlm_challenge, ntlm_negotiate

PORT = 1433


def packet(kind: int, body: bytes, status: int = 1) -> bytes:
    return struct.pack(">BBHHBB", kind, status, 8 + len(body), 0 if kind != 4 else 51, 1, 0) + body


def prelogin(*options: tuple[int, bytes], answer: bool = False) -> bytes:
    at, head, body = 5 * len(options) + 1, b"", b""
    for code, data in options:
        head += struct.pack(">BHH", code, at + len(body), len(data))
        body += data
    return packet(4 if answer else 18, head + b"\xff" + body)


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def login(user: str = "", password: str = "", sspi: bytes = b"", version: int = 0x74000004) -> bytes:
    hidden = bytes(((c << 4 & 0xFF) | c >> 4) ^ 0xA5 for c in wide(password))
    texts = [wide("WS7"), wide(user), hidden, wide("Reports"), wide("db.corp.example"), b"", wide("ODBC"), b"",
             wide("sales")]
    at, fields, data = 94, b"", b""
    for text in texts:
        fields += struct.pack("<HH", at + len(data), len(text) // 2)
        data += text
    fields += bytes(6) + struct.pack("<HH", at + len(data), len(sspi)) + bytes(12)
    data += sspi
    fixed = struct.pack("<IIIIIBBBBiI", version, 4096, 0x11, 4711, 0, 0xE0, 3, 0, 0, 0, 1033)
    return packet(16, struct.pack("<I", 4 + len(fixed) + len(fields) + len(data)) + fixed + fields + data)


def old_login(user: bytes, password: bytes) -> bytes:
    def text(data: bytes, size: int = 30) -> bytes:
        return data.ljust(size, b"\0") + bytes([len(data)])

    body = text(b"ws7") + text(user) + text(password) + text(b"4711") + bytes(16) + text(b"isql") + text(b"SYBASE")
    body += text(b"", 255) + b"\5\0\0\0" + text(b"CT-Library", 10) + b"\5\0\0\0"
    return packet(2, body.ljust(504, b"\0"), 0)


HEADERS = struct.pack("<IIHQI", 22, 18, 2, 0, 1)


def batch(text: str, headers: bytes = HEADERS) -> bytes:
    return packet(1, headers + wide(text))


def call(name: str | int, *parameters: bytes, headers: bytes = HEADERS) -> bytes:
    which = struct.pack("<HH", 0xFFFF, name) if isinstance(name, int) else struct.pack("<H", len(name)) + wide(name)
    return packet(3, headers + which + b"\0\0" + b"".join(parameters))


def text_parameter(text: str) -> bytes:
    return b"\0\0\xe7" + struct.pack("<H", 8000) + b"\x09\4\xd0\0\x34" + struct.pack("<H", 2 * len(text)) + wide(text)


def long_parameter(text: str) -> bytes:
    size = 2 * len(text)
    return b"\0\0\xe7\xff\xff\x09\4\xd0\0\x34" + struct.pack("<QI", size, size) + wide(text) + bytes(4)


def number_parameter(value: int) -> bytes:
    return b"\0\1\x26\4\4" + struct.pack("<i", value)


def token(kind: int, body: bytes) -> bytes:
    return struct.pack("<BH", kind, len(body)) + body


def short_text(text: str) -> bytes:
    return bytes([len(text)]) + wide(text)


def error(number: int, text: str, kind: int = 0xAA) -> bytes:
    body = struct.pack("<iBBH", number, 1, 14, len(text)) + wide(text) + short_text("DB") + short_text("") + bytes(4)
    return token(kind, body)


def done(kind: int = 0xFD, rows: int = 1) -> bytes:
    return struct.pack("<BHHQ", kind, 0x10, 0xC1, rows)


ACK = token(0xAD, b"\1\x74\0\0\4" + short_text("Microsoft SQL Server") + b"\x0f\0\x07\xd0")
CHANGED = token(0xE3, b"\1" + short_text("sales") + short_text("master"))
ROWS = b"\x81\1\0" + bytes(4) + b"\x38" + short_text("n") + b"\xd1\1\0\0\0" + done()
ASK = prelogin((0, bytes([17, 4, 0, 1, 0, 0])), (1, b"\2"), (2, b"SQLEXPRESS\0"), (3, bytes(4)), (4, b"\0"))
SAY = prelogin((0, bytes([15, 0, 7, 208, 0, 0])), (1, b"\2"), (2, b"\0"), (3, b""), (4, b"\0"), answer=True)

CLEAR = [
    (0, ASK),
    (1, SAY),
    (0, login("alice", "Pa55wörd")),
    (1, packet(4, CHANGED + error(5701, "Changed database context to 'sales'.", 0xAB) + ACK + done())),
    (0, batch("SELECT name\nFROM customers")),
    (1, packet(4, ROWS)),
    (0, call(10, text_parameter("UPDATE t SET a = @p"), text_parameter("@p int"))),
    (1, packet(4, b"\x79\0\0\0\0" + done(0xFE))),
    (0, call(13, number_parameter(0), text_parameter("@p int"), text_parameter("SELECT @p"))),
    (1, packet(4, error(208, "Invalid object name 't'.") + done())),
    (0, call("sp_executesql", long_parameter("DELETE FROM t"))),
    (1, packet(4, done(0xFF) + done())),
    (0, call("dbo.Report", number_parameter(7))),
    (1, packet(4, b"x" * 500, 0) + packet(4, b"y" * 300)),
    (0, packet(6, b"")),
    (1, packet(4, done())),
]
INTEGRATED = [
    (0, login(sspi=ntlm_negotiate(), version=0x72090002)),
    (1, packet(4, token(0xED, ntlm_challenge("DB", "CORP")))),
    (0, packet(17, ntlm_authenticate("bob", "CORP", "WS9"))),
    (1, packet(4, error(18456, "Login failed for user 'CORP\\bob'.") + done())),
]
OLD = [(0, old_login(b"sa", b"secret"))]

TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (CLEAR, 0, 0, {
        "version": "7.4", "client_version": "17.4.1", "server_version": "15.0.2000", "product": "Microsoft SQL Server",
        "encryption": "none", "instance": "SQLEXPRESS", "host": "WS7", "application": "Reports",
        "target": "db.corp.example", "library": "ODBC", "user": "alice", "password": "***", "databases": ["sales"],
        "login": "accepted", "queries": ["SELECT name FROM customers", "UPDATE t SET a = @p", "SELECT @p",
                    "DELETE FROM t"],
        "procedures": ["sp_executesql", "sp_prepexec", "dbo.Report"], "errors": ["208 Invalid object name 't'."],
    }, "TDS alice@sales SELECT name FROM customers"),
    (INTEGRATED, 0, 0, {
        "version": "7.2", "host": "WS7", "application": "Reports", "target": "db.corp.example", "library": "ODBC",
        "auth": "NTLMv2", "user": "bob", "domain": "CORP", "workstation": "WS9", "server": "DB",
        "server_domain": "CORP", "server_dns": "db.corp.example", "client_os": "10.0.19041",
        "server_os": "10.0.17763", "databases": ["sales"], "login": "refused",
        "errors": ["18456 Login failed for user 'CORP\\bob'."],
    }, "TDS bob@sales"),
    (OLD, 4, 0, {"version": "5.0", "host": "ws7", "application": "isql", "target": "SYBASE", "library": "CT-Library",
                 "user": "sa", "password": "***"}, "TDS sa"),
]
