"""Which servers appear, vanish or grow between two captures: python compare.py BEFORE AFTER"""

import sys
from collections import Counter

import netwatch


def servers(path: str) -> Counter[tuple[str, int, str]]:
    """Bytes by server, port and application."""
    found: Counter[tuple[str, int, str]] = Counter()
    for flow in netwatch.read(path, fields=["name.host", "dst", "dport", "app", "bytes_out", "bytes_in"]):
        found[flow.name.host or flow.dst or "?", flow.dport or 0, flow.app or "?"] += flow.bytes_out + flow.bytes_in
    return found


before, after = servers(sys.argv[1]), servers(sys.argv[2])
for key in sorted(before.keys() | after.keys()):
    old, new = before[key], after[key]
    if old != new:
        what = "appeared" if not old else "vanished" if not new else f"{new - old:+,} bytes"
        print(f"{key[0]}:{key[1]} {key[2]}: {what}")
