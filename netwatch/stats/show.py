"""How tables of statistics are written: for people, to the width that there is; for machines, as records."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Generator, Iterator
from itertools import chain
from unicodedata import east_asian_width

from netwatch.stats.table import Column, Kind, Table

TOP = 20  # rows of a table that may have any number, where nobody said how many
GAP = 2  # cells between columns
BAR_LEAST, BAR_MOST = 8, 40
TEXT_LEAST = 12  # cells that are left of a text which has to give way
FULL, PART, ASCII = "█", " ▏▎▍▌▋▊▉", "#"
STEPS, ASCII_STEPS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
NUMBERS = frozenset({Kind.COUNT, Kind.MICROSECONDS, Kind.SECONDS, Kind.SHARE})


def as_json_lines(tables: list[Table]) -> Iterator[str]:
    """A record a line."""
    for table in tables:
        for row in table.rows:
            yield json.dumps(table.record(row), ensure_ascii=False, separators=(",", ":"))


def as_json(tables: list[Table]) -> Iterator[str]:
    """One document: a list of all records."""
    line, begun = "[", False
    for each in as_json_lines(tables):
        if begun:
            yield line + ","
            line = ""
        line, begun = line + each, True
    yield line + "]"


def as_csv(tables: list[Table]) -> Iterator[str]:
    """All rows of all tables below one heading: the keys that occur, in order."""
    keys = list(dict.fromkeys(key for table in tables for key in _keys(table)))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for cells in chain((keys,), ([cell(row.get(key)) for key in keys] for table in tables for row in table.rows)):
        writer.writerow(cells)
        yield out.getvalue().removesuffix("\n")
        out.seek(0)
        out.truncate()


def _keys(table: Table) -> Iterator[str]:
    """In the order of the widest row: one without a value lacks the key."""
    seen: dict[str, None] = {}
    for row in table.rows:
        seen |= dict.fromkeys(key for key, value in row.items() if value is not None)
    for row in table.rows[:1]:
        yield from (key for key in row if key in seen)
    yield from seen


def cell(value: object) -> str:
    """A value in a line of CSV; no spreadsheet takes it for a formula."""
    if value is None:
        return ""
    if isinstance(value, list):
        return json.dumps(value)
    text = f"{value:.9f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return "'" + text if text[:1] in "=+-@\t\r" and isinstance(value, str) else text


def as_table(tables: list[Table], width: int | None, top: int | None, ascii_only: bool = False,
             wider: str = "--wide shows all") -> Iterator[str]:
    """Lines for people. `width`: cells of a line, None: as long as it takes. `top`: rows shown of each table, None:
    TOP where there may be any number; what is not shown is counted. `wider`: what shows columns that do not fit."""
    for number, table in enumerate(tables):
        if number:
            yield ""
        shown = list(table.rows[:TOP if top is None and table.open else top])
        left_out = yield from _grid(table, shown, width, ascii_only)
        if left_out:
            yield f"… {left_out} more column{'s' * (left_out > 1)}; {wider}"
        if len(shown) < len(table.rows):
            yield f"… {len(table.rows) - len(shown):,} more rows; --top {len(table.rows)} shows all"
        yield from table.words


def _grid(table: Table, rows: list[dict[str, object]], width: int | None,
          ascii_only: bool) -> Generator[str, None, int]:
    """Its lines; in the end how many columns there was no room for."""
    columns = [column for column in table.columns
               if column.rank == 0 or any(row.get(column.key) is not None for row in rows)]
    cells = {column: [_text(column, row, ascii_only) for row in rows] for column in columns}
    widths = {column: max(map(cells_of, [column.title, *cells[column]])) for column in columns}
    bar = (BAR_LEAST + GAP) if table.bar else 0
    while width is not None and _total(widths) + bar > width and max(column.rank for column in widths):
        widths.pop(max(widths, key=lambda column: column.rank))
    if width is not None and _total(widths) + bar > width:
        bar = 0
    if width is not None:
        _squeeze(widths, width)
    room = BAR_MOST if width is None else min(BAR_MOST, width - _total(widths) - GAP)
    most = max((_amount(row, table.bar) for row in rows), default=0)
    for i in range(-1, len(rows)):
        line = (" " * GAP).join(_fit(column.title if i < 0 else cells[column][i], widths[column],
                                     column.kind in NUMBERS) for column in widths)
        if bar and i >= 0:
            line += " " * GAP + _bar(_amount(rows[i], table.bar), most, room, ascii_only)
        yield line.rstrip()
    return len(columns) - len(widths)


def _total(widths: dict[Column, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)


def _squeeze(widths: dict[Column, int], width: int) -> None:
    """Take from the widest text what is too much."""
    while (over := _total(widths) - width) > 0:
        texts = [column for column in widths if column.kind not in NUMBERS and widths[column] > TEXT_LEAST]
        if not texts:
            return
        widest = max(texts, key=lambda column: widths[column])
        others = [widths[column] for column in texts if column is not widest]
        least = max(TEXT_LEAST, *others) if others else TEXT_LEAST
        widths[widest] = max(widths[widest] - over, least if least < widths[widest] else widths[widest] - 1)


def _amount(row: dict[str, object], key: str) -> float:
    value = row.get(key)
    return value if isinstance(value, int | float) else 0


def _bar(value: float, most: float, room: int, ascii_only: bool) -> str:
    """What is not nothing is seen, however little."""
    if value <= 0 or most <= 0:
        return ""
    eighths = max(1, round(8 * room * value / most))
    if ascii_only:
        return ASCII * max(1, eighths // 8)
    return FULL * (eighths // 8) + PART[eighths % 8].strip()


def _text(column: Column, row: dict[str, object], ascii_only: bool) -> str:
    value = row.get(column.key)
    if value is None:
        return ""
    if column.kind is Kind.SPREAD and isinstance(value, list):
        return _spread(value, ascii_only)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        text = "  " * int(str(row.get("depth", 0))) + str(value) if column.key == "protocol" else str(value)
        return text[:19].replace("T", " ") if column.kind is Kind.TIME else text
    if column.kind is Kind.MICROSECONDS:
        return f"{value / 1000:,.3f}"
    if column.kind is Kind.SECONDS:
        return f"{value:,.3f}"
    if column.kind is Kind.SHARE:
        return f"{100 * value:.1f}"
    if column.key.endswith(("port", "pid")):  # names, not amounts
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"


def _spread(steps: list[int], ascii_only: bool) -> str:
    ladder, most = (ASCII_STEPS if ascii_only else STEPS), max(steps)
    return "".join(ladder[-(-n * (len(ladder) - 1) // most)] if most else " " for n in steps)


def cells_of(text: str) -> int:
    """How many cells of a terminal it takes."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _fit(text: str, width: int, right: bool) -> str:
    while cells_of(text) > width:
        text = text[: max(0, min(len(text) - 2, width - 1))] + "…" if width > 1 else "…"
    blank = " " * (width - cells_of(text))
    return blank + text if right else text + blank
