"""A capture whose packets have no time (pcapng's Simple Packet Blocks): no command makes one up, and none fails."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from made_captures import dns_frames, http_frames
from netwatch_command import Run

KINDS = ["flows", "packets", "dns", "http", "tls", "streams", "alerts", "findings", "events", "hosts",
         "processes", "summary"]
STATISTICS = ["conversations", "endpoints", "processes", "io", "protocols", "dns", "http", "tls", "expert", "rtt"]


@pytest.fixture
def timeless(tmp_path: Path) -> Path:
    """One HTTP exchange, which begins with a retransmission, and one DNS exchange."""
    def block(kind: int, body: bytes) -> bytes:
        body += b"\0" * (-len(body) % 4)
        size = struct.pack("<I", len(body) + 12)
        return struct.pack("<I", kind) + size + body + size

    http = http_frames()
    frames = (http[0], *http, *dns_frames())
    path = tmp_path / "timeless.pcapng"
    path.write_bytes(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) +
                     block(1, struct.pack("<HHI", 1, 0, 0)) +
                     b"".join(block(3, struct.pack("<I", len(each)) + each) for each in frames))
    return path


@pytest.mark.parametrize("words", [
    *(f"read {{}} --what {kind}" for kind in KINDS), *(f"read {{}} --what {kind} --format csv" for kind in KINDS),
    *(f"read {{}} --what {kind} --format table --time local" for kind in KINDS),
    *(f"stats {topic} {{}} --format ndjson" for topic in STATISTICS), *(f"stats {topic} {{}}" for topic in STATISTICS),
    "hosts {}", "usage {}", "diagnose {}", "diff {} {}", "show {} --frame 2", "show {} --flow 1", "read {} --follow 1",
    "read {} --format zeek", "read {} --format eve", "stats flows {} --by proto --sum bytes", "export {} --har out.har",
])
def test_no_time_is_made_up(netwatch: Run, timeless: Path, words: str) -> None:
    done = netwatch(*words.replace("{}", str(timeless)).split())
    assert done.returncode == 0, done.stderr
    assert "1970-01-01" not in done.stdout + done.stderr


def test_frames_without_time_are_counted_beside_the_intervals(netwatch: Run, timeless: Path) -> None:
    done = netwatch("stats", "io", timeless)
    assert "frames have no time, and are in no interval" in done.stdout + done.stderr
