"""Every layer the parser claims gives the right ends; cut anywhere, a frame still gives a flow or a reason."""

from __future__ import annotations

import struct

import pytest
from cases import CASES, IP4, Case
from running import run
from wire import ACK, SECOND, START, Timed, arp, eth, ip4, ip6, sll, spaced, tcp, udp, vlan, wlan

from netwatch._fast.out.names import REJECTS

REASONS = {name for name in REJECTS if name} - {"ip-beyond-frame", "transport-beyond-frame"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ends_and_surroundings(case: Case):
    result = run([(START, case.frame)], case.link, ("flows", "packets"))
    assert result.summary["packets"] == 1 and result.summary["malformed"] == {}
    assert len(result.flows) == case.flows
    flow = result.flows[-1]
    assert {key: flow.get(key) for key in case.ends} == case.ends
    around = {key: flow[key] for key in ("vlan", "mpls", "pppoe_session", "tunnel") if key in flow}
    assert around == case.around
    packet = result.packets[0]
    assert " ".join(packet["layers"]) == case.layers and "notes" not in packet
    assert (packet["src"], packet["dst"], packet["flow"]) == (flow["src"], flow["dst"], flow["id"])
    assert all(f["packets_out"] == 1 and f["bytes_out"] == len(case.frame) for f in result.flows)


def reply(case: Case) -> bytes:
    """The frame with the ends of its innermost layer exchanged in place."""
    frame = bytearray(case.frame)
    at = case.frame.rindex(IP4) + 12
    frame[at : at + 8] = frame[at + 4 : at + 8] + frame[at : at + 4]
    frame[at + 8 : at + 12] = frame[at + 10 : at + 12] + frame[at + 8 : at + 10]
    frame[at + 16 : at + 20] = bytes([0, 0, 0, 101])
    frame[at + 21] = 0x12
    return bytes(frame)


@pytest.mark.parametrize("case", [c for c in CASES if IP4 in c.frame], ids=lambda case: case.name)
def test_both_directions_are_one_flow(case: Case):
    flow = run(spaced([case.frame, reply(case)]), case.link).flow
    assert (flow["packets_out"], flow["packets_in"], flow["state"]) == (1, 1, "SYN_RECV")


def check_accounting(frames: list[Timed], link: int) -> None:
    """Each frame is counted; it gives a flow, or a reason, and each reason is counted once per frame. That a header
    says more than the frame has is no such reason: the packet is in a flow, though its receiver drops it."""
    result = run(frames, link, ("flows", "packets", "dns", "http", "tls", "streams"))
    assert result.summary["packets"] == len(frames)
    assert [packet["n"] for packet in result.packets] == list(range(1, len(frames) + 1))
    refused: dict[str, int] = {}
    for packet in result.packets:
        why = [note for note in packet.get("notes", ()) if note in REASONS]
        assert len(why) == (0 if "flow" in packet else 1), packet
        for name in why:
            refused[name] = refused.get(name, 0) + 1
    assert {name: n for name, n in result.summary["malformed"].items() if name in REASONS} == refused
    assert result.summary["drops"]["snap_truncated"] == sum(len(f) > 2 and f[2] > len(f[1]) for f in frames)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cut_anywhere(case: Case):
    """As a capture cuts (the length on the wire stays), and as a frame that was that short."""
    size = len(case.frame)
    check_accounting([(START + i, case.frame[:i], size) for i in range(size)], case.link)
    check_accounting([(START + i, case.frame[:i]) for i in range(size)], case.link)


def test_every_link_type_number_is_read_or_refused():
    """Random bytes under any link type do no harm."""
    for link in [*range(300), 65535]:
        frames = [(START + i, bytes((link * 7 + i * j) & 255 for j in range(i))) for i in range(0, 90, 3)]
        check_accounting(frames, link)


def test_unknown_link_type_is_counted():
    result = run([(START, bytes(40))], 195, ("flows", "packets"))
    assert result.flows == [] and result.summary["malformed"] == {"link-type": 1}


def test_padding_is_not_payload():
    frame = eth(ip4(17, udp(1, 2, b"abc"))) + b"\xaa" * 15
    flow = run([(START, frame)]).flow
    assert flow["payload_out"] == 3 and flow["bytes_out"] == len(frame)


def test_snaplen_cut_payload_counts_as_on_the_wire():
    frame = eth(ip4(17, udp(1, 2, b"x" * 1000)))
    result = run([(START, frame)], snaplen=96)
    assert result.flow["payload_out"] == 1000 and result.flow["bytes_out"] == len(frame)
    assert result.summary["drops"]["snap_truncated"] == 1


def test_encrypted_wlan_is_named_as_such():
    assert run([(START, wlan(bytes(60), protected=True))], 105).summary["malformed"] == {"encrypted-link": 1}


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (eth(b"\x45" + bytes(10)), "ip-cut"),
        (eth(b"\x44" + bytes(30)), "ip-header"),
        (eth(b"\x75" + bytes(30)), "ip-header"),
        (eth(IP4, 0x86DD), "ip-header"),
        (eth(ip4(6, b"", total=19)), "ip-length"),
        (eth(ip4(6, bytes(10))), "transport-cut"),
        (eth(ip4(6, bytes(12) + b"\x40" + bytes(7))), "transport-header"),
        (eth(ip4(6, bytes(12) + b"\xf0" + bytes(7))), "transport-header"),
        (eth(ip4(17, udp(1, 2, b"", length=7))), "transport-header"),
        (eth(ip6(0, b"\0"), 0x86DD), "ip6-extension"),
        (eth(ip6(0, b"\x06\xff" + bytes(20)), 0x86DD), "ip6-extension"),
        (eth(b"\0\1\x08\0\6\4\0\1" + bytes(5), 0x0806), "arp"),
        (sll(0x0806, struct.pack(">HHBBH", 1, 0x86DD, 6, 16, 1) + bytes(60)), "arp"),
        (eth(b"", 0x8100), "link-cut"),
    ],
)
def test_reasons(frame: bytes, why: str):
    link = 113 if frame[:2] == b"\0\0" else 1
    result = run([(START, frame)], link)
    assert result.flows == [] and result.summary["malformed"] == {why: 1}


