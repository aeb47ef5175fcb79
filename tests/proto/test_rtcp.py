"""RTCP: compound packets that fill the datagram; the encrypted kind only by two of one source."""

import pytest
from datagrams import check_datagrams, flow, said
from messages import RTCP_REPORT, be32

from netwatch._fast.proto import rtcp

SEALED = b"\x80\xc8\0\6SSRC" + bytes(20) + b"e" * 37


def test_a_report():
    obj = rtcp.describe(said("rtcp", [(0, RTCP_REPORT)]).facts)
    assert obj == {
        "packets": ["sender report", "source description", "bye"],
        "ssrc": "0x" + b"SSRC".hex(),
        "cname": "alice@host",
        "loss_percent": 25.0,
        "jitter": 7,
    }
    assert rtcp.label(obj) == "RTCP sender report alice@host"
    assert flow("rtcp", 4321).detect(RTCP_REPORT) == 90


def test_encrypted_reports_need_two_of_one_source():
    probe = flow("rtcp", 4321)
    assert [probe.detect(SEALED), probe.detect(SEALED)] == [0, 80]
    other = flow("rtcp", 4321)
    assert [other.detect(SEALED), other.detect(SEALED.replace(b"SSRC", b"ELSE"))] == [0, 0]
    assert rtcp.describe(said("rtcp", [(0, SEALED)]).facts)["packets"] == ["sender report"]


@pytest.mark.parametrize(("seconds", "sure"), [(0, 80), (86_000, 80), (-86_000, 80), (90_000, 0), (-90_000, 0)])
def test_a_report_alone_is_of_the_day(seconds, sure):
    probe = flow("rtcp", 4321)
    probe.ts = 1_790_000_000 * 10**9
    clock = be32(1_790_000_000 + 2_208_988_800 + seconds & 0xFFFFFFFF)
    assert probe.detect(b"\x80\xc8\0\6SSRC" + clock + bytes(16)) == sure


@pytest.mark.parametrize(
    "data",
    [
        RTCP_REPORT[:-1],
        RTCP_REPORT + b"x",
        RTCP_REPORT[52:],
        b"\x80" + b"\xc7" + RTCP_REPORT[2:],
        b"\x9f" + RTCP_REPORT[1:],
    ],
)
def test_almost(data):
    assert flow("rtcp", 4321).detect(data) == 0


def test_hostile():
    check_datagrams("rtcp", rtcp)
