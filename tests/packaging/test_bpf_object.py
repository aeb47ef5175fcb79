"""The BPF object in the tree is of the sources beside it, wherever tests run; where its compiler is, bit for bit."""

from __future__ import annotations

import hashlib
import struct
import sys
from types import ModuleType

import pytest
from netwatch_command import ROOT

EM_BPF = 247
ROOM = 100_000      # bytes; it travels in every package and every clone


@pytest.fixture(scope="module")
def bpf() -> ModuleType:
    sys.path.insert(0, str(ROOT / "build"))
    try:
        import bpf
    finally:
        sys.path.pop(0)
    return bpf


def test_it_is_of_these_sources(bpf: ModuleType) -> None:
    """Whoever changes a source and does not run `make bpf` is told here, without a compiler."""
    said = bpf.record()
    assert said["sources"] == bpf.sources()
    assert said["object"] == hashlib.sha256(bpf.OBJECT.read_bytes()).hexdigest()


def test_it_is_small_and_little_endian(bpf: ModuleType) -> None:
    data = bpf.OBJECT.read_bytes()
    assert len(data) < ROOM
    assert data[:6] == b"\x7fELF\x02\x01"       # 64 bits, little-endian
    assert struct.unpack_from("<H", data, 18) == (EM_BPF,)


def test_no_program_of_it_depends_on_the_processor(bpf: ModuleType) -> None:
    """Headers of libbpf that know registers ask for __TARGET_ARCH_*: with either, the bits are the same."""
    made = [compiled(bpf, f"-D__TARGET_ARCH_{machine}") for machine in ("x86", "arm64")]
    assert made[0] == made[1]


def test_it_is_rebuilt_bit_for_bit(bpf: ModuleType) -> None:
    made = compiled(bpf)
    said = bpf.record()
    for name, version in bpf.tools().items():
        if said[name] != version:
            pytest.skip(f"the object is of {name} {said[name]}, here is {version}")
    assert made == bpf.OBJECT.read_bytes()


def compiled(bpf: ModuleType, *defines: str) -> bytes:
    try:
        made: bytes = bpf.compiled(*defines)
    except bpf.Missing as missing:
        pytest.skip(str(missing))
    return made
