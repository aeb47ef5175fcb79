"""Writes the flows of a screen to a file: NDJSON as `netwatch read` writes it, or CSV of their plain fields."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from netwatch.model.contract import Addon
from netwatch.model.group import Within
from netwatch.model.record import Record, look_up
from netwatch.schema import FIELDS

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Session, Watch

MOST, PIECE = 100_000, 2000  # flows that are written, and asked for at once
STYLES = ("ndjson", "csv")
NAME = re.compile(r"[0-9A-Za-z-]{1,60}")  # as the helper has it, which makes the file
NAMES = tuple(field.name for field in FIELDS if "flow" in field.kinds and not field.parts)
KEYS = frozenset({"schema", *(name.partition(".")[0] for name in NAMES)})  # of records; screens have more


@dataclass(frozen=True)
class ExportFlows:
    """Write the flows that pass to netwatch-NAME.STYLE, a new file in the working folder; an existing one is never
    touched, and no other folder: only that much the jail lets happen."""

    name: str
    style: str = "ndjson"
    where: Filter | None = None
    within: Within | None = None
    history: bool = True

    def run(self, session: Session) -> str:
        if not NAME.fullmatch(self.name):
            return "Not written: the name is of letters, digits and hyphens; the file is netwatch-NAME of this folder"
        if self.style not in STYLES:
            return f"Not written: {self.style} is none of {', '.join(STYLES)}"
        path = f"netwatch-{self.name}.{self.style}"
        try:
            with os.fdopen(session.new_file(path), "w", encoding="utf-8", newline="") as file:
                count = self._write(session, file)
        except FileExistsError:
            return f"Not written: {path} is there already"
        except OSError as error:
            return f"Not written: {error.strerror or error}: {path}"
        more = f"; more than {MOST:,} are not" if count >= MOST else ""
        return f"{count:,} flows written to {os.path.abspath(path)}{more}"

    def _write(self, session: Session, file: io.TextIOBase) -> int:
        count, table = 0, csv.writer(file)
        if self.style == "csv":
            table.writerow(NAMES)
        for record in self._records(session):
            count += 1
            if self.style == "csv":
                table.writerow([_plain(look_up(record, name)) for name in NAMES])
            else:
                file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
        return count

    def _records(self, session: Session) -> Iterator[Record]:
        for offset in range(0, MOST, PIECE):
            rows = cast("Watch", session).query(self.where, "id", False, offset, PIECE, self.history, self.within).rows
            for row in rows:
                yield {key: value for key, value in row.items() if key in KEYS}
            if len(rows) < PIECE:
                return


def _plain(value: object) -> object:
    """A value of one cell; what several have is put together by blanks."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else value


class ExportAddon(Addon):
    """Writes the flows of a screen to a file."""

    name = "export"
