"""Compressed messages of MongoDB and MySQL: opened as far as they are looked at, whatever they would grow to."""

import resource
import struct
import zlib
from collections.abc import Callable

import pytest
from databases import CAPS, MYSQL_OK, greeting, login, op_msg, packet, query, wire

from netwatch._fast.out.probe import OK, Probe
from netwatch._fast.proto.mongodb import text as mongodb
from netwatch._fast.proto.mysql import text as mysql

zstandard = pytest.importorskip("zstandard")


def snappy(data: bytes) -> bytes:
    """A block of literals, and where the bytes repeat themselves of copies (format_description.txt)."""
    out, at, size = bytearray(), 0, len(data)
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    out.append(size)
    while at < len(data):
        same = 0
        while at and same < 60 and at + same < len(data) and data[at + same] == data[at + same - 1]:
            same += 1
        if same >= 4:
            out += bytes([(same - 1) << 2 | 2]) + struct.pack("<H", 1)
            at += same
        else:
            part = data[at : at + 100]
            out += (bytes([60 << 2, len(part) - 1]) if len(part) > 60 else bytes([(len(part) - 1) << 2])) + part
            at += len(part)
    return bytes(out)


PACKERS: dict[int, Callable[[bytes], bytes]] = {
    1: snappy,
    2: zlib.compress,
    3: zstandard.ZstdCompressor().compress,
}
BOMBS = {2: zlib.compress(bytes(64 << 20)), 3: zstandard.ZstdCompressor().compress(bytes(64 << 20))}


def packed(body: bytes, compressor: int, op: int = 2013) -> bytes:
    return wire(2012, struct.pack("<iiB", op, len(body), compressor) + PACKERS[compressor](body), 6)


@pytest.mark.parametrize("compressor", PACKERS)
@pytest.mark.parametrize("padding", [0, 40, 4000])
def test_a_compressed_command_of_mongodb(compressor: int, padding: int) -> None:
    probe = Probe("mongodb")
    plain = op_msg({"find": "orders", "$db": "shop", "comment": "a" * padding})[16:]
    assert probe.feed(0, packed(plain, compressor)) == OK
    obj = mongodb.describe(probe.facts)
    assert (obj["commands"], obj["collections"]) == (["find"], ["shop.orders"])
    assert obj["compression"] == [{1: "snappy", 2: "zlib", 3: "zstd"}[compressor]]


@pytest.mark.parametrize("zstd", [False, True])
def test_a_compressed_query_of_mysql(zstd: bool) -> None:
    pack = PACKERS[3] if zstd else PACKERS[2]
    probe = Probe("mysql")
    asked = query(b"SELECT name, price FROM goods")
    body = pack(asked)
    frame = len(body).to_bytes(3, "little") + b"\0" + len(asked).to_bytes(3, "little") + body
    for side, data in ((1, greeting()), (0, login(caps=CAPS | 0x20)), (1, packet(2, MYSQL_OK)), (0, frame)):
        probe.feed(side, data)
    assert mysql.describe(probe.facts)["queries"] == ["SELECT name, price FROM goods"]


@pytest.mark.parametrize("compressor", BOMBS)
def test_a_bomb_grows_nothing(compressor: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20):
        probe = Probe("mongodb")
        body = struct.pack("<iiB", 2013, 64 << 20, compressor) + BOMBS[compressor]
        for _ in range(5):
            assert probe.feed(0, wire(2012, body, 6)) == OK
        assert probe.fact_bytes < 4096
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10  # KiB


@pytest.mark.parametrize("compressor", PACKERS)
def test_spoilt_bytes_are_survived(compressor: int) -> None:
    plain = op_msg({"find": "orders", "$db": "shop", "comment": "a" * 300})[16:]
    whole = PACKERS[compressor](plain)
    for at in range(len(whole)):
        for flip in (0x01, 0x80, 0xFF):
            body = whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :]
            probe = Probe("mongodb")
            probe.feed(0, wire(2012, struct.pack("<iiB", 2013, len(plain), compressor) + body, 6))
            mongodb.describe(probe.facts)
        probe = Probe("mongodb")
        probe.feed(0, wire(2012, struct.pack("<iiB", 2013, len(plain), compressor) + whole[:at], 6))
