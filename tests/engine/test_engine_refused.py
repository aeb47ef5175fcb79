"""SYNs that were refused, or whose shaking was broken off, and the same SYN again (RFC 9293 section 3.10.7)."""

from __future__ import annotations

import pytest
from conversation import CLIENT, SERVER, Talk
from test_engine_siblings import GET, OK, exchange, pairs, read
from wire import ACK, RST, SYN, syn_options


@pytest.mark.parametrize("shaken", [False, True])
@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_syn_that_comes_again_unanswered_leaves_what_was_answered(times: int, shaken: bool) -> None:
    """A scan's copies: a port that was refused stays so, one that was open is one flow."""
    talk = Talk()
    for k in range(times + 1):
        talk.segment(CLIENT, SYN, ack=0, options=syn_options())
        if shaken and k == 0:
            talk.segment(SERVER, SYN | ACK, options=syn_options(), ack=talk.seq[CLIENT] + 1)
            talk.segment(CLIENT, RST, seq=talk.seq[CLIENT] + 1, ack=0)
        elif not shaken and k < times:
            talk.segment(SERVER, RST | ACK, seq=0, ack=talk.seq[CLIENT] + 1)
    result = read(talk, ("flows",))
    assert [(flow["state"], flow["ended"]) for flow in result.flows] == [("CLOSED", "rst")]
    assert result.flow["packets_out"] == times + 1 + shaken


@pytest.mark.parametrize("covered", [False, True])
@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("followed", [False, True])
def test_what_a_refused_syn_carried_is_none_of_the_connection_that_follows(
    covered: bool, again: bool, followed: bool
) -> None:
    offered, talk = b"GET /evil HTTP/1.1\r\nHost: h.example\r\n\r\n", Talk()
    talk.segment(CLIENT, SYN, offered, ack=0, options=syn_options())
    talk.segment(SERVER, RST | ACK, seq=0, ack=talk.seq[CLIENT] + 1 + (len(offered) if covered else 0))
    talk.segment(CLIENT, SYN, offered if again else b"", ack=0, options=syn_options())
    talk.seq[CLIENT] += 1
    talk.segment(SERVER, SYN | ACK, options=syn_options())
    talk.seq[SERVER] += 1
    kinds = ("flows", "http", "streams") if followed else ("flows", "http")
    result = read(exchange(exchange(talk.ack(CLIENT), 0), 1).close(), kinds)
    assert pairs(result) == [("/0", 200, 2), ("/1", 200, 2)]
    assert [(flow["state"], flow["ended"]) for flow in result.flows] == [("TIME_WAIT", "fin")]
    assert result.flow["payload_in"] == 2 * len(OK)


def test_a_refused_syn_alone_says_nothing_of_what_it_carried() -> None:
    talk = Talk().segment(CLIENT, SYN, GET % 0, ack=0, options=syn_options())
    result = read(talk.segment(SERVER, RST | ACK, seq=0, ack=talk.seq[CLIENT] + 1))
    assert pairs(result) == [] and "app" not in result.flow
