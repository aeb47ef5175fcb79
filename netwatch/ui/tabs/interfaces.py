"""The Interfaces tab: what this machine's interfaces are and carry; of a file, the interfaces it was captured on."""
from __future__ import annotations

from netwatch._fast.term.canvas import Canvas
from netwatch.addons.interfaces import ACTIVE, DOWN, IDLE, NOT_ASKED, Interface, Interfaces, InterfacesNow
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.theme import ADDRESS, APP, BAD, GOOD, MUTED, TEXT, TITLE, WARN, Glyphs
from netwatch.ui.theme import DOWN as RECEIVED
from netwatch.ui.theme import UP as SENT
from netwatch.ui.widgets import graph, throughput
from netwatch.ui.widgets.facts import Fact, Span, fact, title
from netwatch.ui.widgets.graph import spark
from netwatch.ui.widgets.listing import Listing, ListPart
from netwatch.ui.widgets.table import Cell, Column

NAME = "interfaces"
SPARK = 30                         # cells, two seconds each
SECONDS = 60
COURSE_FROM, COURSE_MOST = 6, 16   # rows of the course of the selected one
NARROWEST = 50


def question(state: State) -> Interfaces:
    return Interfaces()


def now(state: State) -> InterfacesNow | None:
    """The answer on screen; None when it is still one to another question."""
    found = state.snapshot.answer
    return found if isinstance(found, InterfacesNow) else None


def rows(state: State) -> list[Interface]:
    chip, found = LIST.part(state).chip, now(state)
    return [row for row in found.rows if chip in ("all", row.state)] if found else []


# ------------------------------------------------------------------------------------------------------------ cells

def _none(glyphs: Glyphs) -> Cell:
    return glyphs.none, MUTED


def _state(row: Interface, glyphs: Glyphs) -> Cell:
    return row.state, {ACTIVE: GOOD, IDLE: TEXT, DOWN: MUTED}[row.state]


def mark(row: Interface, glyphs: Glyphs) -> tuple[str, int, int | None]:
    """The sign before a row, its style, and the tint of a row that is down."""
    sign, style = {ACTIVE: (glyphs.fresh, GOOD), IDLE: (glyphs.stale, TEXT), DOWN: (glyphs.ended, MUTED)}[row.state]
    return sign, style, MUTED if row.state == DOWN else None


def _addresses(row: Interface, glyphs: Glyphs) -> Cell:
    return (", ".join(row.addresses), ADDRESS) if row.addresses else _none(glyphs)


def _role(row: Interface, glyphs: Glyphs) -> Cell:
    return (", ".join(row.roles), APP) if row.roles else _none(glyphs)


def _rate(row: Interface, which: str, style: int, glyphs: Glyphs) -> Cell:
    if row.rate is None:
        return _none(glyphs)
    value = getattr(row.rate, which)
    return fmt.rate(value), style if value >= 0.5 else MUTED


def counted(row: Interface, *names: str) -> int | None:
    """The sum of counters; None when the system keeps none of them."""
    found = [getattr(row.counters, name) for name in names] if row.counters else []
    known = [value for value in found if value is not None]
    return sum(known) if known else None


def _total(row: Interface, name: str, glyphs: Glyphs) -> Cell:
    value = counted(row, name)
    return _none(glyphs) if value is None else (fmt.size(value), TEXT)


def _trouble(row: Interface, glyphs: Glyphs, *names: str) -> Cell:
    value = counted(row, *names)
    return _none(glyphs) if value is None else (fmt.short_count(value), WARN if value else MUTED)


def speed(row: Interface) -> str:
    """1 Gbit/s full; "" when the system does not tell."""
    counters = row.counters
    if counters is None or not counters.speed_mbps:
        return ""
    return " ".join(filter(None, (fmt.bit_rate(counters.speed_mbps * 125_000), row.link.duplex if row.link else "")))


def _speed(row: Interface, glyphs: Glyphs) -> Cell:
    return (speed(row), TEXT) if speed(row) else _none(glyphs)


def _mtu(row: Interface, glyphs: Glyphs) -> Cell:
    return (str(row.counters.mtu), TEXT) if row.counters and row.counters.mtu else _none(glyphs)


def _history(row: Interface, glyphs: Glyphs) -> Cell:
    return (spark([rx + tx for rx, tx in row.history], SPARK, None, glyphs), RECEIVED) if row.history else _none(glyphs)


