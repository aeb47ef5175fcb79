"""The Egress tab: who began flows, and where they went. A tree of two levels, folded and unfolded.

It tells what is so; whether that is allowed is for a policy to say: `netwatch egress`.
"""
from __future__ import annotations

from netwatch._fast.term.canvas import Canvas
from netwatch.addons.egress import Egress, EgressNow, Way
from netwatch.ui import drill
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.theme import ADDRESS, APP, DOWN, MATCH, MUTED, PROCESS, TEXT, TITLE, UP, WARN, Glyphs
from netwatch.ui.theme import NAME as HOST
from netwatch.ui.widgets.facts import Span
from netwatch.ui.widgets.listing import Listing, ListPart
from netwatch.ui.widgets.table import Cell, Column

NAME = "egress"


def question(state: State) -> Egress:
    return Egress(state.filter.applied)


def now(state: State) -> EgressNow | None:
    found = state.snapshot.answer
    return found if isinstance(found, EgressNow) else None


def rows(state: State) -> list[Way]:
    """The tree in the order chosen, without what is folded away."""
    found, part = now(state), LIST.part(state)
    if found is None:
        return []
    value = ORDER[part.sort or "out"]
    roots = sorted((way for way in found.ways if not way.host), key=value, reverse=part.descending)
    below: dict[str, list[Way]] = {}
    for way in found.ways:
        if way.host and way.who not in part.folded:
            below.setdefault(way.who, []).append(way)
    return [way for root in roots for way in
            (root, *sorted(below.get(root.who, ()), key=value, reverse=part.descending))]


def _none(glyphs: Glyphs) -> Cell:
    return glyphs.none, MUTED


def _columns(state: State) -> tuple[Column, ...]:
    """Whether a line is folded, and how long ago it was seen, is known with the picture only."""
    folded, found = LIST.part(state).folded, now(state)

    def where(row: Way, glyphs: Glyphs) -> Cell:
        if not row.host:
            return f"{glyphs.playing if row.who in folded else glyphs.down} {row.who}", PROCESS
        text, style = (row.name, HOST) if row.name else (row.host, ADDRESS)
        return f"    {fmt.endpoint(text, row.port)}", style

    def seen(row: Way, glyphs: Glyphs) -> Cell:
        return (fmt.age((found.now_ns - row.last_ns) / 1e9), MUTED) if found and row.last_ns else _none(glyphs)

    first = "Process / destination" if state.live else "Host / destination"
    return (
        Column("where", first, 22, 80, 4, False, 99, where, help="who began the flows, and where they went"),
        *COLUMNS,
        Column("last", "Seen", 6, 6, 0, True, 70, seen, help="packet time since the last frame"),
    )


COLUMNS = (
    Column("address", "Address", 15, 39, 1, False, 30, lambda row, glyphs:
           (row.host, ADDRESS) if row.host and row.name else _none(glyphs), help="where the name led"),
    Column("app", "App", 6, 12, 0, False, 60,
           lambda row, glyphs: (f"{row.app} +{row.apps - 1}" if row.apps > 1 else row.app, APP) if row.app
           else _none(glyphs), help="what it spoke, by bytes"),
    Column("flows", "Flows", 6, 9, 0, True, 50, lambda row, glyphs: (fmt.count(row.flows), TEXT), help="ended too"),
    Column("out", "Out", 8, 8, 0, True, 90, lambda row, glyphs: (fmt.size(row.bytes_out), UP), help="bytes sent there"),
    Column("in", "In", 8, 8, 0, True, 80, lambda row, glyphs: (fmt.size(row.bytes_in), DOWN), help="bytes from there"),
)
ORDER = {
    "where": lambda row: (row.name.lstrip("~") or row.host or row.who).lower(), "address": lambda row: row.host,
    "app": lambda row: row.app, "flows": lambda row: row.flows, "out": lambda row: row.bytes_out,
    "in": lambda row: row.bytes_in, "last": lambda row: row.last_ns,
}


def _head(state: State) -> list[Span]:
    found = now(state)
    if found is None:
        return [("asking", MUTED)]
    roots = sum(not way.host for way in found.ways)
    shown = sum(bool(way.host) for way in found.ways)
    noun = "process" if found.by_process else "host"
    told: list[Span] = [(f"{fmt.count(roots)} {noun}{'' if roots == 1 else 'es' if found.by_process else 's'}", TITLE),
                        (f"  {fmt.count(found.total)} destination{'s' * (found.total != 1)}", TEXT)]
    if shown < found.total:
        told.append((f", {fmt.count(shown)} of most bytes shown", MUTED))
    if state.filter.applied_text:
        told.append((f"  filter: {state.filter.applied_text}", MATCH))
    if found.carried:
        told.append((f"  {fmt.counted_twice(found.carried)}", MUTED))
    if found.left_out:
        why = "begun elsewhere" if state.live else "for which there was no room"
        told.append((f"  {fmt.count(found.left_out)} flows {why} are left out", MUTED if state.live else WARN))
    elif not state.live:
        told.append(("  a file knows no processes", MUTED))
    return told


def _empty(state: State) -> tuple[str, ...]:
    if now(state) is None:
        return ("Asking where flows went.",)
    if state.filter.applied is not None:
        return ("No flow passes this filter.", "Esc drops it, / changes it.")
    return ("No flow has been begun here yet.", "Flows to this machine, and of other machines, are in Connections.") \
        if state.live else ("No flows between IP addresses yet.",)


LIST = Listing(NAME, COLUMNS, rows, key=lambda row: (row.who, row.host, row.name, row.port, row.proto), head=_head,
               empty=_empty, columns_of=_columns, sort="out", descending=True, noun=("destination", "destinations"),
               sorted_by=ORDER)


def new_part() -> ListPart:
    return LIST.new_part()


def draw(canvas: Canvas, area: Area, state: State) -> None:
    LIST.draw(canvas, state)


def fold(state: State) -> None:
    """Fold or unfold who the selected line belongs to."""
    row = LIST.selected(state)
    if row is None:
        return
    part = LIST.part(state)
    part.folded ^= {row.who}
    rows_now = LIST.rows(state)
    LIST.select(state, next(i for i, each in enumerate(rows_now) if each.who == row.who and not each.host))


def fold_all(state: State) -> None:
    part, found = LIST.part(state), now(state)
    part.folded = set() if part.folded or found is None else {way.who for way in found.ways}
    LIST.on_snapshot(state)


def follow(state: State) -> None:
    """To its flows, in Connections."""
    row = LIST.selected(state)
    if row is None:
        state.message = "Nothing is selected"
    else:
        drill.into(state, row.within)


ACTIONS = LIST.actions() | {"follow": follow, "fold": fold, "fold_all": fold_all}
on_snapshot, on_mouse, sorting = LIST.on_snapshot, LIST.on_mouse, LIST.sorting
