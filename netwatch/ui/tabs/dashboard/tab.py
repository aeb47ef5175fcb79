"""The Dashboard tab: how much flows, how fast answers come, what was lost, who talks, and how the capture does."""
from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.interfaces import DOWN, Interface
from netwatch.addons.overview import Overview, OverviewQuestion
from netwatch.model.session import Health
from netwatch.ui import format as fmt
from netwatch.ui.frame import damage_words
from netwatch.ui.state import Area, State
from netwatch.ui.tabs import interfaces
from netwatch.ui.tabs.dashboard import peers
from netwatch.ui.tabs.dashboard.peers import ACTIONS, new_part
from netwatch.ui.theme import BAD, GOOD, MUTED, TEXT, TITLE, WARN, Glyphs
from netwatch.ui.widgets import throughput, tiles
from netwatch.ui.widgets.tiles import Tile

__all__ = ["ACTIONS", "draw", "new_part", "on_mouse", "question"]

HEALTH_FROM = 96                   # columns from which the capture's health stands beside the list
HEALTH = 36
CARD_FROM = 18                     # rows of the body from which there is a line for the interface
BUSY, FULL = 0.7, 0.9              # of a link's speed
SLOW_GATEWAY_US, BAD_GATEWAY_US = 50_000, 200_000
SOME_LOST, MUCH_LOST = 0.01, 0.05  # of TCP packets sent again


def question(state: State) -> OverviewQuestion:
    """That of the list, and how the interfaces do."""
    return replace(peers.question(state), interfaces=state.live and state.at is None)


class Layout(NamedTuple):
    """The captured interface (of a live source), tiles, chart (with its title), list (with its title), health or
    None."""
    card: Area
    tiles: Area
    chart: Area
    list: Area
    health: Area | None


