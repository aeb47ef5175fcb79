"""Trees of the tables that protocols bring: see netwatch._fast.proto.common.layout."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Mapping, Sequence

from netwatch._fast.base.text import clean
from netwatch._fast.proto.common.layout import (
    Ber,
    Bits,
    Choice,
    Field,
    Layout,
    Lines,
    Names,
    Number,
    Part,
    Raw,
    Seen,
    Size,
    Until,
)
from netwatch.dissect.ber import ber
from netwatch.dissect.tree import MAX_TEXT, Cut, Layer, Node, Tree, data_node

MESSAGES = 64  # of one frame
PARTS = 1000  # of one kind in a row
LINES = 200
DEEP = 12  # parts within parts
TABLES_FAULT = (LookupError, ArithmeticError, ValueError, OSError)  # what a table's functions make of hostile bytes
PLACE = re.compile(r"\{([^{}]+)\}")


@functools.cache
def layout_of(app: str) -> Layout | None:
    """The table of a protocol, by the name flows call it."""
    from netwatch._fast.out.protocols import DESCRIBING

    home = DESCRIBING.get(app)
    if home is None:
        return None
    folder, _, half = home.partition(".")
    try:
        module = importlib.import_module(f"netwatch._fast.proto.{folder}{'.' if half else '_'}tree")
    except ModuleNotFoundError:
        return None
    found: Layout | None = getattr(module, f"TREE_{app.upper().replace('-', '_')}", None) or module.TREE
    return found


def messages(tree: Tree, layout: Layout, at: int, end: int, goes_on: bool) -> None:
    """A layer for each message; what begins none is data. `goes_on`: of a stream, so that the bytes may begin within
    a message, and the last one may go on in a later frame."""
    for _ in range(MESSAGES):
        if at >= end:
            return
        stop = end
        if layout.size is not None:
            size = layout.size(tree.frame.data[at:end])
            if size <= 0:
                break
            stop = min(end, at + size)
        layer = Layer(tree, layout.name, layout.label, at, stop)
        layer.node.says = True
        try:
            Filling(layer, layout).go()
        except (Cut, *TABLES_FAULT) as fault:
            size = layer.end - layer.at
            if not goes_on:
                raise Cut from fault
            if size:
                layer.add("", f"{size} B that go on in a later frame, or are damaged", size)
        if layer.left:
            layer.add("", f"Data: {layer.left} B", layer.left)
        at = stop
    earlier = ", which begins in an earlier frame" if goes_on else ""
    data_node(tree, at, end, f"Data of {layout.label}{earlier}")


class Filling:
    """Makes the nodes of one message."""

    def __init__(self, layer: Layer, layout: Layout) -> None:
        self.layer, self.layout = layer, layout
        self.seen: Seen = {}
        self.shown: dict[str, str] = {}  # of each name, what was shown last
        self.first: dict[str, str] = {}  # and first; of a name and *, the titles of all parts of that name

    def go(self) -> None:
        try:
            self.fields(self.layer, self.layout.fields, 0)
        finally:
            words = self.words(self.layout.title, self.shown | self.first)
            self.layer.title(f"{self.layout.label}: {words}" if words else self.layout.label)

    def say(self, name: str, text: str) -> None:
        self.shown[name] = text
        self.first.setdefault(name, text)

    @staticmethod
    def words(title: str, shown: Mapping[str, str]) -> str:
        said = " ".join(PLACE.sub(lambda found: shown.get(found[1], ""), title).split())
        return said.replace("[]", "").replace(" ,", ",").strip(", ")

    def fields(self, layer: Layer, fields: Sequence[Field], depth: int) -> None:
        if depth > DEEP:
            raise Cut
        for each in fields:
            match each:
                case Number():
                    self.number(layer, each)
                case Raw():
                    self.raw(layer, each)
                case Until():
                    self.until(layer, each)
                case Part():
                    self.parts(layer, each, depth)
                case Choice():
                    by = self.seen.get(each.by) if isinstance(each.by, str) else each.by(layer, self.seen)
                    self.fields(layer, each.cases.get(by, each.other), depth + 1)
                case Ber():
                    ber(layer, each, self.shown)
                case Lines():
                    self.lines(layer, each)

    def number(self, layer: Layer, of: Number) -> None:
        value = layer.number(of.name, of.label, of.size, lambda n: named(n, of.names, of.base) + of.unit, of.order)
        self.keep(of.name, value, of.names, of.base)
        for bits in of.bits:
            part = (value & bits.mask) >> ((bits.mask & -bits.mask).bit_length() - 1)
            layer.note(bits.name, f"{bits.label}: {bit_text(part, bits)}", part)
            self.keep(bits.name, part, bits.names, "")

    def keep(self, name: str, value: int, names: Names | None, base: str) -> None:
        self.seen[name] = value
        self.say(name, (names or {}).get(value) or (f"0x{value:x}" if base else str(value)))

    def raw(self, layer: Layer, of: Raw) -> None:
        size = self.size(layer, of.size)
        if size:
            value = layer.raw(of.name, of.label, size, of.show)
            self.say(of.name, clean((of.show(value) if of.show else value[:16].hex(" ")).encode(), 80))

    def until(self, layer: Layer, of: Until) -> None:
        found = layer.data.find(of.stop, layer.at, layer.end)
        stop = layer.end if found < 0 else found
        shown = clean(layer.data[layer.at : stop], 255)
        layer.add(of.name, f"{of.label}: {shown}", (layer.end if found < 0 else found + len(of.stop)) - layer.at, shown)
        self.say(of.name, shown[:80])

    def size(self, layer: Layer, of: Size) -> int:
        if of is None:
            return layer.left
        size = self.seen.get(of, 0) if isinstance(of, str) else of(layer, self.seen) if callable(of) else of
        layer.need(size)
        return size

    def parts(self, layer: Layer, of: Part, depth: int) -> None:
        count = of.count if isinstance(of.count, int) else PARTS if of.count is None else self.seen.get(of.count, 0)
        for _ in range(min(count, PARTS)):
            if of.count is None and not layer.left:
                return
            if count == 1 and of.size is not None and self.size(layer, of.size) == 0:
                return
            self.part(layer, of, depth)

    def part(self, layer: Layer, of: Part, depth: int) -> None:
        start = layer.at
        short = False
        try:
            stop = layer.end if of.size is None else start + self.size(layer, of.size)
        except Cut:
            stop, short = layer.end, True
        node = layer.add(of.name, of.label, 0)
        inside = Layer(layer.tree, "", "", start, stop, node)
        above, self.shown = self.shown, {}
        try:
            self.fields(inside, of.fields, depth + 1)
            if of.size is not None and inside.left:
                inside.add("", f"Data: {inside.left} B", inside.left)
            if inside.at == start:
                raise Cut
        finally:
            layer.at = inside.at
            node.size, layer.node.size = layer.at - start, layer.at - layer.start
            words = self.words(of.title, self.shown)
            self.shown = above | self.shown
            self.count(f"{of.name}*", words)
            inside.title(f"{of.label}: {words}" if words else of.label)
        if short:
            raise Cut

    def count(self, name: str, words: str) -> None:
        before = self.first.get(name, "")
        if words and words not in before.split(", ") and len(before) < MAX_TEXT:
            self.first[name] = f"{before}, {words}" if before else words

    def lines(self, layer: Layer, of: Lines) -> None:
        for turn in range(LINES):
            if not layer.left:
                return
            found = layer.data.find(b"\n", layer.at, layer.end)
            stop = layer.end if found < 0 else found + 1
            line = layer.data[layer.at : stop].rstrip(b"\r\n")
            if not line and of.head:
                layer.add("", "End of the head", stop - layer.at)
                break
            self.line(layer, of, line, stop - layer.at, turn == 0)
        if layer.left:
            layer.add("", f"{'Body' if of.head else 'Further lines'}: {layer.left} B", layer.left)

    def line(self, layer: Layer, of: Lines, line: bytes, size: int, first: bool) -> None:
        start = layer.at
        node = layer.add(of.name, clean(line, 255) or "(empty line)", size, clean(line, 255))
        if first:
            self.say("line", clean(line, 120))
        for pattern, groups in of.patterns:
            found = re.match(pattern, line)
            if found is None:
                continue
            for number, (name, label) in enumerate(groups, 1):
                if found[number] is not None:
                    value = clean(found[number], 255)
                    child = Node(name, f"{label}: {value}", start + found.start(number), len(found[number]), value)
                    layer.tree.add(node.children, child)
                    self.say(name, value[:80])
                    self.count(f"{name}*", value[:80])
            return


def named(value: int, names: Names | None, base: str) -> str:
    plain = f"0x{value:x}" if base else str(value)
    name = names.get(value) if names else None
    return f"{name} ({plain})" if name else plain


def bit_text(value: int, of: Bits) -> str:
    if of.names is None and of.mask & (of.mask - 1) == 0:
        return "set" if value else "not set"
    return named(value, of.names, "")
