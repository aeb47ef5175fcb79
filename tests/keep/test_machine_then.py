"""What the machine said of itself at a moment that is over: what processes cost, its kernel dropped, its routes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from netwatch.addons import processes
from netwatch.addons.insights import Card, InsightsAddon
from netwatch.addons.processes import CostsThen, ProcessesAddon
from netwatch.addons.thens import MOST, Thens
from netwatch.addons.topology import TopologyAddon
from netwatch.model.host import Unavailable


class Machine:
    """Says what it is told to."""

    def __init__(self) -> None:
        self.spent, self.gateways = 0.0, ["192.0.2.1"]

    def cpu_seconds(self, pid: int) -> float:
        if pid != 7:
            raise Unavailable("no such process")
        return self.spent

    def routes(self) -> list[Any]:
        return [SimpleNamespace(prefix=0, gateway=each, interface="eth0") for each in self.gateways]


def rows() -> list[dict[str, Any]]:
    return [{"key": ("pid", ("curl", 7))}, {"key": ("pid", ("gone", 8))}, {"key": ("none", None)}]


def asked(costs: Any) -> list[float | None]:
    found = rows()
    costs.add(found)
    return [row.get("cpu") for row in found]


def test_a_value_is_what_it_was_until_it_changed() -> None:
    thens: Thens[str] = Thens()
    assert thens.at(5) is None
    for ns, value in ((10, "a"), (20, "a"), (30, "b"), (40, "a")):
        thens.put(ns, value)
    assert [thens.at(ns) for ns in (9, 10, 25, 30, 39, 40, 99)] == [None, "a", "a", "b", "b", "a", "a"]
    for ns in range(100, 100 + MOST):
        thens.put(ns, str(ns))
    assert thens.at(99) is None and thens.at(100) == "100"


def test_what_processes_cost_is_what_was_told_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now, machine, addon = [100.0], Machine(), ProcessesAddon()
    monkeypatch.setattr(processes, "time", SimpleNamespace(monotonic=lambda: now[0]))
    addon.begin(SimpleNamespace(host=machine))  # type: ignore[arg-type]
    told = []
    for at in range(1, 6):
        machine.spent += 0.1 * at
        told.append(asked(addon.costs))
        addon.put_down(at)
        now[0] += 1
    assert [round(each[0] or 0) for each in told] == [0, 20, 30, 40, 50] and told[0][0] is None
    assert [asked(addon.as_of(at).costs) for at in range(1, 6)] == told
    assert asked(addon.unknown().costs) == asked(CostsThen(None)) == [None, None, None]
    now[0] += 60  # another tab is shown
    addon.put_down(6)
    assert asked(addon.as_of(6).costs) == [None, None, None] and asked(addon.as_of(5).costs) == told[-1]


def test_cards_of_the_machine_are_those_of_then() -> None:
    addon = InsightsAddon()
    for at, cards in enumerate([(), (Card("warning", "one", "", ""),), (Card("warning", "two", "", ""),)], 1):
        addon.machine = cards
        addon.put_down(at)
    assert [[card.title for card in addon.as_of(at).machine] for at in (0, 1, 2, 3)] == [[], [], ["one"], ["two"]]


def test_routes_are_those_of_then() -> None:
    machine, addon = Machine(), TopologyAddon()
    session: Any = SimpleNamespace(host=machine)
    for at, gateways in enumerate([["192.0.2.1"], ["192.0.2.9"], []], 1):
        machine.gateways = gateways
        assert list(addon.gateways(session)) == gateways
        addon.put_down(at)
    assert [list(addon.as_of(at).gateways(session)) for at in (0, 1, 2, 3)] == [[], ["192.0.2.1"], ["192.0.2.9"], []]
