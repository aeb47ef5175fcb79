"""What is said of a network's health: tiles and lines of figures, each with a word where there is a measure for it.

Nothing is asked for: what did not pass by is not measured.
"""
from __future__ import annotations

from netwatch.addons.dashboard import DashboardNow
from netwatch.addons.insights import CRITICAL, WARNING
from netwatch.addons.interfaces import DOWN, Interface
from netwatch.addons.overview import Overview
from netwatch.model.session import Health
from netwatch.ui import format as fmt
from netwatch.ui.chrome import damage_words
from netwatch.ui.state import State
from netwatch.ui.tabs import interfaces
from netwatch.ui.theme import ADDRESS, BAD, GOOD, MUTED, TEXT, TITLE, UP, WARN, Glyphs
from netwatch.ui.theme import DOWN as INWARD
from netwatch.ui.widgets import graph
from netwatch.ui.widgets.facts import Span
from netwatch.ui.widgets.tiles import Tile

BUSY, FULL = 0.7, 0.9              # of a link's speed
SLOW_GATEWAY_US, BAD_GATEWAY_US = 50_000, 200_000
SLOW_OPEN_US, BAD_OPEN_US = 200_000, 1_000_000
SOME_LOST, MUCH_LOST = 0.01, 0.05  # of TCP packets sent again
SPARK = 8                          # cells of a course
ALMOST_NONE = 1e-9                 # a zero that was counted: a line on the ground, where blank is what was not
_FAILING = {CRITICAL: BAD, WARNING: WARN}


def verdict(style: int) -> str:
    """The word for a figure: nothing is said by colour alone."""
    return {GOOD: "ok", WARN: "slow", BAD: "bad"}.get(style, "")


def range_words(found: Overview) -> str:
    """The range chosen, and how much of it there is when that is less."""
    past = found.past
    if past.range == "session":
        return f"session, {fmt.age(past.session_s) if past.until_ns else fmt.NO_TIME}"
    return past.range if past.since_ns else f"{past.range}, {fmt.age(past.seconds)} so far"


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
    word, style = _dns_verdict(found, dns.median_us)
    return Tile("DNS p50", fmt.micros(dns.median_us, glyphs.ascii_only),
                f"{word}: {which}{fmt.count(dns.timed)} answers, {found.past.range}", style)


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
        *_flow_lines(health, state.live),
        ("flows evicted", fmt.count(health.flows_evicted), WARN if health.flows_evicted else GOOD),
        ("own CPU", f"{health.cpu_percent:.0f} %", TEXT),
        ("own memory", fmt.size(health.rss_bytes), TEXT),
    ]
    return lines


def _flow_lines(health: Health, live: bool) -> list[tuple[str, str, int]]:
    """None lives on in a file that was read."""
    if health.done and not live:
        return [("flows", fmt.count(health.flows_live + health.flows_ended), TEXT),
                ("open at its end", fmt.count(health.flows_live), TEXT)]
    return [("flows live", fmt.count(health.flows_live), TEXT), ("flows ended", fmt.count(health.flows_ended), TEXT)]


def card_items(row: Interface, found: DashboardNow, health: Health | None, glyphs: Glyphs) -> list[list[Span]]:
    """What is captured on, the most telling first: state, rates, share of the link, losses; what nobody tells is said
    to be so."""
    speed, share = interfaces.speed(row), None
    up_since = (found.up_since or {}).get(row.name)
    items: list[list[Span]] = [[(f"{row.name} ", TITLE), (row.state, GOOD if row.state != DOWN else BAD)]]
    items += [[(address, ADDRESS)] for address in row.addresses[:1]]
    items.append([(speed or "speed not told", TEXT if speed else MUTED)])
    if row.rate is not None:
        items.append([(f"{glyphs.down} ", INWARD), (fmt.rate(row.rate.rx_bytes_s), TEXT),
                      (f"  {glyphs.up} ", UP), (fmt.rate(row.rate.tx_bytes_s), TEXT)])
        if row.counters is not None and row.counters.speed_mbps:
            share = max(row.rate.rx_bytes_s, row.rate.tx_bytes_s) / (row.counters.speed_mbps * 125_000)
    if share is not None:
        style = BAD if share > FULL else WARN if share > BUSY else GOOD
        items.append([(f"{100 * share:.1f} % of link{', full' if share > FULL else ', busy' if share > BUSY else ''}",
                       style)])
    for word, names in (("errors", interfaces.ERRORS), ("drops", interfaces.DROPS)):
        value = interfaces.counted(row, *names)
        items.append([(f"{word} not told", MUTED) if value is None else
                      (f"{word} {fmt.short_count(value)}", WARN if value else GOOD)])
    if health is not None:
        items.append([captured_words(health)])
    if up_since:
        items.append([(f"up since {fmt.clock(up_since)}", MUTED)])
    return items


