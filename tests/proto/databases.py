"""Hand-made messages of the database protocols: conversations [(side, bytes)], side 0 first; for tests and fuzzers."""

import struct
import zlib
from collections.abc import Iterable

Turns = list[tuple[int, bytes]]


# --- mysql ---
CAPS = 0x0008 | 0x0200 | 0x8000 | 0x80000 | 0x100000  # schema, 4.1, secure login, plugins, attributes


def packet(sequence: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([sequence]) + body


def greeting(version: bytes = b"8.0.36", plugin: bytes = b"caching_sha2_password", caps: int = 0xDFFFFFFF) -> bytes:
    body = b"\x0a" + version + b"\0" + struct.pack("<I", 7) + b"challeng\0" + struct.pack("<H", caps & 0xFFFF) + b"\xff"
    body += b"\x02\0" + struct.pack("<H", caps >> 16) + b"\x15" + bytes(10) + b"e of twenty.\0" + plugin + b"\0"
    return packet(0, body)


def counted(text: bytes) -> bytes:
    return bytes([len(text)]) + text if len(text) < 251 else b"\xfc" + struct.pack("<H", len(text)) + text


def login(
    user: bytes = b"app",
    answer: bytes = b"h" * 20,
    schema: bytes = b"shop",
    plugin: bytes = b"mysql_native_password",
    attributes: Iterable[tuple[bytes, bytes]] = ((b"_client_name", b"libmysql"), (b"_os", b"Linux")),
    caps: int = CAPS,
) -> bytes:
    pairs = b"".join(counted(name) + counted(value) for name, value in attributes)
    body = struct.pack("<IIB23x", caps, 1 << 24, 0x21) + user + b"\0" + counted(answer) + schema + b"\0" + plugin
    return packet(1, body + b"\0" + counted(pairs))


TLS_LOGIN = packet(1, struct.pack("<IIB23x", CAPS | 0x800, 1 << 24, 0x21))
MYSQL_OK = b"\0\0\0\2\0\0\0"


def mysql_error(code: int, text: bytes, state: bytes = b"#28000") -> bytes:
    return b"\xff" + struct.pack("<H", code) + state + text


def query(text: bytes, attributes: bytes = b"") -> bytes:
    return packet(0, b"\x03" + attributes + text)


def zipped(sequence: int, inner: bytes, squeeze: bool = False) -> bytes:
    """A compressed frame around packets, or what stands for one that was too short."""
    body = zlib.compress(inner) if squeeze else inner
    return len(body).to_bytes(3, "little") + bytes([sequence]) + (len(inner) * squeeze).to_bytes(3, "little") + body


ROWS = packet(1, b"\1") + packet(2, b"\3def" + b"x" * 60) + packet(3, b"\5hello" * 900) + packet(4, b"\xfe\0\0\2\0")
MYSQL: Turns = [
    (1, greeting()),
    (0, login()),
    (1, packet(2, MYSQL_OK)),
    (0, query(b"SELECT id,\n name FROM t", b"\0\1")),
    (1, ROWS),
    (0, packet(0, b"\x16SELECT * FROM t WHERE id = ?") + packet(0, b"\x02other")),
    (1, packet(1, mysql_error(1049, b"Unknown database 'other'", b"#42000"))),
    (0, query(b"CREATE USER 'eve'@'%' IDENTIFIED BY 's3cret'")),
    (1, packet(1, MYSQL_OK)),
    (0, packet(0, b"\x01")),
]
MYSQL_CLEAR: Turns = [
    (1, greeting(b"5.5.5-10.6.12-MariaDB")),
    (0, login(schema=b"", attributes=())),
    (1, packet(2, b"\xfemysql_clear_password\0")),
    (0, packet(3, b"hunter2\0")),
    (1, packet(4, mysql_error(1045, b"Access denied for user 'app'@'10.0.0.9' (using password: YES)"))),
]
MYSQL_ZIPPED: Turns = [
    (1, greeting()),
    (0, login(caps=CAPS | 0x20)),
    (1, packet(2, MYSQL_OK)),
    (0, zipped(0, query(b"SELECT 1"))),
    (1, zipped(1, ROWS, True)),
    (0, zipped(0, query(b"SELECT '" + b"x" * 300 + b"'"), True)),
    (1, zipped(1, packet(1, mysql_error(1146, b"Table 'shop.t' doesn't exist", b"#42S02")))),
    (0, zipped(0, b"\1") + zipped(0, packet(0, b"\x0e"))),
]


# --- postgresql ---
ASK_TLS = struct.pack(">II", 8, 80877103)
ASK_GSSAPI = struct.pack(">II", 8, 80877104)
CANCEL = struct.pack(">IIII", 16, 80877102, 77, 99)


def startup(**settings: str) -> bytes:
    body = b"".join(name.encode() + b"\0" + value.encode() + b"\0" for name, value in settings.items()) + b"\0"
    return struct.pack(">II", 8 + len(body), 0x30000) + body


def message(kind: str, body: bytes = b"") -> bytes:
    return kind.encode() + struct.pack(">I", 4 + len(body)) + body


def auth(kind: int, body: bytes = b"") -> bytes:
    return message("R", struct.pack(">I", kind) + body)


def report(name: bytes, value: bytes) -> bytes:
    return message("S", name + b"\0" + value + b"\0")


PG_ERROR = message("E", b'SERROR\0VERROR\0C42P01\0Mrelation "t" does not exist\0P15\0\0')
PG_START = startup(user="app", database="shop", application_name="psql", client_encoding="UTF8")
PG_ROWS = message("T", b"\0\1id\0" + bytes(18)) + message("D", b"\0\1" + b"v" * 3000) + message("C", b"SELECT 1\0")
PG_READY = message("Z", b"I")
POSTGRESQL: Turns = [
    (0, ASK_GSSAPI),
    (1, b"N"),
    (0, ASK_TLS),
    (1, b"N"),
    (0, PG_START),
    (1, auth(3)),
    (0, message("p", b"hunter2\0")),
    (1, auth(0) + report(b"server_version", b"16.4") + report(b"TimeZone", b"Etc/UTC") + message("K", bytes(8))),
    (1, PG_READY),
    (0, message("Q", b"SELECT id\nFROM t;\0")),
    (1, PG_ERROR + PG_READY),
    (0, message("P", b"stmt\0SELECT $1\0\0\0") + message("B", bytes(12)) + message("E", bytes(5)) + message("S")),
    (1, message("1") + message("2") + PG_ROWS + PG_READY),
    (0, message("Q", b"ALTER ROLE app PASSWORD 's3cret'\0") + message("X")),
]
SCRAM: Turns = [
    (0, PG_START),
    (1, auth(10, b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0")),
    (0, message("p", b"SCRAM-SHA-256\0\0\0\0\x0cn,,n=,r=abcd")),
    (1, auth(11, b"r=abcdefgh,s=AAAA,i=4096")),
    (0, message("p", b"c=biws,r=abcdefgh,p=AAAA")),
    (1, message("E", b'SFATAL\0C28P01\0Mpassword authentication failed for user "app"\0\0')),
]


# --- mongodb ---
def element(kind: int, name: str, value: bytes) -> bytes:
    return bytes([kind]) + name.encode() + b"\0" + value


def le32(value: int) -> bytes:
    return struct.pack("<i", value)


def bson(values: dict) -> bytes:
    """Texts, numbers, binary data, lists and documents."""
    out = b""
    for name, value in values.items():
        if isinstance(value, str):
            out += element(2, name, le32(len(value.encode()) + 1) + value.encode() + b"\0")
        elif isinstance(value, bytes):
            out += element(5, name, le32(len(value)) + b"\0" + value)
        elif isinstance(value, float):
            out += element(1, name, struct.pack("<d", value))
        elif isinstance(value, bool):
            out += element(8, name, bytes([value]))
        elif isinstance(value, int):
            out += element(0x10, name, le32(value))
        elif isinstance(value, list):
            out += element(4, name, bson({str(i): item for i, item in enumerate(value)}))
        else:
            out += element(3, name, bson(value))
    return le32(len(out) + 5) + out + b"\0"


def wire(op: int, body: bytes, ident: int = 5, answers: int = 0) -> bytes:
    return struct.pack("<iiii", 16 + len(body), ident, answers, op) + body


def op_msg(values: dict, answers: int = 0, more: bytes = b"") -> bytes:
    return wire(2013, le32(0) + b"\0" + bson(values) + more, 5, answers)


def op_query(collection: bytes, values: dict) -> bytes:
    return wire(2004, le32(4) + collection + b"\0" + le32(0) + le32(-1) + bson(values))


def op_reply(values: dict) -> bytes:
    return wire(1, le32(8) + bytes(8) + le32(0) + le32(1) + bson(values), 9, 5)


def squeezed(op: int, compressor: int, body: bytes, answers: int = 0) -> bytes:
    return wire(2012, struct.pack("<iiB", op, len(body), compressor) + body, 6, answers)


CLIENT = {
    "application": {"name": "billing"},
    "driver": {"name": "PyMongo|c", "version": "4.6.1"},
    "os": {"type": "Linux", "name": "Linux", "architecture": "x86_64"},
    "platform": "CPython 3.11.2",
}
SPECULATIVE = {"saslStart": 1, "mechanism": "SCRAM-SHA-256", "payload": b"n,,n=app,r=abcdefgh", "db": "admin"}
HELLO = {"ismaster": 1, "helloOk": 1, "client": CLIENT, "compression": [], "speculativeAuthenticate": SPECULATIVE}
DOCUMENTS = b"\1" + le32(4 + 10 + 3000) + b"documents\0" + bson({"v": "x" * 2987})[:3000]
MONGODB: Turns = [
    (0, op_query(b"admin.$cmd", HELLO)),
    (1, op_reply({"ismaster": 1, "setName": "rs0", "maxWireVersion": 21, "ok": 1.0})),
    (0, op_msg({"buildInfo": 1, "$db": "admin"})),
    (1, op_msg({"version": "7.0.4", "ok": 1.0}, 5)),
    (0, op_msg({"insert": "orders", "ordered": 1, "$db": "shop"}, more=DOCUMENTS)),
    (1, op_msg({"ok": 0.0, "errmsg": "not authorized on shop", "code": 13, "codeName": "Unauthorized"}, 5)),
    (0, op_msg({"getMore": 77, "collection": "carts", "$db": "shop"})),
    (0, squeezed(2013, 1, b"\xff" * 70) + squeezed(2013, 0, le32(0) + b"\0" + bson({"ping": 1, "$db": "admin"}))),
    (1, squeezed(2013, 1, b"\xff" * 700, 5)),
]
MONGO_OLD: Turns = [
    (0, wire(2002, le32(0) + b"shop.orders\0" + bson({"a": 1}))),
    (0, wire(2001, le32(0) + b"shop.carts\0" + le32(0) + bson({}) + bson({"a": 2}))),
    (0, op_query(b"shop.system.users", {"$query": {"user": "app"}})),
    (1, op_reply({"$err": "not master", "code": 10107})),
    (0, wire(2005, le32(0) + b"shop.orders\0" + le32(1) + bytes(8)) + wire(2007, le32(0) + le32(1) + bytes(8))),
    (0, wire(2006, le32(0) + b"shop.orders\0" + le32(1) + bson({}))),
    (0, wire(2010, b"admin\0isMaster\0" + bson({"isMaster": 1}) + bson({}))),
]


# --- cassandra ---
def be16(value: int) -> bytes:
    return struct.pack(">H", value)


def string(text: bytes) -> bytes:
    return be16(len(text)) + text


def long_string(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text


def envelope(version: int, opcode: int, body: bytes = b"", flags: int = 0, stream: int = 1) -> bytes:
    number = bytes([stream]) if version & 0x7F <= 2 else be16(stream)
    return bytes([version, flags]) + number + bytes([opcode]) + struct.pack(">I", len(body)) + body


def string_map(*pairs: tuple[bytes, bytes]) -> bytes:
    return be16(len(pairs)) + b"".join(string(name) + string(value) for name, value in pairs)


def crc24(head: bytes) -> bytes:
    crc = 0x875060
    for byte in head:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1974F0B
    return crc.to_bytes(3, "little")


def frame(payload: bytes, whole: bool = True) -> bytes:
    head = (len(payload) | whole << 17).to_bytes(3, "little")
    return head + crc24(head) + payload + b"crc!"


def frame_lz4(payload: bytes, plain: int = 0, whole: bool = True) -> bytes:
    head = (len(payload) | plain << 17 | whole << 34).to_bytes(5, "little")
    return head + crc24(head) + payload + b"crc!"


CQL_START = string_map((b"CQL_VERSION", b"3.4.6"), (b"DRIVER_NAME", b"Tester"), (b"DRIVER_VERSION", b"1.0"))
CQL_AUTH = string(b"org.apache.cassandra.auth.PasswordAuthenticator")
CQL_TOKEN = long_string(b"\0app\0hunter2")
CQL_OFFERS = be16(1) + string(b"CQL_VERSION") + be16(1) + string(b"3.4.6")
SET_KEYSPACE = struct.pack(">I", 3) + string(b"shop")
CASSANDRA: Turns = [
    (0, envelope(4, 5)),
    (1, envelope(0x84, 6, CQL_OFFERS)),
    (0, envelope(4, 1, CQL_START)),
    (1, envelope(0x84, 3, CQL_AUTH)),
    (0, envelope(4, 15, CQL_TOKEN)),
    (1, envelope(0x84, 16, b"\xff\xff\xff\xff")),
    (0, envelope(4, 7, long_string(b"USE shop") + b"\0\1\0") + envelope(4, 9, long_string(b"SELECT v FROM t"))),
    (1, envelope(0x84, 8, SET_KEYSPACE) + envelope(0x84, 8, struct.pack(">I", 2) + b"r" * 4000, 2)),
    (0, envelope(4, 13, b"\0\0\1\0" + long_string(b"INSERT INTO t (v) VALUES (1)") + b"\0\0\0\1\0")),
    (1, envelope(0x84, 0, b"t" * 16 + struct.pack(">I", 0x2200) + string(b"unconfigured table t"), 2)),
    (0, envelope(4, 10, b"c" * 90, 1) + envelope(4, 7, long_string(b"CREATE ROLE eve WITH PASSWORD = 's3cret'"))),
]
FRAMED: Turns = [
    (0, envelope(5, 1, CQL_START)),
    (1, envelope(0x85, 2)),
    (0, frame(envelope(5, 7, long_string(b"SELECT 1")) + envelope(5, 7, long_string(b"SELECT 2")))),
    (1, frame(b"r" * 3000, False) + frame(envelope(0x85, 8, SET_KEYSPACE))),
    (0, frame_lz4(b"z" * 50, 90) + frame_lz4(envelope(5, 7, long_string(b"SELECT 3")))),
]
OLDEST: Turns = [
    (0, envelope(1, 1, string_map((b"CQL_VERSION", b"3.0.0"), (b"COMPRESSION", b"snappy")))),
    (1, envelope(0x81, 3, CQL_AUTH)),
    (0, envelope(1, 4, string_map((b"username", b"app"), (b"password", b"hunter2")))),
    (1, envelope(0x81, 2)),
]
NODES: Turns = [(0, bytes.fromhex("ca552dfa0c0a0c11") + b"\x06addr")]

CONVERSATIONS: dict[str, list[Turns]] = {
    "mysql": [MYSQL, MYSQL_CLEAR, MYSQL_ZIPPED, [(1, greeting()), (0, TLS_LOGIN)]],
    "postgresql": [POSTGRESQL, SCRAM, [(0, CANCEL)], [(0, ASK_TLS), (1, b"S")], [(0, ASK_GSSAPI), (1, b"G")]],
    "mongodb": [MONGODB, MONGO_OLD],
    "cassandra": [CASSANDRA, FRAMED, OLDEST, NODES],
}
