"""One verdict: what Insights calls failing is called so on the Dashboard and in the views."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from netwatch.addons.insights import dns_failing
from netwatch.addons.interface_readings import Reading
from netwatch.addons.interfaces import InterfacesAddon
from netwatch.addons.throughput import RANGES, DnsTime
from netwatch.addons.timeline import Mark
from netwatch.model.host import Host
from netwatch.model.machine import Counters, Link
from netwatch.ui.tabs.dashboard import health
from netwatch.ui.theme import BAD, UNICODE, WARN
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed


@pytest.fixture(scope="module")
def names() -> Iterator[Replayed]:
    made = Replayed("dns.pcap")
    yield made
    made.stop()


@pytest.mark.parametrize("failed, severity", [(0, ""), (1, ""), (2, "warning"), (9, "warning"), (10, "critical")])
def test_what_insights_calls_failing_is_nowhere_ok(names: Replayed, failed: int, severity: str) -> None:
    """One verdict: DNS that fails fast is not ok, in any view."""
    found = Driver(names, 120, 40, tab="dashboard").state.snapshot.answer
    notes = {"dns_responses": 20, "dns_codes": {0: 20 - failed, 2: failed}}
    assert dns_failing(Mark(2, {}, notes, {}), None) == (failed, 20, severity)
    assert dns_failing(Mark(2, {}, notes, {}), Mark(1, {}, notes, {})) == (0, 0, "")
    failing = replace(found, dns_failing=(failed, 20, severity))
    words = "".join(text for text, _ in health.health_items(failing, True, UNICODE)[1])
    tile = health.dns_tile(failing, UNICODE)
    if severity:
        assert f"failing  {failed} of 20 answers are failures" in words and tile.note.startswith("failing: ")
        assert tile.style == {"warning": WARN, "critical": BAD}[severity] and "ok" not in words
        unmeasured = replace(failing, dns=DnsTime(None, 0, False, False))
        assert "DNS failing" in "".join(text for text, _ in health.health_items(unmeasured, True, UNICODE)[1])
    else:
        assert " ok  14 answered" in words and tile.note.startswith("ok: ")


def test_an_interface_that_is_captured_on_and_down_is_said_so_on_every_screen() -> None:
    """Whoever else is down is not; nor is anything said of a file."""
    addon = InterfacesAddon()
    up = Counters("eth0", 1, 1, 1, 1, 0, 2, 3, up=True)
    without_carrier, off = replace(up, name="eth1"), replace(up, name="eth2", up=False)
    reading = Reading(((up, None), (without_carrier, None), (off, None), (replace(off, name="eth3"), None)),
                      {"eth1": Link("eth1", carrier=False)})
    source = SimpleNamespace(interfaces=[{"name": name} for name in ("eth0", "eth1", "eth2")])
    for live, told in ((True, [("eth1, eth2 down", "warning")]), (False, [])):
        addon.begin(cast(Any, SimpleNamespace(host=Host(), source=source, purpose=SimpleNamespace(live=live))))
        assert addon.signs() == ()
        addon.latest = reading
        assert [(sign.text, sign.severity) for sign in addon.signs()] == told
        addon.latest = Reading()


@pytest.mark.parametrize("name", RANGES)
def test_heads_of_the_dense_view_keep_apart(names: Replayed, name: str) -> None:
    driver = Driver(names, 200, 50, view="dense")
    while driver.state.snapshot.answer.past.range != name:
        driver.keys("t").step()
    assert ["last/s", name, "peak/s"] in [line.strip("│ ").split()[:3] for line in driver.screen().splitlines()]
