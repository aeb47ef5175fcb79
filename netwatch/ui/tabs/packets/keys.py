"""What the keys and the mouse do in the Packets tab: functions of the state that draw nothing."""

from __future__ import annotations

from collections.abc import Callable

from netwatch.addons.capture_control import CaptureFilter, NextInterface, StartStop
from netwatch.addons.packets.questions import Packets, Seen
from netwatch.addons.packets.questions import SavePackets as Save
from netwatch.ui import drill, remote
from netwatch.ui.asking import ask_line
from netwatch.ui.state import State
from netwatch.ui.tabs.packets import notes
from netwatch.ui.tabs.packets import stream as packets_stream
from netwatch.ui.tabs.packets.part import (
    CLOCKS,
    chosen,
    jump_to,
    layout,
    leaf_at,
    leaves,
    octets_of,
    part_of,
    per_line,
    place_of,
    seen,
)

WHEEL = 3                          # rows per notch


def on_snapshot(state: State) -> None:
    """There is a new answer: follow the newest, go to what was looked for, keep the screen where it was."""
    part = part_of(state)
    if part.tail is None:
        part.tail = state.live
        part.anchor = -1 if part.tail else max(0, part.anchor)
    found = seen(state)
    if found is None or part.talk:
        return
    if found.capture:
        state.label = ", ".join(found.capture.names)
    asked = state.snapshot.asked
    if part.seeking and isinstance(asked, Packets) and asked.number == part.seeking and found.found is not None:
        part.seeking = 0
        jump_to(state, found.found)
    elif found.lines and part.tail:
        part.selected = found.lines[-1].k
        part.top = found.lines[max(0, len(found.lines) - rows_of(state))].k
    elif found.lines and part.selected < 0:
        part.selected = part.top = found.lines[0].k
    if part.notes and part.note < 0 and found.notes:
        part.note = found.notes[-1].k
    _keep_window(state, found)


def rows_of(state: State) -> int:
    return max(1, layout(state).rows.height)


