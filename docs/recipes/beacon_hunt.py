"""Who calls the same host again and again at a steady pace: python beacon_hunt.py FILE..."""

import sys
from collections import defaultdict
from datetime import datetime
from statistics import mean, pstdev

import netwatch

LEAST = 6  # calls
starts: defaultdict[tuple[str, str, int], list[float]] = defaultdict(list)
with netwatch.read(sys.argv[1:], where="tcp and initiator == seen", fields=["src", "name.host", "dst", "dport",
                                                                            "first"]) as flows:
    for flow in flows:
        if flow.first and flow.src and flow.dst:
            to = flow.name.host or flow.dst
            starts[flow.src, to, flow.dport or 0].append(datetime.fromisoformat(flow.first).timestamp())
for (source, to, port), times in sorted(starts.items()):
    gaps = [later - earlier for earlier, later in zip(sorted(times), sorted(times)[1:], strict=False)]
    if len(times) >= LEAST and mean(gaps) > 0 and pstdev(gaps) / mean(gaps) < 0.1:
        pace = f"every {mean(gaps):.1f} s, give or take {pstdev(gaps):.1f} s"
        print(f"{source} -> {to}:{port}  {len(times)} times, {pace}")