ERRORS, DROPS = ("rx_errors", "tx_errors"), ("rx_drops", "tx_drops")
#      key            title         least most share right rank  cell
COLUMNS = (
    Column("name", "Iface", 8, 16, 1, False, 99, lambda row, glyphs: (row.name, TITLE), help="its name"),
    Column("state", "State", 6, 7, 0, False, 90, _state, help="active, idle (up, no traffic seen), down"),
    Column("addresses", "Addresses", 15, 60, 5, False, 70, _addresses, help="IPv4 and IPv6"),
    Column("role", "Role", 13, 34, 2, False, 45, _role, help="what it is for"),
    Column("speed", "Speed", 11, 15, 0, True, 20, _speed, help="of the link, and duplex"),
    Column("mtu", "MTU", 5, 6, 0, True, 15, _mtu, help="largest packet, bytes"),
    Column("rx", "RX/s", 9, 9, 0, True, 85, lambda row, glyphs: _rate(row, "rx_bytes_s", RECEIVED, glyphs),
           help="bytes received per second"),
    Column("tx", "TX/s", 9, 9, 0, True, 84, lambda row, glyphs: _rate(row, "tx_bytes_s", SENT, glyphs),
           help="bytes sent per second"),
    Column("rx_total", "RX total", 8, 9, 0, True, 55, lambda row, glyphs: _total(row, "rx_bytes", glyphs),
           help="bytes received since it came up"),
    Column("tx_total", "TX total", 8, 9, 0, True, 54, lambda row, glyphs: _total(row, "tx_bytes", glyphs),
           help="bytes sent since it came up"),
    Column("errors", "Errors", 6, 7, 0, True, 40, lambda row, glyphs: _trouble(row, glyphs, *ERRORS),
           help="frames received or sent with errors"),
    Column("drops", "Drops", 6, 7, 0, True, 41, lambda row, glyphs: _trouble(row, glyphs, *DROPS),
           help="frames dropped by the interface"),
    Column("collisions", "Coll", 5, 6, 0, True, 10, lambda row, glyphs: _trouble(row, glyphs, "collisions"),
           help="collisions"),
    Column("history", "Last 60 s", SPARK, SPARK, 0, True, 50, _history, help="both ways together"),
)
FILE_COLUMNS = (
    Column("name", "Iface", 10, 30, 2, False, 99,
           lambda row, glyphs: (row.name, TITLE) if row.name else _none(glyphs), help="its name in the capture"),
    Column("link", "Link type", 12, 24, 1, False, 80, lambda row, glyphs: (row.captured.link, APP),
           help="of its frames"),
    Column("snaplen", "Snaplen", 8, 8, 0, True, 50, lambda row, glyphs:
           (str(row.captured.snaplen), TEXT) if row.captured.snaplen else _none(glyphs),
           help="most bytes kept of a frame"),
    Column("frames", "Frames", 10, 14, 0, True, 90, lambda row, glyphs: (fmt.count(row.captured.frames), TEXT),
           help="read so far"),
    Column("bytes", "Bytes", 8, 9, 0, True, 85, lambda row, glyphs: (fmt.size(row.captured.bytes), TEXT),
           help="on the wire"),
    Column("cut", "Cut short", 9, 9, 0, True, 60, lambda row, glyphs:
           (fmt.short_count(row.captured.cut), WARN if row.captured.cut else MUTED), help="frames not kept whole"),
    Column("lasted", "Covers", 7, 8, 0, True, 55, lambda row, glyphs:
           (fmt.age((row.captured.last_ns - row.captured.first_ns) / 1e9), TEXT) if row.captured.last_ns
           else _none(glyphs),
           help="from its first frame to its last"),
    Column("description", "Description", 10, 40, 2, False, 20, lambda row, glyphs:
           (row.captured.description, MUTED) if row.captured.description else _none(glyphs),
           help="as the capture has it"),
)


def _rate_of(row: Interface, which: str) -> float | None:
    return getattr(row.rate, which) if row.rate else None


