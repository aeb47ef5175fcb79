"""Graphs out of characters: a line of one row, and an area of several. Braille, or signs of ASCII.

A cell holds two samples, the newest on the right. None is a moment nobody measured: it is left out, not drawn as zero.
Whatever is above zero shows at least one dot.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from netwatch._fast.term.canvas import Canvas
from netwatch.ui.state import Area
from netwatch.ui.theme import FAINT, MUTED, Glyphs

Sample = float | None

PER_CELL = 2                       # samples in one cell
DOTS = 4                           # steps in the height of a braille cell (Unicode chapter 21, Braille patterns)
ASCII_STEPS = " .:-=+*#"
_RISING = ((0, 0x40, 0x44, 0x46, 0x47), (0, 0x80, 0xA0, 0xB0, 0xB8))       # left and right half, from below
_HANGING = ((0, 0x01, 0x03, 0x07, 0x47), (0, 0x08, 0x18, 0x38, 0xB8))      # from above
_ROUND = (1.0, 2.0, 5.0, 10.0)


def ceiling(value: float) -> float:
    """The end of an axis that holds `value`: the next 1, 2 or 5 times a power of ten, 1 for nothing at all."""
    if not value > 0 or math.isinf(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in _ROUND if value <= step * power * (1 + 1e-9)), 10 * power)


def highest(values: Sequence[Sample]) -> float:
    """The largest that was measured, 0 when nothing was."""
    return max((value for value in values if value is not None), default=0.0)


def _newest(values: Sequence[Sample], cells: int) -> list[Sample]:
    """The samples that fit, with None before them when there are too few."""
    room = max(0, cells) * PER_CELL
    kept = list(values[-room:]) if room else []
    return [None] * (room - len(kept)) + kept


def _levels(values: Sequence[Sample], top: float, steps: int) -> list[int]:
    """Each sample as a number of steps, 0 to `steps`."""
    if not top > 0:
        return [0] * len(values)
    scale = steps / top
    return [0 if not value or value < 0 else min(steps, max(1, round(value * scale))) for value in values]


def stretch(values: Sequence[Sample], cells: int) -> list[Sample]:
    """As many samples as `cells` take: each spread over several, or the largest of several in one."""
    room = max(0, cells) * PER_CELL
    n = len(values)
    if not n or not room:
        return [None] * room
    if n <= room:
        return [values[i * n // room] for i in range(room)]
    found: list[Sample] = []
    for i in range(room):
        known = [value for value in values[i * n // room:max(i * n // room + 1, (i + 1) * n // room)]
                 if value is not None]
        found.append(max(known) if known else None)
    return found


def spark(values: Sequence[Sample], cells: int, top: float | None, glyphs: Glyphs) -> str:
    """`values` as one row of exactly `cells` characters, `top` at full height; None takes the largest shown."""
    shown = _newest(values, cells)
    full = highest(shown) if top is None else top
    if glyphs.ascii_only:
        levels = _levels(shown, full, len(ASCII_STEPS) - 1)
        return "".join(ASCII_STEPS[max(pair)] for pair in zip(levels[::2], levels[1::2], strict=True))
    levels = _levels(shown, full, DOTS)
    return "".join(_braille(left, right, _RISING) for left, right in zip(levels[::2], levels[1::2], strict=True))


def _braille(left: int, right: int, dots: tuple[tuple[int, ...], tuple[int, ...]]) -> str:
    bits = dots[0][left] | dots[1][right]
    return chr(0x2800 + bits) if bits else " "


def area(canvas: Canvas, area: Area, values: Sequence[Sample], top: float | None, style: int, glyphs: Glyphs,
         mirrored: bool = False) -> None:
    """`values` as a filled area; `mirrored` hangs it from the upper edge. A faint dot where nothing was measured."""
    y, x, height, width = area
    if height < 1 or width < 1:
        return
    shown = _newest(values, width)
    per_row = len(ASCII_STEPS) - 1 if glyphs.ascii_only else DOTS
    levels = _levels(shown, highest(shown) if top is None else top, height * per_row)
    pairs = list(zip(levels[::2], levels[1::2], strict=True))
    dots = _HANGING if mirrored else _RISING
    for row in range(height):
        below = row * per_row
        if glyphs.ascii_only:
            text = "".join(ASCII_STEPS[max(0, min(per_row, max(pair) - below))] for pair in pairs)
        else:
            text = "".join(_braille(max(0, min(DOTS, left - below)), max(0, min(DOTS, right - below)), dots)
                           for left, right in pairs)
        canvas.put(y + row if mirrored else y + height - 1 - row, x, text, style)
    base = y if mirrored else y + height - 1
    for i in range(width):
        if shown[2 * i] is None and shown[2 * i + 1] is None:
            canvas.put(base, x + i, glyphs.dot, FAINT)


def axis(canvas: Canvas, area: Area, top: float, label: Callable[[float], str], glyphs: Glyphs,
         mirrored: bool = False) -> None:
    """The scale of a graph, right-aligned in `area`, which stands to its left: the top, a half if there is room, 0."""
    y, x, height, width = area
    if height < 1 or width < 1:
        return
    marks = [(0, label(top))]
    if height >= 3:
        marks.append((height - 1, "0"))
    if height >= 7:
        marks.append((height // 2, label(top / 2)))
    for row, text in marks:
        line = height - 1 - row if mirrored else row
        canvas.field(y + line, x, width, text, MUTED, True, glyphs.ellipsis)
