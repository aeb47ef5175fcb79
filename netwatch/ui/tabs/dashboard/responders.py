"""The list of responders that the Dashboard, Lite and Dense share: what it remembers, asks, does and looks like."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from netwatch._fast.term.canvas import Canvas, clip, wrap
from netwatch.addons.overview import Overview, OverviewQuestion, Peer
from netwatch.addons.throughput import RANGES
from netwatch.ui import drill
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.tabs.connections.flow_cells import BAD_RTT_US, SLOW_RTT_US
from netwatch.ui.theme import ADDRESS, APP, BAD, DOWN, GOOD, MUTED, NAME, PROCESS, TEXT, UP, WARN, Glyphs
from netwatch.ui.widgets import table
from netwatch.ui.widgets.table import Cell, Column

KEPT = 60                          # peers asked for


@dataclass
class PeerList:
    """`range` and `by_rate` are "" and None until chosen: then a live source's last minute and rates, a file's whole
    and bytes. The selection is a peer, not a row."""
    range: str = ""
    by_rate: bool | None = None
    cursor: int = 0
    selected: tuple[str, str] | None = None
    opened: bool = False


new_part = PeerList


def part(state: State) -> PeerList:
    """Of the tab or view that is on screen."""
    return state.part(state.tab if state.view == "full" else state.view, PeerList)


def range_of(state: State) -> str:
    return part(state).range or ("1m" if state.live else "session")


def by_rate(state: State) -> bool:
    chosen = part(state).by_rate
    return state.live if chosen is None else chosen


def question(state: State) -> OverviewQuestion:
    return OverviewQuestion(range_of(state), KEPT, by_rate(state), state.filter.applied)


def overview(state: State) -> Overview | None:
    """The newest answer; None before the first."""
    found = state.snapshot.answer
    return found if isinstance(found, Overview) else None


def title_of(found: Overview | None, state: State) -> tuple[str, str]:
    """What the list is, and a word about its completeness."""
    if found is None:
        return "Top connections", ""
    order = "by bytes/s now" if found.by_rate else "by bytes, session"
    noun = "host" if found.hosts == 1 else "hosts"
    if any(peer.process for peer in found.peers):
        noun = "programs and hosts"
    shown = f"{fmt.count(len(found.peers))} of {fmt.count(found.hosts)}" if found.hosts > len(found.peers) else \
        fmt.count(found.hosts)
    words = f"{shown} {noun} {order}"
    if state.filter.applied_text:
        words += f"  filter: {state.filter.applied_text}"
    return "Top connections", words + (f"  {fmt.count(found.left_out)} flows left out" if found.left_out else "")


# ------------------------------------------------------------------------------------------------------------- its keys

def identity(peer: Peer) -> tuple[str, str]:
    return peer.process, peer.name or peer.address


def cursor(state: State) -> int:
    """The row of the selected peer; where it was when it is no longer there."""
    found, mine = overview(state), part(state)
    if found is None or not found.peers:
        return 0
    for i, peer in enumerate(found.peers):
        if identity(peer) == mine.selected:
            return i
    return min(mine.cursor, len(found.peers) - 1)


def selected(state: State) -> Peer | None:
    found = overview(state)
    return found.peers[cursor(state)] if found is not None and found.peers else None


def _move(to: Callable[[int, int], int]) -> Callable[[State], None]:
    def act(state: State) -> None:
        found, mine = overview(state), part(state)
        if found is None or not found.peers:
            return
        mine.cursor = max(0, min(len(found.peers) - 1, to(cursor(state), len(found.peers))))
        mine.selected = identity(found.peers[mine.cursor])
    return act


def _turn_range(step: int) -> Callable[[State], None]:
    def act(state: State) -> None:
        names = list(RANGES)
        part(state).range = names[(names.index(range_of(state)) + step) % len(names)]
    return act


def turn_order(state: State) -> None:
    part(state).by_rate = not by_rate(state)


def open_flows(state: State) -> None:
    """Its flows, in the Connections tab."""
    peer = selected(state)
    if peer is None:
        state.message = "Nothing is selected"
        return
    drill.into(state, peer.within)


def toggle(state: State) -> None:
    part(state).opened = not part(state).opened


ACTIONS: dict[str, Callable[[State], None]] = {
    "range_next": _turn_range(1), "range_previous": _turn_range(-1), "peer_order": turn_order,
    "peer_down": _move(lambda at, n: at + 1), "peer_up": _move(lambda at, n: at - 1),
    "peer_page_down": _move(lambda at, n: at + 10), "peer_page_up": _move(lambda at, n: at - 10),
    "peer_first": _move(lambda at, n: 0), "peer_last": _move(lambda at, n: n - 1),
    "peer_open": open_flows, "peer_toggle": toggle,
}


# -------------------------------------------------------------------------------------------------- what it looks like

def _process(peer: Peer, glyphs: Glyphs) -> Cell:
    return (peer.process, PROCESS) if peer.process else (glyphs.none, MUTED)


def _host(peer: Peer, glyphs: Glyphs) -> Cell:
    return (peer.name, NAME) if peer.name else (peer.address, ADDRESS)


def rate_cell(value: int, style: int) -> Cell:
    return fmt.rate(value), style if value else MUTED


def rtt_cell(peer: Peer, glyphs: Glyphs) -> Cell:
    if peer.rtt_us is None:
        return glyphs.none, MUTED
    style = GOOD if peer.rtt_us < SLOW_RTT_US else WARN if peer.rtt_us < BAD_RTT_US else BAD
    return fmt.micros(peer.rtt_us, glyphs.ascii_only), style


#      key        title       least most share right rank  cell
COLUMNS = (
    Column("process", "Process", 10, 22, 1, False, 60, _process),
    Column("host", "Host", 15, 60, 4, False, 99, _host),
    Column("app", "App", 6, 12, 1, False, 20, lambda peer, glyphs: (peer.spoken, APP)),
    Column("flows", "Flows", 5, 7, 0, True, 40, lambda peer, glyphs: (fmt.short_count(peer.flows), TEXT)),
    Column("rate", "Total/s", 9, 9, 0, True, 90,
           lambda peer, glyphs: rate_cell(peer.rate_down + peer.rate_up, TEXT), file_rank=30),
    Column("rate_down", "Down/s", 9, 9, 0, True, 80, lambda peer, glyphs: rate_cell(peer.rate_down, DOWN),
           file_rank=32),
    Column("rate_up", "Up/s", 9, 9, 0, True, 70, lambda peer, glyphs: rate_cell(peer.rate_up, UP), file_rank=31),
    Column("total", "Total", 8, 8, 0, True, 55, lambda peer, glyphs: (fmt.size(peer.down + peer.up), TEXT),
           file_rank=90),
    Column("down", "Down", 8, 8, 0, True, 52, lambda peer, glyphs: (fmt.size(peer.down), TEXT), file_rank=80),
    Column("up", "Up", 8, 8, 0, True, 51, lambda peer, glyphs: (fmt.size(peer.up), TEXT), file_rank=79),
    Column("rtt", "RTT mean", 9, 9, 0, True, 50, rtt_cell),
)


def slots_of(found: Overview, width: int, state: State, of: Sequence[Column] = COLUMNS) -> list[table.Slot]:
    """The columns for that width; the process has one only when some is known, rates while time goes on."""
    over = not state.live and state.health is not None and state.health.done and not found.by_rate
    columns = [column for column in of if (column.key != "process" or any(peer.process for peer in found.peers))
               and not (over and column.key.startswith("rate"))]
    return [slot._replace(x=slot.x + table.MARGIN) for slot in table.fit(columns, width - table.MARGIN - 2, state.live)]


def top_row(state: State, rows: int) -> int:
    """The first row on screen, so that the selected one is visible."""
    return max(0, cursor(state) - rows + 1)


def _more_of(peer: Peer, glyphs: Glyphs) -> list[str]:
    """What stands under the selected connection once it has been opened."""
    who = f"{peer.address}   {peer.spoken}   {fmt.count(peer.flows)} {'flow' if peer.flows == 1 else 'flows'}"
    rtt = "not timed" if peer.rtt_us is None else f"{fmt.micros(peer.rtt_us, glyphs.ascii_only)}, mean of handshakes"
    return [who + (f"   {peer.process}" if peer.process else ""),
            f"down {fmt.rate(peer.rate_down)}, {fmt.size(peer.down)} in all   "
            f"up {fmt.rate(peer.rate_up)}, {fmt.size(peer.up)} in all   rtt {rtt}"]


def draw(canvas: Canvas, area: Area, state: State, columns: Sequence[Column] = COLUMNS,
         chosen_here: bool = True) -> None:
    """Heads and rows, more of the selected one where it has been opened. `chosen_here`: the keys go to this list."""
    found, glyphs = overview(state), state.glyphs
    if area.height < 2:
        return
    if found is None or not found.peers:
        words = "Reading" if found is None else "No flow passes this filter." if state.filter.applied else \
            "Nothing moves now; s shows what was moved." if found.by_rate and found.hosts else "No flows yet."
        canvas.put(area.y + 1, area.x + table.MARGIN, clip(words, area.width - 4, glyphs.ellipsis), MUTED)
        return
    slots = slots_of(found, area.width, state, columns)
    heads = "rate" if found.by_rate else "total"
    table.draw_heads(canvas, area.y, area.x, slots, heads, True, glyphs)
    chosen = cursor(state)
    more = [line for text in _more_of(found.peers[chosen], glyphs) for line in wrap(text, max(8, area.width - 6), 4)] \
        if part(state).opened else []
    rows = Area(area.y + 1, area.x, area.height - 1, area.width)
    top = top_row(state, max(1, rows.height - len(more)))
    y = rows.y
    for index in range(top, len(found.peers)):
        if y >= rows.y + rows.height:
            break
        table.draw_row(canvas, y, rows.x, slots, found.peers[index], None, glyphs)
        if index == chosen:
            if chosen_here:
                table.draw_selection(canvas, y, Area(y, rows.x, 1, rows.width - 1), glyphs)
            for text in more:
                y += 1
                if y < rows.y + rows.height:
                    canvas.put(y, rows.x + table.MARGIN + 2, clip(text, rows.width - 6, glyphs.ellipsis), MUTED)
        y += 1
    table.draw_scroll_bar(canvas, rows, top, len(found.peers), glyphs)


def row_at(state: State, area: Area, y: int) -> int | None:
    """The peer drawn at that line of `area`, without lines under it; None where there is none."""
    found = overview(state)
    index = top_row(state, max(1, area.height - 1)) + y - area.y - 1
    return index if found is not None and y > area.y and index < len(found.peers) else None


def click(state: State, area: Area, what: str, y: int) -> None:
    """The mouse over the list: the wheel moves the selection, a click selects, a double click opens."""
    if what.startswith("wheel"):
        ACTIONS["peer_up" if what == "wheel-up" else "peer_down"](state)
        return
    index = row_at(state, area, y)
    if index is not None:
        _move(lambda at, n: index)(state)
        if what == "double" and state.view == "full":
            open_flows(state)