def layout(state: State) -> Layout:
    """Cut the tab's area up: drawing and the mouse ask."""
    y, x, height, width = state.body
    card = Area(y, x, int(state.live and state.at is None and height >= CARD_FROM), width)
    y, height = y + card.height, height - card.height
    top = 3 if height >= 15 else 2
    left = height - top
    chart = 0 if left < 9 else max(6, left * 2 // 5)
    below = left - chart
    told = width >= HEALTH_FROM and state.at is None      # how the capture does is not kept by the second
    health = Area(y + top + chart, x + width - HEALTH, below, HEALTH) if told else None
    return Layout(card, Area(y, x, min(top, height), width), Area(y + top, x, chart, width),
                  Area(y + top + chart, x, below, width - (HEALTH + 1 if health else 0)), health)


def draw(canvas: Canvas, area: Area, state: State) -> None:
    """The whole tab. `area` is state.body."""
    places, found, glyphs = layout(state), peers.overview(state), state.glyphs
    if found is None:
        words = state.snapshot.error or f"Reading {state.label}"
        canvas.put(area.y + 1, area.x + 3, clip(words, area.width - 4, glyphs.ellipsis), MUTED)
        return
    if places.card.height:
        _draw_card(canvas, places.card, found, state)
    tiles.draw(canvas, places.tiles, tiles_of(found, state), glyphs)
    y, x, height, width = places.chart
    if height:
        tiles.draw_title(canvas, y, x, width, f"Throughput {range_words(found)}", _all(state), TITLE, glyphs)
        throughput.draw(canvas, Area(y + 1, x + 1, height - 1, width - 2), found.past, state.live, glyphs)
    y, x, height, width = places.list
    tiles.draw_title(canvas, y, x, width, *peers.title_of(found, state), TITLE, glyphs)
    peers.draw(canvas, Area(y + 1, x, height - 1, width), state)
    if places.health:
        y, x, height, width = places.health
        tiles.draw_title(canvas, y, x, width, "Capture", "", TITLE, glyphs)
        draw_health(canvas, Area(y + 1, x, height - 1, width), state)


def _draw_card(canvas: Canvas, area: Area, found: Overview, state: State) -> None:
    """What is captured on: addresses, speed and how much of it is used, errors and drops; what nobody tells is said to
    be so."""
    names = [name.strip() for name in state.label.split(",")]
    rows = [row for row in found.interfaces if row.name in names]
    x, end = area.x + 1, area.x + area.width - 1
    for row in rows or found.interfaces[:1]:
        for text, style in card_spans(row, state.glyphs):
            if x + 3 < end:
                x += canvas.put(area.y, x, clip(text, end - x, state.glyphs.ellipsis), style) + 2
        x += 2


def card_spans(row: Interface, glyphs: Glyphs) -> list[tuple[str, int]]:
    """The words of one interface."""
    spans = [(row.name, TITLE), (row.state, GOOD if row.state != DOWN else BAD)]
    spans += [(address, MUTED) for address in row.addresses[:1]]
    speed = interfaces.speed(row)
    spans.append((speed or "speed not told", TEXT if speed else MUTED))
    if row.rate is not None:
        moved = max(row.rate.rx_bytes_s, row.rate.tx_bytes_s)
        if row.counters is not None and row.counters.speed_mbps:
            share = moved / (row.counters.speed_mbps * 125_000)
            style = BAD if share > FULL else WARN if share > BUSY else GOOD
            spans.append((f"{100 * share:.1f} % used{', full' if share > FULL else ', busy' if share > BUSY else ''}",
                          style))
    for word, names in (("errors", interfaces.ERRORS), ("drops", interfaces.DROPS)):
        value = interfaces.counted(row, *names)
        spans.append((f"{word} not told", MUTED) if value is None else
                     (f"{word} {fmt.short_count(value)}", WARN if value else GOOD))
    return spans


def verdict(style: int) -> str:
    """The word for a figure: nothing is said by colour alone."""
    return {GOOD: "ok", WARN: "slow", BAD: "bad"}.get(style, "")


def _all(state: State) -> str:
    return "of all flows, whatever the filter" if state.filter.applied_text else ""


def range_words(found: Overview) -> str:
    """The range chosen, and how much of it there is when that is less."""
    past = found.past
    if past.range == "session":
        return f"session, {fmt.age(past.session_s)}"
    return past.range if past.since_ns else f"{past.range}, {fmt.age(past.seconds)} so far"


def tiles_of(found: Overview, state: State) -> list[Tile]:
    """Throughput, gateway (or flows of a file), DNS, segments sent again."""
    past, live = found.past, state.live
    now = throughput.newest(past, "bytes") if live else throughput.average(past, "bytes")
    packets = throughput.newest(past, "packets") if live else throughput.average(past, "packets")
    return [
        Tile("Throughput", "" if now is None else fmt.rate(now),
             "" if packets is None else f"{fmt.short_count(packets)} packets/s{'' if live else ', mean'}"),
        gateway_tile(found, state.glyphs) if live else
        Tile("Flows", fmt.count(past.session["begun"]), f"{fmt.count(past.session['packets'])} packets"),
        dns_tile(found, state.glyphs),
        resent_tile(found),
    ]


def gateway_tile(found: Overview, glyphs: Glyphs) -> Tile:
    """The newest round trip to the gateway that passed by; none is asked for."""
    gateway = found.gateway
    if gateway is None:
        return Tile("Gateway RTT", "", "no default route here")
    if gateway.rtt_us is None:
        return Tile("Gateway RTT", "", f"no flow to {gateway.address} timed")
    style = GOOD if gateway.rtt_us < SLOW_GATEWAY_US else WARN if gateway.rtt_us < BAD_GATEWAY_US else BAD
    return Tile("Gateway RTT", fmt.micros(gateway.rtt_us, glyphs.ascii_only),
                f"{verdict(style)}: {gateway.how}, newest", style)


def dns_tile(found: Overview, glyphs: Glyphs) -> Tile:
    dns = found.dns
    if dns.off:
        return Tile("DNS p50", "", "content is not read")
    if dns.median_us is None:
        return Tile("DNS p50", "", f"none timed, {found.past.range}")
    which = "newest " if dns.newest_only else ""
    style = GOOD if dns.median_us < SLOW_GATEWAY_US else WARN if dns.median_us < BAD_GATEWAY_US else BAD
    return Tile("DNS p50", fmt.micros(dns.median_us, glyphs.ascii_only),
                f"{verdict(style)}: {which}{fmt.count(dns.timed)} answers, {found.past.range}", style)


def resent_tile(found: Overview) -> Tile:
    """Retransmissions as a share of TCP packets: a measure of loss seen from here, not loss itself."""
    counts = found.past.counts
    if not counts.get("tcp"):
        return Tile("TCP resent", "", f"no TCP, {found.past.range}")
    share = counts["resent"] / counts["tcp"]
    style = GOOD if share < SOME_LOST else WARN if share < MUCH_LOST else BAD
    return Tile("TCP resent", f"{100 * share:.2f} %",
                f"{'lossy' if style == WARN else verdict(style)}: {fmt.short_count(counts['resent'])} of "
                f"{fmt.short_count(counts['tcp'])} packets", style)


def health_lines(health: Health, state: State, found: Overview | None) -> list[tuple[str, str, int]]:
    """(what, how much, style) of the capture's health, the most telling first."""
    drops = ((health.kernel_drops, "kernel"), (health.interface_drops, "interface"), (health.ring_drops, "ring"))
    lost = sum(n for n, _ in drops)
    error = state.snapshot.error or health.error
    cut = error and health.damaged and not state.live
    how = (damage_words(error or ""), WARN) if cut else (error, BAD) if error else \
        ("capturing", GOOD) if state.live and not health.done else \
        ("all read", GOOD) if health.done else (f"reading, {100 * (health.position or 0):.0f} %", TEXT)
    lines = [("state", *how)]
    if state.live:
        lines.append(("dropped", ", ".join(f"{fmt.short_count(n)} {name}" for n, name in drops if n) or "0",
                      BAD if lost else GOOD))
        if found is not None:
            recent = found.past.counts["drops"]
            lines.append((f"dropped, {found.past.range}", fmt.count(recent), BAD if recent else GOOD))
    refused = sorted(health.rejected.items(), key=lambda each: -each[1])
    lines.append(("malformed", fmt.count(sum(n for _, n in refused)), WARN if refused else GOOD))
    lines += [(f"  {name}", fmt.count(n), MUTED) for name, n in refused[:2]]
    lines += [
        ("cut by snap length", fmt.count(health.snap_truncated), WARN if health.snap_truncated else GOOD),
        ("stream bytes missed", fmt.size(health.bytes_skipped), WARN if health.bytes_skipped else GOOD),
        ("flows live", fmt.count(health.flows_live), TEXT),
        ("flows ended", fmt.count(health.flows_ended), TEXT),
        ("flows evicted", fmt.count(health.flows_evicted), WARN if health.flows_evicted else GOOD),
        ("own CPU", f"{health.cpu_percent:.0f} %", TEXT),
        ("own memory", fmt.size(health.rss_bytes), TEXT),
    ]
    return lines


def draw_health(canvas: Canvas, area: Area, state: State) -> None:
    """What is known of the capture itself; nothing before the first look at it."""
    if state.health is None:
        return
    lines = health_lines(state.health, state, peers.overview(state))
    for y, (name, value, style) in enumerate(lines[:area.height], area.y):
        canvas.put(y, area.x + 1, clip(name, 20, state.glyphs.ellipsis), MUTED)
        room = max(1, area.width - 23)
        canvas.field(y, area.x + 22, room, value, style, True, state.glyphs.ellipsis)


def on_mouse(state: State, what: str, y: int, x: int) -> None:
    place = layout(state).list
    if place.y < y < place.y + place.height and x < place.x + place.width:
        peers.click(state, Area(place.y + 1, place.x, place.height - 1, place.width), what, y)
