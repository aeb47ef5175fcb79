"""The Egress tab: who began flows, and where they went, or who came in. A tree of two levels, folded and unfolded.

Whether that is allowed is for a policy to say, the one of `netwatch egress`; `+` makes what is seen part of it.
"""
from __future__ import annotations

from dataclasses import dataclass, replace

from netwatch._fast.term.canvas import Canvas
from netwatch.addons.egress import Allow, Egress, EgressNow, Way, allowing
from netwatch.ui import drill, remote
from netwatch.ui import format as fmt
from netwatch.ui.asking import ask_line
from netwatch.ui.state import Area, State
from netwatch.ui.theme import ADDRESS, APP, BAD, DOWN, GOOD, MATCH, MUTED, PROCESS, TEXT, TITLE, UP, WARN, Glyphs
from netwatch.ui.theme import NAME as HOST
from netwatch.ui.widgets.facts import Span
from netwatch.ui.widgets.listing import Listing, ListPart
from netwatch.ui.widgets.table import Cell, Column

NAME = "egress"


@dataclass
class EgressPart(ListPart):
    """`inward`: who came in is shown, and not where flows went."""
    inward: bool = False


def question(state: State) -> Egress:
    return Egress(state.filter.applied, state.part(NAME, EgressPart).inward)


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
    inward = found is not None and found.inward

    def where(row: Way, glyphs: Glyphs) -> Cell:
        if not row.host:
            return f"{glyphs.playing if row.who in folded else glyphs.down} {row.who}", PROCESS
        text, style = (row.name, HOST) if row.name else (row.host, ADDRESS)
        end = fmt.endpoint(text, row.port) if not inward else f"{text} to port {row.port}" if row.port else text
        return f"    {end}", style

    def seen(row: Way, glyphs: Glyphs) -> Cell:
        return (fmt.age((found.now_ns - row.last_ns) / 1e9), MUTED) if found and row.last_ns else _none(glyphs)

    other = "source" if inward else "destination"
    first = f"{'Process' if state.live else 'Host'} / {other}"
    judged = () if inward or found is None or not found.policy else (VERDICT,)
    owned = (OWNER,) if found is not None and found.recorded else ()
    return (
        Column("where", first, 22, 80, 4, False, 99, where,
               help="who began the flows, and where they went; or to whom they came, and from where"),
        *owned, *judged, *COLUMNS,
        Column("last", "Seen", 6, 6, 0, True, 70, seen, help="packet time since the last frame"),
    )


def _verdict(row: Way, glyphs: Glyphs) -> Cell:
    """The word of the policy; what decided stands behind it where there is room."""
    if row.verdict is None:
        return _none(glyphs)
    style = BAD if row.verdict.bad else MUTED if row.verdict.word == "no-rule" else GOOD
    return f"{row.verdict.word} {row.verdict.by}".rstrip() if row.host else row.verdict.word, style


VERDICT = Column("verdict", "Policy", 10, 26, 1, False, 85, _verdict, help="what egress-policy.toml says of it")
OWNER = Column("process", "Process", 7, 24, 1, False, 88,
               lambda row, glyphs: (row.process, PROCESS) if row.process else _none(glyphs),
               help="the program that was written beside the packets, of one of the two ends")
COLUMNS = (
    Column("address", "Address", 15, 39, 1, False, 30, lambda row, glyphs:
           (row.host, ADDRESS) if row.host and row.name else _none(glyphs), help="where the name led"),
    Column("app", "App", 9, 9, 0, False, 60,
           lambda row, glyphs: (f"{row.app} +{row.apps - 1}" if row.apps > 1 else row.app, APP) if row.app
           else _none(glyphs), help="what it spoke, by bytes"),
    Column("flows", "Flows", 6, 9, 0, True, 50, lambda row, glyphs: (fmt.count(row.flows), TEXT), help="ended too"),
    Column("out", "Out", 8, 8, 0, True, 90, lambda row, glyphs: (fmt.size(row.bytes_out), UP), help="bytes sent there"),
    Column("in", "In", 8, 8, 0, True, 80, lambda row, glyphs: (fmt.size(row.bytes_in), DOWN), help="bytes from there"),
)
ORDER = {
    "where": lambda row: (row.name.lstrip("~") or row.host or row.who).lower(), "address": lambda row: row.host,
    "verdict": lambda row: (row.verdict is not None and row.verdict.bad, row.verdict.word if row.verdict else ""),
    "process": lambda row: row.process, "app": lambda row: row.app, "flows": lambda row: row.flows,
    "out": lambda row: row.bytes_out,
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
                        (f"  {fmt.count(found.total)} {'source' if found.inward else 'destination'}"
                         f"{'s' * (found.total != 1)}", TEXT)]
    told += _policy_words(found)
    if shown < found.total:
        told.append((f", {fmt.count(shown)} of most bytes shown", MUTED))
    if state.filter.applied_text:
        told.append((f"  filter: {state.filter.applied_text}", MATCH))
    if found.carried:
        told.append((f"  {fmt.counted_twice(found.carried, state.body.width - 80)}", MUTED))
    if found.left_out:
        why = "not begun here" if state.live else "without room"
        told.append((f"  {fmt.count(found.left_out)} flow{'s' * (found.left_out != 1)} {why}",
                     MUTED if state.live else WARN))
    elif not state.live and not found.recorded:
        told.append(("  a file knows no processes", MUTED))
    return told


