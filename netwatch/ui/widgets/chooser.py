"""A list in a popup with one row marked: where it stands, how it scrolls, what the keys and the mouse do with it."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netwatch.ui.state import Area, State


@dataclass
class Chooser:
    """`row` is the marked one, `top` the first on screen; both counted in the whole list."""
    row: int = 0
    top: int = 0

    def move(self, to: int, count: int, height: int) -> None:
        """Mark row `to`, or the nearest there is, of `count`, and let it be seen in `height` lines."""
        self.row = max(0, min(to, count - 1))
        height = max(1, height)
        self.top = max(0, min(max(self.top, self.row - height + 1), self.row, max(0, count - height)))

    def first_shown(self, count: int, height: int) -> int:
        """`top` for a list or a window that has changed since; drawing uses it."""
        height = max(1, height)
        return max(0, min(max(self.top, self.row - height + 1), self.row, max(0, count - height)))

    def row_at(self, y: int, area: Area, count: int) -> int | None:
        """Which row is on that line of the screen."""
        index = self.first_shown(count, area.height) + y - area.y
        return index if area.y <= y < area.y + area.height and index < count else None


def moves(prefix: str, of: Callable[[State], Chooser], count: Callable[[State], int],
          height: Callable[[State], int]) -> dict[str, Callable[[State], None]]:
    """ACTIONS prefix_down, _up, _page_down, _page_up, _top and _bottom of a list."""
    def by(step: Callable[[State], int]) -> Callable[[State], None]:
        return lambda state: of(state).move(of(state).row + step(state), count(state), height(state))
    return {
        f"{prefix}_down": by(lambda state: 1), f"{prefix}_up": by(lambda state: -1),
        f"{prefix}_page_down": by(lambda state: max(1, height(state) - 1)),
        f"{prefix}_page_up": by(lambda state: -max(1, height(state) - 1)),
        f"{prefix}_top": by(lambda state: -count(state)), f"{prefix}_bottom": by(count),
    }


def centred(area: Area, height: int, width: int) -> Area:
    """A box of at most that size in the middle of an area."""
    height, width = min(height, area.height), min(width, area.width)
    return Area(area.y + (area.height - height) // 2, area.x + (area.width - width) // 2, height, width)
