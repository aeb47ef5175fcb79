"""The Egress tab and the policy: its verdicts, what the tab makes part of it, and who came in."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from netwatch.addons.egress import Allow, Egress, EgressAddon, Way, allowing, policy_path
from netwatch.egress.policy import Destination, load
from netwatch.model.group import Within
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Replayed]:
    """In a configuration folder of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "netwatch").mkdir()
    made = Replayed("tls13.pcap")
    yield made
    made.stop()


def write(session: Replayed, text: str) -> None:
    policy_path().write_text(text, encoding="utf-8")
    session.get(EgressAddon).look_again()


def test_without_a_policy_there_is_no_verdict_and_plus_begins_one(session: Replayed) -> None:
    driver = Driver(session, 140, 40, tab="egress")
    assert "no policy: + begins one" in driver.screen()
    driver.keys("down", "+")
    assert driver.forms[-1].title.startswith("Allow ") and not policy_path().exists()


def test_what_is_allowed_is_written_and_is_within_the_policy(session: Replayed) -> None:
    driver = Driver(session, 140, 40, tab="egress")
    driver.app.state.do = lambda command: said.append(command.run(session))
    said: list[str] = []
    found = Egress().answer(session)
    for who in [way for way in found.ways if not way.host]:
        while driver.state.parts["egress"].selected[0] != who.who:
            driver.keys("down")
        driver.state.ask_form = lambda form: form.answers()
        driver.keys("+")
    policy = load(policy_path())
    assert said and all("may talk to" in text for text in said)
    judged = [way for way in Egress().answer(session).ways if way.host and way.to is not None]
    assert judged and all(way.verdict == policy.judge(way.program, way.to) and way.verdict.word in ("sni", "ip")
                          for way in judged)
    driver.keys("i", "i", "home")
    assert "within the policy" in driver.screen()
    driver.keys("+")
    assert "has that already" in driver.state.message


def test_the_line_of_a_program_has_its_worst_verdict(session: Replayed) -> None:
    host = next(way for way in Egress().answer(session).ways if way.host)
    write(session, f'[program."{host.program}"]\nallow_ip = ["203.0.113.1"]\n')
    found = Egress().answer(session)
    assert found.policy == str(policy_path())
    root = next(way for way in found.ways if way.who == host.who and not way.host)
    assert root.verdict is not None and root.verdict.word == "drift" and root.verdict.bad
    assert "break" in Driver(session, 140, 40, tab="egress").screen()


def test_a_policy_that_cannot_be_used_is_said_and_judges_nothing(session: Replayed) -> None:
    write(session, "strict = perhaps\n")
    found = Egress().answer(session)
    assert found.problem and not found.policy and not any(way.verdict for way in found.ways)
    assert "policy:" in Driver(session, 140, 40, tab="egress").screen()
    said = Allow("curl", "allow_sni", ("www.example.com",)).run(session)
    assert said.startswith("Not allowed") and policy_path().read_text() == "strict = perhaps\n"


def test_what_a_policy_is_not_about_is_not_judged_nor_allowed() -> None:
    """Groups, this machine itself; a name that a peer made up is no name of a policy."""
    way = Way("curl", "224.0.0.251", "", 5353, "dns", 1, 0, 1, 0, 1, Within((), (), ""))
    assert allowing([way]) == []
    bad = replace(way, host="192.0.2.1", program="curl", to=Destination("*.com", "192.0.2.1", 443, None, False))
    assert allowing([bad]) == [Allow("curl", "allow_ip", ("192.0.2.1",))]


def test_who_came_in_adds_up(session: Replayed) -> None:
    """Of a file: by responder, with all flows that came to it; each source leads to what it counted."""
    rows = session.query(None, "id", False, 0, 10_000, True).rows
    found = Egress(inward=True).answer(session)
    below = [way for way in found.ways if way.host]
    assert sum(way.flows for way in below) == len(rows) == sum(way.flows for way in found.ways if not way.host)
    for way in below:
        mine = session.query(None, "id", False, 0, 10_000, True, way.within).rows
        assert len(mine) == way.flows and {row["src"] for row in mine} == {way.host}
    driver = Driver(session, 140, 40, tab="egress").keys("i")
    assert "who came in" in driver.screen() and "to port 443" in driver.screen()
    driver.keys("right")
    assert driver.state.tab == "egress"                    # a sum over sources leads to no flows of its own
    driver.keys("down", "right")
    assert driver.state.tab == "connections" and not driver.state.failed