def captured_words(health: Health) -> Span:
    """How much of what came by was captured. Never rounded up to all of it."""
    lost = health.kernel_drops + health.interface_drops + health.ring_drops
    whole = health.packets + lost
    if not whole:
        return "captured: nothing yet", MUTED
    share = 100 * health.packets / whole
    text = "100 %" if not lost else f"{min(share, 99.99):.2f} %, {fmt.short_count(lost)} lost"
    return f"captured {text}", BAD if lost else GOOD


def health_items(found: DashboardNow, live: bool, glyphs: Glyphs) -> list[list[Span]]:
    """Gateway, DNS, opening of connections, segments sent again: a figure and the word for it, or "not measured"."""
    past = found.past
    items = [_gateway_item(found, glyphs)] if live else \
        [[("flows ", MUTED), (fmt.count(past.session["begun"]), TEXT), ("  packets ", MUTED),
          (fmt.count(past.session["packets"]), TEXT)]]
    dns, (failed, answers, severity) = found.dns, found.dns_failing
    if dns.median_us is None:
        items.append([("DNS ", MUTED), ("failing", _FAILING[severity]) if severity else ("not measured", MUTED)])
    else:
        word, style = _dns_verdict(found, dns.median_us)
        items.append([("DNS ", MUTED), (f"{fmt.micros(dns.median_us, glyphs.ascii_only)} {word}", style)])
    if severity:
        items[-1].append((f"  {fmt.short_count(failed)} of {fmt.short_count(answers)} answers are failures",
                          _FAILING[severity]))
    elif dns.timed or found.dns_errors:
        items[-1].append((f"  {fmt.short_count(dns.timed)} answered, {fmt.short_count(found.dns_errors)} with an error",
                          WARN if found.dns_errors else MUTED))
    items.append([("TCP open ", MUTED), *_figure(found.open_us, SLOW_OPEN_US, BAD_OPEN_US, glyphs)])
    if found.opened:
        items[-1].append((f"  of {fmt.short_count(found.opened)} flow{'s' * (found.opened != 1)}", MUTED))
    tile = resent_tile(found)
    items.append([("resent ", MUTED), (tile.value or "not measured", tile.style if tile.value else MUTED)])
    if tile.value:
        rates = past.rates.get("resent", ())
        counted = [None if rate is None else rate or ALMOST_NONE for rate in rates]
        course = graph.spark(graph.stretch(counted, SPARK), SPARK, None, glyphs) if any(rates) else ""
        items[-1] += [(f" {tile.note.partition(':')[0]}", tile.style), (f" {course}".rstrip(), MUTED)]
    return items


def _dns_verdict(found: Overview, median_us: float) -> tuple[str, int]:
    """The word and its ink: fast failures are none that are ok."""
    style = GOOD if median_us < SLOW_GATEWAY_US else WARN if median_us < BAD_GATEWAY_US else BAD
    severity = found.dns_failing[2]
    return ("failing", _FAILING[severity]) if severity else (verdict(style), style)


def _gateway_item(found: DashboardNow, glyphs: Glyphs) -> list[Span]:
    if found.gateway is None:
        return [("gateway ", MUTED), ("no default route here", MUTED)]
    return [("gateway ", MUTED), (found.gateway.address, ADDRESS), (" ", MUTED),
            *_figure(found.gateway.rtt_us, SLOW_GATEWAY_US, BAD_GATEWAY_US, glyphs)]


def _figure(us: float | None, slow: int, bad: int, glyphs: Glyphs) -> list[Span]:
    if us is None:
        return [("not measured", MUTED)]
    style = GOOD if us < slow else WARN if us < bad else BAD
    return [(f"{fmt.micros(us, glyphs.ascii_only)} {verdict(style)}", style)]
