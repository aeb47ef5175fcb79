"""Records as tables of SQLite in memory: a column for each field that occurs, objects laid flat, lists as JSON.

`tls.sni` is the column tls_sni; a query may also say "tls.sni" in quotes, and the names that filters know (sni,
process). Once it is filled nothing can be changed, and a query ends when its time is over.
"""

from __future__ import annotations

import difflib
import json
import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from netwatch.model.record import Record
from netwatch.schema import Type, names_for, whole_of

TABLES = {"flows": "flow", "dns": "dns", "http": "http", "tls": "tls", "alerts": "alert", "findings": "finding",
          "packets": "packet"}
COLUMNS_MOST = 1900  # of a table; SQLite has 2000
STEPS = 20_000  # of SQLite's machine between two looks at the clock
LENGTH_MOST = 64 << 20  # bytes of one record
MADE_MOST = 1 << 20  # bytes of what a query makes, unless records are longer: SQLite looks at no clock meanwhile
PATTERN_MOST = 1000  # bytes of what LIKE and GLOB look for
WORD = re.compile(r'"((?:[^"]|"")+)"|\[([^\]]+)\]|`([^`]+)`|([A-Za-z_][A-Za-z0-9_]*)')
TEXT = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
KINDS = {Type.INT: "INTEGER", Type.PORT: "INTEGER", Type.BYTES: "INTEGER", Type.BOOL: "INTEGER"}
READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})
DENIED = frozenset({"fts3_tokenizer", "load_extension"})
Value = int | float | str | None


class QueryError(Exception):
    """A query cannot be answered; one line."""


class Result(NamedTuple):
    columns: list[str]
    rows: Iterator[Sequence[Value | bytes]]


