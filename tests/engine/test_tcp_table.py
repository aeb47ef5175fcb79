"""The table of TCP's states, cell by cell: a conversation that leads to the state, then one segment that says it."""

from __future__ import annotations

import pytest
from conversation import CLIENT, SERVER, Talk
from running import run
from wire import ACK, FIN, RST, SYN

from netwatch._fast.flow.tcp import EVENTS, STATES, TRANSITIONS


def syn(talk: Talk) -> Talk:
    talk.segment(CLIENT, SYN, ack=0)
    talk.seq[CLIENT] += 1
    return talk


def syn_ack(talk: Talk) -> Talk:
    talk.segment(SERVER, SYN | ACK)
    talk.seq[SERVER] += 1
    return talk


# how one comes to the state, with nothing pending; the initiator is the client
WAYS = {
    "SYN_SENT": syn,
    "SYN_RECV": lambda talk: syn_ack(syn(talk)),
    "ESTABLISHED": lambda talk: talk.open(),
    "UNKNOWN": lambda talk: talk.say(CLIENT, b"x"),
    "FIN_WAIT1": lambda talk: talk.open().fin(CLIENT),
    "FIN_WAIT2": lambda talk: talk.open().fin(CLIENT).ack(SERVER),
    "CLOSING": lambda talk: closing(talk.open()),
    "CLOSE_WAIT": lambda talk: talk.open().fin(SERVER),
    "LAST_ACK": lambda talk: talk.open().fin(SERVER).ack(CLIENT).fin(CLIENT),
    "TIME_WAIT": lambda talk: talk.open().fin(CLIENT).ack(SERVER).fin(SERVER).ack(CLIENT),
    "CLOSED": lambda talk: talk.open().fin(SERVER).ack(CLIENT).fin(CLIENT).ack(SERVER),
    "NONE": lambda talk: talk,
}


def closing(talk: Talk) -> Talk:
    """Both close before either has heard of it."""
    seq = list(talk.seq)
    talk.segment(CLIENT, FIN | ACK).segment(SERVER, FIN | ACK)
    talk.seq = [seq[0] + 1, seq[1] + 1]
    return talk


# what says it: side, flags, and whether it acknowledges all, or all but the other side's FIN
SAID = {
    "initiator": (CLIENT, ACK, -1),
    "responder": (SERVER, ACK, -1),
    "fin-initiator": (CLIENT, FIN | ACK, -1),
    "fin-responder": (SERVER, FIN | ACK, -1),
    "acked-initiator": (SERVER, ACK, 0),
    "acked-responder": (CLIENT, ACK, 0),
    "rst": (CLIENT, RST, 0),
}
CLOSED_BY = {"FIN_WAIT1": "C", "FIN_WAIT2": "C", "CLOSING": "CS", "CLOSE_WAIT": "S", "LAST_ACK": "CS"}


def possible(state: str, event: str) -> bool:
    """Can the segment come in that state and say this alone?"""
    by = CLOSED_BY.get(state, "")
    if event in ("syn", "syn-ack", "alone", "accepted"):
        return False
    if event.startswith("acked"):
        return ("C" if event == "acked-initiator" else "S") in by
    if event.startswith("fin"):
        return ("C" if event == "fin-initiator" else "S") not in by and state not in ("TIME_WAIT", "CLOSED", "NONE")
    return state != "NONE"


@pytest.mark.parametrize(("state", "event"), [(s, e) for s in STATES for e in EVENTS if possible(s, e)])
def test_a_cell(state: str, event: str) -> None:
    talk = Talk().say(SERVER, b"x") if (state, event) == ("UNKNOWN", "initiator") else WAYS[state](Talk())
    assert run(talk.frames).flow["state"] == state
    side, flags, less = SAID[event]
    closed = ("S" if side == CLIENT else "C") in CLOSED_BY.get(state, "")
    talk.segment(side, flags, ack=talk.seq[1 - side] + (less if closed else 0))
    assert run(talk.frames).flow["state"] == TRANSITIONS[state].get(event, state)


@pytest.mark.parametrize("state", [state for state in STATES if state != "NONE"])
@pytest.mark.parametrize("flags", [SYN, SYN | ACK])
def test_a_syn_sent_again_moves_only_who_is_opening(state: str, flags: int) -> None:
    talk = WAYS[state](Talk())
    if state == "UNKNOWN" or (state, flags) == ("SYN_SENT", SYN | ACK):
        return
    if flags == SYN:
        talk.segment(CLIENT, SYN, seq=1000, ack=0)
    else:
        talk.segment(SERVER, SYN | ACK, seq=5000, ack=1001)
    last = run(talk.frames).flows[-1]
    event = "syn-ack" if flags & ACK or state == "SYN_RECV" else "syn"
    anew = flags == SYN and state in ("CLOSED", "TIME_WAIT")
    assert last["state"] == ("SYN_SENT" if anew else TRANSITIONS[state].get(event, state))


@pytest.mark.parametrize(("flags", "event"), [(SYN, "syn"), (SYN | ACK, "syn-ack"), (ACK, "alone")])
def test_the_first_segment(flags: int, event: str) -> None:
    assert run(Talk().segment(CLIENT, flags).frames).flow["state"] == TRANSITIONS["NONE"][event]


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_named_and_leads_to_named_ones(state: str) -> None:
    assert set(TRANSITIONS[state]) <= set(EVENTS) and set(TRANSITIONS[state].values()) <= set(STATES)
    assert state == "CLOSED" or TRANSITIONS[state]["rst"] == "CLOSED"
