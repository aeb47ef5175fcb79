"""Conversations of ONC RPC, for its test and its fuzz target: portmap, mount, NFS 2, 3 and 4, over TCP and UDP.

Built by hand after RFC 5531, 1833, 1094, 1813 and 7530; the capture nfs.pcap is of real programs.
"""

import struct

PORT = 2049


def word(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def text(data: bytes) -> bytes:
    return word(len(data)) + data + bytes(-len(data) & 3)


SYS = word(1) + text(word(7) + text(b"client-7") + word(1000, 100, 1, 100))
NONE = word(0, 0)


def call(xid: int, program: int, version: int, procedure: int, body: bytes = b"", cred: bytes = SYS) -> bytes:
    return word(xid, 0, 2, program, version, procedure) + cred + NONE + body


def reply(xid: int, body: bytes = b"", stat: int = 0) -> bytes:
    return word(xid, 1, 0) + NONE + word(stat) + body


def denied(xid: int, why: int = 5) -> bytes:
    return word(xid, 1, 1, 1, why)


def record(*messages: bytes) -> bytes:
    return b"".join(word(0x80000000 | len(message)) + message for message in messages)


def split(message: bytes, at: int) -> bytes:
    """The same in two fragments."""
    return word(at) + message[:at] + word(0x80000000 | len(message) - at) + message[at:]


FH = text(b"handle-of-a-file")
OPEN = word(18, 1, 1, 0) + bytes(8) + text(b"owner") + word(1, 0, 1, 2) + text(b"attr") + word(0) + text(b"new.txt")
COMPOUND = text(b"tag") + word(1, 6, 53) + bytes(32) + word(24, 15) + text(b"export") + OPEN + word(10, 999)

PORTMAPPER = [
    (0, call(1, 100000, 2, 3, word(100003, 3, 6, 0), NONE)),
    (1, reply(1, word(2049))),
    (0, call(2, 100000, 4, 3, word(100005, 3) + text(b"tcp") + text(b"") + text(b""), NONE)),
    (1, reply(2, text(b"192.0.2.7.4.1"))),
    (0, call(3, 100000, 2, 4, b"", NONE)),
    (1, reply(3, stat=3)),
]
MOUNTED = [
    (0, call(8, 100005, 3, 1, text(b"/srv/home"))),
    (1, reply(8, word(0) + FH + word(1, 1))),
    (0, call(9, 100005, 3, 1, text(b"/secret"))),
    (1, reply(9, word(13))),
    (0, call(10, 100021, 4, 2, b"lock")),
    (1, denied(10)),
]
FILES = [
    (0, record(call(20, 100003, 3, 3, FH + text(b"a.txt")))),
    (1, record(reply(20, word(2, 0)))),
    (0, record(call(21, 100003, 3, 8, FH + text(b"a.txt") + word(0)), call(22, 100003, 3, 14, FH + text(b"a.txt") + FH
                                                                           + text(b"b.txt")))),
    (1, record(reply(22, word(0)), reply(21, word(0)))),
    (0, split(call(23, 100003, 3, 7, FH + word(0, 0, 4000, 0) + text(b"w" * 4000)), 1000)),
    (1, record(reply(23, word(0)))),
    (0, record(call(24, 100003, 4, 1, COMPOUND))),
    (1, record(reply(24, word(10008)))),
    (0, record(call(25, 100003, 2, 4, bytes(32) + text(b"old")), call(26, 100003, 3, 15, FH + FH + text(b"hard")))),
    (1, record(reply(25, word(70)))),
]

TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    ([(side, record(data)) for side, data in PORTMAPPER], 0, 0, {
        "programs": ["portmap 2", "portmap 4"], "procedures": ["portmap GETPORT", "portmap GETADDR", "portmap DUMP"],
        "calls": 3, "auth": ["none"], "ports": ["nfs 3 2049/tcp", "mount 3 192.0.2.7:1025"],
        "errors": ["procedure unavailable"],
    }, "RPC portmap 2"),
    ([(side, record(data)) for side, data in MOUNTED], 0, 0, {
        "programs": ["mount 3", "nlm 4"], "procedures": ["mount MNT", "nlm LOCK"], "calls": 3, "auth": ["sys"],
        "machine": "client-7", "uid": 1000, "gid": 100, "paths": ["/srv/home", "/secret"],
        "errors": ["too weak", "mount ACCESS"],
    }, "RPC mount 3 client-7"),
]
NFS = {
    "programs": ["nfs 3", "nfs 4", "nfs 2"],
    "procedures": ["nfs LOOKUP", "nfs CREATE", "nfs RENAME", "nfs WRITE", "nfs COMPOUND", "nfs SEQUENCE",
                   "nfs PUTROOTFH", "nfs OPEN", "nfs GETFH", "nfs LINK"],
    "calls": 7, "auth": ["sys"], "machine": "client-7", "uid": 1000, "gid": 100,
    "files": ["a.txt", "b.txt", "export", "new.txt", "old", "hard"], "errors": ["nfs NOENT", "nfs DELAY", "nfs STALE"],
}
DATAGRAMS = [PORTMAPPER, MOUNTED]
