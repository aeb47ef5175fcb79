"""The columns of the Processes tab."""
from __future__ import annotations

from collections.abc import Callable

from netwatch.ui import format as fmt
from netwatch.ui.tabs.connections.flow_cells import (
    MINUTE_CELLS,
    Row,
    down,
    packets,
    retransmits,
    rtt,
    total_bytes,
    total_rate,
    unknown,
    up,
)
from netwatch.ui.tabs.connections.group_cells import name_of
from netwatch.ui.theme import DOWN, MUTED, TEXT, Glyphs
from netwatch.ui.widgets.graph import spark
from netwatch.ui.widgets.table import Cell, Column


def process(row: Row, glyphs: Glyphs) -> Cell:
    """The program with how many processes it has, one of them, what it talks to, or that it is not known and why."""
    level, key = row.get("level", 0), row["key"]
    if level == 2:
        name, style = name_of(key[1][1], "host")
        return f"      {name}", style
    name, style = name_of(key, "pid")
    many = f" ({row['pids']})" if row.get("pids", 0) > 1 else ""
    return f"{'  ' * level}{glyphs.unfolded if row.get('unfolded') else glyphs.folded} {name}{many}", style


def pid(row: Row, glyphs: Glyphs) -> Cell:
    kind, value = row["key"]
    number = value[1] if kind == "pid" else row.get("pid", -1)
    return (str(number), MUTED) if number >= 0 else unknown(glyphs)


def remotes(row: Row, glyphs: Glyphs) -> Cell:
    """How many addresses; with a + when there were more than could be told apart."""
    value = row.get("remotes")
    return unknown(glyphs) if value is None else (fmt.count(value) + ("+" if row.get("at_least") else ""), TEXT)


def cpu(row: Row, glyphs: Glyphs) -> Cell:
    value = row.get("cpu")
    return unknown(glyphs) if value is None else (f"{value:.0f} %", TEXT)


def _size(key: str) -> Callable[[Row, Glyphs], Cell]:
    return lambda row, glyphs: (fmt.size(row[key]), TEXT)


def flows(row: Row, glyphs: Glyphs) -> Cell:
    return fmt.count(row["flows"]), TEXT


def last_minute(row: Row, glyphs: Glyphs) -> Cell:
    """Both directions together, by the process's own highest second."""
    recent, second = row["recent"]
    pairs = zip(recent.values(row["key"], second, 0), recent.values(row["key"], second, 1), strict=True)
    return spark([None if out is None or into is None else out + into for out, into in pairs], MINUTE_CELLS, None,
                 glyphs), DOWN


COLUMNS = (
    Column("process.name", "Process", 20, 48, 4, False, 99, process, help="program that owns the sockets"),
    Column("process.pid", "PID", 7, 8, 1, True, 60, pid, help="its number; sorted by program, then number",
           sort="process.name"),
    Column("flows", "Flows", 6, 9, 1, True, 70, flows, help="connections, and flows of datagrams"),
    Column("rate", "Total/s", 9, 9, 0, True, 92, total_rate, file_rank=50, help="both ways, per second"),
    Column("rate_in", "Down/s", 9, 10, 1, True, 90, down, file_rank=52,
           help="received per second; in a file, by who began it"),
    Column("rate_out", "Up/s", 9, 10, 1, True, 88, up, file_rank=51,
           help="sent per second; in a file, by who began it"),
    Column("bytes_in", "Bytes down", 11, 11, 1, True, 40, _size("bytes_in"), help="frame bytes received"),
    Column("bytes_out", "Bytes up", 9, 10, 1, True, 38, _size("bytes_out"), help="frame bytes sent"),
    Column("bytes", "Bytes", 8, 9, 1, True, 75, total_bytes, help="frame bytes, both ways"),
    Column("packets", "Packets", 9, 11, 1, True, 20, packets, help="frames, both ways"),
    Column("rtt_us", "RTT mean", 9, 9, 1, True, 50, rtt, help="round trip of its handshakes"),
    Column("retransmits", "Retrans", 7, 8, 1, True, 30, retransmits, help="TCP retransmissions, both ways"),
    Column("remotes", "Remotes", 8, 9, 1, True, 55, remotes, help="different addresses at the other end"),
    Column("cpu", "CPU", 5, 6, 1, True, 45, cpu, help="of one core; sorted by rate", sort="rate"),
    Column("minute", "Last 60 s", MINUTE_CELLS, MINUTE_CELLS, 1, False, 15, last_minute, sort="rate",
           help="rate, second by second, since it is shown"),
)
