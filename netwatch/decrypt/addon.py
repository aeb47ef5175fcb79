"""The addon that opens flows, where there may be keys; only there the rest of this room is loaded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from netwatch._fast.input.savefile import Pcap
from netwatch.model.contract import Addon, Store
from netwatch.model.event import Event, FlowRef, Step
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch._fast.view.addoncolumns import AddonColumns
    from netwatch.decrypt.decryptor import Decryptor
    from netwatch.model.contract import Run


class Decrypt(Addon):
    """Opens what flows seal, with the keys of key logs (--keylog, $SSLKEYLOGFILE) and of the capture itself."""

    name = "decrypt"
    needs = frozenset[str]()

    def __init__(self) -> None:
        self._opens: Decryptor | None = None

    def begin(self, run: Run) -> None:
        """A named file must be there, except for a live capture: there it may appear later, as $SSLKEYLOGFILE may
        always."""
        named, default = run.purpose.keylogs, os.environ.get("SSLKEYLOGFILE", "")
        paths = named or ((default,) if default else ())
        if not paths and (run.purpose.live or type(run.source) is Pcap):
            return
        from netwatch.decrypt.decryptor import Decryptor

        self._opens = Decryptor(paths)
        if named and not run.purpose.live:
            self._opens.open()
        self._opens.begin(run)
        self.wants, self.early, self.adds = Decryptor.wants, Decryptor.early, Decryptor.adds

    def before(self, secrets: Sequence[tuple[int, bytes]]) -> None:
        if self._opens is not None:
            self._opens.before(secrets)

    def take(self, step: Step) -> Sequence[Event]:
        return self._opens.take(step) if self._opens is not None else ()

    def column(self, engine: Engine) -> AddonColumns | None:
        return self._opens.column(engine) if self._opens is not None else None

    def adorn(self, record: Record, flow: FlowRef) -> None:
        if self._opens is not None:
            self._opens.adorn(record, flow)

    def stores(self) -> Sequence[Store]:
        return self._opens.stores() if self._opens is not None else ()

    @property
    def malformed(self) -> int:
        """Lines of key logs that were none so far."""
        return self._opens.keys.malformed if self._opens is not None else 0

    def secrets(self) -> bytes:
        """The secrets of connections that were seen, as lines of a key log: those that are new since the last call."""
        return self._opens.keys.used_lines() if self._opens is not None else b""

    def close(self) -> None:
        if self._opens is not None:
            self._opens.close()
