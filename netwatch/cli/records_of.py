"""The records of captures, or of a bundle, one after the other: for commands that make something else of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from netwatch.bundle.manifest import Bundle, is_bundle
from netwatch.cli import read
from netwatch.cli.bundle import opened
from netwatch.cli.bundling import FILES
from netwatch.cli.errors import EXIT_DAMAGED, EXIT_UNAVAILABLE, CommandError
from netwatch.cli.redaction import records
from netwatch.cli.sources import open_source
from netwatch.records.items import Packets
from netwatch.records.reading import Reading
from netwatch.records.selection import Selection, plural
from netwatch.records.settled import Settled
from netwatch.records.writers import Writer

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source
    from netwatch.model.record import Record

Take = Callable[["Record"], None]
WHAT = {"flow": "flows", "packet": "packets"}  # what --what calls a kind, where it is not the same


class Records:
    """What is opened and not read yet: several may be opened before the process shuts itself in with the first."""

    def __init__(self, paths: list[str], kinds: set[str], options: argparse.Namespace) -> None:
        """`options`: keylog, config, set, show_secrets; instead of paths interface, duration. Raises CommandError."""
        self._paths, self._kinds = paths, kinds
        self._bundle: Bundle | None = None
        for path in paths:
            if is_bundle(path):
                if len(paths) > 1:
                    raise CommandError(f"{path}: a bundle is read alone")
                self._bundle = opened(path)
                return
        self._options = read.prepared(_words(paths, kinds, options))
        try:
            self._source = open_source(self._options)
        except CommandError:
            self._options.host.close()
            raise

    @property
    def bundled(self) -> bool:
        """Is it a bundle?"""
        return self._bundle is not None

    def hand(self, take: Take, *, shut_in: bool = True) -> int:
        """Hand out all of them, and close; the exit code. Raises CommandError."""
        if self._bundle is not None:
            _hand_bundle(self._bundle, self._kinds, take)
            return 0
        kinds = {WHAT.get(kind, kind) for kind in self._kinds}
        try:
            return Handing(self._options, kinds, self._source, take, shut_in).go()
        finally:
            self._source.close()
            self._options.host.close()


def _hand_bundle(bundle: Bundle, kinds: set[str], take: Take) -> None:
    for kind in sorted(kinds):
        file = bundle.path(FILES[kind]) if kind in FILES else None
        if file is None:
            raise CommandError(f"{bundle.folder}: has no {plural(kind)}; ask its packets.pcapng", EXIT_UNAVAILABLE)
        for record in records(file):
            if str(record.get("schema", "")).startswith(f"netwatch.{kind}/"):
                try:
                    take(record)
                except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
                    raise CommandError(f"{file}: a line is no record of netwatch", EXIT_DAMAGED) from None


class Handing(read.Reading):
    """A reading that hands its records to somebody."""

    def __init__(self, options: argparse.Namespace, kinds: set[str], source: Source, take: Take,
                 shuts_in: bool) -> None:
        writer = Writer("ndjson", sys.stdout.buffer, None, source.interfaces)
        super().__init__(options, kinds, source, Selection(None, None, None), writer)
        self._take, self._shuts_in = take, shuts_in

    def _shut_in(self) -> None:
        if self._shuts_in:
            super()._shut_in()

    def _loop(self, reading: Reading) -> None:
        maker, settled = reading.maker(), Settled(reading.pipeline)
        for step in self._steps(reading):
            for item in settled.items(maker.items(step), step):
                if not isinstance(item, Packets):
                    self._take(item.record())
                elif "packets" in self.kinds:
                    for packet in item:
                        self._take(packet.record())


def _words(paths: list[str], kinds: set[str], options: argparse.Namespace) -> list[str]:
    """The words of `netwatch read` that say the same."""
    words = ["--what", ",".join(sorted(WHAT.get(kind, kind) for kind in kinds)), "--format", "ndjson"]
    for name in ("keylog", "set"):
        words += [word for value in getattr(options, name) for word in (f"--{name}", value)]
    for name in ("config", "duration"):
        words += [f"--{name}", getattr(options, name)] if getattr(options, name, None) else []
    words += [word for name in getattr(options, "interface", ()) for word in ("-i", name)]
    return [*words, *["--show-secrets"] * options.show_secrets, "--", *paths]