class Tables:
    """Those that a query speaks of."""

    def __init__(self, query: str) -> None:
        """Raises QueryError where it speaks of none."""
        self.query = query
        self._words = {"".join(found).replace('""', '"') for found in WORD.findall(TEXT.sub(" ", query))}
        lower = {word.lower() for word in self._words}
        self.kinds = {kind: table for table, kind in TABLES.items() if table in lower}
        if not self.kinds:
            raise QueryError(f"it speaks of none of the tables: {', '.join(TABLES)}")
        self._base = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LENGTH_MOST)
        self._base.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_MOST)
        self._longest = 0  # characters of the texts of one record
        self._base.execute("PRAGMA temp_store = MEMORY")
        self._base.execute("PRAGMA journal_mode = OFF")
        self._columns: dict[str, dict[str, None]] = {}
        self._inserts: dict[tuple[str, tuple[str, ...]], str] = {}
        self.left_out = 0  # values for which there was no column
        for kind, table in self.kinds.items():
            first = {_column(field.key(kind)): field.type for field in whole_of(kind) if "." not in field.key(kind)}
            self._columns[table] = dict.fromkeys(first)
            listed = ", ".join(f'"{name}" {KINDS.get(type_, "")}' for name, type_ in first.items())
            self._base.execute(f'CREATE TABLE "{table}" ({listed})')
        self._base.execute("BEGIN")

    def add(self, record: Record) -> None:
        """One record of a kind that is wanted."""
        table = self.kinds[record["schema"].removeprefix("netwatch.").partition("/")[0]]
        row: dict[str, Value] = {}
        _lay_flat(record, "", row)
        known = self._columns[table]
        for name in [name for name in row if name not in known]:
            if len(known) >= COLUMNS_MOST:
                del row[name]
                self.left_out += 1
            else:
                self._add_column(table, name)
        names = tuple(row)
        insert = self._inserts.get((table, names))
        if insert is None:
            listed = ", ".join(f'"{name}"' for name in names)
            insert = f'INSERT INTO "{table}" ({listed}) VALUES ({", ".join("?" * len(names))})'
            if len(self._inserts) < 100_000:
                self._inserts[table, names] = insert
        self._base.execute(insert, tuple(row.values()))
        self._longest = max(self._longest, sum(len(value) for value in row.values() if isinstance(value, str)))

    def ask(self, seconds: float) -> Result:
        """The answer, as it is found. Raises QueryError, also while the rows are taken."""
        self._base.execute("COMMIT")
        for kind, table in self.kinds.items():
            self._add_names(kind, table)
        self._base.execute("PRAGMA query_only = ON")
        self._base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, min(LENGTH_MOST, MADE_MOST + 4 * self._longest))
        ends = time.monotonic() + seconds
        self._base.set_authorizer(_permitted)
        self._base.set_progress_handler(lambda: time.monotonic() > ends, STEPS)
        late = threading.Timer(min(seconds, threading.TIMEOUT_MAX), self._base.interrupt)  # few steps may take long
        late.daemon = True
        late.start()
        try:
            cursor = self._base.execute(self.query)
        except (sqlite3.Error, sqlite3.Warning) as e:
            raise QueryError(self._said(e, seconds)) from None
        if cursor.description is None:
            raise QueryError("only questions: SELECT, or WITH … SELECT")
        return Result([column[0] for column in cursor.description], self._rows(cursor, seconds))

    def _rows(self, cursor: sqlite3.Cursor, seconds: float) -> Iterator[Sequence[Value | bytes]]:
        try:
            yield from cursor
        except sqlite3.Error as e:
            raise QueryError(self._said(e, seconds)) from None

    def _add_column(self, table: str, name: str) -> None:
        self._base.execute(f'ALTER TABLE "{table}" ADD COLUMN "{name}"')
        self._columns[table][name] = None

    def _add_names(self, kind: str, table: str) -> None:
        """What the query may call a column by: its path with dots, and the names of the filter language."""
        known = names_for((kind,))
        for word in sorted(self._words):
            fields = known.get(word) or known.get(word.lower()) or ()
            sums = [field.parts for field in fields if kind in field.kinds and field.parts]
            if sums and word.lower() not in self._columns[table]:
                parts = [f'"{_column(part)}"' for part in sums[0]]
                total = " + ".join(f"COALESCE({part}, 0)" for part in parts)
                self._add_generated(table, word, f"CASE WHEN COALESCE({', '.join(parts)}) IS NOT NULL THEN {total} END")
                continue
            paths = [_column(field.key(kind)) for field in fields if kind in field.kinds and not field.parts]
            if not paths and word.replace("_", ".") in known:
                paths = [_column(field.key(kind)) for field in known[word.replace("_", ".")] if kind in field.kinds]
            if not paths or word.lower() in self._columns[table] or len(self._columns[table]) >= COLUMNS_MOST:
                continue
            for path in paths:
                if path not in self._columns[table]:
                    self._add_column(table, path)
            if word not in self._columns[table]:
                both = ", ".join(f'"{path}"' for path in paths)
                self._add_generated(table, word, f"COALESCE({both})" if len(paths) > 1 else both)

    def _add_generated(self, table: str, name: str, value: str) -> None:
        """A column that is reckoned of others."""
        quoted = name.replace('"', '""')
        self._base.execute(f'ALTER TABLE "{table}" ADD COLUMN "{quoted}" GENERATED ALWAYS AS ({value}) VIRTUAL')
        self._columns[table][name] = None

    def _said(self, e: Exception, seconds: float) -> str:
        text = str(e)
        if text == "interrupted":
            return f"took longer than {seconds:g} s; --timeout gives it more"
        if "not authorized" in text or "prohibited" in text:
            return "only questions: nothing can be changed"
        if isinstance(e, sqlite3.Warning) or "one statement at a time" in text:
            return "one question at a time"
        if text.startswith("no such column: "):
            missing = text.removeprefix("no such column: ").rpartition(".")[2]
            names = [name for columns in self._columns.values() for name in columns]
            near = difflib.get_close_matches(missing, names, 1)
            return text + (f"; did you mean {near[0]}?" if near else "; `netwatch fields` lists them")
        return text


def _permitted(action: int, _first: str | None, second: str | None, *_: str | None) -> int:
    """Of SQLite: questions, and of functions those that reach no memory."""
    allowed = action in READING and not (action == sqlite3.SQLITE_FUNCTION and second in DENIED)
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _column(path: str) -> str:
    return path.replace(".", "_")


def _lay_flat(record: Record, prefix: str, into: dict[str, Value]) -> None:
    for key, value in record.items():
        name = f"{prefix}{_column(key)}"
        if isinstance(value, dict):
            _lay_flat(value, f"{name}_", into)
        elif isinstance(value, list):
            into[_cleaned(name)] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        elif name != "schema":
            into[_cleaned(name)] = value


def _cleaned(name: str) -> str:
    """Keys of headers and the like come from the wire."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)[:100].lower()
