"""Conversations of S7 communication, for its test and its fuzz target.

Built by hand: there is no public specification; the capture s7comm.pcap is of a library that has its own.
"""

import struct

PORT = 102


def tpkt(cotp: bytes) -> bytes:
    return struct.pack(">BBH", 3, 0, 4 + len(cotp)) + cotp


def connection(code: int, calling: bytes = b"\1\0", called: bytes = b"\1\2") -> bytes:
    parameters = b"\xc0\1\x0a\xc1" + bytes([len(calling)]) + calling + b"\xc2" + bytes([len(called)]) + called
    return tpkt(bytes([6 + len(parameters), code]) + b"\0\0\0\1\0" + parameters)


def data(payload: bytes, end: int = 0x80) -> bytes:
    return tpkt(bytes([2, 0xF0, end]) + payload)


def s7(kind: int, ident: int, parameters: bytes, values: bytes = b"", error: bytes = b"") -> bytes:
    if kind in (2, 3):
        error = error or b"\0\0"
    head = struct.pack(">BBHHHH", 0x32, kind, 0, ident, len(parameters), len(values))
    return data(head + error + parameters + values)


def item(kind: int, count: int, block: int, area: int, at: int) -> bytes:
    return b"\x12\x0a\x10" + struct.pack(">BHHB", kind, count, block, area) + at.to_bytes(3, "big")


def status_list(szl: int, size: int, *records: bytes) -> bytes:
    body = struct.pack(">HHHH", szl, 0, size, len(records)) + b"".join(record.ljust(size, b"\0") for record in records)
    return b"\xff\x09" + struct.pack(">H", len(body)) + body


SETUP = b"\xf0\0\0\1\0\1\1\xe0"
TALK = [
    (0, connection(0xE0)),
    (1, connection(0xD0)),
    (0, s7(1, 1, SETUP)),
    (1, s7(3, 1, b"\xf0\0\0\1\0\1\0\xf0")),
    (0, s7(1, 2, b"\4\2" + item(2, 10, 5, 0x84, 0) + item(1, 1, 0, 0x83, 83))),
    (1, s7(3, 2, b"\4\2", b"\xff\4\0\x50" + bytes(10) + b"\x05\0\0\0")),
    (0, s7(1, 3, b"\5\2" + item(4, 1, 5, 0x84, 80) + item(8, 1, 0, 0x82, 0), b"\0\4\0\x10\1\2\0\4\0\x20" + bytes(4))),
    (1, s7(3, 3, b"\5\2", b"\xff\x0a")),
    (0, s7(7, 4, b"\0\1\x12\4\x11\x44\1\0", b"\xff\x09\0\4\0\x1c\0\0")),
    (1, s7(7, 4, b"\0\1\x12\x08\x12\x84\1\1\0\0\0\0", status_list(
        0x1C, 34, b"\0\1Mixer", b"\0\2PLC_1", b"\0\5S C-X4U421302009", b"\0\7CPU 315-2 PN/DP"))),
    (1, s7(7, 5, b"\0\1\x12\x08\x12\x84\1\1\0\0\0\0", status_list(0x11, 28, b"\0\1" + b"6ES7 315-2EH14-0AB0 "))),
    (0, s7(1, 6, b"\x29\0\0\0\0\0\x09P_PROGRAM")),
    (1, s7(3, 6, b"", b"", b"\x81\4")),
]
PLUS = [
    (0, connection(0xE0, b"\6\0", b"SIMATIC-ROOT-HMI")),
    (0, data(b"\x72\1\0\x08" + bytes(8) + b"\x72\1\0\0")),
    (1, data(b"\x72\3\0\x08" + bytes(8) + b"\x72\3\0\0")),
]
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (TALK, 0, 0, {
        "variants": ["S7"], "calling_tsap": "0100 rack 0 slot 0", "called_tsap": "0102 rack 0 slot 2", "requests": 4,
        "pdu_size": 240, "functions": ["setup communication", "read", "write", "read SZL", "PLC stop"],
        "reads": ["DB5 0.0 BYTE 10", "M 10.3 BIT"], "writes": ["DB5 10.0 WORD", "Q 0.0 REAL"], "system": "Mixer",
        "module": "PLC_1", "serial": "S C-X4U421302009", "module_type": "CPU 315-2 PN/DP",
        "order_number": "6ES7 315-2EH14-0AB0",
        "errors": ["application relationship: 0x04", "object does not exist"],
    }, "S7comm read DB5 0.0 BYTE 10"),
    (PLUS, 0, 0, {"variants": ["S7-plus 1", "S7-plus 3"], "calling_tsap": "0600", "called_tsap": "SIMATIC-ROOT-HMI"},
     "S7comm"),
]
