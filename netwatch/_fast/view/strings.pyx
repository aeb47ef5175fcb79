"""Texts as numbers: open addressing over hashes with a seed, keys compared."""
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.base.mix cimport mix_bytes


cdef void strings_open(Strings* s, u32 most, u64 most_bytes) noexcept nogil:
    memset(s, 0, sizeof(Strings))
    s.most, s.most_bytes = most, most_bytes


cdef void strings_clear(Strings* s) noexcept nogil:
    cdef u64 refused = s.refused
    cdef u32 most = s.most
    cdef u64 most_bytes = s.most_bytes
    strings_close(s)
    strings_open(s, most, most_bytes)
    s.refused = refused


cdef void strings_close(Strings* s) noexcept nogil:
    cdef u32 i
    for i in range(s.n_chunks):
        free(s.chunks[i])
    free(s.chunks)
    free(s.firsts)
    for i in range(SEGMENTS):
        free(s.segments[i].slots)
    free(s.items)
    memset(s, 0, sizeof(Strings))


cdef u32 look(const Strings* s, const u8* p, u32 n, u64 hash, u32* at) noexcept nogil:
    """The number of a text, or 0 and the free slot for it in its segment."""
    cdef const Segment* segment = &s.segments[hash & (SEGMENTS - 1)]
    cdef const Text* text
    cdef u64 slot
    at[0] = <u32>(hash >> 6) & segment.mask
    while segment.slots[at[0]]:
        slot = segment.slots[at[0]]
        if slot >> 32 == hash >> 32:
            text = &s.items[<u32>slot]
            if text.n == n and memcmp(text.p, p, n) == 0:
                return <u32>slot
        at[0] = (at[0] + 1) & segment.mask
    return 0


cdef u32 strings_find(const Strings* s, const u8* p, u32 n) noexcept nogil:
    cdef u32 at = 0
    cdef u64 hash
    n = min(n, <u32>LONGEST)
    hash = mix_bytes(p, n)
    return look(s, p, n, hash, &at) if s.segments[hash & (SEGMENTS - 1)].slots != NULL else 0


cdef u32 strings_add(Strings* s, const u8* p, u32 n) noexcept nogil:
    cdef u32 found, at = 0
    cdef u64 hash
    cdef u8* place
    cdef Segment* segment
    n = min(n, <u32>LONGEST)
    hash = mix_bytes(p, n)
    segment = &s.segments[hash & (SEGMENTS - 1)]
    if not segment_room(segment, s.items, <u32>(hash & (SEGMENTS - 1))):
        s.refused += 1
        return OVER
    found = look(s, p, n, hash, &at)
    if found:
        return found
    if s.n >= s.most or s.bytes + n + 1 > s.most_bytes or not item_room(s) or not chunk_for(s, n + 1):
        s.refused += 1
        return OVER
    place = s.chunks[s.n_chunks - 1] + s.used
    memcpy(place, p, n)
    place[n] = 10
    s.n += 1
    s.items[s.n].p, s.items[s.n].hash, s.items[s.n].n = place, hash, n
    segment.slots[at] = hash >> 32 << 32 | s.n
    segment.used += 1
    s.used += n + 1
    s.bytes += n + 1
    return s.n


cdef bint segment_room(Segment* segment, const Text* items, u32 which) noexcept nogil:
    """Room in a segment for one more. Each is full at another share, from half to three quarters: all of them have to
    grow, and not at the same time."""
    cdef u32 size, i, at
    cdef u64* slots
    cdef u64 most = (2 * SEGMENTS + which) * (segment.mask + <u64>1) // (4 * SEGMENTS)
    if segment.slots != NULL and segment.used + 1 <= most:
        return True
    size = 2 * (segment.mask + 1) if segment.slots != NULL else 16
    slots = <u64*>calloc(size, sizeof(u64))
    if slots == NULL:
        return False
    for i in range(segment.mask + 1 if segment.slots != NULL else 0):
        if segment.slots[i]:
            at = <u32>(items[<u32>segment.slots[i]].hash >> 6) & (size - 1)
            while slots[at]:
                at = (at + 1) & (size - 1)
            slots[at] = segment.slots[i]
    free(segment.slots)
    segment.slots, segment.mask = slots, size - 1
    return True


cdef bint item_room(Strings* s) noexcept nogil:
    """Room for one more number."""
    cdef u32 cap
    cdef Text* items
    if s.n + 1 < s.cap:
        return True
    cap = s.cap * 2 if s.cap else 1024
    items = <Text*>realloc(s.items, cap * sizeof(Text))
    if items == NULL:
        return False
    s.items, s.cap = items, cap
    return True


cdef bint chunk_for(Strings* s, u32 n) noexcept nogil:
    """A newest chunk with n bytes left."""
    cdef u32 cap
    cdef u8** chunks
    cdef u32* firsts
    if s.n_chunks and s.used + n <= CHUNK:
        return True
    if s.n_chunks == s.cap_chunks:
        cap = s.cap_chunks * 2 if s.cap_chunks else 16
        chunks = <u8**>realloc(s.chunks, cap * sizeof(u8*))
        if chunks == NULL:
            return False
        s.chunks = chunks
        firsts = <u32*>realloc(s.firsts, cap * sizeof(u32))
        if firsts == NULL:
            return False
        s.firsts, s.cap_chunks = firsts, cap
    s.chunks[s.n_chunks] = <u8*>malloc(CHUNK)
    if s.chunks[s.n_chunks] == NULL:
        return False
    s.firsts[s.n_chunks] = s.n + 1
    s.n_chunks += 1
    s.used = 0
    return True


cdef class StringTable:
    """At most `most` texts of `most_bytes` in all."""

    def __cinit__(self, u32 most=4194304, u64 most_bytes=268435456):
        strings_open(&self.strings, most, most_bytes)

    def __dealloc__(self):
        strings_close(&self.strings)

    def __len__(self):
        return self.strings.n

    def add(self, bytes text) -> int:
        """The number of the text; 0xFFFFFFFF when there is no room for it."""
        return strings_add(&self.strings, text, <u32>len(text))

    def find(self, bytes text) -> int:
        """The number of the text, 0 when it is not there."""
        return strings_find(&self.strings, text, <u32>len(text))

    def text(self, u32 number) -> bytes:
        """The text of a number. IndexError for one that was not given."""
        if not 0 < number <= self.strings.n:
            raise IndexError(number)
        return self.strings.items[number].p[:self.strings.items[number].n]

    @property
    def refused(self) -> int:
        """How often there was no room."""
        return self.strings.refused
