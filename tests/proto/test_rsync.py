"""rsync: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import check_talk
from talk_rsync import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import rsync


def make():
    return Probe("rsync")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, rsync, talk)


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"@RSYNCD: 31.0\n", 99),
        (b"@RS", -1),
        (b"@RSYNCD: x\n", 0),
        (b"@ERROR\n", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure
