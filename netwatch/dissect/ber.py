"""Values of ASN.1's basic encoding as nodes (X.690 section 8). What is not minimal is read all the same."""

from __future__ import annotations

from netwatch._fast.base.text import clean
from netwatch._fast.proto.common.layout import Ber
from netwatch.dissect.tree import Cut, Layer

DEEP = 20
UNIVERSAL = {1: "boolean", 2: "integer", 3: "bit string", 4: "octet string", 5: "null", 6: "object identifier",
             10: "enumerated", 12: "text", 16: "sequence", 17: "set", 19: "text", 22: "text", 23: "time", 24: "time",
             27: "text", 30: "text"}
INTEGERS, TEXTS = (1, 2, 10), (4, 12, 19, 22, 23, 24, 27)


def ber(layer: Layer, of: Ber, shown: dict[str, str]) -> None:
    """One value, and what is in it; `shown` gets the texts of those that have a name."""
    _value(layer, of, shown, "0", 0)


def _lookup(of: Ber, place: str) -> tuple[str, str, dict[int, str] | None]:
    found = of.names.get(place)
    if found is None:
        words = place.split(".")
        for i in range(len(words)):
            found = found or of.names.get(".".join([*words[:i], "*", *words[i + 1 :]]))
    return found or ("", "", None)  # type: ignore[return-value]


def _head(layer: Layer) -> tuple[int, int, int]:
    """(tag byte, bytes of tag and length, bytes of the content); of indefinite length: all that is left."""
    tag, ahead = layer.peek(1), 1
    if tag & 31 == 31:
        while layer.peek(1, ahead) & 128:
            ahead += 1
            if ahead > 5:
                raise Cut
        ahead += 1
    size = layer.peek(1, ahead)
    ahead += 1
    if size == 128:
        return tag, ahead, max(0, layer.left - ahead)
    if size > 128:
        if size > 132:
            raise Cut
        more, size = size & 127, layer.peek(size & 127, ahead)
        ahead += more
    return tag, ahead, size


def _value(layer: Layer, of: Ber, shown: dict[str, str], place: str, depth: int) -> None:
    tag, head, size = _head(layer)
    name, label, names = _lookup(of, place)
    start = layer.at
    have = min(size, layer.left - head)
    content = layer.data[start + head : start + head + have]
    what = UNIVERSAL.get(tag & 31, f"type {tag & 31}") if tag < 64 else f"[{tag & 31}]"
    if tag >= 64 and names and tag & 31 in names:
        what, shown[name] = names[tag & 31], names[tag & 31]
    if not tag & 32:
        text, value = _primitive(tag, content, names if tag < 64 else None)
        layer.need(head + size)
        layer.add(name, f"{label or what}: {text}" if text else label or what, head + size, value)
        if name:
            shown.setdefault(name, text[:80])
        return
    node = layer.add(name, f"{label}: {what}" if label and names else label or what, head + have,
                     tag & 31 if names else None)
    if depth >= DEEP:
        return
    inside = Layer(layer.tree, "", "", start + head, start + head + have, node)
    whole = node.size
    number = 0
    try:
        while inside.left:
            _value(inside, of, shown, f"{place}.{number}", depth + 1)
            number += 1
    finally:
        node.size = whole
    if have < size:
        raise Cut


def _primitive(tag: int, content: bytes, names: object) -> tuple[str, object]:
    """(text, value)"""
    kind = tag & 31 if tag < 64 else -1
    if kind in INTEGERS and 0 < len(content) <= 8:
        value = int.from_bytes(content, "big", signed=True)
        name = names.get(value) if isinstance(names, dict) else None
        return f"{name} ({value})" if name else str(value), value
    if kind == 6:
        text = oid(content)
        return text, text
    if content and (kind in TEXTS or tag >= 64) and all(32 <= byte < 127 for byte in content):
        text = clean(content, 255)
        return text, text
    return (content.hex() if len(content) <= 16 else f"{len(content)} B"), content[:64].hex() or None


def oid(content: bytes) -> str:
    """Of at most 64 parts."""
    parts: list[int] = []
    number = 0
    for byte in content[:256]:
        number = (number << 7 | byte & 127) & 0xFFFFFFFFFFFF
        if not byte & 128:
            parts.append(number)
            number = 0
    if not parts:
        return ""
    first = min(parts[0] // 40, 2)
    return ".".join(str(part) for part in (first, parts[0] - 40 * first, *parts[1:64]))


