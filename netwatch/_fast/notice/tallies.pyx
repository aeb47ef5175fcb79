"""Turns become tallies: for each server, path, resolver and name what went well and what did not, bucket by bucket.

A bucket is some seconds of packet time. Once something of a tally was bad, its buckets are told, until it is forgotten:
so that who diagnoses sees it become well again. What is too long follows from what was usual before (its mean, and how
far samples lie from it), of which nothing bad is part. All in order of frames: the same for any number of engines.
"""
from libc.math cimport sqrt
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.base.mix cimport mix_bytes, mix_ends
from netwatch._fast.flow.content cimport FACT_HEAD
from netwatch._fast.flow.stalls cimport RESENT_BIG, RESENT_SPURIOUS, RESENT_SYN
from netwatch._fast.flow.turns cimport (TURN_ABORTED, TURN_CARRIED, TURN_NAMED, TURN_OPENED, TURN_READ, TURN_REFUSED,
                                        TURN_REPLIED, TURN_RESENT, TURN_SHUT, Turn)
from netwatch._fast.notice.beside cimport wells_count, wells_put
from netwatch._fast.notice.agingtable cimport (PLACES_FIRST, places_add, places_close, places_first, places_grow,
                                               places_next, places_open)
from netwatch._fast.out.rawflow cimport packed
from netwatch._fast.proto.tls.hello cimport TLS_ALERT
from netwatch._fast.wire.packet cimport PROTO_TCP, PROTO_UDP

from netwatch._fast.base.text import clean
from netwatch._fast.dpi import app_names

METRICS = ("reply", "shake", "sent", "again", "large", "window", "open", "resolver", "name",
           "alert")            # by M_ number

cdef enum:
    MS = 1000000               # ns
    MINUTE = 60000000000       # ns
    STORM = 5                  # times that one segment is sent again
    USUAL = 256                # samples that a mean remembers
    NXDOMAIN = 3               # RFC 1035 section 4.1.1
    SERVFAIL = 2
    REFUSED = 5
    DNS_PORT = 53
    FATAL = 2                  # RFC 5246 section 7.2
    UNSAID = 255               # of an alert

cdef u8 NOBODY[16]
memset(NOBODY, 0, 16)


