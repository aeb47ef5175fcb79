"""Fields of Modbus over TCP: its messaging guide section 3.1, and the application protocol section 6."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Raw, hexed, length_at, u8, u16

FUNCTIONS = {
    1: "read coils",
    2: "read discrete inputs",
    3: "read holding registers",
    4: "read input registers",
    5: "write single coil",
    6: "write single register",
    7: "read exception status",
    8: "diagnostics",
    15: "write multiple coils",
    16: "write multiple registers",
    17: "report server id",
    20: "read file record",
    21: "write file record",
    22: "mask write register",
    23: "read and write registers",
    24: "read FIFO queue",
    43: "encapsulated interface",
}
NAMES = FUNCTIONS | {128 + code: f"{name}: exception" for code, name in FUNCTIONS.items()}
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal address",
    3: "illegal value",
    4: "device failure",
    5: "acknowledged",
    6: "busy",
    8: "parity error",
    10: "gateway path unavailable",
    11: "no response of the target",
}
REFERENCE = u16("modbus.reference_num", "Reference")
COUNT = u16("modbus.word_cnt", "Count")
VALUES = (u8("modbus.byte_cnt", "Bytes"), hexed("modbus.data", "Data"))
READ = (Choice(lambda at, seen: at.left == 4, {True: (REFERENCE, COUNT)}, VALUES),)
WRITE = (REFERENCE, COUNT, Choice(lambda at, seen: at.left > 0, {True: VALUES}))


def _size(data: bytes) -> int:
    return length_at(4, 2, 6)(data) if data[2:4] == b"\0\0" else 0


TREE = Layout(
    "mbtcp",
    "Modbus",
    (
        u16("mbtcp.trans_id", "Transaction"),
        u16("mbtcp.prot_id", "Protocol"),
        u16("mbtcp.len", "Length", unit=" B"),
        u8("mbtcp.unit_id", "Unit"),
        u8(
            "modbus.function",
            "Function",
            NAMES,
            bits=(Bits("modbus.func_code", "Code", 0x7F, FUNCTIONS), Bits("modbus.exception", "Exception", 0x80)),
        ),
        Choice(
            "modbus.exception",
            {1: (u8("modbus.exception_code", "Exception", EXCEPTIONS),)},
            (
                Choice(
                    "modbus.func_code",
                    {
                        1: READ,
                        2: READ,
                        3: READ,
                        4: READ,
                        5: (REFERENCE, hexed("modbus.data", "Data")),
                        6: (REFERENCE, hexed("modbus.data", "Data")),
                        15: WRITE,
                        16: WRITE,
                    },
                    (Raw("modbus.data", "Data"),),
                ),
            ),
        ),
    ),
    "{modbus.function}, unit {mbtcp.unit_id}, transaction {mbtcp.trans_id} {modbus.exception_code}",
    _size,
)
