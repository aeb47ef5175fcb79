"""Against captures whose truth is known from other programs: what must be counted and found in them.

They lie outside the project, in ../shared/captures, and are not shipped; without them these tests are skipped.
"""

from __future__ import annotations

import importlib.util
import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from running import run_source

from netwatch.capture.file import open_files

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
CAPTURES, SCORE = SHARED / "captures", SHARED / "tools" / "score.py"
SAMPLE = 60
KINDS = ("flows", "dns", "http", "tls", "streams")
COUNTS = {"packets": 1.0, "tcp_convs": 0.995, "udp_convs": 0.995}
CONTENT = {
    "dns_query": 0.95,
    "dns_a": 0.95,
    "dns_cname": 0.95,
    "mdns_query": 0.95,
    "llmnr_query": 0.95,
    "vlan_id": 0.95,
}

pytestmark = pytest.mark.skipif(
    not (CAPTURES / "expected.json").exists() or not SCORE.exists(),
    reason="the shared captures with known truth are not here",
)


@cache
def truth() -> dict[str, Any]:
    return dict(json.loads((CAPTURES / "expected.json").read_text())["captures"])


def sample() -> list[str]:
    """Captures with a truth on both conversation counts, spread evenly over all of them, small ones."""
    if not (CAPTURES / "expected.json").exists():
        return []
    fit = [
        name
        for name, known in sorted(truth().items())
        if not known.get("tshark_error") and (CAPTURES / name).exists() and known["packets"] < 2000
    ]
    return fit[:: max(1, len(fit) // SAMPLE)][:SAMPLE]


def records_of(name: str) -> list[dict[str, Any]]:
    """What `netwatch read` prints for a capture, summary last."""
    result = run_source(open_files([str(CAPTURES / name)]), KINDS)
    return [*result.in_order, result.summary]


@pytest.mark.parametrize("name", sample())
def test_counts(name: str):
    known = truth()[name]
    known = {**known, **(known.get("by_source") or {}).get("construction", {})}
    found = records_of(name)[-1]
    assert (found["packets"], found["tcp_conversations"], found["udp_conversations"]) == (
        known["packets"],
        known["tcp_convs"],
        known["udp_convs"],
    )


def scorer() -> Any:
    """The scorer that lies with the captures, as a module."""
    spec = importlib.util.spec_from_file_location("score", SCORE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shortfalls(figures: dict[str, Any], required: dict[str, float]) -> dict[str, float]:
    assert all(figures[name].hit > 0 for name in required), "nothing was judged"
    return {name: round(figures[name].f1, 4) for name, least in required.items() if figures[name].f1 < least}


def test_score_of_all_captures():
    """Counts on every capture; content only where no key is needed to read it."""
    score = scorer()
    everywhere, clear = defaultdict(score.Tally), defaultdict(score.Tally)
    for name, known in sorted(truth().items()):
        records = records_of(name)
        score.judge(name, known, records, everywhere)
        if not known.get("keylog") and not known.get("decrypted_contains"):
            score.judge(name, known, records, clear)
    assert everywhere["packets"].hit == len(truth())
    assert shortfalls(everywhere, COUNTS) == {}
    assert shortfalls(clear, CONTENT) == {}
