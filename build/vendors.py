"""Compile IEEE's registries of MAC address blocks (MA-L, MA-M, MA-S, IAB) to netwatch/names/vendors.bin.

`python build/vendors.py [FOLDER]`: a folder with oui.csv, mam.csv, oui36.csv, iab.csv as IEEE publishes them and
Debian's package ieee-data keeps them; default /usr/share/ieee-data. Exit status 3 when there are none: netwatch then
says that it has no vendor names. IEEE asserts no copyright in the listing and does not restrict its distribution.

The file: magic, then for 24, 28 and 36 bits the number of blocks; then for each of the three its blocks as sorted u64,
big-endian, and as many u16 numbers of names; then the names, UTF-8, one a line. netwatch/names/vendors.py reads it.
"""
from __future__ import annotations

import csv
import os
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path

MAGIC = b"nwvendor1\n"
WIDTHS = (24, 28, 36)
FILES = {"oui.csv": 24, "mam.csv": 28, "oui36.csv": 36, "iab.csv": 36}
DEFAULT = "/usr/share/ieee-data"
TARGET = Path(__file__).resolve().parent.parent / "netwatch" / "names" / "vendors.bin"
# blocks that were cut up for smaller registries, or whose holder wants no name: nobody's vendor
NOBODY = ("ieee registration authority", "private")


def rows(path: Path, width: int) -> Iterator[tuple[int, str]]:
    """(block, name) of one registry; lines that make no sense are passed over."""
    with path.open(encoding="utf-8", errors="replace", newline="") as f:
        for row in csv.DictReader(f):
            block, name = row.get("Assignment") or "", " ".join((row.get("Organization Name") or "").split())
            if len(block) * 4 == width and name and name.lower() not in NOBODY:
                try:
                    yield int(block, 16), name[:96]
                except ValueError:
                    continue


def compiled(folder: Path) -> bytes:
    """The whole file, b"" when the folder has no registry."""
    blocks: dict[int, dict[int, str]] = {width: {} for width in WIDTHS}
    for name, width in FILES.items():
        path = folder / name
        if path.is_file():
            for block, holder in rows(path, width):
                blocks[width].setdefault(block, holder)
    names = sorted({holder for found in blocks.values() for holder in found.values()})
    if not names or len(names) > 65535:
        return b""
    numbers = {holder: number for number, holder in enumerate(names)}
    out = MAGIC + b"".join(len(blocks[width]).to_bytes(4, "big") for width in WIDTHS)
    for width in WIDTHS:
        order = sorted(blocks[width])
        out += packed("Q", order) + packed("H", [numbers[blocks[width][block]] for block in order])
    return out + "\n".join(names).encode()


def packed(code: str, values: list[int]) -> bytes:
    """Numbers, big-endian."""
    found = array(code, values)
    if sys.byteorder == "little":
        found.byteswap()
    return found.tobytes()


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("NETWATCH_IEEE_DATA", DEFAULT))
    data = compiled(folder)
    if not data:
        print(f"no IEEE registries in {folder}: netwatch will have no MAC vendor names", file=sys.stderr)
        return 3
    scratch = TARGET.with_suffix(".new")
    scratch.write_bytes(data)
    scratch.replace(TARGET)
    return 0


if __name__ == "__main__":
    sys.exit(main())
