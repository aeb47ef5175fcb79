"""A run: one source read from its first frame on, as the addons see it that watch it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from netwatch.model.addon import WARNING, Addon
from netwatch.model.host import Host

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch._fast.input.source import Source

Kind = TypeVar("Kind", bound=Addon)


@dataclass(frozen=True)
class Purpose:
    """What a run is for, as far as addons care."""

    live: bool = False
    label: str = ""  # of the source, as a title has it
    kinds: frozenset[str] = frozenset()  # of record that are made
    keylogs: tuple[str, ...] = ()  # files of TLS keys that were named
    show_secrets: bool = False  # passwords and the like are not masked
    final: bool = False  # records are made once and for all: an answer that comes soon is worth waiting for


class Values(Protocol):
    """Settings in force."""

    def of(self, key: str) -> Any:
        """The value of a dotted key, of its option's type."""


class Run(Protocol):
    """What begin() is given, and may be kept."""

    @property
    def purpose(self) -> Purpose: ...
    @property
    def settings(self) -> Values: ...
    @property
    def host(self) -> Host: ...
    @property
    def source(self) -> Source: ...
    @property
    def engines(self) -> Sequence[Engine]: ...

    def find(self, kind: type[Kind]) -> Kind | None:
        """The addon of that class; None when this run has none."""

    def get(self, kind: type[Kind]) -> Kind:
        """The same, where there must be one. Raises LookupError."""

    def say(self, text: str, severity: str = WARNING) -> None:
        """One line for the user: on standard error, or among the events of the Timeline."""
