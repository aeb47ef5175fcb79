"""Likely causes are ranked by what was measured beside a finding; what is known and muted counts for nothing; a finding
that nothing is heard of expires."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT
from situation import Frames, syn
from test_rules import ME, YOU, exchange, findings
from wire import SECOND, pcap

from netwatch.diagnose.addon import muted
from netwatch.diagnose.contract import Course


def tries(dst: str, dport: int, answer: str, sport: int, begin: float = 0) -> Frames:
    return [frame for i in range(4) for frame in syn(begin + i, ME, dst, sport + i, dport, answer)]


def refused_beside_another_port() -> Frames:
    return tries(YOU, 81, "rst", 50000) + tries(YOU, 80, "done", 51000)


def silent_beside_other_hosts() -> Frames:
    return [frame for host in range(4)
            for frame in tries(f"10.3.0.{host + 1}", 81, "" if host == 2 else "done", 50000 + 10 * host)]


def all_silent() -> Frames:
    return [frame for host in range(4) for frame in tries(f"10.3.0.{host + 1}", 81, "", 50000 + 10 * host)]


def slow_beside_another_host() -> Frames:
    return exchange(0, [2000] * 4) + exchange(0, [5] * 9, dst="10.1.0.10", sport=43000)


def slow_alone() -> Frames:
    return exchange(0, [2000] * 4)


RANKED = (
    (refused_beside_another_port, ["strong: no program listens"]),
    (silent_beside_other_hosts, ["likely: a firewall drops", "likely: 10.3.0.3 is down"]),
    (all_silent, ["strong: the way out", "possible: a firewall drops", "possible: 10.3.0.1 is down"]),
    (slow_beside_another_host, ["likely: the program", "likely: the host"]),
    (slow_alone, ["possible: the program", "possible: the host", "possible: who asks"]),
)


@pytest.mark.parametrize(("make", "causes"), RANKED, ids=lambda each: getattr(each, "__name__", ""))
def test_causes_are_ranked(make: object, causes: list[str]) -> None:
    assert callable(make)
    frames = make()
    found = findings(frames)
    told = found[0]["causes"]
    assert len(told) == len(causes)
    assert all(each.startswith(due) for each, due in zip(told, causes, strict=True)), told
    for words in ({"size": 1}, {"size": 7}, {"workers": 2}, {"workers": 3}):
        assert json.dumps(findings(frames, **words)) == json.dumps(found)


def test_what_nothing_is_heard_of_expires() -> None:
    """Two hours later it is another finding, and the first one stays as it was."""
    once = exchange(0, [2000] * 4)
    assert [each["state"] for each in findings(once + exchange(4000, [5], dst="10.1.0.10"))] == ["expired"]
    again = findings(once + exchange(7200, [2000] * 4, sport=41000))
    assert sorted(each["state"] for each in again) == ["expired", "open"] and len({each["id"] for each in again}) == 2


def diagnose(path: Path, mute: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, "diagnose", str(path), "--format", "json", "--set", f"diagnose.mute={mute}"],
                          env=ENVIRONMENT, text=True, capture_output=True, timeout=60, check=False)


def test_what_is_muted_counts_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "refused.pcap"
    path.write_bytes(pcap(sorted(tries(YOU, 81, "rst", 50000))))
    for mute, code in (("", 1), ("refused", 0), (f"refused@{YOU}", 0), ("refused@10.1.0.77", 1), ("server_slow", 1)):
        done = diagnose(path, mute)
        (found,) = json.loads(done.stdout)["findings"]
        assert (done.returncode, "mute" in found) == (code, not code)
    assert diagnose(path, "nonsense").returncode == 2


def test_what_may_be_muted() -> None:
    assert muted(" refused, no_answer@2001:db8::1 ,") == [("refused", ""), ("no_answer", "2001:db8::1")]
    for text in ("nonsense", "refused@here"):
        with pytest.raises(ValueError, match=r"nonsense|here"):
            muted(text)


def test_how_a_finding_went_on_is_kept_in_few_steps() -> None:
    course = Course()
    for second in (0, 1, 1, 59, 60, 3599):
        course.add((100 + second) * SECOND, 2)
    assert course.step_s == 64 and len(course.steps) <= Course.MOST
    assert sum(course.steps) == 12 and course.steps[0] == 10 and course.steps[-1] == 2
