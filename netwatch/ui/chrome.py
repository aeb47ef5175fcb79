"""What is around every tab: the top line with the tabs and the source, the status line, the keys that work here."""
from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.term.canvas import Canvas, clip, text_width
from netwatch.ui import filterline, keynames, keys, replaykeys, timemode
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.theme import (
    ALARM,
    BAD,
    BADGE,
    BOLD,
    BRAND,
    FAINT,
    GOOD,
    KEY,
    MUTED,
    TAB,
    TEXT,
    TITLE,
    UP,
    WARN,
    Glyphs,
)

if TYPE_CHECKING:
    from netwatch.ui.tabs import Tab

MIN_ROWS, MIN_COLS = 12, 40
RULE_FROM = 16                     # rows from which there is room for the line under the tabs

ALWAYS = ("view_next", "filter_clear", "help", "quit")     # actions whose keys stay in the footer, the last two longest

FINDINGS = "insights"              # the tab whose digit has the ink of the gravest of them

Span = tuple[str, int]


def body_of(rows: int, cols: int) -> Area:
    """The cells that belong to the tab."""
    top = 2 if rows >= RULE_FROM else 1
    return Area(top, 0, max(0, rows - top - 2), cols)


def draw_frame(canvas: Canvas, state: State) -> None:
    """Everything but the tab itself."""
    _draw_top(canvas, state)
    draw_status(canvas, canvas.rows - 2, state)
    draw_footer(canvas, canvas.rows - 1, state)


def source_words(state: State) -> list[Span]:
    """The sign and the words on the right of the top line: what is being looked at, and does it work."""
    health, glyphs = state.health, state.glyphs
    if health and health.lost and not state.snapshot.error:
        names = ", ".join(health.lost)
        whole = names == state.label
        return [(glyphs.live, BAD), (f" {names} lost, waited for" if whole else f" {names} lost ({state.label})", BAD)]
    if health and health.damaged and not state.live and not state.snapshot.error:
        where = damage_words(health.error or "")
        return [(glyphs.live, WARN), (f" {state.label} {where if health.done else ''}", WARN)]
    error = state.snapshot.error or (health.error if health else None)
    if error:
        return [(glyphs.live, BAD), (f" {state.label} failed", BAD)]
    if state.at is not None:
        return [(glyphs.paused, WARN), (f" {state.label} in the past", WARN)]
    if state.paused:
        return [(glyphs.paused, WARN), (f" {state.label} paused", TEXT)]
    if state.live and health and health.stopped:
        return [(glyphs.paused, WARN), (f" {state.label} stopped", TEXT)]
    if state.live:
        return [(glyphs.live, GOOD), (f" {state.label}", TEXT)]
    if health and health.replay and not health.done and not health.replay.playing:
        return [(glyphs.paused, WARN), (f" {100 * (health.position or 0.0):.0f} % {state.label}", TEXT)]
    if health is None or (health.position is None and not health.done):
        return [(glyphs.playing, UP), (f" {state.label}", TEXT)]
    if health.done:
        return [(glyphs.live, GOOD), (f" {state.label} read", TEXT)]
    return [(glyphs.playing, UP), (f" {100 * (health.position or 0.0):.0f} % {state.label}", TEXT)]


def damage_words(error: str) -> str:
    """What is wrong with a file, without its path: "cut short at byte 812"."""
    found = re.search(r"(cut short|damaged) at byte \d+", error)
    return found[0] if found else "read as far as it goes"


BRAND_CELLS = 11                   # "netwatch" and the gap behind it
LEAST_SOURCE = 9                   # cells for the sign and the name of what is looked at
NARROW = 78                        # columns below which there are only digits
ROOMY = 110                        # columns from which the status line says what the gravest finding is, and the footer
                                   # has the keys that everybody would guess


class Spot(NamedTuple):
    """A tab on the top line."""
    x: int
    cells: int
    tab: Tab
    title: str


def tab_spots(state: State, width: int) -> list[Spot]:
    """The tab strip, with the longest titles that fit: all of them, shorter ones, four letters; on less than NARROW
    columns digits, and four letters of the one that is open."""
    source = min(2 + text_width(source_words(state)[1][0]), 40)
    for start, gap, length in ((BRAND_CELLS, 2, 99), (BRAND_CELLS, 2, 7), (BRAND_CELLS, 1, 7), (BRAND_CELLS, 1, 4),
                               (1, 1, 4)):
        titles = [tab.title if length == 99 else tab.short[:length] for tab in state.tabs]
        end = start + sum(len(title) + 2 + gap for title in titles) - gap
        if end + (source if length == 99 else LEAST_SOURCE) < width:
            break
    else:
        start, gap = (BRAND_CELLS if width >= 48 else 1), 1
        titles = [tab.short[:4] if tab.name == state.tab else "" for tab in state.tabs]
    spots = []
    for tab, title in zip(state.tabs, titles, strict=True):
        cells = len(title) + 2 if title else 1
        spots.append(Spot(start, cells, tab, title))
        start += cells + gap
    return spots


