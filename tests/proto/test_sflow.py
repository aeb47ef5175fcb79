"""sFlow: agents, samples, rates; lengths that must add up; datagrams that were lost."""

import pytest
from spoken import check_hostile, check_strangers, describing, flow, shown, told
from talk_sflow import COUNTERS, HEADER, RATES, SIX, datagram, flow_sample, sample, word

from netwatch._fast.out.probe import NOT_MINE, OK


def test_an_agent():
    probe = told("sflow", RATES)
    obj = shown("sflow", probe.facts)
    assert obj == {
        "agent": "192.0.2.1", "sub_agents": [0, 2], "datagrams": 3, "samples": 4, "lost": 2,
        "kinds": ["flow", "counters", "expanded flow", "expanded counters"], "records": ["raw header", "switch"],
        "rates": [512, 1024],
    }  # fmt: skip
    assert (probe.initiator, probe.malformed, describing("sflow").label(obj)) == (0, 0, "sFlow 192.0.2.1")
    assert shown("sflow", told("sflow", SIX).facts)["agent"] == "2001:db8::1"


@pytest.mark.parametrize(("data", "away", "home"), [
    (RATES[0][1], 96, 96),
    (SIX[0][1], 96, 96),
    (datagram(), 0, 85),
    (datagram(agent=bytes(16)), 0, 85),
    (RATES[0][1] + b"\0\0\0\0", 0, 0),
    (RATES[0][1][:-4], 0, 0),
    (word(4) + RATES[0][1][4:], 0, 0),
    (word(5, 3) + RATES[0][1][8:], 0, 0),
    (datagram(sample(1, b"abc")), 0, 0),
    (datagram(COUNTERS)[:24] + word(201) + COUNTERS, 0, 0),
])
def test_detection(data, away, home):
    assert [flow("sflow", port, datagram=True).detect(data) for port in (4321, 6343)] == [away, home]


def test_samples_that_end_early():
    probe = told("sflow", [(0, datagram(sample(1, bytes(8)), flow_sample(7, HEADER)[:8] + bytes(len(HEADER[1]) + 40)))])
    assert probe.code == OK
    assert shown("sflow", probe.facts)["kinds"] == ["flow"]


def test_broken_datagrams():
    assert told("sflow", [(0, datagram(COUNTERS)[:-1])]).code == NOT_MINE
    probe = told("sflow", [SIX[0], (0, datagram(COUNTERS)[:-1])])
    assert (probe.code, probe.malformed) == (OK, 1)


def test_an_agent_that_starts_anew_lost_nothing():
    turns = [(0, datagram(COUNTERS, sequence=n)) for n in (4_000_000_000, 1, 2, 1, 4)]
    assert shown("sflow", told("sflow", turns).facts)["lost"] == 1


def test_strangers():
    check_strangers("sflow")


def test_hostile():
    check_hostile("sflow")
