"""netwatch.event/1: a flow began, what it speaks is known, it is over; the same as the flow's own record says."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest
from netwatch_command import ROOT

import netwatch

CAPTURES = [ROOT / f"tests/captures/{name}.pcap" for name in ("https", "dns", "smb", "kerberos", "mdns", "ike", "http")]
CAPTURES += [ROOT / f"tests/golden/{name}.pcap" for name in ("tunnels", "real-https", "tags")]
ENDS = ("proto", "src", "sport", "dst", "dport")


def events_of(path: Path, workers: int = 1) -> list[dict[str, object]]:
    return [event.as_dict() for event in netwatch.read(path, "event", tolerant=True, workers=workers)]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_each_flow_began_once_and_is_what_it_was_said_to_be(path: Path) -> None:
    told = defaultdict(list)
    for event in events_of(path):
        told[event["flow"]].append(event)
    flows = {flow.id: flow.as_dict() for flow in netwatch.read(path, tolerant=True)}
    assert told and set(told) <= set(flows)
    for number, flow in flows.items():
        if "src" not in flow or flow["proto"] in ("arp", "l2"):
            continue
        events = told[number]
        starts = [event for event in events if event["kind"] == "start"]
        if not starts:
            assert flow["src"].count(":") == 5 and len(flow["src"]) == 17 and not events  # of stations
            continue
        (start,) = starts
        assert events[0] is start and start["time"] == flow["first"]
        assert all(start.get(key) == flow.get(key) for key in ENDS)
        over = [event for event in events if event["kind"] == "end"]
        assert len(over) == ("ended" in flow) and events[len(events) - len(over):] == over
        for end in over:
            assert end["time"] == flow["last"]
            assert {key: end[key] for key in end.keys() - {"schema", "time", "flow", "kind"}} == {
                key: flow[key] for key in (*ENDS, "app", "duration", "ended", "packets_out", "packets_in", "bytes_out",
                                           "bytes_in") if key in flow}
        apps = [event["app"] for event in events if event["kind"] == "identified"]
        assert apps[-1:] == ([flow["app"]] if "app" in flow else [])
        assert all(one != other for one, other in pairwise(apps))
        assert [event["time"] for event in events] == sorted(str(event["time"]) for event in events)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
@pytest.mark.same
def test_whatever_the_number_of_workers(path: Path) -> None:
    assert events_of(path, workers=3) == events_of(path)
