"""Wraps a raw disk image as a .dmg (UDIF, zlib): for machines without hdiutil, to look at what macOS would be given.

The layout is Apple's: runs of compressed sectors, a property list of tables of such runs (`mish`), and a trailer of 512
bytes (`koly`) that tells where they are. All numbers are big-endian.
"""

from __future__ import annotations

import base64
import plistlib
import struct
import sys
import uuid
import zlib
from pathlib import Path

SECTOR = 512
RUN = 512 * SECTOR  # bytes of the image that are compressed together
ZLIB, END = 0x80000005, 0xFFFFFFFF
CRC32 = 2


def checksum(value: int) -> bytes:
    """UDIFChecksum: kind, bits, and 128 bytes of which four are used."""
    return struct.pack(">II", CRC32, 32) + struct.pack(">I", value).ljust(128, b"\0")


def wrap(image: bytes) -> bytes:
    """The .dmg of an image. Its length must be whole sectors. Raises ValueError when it is not."""
    if len(image) % SECTOR:
        raise ValueError(f"{len(image)} bytes are no whole sectors of {SECTOR}")
    data, runs = bytearray(), []
    for start in range(0, len(image), RUN):
        part = image[start:start + RUN]
        packed = zlib.compress(part, 9)
        runs.append(struct.pack(">IIQQQQ", ZLIB, 0, start // SECTOR, len(part) // SECTOR, len(data), len(packed)))
        data += packed
    runs.append(struct.pack(">IIQQQQ", END, 0, len(image) // SECTOR, 0, len(data), 0))
    table = struct.pack(">4sIQQQIi24x", b"mish", 1, 0, len(image) // SECTOR, 0, RUN // SECTOR + 8, -1)
    table += checksum(zlib.crc32(image)) + struct.pack(">I", len(runs)) + b"".join(runs)
    listed = plistlib.dumps({"resource-fork": {"blkx": [{
        "Attributes": "0x0050", "CFName": "whole disk (Apple_HFS : 0)", "Name": "whole disk (Apple_HFS : 0)",
        "Data": table, "ID": "-1"}]}})
    trailer = struct.pack(">4sIIIQQQQQII", b"koly", 4, SECTOR, 1, 0, 0, len(data), 0, 0, 1, 1)
    trailer += uuid.uuid5(uuid.NAMESPACE_URL, base64.b64encode(checksum(zlib.crc32(image))).decode()).bytes
    trailer += checksum(zlib.crc32(bytes(data))) + struct.pack(">QQ120x", len(data), len(listed))
    trailer += checksum(zlib.crc32(checksum(zlib.crc32(image))[8:12])) + struct.pack(">IQ12x", 1, len(image) // SECTOR)
    return bytes(data) + listed + trailer


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(wrap(Path(sys.argv[1]).read_bytes()))
