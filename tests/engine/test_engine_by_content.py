"""Tunnels on ports that are nobody's, by what they carry; and what only looks like one."""

from __future__ import annotations

import random
import struct

import pytest
from running import run
from surroundings import frame
from wire import (
    A6,
    B4,
    B6,
    MAC_A,
    MAC_B,
    START,
    Timed,
    eth,
    fragments4,
    fragments6,
    geneve,
    gre,
    gtpu,
    icmp6_echo,
    ip4,
    ip6,
    mpls,
    raw_mac,
    spaced,
    teredo_origin,
    udp,
    vxlan,
    vxlan_gpe,
)

FOUR = ip4(17, udp(7000, 9, b"inside"), "10.0.0.1", "10.0.0.2")
SIX = ip6(17, udp(7000, 9, b"inside"), "fd00::1", "fd00::2")
GUE4, GUE6 = b"\0\4\0\0", b"\0\x29\0\0"
AUTHENTICATION = b"\0\1\4\4" + b"user" + b"sign" + bytes(9)

# what a datagram on any port carries, and which tunnel that is
ANYWHERE = {
    "vxlan": (vxlan(5, frame(FOUR)), "vxlan"),
    "vxlan of ipv6": (vxlan(5, frame(SIX)), "vxlan"),
    "vxlan of a short frame": (vxlan(5, frame(FOUR).ljust(60, b"\0")), "vxlan"),
    "geneve": (geneve(9, 0x6558, frame(FOUR)), "geneve"),
    "geneve with options": (geneve(9, 0x6558, frame(SIX), b"\1\2\3\1abcd"), "geneve"),
    "gtp": (gtpu(7, FOUR), "gtp-u"),
    "gtp with extensions": (gtpu(7, SIX, extended=True), "gtp-u"),
    "foo over udp": (FOUR, "fou"),
    "foo over udp of ipv6": (SIX, "fou"),
    "foo over udp of a fragment": (fragments4(17, udp(7000, 9, bytes(50)), 32)[0], "fou"),
    "gre": (gre(0x0800, FOUR), "gre-in-udp"),
    "gre of ipv6 with a key": (gre(0x86DD, SIX, key=3), "gre-in-udp"),
    "gre with a sum": (gre(0x0800, FOUR, summed=True), "gre-in-udp"),
    "gue": (GUE4 + FOUR, "gue"),
    "gue of ipv6": (GUE6 + SIX, "gue"),
    "gue with fields": (b"\1\4\0\0abcd" + FOUR, "gue"),
}
SPOILT = FOUR[:10] + b"\x12\x34" + FOUR[12:]

NOWHERE = {
    "a packet whose header does not add up": SPOILT,
    "... in gre": gre(0x0800, SPOILT),
    "... in gue": GUE4 + SPOILT,
    "a packet that is shorter": FOUR + b"more",
    "ipv6 whose transport does not add up": SIX[:46] + b"\x12\x34" + SIX[48:],
    "ipv6 without a transport": ip6(59, b"x" * 30),
    "vxlan with reserved bits": struct.pack(">II", 0x08000001, 5 << 8) + frame(FOUR),
    "vxlan of no frame": vxlan(5, bytes(80)),
    "geneve of another version": b"\x40" + geneve(9, 0x6558, frame(FOUR))[1:],
    "gtp of another length": gtpu(7, FOUR)[:3] + b"\x07" + gtpu(7, FOUR)[4:],
    "gtp of an echo": b"\x32\1" + gtpu(7, FOUR)[2:],
}

# answers that come from the tunnel's own port, as some ends send them
ANSWERS = {
    "mpls": (6635, mpls([16, 17], FOUR), "mpls-in-udp"),
    "a pseudowire": (6635, mpls([16], bytes(4) + frame(FOUR)), "mpls-in-udp"),
    "gre": (4754, gre(0x0800, FOUR, key=3), "gre-in-udp"),
    "gre of a frame": (4754, gre(0x6558, frame(SIX)), "gre-in-udp"),
    "vxlan-gpe": (4790, vxlan_gpe(5, 1, SPOILT), "vxlan"),
    "vxlan-gpe of a frame": (4790, vxlan_gpe(5, 3, frame(FOUR)), "vxlan"),
    "vxlan-gpe of a service path": (4790, vxlan_gpe(5, 4, b"\x0f\xc2\1\1\0\0\0\xff" + FOUR), "vxlan"),
    "vxlan on its old port": (8472, vxlan(5, frame(FOUR)), "vxlan"),
    "gue of the second kind": (6080, FOUR, "gue"),
}


