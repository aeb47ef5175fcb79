"""Conversations of IEC 60870-5-104, for its test and its fuzz target. Built by hand; iec104.pcap is of a library."""

import struct

PORT = 2404


def control(code: int) -> bytes:
    return bytes([0x68, 4, code, 0, 0, 0])


def acknowledge(received: int) -> bytes:
    return b"\x68\4\1\0" + struct.pack("<H", received << 1)


def unit(kind: int, cause: int, station: int, *objects: bytes, sequence: bool = False, number: int = 0) -> bytes:
    count = (len(objects) - 1 if sequence else len(objects)) | (0x80 if sequence else 0)
    body = struct.pack("<BBBBH", kind, count, cause, 0, station) + b"".join(objects)
    return bytes([0x68, 4 + len(body)]) + struct.pack("<HH", number << 1, 0) + body


def at(address: int, value: bytes) -> bytes:
    return struct.pack("<I", address)[:3] + value


TALK = [
    (0, control(0x07)),
    (1, control(0x0B)),
    (0, unit(100, 6, 12, at(0, b"\x14"))),
    (1, unit(100, 7, 12, at(0, b"\x14")) + unit(13, 20, 12, at(1001, b"\0\0\x80\x3f\0"), at(1002, bytes(5)))),
    (1, unit(1, 20, 12, at(1, b""), b"\1", b"\0", b"\1", sequence=True) + unit(100, 10, 12, at(0, b"\x14"))),
    (0, acknowledge(3)),
    (1, unit(36, 3, 12, at(1001, bytes(12)))),
    (0, unit(45, 6, 12, at(5001, b"\1"))),
    (1, unit(45, 0x47, 12, at(5001, b"\1"))),
    (0, unit(50, 6, 12, at(5002, bytes(5)))),
    (1, unit(50, 7, 12, at(5002, bytes(5))) + control(0x43)),
    (0, control(0x83)),
    (0, unit(102, 5, 12, at(7, b""))),
]
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (TALK, 0, 0, {
        "stations": [12],
        "types": ["C_IC_NA_1", "M_ME_NC_1", "M_SP_NA_1", "M_ME_TF_1", "C_SC_NA_1", "C_SE_NC_1", "C_RD_NA_1"],
        "causes": ["activation", "activation confirmation", "interrogation", "activation termination", "spontaneous",
                   "request"],
        "objects": 14, "commands": ["C_IC_NA_1 0", "C_SC_NA_1 5001", "C_SE_NC_1 5002"],
        "refused": ["C_SC_NA_1: activation confirmation"],
        "control": ["STARTDT act", "STARTDT con", "TESTFR act", "TESTFR con"],
    }, "IEC 104 C_IC_NA_1 0"),
]
