"""python -m tests.live.time_machine INTERFACE SECONDS: a live session with owners. Its moments are looked at when they
are put down, and again from the past while the capture goes on. Prints what differs, as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from netwatch.addons import insights as insights_module
from netwatch.addons.history import History
from netwatch.addons.insights import Insights, InsightsAddon
from netwatch.addons.interfaces import Interfaces, InterfacesAddon
from netwatch.addons.processes import CostsThen, Processes, ProcessesAddon
from netwatch.addons.timeline import TimelineNow
from netwatch.addons.topology import Peers, TopologyAddon
from netwatch.capture.live import list_devices, open_live
from netwatch.model.contract import Purpose
from netwatch.owners.addon import FlowOwners
from netwatch.platform.host import ThisMachine
from netwatch.run.session import Session
from netwatch.store.settings import Settings
from netwatch.ui import timemode
from tests.keep.test_every_tab import QUESTIONS, exact
from tests.keep.test_moments import every
from tests.ui.driver import Driver
from tests.ui.test_timemode import body

TABS = "connections", "stats", "topology", "processes", "egress"  # drawn from the table of flows and nothing else
KERNEL = "The kernel drops packets"
QUERY = None, "bytes", True, 0, 500, True  # all flows there are, with the minute before


def settled(answer: Any) -> Any:
    """Without what is not kept by the second."""
    if isinstance(answer, TimelineNow):  # what is said of a flow, and an alert, is what is known of it now
        alerts = sum(each.count for each in answer.events if each.category == "alert")
        return (answer.total - alerts, answer.start_s, answer.step_s, answer.bytes, answer.now_ns,
                [(each.time_ns, each.severity, each.category) for each in answer.events
                 if each.category in ("interface", "capture", "damage")])
    return exact(answer)


@contextmanager
def told_last(session: Session) -> Iterator[None]:
    """What is asked of the machine is what was told of it last, as nothing moves in a moment; then it is asked."""
    processes, insights = session.get(ProcessesAddon), session.get(InsightsAddon)
    asked_of = session.get(TopologyAddon), session.get(InterfacesAddon)
    costs, machine, asked = processes.costs, insights.machine, insights_module._kernel_drops
    processes.costs = CostsThen(costs.told)
    for addon in asked_of:
        addon._past = True
    insights_module._kernel_drops = lambda _: list(machine)
    try:
        yield
    finally:
        processes.costs, insights_module._kernel_drops = costs, asked
        for addon in asked_of:
            addon._past = False
    for question in (Processes(), Insights(), Peers(), Interfaces()):
        session.ask(question)


class Watched(Session):
    """Calls `seen` right after each moment is put down, while nothing moves."""

    extra = 0

    def __init__(self, name: str, seen: Callable[[Watched, int], None]) -> None:
        self._seen_at, self._moments = seen, 0
        host = ThisMachine(list_devices)
        host.find_owners(behind=True)
        super().__init__(Purpose(label=name, live=True), lambda: open_live([name]), host=host,
                         settings=Settings({"history.flows": 20_000}))

    def _begin(self, source: Any) -> None:
        super()._begin(source)
        advance = self.pipeline.advance

        def advanced(ns: int) -> Any:
            found = advance(ns)
            self._look()
            return found

        self.pipeline.advance = advanced  # type: ignore[method-assign]

    def _take(self, count: int) -> Any:
        step = super()._take(count)
        self._look()
        return step

    def _look(self) -> None:
        reel = self.get(History).reel
        if reel is not None and reel.span is not None and len(reel) + reel.let_go != self._moments:
            self._moments = len(reel) + reel.let_go
            owners = self.get(FlowOwners)
            owners._owners, asked = None, owners._owners  # who looks at a flow asks whose it is: nothing moves now
            self.lock.release()  # whoever asks takes it
            try:
                with told_last(self):
                    self._seen_at(self, reel.span[1])
            finally:
                self.lock.acquire()
                owners._owners = asked


class Lab:
    """What was seen live, by moment; what differs from it."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[int, Any]] = {}
        self.answers: dict[int, dict[str, Any]] = {}
        self.minutes: dict[int, dict[int, Any]] = {}
        self.screens: dict[int, dict[str, str]] = {}
        self.differs: list[list[str]] = []
        self.driver: Driver | None = None

    def look(self, session: Watched, at: int) -> None:
        self.rows[at] = every(session)
        self.minutes[at] = {row["id"]: row["minute"] for row in session.query(*QUERY).rows}
        self.answers[at] = {tab: session.ask(question) for tab, question in QUESTIONS.items()}
        if not any("pid" in row.get("process", ()) for row in self.rows[at].values()):
            return  # the columns of processes come with the first
        self.driver = self.driver or Driver(session, 160, 45, do=lambda command: command.run(session))
        self.driver.state.at = None
        self.screens[at] = dict(self.drawn(self.driver))

    def drawn(self, driver: Driver) -> list[tuple[str, str]]:
        found = []
        for tab in TABS:
            driver.state.go(tab)
            driver.app._settle()
            driver.step()
            found.append((tab, body(driver).replace(driver.state.glyphs.bar, " ")))  # the cursor is ours
        return found

    def compare(self, session: Watched, at: int) -> None:
        past = session.at(at)
        assert past.moment.at_ns == at, (past.moment.at_ns, at)
        for row in sorted(self.rows[at].keys() | every(past).keys()):
            was, told = (rows.get(row) for rows in (self.rows[at], every(past)))
            if was != told:
                self.differs.append(["row", str(at), str(was), str(told)])
        for row in past.query(*QUERY).rows:
            was, told = self.minutes[at].get(row["id"]), row["minute"]
            if was != told:
                self.differs.append(["minute", str(at), str(was), str(told)])
        for tab, question in QUESTIONS.items():
            was, told = settled(self.answers[at][tab]), settled(past.ask(question))
            if was != told:
                self.differs.append([tab, str(at), str(was), str(told)])

    def compare_screens(self, driver: Driver, at: int) -> None:
        timemode.go(driver.state, at)
        if at not in self.screens:
            return
        for tab, told in self.drawn(driver):
            was = self.screens[at][tab]
            if was != told:
                self.differs.append([f"screen {tab}", str(at), was, told])


