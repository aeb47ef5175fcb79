"""Several files as one: time order, stable ties, interfaces, damage, many inputs."""

from __future__ import annotations

import random

import pytest
from capture_bytes import DSB, block, enhanced, interface, option, pcap, pcapng, section

from netwatch.capture.file import SourceError, open_files

HEADER = section() + interface(options=option("<", 9, b"\x09"))


@pytest.fixture
def merged(tmp_path, frames_of):
    def merge(*inputs):
        paths = []
        for i, data in enumerate(inputs):
            paths.append(str(tmp_path / f"{i}.pcap"))
            (tmp_path / f"{i}.pcap").write_bytes(data)
        source = open_files(paths)
        return frames_of(source), source

    return merge


def test_one_file_is_itself(merged):
    frames, source = merged(pcap([(1000, b"a")]))
    assert frames == [(1, 1000, 1, 1, 0, 1, b"a")] and type(source).__name__ == "Pcap"


def test_time_order_ties_by_file_and_new_numbers(merged):
    frames, source = merged(
        pcap([(1000, b"a"), (3000, b"b"), (9000, b"c")], magic=0xA1B23C4D),
        pcapng([(2000, b"d"), (3000, b"e")], ">"),
        pcap([(3000, b"f")], network=101),
    )
    assert [(f[0], f[1], f[6]) for f in frames] == [
        (1, 1000, b"a"), (2, 2000, b"d"), (3, 3000, b"b"), (4, 3000, b"e"), (5, 3000, b"f"), (6, 9000, b"c"),
    ]  # fmt: skip
    assert [f[4] for f in frames] == [0, 1, 0, 1, 2, 0] and [f[5] for f in frames][4] == 101
    assert [i["file"].rsplit("/")[-1] for i in source.interfaces] == ["0.pcap", "1.pcap", "2.pcap"]
    assert source.bytes_read == source.size and source.frames_read == 6 and source.error is None


def test_order_inside_a_file_is_kept(merged):
    frames = merged(pcap([(5000, b"a"), (1000, b"b"), (6000, b"c")]), pcap([(2000, b"d")]))[0]
    assert [f[6] for f in frames] == [b"d", b"a", b"b", b"c"]


def test_many_inputs_against_a_sort(merged):
    rng = random.Random(7)
    inputs, everything = [], []
    for i in range(40):
        times = sorted(rng.randrange(10**6) for _ in range(rng.randrange(1, 1500)))
        packets = [(t, f"{i}:{k}".encode() + bytes(rng.randrange(200))) for k, t in enumerate(times)]
        everything += [(t, i, k, data) for k, (t, data) in enumerate(packets)]
        inputs.append(pcap(packets, magic=0xA1B23C4D))
    frames = merged(*inputs)[0]
    everything.sort()
    assert [(f[1], f[4], f[6]) for f in frames] == [(t, 0, data) for t, _, _, data in everything]
    assert [f[0] for f in frames] == list(range(1, len(everything) + 1))


def test_large_frames_of_all_inputs(merged):
    big = [(i * 1000, bytes([i]) * 262144) for i in range(6)]
    frames = merged(pcap(big), pcap(big))[0]
    assert [f[6] for f in frames] == [data for _, data in big for _ in "12"]


def test_accidents_of_all_inputs_are_told(merged):
    frames, source = merged(pcap([(1000, b"a"), (4000, b"b")])[:-1], pcap([(2000, b"c"), (3000, b"d")])[:-1], pcap([]))
    assert [f[6] for f in frames] == [b"a", b"c"] and source.damaged
    assert "0.pcap: cut short" in source.error and "1.pcap: cut short" in source.error and "\n" not in source.error


def test_interfaces_that_come_late_are_mapped(merged):
    second = interface(link=113, options=option("<", 9, b"\x09"))
    late = HEADER + enhanced("<", 0, 10, b"a") + second + enhanced("<", 1, 30, b"b")
    frames, source = merged(late, pcap([(20, b"c")], magic=0xA1B23C4D))
    assert [f[6] for f in frames] == [b"a", b"c", b"b"]
    by_frame = [source.interfaces[f[4]] for f in frames]
    assert [(i["link"], i["file"][-6:]) for i in by_frame] == [(1, "0.pcap"), (1, "1.pcap"), (113, "0.pcap")]


def test_what_files_describe_alike_in_the_same_place_is_one_interface(merged):
    """The files of a ring. Two interfaces of one file stay two, however alike; another name is another interface."""
    name = [option("<", 2, word.encode()) for word in ("eth0", "eth1")]
    two = interface(options=name[0]) + interface(options=name[0]) + interface(options=name[1])
    frames = b"".join(enhanced("<", i, 10 + i, b"x") for i in range(3))
    late = interface(options=name[0]) + interface(options=name[1])
    late += enhanced("<", 0, 20, b"y") + enhanced("<", 1, 21, b"z")
    found, source = merged(section() + two + frames, section() + late)
    assert [(f[6], f[4]) for f in found] == [(b"x", 0), (b"x", 1), (b"x", 2), (b"y", 0), (b"z", 3)]
    assert [i["name"] for i in source.interfaces] == ["eth0", "eth0", "eth1", "eth1"]


def test_secrets_of_all_inputs(merged):
    secret = block("<", DSB, b"KSLT" + (3).to_bytes(4, "little") + b"key")
    source = merged(section() + secret + interface() + enhanced("<", 0, 0, b"x"), pcap([(1, b"y")]))[1]
    assert source.secrets == [(int.from_bytes(b"KSLT", "little"), b"key")]


def test_one_bad_file_is_an_error_of_its_own(tmp_path):
    (tmp_path / "a.pcap").write_bytes(pcap())
    with pytest.raises(SourceError, match=r"nothing\.pcap: no such file"):
        open_files([str(tmp_path / "a.pcap"), str(tmp_path / "nothing.pcap")])


@pytest.mark.parametrize("bad", [b"", b"no capture at all, but some text", bytes(100)])
def test_what_is_no_capture_is_damage_of_the_whole(tmp_path, frames_of, bad):
    good, other = tmp_path / "a.pcap", tmp_path / "b.pcap"
    good.write_bytes(pcap([(1, b"x"), (2, b"y")]))
    other.write_bytes(bad)
    for paths in ([good, other], [other, good], [other, good, other]):
        source = open_files([str(path) for path in paths])
        found = [frame[6] for frame in frames_of(source)]
        assert found == sorted([b"x", b"y"] * paths.count(good))
        assert source.damaged and source.error.startswith(str(other))
        assert source.interfaces[0]["file"] == str(good)
    with pytest.raises(SourceError, match=r"b\.pcap"):
        open_files([str(other), str(other)])


def test_a_link_among_what_was_recorded_is_left_out_and_said(tmp_path, frames_of):
    block_of = section() + interface() + enhanced("<", 0, 0, b"x")
    for number in (1, 3):
        (tmp_path / f"netwatch-20261121-085253-{number:06d}.pcapng").write_bytes(block_of)
    (tmp_path / "netwatch-20261121-085253-000002.pcapng").symlink_to("/dev/zero")
    source = open_files([str(tmp_path)])
    assert [frame[6] for frame in frames_of(source)] == [b"x", b"x"]
    assert source.damaged and "000002.pcapng: left out, no regular file" in source.error
