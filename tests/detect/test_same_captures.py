"""Captures of real programs, whole and merged into one another, have the same alerts and findings, byte for byte, with
any number of workers, in steps of any size, and played at any speed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import everyday  # noqa: F401 - its situations
import habits  # noqa: F401
import offices  # noqa: F401
import pytest
import refusals  # noqa: F401
import scans  # noqa: F401
from running import open_bytes
from situation import SITUATIONS
from wire import SECOND, pcap

from netwatch._fast.input.pacing import PacedBox
from netwatch.capture.file import open_savefile
from netwatch.detect.addon import Detect, in_order
from netwatch.diagnose.addon import Diagnose
from netwatch.run import addons, replay
from netwatch.run.pipeline import Pipeline
from netwatch.store.settings import Settings

TESTS = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("NETWATCH_SHARED", TESTS.parents[1] / "shared")) / "captures"
EVERYWHERE = bool(os.environ.get("NETWATCH_EVERYWHERE"))  # all captures, every size and speed: half an hour
ENDINGS = (".pcap", ".pcapng", ".cap")
LARGEST = 100_000  # bytes
KINDS = ("ftp", "sip", "rtsp", "rtp", "gre", "gtp", "vxlan", "wlan", "mpls", "scan", "dhcp", "arp", "ssh", "smb")
WAYS: tuple[dict[str, Any], ...] = ({"workers": 2}, {"workers": 3}, {"size": 37}, {"speed": 300.0})
# Time goes back by months there. A flow behind the clock by more than it may be idle is over when the timer wheel comes
# by, between two batches: which packets that lies between hangs on the steps (flows.pyx, core_turn).
BACK = ("arkime_synthetic.pcap",)


def _chosen() -> list[Path]:
    """Of those of this tree and of the shared ones some, more of those whose flows tell of others."""
    own = sorted((TESTS / "captures").glob("*.pcap"))
    shared = [path for path in sorted(SHARED.glob("*/*")) if path.suffix in ENDINGS and path.name not in BACK]
    if EVERYWHERE:
        return [*own, *shared]
    shared = [path for path in shared if path.stat().st_size < LARGEST]
    telling = [path for path in shared if any(kind in path.name.lower() for kind in KINDS)]
    return list(dict.fromkeys([*own[::6], *telling[::6], *shared[::20]]))


class Paced(Pipeline):
    """Shows frames as Player does, or so many at a time; at this speed."""

    def __init__(self, source: Any, *, size: int = 0, speed: float = 0, **options: Any) -> None:
        super().__init__(source, **options, box=PacedBox())
        self._size, self._player = size, replay.Player(speed)

    def read(self) -> int:
        box: Any = self._boxes[0]
        if not box.left:
            count = self._fill(box)
            if count <= 0:
                return count
        if self._size:
            return int(box.show((1 << 64) - 1, self._size))
        while not (shown := self._player.allow(box)):
            pass
        return shown


def told(source: Any, *, size: int = 0, speed: float = 0, workers: int = 1) -> str:
    """All alerts and findings, as text."""
    both = [addons.find(name)() for name in ("detect", "diagnose")]
    options: dict[str, Any] = {"addons": both, "settings": Settings({}), "hold": True}
    pipeline = (Paced(source, size=size, speed=speed, **options) if size or speed
                else Pipeline(source, workers=workers, **options))
    for _ in pipeline.steps():
        pass
    pipeline.finish()
    found = [each.body() for each in in_order(pipeline.get(Detect).alerts)]
    diagnose = pipeline.get(Diagnose)
    found += [diagnose.body(each) for each in diagnose.shown()]
    pipeline.close()
    source.close()
    return json.dumps(found)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A player that looks twenty times a second, and not while nothing is due, without waiting."""
    wall = [0.0]

    def goes_on(player: replay.Player, box: PacedBox) -> float:
        wall[0] += max(0.05, (box.next_ns - player.clock) / SECOND / (player.speed or 1))
        return 0.0

    monkeypatch.setattr(replay.Player, "_pause", goes_on)
    monkeypatch.setattr("netwatch.run.replay.time.monotonic", lambda: wall[0])
    yield


def same(opened: Callable[[], Any]) -> list[Any]:
    """The records; the same in every way."""
    usual = told(opened())
    for way in (*WAYS, *(({"size": 1}, {"speed": 7.0}) if EVERYWHERE else ())):
        assert told(opened(), **way) == usual, way
    found: list[Any] = json.loads(usual)
    return found


@pytest.mark.same
@pytest.mark.parametrize("path", _chosen(), ids=lambda path: path.name)
def test_a_capture(path: Path) -> None:
    same(lambda: open_savefile(str(path)))


@pytest.mark.same
def test_situations_at_once() -> None:
    """Merged into one capture, so that many talk at a time: scans, guesses, tunnels and look-alikes."""
    some = [list(situation.frames()) for situation in SITUATIONS if situation.fires]
    frames = sorted((frame for each in some if len(each) < 500 for frame in each[:200]), key=lambda each: each[0])
    data = pcap(frames)
    found = same(lambda: open_bytes(data))
    assert len({each["kind"] for each in found}) > 5
