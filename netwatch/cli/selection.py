"""Which records are shown, and in what order: --where, --sort, --limit, --fields."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch.cli.errors import EXIT_MISSING, EXIT_PERMISSION, CommandError, say
from netwatch.records.kinds import SUMMED, kinds_named, read_kinds
from netwatch.records.selection import singular
from netwatch.records.validation import field_fault, where_fault
from netwatch.store import files
from netwatch.store.folders import config_folder
from netwatch.store.lists import ListError
from netwatch.store.lists import read as read_list
from netwatch.store.settings import SettingError, Settings, from_environment, parse_settings, strangers

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.records.clock import Clock

OF_NO_TIME = frozenset({"flows", "alerts", "alert", "findings", "finding", "streams", "summary", *SUMMED})  # or several


def parse_where(text: str | None, kinds: Iterable[str] = (), given_by: str = "--where") -> Filter | None:
    """The filter, or a CommandError that shows the place. `kinds`: the records it is for; none: flows. `given_by`: the
    option, argument or setting that it stands in."""
    if text is None:
        return None
    from netwatch.filter import Filter, FilterError

    try:
        return Filter(text, map(singular, kinds))
    except FilterError as e:
        shown, caret, _ = e.pointing().split("\n")
        raise CommandError(f"{given_by}: {e.message}, at column {e.column}\n  {shown}\n  {caret}") from None


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
            say(f"{path} is not used: {e.strerror}")
    if wrong:
        more = f" (and {len(wrong) - 1} more: `netwatch config check`)" if wrong[1:] else ""
        raise CommandError(wrong[0] + more)
    try:
        settings = with_lists(settings, [text for text in texts if text.startswith(config.LISTS)])
        settings = parse_settings([text for text in texts if not text.startswith(config.LISTS)],
                                  from_environment(settings, os.environ))
    except (SettingError, ListError) as e:
        raise CommandError(str(e)) from None
    for note in settings.notes:
        say(note)
    for name, near in strangers(os.environ):
        say(f"{name} in the environment sets nothing; did you mean {near}?")
    if settings.lists or "netwatch.filter.lists" in sys.modules:  # else nobody has any: filters are not loaded for that
        from netwatch.filter import lists

        lists.use(settings.lists)
    return settings


def with_lists(settings: Settings, texts: Iterable[str]) -> Settings:
    """With the lists that `lists.office=192.0.2.0/24,2001:db8::/32` means. Raises ListError."""
    for text in texts:
        key, equals, items = text.partition("=")
        if not equals:
            raise ListError(f"--set {text}: {key}=ITEM,ITEM,...")
        name = key.removeprefix("lists.")
        found = read_list(name, [item.strip() for item in items.split(",") if item.strip()], Path())
        settings = settings._replace(lists={**settings.lists, name: found})
    return settings


def use_client_names() -> None:
    """Let the fingerprints of TLS hellos have the names of programs, the user's own table above the shipped one."""
    from netwatch._fast.proto.tls import text as tlstext
    from netwatch.names.clients import ClientTableError, load_clients

    try:
        tlstext.CLIENTS.update(load_clients(warn=say))
    except ClientTableError as e:
        raise CommandError(str(e)) from None


def has_plugins() -> bool:
    """May flows have fields that the schema does not know, of users' own classifiers and addons?"""
    if not any(files.is_there(config_folder() / what, folder=True) for what in ("classifiers", "addons")):
        return False
    from netwatch.plugins.code import paths

    return bool(paths("classifiers") or paths("addons"))


def check_field(name: str, option: str, kinds: Iterable[str]) -> None:
    """Raises CommandError where records of none of these kinds have such a field, naming what is most like it."""
    fault = field_fault(name, kinds, has_plugins())
    if fault:
        raise CommandError(f"{option} {name}: {fault}")


def parse_fields(text: str | None, kinds: Iterable[str]) -> list[str] | None:
    """The asked fields of records of these kinds, as they were asked for; None when none were."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise CommandError("--fields needs a field's name; `netwatch fields` lists them")
    for name in names:
        check_field(name, "--fields", kinds)
    return names


def kinds_of(options: argparse.Namespace) -> set[str]:
    """The kinds of --what. Raises CommandError."""
    try:
        kinds = kinds_named(options.what)
    except ValueError as e:
        raise CommandError(f"--what {e}") from None
    if not 1 <= options.workers <= 64:
        raise CommandError("--workers: a number from 1 to 64")
    return kinds


def clock_of(options: argparse.Namespace) -> Clock | None:
    """How times are shown; None: as they are."""
    from netwatch.records.clock import Clock

    return None if options.time == "iso" else Clock(options.time)


def where_of(options: argparse.Namespace, kinds: set[str]) -> Filter | None:
    """The filter of --where, which is one of these kinds of records, with --write of packets too."""
    if options.exit_status and options.where is None:
        raise CommandError("--exit-status goes with --where")
    if options.with_secrets and not options.write:
        raise CommandError("--with-secrets goes with --write")
    if options.where is not None and kinds == {"summary"} and not options.write:
        raise CommandError("--where: the summary is of all packets; ask for flows or packets that pass")
    filtered = read_kinds(kinds) | ({"packets"} if options.write else set())
    where = parse_where(options.where, sorted(filtered))
    check_where(where, filtered)
    return where


def check_where(where: Filter | None, kinds: Iterable[str]) -> None:
    """Raises CommandError for a condition that no record of these kinds can answer."""
    fault = where_fault(where, kinds)
    if fault:
        raise CommandError(f"--where: {fault}")


def named_fields(where: Filter | None, fields: list[str] | None, kinds: Iterable[str]) -> set[str]:
    """Fields that are asked for by name; a bare word in a filter, which looks into many, names none of them."""
    if where is None and fields is None:
        return set()
    from netwatch.records.columns import known
    from netwatch.schema import SEARCHED

    found = set(where.fields if where is not None else ())
    searched = {field.name for field in SEARCHED}
    return (found - searched if searched <= found else found) | known(fields or (), map(singular, kinds))


def parse_sort(text: str | None, kinds: Iterable[str]) -> tuple[str, bool] | None:
    """(field, descending) from FIELD, FIELD:asc or FIELD:desc."""
    if text is None:
        return None
    name, _, order = text.partition(":")
    if order not in ("", "asc", "desc"):
        raise CommandError(f"--sort {text}: the order is asc or desc")
    check_field(name, "--sort", kinds)
    return name, order == "desc"
