"""The Topology tab: this machine, its gateway, the local network and the world, as the flows show them.

Four boxes side by side where there is room, one list below that. Nothing is sent to find out more.
"""
from __future__ import annotations

from collections.abc import Sequence

from netwatch._fast.term.canvas import Canvas, clip, text_width
from netwatch.addons.topology import INITIAL_TTLS, Peer, Peers, PeersNow
from netwatch.ui import drill, remote
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.theme import ADDRESS, APP, BAD, FAINT, GOOD, MATCH, MUTED, TEXT, TITLE, WARN, Glyphs
from netwatch.ui.theme import NAME as HOST
from netwatch.ui.widgets import table
from netwatch.ui.widgets.box import draw_box
from netwatch.ui.widgets.facts import Fact, Span, fact, title
from netwatch.ui.widgets.listing import Listing, ListPart

NAME = "topology"
BOXES_FROM = 160                   # columns; a sorted list is better on fewer
BOXES_TALL = 18                    # lines in which every box has a row
SLOW_US, BAD_US = 50_000, 200_000
PLACES = ("self", "gateway", "lan", "internet", "group")
TITLES = {"self": "THIS MACHINE", "gateway": "GATEWAY", "lan": "LOCAL NETWORK", "internet": "INTERNET",
          "group": "NO SINGLE HOST"}
RTT_CELLS, BYTES_CELLS = 9, 8
BEGUN = ", ".join(map(str, INITIAL_TTLS))


def question(state: State) -> Peers:
    return Peers(state.filter.applied)


def now(state: State) -> PeersNow | None:
    found = state.snapshot.answer
    return found if isinstance(found, PeersNow) else None


def rows(state: State) -> list[Peer]:
    """All peers, place by place, largest first in each."""
    found, chip = now(state), LIST.part(state).chip
    if found is None:
        return []
    return [peer for place in PLACES if chip in ("all", place) for peer in found.peers if peer.place == place]


def rtt(peer: Peer, glyphs: Glyphs) -> table.Cell:
    """Its round trip with a sign: nothing by colour alone. "!" is over 50 ms, "!!" over 200 ms."""
    if peer.rtt_us is None:
        return glyphs.none, MUTED
    text = fmt.micros(peer.rtt_us, glyphs.ascii_only)
    if peer.rtt_us > BAD_US:
        return f"{text}!!", BAD
    return (f"{text}! ", WARN) if peer.rtt_us > SLOW_US else (f"{text}  ", GOOD)


def hops(peer: Peer) -> str:
    """Routers between it and where was captured, with a ~ as it is inferred; "" unknown."""
    if peer.hops is None:
        return ""
    least, most = peer.hops
    return f"~{least}" if least == most else f"~{least}-{most}"


def octets(peer: Peer, value: int, glyphs: Glyphs) -> table.Cell:
    """Nothing was measured of a host that no flow has shown."""
    return (fmt.size(value), TEXT) if peer.flows else (glyphs.none, MUTED)


def label(peer: Peer) -> str:
    return f"{peer.name} ({peer.address})" if peer.name else peer.address


# ------------------------------------------------------------------------------------------------------------ as a list

COLUMNS = (
    table.Column("place", "Where", 8, 8, 0, False, 80, lambda row, glyphs: (row.place, APP), help="self, gateway ..."),
    table.Column("address", "Host", 16, 60, 4, False, 99,
                 lambda row, glyphs: (label(row), HOST if row.name else ADDRESS), help="address and name"),
    table.Column("detail", "About", 16, 34, 1, False, 20,
                 lambda row, glyphs: (row.detail, MUTED) if row.detail else (glyphs.none, MUTED), help="maker, role"),
    table.Column("flows", "Flows", 6, 9, 0, True, 60, lambda row, glyphs: (fmt.count(row.flows), TEXT),
                 help="with it, ended ones included"),
    table.Column("out", "Sent", 8, 8, 0, True, 70,
                 lambda row, glyphs: octets(row, row.bytes_out, glyphs), help="by it"),
    table.Column("in", "Received", 8, 8, 0, True, 65,
                 lambda row, glyphs: octets(row, row.bytes_in, glyphs), help="by it"),
    table.Column("hops", "Hops", 6, 6, 0, True, 15,
                 lambda row, glyphs: (hops(row), TEXT) if row.hops is not None else (glyphs.none, MUTED),
                 help="routers on the way, by the TTL"),
    table.Column("rtt", "RTT", RTT_CELLS, RTT_CELLS, 0, True, 75, rtt, help="mean of the handshakes seen"),
)
VALUES = {
    "place": lambda row: PLACES.index(row.place), "address": lambda row: label(row), "flows": lambda row: row.flows,
    "out": lambda row: row.bytes_out, "in": lambda row: row.bytes_in, "rtt": lambda row: row.rtt_us,
    "hops": lambda row: row.hops,
    "detail": lambda row: row.detail or None,
}


