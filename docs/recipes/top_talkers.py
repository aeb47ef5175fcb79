"""Who moves the most bytes: python top_talkers.py FILE..."""

import sys
from collections import Counter

import netwatch

bytes_of: Counter[str] = Counter()
with netwatch.read(sys.argv[1:], fields=["src", "dst", "bytes_out", "bytes_in"]) as flows:
    for flow in flows:
        bytes_of[flow.src or "?"] += flow.bytes_out
        bytes_of[flow.dst or "?"] += flow.bytes_in
for address, amount in bytes_of.most_common(10):
    print(f"{amount:>12,}  {address}")