def over(body: bytes, sport: int = 40000, dport: int = 40001) -> bytes:
    return eth(ip4(17, udp(sport, dport, body)))


@pytest.mark.parametrize("what", ANYWHERE)
def test_on_any_port(what: str) -> None:
    body, kind = ANYWHERE[what]
    flows = run([(START, over(body))]).flows
    assert len(flows) == 2 and (flows[0]["dport"], flows[1]["tunnel"][0]) == (40001, kind)
    assert flows[1]["proto"] == "udp" and flows[1]["payload_out"] in (0, 6)


@pytest.mark.parametrize("what", ANSWERS)
def test_from_the_port_that_only_receivers_need(what: str) -> None:
    """A client may have drawn it: so what it carries must fill the datagram."""
    port, body, kind = ANSWERS[what]
    assert [f.get("tunnel", [None])[0] for f in run([(START, over(body, port))]).flows] == [None, kind]
    assert len(run([(START, over(body + b"more", port))]).flows) == 1
    assert len(run([(START, over(bytes(len(body)), port))]).flows) == 1


@pytest.mark.parametrize("what", NOWHERE)
def test_what_only_looks_like_it(what: str) -> None:
    assert "tunnel" not in run([(START, over(NOWHERE[what]))]).flow


@pytest.mark.parametrize("what", ANYWHERE)
def test_cut_anywhere(what: str) -> None:
    whole = over(ANYWHERE[what][0])
    cut: list[Timed] = [(START + n, whole[:n], len(whole)) for n in range(len(whole))]
    cut += [(START + n, whole[:n]) for n in range(len(whole))]
    run(cut)


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_tunnel(seed: int) -> None:
    rng = random.Random(seed)
    first = [0x00, 0x08, 0x20, 0x30, 0x34, 0x40, 0x45, 0x4F, 0x60, 0x80, 0xA0]
    frames = [over(bytes([rng.choice(first)]) + rng.randbytes(rng.randrange(30, 90))) for _ in range(500)]
    assert all("tunnel" not in flow for flow in run(spaced(frames)).flows)


@pytest.mark.parametrize("six", [False, True])
@pytest.mark.parametrize("what", [what for what in ANYWHERE if "fragment" not in what])
def test_in_fragments(what: str, six: bool) -> None:
    """The tunnel's own datagram comes in parts."""
    body, kind = ANYWHERE[what]
    parts = (fragments6 if six else fragments4)(17, udp(40000, 40001, body), 24)
    frames = [eth(part, 0x86DD if six else 0x0800) for part in parts]
    inside, = [flow for flow in run(spaced(frames[::-1])).flows if flow["sport"] == 7000]
    assert (inside["tunnel"][0], inside["payload_out"]) == (kind, 6)


@pytest.mark.parametrize("extra", [b"", AUTHENTICATION, bytes(8), AUTHENTICATION + bytes(8)])
def test_what_teredo_puts_before(extra: bytes) -> None:
    """RFC 4380 section 5.1.1: an authentication, an origin indication, or both."""
    inner = ip6(58, icmp6_echo(128, 5), "2001:0:102:304::1", "fd00::2")
    flows = run([(START, over(extra + inner, dport=3544))]).flows
    assert [flow["proto"] for flow in flows] == ["udp", "icmp6"]
    assert teredo_origin(inner) == bytes(8) + inner


# --- the first nibble below MPLS

@pytest.mark.parametrize("first", ["40", "45", "4a", "60", "6f", "10", "1c", "02", "fe"])
@pytest.mark.parametrize("control", [b"", bytes(4), b"\0\0\0\7"])
@pytest.mark.parametrize("inner", [FOUR, SIX])
def test_a_pseudowire_to_any_address(first: str, control: bytes, inner: bytes) -> None:
    """Without a control word the frame begins with an address, which may look like an IP version (RFC 8469)."""
    whole = raw_mac(f"{first}:00:00:00:00:0b") + frame(inner)[6:]
    flow = run([(START, eth(mpls([17], control + whole), 0x8847))]).flow
    assert (flow["proto"], flow["dport"], flow["payload_out"]) == ("udp", 9, 6)


