"""Flows whose two directions have different tunnels around them, or only one of them a tunnel: they are one flow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from running import run
from wire import ACK, PSH, SYN, eth, geneve, gre, gtpu, ip4, ip6, mpls, pppoe, spaced, tcp, udp, vxlan

A, B = "10.0.0.1", "10.0.0.2"
ONE, TWO, THREE, FOUR = "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"
Around = Callable[[bytes, bool, int], bytes]


def by(tunnel: Callable[[bytes, str, str], bytes], out: tuple[str, str], back: tuple[str, str]) -> Around:
    return lambda packet, answer, network: tunnel(packet, *(back if answer else out))


def in_vxlan(packet: bytes, src: str, dst: str, vni: int = 7) -> bytes:
    return eth(ip4(17, udp(50000, 4789, vxlan(vni, eth(packet))), src, dst))


def in_geneve(packet: bytes, src: str, dst: str) -> bytes:
    return eth(ip4(17, udp(50000, 6081, geneve(7, 0x0800, packet)), src, dst))


def in_gre(packet: bytes, src: str, dst: str) -> bytes:
    return eth(ip4(47, gre(0x0800, packet, key=3), src, dst))


def in_ip(packet: bytes, src: str, dst: str) -> bytes:
    return eth(ip4(4, packet, src, dst))


def in_six(packet: bytes) -> bytes:
    return eth(ip6(17, udp(50000, 4789, vxlan(7, eth(packet))), "2001:db8::9", "2001:db8::1"), 0x86DD)


def in_gtp(packet: bytes, src: str, dst: str) -> bytes:
    return eth(ip4(17, udp(2152, 2152, gtpu(0x100 if src == ONE else 0x200, packet)), src, dst))


ELSEWHERE: dict[str, Around] = {
    "answers come from another end": by(in_vxlan, (ONE, TWO), (THREE, ONE)),
    "answers go to another end": by(in_vxlan, (ONE, TWO), (TWO, THREE)),
    "both ends are others": by(in_vxlan, (ONE, TWO), (THREE, FOUR)),
    "geneve": by(in_geneve, (ONE, TWO), (THREE, ONE)),
    "gre with a key": by(in_gre, (ONE, TWO), (THREE, ONE)),
    "ip in ip": by(in_ip, (ONE, TWO), (THREE, ONE)),
    "gtp": by(in_gtp, (ONE, TWO), (THREE, ONE)),
    "the way back is another version of IP": lambda p, back, n: in_six(p) if back else in_vxlan(p, ONE, TWO),
    "only the way there": lambda p, back, n: eth(p) if back else in_ip(p, ONE, TWO),
    "only the way back": lambda p, back, n: in_gre(p, TWO, ONE) if back else eth(p),
    "only the way there, PPPoE": lambda p, back, n: eth(p) if back else eth(pppoe(5, p), 0x8864),
    "a tunnel there, labels back": lambda p, back, n: eth(mpls([17], p), 0x8847) if back else in_gre(p, ONE, TWO),
}


def exchange(around: Around, network: int = 0, isn: int = 1000, ends: tuple[str, str] = (A, B)) -> list[bytes]:
    said = f"network {network}".encode()
    parts = [
        (tcp(40000, 80, SYN, isn, 0), False),
        (tcp(80, 40000, SYN | ACK, 5000 + isn, isn + 1), True),
        (tcp(40000, 80, ACK, isn + 1, 5001 + isn), False),
        (tcp(40000, 80, PSH | ACK, isn + 1, 5001 + isn, said), False),
        (tcp(80, 40000, PSH | ACK, 5001 + isn, isn + 1 + len(said), b"yes " + said), True),
        (tcp(40000, 80, ACK, isn + 1 + len(said), 5005 + isn + len(said)), False),
    ]
    return [around(ip4(6, segment, *(ends[:: -1 if back else 1])), back, network) for segment, back in parts]


def counts(frames: list[bytes]) -> list[tuple[int, int, str]]:
    flows = [flow for flow in run(spaced(frames)).flows if flow["proto"] == "tcp"]
    return [(flow["packets_out"], flow["packets_in"], flow["state"]) for flow in flows]


@pytest.mark.parametrize("ends", [(A, B), (B, A)])
@pytest.mark.parametrize("what", ELSEWHERE)
def test_one_flow(what: str, ends: tuple[str, str]) -> None:
    """Whichever end is the smaller, and when the same ports are used again."""
    frames = exchange(ELSEWHERE[what], ends=ends)
    assert counts(frames) == [(4, 2, "ESTABLISHED")]
    later = exchange(ELSEWHERE[what], isn=900_000_000, ends=ends)
    assert sorted(counts(frames + later)) == [(4, 2, "ESTABLISHED")] * 2


@pytest.mark.parametrize("what", ELSEWHERE)
def test_answers_of_others_are_not_taken(what: str) -> None:
    """The same ends in two networks: what a packet acknowledges tells them apart."""
    one = exchange(ELSEWHERE[what])
    other = exchange(lambda p, back, n: eth(p), 1, 70_000_000)
    two = [in_vxlan(packet[14:], "192.0.2.8", "192.0.2.9", 99) for packet in other]
    frames = [frame for pair in zip(one, two, strict=True) for frame in pair]
    assert counts(frames) == [(4, 2, "ESTABLISHED")] * 2


def test_datagrams_find_the_way_that_segments_have_shown() -> None:
    around = ELSEWHERE["answers come from another end"]
    asked = around(ip4(17, udp(7000, 53, b"q"), A, B), False, 0)
    answered = around(ip4(17, udp(53, 7000, b"a"), B, A), True, 0)
    flows = [f for f in run(spaced([*exchange(around), asked, answered])).flows if f["sport"] == 7000]
    assert [(f["packets_out"], f["packets_in"]) for f in flows] == [(1, 1)]
    flows = [f for f in run(spaced([asked, answered])).flows if 7000 in (f["sport"], f["dport"])]
    assert len(flows) == 2


def test_the_same_packets_outside_and_inside_a_tunnel_are_two_flows() -> None:
    """An end of the tunnel, captured on all of its interfaces: each direction is seen both ways."""
    plain = exchange(lambda p, back, n: eth(p))
    inside = exchange(by(in_vxlan, (ONE, TWO), (TWO, ONE)))
    frames = [frame for pair in zip(plain, inside, strict=True) for frame in pair]
    assert counts(frames) == [(4, 2, "ESTABLISHED")] * 2


def test_many_at_once_are_bounded() -> None:
    """More than are remembered in one place; what is forgotten is two flows, and nothing is lost."""
    around = ELSEWHERE["both ends are others"]
    frames: list[bytes] = []
    for k in range(600):
        frames += exchange(around, ends=(f"10.1.{k >> 8}.{k & 255}", B))[:5]
    found = counts(frames)
    assert sum(out + back for out, back, _ in found) == 3000
    assert found.count((3, 2, "ESTABLISHED")) == 600


def test_flows_that_begin_displace_none_that_was_found() -> None:
    """Three times as many as are remembered, between a packet and the next of the same flow; what has ended gives
    way."""
    around = ELSEWHERE["answers come from another end"]
    frames = exchange(around)
    burst = [eth(ip4(17, udp(port, dport, b"x"), "10.9.0.1", "10.9.0.2")) for dport in (53,)
             for port in range(1024, 60000)]
    isn, said = 1000, len(b"network 0")
    later = [around(ip4(6, tcp(80, 40000, PSH | ACK, 5001 + isn + said + 4, isn + 1 + said, b"more"), B, A), True, 0)]
    assert counts(frames + burst + later) == [(4, 3, "ESTABLISHED")]