cdef class Tallies:
    """Give it to Watch.tally(). `limits`: by metric, what is too long, in ms: where nothing was learnt, never below,
    how many sigmas beyond the mean, and the least sigma; `learn`: samples it takes to learn; `span_s`: of a bucket."""

    def __init__(self, limits: dict[str, tuple[float, float, float, float]], learn: int, span_s: int) -> None:
        cdef int i
        if not places_open(&self.places, PLACES_FIRST):
            raise MemoryError("no memory for tallies")
        self.mem = <Tally*>calloc(PLACES_FIRST + 1, sizeof(Tally))
        for i in range(LANES):
            self.dirty[i] = <u32*>calloc(TALLIES + 1, sizeof(u32))
            if self.mem == NULL or self.dirty[i] == NULL:
                raise MemoryError("no memory for tallies")
        for name, (unknown, least, sigmas, floor) in limits.items():
            i = METRICS.index(name)
            self.limits[i] = Limit(unknown, least, sigmas, floor)
        self.learn, self.span = learn, <u64>span_s * 1000 * MS
        self.dns, self.tls = app_names().index("dns"), app_names().index("tls")
        self.out = []

    def __dealloc__(self):
        cdef int lane
        places_close(&self.places)
        free(self.mem)
        for lane in range(LANES):
            free(self.dirty[lane])

    @property
    def forgotten(self) -> int:
        """Tallies that were bad and had to make room, since the start."""
        return self.lost

    @property
    def used(self) -> int:
        """Tallies there are."""
        return min(self.places.made, <u64>TALLIES)

    @property
    def measured(self) -> dict[str, tuple[int, int, float]]:
        """How many samples there were of each metric, how many of them were bad, and the mean of their times in ms."""
        return {name: (self.sums[i].n, self.sums[i].bad, self.sums[i].ms / self.sums[i].n if self.sums[i].n else 0.0)
                for i, name in enumerate(METRICS)}

    def done(self, over: bool) -> list[tuple[object, ...]]:
        """The buckets that are over, of tallies that were bad once, in order: what netwatch.diagnose.contract.Measured
        names. `over`: the one of now too."""
        cdef int lane
        for lane in range(LANES if over else 0):
            self.close(lane)
        found, self.out = self.out, []
        return found

    cdef Tally* find(self, int metric, const u8* a, const u8* b, u16 port, const u8* name, u32 n) noexcept:
        cdef u64 h = hash_of(metric, a, b, port, name, n)
        cdef u32 number = places_first(&self.places, h)
        cdef Tally* one
        while number:
            one = &self.mem[number]
            if (one.metric == metric and one.port == port and memcmp(one.a, a, 16) == 0 and memcmp(one.b, b, 16) == 0
                    and one.name_n == n and (n == 0 or memcmp(one.name, name, n) == 0)):
                return one
            number = places_next(&self.places, number)
        return NULL

    cdef Tally* make(self, int metric, const u8* a, const u8* b, u16 port, const u8* name, u32 n, u8 family) noexcept:
        cdef Tally* one = self.find(metric, a, b, port, name, n)
        cdef u64 oldest = 0
        cdef bint fresh                         # nothing stood there
        if one != NULL:
            return one
        if self.places.made == self.places.cap and self.places.cap < TALLIES:
            places_grow(&self.places, <void**>&self.mem, sizeof(Tally), &oldest)
        fresh = self.places.made < self.places.cap
        one = &self.mem[places_add(&self.places, hash_of(metric, a, b, port, name, n))]
        self.lost += not fresh and one.watched
        memset(one, 0, sizeof(Tally))
        memcpy(one.a, a, 16)
        memcpy(one.b, b, 16)
        one.metric, one.port, one.family, one.name_n = <u8>metric, port, family, <u8>n
        if n:
            memcpy(one.name, name, n)
        return one

    cdef Tally* port(self, int metric, const Turn* turn) noexcept:
        """That of the responder's port."""
        return self.make(metric, turn.dst, NOBODY, turn.dport, NULL, 0, turn.family)

    cdef Tally* path(self, int metric, const Turn* turn) noexcept:
        """That of the way from who sent the packet to the other end."""
        return self.make(metric, end_of(turn, turn.spoke), end_of(turn, not turn.spoke), 0, NULL, 0, turn.family)

    cdef Bucket* bucket(self, Tally* one) noexcept:
        """That of now."""
        cdef int lane = one.metric == M_ALERT
        if one.now.number != self.number[lane]:
            memset(&one.now, 0, sizeof(Bucket))
            one.now.number = self.number[lane]
            if self.n_dirty[lane] < TALLIES:
                self.dirty[lane][self.n_dirty[lane]] = <u32>(one - self.mem)
                self.n_dirty[lane] += 1
        return &one.now

    cdef void well(self, Tally* one, u64 when) noexcept:
        """Something went well; NULL: nobody asked."""
        cdef Bucket* now
        if one != NULL:
            now = self.bucket(one)
            now.good += 1
            now.last_good = when

    cdef void badly(self, Tally* one, const Turn* turn, u64 when, int code, u64 value, u64 weight) noexcept:
        cdef Bucket* now = self.bucket(one)
        if now.bad == 0:
            now.first_bad = when
            now.key, now.row, now.shard = turn.key, turn.row, turn.shard
        now.bad += 1
        self.sums[one.metric].n += 1
        self.sums[one.metric].bad += 1
        now.codes[code] += 1
        now.weight += weight
        now.last_bad = when
        now.worst = max(now.worst, value)
        one.watched = True
        if now.kept < KEPT and (now.kept == 0 or now.flows[now.kept - 1] != turn.id):
            now.flows[now.kept], now.frames[now.kept] = turn.id, turn.frame
            now.kept += 1

    cdef void sample(self, Tally* one, const Turn* turn, u64 when, u64 value) noexcept:
        """A time in ns: too long, or one more of those that are usual."""
        cdef double ms = value / <double>MS, off
        cdef const Limit* limit = &self.limits[one.metric]
        cdef double most = limit.unknown, sigma
        if one.n >= self.learn:
            sigma = sqrt(one.spread / one.n)
            most = max(limit.least, one.mean + limit.sigmas * max(sigma, limit.floor))
        self.sums[one.metric].ms += ms
        if ms > most:
            self.badly(one, turn, when, C_SLOW, value, 0)
            return
        self.sums[one.metric].n += 1
        one.n += 1
        off = ms - one.mean
        one.mean += off / min(one.n, <u64>USUAL)
        if one.n > USUAL:
            one.spread *= 1 - 1.0 / USUAL
            one.n = USUAL
        one.spread += off * (ms - one.mean)
        self.well(one, when)

    cdef int take(self, const Turn* turn, u64 when) except -1:
        """Something happened to a flow, at that time (ns)."""
        self.advance(0, when)
        if turn.what == TURN_REPLIED:
            self.replied(turn, when)
        elif turn.what == TURN_OPENED:
            self.opened(turn, when)
        elif turn.what == TURN_RESENT:
            self.resent(turn, when)
        elif turn.what == TURN_CARRIED:
            self.flows_on(turn, when, turn.spoke)
        elif turn.what == TURN_SHUT:
            self.badly(self.path(M_WINDOW, turn), turn, when, C_SLOW, turn.value, 0)
        elif turn.what == TURN_READ:
            self.badly(self.path(M_WINDOW, turn), turn, when, C_OTHER, turn.value, 0)
        elif turn.what == TURN_REFUSED:
            self.badly(self.port(M_OPEN, turn), turn, when, C_FAILED, 0, 0)
        elif turn.what == TURN_ABORTED:
            self.badly(self.port(M_OPEN, turn), turn, when, C_OTHER, 0, 0)
        elif turn.what == TURN_NAMED and turn.dport == DNS_PORT:
            self.named(turn, when)
        return 0

    cdef void replied(self, const Turn* turn, u64 when) noexcept:
        cdef u64 trip = <u64>turn.rtt_us * 1000
        if not turn.code:
            self.sample(self.port(M_REPLY, turn), turn, when, turn.value - trip if turn.value > trip else 0)
        self.flows_on(turn, when, True)
        self.flows_on(turn, when, False)

    cdef void flows_on(self, const Turn* turn, u64 when, bint spoke) noexcept:
        """What one side sends arrives, and is read."""
        cdef const u8* by = end_of(turn, spoke)
        cdef const u8* to = end_of(turn, not spoke)
        cdef int metric
        for metric in range(M_SENT, M_LARGE + 1):
            self.well(self.find(metric, by, to, 0, NULL, 0), when)
        self.well(self.find(M_WINDOW, to, by, 0, NULL, 0), when)

    cdef void opened(self, const Turn* turn, u64 when) noexcept:
        self.well(self.port(M_OPEN, turn), when)
        self.sums[M_OPEN].n += 1
        if not turn.code:
            self.sample(self.make(M_SHAKE, turn.dst, NOBODY, 0, NULL, 0, turn.family), turn, when, turn.value)
            return
        self.badly(self.make(M_SENT, turn.src, turn.dst, 0, NULL, 0, turn.family), turn, when, C_NONE, turn.value, 2)

    cdef void resent(self, const Turn* turn, u64 when) noexcept:
        if turn.code & RESENT_SYN:
            return                              # told when it opens, or does not
        self.badly(self.path(M_SENT, turn), turn, when, C_OTHER if turn.code & RESENT_SPURIOUS else C_FAILED, 0,
                   turn.value)
        if turn.times >= STORM:
            self.badly(self.path(M_AGAIN, turn), turn, when, C_FAILED, <u64>turn.times * MS, 0)
        if turn.code & RESENT_BIG:
            self.badly(self.path(M_LARGE, turn), turn, when, C_FAILED, <u64>turn.times * MS, 0)

    cdef void named(self, const Turn* turn, u64 when) noexcept:
        cdef Tally* resolver = self.make(M_RESOLVER, turn.dst, NOBODY, 0, NULL, 0, turn.family)
        cdef const u8* name = <const u8*>turn + sizeof(Turn)
        cdef u32 n = min(turn.facts, <u32>NAME_KEPT)
        if turn.code == SERVFAIL or turn.code == REFUSED:
            self.badly(resolver, turn, when, C_FAILED, turn.value, 0)
        elif turn.value:
            self.sample(resolver, turn, when, turn.value)
        if turn.code == NXDOMAIN and n and not is_reverse(name, n):
            self.badly(self.make(M_NAME, turn.dst, NOBODY, 0, name, n, turn.family), turn, when, C_NONE, turn.value, 0)
        elif turn.code == 0:
            self.well(self.find(M_NAME, turn.dst, NOBODY, 0, name, n), when)

    cdef int unanswered(self, const Turn* turn, u64 when, bint greeted) except -1:
        """An attempt has failed for want of an answer. `greeted`: the responder's."""
        self.advance(0, when)
        if turn.proto == PROTO_TCP:
            self.badly(self.port(M_OPEN, turn), turn, when, C_OTHER if greeted else C_NONE, 0, 0)
        elif turn.proto == PROTO_UDP and turn.dport == DNS_PORT:
            self.badly(self.make(M_RESOLVER, turn.dst, NOBODY, 0, NULL, 0, turn.family), turn, when, C_NONE, 0, 0)
        return 0

    cdef int told(self, const Turn* turn, u64 when) except -1:
        """All that a flow says of itself is known."""
        cdef int alert = fatal_alert(turn, self.tls)
        cdef Tally* one
        if alert == UNSAID:
            if turn.app == self.tls:
                self.advance(1, when)
                self.well(self.find(M_ALERT, turn.dst, NOBODY, turn.dport, NULL, 0), when)
            return 0
        self.advance(1, when)
        one = self.port(M_ALERT, turn)
        self.badly(one, turn, when, C_OTHER, 0, 0)
        one.now.weight = <u64>alert
        return 0

    cdef int advance(self, int lane, u64 now) except -1:
        """It is that late (ns): the bucket before is over."""
        if now // self.span > self.number[lane]:
            self.close(lane)
            self.number[lane] = now // self.span
        return 0

    cdef int close(self, int lane) except -1:
        cdef u32 i, n = self.n_dirty[lane]
        cdef Tally* one
        self.n_dirty[lane] = 0
        for i in range(n):
            one = &self.mem[self.dirty[lane][i]]
            if one.now.number == self.number[lane] and one.now.good and not one.now.bad:
                wells_put(&self.wells[one.metric], one.a, one.port, one.now.last_good)
        for i in range(n):
            one = &self.mem[self.dirty[lane][i]]
            if one.now.number == self.number[lane]:
                if one.watched:
                    self.out.append(self.tell(one, lane))
                else:
                    turn_minute(one, self.number[lane] * self.span)
                    one.calm[0] += one.now.good
            one.now.number = <u64>-1
        return 0

    cdef tuple tell(self, Tally* one, int lane):
        """`good` has what went well within the two minutes before it was bad for the first time."""
        cdef const Bucket* now = &one.now
        cdef int i
        cdef u64 good = now.good
        cdef u32 ports = 0, hosts = 0
        if now.bad:
            wells_count(&self.wells[one.metric], one.a, one.port, now.last_bad, &ports, &hosts)
        if one.minute:
            turn_minute(one, now.first_bad)
            good += one.calm[0] + one.calm[1]
            one.minute = one.calm[0] = one.calm[1] = 0
        return (METRICS[one.metric], packed(one.a, one.family),
                packed(one.b, one.family) if M_SENT <= one.metric <= M_WINDOW else b"", one.port,
                clean((<const char*>one.name)[:one.name_n], NAME_KEPT), self.number[lane] * self.span, good, now.bad,
                (now.codes[0], now.codes[1], now.codes[2], now.codes[3]), now.weight, now.worst / <double>MS,
                now.first_bad, now.last_bad, now.last_good, one.mean, sqrt(one.spread / one.n) if one.n else 0.0, one.n,
                [now.flows[i] for i in range(now.kept)], [now.frames[i] for i in range(now.kept)],
                (now.shard, now.row, now.key), ports, hosts)


