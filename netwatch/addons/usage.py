"""What is kept in memory, store by store, and how near each is to its limit."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch._fast.view.memory import stores
from netwatch.model.contract import Addon, Store

if TYPE_CHECKING:
    from netwatch.model.contract import Session


@dataclass(frozen=True)
class Memory:
    """The stores of the engine, and of the addons."""

    def answer(self, session: Session) -> list[Store]:
        with session.lock:
            found = [Store(*each) for each in stores(session.engine)]
            for addon in session.addons:
                found += addon.stores()
        return found


class UsageAddon(Addon):
    """Tells what is kept in memory."""

    name = "usage"
    questions = (Memory,)
