"""The same addresses and ports on two links, in two tunnels or under two labels are two flows; one flow whose
directions are marked differently is one; and a packet that was captured twice is counted once."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from running import Result, run
from wire import (
    ACK,
    MS,
    PSH,
    START,
    SYN,
    Timed,
    eth,
    geneve,
    gre,
    gtpu,
    ip4,
    ip6,
    l2tp,
    mpls,
    sll2,
    spaced,
    tcp,
    udp,
    vlan,
    vxlan,
)

from netwatch.store.settings import Settings

A, B = "10.0.0.1", "10.0.0.2"
US = 1000
Around = Callable[[bytes, int, bool], bytes]  # (IP packet, which network, from A) -> frame


def over(port: int, body: bytes, back: bool) -> bytes:
    ends = ("192.0.2.9", "192.0.2.1") if back else ("192.0.2.1", "192.0.2.9")
    return eth(ip4(17, udp(50000, port, body), *ends))


def on(index: int, body: bytes) -> bytes:
    head = bytearray(sll2(0x0800, body))
    head[4:8] = struct.pack(">I", index)
    return bytes(head)


SAME_BOTH_WAYS: dict[str, Around] = {
    "gre key": lambda p, n, back: eth(ip4(47, gre(0x0800, p, key=n + 1),
                                          *(("9.9.9.9", "8.8.8.8")[:: -1 if back else 1]))),
    "nvgre": lambda p, n, back: eth(ip4(47, gre(0x6558, eth(p), key=(0x1000 + n) << 8 | back * 7))),
    "vxlan": lambda p, n, back: over(4789, vxlan(n, eth(p)), back),
    "geneve": lambda p, n, back: over(6081, geneve(n, 0x0800, p), back),
    "vlan": lambda p, n, back: eth(vlan(n + 1, 0x0800, p), 0x8100),
    "label": lambda p, n, back: eth(mpls([n + 16], p), 0x8847),
    "service": lambda p, n, back: eth(struct.pack(">I", n + 1) + eth(p), 0x88E7),
}
BY_DIRECTION: dict[str, Around] = {
    "teid": lambda p, n, back: over(2152, gtpu(n * 2 + back + 1, p), back),
    "teids exchanged": lambda p, n, back: over(2152, gtpu(1 + (n ^ back), p), back),
    "session": lambda p, n, back: over(1701, l2tp(1, n * 2 + back + 1, b"\xff\x03\0\x21" + p), back),
    "label": lambda p, n, back: eth(mpls([16 + n * 2 + back], p), 0x8847),
    "popped label": lambda p, n, back: eth(p) if back and not n else eth(mpls([16 + n * 2 + back], p), 0x8847),
    "vlan": lambda p, n, back: eth(vlan(10 + n * 2 + back, 0x0800, p), 0x8100),
}
ALL = ({f"{k}, same": v for k, v in SAME_BOTH_WAYS.items()}
       | {f"{k}, by direction": v for k, v in BY_DIRECTION.items()})


def exchange(network: int, around: Around, isn: int = 1000) -> list[bytes]:
    said = f"network {network}".encode()
    parts = [
        (tcp(40000, 80, SYN, isn, 0), False),
        (tcp(80, 40000, SYN | ACK, 5000, isn + 1), True),
        (tcp(40000, 80, ACK, isn + 1, 5001), False),
        (tcp(40000, 80, PSH | ACK, isn + 1, 5001, said), False),
        (tcp(80, 40000, PSH | ACK, 5001, isn + 1 + len(said), b"yes " + said), True),
    ]
    return [around(ip4(6, seg, *((B, A) if back else (A, B))), network, back) for seg, back in parts]


def innermost(result: Result) -> list[dict]:
    return [flow for flow in result.flows if flow["proto"] == "tcp"]


def check_apart(frames: list[bytes], link: int = 1) -> None:
    flows = innermost(run(spaced(frames), link))
    counts = [(f["packets_out"], f["packets_in"], f["payload_out"], f["payload_in"]) for f in flows]
    assert counts == [(3, 2, 9, 13)] * 2
    assert all("retransmits_out" in f and f["retransmits_out"] == f["retransmits_in"] == 0 for f in flows)


@pytest.mark.parametrize("around", ALL.values(), ids=ALL)
def test_strangers_stay_apart(around: Around):
    """One after the other, and each step of both at once, even with the same sequence numbers."""
    one, two = exchange(0, around), exchange(1, around)
    check_apart(one + two)
    check_apart([frame for pair in zip(one, two, strict=True) for frame in pair])


@pytest.mark.parametrize("around", ALL.values(), ids=ALL)
def test_friends_stay_together(around: Around):
    flow, = innermost(run(spaced(exchange(0, around))))
    assert (flow["packets_out"], flow["packets_in"]) == (3, 2)


@pytest.mark.parametrize("around", BY_DIRECTION.values(), ids=BY_DIRECTION)
def test_pairs_are_learnt_for_datagrams(around: Around):
    """TCP shows which marks answer which; datagrams of both networks then find theirs, whoever is answered first."""
    def ask(n: int, back: bool) -> bytes:
        datagram = udp(53, 7000, b"a%d" % n) if back else udp(7000, 53, b"q%d" % n)
        return around(ip4(17, datagram, *((B, A) if back else (A, B))), n, back)

    frames = exchange(0, around) + exchange(1, around) + [ask(0, False), ask(1, False), ask(1, True), ask(0, True)]
    flows = [f for f in run(spaced(frames)).flows if f["proto"] == "udp" and f["sport"] == 7000]
    assert [(f["packets_out"], f["packets_in"]) for f in flows] == [(1, 1), (1, 1)]


def test_priority_tags_are_no_network():
    frames = exchange(0, lambda p, n, back: eth(p) if back else eth(vlan(0, 0x0800, p), 0x8100))
    assert innermost(run(spaced(frames)))[0]["packets_in"] == 2


@pytest.mark.parametrize("every", [2, 3])
@pytest.mark.parametrize("around", [lambda p: eth(p), lambda p: eth(vlan(7, 0x0800, p), 0x8100)])
def test_only_some_packets_may_have_a_priority(around: Callable[[bytes], bytes], every: int):
    frames = exchange(0, lambda p, n, back: around(p))
    tagged = [f if i % every else f[:12] + b"\x81\0\xe0\0" + f[12:] for i, f in enumerate(frames)]
    flow, = innermost(run(spaced(tagged)))
    assert (flow["packets_out"], flow["packets_in"], flow["retransmits_out"]) == (3, 2, 0)


@pytest.mark.parametrize(("setting", "count"), [("pair", 1), ("key", 2), ("ignore", 1)])
def test_what_vlans_mean_is_a_setting(setting: str, count: int):
    around = BY_DIRECTION["vlan"]
    assert len(run(spaced(exchange(0, around)), settings=Settings({"flows.vlan": setting})).flows) == count
    both = [frame for pair in zip(exchange(0, around), exchange(1, around), strict=True) for frame in pair]
    result = run(spaced(both), settings=Settings({"flows.vlan": setting}))
    assert len(result.flows) == {"pair": 2, "key": 4, "ignore": 1}[setting]


def test_the_interface_is_the_frames_own():
    frames = exchange(0, lambda p, n, back: on(2, p)) + exchange(1, lambda p, n, back: on(3, p))
    result = run(spaced(frames), 276, ("flows", "packets"))
    assert [flow["interface"] for flow in result.flows] == ["if2", "if3"]
    assert {p["interface"] for p in result.packets} == {"if2", "if3"}


def test_many_strangers_are_bounded():
    """Beyond sixteen networks with the same ends the rest share the last flow; nothing is searched for longer."""
    frames = [SAME_BOTH_WAYS["vlan"](ip4(17, udp(1, 2, b"x")), n, False) for n in range(500)]
    flows = run(spaced(frames)).flows
    assert len(flows) == 16 and sum(f["packets_out"] for f in flows) == 500


def talk(step: int = MS) -> list[Timed]:
    packets = exchange(0, lambda p, n, back: p)
    return [(START + i * step, p[:4] + struct.pack(">H", i + 1) + p[6:]) for i, p in enumerate(packets)]


def counts(flow: dict) -> tuple:
    return tuple(flow.get(f"{what}_{way}", 0) for what in ("packets", "payload", "retransmits", "dup_acks", "copies")
                 for way in ("out", "in"))


ONCE = (3, 2, 9, 13, 0, 0, 0, 0)


def fewer_hops(packet: bytes) -> bytes:
    return packet[:8] + bytes([packet[8] - 1]) + packet[9:]


def test_a_mirror_port_shows_everything_twice():
    frames = [each for ns, p in talk() for each in ((ns, eth(p)), (ns + 3 * US, eth(p)))]
    result = run(frames, kinds=("flows", "packets"))
    assert counts(result.flow) == (*ONCE, 3, 2) and result.summary["copies"] == 5
    assert [("copy" in p.get("notes", ())) for p in result.packets] == [False, True] * 5


def test_a_bridge_and_its_port():
    frames = [each for ns, p in talk() for each in ((ns, on(2, p)), (ns + 5 * US, on(5, p)))]
    flow = run(frames, 276).flow
    assert counts(flow) == (*ONCE, 3, 2) and flow["interface"] == "if2"


def test_both_legs_of_a_router():
    frames = [each for ns, p in talk(20 * MS) for each in ((ns, eth(p)), (ns + 4 * MS, eth(fewer_hops(p))))]
    assert counts(run(frames).flow) == (*ONCE, 3, 2)


def test_in_bursts_and_out_of_order():
    packets = talk(10 * US)
    frames = sorted([*((ns, eth(p)) for ns, p in packets), *((ns + 60 * US, eth(p)) for ns, p in packets)])
    assert counts(run(frames).flow) == (*ONCE, 3, 2)


@pytest.mark.parametrize(("wait", "ident"), [(300 * US, 77), (200 * MS, 4)])
def test_who_sends_again_retransmits(wait: int, ident: int):
    """With a new identification at once, or with any later."""
    packets = talk()
    again = packets[3][1]
    packets.append((packets[-1][0] + wait, again[:4] + struct.pack(">H", ident) + again[6:]))
    flow = run([(ns, eth(p)) for ns, p in packets]).flow
    assert (flow["retransmits_out"], flow.get("copies_out", 0)) == (1, 0)


@pytest.mark.parametrize(("setting", "shown"), [("keep", 10), ("mark", 10), ("drop", 5)])
def test_what_copies_mean_is_a_setting(setting: str, shown: int):
    frames = [each for ns, p in talk() for each in ((ns, eth(p)), (ns + 3 * US, eth(p)))]
    result = run(frames, kinds=("flows", "packets"), settings=Settings({"flows.copies": setting}))
    assert len(result.packets) == shown
    assert (result.flow["packets_out"], "copies_out" in result.flow) == ((6, False) if setting == "keep" else (3, True))


def test_the_same_datagram_again_and_again_is_the_senders():
    """At the same place, without an identification, nothing shows a copy; nor where the sender's never changes."""
    same = [(START + i * US, eth(ip6(17, udp(1, 2, b"tick")), 0x86DD)) for i in range(5)]
    assert run(same).flow["packets_out"] == 5
    packet = eth(ip4(17, udp(1, 2, b"tick")))
    later = [(START, packet), *((START + 900 * MS + i * US, packet) for i in range(5))]
    assert run(later).flow["packets_out"] == 6
