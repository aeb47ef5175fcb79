"""Nodes, how a layer is read, and the loop from layer to layer."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

MAX_LAYERS = 32
MAX_NODES = 2000  # of one frame; a hostile one could have tens of thousands
MAX_TEXT = 300  # characters of one node
ROOMS = ("link", "wlan", "network", "transport", "tunnel", "dns", "tls", "web", "neighbours", "opened")
Order = Literal["big", "little"]


@dataclass(slots=True)
class Node:
    """A layer, or a field of one. `name` is what Wireshark calls the field, where it has one; `at` and `size` are the
    bytes of the frame it stands for, none when size is 0; `says`: a message of an application."""

    name: str
    text: str
    at: int
    size: int
    value: object = None
    children: list[Node] = field(default_factory=list)
    says: bool = False


class Opened(NamedTuple):
    """What a frame carries sealed, once opened: bytes that its protocol explains, or (`head`) the lines of a list of
    header fields. `stream` is -1 where there is but one."""

    app: str
    stream: int
    data: bytes
    head: bool = False


class Frame(NamedTuple):
    """What is known of a frame without looking into it. `app`: the protocol of its flow, "" unknown; `secrets`: say
    also what fields carry that are known to be secret by their names; `opened`: what was sealed in it."""

    data: bytes
    link: int
    wire: int
    number: int = 0
    time: str = ""
    interface: str = ""
    app: str = ""
    secrets: bool = False
    opened: tuple[Opened, ...] = ()


class Cut(Exception):
    """The bytes end, or contradict themselves, within a layer."""


class Full(Exception):
    """The tree has as many nodes as it may."""


class Step(NamedTuple):
    """What follows: a layer of READERS, and where it lies. `wire` bytes of it were on the wire."""

    kind: str
    at: int
    end: int
    about: Any = None     # Any: what the reader of that kind needs to know


class Layer:
    """Reads one layer from front to back, and makes a node of each field. `node`: one that is there already, for a part
    of a layer."""

    def __init__(self, tree: Tree, name: str, text: str, at: int, end: int, node: Node | None = None) -> None:
        self.tree, self.data, self.at, self.end = tree, tree.frame.data, at, min(end, len(tree.frame.data))
        self.start = at
        self.node = self.last = node or tree.add(tree.layers, Node(name, text, at, 0))

    def need(self, size: int) -> None:
        if size < 0 or self.at + size > self.end:
            raise Cut

    @property
    def left(self) -> int:
        return max(0, self.end - self.at)

    def peek(self, size: int, ahead: int = 0) -> int:
        """A number that lies ahead, without a node. Cut when it is not there."""
        self.need(ahead + size)
        return int.from_bytes(self.data[self.at + ahead : self.at + ahead + size], "big")

    def add(self, name: str, text: str, size: int, value: object = None, under: Node | None = None) -> Node:
        """A node for the next `size` bytes, which are then read."""
        self.need(size)
        parent = self.node if under is None else under
        self.last = self.tree.add(parent.children, Node(name, text[:MAX_TEXT], self.at, size, value))
        self.at += size
        self.node.size = self.at - self.start
        return self.last

    def number(self, name: str, label: str, size: int, show: Callable[[int], str] | None = None,
               order: Order = "big", under: Node | None = None) -> int:
        self.need(size)
        value = int.from_bytes(self.data[self.at : self.at + size], order)
        self.add(name, f"{label}: {show(value) if show else value}", size, value, under)
        return value

    def raw(self, name: str, label: str, size: int, show: Callable[[bytes], str] | None = None,
            under: Node | None = None) -> bytes:
        self.need(size)
        value = self.data[self.at : self.at + size]
        text = show(value) if show else f"{size} B" if size > 16 else value.hex(" ")
        self.add(name, f"{label}: {text}", size, text if show else None, under)
        return value

    def note(self, name: str, text: str, value: object = None, under: Node | None = None) -> Node:
        """A node for the bytes read last: a part of them, or what they mean."""
        above = self.last if under is None else under
        return self.tree.add(above.children, Node(name, text[:MAX_TEXT], above.at, above.size, value))

    def skip_to(self, at: int, label: str) -> None:
        """What is between here and `at`, as one node."""
        if at > self.at:
            self.add("", f"{label}: {at - self.at} B", at - self.at)

    def title(self, text: str) -> None:
        self.node.text = printable(text[:MAX_TEXT])


def printable(text: str) -> str:
    """Without what no terminal shows."""
    return text if text.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in text)


class Tree:
    """The layers found so far."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.layers: list[Node] = []
        self.count = 0
        self.ends: tuple[str, str] = ("", "")  # addresses of the innermost network layer

    def add(self, parent: list[Node], node: Node) -> Node:
        self.count += 1
        if self.count > MAX_NODES:
            raise Full
        node.text = printable(node.text)
        parent.append(node)
        return node