VALUES = {
    "name": lambda row: row.name or None, "state": lambda row: (ACTIVE, IDLE, DOWN).index(row.state),
    "addresses": lambda row: row.addresses or None, "role": lambda row: row.roles or None,
    "speed": lambda row: row.counters and row.counters.speed_mbps, "mtu": lambda row: row.counters and row.counters.mtu,
    "rx": lambda row: _rate_of(row, "rx_bytes_s"), "tx": lambda row: _rate_of(row, "tx_bytes_s"),
    "rx_total": lambda row: counted(row, "rx_bytes"), "tx_total": lambda row: counted(row, "tx_bytes"),
    "errors": lambda row: counted(row, *ERRORS), "drops": lambda row: counted(row, *DROPS),
    "collisions": lambda row: counted(row, "collisions"),
    "history": lambda row: sum(rx + tx for rx, tx in row.history) if row.history else None,
    "link": lambda row: row.captured.link, "snaplen": lambda row: row.captured.snaplen or None,
    "frames": lambda row: row.captured.frames, "bytes": lambda row: row.captured.bytes,
    "cut": lambda row: row.captured.cut, "description": lambda row: row.captured.description or None,
    "lasted": lambda row: row.captured.last_ns - row.captured.first_ns if row.captured.frames else None,
}


# ----------------------------------------------------------------------------------------------------------- details

def facts(state: State, row: Interface) -> list[Fact]:
    glyphs = state.glyphs
    found = [title(f"Interface {row.name}" if row.name else "An interface without a name")]
    if row.counters is not None:
        found += _system_facts(row, glyphs)
        servers = now(state)
        found.append(fact("DNS servers", ", ".join(servers.nameservers) if servers else "", glyphs))
    if row.captured is not None:
        found += _capture_facts(row, glyphs)
        if state.live:
            found.append(_coverage_fact(row, glyphs))
    elif state.live:
        found += [title("Capture"), ("", "not captured in this session", MUTED)]
    return found


def _system_facts(row: Interface, glyphs: Glyphs) -> list[Fact]:
    counters, link = row.counters, row.link
    assert counters is not None
    mac = counters.mac if counters.mac and counters.mac != "00:00:00:00:00:00" else ""
    carrier = {True: "yes", False: "no", None: ""}[link.carrier if link else None]
    told: list[Fact] = [
        fact("State", row.state, glyphs), fact("Up", {True: "yes", False: "no", None: ""}[counters.up], glyphs),
        fact("Carrier", carrier, glyphs), fact("Role", ", ".join(row.roles), glyphs),
        fact("Kind", link.kind if link else "", glyphs), fact("Driver", link.driver if link else "", glyphs),
        fact("MAC", f"{mac} {row.vendor or ''}".strip(), glyphs), fact("Speed", speed(row), glyphs),
        fact("MTU", f"{counters.mtu} bytes" if counters.mtu else "", glyphs), title("Network"),
    ]
    told += [("Address" if i == 0 else " ", address, ADDRESS) for i, address in enumerate(row.addresses)] or \
        [fact("Address", "", glyphs)]
    told.append(fact("Gateway", ", ".join(row.gateways), glyphs))
    told.append(fact("Neighbours", "" if row.neighbours is None else fmt.count(row.neighbours), glyphs))
    told += [("Route" if i == 0 else " ", route, TEXT) for i, route in enumerate(row.routes or ())] or \
        [fact("Route", "none" if row.routes is not None else "", glyphs)]
    if row.history:
        told += [title("Traffic, both ways together"), ("Last 60 s", _history(row, glyphs)[0], RECEIVED)]
    told.append(title("Counters since it came up"))
    for label, unit, names in (("Bytes", "size", ("rx_bytes", "tx_bytes")),
                               ("Packets", "", ("rx_packets", "tx_packets")),
                               ("Errors", "", ERRORS), ("Drops", "", DROPS)):
        values = [getattr(counters, name) for name in names]
        shown = [glyphs.none if value is None else fmt.size(value) if unit else fmt.count(value) for value in values]
        told.append((label, f"in {shown[0]}   out {shown[1]}", TEXT))
    told.append(fact("Collisions", "" if counters.collisions is None else fmt.count(counters.collisions), glyphs))
    return told


def _capture_facts(row: Interface, glyphs: Glyphs) -> list[Fact]:
    taken = row.captured
    assert taken is not None
    return [
        title("Capture"), fact("Link type", taken.link, glyphs), fact("Description", taken.description, glyphs),
        fact("Snaplen", f"{fmt.count(taken.snaplen)} bytes" if taken.snaplen else "", glyphs),
        fact("Frames", fmt.count(taken.frames), glyphs), fact("Bytes", fmt.size(taken.bytes), glyphs),
        fact("Cut short", f"{fmt.count(taken.cut)} frames", glyphs),
        fact("First frame", fmt.moment(taken.first_ns) if taken.frames else "", glyphs),
        fact("Last frame", fmt.moment(taken.last_ns) if taken.frames else "", glyphs),
        fact("Clock went back", f"{taken.clock_steps} times, at most {fmt.age(taken.largest_step_ns / 1e9)}"
             if taken.clock_steps else "never" if taken.frames else "", glyphs, BAD if taken.clock_steps else TEXT),
    ]


