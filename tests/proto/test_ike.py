"""IKE: both versions, vendor ids, the NAT-traversal marker, ESP beside it."""

import pytest
from datagrams import check_datagrams, flow, said
from messages import IKE1_ASK, IKE2_ASK, IKE2_SAY

from netwatch._fast.out.probe import DONE
from netwatch._fast.proto import ike


def test_version_2():
    probe = said("ike", [(0, IKE2_ASK), (1, IKE2_SAY)], port=500)
    obj = ike.describe(probe.facts)
    assert obj == {
        "version": "2.0",
        "exchanges": ["IKE_SA_INIT"],
        "initiator_spi": b"initspi!".hex(),
        "responder_spi": b"respspi!".hex(),
        "vendor_ids": ["strongSwan"],
        "notify": ["NAT_DETECTION_SOURCE_IP"],
        "latency_us": 1500,
    }
    assert ike.label(obj) == "IKEv2 IKE_SA_INIT"
    assert probe.initiator == 0


def test_version_1_behind_the_marker_and_esp():
    obj = ike.describe(
        said("ike", [(0, bytes(4) + IKE1_ASK), (0, b"\xca\xfe\xba\xbe" + b"e" * 60), (1, b"\xff")]).facts
    )
    assert (obj["version"], obj["exchanges"], obj["nat_traversal"]) == ("1.0", ["main mode"], True)
    assert (obj["vendor_ids"], obj["esp_spis"]) == (["8a" * 16], ["0xcafebabe"])


def test_long_esp_is_left_alone():
    assert said("ike", [(0, IKE2_ASK)] + [(0, b"\1\2\3\4" + b"e" * 60)] * 40).code == DONE


@pytest.mark.parametrize(
    "data", [IKE2_ASK[:-1], IKE2_ASK + b"x", bytes(8) + IKE2_ASK[8:], IKE2_ASK[:17] + b"\x30" + IKE2_ASK[18:], b"\xff"]
)
def test_almost(data):
    assert flow("ike").detect(data) == 0


def test_hostile():
    check_datagrams("ike", ike)
