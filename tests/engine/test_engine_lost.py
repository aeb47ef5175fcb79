"""A segment that the capture has lost: each one of the lab's own captures in turn. What comes behind the hole is read.

A token is a leaf of a protocol's object in the flow record. Each is first told at some frame; when another frame is
left out it must still be told, unless both belong to one turn of one side. What stands in TOLD is the least share of
the tokens of a protocol that must be; it may only rise. Nothing may be told that the flow did not say, and where a
request and its answer are told as a pair they are one in the whole capture too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache

import pytest
from lab import Lab, small_captures, tcp_flows

from netwatch._fast.out.probe import Probe
from netwatch._fast.out.protocols import DESCRIBING

OTHERS = 0.97  # of any protocol that is not in TOLD
TOLD: dict[str, float] = {
    "imap": 0.96,
    "pop3": 0.96,
    "ssh": 0.96,
    "irc": 0.92,  # who the client is, is known by the words it begins with
    "rsync": 0.96,  # what a line of the client says hangs on the line before
    "socks": 0.7,  # each message hangs on the one before; what is carried is read
    "vnc": 0.8,  # the same
}
# read over TCP, and never again after a hole
CANNOT = {
    "bittorrent": "the handshake is all that is read, once of each side",
    "ftp-data": "a file, of which nothing is read",
    "proxy": "one head before what it carries",
    "syslog": "the first message is all that is read",
    "tor": "found by tls, which reads it",
    "vnc": "the two speak in turns: what a message is hangs on the one before",
    "grpc": "told by http2, which reads it",
}
# of a time, or a count of what was seen: these must differ
COUNTED = {"latency_us", "messages", "entries", "bytes"}
# what another message, which otherwise is not the first of its kind, says as truly
SAID_OTHERWISE = {"unknown_ca", "multi channel", "bob"}
Token = tuple[str, str | bool]


def leaves(value: object, path: str) -> Iterator[Token]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in COUNTED:
                yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    elif isinstance(value, (str, bool)):
        yield path, value


class Told:
    """What some frames of a flow tell."""

    def __init__(self, lab: Lab, frames: list[bytes]) -> None:
        result = lab.read(frames, ("flows", "http", "dns"))
        self.tokens: set[Token] = set()
        self.stack: set[str] = set()
        for flow in result.flows:
            self.stack |= set(flow.get("app_stack", ()))
            for app in self.stack:
                self.tokens |= set(leaves(flow.get(app.replace("-", "_"), {}), app))
        self.pairs = {
            (record["path"], record["status"])
            for record in result.by_kind["http"]
            if "path" in record and "status" in record
        }
        self.malformed = result.summary["malformed"]


class Lost:
    """What is missing, made up, or paired wrongly when frames are lost one at a time, by protocol."""

    def __init__(self) -> None:
        self.expected: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.wrong: defaultdict[str, list[object]] = defaultdict(list)

    def add(self, lab: Lab, name: str) -> None:
        whole, first = Told(lab, lab.frames), first_told(lab)
        said = b"".join(lab.frames).lower()
        known = {value for _, value in whole.tokens} | {value for _, value in first} | SAID_OTHERWISE
        turns = turns_of(lab)
        for at, side in enumerate(lab.said):
            if side is None:
                continue
            got = Told(lab, lab.frames[:at] + lab.frames[at + 1 :])
            expected = {
                token for token in whole.tokens if first[token] < at or turns[first[token]] > turns[at]
            }
            self.expected[lab.stack[0]] += len(expected)
            self.told[lab.stack[0]] += len(expected & got.tokens)
            made_up = {
                (path, value)
                for path, value in got.tokens
                if value not in known and str(value).lower().encode() not in said
            }
            if made_up or not got.stack <= set(lab.stack) or not got.pairs <= whole.pairs or got.malformed:
                self.wrong[lab.stack[0]].append((name, at, made_up, got.stack, got.pairs - whole.pairs, got.malformed))


def first_told(lab: Lab) -> dict[Token, int]:
    """By token, the frame with which it is told first."""
    first: dict[Token, int] = {}
    for at, side in enumerate(lab.said):
        if side is not None or at + 1 == len(lab.frames):
            for token in Told(lab, lab.frames[: at + 1]).tokens:
                first.setdefault(token, at)
    return first


def turns_of(lab: Lab) -> list[int]:
    """By frame, how often the word has passed to the other side."""
    turns, last = [0], None
    for side in lab.said:
        turns.append(turns[-1] + (side is not None and side != last))
        last = last if side is None else side
    return turns[1:]


@cache
def all_lost() -> Lost:
    lost = Lost()
    for path in small_captures():
        for lab in tcp_flows(path):
            lost.add(lab, path.name)
    return lost


def test_what_is_behind_a_hole_is_told() -> None:
    lost = all_lost()
    share = {app: round(lost.told[app] / lost.expected[app], 3) for app in lost.expected if lost.expected[app]}
    assert {app: part for app, part in share.items() if part < TOLD.get(app, OTHERS)} == {}
    assert len(share) > 25


def test_nothing_is_made_up_and_no_pair_is_wrong() -> None:
    assert all_lost().wrong == {}


def over_tcp() -> list[str]:
    names = []
    for name in DESCRIBING:
        try:
            Probe(name)
        except ValueError:
            continue
        names.append(name)
    return names


@pytest.mark.parametrize("name", over_tcp())
def test_every_protocol_over_tcp_reads_on_or_says_why_not(name: str) -> None:
    assert Probe(name).reads_on != (name in CANNOT), CANNOT.get(name, "neither lost nor resync, nor a reason")
