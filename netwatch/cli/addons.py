"""The services that a pipeline gets: who opens what is sealed, reads frames, classifies and names, for both faces."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from netwatch.cli.keys import open_keys
from netwatch.decrypt.messages import Frames
from netwatch.model.addon import Service
from netwatch.plugins.classifiers import Classifiers, folder

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.owners.addon import FlowOwners
    from netwatch.store.settings import Settings

RESOLVER_WAIT = 2.0  # seconds a record waits for the resolver, with --resolve


def readers(keylog: list[str], source: Any, *, live: bool, show_secrets: bool = False,
            follow: bool = False, quiet: bool = False) -> list[Service]:
    """Those who read content, in the order in which they feed each other. Raises CommandError for a bad key log.
    `quiet`: what is wrong with classifiers has been said."""
    services: list[Service] = open_keys(keylog, source, live=live)
    services.append(Frames(show_secrets, follow))
    if folder().is_dir():
        services.append(Classifiers(folder(), _mute if quiet else say))
    return services


def names(resolve: bool, where: Filter | None, fields: list[str] | None) -> Service:
    """Who knows the names of addresses. What is asked for by name and cannot be known is said."""
    from netwatch.names.addon import Names
    from netwatch.names.reverse import Reverse

    found = Names(Reverse() if resolve else None, RESOLVER_WAIT)
    for why in found.missing(_named(where) | set(fields or ())):
        say(why)
    return found


def owners(settings: Settings, behind: bool = False) -> FlowOwners | None:
    """What finds the processes of a live source's flows, started; None where that is not wanted."""
    if not settings.of("owners.find"):
        return None
    from netwatch.owners.addon import FlowOwners
    from netwatch.platform import current

    found = FlowOwners(current())
    found.start(behind)
    return found


def _mute(line: str) -> None:
    """Said already."""


def say(line: str) -> None:
    """One line for the user."""
    print(f"netwatch: {line}", file=sys.stderr)


def _named(where: Filter | None) -> set[str]:
    """Fields that a filter names; a bare word, which looks into many, names none of them."""
    from netwatch.schema import SEARCHED

    found = set(where.fields if where is not None else ())
    searched = {field.name for field in SEARCHED}
    return found - searched if searched <= found else found
