"""IPv4 and IPv6 fragments become one packet in any order; what never does is counted, and memory stays bounded."""

from __future__ import annotations

import itertools
import random
import resource

import pytest
from running import Result, run, run_capture
from wire import (
    A4,
    B4,
    MS,
    SECOND,
    START,
    eth,
    extension,
    fragment6,
    fragments4,
    fragments6,
    ip4,
    ip6,
    pcap,
    spaced,
    udp,
    vxlan,
)

BODY = bytes(range(256)) * 8
WHOLE = udp(40000, 9999, BODY)
KINDS = ("flows", "packets")


def four(size: int = 512, **words) -> list[bytes]:
    return [eth(f) for f in fragments4(17, WHOLE, size, **words)]


def six(size: int = 512, **words) -> list[bytes]:
    return [eth(f, 0x86DD) for f in fragments6(17, WHOLE, size, **words)]


def check_whole(result: Result, frames: list[bytes]) -> None:
    flow = result.flow
    assert (flow["sport"], flow["dport"], flow["payload_out"]) == (40000, 9999, len(BODY))
    assert flow["packets_out"] == len(frames) and flow["bytes_out"] == sum(map(len, frames))
    assert result.summary["malformed"] == {} and result.summary["udp_conversations"] == 1


@pytest.mark.parametrize("build", [four, six])
def test_any_order(build):
    frames = build()
    for order in itertools.permutations(frames):
        check_whole(run(spaced(order)), frames)


@pytest.mark.parametrize("build", [four, six])
def test_small_pieces_shuffled(build):
    frames = build(16)
    random.Random(1).shuffle(frames)
    check_whole(run(spaced(frames)), frames)


@pytest.mark.parametrize("build", [four, six])
def test_duplicates_add_nothing(build):
    frames = build()
    doubled = [frames[0], frames[0], frames[2], frames[1], frames[2], *frames[3:]]
    check_whole(run(spaced(doubled)), doubled)


@pytest.mark.parametrize("build", [four, six])
def test_one_missing_is_counted(build):
    """What is there belongs to the flow that the first fragment names, or, without it, to one between the addresses."""
    frames = build()
    for gone in range(len(frames)):
        left = frames[:gone] + frames[gone + 1 :]
        result = run(spaced(left), kinds=KINDS)
        assert result.summary["malformed"] == {"fragment-incomplete": len(left)}
        flow = result.flow
        assert (flow["packets_out"], flow["payload_out"]) == (len(left), 0)
        assert (flow.get("sport"), flow.get("dport")) == ((40000, 9999) if gone else (None, None))
        assert flow["bytes_out"] == sum(map(len, left)) and flow["first"] == result.packets[0]["time"]
        assert all((p["src"], p["dst"], p["proto"]) == (flow["src"], flow["dst"], "udp") for p in result.packets)


def test_two_datagrams_interleaved():
    a, b = four(ident=1), four(ident=2)
    mixed = [frame for pair in zip(a, reversed(b), strict=True) for frame in pair]
    flow = run(spaced(mixed)).flow
    assert flow["packets_out"] == len(mixed) and flow["payload_out"] == 2 * len(BODY)


