"""The stream view of the Packets tab: what a flow says, both sides in order of time, as text or hexadecimal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from netwatch._fast.term.canvas import Canvas, clip, wrap
from netwatch.addons.packets.conversation import Said, Turn
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.tabs.packets.part import chosen, part_of, said
from netwatch.ui.theme import BRAND, DOWN, FAINT, MUTED, TEXT, TITLE, UP, WARN
from netwatch.ui.widgets.table import draw_scroll_bar

MOST_LINES = 20_000                # of all that is shown
PIECE = 4_096                      # characters of one line of text that are looked at

Shown = tuple[str, str]            # kind (turn-out, turn-in, out, in, gap), text


@dataclass(slots=True)
class _Made:
    """What was made last: of what, and the lines. `said` is held so that its id stays its own."""

    key: object = None
    said: Said | None = None
    lines: list[Shown] = field(default_factory=list)


_made = _Made()


def lines_of(state: State, width: int) -> list[Shown]:
    """The lines for this width; made anew only when what is said, or how, has changed."""
    found, part = said(state), part_of(state)
    how = part.talk_hex, part.talk_side, part.talk_stream, part.show_secrets
    key = (id(found), width, how, state.glyphs.ascii_only)
    if _made.key != key:
        _made.key, _made.said = key, found
        _made.lines = _lines(found, width, state) if found else []
    return _made.lines


def _lines(found: Said, width: int, state: State) -> list[Shown]:
    part = part_of(state)
    lines: list[Shown] = []
    offsets: dict[tuple[bool, int], int] = {}
    for turn in found.turns:
        at = offsets.get((turn.outward, turn.stream), 0)
        offsets[turn.outward, turn.stream] = at + len(turn.data)
        way = "out" if turn.outward else "in"
        if part.talk_side not in ("both", way) or part.talk_stream not in (None, turn.stream):
            continue
        lines.append((f"turn-{way}", _heading(turn, found, state)))
        if turn.missing:
            lines.append(("gap", f"[{fmt.count(turn.missing)} B are missing in this turn]"))
        data = turn.data if part.show_secrets else turn.starred if part.talk_hex else turn.masked
        lines += [(way, text) for text in (_hex(data, at, width) if part.talk_hex else _text(data, width))]
        if not part.show_secrets and len(turn.starred) < len(turn.data):
            lines.append(("gap", "[half a line, which is shown when it is whole]"))
        if len(lines) > MOST_LINES:
            lines[MOST_LINES:] = [("gap", "[more than can be shown]")]
            break
    return lines


def _heading(turn: Turn, found: Said, state: State) -> str:
    ends = found.ends if turn.outward else found.ends[::-1]
    about = f", stream {turn.stream}" if turn.stream >= 0 else ""
    about += ", decrypted" if turn.opened else ""
    at = f"{fmt.clock(turn.ns)} {fmt.zone(turn.ns)}"
    return f"{ends[0]} {state.glyphs.arrow} {ends[1]}  {at}, {fmt.count(len(turn.data))} B{about}"


def _text(data: bytes, width: int) -> list[str]:
    found: list[str] = []
    for line in data.decode("utf-8", "replace").splitlines():
        line = "".join(c if c.isprintable() else "." for c in line.expandtabs(4))
        for at in range(0, max(1, len(line)), PIECE):
            found += wrap(line[at:at + PIECE], width, 400) if line else [""]
    return found


def _hex(data: bytes, start: int, width: int) -> list[str]:
    each = 16 if width >= 76 else 8
    found = []
    for at in range(0, len(data), each):
        part = data[at:at + each]
        text = "".join(chr(c) if 32 <= c < 127 else "." for c in part)
        found.append(f"{start + at:08x}  {part.hex(' '):<{3 * each - 1}}  {text}")
    return found


def _rows(state: State) -> int:
    return max(1, state.body.height - 2)


def draw(canvas: Canvas, area: Area, state: State) -> None:
    """Who speaks with whom on top, the lines, then what is counted."""
    part, found, glyphs = part_of(state), said(state), state.glyphs
    how = f"{'hex' if part.talk_hex else 'text'}, {part.talk_side}{', secrets shown' if part.show_secrets else ''}"
    how = f"stream {part.talk_stream}, {how}" if part.talk_stream is not None else how
    canvas.put(area.y, area.x + area.width - len(how) - 1, how, MUTED)
    room = area.width - len(how) - 4
    if found is None:
        canvas.put(area.y, area.x + 1, clip(f"Reading flow {part.talk} again", room, glyphs.ellipsis), MUTED)
        return
    title = f"Flow {part.talk}  {found.ends[0]} {glyphs.arrow} {found.ends[1]}  {found.app}"
    canvas.put(area.y, area.x + 1, clip(title, room, glyphs.ellipsis), TITLE)
    lines = lines_of(state, area.width - 4)
    top = max(0, min(part.talk_top, len(lines) - _rows(state)))
    styles = {"turn-out": UP, "turn-in": DOWN, "gap": WARN}
    for i, (kind, text) in enumerate(lines[top:top + _rows(state)]):
        y = area.y + 1 + i
        mark = {"turn-out": ">", "turn-in": "<"}.get(kind, " ")
        canvas.put(y, area.x + 1, mark, BRAND)
        canvas.put(y, area.x + 3, clip(text, area.width - 4, glyphs.ellipsis), styles.get(kind, TEXT))
    if not lines:
        why = found.why or "Nothing was said in this direction."
        text = f"Nothing can be shown: {why}" if found.why else why
        canvas.put(area.y + 2, area.x + 3, clip(text, area.width - 4, glyphs.ellipsis), MUTED)
    draw_scroll_bar(canvas, Area(area.y + 1, area.x, _rows(state), area.width), top, len(lines), glyphs)
    _draw_counts(canvas, area, found, state)


def _draw_counts(canvas: Canvas, area: Area, found: Said, state: State) -> None:
    glyphs = state.glyphs
    y = area.y + area.height - 1
    canvas.fill(y, area.x, 1, area.width, " ", FAINT)
    parts = [f"out {fmt.size(found.out_bytes)}", f"in {fmt.size(found.in_bytes)}"]
    if found.rtt_us is not None:
        parts.append(f"handshake RTT {fmt.micros(found.rtt_us, glyphs.ascii_only)}")
    if found.resent is not None:
        parts.append(f"retransmissions {found.resent[0]} out, {found.resent[1]} in")
    x = area.x + 1
    if not found.whole:
        x += canvas.put(y, x, "the beginning was let go  ", WARN)
    if found.cut:
        x += canvas.put(y, x, "only the first part is shown  ", WARN)
    canvas.put(y, x, clip("   ".join(parts), area.width - x - 1, glyphs.ellipsis), MUTED)


# ------------------------------------------------------------------------------------------------------------- the keys

def stream_open(state: State) -> None:
    part, frame = part_of(state), chosen(state)
    if frame is None or not frame.line.flow:
        state.message = "The selected frame belongs to no flow"
        return
    part.talk, part.talk_top, part.talk_stream = frame.line.flow, 0, None


def _close(state: State) -> None:
    part_of(state).talk = 0


def scroll(state: State, lines: int) -> None:
    part = part_of(state)
    most = max(0, len(lines_of(state, state.body.width - 4)) - _rows(state))
    part.talk_top = max(0, min(most, min(part.talk_top, most) + lines))


def _scroll(lines: Callable[[State], int]) -> Callable[[State], None]:
    return lambda state: scroll(state, lines(state))


def _hexed(state: State) -> None:
    part = part_of(state)
    part.talk_hex, part.talk_top = not part.talk_hex, 0


def secrets(state: State) -> None:
    """Show them in streams and bytes, or mask them again."""
    part = part_of(state)
    part.show_secrets = not part.show_secrets
    state.message = "Secrets are shown" if part.show_secrets else "Secrets are masked"


def _stream_step(step: int) -> Callable[[State], None]:
    """The next of the flow's streams by number; before the first and after the last one, all of them."""
    def act(state: State) -> None:
        part, found = part_of(state), said(state)
        numbers = sorted({turn.stream for turn in found.turns if turn.stream >= 0}) if found else []
        if not numbers:
            state.message = "This flow has no streams of its own"
            return
        round_of: list[int | None] = [None, *numbers]
        at = round_of.index(part.talk_stream) if part.talk_stream in round_of else 0
        part.talk_stream, part.talk_top = round_of[(at + step) % len(round_of)], 0
    return act


def _side(name: str) -> Callable[[State], None]:
    def act(state: State) -> None:
        part_of(state).talk_side, part_of(state).talk_top = name, 0
    return act


ACTIONS: dict[str, Callable[[State], None]] = {
    "stream_open": stream_open, "stream_close": _close, "stream_hex": _hexed, "packets_secrets": secrets,
    "stream_next": _stream_step(1), "stream_before": _stream_step(-1),
    "stream_both": _side("both"), "stream_out": _side("out"), "stream_in": _side("in"),
    "stream_down": _scroll(lambda state: 1), "stream_up": _scroll(lambda state: -1),
    "stream_page_down": _scroll(_rows), "stream_page_up": _scroll(lambda state: -_rows(state)),
    "stream_top": _scroll(lambda state: -MOST_LINES * 2), "stream_bottom": _scroll(lambda state: MOST_LINES * 2),
}