def _keep_window(state: State, found: Seen) -> None:
    """Keep a full page on screen, and ask for other lines when the screen nears the end of those at hand."""
    part, rows, lines = part_of(state), rows_of(state), found.lines
    if not lines:
        return
    first = min(place_of(lines, part.top), max(0, len(lines) - rows))
    if found.start + len(lines) == found.total or place_of(lines, part.top) < len(lines):
        part.top = lines[first].k
    before, after = found.start, found.total - found.start - len(lines)
    if not part.tail and ((before and first < rows // 2) or (after and first + rows > len(lines) - rows // 2)):
        part.anchor = part.top


def select(state: State, index: int) -> None:
    """Move to a line by its place among those at hand, and the screen so that it shows."""
    part, found = part_of(state), seen(state)
    if found is None or not found.lines:
        return
    index = max(0, min(index, len(found.lines) - 1))
    if part.tail or part.anchor < 0:
        part.anchor = part.top
    part.selected, part.tail = found.lines[index].k, False
    first, rows = place_of(found.lines, part.top), rows_of(state)
    first = index if index < first else max(first, index - rows + 1)
    part.top = found.lines[min(first, len(found.lines) - 1)].k
    _keep_window(state, found)


def _here(state: State) -> int:
    found = seen(state)
    return place_of(found.lines, part_of(state).selected) if found else 0


def _step(amount: Callable[[State], int]) -> Callable[[State], None]:
    return lambda state: select(state, _here(state) + amount(state))


def first(state: State) -> None:
    part = part_of(state)
    part.tail, part.anchor, part.top, part.selected = False, 0, 0, -1


def last(state: State) -> None:
    part_of(state).tail = True


def follow(state: State) -> None:
    part = part_of(state)
    part.tail = not part.tail
    if not part.tail:
        part.anchor = part.top
    state.message = "The newest frame is followed" if part.tail else "The list stands still"


def back(state: State) -> None:
    """Esc: out of the pane; then off the one flow; then off the filter."""
    part = part_of(state)
    if part.big:
        part.big = 0
    elif part.flow:
        part.flow, part.anchor, part.top = 0, max(0, part.selected), part.top
        state.message = "All flows are shown"
    else:
        drill.clear(state)


def only_flow(state: State) -> None:
    """Only the frames of the selected one's flow, or all again."""
    part, frame = part_of(state), chosen(state)
    if part.flow:
        part.flow = 0
    elif frame is None or not frame.line.flow:
        state.message = "The selected frame belongs to no flow"
        return
    else:
        part.flow = frame.line.flow
    part.anchor, part.tail = max(0, part.selected), False


# ------------------------------------------------------------------------------------------------- marks, jumps, copies

def mark(state: State) -> None:
    part = part_of(state)
    if part.selected >= 0:
        part.marks ^= {part.selected}


def _mark_step(forward: bool) -> Callable[[State], None]:
    def act(state: State) -> None:
        part = part_of(state)
        if not part.marks:
            state.message = notes.NO_MARK
            return
        beyond = [k for k in part.marks if (k > part.selected if forward else k < part.selected)]
        pool = beyond or list(part.marks)
        jump_to(state, min(pool) if forward else max(pool))
    return act


def jump(state: State) -> None:
    found = seen(state)
    hint = f"{found.kept.oldest} to {found.kept.newest} are kept" if found else "a whole number"
    ask_line(state, "Go to frame number", hint, "", _jump_to_number)


def _jump_to_number(state: State, text: str) -> None:
    found = seen(state)
    if not text.isdecimal() or not 0 < int(text) < 1 << 63:
        state.message = f"{text!r} is no frame number" if text else ""
    elif found and found.kept.lost and int(text) < found.kept.oldest:
        state.message = f"Frame {text} was let go; the oldest kept is {found.kept.oldest}"
    else:
        part_of(state).seeking = int(text)
        part_of(state).tail = False


def copy(state: State) -> None:
    """The selected field; on the list, the frame's line."""
    frame, part = chosen(state), part_of(state)
    lines = leaves(state)
    at = leaf_at(state, lines)
    if frame is None:
        state.message = "Nothing is selected"
        return
    one = frame.line
    text = f"{one.number} {one.source} > {one.destination} {one.proto} {one.length} B {one.info}"
    if part.focus == "tree" and at >= 0:
        text = lines[at].node.text
    elif part.focus == "bytes":
        node = lines[at].node if at >= 0 and lines[at].node.size else lines[0].node
        text = octets_of(state)[node.at:node.at + node.size].hex()
    state.message = f"Copied {text[:60]}" if state.clipboard(text) else \
        f"This terminal has no clipboard for programs: {text[:60]}"


# ------------------------------------------------------------------------------------------------------------ the panes

def _focus(name: str) -> Callable[[State], None]:
    def act(state: State) -> None:
        part = part_of(state)
        part.focus = name
        if name == "list" and part.big == 2:
            part.big = 0
        if name == "tree" and not part.path:
            _select_leaf(state, 0)
    return act


def enlarge(state: State) -> None:
    part = part_of(state)
    part.big = (part.big + 1) % 3
    if part.big == 2 and part.focus == "list":
        part.focus = "tree"


def _select_leaf(state: State, index: int) -> None:
    part, lines = part_of(state), leaves(state)
    if not lines:
        return
    index = max(0, min(index, len(lines) - 1))
    part.path = lines[index].path
    rows = max(1, layout(state).tree.height - 1)
    part.tree_top = max(min(part.tree_top, index), index - rows + 1, 0)
    node, octets = lines[index].node, layout(state).bytes
    if node.size and octets.height > 1:
        line, shown = node.at // per_line(octets.width), octets.height - 1
        if not part.bytes_top <= line < part.bytes_top + shown:
            part.bytes_top = max(0, line - shown // 3)


def _leaf_step(amount: Callable[[State], int]) -> Callable[[State], None]:
    return lambda state: _select_leaf(state, leaf_at(state, leaves(state)) + amount(state))


def _fold(opened: bool | None) -> Callable[[State], None]:
    """Open, close (None: whichever it is not) what is below the selected node. Closing a leaf goes to what is above."""
    def act(state: State) -> None:
        part, lines = part_of(state), leaves(state)
        at = leaf_at(state, lines)
        if at < 0:
            return
        leaf = lines[at]
        if leaf.opened is None or (opened is False and not leaf.opened):
            above = leaf.path.rpartition("/")[0]
            if opened is False and above:
                part.path = above
            return
        part.path = leaf.path
        part.folds[leaf.path] = not leaf.opened if opened is None else opened
        _select_leaf(state, at)
    return act


def fold_all(state: State) -> None:
    """Open everything, or close everything when all is open."""
    part, lines = part_of(state), leaves(state)
    opened = any(leaf.opened is False for leaf in lines)
    for _ in range(4):
        for leaf in leaves(state):
            if leaf.opened is not None:
                part.folds[leaf.path] = opened
    _select_leaf(state, max(0, leaf_at(state, leaves(state))))


def _scroll_bytes(lines: Callable[[State], int]) -> Callable[[State], None]:
    def act(state: State) -> None:
        part, frame, octets = part_of(state), chosen(state), layout(state).bytes
        if frame is not None and octets.height > 1:
            each = per_line(octets.width)
            most = (len(frame.data) + each - 1) // each - (octets.height - 1)
            part.bytes_top = max(0, min(most, min(part.bytes_top, max(0, most)) + lines(state)))
    return act


# --------------------------------------------------------------------------------------------------- saving, capturing

def _remote(state: State) -> str:
    """Of the selected frame: who it is for, or whom it came from where only that one is far away."""
    found, selected = seen(state), part_of(state).selected
    line = next((each for each in found.lines if each.k == selected), None) if found is not None else None
    ends = (line.destination, line.source) if line is not None else ()
    return remote.far_end(state, *ends, *(end.rpartition(":")[0].strip("[]") for end in ends))


def save(state: State) -> None:
    state.do(Save(state.filter.applied, part_of(state).flow))


def _live_only(command: Callable[[State], None]) -> Callable[[State], None]:
    def act(state: State) -> None:
        if state.live:
            command(state)
        else:
            state.message = "This is a file: there is no capture to change"
    return act


def capture_filter(state: State) -> None:
    found = seen(state)
    now = found.capture.filter if found and found.capture else ""
    ask_line(state, "Capture filter (libpcap), for all interfaces", "empty: every frame. Enter sets it, Esc leaves",
               now, _capture_with)


def _capture_with(state: State, text: str) -> None:
    state.do(CaptureFilter(text))


# ------------------------------------------------------------------------------------------------------------ the mouse

def on_mouse(state: State, what: str, y: int, x: int) -> None:
    """A click selects a frame, a field or a byte's field; the wheel moves what is under it."""
    part, places = part_of(state), layout(state)
    step = -WHEEL if what == "wheel-up" else WHEEL if what == "wheel-down" else 0
    if part.talk:
        packets_stream.scroll(state, step)
    elif places.bytes.holds(y, x) and step:
        _scroll_bytes(lambda state: step)(state)
    elif places.tree.holds(y, x):
        if part.notes:
            notes.step(step)(state)
        elif step:
            most = max(0, len(leaves(state)) - (places.tree.height - 1))
            part.tree_top = max(0, min(most, part.tree_top + step))
        elif y > places.tree.y:
            lines = leaves(state)
            top = max(0, min(part.tree_top, len(lines) - places.tree.height + 1))
            if top + y - places.tree.y - 1 < len(lines):
                part.focus = "tree"
                again = leaf_at(state, lines) == top + y - places.tree.y - 1
                _select_leaf(state, top + y - places.tree.y - 1)
                if again or what == "double":
                    _fold(None)(state)
    elif step:
        _step(lambda _: step)(state)
    elif places.rows.holds(y, x):
        found = seen(state)
        if found and place_of(found.lines, part.top) + y - places.rows.y < len(found.lines):
            part.focus = "list"
            select(state, place_of(found.lines, part.top) + y - places.rows.y)



def clock(state: State) -> None:
    """Tell the times of frames in the next way."""
    part = part_of(state)
    part.clock = CLOCKS[(CLOCKS.index(part.clock) + 1) % len(CLOCKS)]
    state.message = f"Times: {part.clock}"


ACTIONS: dict[str, Callable[[State], None]] = {
    "packets_clock": clock,
    "packets_down": _step(lambda state: 1), "packets_up": _step(lambda state: -1),
    "packets_page_down": _step(lambda state: max(1, rows_of(state) - 1)),
    "packets_page_up": _step(lambda state: -max(1, rows_of(state) - 1)),
    "packets_first": first, "packets_last": last, "packets_follow": follow, "packets_back": back,
    "packets_flow": only_flow, "packets_mark": mark, "packets_mark_next": _mark_step(True),
    "packets_mark_previous": _mark_step(False), "packets_jump": jump, "packets_copy": copy,
    "packets_tree": _focus("tree"), "packets_bytes": _focus("bytes"), "packets_list": _focus("list"),
    **notes.ACTIONS,
    "packets_enlarge": enlarge, "packets_leaf_down": _leaf_step(lambda state: 1),
    "packets_leaf_up": _leaf_step(lambda state: -1),
    "packets_leaf_page_down": _leaf_step(lambda state: max(1, layout(state).tree.height - 2)),
    "packets_leaf_page_up": _leaf_step(lambda state: -max(1, layout(state).tree.height - 2)),
    "packets_leaf_first": lambda state: _select_leaf(state, 0),
    "packets_leaf_last": lambda state: _select_leaf(state, 1 << 30),
    "packets_fold": _fold(None), "packets_open": _fold(True), "packets_close": _fold(False),
    "packets_fold_all": fold_all, "packets_bytes_down": _scroll_bytes(lambda state: 1),
    "packets_bytes_up": _scroll_bytes(lambda state: -1),
    "packets_bytes_page_down": _scroll_bytes(lambda state: max(1, layout(state).bytes.height - 2)),
    "packets_bytes_page_up": _scroll_bytes(lambda state: -max(1, layout(state).bytes.height - 2)),
    "packets_save": save, "packets_capture": _live_only(lambda state: state.do(StartStop())),
    "packets_interface": _live_only(lambda state: state.do(NextInterface())),
    "packets_capture_filter": _live_only(capture_filter), **packets_stream.ACTIONS, **remote.actions(_remote),
}
