"""pcapng: byte orders, clocks, sections, every packet block, lists, long blocks, damage, truncation at every byte."""

from __future__ import annotations

import struct

import pytest
from capture_bytes import (
    DSB,
    NRB,
    OPB,
    PACKETS,
    SPB,
    block,
    enhanced,
    interface,
    option,
    pad,
    pcapng,
    section,
)

END = option("<", 0, b"")


def one(order="<", options=b"", ticks=0, **more):
    return section(order) + interface(order, options=options, **more) + enhanced(order, 0, ticks, b"frame")


@pytest.mark.parametrize("order", "<>")
def test_both_byte_orders(read, order):
    frames, source = read(pcapng(order=order))
    assert frames == [(i + 1, ts, len(d), len(d), 0, 1, d) for i, (ts, d) in enumerate(PACKETS)]
    assert (source.error, source.damaged) == (None, False)


@pytest.mark.parametrize(
    ("resolution", "ticks", "ns", "per_second"),
    [
        (6, 1_700_000_000_123_456, 1_700_000_000_123_456_000, 10**6),
        (9, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789, 10**9),
        (0, 1_700_000_000, 1_700_000_000_000_000_000, 1),
        (3, 1_700_000_000_123, 1_700_000_000_123_000_000, 1000),
        (12, 1_700_000_000_123_456_789, 1_700_000_000_123_456, 10**12),
        (28, 2**64 - 1, 1, 10**28),
        (127, 2**64 - 1, 0, 10**127),
        (0x80, 1_700_000_000, 1_700_000_000_000_000_000, 1),
        (0x80 | 10, (1_700_000_000 << 10) + 512, 1_700_000_000_500_000_000, 2**10),
        (0x80 | 32, (1_700_000_000 << 32) + (1 << 31) + 1, 1_700_000_000_500_000_000, 2**32),
        (0x80 | 63, (1 << 63) + (1 << 62), 1_500_000_000, 2**63),
        (0x80 | 64, 1 << 63, 500_000_000, 2**64),
        (0xFF, 2**64 - 1, 0, 2**127),
        (0, 2**64 - 1, 2**63 - 1, 1),
        (0x80, 2**64 - 1, 2**63 - 1, 1),
    ],
)
@pytest.mark.parametrize("order", "<>")
def test_clocks(read, order, resolution, ticks, ns, per_second):
    frames, source = read(one(order, option(order, 9, bytes([resolution])), ticks))
    assert frames[0][1] == ns
    assert source.interfaces[0]["resolution"] == per_second


@pytest.mark.parametrize(
    ("offset", "ticks", "ns"),
    [
        (1_700_000_000, 5, 1_700_000_000_000_005_000),
        (-10, 20_000_000, 10_000_000_000),
        (-10, 1, 0),
        (2**63 - 1, 2**64 - 1, 2**63 - 1),
        (-(2**63), 2**63, 223372036854775807),
    ],
)
def test_clock_offset(read, offset, ticks, ns):
    assert read(one("<", option("<", 14, struct.pack("<q", offset)), ticks))[0][0][1] == ns


def test_interface_is_described(read):
    options = option("<", 2, b"eth\x1b0\0") + option("<", 3, "Büro".encode()) + END
    source = read(one("<", options, link=113, snaplen=96))[1]
    assert source.interfaces == [
        {"name": "eth\ufffd0", "link": 113, "snaplen": 96, "resolution": 10**6, "description": "Büro"}
    ]


def test_sections_of_either_order_with_their_own_interfaces(read):
    first, third = (one("<", option("<", 2, b"a"), ticks) for ticks in (1, 3))
    data = first + one(">", option(">", 2, b"b"), 2, link=101) + third
    frames, source = read(data)
    assert [(f[0], f[1], f[4], f[5]) for f in frames] == [(1, 1000, 0, 1), (2, 2000, 1, 101), (3, 3000, 0, 1)]
    assert [i["name"] for i in source.interfaces] == ["a", "b"]


def test_equal_interfaces_of_one_section_stay_apart(read):
    data = section() + interface() + interface() + enhanced("<", 1, 0, b"x") + enhanced("<", 0, 0, b"y")
    frames, source = read(data)
    assert [f[4] for f in frames] == [1, 0] and len(source.interfaces) == 2


def test_simple_packets_repeat_the_time_and_mind_the_snap_length(read):
    simple = block("<", SPB, struct.pack("<I", 1500) + b"12345678")
    short = block("<", SPB, struct.pack("<I", 3) + pad(b"abc"))
    frames = read(section() + interface(snaplen=6) + simple + enhanced("<", 0, 7, b"x") + short)[0]
    assert [f[1:4] for f in frames] == [(0, 6, 1500), (7000, 1, 1), (7000, 3, 3)]
    assert [f[6] for f in frames] == [b"123456", b"x", b"abc"]


@pytest.mark.parametrize("order", "<>")
def test_obsolete_packet_block(read, order):
    body = struct.pack(order + "HHIIII", 0, 9, 1, 2, 5, 60) + pad(b"hello")
    frames = read(section(order) + interface(order) + block(order, OPB, body))[0]
    assert frames == [(1, ((1 << 32) + 2) * 1000, 5, 60, 0, 1, b"hello")]


