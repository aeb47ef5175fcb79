"""What every tab shows of a moment that is over is what it showed then: each question, asked then, and of the past."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from test_moments import HERE, watched

from netwatch.addons.dashboard import DashboardNow, DashboardQuestion
from netwatch.addons.egress import Egress
from netwatch.addons.groups import GroupsOf
from netwatch.addons.insights import Insights
from netwatch.addons.interfaces import Interfaces
from netwatch.addons.packets.questions import Packets
from netwatch.addons.processes import Processes
from netwatch.addons.statistics import StatisticsQuestion
from netwatch.addons.timeline import Timeline
from netwatch.addons.topology import Peers
from netwatch.run.session import Session

QUESTIONS: dict[str, Any] = {
    "dashboard": DashboardQuestion(now=False), "interfaces": Interfaces(), "packets": Packets(), "egress": Egress(),
    "stats": StatisticsQuestion("session"), "topology": Peers(), "timeline": Timeline(), "insights": Insights(),
    "insights of a minute": Insights(60), "processes": Processes(), "groups": GroupsOf("remote")}


def exact(answer: Any) -> Any:
    """Without what is counted by the second alone: of the second in which a moment lies, all of it."""
    return replace(answer, dns_errors=0) if isinstance(answer, DashboardNow) else answer


@pytest.mark.parametrize("name", ["https2.pcap", "dns.pcap", "mdns.pcap", "http.pcap"])
def test_every_tab_is_as_it_was(name: str) -> None:
    there: dict[int, dict[str, object]] = {}

    def look(session: Session, at: int) -> None:
        session.lock.release()  # the engine's thread has it; whoever asks takes it
        try:
            there[at] = {tab: session.ask(question) for tab, question in QUESTIONS.items()}
        finally:
            session.lock.acquire()

    with watched(HERE / name, look, live=False) as session:
        assert len(there) > 1
        there.pop(max(there))  # with the end of the file more became known, at the same time
        for at in random.Random(1).sample(sorted(there), min(8, len(there))):
            past = session.at(at)
            assert past.moment.at_ns == at
            for tab, question in QUESTIONS.items():
                assert exact(past.ask(question)) == exact(there[at][tab]), (tab, at)
