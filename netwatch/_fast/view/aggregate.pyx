"""One pass over the flows that were selected, in slices between which the engine goes on: each is added to the group of
its key, or to those of both its ends. Groups are told apart by their whole keys; those for which there is no room are
one, the others. Nothing is copied but row numbers.
"""
from libc.stdlib cimport free, realloc
from libc.string cimport memcmp, memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.base.mix cimport prefetch
from netwatch._fast.flow.content cimport app_of
from netwatch._fast.flow.icmp cimport is_echo_flow
from netwatch._fast.flow.rates cimport rate_now
from netwatch._fast.flow.row cimport BIT_ENDED, BIT_INITIATOR_B, BIT_REPLIED, Cold, Row, ST_SYN_SENT, TcpRow
from netwatch._fast.flow.series cimport History, is_here
from netwatch._fast.view.columns cimport Flows, responds_here, COL_DST
from netwatch._fast.view.groupby cimport GroupBy, WORDS, end_of
from netwatch._fast.view.keys cimport (
    NO_MEMORY, NO_ROOM, key_of, keys_add, keys_close, keys_full, keys_grow, keys_hash,
    keys_open, keys_place)
from netwatch._fast.view.order cimport Item
from netwatch._fast.view.selection cimport Selection
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6, FAMILY_NONE, PROTO_TCP, TCP_RST

cdef enum:
    FEW_GROUPS = 65536
    MANY_GROUPS = 262144
    MAX_PAIRS = 1048576        # pairs of group and remote address that are told apart
    MAX_SPOKEN = 1048576       # pairs of group and protocol
    BATCH = 32                 # flows whose places are fetched into the cache together
    MAX_DEPTH = 15             # of tunnels, in Cold.key
    COST_ADD = 16              # of a flow to its group, as in work.pxd
    COST_NEW = 120             # of a group: its key, its sums, its protocol, memory that nobody had

LIMIT: int = FEW_GROUPS
MANY: int = MANY_GROUPS
STANDING = {"newest": NEWEST, "bytes": MOST_BYTES, "rate": MOST_RATE}


cdef inline void note_ttl(Health* h, u8 ttl) noexcept nogil:
    if ttl < h.ttls[0] or h.ttls[0] == 0:
        h.ttls[0] = ttl
    if ttl > h.ttls[1]:
        h.ttls[1] = ttl