def dns_query(name: bytes) -> bytes:
    labels = b"".join(bytes([len(part)]) + part for part in name.split(b"."))
    return udp(40000, 53, b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1")


@pytest.mark.parametrize("six", [False, True])
@pytest.mark.parametrize("forged", [(8, 40), (0, 24), (24, 40)])
def test_overlaps_end_the_datagram(six: bool, forged: tuple[int, int]):
    """Linux drops a datagram one of whose fragments covers another in part (RFC 5722); one that came twice is
    ignored."""
    query, other = dns_query(b"first.example.net"), dns_query(b"later.example.net")

    def piece(data: bytes, at: int, end: int) -> bytes:
        more = end < len(data)
        if six:
            return eth(ip6(44, fragment6(17, at, more, 5, data[at:end])), 0x86DD)
        return eth(ip4(17, data[at:end], more=more, at=at))

    whole = [piece(query, 16, 32), piece(other, 16, 32), piece(query, 0, 16), piece(query, 32, len(query))]
    result = run(spaced(whole), kinds=("dns", "flows"))
    assert [q["name"] for r in result.by_kind["dns"] for q in r["questions"]] == ["first.example.net"]
    result = run(spaced([whole[0], piece(other, *forged), *whole[2:]]), kinds=("dns", "flows"))
    assert result.by_kind["dns"] == [] and result.summary["malformed"]["fragment-bad"] >= 1


@pytest.mark.parametrize(("at", "more", "size"), [(8, True, 15), (65528, False, 16), (8, False, 0)])
def test_impossible_fragments(at: int, more: bool, size: int):
    frame = eth(ip4(17, bytes(size), more=more, at=at))
    assert run([(START, frame)]).summary["malformed"] == {"fragment-bad": 1}


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("early", [False, True])
def test_a_fragment_whose_header_does_not_add_up_changes_nothing(place: int, early: bool):
    """Its receiver drops it (RFC 1122 section 3.2.1.2), whether it comes before the true one or after."""
    parts = fragments4(17, udp(40000, 53, b"true" * 10), 16)
    forged = bytearray(fragments4(17, udp(40000, 53, b"evil" * 10), 16)[place])
    forged[10] ^= 0x55
    parts.insert(place + (0 if early else 1), bytes(forged))
    result = run(spaced([eth(ip4(17, udp(40000, 53, b"before")))] + [eth(part) for part in parts]))
    assert result.flow["payload_out"] == 46


def test_fragments_none_of_whose_headers_add_up_are_put_together():
    """Of a capture in which addresses were replaced."""
    parts = [bytearray(part) for part in fragments4(17, udp(40000, 53, b"true" * 10), 16)]
    for part in parts:
        part[10] ^= 0x55
    assert run(spaced([eth(bytes(part)) for part in parts])).flow["payload_out"] == 40


def test_a_second_end_elsewhere_is_refused():
    frames = [eth(ip4(17, WHOLE[:8], more=True)), eth(ip4(17, WHOLE[16:24], at=16)), eth(ip4(17, WHOLE[32:40], at=32))]
    assert run(spaced(frames)).summary["malformed"] == {"fragment-incomplete": 2, "fragment-bad": 1}


def test_a_minute_later_it_is_another_datagram():
    frames = four()
    late = [(START, frames[0]), *spaced(frames[1:], start=START + 61 * SECOND)]
    result = run(late)
    assert result.summary["malformed"] == {"fragment-incomplete": len(frames)}
    assert [flow["packets_out"] for flow in result.flows] == [1, len(frames) - 1]


def test_inside_a_tunnel():
    inner = fragments4(17, WHOLE, 512, src="10.0.0.1", dst="10.0.0.2")
    frames = [eth(ip4(17, udp(50000, 4789, vxlan(1, eth(part))))) for part in inner]
    result = run(spaced(frames))
    assert [f["packets_out"] for f in result.flows] == [len(frames), len(frames)]
    assert result.flows[1]["tunnel"] == ["vxlan", "vni 1", f"{A4}>{B4}"]
    assert result.flows[1]["payload_out"] == len(BODY) and result.summary["malformed"] == {}


def test_the_tunnel_itself_in_fragments():
    outer = udp(50000, 4789, vxlan(1, eth(ip4(17, WHOLE, "10.0.0.1", "10.0.0.2"))))
    result = run(spaced([eth(f) for f in fragments4(17, outer, 800)]))
    assert [f["sport"] for f in result.flows] == [50000, 40000]
    assert result.flows[1]["payload_out"] == len(BODY)


def test_cut_fragments():
    """They belong to the flow that the first names, and are never whole."""
    result = run(spaced(four()), snaplen=200)
    assert result.flow["dport"] == 9999 and result.flow["packets_out"] == len(four())
    assert result.summary["malformed"] == {"fragment-incomplete": len(four()) - 1}


def test_a_datagram_begins_with_its_first_fragment():
    frames = four()
    for order in (frames, frames[::-1]):
        result = run(spaced(order), kinds=KINDS)
        assert result.flow["first"] == result.packets[0]["time"] and result.flow["last"] == result.packets[-1]["time"]
        assert result.packets[-1]["flow"] == result.flow["id"]


def test_the_largest_datagram_in_the_smallest_parts():
    body = udp(40000, 9999, bytes(65527))
    frames = [eth(part) for part in fragments4(17, body, 8)]
    random.Random(2).shuffle(frames)
    flow = run(spaced(frames, step=1000)).flow
    assert (flow["packets_out"], flow["payload_out"]) == (len(frames), 65527)


def test_parts_of_one_datagram_may_say_other_next_headers():
    """RFC 8200 section 4.5: the first one's counts, and it is no part of the datagram's identity."""
    query = dns_query(b"first.example.net")
    parts = [
        eth(ip6(44, fragment6(kind, at, at + 16 < len(query), 7, query[at : at + 16])), 0x86DD)
        for kind, at in zip((17, 60, 6, 59), range(0, len(query), 16), strict=False)
    ]
    assert run(spaced(parts), kinds=("dns",)).by_kind["dns"][0]["questions"][0]["name"] == "first.example.net"


@pytest.mark.parametrize("size", [16, 24, 512])
@pytest.mark.parametrize("headers", [1, 3])
def test_headers_behind_the_fragment_header(headers: int, size: int):
    """Only the first fragment has them; all the fragments are of the flow whose ports stand behind them."""
    body = WHOLE
    for number in range(headers):
        body = extension(60 if number else 17) + body
    frames = [eth(f, 0x86DD) for f in fragments6(60, body, size)]
    result = run(spaced(frames))
    if 8 * headers + 8 <= size:
        assert result.flow["packets_out"] == len(frames)
    assert sum(flow["payload_out"] for flow in result.flows) == len(BODY)


@pytest.mark.parametrize("build", [four, six])
def test_some_fragments_may_have_a_priority(build):
    """A tag with VID 0 is no network."""
    frames = [f if i % 2 else f[:12] + b"\x81\0\xa0\0" + f[12:] for i, f in enumerate(build())]
    check_whole(run(spaced(frames)), frames)


def test_fragment_headers_in_a_chain_of_their_own():
    """IPv6 atomic fragments within each other end at the bound on extension headers."""
    body = ip6(44, b"\x2c\0\0\0\0\0\0\1" * 1000)
    assert run([(START, eth(body, 0x86DD))]).summary["malformed"] == {"ip6-extension": 1}


def memory() -> int:
    """Largest resident set so far, KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize("size", [8, 1480])
def test_a_flood_of_first_fragments_is_bounded(size: int):
    part = bytes(size)
    flood = (eth(ip4(17, part, f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", more=True)) for i in range(100_000))
    data = spaced(flood, step=MS // 10)
    capture = pcap(data)
    before = memory()
    result = run_capture(capture, ())
    assert sum(result.summary["malformed"].values()) == 100_000
    assert memory() - before < 64 * 1024 + len(capture) // 1024


def test_parts_that_cover_one_another_never_reach_beyond_the_datagram():
    """A forged overlap must not make the datagram look shorter than a part it holds."""
    data = bytes(2000)
    places = [(1000, 64, True), (992, 16, True), (1008, 8, False), (0, 936, True)]
    frames = [eth(ip4(17, data[at : at + n], more=more, at=at)) for at, n, more in places]
    result = run(spaced(frames))
    assert result.summary["malformed"]["fragment-bad"] == 1
    assert all(flow["payload_out"] == 0 for flow in result.flows)


@pytest.mark.parametrize("seed", range(40))
def test_overlaps_at_random(seed: int):
    """Fragments cut at random from two versions of a datagram, as Linux takes them: a second one of the same place is
    ignored, any other overlap ends what was gathered."""
    rng = random.Random(seed)
    versions = [dns_query(b"first.example.net"), dns_query(b"later.example.net")]
    size = len(versions[0])
    frames, held, whole = [], {}, None
    for _ in range(60):
        at = rng.randrange(0, size, 8)
        end, which = min(size, at + rng.choice((8, 8, 8, 16))), rng.randrange(2)
        frames.append(eth(ip4(17, versions[which][at:end], more=end < size, at=at)))
        known = [i in held for i in range(at, end)]
        if any(known) and not all(known):
            held = {}
        elif not any(known):
            held |= {i: versions[which][i] for i in range(at, end)}
        if len(held) == size:
            whole = bytes(held[i] for i in range(size))
            break
    names = [q["name"] for r in run(spaced(frames), kinds=("dns",)).by_kind["dns"] for q in r["questions"]]
    assert names == ([whole[21:26].decode() + ".example.net"] if whole else [])
