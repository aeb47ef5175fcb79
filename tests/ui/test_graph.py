"""Graphs of characters: what a sample becomes, which end is new, and what nobody measured."""
from __future__ import annotations

import pytest

from netwatch._fast.term.canvas import Canvas
from netwatch.ui.state import Area
from netwatch.ui.theme import ASCII, FAINT, TEXT, UNICODE
from netwatch.ui.widgets import graph


@pytest.mark.parametrize(("value", "top"), [(0, 1), (-3, 1), (0.3, 0.5), (1, 1), (1.01, 2), (2, 2), (4.9, 5), (5.1, 10),
                                            (999, 1000), (1_000_000, 1_000_000), (1_200_000, 2_000_000)])
def test_ceiling_is_the_next_round_number(value: float, top: float) -> None:
    assert graph.ceiling(value) == pytest.approx(top)


def test_spark_has_two_samples_a_cell_and_the_newest_on_the_right() -> None:
    assert graph.spark([0, 0, 4, 4], 2, 4, UNICODE) == " \u28ff"
    assert graph.spark([1, 4], 3, 4, UNICODE) == "  \u28f8"
    assert graph.spark([9, 9, 1, 2, 3, 4], 2, 4, UNICODE) == "\u28e0\u28fe"      # the oldest two do not fit


def test_spark_is_as_wide_as_asked() -> None:
    for cells in (0, 1, 7):
        for glyphs in (UNICODE, ASCII):
            assert len(graph.spark([1.0, None, 3.0], cells, None, glyphs)) == cells


def test_little_is_not_nothing() -> None:
    assert graph.spark([1, 1, 0, 0], 2, 1e9, UNICODE) == "\u28c0 "
    assert graph.spark([1, 1, 0, 0], 2, 1e9, ASCII) == ". "


def test_more_than_the_top_is_the_top() -> None:
    assert graph.spark([50, 50], 1, 4, UNICODE) == "\u28ff"
    assert graph.spark([50, 50], 1, 4, ASCII) == "#"


def test_ascii_rises_in_steps() -> None:
    values = [value for step in range(8) for value in (step, step)]
    assert graph.spark(values, 8, 7, ASCII) == graph.ASCII_STEPS


def drawn(values: list[float | None], height: int, width: int, glyphs=UNICODE, mirrored: bool = False) -> Canvas:
    canvas = Canvas(height, width, glyphs.ascii_only)
    graph.area(canvas, Area(0, 0, height, width), values, 8, TEXT, glyphs, mirrored)
    return canvas


def test_area_fills_from_below_and_hangs_when_mirrored() -> None:
    upright, hanging = drawn([8, 8, 4, 4], 2, 2), drawn([8, 8, 4, 4], 2, 2, mirrored=True)
    assert [upright.line(0), upright.line(1)] == ["\u28ff", "\u28ff\u28ff"]
    assert [hanging.line(0), hanging.line(1)] == ["\u28ff\u28ff", "\u28ff"]
    assert drawn([1, 1], 1, 1).line(0) == "\u28c0"
    assert drawn([1, 1], 1, 1, mirrored=True).line(0) == "\u2809"


def test_area_in_ascii() -> None:
    canvas = drawn([8, 8, 4, 4, 2, 2], 2, 3, ASCII)
    assert [canvas.line(0), canvas.line(1)] == ["#", "##="]


def test_unmeasured_is_a_faint_dot_and_zero_is_not() -> None:
    canvas = drawn([None, None, 0, 0, 8, 8], 1, 3)
    assert canvas.line(0) == "\u00b7 \u28ff"
    assert canvas.style_at(0, 0) == FAINT


def test_axis_names_top_half_and_zero() -> None:
    canvas = Canvas(8, 4)
    graph.axis(canvas, Area(0, 0, 8, 4), 16, lambda value: f"{value:.0f}", UNICODE)
    assert [canvas.line(row).strip() for row in (0, 4, 7)] == ["16", "8", "0"]
    assert canvas.line(0) == "  16"


def test_nothing_is_drawn_where_there_is_no_room() -> None:
    canvas = Canvas(2, 2)
    graph.area(canvas, Area(0, 0, 0, 2), [1], 1, TEXT, UNICODE)
    graph.axis(canvas, Area(0, 0, 2, 0), 1, str, UNICODE)
    assert str(canvas).strip() == ""