def facts(state: State, row: Peer) -> list[Fact]:
    glyphs = state.glyphs
    share = f"{100 * row.resent / row.tcp_packets:.2f} % of {fmt.count(row.tcp_packets)}" if row.tcp_packets else ""
    found = now(state)
    ago = f"{fmt.age((found.now_ns - row.last_ns) / 1e9)} ago" if found and row.last_ns else ""
    return [
        title(label(row)), fact("Where", TITLES[row.place].lower(), glyphs), fact("Address", row.address, glyphs),
        fact("Scope", row.scope, glyphs), fact("Name", row.name, glyphs), fact("About", row.detail, glyphs),
        fact("Hops", f"{hops(row)} by its TTL, counted from {BEGUN}" if row.hops else "", glyphs),
        fact("RTT", rtt(row, glyphs)[0].strip() if row.rtt_us is not None else "", glyphs),
        fact("Flows", f"{fmt.count(row.flows)}, {fmt.count(row.live)} {'live' if state.live else 'open'}", glyphs),
        fact("Sent", fmt.size(row.bytes_out) if row.flows else "", glyphs),
        fact("Received", fmt.size(row.bytes_in) if row.flows else "", glyphs),
        fact("To itself", fmt.size(row.bytes_own) if row.bytes_own else "", glyphs),
        fact("Sent again", share, glyphs),
        fact("Last seen", ago, glyphs),
    ]


def _head(state: State) -> list[Span]:
    found = now(state)
    if found is None:
        return [("asking", MUTED)]
    told: list[Span] = [(f"{fmt.count(found.hosts)} {'host' if found.hosts == 1 else 'hosts'}", TITLE)]
    if found.hosts > len(found.peers):
        told.append((f", {fmt.count(len(found.peers))} of most bytes shown", MUTED))
    if found.unplaced:
        told.append((f"  {fmt.count(found.unplaced)} ends of flows not placed", WARN))
    if state.filter.applied_text:
        told.append((f"  filter: {state.filter.applied_text}", MATCH))
    elif not state.live:
        told.append(("  a file has no self", MUTED))
    return told


def _empty(state: State) -> tuple[str, ...]:
    if now(state) is None:
        return ("Asking for the hosts.",)
    if state.filter.applied is not None:
        return ("No flow between IP addresses passes this filter.", "Esc drops it, / changes it.")
    return ("No flows between IP addresses yet.",)


def follow(state: State) -> None:
    """To its flows, in Connections."""
    row = LIST.selected(state)
    if row is None:
        state.message = "Nothing is selected"
        return
    drill.into_text(state, f"src == {row.address} or dst == {row.address}", row.address)


def _remote(state: State) -> str:
    row = LIST.selected(state)
    return remote.far_end(state, row.address) if row is not None else ""


LIST = Listing(NAME, COLUMNS, rows, key=lambda row: row.address, values=VALUES, facts=facts, head=_head, empty=_empty,
               chips=("all", *PLACES), sort="", noun=("host", "hosts"), entered=follow)
ACTIONS = LIST.actions() | {"follow": follow} | remote.actions(_remote)
on_snapshot, sorting = LIST.on_snapshot, LIST.sorting


def new_part() -> ListPart:
    return LIST.new_part()


def inner(state: State) -> tuple[str, ...]:
    return LIST.inner(state)


# ------------------------------------------------------------------------------------------------------------ as boxes

def in_boxes(state: State) -> bool:
    """Side by side: the map is wide enough, in its own order, and all of it is wanted."""
    part = LIST.part(state)
    own_order = part.sort in ("", "place") and not part.descending
    return state.body.width >= BOXES_FROM and state.body.height >= BOXES_TALL and own_order and part.chip == "all" and \
        not part.details and bool(rows(state)) and not state.filter.editing


