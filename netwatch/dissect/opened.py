"""What was sealed in a frame, opened: its layers, below a node that stands for no bytes of the frame."""

from __future__ import annotations

from netwatch._fast.base.text import clean
from netwatch.dissect.layout import layout_of, messages
from netwatch.dissect.tree import READERS, Cut, Full, Node, Opened, Step, Tree, reader

PIECES = 64  # of one frame
LINES = 200  # of a head
VERSIONS = {"http2": "HTTP/2", "http3": "HTTP/3", "grpc": "HTTP/2"}


@reader("opened")
def opened(tree: Tree, step: Step) -> Step | None:
    size = sum(len(each.data) for each in tree.frame.opened if not each.head)
    node = Node("opened", f"Decrypted: {size} B" if size else "Decrypted", 0, 0)
    tree.layers.append(node)
    inner = Tree(tree.frame)
    inner.count = tree.count
    try:
        for piece in tree.frame.opened[:PIECES]:
            if piece.head:
                _head(inner, node, piece)
            else:
                node.children += _content(inner, piece)
    except Full:
        node.children.append(Node("", "more fields: the rest is left out", 0, 0))
    return None


def _content(above: Tree, piece: Opened) -> list[Node]:
    """The layers of bytes that were sealed."""
    tree = Tree(above.frame._replace(data=piece.data, wire=len(piece.data), app=piece.app, opened=()))
    tree.count = above.count
    layout = layout_of(piece.app)
    if piece.stream >= 0:
        label = f"Stream {piece.stream}: {len(piece.data)} B of content"
        tree.add(tree.layers, Node("", label, 0, 0))
    elif layout is not None:
        messages(tree, layout, 0, len(piece.data), goes_on=True)
    else:
        step: Step | None = Step("app", 0, len(piece.data), ("tcp",))
        try:
            while step is not None:
                step = READERS[step.kind](tree, step)
        except Cut:
            pass
    above.count = tree.count
    for node in tree.layers:
        _nowhere(node)
    return tree.layers


def _nowhere(node: Node) -> None:
    """The bytes are none of the frame's."""
    node.at = node.size = 0
    for child in node.children:
        _nowhere(child)


def _head(tree: Tree, above: Node, piece: Opened) -> None:
    """Header fields, which are compressed in the bytes: below the frame that carried them, where it was seen."""
    lines = [clean(line, 1024) for line in piece.data.split(b"\r\n")[:LINES] if line]
    first = lines[0].rpartition(" HTTP/")[0] or lines[0].partition(" ")[2] if lines else ""
    version = VERSIONS.get(piece.app, "HTTP/2")
    mark = f"HEADERS[{piece.stream}]"
    home = next((node for node in above.children if node.text == f"{version}: {mark}"), None)
    if home is None:
        home = tree.add(above.children, Node(piece.app, f"{version}: {mark}", 0, 0, says=True))
    home.text += f" {first}"[:200]
    for line in lines:
        tree.add(home.children, Node(f"{piece.app}.header", line, 0, 0, line))
