"""Quotas of bytes by program, day and month, held against the ledger."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT

from netwatch.egress import ledger
from netwatch.egress.destinations import Destinations, Seen, Way
from netwatch.egress.quotas import EVERYBODY, Quota, held, parsed


def moved(who: str, day: date, octets: int) -> Destinations:
    found = Destinations()
    seen = Seen()
    stamp = f"{day.isoformat()}T12:00:00.000000000Z"
    seen.flows, seen.bytes_out, seen.bytes_in = 1, octets, octets
    seen.span.take({"first": stamp, "last": stamp})
    found.seen[Way(who, "", "a.example", "192.0.2.1", 443, "tcp")] = seen
    return found


def run(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, "usage", *words], text=True, capture_output=True, timeout=60, check=False,
                          env={**ENVIRONMENT, "XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home)})


def test_what_a_quota_is() -> None:
    assert parsed("") == ()
    assert parsed("firefox=10GB/month, *=1GiB/day,a b=5KB/day") == (
        Quota("firefox", 10**10, "month"), Quota(EVERYBODY, 1 << 30, "day"), Quota("a b", 5000, "day"))


@pytest.mark.parametrize("text", ["firefox", "firefox=10", "firefox=10GB", "firefox=10GB/week", "=1GB/day", "x=0GB/day",
                                  "x=-1GB/day", "x=1.5GB/day", "x=1GB/day,x=2GB/day", ",".join(
                                      f"p{n}=1GB/day" for n in range(65))])
def test_what_is_none_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="quota"):
        parsed(text)
    assert run("--quotas", "--set", f"egress.quotas={text}", home=tmp_path).returncode == 2


def test_a_day_and_a_month_are_counted_from_their_beginning(tmp_path: Path) -> None:
    path = tmp_path / "egress.sqlite"
    for month, day, octets in ((2, 28, 1000), (3, 1, 300), (3, 9, 20), (3, 10, 4)):
        ledger.add(path, moved("curl", date(2026, month, day), octets), 90)
    ledger.add(path, moved("wget", date(2026, 3, 10), 50_000), 90)
    asked = parsed("curl=1KB/month,curl=1KB/day,*=50KB/month,nobody=1MB/day")
    found = held(path, asked, date(2026, 3, 10))
    assert [(each.used, each.since, each.over) for each in found] == [
        (648, "2026-03-01", False), (8, "2026-03-10", False), (100_648, "2026-03-01", True), (0, "2026-03-10", False)]
    assert held(path, asked, date(2026, 4, 1))[2].used == 0


def test_the_command_tells_and_exits_with_1(tmp_path: Path) -> None:
    missing = run("--quotas", "--set", "egress.quotas=curl=1KB/day", home=tmp_path)
    assert missing.returncode == 4 and "no ledger yet" in missing.stderr
    assert run("--quotas", home=tmp_path).returncode == 2, "there are none"
    assert run("--quotas", "x.pcap", home=tmp_path).returncode == 2
    today = datetime.now(UTC).date()
    for day in (today, today + timedelta(days=1)):  # midnight may pass while this runs
        ledger.add(tmp_path / "netwatch" / "egress.sqlite", moved("curl", day, 600), 90)
    over = run("--quotas", "--format", "ndjson", "--set", "egress.quotas=curl=1KB/day,curl=1GB/month", home=tmp_path)
    first, second = map(json.loads, over.stdout.splitlines())
    assert over.returncode == 1 and first["over"] and first["percent"] >= 120 and not second["over"], over
    assert first["schema"] == "netwatch.quota/1" and first["limit"] == 1000
    well = run("--quotas", "--format", "table", "--set", "egress.quotas=curl=1GB/month", home=tmp_path)
    assert well.returncode == 0 and "curl" in well.stdout and "OVER" not in well.stdout