def _draw_top(canvas: Canvas, state: State) -> None:
    width, spots = canvas.cols, tab_spots(state, canvas.cols)
    if spots[0].x >= BRAND_CELLS:
        canvas.put(0, 1, "netwatch", BRAND)
    ruled = canvas.rows >= RULE_FROM
    loud = [SIGNED[sign.severity] for sign in state.health.signs if sign.severity != "info"] if state.health else []
    findings = loud[0] if loud else KEY
    if ruled:
        canvas.fill(1, 0, 1, width, state.glyphs.rule, FAINT)
    for spot in spots:
        active = spot.tab.name == state.tab
        canvas.put(0, spot.x, spot.tab.key, TAB if active else findings if spot.tab.name == FINDINGS else KEY)
        canvas.put(0, spot.x + 2, spot.title, TAB if active else MUTED)
        if active and ruled:
            canvas.fill(1, spot.x, 1, spot.cells, state.glyphs.rule_thick, TAB)
    end = spots[-1].x + spots[-1].cells
    sign, words = source_words(state)
    room = width - end - 4
    text = clip(words[0], max(0, room), state.glyphs.ellipsis)
    if room > 0:
        at = width - 2 - text_width(text)
        canvas.put(0, at, sign[0], sign[1])
        canvas.put(0, at + 1, text, words[1])


def _status_parts(state: State) -> list[tuple[int, list[Span]]]:
    """(importance, spans) of each part of the status line, in order of place; the least important goes first."""
    health = state.health
    if health is None:
        return [(9, [("starting", MUTED)])]
    drops = health.kernel_drops + health.interface_drops + health.ring_drops
    refused = sum(health.rejected.values())
    parts: list[tuple[int, list[Span]]] = []
    error = state.snapshot.error or health.error
    if error and health.damaged and not state.snapshot.error and not state.live:
        parts.append((10, [(error, WARN)]))
    elif error:
        parts.append((10, [(" error ", ALARM), (f" {error}", BAD)]))
    if health.stopped:
        parts.append((10, [("capture stopped", WARN)]))
    if state.live:
        parts.append((9, [(f"{fmt.short_count(health.packets_per_s)} pkt/s", TEXT),
                          (f"  {fmt.rate(health.bytes_per_s)}", TEXT)]))
    else:
        parts.append((9, [(f"{fmt.count(health.packets)} packets", TEXT), (f"  {fmt.size(health.bytes)}", TEXT)]))
    if filterline.searching(state):
        parts.insert(0, (9, [("searching", WARN)]))
    if playing := timemode.status(state) or replaykeys.status(state):
        parts.insert(0, (11 if state.at is not None else 9, playing[:2]))
        more = [(text.strip(), style) for text, style in playing[2:] if text]
        parts[1:1] = [(8, [span]) for span in more]
    if drops:
        each = ((health.kernel_drops, "kernel"), (health.interface_drops, "interface"), (health.ring_drops, "ring"))
        words = ", ".join(f"{fmt.short_count(n)} {name}" for n, name in each if n)
        parts.append((8, [(f"dropped {words}", BAD)]))
    elif state.live:
        parts.append((6, [("dropped 0", MUTED)]))
    if refused:
        parts.append((7, [(f"malformed {fmt.short_count(refused)}", WARN)]))
    if health.bytes_skipped:
        parts.append((7, [(f"stream bytes missed {fmt.size(health.bytes_skipped)}", BAD)]))
    if health.snap_truncated:
        parts.append((3, [(f"cut by snap length {fmt.short_count(health.snap_truncated)}", MUTED)]))
    if health.done and not state.live:                 # none of them lives on in a file that was read
        parts.append((5, [(f"flows {fmt.count(health.flows_live + health.flows_ended)}", MUTED)]))
    else:
        parts.append((5, [(f"flows {fmt.count(health.flows_live)} live", MUTED)]))
        parts.append((4, [(f"{fmt.count(health.flows_ended)} ended", MUTED)]))
    if health.flows_evicted:
        parts.append((7, [(f"{fmt.count(health.flows_evicted)} evicted", WARN)]))
    if health.owners or health.owners_why:
        parts.append((4, [(f"owners by {health.owners}" if health.owners else "owners unknown",
                           WARN if health.owners_why else MUTED)]))
    if health.owners_why:
        parts.append((1, [(health.owners_why, MUTED)]))
    parts.append((2, [(f"cpu {health.cpu_percent:.0f} %  mem {fmt.size(health.rss_bytes)}", MUTED)]))
    if health.link_types:
        parts.append((1, [(", ".join(health.link_types), MUTED)]))
    return parts


SIGNED = {"error": BAD | BOLD, "warning": WARN | BOLD, "info": TITLE}


def sign_spans(state: State, room: int = 0) -> list[Span]:
    """What addons want seen on every screen, alerts above all."""
    glyphs, spans = state.glyphs, list[Span]()
    for sign in state.health.signs if state.health else ():
        loud = sign.severity != "info"
        before = f"{glyphs.up} " if not spans else f" {glyphs.dot} "
        text = f"{sign.text}: {sign.more}" if sign.more and room >= ROOMY else sign.text
        spans.append(((before if loud or spans else "") + text, SIGNED[sign.severity]))
    return spans


