"""The same addresses and ports on two links, in two tunnels or under two labels are two flows; one flow whose
directions are marked differently is one; and a packet that was captured twice is counted once."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from running import Result, run
from surroundings import (
    ALL,
    BOTH_WAYS,
    BY_DIRECTION,
    Around,
    air,
    capwap,
    e_tag,
    frame,
    in_udp,
    kind,
    relay,
    vn_tag,
)
from wire import (
    A6,
    ACK,
    B6,
    MAC_A,
    MS,
    PSH,
    START,
    SYN,
    Timed,
    checksum,
    eth,
    fragments4,
    ip4,
    ip6,
    raw_mac,
    sll2,
    snap,
    spaced,
    tcp,
    udp,
    vlan,
)

from netwatch.store.settings import Settings

A, B = "10.0.0.1", "10.0.0.2"
US = 1000


def on(index: int, body: bytes) -> bytes:
    head = bytearray(sll2(0x0800, body))
    head[4:8] = struct.pack(">I", index)
    return bytes(head)


def exchange(network: int, around: Around, isn: int = 1000, six: bool = False) -> list[bytes]:
    said = f"network {network}".encode()
    parts = [
        (tcp(40000, 80, SYN, isn, 0), False),
        (tcp(80, 40000, SYN | ACK, 5000, isn + 1), True),
        (tcp(40000, 80, ACK, isn + 1, 5001), False),
        (tcp(40000, 80, PSH | ACK, isn + 1, 5001, said), False),
        (tcp(80, 40000, PSH | ACK, 5001, isn + 1 + len(said), b"yes " + said), True),
    ]
    ends = [A6, B6] if six else [A, B]
    return [around((ip6 if six else ip4)(6, seg, *ends[:: -1 if back else 1]), network, back) for seg, back in parts]


def innermost(result: Result) -> list[dict]:
    return [flow for flow in result.flows if flow["proto"] == "tcp"]


def check_apart(frames: list[bytes], link: int = 1) -> None:
    flows = innermost(run(spaced(frames), link))
    counts = [(f["packets_out"], f["packets_in"], f["payload_out"], f["payload_in"]) for f in flows]
    assert counts == [(3, 2, 9, 13)] * 2
    assert all("retransmits_out" in f and f["retransmits_out"] == f["retransmits_in"] == 0 for f in flows)


@pytest.mark.parametrize("six", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_strangers_stay_apart(name: str, six: bool):
    """One after the other, and each step of both at once, even with the same sequence numbers."""
    link, around = ALL[name]
    one, two = exchange(0, around, six=six), exchange(1, around, six=six)
    check_apart(one + two, link)
    check_apart([frame for pair in zip(one, two, strict=True) for frame in pair], link)


@pytest.mark.parametrize("six", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_friends_stay_together(name: str, six: bool):
    link, around = ALL[name]
    flow, = innermost(run(spaced(exchange(0, around, six=six)), link))
    assert (flow["packets_out"], flow["packets_in"]) == (3, 2)


@pytest.mark.parametrize("name", ALL)
def test_datagrams_of_strangers(name: str):
    """TCP shows which marks answer which; datagrams of both networks then find theirs, whoever is answered first."""
    link, around = ALL[name]

    def ask(n: int, back: bool) -> bytes:
        datagram = udp(53, 7000, b"a%d" % n) if back else udp(7000, 53, b"q%d" % n)
        return around(ip4(17, datagram, *((B, A) if back else (A, B))), n, back)

    frames = exchange(0, around) + exchange(1, around) + [ask(0, False), ask(1, False), ask(1, True), ask(0, True)]
    flows = [f for f in run(spaced(frames), link).flows if f["proto"] == "udp" and f["sport"] == 7000]
    assert [(f["packets_out"], f["packets_in"]) for f in flows] == [(1, 1), (1, 1)]


@pytest.mark.parametrize("name", ALL)
def test_fragments_of_strangers(name: str):
    """Inside each: the same identification of the same ends in two networks is of two datagrams."""
    link, around = ALL[name]
    parts = [fragments4(17, udp(7000, 9, b"%d" % n * 64), 32, src=A, dst=B) for n in range(2)]
    frames = [around(part, n, False) for pair in zip(*parts, strict=True) for n, part in enumerate(pair)]
    flows = [f for f in run(spaced(frames), link).flows if f["proto"] == "udp" and f.get("sport") == 7000]
    assert [(f["packets_out"], f["payload_out"]) for f in flows] == [(3, 64), (3, 64)]


@pytest.mark.parametrize("size", [8, 40, 400])
@pytest.mark.parametrize("name", [name for name, (link, around) in ALL.items()
                                  if link == 1 and around(b"E" * 20, 0, False)[12:14] == b"\x08\0"])
def test_tunnels_in_fragments(name: str, size: int):
    """Around each that IP carries: its own fragments, in any order."""
    _, around = ALL[name]
    frames = []
    for number, whole in enumerate(exchange(0, around)):
        packet = whole[14:]
        src, dst = (f"192.0.2.{packet[at]}" for at in (15, 19))
        parts = fragments4(packet[9], packet[20:], size, ident=number + 1, src=src, dst=dst)
        frames += [eth(part) for part in parts[::-1]]
    flow, = innermost(run(spaced(frames)))
    assert (flow["payload_out"], flow["payload_in"], flow["state"]) == (9, 13, "ESTABLISHED")


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
    _, around = BY_DIRECTION["vlan"]
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
    frames = [BOTH_WAYS["vlan"][1](ip4(17, udp(1, 2, b"x")), n, False) for n in range(500)]
    flows = run(spaced(frames)).flows
    assert len(flows) == 16 and sum(f["packets_out"] for f in flows) == 500


def talk(step: int = MS) -> list[Timed]:
    packets = exchange(0, lambda p, n, back: p)
    return [(START + i * step, numbered(p, i + 1)) for i, p in enumerate(packets)]


def numbered(packet: bytes, ident: int) -> bytes:
    return summed(packet[:4] + struct.pack(">H", ident) + packet[6:])


def summed(packet: bytes) -> bytes:
    return packet[:10] + struct.pack(">H", checksum(packet[:10] + packet[12:20])) + packet[12:]


def counts(flow: dict) -> tuple:
    return tuple(flow.get(f"{what}_{way}", 0) for what in ("packets", "payload", "retransmits", "dup_acks", "copies")
                 for way in ("out", "in"))


ONCE = (3, 2, 9, 13, 0, 0, 0, 0)


def fewer_hops(packet: bytes) -> bytes:
    return summed(packet[:8] + bytes([packet[8] - 1]) + packet[9:])


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
    packets.append((packets[-1][0] + wait, numbered(again, ident)))
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


# --- who moves

def nsh_ethernet(path: int, inner: bytes) -> bytes:
    return struct.pack(">BBBBI", 0x0F, 0xC2, 2, 3, path << 8 | 255) + inner


MOVED: dict[str, tuple[int, Around]] = {
    "access point": (105, lambda p, n, back: air(n, back, snap(kind(p), p), station=1)),
    "access point behind one controller": (1, lambda p, n, back: in_udp(
        5247, b"\0\x10\3\0" + bytes(4) + air(n, back, snap(kind(p), p), station=1), back)),
    "radio": (1, lambda p, n, back: in_udp(5247, capwap(frame(p), n), back)),
    "port of an extender": (1, lambda p, n, back: eth(e_tag(n + 1, p), 0x893F)),
    "virtual interface": (1, lambda p, n, back: eth(vn_tag(n + 1, back, p), 0x8926)),
    "service path": (1, lambda p, n, back: eth(nsh_ethernet(n + 1, frame(p)), 0x894F)),
}
# the path changes below those that speak: only TCP shows that it is one connection
REROUTED = {
    name: ALL[name] for name in ("service path, same", "label, same", "vlan, same", "vxlan, same", "teid, by direction")
}


def both_ways(proto: int, out: bytes, back: bytes, around: Around, place: int) -> list[bytes]:
    return [around(ip4(proto, out, A, B), place, False), around(ip4(proto, back, B, A), place, True)]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("name", MOVED | REROUTED)
def test_a_connection_goes_on_elsewhere(name: str, backwards: bool):
    """By an acknowledgement first, or by bytes; what was lost meanwhile is sent again."""
    link, around = (MOVED | REROUTED)[name]
    frames = exchange(0, around)
    data = [around(ip4(6, tcp(80, 40000, PSH | ACK, 5014 + 100 * k, 1010, bytes(100)), B, A), k // 5, True)
            for k in range(10)]
    acks = [around(ip4(6, tcp(40000, 80, ACK, 1010, 5114 + 100 * k), A, B), k // 5, False) for k in range(10)]
    pairs = zip(acks[1:], data[1:], strict=True) if backwards else zip(data, acks, strict=True)
    flow, = innermost(run(spaced(frames + [data[0]] * backwards + [each for pair in pairs for each in pair]), link))
    assert (flow["packets_out"], flow["packets_in"]) == ((12, 12) if backwards else (13, 12))
    assert (flow["payload_out"], flow["payload_in"], flow["state"]) == (9, 1013, "ESTABLISHED")
    assert (flow["initiator"], flow["retransmits_in"]) == ("seen", 0)


@pytest.mark.parametrize("name", MOVED)
def test_datagrams_go_on_where_their_station_moved_to(name: str):
    link, around = MOVED[name]
    frames = [each for k in range(6)
              for each in both_ways(17, udp(7000, 9, b"%d" % k), udp(9, 7000, b"."), around, k // 2)]
    flow, = (f for f in run(spaced(frames), link).flows if f["proto"] == "udp" and f["sport"] == 7000)
    assert (flow["packets_out"], flow["packets_in"]) == (6, 6)
    alone = [frames[0], frames[2], frames[4], frames[1]]
    assert [f["packets_out"] for f in run(spaced(alone), link).flows if f.get("sport") == 7000] == [3]


@pytest.mark.parametrize("name", MOVED)
def test_what_a_station_lost_on_its_way_is_sent_again(name: str):
    link, around = MOVED[name]
    lost = around(ip4(6, tcp(40000, 80, PSH | ACK, 1001, 5001, b"network 0"), A, B, ident=77), 1, False)
    frames = exchange(0, around)
    flow, = innermost(run([*spaced(frames), (START + 9_000 * MS, lost)], link))
    assert (flow["packets_out"], flow["payload_out"], flow["retransmits_out"]) == (4, 9, 1)


def test_a_circuit_has_no_other_bits():
    """ITU-T Q.922: command, congestion, and where D/C is set all of the last byte."""
    def around(packet: bytes, n: int, back: bool) -> bytes:
        whole = bytearray(relay(16, packet, 4))
        whole[0] |= 2 * n
        whole[1] |= 0x0E * n
        return bytes(whole)

    frames = [around(ip4(17, udp(7000, 9, b"q"), A, B), n, False) for n in (0, 1)]
    assert [f["packets_out"] for f in run(spaced(frames), 107).flows] == [2]
    for size in (3, 4):
        whole = [bytearray(relay(16, ip4(17, udp(7000, 9, b"q"), A, B, ident=n), size)) for n in (1, 2)]
        for n in (0, 1):
            whole[n][size - 1] = n * 0x5C | 3
        assert [f["packets_out"] for f in run(spaced([bytes(each) for each in whole]), 107).flows] == [2]


def test_many_stations_leave_places_apart() -> None:
    """Once very many were seen, who is there is no more told apart, but where they are is."""
    ends = ("192.0.2.7", "192.0.2.8")
    one = air(0, False, snap(0x0800, ip4(17, udp(5353, 9999, b"x"), *ends)), 0)
    station = raw_mac(MAC_A)[:5] + bytes([0x40])
    frames = [one.replace(station, b"\2\x10" + struct.pack(">I", number), 1) for number in range(62_000)]
    frames += [air(place, back, snap(0x0800, ip4(17, udp(*ports, b"hello"), *(ends[::-1] if back else ends))))
               for place in (1, 2) for back, ports in ((False, (4000, 9000)), (True, (9000, 4000)))]
    result = run([(START + i * MS, frame) for i, frame in enumerate(frames)], kinds=("flows",), link=105)
    strangers = [flow for flow in result.flows if 9000 in (flow.get("sport"), flow.get("dport"))]
    assert [(flow["packets_out"], flow["packets_in"]) for flow in strangers] == [(1, 1), (1, 1)]
