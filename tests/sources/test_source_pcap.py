"""Classic pcap: every magic and byte order, damage, truncation at every byte, pipes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from capture_bytes import PACKETS, pcap, pcap_header, pcap_record

from netwatch.capture.file import SourceError, open_savefile

MAGICS = (0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34)


def expected(packets=PACKETS, link=1):
    return [(i + 1, ts, len(data), len(data), 0, link, data) for i, (ts, data) in enumerate(packets)]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("magic", MAGICS)
def test_every_magic_and_byte_order(read, order, magic):
    frames, source = read(pcap(order=order, magic=magic))
    assert frames == expected()
    assert (source.error, source.damaged, source.frames_read) == (None, False, len(PACKETS))
    resolution = 10**9 if magic == 0xA1B23C4D else 10**6
    assert source.interfaces[0]["link"] == 1 and source.interfaces[0]["resolution"] == resolution


def test_nanoseconds_are_kept(read):
    assert read(pcap([(1_700_000_000_123_456_789, b"x")], magic=0xA1B23C4D))[0][0][1] == 1_700_000_000_123_456_789


@pytest.mark.parametrize(("network", "link"), [(0x14000001, 1), (0x30000084, 0x84), (12, 101), (276, 276)])
def test_link_type_is_the_low_bits(read, network, link):
    assert read(pcap(network=network))[0] == expected(link=link)


def test_captured_longer_than_the_wire_is_tolerated(read):
    frames, source = read(pcap_header() + pcap_record("<", 1000, 0, b"abcdef", wire=2))
    assert [(f[2], f[3]) for f in frames] == [(6, 6)] and not source.damaged


def test_snapped_frame_keeps_its_length(read):
    assert read(pcap_header() + pcap_record("<", 1000, 0, b"abcdef", wire=1500))[0][0][2:4] == (6, 1500)


@pytest.mark.parametrize("version", [(2, 2), (2, 3)])
def test_old_writers_had_the_lengths_the_other_way_round(read, version):
    swapped = (0).to_bytes(8, "little") + (1500).to_bytes(4, "little") + (6).to_bytes(4, "little") + b"abcdef"
    assert read(pcap_header(version=version) + swapped)[0] == [(1, 0, 6, 1500, 0, 1, b"abcdef")]


def test_a_record_longer_than_any_frame_is_damage(read):
    bad = b"\0" * 8 + (262145).to_bytes(4, "little") * 2 + b"x" * 262145
    frames, source = read(pcap() + bad)
    assert frames == expected() and source.damaged
    assert f"damaged at byte {len(pcap())}: record 5 " in source.error


def test_longest_frames_and_empty_ones_cross_chunks(read):
    packets = [(i * 1000, b"") for i in range(20000)] + [(i * 1000, bytes([i]) * 262144) for i in range(7)]
    frames, source = read(pcap(packets))
    assert frames == expected(packets) and source.error is None


@pytest.mark.parametrize("magic", [0xA1B2C3D4, 0xA1B2CD34])
def test_cut_at_every_byte(read, magic):
    whole = pcap(PACKETS[:2] + PACKETS[3:], magic=magic)
    head = 24 if magic == 0xA1B2CD34 else 16
    bounds = [24]
    for _, data in PACKETS[:2] + PACKETS[3:]:
        bounds.append(bounds[-1] + head + len(data))
    for cut in range(24, len(whole) + 1):
        frames, source = read(whole[:cut])
        records = sum(b <= cut for b in bounds) - 1
        assert len(frames) == records
        assert source.damaged == (cut not in bounds)
        if source.damaged:
            left = cut - bounds[records]
            assert f": cut short at byte {cut}, inside record {records + 1} (needs " in source.error
            assert source.error.endswith(f" bytes, {left} are left)")


def test_cut_message_names_what_is_missing(read, tmp_path):
    _, source = read(pcap()[:-10])
    where = f"cut short at byte {len(pcap()) - 10}, inside record 4 (needs 76 bytes, 66 are left)"
    assert source.error == f"{tmp_path}/x.cap: {where}"


@pytest.mark.parametrize("cut", range(24))
def test_cut_inside_the_file_header(read, cut):
    with pytest.raises(SourceError) as raised:
        read(pcap()[:cut])
    assert raised.value.exit_code == 5 and "\n" not in str(raised.value)


@pytest.mark.parametrize("step", [1, 7, 4096])
def test_a_pipe_in_dribbles_gives_the_same(dribble, step):
    frames, source = dribble(pcap(), step)
    assert frames == expected() and source.error is None and source.size == 0


def test_bytes_read_and_size(read):
    source = read(pcap())[1]
    assert source.bytes_read == source.size == len(pcap())


def test_standard_input(tmp_path):
    code = "from netwatch.capture.file import open_files; s = open_files(['-']); print(s.drain(), s.error)"
    done = subprocess.run([sys.executable, "-c", code], input=pcap()[:-1], capture_output=True, check=True)
    assert done.stdout.startswith(b"3 standard input: cut short at byte ")


def test_interrupt_ends_a_silent_pipe(tmp_path):
    reading, writing = os.pipe()
    os.write(writing, pcap())
    source = open_savefile(f"/dev/fd/{reading}")
    assert len(source.batch()) == len(PACKETS)
    assert source.batch() is None
    source.interrupt()
    assert source.batch() == [] and not source.damaged
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (lambda p: None, 4, "no such file"),
        (lambda p: p.mkdir(), 4, "is a directory"),
        (lambda p: p.write_bytes(b""), 5, "zero bytes"),
        (lambda p: p.write_text("some\nwords about packets, longer than a header\n"), 5, "not a capture file"),
        (lambda p: p.write_bytes(pcap_header(version=(3, 0))), 5, "version 3.0"),
    ],
)
def test_what_cannot_be_opened(tmp_path, make, code, words):
    path = tmp_path / "bad\x1b.pcap"
    make(path)
    with pytest.raises(SourceError) as raised:
        open_savefile(str(path))
    assert raised.value.exit_code == code
    assert words in str(raised.value) and "\x1b" not in str(raised.value) and "\n" not in str(raised.value)


def test_no_permission(tmp_path):
    path = tmp_path / "secret.pcap"
    path.write_bytes(pcap())
    path.chmod(0)
    # Root may read anything, so the test gives that up for the moment of opening.
    was = os.geteuid()
    if was == 0:
        tmp_path.chmod(0o755)
        for parent in tmp_path.parents:
            if parent.stat().st_mode & 0o001 == 0 and parent.is_relative_to("/tmp/pytest-of-root"):
                parent.chmod(0o711)
        os.seteuid(65534)
    try:
        with pytest.raises(SourceError) as raised:
            open_savefile(str(path))
    finally:
        os.seteuid(was)
    assert raised.value.exit_code == 3 and "permission" in str(raised.value)