cdef class Aggregate:
    """`parts`: GroupBy each, which together are the key; at most `most` groups besides the others. `here`: the History
    that knows this machine's addresses. `remotes`: count the addresses at the other end. `ours`: "out" is what this
    machine sends, not the initiator, where it is one end; with a part that goes by each end, it is what that end sends.
    `health`: how TCP does, too. `begun_here`: only flows that an address of this machine began, `came_here`: only those
    begun to one; `ip`: only those between IP addresses; `since`: only those that began then (ns): all they carried lies
    in the range. `row`: which flow stands for a group, the "newest", or the one of most "bytes" or "rate"."""

    def __init__(self, Selection view, parts: Sequence[GroupBy], History here=None, *, bint remotes=False,
                 bint ours=False, bint health=False, bint begun_here=False, bint came_here=False, bint ip=False,
                 u64 since=0, str row="newest", u32 most=FEW_GROUPS):
        cdef GroupBy part, before = None
        if not 0 < len(parts) <= MAX_PARTS:
            raise ValueError(f"a key of {len(parts)} parts")
        self.view, self.parts, self.first, self.remembered = view, tuple(parts), parts[0], here
        self.here = here.series if here is not None else NULL
        self.count_remotes, self.ours, self.healthy, self.begun_here = remotes, ours, health, begun_here
        self.came_here, self.ip_only, self.since, self.stands_for = came_here, ip, since, STANDING[row]
        for part in parts:
            self.each_end |= part.each_end
            if before is not None:
                before.following = part
            before = part
        before.following = None
        if not keys_open(&self.keys, <u32>len(parts) * WORDS, most) or (
                remotes and not keys_open(&self.pairs, 3, MAX_PAIRS)) or not keys_open(&self.spoken, 1, MAX_SPOKEN):
            raise MemoryError("no memory for groups")

    def __dealloc__(self):
        with nogil:                    # it may be a hundred megabytes, which the system takes its time to take back
            keys_close(&self.keys)
            keys_close(&self.pairs)
            keys_close(&self.spoken)
            free(self.spoken_bytes)
            free(self.sums)
            free(self.health)

    def steps(self) -> Iterator[bool]:
        """A generator, as Selection.steps: add up what was selected. Flows that are no more, or are not to count, leave
        the selection."""
        for part in self.parts:
            yield from part.ready(self.view)
        yield True
        yield from self.add_up()

    def add_up(self) -> Iterator[bool]:
        """steps() for parts that are ready(): again, after narrow()."""
        self.open()
        self.view.view.work.begin()
        while not self.step():
            if self.full():
                yield False
                self.grow()
            yield True
            self.view.view.work.begin()
        self.view.matched = self.kept
        yield False
        with nogil:
            self.weigh_speech()

    cdef bint open(self) except -1:
        if not self.room() or not self.speech_room():
            raise MemoryError("no memory for groups")
        return 0

    cdef bint full(self) noexcept nogil:
        """Would a table grow by the next flows? That takes as long as a thousand of them, and needs no engine."""
        return keys_full(&self.keys, 2 * BATCH) or keys_full(&self.spoken, 2 * BATCH) or (
            self.count_remotes and keys_full(&self.pairs, 2 * BATCH))

    @property
    def rooms(self) -> tuple[int, int, int]:
        """What the tables have room for: of groups, of what they speak, of their remotes."""
        return self.keys.cap, self.spoken.cap, self.pairs.cap

    cdef int grow(self) except -1:
        """Make the tables larger that are full."""
        cdef bint enough = True
        with nogil:
            if keys_full(&self.keys, 2 * BATCH):
                enough = keys_grow(&self.keys) and self.room()
            if enough and keys_full(&self.spoken, 2 * BATCH):
                enough = keys_grow(&self.spoken) and self.speech_room()
            if enough and self.count_remotes and keys_full(&self.pairs, 2 * BATCH):
                enough = keys_grow(&self.pairs)
        if not enough:
            raise MemoryError("no memory for groups")
        return 0

    cdef bint speech_room(self) noexcept nogil:
        """Room for the bytes of all that groups speak. False: no memory."""
        cdef u64* grown = <u64*>realloc(self.spoken_bytes, (<u64>self.spoken.cap + 1) * sizeof(u64))
        if grown == NULL:
            return False
        self.spoken_bytes = grown
        memset(&grown[self.spoken_cap], 0, (<u64>self.spoken.cap + 1 - self.spoken_cap) * sizeof(u64))
        self.spoken_cap = self.spoken.cap + 1
        return True

    cdef bint step(self) except? True:
        """Add flows for as long as the slice lasts. True when all are."""
        cdef bint enough
        cdef u32 begun = self.at
        with nogil:
            enough = self.add_some()
        self.view.view.work.rows += self.at - begun
        if not enough:
            raise MemoryError("no memory for groups")
        return self.at == self.view.matched

    cdef bint add_some(self) noexcept nogil:
        cdef u32 n, before
        while self.at < self.view.matched and self.view.view.work.goes_on() and not self.full():
            n, before = min(<u32>BATCH, self.view.matched - self.at), self.keys.n
            if not self.add_batch(n):
                return False
            self.view.view.work.left -= n * COST_ADD + (self.keys.n - before) * COST_NEW
        return True

    cdef bint add_batch(self, u32 n) noexcept nogil:
        """The next n flows. False: no memory."""
        cdef const Flows* t = &self.view.view.flows
        cdef Item* items = self.view.items
        cdef u64 keys[2 * BATCH * MAX_PARTS * WORDS]
        cdef u64 hashes[2 * BATCH]
        cdef int sides = 2 if self.each_end else 1, side
        cdef u32 k, group, m = 0, begun = self.kept
        for k in range(self.at, self.at + n):
            if not self.counts(t, items[k].row):
                continue
            items[self.kept] = items[k]
            self.kept += 1
            if t.colds[items[k].row].key & MAX_DEPTH:
                self.carried += t.rows[items[k].row].bytes[0] + t.rows[items[k].row].bytes[1]
            for side in range(sides):
                self.first.key(t, self.here, items[k].row, side, &keys[m * self.keys.width])
                hashes[m] = keys_hash(&keys[m * self.keys.width], self.keys.width)
                prefetch(keys_place(&self.keys, hashes[m]))
                m += 1
        self.at += n
        for k in range(m):
            group = <u32>keys_place(&self.keys, hashes[k])[0]
            prefetch(&self.sums[group])
            prefetch(<char*>&self.sums[group] + 64)
            prefetch(key_of(&self.keys, group))
        for k in range(m):
            group = keys_add(&self.keys, &keys[k * self.keys.width], hashes[k])
            if group == NO_MEMORY or not self.room():
                return False
            items[begun + k // sides].spare = group
            self.add(t, items[begun + k // sides].row, k % sides, group)
            if not self.note_speech(t, items[begun + k // sides].row, group):
                return False
            if self.count_remotes and not self.note_remote(t, items[begun + k // sides].row, group):
                return False
        return True

    cdef bint counts(self, const Flows* t, u32 row) noexcept nogil:
        cdef const Row* r = &t.rows[row]
        if not self.view.stands(row) or (self.each_end and r.family == FAMILY_NONE):
            return False
        if self.ip_only and r.family != FAMILY_IP4 and r.family != FAMILY_IP6:
            return False
        if t.colds[row].first < self.since:
            self.older += r.last >= self.since
            return False
        if self.begun_here and (self.here == NULL or not is_here(
                self.here, &r.b[0] if r.bits & BIT_INITIATOR_B else &r.a[0], r.family)):
            self.left_out += 1
            return False
        return not self.came_here or (self.here != NULL and is_here(
            self.here, &r.a[0] if r.bits & BIT_INITIATOR_B else &r.b[0], r.family))

    cdef bint room(self) noexcept nogil:
        """Room for the sums of all keys, the newest one's at nothing. False: no memory. Later ones are not touched yet:
        some thousand pages at once would hold the engine."""
        cdef Sum* sums
        cdef Health* health
        if self.keys.n >= self.cap:
            sums = <Sum*>realloc(self.sums, (<u64>self.keys.cap + 1) * sizeof(Sum))
            if sums == NULL:
                return False
            self.sums = sums
            if self.healthy:
                health = <Health*>realloc(self.health, (<u64>self.keys.cap + 1) * sizeof(Health))
                if health == NULL:
                    return False
                self.health = health
            self.cap = self.keys.cap + 1
        while self.cleared <= self.keys.n:
            memset(&self.sums[self.cleared], 0, sizeof(Sum))
            if self.healthy:
                memset(&self.health[self.cleared], 0, sizeof(Health))
            self.cleared += 1
        return True

    cdef void add(self, const Flows* t, u32 row, int side, u32 group) noexcept nogil:
        """A flow to a group; with each_end, to that of one of its sides."""
        cdef const Row* r = &t.rows[row]
        cdef const Cold* cold = &t.colds[row]
        cdef const TcpRow* tcp = &t.tcps[r.tcp] if r.tcp else NULL
        cdef Sum* s = &self.sums[group]
        cdef int out = side if self.each_end else r.bits & BIT_INITIATOR_B, k
        cdef u64 weight = 0, rate
        cdef bint again = self.each_end and side == 1 and memcmp(r.a, r.b, 16) == 0    # both its ends are the same
        if self.ours and responds_here(t, self.here, row):
            out ^= 1
        if s.flows == 0 or cold.first < s.first:
            s.first = cold.first
        s.flows += not again
        for k in range(2):
            s.bytes[k] += r.bytes[k ^ out]
            s.packets[k] += r.packets[k ^ out]
        if not r.bits & BIT_ENDED:
            s.live += not again
            for k in range(2):
                rate = rate_now(cold, &t.paces[row], k ^ out, &t.window)
                s.rate[k] += rate
                weight += rate
        if again:
            s.own += r.bytes[0] + r.bytes[1]
        weight = r.last if self.stands_for == NEWEST else weight if self.stands_for == MOST_RATE else \
            r.bytes[0] + r.bytes[1]
        if weight >= s.most or s.row == 0:
            s.most, s.row = weight, row
        s.last = max(s.last, r.last)
        if self.healthy and cold.ttl[out]:
            note_ttl(&self.health[group], cold.ttl[out])
        if tcp == NULL:
            return
        if r.proto == PROTO_TCP:
            s.tcp += not again
            s.retransmits += 0 if again else <u64>tcp.retrans[0] + tcp.retrans[1]
            if self.healthy:
                self.add_health(r, tcp, out, &self.health[group])
        elif not is_echo_flow(r):
            return
        if tcp.rtt_us:
            s.rtt_us += tcp.rtt_us
            s.timed += 1

    cdef bint note_speech(self, const Flows* t, u32 row, u32 group) noexcept nogil:
        """What the flow speaks, and how much of it. False: no memory."""
        cdef const Row* r = &t.rows[row]
        cdef u64 key = <u64>group << 32
        cdef u32 app = app_of(r, &t.colds[row]), found
        key |= SPOKEN_APP + <u64>app if app else r.proto
        found = keys_add(&self.spoken, &key, keys_hash(&key, 1))
        if found == NO_MEMORY:
            return False
        self.spoken_bytes[found] += r.bytes[0] + r.bytes[1]
        return True

    cdef void weigh_speech(self) noexcept nogil:
        """Of each group: what moved most bytes, and how many protocols there are. Equal ones go by number."""
        cdef u32 i, code
        cdef u64 key
        cdef Sum* s
        for i in range(1, self.spoken.n + 1):
            key = key_of(&self.spoken, i)[0]
            s, code = &self.sums[key >> 32], <u32>key
            s.apps += 1
            if s.apps == 1 or self.spoken_bytes[i] > s.app_bytes or (
                    self.spoken_bytes[i] == s.app_bytes and code < s.app):
                s.app, s.app_bytes = code, self.spoken_bytes[i]

    cdef void add_health(self, const Row* row, const TcpRow* tcp, int side, Health* h) noexcept nogil:
        cdef bint began = side == (row.bits & BIT_INITIATOR_B)
        if tcp.rtt_us:
            h.rtt_n[began] += 1
            h.rtt_us[began] += tcp.rtt_us
        h.tcp_packets += row.packets[side]
        h.resent += tcp.retrans[side]
        h.zero_windows += tcp.zero_window[side]
        if tcp.flags[side] & TCP_RST and tcp.fins & 3 == 0:
            if not began and tcp.shaken & 3 == 1:
                h.refused += 1
            else:
                h.resets += 1
        if not began and row.state == ST_SYN_SENT and not row.bits & BIT_REPLIED:
            h.unanswered += 1

    cdef bint note_remote(self, const Flows* t, u32 row, u32 group) noexcept nogil:
        """Count the flow's other end if the group has not had it. False: no memory."""
        cdef u64 pair[WORDS]
        cdef u32 before = self.pairs.n, found
        if not end_of(t, self.here, row, COL_DST, True, pair):
            return True
        pair[2] |= <u64>group << 32
        found = keys_add(&self.pairs, pair, keys_hash(pair, WORDS))
        self.too_many_remotes |= found == NO_ROOM
        self.sums[group].remotes += self.pairs.n - before
        return found != NO_MEMORY
