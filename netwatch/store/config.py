"""The configuration file: found, read with its lines, and changed in place without losing what is not understood.

TOML, read with tomllib. A change rewrites the one value on its line, so that comments and order stay; whatever the
result would mean besides the change is compared before it is written.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from netwatch.store import folders
from netwatch.store.settings import SETTINGS, SettingError, Settings, Value, find

_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"\\]*"|'[^']*')"""
_PATH = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_HEADER = re.compile(rf"\s*\[\s*({_PATH})\s*\]\s*(?:#.*)?$")
_ENTRY = re.compile(rf"""\s*({_PATH})\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#"'\[{{][^#]*?)\s*(?:#.*)?$""")
_KEY = re.compile(rf"\s*({_PATH})\s*=")
_HEAD = "# netwatch: docs/configuration.md tells of every key. `netwatch config check` looks for mistakes.\n"


class Spot(NamedTuple):
    """Where a key is set: line from 0, and the columns of its value, -1 where it is not a plain one on one line."""

    line: int
    start: int
    end: int


def default_path(environment: Mapping[str, str] = os.environ) -> Path:
    """The file used when none is named."""
    return folders.config_folder(environment) / "netwatch.toml"


def load(path: Path) -> tuple[Settings, list[str]]:
    """What the file sets, and one line FILE:LINE: ... for each mistake. Raises OSError."""
    try:
        text = folders.read_own(path)
        tree = tomllib.loads(text)
    except UnicodeDecodeError:
        return Settings({}, path=str(path)), [f"{path}: not UTF-8 text"]
    except tomllib.TOMLDecodeError as e:
        found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(e))
        place, what = (f":{found[2]}", found[1]) if found else ("", str(e))
        return Settings({}, path=str(path)), [f"{path}{place}: not TOML: {what}"]
    spots, settings, wrong = spots_of(text), Settings({}, path=str(path)), []
    for key, value in flat(tree):
        place = f"{path}:{spots[key].line + 1}" if key in spots else str(path)
        try:
            settings = settings.but(key, find(key).accept(value), place)
        except SettingError as e:
            given = "" if key not in SETTINGS else f", not {json.dumps(value, default=str, ensure_ascii=False)}"
            wrong.append(f"{place}: {e}{given}")
    return settings, wrong


def flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of everything that is not a table; an empty table counts as nothing."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _dotted(path: str) -> str:
    return ".".join(part.strip("\"'") for part in re.findall(_NAME, path))


def spots_of(text: str) -> dict[str, Spot]:
    """Where each key seems to be set. Text inside a value of many lines may look like one; edited() is on its guard."""
    found, table = {}, ""
    for number, line in enumerate(text.split("\n")):
        header, entry, key = _HEADER.match(line), _ENTRY.match(line), _KEY.match(line)
        if header:
            table = _dotted(header[1]) + "."
        elif entry:
            found[table + _dotted(entry[1])] = Spot(number, *entry.span(2))
        elif key:
            found[table + _dotted(key[1])] = Spot(number, -1, -1)
    return found


def written(value: Value) -> str:
    """A value as TOML has it."""
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else \
        json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def edited(text: str, changes: Mapping[str, Value]) -> str:
    """The text with other values; everything else stays as it is. Raises SettingError where that cannot be done."""
    before = dict(flat(tomllib.loads(text)))
    lines = re.findall(r"[^\n]*\n|[^\n]+$", text)
    for key, value in changes.items():
        spot = spots_of("".join(lines)).get(key)
        if spot is None:
            _insert(lines, key, value)
        elif spot.start >= 0:
            line = lines[spot.line]
            lines[spot.line] = line[:spot.start] + written(value) + line[spot.end:]
    new = "".join(lines)
    try:
        same = dict(flat(tomllib.loads(new))) == before | dict(changes)
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise SettingError(f"{', '.join(changes)}: written in the file in a way that only an editor can change")
    return new


def _insert(lines: list[str], key: str, value: Value) -> None:
    """Add a key to its table, after the last line of it that is not blank; a table that is missing comes last."""
    table, _, name = key.rpartition(".")
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    heads = [(i, _dotted(found[1])) for i, line in enumerate(lines) if (found := _HEADER.match(line))]
    at = next((i for i, title in heads if title == table), None)
    if at is None:
        lines += [*([end] if lines else []), f"[{table}]{end}", f"{name} = {written(value)}{end}"]
        return
    after = next((i for i, line in enumerate(lines) if i > at and line.lstrip().startswith("[")), len(lines))
    while after > at + 1 and (not lines[after - 1].strip() or (
            after < len(lines) and lines[after - 1].lstrip().startswith("#"))):
        after -= 1
    lines.insert(after, f"{name} = {written(value)}{end}")


def save(path: Path, changes: Mapping[str, Value]) -> None:
    """Change the file, which is made when there is none. Raises OSError, SettingError."""
    try:
        text = folders.read_own(path)
        tomllib.loads(text)
    except FileNotFoundError:
        text = _HEAD
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise SettingError(f"{path}: {e}; it is left as it is") from None
    folders.write_own(path, edited(text, changes))


def complete() -> str:
    """A file with every key, its default and a comment."""
    lines, table = [_HEAD], ""
    for key, setting in SETTINGS.items():
        here, _, name = key.rpartition(".")
        if here != table:
            table = here
            lines.append(f"\n[{table}]\n")
        lines.append(f"# {setting.help} Takes {setting.kind}.\n{name} = {written(setting.default)}\n")
    return "".join(lines)
