"""The configuration file: found, read with its lines, and changed in place without losing what is not understood.

TOML, read with tomllib and changed with tomlkit, which keeps comments, order and whatever is no setting of ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path

from netwatch.model.option import Value
from netwatch.store import files, folders, lists
from netwatch.store.settings import SETTINGS, SettingError, Settings

_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"\\]*"|'[^']*')"""
_PATH = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_HEADER = re.compile(rf"\s*\[\s*({_PATH})\s*\]")
_KEY = re.compile(rf"\s*({_PATH})\s*=")
_QUOTES = re.compile(r'"""|\'\'\'')
LISTS = "lists."  # of filters; their names are the user's
_HEAD = "# netwatch: docs/configuration.md tells of every key. `netwatch config check` looks for mistakes.\n"


def default_path() -> Path:
    """The file used when none is named."""
    return folders.config_folder() / "netwatch.toml"


def load(path: Path) -> tuple[Settings, list[str]]:
    """What the file sets, and one line FILE:LINE: ... for each mistake. Raises OSError."""
    try:
        text = files.read_text(path)
    except UnicodeDecodeError:
        return Settings({}, path=str(path)), [f"{path}: not UTF-8 text"]
    import tomllib

    try:
        tree = tomllib.loads(text)
    except RecursionError:
        return Settings({}, path=str(path)), [f"{path}: not TOML that can be read: nested too deeply"]
    except tomllib.TOMLDecodeError as e:
        found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(e))
        place, what = (f":{found[2]}", found[1]) if found else ("", str(e))
        return Settings({}, path=str(path)), [f"{path}{place}: not TOML: {what}"]
    lines, settings, wrong = lines_of(text), Settings({}, path=str(path)), []
    for key, value in flat(tree):
        place = f"{path}:{lines[key]}" if key in lines else str(path)
        if key.startswith(LISTS):
            name = key.removeprefix(LISTS)
            try:
                settings = settings._replace(lists={**settings.lists, name: lists.read(name, value, path.parent)})
            except lists.ListError as e:
                wrong.append(f"{place}: {e}")
            continue
        try:
            settings = settings.given(key, value, place)
        except SettingError as e:
            given = "" if key not in SETTINGS else f", not {json.dumps(value, default=str, ensure_ascii=False)}"
            wrong.append(f"{place}: {e}{given}")
    return settings, wrong


def flat(tree: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """(dotted key, value) of everything that is not a table; an empty table counts as nothing."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _dotted(path: str) -> str:
    return ".".join(part.strip("\"'") for part in re.findall(_NAME, path))


def lines_of(text: str) -> dict[str, int]:
    """The line on which each key is set, from 1."""
    found: dict[str, int] = {}
    table, inside = "", ""
    for number, line in enumerate(text.split("\n"), 1):
        if not inside:
            header, key = _HEADER.match(line), _KEY.match(line)
            table = _dotted(header[1]) + "." if header else table
            if key:
                found.setdefault(table + _dotted(key[1]), number)
        for quotes in _QUOTES.findall(line):  # a text of many lines begins or ends
            inside = quotes if not inside else "" if quotes == inside else inside
    return found


def written(value: Value) -> str:
    """A value as TOML has it."""
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else \
        json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def edited(text: str, changes: Mapping[str, Value]) -> str:
    """The text with other values; everything else stays as it is. Raises SettingError where that cannot be done."""
    import tomllib

    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    before = dict(flat(tomllib.loads(text)))
    try:
        document = tomlkit.parse(text)
        for key, value in changes.items():
            _put(document, key.split("."), value)
        new = tomlkit.dumps(document)
        if "\r\n" in text:
            new = re.sub(r"(?<!\r)\n", "\r\n", new)
        same = dict(flat(tomllib.loads(new))) == before | dict(changes)
    except (TOMLKitError, tomllib.TOMLDecodeError, TypeError, KeyError):
        same = False
    if not same:
        raise SettingError(f"{', '.join(changes)}: written in the file in a way that only an editor can change")
    return new


def _put(table: MutableMapping[str, object], path: list[str], value: Value) -> None:
    """Set a key; a new one comes after the last of its table, before the comments that lead to the next."""

    import tomlkit
    from tomlkit.items import Table

    name, *rest = path
    if rest:
        if name not in table:
            table[name] = tomlkit.table()
        below = table[name]
        if not isinstance(below, MutableMapping):
            raise TypeError(f"{name} is no table")
        _put(below, rest, value)
    elif name in table or not isinstance(table, Table):
        table[name] = value
    else:
        body = table.value.body
        end = next((i for i in range(len(body), 0, -1) if body[i - 1][0] is not None), 0)
        after, body[end:] = body[end:], []
        table[name] = value
        body += after


def save(path: Path, changes: Mapping[str, Value]) -> None:
    """Change the file, which is made when there is none. Raises OSError, SettingError."""
    import tomllib

    try:
        text = files.read_text(path)
        tomllib.loads(text)
    except FileNotFoundError:
        text = _HEAD
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as e:
        raise SettingError(f"{path}: {e}; it is left as it is") from None
    files.write_text(path, edited(text, changes))


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