def _policy_words(found: EgressNow) -> list[Span]:
    """How much of what is shown breaks the policy; that there is none, or why it cannot be used."""
    if found.inward:
        return [("  who came in; i shows where flows went", MUTED)]
    if found.problem:
        return [(f"  policy: {found.problem}", BAD)]
    if not found.policy:
        return [("  no policy: + begins one", MUTED)]
    bad = sum(way.verdict is not None and way.verdict.bad for way in found.ways if way.host)
    return [(f"  {fmt.count(bad)} break{'s' * (bad == 1)} the policy", BAD) if bad else ("  within the policy", GOOD)]


def _empty(state: State) -> tuple[str, ...]:
    found = now(state)
    if found is None:
        return ("Asking where flows went.",)
    if state.filter.applied is not None:
        return ("No flow passes this filter.", "Esc drops it, / changes it.")
    if found.inward:
        return ("Nobody has come in yet.", "i shows where flows went.")
    return ("No flow has been begun here yet.", "i shows who came in; flows of other machines are in Connections.") \
        if state.live else ("No flows between IP addresses yet.",)


LIST = Listing(NAME, COLUMNS, rows,
               key=lambda row: (row.who, row.host, row.name, row.port, row.proto, row.process), head=_head,
               empty=_empty, columns_of=_columns, sort="out", descending=True, noun=("destination", "destinations"),
               sorted_by=ORDER)


def new_part() -> EgressPart:
    return EgressPart(**vars(LIST.new_part()))


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
    elif not row.host and (found := now(state)) is not None and found.inward:
        state.message = "Its sources have flows that can be shown; this line is their sum"
    else:
        drill.into(state, row.within)


def turn_way(state: State) -> None:
    """Where flows went, or who came in."""
    part = state.part(NAME, EgressPart)
    part.inward = not part.inward
    part.top, part.cursor, part.pinned = 0, 0, False


def allow(state: State) -> None:
    """Ask whether what the selected line tells of may become part of the policy, and write it there. The names may be
    changed before: a wildcard is for the user to choose."""
    row, found = LIST.selected(state), now(state)
    if row is None or found is None or found.inward:
        state.message = "Nothing is selected that a policy is about"
        return
    ways = [row] if row.host else [way for way in found.ways if way.host and way.who == row.who]
    wanted = allowing([way for way in ways if way.verdict is None or way.verdict.word not in ALLOWED])
    if not wanted:
        state.message = "The policy has that already" if found.policy else "A policy is not about that"
        return
    _ask(state, wanted)


def _ask(state: State, wanted: list[Allow]) -> None:
    """One after the other: a line for each program and kind of entry."""
    first, *others = wanted
    what = "names" if first.key == "allow_sni" else "addresses"

    def accept(state: State, text: str) -> None:
        values = tuple(value for value in text.replace(",", " ").split() if value)
        if values:
            state.do(replace(first, values=values))
        if others:
            _ask(state, others)

    more = f"  {len(others)} more to ask" if others else ""
    ask_line(state, f"Allow {first.program} to talk to these {what}",
               f"Enter writes it into egress-policy.toml, Esc nothing{more}", " ".join(first.values), accept)


ALLOWED = ("sni", "ip", "asn")
def _remote(state: State) -> str:
    row = LIST.selected(state)
    return remote.far_end(state, row.host) if row is not None else ""


ACTIONS = LIST.actions() | {"follow": follow, "fold": fold, "fold_all": fold_all, "egress_allow": allow,
                            "egress_way": turn_way} | remote.actions(_remote)
on_snapshot, on_mouse, sorting = LIST.on_snapshot, LIST.on_mouse, LIST.sorting