def test_an_associated_channel_is_no_frame() -> None:
    """RFC 5586: control of the path itself, here a BFD message."""
    flow = run([(START, eth(mpls([17, 13], b"\x10\0\0\7" + bytes([0x20, 0xC0, 3, 24]) + bytes(20)), 0x8847))]).flow
    assert flow["proto"] == "mpls-channel" and flow["dst"] == MAC_B


@pytest.mark.parametrize("source", ["1.1.1.1", "5.255.0.9", "9.9.9.9", "2001:db8:5::1", "2001:db8:5ff::1", A6])
@pytest.mark.parametrize("size", [1, 30, 60, 1200])
@pytest.mark.parametrize("trailer", [0, 4, 8, 20])
def test_a_trailer_behind_what_is_labelled(source: str, size: int, trailer: int) -> None:
    """A check sequence, or a tap's time stamp: bytes of the source are no length of IEEE 802.3."""
    body = udp(7000, 9, b"x" * size)
    packet = ip6(17, body, source, B6) if ":" in source else ip4(17, body, source, B4)
    flow = run([(START, eth(mpls([1000], packet) + b"\xde" * trailer, 0x8847))]).flow
    assert (flow["proto"], flow["src"], flow["payload_out"]) == ("udp", source, size)


@pytest.mark.parametrize("first", ["10:bf:48", "1c:1b:0d", "0c:bf:48", "2c:1b:0d", "00:1b:0d", "01:80:c2", "10:00:5a"])
@pytest.mark.parametrize(("kind", "name"), [(0x8892, "eth-0x8892"), (0x88F7, "ptp"), (0x8902, "cfm")])
def test_frames_of_others_in_a_pseudowire(first: str, kind: int, name: str) -> None:
    """PROFINET, PTP, CFM: nothing in them is looked at, their addresses are the frame's."""
    whole = raw_mac(f"{first}:00:00:01") + raw_mac(MAC_A) + struct.pack(">H", kind) + b"x" * 50
    for control in (b"", bytes(4)):
        flow = run([(START, eth(mpls([1000], control + whole), 0x8847))]).flow
        assert (flow["proto"], flow["dst"], flow["src"]) == (name, f"{first}:00:00:01", MAC_A)


@pytest.mark.parametrize(("labels", "head", "channel"), [
    ([1000], "10000021", True), ([1000], "10007ff9", True), ([1000, 13], "10000007", True),
    ([1000, 13], "1c1b0d00", True), ([1000], "11000021", False), ([1000], "10010021", False),
])
def test_what_an_associated_channel_begins_with(labels: list[int], head: str, channel: bool) -> None:
    """RFC 4385 section 5: version and reserved bits are 0; or label 13 says it (RFC 5586 section 4)."""
    flow = run([(START, eth(mpls(labels, bytes.fromhex(head) + b"\xaa" * 40), 0x8847))]).flow
    assert (flow["proto"] == "mpls-channel") == channel


# --- GRE

def test_keepalives_of_gre() -> None:
    """Cisco's: a packet to oneself, in which GRE carries protocol 0."""
    answer = ip4(47, gre(0, b""), "192.0.2.9", "192.0.2.1")
    flows = run([(START, eth(ip4(47, gre(0x0800, answer), "192.0.2.1", "192.0.2.9")))]).flows
    assert [flow["proto"] for flow in flows] == ["gre"] and flows[0]["tunnel"][0] == "gre"


@pytest.mark.parametrize("depth", range(1, 12))
def test_one_in_another(depth: int) -> None:
    """Tunnels are entered as deep as is bounded; what is deeper stays what it was carried by, or is counted."""
    packet = FOUR
    for level in range(depth):
        ends = f"10.1.{level}.1", f"10.1.{level}.2"
        packet = ip4(17, udp(50000 + level, 4789, vxlan(level + 1, frame(packet))), *ends)
    ports = [50000 + depth - 1 - level for level in range(depth)] + [7000]
    assert [flow["sport"] for flow in run([(START, eth(packet))]).flows] == ports[:5]
