"""The Packets tab: the newest frames, the selected one decoded, its bytes, the odd ones, and what its flow says.

draw() follows from the state and changes nothing. What the keys do is in keys.py, the stream view in stream.py.
"""

from __future__ import annotations

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.packets.questions import Line, Seen
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.tabs.packets import stream as packets_stream
from netwatch.ui.tabs.packets.columns import slots_of
from netwatch.ui.tabs.packets.keys import ACTIONS, on_mouse, on_snapshot
from netwatch.ui.tabs.packets.part import (
    Part,
    cell_of,
    chosen,
    layout,
    leaf_at,
    leaves,
    octets_of,
    part_of,
    per_line,
    place_of,
    question,
    seen,
    show_flow,
)
from netwatch.ui.theme import (
    BAD,
    BRAND,
    FAINT,
    GOOD,
    MATCH,
    MUTED,
    REVERSE,
    TEXT,
    TITLE,
    WARN,
    Glyphs,
)
from netwatch.ui.widgets import table

__all__ = ["ACTIONS", "draw", "inner", "new_part", "on_mouse", "on_snapshot", "question", "show_flow"]

INKS = {"bad": BAD, "warn": WARN, "good": GOOD, "accent": BRAND, "muted": MUTED}     # of kept.INKS
SEVERITIES = ("", "note", "warning", "error")


def new_part() -> Part:
    return Part()


def inner(state: State) -> tuple[str, ...]:
    part = part_of(state)
    if part.talk:
        return ("packets_stream", "global")
    return () if part.focus == "list" else (f"packets_{part.focus}",)


def sign(line: Line, glyphs: Glyphs) -> tuple[str, int]:
    """The mark of what is odd about a frame: a different sign for each degree."""
    return (("", MUTED), (glyphs.dot, MUTED), ("!", WARN), (glyphs.ended, BAD))[line.severity]


def draw(canvas: Canvas, area: Area, state: State) -> None:
    """The whole tab. `area` is state.body."""
    part = part_of(state)
    if part.talk:
        packets_stream.draw(canvas, area, state)
        return
    places, found = layout(state), seen(state)
    _draw_info(canvas, places.info, state, found)
    if places.heads.height:
        slots = [slot._replace(x=slot.x + 4) for slot in slots_of(state, found, area.width - 6)]
        table.draw_heads(canvas, places.heads.y, area.x, slots, "", False, state.glyphs)
        _draw_rows(canvas, places.rows, slots, state, found)
    if places.tree.height:
        name = "Decoded" if not part.notes else "Marked" if part.listed else "Notes"
        _draw_title(canvas, places.tree, name, part.focus in ("tree", "notes"), state)
        (_draw_notes if part.notes else _draw_tree)(canvas, _below(places.tree), state)
    if places.bytes.height:
        frame = chosen(state)
        whole = frame is None or octets_of(state) == frame.data
        title = "Bytes" if whole else "Bytes, secrets masked (*)"
        _draw_title(canvas, places.bytes, title, part.focus == "bytes", state)
        _draw_bytes(canvas, _below(places.bytes), state)


def _below(area: Area) -> Area:
    return Area(area.y + 1, area.x, area.height - 1, area.width)


def _draw_title(canvas: Canvas, area: Area, title: str, focused: bool, state: State) -> None:
    canvas.fill(area.y, area.x, 1, area.width, state.glyphs.rule, FAINT)
    text = f" {state.glyphs.arrow} {title} " if focused else f" {title} "
    canvas.put(area.y, area.x + 1, text, TITLE if focused else MUTED)


def _draw_info(canvas: Canvas, area: Area, state: State, found: Seen | None) -> None:
    """How many frames pass, how many are kept and were let go, what restricts them, whether the newest are followed."""
    part = part_of(state)
    if found is None:
        canvas.put(area.y, area.x + 1, "Looking" if state.health else f"Reading {state.label}", MUTED)
        return
    kept = found.kept
    noun = " frame" if found.total == 1 else " frames"
    spans: list[tuple[str, int]] = [(fmt.count(found.total), TITLE), (noun, TEXT)]
    if part.flow:
        spans.append((f" of flow {part.flow}", MATCH))
    if state.filter.applied_text:
        spans.append((f"  filter: {state.filter.applied_text}", MATCH))
    if found.looked < 1:
        spans.append((f"  {100 * found.looked:.0f} % looked at", WARN))
    if found.total != kept.frames:
        spans.append((f"  of {fmt.count(kept.frames)}", MUTED))
    if kept.bytes:
        size = fmt.size(kept.bytes)
        spans.append((f"  {size}, all of the file" if kept.indexed else f"  kept {size}", MUTED))
    if not state.live and kept.first_ns:
        spans.append((f"  from {fmt.day(kept.first_ns)}", MUTED))
    if kept.lost:
        spans.append((f"  let go {fmt.short_count(kept.lost)} frames, {fmt.size(kept.lost_bytes)}", WARN))
    capture = found.capture
    if capture and (capture.filter.strip() or capture.stopped):
        spans.append(("  stopped" if capture.stopped else f"  captured: {capture.filter}", WARN))
    right = "newest followed" if part.tail and not state.paused else "frozen" if state.paused else ""
    room = area.width - len(right) - 2
    if right:
        canvas.put(area.y, area.x + area.width - len(right) - 1, right, MUTED)
    x = area.x + 1
    for text, style in spans:
        if x < area.x + room:
            x += canvas.put(area.y, x, clip(text, area.x + room - x, state.glyphs.ellipsis), style)


