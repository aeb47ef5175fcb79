"""Promotion: what was seen becomes part of the policy, in a file whose comments and order stay.

Names are promoted as they are; where a flow says none, its address is. Wildcards are only suggested: nobody but the
user knows whether all below a domain is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import TYPE_CHECKING

from netwatch.egress.policy import PolicyError, parse

if TYPE_CHECKING:
    from netwatch.egress.policy import Destination

SIBLINGS = 3  # names below one domain, from which a wildcard is suggested
LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
NAME = re.compile(rf"(?=.{{1,253}}$){LABEL}(?:\.{LABEL})*")  # a * that a peer says is none
NEW = """# What each program may talk to: docs/egress.md explains the keys.
strict = false
"""
Wanted = dict[str, dict[str, list[str]]]  # who: key: what is to be allowed


def wanted(found: Iterable[tuple[str, Destination]]) -> Wanted:
    """What has to be allowed so that all of that is."""
    made: Wanted = {}
    for who, to in found:
        named = NAME.fullmatch(to.name) and not to.ech
        key, value = ("allow_sni", to.name) if named else ("allow_ip", to.address)
        entries = made.setdefault(who, {}).setdefault(key, [])
        if value not in entries:
            entries.append(value)
    return made


def promoted(text: str, more: Wanted) -> str:
    """The text of a policy that allows more. Raises PolicyError."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    parse(text, "the policy")
    try:
        document = tomlkit.parse(text)
        programs = document.setdefault("program", tomlkit.table(True))
        for who, lists in more.items():
            if who not in programs:
                programs[who] = tomlkit.table()
            for key, values in lists.items():
                _add(programs[who], key, values)
        new = tomlkit.dumps(document)
    except (TOMLKitError, TypeError) as e:
        raise PolicyError(f"the policy is written in a way that only an editor can change: {e}") from None
    parse(new, "the new policy")
    return new


def _add(table: MutableMapping[str, object], key: str, values: list[str]) -> None:
    import tomlkit

    if key not in table:
        table[key] = tomlkit.array()
    held = table[key]
    if not isinstance(held, list):
        raise TypeError(f"{key} is no list")
    for value in values:
        if value not in held:
            held.append(value)
    if isinstance(held, tomlkit.items.Array) and len(held) > SIBLINGS:
        held.multiline(True)


def suggestions(more: Mapping[str, Mapping[str, list[str]]]) -> list[str]:
    """Wildcards that would stand for several of the names; one line each."""
    told = []
    for who, lists in more.items():
        below: dict[str, int] = {}
        for name in lists.get("allow_sni", ()):
            parent = name.partition(".")[2]
            if parent.count(".") >= 1:
                below[parent] = below.get(parent, 0) + 1
        told += [f"{who}: {count} names below {parent}; one entry \"*.{parent}\" would allow all there are"
                 for parent, count in below.items() if count >= SIBLINGS]
    return told
