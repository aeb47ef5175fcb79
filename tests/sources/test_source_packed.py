"""Compressed captures: told by their bytes, several members, damage, and bounded expansion."""

from __future__ import annotations

import gzip
import tarfile
import tracemalloc
from pathlib import Path

import pytest
import zstandard
from capture_bytes import PACKETS, pcap, pcapng

from netwatch.capture.file import SourceError, open_files, open_savefile

PACKERS = {"gzip": gzip.compress, "zstd": lambda data: zstandard.ZstdCompressor().compress(data)}


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("data", [pcap(), pcapng()])
def test_packed_equals_plain(read, packer, data):
    packed = PACKERS[packer](data)
    frames, source = read(packed)
    assert frames == read(data)[0] and source.error is None
    assert source.bytes_read == source.size == len(packed)


@pytest.mark.parametrize("packer", PACKERS)
def test_several_members_are_one_file(read, packer):
    data = pcap()
    frames, source = read(PACKERS[packer](data[:100]) + PACKERS[packer](data[100:]))
    assert [f[6] for f in frames] == [data for _, data in PACKETS] and source.error is None


def test_zeros_after_gzip_are_padding(read):
    frames, source = read(gzip.compress(pcap()) + b"\0" * 512)
    assert len(frames) == len(PACKETS) and source.error is None


@pytest.mark.parametrize("packer", PACKERS)
def test_cut_compression_is_said(read, packer):
    packets = [(i, bytes([i * 7 % 251]) * 90 + i.to_bytes(4, "big")) for i in range(5000)]
    packed = PACKERS[packer](pcap(packets))
    frames, source = read(packed[:-5])
    assert source.damaged and f"the {packer} data are cut short at compressed byte {len(packed) - 5}" in source.error
    assert [f[6] for f in frames] == [data for _, data in packets][: len(frames)]


@pytest.mark.parametrize("packer", PACKERS)
def test_cut_at_every_byte_never_looks_whole(read, packer):
    packed = PACKERS[packer](pcap())
    for cut in range(len(packed)):
        try:
            source = read(packed[:cut])[1]
        except SourceError as e:
            assert e.exit_code == 5
        else:
            assert source.damaged


@pytest.mark.parametrize("packer", PACKERS)
def test_garbage_after_the_magic(read, packer):
    magic = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}[packer]
    with pytest.raises(SourceError):
        read(magic + b"\xff" * 100)


def test_text_inside_gzip(read):
    with pytest.raises(SourceError, match="neither pcap, pcapng nor snoop inside the gzip compression"):
        read(gzip.compress(b"words " * 100))


@pytest.mark.parametrize("packer", PACKERS)
def test_expansion_does_not_cost_memory(tmp_path, packer):
    """160 MB of empty records, packed a thousandfold, are never held at once."""
    million = PACKERS[packer](b"\0" * 16 * 1_000_000)
    path = tmp_path / "bomb"
    path.write_bytes(PACKERS[packer](pcap([])) + million * 10)
    tracemalloc.start()
    source = open_savefile(str(path))
    assert source.drain() == 10_000_000 and source.error is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000


@pytest.mark.parametrize("ending", ["tar", "tar.gz"])
def test_archives_are_named(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"captures.{ending}"
    with tarfile.open(path, "w:gz" if ending.endswith("gz") else "w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("a.pcap"))
    with pytest.raises(SourceError, match=r"a tar archive.*; take the captures out of it"):
        open_files([str(path)])
