"""Conversations of TNS, for its test and its fuzz target. Built by hand: there is no public specification."""

import struct

PORT = 1521
CID = b"(CID=(PROGRAM=sqlplus)(HOST=ws7)(USER=alice))"
WANTED = (b"(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=db.example.com)(PORT=1521))(CONNECT_DATA=(SERVER=DEDICATED)"
          b"(SERVICE_NAME=sales.example.com)" + CID + b"))")


def packet(kind: int, body: bytes, large: bool = False) -> bytes:
    size = 8 + len(body)
    return (struct.pack(">I", size) if large else struct.pack(">HH", size, 0)) + struct.pack(">BBH", kind, 0, 0) + body


def connect(descriptor: bytes, version: int = 318, behind: bool = False) -> bytes:
    head = struct.pack(">HHHHHHHHHH", version, 300, 0xC41, 8192, 65535, 0x7F08, 0, 1, len(descriptor), 74)
    head += bytes(74 - 8 - len(head))
    return packet(1, head + (b"" if behind else descriptor))


def accept(version: int = 318, sdu: int = 8192) -> bytes:
    body = struct.pack(">HHHHHHHI", version, 0xC41, min(sdu, 65535), 65535, 1, 0, 32, 0) + bytes(6)
    return packet(2, body + struct.pack(">I", sdu) + bytes(5))


def refuse(descriptor: bytes) -> bytes:
    return packet(4, b"\x22\0" + struct.pack(">H", len(descriptor)) + descriptor)


def redirect(descriptor: bytes) -> bytes:
    return packet(5, struct.pack(">H", len(descriptor)) + descriptor)


def data(body: bytes, large: bool = True) -> bytes:
    return packet(6, b"\0\0" + body, large)


SESSION = [
    (0, connect(WANTED)),
    (1, packet(11, b"")),
    (0, connect(WANTED)),
    (1, accept()),
    (0, data(b"\xde\xad\xbe\xef" + bytes(60))),
    (1, data(b"\xde\xad\xbe\xef" + bytes(70000))),
    (0, data(b"\3\x5e\1SELECT") + packet(12, b"\1\0\1", True)),
]
OLD = [(0, connect(WANTED.replace(b"SERVICE_NAME", b"SID"), 312)), (1, accept(312, 2048)), (0, data(b"x" * 40, False))]
REFUSED = [
    (0, connect(b"(CONNECT_DATA=(COMMAND=status))")),
    (1, refuse(b"(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR=12514)(ERROR_STACK=(ERROR=(CODE=12514)(EMFI=4))))")),
]
SENT_ON = [
    (0, connect(WANTED, behind=True) + data(WANTED, False)),
    (1, redirect(b"(ADDRESS=(PROTOCOL=TCP)(HOST=192.0.2.9)(PORT=1522))")),
]
NAMES = {"program": "sqlplus", "host": "ws7", "user": "alice", "address": "db.example.com", "server": "DEDICATED"}
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (SESSION, 0, 0, {"version": 318, "offered_version": 318, "service": "sales.example.com", **NAMES, "sdu": 8192,
                     "types": ["connect", "resend", "accept", "data", "marker"], "packets": 8},
     "TNS sales.example.com sqlplus"),
    (OLD, 0, 0, {"version": 312, "offered_version": 312, "sid": "sales.example.com", **NAMES, "sdu": 2048,
                 "types": ["connect", "accept", "data"], "packets": 3}, "TNS sales.example.com sqlplus"),
    (REFUSED, 0, 0, {"offered_version": 318, "command": "status", "refused": "TNS-12514",
                     "types": ["connect", "refuse"], "packets": 2}, "TNS"),
    (SENT_ON, 0, 0, {"offered_version": 318, "service": "sales.example.com", **NAMES, "redirect": "192.0.2.9:1522",
                     "types": ["connect", "data", "redirect"], "packets": 3}, "TNS sales.example.com sqlplus"),
]
