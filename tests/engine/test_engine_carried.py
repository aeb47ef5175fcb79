"""What is around a packet is followed where it proves to be what its number says, and a frame may carry several."""

from __future__ import annotations

import struct

import pytest
from cases_carried import CARRIED, NOT_CARRIED, wlan_amsdu
from cases_links import IP4, Case
from running import run, run_capture
from test_engine_parse import check_accounting, test_ends_and_surroundings
from wire import (
    A4,
    ACK,
    B4,
    MAC_A,
    MAC_B,
    PSH,
    START,
    SYN,
    Timed,
    eth,
    ip4,
    ip6,
    pppoe,
    snap,
    spaced,
    tcp,
    udp,
    vxlan,
    wlan,
)


@pytest.mark.parametrize("case", CARRIED, ids=lambda case: case.name)
def test_carried(case: Case):
    test_ends_and_surroundings(case)


@pytest.mark.parametrize("case", CARRIED, ids=lambda case: case.name)
def test_carried_cut_anywhere(case: Case):
    size = len(case.frame)
    check_accounting([(START + i, case.frame[:i], size) for i in range(size)], case.link)
    check_accounting([(START + i, case.frame[:i]) for i in range(size)], case.link)


@pytest.mark.parametrize(("port", "body"), NOT_CARRIED)
def test_a_port_alone_is_no_tunnel(port: int, body: bytes):
    flow = run([(START, eth(ip4(17, udp(50000, port, body))))]).flow
    assert (flow["dport"], "tunnel" in flow) == (port, False)


def test_all_of_an_aggregate():
    """IEEE 802.11 A-MSDU: each sub-frame is a packet; their bytes together are the frame's."""
    others = [ip4(17, udp(9, 9, b"x" * n), f"10.0.0.{n}", "10.1.0.1") for n in range(1, 200)]
    frame = wlan_amsdu(IP4, *others)
    result = run([(START, frame)], 105, ("flows", "packets"))
    assert [flow["proto"] for flow in result.flows] == ["tcp"] + ["udp"] * len(others)
    assert sum(flow["bytes_out"] for flow in result.flows) == len(frame) and len(result.packets) == 1


@pytest.mark.parametrize("ways", [0, 1, 2, 3])
def test_who_sends_a_frame_of_the_air_and_who_shall_have_it(ways: int):
    """IEEE 802.11-2020 table 9-30: the sender is the fourth address where there is one."""
    flow = run([(START, wlan(snap(0x88B5, b"of the air"), ways=ways))], 105).flow
    assert (flow["src"], flow["dst"], flow["payload_out"]) == (MAC_A, MAC_B, 10)


def test_an_aggregate_without_end_is_bounded():
    frame = wlan_amsdu(*[b""] * 2000)
    assert run([(START, frame)], 105).summary["malformed"]["aggregate-long"] == 1


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (eth(ip4(6, tcp(1, 2), total=1440)), "ip-beyond-frame"),
        (eth(ip4(17, udp(1, 2, b"x"), more=True, total=1440)), "ip-beyond-frame"),
        (eth(ip6(6, tcp(1, 2), length=1400), 0x86DD), "ip-beyond-frame"),
        (eth(ip4(17, udp(1, 2, b"x", length=500))), "transport-beyond-frame"),
        (eth(ip4(4, ip4(6, tcp(1, 2), total=1440))), "ip-beyond-frame"),
    ],
)
def test_lengths_beyond_the_frame_are_counted_and_not_believed(frame: bytes, why: str):
    result = run([(START, frame)], kinds=("flows", "packets"))
    assert result.summary["malformed"][why] == 1
    part = b"\x20\x00@\x11" in frame              # of a first fragment what is there is shown
    assert (result.flow["packets_out"], result.flow["payload_out"]) == (1, int(part))
    assert part or "length beyond frame" in result.packets[0]["notes"]


def test_a_tunnel_whose_lengths_lie_is_not_entered():
    inner = ip4(6, tcp(1, 2))
    assert run([(START, eth(ip4(4, inner, total=1440)))]).flow["proto"] == "ipip"
    assert run([(START, eth(ip4(17, udp(9, 4789, vxlan(5, eth(inner)), length=900))))]).flow["proto"] == "udp"


def test_a_segment_whose_length_lies_changes_no_stream():
    """An evasion: its receiver drops it, and gets other bytes at that place afterwards."""
    def request(path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: h.example\r\n\r\n".encode()

    def to_server(flags: int, seq: int, body: bytes = b"", total: int | None = None) -> bytes:
        return eth(ip4(6, tcp(4000, 80, flags, seq, 900 if flags & ACK else 0, body), total=total))

    frames = [to_server(SYN, 100), eth(ip4(6, tcp(80, 4000, SYN | ACK, 899, 101), B4, A4)), to_server(ACK, 101),
              to_server(PSH | ACK, 101, request("/lie"), 1400), to_server(PSH | ACK, 101, request("/true"))]
    result = run([(START + i, frame) for i, frame in enumerate(frames)])
    assert result.flow["http"]["path"] == "/true" and result.flow["payload_out"] == len(request("/true"))


def test_a_cut_capture_may_say_more_but_not_more_than_the_frame():
    frame = eth(ip4(17, udp(1, 2, bytes(1000))))
    cut: list[Timed] = [(START, frame[:100], len(frame))]
    assert run(cut).flow["payload_out"] == 1000
    assert run([(START, frame[:100], len(frame) - 1)]).summary["malformed"] == {"ip-beyond-frame": 1}


def test_a_session_that_says_more_than_the_frame():
    body = pppoe(3, IP4)
    longer = body[:4] + struct.pack(">H", len(body) + 1) + body[6:]
    assert run([(START, eth(longer, 0x8864))]).summary["malformed"] == {"link-cut": 1}


def test_link_layer_protocols_between_the_same_ends_are_flows_of_their_own():
    result = run(spaced([eth(b"x" * 40, kind) for kind in (0x88F7, 0x88B8, 0x88F7)]))
    assert [(flow["proto"], flow["packets_out"]) for flow in result.flows] == [("ptp", 2), ("goose", 1)]


def snoop(frames: list[bytes], kind: int = 4) -> bytes:
    out = [b"snoop\0\0\0" + struct.pack(">II", 2, kind)]
    for i, frame in enumerate(frames):
        pad = -len(frame) % 4
        head = struct.pack(">IIIIII", len(frame), len(frame), 24 + len(frame) + pad, 3, 1_700_000_000 + i, 5)
        out.append(head + frame + bytes(pad))
    return b"".join(out)


def test_snoop():
    """RFC 1761."""
    frames = [eth(IP4), eth(ip4(6, tcp(40000, 443, ACK | PSH, 101, 1, b"odd")))]
    result = run_capture(snoop(frames), ("flows", "packets"))
    assert (result.flow["packets_out"], result.flow["payload_out"]) == (2, 3)
    assert [p["time"] for p in result.packets] == ["2023-11-14T22:13:20.000005000Z", "2023-11-14T22:13:21.000005000Z"]
    data = snoop(frames)
    for size in range(16, len(data)):
        assert run_capture(data[:size], ("flows",)).summary["packets"] == (size >= 16 + 24 + len(frames[0]) + 2)
