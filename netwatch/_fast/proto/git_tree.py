"""Fields of git's protocol: lines with their length before them, pkt-line of gitprotocol-common(5)."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Layout, string

HEX = frozenset(b"0123456789abcdef")


def _size(data: bytes) -> int:
    if len(data) < 4 or not HEX.issuperset(data[:4]):
        return 0
    return max(4, int(data[:4], 16))


TREE = Layout(
    "git", "git", (string("git.length", "Length", 4), string("git.data", "Line")), "{git.length} {git.data}", _size
)
