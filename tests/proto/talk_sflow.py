"""Datagrams of sFlow, for its test and its fuzz target. Built by hand after sflow_version_5.txt."""

import struct

PORT = 6343


def word(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def sample(kind: int, body: bytes) -> bytes:
    return word(kind, len(body)) + body


def flow_sample(rate: int, *records: tuple[int, bytes], expanded: bool = False) -> bytes:
    head = word(1, 0, 7, rate, 1000, 0, 0, 7, 0, 8) if expanded else word(1, 7, rate, 1000, 0, 7, 8)
    return sample(3 if expanded else 1, head + word(len(records)) + b"".join(sample(*record) for record in records))


def datagram(*samples: bytes, sequence: int = 1, agent: bytes = bytes([192, 0, 2, 1]), sub: int = 0) -> bytes:
    kind = 1 if len(agent) == 4 else 2
    return word(5, kind) + agent + word(sub, sequence, 60000, len(samples)) + b"".join(samples)


HEADER = (1, word(1, 60, 4, 56) + bytes(56))
COUNTERS = sample(2, word(1, 7, 1) + sample(1, bytes(88)))
RATES = [
    (0, datagram(flow_sample(512, HEADER, (1001, bytes(16))), COUNTERS, sequence=5)),
    (0, datagram(flow_sample(1024, HEADER, expanded=True), sequence=8)),
    (0, datagram(sample(4, word(1, 0, 7, 0)), sequence=1, sub=2)),
]
SIX = [(0, datagram(COUNTERS, agent=bytes.fromhex("20010db8") + bytes(11) + b"\1"))]
TALKS: list = []
DATAGRAMS = [RATES, SIX]
