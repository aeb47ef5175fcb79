"""Fields of HTTP/3's frames once opened, RFC 9114 section 7.2."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Raw, Region, Seen

TYPES = {0: "DATA", 1: "HEADERS", 3: "CANCEL_PUSH", 4: "SETTINGS", 5: "PUSH_PROMISE", 7: "GOAWAY", 13: "MAX_PUSH_ID"}


def _wide(at: Region, seen: Seen) -> int:
    return 1 << (at.peek(1) >> 6)


def _number(raw: bytes) -> str:
    return str(int.from_bytes(raw, "big") & (1 << 8 * len(raw) - 2) - 1)


def _type(raw: bytes) -> str:
    return TYPES.get(int(_number(raw)), _number(raw))


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """(number, bytes it takes)"""
    size = 1 << (data[at] >> 6) if at < len(data) else 0
    raw = data[at : at + size]
    return int.from_bytes(raw, "big") & (1 << max(0, 8 * len(raw) - 2)) - 1, size


def _size(data: bytes) -> int:
    kind, first = _varint(data, 0)
    size, second = _varint(data, first)
    return first + second + size if kind in TYPES and second else 0


TREE = Layout(
    "http3",
    "HTTP/3",
    (
        Raw("http3.frame_type", "Type", _wide, _type),
        Raw("http3.frame_length", "Length", _wide, _number),
        Choice(lambda at, seen: 0, {}, (Raw("http3.frame_payload", "Content"),)),
    ),
    "{http3.frame_type} {http3.frame_length} B",
    _size,
)
