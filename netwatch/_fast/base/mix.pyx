"""The secret of the one hash, and the hash of byte strings. What is short stands in mix.pxd."""
import os

from netwatch._fast.base.bytes cimport u8, u64


def _draw() -> None:
    cdef int i
    for i in range(4):
        SECRET[i] = int.from_bytes(os.urandom(8), "little")


_draw()


cdef u64 mix_bytes(const u8* p, size_t n) noexcept nogil:
    cdef u64 h = mix(n, ~<u64>n), tail = 0
    cdef size_t at = 0
    cdef int shift = 0
    while n - at >= 16:
        h = mix_on(h, load64(p + at), load64(p + at + 8))
        at += 16
    if n - at >= 8:
        h = mix_on(h, load64(p + at), 0)
        at += 8
    while at < n:
        tail |= <u64>p[at] << shift
        shift += 8
        at += 1
    return mix_on(h, tail, n)