def _draw_rows(canvas: Canvas, area: Area, slots: list[table.Slot], state: State, found: Seen | None) -> None:
    part, glyphs = part_of(state), state.glyphs
    if found is None or not found.lines:
        if area.height and found is not None:
            text = "No frame kept passes the filter. Esc drops it."
            if not found.kept.frames:
                text = "No frame is kept yet."
            elif part.flow:
                text = f"No frame of flow {part.flow} is kept. Esc shows all."
            canvas.put(area.y + area.height // 3, area.x + 4, clip(text, area.width - 5, glyphs.ellipsis), MUTED)
        return
    first = place_of(found.lines, part.top)
    for i, line in enumerate(found.lines[first:first + area.height]):
        y = area.y + i
        mark, style = sign(line, glyphs)
        canvas.put(y, area.x + 1, mark, style)
        if line.k in part.marks:
            canvas.put(y, area.x + 2, glyphs.star, MATCH)
        tint = INKS.get(line.ink, BAD if line.severity == 3 else None)
        table.draw_row(canvas, y, area.x, slots, line, tint, glyphs)
        if line.k == part.selected:
            table.draw_selection(canvas, y, Area(y, area.x, 1, area.width - 1), glyphs)
    table.draw_scroll_bar(canvas, area, found.start + first, found.total, glyphs)


def _draw_nothing(canvas: Canvas, area: Area, state: State) -> None:
    found, part = seen(state), part_of(state)
    if area.height < 1:
        return
    gone = found is not None and part.selected >= 0 and found.chosen is None and found.kept.lost > part.selected
    canvas.put(area.y, area.x + 1, "This frame was let go." if gone else "No frame is selected.", MUTED)


def _draw_tree(canvas: Canvas, area: Area, state: State) -> None:
    glyphs, part = state.glyphs, part_of(state)
    lines = leaves(state)
    if not lines:
        _draw_nothing(canvas, area, state)
        return
    at = leaf_at(state, lines)
    top = max(0, min(part.tree_top, len(lines) - area.height))
    for i, leaf in enumerate(lines[top:top + area.height]):
        y, x = area.y + i, area.x + 2 + 2 * leaf.depth
        mark = " " if leaf.opened is None else glyphs.unfolded if leaf.opened else glyphs.folded
        canvas.put(y, x, mark, MUTED)
        style = BRAND if leaf.depth == 0 else TEXT
        canvas.put(y, x + 2, clip(leaf.node.text, area.x + area.width - x - 4, glyphs.ellipsis), style)
        if top + i == at and (part.focus == "tree" or part.path):
            table.draw_selection(canvas, y, Area(y, area.x, 1, area.width - 1), glyphs)
    table.draw_scroll_bar(canvas, area, top, len(lines), glyphs)


def _draw_bytes(canvas: Canvas, area: Area, state: State) -> None:
    """Offset, hexadecimal, characters; the bytes of the selected node stand out in reverse."""
    frame = chosen(state)
    if frame is None:
        _draw_nothing(canvas, area, state)
        return
    lines = leaves(state)
    at = leaf_at(state, lines)
    node = lines[at].node if at >= 0 else None
    start, stop = (node.at, node.at + node.size) if node and node.size else (0, 0)
    each = per_line(area.width)
    data = octets_of(state)
    total = (len(data) + each - 1) // each
    top = max(0, min(part_of(state).bytes_top, total - area.height))
    for i in range(min(area.height, total - top)):
        y, offset = area.y + i, (top + i) * each
        part = data[offset:offset + each]
        canvas.put(y, area.x + 1, f"{offset:04x}", MUTED)
        apart = cell_of(1, area.width) == 3
        hexes, texts = area.x + 7, area.x + 10 + cell_of(each - 1, area.width) + apart
        canvas.put(y, hexes, part.hex(" ", 1 if apart else -4), TEXT)
        canvas.put(y, texts, "".join(chr(c) if 32 <= c < 127 else "." for c in part), TEXT)
        low, high = max(0, start - offset), min(len(part), stop - offset)
        if low < high:
            begin, last = cell_of(low, area.width), cell_of(high - 1, area.width)
            canvas.restyle(y, hexes + begin, last + 2 - begin, REVERSE)
            canvas.restyle(y, texts + low, high - low, REVERSE)
    table.draw_scroll_bar(canvas, area, top, total, state.glyphs)


def _draw_notes(canvas: Canvas, area: Area, state: State) -> None:
    """How often which note was made since the beginning, then the newest frames that have one."""
    found, part, glyphs = seen(state), part_of(state), state.glyphs
    if found is None or area.height < 1:
        return
    most = sorted(found.counts.items(), key=lambda each: -each[1])
    counted = ", ".join(f"{fmt.count(n)} {name}" for name, n in most)
    head = f"{fmt.count(len(found.notes))} marked" if part.listed else counted or "Nothing odd has been seen."
    canvas.put(area.y, area.x + 1, clip(head, area.width - 2, glyphs.ellipsis), TEXT)
    rows = _below(area)
    at = place_of(found.notes, part.note)
    top = max(0, min(at - rows.height // 2, len(found.notes) - rows.height))
    for i, line in enumerate(found.notes[top:top + max(0, rows.height)]):
        y = rows.y + i
        mark, style = sign(line, glyphs)
        word = SEVERITIES[line.severity]
        text = f"{line.number:>8}  {fmt.clock(line.ns, 6)}  {word:<7}  {', '.join(line.notes)}  " \
               f"{line.source} {glyphs.arrow} {line.destination}  {line.info}"
        canvas.put(y, rows.x + 1, mark, style)
        canvas.put(y, rows.x + 3, clip(text, rows.width - 5, glyphs.ellipsis), TEXT)
        if top + i == at and part.focus == "notes":
            table.draw_selection(canvas, y, Area(y, rows.x, 1, rows.width - 1), glyphs)
    table.draw_scroll_bar(canvas, rows, top, len(found.notes), glyphs)
