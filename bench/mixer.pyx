# cython: boundscheck=False
"""The workload `mix`: real captures side by side, repeated with other addresses. netwatch's own sources read them."""
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from bench.gen cimport Writer, get16, put16, scramble
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.input.box cimport Box
from netwatch._fast.wire.packet cimport Frame
from netwatch._fast.input.source cimport MAX_FRAME


cdef struct Kept:                       # a frame of a capture that is mixed
    u64 at                              # microseconds since the mix began
    u8* data
    u32 caplen
    u32 len


def mix(str path, sources, u32 copies, u64 apart, u64 limit):
    """Real Ethernet frames: the captures side by side, and the whole again, with other addresses, `apart` us later.

    Each capture begins at a place of its own in the first minute; its silences are cut to 0.1 s. At most `limit`
    frames of each are taken. Returns the number of packets written.
    """
    cdef Writer out = Writer(path)
    cdef list kept = []
    cdef u32 number
    for number, source in enumerate(sources):
        gather(kept, source, scramble(number) % 60000000, limit)
    kept.sort()
    cdef Kept* base = <Kept*>calloc(len(kept) + 1, sizeof(Kept))
    cdef u32* next_of = <u32*>calloc(copies, 4)
    cdef u8 changed[MAX_FRAME]
    cdef u32 i, best, c, n = <u32>len(kept)
    cdef u64 time, soonest
    if base == NULL or next_of == NULL:
        raise MemoryError
    for i in range(n):
        base[i].at, _, data, base[i].len = kept[i]
        base[i].data = <u8*>(<bytes>data)
        base[i].caplen = <u32>len(data)
    with nogil:
        while True:
            soonest = <u64>-1
            for c in range(copies):
                if next_of[c] < n:
                    time = base[next_of[c]].at + c * apart
                    if time < soonest:
                        soonest = time
                        best = c
            if soonest == <u64>-1:
                break
            i = next_of[best]
            next_of[best] += 1
            memcpy(changed, base[i].data, base[i].caplen)
            readdress(changed, base[i].caplen, best)
            out.save(soonest, changed, base[i].caplen, base[i].len)
    free(base)
    free(next_of)
    out.close()
    return out.packets


cdef gather(list kept, source, u64 at, u64 limit):
    """Append (time, order, bytes, length on the wire) of the Ethernet frames of a capture."""
    cdef Box box = Box()
    cdef const Frame* f
    cdef u32 i
    cdef u64 last = 0
    while box.fill(source) > 0:
        for i in range(box.chunk.n):
            f = &box.chunk.frames[i]
            if f.link != 1 or f.caplen < 14 or limit == 0:
                continue
            if last and f.ts > last:
                at += min((f.ts - last) // 1000, 100000)
            last = f.ts
            limit -= 1
            kept.append((at, len(kept), f.data[:f.caplen], f.len if f.caplen <= f.len <= MAX_FRAME else f.caplen))


cdef void readdress(u8* frame, u32 n, u32 copy) noexcept nogil:
    """Move both IP addresses to the copy's own neighbourhood and mend the checksums (RFC 1624)."""
    cdef u32 at = 12, kind, header, width, side, was, proto, sum_at = 0
    cdef u8* word
    if copy == 0:
        return
    kind = get16(frame + at)
    at += 2
    while (kind == 0x8100 or kind == 0x88a8) and n >= at + 4:
        kind = get16(frame + at + 2)
        at += 4
    if kind == 0x0800 and n >= at + 20 and frame[at] >> 4 == 4:
        header, width, proto = (frame[at] & 15) * 4, 4, frame[at + 9]
        if get16(frame + at + 6) & 0x1fff:
            proto = 0
    elif kind == 0x86dd and n >= at + 40 and frame[at] >> 4 == 6:
        header, width, proto = 40, 16, frame[at + 6]
    else:
        return
    if proto == 6 and n >= at + header + 18:
        sum_at = at + header + 16
    elif proto == 17 and n >= at + header + 8 and get16(frame + at + header + 6):
        sum_at = at + header + 6
    elif proto == 58 and n >= at + header + 4:
        sum_at = at + header + 2
    for side in range(2):
        word = frame + at + (12 + 4 * side if width == 4 else 8 + 16 * side)
        if word[0] >= 224 and (width == 4 or word[0] == 255):
            continue
        word += 0 if width == 4 else 6
        was = get16(word)
        put16(word, was ^ (copy & 0xff if width == 4 else copy))
        if width == 4:
            mend(frame + at + 10, was, get16(word))
        if sum_at:
            mend(frame + sum_at, was, get16(word))


cdef inline void mend(u8* checksum, u32 was, u32 now) noexcept nogil:
    cdef u32 total = (~get16(checksum) & 0xffff) + (~was & 0xffff) + now
    total = (total & 0xffff) + (total >> 16)
    put16(checksum, ~((total & 0xffff) + (total >> 16)))
