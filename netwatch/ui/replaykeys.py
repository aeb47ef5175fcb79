"""The keys of a file's replay, and what the status line says of it. They work in every tab of a file."""
from __future__ import annotations

from collections.abc import Callable

from netwatch.addons import replay_control as replay
from netwatch.model.contract import Command
from netwatch.ui import format as fmt
from netwatch.ui.state import State
from netwatch.ui.theme import MUTED, TEXT, UP, WARN


def _do(command: Command) -> Callable[[State], None]:
    return lambda state: state.do(command)


ACTIONS: dict[str, Callable[[State], None]] = {
    "replay_play": _do(replay.PlayPause()), "replay_faster": _do(replay.Turn(1)), "replay_slower": _do(replay.Turn(-1)),
    "replay_packet": _do(replay.Step(packets=1)), "replay_second": _do(replay.Step(seconds=1.0)),
    "replay_start": _do(replay.Seek(0)), "replay_end": _do(replay.Seek(replay.END)),
}


def status(state: State) -> list[tuple[str, int]]:
    """Sign, position, time and speed; nothing while a file is simply read."""
    health = state.health
    playing = health.replay if health else None
    if health is None or playing is None or (playing.playing and playing.speed is None and playing.until is None):
        return []
    glyphs = state.glyphs
    moment = f"  {fmt.clock(health.clock_ns, 3)} {fmt.zone(health.clock_ns)}" if health.clock_ns else ""
    at = f" {100 * (health.position or 0.0):.0f} %{moment}"
    if playing.again or playing.until is not None:
        aim = "" if playing.until is None else " to the end" if playing.until >= replay.END else \
            f" to {fmt.clock(playing.until, 3)}"
        return [(glyphs.playing, UP), (f"{at}  reading{' again' if playing.again else ''}{aim}", WARN)]
    sign = (glyphs.live, MUTED) if health.done else (glyphs.playing, UP) if playing.playing else (glyphs.paused, WARN)
    speed = replay.speed_text(playing.speed)
    words = f"at the end, {speed}" if health.done else speed if playing.playing else f"stopped, P plays {speed}"
    return [sign, (at, TEXT), (f"  {words}", MUTED)]
