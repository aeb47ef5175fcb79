"""What the Packets tab remembers, how its area is cut up, the lines of its tree: for drawing, keys and mouse alike."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import NamedTuple

from netwatch.addons.packets.conversation import Said, Stream
from netwatch.addons.packets.questions import NEWEST, Chosen, Line, Node, Packets, Seen
from netwatch.ui.state import Area, State

IN_FOURS, APART = 60, 74           # columns of the pane of bytes from which a line has 16, in fours, or each apart
SIDE_FROM = 110                    # columns from which tree and bytes stand side by side
CLOCKS = ("clock", "since the frame before", "since the start")
# opened until somebody folds them
OPEN = frozenset({"dns", "tls", "http", "arp", "icmp", "icmpv6", "tls.record", "opened"})


@dataclass
class Part:
    """Frames are named by ordinals, which never change: what is let go meanwhile moves nothing on the screen."""

    anchor: int = -1               # of the lines asked for, -1: the end
    top: int = 0                   # first frame on screen
    selected: int = -1
    tail: bool | None = None       # follow the newest; None: not decided yet
    flow: int = 0                  # only this one, 0: all
    seeking: int = 0               # a frame number that is being looked for
    focus: str = "list"            # or tree, bytes, notes
    notes: bool = False            # the expert notes stand where the tree does
    listed: bool = False           # ... and of these the marked frames alone
    note: int = -1                 # the selected one, an ordinal
    path: str = ""                 # of the selected node
    folds: dict[str, bool] = field(default_factory=dict)
    tree_top: int = 0
    bytes_top: int = 0
    big: int = 0                   # 0 shared, 1 the panes have most of it, 2 all of it
    marks: set[int] = field(default_factory=set)
    clock: str = "clock"           # how the time of a frame is told: one of CLOCKS
    talk: int = 0                  # flow whose stream is shown, 0 none
    talk_top: int = 0
    talk_hex: bool = False
    talk_side: str = "both"        # or out, in
    talk_stream: int | None = None     # of the flow's streams this one alone
    show_secrets: bool = False     # in streams, trees and bytes


class Leaf(NamedTuple):
    """One visible line of the tree."""

    depth: int
    path: str
    node: Node
    opened: bool | None            # None: nothing below it


class Layout(NamedTuple):
    """One line of facts, heads and rows of the list, the tree (or the notes), the bytes; heights may be 0."""

    info: Area
    heads: Area
    rows: Area
    tree: Area
    bytes: Area


def part_of(state: State) -> Part:
    return state.part("packets", Part)


def question(state: State) -> Packets | Stream:
    part = part_of(state)
    if part.talk:
        return Stream(part.talk)
    page = max(20, layout(state).rows.height)
    where, listed = state.filter.applied, tuple(sorted(part.marks)) if part.notes and part.listed else ()
    if (state.live if part.tail is None else part.tail) and not part.seeking:
        return Packets(where, part.flow, -1, 2 * page, 0, NEWEST, 0, part.notes, listed)
    return Packets(where, part.flow, max(0, part.anchor), 2 * page, 3 * page, part.selected, part.seeking, part.notes,
                   listed)


def seen(state: State) -> Seen | None:
    """The newest answer that fits the filter and the flow, None while there is none."""
    picture, part = state.snapshot, part_of(state)
    asked, answer = picture.asked, picture.answer
    if not isinstance(answer, Seen) or not isinstance(asked, Packets):
        return None
    return answer if asked.where is state.filter.applied and asked.flow == part.flow else None


def said(state: State) -> Said | None:
    """What the followed flow says, None while that is not known."""
    asked, answer = state.snapshot.asked, state.snapshot.answer
    fits = isinstance(asked, Stream) and asked.flow == part_of(state).talk
    return answer if fits and isinstance(answer, Said) else None


def chosen(state: State) -> Chosen | None:
    """The decoded frame, if it is the selected one."""
    found = seen(state)
    return found.chosen if found and found.chosen and found.chosen.line.k == part_of(state).selected else None


def octets_of(state: State) -> bytes:
    """The bytes of the decoded frame as they are shown."""
    frame = chosen(state)
    return b"" if frame is None else frame.data if part_of(state).show_secrets else frame.masked


def place_of(lines: list[Line], k: int) -> int:
    """The index of the frame, or of the first one after it."""
    return bisect_left(lines, k, key=lambda line: line.k)


def layout(state: State) -> Layout:
    """Cut the tab's area up."""
    y, x, height, width = state.body
    part = part_of(state)
    y, height = y + 1, max(0, height - 1)
    room = max(0, height - 4) if part.big == 1 else height if part.big == 2 else max(3, height * 11 // 20)
    if height < 8 and part.big < 2:
        room = 0 if part.focus == "list" else height - 3
    lower = Area(y + height - room, x, room, width)
    rows = max(0, height - room - 1)
    heads = Area(y, x, 1 if rows else 0, width)
    tree, octets = lower, Area(lower.y, x, 0, width)
    if room and part.notes:
        pass
    elif room and width >= SIDE_FROM:
        half = max(IN_FOURS, min(76, width // 2))
        tree = Area(lower.y, x, room, width - half - 1)
        octets = Area(lower.y, x + width - half, room, half)
    elif room >= 9 and part.focus != "bytes":
        some = max(4, room * 2 // 5)
        tree, octets = lower._replace(height=room - some), Area(lower.y + room - some, x, some, width)
    elif part.focus == "bytes":
        tree, octets = lower._replace(height=0), lower
    return Layout(Area(state.body.y, x, min(1, state.body.height), width), heads, Area(y + 1, x, rows, width), tree,
                  octets)


def leaves(state: State) -> list[Leaf]:
    """The lines of the tree as it is folded now."""
    found: list[Leaf] = []
    frame = chosen(state)
    if frame is not None:
        part = part_of(state)
        _walk(frame.plain if part.show_secrets else frame.tree, "", 0, part.folds, found)
    return found


def _walk(nodes: list[Node], above: str, depth: int, folds: dict[str, bool], found: list[Leaf]) -> None:
    met: dict[str, int] = {}
    for node in nodes:
        name = node.name or node.text.partition(":")[0]
        met[name] = met.get(name, 0) + 1
        path = f"{above}/{name}" + (f"#{met[name]}" if met[name] > 1 else "")
        opened = folds.get(path, node.name in OPEN or node.says) if node.children else None
        found.append(Leaf(depth, path, node, opened))
        if opened:
            _walk(node.children, path, depth + 1, folds, found)


def leaf_at(state: State, lines: list[Leaf]) -> int:
    """The index of the selected node; of what is nearest above it where this frame has none such. -1: none."""
    path = part_of(state).path
    while path:
        for i, leaf in enumerate(lines):
            if leaf.path == path:
                return i
        path = path.rpartition("/")[0]
    return 0 if lines and part_of(state).path else -1


def per_line(width: int) -> int:
    """Bytes shown on a line of the pane: 7 cells of offset, the bytes apart or in fours, a gap, 1 for each."""
    return 16 if width >= IN_FOURS else 8


def cell_of(byte: int, width: int) -> int:
    """Where in the hexadecimal part of such a line a byte stands."""
    return 2 * byte + byte // 4 if IN_FOURS <= width < APART else 3 * byte


def jump_to(state: State, k: int) -> None:
    """Select a frame by ordinal, wherever it is."""
    part = part_of(state)
    part.selected, part.tail = k, False
    part.anchor = part.top = max(0, k - layout(state).rows.height // 2)


def show_flow(state: State, flow: int) -> None:
    """Open the tab on the frames of one flow, by its number."""
    part = part_of(state)
    part.flow, part.talk, part.notes, part.focus = flow, 0, False, "list"
    part.selected, part.tail, part.anchor, part.top = -1, False, 0, 0
    state.go("packets")
