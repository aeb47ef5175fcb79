"""The way to a host, hop by hop, as it is measured now: over the tab whose key began it."""
from __future__ import annotations

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.tracing import GOING, REFUSED, ROUNDS, STOPPED, StartTrace, StopTrace, Traced, TraceNow
from netwatch.model.record import Record
from netwatch.ui import format as fmt
from netwatch.ui.popups.about import About
from netwatch.ui.state import Area, State
from netwatch.ui.theme import ADDRESS, BAD, GOOD, HEAD, MUTED, TEXT, WARN
from netwatch.ui.theme import NAME as HOST
from netwatch.ui.widgets.box import draw_box
from netwatch.ui.widgets.chooser import centred, moves
from netwatch.ui.widgets.table import draw_scroll_bar

NAME = "trace"
WIDTH = 110
LOSS_WARN, LOSS_BAD = 1.0, 10.0    # percent
NUMBERS = (("LOSS", 6), ("BEST", 8), ("MEAN", 8), ("WORST", 8), ("JITTER", 8))
ABOUT = About(NAME, "", TraceNow, Traced)
question, now = ABOUT.question, ABOUT.now


def show(state: State, address: str) -> None:
    """Begin a trace to that address and open this."""
    ABOUT.show(state, address)
    state.do(StartTrace(address))


def close(state: State) -> None:
    """Send no more."""
    state.overlay = ""
    state.do(StopTrace())


def _hops(state: State) -> list[Record]:
    found = now(state)
    return found.record.get("hops", []) if found is not None else []


def box_of(state: State) -> Area:
    return centred(state.body, len(_hops(state)) + 6, WIDTH)


def rows_of(state: State) -> Area:
    box = box_of(state)
    return Area(box.y + 3, box.x + 1, max(1, box.height - 5), box.width - 2)


def _words(state: State, found: Traced | None) -> tuple[str, int]:
    """How far it is."""
    if found is None:
        return "begins", MUTED
    if found.state == REFUSED:
        return found.why, WARN
    done = f"round {found.rounds} of {ROUNDS}"
    if found.state == GOING and found.rounds == ROUNDS:
        done = "how large a packet passes"
    where = "the way as it is now, from this machine"
    if found.state == STOPPED:
        return f"{done}, ended{': ' + found.why if found.why else ''}", WARN
    return f"{where}; {done}", TEXT


def _end(found: Traced | None) -> tuple[str, int]:
    """The last line: what it came to."""
    if found is None:
        return "", TEXT
    if found.setting:
        return f"{found.setting} = true allows it, from the next start on", TEXT
    record = found.record
    told = []
    if found.state != GOING and record and not record.get("reached"):
        told.append(record.get("reason") or "it did not answer")
    if "loop" in record:
        told.append(f"packets go round: {record['loop']} answers more than once")
    if "path_mtu" in record:
        by = f", says {record['path_mtu_by']}" if "path_mtu_by" in record else ""
        told.append(f"packets of {record['path_mtu']} bytes pass{by}")
    if "path_mtu_unmeasured" in record:
        told.append(f"size of packets: not measured: {record['path_mtu_unmeasured']}")
    return "; ".join(told), TEXT if record.get("reached") else WARN


def draw(canvas: Canvas, area: Area, state: State) -> None:
    box, rows, found, glyphs = box_of(state), rows_of(state), now(state), state.glyphs
    draw_box(canvas, box, f"The way to {ABOUT.thing(state)}", glyphs)
    for y, (text, style) in ((box.y + 1, _words(state, found)), (box.y + box.height - 2, _end(found))):
        canvas.put(y, box.x + 2, clip(text, box.width - 4, glyphs.ellipsis), style)
    hops = _hops(state)
    top = max(0, min(ABOUT.place(state).row, len(hops) - rows.height))
    if hops:
        _draw_line(canvas, box.y + 2, rows, ("HOP", HEAD), ("ADDRESS", HEAD), [(title, HEAD) for title, _ in NUMBERS],
                   glyphs.ellipsis)
    for i, hop in enumerate(hops[top:top + rows.height]):
        _draw_line(canvas, rows.y + i, rows, (str(hop["hop"]), MUTED), _who(hop, glyphs.none),
                   _numbers(hop, state) if "address" in hop else [], glyphs.ellipsis)
    draw_scroll_bar(canvas, rows, top, len(hops), glyphs)


def _who(hop: Record, none: str) -> tuple[str, int]:
    if "address" not in hop:
        return f"{none} {hop['unmeasured']}", MUTED
    more = f" +{len(hop['also'])}" if "also" in hop else ""
    says = f" {hop['says']}" if "says" in hop else ""
    if "name" in hop:
        return f"{hop['address']}{more} {hop['name']}{says}", HOST
    return f"{hop['address']}{more}{says}", ADDRESS


def _numbers(hop: Record, state: State) -> list[tuple[str, int]]:
    """Loss is coloured as far as what is behind the hop is lost, too: a router that answers seldom loses nothing."""
    rtt, lost, way = hop["rtt_us"], hop.get("loss_percent"), hop.get("way_loss_percent", 0.0)
    ascii_only = state.glyphs.ascii_only
    style = BAD if way >= LOSS_BAD else WARN if way >= LOSS_WARN else GOOD
    loss = (f"{lost:.0f}%", style) if lost is not None else (state.glyphs.none, MUTED)
    times = [(fmt.micros(rtt[key], ascii_only), TEXT) for key in ("min", "mean", "max")]
    jitter = (fmt.micros(hop["jitter_us"], ascii_only), TEXT) if "jitter_us" in hop else (state.glyphs.none, MUTED)
    return [loss, *times, jitter]


def _draw_line(canvas: Canvas, y: int, rows: Area, hop: tuple[str, int], who: tuple[str, int],
               numbers: list[tuple[str, int]], ellipsis: str) -> None:
    width = sum(cells + 1 for _, cells in NUMBERS)
    canvas.field(y, rows.x + 1, 3, *hop, True, ellipsis)
    room = rows.width - 7 - (width if numbers else 0)
    canvas.put(y, rows.x + 5, clip(who[0], room, ellipsis), who[1])
    x = rows.x + rows.width - 2 - width
    for (text, style), (_, cells) in zip(numbers, NUMBERS, strict=False):
        canvas.field(y, x + 1, cells, text, style, True, ellipsis)
        x += cells + 1


def on_mouse(state: State, what: str, y: int, x: int) -> None:
    if what.startswith("wheel"):
        ACTIONS[f"{NAME}_{'up' if what == 'wheel-up' else 'down'}"](state)
    elif not box_of(state).holds(y, x):
        close(state)


ACTIONS = {**moves(NAME, ABOUT.place, lambda state: len(_hops(state)),
                   lambda state: rows_of(state).height), "trace_close": close}
