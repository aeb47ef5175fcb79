"""Any datagrams to a collector of NetFlow 5, 9 and IPFIX → flow records that JSON can hold, templates in their bound.

Input: datagrams, each behind a byte that says who sends it and two of its length. The collector goes on from one to the
next. Run: python fuzz/fuzz_collector.py -max_total_time=600 CORPUS
"""

from __future__ import annotations

import json
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))


def datagrams(data: bytes) -> list[tuple[str, bytes]]:
    found, at = [], 0
    while at + 3 <= len(data) and len(found) < 200:
        size = int.from_bytes(data[at + 1 : at + 3], "big")
        found.append((str(data[at]), data[at + 3 : at + 3 + size]))
        at += 3 + size
    return found


def one_input(data: bytes) -> None:
    from netwatch.collect import netflow

    collector = netflow.Collector()
    for sender, datagram in datagrams(data):
        for record in collector.read(datagram, sender):
            json.dumps(record, allow_nan=False)
            assert record["bytes_out"] >= 0 and record["packets_in"] >= 0 and record["interface"] == sender
    exporters = collector._exporters.values()
    assert sum(len(each.fields) for known in exporters for each in known.templates.values()) == collector._fields
    assert collector._fields <= netflow.MOST_FIELDS and len(exporters) <= netflow.EXPORTERS


def seeds(folder: str) -> None:
    """NetFlow 9 and what our own exporter sends."""
    from netwatch.outlets import ipfix

    flow = {"schema": "netwatch.flow/1", "id": 7, "proto": "tcp", "src": "192.0.2.1", "sport": 1, "dst": "198.51.100.7",
            "dport": 443, "first": "2023-11-14T22:13:20.250000000Z", "last": "2023-11-14T22:13:21.500000000Z",
            "packets_out": 5, "packets_in": 4, "bytes_out": 900, "bytes_in": 4000, "app": "tls"}
    messages = [ipfix.message(ipfix.templates(), 0),
                *(ipfix.message(sets, 0) for sets, _ in ipfix.packed(list(ipfix.data_records(flow) or ())))]
    learnt = struct.pack(">HHHH", 0, 16, 256, 2) + struct.pack(">HHHH", 8, 4, 12, 4)
    nine = struct.pack(">HHIIII", 9, 2, 1, 1, 1, 1) + learnt + struct.pack(">HH", 256, 12) + bytes(8)
    os.makedirs(folder, exist_ok=True)
    for name, those in (("ipfix", messages), ("nine", [nine, nine])):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(b"".join(b"a" + len(each).to_bytes(2, "big") + each for each in those))


def main() -> None:
    import atheris
    from seeded import fuzz

    with atheris.instrument_imports(include=["netwatch.collect"]):
        import netwatch.collect.netflow
    assert netwatch.collect.netflow.Collector().read(b"", "x") == []
    fuzz(one_input, seeds)


if __name__ == "__main__":
    main()