def draw_status(canvas: Canvas, y: int, state: State) -> None:
    """Health; the signs of addons, what was just done, and that the display is paused stand before it."""
    width, x = canvas.cols, 1
    if signs := sign_spans(state, width):
        if state.message and x + sum(text_width(text) for text, _ in signs) + 3 + text_width(state.message) >= width:
            signs = signs[:1]          # what was just done is told for a moment alone
        for text, style in signs:
            x += canvas.put(y, x, clip(text, max(0, width - 1 - x), state.glyphs.ellipsis), style)
        x += 3
    if state.message:
        x += canvas.put(y, x, clip(state.message, width - x - 1, state.glyphs.ellipsis), TITLE) + 3
    if state.paused:
        x += canvas.put(y, x, " PAUSED ", BADGE)
        since = max(0, state.health.packets - state.paused_packets) if state.health else 0
        more = f" display frozen, {'capture' if state.live else 'reading'} goes on (+{fmt.short_count(since)} packets)"
        x += canvas.put(y, x, clip(more, width - x - 1, state.glyphs.ellipsis), WARN) + 3
    parts = _status_parts(state)
    gap = 3

    def cells(spans: list[Span]) -> int:
        return sum(text_width(text) for text, _ in spans)

    while len(parts) > 1 and x + sum(cells(spans) + gap for _, spans in parts) - gap > width - 1:
        parts.remove(min(parts, key=lambda part: part[0]))
    for importance, spans in parts:
        if x + cells(spans) > width - 1 and importance < 10:
            break
        for text, style in spans:
            x += canvas.put(y, x, clip(text, width - 1 - x, state.glyphs.ellipsis), style)
        x += gap


def draw_footer(canvas: Canvas, y: int, state: State) -> None:
    """The keys that do something here, from the table of keys. On the right stay, to the last, help and quit; from 80
    columns on also how to get to the tabs, to the next view, and out of a filter."""
    glyphs = state.glyphs
    if state.filling is not None:
        _draw_hints(canvas, y, 1, state.filling.hints, glyphs)
        return
    nothing = {"" if state.steps else "go_back", "" if state.at is None else "pause"}      # actions that do nothing now
    shown = [key for key in keys.hints(state.contexts()) if key.action not in nothing]
    always = ALWAYS if canvas.cols >= NARROW else ALWAYS[-2:]
    right = [key for key in shown if key.action in always]
    left = [key for key in shown if key.action not in ALWAYS]
    digits = ("1-0", "tabs") if canvas.cols >= NARROW and right and state.view == "full" else ("", "")
    x = canvas.cols - 1 - sum(_hint_cells(key, glyphs) for key in right) - 2 * max(0, len(right) - 1)
    x -= len(" ".join(digits)) + 2 if digits[0] else 0
    end = x
    if digits[0]:
        x += canvas.put(y, x, digits[0], KEY) + 1
        x += canvas.put(y, x, digits[1], MUTED) + 2
    for key in right:
        x += _draw_hint(canvas, y, x, key, glyphs) + 2
    x = 1
    moves = keys.find(state.contexts(), "down")
    if moves and moves.action == "row_down" and canvas.cols >= ROOMY:
        arrows = "Up Down" if glyphs.ascii_only else "↑↓"
        x += canvas.put(y, x, arrows, KEY) + 1
        x += canvas.put(y, x, "select", MUTED) + 2
    for key in left:
        if x + _hint_cells(key, glyphs) + 1 >= end:
            break
        x += _draw_hint(canvas, y, x, key, glyphs) + 2


def _draw_hints(canvas: Canvas, y: int, x: int, hints: Iterable[tuple[str, str]], glyphs: Glyphs) -> None:
    """Names of keys and words, as far as there is room."""
    for name, word in hints:
        sign = keynames.sign(name, glyphs.ascii_only)
        if x + len(sign) + 1 + len(word) < canvas.cols:
            x += canvas.put(y, x, sign, KEY) + 1
            x += canvas.put(y, x, word, MUTED) + 2


def _hint_cells(key: keys.Key, glyphs: Glyphs) -> int:
    return len(keynames.sign(key.names[0], glyphs.ascii_only)) + 1 + len(key.hint)


def _draw_hint(canvas: Canvas, y: int, x: int, key: keys.Key, glyphs: Glyphs) -> int:
    used = canvas.put(y, x, keynames.sign(key.names[0], glyphs.ascii_only), KEY) + 1
    return int(used + canvas.put(y, x + used, key.hint, MUTED))


def draw_too_small(canvas: Canvas) -> None:
    """All that is said on a terminal below the least size."""
    lines = ("Terminal too small", f"{canvas.cols}x{canvas.rows} now, {MIN_COLS}x{MIN_ROWS} needed", "q quits")
    top = max(0, (canvas.rows - len(lines)) // 2)
    for i, text in enumerate(lines):
        canvas.put(top + i, max(0, (canvas.cols - len(text)) // 2), text, TITLE if i == 0 else MUTED)
