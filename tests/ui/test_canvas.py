"""The cell buffer: widths, clipping, what may reach the terminal, and the diff."""
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch._fast.term.canvas import Canvas, clip, text_width, wrap

TEXTS = st.text(max_size=30) | st.text(alphabet="ab日本e\u0301\x1b\u202e\ufe0f\u200d\U0001f600가", max_size=30)


def test_wide_and_combining_characters_take_the_right_number_of_cells():
    assert [text_width(text) for text in ("abc", "日本", "e\u0301", "\x1b", "가", "\U0001f600")] == [3, 4, 1, 1, 2, 2]
    canvas = Canvas(1, 10)
    assert canvas.put(0, 0, "日e\u0301x") == 4
    assert canvas.line(0) == "日e\u0301x"


def test_control_and_format_characters_become_the_replacement_character():
    canvas = Canvas(1, 20)
    canvas.put(0, 0, "a\x1b[31m\u202eb\x07\x9b\u200bc\ud800")
    assert canvas.line(0) == "a\ufffd[31m\ufffdb\ufffd\ufffd\ufffdc\ufffd"


def test_ascii_canvas_shows_only_ascii():
    canvas = Canvas(1, 20, True)
    canvas.put(0, 0, "日本 cafe\u0301 \x1b µ")
    assert canvas.line(0) == "?? cafe ? ?"


def test_a_wide_character_is_never_cut_in_half():
    canvas = Canvas(1, 4)
    canvas.put(0, 0, "a日本", 0)
    assert canvas.line(0) == "a日"
    canvas.put(0, 2, "x", 0)                      # on its right half
    assert canvas.line(0) == "a x"
    canvas.clear()
    canvas.put(0, 1, "日", 0)
    canvas.put(0, 1, "y", 0)                      # on its left half
    assert canvas.line(0) == " y"


@pytest.mark.parametrize(("text", "cells", "shown"), [
    ("abcdef", 6, "abcdef"), ("abcdef", 4, "abc…"), ("日本語", 5, "日本…"), ("日本語", 4, "日…"), ("日本語", 1, "…"),
    ("abc", 0, ""), ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
])
def test_clip(text, cells, shown):
    assert clip(text, cells) == shown
    assert text_width(shown) <= cells


def test_field_fills_its_cells_and_no_others():
    canvas = Canvas(1, 12)
    canvas.fill(0, 0, 1, 12, "#")
    canvas.field(0, 2, 5, "日本語")
    assert canvas.line(0) == "##日本…#####"
    canvas.field(0, 2, 5, "7", 0, True)
    assert canvas.line(0) == "##    7#####"


def test_clip_area_keeps_a_tab_inside_its_place():
    canvas = Canvas(4, 6)
    canvas.clip_to(1, 1, 2, 3)
    canvas.fill(0, 0, 4, 6, "#")
    canvas.put(1, 0, "abcdef")
    canvas.put(2, 3, "日")                        # its right half would be outside
    canvas.unclip()
    assert str(canvas) == "\n bcd\n ###\n\n"


def test_wrap_breaks_at_blanks_and_bounds_the_lines():
    assert wrap("one two three", 8, 5) == ["one two", "three"]
    assert wrap("日本語日本語", 4, 5) == ["日本", "語日", "本語"]
    assert wrap("x" * 100, 10, 2) == ["x" * 10, "x" * 9 + "…"]
    assert wrap("", 10, 2) == []


def test_changes_are_only_the_cells_that_differ():
    canvas = Canvas(2, 10)
    canvas.changes()
    canvas.put(0, 2, "ab", 1)
    canvas.put(0, 4, "cd", 2)
    assert canvas.changes() == [(0, 2, "ab", 1), (0, 4, "cd", 2)]
    assert canvas.changes() == []
    canvas.put(0, 2, "ax", 1)
    assert canvas.changes() == [(0, 3, "x", 1)]
    canvas.invalidate()
    assert "".join(text for _, _, text, _ in canvas.changes()) == "  axcd    " + " " * 10


def test_sizes_are_bounded():
    for rows, cols in ((0, 5), (5, 0), (1001, 5), (-1, 5)):
        with pytest.raises(ValueError, match="a canvas of"):
            Canvas(rows, cols)
    with pytest.raises(ValueError, match="narrow"):
        Canvas(2, 2).fill(0, 0, 1, 1, "日")


DRAWS = st.lists(st.tuples(st.integers(-3, 6), st.integers(-5, 25), TEXTS, st.integers(0, 3), st.integers(-2, 30)),
                 max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.lists(DRAWS, max_size=4), st.booleans())
def test_a_terminal_that_applies_the_changes_shows_the_canvas(frames, ascii_only):
    canvas = Canvas(4, 20, ascii_only)
    shown = [[" "] * 20 for _ in range(4)]
    for frame in frames:
        canvas.clear()
        for y, x, text, style, limit in frame:
            canvas.put(y, x, text, style, limit)
        for y, x, text, _ in canvas.changes():
            at = x
            for letter in text:
                assert unicodedata.category(letter) not in ("Cc", "Cf", "Cs")
                step = text_width(letter)
                if step == 0:
                    shown[y][at - 1 if shown[y][at - 1] else at - 2] += letter
                    continue
                shown[y][at] = letter
                if step == 2:
                    shown[y][at + 1] = ""
                at += step
            assert at <= 20
        assert ["".join(row).rstrip(" ") for row in shown] == [canvas.line(y) for y in range(4)]
        assert canvas.changes() == []


@given(TEXTS, st.integers(0, 40))
def test_clip_never_exceeds_its_cells(text, cells):
    assert text_width(clip(text, cells)) <= cells


@given(TEXTS, st.integers(2, 20), st.integers(1, 5))
def test_wrap_never_exceeds_its_cells(text, cells, limit):
    lines = wrap(text, cells, limit)
    assert len(lines) <= limit
    assert all(text_width(line) <= cells for line in lines)