Reader = Callable[[Tree, Step], Step | None]
READERS: dict[str, Reader] = {}


def reader(kind: str) -> Callable[[Reader], Reader]:
    """Make a function the reader of a kind of layer."""
    def enroll(function: Reader) -> Reader:
        READERS[kind] = function
        return function
    return enroll


@functools.cache
def _load() -> None:
    """Import those who enroll readers: they import this module, so not before it is whole."""
    for name in ROOMS:
        importlib.import_module(f"netwatch.dissect.{name}")


def dissect(frame: Frame) -> list[Node]:
    """The layers of a frame, outermost first; the first is the frame itself."""
    _load()
    tree = Tree(frame)
    _frame_node(tree)
    step = Step("link", 0, len(frame.data), frame.link)
    while len(tree.layers) < MAX_LAYERS:
        before = len(tree.layers)
        try:
            following = READERS[step.kind](tree, step)
            if following is None:
                break
            step = following
        except Cut:
            _broken(tree, step, before)
            break
        except Full:
            _last(tree).children.append(Node("", f"more than {MAX_NODES} fields: the rest is left out", 0, 0))
            return tree.layers
    _trailer(tree)
    if frame.opened:
        READERS["opened"](tree, Step("opened", 0, 0))
    return tree.layers


def _trailer(tree: Tree) -> None:
    """What no layer claims at the end: padding, or a checksum of the link."""
    end = max((node.at + node.size for node in tree.layers[1:]), default=0)
    size = len(tree.frame.data)
    if 0 < end < size:
        tree.layers.append(Node("trailer", f"Trailer: {size - end} B", end, size - end))


def _last(tree: Tree) -> Node:
    return tree.layers[-1]


def _broken(tree: Tree, step: Step, before: int) -> None:
    """Say that the bytes end within the layer, or belie it."""
    if len(tree.layers) == before:
        tree.layers.append(Node(step.kind, step.kind.upper(), step.at, 0))
    node = _last(tree)
    end = len(tree.frame.data)
    why = "cut by the snap length" if len(tree.frame.data) < tree.frame.wire else "ends too early, or is damaged"
    node.children.append(Node("", f"[{why}]", min(step.at, end), max(0, end - step.at)))
    node.size = node.size or max(0, end - step.at)


def _frame_node(tree: Tree) -> None:
    f = tree.frame
    size = len(f.data)
    caught = f", {size} captured" if size < f.wire else ""
    node = Node("frame", f"Frame {f.number}: {f.wire} B on the wire{caught}", 0, size)
    tree.add(tree.layers, node)
    for name, label, value in (("frame.time", "Time", f.time), ("frame.interface_name", "Interface", f.interface),
                               ("frame.number", "Number", f.number), ("frame.len", "Length on the wire", f.wire),
                               ("frame.cap_len", "Captured", size)):
        if value != "":
            unit = " B" if name in ("frame.len", "frame.cap_len") else ""
            tree.add(node.children, Node(name, f"{label}: {value}{unit}", 0, 0, value))


def data_node(tree: Tree, at: int, end: int, label: str = "Data") -> None:
    """The bytes that no layer explains."""
    end = min(end, len(tree.frame.data))
    if end > at:
        tree.add(tree.layers, Node("data", f"{label}: {end - at} B", at, end - at))


def summary(layers: list[Node]) -> str:
    """What the application says in this frame, in a few words; "" when nothing that is understood."""
    said = ""
    inner = [each for node in layers if node.name == "opened" for each in node.children]
    for node in inner or layers:
        if node.says or node.name in ("dns", "tls", "http", "arp", "icmp", "icmpv6"):
            label, colon, words = node.text.partition(": ")
            again = said.startswith(label) and colon
            said = f"{said}, {words}" if again and words not in said else said if again else node.text
    return said[:MAX_TEXT]


def bits(value: int, names: tuple[tuple[int, str], ...]) -> str:
    """The names of the bits that are set, with commas; "none"."""
    return ", ".join(name for bit, name in names if value & bit) or "none"
