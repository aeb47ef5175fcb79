"""The columns of flows in groups: a tree whose groups and flows share them; and the words for what groups are."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from netwatch.model.group import GroupKey
from netwatch.ui import format as fmt
from netwatch.ui.tabs.connections.flow_cells import Row, is_group, remote, unknown
from netwatch.ui.theme import ADDRESS, MUTED, NAME, PROCESS, TEXT, TITLE, Glyphs
from netwatch.ui.widgets.table import Cell, Column

KINDS = ("process", "remote", "host", "country", "app", "container", "source")
TITLES = {"process": "Process", "remote": "Remote end", "host": "Host", "country": "Country", "app": "App",
          "container": "Container", "source": "Source"}
HELP = {"process": "program that owns the socket", "remote": "the far address, else the responder's",
        "host": "name of the responder, else its address", "country": "of the end beyond the site",
        "app": "recognised protocol, else the transport", "container": "container the program runs in",
        "source": "address of who began it"}
UNKNOWN = {"process": "no program", "remote": "no address", "host": "no address", "country": "no country",
           "app": "no protocol", "container": "no container", "source": "no address", "pid": "no program"}
# what a group has, too; the rest only flows have
_SUMMED = frozenset(("what", "state", "rtt_us", "down", "up", "down_bytes", "up_bytes", "rate", "bytes", "packets",
                     "retransmits", "age_s", "bytes_in", "bytes_out", "packets_in", "packets_out"))


_OF_THE_FAR_END = ("remote", "host", "country")


def identity(row: Row) -> GroupKey:
    """What a row is, wherever it stands: ("flow", its id), or the key of a group."""
    key: GroupKey = row["key"] if is_group(row) else ("flow", row["id"])
    return key


def name_of(key: GroupKey, by: str, flows: int = 0) -> tuple[str, int]:
    """The words for a group, and their style."""
    kind, value = key
    if kind == "none":
        return UNKNOWN.get(by, "unknown"), MUTED
    if kind == "others":
        return "others, too many to tell apart", MUTED
    if kind == "process.unknown":
        return f"no program: {value}", MUTED
    if kind == "pid" and isinstance(value, tuple):
        return str(value[0]), PROCESS
    style = {"address": ADDRESS, "name.host": NAME, "process.name": PROCESS}.get(kind, TITLE if kind == "app" else TEXT)
    return str(value), style


def tree(by: str) -> Callable[[Row, Glyphs], Cell]:
    """The cell of the first column: the group with its sign, or a flow a little to the right."""
    def cell(row: Row, glyphs: Glyphs) -> Cell:
        if not is_group(row):
            text, style = remote(row, glyphs)
            return f"   {text}", style
        name, style = name_of(row["key"], by)
        return f"{glyphs.unfolded if row.get('unfolded') else glyphs.folded} {name}", style
    return cell


def flows(row: Row, glyphs: Glyphs) -> Cell:
    return (fmt.count(row["flows"]), TEXT) if is_group(row) else ("", MUTED)


def _of_flows(cell: Callable[[Row, Glyphs], Cell]) -> Callable[[Row, Glyphs], Cell]:
    return lambda row, glyphs: ("", MUTED) if is_group(row) else cell(row, glyphs)


def remotes(row: Row, glyphs: Glyphs) -> Cell:
    return unknown(glyphs) if "remotes" not in row else (fmt.count(row["remotes"]), TEXT)


def columns(by: str, chosen: Sequence[Column]) -> tuple[Column, ...]:
    """The columns of the table when flows are grouped so: the group, and those that are chosen for flows."""
    found = [Column("remote", TITLES[by], 24, 56, 6, False, 99, tree(by), help="the group, its flows below",
                    tail=":"),
             Column("flows", "Flows", 7, 9, 0, True, 85, flows, help="flows of the group")]
    for column in chosen:
        if column.key == "remote":
            continue
        if column.key == "local" and by in _OF_THE_FAR_END:
            column = replace(column, rank=70)      # what tells such flows apart
        if column.key == "rtt_us":
            column = replace(column, title="RTT mean", least=9, most=9, help="of the handshakes; of a group the mean")
        found.append(column if column.key in _SUMMED else replace(column, cell=_of_flows(column.cell)))
    return tuple(found)