def boxes(state: State) -> list[tuple[str, Area]]:
    """(place, its box): this machine and the gateway above, the local network and the world as columns, below what is
    no single host, if anything is."""
    y, x, height, width = state.body
    y, height = y + 1, height - 1
    left = width * 2 // 5
    counts = {place: sum(peer.place == place for peer in rows(state)) for place in PLACES}
    tall = {"self": max(3, min(counts["self"] + 2, 6)), "gateway": max(3, min(counts["gateway"] + 2, 5))}
    low = height - tall["self"] - tall["gateway"]
    many = min(counts["group"] + 2, low // 2, 7) if counts["group"] else 0
    low -= many
    return [
        ("self", Area(y, x, tall["self"], left)),
        ("gateway", Area(y + tall["self"], x, tall["gateway"], left)),
        ("lan", Area(y + tall["self"] + tall["gateway"], x, low, left)),
        ("internet", Area(y, x + left + 4, height, width - left - 4)),
        *((("group", Area(y + height - many, x, many, left)),) if many else ()),
    ]


def visible(peers: Sequence[Peer], height: int, selected: object) -> tuple[int, int]:
    """(first, how many) of a box's peers on screen; a line is kept for how many more there are."""
    if len(peers) <= height:
        return 0, len(peers)
    room = max(1, height - 1)
    at = next((i for i, peer in enumerate(peers) if peer.address == selected), 0)
    return max(0, min(at - room + 1, len(peers) - room)) if at >= room else 0, room


def _draw_box(canvas: Canvas, place: str, area: Area, state: State) -> None:
    peers = [peer for peer in rows(state) if peer.place == place]
    found, glyphs, chosen = now(state), state.glyphs, LIST.part(state).selected
    total = sum(peer.bytes_out for peer in peers)
    name = TITLES[place] + (f" {fmt.count(len(peers))}, sent {fmt.size(total)}" if place in ("lan", "internet") else "")
    draw_box(canvas, area, name, glyphs)
    inside = Area(area.y + 1, area.x + 1, area.height - 2, area.width - 2)
    if not peers:
        text = "not known: this is a file" if place == "self" and not state.live else \
            ", ".join(filter(None, found.interfaces)) if place == "self" and found else "none seen"
        canvas.put(inside.y, inside.x + 1, clip(text, inside.width - 2, glyphs.ellipsis), MUTED)
        return
    first, shown = visible(peers, inside.height, chosen)
    for i, peer in enumerate(peers[first:first + shown]):
        y, cell = inside.y + i, rtt(peer, glyphs)
        room = inside.width - 3 - BYTES_CELLS - 1 - (RTT_CELLS if place != "self" else 0)
        canvas.put(y, inside.x + 1, clip(label(peer), room, glyphs.ellipsis), HOST if peer.name else ADDRESS)
        canvas.field(y, inside.x + 1 + room, BYTES_CELLS + 1,
                     *octets(peer, peer.bytes, glyphs), True)
        if place != "self":
            canvas.field(y, inside.x + inside.width - RTT_CELLS - 1, RTT_CELLS, *cell, True)
        if peer.address == chosen:
            table.draw_selection(canvas, y, inside, glyphs)
    if shown < len(peers):
        canvas.put(inside.y + shown, inside.x + 1, f"and {fmt.count(len(peers) - shown)} more", MUTED)


def draw(canvas: Canvas, area: Area, state: State) -> None:
    if not in_boxes(state):
        LIST.draw(canvas, state)
        return
    LIST.draw_info(canvas, Area(area.y, area.x, 1, area.width), state)
    placed = boxes(state)
    for place, box in placed:
        _draw_box(canvas, place, box, state)
    world, gateway = placed[3][1], placed[1][1]
    y = gateway.y + 1
    link = f"{state.glyphs.rule * 3}{state.glyphs.arrow}"
    canvas.put(y, gateway.x + gateway.width, link, FAINT)
    legend = "RTT: ! over 50 ms, !! over 200 ms"
    x = world.x + world.width - text_width(legend) - 3
    canvas.put(world.y + world.height - 1, x, f" {legend} ", MUTED)


def on_mouse(state: State, what: str, y: int, x: int) -> None:
    if not in_boxes(state) or what.startswith("wheel") or y == state.body.y:
        LIST.on_mouse(state, what, y, x)
        return
    everyone = rows(state)
    for place, box in boxes(state):
        if box.y < y < box.y + box.height - 1 and box.x <= x < box.x + box.width:
            peers = [peer for peer in everyone if peer.place == place]
            first, shown = visible(peers, box.height - 2, LIST.part(state).selected)
            if y - box.y - 1 < shown:
                LIST.select(state, everyone.index(peers[first + y - box.y - 1]))
                if what == "double":
                    follow(state)