def told_of(lab: Lab, then: list[int]) -> dict[str, int]:
    """At how many moments there was anything of what is asked of the machine, and flows with their last minute."""
    answers = [lab.answers[at] for at in then]
    return {"cpu": sum(any("cpu" in row for row in each["processes"].rows) for each in answers),
            "drops": sum(any(card.title == KERNEL for card in each["insights"].cards) for each in answers),
            "gateways": sum(any(peer.detail.startswith("default route") for peer in each["topology"].peers)
                            for each in answers),
            "minutes": sum(any(lab.minutes[at].values()) for at in then)}


def main(name: str, seconds: float) -> None:
    lab = Lab()
    session = Watched(name, lab.look)
    session.start()
    try:
        print("started", flush=True)
        time.sleep(seconds)
        then = sorted(lab.rows)[:-1]
        shown = Driver(session, 160, 45, do=lambda command: command.run(session))
        for at in then:
            lab.compare(session, at)
            lab.compare_screens(shown, at)
        later = len(lab.rows)
        time.sleep(1.5)
        print(json.dumps({"moments": len(then), "rows": sum(len(lab.rows[at]) for at in then), "differs": lab.differs,
                          "screens": sum(at in lab.screens for at in then), "went_on": len(lab.rows) > later,
                          "error": session.health().error, "told": told_of(lab, then),
                          "owners": sum("pid" in row.get("process", ()) for row in lab.rows[then[-1]].values()),
                          "apps": sorted({row["app"] for row in lab.rows[then[-1]].values() if "app" in row})}))
    finally:
        session.stop()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
