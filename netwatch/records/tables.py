"""Records as tables that people read: cut to the terminal's width, the least important columns left out first."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from netwatch._fast.out.encoder import cell_of
from netwatch.model.record import Record
from netwatch.records.columns import Column

MAX_CELL = 48  # columns of a cell where no width is known
WHOLE_CELL = 4096  # and where all is wanted
LEAST = 12  # columns that a text is cut to before whole columns are left out
GAP = 2
DATE, CLOCK = slice(0, 10), slice(11, 26)  # of a time, to the microsecond
BOLD, PLAIN = "\033[1m", "\033[0m"
RED, GREEN, YELLOW, DIM = "\033[31m", "\033[32m", "\033[33m", "\033[2m"
# of what is shown in a column that is one of these fields: lower case
MEANINGS = {
    "severity": {"critical": RED, "warning": YELLOW, "info": DIM},
    "state": {"established": GREEN, "open": RED, "stale": YELLOW, "closed": DIM, "time_wait": DIM, "udp_stale": DIM},
    "rcode": {"servfail": RED, "refused": RED, "formerr": RED, "nxdomain": YELLOW},
    "ended": {"rst": YELLOW, "evicted": YELLOW},
}
# columns that are left out where there is no room, the first of them first
LEFT_OUT = {
    "flow": ("duration", "state", "sport", "bytes", "app", "id"),
    "packet": ("notes", "n", "len", "time", "proto"),
    "dns": ("latency_us", "questions.type", "server", "qr", "answers.data", "time"),
    "http": ("latency_us", "response_bytes", "time"),
    "tls": ("tls.ja4", "tls.cipher", "tls.alpn_chosen", "dport", "tls.version"),
    "stream": ("protocol", "bytes"),
    "alert": ("count", "kind", "first"),
    "finding": ("kind", "state", "title", "since"),
    "host": ("mac", "flows", "system", "vendor", "services", "names"),
    "process": ("first", "packets", "user", "flows"),
}


class Look(NamedTuple):
    """`width`: columns of the terminal, None: as many as are needed. `wide`: nothing is cut. `colored`: headings are
    bold, and what is grave is seen."""

    width: int | None = None
    wide: bool = False
    colored: bool = False

    @property
    def longest(self) -> int:
        """Columns that a cell may have."""
        return WHOLE_CELL if self.wide else MAX_CELL if self.width is None else max(MAX_CELL, self.width)


PLAIN_LOOK = Look()


class Drawn(NamedTuple):
    text: str
    left_out: list[str]


def table(kind: str, columns: Sequence[Column], rows: list[list[str | None]], asked: bool, look: Look) -> Drawn:
    """The table of the records of a kind, and the columns for which there was no room. `asked`: the columns were asked
    for, so all of them are shown, by their names."""
    shown = [i for i in range(len(columns)) if asked or any(row[i] is not None for row in rows)]
    from netwatch.schema.field import LEFT

    heads = [column.name if asked else column.name.rsplit(".", 1)[-1] for column in columns]
    if look.width is not None:
        _shorten_times(columns, heads, rows)
    widths = {i: max(map(width_of, [heads[i], *(row[i] or "" for row in rows)]), default=0) for i in shown}
    left_out: list[str] = []
    if look.width is not None:
        for i in _without_room(kind, columns, widths, look.width, () if asked else LEFT_OUT.get(kind, ())):
            left_out.append(heads[i])
            shown.remove(i)
    right = {i for i in shown if columns[i].type not in (None, *LEFT)}
    every: list[list[str | None]] = [[*heads], *rows]
    meanings = {i: MEANINGS.get(columns[i].name.rpartition(".")[2], {}) if look.colored else {} for i in shown}
    lines = [(" " * GAP).join(_inked(padded(row[i] or "", widths[i], i in right), meanings[i]) for i in shown).rstrip()
             for row in every]
    if look.colored:
        lines[0] = f"{BOLD}{lines[0]}{PLAIN}"
    return Drawn("".join(f"{line}\n" for line in lines), left_out)


def _inked(cell: str, meanings: Mapping[str, str]) -> str:
    """The cell in the colour of what it says, where that means something."""
    ink = meanings.get(cell.strip().lower()) if meanings else None
    return f"{ink}{cell}{PLAIN}" if ink else cell


def _shorten_times(columns: Sequence[Column], heads: list[str], rows: list[list[str | None]]) -> None:
    """Of times of one day only the time of day is shown."""
    from netwatch.schema import Type

    for i, column in enumerate(columns):
        times = [row[i] or "" for row in rows] if column.type is Type.TIME else []
        days = {time[DATE] for time in times if time}
        if len(days) == 1 and all(time.endswith("Z") for time in times if time):
            heads[i] += " (UTC)"
            for row, time in zip(rows, times, strict=True):
                row[i] = time[CLOCK] or None


def _without_room(kind: str, columns: Sequence[Column], widths: dict[int, int], room: int,
                  order: Sequence[str]) -> list[int]:
    """Make the widths fit, if need be by taking columns out, in this order: those that were taken."""
    from netwatch.schema import Type

    taken: list[int] = []
    by_name = {columns[i].name: i for i in widths}
    waiting = [by_name[name] for name in order if name in by_name]
    while True:
        over = sum(widths.values()) + GAP * (len(widths) - 1) - room
        texts = [i for i in widths if columns[i].type in (Type.TEXT, None)]
        if over <= sum(max(0, widths[i] - LEAST) for i in texts) or not waiting:
            break
        taken.append(waiting.pop(0))
        del widths[taken[-1]]
    while over > 0 and texts and max(widths[i] for i in texts) > LEAST:
        widths[max(texts, key=lambda i: widths[i])] -= 1
        over -= 1
    return taken


def width_of(text: str) -> int:
    """Columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def short(text: str, width: int) -> str:
    """The text, cut where it takes more columns than that."""
    if width_of(text) <= width:
        return text
    while width_of(text) > width - 1:
        text = text[:max(0, min(len(text) - 1, width - 1))]
    return f"{text}…"


def padded(text: str, width: int, right: bool) -> str:
    """The text in exactly so many columns."""
    text = short(text, width)
    blanks = " " * (width - width_of(text))
    return blanks + text if right else text + blanks


def summary_lines(record: Record) -> str:
    """The summary record, a line a value."""
    lines = []
    for key, value in record.items():
        if key == "schema":
            continue
        if isinstance(value, dict):
            lines.append(key)
            lines += [f"  {k:<22} {_counts(v)}" for k, v in value.items()]
        else:
            lines.append(f"{key:<24} {cell_of(value)}")
    return "".join(f"{_shown(line)}\n" for line in lines)


def _shown(line: str) -> str:
    """Names of files and interfaces may hold anything."""
    return "".join(c if c.isprintable() else "\ufffd" for c in line)


def _counts(value: object) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{cell_of(v)} {k}" for k, v in value.items())
    return str(cell_of(value))
