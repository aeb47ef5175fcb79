"""What moments take: what follows from the rest of a row is not put down."""
from __future__ import annotations

from pathlib import Path

from test_moments import watched

from bench.history import write
from netwatch.addons.history import History
from netwatch.history.tape import MINUTE_NS, unpacked
from netwatch.run.session import Session

FLOWS, SECONDS = 1000, 20
MOST = 20  # bytes of a row that moved: 17.2 with what is foretold of its rate, 24.3 without


def test_the_seconds_of_a_rate_take_no_room(tmp_path: Path) -> None:
    """24 hours of 5,000 flows, a fifth of which moves each second, in less than 2 GB: bench/history.py measures it."""
    path, sizes = tmp_path / "made.pcap", []
    write(path, FLOWS, SECONDS)

    def seen(session: Session, at: int) -> None:
        reel = session.get(History).reel
        assert reel is not None
        piece = reel.newest
        if not piece.alone:
            sizes.append((len(piece.data), int.from_bytes(unpacked(piece)[:4], "little")))

    with watched(path, seen, True):
        pass
    assert SECONDS * 10**9 < MINUTE_NS and len(sizes) > SECONDS // 2
    rows = sum(rows for _, rows in sizes)
    assert rows > len(sizes) * FLOWS // 8
    assert sum(size for size, _ in sizes) / rows < MOST, sum(size for size, _ in sizes) / rows
