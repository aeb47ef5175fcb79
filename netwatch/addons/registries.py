"""Whose an address is that somebody points at: asked of the registries, one at a time, and kept for the run."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch.model.contract import Addon, Store
from netwatch.model.host import Unavailable
from netwatch.names.whois import Found, look_up, refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netwatch.model.contract import Run, Session
    from netwatch.model.host import Host

KEPT_MOST = 256  # addresses
SETTING = "probes.third_party"


@dataclass(frozen=True)
class Owned:
    """What is known of an address: `found` None while it is asked for, or where `why` says that nobody was asked.
    `setting`: that would allow it, "" for none."""

    address: str
    found: Found | None = None
    why: str = ""
    setting: str = ""

    @property
    def unfinished(self) -> bool:
        return self.found is None and not self.why


@dataclass(frozen=True)
class WhoisNow:
    """Of that address; None when it has not been asked for."""

    address: str

    def answer(self, session: Session) -> Owned | None:
        return session.get(Registries).now(self.address)


@dataclass(frozen=True)
class AskWhois:
    """Ask for that address, if it is not known yet. It sends the address to the registries."""

    address: str

    def run(self, session: Session) -> str:
        session.get(Registries).ask(self.address)
        return ""


class Registries(Addon):
    """Asks the registries whose an address is, when somebody asks for it and never else."""

    name = "whois"
    questions = (WhoisNow,)

    def begin(self, run: Run) -> None:
        self._host: Host = run.host
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Owned] = OrderedDict()
        self._forgotten = 0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._allowed = bool(run.settings.of(SETTING))
        if self._allowed:
            try:
                run.host.allow_whois()
            except (Unavailable, ValueError, OSError):
                return  # ask_registry() says why; a file that is read again has said it before

    def ask(self, address: str) -> None:
        known = self.now(address)
        if known is not None and (known.found is not None or known.unfinished):
            return
        why = refusal(address)
        if why or not self._allowed:
            self._keep(Owned(address, None, why or f"{SETTING} is false: no registry is asked", "" if why else SETTING))
        elif self._thread is not None and self._thread.is_alive():
            self._keep(Owned(address, None, "another address is being asked for: once more in a moment"))
        else:
            self._keep(Owned(address))
            self._thread = threading.Thread(target=self._ask, args=(address,), name="whois", daemon=True)
            self._thread.start()

    def now(self, address: str) -> Owned | None:
        with self._lock:
            return self._known.get(address)

    def stores(self) -> Sequence[Store]:
        with self._lock:
            return (Store("answers of registries", len(self._known), KEPT_MOST, None, self._forgotten),)

    def close(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(timeout=1)

    def _ask(self, address: str) -> None:
        try:
            found = look_up(self._host, address, self._over.is_set)
            self._keep(Owned(address, found) if found.text else Owned(address, None, found.more or "it said nothing"))
        except (OSError, ValueError, Unavailable) as e:
            self._keep(Owned(address, None, getattr(e, "strerror", None) or str(e)))

    def _keep(self, owned: Owned) -> None:
        with self._lock:
            self._known[owned.address] = owned
            self._known.move_to_end(owned.address)
            while len(self._known) > KEPT_MOST:
                self._known.popitem(last=False)
                self._forgotten += 1
