"""The past of a session in fixed memory: every second of the last hour, every ten seconds of the last day.

Counters only grow; when packet time enters another second, what they grew by belongs to the second before. A frame
that is older than the newest counts where the clock stands. Nothing here knows an engine.
"""
from array import array

from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.flow.row cimport Row, BIT_INITIATOR_B
from netwatch._fast.base.mix cimport mix_address, mix_on
from netwatch._fast.wire.packet cimport Packet, FAMILY_IP4, FAMILY_IP6, NOTE_RETRANSMIT, PROTO_TCP

cdef enum:
    SECOND = 1000000000

COUNTED = ("packets", "bytes", "begun", "ended", "dns", "drops", "here_in", "here_out", "back", "forth",
           "resent", "tcp")
assert len(COUNTED) == S_COUNT


cdef inline void add(Bucket* bucket, u64 stamp, const u64* more) noexcept nogil:
    cdef int k
    if bucket.stamp != stamp:
        memset(bucket, 0, sizeof(Bucket))
        bucket.stamp = stamp
    for k in range(S_COUNT):
        bucket.counts[k] += more[k]


cdef void series_fold(Series* s) noexcept nogil:
    cdef u64 more[S_COUNT]
    cdef int k
    if s.first == 0:
        return
    for k in range(S_COUNT):
        more[k] = s.totals[k] - s.then[k]
        s.then[k] = s.totals[k]
    add(&s.fine[s.second % FINE], s.second, more)
    add(&s.coarse[s.second // COARSE_S % COARSE], s.second // COARSE_S, more)


cdef void series_turn(Series* s, u64 now) noexcept nogil:
    series_fold(s)
    s.second = now // SECOND
    s.ends = (s.second + 1) * SECOND
    if s.first == 0:
        s.first = s.second


cdef inline u32 slot_of(const u8* address, u8 family) noexcept nogil:
    return <u32>(mix_on(mix_address(address), family, family) & (HERE_SLOTS - 1))


cdef bint is_here(const Series* s, const u8* address, u8 family) noexcept nogil:
    cdef u32 at = slot_of(address, family), number
    while s.slots[at]:
        number = s.slots[at] - 1
        if s.family[number] == family and memcmp(s.here[number], address, 16) == 0:
            return True
        at = (at + 1) & (HERE_SLOTS - 1)
    return False


cdef void series_packet(Series* s, const Packet* pk, const Row* row, bint outermost) noexcept nogil:
    """What only the packet and its flow tell. Bytes are counted once, for the outermost of tunnelled packets."""
    cdef bint to_here, from_here
    if row.proto == PROTO_TCP:
        s.totals[S_TCP] += pk.count
        if pk.notes & NOTE_RETRANSMIT:
            s.totals[S_RESENT] += 1
    if not outermost:
        return
    if pk.side == (row.bits & BIT_INITIATOR_B):
        s.totals[S_FORTH] += pk.wire
    else:
        s.totals[S_BACK] += pk.wire
    if s.n_here:
        from_here = is_here(s, pk.src, pk.family)
        to_here = is_here(s, pk.dst, pk.family)
        if to_here and not from_here:
            s.totals[S_HERE_IN] += pk.wire
        elif from_here and not to_here:
            s.totals[S_HERE_OUT] += pk.wire


cdef class History:
    """Made once for a session and given to Engine.remember(), which fills it. Read it with the engine held still."""

    def __cinit__(self):
        self.series = <Series*>PyMem_Calloc(1, sizeof(Series))
        if self.series == NULL:
            raise MemoryError("no memory for the past")

    def __dealloc__(self):
        PyMem_Free(self.series)

    def set_here(self, addresses: Iterable[bytes]) -> None:
        """The addresses of this machine, each of 4 or 16 octets; the first 256 count, in the order of their bytes."""
        cdef Series* s = self.series
        cdef u32 at
        cdef bytes raw
        memset(s.slots, 0, sizeof(s.slots))
        s.n_here = 0
        for raw in sorted(addresses)[:MAX_HERE]:
            if len(raw) != 4 and len(raw) != 16:
                raise ValueError(f"an address of {len(raw)} octets")
            memset(s.here[s.n_here], 0, 16)
            memcpy(s.here[s.n_here], <const u8*>raw, len(raw))
            s.family[s.n_here] = FAMILY_IP4 if len(raw) == 4 else FAMILY_IP6
            at = slot_of(s.here[s.n_here], s.family[s.n_here])
            while s.slots[at]:
                at = (at + 1) & (HERE_SLOTS - 1)
            s.n_here += 1
            s.slots[at] = s.n_here

    def set_drops(self, u64 total) -> None:
        """Frames lost so far before they came here, as the source says."""
        self.series.totals[S_DROPS] = total

    def put(self, u64 second, counts: Sequence[int]) -> None:
        """What another counted in a second that is over; none that is not later than all there is. It is given to no
        engine."""
        cdef Series* s = self.series
        cdef u64 more[S_COUNT]
        cdef int k
        if second < s.second or second == 0:
            return
        for k in range(S_COUNT):
            more[k] = counts[k]
            s.totals[k] += more[k]
            s.then[k] = s.totals[k]
        add(&s.fine[second % FINE], second, more)
        add(&s.coarse[second // COARSE_S % COARSE], second // COARSE_S, more)
        s.first = s.first or second
        s.second, s.ends = second + 1, (second + 2) * SECOND

    def until(self, u64 second, bint within=False, totals: Sequence[int] | None = None) -> History:
        """What was counted before that second, as it would have been then; beyond the last hour it is that of the ten
        seconds before. It goes on no more. `within`: the second before it was still being counted, up to these
        `totals`."""
        cdef History then = History()
        cdef Series* s = then.series
        cdef u64 hour, at, k, more
        series_fold(self.series)
        memcpy(s, self.series, sizeof(Series))
        hour = s.second + 1 - FINE if s.second >= FINE else 0
        if second < hour:
            second -= second % COARSE_S
        second = max(second, s.first)
        memset(s.then, 0, sizeof(s.then))
        sum_up(s, second, s.second + 1, hour, s.then)
        for k in range(S_COUNT):
            s.totals[k] -= min(s.then[k], s.totals[k])
        for at in range(FINE):
            if s.fine[at].stamp >= second:
                memset(&s.fine[at], 0, sizeof(Bucket))
        for at in range(COARSE):
            if s.coarse[at].stamp >= second // COARSE_S:
                memset(&s.coarse[at], 0, sizeof(Bucket))
        if second % COARSE_S:
            s.coarse[second // COARSE_S % COARSE].stamp = second // COARSE_S
            sum_up(s, second - second % COARSE_S, second, 0, s.coarse[second // COARSE_S % COARSE].counts)
        if within and totals is not None and second > hour + COARSE_S:
            for k in range(S_COUNT):
                more = min(s.totals[k] - min(<u64>totals[k], s.totals[k]), s.fine[(second - 1) % FINE].counts[k])
                s.totals[k] -= more
                s.fine[(second - 1) % FINE].counts[k] -= more
                s.coarse[(second - 1) // COARSE_S % COARSE].counts[k] -= more
        memcpy(s.then, s.totals, sizeof(s.then))
        s.second = second - 1 if within and second > s.first else second
        s.ends = (s.second + 1) * SECOND
        return then

    @property
    def first(self) -> int:
        """Second of packet time of the first frame, 0 before it came."""
        return self.series.first

    @property
    def second(self) -> int:
        """The second that is being counted."""
        return self.series.second

    def totals(self) -> dict:
        """All counts since the beginning."""
        return {name: self.series.totals[k] for k, name in enumerate(COUNTED)}

    def read(self, u64 start, u64 end, u64 step) -> dict[str, list[int]]:
        """Counts of the seconds from `start` up to `end`, in pieces of `step` seconds on multiples of it: {name: list},
        the pieces in order, the first and last perhaps shorter. Beyond the last hour `step` must be a multiple of 10;
        a piece lies in the hour or in ten seconds wholly. ValueError when there is no such count."""
        cdef Series* s = self.series
        cdef u64 at, piece, hour
        cdef u64 sums[S_COUNT]
        cdef int k
        if step == 0 or end < start or (end - start) // step > FINE + COARSE:
            raise ValueError(f"{start} to {end} by {step}")
        series_fold(s)
        hour = s.second + 1 - FINE if s.second >= FINE else 0
        if start < hour and step % COARSE_S:
            raise ValueError("single seconds are kept for an hour only")
        found = [array("Q") for _ in range(S_COUNT)]
        at = start
        while at < end:
            piece = min((at // step + 1) * step, end)
            memset(sums, 0, sizeof(sums))
            with nogil:
                sum_up(s, at, piece, hour, sums)
            for k in range(S_COUNT):
                found[k].append(sums[k])
            at = piece
        return dict(zip(COUNTED, found))


cdef void sum_up(const Series* s, u64 at, u64 end, u64 hour, u64* sums) noexcept nogil:
    """Add the buckets of [at, end): tens of seconds where they fit or nothing finer is kept, else single seconds."""
    cdef const Bucket* bucket
    cdef u64 stamp, width
    cdef int k
    while at < end:
        if at % COARSE_S == 0 and at + COARSE_S <= end or at < hour:
            stamp, width = at // COARSE_S, COARSE_S - at % COARSE_S
            bucket = &s.coarse[stamp % COARSE]
        else:
            stamp, width = at, 1
            bucket = &s.fine[at % FINE]
        if bucket.stamp == stamp:
            for k in range(S_COUNT):
                sums[k] += bucket.counts[k]
        at += width
