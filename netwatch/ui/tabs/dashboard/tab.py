"""The Dashboard tab: how much flows, how fast answers come, what was lost, who talks, and how the capture does."""
from __future__ import annotations

from typing import NamedTuple

from netwatch._fast.term.canvas import Canvas, clip
from netwatch.addons.overview import Overview
from netwatch.model.session import Health
from netwatch.ui import format as fmt
from netwatch.ui.frame import damage_words
from netwatch.ui.state import Area, State
from netwatch.ui.tabs.dashboard import peers
from netwatch.ui.tabs.dashboard.peers import ACTIONS, new_part, question
from netwatch.ui.theme import BAD, GOOD, MUTED, TEXT, TITLE, WARN, Glyphs
from netwatch.ui.widgets import throughput, tiles
from netwatch.ui.widgets.tiles import Tile

__all__ = ["ACTIONS", "draw", "new_part", "on_mouse", "question"]

HEALTH_FROM = 96                   # columns from which the capture's health stands beside the list
HEALTH = 36
SLOW_GATEWAY_US, BAD_GATEWAY_US = 50_000, 200_000
SOME_LOST, MUCH_LOST = 0.01, 0.05  # of TCP packets sent again


class Layout(NamedTuple):
    """Tiles, chart (with its title), list (with its title), health or None."""
    tiles: Area
    chart: Area
    list: Area
    health: Area | None


def layout(state: State) -> Layout:
    """Cut the tab's area up: drawing and the mouse ask."""
    y, x, height, width = state.body
    top = 3 if height >= 15 else 2
    left = height - top
    chart = 0 if left < 9 else max(6, left * 2 // 5)
    below = left - chart
    health = Area(y + top + chart, x + width - HEALTH, below, HEALTH) if width >= HEALTH_FROM else None
    return Layout(Area(y, x, min(top, height), width), Area(y + top, x, chart, width),
                  Area(y + top + chart, x, below, width - (HEALTH + 1 if health else 0)), health)


def draw(canvas: Canvas, area: Area, state: State) -> None:
    """The whole tab. `area` is state.body."""
    places, found, glyphs = layout(state), peers.overview(state), state.glyphs
    if found is None:
        words = state.snapshot.error or f"Reading {state.label}"
        canvas.put(area.y + 1, area.x + 3, clip(words, area.width - 4, glyphs.ellipsis), MUTED)
        return
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
    return Tile("Gateway RTT", fmt.micros(gateway.rtt_us, glyphs.ascii_only), f"{gateway.how}, newest", style)


def dns_tile(found: Overview, glyphs: Glyphs) -> Tile:
    dns = found.dns
    if dns.off:
        return Tile("DNS p50", "", "content is not read")
    if dns.median_us is None:
        return Tile("DNS p50", "", f"none timed, {found.past.range}")
    which = "newest " if dns.newest_only else ""
    return Tile("DNS p50", fmt.micros(dns.median_us, glyphs.ascii_only),
                f"{which}{fmt.count(dns.timed)} answers, {found.past.range}")


def resent_tile(found: Overview) -> Tile:
    """Retransmissions as a share of TCP packets: a measure of loss seen from here, not loss itself."""
    counts = found.past.counts
    if not counts.get("tcp"):
        return Tile("TCP resent", "", f"no TCP, {found.past.range}")
    share = counts["resent"] / counts["tcp"]
    style = GOOD if share < SOME_LOST else WARN if share < MUCH_LOST else BAD
    return Tile("TCP resent", f"{100 * share:.2f} %",
                f"{fmt.short_count(counts['resent'])} of {fmt.short_count(counts['tcp'])} packets", style)


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
