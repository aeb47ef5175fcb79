"""Packets that were captured twice, in all the ways in which a copy may differ; and what is no copy."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import pytest
from conversation import CLIENT, SERVER, Talk
from running import run
from wire import ACK, MS, PSH, START, Timed, checksum, eth, fragments4, fragments6, ip4, ip6, udp, vlan

from netwatch.store.settings import Settings

US = 1000
GET = b"GET / HTTP/1.1\r\nHost: h.example\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def numbered(frames: list[Timed]) -> list[tuple[int, bytes]]:
    """Each IPv4 packet with an identification of its own."""
    return [(each[0], each[1][:18] + struct.pack(">H", n + 1) + each[1][20:]) for n, each in enumerate(frames)]


def summed(frame: bytes) -> bytes:
    head = frame[14:24] + b"\0\0" + frame[26:34]
    return frame[:24] + struct.pack(">H", checksum(head)) + frame[26:]


def fewer(frame: bytes) -> bytes:
    """One hop further."""
    return frame[:22] + bytes([frame[22] - 1]) + frame[23:]


def other_macs(frame: bytes) -> bytes:
    return bytes(range(2, 14)) + frame[12:]


def tagged(frame: bytes) -> bytes:
    return frame[:12] + b"\x81\0\0\7" + frame[12:]


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "none": lambda f: f,
    "other addresses below": other_macs,
    "a tag": tagged,
    "another hop": lambda f: summed(fewer(f)),
    "another hop and addresses": lambda f: other_macs(summed(fewer(f))),
    "another hop and a tag": lambda f: tagged(summed(fewer(f))),
}


def conversation() -> list[Timed]:
    talk = Talk(step=20 * MS).open().say(CLIENT, GET).ack(SERVER).say(SERVER, OK).ack(CLIENT).close()
    return [(ns, summed(frame)) for ns, frame in numbered(list(talk.frames))]


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("wait", [3 * US, 400 * US, 4 * MS])
@pytest.mark.parametrize("what", CHANGES)
def test_copies_of_tcp(what: str, wait: int, times: int) -> None:
    if wait > MS and "hop" not in what:
        return                                          # who repeats itself so late sends again
    plain = conversation()
    copies = [(at[0] + wait * n, CHANGES[what](at[1])) for at in plain for n in range(1, times + 1)]
    result = run(sorted([*plain, *copies]), kinds=("flows", "http"))
    alone = run(plain).flow
    for key in ("packets_out", "packets_in", "payload_out", "bytes_in", "state"):
        assert result.flow[key] == alone[key]
    assert result.flow["retransmits_out"] == result.flow["retransmits_in"] == 0
    assert result.summary["copies"] == len(copies) and len(result.by_kind["http"]) == 1


@pytest.mark.parametrize("six", [False, True])
@pytest.mark.parametrize("what", CHANGES)
def test_copies_of_datagrams(what: str, six: bool) -> None:
    """IPv6 has no identification: there only another place shows a copy."""
    if six and what != "a tag":
        return
    plain = [(START + n * 20 * MS, eth(ip6(17, udp(1, 2, b"%d" % n)), 0x86DD) if six
              else eth(ip4(17, udp(1, 2, b"%d" % n), ident=n + 1))) for n in range(5)]
    copies = [(ns + 10 * US, CHANGES[what](frame)) for ns, frame in plain]
    result = run(sorted([*plain, *copies]))
    assert (result.flow["packets_out"], result.flow["payload_out"], result.summary["copies"]) == (5, 5, 5)


@pytest.mark.parametrize("wait", [2 * MS, 12 * MS, 200 * MS])
def test_who_sends_again_with_the_same_identification(wait: int) -> None:
    """Some stacks keep it: the time between tells a retransmission from a copy."""
    talk = Talk().open().say(CLIENT, GET)
    again = talk.frames[-1][1]
    result = run([*talk.frames, (talk.now + wait, again)])
    assert (result.flow["retransmits_out"], result.summary.get("copies", 0)) == (1, 0)


WHOLE = udp(40000, 9999, bytes(range(256)) * 8)


@pytest.mark.parametrize("order", ["each at once", "one after the other", "backwards", "at random"])
@pytest.mark.parametrize("hop", [False, True])
@pytest.mark.parametrize("six", [False, True])
def test_copies_of_fragments(six: bool, hop: bool, order: str) -> None:
    """Also of the one that made the datagram whole: what comes after it is no new datagram that never becomes whole."""
    parts = fragments6(17, WHOLE, 512) if six else fragments4(17, WHOLE, 512)
    plain = [eth(part, 0x86DD if six else 0x0800) for part in parts]

    def change(frame: bytes) -> bytes:
        if not hop:
            return frame
        return frame[:21] + b"\x3f" + frame[22:] if six else summed(fewer(frame))

    copies = [change(frame) for frame in plain]
    frames = [f for pair in zip(plain, copies, strict=True) for f in pair] if order == "each at once" \
        else plain + copies
    if order == "backwards":
        frames = frames[::-1]
    elif order == "at random":
        random.Random(7).shuffle(frames)
    result = run([(START + n * 10 * US, frame) for n, frame in enumerate(frames)])
    flow = result.flow
    assert (flow["sport"], flow["payload_out"]) == (40000, len(WHOLE) - 8)
    assert result.summary["malformed"] == {}
    assert flow["packets_out"] + result.summary.get("copies", 0) == len(frames)
    if order in ("each at once", "one after the other"):
        assert flow["packets_out"] == len(plain)


def test_the_same_identification_later_is_another_datagram() -> None:
    parts = [eth(part) for part in fragments4(17, WHOLE, 512)]
    frames = [(START + n * 10 * US, f) for n, f in enumerate(parts)]
    frames += [(ns + 50 * MS, f) for ns, f in frames]
    assert run(frames).flow["payload_out"] == 2 * (len(WHOLE) - 8)


@pytest.mark.parametrize(("setting", "packets"), [("keep", 10), ("mark", 5), ("drop", 5)])
def test_the_setting_is_for_fragments_too(setting: str, packets: int) -> None:
    parts = [eth(part) for part in fragments4(17, WHOLE, 512)]
    frames = [(START + n * 10 * US, f) for n, f in enumerate(parts + parts)]
    assert run(frames, settings=Settings({"flows.copies": setting})).flow["packets_out"] == packets


def test_a_tag_on_one_of_two_ways_is_no_copy() -> None:
    """The same bytes on two networks, each with an identification of its own, are two packets."""
    frames = [(START + n * 100 * US, eth(vlan(7 + n % 2, 0x0800, ip4(17, udp(1, 2, b"x"), ident=n + 1)), 0x8100))
              for n in range(6)]
    assert [flow["packets_out"] for flow in run(frames).flows] == [3, 3]


def test_a_segment_with_other_bytes_and_the_same_identification_is_no_copy() -> None:
    talk = Talk().open()
    talk.segment(CLIENT, PSH | ACK, b"aaaa", after=100).segment(CLIENT, PSH | ACK, b"bbbb", after=100)
    flow = run(talk.frames).flow
    assert (flow["packets_out"], flow["retransmits_out"], flow.get("copies_out", 0)) == (4, 1, 0)


def test_other_bytes_with_the_identification_of_a_datagram_that_is_whole() -> None:
    """A decoy that never arrives must not hide what does."""
    first, second = (udp(40000, 9999, bytes([n]) * 100) for n in range(2))
    frames = [eth(part) for whole in (first, second) for part in fragments4(17, whole, 48)]
    result = run([(START + n * 10 * US, frame) for n, frame in enumerate(frames)], kinds=("flows",))
    assert result.flow["payload_out"] == 200
