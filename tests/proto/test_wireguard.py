"""WireGuard: the handshake by its exact lengths, data only with a counter that goes up."""

import pytest
from datagrams import check_datagrams, flow, said
from messages import WG_INIT, WG_SAY, wg_data

from netwatch._fast.out.probe import DONE
from netwatch._fast.proto import wireguard


def test_a_handshake():
    probe = said("wireguard")
    assert wireguard.describe(probe.facts) == {
        "messages": ["initiation", "response", "data"],
        "indexes": ["0x44332211", "0x88776655"],
        "handshake": "complete",
        "latency_us": 1500,
    }
    assert probe.initiator == 0
    assert flow("wireguard", 4321).detect(WG_INIT) == 92


@pytest.mark.parametrize(
    "data", [WG_INIT[:-1], WG_INIT + b"x", WG_SAY[:-1], b"\1\0\0\1" + WG_INIT[4:], bytes(148), b"\1" + bytes(147)]
)
def test_almost(data):
    assert flow("wireguard").detect(data) == 0


def test_data_alone_needs_two_of_one_receiver():
    probe = flow("wireguard")
    assert [probe.detect(wg_data(n)) for n in (7, 8)] == [0, 80]
    still = flow("wireguard")
    assert [still.detect(wg_data(n)) for n in (7, 7, 6, 6000)] == [0, 0, 0, 0]


def test_data_ends_the_reading():
    assert said("wireguard", [(0, WG_INIT), (1, WG_SAY)] + [(0, wg_data(i)) for i in range(9)]).code == DONE


def test_hostile():
    check_datagrams("wireguard", wireguard)
