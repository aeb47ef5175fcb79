"""Export packets of NetFlow and IPFIX, for their test and their fuzz target.

Built by hand after RFC 3954 and RFC 7011; the capture netflow.pcap is of a real exporter.
"""

import struct

PORT = 2055
NOW = 1_700_000_000


def fixed(version: int, count: int, sequence: int = 1, sampling: int = 0, when: int = NOW) -> bytes:
    size = {1: 52, 5: 48, 7: 52}[version]
    head = struct.pack(">HHIII", version, count, 60000, when, 999)
    if version != 1:
        head += struct.pack(">IHH", sequence, 0x0102, sampling)
    return head + bytes(range(size)) * count


def one_set(number: int, body: bytes) -> bytes:
    return struct.pack(">HH", number, 4 + len(body)) + body


def template(number: int, *elements: int) -> bytes:
    fields = b"".join(struct.pack(">HHI", e, 4, 9) if e & 0x8000 else struct.pack(">HH", e, 4) for e in elements)
    return struct.pack(">HH", number, len(elements)) + fields


def nine(*sets: bytes, count: int = 1, sequence: int = 1, source: int = 7, when: int = NOW) -> bytes:
    return struct.pack(">HHIIII", 9, count, 60000, when, sequence, source) + b"".join(sets)


def ten(*sets: bytes, sequence: int = 1, domain: int = 99, when: int = NOW) -> bytes:
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), when, sequence, domain) + body


OPTIONS_9 = one_set(1, struct.pack(">HHHHHHHHH", 257, 4, 8, 1, 4, 34, 4, 35, 1) + bytes(2))
OPTIONS_10 = one_set(3, struct.pack(">HHHHHHHHH", 257, 3, 1, 149, 4, 305, 4, 304, 2))
FIVE = [(0, fixed(5, 2, 100, sampling=0x4064)), (0, fixed(5, 30, 102)), (0, fixed(5, 1, 140))]
NINE = [
    (0, nine(one_set(0, template(256, 8, 12, 4, 2)), OPTIONS_9, one_set(256, bytes(16)), count=3, sequence=10)),
    (0, nine(one_set(256, bytes(32)), count=2, sequence=13)),
    (0, nine(one_set(256, bytes(32)), count=2, sequence=1, source=8)),
]
TEN = [
    (0, ten(one_set(2, template(256, 8, 12, 0x8001, 152) + template(258, 27)), OPTIONS_10)),
    (0, ten(one_set(256, bytes(16)), sequence=2) + ten(one_set(256, bytes(32)), sequence=3)),
]
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (TEN, 0, 0, {
        "version": 10, "sources": [99], "messages": 3, "templates": [256, 258, 257],
        "elements": ["sourceIPv4Address", "destinationIPv4Address", "flowStartMilliseconds", "sourceIPv6Address",
                     "observationDomainId", "samplingPacketInterval", "selectorAlgorithm"],
    }, "IPFIX"),
]
DATAGRAMS = [FIVE, NINE, [(0, fixed(7, 3)), (0, fixed(1, 24))], [TEN[0]]]