@pytest.mark.parametrize("order", "<>")
def test_names_and_secrets(read, order):
    v4 = option(order, 1, bytes([192, 0, 2, 1]) + b"a.example\0b.example\0")
    v6 = option(order, 2, bytes(15) + b"\1" + b"six.example\0")
    secret = struct.pack(order + "II", 0x544C534B, 5) + b"keys!"
    data = section(order) + block(order, NRB, v4 + v6 + option(order, 0, b"")) + block(order, DSB, secret)
    source = read(data + interface(order) + enhanced(order, 0, 0, b"x"))[1]
    here = bytes([192, 0, 2, 1])
    assert source.names == [(here, "a.example"), (here, "b.example"), (bytes(15) + b"\1", "six.example")]
    assert source.secrets == [(0x544C534B, b"keys!")]


def test_secrets_are_bounded(read):
    megabytes = block("<", DSB, struct.pack("<II", 1, 7_000_000) + bytes(7_000_000))
    source = read(section() + megabytes * 3 + interface() + enhanced("<", 0, 0, b"x"))[1]
    assert [len(s) for _, s in source.secrets] == [7_000_000, 7_000_000]
    assert source.frames_read == 1 and source.error is None


@pytest.mark.parametrize("size", [0, 4, 1000, 400_000, 1_200_000, 17_000_000])
@pytest.mark.parametrize("kind", [0x0BAD, DSB, NRB])
def test_unknown_and_long_blocks_are_passed(read, kind, size):
    data = pcapng() + block("<", kind, bytes(size)) + enhanced("<", 0, 5, b"after")
    frames, source = read(data)
    assert len(frames) == len(PACKETS) + 1 and frames[-1][6] == b"after" and source.error is None
    frames, source = read(data[: len(pcapng()) + size + 5])
    assert len(frames) == len(PACKETS)
    assert source.damaged and f"cut short at byte {len(pcapng()) + size + 5}, inside block 7 (needs " in source.error


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (enhanced("<", 1, 0, b"x"), "interface 1, which its section does not describe"),
        (block("<", SPB, b""), "only 0 bytes"),
        (enhanced("<", 0, 0, b"x")[:-4] + b"\1\0\0\0", "ends with another length (1)"),
        (struct.pack("<II", 6, 13) + bytes(20), "a length of 13"),
        (struct.pack("<II", 6, 8) + bytes(20), "a length of 8"),
        (block("<", 6, struct.pack("<IIIII", 0, 0, 0, 9, 9) + b"12345678"), "a frame of 9 bytes"),
        (struct.pack("<II", 6, 0x7FFFFFFC) + bytes(20), "longer than any"),
        (block("<", 0x0A0D0D0A, bytes(16)), "no byte-order magic"),
        (block("<", 0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 2, 0, -1)), "version 2"),
        (block("<", 0x0A0D0D0A, struct.pack("<I", 0x1A2B3C4D)), "only 16 bytes"),
        (block("<", 1, b"1234"), "only 4 bytes"),
    ],
)
def test_damage_keeps_what_was_before(read, bad, words):
    good = pcapng()
    frames, source = read(good + bad + enhanced("<", 0, 0, b"never seen"))
    assert len(frames) == len(PACKETS)
    assert source.damaged and f"damaged at byte {len(good)}: block 7 " in source.error and words in source.error


def test_a_long_block_with_a_wrong_end_is_damage(read):
    bad = block("<", DSB, bytes(400_000))[:-4] + b"\1\0\0\0"
    source = read(pcapng() + bad + enhanced("<", 0, 0, b"x"))[1]
    assert source.frames_read == len(PACKETS) and "ends with another length (1)" in source.error


def test_packet_before_any_interface(read):
    frames, source = read(section() + block("<", SPB, struct.pack("<I", 4) + b"1234"))
    assert frames == [] and "interface 0, which its section does not describe" in source.error


def test_cut_at_every_byte(read):
    blocks = [section(), interface(), enhanced("<", 0, 1, b"abc"), block("<", 77, b"12345678"), section(">"),
              interface(">"), enhanced(">", 0, 2, b"defgh", options=option(">", 1, b"note")), interface(">")]
    whole = b"".join(blocks)
    ends = [sum(len(b) for b in blocks[: i + 1]) for i in range(len(blocks))]
    for cut in range(32, len(whole) + 1):
        frames, source = read(whole[:cut])
        assert len(frames) == (cut >= ends[2]) + (cut >= ends[6])
        assert source.damaged == (cut not in ends)
        assert (source.error is None) == (cut in ends)


@pytest.mark.parametrize("step", [1, 13, 1000])
def test_a_pipe_in_dribbles_gives_the_same(dribble, read, step):
    data = one("<", b"", 1) + one(">", b"", 2) + block(">", 77, b"1234") + enhanced(">", 0, 3, b"last")
    frames, source = dribble(data, step)
    assert frames == read(data)[0] and source.error is None


def test_options_that_lie_are_left_out(read):
    lying = struct.pack("<HH", 2, 60000) + b"abc\0"
    frames, source = read(one("<", option("<", 9, b"\x09") + lying, 5))
    assert frames[0][1] == 5 and source.interfaces[0]["name"] == ""