def test_tags_without_end_are_refused():
    body = ip4(17, udp(1, 2, b""))
    for _ in range(40):
        body = vlan(1, 0x8100, body)
    assert run([(START, eth(body, 0x8100))]).summary["malformed"] == {"tunnel-depth": 1}


def test_tunnels_in_tunnels_end_somewhere():
    body = ip4(17, udp(1, 2, b""))
    for _ in range(60):
        body = ip4(4, body)
    check_accounting([(START, eth(body))], 1)


def test_link_layer_flows_have_two_ends():
    flow = run(spaced([eth(arp(1), 0x0806), eth(arp(2, "198.51.100.2", "192.0.2.1"), 0x0806)])).flow
    assert (flow["state"], flow["packets_out"], flow["packets_in"]) == ("ARP_REPLY", 1, 1)


def test_time_before_1970_and_far_ahead_do_no_harm():
    frames = [(0, eth(IP4)), ((2**32 - 1) * SECOND, eth(IP4)), (5, eth(ip4(6, tcp(40000, 443, ACK))))]
    assert run(frames).summary["packets"] == 3


@pytest.mark.parametrize("data", [b"", b"ab"])
@pytest.mark.parametrize("extra", [0, 4])
def test_padding_behind_a_packet_that_does_not_say_its_length(data: bytes, extra: int):
    """A card puts the length in after the capture; the zeros of the shortest frames are none of it."""
    body = tcp(40000, 80, ACK, options=b"\1" * extra, payload=data)
    frame = eth(ip4(6, body, total=0)).ljust(60, b"\0")
    assert run([(START, frame)]).flow["payload_out"] == len(data)
    assert run([(START, eth(ip4(6, tcp(40000, 80, ACK, payload=bytes(100)), total=0)))]).flow["payload_out"] == 100
