"""Which records are shown, and in what order: --where, --sort, --limit, --fields."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch.cli.errors import EXIT_MISSING, EXIT_PERMISSION, CommandError
from netwatch.store.settings import SettingError, Settings, from_environment, parse_settings

if TYPE_CHECKING:
    from netwatch.filter import Filter


def parse_where(text: str | None) -> Filter | None:
    """The filter, or a CommandError that shows the place."""
    if text is None:
        return None
    from netwatch.filter import Filter, FilterError

    try:
        return Filter(text)
    except FilterError as e:
        raise CommandError(f"--where: {e.message}, at column {e.column}\n  {text}\n  {' ' * (e.column - 1)}^") from None


def read_settings(texts: list[str], file: str | None = None) -> Settings:
    """What the configuration file sets, above it the environment, above that --set. `file`: not the usual one."""
    from netwatch.run import addons  # noqa: F401 - their options join the others
    from netwatch.store import config

    path = Path(file) if file else config.default_path()
    try:
        settings, wrong = config.load(path)
    except OSError as e:
        if file:
            raise CommandError(f"{file}: {e.strerror}", EXIT_MISSING if e.errno == errno.ENOENT else EXIT_PERMISSION,
                               ) from None
        settings, wrong = Settings({}, path=str(path)), []
        if not isinstance(e, FileNotFoundError | NotADirectoryError):
            print(f"netwatch: {path} is not used: {e.strerror}", file=sys.stderr)
    if wrong:
        more = f" (and {len(wrong) - 1} more: `netwatch config check`)" if wrong[1:] else ""
        raise CommandError(wrong[0] + more)
    try:
        return parse_settings(texts, from_environment(settings, os.environ))
    except SettingError as e:
        raise CommandError(str(e)) from None


def use_client_names() -> None:
    """Let the fingerprints of TLS hellos have the names of programs, the user's own table above the shipped one."""
    from netwatch._fast.proto.tls import text as tlstext
    from netwatch.names.clients import ClientTableError, load_clients

    try:
        tlstext.CLIENTS.update(load_clients())
    except ClientTableError as e:
        raise CommandError(str(e)) from None


def _known(name: str, option: str) -> str:
    """A field's dotted name from any of its names."""
    import difflib

    from netwatch.schema import BY_NAME, NAMES

    if name in BY_NAME:
        return name
    if name in NAMES:
        return NAMES[name][0].name
    if "." in name or name in ("time", "schema"):
        return name
    near = difflib.get_close_matches(name, [*BY_NAME, *NAMES], 1)
    raise CommandError(f"{option} {name}: no such field" + (f"; did you mean {near[0]}?" if near else ""))


def parse_fields(text: str | None) -> list[str] | None:
    """The asked fields by their dotted names; None when none were asked for."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise CommandError("--fields needs a field's name; docs/fields.md lists them")
    return [_known(name, "--fields") for name in names]


def named_fields(where: Filter | None, fields: list[str] | None) -> set[str]:
    """Fields that are asked for by name; a bare word in a filter, which looks into many, names none of them."""
    if where is None and fields is None:
        return set()
    from netwatch.schema import SEARCHED

    found = set(where.fields if where is not None else ())
    searched = {field.name for field in SEARCHED}
    return (found - searched if searched <= found else found) | set(fields or ())


def parse_sort(text: str | None) -> tuple[str, bool] | None:
    """(field, descending) from FIELD, FIELD:asc or FIELD:desc."""
    if text is None:
        return None
    name, _, order = text.partition(":")
    if order not in ("", "asc", "desc"):
        raise CommandError(f"--sort {text}: the order is asc or desc")
    return _known(name, "--sort"), order == "desc"