def _coverage_fact(row: Interface, glyphs: Glyphs) -> Fact:
    """Of all bytes that the system counted. A capture filter, a capture that was stopped and drops make it less."""
    share = row.coverage
    if share is None:
        return fact("Captured", "", glyphs)
    shown = "100" if share == 1 else f"{min(100 * share, 99.9):.1f}"
    return "Captured", f"{shown} % of the bytes that the interface counted", TEXT


# -------------------------------------------------------------------------------------------------------------- face

def head(state: State) -> list[Span]:
    found = now(state)
    if found is None:
        return [("asking", MUTED)]
    noun = "interface" if len(found.rows) == 1 else "interfaces"
    shown = [(f"{fmt.count(len(found.rows))} {noun}", TITLE)]
    return shown + ([] if found.live else [("  of the file, not of this machine", MUTED)])


def empty(state: State) -> tuple[str, ...]:
    found = now(state)
    if found is None or found.why == NOT_ASKED:
        return ("Asking for the interfaces.",)
    if found.why:
        return ("The system does not tell its interfaces:", found.why)
    if found.rows:
        return (f"No interface is {LIST.part(state).chip}.", "f shows the others.")
    return ("The capture names no interface yet.",)


LIST = Listing(NAME, COLUMNS, rows, key=lambda row: (row.number, row.name), values=VALUES, facts=facts, head=head,
               empty=empty, mark=mark, chips=("all", ACTIVE, IDLE, DOWN), sort="name",
               noun=("interface", "interfaces"), columns_of=lambda state: COLUMNS if state.live else FILE_COLUMNS)
ACTIONS = LIST.actions()
on_mouse, sorting = LIST.on_mouse, LIST.sorting


def on_snapshot(state: State) -> None:
    """Where nobody chose one, it is the interface that is captured on."""
    part = LIST.part(state)
    if not part.pinned:
        part.cursor = next((i for i, row in enumerate(LIST.rows(state)) if row.captured is not None), part.cursor)
    LIST.on_snapshot(state)


def new_part() -> ListPart:
    """There are few interfaces: what is known of one has the rest of the page."""
    part = LIST.new_part()
    part.details = True
    return part


def inner(state: State) -> tuple[str, ...]:
    """The details pane has keys of its own."""
    return LIST.inner(state)


def draw(canvas: Canvas, area: Area, state: State) -> None:
    """The list, and what the selected one carried where rows are left."""
    places, row = LIST.draw(canvas, state), LIST.selected(state)
    rows = places.rows
    left = rows.height - len(LIST.rows(state)) - 1
    if row is not None and row.history and left >= COURSE_FROM and rows.width >= NARROWEST:
        height = min(left, COURSE_MOST)
        _draw_course(canvas, Area(rows.y + rows.height - height, rows.x + 1, height, rows.width - 2), row, state.glyphs)


def _draw_course(canvas: Canvas, area: Area, row: Interface, glyphs: Glyphs) -> None:
    """A line of words, then the bytes of each second of the last minute: received above, sent below."""
    y, x, height, width = area
    ways: list[list[float]] = [[way[side] for way in row.history] for side in (0, 1)]
    x += canvas.put(y, x, f"{row.name}, last {SECONDS} s   ", MUTED)
    for sign, ink, rates in ((glyphs.down, RECEIVED, ways[0]), (glyphs.up, SENT, ways[1])):
        x += canvas.put(y, x, f"{sign} ", ink)
        x += canvas.put(y, x, f"peak {fmt.rate(max(rates))}   ", TEXT)
    upper = (height - 1) - (height - 1) // 2
    for rates, part in zip(ways, (Area(y + 1, area.x, upper, width),
                                  Area(y + 1 + upper, area.x, height - 1 - upper, width)), strict=True):
        known: list[float | None] = [None] * (SECONDS - len(rates))
        known += rates[-SECONDS:]
        throughput.draw_way(canvas, part, known, graph.ceiling(max(rates)), rates is ways[1], glyphs)
