"""What listens or is bound on this machine, and whose it is: the other list of the Processes tab (`l`)."""
from __future__ import annotations

from netwatch.addons.bound import Bound, BoundSockets, Port
from netwatch.ui import drill
from netwatch.ui import format as fmt
from netwatch.ui.state import State
from netwatch.ui.theme import ADDRESS, APP, MATCH, MUTED, PROCESS, TEXT, TITLE, WARN, Glyphs
from netwatch.ui.widgets.facts import Fact, Span, fact, title
from netwatch.ui.widgets.listing import Listing
from netwatch.ui.widgets.table import Cell, Column

EVERY = "all addresses"


def question(state: State) -> BoundSockets:
    return BoundSockets(state.filter.applied)


def now(state: State) -> Bound | None:
    found = state.snapshot.answer
    return found if isinstance(found, Bound) else None


def rows(state: State) -> list[Port]:
    found = now(state)
    return [] if found is None else [port for port in found.ports if LIST.part(state).chip in
                                     ("all", "listening" if port.listening else "bound")]


def _known(text: str, style: int, glyphs: Glyphs) -> Cell:
    return (text, style) if text else (glyphs.none, MUTED)


def where(row: Port) -> str:
    return row.address or EVERY


def reach(row: Port) -> str:
    return "this machine" if row.here_only else "anybody"


COLUMNS = (
    Column("proto", "Proto", 5, 5, 0, False, 90, lambda row, glyphs: (row.proto, TEXT),
           help="tcp listens, udp is bound"),
    Column("port", "Port", 5, 5, 0, True, 98, lambda row, glyphs: (str(row.port), TITLE), help="of this machine"),
    Column("address", "Address", 13, 39, 2, False, 80, lambda row, glyphs: (where(row), ADDRESS),
           help="which of this machine's it takes what comes to"),
    Column("reach", "Reached by", 12, 12, 0, False, 70,
           lambda row, glyphs: (reach(row), MUTED if row.here_only else WARN),
           help="by its address; no firewall asked"),
    Column("process", "Process", 10, 30, 2, False, 99, lambda row, glyphs: _known(row.process.name, PROCESS, glyphs),
           help="program that holds it"),
    Column("pid", "PID", 7, 8, 0, True, 60, lambda row, glyphs: (str(row.process.pid), MUTED), help="its number"),
    Column("user", "User", 8, 16, 1, False, 40, lambda row, glyphs: _known(row.process.user, TEXT, glyphs),
           help="whose program it is"),
    Column("flows", "Flows", 6, 9, 0, True, 75, lambda row, glyphs: (fmt.count(row.flows), TEXT),
           help="live ones that came to it"),
    Column("rate", "Total/s", 9, 9, 0, True, 65, lambda row, glyphs: (fmt.rate(row.rate), TEXT), help="both ways"),
    Column("bytes", "Bytes", 8, 9, 0, True, 50, lambda row, glyphs: (fmt.size(row.bytes), TEXT),
           help="frame bytes of live flows, both ways"),
    Column("exe", "Program file", 12, 60, 3, False, 20, lambda row, glyphs: _known(row.process.exe, APP, glyphs),
           help="its path"),
)
VALUES = {
    "proto": lambda row: row.proto, "port": lambda row: row.port, "address": where, "reach": reach,
    "process": lambda row: row.process.name, "pid": lambda row: row.process.pid, "user": lambda row: row.process.user,
    "flows": lambda row: row.flows, "rate": lambda row: row.rate, "bytes": lambda row: row.bytes,
    "exe": lambda row: row.process.exe,
}


def facts(state: State, row: Port) -> list[Fact]:
    process, glyphs = row.process, state.glyphs
    parents = " < ".join(f"{name} {pid}" for pid, name in process.parents)
    return [
        title(f"{row.proto} port {row.port}"), fact("State", "listens" if row.listening else "bound", glyphs),
        fact("Address", where(row), glyphs), fact("Reached by", f"{reach(row)}, as far as its address says", glyphs),
        fact("Flows", f"{fmt.count(row.flows)} live, {fmt.size(row.bytes)}, {fmt.rate(row.rate)} now", glyphs),
        title(f"{process.name} {process.pid}"), fact("Program file", process.exe, glyphs),
        fact("Command line", process.cmdline, glyphs), fact("User", process.user, glyphs),
        fact("Begun by", parents, glyphs), fact("Unit", process.unit, glyphs),
        fact("Container", process.container, glyphs),
        fact("Held by too", ", ".join(str(pid) for pid in row.others), glyphs), fact("Found by", row.method, glyphs),
    ]


def _head(state: State) -> list[Span]:
    found = now(state)
    if found is None:
        return [("asking", MUTED)]
    many = sum(port.listening for port in found.ports)
    told: list[Span] = [(f"{many} listening, {len(found.ports) - many} bound", TITLE)]
    if state.filter.applied_text:
        told.append((f"  flows with {state.filter.applied_text}", MATCH))
    return told


def _empty(state: State) -> tuple[str, ...]:
    found = now(state)
    if found is None:
        return ("Asking for the sockets.",)
    return (f"No sockets are known: {found.why}.",) if found.why else ("Nothing listens here, as far as is known.",)


def follow(state: State) -> None:
    """The flows that came to the selected socket, in Connections."""
    row = LIST.selected(state)
    if row is None:
        state.message = "Nothing is selected"
    else:
        drill.into(state, row.within)


LIST = Listing("processes_bound", COLUMNS, rows, values=VALUES, facts=facts, head=_head, empty=_empty, sort="port",
               key=lambda row: (row.proto, row.address, row.port, row.process.pid),
               chips=("all", "listening", "bound"), noun=("socket", "sockets"))
