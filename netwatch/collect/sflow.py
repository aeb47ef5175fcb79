"""sFlow version 5 (sflow.org, sflow_version_5.txt) as a collector reads it: the frames of its flow samples, and what
its counter samples count of interfaces.

A sample is one frame of so many; nothing is multiplied. Any bytes may come: what does not fit is counted.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import NamedTuple

VERSION = 5
FLOW, COUNTERS, EXPANDED_FLOW, EXPANDED_COUNTERS = 1, 2, 3, 4  # kinds of sample
RAW_HEADER, GENERIC = 1, 1  # kinds of record: of flow samples, of counter samples
LINKS = {1: 1, 11: 101, 12: 101}  # header_protocol: Ethernet, IPv4, IPv6; as LINKTYPE
SAMPLES_MOST = 200  # of a datagram
RECORDS_MOST = 64  # of a sample
HEADER_MOST = 65535


class Frame(NamedTuple):
    """The head of a frame that was sampled: `link` is a LINKTYPE, `length` octets on the wire, one of `rate` frames;
    `lost` samples the agent had no room for, so far."""

    agent: str
    interface: int
    link: int
    data: bytes
    length: int
    rate: int
    lost: int


class Counted(NamedTuple):
    """What an agent has counted of an interface since it began: frames that came, and that were dropped."""

    agent: str
    interface: int
    frames: int
    drops: int


class Malformed(Exception):
    """It does not fit."""


class Words:
    """Reads XDR. Raises Malformed at its end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        at, self._at = self._at, self._at + size
        if self._at > len(self._data):
            raise Malformed
        return self._data[at:self._at]

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def opaque(self) -> bytes:
        """Of a length that is told, filled up to four octets."""
        size = self.number()
        found = self.take(size)
        self.take(-size % 4)
        return found


class Datagrams:
    """Reads datagrams. Counts them, samples, samples of which nothing is read here, and what does not fit."""

    def __init__(self) -> None:
        self.packets = self.samples = self.unread = self.malformed = 0

    def read(self, data: bytes) -> Iterator[Frame | Counted]:
        """What a datagram tells, as far as it fits."""
        self.packets += 1
        try:
            yield from self._samples(Words(data))
        except Malformed:
            self.malformed += 1

    def _samples(self, words: Words) -> Iterator[Frame | Counted]:
        if words.number() != VERSION:
            raise Malformed
        kind = words.number()
        if kind not in (1, 2):
            raise Malformed
        agent = str(ipaddress.ip_address(words.take(4 if kind == 1 else 16)))
        words.take(12)  # sub-agent, sequence number, uptime
        count = words.number()
        if count > SAMPLES_MOST:
            raise Malformed
        for _ in range(count):
            kind, body = words.number(), Words(words.opaque())
            self.samples += 1
            if kind in (FLOW, EXPANDED_FLOW):
                yield from self._frames(body, agent, kind == EXPANDED_FLOW)
            elif kind in (COUNTERS, EXPANDED_COUNTERS):
                yield from self._counted(body, agent, kind == EXPANDED_COUNTERS)
            else:
                self.unread += 1

    def _frames(self, words: Words, agent: str, expanded: bool) -> Iterator[Frame]:
        words.number()
        source = _source(words, expanded)
        rate, _, lost = words.number(), words.number(), words.number()
        words.take(16 if expanded else 8)  # interfaces in and out
        read = False
        for kind, record in _records(words):
            if kind != RAW_HEADER:
                continue
            link, length, stripped, data = (record.number(), record.number(), record.number(), record.opaque())
            if link in LINKS and data and len(data) <= HEADER_MOST:
                read = True
                yield Frame(agent, source, LINKS[link], data, max(length - stripped, len(data)), rate, lost)
        self.unread += not read

    def _counted(self, words: Words, agent: str, expanded: bool) -> Iterator[Counted]:
        words.number()
        _source(words, expanded)
        read = False
        for kind, record in _records(words):
            if kind != GENERIC:
                continue
            index = record.number()
            record.take(16)  # type, speed, direction
            record.take(12)  # status, octets in
            unicast, multicast, broadcast, drops = (record.number() for _ in range(4))
            read = True
            yield Counted(agent, index, unicast + multicast + broadcast, drops)
        self.unread += not read


def _source(words: Words, expanded: bool) -> int:
    """The index of what is sampled."""
    if expanded:
        words.number()
        return words.number()
    return words.number() & 0xFFFFFF


def _records(words: Words) -> Iterator[tuple[int, Words]]:
    """(kind, what it says). Raises Malformed."""
    count = words.number()
    if count > RECORDS_MOST:
        raise Malformed
    for _ in range(count):
        kind = words.number()
        yield kind, Words(words.opaque())
