"""The same capture gives the same records, byte for byte: read twice, and with one, two or three engines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cases import CASES
from mixed import everything
from running import ALL_KINDS, run_capture
from wire import SECOND, START, pcap

from netwatch.capture.file import SourceError

SHARED = Path(__file__).resolve().parents[3] / "shared" / "captures"
REAL = [
    "generated/tcp_reorder.pcap",
    "generated/enc_qinq.pcap",
    "generated/frag4_vxlan.pcap",
    "generated/snaplen_96.pcap",
    "generated/tls13_aes128gcm.pcap",
    "generated/ctr_three_interfaces.pcapng",
    "generated/tcp_port_reuse.pcap",
    "arkime/v6-http.pcap",
    "arkime/gtp-iphone.pcap",
    "foxio/ssh.pcapng",
    "foxio/latest.pcapng",
    "foxio/http1-with-cookies.pcapng",
]


def check_same(capture: bytes) -> None:
    first = run_capture(capture, ALL_KINDS)
    for workers in (1, 2, 3):
        again = run_capture(capture, ALL_KINDS, workers=workers)
        for kind in ALL_KINDS:
            assert lines(again.by_kind[kind]) == lines(first.by_kind[kind]), (kind, workers)
        assert again.text() == first.text()
        assert json.dumps(again.summary) == json.dumps(first.summary)


def lines(records: list[dict]) -> list[str]:
    return [json.dumps(record) for record in records]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.same
def test_everything_at_once(seed: int):
    check_same(pcap(everything(seed)))


@pytest.mark.same
def test_long_silences_and_a_chunk_boundary():
    """More frames than one chunk holds, so that flows end in different steps."""
    frames = everything(3)
    length = frames[-1][0] - frames[0][0] + SECOND
    capture = pcap([(ns + i * length, data) for i in range(4) for ns, data in frames])
    check_same(capture)


@pytest.mark.parametrize("link", sorted({case.link for case in CASES}))
@pytest.mark.same
def test_each_link_type(link: int):
    frames = [(START + i, case.frame) for i in range(3) for case in CASES if case.link == link]
    check_same(pcap(frames, link))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared captures are not here")
@pytest.mark.parametrize("name", REAL)
@pytest.mark.same
def test_real_captures(name: str):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not among the shared captures")
    try:
        check_same(path.read_bytes())
    except SourceError as e:
        pytest.fail(str(e))
