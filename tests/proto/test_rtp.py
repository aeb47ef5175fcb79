"""RTP: believed only after several datagrams of one source in sequence."""

import pytest
from datagrams import check_datagrams, flow, said
from messages import rtp

from netwatch._fast.out.probe import DONE
from netwatch._fast.proto import rtp as rtp_file


def verdicts(datagrams, side=0):
    probe = flow("rtp", 4321)
    return [probe.detect(data, side) for data in datagrams]


def test_three_in_sequence_are_needed():
    assert verdicts([rtp(i) for i in (65534, 65535, 65536)]) == [0, 0, 88]
    assert verdicts([rtp(i) for i in (1, 3, 8)]) == [0, 0, 88]


@pytest.mark.parametrize(
    "datagrams",
    [
        [rtp(1), rtp(1), rtp(1), rtp(1)],
        [rtp(1), rtp(2, ssrc=5), rtp(3), rtp(4, ssrc=5)],
        [rtp(1), rtp(100), rtp(200), rtp(300)],
        [rtp(5), rtp(4), rtp(3), rtp(2)],
        [rtp(1), rtp(2, kind=8), rtp(3), rtp(4, kind=8)],
        [rtp(i, kind=77) for i in range(5)],
        [rtp(i, kind=200) for i in range(5)],
        [rtp(i, ssrc=0) for i in range(5)],
        [rtp(i)[:12] for i in range(5)],
        [b"\x8f" + rtp(i)[1:40] for i in range(5)],
        [b"\xa0" + rtp(i)[1:] + b"\xff" for i in range(5)],
    ],
)
def test_everything_else_stays_unknown(datagrams):
    assert not any(verdicts(datagrams))


def test_the_sides_are_judged_apart():
    probe = flow("rtp", 4321)
    assert [probe.detect(rtp(i), i & 1) for i in range(4)] == [0, 0, 0, 0]
    assert probe.detect(rtp(4), 0) == 88


def test_what_is_shown():
    obj = rtp_file.describe(said("rtp", [(0, rtp(1)), (1, rtp(7, 0x7C1071E2))]).facts)
    assert obj == {"ssrc": ["0x1e063b22", "0x7c1071e2"], "payload_type": 0, "codec": "PCMU"}
    assert rtp_file.label(obj) == "RTP PCMU"


def test_a_long_call_is_left_alone():
    assert said("rtp", [(0, rtp(i)) for i in range(200)]).code == DONE


def test_hostile():
    check_datagrams("rtp", rtp_file)


@pytest.mark.parametrize("behind", [0, 2, 4])
def test_a_length_is_no_sequence_number(behind):
    datagrams = [
        b"\x81\x0a" + (25 + i - behind).to_bytes(2, "big") + b"\1\4\2\0\x0a\0\1\2" + b"x" * (13 + i) for i in range(8)
    ]
    assert not any(verdicts(datagrams))
