"""What is asked of the library, understood before anything is read; and what goes wrong, as its exceptions."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from netwatch._fast.input.source import SourceError
from netwatch.filter import Filter, FilterError, lists
from netwatch.model.contract import AddonError
from netwatch.model.errors import UnavailableError, UsageError, error_of
from netwatch.model.option import Value
from netwatch.records.arrow import Missing
from netwatch.records.kinds import kinds_named, read_kinds
from netwatch.records.reading import Order
from netwatch.records.selection import Selection, singular
from netwatch.records.validation import field_fault, own_paths, where_fault
from netwatch.store.lists import ListError
from netwatch.store.lists import read as read_list
from netwatch.store.settings import SettingError, Settings

_names = threading.Lock()


@dataclass(frozen=True)
class Asked:
    """`where` is a text: a filter that is read again counts again. `fields`: dotted names of the schema."""

    where: str | None
    fields: tuple[str, ...] | None
    limit: int | None
    kinds: frozenset[str]  # of the records that come; `order` has those that are read for them
    order: Order

    def selection(self) -> Selection:
        """A fresh one."""
        kinds = sorted(map(singular, self.order.kinds))
        with lists.used(self.order.lists):
            where = Filter(self.where, kinds) if self.where is not None else None
        return Selection(where, None, self.limit, more=True)


@contextmanager
def translated() -> Iterator[None]:
    """Errors of all rooms, as exceptions of the library."""
    try:
        yield
    except (SourceError, AddonError) as e:
        raise error_of(e.exit_code, str(e)) from None
    except FilterError as e:
        raise UsageError(f"where: {e.message}, at column {e.column}") from None
    except (SettingError, ListError) as e:
        raise UsageError(str(e)) from None
    except Missing as e:
        raise UnavailableError(str(e)) from None


def kinds_of(what: str) -> frozenset[str]:
    """The kinds that are named. Raises UsageError."""
    if not isinstance(what, str):
        raise UsageError("what: kinds of record in one text, with commas")
    try:
        asked = frozenset(kinds_named(what))
    except ValueError as e:
        raise UsageError(f"what: {e}") from None
    if "summary" in asked:
        raise UsageError("what=summary: that is .summary() of any reading")
    return asked


def check_options(called: str, given: Mapping[str, object], known: Iterable[str]) -> None:
    """Raises TypeError, as Python does, for an option that a function has not got; it names the nearest."""
    import difflib

    for name in given.keys() - set(known):
        near = difflib.get_close_matches(name, known, 1)
        raise TypeError(f"{called}() got an unexpected keyword argument {name!r}"
                        + (f"; did you mean {near[0]!r}?" if near else ""))


def understood(where: str | None, fields: Iterable[str] | None, limit: int | None, order: Order) -> Asked:
    """What is asked of the kinds that an order names. Raises UsageError for what makes no sense."""
    kinds = order.kinds
    with translated():
        asked = Asked(where, None if fields is None else _fields(fields, kinds), limit, kinds,
                      order._replace(kinds=frozenset(read_kinds(kinds))))
        fault = where_fault(asked.selection().where, asked.order.kinds)
    if fault:
        raise UsageError(f"where: {fault}")
    if limit is not None and limit < 0:
        raise UsageError("limit: 0 or more")
    if not 1 <= order.workers <= 64:
        raise UsageError("workers: a number from 1 to 64")
    return asked


def settings_of(given: Mapping[str, Value | Sequence[str]], file: str | None) -> Settings:
    """The settings of a file, where one is named, and above it those that are given. Raises NetwatchError."""
    from pathlib import Path

    from netwatch.store import config

    settings = Settings({})
    if file is not None:
        try:
            settings, wrong = config.load(Path(file))
        except OSError as e:
            raise error_of(4 if isinstance(e, FileNotFoundError) else 3, f"{file}: {e.strerror}") from None
        if wrong:
            raise UsageError(wrong[0])
    with translated():
        for key, value in given.items():
            if key.startswith(config.LISTS):
                name = key.removeprefix(config.LISTS)
                settings = settings._replace(lists={**settings.lists, name: read_list(name, value, Path())})
            else:
                settings = settings.given(key, value, "settings=")
    for note in settings.notes:
        warnings.warn(note, stacklevel=2)
    return settings


def use_client_names() -> None:
    """Let the fingerprints of TLS hellos have the names of programs, as the command line does."""
    from netwatch._fast.proto.tls import text
    from netwatch.names.clients import ClientTableError, load_clients

    with _names:
        if not text.CLIENTS:
            try:
                text.CLIENTS.update(load_clients())
            except ClientTableError as e:
                raise UsageError(str(e)) from None


def _fields(names: Iterable[str], kinds: frozenset[str]) -> tuple[str, ...]:
    """Their dotted names in records of the kinds: a name that stands for several is all of these."""
    found: dict[str, None] = {}
    for name in names:
        fault = field_fault(name, kinds, more=True)
        if fault:
            raise UsageError(f"fields: {name}: {fault}")
        own = own_paths([name], sorted(kinds))
        if not own:
            raise UsageError(f"fields: {name}: is of flows; {' and '.join(sorted(map(singular, kinds)))} records have "
                             "not got it")
        found |= dict.fromkeys(own)
    if not found:
        raise UsageError("fields: name at least one")
    return tuple(found)
