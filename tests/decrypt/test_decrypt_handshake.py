"""Handshake messages: what is read of them, and of their broken forms."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest
import zstandard

from netwatch.decrypt import handshake as hs

LEAF = b"\x30\x82" + b"certificate" * 100
BODY = b"\0" + (len(LEAF) + 5).to_bytes(3, "big") + len(LEAF).to_bytes(3, "big") + LEAF + b"\0\0"


def compressed(method: int, packed: bytes, size: int = len(BODY)) -> bytes:
    return method.to_bytes(2, "big") + size.to_bytes(3, "big") + len(packed).to_bytes(3, "big") + packed


def brotli_of(data: bytes) -> bytes:
    brotli = pytest.importorskip("brotli", "1.2")
    return bytes(brotli.compress(data))


PACKERS = {1: zlib.compress, 2: brotli_of, 3: zstandard.ZstdCompressor().compress}


@pytest.mark.parametrize("method", PACKERS)
def test_compressed_certificates(method: int) -> None:
    assert hs.leaf_certificate(hs.inflated_certificate(compressed(method, PACKERS[method](BODY)))) == LEAF


@pytest.mark.parametrize("method", PACKERS)
def test_what_inflates_without_end_is_refused(method: int) -> None:
    """And memory stays within some megabytes."""
    packed = PACKERS[method](BODY + bytes(50_000_000))
    for size in (60_000, hs.CERTIFICATE_MOST, len(BODY)):
        tracemalloc.start()
        tracemalloc.reset_peak()
        with pytest.raises(hs.Broken):
            hs.inflated_certificate(compressed(method, packed, size))
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
        tracemalloc.stop()


@pytest.mark.parametrize("body", [b"", compressed(1, b"junk"), compressed(9, b"junk"), compressed(2, b"junk"),
                                  compressed(3, b"junk"), compressed(1, zlib.compress(BODY), 70_000)])
def test_broken_ones(body: bytes) -> None:
    with pytest.raises(hs.Broken):
        hs.inflated_certificate(body)


@pytest.mark.parametrize("size", range(len(BODY) - len(LEAF) + 6))
def test_truncated_certificates(size: int) -> None:
    with pytest.raises(hs.Broken):
        hs.leaf_certificate(BODY[:size])


def test_messages_over_any_cut() -> None:
    sizes = ((1, 5), (2, 0), (11, 300))
    stream = b"".join(bytes((kind,)) + size.to_bytes(3, "big") + bytes(size) for kind, size in sizes)
    for step in (1, 2, 7, 1000):
        messages, found = hs.Messages(), []
        for at in range(0, len(stream), step):
            found += [(kind, len(whole)) for kind, whole in messages.take(stream[at : at + step])]
        assert found == [(1, 9), (2, 4), (11, 304)]


def test_a_message_too_long_is_passed_over() -> None:
    size = hs.MESSAGE_MOST + 10
    messages = hs.Messages()
    stream = b"\x0b" + size.to_bytes(3, "big") + bytes(size) + b"\x14\0\0\x01x"
    found = [kind for at in range(0, len(stream), 1000) for kind, _ in messages.take(stream[at : at + 1000])]
    assert found == [20]
    assert len(messages._rest) == 0


@pytest.mark.parametrize("size", [0, 1, 33, 34, 38, 40, 50])
def test_truncated_hellos(size: int) -> None:
    hello = b"\x03\x03" + b"R" * 32 + b"\0\0\x04\x13\x01\xc0\x2f\x01\0\0\x08\0\x2a\0\0\0\x23\0\0"
    assert hs.client_hello(hello) == hs.ClientHello(b"R" * 32, b"", [0x1301, 0xC02F], b"", True)
    with pytest.raises(hs.Broken):
        hs.client_hello(hello[:size])