cdef inline const u8* end_of(const Turn* turn, bint responder) noexcept nogil:
    return &turn.dst[0] if responder else &turn.src[0]


cdef void turn_minute(Tally* one, u64 when) noexcept nogil:
    cdef u64 minute = when // MINUTE
    if minute <= one.minute:
        return
    one.calm[1] = one.calm[0] if minute == one.minute + 1 else 0
    one.calm[0] = 0
    one.minute = minute


cdef u64 hash_of(int metric, const u8* a, const u8* b, u16 port, const u8* name, u32 n) noexcept nogil:
    cdef u64 h = mix_ends(a, b, <u64>metric << 16 | port)
    return h ^ mix_bytes(name, n) if n else h


cdef bint is_reverse(const u8* name, u32 n) noexcept nogil:
    """Is it the name of an address, which many have not?"""
    if n and name[n - 1] == 46:
        n -= 1
    return n >= 5 and memcmp(name + n - 5, b".arpa", 5) == 0


cdef int fatal_alert(const Turn* turn, int tls) noexcept nogil:
    """Description of the fatal alert that the flow ended with; UNSAID none."""
    cdef const u8* at = <const u8*>turn + sizeof(Turn)
    cdef const u8* end = at + turn.facts
    cdef int found = UNSAID
    while at < end:
        if at[0] == tls and at[1] == TLS_ALERT and at[2] == 2:
            found = at[FACT_HEAD + 1] if at[FACT_HEAD] == FATAL else UNSAID
        at += FACT_HEAD + (at[2] | <u32>at[3] << 8)
    return found
