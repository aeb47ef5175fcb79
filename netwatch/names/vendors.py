"""The maker of a network interface by its MAC address, from IEEE's registries as build/vendors.py compiled them.

The narrowest block wins: 36 bits (MA-S), 28 (MA-M), 24 (MA-L). A locally administered address has no maker and is said
to be one; it is what phones and laptops make up at random, and what virtual machines get.
"""
from __future__ import annotations

import os
import sys
from array import array
from bisect import bisect_left
from functools import lru_cache

from netwatch.store.folders import table_path

MAGIC = b"nwvendor1\n"         # as build/vendors.py writes it
WIDTHS = (24, 28, 36)
FILE = os.path.join(os.path.dirname(__file__), "vendors.bin")
LOCAL = "randomised or virtual (locally administered)"
HINT = "install the IEEE registries (Debian: apt-get install ieee-data) and run build/vendors.py"


class Vendors:
    """A table of blocks; empty, and `missing` says why, when the file is absent or broken."""

    def __init__(self, path: str | os.PathLike[str] = FILE) -> None:
        self.missing: str | None = None
        self._blocks: dict[int, tuple[array[int], array[int]]] = {}
        self._names: list[str] = []
        try:
            with open(path, "rb") as f:
                self._load(f.read())
        except OSError:
            self.missing = f"no table of MAC vendors in this build; {HINT}"
        except (ValueError, IndexError):
            self._blocks, self._names = {}, []
            self.missing = f"{path} is broken; {HINT}"

    def _load(self, data: bytes) -> None:
        if not data.startswith(MAGIC):
            raise ValueError("not a table of vendors")
        at = len(MAGIC)
        counts = [int.from_bytes(data[at + 4 * i:at + 4 * i + 4], "big") for i in range(len(WIDTHS))]
        at += 4 * len(WIDTHS)
        for width, count in zip(WIDTHS, counts, strict=True):
            self._blocks[width] = (_unpacked("Q", data[at:at + 8 * count], count),
                                   _unpacked("H", data[at + 8 * count:at + 10 * count], count))
            at += 10 * count
        self._names = data[at:].decode("utf-8").split("\n")
        if any(max(holders, default=0) >= len(self._names) for _, holders in self._blocks.values()):
            raise ValueError("a block without a name")

    def __len__(self) -> int:
        return sum(len(blocks) for blocks, _ in self._blocks.values())

    def name(self, mac: str) -> str | None:
        """The maker of a MAC in text (aa:bb:cc:dd:ee:ff); None when unknown, or when it is a group's address."""
        try:
            number = int(mac.replace(":", ""), 16)
        except ValueError:
            return None
        if len(mac) != 17 or number == 0 or number >> 40 & 1:
            return None
        if number >> 40 & 2:
            return LOCAL
        for width in reversed(WIDTHS):
            blocks, holders = self._blocks.get(width, (array("Q"), array("H")))
            at = bisect_left(blocks, number >> (48 - width))
            if at < len(blocks) and blocks[at] == number >> (48 - width):
                return self._names[holders[at]]
        return None


def _unpacked(code: str, data: bytes, count: int) -> array[int]:
    """Big-endian numbers; ValueError when there are not as many."""
    found = array(code)
    found.frombytes(data)
    if sys.byteorder == "little":
        found.byteswap()
    if len(found) != count:
        raise ValueError("cut short")
    return found


@lru_cache(1)
def table() -> Vendors:
    """That of an installed data pack, else of this build; read when first asked for."""
    pack = Vendors(path) if (path := table_path("vendors", "vendors.bin")) else None
    return pack if pack is not None and pack.missing is None else Vendors()


@lru_cache(4096)
def vendor_of(mac: str) -> str | None:
    """The maker of a MAC by the table of this build."""
    return table().name(mac)
